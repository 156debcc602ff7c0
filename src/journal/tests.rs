use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::alert::{
    Actor, AlertAction, AlertCommand, Evaluator, HistoryEntry, HistoryKind, Settings as AlertSettings, State, built_in,
};
use crate::clock::Span;
use crate::engine::{ArchivedContact, ArchivedSegment, Checkpoint};
use crate::event::{Channel, EventKind, Offer, Scored, Step, Survey};
use crate::kpi::{Answer, AnswerRow, Calendar, Dim, Figure, Slice};

struct TestJournal {
    _folder: tempfile::TempDir,
    path: PathBuf,
    clock: Clock,
}

fn test_journal() -> TestJournal {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("journal.db");
    TestJournal { _folder: folder, path, clock: Clock::manual(Time::from_unix(1_780_000_000)) }
}

impl TestJournal {
    fn settings(&self) -> Settings {
        Settings::new("ann".into(), "desk".into(), self.clock.clone())
    }

    fn open(&self) -> Result<OpenedJournal, Error> {
        Journal::open(&self.path, &self.settings())
    }

    fn writer(&self) -> Journal {
        match self.open().unwrap() {
            OpenedJournal::Writer(journal) => journal,
            OpenedJournal::Follower(follower) => panic!("{:?} has it", follower.holder),
        }
    }

    fn follower(&self) -> Follower {
        match self.open().unwrap() {
            OpenedJournal::Follower(follower) => follower,
            OpenedJournal::Writer(_) => panic!("nobody has it"),
        }
    }

    fn error(&self) -> Error {
        self.open().err().unwrap()
    }
}

fn event(number: i64) -> Event {
    let offer = Offer {
        intent: Some("refund".into()),
        priority: Some(-1),
        position: Some(2),
        ..Offer::new("サポート".into(), Channel::Chat)
    };
    let score = Scored { score: 4.3, min: 1.0, max: 5.0 };
    let step = match number % 3 {
        0 => Step::Offered(offer),
        1 => Step::Answered { agent: "bob".into(), wait: Some(Span(1_234_567)) },
        _ => Step::Survey(Survey { csat: Some(score), nps: Some(9), ..Survey::default() }),
    };
    let id = (number % 2 == 0).then(|| Label::new(&format!("id-{number}")));
    let kind = EventKind::Contact { contact: Label::new(&number.to_string()), queue: None, step };
    Event { at: Time(1_780_000_000_000_000 - number), origin: "pbx".into(), id, kind }
}

fn batch(numbers: std::ops::Range<i64>) -> Batch {
    let cursors = vec![("pbx".into(), numbers.end.to_string())];
    Batch { events: vec![("pbx".into(), numbers.map(event).collect())], cursors, ..Batch::default() }
}

fn all(reader: &Reader) -> Vec<Event> {
    let mut events = Vec::new();
    let loaded = reader.load(Time(0)..Time(i64::MAX), |event| events.push(event)).unwrap();
    assert_eq!(loaded.unreadable, Unreadable::default());
    events
}

/// An episode that fires, made by an evaluator as on a floor.
fn fired_episode() -> (Evaluator, Episode) {
    let wait = built_in().into_iter().filter(|rule| rule.name.as_str() == "longest wait").collect();
    let mut evaluator = Evaluator::new(wait, AlertSettings::default(), Calendar::default());
    let figures = vec![Figure { value: Some(150.0), n: 1, ..Figure::default() }];
    let row = AnswerRow { key: Slice::of(Dim::Queue, "billing".into()), start: None, figures };
    let answer = Answer { rows: vec![row], ..Answer::default() };
    let context = crate::alert::EvaluationContext { bands: &|kpi, _| kpi.def().bands, name: &Slice::to_string };
    let episode = evaluator.evaluate(&[answer], &[], context, Time::from_unix(1_780_000_000)).pop().unwrap();
    (evaluator, episode)
}

