//! The line between a live source and the floor: what every source that is reached over a network shares.
//!
//! A source brings a [`Session`]: one connection, from nothing until it breaks, and why it broke. The loop here does
//! the rest: it tells the floor how the source does, waits longer from one failure to the next, and begins anew, for
//! ever. What a session sees it says to its [`Link`].

use std::future::Future;
use std::io;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::shared_reporter::Outlet;
use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::event::{Event, EventKind};
use crate::net::{Backoff, Fault};
use crate::source::prefix::keep_apart;
use crate::source::running::Running;
use crate::source::settings::Settings;
use crate::source::{Message, Rejection};
use crate::text::{Label, Text};

/// How many events a message holds at most.
const BATCH: usize = 1000;
/// A source that was live is not down before it has failed so many times in a row: a connection that is made anew at
/// once is no news.
const FAILURES: u32 = 3;

/// One connection to a source.
pub(crate) trait Session: Send + 'static {
    /// Connect, say what is seen to `link`, and go on until the connection breaks; why it did. It says
    /// [`Link::live`] as soon as what stands on the board is the truth. It is dropped where it stands when the
    /// source is to stop.
    fn run(&mut self, link: &mut Link) -> impl Future<Output = Fault> + Send;
}

/// What a source says to the floor.
pub(crate) struct Link {
    index: usize,
    name: Label,
    prefix: Option<Label>,
    correct_clock: bool,
    clock: Clock,
    to: Sender<Message>,
    stop: CancellationToken,
    said: Option<(Health, Text, Option<Time>)>,
    /// Since when the session is live, by the steady clock.
    live_since: Option<Time>,
    /// When the source last gave a sign of life, in this session or an earlier one.
    heard: Option<Time>,
    /// Since when nothing has been seen of the source: what happened since is to be fetched, or is missed.
    away: Option<Time>,
    /// How far the source's clock is ahead of ours.
    ahead: Span,
}

