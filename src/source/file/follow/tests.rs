use std::fs::OpenOptions;
use std::io::Write;
use std::time::Instant;

use tokio::sync::mpsc;

use super::*;
use crate::event::EventKind;
use crate::source::Connector;
use crate::source::format::detect::InputFormat;

/// A log file in a directory of its own.
struct TestLog {
    folder: tempfile::TempDir,
    path: PathBuf,
    clock: Clock,
    settings: FileSettings,
}

struct FollowedLog {
    running: Option<Running>,
    from: mpsc::Receiver<Message>,
    calls: Vec<String>,
    rejected: Vec<Rejection>,
    health: Vec<(Health, String)>,
    cursor: Option<String>,
}

fn call(id: u32) -> String {
    format!("{}|{id}|q|NONE|ENTERQUEUE||100|1\n", 1_000_000_000 + id)
}

fn calls(ids: std::ops::Range<u32>) -> String {
    ids.map(call).collect()
}

impl TestLog {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        let settings = FileSettings::new(InputFormat::QueueLog, path.clone());
        Self { folder, path, clock: Clock::manual(Time::from_unix(1_000_100_000)), settings }
    }

    fn write(&self, text: &str) {
        OpenOptions::new().create(true).append(true).open(&self.path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, name: &str) -> PathBuf {
        let to = self.folder.path().join(name);
        fs::rename(&self.path, &to).unwrap();
        to
    }

    fn watch(&self, cursor: Option<&str>) -> FollowedLog {
        let (to, from) = mpsc::channel(64);
        let settings = Settings::from(Connector::File(Box::new(self.settings.clone())));
        let running = crate::source::spawn(3, &settings, self.clock.clone(), cursor, to).unwrap();
        let (calls, rejected, health) = (Vec::new(), Vec::new(), Vec::new());
        FollowedLog { running: Some(running), from, calls, rejected, health, cursor: None }
    }

    fn watch_until_calls(&self, cursor: Option<&str>, ids: std::ops::Range<u32>) -> FollowedLog {
        let mut watched = self.watch(cursor);
        watched.until_calls(ids);
        watched
    }
}

impl FollowedLog {
    /// Receive messages until `is` holds.
    fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is(self) {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?} {:?}", self.calls, self.health);
            match self.from.try_recv() {
                Ok(message) => self.receive(message),
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Events { source, events, cursor, .. } => {
                assert_eq!(source, 3);
                assert!(events.len() <= MAX_BATCH_EVENTS + 1);
                self.cursor = cursor;
                self.calls.extend(events.into_iter().filter_map(|event| match event.kind {
                    EventKind::Contact { contact, .. } => Some(contact.to_string()),
                    _ => None,
                }));
            }
            Message::Rejected { rejection, .. } => self.rejected.push(rejection),
            Message::Health { health, reason, .. } => self.health.push((health, reason.to_string())),
            Message::Remark { .. } => {}
            Message::Clock { .. } => panic!("a file says no such thing"),
        }
    }

    fn until_calls(&mut self, ids: std::ops::Range<u32>) {
        let count = ids.len();
        self.until("calls", |watched| watched.calls.len() >= count);
        let expected: Vec<String> = ids.map(|id| id.to_string()).collect();
        assert_eq!(self.calls, expected);
    }

    fn until_health(&mut self, health: Health, words: &str) {
        self.until(words, |watched| watched.health.iter().any(|(h, reason)| *h == health && reason.contains(words)));
    }

    /// Stop the source; messages that were not received are lost, as in a crash.
    fn stop(mut self) -> Option<String> {
        self.from.close();
        self.running.take().unwrap().join();
        self.cursor
    }
}

#[test]
fn appended_lines_are_read_and_a_partial_line_is_held() {
    let floor = TestLog::new();
    floor.write(&calls(0..3));
    let mut watched = floor.watch_until_calls(None, 0..3);
    let line = call(3);
    let (half, rest) = line.split_at(9);
    floor.write(half);
    thread::sleep(POLL_INTERVAL * 2);
    floor.write(rest);
    floor.write("rubbish\n");
    watched.until_calls(0..4);
    watched.until("the rejection", |watched| !watched.rejected.is_empty());
    assert_eq!((watched.rejected[0].line, watched.rejected[0].place.as_str()), (5, "queue_log"));
    assert_eq!(watched.health[0].0, Health::Connecting);
    assert_eq!(watched.health[1].0, Health::Live);
    watched.stop();
}

