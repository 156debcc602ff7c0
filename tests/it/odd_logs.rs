//! Logs as they should not be: events late by hours or days, neighbours swapped, lines doubled, clocks that jump back. The
//! figures of a report that counts while it reads are those of an engine that keeps everything and is asked afterwards, and
//! those of the same events in order.

use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings};
use floorwatch::event::{Channel, Event, EventKind, LeftReason, Offer, Scored, Step, Survey, TransferKind};
use floorwatch::kpi::{CATALOGUE, Dim, Every, KpiId};
use floorwatch::report::{InputSummary, Report, ReportIntake, ReportQuery};
use floorwatch::source::file::read::{self, Options};
use floorwatch::text::Label;
use proptest::prelude::*;
use proptest::sample::Index;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// Monday 2 March 2026, 08:00 UTC.
const START: i64 = 1_772_438_400 * SECOND;
const QUEUES: [&str; 3] = ["sales", "billing", "support"];
const INTENTS: [&str; 2] = ["refund", "order"];
const AGENTS: [&str; 3] = ["ann", "bo", "cy"];

/// How a visit ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Abandoned,
    Left(LeftReason),
    Completed,
    /// By an agent, to the next queue.
    Transferred,
    /// Unanswered, to the next queue.
    SentOn,
    /// Not at all.
    Open,
}

/// One visit to a queue.
#[derive(Clone, Debug)]
struct Visit {
    queue: usize,
    agent: usize,
    rings: i64,
    wait: i64,
    hold: i64,
    talk: i64,
    acw: i64,
    end: End,
}

/// A call, whose steps come so late: all of them, or one.
#[derive(Clone, Debug)]
struct Call {
    joined: i64,
    customer: usize,
    intent: usize,
    /// Whether the steps name the queue.
    named: bool,
    visits: Vec<Visit>,
    /// What comes after the end, and when.
    remarks: Vec<(u8, i64)>,
    late: i64,
    one_late: Option<(Index, i64)>,
}

/// What happens to the events on their way.
#[derive(Clone, Copy, Debug)]
enum Oddity {
    /// An event comes again, so many events later.
    Doubled(usize),
    /// It changes places with the next one.
    Swapped,
    /// From it on, so many events have a clock that is so much slow.
    Slow(usize, i64),
    /// The system restarts.
    Restarted,
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let end = prop_oneof![
        3 => Just(End::Abandoned),
        2 => prop::sample::select(LeftReason::ALL.to_vec()).prop_map(End::Left),
        8 => Just(End::Completed),
        2 => Just(End::Transferred),
        1 => Just(End::SentOn),
        1 => Just(End::Open),
    ];
    let span = |most: i64| prop_oneof![1 => Just(0), 4 => (0..most).prop_map(|s| s * SECOND)];
    let one = (0..3usize, 0..3usize, 0..3i64, span(120), span(60), span(900), span(90), end);
    let one = one.prop_map(|(queue, agent, rings, wait, hold, talk, acw, end)| Visit {
        queue,
        agent,
        rings,
        wait,
        hold,
        talk,
        acw,
        end,
    });
    prop::collection::vec(one, 1..4)
}

fn call(named: impl Strategy<Value = bool>) -> impl Strategy<Value = Call> {
    let late = || {
        prop_oneof![
            12 => Just(0),
            2 => (0..120i64).prop_map(|s| s * SECOND),
            2 => (0..90i64).prop_map(|m| m * 60 * SECOND),
            2 => 0..12 * HOUR,
            2 => 0..3 * DAY,
        ]
    };
    let remarks = prop::collection::vec((0..6u8, prop_oneof![0..HOUR, 0..3 * DAY]), 0..3);
    let one_late = prop::option::weighted(0.2, (any::<Index>(), late()));
    let joined = prop_oneof![0..2 * DAY, 0..12 * DAY];
    let who = (0..4usize, 0..3usize, named);
    let one = (joined, who, visits(), remarks, (late(), one_late));
    one.prop_map(|(joined, (customer, intent, named), visits, remarks, (late, one_late))| Call {
        joined: START + joined,
        customer,
        intent,
        named,
        visits,
        remarks,
        late,
        one_late,
    })
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    prop::collection::vec(call(prop::bool::weighted(0.8)), 1..60)
}

fn oddities() -> impl Strategy<Value = Vec<(Index, Oddity)>> {
    let one = prop_oneof![
        prop_oneof![1..5usize, 1..2000usize].prop_map(Oddity::Doubled),
        Just(Oddity::Swapped),
        (1..20usize, 0..3 * HOUR).prop_map(|(events, by)| Oddity::Slow(events, by)),
        Just(Oddity::Restarted),
    ];
    prop::collection::vec((any::<Index>(), one), 0..12)
}

