//! Figures that sources computed themselves: the newest value of each, and its values over the last days.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize, Serializer};

use super::groups::ResolvedSlice;
use super::interner::{DimValue, NameNo, QueueNo};
use super::view::{Group, RowKey};
use crate::clock::{Span, Time};
use crate::kpi::figure::MAX_OBSERVED;
use crate::kpi::{Calendar, Dim, Figure, KpiId, Live, Period, Query, Unit};
use crate::text::Label;

/// Bounds the history of one figure, at one value a minute: three days. `Engine::drop_old` keeps it at two days; this
/// holds between its calls.
const MAX_HISTORY_MINUTES: usize = 3 * 24 * 60;

/// Older values do not count as current.
const MAX_LIVE_AGE: Span = Span::HOUR;

/// Agents by state, in the order of [`AgentState::ALL`](crate::event::AgentState::ALL).
const AGENTS: [KpiId; 7] = [
    KpiId::AgentsOnContact,
    KpiId::AgentsRinging,
    KpiId::AgentsAfterContact,
    KpiId::AgentsAvailable,
    KpiId::AgentsPaused,
    KpiId::AgentsOffline,
    KpiId::AgentsUnknown,
];
/// The KPIs that [`Live`] can be filled from.
const LIVE: [KpiId; 13] = {
    use KpiId::{AgedBacklog, Backlog, EstimatedWait, InProgress, LongestWait, Waiting};
    let [a, b, c, d, e, f, g] = AGENTS;
    [Waiting, LongestWait, EstimatedWait, InProgress, Backlog, AgedBacklog, a, b, c, d, e, f, g]
};

/// A figure that a source computed itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ObservedFigure {
    /// In the KPI's unit.
    pub(super) value: f64,
    /// The numerator and the denominator, where the source gives them.
    pub(super) parts: Option<(f64, f64)>,
    /// It is of an interval that begins at its time ([`INTERVAL_WINDOW`](crate::event::INTERVAL_WINDOW)).
    pub(super) of_interval: bool,
}

impl From<f64> for ObservedFigure {
    fn from(value: f64) -> Self {
        Self { value, parts: None, of_interval: false }
    }
}

impl ObservedFigure {
    /// The quotient of two numbers; not a number if the denominator is not positive.
    pub(super) fn quotient(kpi: KpiId, numerator: f64, denominator: f64) -> Self {
        let factor = if kpi.def().unit == Unit::Percent { 100.0 } else { 1.0 };
        let value = if denominator > 0.0 { factor * numerator / denominator } else { f64::NAN };
        Self { value, parts: Some((numerator, denominator)), of_interval: false }
    }

    /// The figure of both queues together; `None` where the two numbers do not tell it.
    fn with(self, kpi: KpiId, other: Self) -> Option<Self> {
        match (self.parts, other.parts) {
            (Some((a, b)), Some((c, d))) => Some(Self::quotient(kpi, a + c, b + d)),
            (None, None) if kpi.def().unit == Unit::Count => Some((self.value + other.value).into()),
            (None, None) if kpi == KpiId::LongestWait => Some(self.value.max(other.value).into()),
            _ => None,
        }
    }

    /// As it is shown.
    pub(super) fn figure(self, kpi: KpiId) -> Figure {
        let figure = match self.parts {
            #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and these are counts")]
            Some((numerator, denominator)) => {
                let (part, whole) = (numerator.round() as i64, denominator.round() as i64);
                match kpi.def().unit {
                    Unit::Percent => Figure::percent(part, whole, ""),
                    _ => Figure::ratio(1.0, numerator, denominator, whole, ""),
                }
            }
            None => Figure { value: Some(self.value), ..Figure::default() },
        };
        Figure { observed: true, ..figure }
    }
}

/// The figures observed, by queue and KPI.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<(QueueNo, Label, ObservedSeries)>")]
pub(super) struct ObservedFigures {
    series: FxHashMap<(QueueNo, KpiId), ObservedSeries>,
}

