//! A floor of several sources, one of which is dead.

use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::alert::{State, built_in};
use crate::event::{Channel, Event, EventKind, Offer, Step};

fn contact(source: &str, at: Time) -> Event {
    let offer = Offer {
        queue: Label::new(&format!("{source}-queue")),
        channel: Channel::Voice,
        intent: None,
        customer: None,
        priority: None,
        position: None,
        auth_steps: None,
        untimed: false,
    };
    let kind =
        EventKind::Contact { contact: Label::new(&format!("{source}-1")), queue: None, step: Step::Offered(offer) };
    Event { at, origin: source.into(), id: None, kind }
}

#[tokio::test]
async fn a_dead_source_takes_its_own_queues_with_it_and_no_others() {
    let now = Time::from_unix(1_780_000_000);
    let ago = |seconds: i64| now - Span::seconds(seconds);
    let info = |name: &str| SourceInfo { name: name.into(), kind: "asterisk".into() };
    let settings = Settings {
        title: "test".into(),
        engine: engine::Settings::default(),
        rules: built_in(),
        alerts: crate::alert::Settings::default(),
        sources: ["well", "late", "dead"].map(info).into(),
    };
    let (to, messages) = mpsc::channel(16);
    let (floor, handle) = Floor::new(settings, Clock::manual(now), Mode::Live, Feed::Sources(messages));
    let mut boards = handle.watch();
    tokio::spawn(floor.run());
    for (source, name, health) in [(0, "well", Health::Live), (1, "late", Health::Stale), (2, "dead", Health::Down)] {
        let mut events = vec![contact(name, ago(400))];
        if health == Health::Live {
            let kind = EventKind::Missed { since: ago(300) };
            events.push(Event { at: ago(200), origin: name.into(), id: None, kind });
        }
        to.send(Message::Events { source, events, cursor: None, kept: None }).await.unwrap();
        let reason = if health == Health::Live { Text::default() } else { "gone".into() };
        to.send(Message::Health { source, health, reason, at: ago(100), next_try: None }).await.unwrap();
    }
    let judged = boards.wait_for(|board| board.alerts.len() >= 5);
    let board = tokio::time::timeout(Duration::from_secs(20), judged).await.unwrap().unwrap().clone();

    let still: Vec<bool> = board.queues.iter().map(|queue| board.stands_still(queue)).collect();
    let names: Vec<&str> = board.queues.iter().map(|queue| queue.id.as_str()).collect();
    assert_eq!((names, still), (vec!["dead-queue", "late-queue", "well-queue"], vec![true, true, false]));
    assert_eq!(board.troubles().iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["dead", "late"]);
    assert_eq!(board.gaps.len(), 1);
    assert_eq!((&board.gaps[0].source, board.gaps[0].since), (&Label::from("well"), ago(300)));

    // Each of the three queues has somebody who has waited too long: the board hides those nobody can see.
    let waits = board.alerts.iter().filter(|e| e.source.is_none());
    let hidden: Vec<_> = waits.map(|e| (e.state, e.inhibited_by.as_ref().map(Text::as_str))).collect();
    assert_eq!(
        hidden,
        [
            (State::Firing, None),
            (State::Firing, Some("source dead is down")),
            (State::Firing, Some("source late is stale"))
        ]
    );
    let own: Vec<_> = board.alerts.iter().filter_map(|e| Some((e.source.as_ref()?.as_str(), e.since))).collect();
    assert_eq!(own, [("dead", ago(100)), ("late", ago(100))]);
}