/// The steps of a call, with the queue that each names, and its time.
fn steps(call: &Call) -> Vec<(i64, Option<Label>, Step)> {
    let mut out = Vec::new();
    let mut at = call.joined;
    let last = call.visits.last();
    for visit in &call.visits {
        let queue: Label = QUEUES[visit.queue].into();
        let agent: Label = AGENTS[visit.agent].into();
        let name = call.named.then(|| queue.clone());
        let mut say = |at: i64, step: Step| out.push((at, name.clone(), step));
        let offer = Offer {
            intent: INTENTS.get(call.intent).map(|intent| (*intent).into()),
            customer: (call.customer != 0).then(|| format!("cu{}", call.customer).as_str().into()),
            position: Some(2),
            ..Offer::new(queue.clone(), Channel::Voice)
        };
        say(at, Step::Offered(offer));
        for ring in 0..visit.rings {
            let ring = at + visit.wait * ring / 3;
            say(ring, Step::RingNoAnswer { agent: agent.clone(), ring: None });
        }
        at += visit.wait;
        let wait = Some(Span(visit.wait)).filter(|_| call.named);
        match visit.end {
            End::Abandoned => say(at, Step::Abandoned { wait, position: None }),
            End::Left(reason) => say(at, Step::Left { reason, wait }),
            End::SentOn => {
                let reason = LeftReason::Timeout;
                say(at, Step::Left { reason, wait });
                at += SECOND;
                continue;
            }
            End::Open => {}
            End::Completed | End::Transferred => {
                say(at, Step::Answered { agent: agent.clone(), wait });
                if visit.hold > 0 {
                    say(at + SECOND, Step::Held);
                    say(at + SECOND + visit.hold, Step::Resumed);
                    at += SECOND + visit.hold;
                }
                at += visit.talk;
                let talk = Some(Span(visit.talk)).filter(|_| call.named);
                if matches!(visit.end, End::Transferred) {
                    let (kind, agent) = (TransferKind::Blind, Some(agent));
                    let (to_queue, to_agent, to_number) = (None, None, None);
                    say(at, Step::Transferred { agent, kind, to_queue, to_agent, to_number, talk });
                    at += SECOND;
                    continue;
                }
                say(at, Step::Completed { agent: Some(agent.clone()), ended_by: None, talk, hold: None });
                if visit.acw > 0 {
                    say(at + visit.acw, Step::Wrapped { agent, acw: None });
                }
            }
        }
        break;
    }
    let name = last.filter(|_| call.named).map(|visit| QUEUES[visit.queue].into());
    for (which, after) in &call.remarks {
        let step = match which {
            0 => Step::Survey(Survey {
                csat: Some(Scored { score: 4.0, min: 1.0, max: 5.0 }),
                nps: Some(9),
                ..Survey::default()
            }),
            1 => Step::Classified { intent: INTENTS[call.customer % 2].into() },
            2 => Step::Identified { customer: format!("cu{}", call.intent + 1).as_str().into() },
            3 => Step::Quality { evaluator: "eve".into(), score: 80.0, failures: Vec::new() },
            4 => Step::Resolved { resolved: *after % 2 == 0, reason: None },
            _ => Step::Reopened,
        };
        // Whose contact it is, and about what, must be known within three days: first contacts and repeats are looked for no
        // further back.
        let after = if matches!(which, 1 | 2) { after % HOUR } else { *after };
        out.push((at + 120 * SECOND + after, name.clone(), step));
    }
    out
}

/// The events in the order in which they arrive.
fn events(calls: &[Call], odd: &[(Index, Oddity)]) -> Vec<Event> {
    let mut out: Vec<(i64, Event)> = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let contact: Label = format!("c{number}").as_str().into();
        let steps = steps(call);
        let late = call.one_late.map(|(which, late)| (which.index(steps.len()), late));
        for (place, (at, queue, step)) in steps.into_iter().enumerate() {
            let late = call.late + late.filter(|(which, _)| *which == place).map_or(0, |(_, late)| late);
            let late = late.min(3 * DAY);
            let kind = EventKind::Contact { contact: contact.clone(), queue, step };
            out.push((at + late, Event { at: Time(at), origin: "log".into(), id: None, kind }));
        }
    }
    out.sort_by_key(|(arrives, _)| *arrives);
    let mut out: Vec<Event> = out.into_iter().map(|(_, event)| event).collect();
    for (place, oddity) in odd {
        let place = place.index(out.len());
        match *oddity {
            Oddity::Doubled(after) => {
                let again = out[place].clone();
                let in_time = out.iter().skip(place).take_while(|event| event.at.0 < again.at.0 + 3 * DAY).count();
                out.insert(place + after.min(in_time), again);
            }
            Oddity::Swapped => {
                let next = (place + 1).min(out.len() - 1);
                out.swap(place, next);
            }
            Oddity::Slow(events, by) => {
                out.iter_mut().skip(place).take(events).for_each(|event| event.at = Time(event.at.0 - by));
            }
            Oddity::Restarted => {
                let at = out.iter().take(place + 1).map(|event| event.at).max().unwrap_or_default();
                out.insert(place + 1, Event { at, origin: "log".into(), id: None, kind: EventKind::Restarted });
            }
        }
    }
    out
}