/// One figure of one queue.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ObservedSeries {
    /// The value last reported and its time; `None` if the source said that it has no value any more.
    newest: (Time, Option<f64>),
    /// The numerator and denominator of that value, where the source gave them.
    parts: Option<(f64, f64)>,
    /// The values are sums over intervals of their own.
    of_intervals: bool,
    /// The last value of each minute that has one, in order of time.
    history: VecDeque<(Time, f64)>,
}

impl From<Vec<(QueueNo, Label, ObservedSeries)>> for ObservedFigures {
    fn from(rows: Vec<(QueueNo, Label, ObservedSeries)>) -> Self {
        let known = |(queue, kpi, series): (QueueNo, Label, _)| Some(((queue, KpiId::parse(kpi.as_str())?), series));
        Self { series: rows.into_iter().filter_map(known).collect() }
    }
}

impl Serialize for ObservedFigures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.series.iter().map(|((queue, kpi), series)| (queue, Label::fixed(kpi.def().key), series));
        serializer.collect_seq(rows)
    }
}

impl ObservedFigures {
    /// Add a figure that a source reports. A value that is not finite, or that no centre can have,
    /// means that there is none any more.
    pub(super) fn insert(&mut self, queue: QueueNo, kpi: KpiId, at: Time, figure: ObservedFigure) {
        let value = Some(figure.value).filter(|value| value.abs() <= MAX_OBSERVED);
        let series = self.series.entry((queue, kpi)).or_default();
        if at >= series.newest.0 {
            series.newest = (at, value);
            series.parts = figure.parts;
            series.of_intervals = figure.of_interval;
        }
        let Some(value) = value else { return };
        let index = series.history.partition_point(|(other, _)| other.minute() < at.minute());
        match series.history.get_mut(index) {
            Some(same) if same.0.minute() == at.minute() => {
                if at >= same.0 {
                    *same = (at, value);
                }
            }
            _ => series.history.insert(index, (at, value)),
        }
        if series.history.len() > MAX_HISTORY_MINUTES {
            series.history.pop_front();
        }
    }

    /// Drop the values before `oldest`.
    pub(super) fn drop_before(&mut self, oldest: Time) {
        self.series.retain(|_, series| {
            let old = series.history.partition_point(|(at, _)| *at < oldest);
            series.history.drain(..old);
            series.newest.0 >= oldest
        });
    }

    /// The observed figures of each row of an answer: the newest value, or with steps the newest of each step. Only
    /// rows of a single queue have any, because the means and percentages of two queues cannot be combined. `None` where
    /// they are more figures than `max`.
    pub(super) fn for_rows(
        &self,
        query: &Query,
        of: Option<&ResolvedSlice>,
        range: &Range<Time>,
        calendar: &Calendar,
        max: usize,
    ) -> Option<FxHashMap<(RowKey, KpiId), ObservedFigure>> {
        let mut found = FxHashMap::default();
        let Some(of) = of else { return Some(found) };
        let only = match (of.parts.as_slice(), query.by.as_slice()) {
            ([], [Dim::Queue]) => None,
            ([(Dim::Queue, queue)], []) => Some(queue.name::<QueueNo>()),
            _ => return Some(found),
        };
        // All series have about the same minutes, so the step of each minute is computed once.
        let mut steps: FxHashMap<Time, Time> = FxHashMap::default();
        for (&(queue, kpi), series) in &self.series {
            if only.is_some_and(|only| only != queue) || !of.may_hold(queue) || !query.kpis.contains(&kpi) {
                continue;
            }
            if found.len() > max {
                return None;
            }
            let group = if only.is_some() { Group::default() } else { [queue.value(), DimValue::default()] };
            match query.every {
                None => {
                    if let Some(figure) = series.within(query.over, range) {
                        found.insert(((group, Time(0)), kpi), figure);
                    }
                }
                // A sum that grows over the day says nothing of a step.
                Some(_) if is_sum(kpi) && !series.of_intervals => {}
                Some(every) => {
                    for (at, value) in series.history.iter().filter(|(at, _)| range.contains(at)) {
                        let step = *steps.entry(at.minute()).or_insert_with(|| calendar.bucket(every, *at));
                        found.insert(((group, step), kpi), (*value).into());
                    }
                }
            }
        }
        Some(found)
    }