#[test]
fn what_was_kept_is_there_after_a_restart() {
    let test = test_journal();
    let (mut evaluator, episode) = fired_episode();
    let journal = test.writer();
    journal.record(batch(0..1000));
    journal.record(batch(1000..1003));
    journal.store(episode).unwrap();
    let who = Actor { name: "ann".into(), from: "desk/pts1".into() };
    let act = AlertAction::Acknowledge { note: Some("calling in two agents".into()), lasts: None };
    let taken =
        evaluator.execute(&AlertCommand { episode: 1, version: 1, who, act }, Time::from_unix(1_780_000_010)).unwrap();
    journal.store(taken.clone()).unwrap();
    assert_eq!(journal.reader().active().unwrap().0, std::slice::from_ref(&taken));
    drop(journal);

    let journal = test.writer();
    assert_eq!(all(journal.reader()), (0..1003).map(event).collect::<Vec<_>>());
    assert_eq!(journal.reader().cursors().unwrap(), [("pbx".into(), "1003".to_owned())]);
    assert_eq!(journal.reader().active().unwrap().0, std::slice::from_ref(&taken));
    assert_eq!(journal.reader().next_id().unwrap(), 2);
    let mut over = taken;
    over.state = State::Resolved;
    over.resolved = Some(Time::from_unix(1_780_000_100));
    journal.store(over.clone()).unwrap();
    assert!(journal.reader().active().unwrap().0.is_empty());
    assert_eq!(journal.reader().history(10).unwrap().0, [over]);
}

#[test]
fn a_load_begins_where_it_is_told_to() {
    let test = test_journal();
    let mut journal = test.writer();
    journal.record(batch(0..100));
    journal.flush().unwrap();
    let mut count = 0;
    let loaded = journal.load(event(9).at..Time(i64::MAX), |_| count += 1).unwrap();
    assert_eq!((count, loaded.events), (10, 10));
}

#[test]
fn the_file_is_the_owners_alone() {
    let test = test_journal();
    let _journal = test.writer();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&test.path), 0o600);
    assert_eq!(mode(&lock::path_of(&test.path)), 0o600);
    assert_eq!(mode(test.path.parent().unwrap()), 0o700);
}

/// The files as another process would find them if this one were killed now, in the middle of writing.
#[test]
fn a_kill_mid_way_loses_nothing_that_was_confirmed_and_keeps_cursors_with_events() {
    let test = test_journal();
    let (_, episode) = fired_episode();
    let journal = test.writer();
    for from in 0..40 {
        journal.record(batch(from * 250..(from + 1) * 250));
        if from == 20 {
            journal.store(episode.clone()).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("journal.db");
            journal.record(batch(from * 250..(from + 1) * 250));
            for suffix in ["", "-wal"] {
                let from = format!("{}{suffix}", test.path.display());
                std::fs::copy(from, format!("{}{suffix}", copy.display())).unwrap();
            }
            let OpenedJournal::Writer(killed) = Journal::open(&copy, &test.settings()).unwrap() else { panic!() };
            assert_eq!(killed.reader().active().unwrap().0, std::slice::from_ref(&episode));
            let events = all(killed.reader());
            let cursor = killed.reader().cursors().unwrap().remove(0).1;
            assert_eq!(events.len().to_string(), cursor);
        }
    }
}

fn since_now(number: i64) -> Time {
    Time(1_780_000_000_000_000 + number)
}

/// A checkpoint with one segment and one contact.
fn checkpoint(number: u64, replaces_from: Option<Time>) -> Checkpoint {
    let at = |number: u64| since_now(i64::try_from(number).unwrap());
    let bytes: std::sync::Arc<[u8]> = vec![7; 3000].into();
    let segment = ArchivedSegment { id: number, day: at(number), first: at(number), last: at(number), bytes };
    let contact = ArchivedContact { number, id_hash: u64::MAX - number, ended: at(number), bytes: vec![1; 50] };
    Checkpoint { number, state: vec![2; 20_000], segments: vec![segment], contacts: vec![contact], replaces_from }
}

fn record_checkpoint(journal: &Journal, checkpoint: Checkpoint) {
    journal.record(Batch { checkpoint: Some(Box::new(PendingCheckpoint::now(checkpoint))), ..Batch::default() });
}

