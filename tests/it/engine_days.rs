//! Days that are closed, contacts that have left memory, and restarts: the figures are those of an engine that never
//! closed a day, forgot a contact or ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use floorwatch::clock::{Span, Time};
use floorwatch::engine::{
    Archive, ArchivedContact, ArchivedSegment, Checkpoint, ContactNow, Engine, PortionOutcome, PortionedQuestion,
    Settings,
};
use floorwatch::event::{Channel, Event, EventKind, LeftReason, Offer, Scored, Step, Survey, TransferKind};
use floorwatch::kpi::{Answer, CATALOGUE, CountingRules, Dim, Every, KpiId, Period, Query, Slice};
use floorwatch::report::{InputSummary, Report, ReportQuery};
use floorwatch::text::{Label, Patterns};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// Monday 2 March 2026, 08:00 UTC.
const START: i64 = 1_772_438_400 * SECOND;
const QUEUES: [&str; 3] = ["sales", "billing", "support"];
const INTENTS: [&str; 3] = ["refund", "order", "address"];
const AGENTS: [&str; 4] = ["ann", "bo", "cy", "di"];

/// What a journal holds of an engine.
#[derive(Debug, Default)]
struct Stored {
    segments: BTreeMap<u64, ArchivedSegment>,
    contacts: BTreeMap<u64, ArchivedContact>,
    /// The number of the checkpoint, how many events it contains, and the state.
    checkpoint: (u64, usize, Vec<u8>),
}

#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Stored>>);

impl Memory {
    fn store(&self, checkpoint: Checkpoint, events: usize) {
        let mut stored = self.0.lock().unwrap();
        if let Some(from) = checkpoint.replaces_from {
            stored.contacts.clear();
            stored.segments.retain(|_, segment| segment.last < from);
        }
        stored.segments.extend(checkpoint.segments.into_iter().map(|segment| (segment.id, segment)));
        stored.contacts.extend(checkpoint.contacts.into_iter().map(|contact| (contact.number, contact)));
        stored.checkpoint = (checkpoint.number, events, checkpoint.state);
    }
}

impl Archive for Memory {
    fn stored(&self) -> u64 {
        self.0.lock().unwrap().checkpoint.0
    }

    fn segment(&self, id: u64) -> Option<Vec<u8>> {
        Some(self.0.lock().unwrap().segments.get(&id)?.bytes.to_vec())
    }

    fn contacts_by_id(&self, id_hash: u64) -> Vec<ArchivedContact> {
        self.0.lock().unwrap().contacts.values().filter(|contact| contact.id_hash == id_hash).cloned().collect()
    }

    fn contact(&self, number: u64) -> Option<ArchivedContact> {
        self.0.lock().unwrap().contacts.get(&number).cloned()
    }

    fn each_contact(&self, from: Time, before: (Time, u64), each: &mut dyn FnMut(ArchivedContact) -> bool) {
        let mut all: Vec<_> = self.0.lock().unwrap().contacts.values().cloned().collect();
        all.retain(|contact| contact.ended >= from && (contact.ended, contact.number) < before);
        all.sort_by_key(|contact| std::cmp::Reverse((contact.ended, contact.number)));
        for contact in all {
            if !each(contact) {
                break;
            }
        }
    }
}

/// One contact, and how late what is said of it arrives.
#[derive(Clone, Debug)]
struct Call {
    joined: i64,
    customer: usize,
    queue: usize,
    intent: usize,
    channel: usize,
    wait: i64,
    /// 0 abandoned, 1 left, 2 completed, 3 transferred to another queue
    end: u8,
    agent: usize,
    talk: i64,
    /// All of it arrives so much later.
    late: i64,
    /// A survey, a classification, a customer's name or a score: which, and how long after the end.
    remarks: Vec<(u8, i64)>,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let remark = (0..5u8, prop_oneof![0..HOUR, 0..6 * DAY]);
    let late = prop_oneof![3 => Just(0), 1 => 0..20 * HOUR];
    let one = (
        (0..12 * DAY, 0..5usize, 0..3usize, 0..4usize, 0..3usize),
        (1..200 * SECOND, 0..4u8, 0..4usize, 1..900 * SECOND),
        (late, proptest::collection::vec(remark, 0..3)),
    );
    let one =
        one.prop_map(|((joined, customer, queue, intent, channel), (wait, end, agent, talk), (late, remarks))| Call {
            joined: START + joined,
            customer,
            queue,
            intent,
            channel,
            wait,
            end,
            agent,
            talk,
            late,
            remarks,
        });
    proptest::collection::vec(one, 1..120)
}