    /// The figures of all queues together, as far as those of the queues tell: counts, and quotients of which both parts
    /// are known. What one of the queues has that cannot be added up is unknown.
    pub(super) fn total(
        &self,
        query: &Query,
        of: Option<&ResolvedSlice>,
        range: &Range<Time>,
    ) -> FxHashMap<KpiId, ObservedFigure> {
        let mut sums: FxHashMap<KpiId, Option<ObservedFigure>> = FxHashMap::default();
        if query.every.is_some() || of.is_none_or(|of| !of.parts.is_empty()) {
            return FxHashMap::default();
        }
        for (&(_, kpi), series) in &self.series {
            let figure = series.within(query.over, range).filter(|_| query.kpis.contains(&kpi));
            let Some(figure) = figure else { continue };
            sums.entry(kpi).and_modify(|sum| *sum = sum.and_then(|sum| sum.with(kpi, figure))).or_insert(Some(figure));
        }
        sums.into_iter().filter_map(|(kpi, sum)| Some((kpi, sum?))).collect()
    }

    /// The queues whose live state may be filled.
    pub(super) fn live_queues(&self) -> BTreeSet<QueueNo> {
        self.series.keys().filter(|(_, kpi)| LIVE.contains(kpi)).map(|(queue, _)| *queue).collect()
    }

    /// Fill the live state of a queue from observed figures, if nothing else is known of the queue. Returns whether it
    /// did. The agents are filled in where none is known, whatever contacts are.
    pub(super) fn fill_live(&self, queue: QueueNo, live: &mut Live, now: Time) -> bool {
        let newest = |kpi| self.series.get(&(queue, kpi)).map(|series: &ObservedSeries| series.newest);
        let value = |kpi| newest(kpi).filter(|(at, _)| now.since(*at) <= MAX_LIVE_AGE)?.1;
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and counts are small")]
        let count = |kpi| value(kpi).map_or(0, |value| value.round() as i64);
        if live.agents == [0; AGENTS.len()] {
            live.agents = AGENTS.map(count);
        }
        let without_contacts = Live { agents: live.agents, oldest_callback: live.oldest_callback, ..Live::default() };
        if *live != without_contacts || !LIVE.iter().any(|kpi| value(*kpi).is_some()) {
            return false;
        }
        let span = |kpi| value(kpi).and_then(Span::from_secs_f64);
        live.waiting = count(KpiId::Waiting);
        live.longest_wait = span(KpiId::LongestWait);
        live.estimated_wait = span(KpiId::EstimatedWait);
        live.in_progress = count(KpiId::InProgress);
        live.backlog = count(KpiId::Backlog);
        live.aged_backlog = count(KpiId::AgedBacklog);
        true
    }
}

/// Whether a figure counts what has happened, and not what is so now.
fn is_sum(kpi: KpiId) -> bool {
    kpi.def().unit == Unit::Count
        && !LIVE.contains(&kpi)
        && kpi != KpiId::AgentsStaffed
        && kpi != KpiId::WaitingUnserved
}