#[test]
fn a_checkpoint_contains_the_events_recorded_before_it_and_is_stored_with_all_that_it_refers_to() {
    let test = test_journal();
    let journal = test.writer();
    let archive = journal.archive().unwrap();
    assert_eq!(archive.stored(), 0);
    journal.record(batch(0..30));
    record_checkpoint(&journal, checkpoint(1, None));
    journal.record(batch(30..50));
    journal.flush().unwrap();
    let stored = journal.reader().checkpoint().unwrap().unwrap();
    assert_eq!((stored.event, stored.state.len(), archive.stored()), (30, 20_000, 1));
    let mut after = Vec::new();
    journal.load_after(stored.event, Time(0)..Time(i64::MAX), |event, seq| after.push((event, seq))).unwrap();
    assert_eq!(after, (30..50).map(|n| (event(n), n + 1)).collect::<Vec<_>>());
    assert_eq!(archive.segment(1).unwrap().len(), 3000);
    assert_eq!(archive.contact(1).unwrap().bytes, archive.contacts_by_id(u64::MAX - 1)[0].bytes);
    let mut ended = Vec::new();
    record_checkpoint(&journal, checkpoint(2, None));
    journal.flush().unwrap();
    archive.each_contact(since_now(1), (since_now(9), 0), &mut |contact| {
        ended.push(contact.number);
        true
    });
    assert_eq!(ended, [2, 1]);
    // One that begins anew removes what is not its own.
    record_checkpoint(&journal, checkpoint(3, Some(since_now(2))));
    journal.flush().unwrap();
    let ids: Vec<_> = journal.reader().segments().unwrap().iter().map(|segment| segment.id).collect();
    assert_eq!((ids, archive.contact(2).is_none()), (vec![1, 3], true));
}

/// What another process would find had this one been killed, at twenty moments while checkpoints are written.
#[test]
fn a_kill_while_checkpoints_are_written_leaves_one_that_is_whole() {
    let test = test_journal();
    let journal = test.writer();
    for number in 1..=20 {
        let from = i64::try_from(number - 1).unwrap() * 50;
        journal.record(batch(from..from + 50));
        record_checkpoint(&journal, checkpoint(number, None));
        std::thread::sleep(std::time::Duration::from_millis(7 * number % 40));
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("journal.db");
        // The log first: what it lacks is in the file, or nowhere.
        for suffix in ["-wal", ""] {
            let from = format!("{}{suffix}", test.path.display());
            std::fs::copy(from, format!("{}{suffix}", copy.display())).unwrap();
        }
        // The engine makes one only when the last one is stored.
        journal.flush().unwrap();
        let OpenedJournal::Writer(killed) = Journal::open(&copy, &test.settings()).unwrap() else { panic!() };
        let segments = killed.reader().segments().unwrap();
        if let Some(stored) = killed.reader().checkpoint().unwrap() {
            let newest = segments.last().unwrap().id;
            let mut tail = Vec::new();
            killed.load_after(stored.event, Time(0)..Time(i64::MAX), |event, _| tail.push(event)).unwrap();
            assert_eq!((stored.event, tail.len() % 50), (i64::try_from(newest * 50).unwrap(), 0));
            assert_eq!(segments.len() as u64, newest);
            assert!(killed.archive().unwrap().contact(newest).is_some());
        } else {
            assert!(segments.is_empty());
        }
    }
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_as_it_is() {
    let test = test_journal();
    std::fs::create_dir_all(test.path.parent().unwrap()).unwrap();
    for content in [&b"these are my notes\n"[..], b"SQLite format 3\0 but not really, no, not at all", b"x"] {
        std::fs::write(&test.path, content).unwrap();
        let error = test.error();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("move the file aside"), "{error}");
        assert_eq!(std::fs::read(&test.path).unwrap(), content);
    }
    std::fs::remove_file(&test.path).unwrap();
    let other = rusqlite::Connection::open(&test.path).unwrap();
    other.execute_batch("CREATE TABLE recipes(name)").unwrap();
    assert!(test.error().to_string().contains("another program"));
}

#[test]
fn a_damaged_journal_is_refused_and_left_as_it_is() {
    let test = test_journal();
    let journal = test.writer();
    journal.record(batch(0..5000));
    drop(journal);
    assert!(!test.path.with_extension("db-wal").exists(), "an orderly end leaves one file");
    let mut bytes = std::fs::read(&test.path).unwrap();
    for page in 3..60 {
        bytes[page * 4096..page * 4096 + 200].fill(0xa5);
    }
    std::fs::write(&test.path, &bytes).unwrap();
    let error = test.error();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(std::fs::read(&test.path).unwrap(), bytes);

    bytes.truncate(bytes.len() / 2);
    std::fs::write(&test.path, &bytes).unwrap();
    assert!(matches!(test.error(), Error::Damaged { .. }));
}

#[test]
fn a_newer_journal_is_refused_and_left_as_it_is() {
    let test = test_journal();
    drop(test.writer());
    let connection = rusqlite::Connection::open(&test.path).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    drop(connection);
    let bytes = std::fs::read(&test.path).unwrap();
    let error = test.error();
    assert!(matches!(error, Error::Newer { found: 7, .. }), "{error}");
    assert!(error.to_string().contains("use the newer floorwatch"));
    assert_eq!(std::fs::read(&test.path).unwrap(), bytes);
}