/// The events, in the order in which they arrive.
fn events(calls: &[Call]) -> Vec<Event> {
    let mut out: Vec<(i64, Event)> = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let contact: Label = format!("c{number}").as_str().into();
        let mut say = |at: i64, late: i64, step: Step| {
            let kind = EventKind::Contact { contact: contact.clone(), queue: None, step };
            out.push((at + late, Event { at: Time(at), origin: "test".into(), id: None, kind }));
        };
        let offer = |queue: usize| Offer {
            queue: QUEUES[queue].into(),
            channel: [Channel::Voice, Channel::Chat, Channel::Email][call.channel],
            intent: INTENTS.get(call.intent).map(|intent| (*intent).into()),
            customer: (call.customer != 0).then(|| format!("cu{}", call.customer).as_str().into()),
            priority: Some(3),
            position: Some(2),
            auth_steps: Some(1),
            untimed: false,
            sampled: false,
        };
        say(call.joined, call.late, Step::Offered(offer(call.queue)));
        let (answered, ended) = (call.joined + call.wait, call.joined + call.wait + call.talk);
        match call.end {
            0 => say(answered, call.late, Step::Abandoned { wait: None, position: None }),
            1 => say(answered, call.late, Step::Left { reason: LeftReason::Timeout, wait: None }),
            end => {
                say(answered, call.late, Step::Answered { agent: AGENTS[call.agent].into(), wait: None });
                let (kind, to_queue) = (TransferKind::Blind, None);
                say(
                    ended,
                    call.late,
                    match end {
                        2 => Step::Completed { agent: None, ended_by: None, talk: None, hold: None },
                        _ => Step::Transferred {
                            agent: None,
                            kind,
                            to_queue,
                            to_agent: None,
                            to_number: None,
                            talk: None,
                        },
                    },
                );
                if end == 3 {
                    say(ended + SECOND, call.late, Step::Offered(offer((call.queue + 1) % 3)));
                    say(ended + 60 * SECOND, call.late, Step::Abandoned { wait: None, position: None });
                }
            }
        }
        for (which, after) in &call.remarks {
            let step = match which {
                0 => Step::Survey(Survey {
                    csat: Some(Scored { score: 4.0, min: 1.0, max: 5.0 }),
                    nps: Some(9),
                    ..Survey::default()
                }),
                1 => Step::Classified { intent: INTENTS[call.agent % 3].into() },
                2 => Step::Identified { customer: format!("cu{}", call.agent + 1).as_str().into() },
                3 => Step::Quality { evaluator: "eve".into(), score: 80.0, failures: Vec::new() },
                _ => Step::Reopened,
            };
            // Whose contact it is, and about what, must be known within a day: `fcr` looks no further back for it.
            let after = if matches!(which, 1 | 2) { after % (3 * HOUR) } else { *after };
            say(ended + 120 * SECOND + after, call.late, step);
        }
    }
    out.sort_by_key(|(arrives, _)| *arrives);
    out.into_iter().map(|(_, event)| event).collect()
}

fn settings() -> Settings {
    let keep = Some(Span(400 * DAY));
    // So few contacts stay in memory that most that are over are read from the archive, as in a large centre, and in many
    // portions.
    Settings {
        keep,
        resting_contacts: 5,
        searched_at_once: 3,
        contact_ttl: Span(400 * DAY),
        lateness: Span(HOUR),
        ..Settings::default()
    }
}

/// What happens after an event, beside the next one.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A checkpoint is made and stored, or made and lost with the process.
    Checkpoint { stored: bool },
    /// The process ends, and a new one goes on.
    Restart,
    /// The same, and the checkpoint can't be read.
    RestartWithDamage,
    /// Somebody asks. The first question is counted in portions, one after each further event.
    Question,
}

fn happenings() -> impl Strategy<Value = Vec<(usize, Happening)>> {
    let what = prop_oneof![
        4 => any::<bool>().prop_map(|stored| Happening::Checkpoint { stored }),
        2 => Just(Happening::Restart),
        1 => Just(Happening::RestartWithDamage),
        2 => Just(Happening::Question),
    ];
    proptest::collection::vec((0..500usize, what), 0..12)
}