impl ObservedSeries {
    /// The newest figure within a period. A window has no end: a source's clock may be ahead of ours.
    fn within(&self, over: Period, range: &Range<Time>) -> Option<ObservedFigure> {
        match over {
            Period::Window(_) => {
                let value = self.newest.1.filter(|_| self.newest.0 >= range.start)?;
                Some(ObservedFigure { value, parts: self.parts, of_interval: self.of_intervals })
            }
            Period::Range(..) => {
                let values = self.history.iter().rev().skip_while(|(at, _)| *at >= range.end);
                values.take_while(|(at, _)| *at >= range.start).map(|(_, value)| (*value).into()).next()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, Settings, SourceNames};
    use crate::event::{AgentState, Event, EventKind, Offer, Step};
    use crate::kpi::{Answer, Every, Slice, Verdict};

    fn at(minutes: i64) -> Time {
        Time::from_unix(1_772_528_400) + Span(minutes * Span::MINUTE.0)
    }

    fn history(observed: &ObservedFigures) -> Vec<(Time, f64)> {
        observed.series[&(QueueNo::new(1), KpiId::Asa)].history.iter().copied().collect()
    }

    #[test]
    fn a_history_has_one_value_a_minute_in_any_order_of_arrival() {
        let mut observed = ObservedFigures::default();
        for (minute, value) in [(5, 5.0), (1, 1.0), (3, 3.0), (2, f64::NAN), (4, f64::INFINITY)] {
            observed.insert(QueueNo::new(1), KpiId::Asa, at(minute), value.into());
        }
        observed.insert(QueueNo::new(1), KpiId::Asa, at(3) + Span::SECOND, 3.5.into());
        observed.insert(QueueNo::new(1), KpiId::Asa, at(3), 9.0.into());
        assert_eq!(history(&observed), [(at(1), 1.0), (at(3) + Span::SECOND, 3.5), (at(5), 5.0)]);
        assert_eq!(observed.series[&(QueueNo::new(1), KpiId::Asa)].newest, (at(5), Some(5.0)));
        observed.insert(QueueNo::new(1), KpiId::Asa, at(6), f64::NAN.into());
        assert_eq!(observed.series[&(QueueNo::new(1), KpiId::Asa)].newest, (at(6), None));
        observed.drop_before(at(3));
        assert_eq!(history(&observed).len(), 2);
        observed.drop_before(at(7));
        assert!(observed.series.is_empty());
    }

    #[test]
    fn a_history_is_bounded() {
        let mut observed = ObservedFigures::default();
        for minute in 0..10_000 {
            observed.insert(QueueNo::new(1), KpiId::Asa, at(minute), 1.0.into());
        }
        let history = history(&observed);
        assert_eq!((history.len(), history[0].0), (MAX_HISTORY_MINUTES, at(10_000 - 4320)));
    }

    fn report(minute: i64, queue: &str, figures: &[(&str, f64)]) -> Event {
        let figures = figures.iter().map(|(name, value)| ((*name).into(), *value)).collect();
        let kind: EventKind = EventKind::Observed { queue: queue.into(), window: None, figures, quotients: Vec::new() };
        // Through JSON, as the journal does.
        let event = Event { at: at(minute), origin: "metrics".into(), id: None, kind };
        serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap()
    }

    fn ask(engine: &mut Engine, of: Slice, by: &[Dim], every: Option<Every>, over: (i64, i64)) -> Answer {
        let over = Period::Range(at(over.0), at(over.1));
        let kpis = vec![KpiId::Waiting, KpiId::Asa];
        engine.ask(&Query { of, by: by.to_vec(), over, every, kpis, formula: None }, at(60))
    }

    /// Queue, start of the step in minutes, and the observed values.
    fn seen(answer: &Answer) -> Vec<(String, i64, [Option<f64>; 2])> {
        let own = |row: &crate::kpi::AnswerRow, place: usize| row.figures.get(place).filter(|f| f.observed)?.value;
        let start = |row: &crate::kpi::AnswerRow| row.start.map_or(-1, |start| (start - at(0)).0 / Span::MINUTE.0);
        answer.rows.iter().map(|row| (row.key.to_string(), start(row), [own(row, 0), own(row, 1)])).collect()
    }

    fn floor() -> Engine {
        let mut engine = Engine::new(Settings::default());
        for event in [
            report(1, "billing", &[("waiting", 3.0), ("asa", 12.0), ("no such", 1.0)]),
            report(4, "billing", &[("waiting", 5.0)]),
            report(4, "sales", &[("waiting", 0.0)]),
            report(11, "billing", &[("waiting", 7.0)]),
            report(31, "billing", &[("asa", 70.0)]),
        ] {
            engine.apply(&event);
        }
        engine
    }

    #[test]
    fn a_trend_has_the_newest_observed_value_of_each_step() {
        let mut engine = floor();
        let every = Some(Every::Minutes(5));
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], every, (0, 60));
        let expected = [(0, [Some(5.0), Some(12.0)]), (10, [Some(7.0), None]), (30, [None, Some(70.0)])];
        let expected = expected.map(|(start, values)| ("all queues".to_owned(), start, values));
        assert_eq!(seen(&answer), expected);
        assert!(answer.total.iter().all(|figure| !figure.observed));
        let answer = ask(&mut engine, Slice::TOTAL, &[Dim::Queue], every, (2, 11));
        let expected = [("billing".to_owned(), 0, [Some(5.0), None]), ("sales".to_owned(), 0, [Some(0.0), None])];
        assert_eq!(seen(&answer), expected);
        // The figures of two queues cannot be combined.
        assert_eq!(seen(&ask(&mut engine, Slice::TOTAL, &[], every, (0, 60))), []);
        assert_eq!(seen(&ask(&mut engine, Slice::TOTAL, &[Dim::Intent], None, (0, 60))), []);
    }