#[test]
fn the_second_to_open_it_follows_and_sees_what_is_done() {
    let test = test_journal();
    let (_, episode) = fired_episode();
    let journal = test.writer();
    journal.record(batch(0..10));
    journal.flush().unwrap();
    let mut follower = test.follower();
    assert_eq!(follower.holder.as_ref().unwrap().user.as_str(), "ann");
    let mut count = 0;
    follower.load_after(0, Time(0)..Time(i64::MAX), |_, _| count += 1).unwrap();
    assert_eq!(count, 10);
    let news = follower.poll().unwrap();
    assert!(news.events.is_empty() && news.episodes.is_empty());
    journal.record(batch(10..13));
    journal.record(Batch { annotations: vec![annotation(1, event(0).at)], ..Batch::default() });
    journal.flush().unwrap();
    journal.store(episode.clone()).unwrap();
    let news = follower.poll().unwrap();
    assert_eq!(news.annotations, [annotation(1, event(0).at)]);
    assert_eq!(news.events, (10..13).map(event).collect::<Vec<_>>());
    assert_eq!(news.episodes, [episode]);
    assert!(follower.poll().unwrap().episodes.is_empty());
    // What cannot be read is counted and not skipped in silence.
    let damage = "INSERT INTO event(at, source, body) SELECT max(at), 'pbx', '{' FROM event;
                  UPDATE episode SET body = '{', changed = changed + 1;";
    schema::open(&test.path).unwrap().execute_batch(damage).unwrap();
    journal.record(batch(13..14));
    journal.flush().unwrap();
    let news = follower.poll().unwrap();
    assert_eq!((news.events.len(), news.unreadable_events.rows, news.unreadable_others), (1, 1, true));
    drop(journal);
    // The holder is gone: the next process that opens the journal writes it.
    drop(test.writer());
}

#[test]
fn what_is_old_is_removed_and_the_file_shrinks() {
    let test = test_journal();
    let (_, episode) = fired_episode();
    let mut journal = test.writer();
    journal.record(batch(0..20_000));
    record_checkpoint(&journal, checkpoint(1, None));
    let old = Episode { state: State::Resolved, resolved: Some(Time::from_unix(1_780_000_000)), ..episode };
    journal.store(old).unwrap();
    drop(journal);
    let before = test.path.metadata().unwrap().len();

    let mut connection = schema::open(&test.path).unwrap();
    let keep = retention::Retention::new(35, 35, 400);
    let later = |days: i64| Time::from_unix(1_780_000_000 + days * 86_400);
    assert!(!retention::remove_old(&mut connection, keep, later(34)).unwrap());
    let mut rounds = 0;
    while retention::remove_old(&mut connection, keep, later(36)).unwrap() {
        rounds += 1;
    }
    assert_eq!(rounds, 3);
    drop(connection);
    assert!(test.path.metadata().unwrap().len() < before / 4);
    journal = test.writer();
    assert_eq!(all(journal.reader()).len(), 1, "the newest event stays");
    assert_eq!(journal.reader().history(9).unwrap().0.len(), 1, "episodes are kept longer");
    drop(journal);
    let mut connection = schema::open(&test.path).unwrap();
    retention::remove_old(&mut connection, keep, later(401)).unwrap();
    drop(connection);
    journal = test.writer();
    assert!(journal.reader().history(9).unwrap().0.is_empty());
    assert_eq!(journal.reader().next_id().unwrap(), 2, "its id does not come again");
}

#[test]
fn old_events_that_no_checkpoint_contains_stay() {
    let test = test_journal();
    let journal = test.writer();
    let keep = retention::Retention::new(35, 35, 400);
    let later = Time::from_unix(1_780_000_000 + 90 * 86_400);
    let kept = || {
        let mut connection = schema::open(&test.path).unwrap();
        while retention::remove_old(&mut connection, keep, later).unwrap() {}
        all(journal.reader()).len()
    };
    journal.record(batch(0..20));
    journal.flush().unwrap();
    assert_eq!(kept(), 20);
    record_checkpoint(&journal, checkpoint(1, None));
    journal.record(batch(20..50));
    journal.flush().unwrap();
    assert_eq!(kept(), 30);
}