impl Link {
    /// The source's name: the origin of its events, unless they say otherwise.
    pub(crate) const fn name(&self) -> &Label {
        &self.name
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The steady clock: lengths of time are measured with it.
    pub(crate) fn steady(&self) -> Time {
        self.clock.steady()
    }

    /// What time it is by the source's clock, as far as that is known.
    pub(crate) fn their_now(&self) -> Time {
        self.now() + self.ahead
    }

    /// The source gave a sign of life.
    pub(crate) fn hear(&mut self) {
        self.heard = Some(self.now());
    }

    /// Since when nothing has been seen of the source, until [`Link::live`] is said; `None` where it has never been.
    pub(crate) const fn away(&self) -> Option<Time> {
        self.away
    }

    /// Nothing was seen of the source since then: a session that knows from its cursor when the program last ended
    /// says so before it is live.
    pub(crate) fn was_away(&mut self, since: Time) {
        self.away = Some(self.away.map_or(since, |away| away.min(since)));
    }

    /// Tell the floor what happened. It waits while the floor is busy; nothing is dropped. With the last of `events`
    /// the journal keeps `cursor`.
    pub(crate) async fn events(&mut self, mut events: Vec<Event>, cursor: Option<String>) {
        self.hear();
        as_told(&mut events, self.prefix.as_ref(), if self.correct_clock { self.ahead } else { Span::ZERO });
        let source = self.index;
        while events.len() > BATCH {
            let rest = events.split_off(BATCH);
            self.tell(Message::Events { source, events, cursor: None, kept: None }).await;
            events = rest;
        }
        if !events.is_empty() || cursor.is_some() {
            self.tell(Message::Events { source, events, cursor, kept: None }).await;
        }
    }

    /// A way to the floor beside this one, for a source where many are at work at once.
    pub(crate) fn outlet(&self) -> Outlet {
        Outlet {
            index: self.index,
            name: self.name.clone(),
            prefix: self.prefix.clone(),
            correct_clock: self.correct_clock,
            clock: self.clock.clone(),
            to: self.to.clone(),
            stop: self.stop.clone(),
        }
    }

    /// Something could not be taken in; `line` is its number in what `place` names, from 1.
    pub(crate) async fn reject(&mut self, place: &str, line: u64, reason: &str) {
        let rejection = Rejection { place: Label::new(place), line, reason: Text::new(reason) };
        self.tell(Message::Rejected { source: self.index, rejection }).await;
    }

    /// What stands on the board is the truth from here on.
    pub(crate) async fn live(&mut self) {
        self.hear();
        self.away = None;
        self.live_since.get_or_insert(self.clock.steady());
        self.say(Health::Live, Text::default(), None).await;
    }

    /// The source is there, but what it says is old; why.
    pub(crate) async fn stale(&mut self, reason: &str) {
        self.say(Health::Stale, Text::new(reason), None).await;
    }

    /// What happened between the last sign of life and now can't be fetched: it is a gap in every trend.
    pub(crate) async fn missed(&mut self) {
        let Some(since) = self.away.take() else { return };
        let (at, origin) = (self.now(), self.name.clone());
        self.events(vec![Event { at, origin, id: None, kind: EventKind::Missed { since } }], None).await;
    }

    /// The source's clock stands so far ahead of ours (behind, where negative).
    pub(crate) async fn clock_is_ahead(&mut self, ahead: Span) {
        self.ahead = ahead;
        self.tell(Message::Clock { source: self.index, ahead }).await;
    }

    /// Something about the source that its owner should know and that is no fault: rights it doesn't need, a
    /// certificate that isn't checked.
    pub(crate) async fn remark(&mut self, remark: &str) {
        self.tell(Message::Remark { source: self.index, remark: Text::new(remark) }).await;
    }

    /// How the source does, where that is news.
    async fn say(&mut self, health: Health, reason: Text, next_try: Option<Time>) {
        let now = (health, reason, next_try);
        if self.said.as_ref() == Some(&now) {
            return;
        }
        self.said = Some(now.clone());
        let (health, reason, next_try) = now;
        self.tell(Message::Health { source: self.index, health, reason, at: self.now(), next_try }).await;
    }

    async fn tell(&mut self, message: Message) {
        if self.to.send(message).await.is_err() {
            // The floor is gone, and with it all reason to go on.
            self.stop.cancel();
            std::future::pending::<()>().await;
        }
    }
}

/// Make events what the configuration wants of this source's: names with its prefix, times by our clock.
pub(super) fn as_told(events: &mut [Event], prefix: Option<&Label>, ahead: Span) {
    for event in events {
        // A gap is told by our clock already.
        if !matches!(event.kind, EventKind::Missed { .. }) {
            event.at = event.at - ahead;
        }
        if let Some(prefix) = prefix {
            keep_apart(event, prefix);
        }
    }
}

/// Start the source that `session` is, as number `index`.
///
/// # Errors
/// Where the system gives no thread or runtime.
pub(in crate::source) fn start(
    index: usize,
    settings: &Settings,
    clock: Clock,
    to: Sender<Message>,
    session: impl Session,
) -> io::Result<Running> {
    let stop = CancellationToken::new();
    let name = settings.name();
    let mut link = Link {
        index,
        name: name.clone(),
        prefix: settings.prefix.clone(),
        correct_clock: settings.correct_clock,
        clock: clock.clone(),
        to: to.clone(),
        stop: stop.clone(),
        said: None,
        live_since: None,
        heard: None,
        away: None,
        ahead: Span::ZERO,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let until = stop.clone();
    Running::start(index, &name, clock, to, stop, move || {
        runtime.block_on(async {
            tokio::select! {
                () = until.cancelled() => {}
                () = keep_up(session, &mut link) => {}
            }
        });
    })
}

/// Session after session, for ever.
async fn keep_up(mut session: impl Session, link: &mut Link) {
    let mut backoff = Backoff::default();
    let mut was_live = false;
    link.say(Health::Connecting, Text::default(), None).await;
    loop {
        let fault = session.run(link).await;
        let now = link.now();
        let lasted = link.live_since.take().map(|since| link.steady().since(since));
        if lasted.is_some() {
            was_live = true;
            link.away = link.heard;
        }
        let wait = backoff.after(&fault, lasted.unwrap_or_default());
        let next_try = now + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let down = fault.lasting || !was_live || backoff.failures() >= FAILURES;
        let health = if down { Health::Down } else { Health::Stale };
        let failures = backoff.failures();
        tracing::warn!(source = %link.name, failures, wait_s = wait.as_secs_f64(), "{}", fault.reason);
        link.say(health, Text::new(&fault.reason), Some(next_try)).await;
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests;
