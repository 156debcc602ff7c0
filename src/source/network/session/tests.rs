use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::clock::Time;
use crate::event::EventKind;

/// A source that is live in its second session and breaks in every other way.
struct Flaky {
    sessions: Arc<AtomicU32>,
    lasting: bool,
}

impl Session for Flaky {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        match self.sessions.fetch_add(1, Ordering::Relaxed) {
            1 => {
                reporter.report_gap().await;
                reporter.report_live().await;
                Fault::transient("reset")
            }
            2 => {
                reporter.report_gap().await;
                if self.lasting { Fault::needs_change("wrong password") } else { Fault::transient("refused") }
            }
            _ => Fault::transient("refused").after(Duration::from_millis(700)),
        }
    }
}

fn run(lasting: bool, messages: usize) -> Vec<Message> {
    let source = SourceIdentity { index: 0, name: "pbx".into(), prefix: None, correct_clock: false };
    let (to, mut from) = mpsc::channel(16);
    let sessions = Arc::new(AtomicU32::new(0));
    let clock = Clock::manual(Time::from_unix(1_000_000_000));
    let running = start(source, clock, to, Flaky { sessions, lasting }).unwrap();
    let seen = (0..messages).map(|_| from.blocking_recv().unwrap()).collect();
    running.join();
    seen
}

fn health(message: &Message) -> (Health, &str, bool) {
    match message {
        Message::Health { health, reason, next_try, .. } => (*health, reason.as_str(), next_try.is_some()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_is_down_until_it_was_live_then_stale_and_what_it_missed_is_said() {
    let seen = run(false, 6);
    let said: Vec<_> = [0, 1, 2, 3, 5].map(|at| health(&seen[at])).into();
    assert_eq!(
        said,
        [
            (Health::Connecting, "", false),
            (Health::Down, "refused", true),
            (Health::Live, "", false),
            (Health::Stale, "reset", true),
            (Health::Down, "refused", true),
        ]
    );
    let Message::Events { events, .. } = &seen[4] else { panic!("{:?}", seen[4]) };
    assert!(matches!(events[0].kind, EventKind::Missed { .. }));
}

#[test]
fn what_will_not_mend_by_itself_is_tried_seldom() {
    let seen = run(true, 6);
    let Message::Health { at, next_try: Some(next), reason, .. } = &seen[5] else { panic!("{:?}", seen[5]) };
    assert_eq!(reason.as_str(), "wrong password");
    assert!(*next - *at >= Span::seconds(30));
}
