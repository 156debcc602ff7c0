//! The thread of the simulated floor: the past in large batches, then in step with the clock.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::{Settings, Simulator, history_start};
use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::source::Message;
use crate::text::Text;

/// How many events are sent at once while there is a lot to tell.
const BATCH: usize = 1_000;
/// How far the simulation goes before what it said is looked at: little enough to keep batches small.
const STRIDE: Span = Span(5 * Span::MINUTE.0);
/// How often it catches up with the clock.
const PULSE: Duration = Duration::from_millis(100);

/// Run a simulated floor on a thread of its own, as the source of index `source`: 30 hours of history first, then
/// whatever happens as `clock` goes on, until nobody listens. A clock that runs faster than life is followed at its pace.
///
/// # Errors
/// Where the system gives no thread.
pub fn spawn(source: usize, settings: Settings, clock: Clock, to: Sender<Message>) -> std::io::Result<JoinHandle<()>> {
    // The sender's end is the only way in which sending fails, and the thread's only way out.
    thread::Builder::new().name("simulator".into()).spawn(move || {
        let _gone = run(source, settings, &clock, &to);
    })
}

/// Nobody listens any more.
struct ReceiverClosed;

fn run(source: usize, settings: Settings, clock: &Clock, to: &Sender<Message>) -> Result<(), ReceiverClosed> {
    let send = |message| to.blocking_send(message).map_err(|_| ReceiverClosed);
    let live = clock.now();
    let mut reached = history_start(live);
    let mut simulator = Simulator::new(settings, reached, live);
    reached = catch_up(source, &mut simulator, reached, live, to)?;
    send(Message::Health { source, health: Health::Live, reason: Text::default(), at: live, next_try: None })?;
    while !to.is_closed() {
        thread::sleep(PULSE);
        let now = clock.now();
        if now > reached {
            reached = catch_up(source, &mut simulator, reached, now, to)?;
        }
    }
    Ok(())
}

/// Tell what happens after `from` up to `until`, in batches; a machine that slept has much to hear.
fn catch_up(
    source: usize,
    simulator: &mut Simulator,
    from: Time,
    until: Time,
    to: &Sender<Message>,
) -> Result<Time, ReceiverClosed> {
    let mut events = Vec::new();
    let mut reached = from;
    loop {
        reached = (reached + STRIDE).min(until);
        simulator.advance(reached, &mut events);
        if events.len() >= BATCH || (reached == until && !events.is_empty()) {
            let events = std::mem::take(&mut events);
            to.blocking_send(Message::Events { source, events, cursor: None, kept: None })
                .map_err(|_| ReceiverClosed)?;
        }
        if reached == until {
            return Ok(reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wait for the next message, at most so long that a test that fails ends.
    fn next(from: &mut tokio::sync::mpsc::Receiver<Message>) -> Message {
        from.blocking_recv().unwrap()
    }

    #[test]
    fn history_comes_first_then_life_goes_on_with_the_clock_until_nobody_listens() {
        let live = Time::parse_rfc3339("2026-03-11T15:00:00Z").unwrap();
        let clock = Clock::manual(live);
        let (to, mut from) = tokio::sync::mpsc::channel(4);
        let thread = spawn(3, Settings::default(), clock.clone(), to).unwrap();
        let mut past = 0;
        let at = loop {
            match next(&mut from) {
                Message::Events { source: 3, events, cursor: None, .. } => {
                    assert!(events.iter().all(|event| event.at <= live));
                    past += events.len();
                }
                Message::Health { source: 3, health: Health::Live, at, .. } => break at,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(at, live);
        assert!(past > 20_000, "{past} events");
        clock.set(live + Span::MINUTE);
        let Message::Events { events, .. } = next(&mut from) else { panic!("events") };
        assert!(events.iter().all(|event| event.at > live && event.at <= live + Span::MINUTE));
        drop(from);
        thread.join().unwrap();
    }
}
