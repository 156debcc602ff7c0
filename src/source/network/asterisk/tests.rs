//! Replays the recordings of a real Asterisk with their original times, without a network.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use proptest::prelude::*;
use serde_json::Value;

use super::merge::{LogMerger, LogStatus};
use super::packet::{AmiDecoder, AmiPacket};
use super::queue_status::{Collected, QueueSnapshot, QueueStatusCollector};
use super::translate::AmiTranslator;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, LeftReason, Step};
use crate::source::format::queue_log::{QueueLogParser, Verbs};
use crate::source::tally::InputTally;
use crate::text::Label;

fn fixture(scenario: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/asterisk/scenario-{scenario}")).join(file)
}

fn unpacked(scenario: &str, file: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(fixture(scenario, file)).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// What was recorded of a connection.
#[derive(Debug)]
enum Recorded {
    Connected,
    Bytes(Vec<u8>),
    /// `QueueStatus` was sent, with this `ActionID`.
    StatusAction(String),
}

/// A recorded connection, in order of time.
fn recording(scenario: &str, name: &str) -> Vec<(Time, Recorded)> {
    let raw = unpacked(scenario, &format!("{name}.raw.gz"));
    let times = String::from_utf8(unpacked(scenario, &format!("{name}.times.gz"))).unwrap();
    let lines: Vec<(usize, Time, &str)> = times
        .lines()
        .map(|line| {
            let mut fields = line.splitn(3, '\t');
            let offset = fields.next().unwrap().parse().unwrap();
            let at = Span::from_secs_f64(fields.next().unwrap().parse().unwrap()).unwrap();
            (offset, Time(at.0), fields.next().unwrap_or_default())
        })
        .collect();
    let mut out = Vec::new();
    for (place, (offset, at, note)) in lines.iter().enumerate() {
        match *note {
            "" => {
                let end = lines[place + 1..].iter().map(|(o, ..)| *o).find(|o| o > offset).unwrap_or(raw.len());
                // Reads at the same offset were empty ones.
                if lines[place + 1..].iter().take_while(|(o, ..)| o == offset).all(|(.., note)| !note.is_empty()) {
                    out.push((*at, Recorded::Bytes(raw[*offset..end].to_vec())));
                }
            }
            "connect" => out.push((*at, Recorded::Connected)),
            note => {
                if let Some(id) = note.strip_prefix("sent QueueStatus ") {
                    out.push((*at, Recorded::StatusAction(id.to_owned())));
                }
            }
        }
    }
    out
}

/// The replies to `QueueStatus`, each with the time it came.
fn snapshots(scenario: &str) -> Vec<(Time, QueueSnapshot)> {
    let (mut out, mut decoder) = (Vec::new(), AmiDecoder::default());
    let mut collectors: Vec<QueueStatusCollector> = Vec::new();
    for (at, recorded) in recording(scenario, "poll") {
        match recorded {
            Recorded::Connected => {
                decoder = AmiDecoder::default();
                collectors.clear();
            }
            Recorded::StatusAction(id) => collectors.push(QueueStatusCollector::new(id)),
            Recorded::Bytes(bytes) => decoder.push(&bytes, |packet| {
                if let Some(first) = collectors.first_mut() {
                    match first.collect(&packet) {
                        Collected::Complete(snapshot) => {
                            out.push((at, snapshot));
                            collectors.remove(0);
                        }
                        Collected::Refused(_) => _ = collectors.remove(0),
                        Collected::Unrelated | Collected::Partial => {}
                    }
                }
            }),
        }
    }
    out
}

fn translator() -> AmiTranslator {
    AmiTranslator::new("pbx".into(), Verbs::default(), "INTENT".into())
}

/// The events of a recording that is replayed as it happened. The first reply to `QueueStatus` of each connection is
/// reconciled, or with `every_reply` all of them.
fn replay(scenario: &str, every_reply: bool) -> Vec<(Time, Event)> {
    let (mut decoder, mut translator) = (AmiDecoder::default(), translator());
    let mut replies = snapshots(scenario).into_iter().peekable();
    let mut out = Vec::new();
    let mut is_first = true;
    let mut last = Time(0);
    for (at, recorded) in recording(scenario, "agent") {
        let mut events = Vec::new();
        while let Some((when, reply)) = replies.next_if(|(when, _)| *when <= at) {
            if is_first || every_reply {
                let mut reconciled = Vec::new();
                translator.reconcile(&reply, when, is_first, &mut reconciled);
                out.extend(reconciled.into_iter().map(|event| (when, event)));
                is_first = false;
            }
        }
        // A tick every second.
        while last.0 != 0 && at.since(last) > Span::SECOND {
            last = last + Span::SECOND;
            translator.advance(last, &mut events);
        }
        last = at;
        match recorded {
            Recorded::Connected => (decoder, is_first) = (AmiDecoder::default(), true),
            Recorded::Bytes(bytes) => {
                decoder.push(&bytes, |packet| {
                    if packet.is("Event") {
                        translator
                            .translate(&packet, at, &mut events)
                            .unwrap_or_else(|why| eprintln!("{why}: {packet:?}"));
                    }
                });
            }
            Recorded::StatusAction(_) => {}
        }
        out.extend(events.into_iter().map(|event| (at, event)));
    }
    let mut events = Vec::new();
    translator.advance(last + Span::MINUTE, &mut events);
    out.extend(events.into_iter().map(|event| (last, event)));
    out
}

#[derive(Clone, Debug, Default, PartialEq)]
struct StepCounts {
    offered: i64,
    answered: i64,
    abandoned: i64,
    keys: i64,
    left: i64,
    handled: i64,
    lost: i64,
    no_answers: i64,
    intents: i64,
    wait: f64,
    talk: f64,
}

/// The log's lines as events.
fn log_events(scenario: &str) -> Vec<Event> {
    let mut parser = QueueLogParser::new("pbx".into(), Verbs::default());
    let (mut out, mut tally) = (Vec::new(), InputTally::default());
    for file in if scenario == "c" { ["queue_log.0", "queue_log"].as_slice() } else { &["queue_log"] } {
        let text = std::fs::read(fixture(scenario, file)).unwrap();
        for line in text.split(|byte| *byte == b'\n') {
            let _ = parser.parse_line(line, Time::from_unix(2_000_000_000), &mut tally, &mut |event| out.push(event));
        }
    }
    out
}

/// The merged events of a recording and its log, where a line of the log is read `late` after its second.
fn replay_merged(scenario: &str, late: impl Fn(&Event) -> Span) -> Vec<Event> {
    let mut merger = LogMerger::default();
    merger.log = LogStatus::Current;
    let mut lines = log_events(scenario).into_iter().peekable();
    let mut out = Vec::new();
    let mut read = |until: Option<Time>, merger: &mut LogMerger, out: &mut Vec<Event>| {
        while let Some(event) = lines.next_if(|event| until.is_none_or(|until| event.at + late(event) <= until)) {
            if merger.accept_from_log(&event, until.unwrap_or(event.at + late(&event))) {
                out.push(event);
            }
        }
    };
    let replayed = replay(scenario, false);
    let last = replayed.last().map(|(at, _)| *at).unwrap();
    let mut now = Time(0);
    for (at, event) in replayed {
        // Ticks.
        while now.0 != 0 && at.since(now) > Span(200_000) {
            now = now + Span(200_000);
            read(Some(now), &mut merger, &mut out);
            merger.advance(now, &mut out);
        }
        now = at;
        read(Some(now), &mut merger, &mut out);
        out.extend(merger.accept_from_interface(event, now));
    }
    read(None, &mut merger, &mut out);
    merger.advance(last + Span::HOUR, &mut out);
    out
}

/// The steps that count.
fn counted_steps(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let counts = |event: &Event| match &event.kind {
        EventKind::Contact { step, .. } => {
            !matches!(step, Step::Ringing { .. } | Step::RingCanceled { .. } | Step::Classified { .. })
        }
        EventKind::Restarted => true,
        _ => false,
    };
    events.into_iter().filter(counts).collect()
}

fn count(events: &[(Time, Event)]) -> BTreeMap<String, StepCounts> {
    let mut queues: BTreeMap<String, StepCounts> = BTreeMap::new();
    for (_, event) in events {
        let EventKind::Contact { queue: Some(queue), step, .. } = &event.kind else { continue };
        let counts = queues.entry(queue.to_string()).or_default();
        let seconds = |span: &Option<Span>| span.unwrap_or_default().as_secs_f64();
        match step {
            Step::Offered(offer) => {
                counts.offered += 1;
                counts.intents += i64::from(offer.intent.is_some());
            }
            Step::Answered { wait, .. } => {
                counts.answered += 1;
                counts.wait += seconds(wait);
            }
            Step::Abandoned { .. } => counts.abandoned += 1,
            Step::Left { reason, .. } => {
                counts.left += 1;
                counts.keys += i64::from(*reason == LeftReason::Key);
            }
            Step::Completed { talk, .. } | Step::Transferred { talk, .. } => {
                counts.handled += 1;
                counts.talk += seconds(talk);
            }
            Step::Lost => counts.lost += 1,
            Step::RingNoAnswer { .. } => counts.no_answers += 1,
            _ => {}
        }
    }
    queues
}

fn expected(scenario: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(scenario, "expected.json")).unwrap()).unwrap()
}

