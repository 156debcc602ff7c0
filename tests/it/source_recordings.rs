//! Reads real recordings, and compares the counts with those of an independent program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floorwatch::clock::Time;
use floorwatch::event::{Event, EventKind, LeftReason, Step};
use floorwatch::source::file::read::{self, Options, RecordingReader};
use floorwatch::source::format::detect::InputFormat;
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(names: &[&str]) -> (RecordingReader, Vec<Event>) {
    let paths: Vec<PathBuf> = names.iter().map(|name| fixture(name)).collect();
    let options = Options { now: Some(Time::from_unix(1_795_500_000)), ..Options::default() };
    let mut reader = read::open(&paths, &options).expect("fixtures can be read");
    let mut events = Vec::new();
    reader.for_each(&mut |event| events.push(event));
    (reader, events)
}

fn expected(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture(name)).expect("expected figures")).expect("JSON")
}

#[derive(Debug, Default, PartialEq)]
struct QueueCounts {
    offered: u64,
    answered: u64,
    abandoned: u64,
    left: u64,
    ring_no_answer: u64,
    /// Sums of seconds.
    wait: f64,
    csat: u64,
}

/// What each queue's events count to.
fn count(events: &[Event]) -> BTreeMap<String, QueueCounts> {
    let mut queues: BTreeMap<String, QueueCounts> = BTreeMap::new();
    for event in events {
        let EventKind::Contact { queue: Some(queue), step, .. } = &event.kind else { continue };
        let counts = queues.entry(queue.to_string()).or_default();
        match step {
            Step::Offered(_) => counts.offered += 1,
            Step::Answered { wait, .. } => {
                counts.answered += 1;
                counts.wait += wait.expect("a log gives waits").as_secs_f64();
            }
            Step::Abandoned { .. } => counts.abandoned += 1,
            Step::Left { .. } => counts.left += 1,
            Step::RingNoAnswer { .. } => counts.ring_no_answer += 1,
            Step::Survey(survey) => counts.csat += u64::from(survey.csat.is_some()),
            _ => {}
        }
    }
    queues
}

fn assert_agrees(counts: &BTreeMap<String, QueueCounts>, expected: &Value) {
    for (queue, figures) in expected["by_queue"].as_object().expect("queues") {
        let counts = &counts[queue];
        let figure = |name: &str| figures.get(name).and_then(Value::as_u64).unwrap_or_default();
        assert_eq!(counts.offered, figure("offered"), "{queue} offered");
        assert_eq!(counts.answered, figure("answered"), "{queue} answered");
        assert_eq!(counts.abandoned, figure("abandoned"), "{queue} abandoned");
        assert_eq!(counts.left, figure("left"), "{queue} left");
        assert_eq!(counts.ring_no_answer, figure("ring_no_answer"), "{queue} ring_no_answer");
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let asa = counts.wait / counts.answered as f64;
        assert!((asa - figures["asa"].as_f64().expect("asa")).abs() < 0.001, "{queue} asa {asa}");
    }
}

#[test]
fn a_normal_day_and_an_overload_count_as_expected() {
    for scenario in ["a", "b"] {
        let (reader, events) = read(&[&format!("asterisk/scenario-{scenario}/queue_log")]);
        assert_eq!(reader.tally().rejected, 0, "{:?}", reader.tally().rejections);
        assert_eq!(reader.inputs()[0].format, Some(InputFormat::QueueLog));
        assert_agrees(&count(&events), &expected(&format!("asterisk/scenario-{scenario}/expected.json")));
    }
}

#[test]
fn a_messy_day_with_a_rotation_counts_as_expected_and_only_stray_lines_are_rejected() {
    let log = ["asterisk/scenario-c/queue_log", "asterisk/scenario-c/queue_log.0"];
    let (reader, events) = read(&log);
    assert_agrees(&count(&events), &expected("asterisk/scenario-c/expected.json"));
    // A tenth stray line is empty, which is not an error.
    assert_eq!(reader.tally().rejected, 9, "{:?}", reader.tally().rejections);
    assert!(reader.tally().rejections.iter().all(|r| r.reason.to_string().contains("not a queue_log line")));
    let restarts = events.iter().filter(|event| event.kind == EventKind::Restarted).count();
    assert_eq!(restarts, 3);
    assert!(events.is_sorted_by_key(|event| event.at), "the rotated part comes first");
    let surveys: u64 = count(&events).values().map(|counts| counts.csat).sum();
    assert_eq!(surveys, 62);
}

#[test]
fn ten_callers_who_can_be_counted_by_hand() {
    let (reader, events) = read(&["small/ten-callers.queue_log"]);
    let counts = &count(&events)["700"];
    assert_eq!((counts.offered, counts.answered, counts.abandoned, counts.left), (10, 6, 3, 1));
    let timeouts = events.iter().filter(|event| {
        matches!(&event.kind, EventKind::Contact { step: Step::Left { reason: LeftReason::Timeout, .. }, .. })
    });
    assert_eq!((timeouts.count(), reader.tally().rejected), (1, 0));
}
