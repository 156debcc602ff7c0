use std::collections::BTreeMap;

use chrono::Datelike;

use super::*;
use crate::clock::Time;
use crate::engine::Engine;
use crate::event::{Channel, Event, EventKind, Offer, Scored, Step, Survey};
use crate::kpi::{Calendar, KpiId};

/// A contact as it was made: what the recount counts.
#[derive(Clone, Debug)]
struct Made {
    at: i64,
    intent: &'static str,
    channel: Channel,
    /// The wait of one that was answered, in seconds; else it hung up.
    answered: Option<i64>,
    talk: i64,
    csat: Option<u8>,
}

/// A small linear congruential generator: the centre must be the same on every machine.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % limit).unwrap()
    }
}

/// Monday, 1 September 2025.
const FIRST_DAY: i64 = 1_756_684_800;
const DAYS: i64 = 30 * 7;
/// The first second of the last week, in which refunds double and callers wait longer.
const LAST_WEEK: i64 = FIRST_DAY + (DAYS - 7) * 86_400;
/// The instant at which the digests are made: Monday, 30 March 2026, at 07:00.
const AT: i64 = FIRST_DAY + DAYS * 86_400 + 7 * 3600;

/// Thirty weeks of a small centre that is closed on Sundays.
fn centre() -> Vec<Made> {
    let mut random = Lcg(20_260_330);
    let mut made = Vec::new();
    for day in (0..DAYS).filter(|day| day % 7 != 6) {
        for _ in 0..40 + random.below(8) {
            let at = FIRST_DAY + day * 86_400 + 8 * 3600 + random.below(36_000);
            let last = at >= LAST_WEEK;
            let intent = match random.below(if last { 14 } else { 10 }) {
                0..=4 => "billing",
                5..=7 => "moving home",
                _ => "refund",
            };
            let channel = if random.below(4) == 0 { Channel::Email } else { Channel::Voice };
            let hangs_up = channel == Channel::Voice && random.below(if last { 8 } else { 40 }) == 0;
            let wait = 3 + random.below(if last { 40 } else { 20 });
            let mut talk = 150 + random.below(120);
            if random.below(400) == 0 {
                talk *= 9;
            }
            let csat = (random.below(6) == 0).then(|| u8::try_from(3 + random.below(3)).unwrap());
            made.push(Made { at, intent, channel, answered: (!hangs_up).then_some(wait), talk, csat });
        }
    }
    made.sort_by_key(|contact| contact.at);
    made
}

fn engine(made: &[Made]) -> Engine {
    let mut events: Vec<(i64, usize, Step)> = Vec::new();
    for (number, contact) in made.iter().enumerate() {
        let queue = if contact.channel == Channel::Voice { "phone" } else { "mail" };
        let offer = Offer { intent: Some(contact.intent.into()), ..Offer::new(queue.into(), contact.channel) };
        events.push((contact.at, number, Step::Offered(offer)));
        let Some(wait) = contact.answered else {
            events.push((contact.at + 30, number, Step::Abandoned { wait: None, position: None }));
            continue;
        };
        let (answered, ended) = (contact.at + wait, contact.at + wait + contact.talk);
        events.push((answered, number, Step::Answered { agent: "ann".into(), wait: None }));
        events.push((ended, number, Step::Completed { agent: None, ended_by: None, talk: None, hold: None }));
        if let Some(score) = contact.csat {
            let csat = Some(Scored { score: f64::from(score), min: 1.0, max: 5.0 });
            let survey = Survey { csat, ..Survey::default() };
            events.push((ended + 60, number, Step::Survey(survey)));
        }
    }
    events.sort_by_key(|(at, number, _)| (*at, *number));
    let mut engine = Engine::new(crate::engine::Settings { keep: None, ..Default::default() });
    for (at, number, step) in events {
        let kind = EventKind::Contact { contact: format!("c{number}").as_str().into(), queue: None, step };
        engine.apply(&Event { at: Time::from_unix(at), origin: "test".into(), id: None, kind });
    }
    engine.finish(Time::from_unix(AT));
    engine
}