#[test]
fn a_rotation_loses_nothing_and_reads_nothing_twice() {
    let floor = TestLog::new();
    floor.write(&calls(0..2500));
    let mut watched = floor.watch_until_calls(None, 0..2500);
    let old = floor.rename("queue_log.0");
    // The writer still holds the old file for a moment, and its last line has no end.
    let mut writer = OpenOptions::new().append(true).open(&old).unwrap();
    writer.write_all(calls(2500..2503).trim_end().as_bytes()).unwrap();
    floor.write(&calls(2503..2510));
    watched.until_calls(0..2510);
    watched.stop();
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let floor = TestLog::new();
    floor.write(&calls(0..5));
    let cursor = floor.watch_until_calls(None, 0..5).stop();
    floor.write(&calls(5..8));
    floor.watch_until_calls(cursor.as_deref(), 5..8).stop();
}

#[test]
fn a_rotation_during_downtime_is_caught_up_with() {
    for packed in [false, true] {
        let floor = TestLog::new();
        floor.write(&calls(0..5));
        let cursor = floor.watch_until_calls(None, 0..5).stop();
        floor.write(&calls(5..8));
        let old = floor.rename("queue_log.1");
        thread::sleep(Duration::from_millis(20));
        floor.write(&calls(8..10));
        floor.rename("queue_log.0");
        floor.write(&calls(10..12));
        if packed {
            let file = fs::File::create(floor.folder.path().join("queue_log.1.gz")).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            encoder.write_all(&fs::read(&old).unwrap()).unwrap();
            let file = encoder.finish().unwrap();
            file.set_modified(fs::metadata(&old).unwrap().modified().unwrap()).unwrap();
            fs::remove_file(&old).unwrap();
        }
        floor.watch_until_calls(cursor.as_deref(), 5..12).stop();
    }
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    let floor = TestLog::new();
    floor.write(&calls(0..50));
    let mut watched = floor.watch_until_calls(None, 0..50);
    fs::write(&floor.path, calls(50..53)).unwrap();
    watched.until_calls(0..53);
    watched.until_health(Health::Live, "truncated");
    let cursor = watched.stop();
    // Cut and grown past the old place while nobody watched.
    fs::write(&floor.path, calls(100..190)).unwrap();
    floor.watch_until_calls(cursor.as_deref(), 100..190).stop();
}

#[test]
fn a_copy_made_before_truncation_is_finished_first() {
    let floor = TestLog::new();
    floor.write(&calls(0..50));
    let cursor = floor.watch_until_calls(None, 0..50).stop();
    floor.write(&calls(50..60));
    fs::copy(&floor.path, floor.folder.path().join("queue_log.1")).unwrap();
    fs::write(&floor.path, calls(60..62)).unwrap();
    floor.watch_until_calls(cursor.as_deref(), 50..62).stop();
}

#[test]
fn a_deleted_file_is_waited_for() {
    let floor = TestLog::new();
    let mut watched = floor.watch(None);
    watched.until_health(Health::Down, "waiting for it");
    floor.write(&calls(0..2));
    watched.until_calls(0..2);
    fs::remove_file(&floor.path).unwrap();
    watched.until_health(Health::Down, "is gone; waiting for it to come back");
    floor.write(&calls(2..4));
    watched.until_calls(0..4);
    watched.until("live again", |watched| watched.health.last().is_some_and(|(health, _)| *health == Health::Live));
    watched.stop();
}

#[test]
fn a_file_without_new_lines_is_stale_until_the_next_one() {
    let floor = TestLog::new();
    floor.write(&calls(0..1));
    let mut watched = floor.watch_until_calls(None, 0..1);
    floor.clock.set(Time::from_unix(1_000_100_301));
    watched.until_health(Health::Stale, "300 s");
    floor.write(&call(1));
    watched.until("live again", |watched| watched.health.last().is_some_and(|(health, _)| *health == Health::Live));
    watched.until_calls(0..2);
    watched.stop();
}