/// Whether the engine knows its question before, or keeps everything and is asked afterwards; the latter also for all events in
/// order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    Before,
    Afterwards,
    InOrder,
}

fn report(events: &[Event], wanted: &ReportQuery, contact_ttl: Span, asked: Asked) -> Report {
    let mut engine = Engine::new(Settings { keep: None, contact_ttl, ..Settings::default() });
    let mut events = events.to_vec();
    match asked {
        Asked::Before => engine.count_only(&wanted.by, wanted.every),
        Asked::Afterwards => {}
        Asked::InOrder => events.sort_by_key(|event| event.at),
    }
    for event in &events {
        engine.apply(event);
        engine.advance(engine.newest());
    }
    let first = events.iter().map(|event| event.at).min();
    let mut report = Report::of(&mut engine, wanted, first, InputSummary::default());
    // Which contact is the example of a contradiction depends on the order. A report that counts while it reads may remark
    // that contacts came too late.
    report.input.contradictions.clear();
    report.input.remarks.clear();
    report
}

/// What differs between two reports.
fn differences(one: &Report, other: &Report) -> Vec<String> {
    let mut out = Vec::new();
    let mut compare = |row: &str, one: &[floorwatch::kpi::Figure], other: &[floorwatch::kpi::Figure]| {
        for (place, (a, b)) in one.iter().zip(other).enumerate() {
            if a != b {
                let key = CATALOGUE[place].key;
                out.push(format!("{row} {key}: {:?} of {} against {:?} of {}", a.value, a.n, b.value, b.n));
            }
        }
    };
    compare("total", &one.total, &other.total);
    for (a, b) in one.rows.iter().zip(&other.rows) {
        compare(&format!("{} {:?}", a.key, a.start), &a.figures, &b.figures);
    }
    if one.rows.len() != other.rows.len() {
        out.push(format!("{} rows against {}", one.rows.len(), other.rows.len()));
    }
    if one.input != other.input {
        out.push(format!("{:?} against {:?}", one.input, other.input));
    }
    if out.is_empty() && one != other {
        out.push(format!("{one:?}\nagainst\n{other:?}"));
    }
    out
}

fn questions() -> impl Strategy<Value = (Vec<Dim>, Option<Every>)> {
    let by = [vec![], vec![Dim::Queue], vec![Dim::Agent], vec![Dim::Intent], vec![Dim::Queue, Dim::Agent]];
    (prop::sample::select(by.to_vec()), prop::option::of(prop_oneof![Just(Every::Minutes(60)), Just(Every::Days(1))]))
}

fn wanted((by, every): (Vec<Dim>, Option<Every>)) -> ReportQuery {
    let kpis = CATALOGUE.iter().map(|kpi| kpi.id).collect();
    ReportQuery { by, every, kpis, ..ReportQuery::default() }
}