/// An engine that lives through all of it.
fn lived(events: &[Event], happenings: &[(usize, Happening)]) -> Engine {
    let memory = Memory::default();
    let begin = |archive: &Memory| {
        let mut engine = Engine::new(settings());
        let segments = archive.0.lock().unwrap().segments.values().cloned().collect();
        // All events are there: no segment is needed.
        engine.begin_beside(Box::new(archive.clone()), segments, Time(i64::MIN));
        engine
    };
    let apply = |engine: &mut Engine, event: &Event| {
        engine.apply(event);
        engine.advance(engine.newest());
    };
    let mut engine = begin(&memory);
    let mut under_way: Option<PortionedQuestion> = None;
    let query = query(0, 20 * DAY, &[Dim::Queue, Dim::Agent], None);
    for (place, event) in events.iter().enumerate() {
        apply(&mut engine, event);
        if let Some(portioned) = &mut under_way
            && engine.count_portion(portioned, ASKED) != PortionOutcome::Partly
        {
            engine.ask(&query, ASKED);
            engine.end_portions();
            under_way = None;
        }
        for (_, happening) in happenings.iter().filter(|(at, _)| at % events.len() == place) {
            match happening {
                Happening::Checkpoint { stored } => {
                    let checkpoint = engine.checkpoint();
                    if let Some(checkpoint) = checkpoint.filter(|_| *stored) {
                        memory.store(checkpoint, place + 1);
                    }
                }
                Happening::Restart | Happening::RestartWithDamage => {
                    under_way = None;
                    let (number, contained, mut state) = memory.0.lock().unwrap().checkpoint.clone();
                    if matches!(happening, Happening::RestartWithDamage)
                        && let Some(byte) = state.last_mut()
                    {
                        *byte ^= 1;
                    }
                    let restored = Engine::restore(&settings(), &state, Box::new(memory.clone()));
                    assert_eq!(restored.is_some(), number > 0 && matches!(happening, Happening::Restart));
                    let contained = if restored.is_some() { contained } else { 0 };
                    engine = restored.unwrap_or_else(|| begin(&memory));
                    for event in &events[contained..=place] {
                        apply(&mut engine, event);
                    }
                    engine.caught_up(engine.newest());
                }
                Happening::Question if under_way.is_none() => {
                    under_way = engine.begin_portions(&query, &Patterns::default(), usize::MAX, ASKED);
                }
                Happening::Question => drop(answers(&mut engine, &[(0, 14 * DAY)])),
            }
        }
    }
    assert_eq!(engine.unreadable_days().count(), 0);
    engine
}

const KPIS: [KpiId; 21] = [
    KpiId::Offered,
    KpiId::Answered,
    KpiId::Abandoned,
    KpiId::Left,
    KpiId::Handled,
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::AnswerP50,
    KpiId::AnswerP90,
    KpiId::MaxWait,
    KpiId::Aht,
    KpiId::TransferRate,
    KpiId::Fcr,
    KpiId::RepeatRate,
    KpiId::ChannelSwitchRate,
    KpiId::Csat,
    KpiId::Nps,
    KpiId::QualityScore,
    KpiId::UnknownEnd,
    KpiId::SpeedTrap,
];

/// When everything is asked.
const ASKED: Time = Time(START + 30 * DAY);

fn query(from: i64, length: i64, by: &[Dim], every: Option<Every>) -> Query {
    let over = Period::Range(Time(START + from), Time(START + from + length));
    Query { of: Slice::TOTAL, by: by.to_vec(), over, every, kpis: KPIS.to_vec(), formula: None }
}

/// The answer to a question whose closed days are counted in portions.
fn asked(engine: &mut Engine, query: &Query) -> Answer {
    if let Some(mut portioned) = engine.begin_portions(query, &Patterns::default(), usize::MAX, ASKED) {
        while engine.count_portion(&mut portioned, ASKED) == PortionOutcome::Partly {}
    }
    let answer = engine.ask(query, ASKED);
    engine.end_portions();
    answer
}

/// All figures of some ranges, in all and by every dimension, as text.
fn answers(engine: &mut Engine, ranges: &[(i64, i64)]) -> Vec<String> {
    let mut out = Vec::new();
    for (from, length) in ranges {
        for (by, every) in [
            (vec![], None),
            (vec![Dim::Queue], None),
            (vec![Dim::Intent, Dim::Channel], None),
            (vec![Dim::Queue, Dim::Agent], None),
            (vec![Dim::Channel], Some(Every::Days(1))),
        ] {
            for of in [Slice::TOTAL, Slice::of(Dim::Intent, "refund".into())] {
                let answer = asked(engine, &Query { of, ..query(*from, *length, &by, every) });
                out.extend(answer.total.iter().map(|figure| format!("{by:?} total {figure:?}")));
                // Zero rows are those of which everything was taken back.
                out.extend(answer.rows.iter().map(|row| format!("{} {:?} {:?}", row.key, row.start, row.figures)));
            }
        }
    }
    out
}

