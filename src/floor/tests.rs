//! A floor of several sources, one of which is dead; one whose clock is set; one that follows another's journal.

use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::alert::{State, built_in};
use crate::event::{Channel, Event, EventKind, Offer, Step};
use crate::journal::{self, Journal};
use crate::kpi::{Dim, KpiId, Period, Query, RowSelection, Slice, Window};
use crate::text::Patterns;

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
        worklist: crate::worklist::Settings::default(),
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
        worklist: crate::worklist::Settings::default(),
        sources: vec![SourceInfo { name: "pbx".into(), kind: "asterisk".into() }],
    };
    let (to, messages) = mpsc::channel(16);
    let (floor, handle) = Floor::new(settings, clock.clone(), Mode::Live, Feed::Sources(messages));
    tokio::spawn(floor.run());
    (to, handle)
}

/// Events of a source that joins in the middle of the day: the ends of calls whose beginnings it did not see, and callers who
/// have waited for long.
fn mid_day(origin: &str, now: Time) -> Vec<Event> {
    let step = |contact: &str, at: Time, step: Step| Event {
        at,
        origin: origin.into(),
        id: None,
        kind: EventKind::Contact { contact: contact.into(), queue: Some("billing".into()), step },
    };
    let ago = |seconds: i64| now - Span::seconds(seconds);
    let ended = |talk: i64| Step::Completed {
        agent: Some("ann".into()),
        ended_by: None,
        talk: Some(Span::seconds(talk)),
        hold: None,
    };
    let mut events: Vec<Event> = (0..40)
        .map(|n| step(&format!("gone-{n}"), now, Step::Abandoned { wait: Some(Span::seconds(900)), position: None }))
        .collect();
    events.push(step("talk", now, ended(2_000)));
    events.push(step("answered", now, Step::Answered { agent: "bo".into(), wait: Some(Span::seconds(700)) }));
    let offer = || Step::Offered(Offer::new("billing".into(), Channel::Voice));
    events.extend((0..5).map(|n| step(&format!("old-{n}"), ago(600 + n), offer())));
    events
}