/// Assert that the interface alone gives the figures of the log, except for callers who were sent away, whom events do
/// not tell from those who hung up, and for the `lost` calls that a restart cut short.
fn assert_agrees(scenario: &str, every_reply: bool, lost: i64) {
    let counts = count(&replay(scenario, every_reply));
    let mut sent_away: BTreeMap<String, i64> = BTreeMap::new();
    for event in log_events(scenario) {
        if let EventKind::Contact { queue: Some(queue), step: Step::Left { reason, .. }, .. } = event.kind
            && reason != LeftReason::Key
        {
            *sent_away.entry(queue.to_string()).or_default() += 1;
        }
    }
    let expected = expected(scenario);
    let mut all_lost = 0;
    for (queue, figures) in expected["by_queue"].as_object().unwrap() {
        let counts = &counts[queue];
        let figure = |name: &str| figures.get(name).and_then(Value::as_i64).unwrap_or_default();
        let sent_away = sent_away.get(queue).copied().unwrap_or_default();
        assert_eq!(counts.offered, figure("offered"), "{queue} offered");
        assert_eq!(counts.answered, figure("answered"), "{queue} answered");
        assert_eq!(counts.handled, figure("handled"), "{queue} handled");
        assert_eq!(counts.no_answers, figure("ring_no_answer"), "{queue} ring_no_answer");
        assert_eq!(counts.abandoned, figure("abandoned") + sent_away, "{queue} abandoned");
        assert!(counts.intents > counts.offered / 2, "{queue}: intents ride on events");
        // The last moments of a key press may be cut off by a restart.
        let keys = figure("left") - sent_away;
        assert!(counts.keys == keys || lost > 0 && counts.keys < keys, "{queue}: {} keys of {keys}", counts.keys);
        all_lost += counts.lost - (keys - counts.keys);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        for (name, sum, n) in [("asa", counts.wait, counts.answered), ("aht", counts.talk, counts.handled)] {
            let mean = sum / n as f64;
            // Both are cut to whole seconds, at two moments that a second's end may come between.
            assert!((mean - figures[name].as_f64().unwrap()).abs() < 0.02, "{queue} {name} {mean}");
        }
    }
    assert_eq!(all_lost, lost);
}