#[test]
fn a_write_that_fails_is_told_and_caught_up_later() {
    let test = test_journal();
    let (_, mut episode) = fired_episode();
    let journal = test.writer();
    // As on a full disk: inserts fail while everything else works.
    let other = rusqlite::Connection::open(&test.path).unwrap();
    other
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        .unwrap();
    journal.record(batch(0..10));
    assert!(journal.flush().is_err());
    assert_eq!(journal.failure().unwrap().as_str(), "disk is full");
    episode.trail.push(HistoryEntry {
        at: Time(0),
        kind: HistoryKind::Noted,
        who: None,
        text: Some(Text::new(&"long ".repeat(30))),
        value: Some(1.5),
    });
    assert!(journal.store(episode.clone()).is_err());
    other.execute_batch("DROP TRIGGER full").unwrap();
    drop(other);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while journal.failure().is_some() && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(journal.failure(), None);
    assert_eq!(all(journal.reader()).len(), 10);
    assert_eq!(journal.reader().active().unwrap().0, [episode]);
}

#[test]
fn the_origins_of_each_source_are_known_after_a_restart() {
    let test = test_journal();
    let journal = test.writer();
    let of = |number, origin: &str| Event { origin: origin.into(), ..event(number) };
    let events = vec![
        ("helpdesk".into(), vec![of(1, "/chat"), of(2, "/chat"), of(3, "/mail")]),
        ("pbx".into(), vec![of(4, "pbx")]),
    ];
    journal.record(Batch { events, ..Batch::default() });
    journal.flush().unwrap();
    let mut origins = journal.reader().origins().unwrap();
    origins.sort();
    let pair = |source: &str, origin: &str| (Label::from(source), Label::from(origin));
    assert_eq!(origins, [pair("helpdesk", "/chat"), pair("helpdesk", "/mail"), pair("pbx", "pbx")]);
}

/// An acknowledgement of the episode that [`fired_episode`] returns.
fn acknowledge(evaluator: &mut Evaluator) -> Episode {
    let who = Actor { name: "ann".into(), from: "desk".into() };
    let act = AlertAction::Acknowledge { note: None, lasts: None };
    evaluator.execute(&AlertCommand { episode: 1, version: 1, who, act }, Time::from_unix(1_780_000_010)).unwrap()
}

fn delivery(notice: &Notice, outcome: DeliveryOutcome) -> Delivery {
    Delivery {
        target: "pager".into(),
        notice: notice.seq,
        episode: notice.episode.id,
        entry: notice.entry,
        what: "firing".into(),
        subject: "longest wait · billing".to_owned(),
        at: notice.at,
        attempts: 2,
        outcome,
        words: "202 Accepted".into(),
    }
}

#[test]
fn every_entry_of_a_trail_goes_into_the_outbox_once() {
    let test = test_journal();
    let (mut evaluator, fired) = fired_episode();
    let journal = test.writer();
    let outbox = journal.outbox().unwrap();
    assert_eq!(outbox.cursor(&"pager".into()).unwrap(), 0);
    journal.store(fired.clone()).unwrap();
    let taken = acknowledge(&mut evaluator);
    journal.store(taken.clone()).unwrap();
    let notices = outbox.after(0, 10).unwrap();
    let told: Vec<_> = notices.iter().map(|one| (one.seq, one.entry, &one.episode)).collect();
    assert_eq!(told, [(1, 0, &fired), (2, 1, &taken)], "each with its episode as it then stood");
    drop((outbox, journal));

    // After a restart the whole history is written again, which must give no new notices.
    let journal = test.writer();
    journal.store(taken).unwrap();
    let outbox = journal.outbox().unwrap();
    assert_eq!(outbox.after(0, 10).unwrap(), notices);
    assert_eq!(outbox.cursor(&"newcomer".into()).unwrap(), 2, "who is new is told nothing old");
}