fn digest(cadence: Cadence, made: &[Made]) -> Digest {
    let now = Time::from_unix(AT);
    let period = DigestPeriod::before(cadence, now, Calendar::default());
    let data = DigestData::of_engine(&mut engine(made), &period, now).unwrap();
    Digest { period, data }
}

#[test]
fn a_digest_of_each_cadence_from_thirty_weeks() {
    let made = centre();
    for cadence in Cadence::ALL {
        insta::assert_snapshot!(format!("digest-{}", cadence.key()), digest(cadence, &made).markdown());
    }
}

#[test]
fn a_digest_is_a_page_with_drawings() {
    let html = digest(Cadence::Weekly, &centre()).html();
    assert!(html.matches("<svg").count() >= 6, "{html}");
    assert!(!html.contains("http") && !html.contains("<script"), "{html}");
    let german = &crate::language::tests::GERMAN;
    let text = crate::language::with(german, || digest(Cadence::Weekly, &centre()).markdown());
    assert!(text.contains("## Was zu tun ist") && !text.contains("What"), "{text}");
}

/// The figures of each step are those that a loop over the contacts counts.
#[test]
fn the_figures_are_those_of_a_recount() {
    let made = centre();
    let digest = digest(Cadence::Weekly, &made);
    let value = |figures: &[crate::kpi::Figure], kpi| data::figure(figures, kpi).and_then(|figure| figure.value);
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    let close = |a: Option<f64>, b: f64| assert!(a.is_some_and(|a| (a - b).abs() < 1e-9), "{a:?} {b}");
    for (step, answer) in digest.period.steps().zip(&digest.data.steps) {
        let of: Vec<&Made> =
            made.iter().filter(|contact| (step.start..step.end).contains(&Time::from_unix(contact.at))).collect();
        let waits: Vec<i64> = of.iter().filter_map(|contact| contact.answered).collect();
        close(value(&answer.total, KpiId::Offered), count(of.len()));
        let in_time = waits.iter().filter(|wait| **wait <= 20).count();
        close(value(&answer.total, KpiId::ServiceLevel), 100.0 * count(in_time) / count(of.len()));
        let waited: i64 = waits.iter().sum();
        close(value(&answer.total, KpiId::Asa), f64::from(i32::try_from(waited).unwrap()) / count(waits.len()));
        let hung_up = of.iter().filter(|contact| contact.answered.is_none()).count();
        close(value(&answer.total, KpiId::AbandonmentRate), 100.0 * count(hung_up) / count(of.len()));
        let talk: i64 = of.iter().filter(|contact| contact.answered.is_some()).map(|contact| contact.talk).sum();
        close(value(&answer.total, KpiId::Aht), f64::from(i32::try_from(talk).unwrap()) / count(waits.len()));
        let scores: Vec<u8> = of.iter().filter(|c| c.answered.is_some()).filter_map(|contact| contact.csat).collect();
        let satisfied = scores.iter().filter(|score| **score >= 4).count();
        close(value(&answer.total, KpiId::Csat), 100.0 * count(satisfied) / count(scores.len()));
    }
    let mut intents: BTreeMap<&str, usize> = BTreeMap::new();
    for contact in made.iter().filter(|contact| contact.at >= LAST_WEEK) {
        *intents.entry(contact.intent).or_default() += 1;
    }
    for row in &digest.data.intents.rows {
        let intent = row.key.get(crate::kpi::Dim::Intent).unwrap();
        close(value(&row.figures, KpiId::Offered), count(intents[intent.as_str()]));
    }
    assert_eq!((digest.data.intents.rows.len(), digest.period.own_days().start.day()), (3, 23));
}

#[test]
fn a_digest_says_where_it_has_nothing_to_compare_with() {
    let made: Vec<Made> = centre().into_iter().filter(|contact| contact.at >= LAST_WEEK).collect();
    let text = digest(Cadence::Weekly, &made).markdown();
    assert!(text.contains("0 of 12 earlier steps") && text.contains("no baseline: 0 of 8 steps"), "{text}");
    let nothing = digest(Cadence::Weekly, &[]).markdown();
    assert!(nothing.contains("Nothing was counted in this time."), "{nothing}");
}