fn listed(engine: &mut Engine, from: i64, length: i64) -> Vec<String> {
    let over = Period::Range(Time(START + from), Time(START + from + length));
    let all = engine.contacts(&Slice::TOTAL, over, ASKED, false, 1000);
    let mut all: Vec<String> = all
        .into_iter()
        .map(|contact| {
            let ContactNow { contact, queue, intent, customer, agent, joined, ended, outcome, csat, repeat, .. } =
                contact;
            format!("{contact} {queue} {intent} {customer} {agent} {joined} {ended:?} {outcome} {csat:?} {repeat}")
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_question_known_before_has_the_answer_of_one_asked_afterwards(calls in calls()) {
        let events = events(&calls);
        for (by, every) in [
            (vec![], None),
            (vec![Dim::Queue], None),
            (vec![Dim::Queue, Dim::Agent], None),
            (vec![Dim::Intent], Some(Every::Days(1))),
        ] {
            let kpis = CATALOGUE.iter().map(|kpi| kpi.id).collect();
            let wanted = ReportQuery { by, every, kpis, ..ReportQuery::default() };
            let report = |known_before: bool| {
                let mut engine = Engine::new(Settings { keep: None, ..settings() });
                if known_before {
                    engine.count_only(&wanted.by, wanted.every);
                }
                for event in &events {
                    engine.apply(event);
                    engine.advance(engine.newest());
                }
                let first = events.iter().map(|event| event.at).min();
                Report::of(&mut engine, &wanted, first, InputSummary::default())
            };
            prop_assert_eq!(report(true), report(false));
        }
    }

    #[test]
    fn closed_days_and_restarts_change_no_figure(
        calls in calls(),
        happenings in happenings(),
        from in 0..13 * DAY,
        length in 1..9 * DAY,
    ) {
        let events = events(&calls);
        let mut plain = Engine::new(settings());
        for event in &events {
            plain.apply(event);
        }
        let mut lived = lived(&events, &happenings);
        let ranges = [(0, 20 * DAY), (from, length), (from - from % DAY + 16 * HOUR, DAY)];
        let (expected, found) = (answers(&mut plain, &ranges), answers(&mut lived, &ranges));
        for (expected, found) in expected.iter().zip(&found) {
            prop_assert_eq!(expected, found);
        }
        prop_assert_eq!(expected.len(), found.len());
        prop_assert_eq!(listed(&mut plain, from, length), listed(&mut lived, from, length));
    }
}

/// What an engine keeps in memory is what its checkpoints hold, so that their length tells how it grows.
#[test]
fn a_fortnight_takes_no_more_memory_than_three_days() {
    const CALLS_A_DAY: i64 = 400;
    let rules = CountingRules { fcr_window: Span(DAY), ..CountingRules::default() };
    let settings = Settings { rules, resting_contacts: 50, ..settings() };
    let call = |number: i64| {
        let n = usize::try_from(number).unwrap();
        Call {
            joined: START + number / CALLS_A_DAY * DAY + number % CALLS_A_DAY * 90 * SECOND,
            // Every fourth comes again on the next day.
            customer: if n.is_multiple_of(4) { n.saturating_sub(399) } else { n },
            queue: n % 3,
            intent: n / 3 % 4,
            channel: n % 5 % 3,
            wait: (number * 7_919 % 200 + 1) * SECOND,
            end: u8::try_from(n % 7 % 4).unwrap(),
            agent: n % 4,
            talk: (number * 104_729 % 900 + 1) * SECOND,
            late: if n.is_multiple_of(50) { 2 * HOUR } else { 0 },
            remarks: if n.is_multiple_of(9) { vec![(0, 3 * HOUR), (3, DAY)] } else { Vec::new() },
        }
    };
    let events = events(&(0..14 * CALLS_A_DAY).map(call).collect::<Vec<_>>());
    let memory = Memory::default();
    let (mut engine, mut plain) = (Engine::new(settings.clone()), Engine::new(settings));
    engine.begin_beside(Box::new(memory.clone()), Vec::new(), Time(i64::MIN));
    let mut lengths: Vec<usize> = Vec::new();
    let mut day = START + 12 * HOUR;
    for event in &events {
        if event.at.0 >= day {
            // The first one stores what leaves memory; the second one is without it.
            for _ in 0..2 {
                let checkpoint = engine.checkpoint().unwrap();
                lengths.extend((memory.stored() % 2 == 1).then_some(checkpoint.state.len()));
                memory.store(checkpoint, 0);
            }
            day += DAY;
        }
        engine.apply(event);
        engine.advance(engine.newest());
        plain.apply(event);
    }
    let ranges = [(0, 14 * DAY), (3 * DAY, 5 * DAY), (12 * DAY + HOUR, 7 * HOUR)];
    assert_eq!(answers(&mut engine, &ranges), answers(&mut plain, &ranges));
    let (early, later) = lengths.split_at(3);
    let most = later.iter().max().unwrap();
    assert!(later.len() >= 10 && *most <= early[2] + early[2] / 10, "bytes at the end of each day: {lengths:?}");
}