#[test]
fn a_delivery_and_the_cursor_behind_it_are_kept_together() {
    let test = test_journal();
    let (mut evaluator, fired) = fired_episode();
    let journal = test.writer();
    journal.store(fired).unwrap();
    journal.store(acknowledge(&mut evaluator)).unwrap();
    let outbox = journal.outbox().unwrap();
    let target: Label = "pager".into();
    let notices = outbox.after(0, 10).unwrap();
    let settle = |notice: &Notice, delivery| {
        let settled = TargetProgress { target: target.clone(), notice: notice.seq, delivery };
        outbox.advance(settled).blocking_recv().unwrap().unwrap();
    };
    settle(&notices[0], Some(delivery(&notices[0], DeliveryOutcome::Delivered)));
    assert_eq!(outbox.last_delivery(&target, 1).unwrap(), Some(LastDelivery { what: "firing".into(), entry: 0 }));
    settle(&notices[1], Some(delivery(&notices[1], DeliveryOutcome::Refused)));
    assert_eq!(outbox.last_delivery(&target, 1).unwrap().unwrap().entry, 0, "what was refused was not told");
    assert_eq!(outbox.last_delivery(&"other".into(), 1).unwrap(), None);
    assert_eq!(outbox.last_delivery_about(&target, "longest wait · billing").unwrap(), Some(notices[0].at));
    assert_eq!(outbox.cursor(&target).unwrap(), 2);
    let kept = [delivery(&notices[1], DeliveryOutcome::Refused), delivery(&notices[0], DeliveryOutcome::Delivered)];
    assert_eq!(journal.reader().deliveries(10).unwrap(), kept);
    assert_eq!(journal.reader().deliveries(1).unwrap().len(), 1);
}

