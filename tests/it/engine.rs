//! Compares the engine with a naive recount, for any window and slice and any order of events.

use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings};
use floorwatch::event::{Channel, Event, EventKind, LeftReason, Offer, Scored, Step, Survey, TransferKind};
use floorwatch::kpi::{Dim, KpiId, Period, Query, Slice};
use floorwatch::text::Label;
use proptest::prelude::*;

const QUEUES: [&str; 3] = ["sales", "billing", "support"];
const INTENTS: [&str; 3] = ["", "refund", "order"];
const AGENTS: [&str; 4] = ["ann", "bo", "cy", "di"];
/// Monday 2 March 2026, 08:00 UTC.
const START: i64 = 1_772_438_400_000_000;

/// A visit, as it really was.
#[derive(Clone, Debug)]
struct Visit {
    customer: usize,
    queue: usize,
    intent: usize,
    channel: usize,
    joined: i64,
    wait: i64,
    /// 0: still waiting, 1: abandoned, 2: left, 3: answered and talking, 4: completed, 5: transferred
    end: u8,
    agent: usize,
    talk: i64,
    hold: i64,
    acw: i64,
    csat: Option<u8>,
    /// The intent becomes known only at the end.
    classified_late: bool,
}

impl Visit {
    fn answered(&self) -> bool {
        self.end >= 3
    }
    fn handled(&self) -> bool {
        self.end >= 4
    }
    fn answer_at(&self) -> i64 {
        self.joined + self.wait
    }
    fn end_at(&self) -> i64 {
        self.answer_at() + if self.answered() { self.talk + self.hold } else { 0 }
    }
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let one = (
        (0..6usize, 0..3usize, 0..3usize, 0..3usize),
        (0..7_200_000_000i64, 1..200_000_000i64, 0..6u8, 0..4usize),
        (1..600_000_000i64, prop_oneof![Just(0), 1..60_000_000i64], 1..60_000_000i64),
        (proptest::option::of(1..=5u8), any::<bool>()),
    );
    let one = one.prop_map(
        |((customer, queue, intent, channel), (joined, wait, end, agent), (talk, hold, acw), (csat, late))| Visit {
            customer,
            queue,
            intent,
            channel,
            joined: START + joined,
            wait,
            end,
            agent,
            talk,
            hold,
            acw,
            csat,
            classified_late: late,
        },
    );
    proptest::collection::vec(one, 1..40)
}

fn channel(visit: &Visit) -> Channel {
    [Channel::Voice, Channel::Chat, Channel::Callback][visit.channel]
}

/// The events of the visits, each a contact of its own.
fn events(visits: &[Visit]) -> Vec<Event> {
    let mut out = Vec::new();
    for (number, v) in visits.iter().enumerate() {
        let contact: Label = format!("c{number}").as_str().into();
        let mut say = |at: i64, step: Step| {
            let kind = EventKind::Contact { contact: contact.clone(), queue: None, step };
            out.push(Event {
                at: Time(at),
                origin: "test".into(),
                id: Some(format!("{}", out.len()).as_str().into()),
                kind,
            });
        };
        let agent: Label = AGENTS[v.agent].into();
        say(
            v.joined,
            Step::Offered(Offer {
                intent: (v.intent != 0 && !v.classified_late).then(|| INTENTS[v.intent].into()),
                // Customer 0 is unknown.
                customer: (v.customer != 0).then(|| format!("cu{}", v.customer).as_str().into()),
                position: Some(1),
                ..Offer::new(QUEUES[v.queue].into(), channel(v))
            }),
        );
        match v.end {
            0 => {}
            1 => say(v.answer_at(), Step::Abandoned { wait: None, position: None }),
            2 => say(v.answer_at(), Step::Left { reason: LeftReason::Timeout, wait: None }),
            _ => say(v.answer_at(), Step::Answered { agent: agent.clone(), wait: None }),
        }
        if v.handled() {
            if v.hold > 0 {
                say(v.answer_at() + 1, Step::Held);
                say(v.answer_at() + 1 + v.hold, Step::Resumed);
            }
            if v.end == 4 {
                say(v.end_at(), Step::Completed { agent: None, ended_by: None, talk: None, hold: None });
            } else {
                say(
                    v.end_at(),
                    Step::Transferred {
                        agent: None,
                        kind: TransferKind::Blind,
                        to_queue: None,
                        to_agent: None,
                        to_number: None,
                        talk: None,
                    },
                );
            }
            say(v.end_at() + v.acw, Step::Wrapped { agent, acw: None });
            if let Some(score) = v.csat {
                let csat = Some(Scored { score: f64::from(score), min: 1.0, max: 5.0 });
                say(v.end_at() + v.acw + 1, Step::Survey(Survey { csat, ..Survey::default() }));
            }
        }
        if v.classified_late && v.intent != 0 {
            say(v.end_at() + v.acw + 2, Step::Classified { intent: INTENTS[v.intent].into() });
        }
    }
    out.sort_by_key(|event| event.at);
    out
}

