use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::event::PlainEvent;

const COLUMNS: &str = "time = 1\nheader = false\nagent = 2\nwait_s = 3\ntalk_s = 4";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn call(second: i64, id: u32) -> String {
    format!("{}|{id}.1|q|NONE|ENTERQUEUE||100|1\n", 1_000_000_000 + second)
}

fn log(seconds: impl IntoIterator<Item = i64>) -> Vec<u8> {
    seconds.into_iter().map(|s| call(s, u32::try_from(s).unwrap())).collect::<String>().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn seconds(reader: &mut RecordingReader) -> Vec<i64> {
    let mut out = Vec::new();
    reader.for_each(&mut |event| out.push(event.at.0 / 1_000_000 - 1_000_000_000));
    out
}

fn options(columns: Option<&str>) -> Options {
    let columns = columns.map(|text| toml::from_str(text).unwrap());
    Options { tables: TableOptions { columns, ..TableOptions::default() }, ..Options::default() }
}

#[test]
fn files_are_one_stream_in_time_order_however_they_are_given() {
    let folder = Folder::new();
    let new = folder.file("queue_log", &log(200..300));
    let old = folder.file("queue_log.0", &gzip(&log(0..100)));
    let middle = folder.file("queue_log.1", &log(100..200));
    let expected: Vec<i64> = (0..300).collect();
    for paths in [[&new, &old, &middle], [&middle, &new, &old]] {
        let mut reader = open(&paths.map(Clone::clone), &options(None)).unwrap();
        assert_eq!(seconds(&mut reader), expected);
        assert_eq!((reader.tally().events, reader.tally().lines, reader.tally().rejected), (300, 300, 0));
    }
}

#[test]
fn files_that_overlap_are_merged_and_one_given_twice_is_read_once() {
    let folder = Folder::new();
    let even = folder.file("even", &log((0..1000).step_by(2)));
    let odd = folder.file("odd", &log((1..1000).step_by(2)));
    let expected: Vec<i64> = (0..1000).collect();
    let mut reader = open(&[odd.clone(), even.clone(), odd.clone()], &options(None)).unwrap();
    assert_eq!(seconds(&mut reader), expected);
    let mut reader = open(&[odd, even], &options(None)).unwrap();
    let mut events = Vec::new();
    while reader.next_batch(&mut events, 7) {}
    assert_eq!(events.len(), 1000);
    assert!(events.is_sorted_by_key(|event| event.at));
}

#[test]
fn an_empty_file_is_listed_and_not_an_error() {
    let folder = Folder::new();
    let paths = [folder.file("empty", b""), folder.file("blank", b"\n\n"), folder.file("log", &log(0..2))];
    let mut reader = open(&paths, &options(None)).unwrap();
    let formats: Vec<_> = reader.inputs().iter().map(|input| input.format).collect();
    assert_eq!(formats, [None, None, Some(InputFormat::QueueLog)]);
    assert_eq!(seconds(&mut reader), [0, 1]);
    let mut reader = open(&paths[..1], &options(None)).unwrap();
    assert!(seconds(&mut reader).is_empty());
    assert!(!reader.next_batch(&mut Vec::new(), 10));
}

#[test]
fn errors_name_the_file_and_a_remedy() {
    let folder = Folder::new();
    let error = |path: PathBuf, columns| open(&[path], &options(columns)).unwrap_err().to_string();
    assert!(error(folder.0.path().join("gone"), None).contains("gone"));
    assert!(error(folder.0.path().to_owned(), None).contains("directory"));
    assert!(error(folder.file("letter", b"Dear reader\n"), None).contains("neither"));
    assert!(error(folder.file("table", b"a,b\n1,2\n"), None).contains("floorwatch map"));
    assert!(error(folder.file("table", b"a,b\n1,2\n"), Some("time = \"when\"")).contains("no column \"when\""));
}

#[test]
fn a_truncated_gzip_is_read_as_far_as_possible_and_reported() {
    let folder = Folder::new();
    let packed = gzip(&log((0..50_000).map(|n| n * 7919 % 100_003)));
    let path = folder.file("log.gz", &packed[..packed.len() / 2]);
    let mut reader = open(&[path], &options(None)).unwrap();
    assert!(seconds(&mut reader).len() > 1000);
    let tally = reader.tally();
    assert_eq!((tally.incomplete.len(), tally.rejected), (1, 1));
    assert!(tally.incomplete[0].reason.to_string().contains("cut short"), "{:?}", tally.incomplete);
    assert_eq!(tally.incomplete[0].place.as_str(), "log.gz");
}

#[test]
fn rejections_name_the_line_and_only_the_first_are_kept() {
    let folder = Folder::new();
    let mut bytes = log(0..2);
    bytes.extend(b"rubbish\n".repeat(50));
    bytes.extend(vec![b'x'; 100_000]);
    bytes.push(b'\n');
    bytes.extend(log(5..6));
    let mut reader = open(&[folder.file("log", &bytes)], &options(None)).unwrap();
    assert_eq!(seconds(&mut reader), [0, 1, 5]);
    let tally = reader.tally();
    assert_eq!((tally.rejected, tally.rejections.len(), tally.lines), (51, 20, 54));
    assert_eq!((tally.rejections[0].line, tally.rejections[0].place.as_str()), (3, "log"));
}

#[test]
fn the_events_of_a_table_are_in_time_order_whatever_the_order_of_its_rows() {
    let folder = Folder::new();
    let row = |minute: u32| format!("2026-07-01T09:{minute:02}:00Z,Ann,5,150\n");
    let up: String = (0..50).map(row).collect();
    let down: String = (0..50).rev().map(row).collect();
    for text in [&up, &down] {
        let mut reader = open(&[folder.file("table.csv", text.as_bytes())], &options(Some(COLUMNS))).unwrap();
        let mut events = Vec::new();
        reader.for_each(&mut |event| events.push(event));
        assert_eq!(events.len(), 150);
        assert!(events.is_sorted_by_key(|event| event.at));
        assert_eq!(reader.tally().events, 150);
    }
}

#[test]
fn the_rows_of_two_tables_are_different_contacts() {
    let folder = Folder::new();
    let one = folder.file("one.csv", b"2026-07-01T09:00:00Z,Ann,5,150\n");
    let two = folder.file("two.csv", b"2026-07-01T09:00:01Z,Ann,5,150\n");
    let mut reader = open(&[one, two], &options(Some(COLUMNS))).unwrap();
    let mut contacts = std::collections::BTreeSet::new();
    reader.for_each(&mut |event| {
        if let crate::event::EventKind::Contact { contact, .. } = event.kind {
            contacts.insert(contact);
        }
    });
    assert_eq!(contacts.len(), 2);
}

/// Read `bytes` to their end and check that the counts add up.
fn reads_to_its_end(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.file("any", bytes);
    if let Ok(mut reader) = open(&[path], &options(Some(COLUMNS))) {
        let mut count = 0;
        reader.for_each(&mut |_| count += 1);
        assert_eq!(reader.tally().events, count);
        assert!(reader.tally().rejected <= reader.tally().lines + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        reads_to_its_end(&bytes);
        reads_to_its_end(&[b"1000000000|7.1|q|Ann|CONNECT|1|2|3\n".as_slice(), &bytes].concat());
        reads_to_its_end(&[b"{\"specversion\":\"1.0\"}\n".as_slice(), &bytes].concat());
        reads_to_its_end(&[b"2026-07-01T09:00:00Z,Ann,5,150\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn a_recording_with_broken_bytes_is_read_to_its_end(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = include_bytes!("../../../../tests/fixtures/asterisk/scenario-c/queue_log").to_vec();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()));
        reads_to_its_end(&bytes);
        reads_to_its_end(&gzip(&bytes)[..]);
    }
}

#[test]
fn a_table_that_would_fill_the_memory_to_be_sorted_is_refused_with_the_remedy() {
    let folder = Folder::new();
    let row = |s: i64| format!("2001-09-09T0{}:{:02}:{:02}Z,Ann,1,1\n", 1 + s / 3600, s / 60 % 60, s % 60);
    let rows = |seconds: &mut dyn Iterator<Item = i64>| -> Vec<u8> { seconds.map(row).collect::<String>().into() };
    let options = Options { max_held_events: 1_000, ..options(Some(COLUMNS)) };
    // Whatever is in time order is read in constant memory.
    let sorted = folder.file("sorted.csv", &rows(&mut (0..5_000)));
    let mut reader = open(&[sorted], &options).unwrap();
    assert_eq!((seconds(&mut reader).len(), reader.tally().rejected), (15_000, 0));
    let newest_first = folder.file("newest-first.csv", &rows(&mut (0..5_000).rev()));
    let error = open(&[newest_first], &options).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "newest-first.csv: more than 1000 events would have to be held to sort them by time: sort the table by time"
        ),
        "{error}"
    );
    // One that is in order at first is read up to where it is not, and says so.
    let late = folder.file("late.csv", &rows(&mut (0..10_000).step_by(10).chain((10_000..10_600).rev())));
    let mut reader = open(&[late], &options).unwrap();
    let read = seconds(&mut reader).len();
    let incomplete = &reader.tally().incomplete;
    assert!((1..4_800).contains(&read) && incomplete.len() == 1, "{read} {incomplete:?}");
    assert!(incomplete[0].reason.to_string().contains("sort it by time"), "{incomplete:?}");
}

/// Some of everything that a log may hold, in no order: calls, agents who join and leave queues, calls that leave an
/// empty queue twice, unknown verbs, and what is rejected.
fn mixed_log(lines: u32, seed: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut random = seed;
    for line in 0..lines {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (at, call, agent) = (1_000_000_000 + line / 3, random >> 22, (random >> 12) % 7);
        let queue = (random >> 8) % 3;
        let text = match (random >> 16) % 16 {
            0 => format!("{at}|NONE|q{queue}|Agent {agent}|ADDMEMBER|"),
            1 | 2 => format!("{at}|NONE|q{queue}|Agent {agent}|REMOVEMEMBER|"),
            3 => format!("{at}|{call}.1|q{queue}|NONE|EXITEMPTY|1|1|{agent}"),
            4 => format!("{at}|{call}.1|q{queue}|NONE|LEAVEEMPTY|"),
            5 => format!("{at}|NONE|NONE|Agent {agent}|AGENTLOGOFF|SIP/1|9"),
            6 => format!("{at}|{call}.1|q{queue}|Agent {agent}|CONNECT|{agent}|x|1\r"),
            7 => format!("{at}|{call}.1|q{queue}|NONE|NOVELTY{agent}|1"),
            8 => "rubbish".to_owned(),
            9 => format!("{at}|{call}.1|サポート {queue}|Ann|COMPLETEAGENT|1|{agent}|1"),
            10 if agent == 0 && queue == 0 => "x".repeat(70_000),
            _ => format!("{at}|{call}.1|q{queue}|NONE|ENTERQUEUE||{}|1", 100 + agent),
        };
        out.extend(text.bytes());
        // Of some blocks a few lines are in another encoding.
        if line > lines / 2 && random >> 22 == 0 {
            out.extend(b"|M\xfcller");
        }
        out.push(b'\n');
    }
    out.extend(b"1000000000|9.1|q|NONE|ENTERQUEUE||1|1");
    out
}

/// Keeps events, those that come as plain ones with names of their own.
struct TakenEvents {
    events: Vec<Event>,
    plain: bool,
}

impl EventSink for TakenEvents {
    fn take(&mut self, event: Event) {
        self.events.push(event);
    }

    fn takes_plain(&self) -> bool {
        self.plain
    }

    fn take_plain(&mut self, event: &PlainEvent<'_>) {
        self.events.push(event.event());
    }
}

#[test]
fn any_number_of_threads_gives_the_same_events_and_rejections() {
    let folder = Folder::new();
    let packed = gzip(&mixed_log(40_000, 1));
    let json: String = (0..20_000)
        .map(|n| match n % 50 {
            7 => "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"floorwatch.novelty\"}\n".to_owned(),
            8 => "{broken\n".to_owned(),
            _ => format!(
                "{{\"specversion\":\"1.0\",\"id\":\"{n}\",\"source\":\"s\",\"type\":\"floorwatch.contact.abandoned\",\
                 \"time\":\"2001-09-09T02:{:02}:{:02}Z\",\"data\":{{\"contact\":\"c{n}\",\"odd\":1}}}}\n",
                n / 60 % 60,
                n % 60
            ),
        })
        .collect();
    let one = folder.file("queue_log", &mixed_log(60_000, 2));
    let cut_short = folder.file("queue_log.gz", &packed[..packed.len() - 1000]);
    let events = folder.file("events", json.as_bytes());
    let empty = folder.file("empty", b"");
    for paths in [vec![one.clone()], vec![cut_short.clone()], vec![events.clone()], vec![one, cut_short, events, empty]]
    {
        let read = |threads, plain| {
            let options = Options { threads, ..Options::default() };
            let mut reader = open(&paths, &options).unwrap();
            let mut taken = TakenEvents { events: Vec::new(), plain };
            reader.read_into(&mut taken);
            let lines = options.progress.lines();
            (taken.events, reader.tally().clone(), lines)
        };
        let (events, tally, lines) = read(1, false);
        assert!(events.len() > 15_000 && tally.rejected > 100 && lines == tally.lines, "{}: {tally:?}", events.len());
        for (threads, plain) in [(1, true), (2, true), (2, false), (3, false), (5, true)] {
            let (others, other_tally, other_lines) = read(threads, plain);
            assert!(others == events, "{threads} threads, {plain}, {paths:?}");
            assert_eq!((other_tally, other_lines), (tally.clone(), lines), "{threads} threads");
        }
    }
}

#[test]
fn a_reader_that_is_dropped_midway_stops_its_threads() {
    let folder = Folder::new();
    let paths = [folder.file("a", &mixed_log(50_000, 3)), folder.file("b", &mixed_log(50_000, 4))];
    let mut reader = open(&paths, &Options { threads: 3, ..Options::default() }).unwrap();
    assert!(reader.next_batch(&mut Vec::new(), 10));
    let progress = reader.streams.iter().filter(|stream| stream.is_ahead()).count();
    assert!(progress > 0);
    drop(reader);
}
