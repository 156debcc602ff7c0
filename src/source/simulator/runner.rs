//! The thread that runs the simulation: history in large batches first, then in step with the clock.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::{Settings, Simulator, history_start};
use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::source::Message;
use crate::text::Text;

/// A batch is sent once it holds this many events.
const MAX_BATCH_EVENTS: usize = 250;
/// How far the simulation advances between two looks at the size of the batch.
const STEP_SPAN: Span = Span(5 * Span::MINUTE.0);
/// How often the simulation catches up with the clock.
const CLOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Run a simulation on a thread of its own as the source with index `source`: 30 hours of history first, then in step
/// with `clock`, which may run faster than real time. The thread ends when the receiver is dropped.
///
/// # Errors
/// If the thread cannot be started.
pub fn spawn(source: usize, settings: Settings, clock: Clock, to: Sender<Message>) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("simulator".into()).spawn(move || {
        let _closed = run(source, settings, &clock, &to);
    })
}

/// The receiver of the messages was dropped.
struct ReceiverClosed;

fn run(source: usize, settings: Settings, clock: &Clock, to: &Sender<Message>) -> Result<(), ReceiverClosed> {
    let send = |message| to.blocking_send(message).map_err(|_| ReceiverClosed);
    let live = clock.now();
    let mut reached = history_start(live);
    let mut simulator = Simulator::new(settings, reached, live);
    reached = catch_up(source, &mut simulator, reached, live, to)?;
    send(Message::Health { source, health: Health::Live, reason: Text::default(), at: live, next_try: None })?;
    while !to.is_closed() {
        thread::sleep(CLOCK_POLL_INTERVAL);
        let now = clock.now();
        if now > reached {
            reached = catch_up(source, &mut simulator, reached, now, to)?;
        }
    }
    Ok(())
}

/// Simulate from `from` to `until` and send the events in batches.
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
        reached = (reached + STEP_SPAN).min(until);
        simulator.advance(reached, &mut events);
        if events.len() >= MAX_BATCH_EVENTS || (reached == until && !events.is_empty()) {
            let events = std::mem::take(&mut events);
            to.blocking_send(Message::Events { source, events, cursor: None, receipt: None })
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

    fn next(from: &mut tokio::sync::mpsc::Receiver<Message>) -> Message {
        from.blocking_recv().unwrap()
    }

    #[test]
    fn history_comes_first_then_events_in_step_with_the_clock_until_the_receiver_is_dropped() {
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