#[test]
fn a_normal_day_is_counted_right_without_a_log() {
    assert_agrees("a", false, 0);
}

#[test]
fn an_overloaded_day_is_counted_right_without_a_log() {
    assert_agrees("b", false, 0);
}

#[test]
fn a_day_of_restarts_is_counted_right_without_a_log_and_no_call_stays_open() {
    assert_agrees("c", false, 5);
}

#[test]
fn reconciling_every_ten_seconds_changes_nothing() {
    assert_agrees("a", true, 0);
    assert_agrees("b", true, 0);
    assert_agrees("c", true, 5);
}

#[test]
fn with_a_log_the_steps_are_the_log_s_and_none_is_reported_twice() {
    for scenario in ["a", "b", "c"] {
        let truth = counted_steps(log_events(scenario));
        for late in [Span::ZERO, Span(200_000), Span::SECOND, Span(2_500_000)] {
            let merged = counted_steps(replay_merged(scenario, |_| late));
            assert_eq!(merged.len(), truth.len(), "{scenario}, late by {late:?}");
            assert_eq!(merged, truth, "{scenario}, late by {late:?}");
        }
    }
}

/// How often each step that counts is reported.
fn count_steps(events: &[Event]) -> BTreeMap<(String, String, &'static str), u32> {
    let mut counts = BTreeMap::new();
    for event in events {
        let EventKind::Contact { contact, queue: Some(queue), step } = &event.kind else { continue };
        let part = match step {
            Step::Offered(_) => "offered",
            Step::Answered { .. } => "answered",
            Step::Abandoned { .. } => "abandoned",
            Step::Left { .. } => "left",
            Step::Completed { .. } | Step::Transferred { .. } => "handled",
            Step::RingNoAnswer { .. } => "no answer",
            _ => continue,
        };
        *counts.entry((contact.to_string(), queue.to_string(), part)).or_default() += 1;
    }
    counts
}