#[tokio::test(start_paused = true)]
async fn no_alert_is_older_than_the_data() {
    // Live, where callers have waited before the source came; and a recording that is replayed from its middle.
    let began = Time::from_unix(1_780_000_000);
    let replay = Mode::Replay { speed: 1.0, paused: false, from: began - Span::HOUR, to: began + Span::HOUR };
    for (mode, oldest) in [(Mode::Live, began), (replay, began - Span::HOUR)] {
        let clock = Clock::manual(began);
        let settings = Settings {
            title: "test".into(),
            engine: engine::Settings::default(),
            rules: built_in(),
            alerts: crate::alert::Settings::default(),
            worklist: crate::worklist::Settings::default(),
            sources: vec![SourceInfo { name: "pbx".into(), kind: "asterisk".into() }],
        };
        let (to, messages) = mpsc::channel(16);
        let (floor, handle) = Floor::new(settings, clock.clone(), mode, Feed::Sources(messages));
        tokio::spawn(floor.run());
        let live =
            Message::Health { source: 0, health: Health::Live, reason: Text::default(), at: began, next_try: None };
        to.send(live).await.unwrap();
        let events = mid_day("pbx", began);
        to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
        pass(&clock, 400).await;
        let board = handle.watch().borrow().clone();
        let rules: Vec<&str> = board.alerts.iter().map(|alert| alert.rule.as_str()).collect();
        assert!(rules.contains(&"longest wait") && rules.contains(&"abandonment"), "{rules:?}");
        for alert in board.alerts.iter() {
            assert!(alert.since >= oldest, "{} since {}", alert.rule, alert.since);
            assert!(alert.trail.iter().all(|entry| entry.at >= oldest), "{}: {:?}", alert.rule, alert.trail);
            assert!(alert.fired.is_none_or(|fired| fired >= alert.since), "{}", alert.rule);
        }
    }
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

/// A floor on a journal: the one that writes it, or one that follows.
fn floor_on(path: &Path, clock: &Clock) -> Floor {
    let engine = engine::Settings {
        resting_contacts: 10,
        events_per_checkpoint: 100,
        searched_at_once: 20,
        ..engine::Settings::default()
    };
    let sources = vec![SourceInfo { name: "pbx".into(), kind: "asterisk".into() }];
    let alerts = crate::alert::Settings::default();
    let settings = Settings {
        title: "test".into(),
        engine,
        rules: Vec::new(),
        alerts,
        worklist: crate::worklist::Settings::default(),
        sources,
    };
    let journal_settings = journal::Settings::new("ann".into(), "desk".into(), clock.clone());
    let persistence = Persistence {
        opened: Journal::open(path, &journal_settings).unwrap(),
        path: path.to_owned(),
        settings: journal_settings,
        start: Box::new(|_| Ok(mpsc::channel(1).1)),
        tell: Box::new(|_| None),
        forward: Box::new(|_, _| None),
    };
    let (floor, _) = Floor::new(settings, clock.clone(), Mode::Live, Feed::Nothing);
    let mut floor = floor.with_journal(persistence);
    floor.start();
    floor
}

/// A call that comes after a while, and is over soon.
async fn take_call(writer: &mut Floor, clock: &Clock, call: usize, after: Span) {
    clock.set(clock.now() + after);
    let offer = Offer::new("sales".into(), Channel::Voice);
    let answered = Step::Answered { agent: "ann".into(), wait: None };
    let completed = Step::Completed { agent: None, ended_by: None, talk: None, hold: None };
    let steps = [(0, Step::Offered(offer)), (5, answered), (40, completed)];
    let events = steps.map(|(after, step)| {
        let kind = EventKind::Contact { contact: Label::new(&format!("c{call}")), queue: None, step };
        Event { at: clock.now() + Span::seconds(after), origin: "pbx".into(), id: None, kind }
    });
    writer.process(Message::Events { source: 0, events: events.into(), cursor: None, receipt: None });
    writer.tick();
    if let JournalRole::Writer(journal) = &writer.role {
        journal.flush().unwrap();
    }
    tokio::time::advance(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn others_are_served_while_figures_of_many_days_are_counted_and_the_archive_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::from_unix(1_780_000_000));
    let mut floor = floor_on(&folder.path().join("journal.db"), &clock);
    let began = clock.now();
    for call in 0..500 {
        take_call(&mut floor, &clock, call, Span(30 * Span::MINUTE.0)).await;
    }
    let kpis = vec![KpiId::Offered, KpiId::Asa, KpiId::SpeedTrap];
    let over = Period::Range(began, clock.now());
    let long = Query { of: Slice::TOTAL, by: vec![Dim::Agent], over, every: None, kpis, formula: None };
    let ask = |floor: &mut Floor, query: &Query| {
        let (reply, answer) = oneshot::channel();
        floor.serve(Request::Ask(query.clone(), RowSelection::All, Patterns::default(), reply));
        answer
    };
    let search = |floor: &mut Floor, only: ContactFilter, queues: Patterns| {
        let (reply, found) = oneshot::channel();
        floor.serve(Request::Contacts(ContactQuery { of: Slice::TOTAL, over, only, limit: 1_000 }, queues, reply));
        found
    };
    let mut figures = ask(&mut floor, &long);
    let given_up = ask(&mut floor, &Query { by: vec![Dim::Queue], ..long.clone() });
    let mut all = search(&mut floor, ContactFilter::All, Patterns::new(["sales"]));
    let mut hidden = search(&mut floor, ContactFilter::All, Patterns::new(["other"]));
    let mut abandoned = search(&mut floor, ContactFilter::Abandoned, Patterns::default());
    drop(given_up);
    assert!(figures.try_recv().is_err() && all.try_recv().is_err() && abandoned.try_recv().is_err());
    // What takes no time has its answer at once.
    let today = Query { over: Period::Window(Window::Today), ..long.clone() };
    assert!(ask(&mut floor, &today).try_recv().unwrap().is_ok());
    let mut portions = 0;
    while !floor.portioned.is_empty() {
        floor.serve_portion();
        portions += 1;
    }
    assert!(portions > 40, "{portions} portions");
    assert_eq!(figures.try_recv().unwrap().unwrap(), floor.engine.ask(&long, clock.now()));
    let found = [all.try_recv().unwrap().len(), hidden.try_recv().unwrap().len(), abandoned.try_recv().unwrap().len()];
    // The last call joins when the period is over.
    assert_eq!(found, [499, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_lets_go_of_contacts_when_the_writer_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let clock = Clock::manual(Time::from_unix(1_780_000_000));
    let (mut writer, mut follower) = (floor_on(&path, &clock), floor_on(&path, &clock));
    assert!(matches!(follower.role, JournalRole::Follower(_)));
    for call in 0..400 {
        take_call(&mut writer, &clock, call, Span::MINUTE).await;
        follower.tick();
    }
    let over = Period::Window(Window::Today);
    let kpis = vec![KpiId::Offered, KpiId::Asa, KpiId::Aht];
    let query = Query { of: Slice::TOTAL, by: vec![Dim::Queue], over, every: None, kpis, formula: None };
    assert_eq!(follower.engine.ask(&query, clock.now()), writer.engine.ask(&query, clock.now()));
    // What is over and in memory would leave it with a checkpoint.
    let over = follower.engine.checkpoint().unwrap().contacts.len();
    assert!(over < 120, "{over} of 400 contacts that are over are still in memory");
}

#[tokio::test(start_paused = true)]
async fn a_follower_whose_writer_runs_but_does_nothing_is_as_of_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let clock = Clock::manual(Time::from_unix(1_780_000_000));
    let (mut writer, mut follower) = (floor_on(&path, &clock), floor_on(&path, &clock));
    let pass = async |follower: &mut Floor, seconds: u64| {
        clock.set(clock.now() + Span::seconds(i64::try_from(seconds).unwrap()));
        tokio::time::advance(Duration::from_secs(seconds)).await;
        follower.tick();
        follower.publish();
        let board = follower.boards.borrow();
        (board.silent_since.map(|since| clock.now().since(since)), board.remarks.first().cloned())
    };
    let offer = |contact: &str| {
        let step = Step::Offered(Offer::new("sales".into(), Channel::Voice));
        let kind = EventKind::Contact { contact: contact.into(), queue: None, step };
        let events = vec![Event { at: Time::from_unix(1_780_000_000), origin: "pbx".into(), id: None, kind }];
        Message::Events { source: 0, events, cursor: None, receipt: None }
    };
    let written = |writer: &mut Floor, contact: &str| {
        writer.process(offer(contact));
        let JournalRole::Writer(journal) = &writer.role else { panic!("it does not write") };
        journal.flush().unwrap();
    };
    written(&mut writer, "c1");
    // The journal's thread removes old rows by the machine's clock, which is a sign of life: while this holds, it cannot.
    let idle = rusqlite::Connection::open(&path).unwrap();
    idle.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(pass(&mut follower, 1).await, (None, None));
    assert_eq!(pass(&mut follower, 140).await, (None, None));
    let (silent, remark) = pass(&mut follower, 20).await;
    assert_eq!(silent, Some(Span::seconds(160)));
    assert!(remark.unwrap().as_str().contains("as of then"));
    idle.execute_batch("ROLLBACK").unwrap();
    written(&mut writer, "c2");
    assert_eq!(pass(&mut follower, 1).await, (None, None));
}