fn settings() -> Settings {
    Settings { keep: None, ..Settings::default() }
}

fn fed(events: &[Event]) -> Engine {
    let mut engine = Engine::new(settings());
    for event in events {
        engine.apply(event);
    }
    engine
}

const KPIS: [KpiId; 18] = [
    KpiId::Offered,
    KpiId::Answered,
    KpiId::Abandoned,
    KpiId::ShortAbandoned,
    KpiId::Left,
    KpiId::Handled,
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::AnswerP50,
    KpiId::MaxWait,
    KpiId::Aht,
    KpiId::Hold,
    KpiId::TransferRate,
    KpiId::Fcr,
    KpiId::RepeatRate,
    KpiId::ChannelSwitchRate,
    KpiId::Csat,
];

/// The definitions of docs/kpis.md, counted as simply as possible.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn recount(all: &[Visit], keep: &dyn Fn(&Visit) -> bool, from: i64, to: i64) -> Vec<Option<f64>> {
    let within = |at: i64| (from..to).contains(&at);
    let count = |test: &dyn Fn(&Visit) -> bool| all.iter().filter(|v| keep(v) && test(v)).count() as f64;
    let sum = |test: &dyn Fn(&Visit) -> bool, value: &dyn Fn(&Visit) -> i64| {
        all.iter().filter(|v| keep(v) && test(v)).map(value).sum::<i64>() as f64 / 1e6
    };
    let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
    let percent = |a: f64, b: f64| ratio(100.0 * a, b);
    let joined = |v: &Visit| within(v.joined);
    let answered = |v: &Visit| v.answered() && within(v.answer_at());
    let abandoned = |v: &Visit| v.end == 1 && within(v.answer_at());
    let left = |v: &Visit| v.end == 2 && within(v.answer_at());
    let handled = |v: &Visit| v.handled() && within(v.end_at());
    let short = |v: &Visit| abandoned(v) && v.wait < 5_000_000;
    let wrapped = |v: &Visit| v.handled() && within(v.end_at() + v.acw);
    let surveyed = |v: &Visit| v.handled() && v.csat.is_some() && within(v.end_at() + v.acw + 1);
    let (an, ab, sa, le) = (count(&answered), count(&abandoned), count(&short), count(&left));
    let mut waits: Vec<i64> = all.iter().filter(|v| keep(v) && answered(v)).map(|v| v.wait).collect();
    waits.sort_unstable();
    let median = (!waits.is_empty()).then(|| {
        let (low, high) = (waits[(waits.len() - 1) / 2], waits[waits.len() / 2]);
        (low + high) as f64 / 2e6
    });
    let ended = |v: &Visit| answered(v) || abandoned(v) || left(v);
    let longest = all.iter().filter(|v| keep(v) && ended(v)).map(|v| v.wait).max().map(|w| w as f64 / 1e6);
    // The contacts about one matter: same customer, and same intent, or same queue if the intent is unknown.
    let same = |a: &Visit, b: &Visit| {
        a.customer != 0 && a.customer == b.customer && a.intent == b.intent && (a.intent != 0 || a.queue == b.queue)
    };
    let order = |v: &Visit| (v.joined, std::ptr::from_ref(v) as usize);
    let earlier =
        |v: &Visit, test: &dyn Fn(&Visit) -> bool| all.iter().any(|e| same(e, v) && order(e) < order(v) && test(e));
    let first = |v: &Visit| v.customer != 0 && handled(v) && !earlier(v, &|e| e.handled());
    let resolved = |v: &Visit| first(v) && v.end != 5 && !all.iter().any(|e| same(e, v) && order(e) > order(v));
    let repeat = |v: &Visit| joined(v) && earlier(v, &|_| true);
    let switched = |v: &Visit| joined(v) && earlier(v, &|e| e.channel != v.channel);
    // If no customer is known, nobody can come back: the figure is unknown, not zero.
    let known = all.iter().any(|v| v.customer != 0);
    // The same holds for what is never told of any call.
    let tells = |of: &dyn Fn(&Visit) -> bool| all.iter().any(|v| v.handled() && of(v));
    let handle = sum(&handled, &|v| v.talk + v.hold) + sum(&wrapped, &|v| v.acw);
    vec![
        Some(count(&joined)),
        Some(an),
        Some(ab),
        Some(sa),
        Some(le),
        Some(count(&handled)),
        percent(count(&|v| answered(v) && v.wait <= 20_000_000), an + ab + le),
        percent(ab - sa, an + ab - sa + le),
        ratio(sum(&answered, &|v| v.wait), an),
        median,
        longest,
        ratio(handle, count(&handled)),
        ratio(sum(&handled, &|v| v.hold), count(&handled)).filter(|_| tells(&|v| v.hold > 0)),
        percent(count(&|v| handled(v) && v.end == 5), count(&handled)).filter(|_| tells(&|v| v.end == 5)),
        percent(count(&resolved), count(&first)),
        percent(count(&repeat), count(&joined)).filter(|_| known),
        percent(count(&switched), count(&|v| joined(v) && v.customer != 0)),
        percent(count(&|v| surveyed(v) && v.csat.is_some_and(|c| c >= 4)), count(&surveyed)),
    ]
}

