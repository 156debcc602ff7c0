//! A recorded day as if live: the pace of a replay.

use super::handle::ReplayCommand;
use crate::clock::{Span, Time};
use crate::event::Event;

/// A recording and where it is being played.
#[derive(Debug)]
pub struct Recording {
    events: Vec<Event>,
    /// The next event to play.
    next: usize,
    at: Time,
    speed: f64,
    paused: bool,
}

/// What a steering did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steered {
    /// It goes on from where it is.
    On,
    /// It was set back: the floor starts anew.
    Back,
}

impl Recording {
    /// A recording, to be played from `from` on (its beginning where absent) at `speed` times life.
    ///
    /// What lies before `from` is played in no time, so that the floor stands as it stood then.
    #[must_use]
    pub fn new(mut events: Vec<Event>, from: Option<Time>, speed: f64) -> Self {
        events.sort_by_key(|event| event.at);
        let at = from.or(events.first().map(|event| event.at)).unwrap_or_default();
        Self { events, next: 0, at, speed: sane(speed), paused: false }
    }

    /// Where it is.
    pub(super) const fn at(&self) -> Time {
        self.at
    }

    /// How fast it goes, and whether it stands still.
    pub(super) const fn pace(&self) -> (f64, bool) {
        (self.speed, self.paused)
    }

    /// Its first and last instant.
    pub(super) fn span(&self) -> (Time, Time) {
        let time = |event: Option<&Event>| event.map_or(self.at, |event| event.at);
        (time(self.events.first()), time(self.events.last()))
    }

    /// Let real time pass. At the end it stands still.
    pub(super) fn pass(&mut self, real: Span) {
        if self.paused {
            return;
        }
        let passed = Span::from_secs_f64(real.as_secs_f64() * self.speed).unwrap_or_default();
        let (_, end) = self.span();
        self.at = (self.at + passed).min(end.max(self.at));
        self.paused |= self.at >= end && self.next >= self.events.len();
    }

    /// The events that are due.
    pub(super) fn due(&mut self) -> &[Event] {
        let from = self.next;
        self.next = self.events.partition_point(|event| event.at <= self.at).max(from);
        self.events.get(from..self.next).unwrap_or_default()
    }

    /// Steer it.
    pub(super) fn steer(&mut self, steer: ReplayCommand) -> Steered {
        match steer {
            ReplayCommand::Pause(paused) => self.paused = paused,
            ReplayCommand::Speed(speed) => self.speed = sane(speed),
            ReplayCommand::Step(span) => self.at = self.at + span,
            ReplayCommand::Seek(to) => {
                let (first, last) = self.span();
                let to = to.clamp(first, last.max(first));
                let back = to < self.at;
                self.at = to;
                if back {
                    self.next = 0;
                    return Steered::Back;
                }
            }
        }
        Steered::On
    }
}

/// A speed that neither stands still nor runs away.
fn sane(speed: f64) -> f64 {
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
    fn it_plays_at_its_speed_and_stands_still_at_the_end() {
        let mut r = recording();
        assert_eq!(r.due().len(), 1);
        r.pass(Span::seconds(1));
        assert_eq!((r.at(), r.due().len()), (Time::from_unix(160), 0));
        r.pass(Span::seconds(60));
        assert_eq!((r.at(), r.due().len()), (Time::from_unix(300), 2));
        r.pass(Span::seconds(1));
        assert!(r.pace().1);
    }

    #[test]
    fn seeking_back_starts_anew_and_forward_goes_on() {
        let mut r = recording();
        assert_eq!(r.steer(ReplayCommand::Seek(Time::from_unix(250))), Steered::On);
        assert_eq!(r.due().len(), 2);
        assert_eq!(r.steer(ReplayCommand::Seek(Time::from_unix(150))), Steered::Back);
        assert_eq!(r.due().len(), 1);
    }

    #[test]
    fn paused_it_only_steps() {
        let mut r = recording();
        r.steer(ReplayCommand::Pause(true));
        r.pass(Span::seconds(10));
        assert_eq!(r.at(), Time::from_unix(100));
        r.steer(ReplayCommand::Step(Span::MINUTE));
        assert_eq!(r.at(), Time::from_unix(160));
    }
}