#[test]
fn a_file_that_is_not_followed_is_read_and_done() {
    let mut floor = TestLog::new();
    floor.settings.follow = false;
    floor.write(calls(0..3).trim_end());
    let mut watched = floor.watch(None);
    watched.until_health(Health::Ended, "");
    watched.until_calls(0..3);
    let cursor = watched.stop();
    let mut watched = floor.watch(cursor.as_deref());
    watched.until_health(Health::Ended, "");
    assert!(watched.calls.is_empty());
}

#[test]
fn a_compressed_file_is_read_once() {
    let floor = TestLog::new();
    let mut encoder =
        flate2::write::GzEncoder::new(fs::File::create(&floor.path).unwrap(), flate2::Compression::fast());
    encoder.write_all(calls(0..2000).as_bytes()).unwrap();
    encoder.finish().unwrap();
    let mut watched = floor.watch_until_calls(None, 0..2000);
    watched.until_health(Health::Ended, "");
    let cursor = watched.stop();
    let mut watched = floor.watch(cursor.as_deref());
    watched.until_health(Health::Ended, "");
    assert!(watched.calls.is_empty());
}

#[test]
fn a_table_goes_on_behind_its_header_after_a_restart() {
    let mut floor = TestLog::new();
    floor.settings.kind = InputFormat::Csv;
    floor.settings.csv = Some(toml::from_str("time = \"When\"\nagent = \"Who\"").unwrap());
    floor.write("When,Who\n2001-09-09T01:46:40Z,Ann\n");
    let mut watched = floor.watch(None);
    watched.until("a row", |watched| watched.calls.len() == 3);
    let cursor = watched.stop();
    floor.write("2001-09-09T01:46:41Z,Ann\n");
    let mut watched = floor.watch(cursor.as_deref());
    watched.until("the next row", |watched| watched.calls.len() == 3);
    assert_eq!(watched.calls, ["2", "2", "2"]);
    watched.stop();
}

#[test]
fn the_state_of_a_parser_survives_a_restart() {
    let floor = TestLog::new();
    floor.write("1000000000|CLI|q|Ann|ADDMEMBER|\n1000000000|CLI|r|Ann|ADDMEMBER|\n");
    let mut watched = floor.watch(None);
    watched.until("a cursor", |watched| watched.cursor.is_some());
    let cursor = watched.stop();
    assert!(cursor.as_deref().unwrap().contains("\"Ann\":[\"q\",\"r\"]"), "{cursor:?}");
    floor.write(&format!("1000000001|CLI|q|Ann|REMOVEMEMBER|\n{}", call(2)));
    let watched = floor.watch_until_calls(cursor.as_deref(), 2..3);
    assert!(watched.cursor.as_deref().unwrap().contains("\"Ann\":[\"r\"]"));
    watched.stop();
}

#[test]
fn a_table_with_wrong_columns_is_down_until_it_is_replaced() {
    let mut floor = TestLog::new();
    floor.settings.kind = InputFormat::Csv;
    floor.settings.csv = Some(toml::from_str("time = \"When\"\nagent = \"Who\"").unwrap());
    floor.write("Date,Who\n2001-09-09T01:46:40Z,Ann\n");
    let mut watched = floor.watch(None);
    watched.until_health(Health::Down, "no column \"When\"");
    thread::sleep(POLL_INTERVAL * 3);
    fs::write(&floor.path, "When,Who\n2001-09-09T01:46:40Z,Ann\n").unwrap();
    watched.until("a row", |watched| watched.calls.len() == 3);
    watched.until("live", |watched| watched.health.len() >= 3);
    let said: Vec<Health> = watched.health.iter().map(|(health, _)| *health).collect();
    assert_eq!(said, [Health::Connecting, Health::Down, Health::Live], "reported once, not at every poll");
    watched.stop();
}

#[test]
fn an_invalid_cursor_means_reading_from_the_beginning() {
    let floor = TestLog::new();
    floor.write(&calls(0..2));
    for cursor in ["", "nonsense", "{}", "{\"path\":\"elsewhere\"}"] {
        floor.watch_until_calls(Some(cursor), 0..2).stop();
    }
}