/// Whether a visit is in a slice.
type Within = Box<dyn Fn(&Visit) -> bool>;

/// Slices with the test that tells which visits are in them.
fn slices() -> Vec<(Slice, Within)> {
    let mut out: Vec<(Slice, Within)> = vec![(Slice::TOTAL, Box::new(|_| true))];
    for (q, queue) in QUEUES.into_iter().enumerate() {
        out.push((Slice::of(Dim::Queue, queue.into()), Box::new(move |v| v.queue == q)));
        for (i, intent) in INTENTS.into_iter().enumerate() {
            let slice = Slice::of(Dim::Queue, queue.into()).and(Dim::Intent, intent.into());
            out.push((slice, Box::new(move |v| v.queue == q && v.intent == i)));
        }
    }
    for (a, agent) in AGENTS.into_iter().enumerate() {
        out.push((Slice::of(Dim::Agent, agent.into()), Box::new(move |v| v.answered() && v.agent == a)));
    }
    out.push((Slice::of(Dim::Channel, "chat".into()), Box::new(|v| v.channel == 1)));
    out
}

fn assert_same(engine: &mut Engine, all: &[Visit], from: i64, to: i64) {
    for (slice, keep) in slices() {
        let over = Period::Range(Time(from), Time(to));
        let query = Query { of: slice.clone(), by: vec![], over, every: None, kpis: KPIS.to_vec(), formula: None };
        let got = engine.ask(&query, Time(START + 3 * Span::HOUR.0)).total;
        for ((figure, expected), kpi) in got.iter().zip(recount(all, &*keep, from, to)).zip(KPIS) {
            let near = match (figure.value, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                (a, b) => a == b,
            };
            assert!(near, "{slice} {}: {:?}, recounted {expected:?}", kpi.def().key, figure.value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_window_equals_a_recount(all in visits(), from in -600..7_800i64, length in 1..9_000i64) {
        let from = START + from * 1_000_000;
        assert_same(&mut fed(&events(&all)), &all, from, from + length * 1_000_000);
    }

    #[test]
    fn asking_while_events_come_changes_nothing(all in visits(), every in 1..20usize) {
        let mut engine = Engine::new(settings());
        let (from, to) = (START, START + 3 * Span::HOUR.0);
        for (n, event) in events(&all).iter().enumerate() {
            engine.apply(event);
            if n % every == 0 {
                for (slice, _) in slices() {
                    let over = Period::Range(Time(from), Time(to));
                    engine.ask(&Query { of: slice, by: vec![], over, every: None, kpis: KPIS.to_vec(), formula: None }, event.at);
                }
            }
        }
        assert_same(&mut engine, &all, from, to);
    }

    #[test]
    fn shuffling_within_lateness_changes_nothing(all in visits(), seed in any::<u64>()) {
        let mut shuffled: Vec<(i64, Event)> = events(&all)
            .into_iter()
            .enumerate()
            .map(|(n, event)| {
                let jitter = (seed.wrapping_mul(n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % 120_000_000;
                (event.at.0 + i64::try_from(jitter).unwrap(), event)
            })
            .collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<Event> = shuffled.into_iter().map(|(_, event)| event).collect();
        assert_same(&mut fed(&shuffled), &all, START, START + 3 * Span::HOUR.0);
    }

    #[test]
    fn offered_is_accounted_for_in_every_slice(all in visits()) {
        let mut engine = fed(&events(&all));
        let kpis = vec![KpiId::Offered, KpiId::Answered, KpiId::Abandoned, KpiId::Left, KpiId::UnknownEnd, KpiId::Waiting];
        for by in [vec![], vec![Dim::Queue], vec![Dim::Agent], vec![Dim::Intent, Dim::Channel], vec![Dim::Queue, Dim::Agent]] {
            let over = Period::Range(Time(START), Time(START + 4 * Span::HOUR.0));
            let query = Query { of: Slice::TOTAL, by, over, every: None, kpis: kpis.clone(), formula: None };
            let answer = engine.ask(&query, Time(START + 4 * Span::HOUR.0));
            let mut sums = vec![0; kpis.len()];
            for row in &answer.rows {
                let n: Vec<u64> = row.figures.iter().map(|f| f.n).collect();
                prop_assert_eq!(n[0], n[1] + n[2] + n[3] + n[4] + n[5], "{}", row.key);
                for (sum, n) in sums.iter_mut().zip(n) {
                    *sum += n;
                }
            }
            // A slice's tallies sum to the total.
            if !query.by.is_empty() {
                prop_assert_eq!(sums, answer.total.iter().map(|f| f.n).collect::<Vec<_>>());
            }
        }
    }
}
