//! A sample floor for tests: a board, and answers that the KPI catalogue computes from invented tallies per queue, intent
//! and half hour, so that parts and totals agree.

mod contacts;
mod troubled;
mod worklist;

use std::sync::{LazyLock, Mutex};

use rustc_hash::FxHashMap;

use crate::alert::{Acknowledgement, Actor, Episode, HistoryEntry, HistoryKind, Severity, State};
use crate::board::{AgentRow, Board, Health, Mode, QueueRow, SourceRow, WaitingRow};
use crate::clock::{Span, Time};
use crate::event::{AgentState, Channel};
use crate::kpi::slice::Every;
use crate::kpi::tally::POSITIONS;
use crate::kpi::{
    AgentTimes, Answer, AnswerRow, Calendar, CountingRules, Dim, Evidence, Figure, KpiId, KpiInputs, Live, Period,
    Query, Slice, Tally, Window,
};
use crate::text::{Label, Text};
pub(super) use contacts::{contacts, states};
pub(super) use troubled::three_sources;
pub(super) use worklist::worklist;

const QUEUES: [(&str, &str, Channel, i64); 10] = [
    ("outages", "Outages", Channel::Voice, 92),
    ("billing", "Billing", Channel::Voice, 60),
    ("moves", "Moving home", Channel::Voice, 30),
    ("meter", "Meter readings", Channel::Voice, 12),
    ("business", "Business customers", Channel::Voice, 8),
    ("chat", "Chat", Channel::Chat, 22),
    ("mail", "E-mail", Channel::Email, 15),
    ("vip", "Priority line", Channel::Voice, 5),
    ("solar", "Solar and heat pumps", Channel::Voice, 18),
    ("complaints", "Complaints", Channel::Voice, 45),
];
const INTENTS: [&str; 9] = [
    "no power",
    "bill too high",
    "payment plan",
    "moving",
    "meter reading",
    "tariff change",
    "password reset",
    "cancellation",
    "",
];
const NAMES: [&str; 12] = ["Ann", "Bo", "Chi", "Dora", "Eli", "Fatima", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena"];
const SURNAMES: [&str; 8] = ["Abel", "Bauer", "Costa", "Diaz", "Eriksen", "Fujita", "García", "Huang"];

/// The time of the sample: a Monday morning.
#[must_use]
pub(super) fn now() -> Time {
    Time::parse_rfc3339("2026-03-02T10:42:17Z").unwrap()
}

fn mix(parts: &[i64]) -> i64 {
    let mut hash: u64 = 0x9e37_79b9_7f4a_7c15;
    for part in parts {
        hash = (hash ^ part.cast_unsigned()).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 29;
    }
    (hash >> 33).cast_signed()
}

/// The tally of one queue, intent and half hour.
fn tally(queue: usize, intent: usize, half_hour: i64) -> Tally {
    let (q, i) = (i64::try_from(queue).unwrap(), i64::try_from(intent).unwrap());
    let stress = QUEUES[queue].3;
    let here = mix(&[q, i, 7]) % 3 == 0 || intent == queue % INTENTS.len();
    if !here {
        return Tally::default();
    }
    let rush = 4 + (half_hour % 14).min(9);
    let offered = (mix(&[q, i, half_hour]) % 9 + rush) * if queue == 0 { 3 } else { 1 };
    let abandoned = offered * (stress + mix(&[half_hour, q]) % 40) / 900;
    let answered = offered - abandoned;
    let mut t = Tally { offered, answered, abandoned, ..Tally::default() };
    for n in 0..answered {
        let wait = (mix(&[q, i, half_hour, n]) % (8 + stress)) * 1_000_000 * if stress > 50 { 2 } else { 1 };
        t.answer_wait.count(wait, 1);
        t.answer_waits.count(wait, 1);
        t.answered_within += i64::from(wait <= 20_000_000);
        let talk = 120 + i * 37 + mix(&[i, n, half_hour]) % 160;
        t.handled += 1;
        t.talk += talk * 1_000_000;
        t.hold += 12_000_000;
        t.acw += 45_000_000;
        t.handle_acw += 45_000_000;
        t.handle.count((talk + 57) * 1_000_000, 1);
        t.first_contacts += 1;
        t.first_resolved += i64::from(mix(&[i, n, q]) % 100 < 86 - i * 2);
        t.transferred += i64::from(mix(&[n, i, 5]) % 11 == 0);
        if mix(&[n, half_hour, q, 17]) % 9 == 0 {
            t.quality.count((70 + mix(&[n, i, 19]) % 25) * 1_000_000, 1);
        }
        if mix(&[n, half_hour, i]) % 6 == 0 {
            let score = 3 + mix(&[n, q, 11, half_hour]) % 3;
            t.csat.count(score * 1_000_000, 1);
            t.csat_top += i64::from(score >= 4);
            t.ces.count((1 + mix(&[n, i, 13]) % 5) * 1_000_000, 1);
            t.nps += 1;
            t.promoters += i64::from(score == 5);
            t.detractors += i64::from(score == 3);
        }
        let position = usize::try_from(mix(&[n, q]) % 6).unwrap();
        t.position_answered[position] += 1;
    }
    for n in 0..abandoned {
        let wait = (20 + mix(&[n, q]) % 90) * 1_000_000;
        t.abandon_wait.count(wait, 1);
        t.abandon_waits.count(wait, 1);
        t.position_abandoned[usize::try_from(1 + mix(&[n, half_hour]) % 5).unwrap().min(POSITIONS.len() - 1)] += 1;
    }
    t.repeats = offered / 9;
    t.tidy(Time(i64::MIN));
    t
}

/// The tally of a slice. Sums are cached: many queries are about the same slice and period.
fn of_slice(slice: &Slice, half_hours: std::ops::Range<i64>) -> Tally {
    type Kept = FxHashMap<(Slice, std::ops::Range<i64>), Tally>;
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    let key = (slice.clone(), half_hours);
    let kept = KEPT.lock().unwrap().get(&key).cloned();
    kept.unwrap_or_else(|| {
        let sum = sum_of(&key.0, key.1.clone());
        KEPT.lock().unwrap().insert(key, sum.clone());
        sum
    })
}

fn sum_of(slice: &Slice, half_hours: std::ops::Range<i64>) -> Tally {
    let mut sum = Tally::default();
    for (at, queue) in QUEUES.iter().enumerate() {
        if slice.get(Dim::Queue).is_some_and(|id| id.as_str() != queue.0) {
            continue;
        }
        for (i, intent) in INTENTS.iter().enumerate() {
            if slice.get(Dim::Intent).is_none_or(|id| id.as_str() == *intent) {
                for half_hour in half_hours.clone() {
                    if slice
                        .get(Dim::Agent)
                        .is_none_or(|id| mix(&[half_hour, i64::try_from(id.as_str().len()).unwrap()]) % 9 == 0)
                    {
                        sum.add(&tally(at, i, half_hour));
                    }
                }
            }
        }
    }
    sum.tidy(Time(i64::MIN));
    sum
}

fn figures(kpis: &[KpiId], tally: &Tally, live: &Live, of_agent: bool, rules: &CountingRules) -> Vec<Figure> {
    let evidence = Evidence {
        csat: true,
        ces: true,
        nps: true,
        customers: true,
        positions: true,
        transfers: true,
        holds: true,
        wraps: true,
        rings: true,
        exits: true,
        quality: true,
        ..Evidence::default()
    };
    // Where a question asks for nothing else, two dozen agents were staffed in each half hour.
    let staffed = AgentTimes { staffed: Span::seconds(24 * 1_800), available: Span::ZERO, known: true };
    let times = (kpis == [KpiId::ContactsPerHour]).then_some(&staffed);
    let reading = KpiInputs { tally, live, times, baseline: None, rules, evidence, of_agent, now: now() };
    let figure = |id: &KpiId| {
        let kpi = id.def();
        let mut figure = (kpi.compute)(&reading);
        figure.verdict = kpi.bands.verdict(kpi.better, &figure, reading.rules.min_samples, kpi.sampled);
        figure
    };
    kpis.iter().map(figure).collect()
}

/// The sample floor's answer to a query.
#[must_use]
pub(super) fn answer(query: &Query, board: &Board) -> Answer {
    let rules = CountingRules { formula: query.formula.unwrap_or(board.rules.formula), ..board.rules.clone() };
    let window = match query.over {
        Period::Window(window) => window,
        Period::Range(..) => Window::Today,
    };
    let range = match query.over {
        Period::Window(window) => window.range(board.at, &board.calendar),
        Period::Range(from, to) => from..to,
    };
    let last = board.at.0 / Span::MINUTE.0 / 30;
    let steps = match window {
        Window::M15 | Window::M30 | Window::Interval => 1,
        Window::H1 => 2,
        Window::Today => 22,
        Window::D7 | Window::D30 => 60,
    };
    let live = |slice: &Slice| {
        let queue = slice.get(Dim::Queue).and_then(|id| board.queues.iter().find(|q| q.id == *id));
        queue.map_or_else(|| board.total.clone(), |q| q.live.clone())
    };
    let half_hour = |at: Time| at.0 / Span::MINUTE.0 / 30;
    let all = match query.over {
        Period::Window(_) => last - steps + 1..last + 1,
        Period::Range(from, to) => half_hour(from)..half_hour(to).min(last + 1),
    };
    let values: Vec<Label> = match query.by.as_slice() {
        [Dim::Queue] => board.queues.iter().map(|q| q.id.clone()).collect(),
        [Dim::Intent] => INTENTS.iter().map(|i| Label::new(i)).collect(),
        [Dim::Team] => ["South", "North"].map(Label::new).into(),
        [Dim::Agent] => board.agents.iter().take(40).map(|a| a.id.clone()).collect(),
        _ => vec![Label::default()],
    };
    let mut rows = Vec::new();
    if !query.by.is_empty() || query.every.is_some() {
        for value in values {
            let (key, of) = match query.by.first() {
                Some(dim) => (Slice::of(*dim, value.clone()), query.of.clone().and(*dim, value)),
                None => (Slice::TOTAL, query.of.clone()),
            };
            let agent = of.get(Dim::Agent).is_some();
            let pieces: Vec<(Option<Time>, std::ops::Range<i64>)> = match query.every {
                None => vec![(None, all.clone())],
                Some(Every::Minutes(_) | Every::Days(_)) => {
                    all.clone().map(|h| (Some(Time(h * 30 * Span::MINUTE.0)), h..h + 1)).collect()
                }
            };
            for (start, piece) in pieces {
                let tally = of_slice(&of, piece);
                if tally.offered > 0 {
                    let figures = figures(&query.kpis, &tally, &live(&of), agent, &rules);
                    rows.push(AnswerRow { key: key.clone(), start, figures });
                }
            }
        }
    }
    rows.sort_by(|a, b| (&a.key, a.start).cmp(&(&b.key, b.start)));
    let total = figures(&query.kpis, &of_slice(&query.of, all), &live(&query.of), false, &rules);
    Answer { at: board.at, from: range.start, to: range.end, total, rows }
}

/// The board.
#[must_use]
pub(super) fn board(agents: usize) -> Board {
    let at = now();
    let ago = |seconds: i64| at - Span::seconds(seconds);
    let agents: Vec<AgentRow> = (0..agents)
        .map(|n| {
            let number = i64::try_from(n).unwrap();
            let state = AgentState::ALL[usize::try_from(mix(&[number, 1]) % 6).unwrap()];
            let queue = QUEUES[usize::try_from(mix(&[number, 2]) % 10).unwrap()].0;
            let busy = matches!(state, AgentState::OnContact | AgentState::Ringing | AgentState::AfterContact);
            let reasons = ["lunch", "coaching", "break"];
            AgentRow {
                id: Label::new(&format!("agent{n}")),
                name: Label::new(&format!("{} {}", NAMES[n % 12], SURNAMES[n / 12 % 8])),
                team: Label::new(["North", "South", "Night", ""][n % 4]),
                state,
                reason: if state == AgentState::Paused { Label::new(reasons[n % 3]) } else { Label::default() },
                since: ago(mix(&[number, 4]) % if busy { 400 } else { 1500 }),
                queue: busy.then(|| Label::new(queue)),
                contact: busy.then(|| Label::new(&format!("1772448{n:03}.9"))),
                queues: vec![Label::new(queue)],
                pauses: Vec::new(),
                skills: if n % 3 == 0 { vec![Label::new("refunds"), Label::new("French")] } else { Vec::new() },
                capacity: (n % 3 == 0).then_some(3),
            }
        })
        .collect();
    let waiting: Vec<WaitingRow> = (0..23i64)
        .map(|n| WaitingRow {
            contact: Label::new(&format!("177244{n:04}.1")),
            queue: Label::new(if n % 3 == 2 { "billing" } else { "outages" }),
            channel: Channel::Voice,
            intent: Label::new(if n % 3 == 2 { "bill too high" } else { "no power" }),
            customer: Label::new(&format!("+44 20 7946 {:04}", mix(&[n, 21]) % 10_000)),
            since: ago(341 - n * 14),
            position: Some(u32::try_from(n + 1).unwrap()),
            priority: None,
            ringing: (n == 0).then(|| Label::new("agent3")),
        })
        .collect();
    let live = |queue: Option<&str>| {
        let mut live = Live::default();
        for agent in agents.iter().filter(|a| queue.is_none_or(|q| a.queues[0].as_str() == q)) {
            live.agents[AgentState::ALL.iter().position(|s| *s == agent.state).unwrap()] += 1;
        }
        for row in waiting.iter().filter(|w| queue.is_none_or(|q| w.queue.as_str() == q)) {
            live.waiting += 1;
            live.longest_wait = live.longest_wait.max(Some(at.since(row.since)));
        }
        live.estimated_wait = (live.waiting > 0).then(|| Span::seconds(live.waiting * 31));
        live.in_progress = live.agents[0];
        live.pause_reasons = vec![("lunch".into(), 2), ("coaching".into(), 1)];
        live
    };
    let queues = QUEUES
        .iter()
        .map(|(id, name, channel, _)| QueueRow {
            id: Label::new(id),
            name: Label::new(name),
            channel: *channel,
            service_level: Span::seconds(20),
            bands: Vec::new(),
            sources: vec!["pbx-1".into()],
            live: live(Some(id)),
        })
        .collect();
    Board {
        seq: 1,
        at,
        title: "City Power".into(),
        calendar: Calendar { zone: chrono_tz::Europe::London, ..Calendar::default() },
        mode: Mode::Live,
        rules: CountingRules::default(),
        total: live(None),
        queues,
        alerts: alerts().into(),
        sources: vec![SourceRow {
            name: "pbx-1".into(),
            kind: "queue_log".into(),
            health: Health::Live,
            reason: Text::default(),
            since: ago(9000),
            newest: Some(ago(1)),
            heard: Some(ago(1)),
            events: 48_210,
            rejected: 0,
            duplicates: 0,
            late: 0,
            out_of_place: 0,
            contradictions: None,
            last_rejection: None,
            next_try: None,
            ahead: None,
            remark: None,
        }],
        agents: agents.into_iter().collect(),
        waiting: waiting.into_iter().collect(),
        ..Board::default()
    }
}

/// Episodes in every state.
#[must_use]
pub(super) fn alerts() -> Vec<Episode> {
    let ago = |seconds: i64| now() - Span::seconds(seconds);
    let who = |name: &str| Actor { name: Label::new(name), from: "desk4 pts/2".into() };
    let episode = |id: u64, severity, state, kpi: KpiId, queue: &str, value: f64, line: f64, text: &str| Episode {
        id,
        version: 3,
        rule: Label::new(kpi.def().key),
        kpi: Some(kpi),
        source: None,
        slice: Slice::of(Dim::Queue, Label::new(queue)),
        window: Window::M30,
        severity,
        state,
        since: ago(520),
        fired: Some(ago(400)),
        resolved: None,
        figure: Figure { value: Some(value), n: 214, ..Figure::default() },
        worst: Some(value * 1.1),
        limit: Some(line),
        above: kpi != KpiId::ServiceLevel,
        acknowledged: None,
        snoozed: None,
        lapsed: None,
        flapping: false,
        inhibited_by: None,
        text: Text::new(text),
        action: Text::new(kpi.def().action),
        trail: vec![HistoryEntry { at: ago(400), kind: HistoryKind::Fired, who: None, text: None, value: Some(value) }],
    };
    let (critical, warning) = (Severity::Critical, Severity::Warning);
    let wait = KpiId::LongestWait;
    let abandonment = KpiId::AbandonmentRate;
    let mut all = vec![
        episode(1, critical, State::Firing, wait, "outages", 341.0, 300.0, "Outages: longest wait 5:41, above 5:00"),
        episode(2, critical, State::Firing, abandonment, "outages", 12.4, 8.0, "Outages: abandonment 12.4%, above 8%"),
        episode(3, warning, State::Firing, abandonment, "billing", 6.1, 5.0, "Billing: abandonment 6.1%, above 5%"),
        episode(
            4,
            critical,
            State::Acknowledged,
            KpiId::ServiceLevel,
            "billing",
            66.0,
            70.0,
            "Billing: service level 66%, below 70%",
        ),
        episode(
            5,
            warning,
            State::Pending,
            KpiId::Asa,
            "solar",
            31.0,
            30.0,
            "Solar and heat pumps: ASA 0:31, above 0:30",
        ),
    ];
    all[3].acknowledged = Some(Acknowledgement {
        who: who("bo"),
        at: ago(300),
        until: now() + Span::seconds(600),
        value: Some(67.0),
        severity: critical,
        note: Some("two agents are coming over from chat".into()),
    });
    all[3].trail.push(HistoryEntry {
        at: ago(300),
        kind: HistoryKind::Acknowledged,
        who: Some(who("bo")),
        text: Some("two agents are coming over from chat".into()),
        value: Some(67.0),
    });
    all
}

/// Resolved episodes.
#[must_use]
pub(super) fn history() -> Vec<Episode> {
    let mut over = alerts();
    over.truncate(4);
    for (n, episode) in (1i64..).zip(&mut over) {
        episode.id += 100;
        episode.state = State::Resolved;
        episode.fired = Some(now() - Span::seconds(n * 3600));
        episode.resolved = Some(now() - Span::seconds(n * 2400));
    }
    over
}
