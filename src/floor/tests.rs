//! A floor of several sources, one of which is dead.

use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::alert::{State, built_in};
use crate::event::{Channel, Event, EventKind, Offer, Step};

fn contact(source: &str, at: Time) -> Event {
    let offer = Offer::new(Label::new(&format!("{source}-queue")), Channel::Voice);
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
        to.send(Message::Events { source, events, cursor: None, receipt: None }).await.unwrap();
        let reason = if health == Health::Live { Text::default() } else { "gone".into() };
        to.send(Message::Health { source, health, reason, at: ago(100), next_try: None }).await.unwrap();
    }
    let judged = boards.wait_for(|board| board.alerts.len() >= 5);
    let board = tokio::time::timeout(Duration::from_secs(20), judged).await.unwrap().unwrap().clone();

    let still: Vec<bool> = board.queues.iter().map(|queue| board.is_silent(queue)).collect();
    let names: Vec<&str> = board.queues.iter().map(|queue| queue.id.as_str()).collect();
    assert_eq!((names, still), (vec!["dead-queue", "late-queue", "well-queue"], vec![true, true, false]));
    assert_eq!(board.silent_sources().iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["dead", "late"]);
    assert_eq!(board.gaps.len(), 1);
    assert_eq!((&board.gaps[0].source, board.gaps[0].since), (&Label::from("well"), ago(300)));

    // In each of the three queues a contact has waited too long. The board hides the alerts of queues whose source is
    // in trouble.
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

/// A floor with one queue and one rule: nobody waits longer than two minutes, for a minute.
fn waiting_floor(clock: &Clock) -> (mpsc::Sender<Message>, Handle) {
    let rules = built_in().into_iter().filter(|rule| rule.name.as_str() == "longest wait");
    let settings = Settings {
        title: "test".into(),
        engine: engine::Settings::default(),
        rules: rules.map(|rule| Rule { for_: Span::MINUTE, ..rule }).collect(),
        alerts: crate::alert::Settings { worsening: 100.0, ..crate::alert::Settings::default() },
        sources: vec![SourceInfo { name: "pbx".into(), kind: "asterisk".into() }],
    };
    let (to, messages) = mpsc::channel(16);
    let (floor, handle) = Floor::new(settings, clock.clone(), Mode::Live, Feed::Sources(messages));
    tokio::spawn(floor.run());
    (to, handle)
}

/// Advance the clock a second at a time.
async fn pass(clock: &Clock, seconds: u32) {
    for _ in 0..seconds {
        clock.set(clock.now() + Span::SECOND);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_of_the_wall_clock_is_neither_time_that_passed_nor_time_to_wait_again() {
    let clock = Clock::manual(Time::from_unix(1_780_000_000));
    let (to, handle) = waiting_floor(&clock);
    let live = |at| Message::Health { source: 0, health: Health::Live, reason: Text::default(), at, next_try: None };
    to.send(live(clock.now())).await.unwrap();
    pass(&clock, 2).await;
    let events = vec![contact("pbx", clock.now())];
    to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
    let board = || handle.watch().borrow().clone();
    let waits = |board: &Board| board.at.since(board.waiting.iter().next().unwrap().since).as_secs();
    pass(&clock, 150).await;
    assert_eq!(board().alerts[0].state, State::Pending);

    // Two hours back: what is pending fires as soon as it would have fired.
    clock.step(-Span(2 * Span::HOUR.0));
    pass(&clock, 65).await;
    let shown = board();
    assert_eq!(shown.alerts[0].state, State::Firing);
    assert!((214..=217).contains(&waits(&shown)), "{}", waits(&shown));
    assert_eq!(shown.remarks[0].as_str(), "the clock was set back by 2h00: what waits was moved with it");

    pass(&clock, 200).await;
    let shown = board();
    let before = waits(&shown);

    // Forty days ahead: an acknowledgement stays in force, and expires after its own time.
    let who = crate::alert::Actor { name: "ann".into(), from: "desk".into() };
    let act = crate::alert::AlertAction::Acknowledge { note: None, lasts: None };
    let (episode, version) = (shown.alerts[0].id, shown.alerts[0].version);
    handle.execute(crate::alert::AlertCommand { episode, version, who, act }).await.unwrap().unwrap();
    clock.step(Span(40 * Span::DAY.0));
    pass(&clock, 200).await;
    let shown = board();
    assert_eq!((shown.alerts[0].state, shown.sources[0].health), (State::Acknowledged, Health::Live));
    assert!((198..=202).contains(&(waits(&shown) - before)), "{before} → {}", waits(&shown));
    pass(&clock, 710).await;
    assert_ne!(board().alerts[0].state, State::Acknowledged);
}