#[test]
fn a_journal_of_the_first_format_is_brought_up_to_date() {
    let test = test_journal();
    let (_, fired) = fired_episode();
    let journal = test.writer();
    journal.store(fired.clone()).unwrap();
    drop(journal);
    let connection = rusqlite::Connection::open(&test.path).unwrap();
    connection
        .execute_batch(
            "DROP TABLE notice; DROP TABLE target; DROP TABLE delivery; DELETE FROM meta WHERE key = 'journal';
             DROP TABLE checkpoint; DROP TABLE segment; DROP TABLE contact; DROP TABLE item; DROP TABLE annotation;
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    let journal = test.writer();
    assert_eq!(journal.reader().active().unwrap().0, [fired]);
    let outbox = journal.outbox().unwrap();
    assert!(outbox.after(0, 10).unwrap().is_empty());
    assert_eq!(outbox.journal_id().unwrap().len(), 12);
}

#[test]
fn a_journal_of_the_format_before_worklists_is_read_as_it_is_and_brought_up_to_date() {
    let test = test_journal();
    let (_, fired) = fired_episode();
    let journal = test.writer();
    journal.store(fired.clone()).unwrap();
    drop(journal);
    let connection = rusqlite::Connection::open(&test.path).unwrap();
    connection.execute_batch("DROP TABLE item; DROP TABLE annotation; PRAGMA user_version = 3;").unwrap();
    drop(connection);
    // Another process may still write it: what only reads it finds no items.
    let reader = Reader::of(&test.path).unwrap().unwrap();
    assert!(reader.items(Time(0)).unwrap().0.is_empty() && reader.annotations().unwrap().0.is_empty());
    assert_eq!((reader.newest_change().unwrap(), reader.active().unwrap().0), (1, vec![fired.clone()]));
    drop(reader);
    let journal = test.writer();
    assert_eq!(journal.reader().active().unwrap().0, [fired]);
    assert_eq!(journal.reader().next_item_id().unwrap(), 1);
}

fn item(id: u64, closed: Option<Time>) -> WorkItem {
    use crate::worklist::{Closing, Outcome, WorkState};
    let closed = closed.map(|at| Closing { outcome: Outcome::Answered, at, who: None });
    serde_json::from_value(serde_json::json!({
        "id": id, "version": 1, "kind": "callback", "customer": "cu1", "contact": "c1", "queue": "billing",
        "channel": "voice", "intent": "", "agent": "", "why": "hung up", "since": event(0).at, "due": event(0).at,
        "occasions": [], "attempts": 0, "state": if closed.is_some() { WorkState::Ended } else { WorkState::Open },
        "claim": null, "closed": closed, "note": null, "trail": [],
    }))
    .unwrap()
}

#[test]
fn items_are_there_after_a_restart_and_closed_ones_go_with_the_events_that_name_their_customers() {
    let test = test_journal();
    let journal = test.writer();
    let old = event(0).at;
    journal.record(Batch { items: vec![item(1, Some(old)), item(2, None)], ..Batch::default() });
    journal.record(Batch { items: vec![WorkItem { version: 2, ..item(2, None) }, item(3, None)], ..Batch::default() });
    journal.flush().unwrap();
    drop(journal);
    let mut connection = schema::open(&test.path).unwrap();
    let later = old + Span(36 * Span::DAY.0);
    retention::remove_old(&mut connection, retention::Retention::new(35, 35, 400), later).unwrap();
    // The last one is gone as well, and its number does not come again; a row that can't be read hides no other.
    connection.execute_batch("DELETE FROM item WHERE id = 3; INSERT INTO item VALUES (9, 9, NULL, '{')").unwrap();
    drop(connection);
    let journal = test.writer();
    let (items, unreadable) = journal.reader().items(Time(0)).unwrap();
    assert_eq!(items, [WorkItem { version: 2, ..item(2, None) }]);
    assert!(unreadable.first.unwrap().as_str().starts_with("item 9: "));
    assert_eq!(journal.reader().next_item_id().unwrap(), 10);
}

fn annotation(id: u64, at: Time) -> Annotation {
    let who = serde_json::json!({"name": "ann", "from": "desk1"});
    let said =
        serde_json::json!({"id": id, "version": 1, "of": [], "at": at, "until": null, "text": "outage", "who": who});
    serde_json::from_value(said).unwrap()
}

#[test]
fn annotations_are_there_after_a_restart_for_as_long_as_alerts() {
    let test = test_journal();
    let journal = test.writer();
    let old = event(0).at;
    let removed = Annotation { version: 2, removed: true, ..annotation(2, old + Span::DAY) };
    journal.record(Batch { annotations: vec![annotation(1, old), annotation(2, old)], ..Batch::default() });
    journal.record(Batch { annotations: vec![removed.clone()], ..Batch::default() });
    journal.flush().unwrap();
    assert_eq!(journal.reader().annotations().unwrap().0, [annotation(1, old), removed.clone()]);
    drop(journal);
    let mut connection = schema::open(&test.path).unwrap();
    let later = old + Span(400 * Span::DAY.0) + Span::HOUR;
    retention::remove_old(&mut connection, retention::Retention::new(35, 35, 400), later).unwrap();
    drop(connection);
    let journal = test.writer();
    assert_eq!(
        (journal.reader().annotations().unwrap().0, journal.reader().next_annotation_id().unwrap()),
        (vec![removed], 3)
    );
}

#[test]
fn the_outbox_forgets_after_a_day_and_its_numbers_never_come_again() {
    let test = test_journal();
    let (mut evaluator, fired) = fired_episode();
    let journal = test.writer();
    journal.store(fired).unwrap();
    let outbox = journal.outbox().unwrap();
    let notices = outbox.after(0, 10).unwrap();
    let settled = TargetProgress {
        target: "pager".into(),
        notice: 1,
        delivery: Some(delivery(&notices[0], DeliveryOutcome::Delivered)),
    };
    outbox.advance(settled).blocking_recv().unwrap().unwrap();
    drop((outbox, journal));
    let mut connection = schema::open(&test.path).unwrap();
    let later = Time::from_unix(1_780_000_000 + 2 * 86_400);
    retention::remove_old(&mut connection, retention::Retention::new(35, 35, 400), later).unwrap();
    drop(connection);
    let journal = test.writer();
    let outbox = journal.outbox().unwrap();
    assert!(outbox.after(0, 10).unwrap().is_empty());
    assert_eq!(journal.reader().deliveries(10).unwrap().len(), 1, "what was told is kept as long as its alert");
    journal.store(acknowledge(&mut evaluator)).unwrap();
    assert_eq!(outbox.after(1, 10).unwrap()[0].seq, 2);
}

#[test]
fn the_outbox_keeps_what_a_target_has_not_dealt_with() {
    let test = test_journal();
    let (mut evaluator, fired) = fired_episode();
    let journal = test.writer();
    let outbox = journal.outbox().unwrap();
    for (target, notice) in [("pager", 1), ("chat", 0)] {
        let progress = TargetProgress { target: target.into(), notice, delivery: None };
        outbox.advance(progress).blocking_recv().unwrap().unwrap();
    }
    journal.store(fired).unwrap();
    journal.store(acknowledge(&mut evaluator)).unwrap();
    drop((outbox, journal));
    for (days, left) in [(2, 2), (36, 0)] {
        let mut connection = schema::open(&test.path).unwrap();
        let later = Time::from_unix(1_780_000_000 + days * 86_400);
        retention::remove_old(&mut connection, retention::Retention::new(35, 35, 400), later).unwrap();
        drop(connection);
        let journal = test.writer();
        assert_eq!(journal.outbox().unwrap().after(0, 10).unwrap().len(), left, "after {days} days");
    }
}

#[test]
fn a_clock_that_is_wrong_for_a_moment_lets_nothing_go() {
    let test = test_journal();
    let journal = test.writer();
    journal.record(batch(0..100));
    drop(journal);
    let connection = schema::open(&test.path).unwrap();
    let mut time = retention::RetentionClock::new(&connection, test.clock.clone()).unwrap();
    let start = event(0).at;
    assert_eq!(time.now(), start, "that of the newest event");
    test.clock.step(Span(40 * Span::DAY.0));
    assert_eq!(time.now(), start + Span::DAY);
    // If the clock is right after all, the journal's time reaches it.
    test.clock.set(test.clock.now() + Span(3 * Span::DAY.0));
    assert_eq!(time.now(), start + Span(7 * Span::DAY.0));
    test.clock.step(-Span(40 * Span::DAY.0));
    assert_eq!(time.now(), start + Span(3 * Span::DAY.0));
}

#[test]
fn a_row_that_can_t_be_read_is_set_aside_and_said() {
    let test = test_journal();
    let (_, episode) = fired_episode();
    let journal = test.writer();
    journal.record(batch(0..9));
    journal.store(Episode { id: 7, ..episode.clone() }).unwrap();
    journal.store(Episode { id: 8, ..episode.clone() }).unwrap();
    journal.store(episode.clone()).unwrap();
    drop(journal);
    let damage = "
        UPDATE event SET body = substr(body, 1, 20) WHERE seq = 2;
        UPDATE event SET body = x'00ff' WHERE seq = 3;
        UPDATE event SET at = x'0102' WHERE seq = 4;
        UPDATE event SET at = 'yesterday' WHERE seq = 5;
        UPDATE episode SET body = '{', changed = 'x' WHERE id = 7;
        UPDATE episode SET body = x'7b' WHERE id = 8;
        UPDATE trail SET at = 'noon' WHERE episode = 1;
        INSERT INTO cursor VALUES ('crm', x'ff');
        UPDATE notice SET body = '{' WHERE episode = 7;
        UPDATE notice SET at = x'00' WHERE episode = 8;";
    schema::open(&test.path).unwrap().execute_batch(damage).unwrap();

    let mut journal = test.writer();
    let mut count = 0;
    let loaded = journal.load(Time(0)..Time(i64::MAX), |_| count += 1).unwrap();
    assert_eq!((count, loaded.unreadable.rows), (5, 4));
    assert!(loaded.unreadable.first.unwrap().as_str().starts_with("event 2: EOF while parsing"));
    let (active, unreadable) = journal.reader().active().unwrap();
    assert_eq!(active.len(), 1);
    assert_eq!((active[0].trail.len(), active[0].trail[0].at), (1, Time::default()));
    assert_eq!(unreadable.rows, 2);
    assert!(unreadable.first.unwrap().as_str().starts_with("episode 7: "));
    assert_eq!(journal.reader().cursors().unwrap(), [("pbx".into(), "9".to_owned())]);
    assert_eq!(journal.reader().origins().unwrap(), [("pbx".into(), "pbx".into())]);
    assert_eq!(journal.reader().next_id().unwrap(), 9);
    assert_eq!(journal.outbox().unwrap().after(0, 9).unwrap().len(), 2);
    journal.record(batch(9..12));
    journal.store(episode).unwrap();
}

#[test]
fn a_damaged_write_ahead_log_is_said_with_what_is_missing() {
    let test = test_journal();
    let journal = test.writer();
    for n in 0..5 {
        journal.record(batch(n * 10..(n + 1) * 10));
        journal.flush().unwrap();
    }
    // The files that `kill -9` leaves.
    let folder = tempfile::tempdir().unwrap();
    let left = |name: &str, damage: fn(&mut Vec<u8>)| {
        let copy = folder.path().join(name);
        std::fs::copy(&test.path, &copy).unwrap();
        let mut log = std::fs::read(format!("{}-wal", test.path.display())).unwrap();
        damage(&mut log);
        std::fs::write(format!("{}-wal", copy.display()), log).unwrap();
        match Journal::open(&copy, &test.settings()).unwrap() {
            OpenedJournal::Writer(journal) => journal.damage().map(ToString::to_string),
            OpenedJournal::Follower(_) => panic!("nobody has it"),
        }
    };
    assert_eq!(left("sound", |_| {}), None);
    // An unfinished transaction is not damage.
    assert_eq!(left("cut", |log| log.truncate(log.len() - 100)), None);
    let said = left("flipped", |log| {
        let middle = log.len() / 2;
        log[middle] ^= 1;
    });
    assert!(said.unwrap().contains("transactions are missing"));
    assert!(left("headless", |log| log[3] ^= 0x10).unwrap().contains("what it held can't be told"));
}
