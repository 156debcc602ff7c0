//! Plays recorded events as if they were live.

use super::handle::ReplayCommand;
use crate::clock::{Span, Time};
use crate::event::Event;

/// A recording and the position at which it is played.
#[derive(Debug)]
pub struct Recording {
    events: Vec<Event>,
    /// Index of the next event to play.
    next: usize,
    at: Time,
    speed: f64,
    paused: bool,
}

/// Whether a command moved the position back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// The floor continues from where it is.
    Ahead,
    /// Every event is due again: the floor starts from an empty state.
    Back,
}

impl Recording {
    /// A recording that is played from `from` (by default its first event) at `speed` times real time.
    ///
    /// Earlier events are due at once, so that the floor starts in the state that it was in then.
    #[must_use]
    pub fn new(mut events: Vec<Event>, from: Option<Time>, speed: f64) -> Self {
        events.sort_by_key(|event| event.at);
        let at = from.or(events.first().map(|event| event.at)).unwrap_or_default();
        Self { events, next: 0, at, speed: clamp_speed(speed), paused: false }
    }

    /// The current position.
    pub(super) const fn at(&self) -> Time {
        self.at
    }

    pub(super) const fn speed_and_paused(&self) -> (f64, bool) {
        (self.speed, self.paused)
    }

    /// The times of the first and the last event.
    pub(super) fn span(&self) -> (Time, Time) {
        let time = |event: Option<&Event>| event.map_or(self.at, |event| event.at);
        (time(self.events.first()), time(self.events.last()))
    }

    /// Advance by a span of real time; pauses at the end.
    pub(super) fn advance(&mut self, real: Span) {
        if self.paused {
            return;
        }
        let passed = Span::from_secs_f64(real.as_secs_f64() * self.speed).unwrap_or_default();
        let (_, end) = self.span();
        self.at = (self.at + passed).min(end.max(self.at));
        self.paused |= self.at >= end && self.next >= self.events.len();
    }

    /// The events since the last call that are due at the current position.
    pub(super) fn take_due(&mut self) -> &[Event] {
        let from = self.next;
        self.next = self.events.partition_point(|event| event.at <= self.at).max(from);
        self.events.get(from..self.next).unwrap_or_default()
    }

    /// Execute a command.
    pub(super) fn execute(&mut self, command: ReplayCommand) -> Jump {
        match command {
            ReplayCommand::Pause(paused) => self.paused = paused,
            ReplayCommand::Speed(speed) => self.speed = clamp_speed(speed),
            ReplayCommand::Step(span) => self.at = self.at + span,
            ReplayCommand::Seek(to) => {
                let (first, last) = self.span();
                let to = to.clamp(first, last.max(first));
                let back = to < self.at;
                self.at = to;
                if back {
                    self.next = 0;
                    return Jump::Back;
                }
            }
        }
        Jump::Ahead
    }
}

/// A speed between 0.1 and 86400 (a day a second); 1.0 where it is not a finite number.
fn clamp_speed(speed: f64) -> f64 {
    if speed.is_finite() { speed.clamp(0.1, 86_400.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    fn recording() -> Recording {
        let event = |at| Event { at: Time::from_unix(at), origin: "log".into(), id: None, kind: EventKind::Restarted };
        Recording::new([300, 100, 200].map(event).to_vec(), None, 60.0)
    }

    #[test]
    fn it_plays_at_its_speed_and_pauses_at_the_end() {
        let mut r = recording();
        assert_eq!(r.take_due().len(), 1);
        r.advance(Span::seconds(1));
        assert_eq!((r.at(), r.take_due().len()), (Time::from_unix(160), 0));
        r.advance(Span::seconds(60));
        assert_eq!((r.at(), r.take_due().len()), (Time::from_unix(300), 2));
        r.advance(Span::seconds(1));
        assert!(r.speed_and_paused().1);
    }

    #[test]
    fn seeking_back_starts_over_and_seeking_ahead_continues() {
        let mut r = recording();
        assert_eq!(r.execute(ReplayCommand::Seek(Time::from_unix(250))), Jump::Ahead);
        assert_eq!(r.take_due().len(), 2);
        assert_eq!(r.execute(ReplayCommand::Seek(Time::from_unix(150))), Jump::Back);
        assert_eq!(r.take_due().len(), 1);
    }

    #[test]
    fn paused_it_only_steps() {
        let mut r = recording();
        r.execute(ReplayCommand::Pause(true));
        r.advance(Span::seconds(10));
        assert_eq!(r.at(), Time::from_unix(100));
        r.execute(ReplayCommand::Step(Span::MINUTE));
        assert_eq!(r.at(), Time::from_unix(160));
    }
}