    #[test]
    fn without_steps_it_is_the_newest_of_the_period_and_is_judged() {
        let mut engine = floor();
        let answer = ask(&mut engine, Slice::TOTAL, &[Dim::Queue], None, (0, 11));
        let expected = [("billing", [Some(5.0), Some(12.0)]), ("sales", [Some(0.0), None])];
        let expected = expected.map(|(queue, values)| (queue.to_owned(), -1, values));
        assert_eq!(seen(&answer), expected);
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], None, (0, 60));
        assert_eq!((answer.total[1].value, answer.total[1].verdict), (Some(70.0), Verdict::Critical));
    }

    #[test]
    fn a_figure_that_a_source_withdraws_is_gone_from_now_and_stays_in_the_trend() {
        let mut engine = floor();
        let rows = |engine: &mut Engine| -> Vec<i64> {
            engine.queues_now(at(60), SourceNames::ORIGINS).iter().map(|queue| queue.live.waiting).collect()
        };
        assert_eq!(rows(&mut engine), [7, 0]);
        assert_eq!(engine.total_now(at(60)).waiting, 7);
        engine.apply(&report(50, "billing", &[("waiting", f64::NAN)]));
        // An older value that arrives later changes nothing now.
        engine.apply(&report(40, "billing", &[("waiting", 9.0)]));
        assert_eq!(rows(&mut engine), [0, 0]);
        assert_eq!(engine.total_now(at(60)).waiting, 0);
        let query = Query {
            of: Slice::TOTAL,
            by: vec![Dim::Queue],
            over: Period::Window(crate::kpi::Window::Today),
            every: None,
            kpis: vec![KpiId::Asa],
            formula: None,
        };
        assert_eq!(seen(&engine.ask(&query, at(60))), [("billing".to_owned(), -1, [Some(70.0), None])]);
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], Some(Every::Minutes(30)), (0, 60));
        assert_eq!(seen(&answer).iter().map(|(_, _, v)| v[0]).collect::<Vec<_>>(), [Some(7.0), Some(9.0)]);
    }

    #[test]
    fn quotients_keep_their_samples_and_are_added_up() {
        let mut engine = floor();
        for (queue, in_time, offered) in [("billing", 80.0, 100.0), ("sales", 10.0, 20.0)] {
            let mut event = report(50, queue, &[("offered", offered)]);
            if let EventKind::Observed { quotients, .. } = &mut event.kind {
                quotients.push(("service_level".into(), in_time, offered));
            }
            engine.apply(&event);
        }
        let kpis = vec![KpiId::ServiceLevel, KpiId::Offered, KpiId::Waiting, KpiId::Asa];
        let over = Period::Window(crate::kpi::Window::Today);
        let query = Query { of: Slice::TOTAL, by: vec![Dim::Queue], over, every: None, kpis, formula: None };
        let answer = engine.ask(&query, at(60));
        let parts = |figure: &crate::kpi::Figure| (figure.value, figure.n, figure.numerator, figure.low.is_some());
        assert_eq!(parts(&answer.rows[0].figures[0]), (Some(80.0), 100, Some(80.0), false));
        assert_eq!(parts(&answer.rows[1].figures[0]), (Some(50.0), 20, Some(10.0), true));
        assert_eq!(parts(&answer.total[0]), (Some(75.0), 120, Some(90.0), false));
        assert_eq!((answer.total[1].value, answer.total[2].value), (Some(120.0), Some(7.0)));
        // One queue's mean says nothing of both, were it the only one that has one or not.
        engine.apply(&report(51, "sales", &[("asa", 20.0)]));
        assert_eq!(engine.ask(&query, at(60)).total[3].value, None);
        assert!(engine.ask(&Query { by: Vec::new(), ..query }, at(60)).total[0].observed);
    }

    #[test]
    fn a_sum_that_grows_over_the_day_is_no_sum_of_a_step() {
        let by_steps = |window: Option<Label>| {
            let mut engine = Engine::new(Settings::default());
            let mut event = report(7, "billing", &[("offered", 40.0), ("waiting", 2.0)]);
            if let EventKind::Observed { window: of, .. } = &mut event.kind {
                *of = window;
            }
            engine.apply(&event);
            let billing = Slice::of(Dim::Queue, "billing".into());
            let (over, every) = (Period::Range(at(0), at(60)), Some(Every::Minutes(5)));
            let kpis = vec![KpiId::Offered, KpiId::Waiting];
            let answer = engine.ask(&Query { of: billing, by: Vec::new(), over, every, kpis, formula: None }, at(60));
            let observed = |place: usize| answer.rows[0].figures.get(place).filter(|f: &&Figure| f.observed)?.value;
            (observed(0), observed(1))
        };
        assert_eq!(by_steps(Some("today".into())), (None, Some(2.0)));
        assert_eq!(by_steps(Some(crate::event::INTERVAL_WINDOW)), (Some(40.0), Some(2.0)));
    }

    #[test]
    fn a_contact_of_a_list_is_shown_and_not_counted() {
        let mut engine = Engine::new(Settings::default());
        let offer = Offer { sampled: true, ..Offer::new("billing".into(), crate::event::Channel::Voice) };
        let mut say = |minute, step| {
            let kind = EventKind::Contact { contact: "c".into(), queue: Some("billing".into()), step };
            engine.apply(&Event { at: at(minute), origin: "cloud".into(), id: None, kind });
            let kpis = vec![KpiId::Waiting, KpiId::InProgress, KpiId::Offered, KpiId::Answered, KpiId::Handled];
            let over = Period::Window(crate::kpi::Window::Today);
            let query = Query { of: Slice::TOTAL, by: Vec::new(), over, every: None, kpis, formula: None };
            engine.ask(&query, at(minute)).total.iter().map(|figure| figure.value.unwrap_or(-1.0)).collect::<Vec<_>>()
        };
        assert_eq!(say(1, Step::Offered(offer)), [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(say(2, Step::Answered { agent: "Ann".into(), wait: None }), [0.0, 1.0, 0.0, 0.0, 0.0]);
        let end = Step::Completed { agent: None, ended_by: None, talk: None, hold: None };
        assert_eq!(say(9, end), [0.0; 5]);
        engine.apply(&report(10, "billing", &[("offered", 42.0)]));
        let billing = Slice::of(Dim::Queue, "billing".into());
        let query = Query {
            of: billing,
            by: Vec::new(),
            over: Period::Range(at(0), at(60)),
            every: None,
            kpis: vec![KpiId::Offered],
            formula: None,
        };
        assert_eq!(engine.ask(&query, at(60)).total[0].value, Some(42.0));
    }

    #[test]
    fn a_counted_figure_wins_over_an_observed_one() {
        let mut engine = floor();
        let contact = |step| EventKind::Contact { contact: "c".into(), queue: Some("billing".into()), step };
        let steps = [Step::Answered { agent: "Ann".into(), wait: Some(Span::seconds(4)) }];
        for step in steps {
            engine.apply(&Event { at: at(12), origin: "pbx".into(), id: None, kind: contact(step) });
        }
        let state =
            EventKind::AgentState { agent: "Ann".into(), state: AgentState::Available, reason: None, lasts: None };
        engine.apply(&Event { at: at(1), origin: "pbx".into(), id: None, kind: state });
        let billing = Slice::of(Dim::Queue, "billing".into());
        let total = ask(&mut engine, billing, &[], None, (0, 60)).total;
        assert_eq!((total[1].value, total[1].observed), (Some(4.0), false));
    }
}