/// The lines of calls in a queue_log, in the order in which they are written.
fn lines(calls: &[Call], odd: &[(Index, Oddity)]) -> String {
    let seconds = |span: Option<Span>| span.map_or(0, |span| span.0 / SECOND);
    let mut out: Vec<String> = Vec::new();
    for Event { at, kind, .. } in events(calls, odd) {
        let at = at.0 / SECOND;
        let EventKind::Contact { contact, queue, step } = kind else {
            out.push(format!("{at}|NONE|NONE|NONE|QUEUESTART|\n"));
            continue;
        };
        let mut line = |queue: &Label, agent: &str, data: String| {
            out.push(format!("{at}|{contact}|{queue}|{agent}|{data}\n"));
        };
        let queue = queue.unwrap_or_default();
        match step {
            Step::Offered(offer) => {
                let customer =
                    offer.customer.map_or(String::new(), |customer| format!("+4930{customer}").replace("cu", "55501"));
                line(&offer.queue, "NONE", format!("ENTERQUEUE||{customer}|2"));
            }
            Step::RingNoAnswer { agent, .. } => line(&queue, agent.as_str(), "RINGNOANSWER|5000".to_owned()),
            Step::Answered { agent, wait } => {
                line(&queue, agent.as_str(), format!("CONNECT|{}|{contact}|1", seconds(wait)));
            }
            Step::Abandoned { wait, .. } => line(&queue, "NONE", format!("ABANDON|2|2|{}", seconds(wait))),
            Step::Left { wait, .. } => line(&queue, "NONE", format!("EXITWITHTIMEOUT|2|2|{}", seconds(wait))),
            Step::Completed { agent, talk, .. } => {
                line(&queue, agent.unwrap_or_default().as_str(), format!("COMPLETECALLER|3|{}|2", seconds(talk)));
            }
            Step::Transferred { agent, talk, .. } => {
                let agent = agent.unwrap_or_default();
                line(&queue, agent.as_str(), format!("BLINDTRANSFER|200|internal|3|{}", seconds(talk)));
            }
            _ => {}
        }
    }
    out.concat()
}

proptest! {
    #[test]
    fn an_odd_log_has_one_answer_however_the_question_is_put(
        calls in calls(),
        odd in oddities(),
        question in questions(),
        contact_ttl in prop_oneof![Just(Span(12 * HOUR)), Just(Span(400 * DAY))],
    ) {
        let events = events(&calls, &odd);
        let wanted = wanted(question);
        let [before, afterwards, in_order] = [Asked::Before, Asked::Afterwards, Asked::InOrder]
            .map(|asked| report(&events, &wanted, contact_ttl, asked));
        prop_assert_eq!(differences(&before, &afterwards), Vec::<String>::new());
        // What a restart or the age of a contact loses is what is known to be open at the time.
        let loses = contact_ttl < Span(DAY) || odd.iter().any(|(_, oddity)| matches!(oddity, Oddity::Restarted));
        if !loses {
            prop_assert_eq!(differences(&afterwards, &in_order), Vec::<String>::new());
        }
    }

    #[test]
    fn an_odd_queue_log_has_one_answer_however_the_question_is_put(
        calls in prop::collection::vec(call(Just(true)), 1..60),
        odd in oddities(),
        question in questions(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("queue_log");
        std::fs::write(&log, lines(&calls, &odd)).unwrap();
        let wanted = wanted(question);
        let [before, afterwards] = [true, false].map(|known_before| {
            let mut engine = Engine::new(Settings { keep: None, ..Settings::default() });
            if known_before {
                engine.count_only(&wanted.by, wanted.every);
            }
            let mut intake = ReportIntake::new(&mut engine);
            read::open(std::slice::from_ref(&log), &Options::default()).unwrap().read_into(&mut intake);
            let ReportIntake { input, first, .. } = intake;
            let mut report = Report::of(&mut engine, &wanted, first, input);
            report.input.remarks.clear();
            report
        });
        prop_assert_eq!(differences(&before, &afterwards), Vec::<String>::new());
    }
}

/// What a report that counts while it reads has forgotten of a log in which a line comes again after a fortnight.
#[test]
fn a_report_says_how_many_contacts_came_later_than_it_remembers() {
    let call = |day: i64| {
        let at = START / SECOND + day * 86_400;
        format!("{at}|{at}.1|sales|NONE|ENTERQUEUE||+4930555017|1\n{}|{at}.1|sales|NONE|ABANDON|1|1|9\n", at + 9)
    };
    let log: String = (0..20).map(call).chain(call(0).lines().next().map(str::to_owned)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    std::fs::write(&path, log).unwrap();
    let wanted = wanted((vec![Dim::Queue], None));
    let report = |known_before: bool| {
        let mut engine = Engine::new(Settings { keep: None, ..Settings::default() });
        if known_before {
            engine.count_only(&wanted.by, wanted.every);
        }
        let mut intake = ReportIntake::new(&mut engine);
        read::open(std::slice::from_ref(&path), &Options::default()).unwrap().read_into(&mut intake);
        let ReportIntake { input, first, .. } = intake;
        let report = Report::of(&mut engine, &wanted, first, input);
        (report.total[KpiId::Offered as usize].value, report.input.remarks)
    };
    assert_eq!(report(false), (Some(20.0), Vec::new()));
    let (offered, remarks) = report(true);
    assert_eq!(offered, Some(21.0));
    assert!(
        remarks.len() == 1
            && remarks[0].starts_with("1 of the contacts, or what they are about, came more than 3 days late"),
        "{remarks:?}"
    );
}