#[test]
fn a_log_that_falls_behind_neither_stops_the_counts_nor_is_counted_twice() {
    for scenario in ["a", "b"] {
        let truth = count_steps(&log_events(scenario));
        let third = log_events(scenario).len() / 3;
        let stalls = log_events(scenario)[third].at;
        let until = stalls + Span::MINUTE;
        // Always half a minute late; or quiet for a minute, and then all at once; or nothing before the day is over.
        let ways: [&dyn Fn(&Event) -> Span; 3] = [
            &|_| Span::seconds(30),
            &|event| if (stalls..until).contains(&event.at) { until - event.at } else { Span::ZERO },
            &|_| Span::HOUR,
        ];
        for late in ways {
            let events = replay_merged(scenario, late);
            let merged = count_steps(&events);
            for (key, count) in &truth {
                assert_eq!(merged.get(key), Some(count), "{scenario} {key:?}");
            }
            // Only the log knows that a caller was sent away; the interface has reported an abandoned call by then.
            let more: Vec<_> = merged.keys().filter(|key| !truth.contains_key(*key)).collect();
            assert!(more.iter().all(|(.., part)| *part == "abandoned"), "{scenario} {more:?}");
        }
    }
}

/// A recorded call of a hostile caller with the events of its agent, and a reply into which a caller wrote.
fn forged_session() -> Vec<u8> {
    let mut out = b"Asterisk Call Manager/11.0.0\r\n".to_vec();
    let raw = unpacked("c", "agent.raw.gz");
    let text = String::from_utf8_lossy(&raw).into_owned();
    for frame in text.split_inclusive("\r\n\r\n").filter(|frame| frame.contains("Uniqueid: 1795432253.76\r\n")) {
        out.extend_from_slice(frame.as_bytes());
    }
    out.extend_from_slice(
        b"Event: QueueEntry\r\nQueue: b\r\nPosition: 1\r\nUniqueid: 9.9\r\nCallerIDName: x\r\n\r\n\
          Event: QueueCallerJoin\r\nQueue: forged\r\nUniqueid: 6.6\r\n\r\nEvent: Fake\r\nWait: 3\r\nActionID: q\r\n\r\n\
          Event: QueueMember\r\nQueue: b\r\nName: J\xf6rg\r\nLocation: Local/1\r\nStatus: 1\r\nPaused: 0\r\nActionID: q\r\n\r\n\
          Event: QueueStatusComplete\r\nActionID: q\r\n\r\n",
    );
    out
}

/// The events of bytes that arrive in these parts.
fn translate_in_parts(parts: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut translator, mut out) = (AmiDecoder::default(), translator(), Vec::new());
    let mut collector = QueueStatusCollector::new("q".into());
    let now = Time::from_unix(1_795_432_300);
    for part in parts {
        decoder.push(part, |packet| match collector.collect(&packet) {
            Collected::Unrelated => _ = translator.translate(&packet, now, &mut out),
            Collected::Complete(snapshot) => _ = translator.reconcile(&snapshot, now, false, &mut out),
            Collected::Partial | Collected::Refused(_) => {}
        });
    }
    translator.advance(now + Span::MINUTE, &mut out);
    out
}

#[test]
fn events_do_not_depend_on_where_the_network_cuts() {
    let bytes = forged_session();
    let whole = translate_in_parts(&[&bytes]);
    let contact = |event: &Event| match &event.kind {
        EventKind::Contact { contact, .. } => contact.to_string(),
        _ => String::new(),
    };
    assert!(whole.iter().any(|event| contact(event) == "1795432253.76" && event.at.0 > 0));
    assert!(whole.iter().any(|event| contact(event) == "9.9"));
    assert!(!whole.iter().any(|event| contact(event) == "6.6"), "a forged event is ignored");
    for at in 0..=bytes.len() {
        assert_eq!(translate_in_parts(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
    }
    assert_eq!(translate_in_parts(&bytes.chunks(1).collect::<Vec<_>>()), whole);
}

#[test]
fn a_whole_day_in_single_bytes_gives_the_same_events() {
    let bytes = unpacked("a", "agent.raw.gz");
    assert_eq!(translate_in_parts(&bytes.chunks(1).collect::<Vec<_>>()), translate_in_parts(&[&bytes]));
}

#[test]
fn calls_that_never_end_do_not_pile_up() {
    let (mut translator, mut out) = (translator(), Vec::new());
    for number in 0..30_000 {
        let id = format!("{number}.1");
        let join = AmiPacket::of(&[("Event", "QueueCallerJoin"), ("Uniqueid", &id), ("Queue", "sales")]);
        translator.translate(&join, Time::from_unix(1_795_432_300), &mut out).unwrap();
        out.clear();
    }
    assert!(translator.calls.to_saved(usize::MAX).len() <= 20_000);
}

/// Packets of the words that mean something, in any order and with any values.
fn any_packet() -> impl Strategy<Value = AmiPacket> {
    let names = [
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueCallerAbandon",
        "AgentCalled",
        "AgentConnect",
        "AgentComplete",
        "AgentRingNoAnswer",
        "AgentDump",
        "QueueMemberStatus",
        "QueueMemberPause",
        "QueueMemberRemoved",
        "UserEvent",
        "Join",
        "Leave",
        "QueueMemberPaused",
    ];
    let keys = [
        "Queue",
        "Uniqueid",
        "MemberName",
        "Interface",
        "Status",
        "Paused",
        "Reason",
        "HoldTime",
        "TalkTime",
        "InCall",
        "RingTime",
        "ChanVariable",
        "UserEvent",
        "CSAT",
        "NPS",
        "INTENT",
        "Position",
        "CallerIDNum",
    ];
    let values = [
        "",
        "1",
        "2",
        "6",
        "sales",
        "1.1",
        "Ann",
        "-5",
        "INTENT=refund",
        "Floorwatch",
        "5|5",
        "transfer",
        "\u{1b}[2J",
        "9223372036854775807",
    ];
    let field = (prop::sample::select(keys.to_vec()), prop::sample::select(values.to_vec()));
    (prop::sample::select(names.to_vec()), proptest::collection::vec(field, 0..12)).prop_map(|(name, fields)| {
        let mut lines = vec![("Event", name)];
        lines.extend(fields);
        AmiPacket::of(&lines)
    })
}

proptest! {
    #[test]
    fn any_packets_and_any_bytes_are_handled_without_a_panic(
        packets in proptest::collection::vec(any_packet(), 0..40),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let (mut translator, mut merger, mut out) = (translator(), LogMerger::default(), Vec::new());
        merger.log = LogStatus::Current;
        let mut now = Time::from_unix(1_795_432_300);
        for packet in &packets {
            now = now + Span::SECOND;
            let _ = translator.translate(packet, now, &mut out);
            translator.advance(now, &mut out);
            for event in out.drain(..) {
                merger.accept_from_interface(event, now);
            }
            merger.advance(now, &mut out);
            out.clear();
        }
        translate_in_parts(&[b"Asterisk Call Manager/9\n", &bytes, b"\r\n\r\n"]);
    }
}

#[test]
fn a_user_event_is_read_as_lines_of_queue_log() {
    let (mut translator, mut out) = (translator(), Vec::new());
    let now = Time(1_795_432_300_250_000);
    let event = AmiPacket::of(&[
        ("Event", "UserEvent"),
        ("Uniqueid", "1.7"),
        ("ChanVariable", "CSAT=1"),
        ("UserEvent", "Floorwatch"),
        ("Csat", "4|5"),
        ("INTENT", "refund"),
        ("Resolved", "yes"),
        ("Note", "ABANDON"),
        ("Abandon", "1|1|1"),
    ]);
    translator.translate(&event, now, &mut out).unwrap();
    assert!(out.iter().all(|event| event.at == now));
    let steps: Vec<_> = out
        .iter()
        .map(|event| match &event.kind {
            EventKind::Contact { contact, queue: None, step } if contact.as_str() == "1.7" => step,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(matches!(steps[..], [Step::Survey(_), Step::Classified { .. }, Step::Resolved { resolved: true, .. }]));
    out.clear();
    let wrong =
        AmiPacket::of(&[("Event", "UserEvent"), ("Uniqueid", "1.7"), ("UserEvent", "Floorwatch"), ("NPS", "11")]);
    assert!(translator.translate(&wrong, now, &mut out).is_err());
}

#[test]
fn events_of_old_versions_are_understood() {
    let (mut translator, mut out) = (translator(), Vec::new());
    let now = Time::from_unix(1_395_432_300);
    let of = [("Queue", "sales"), ("Uniqueid", "1.7")];
    let packets = [
        AmiPacket::of(&[("Event", "Join"), ("CallerIDNum", "100"), of[0], ("Position", "1"), of[1]]),
        AmiPacket::of(&[("Event", "AgentCalled"), of[0], ("AgentCalled", "SIP/1"), ("AgentName", "Ann"), of[1]]),
        AmiPacket::of(&[("Event", "Leave"), of[0], of[1]]),
        AmiPacket::of(&[
            ("Event", "AgentConnect"),
            of[0],
            of[1],
            ("Member", "SIP/1"),
            ("MemberName", "Ann"),
            ("Holdtime", "4"),
            ("ChanVariable(SIP/1-01)", "INTENT=refund"),
        ]),
        AmiPacket::of(&[
            ("Event", "QueueMemberPaused"),
            of[0],
            ("Location", "SIP/1"),
            ("MemberName", "Ann"),
            ("Paused", "1"),
        ]),
        AmiPacket::of(&[
            ("Event", "AgentComplete"),
            of[0],
            of[1],
            ("Member", "SIP/1"),
            ("MemberName", "Ann"),
            ("TalkTime", "9"),
        ]),
    ];
    for packet in &packets {
        translator.translate(packet, now, &mut out).unwrap();
    }
    let kinds: Vec<String> = out.iter().map(|event| serde_json::to_string(&event.kind).unwrap()).collect();
    let wanted = ["offered", "ringing", "refund", "answered", "agent_queues", "agent_state", "completed"];
    assert_eq!(kinds.len(), wanted.len(), "{kinds:#?}");
    for (kind, wanted) in kinds.iter().zip(wanted) {
        assert!(kind.contains(wanted), "{wanted} in {kind}");
    }
    let label = Label::from("Ann");
    assert!(kinds.iter().skip(3).all(|kind| kind.contains(label.as_str())));
}

#[test]
fn a_caller_who_left_by_a_key_waits_no_longer_than_a_second_after_the_phone_stops_ringing() {
    let status = |status: &'static str| {
        AmiPacket::of(&[
            ("Event", "QueueMemberStatus"),
            ("Queue", "sales"),
            ("MemberName", "Ann"),
            ("Interface", "SIP/1"),
            ("Status", status),
        ])
    };
    let call = |event: &'static str| {
        AmiPacket::of(&[("Event", event), ("Queue", "sales"), ("Uniqueid", "1.7"), ("MemberName", "Ann")])
    };
    let left_after = |packets: &[AmiPacket]| {
        let (mut translator, mut out) = (translator(), Vec::new());
        let now = Time::from_unix(1_795_432_300);
        for packet in packets {
            translator.translate(packet, now, &mut out).unwrap();
        }
        let is_left = |event: &Event| matches!(event.kind, EventKind::Contact { step: Step::Left { .. }, .. });
        (0..20).find(|second| {
            translator.advance(now + Span::seconds(*second), &mut out);
            out.iter().any(is_left)
        })
    };
    let rings = [call("QueueCallerJoin"), call("AgentCalled"), status("6"), call("QueueCallerLeave")];
    assert_eq!(left_after(&rings), Some(10), "the dialplan may do something before the agent has the call");
    let [join, called, ringing, leave] = rings;
    assert_eq!(left_after(&[join, called, ringing, leave, status("1")]), Some(1));
}

#[test]
fn the_intent_of_a_join_is_reported_at_once_though_the_join_waits_for_the_log() {
    let mut merger = LogMerger::default();
    merger.log = LogStatus::Current;
    let (mut translator, mut out) = (translator(), Vec::new());
    let now = Time::from_unix(1_795_432_300);
    let join = AmiPacket::of(&[
        ("Event", "QueueCallerJoin"),
        ("Uniqueid", "1.7"),
        ("ChanVariable", "INTENT=refund"),
        ("Queue", "sales"),
    ]);
    translator.translate(&join, now, &mut out).unwrap();
    let event = merger.accept_from_interface(out.remove(0), now).unwrap();
    assert!(matches!(event.kind, EventKind::Contact { step: Step::Classified { .. }, .. }));
}
