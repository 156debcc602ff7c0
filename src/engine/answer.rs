//! Answers queries: computes figures from tallies, from the current state, and from agents' times.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Engine;
use super::groups::{Grouped, ResolvedSlice};
use super::interner::{AgentNo, DimValue, NameNo};
use super::observed::ObservedFigure;
use super::view::{Group, RowKey, View};
use super::view_cache::ViewKey;
use crate::clock::{Span, Time};
use crate::event::Channel;
use crate::kpi::{
    AgentTimes, Answer, AnswerRow, Bands, CountingRules, Dim, Figure, KpiGroup, KpiId, KpiInputs, Live, Period, Query,
    RowDraft, RowSelection, Slice, Tally, Window,
};
use crate::text::{Label, Patterns};

/// The most rows of one answer.
const MAX_ANSWER_ROWS: usize = 50_000;
/// The most figures in all rows of one answer: about 20 MB of JSON.
const MAX_ANSWER_FIGURES: usize = 200_000;

/// A query that is not answered, because its answer would have too many rows or figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the answer would have more than {max_rows} rows: ask for a shorter time, longer steps (`every`), fewer `kpis`, or only one queue or agent (`of`)"
)]
pub struct AnswerTooLarge {
    /// The most rows that an answer with this number of KPIs may have.
    pub max_rows: usize,
}

impl AnswerTooLarge {
    /// That of a query with so many KPIs.
    #[must_use]
    pub fn of(kpis: usize) -> Self {
        Self { max_rows: MAX_ANSWER_ROWS.min(MAX_ANSWER_FIGURES / kpis.max(1)) }
    }
}

/// Which rows of an answer are made.
struct WantedRows<'a> {
    selection: &'a RowSelection,
    /// An answer of more rows is too large.
    max: usize,
    /// Of those selected, the rows that are made.
    keeps: &'a dyn Fn(&RowDraft<'_>) -> bool,
}

impl WantedRows<'_> {
    const ALL: Self = Self { selection: &RowSelection::All, max: usize::MAX, keeps: &|_| true };
}

/// What figures are computed from besides tallies, collected once for all rows of an answer.
struct Extras {
    rules: CountingRules,
    now: Time,
    live: Option<Grouped<Live>>,
    /// The values of the first dimension whose rows are wanted; `None` for all.
    wanted: Option<FxHashSet<DimValue>>,
    /// The state of a row in which nothing goes on.
    idle: Live,
    times: Option<Grouped<AgentTimes>>,
    /// The same by the start of each step, where rows are steps of the whole slice.
    times_by_step: FxHashMap<Time, AgentTimes>,
    baseline: Option<Grouped<Tally>>,
    /// The figures that sources computed themselves.
    observed: FxHashMap<(RowKey, KpiId), ObservedFigure>,
    /// The same of all queues together.
    observed_total: FxHashMap<KpiId, ObservedFigure>,
}

impl Extras {
    fn wants(&self, value: DimValue) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&value))
    }

    /// What sources observed for a row. The total is that of the single queue that is asked for, or of all.
    fn observed_figure(&self, id: KpiId, row: Option<RowKey>) -> Option<&ObservedFigure> {
        let of_row = self.observed.get(&(row.unwrap_or_default(), id));
        of_row.or_else(|| row.map_or_else(|| self.observed_total.get(&id), |_| None))
    }
}

impl Engine {
    /// The answer to a query at `now`, whatever its size.
    pub fn ask(&mut self, query: &Query, now: Time) -> Answer {
        self.answer(query, &Patterns::default(), now, usize::MAX, &WantedRows::ALL).unwrap_or_default()
    }

    /// The same without the rows that `keeps` does not want. Their other figures are never computed.
    pub fn ask_where(&mut self, query: &Query, now: Time, keeps: &dyn Fn(&RowDraft<'_>) -> bool) -> Answer {
        let wanted = WantedRows { keeps, ..WantedRows::ALL };
        self.answer(query, &Patterns::default(), now, usize::MAX, &wanted).unwrap_or_default()
    }

    /// The answer to a query at `now` with the rows of `selection`, about the queues that pass `queues`, unless it is
    /// too large. Whatever concerns other queues only is left out before anything is counted. The work and memory for an
    /// answer that is too large are bounded as well.
    ///
    /// # Errors
    /// [`AnswerTooLarge`], whose message says what to ask for instead.
    pub fn ask_bounded(
        &mut self,
        query: &Query,
        selection: &RowSelection,
        queues: &Patterns,
        now: Time,
    ) -> Result<Answer, AnswerTooLarge> {
        let too_large = AnswerTooLarge::of(query.kpis.len());
        let wanted = WantedRows { selection, max: too_large.max_rows, ..WantedRows::ALL };
        self.answer(query, queues, now, Self::max_counted(query, selection), &wanted).ok_or(too_large)
    }

    /// How many rows may be counted for an answer.
    #[must_use]
    pub fn max_counted(query: &Query, selection: &RowSelection) -> usize {
        if *selection == RowSelection::All { AnswerTooLarge::of(query.kpis.len()).max_rows } else { MAX_ANSWER_ROWS }
    }

    /// The answer, or `None` if more than `max_counted` rows are to be counted for it, or it has more rows than it may.
    fn answer(
        &mut self,
        query: &Query,
        queues: &Patterns,
        now: Time,
        max_counted: usize,
        wanted_rows: &WantedRows<'_>,
    ) -> Option<Answer> {
        self.flush();
        let range = self.range(query.over, now);
        let mut key = self.views.key_of(query, queues);
        if let RowSelection::First { kpi, .. } = wanted_rows.selection {
            key.with_waits |= kpi.is_of_single_waits();
        }
        let of = self.resolve(&query.of, queues);
        if of.as_ref().is_some_and(|of| self.has_more_agent_rows(of, &query.by, max_counted)) {
            return None;
        }
        let mut view = self.refreshed_view(&key, &range, max_counted)?;
        let wanted = match (wanted_rows.selection, query.by.first()) {
            (RowSelection::Of(labels), Some(dim)) => {
                Some(labels.iter().filter_map(|label| self.value_of(*dim, label.as_str())).collect())
            }
            _ => None,
        };
        let mut extras = self.extras(query, &key, of.as_ref(), &range, now, (wanted, max_counted))?;
        if query.kpis.iter().any(|kpi| matches!(kpi, KpiId::Occupancy | KpiId::ContactsPerHour)) {
            extras.times = self.times(of.as_ref(), &query.by, &range, now, extras.wanted.as_ref());
            if let Some(every) = query.every.filter(|_| query.by.is_empty()) {
                extras.times_by_step = self.times_by_step(of.as_ref(), &range, every, now);
            }
        }
        let rows = self.rows(query, &mut view, &extras, max_counted, wanted_rows);
        let inputs = self.inputs(query, &view.total, &extras, None);
        let total = self.figures(query, &Slice::TOTAL, &inputs, &extras, None);
        self.views.insert(key, view);
        Some(Answer { at: now, from: range.start, to: range.end, total, rows: rows? })
    }

    /// Whether more than `max` rows may come from what agents do now. All other rows are counted while they are made.
    fn has_more_agent_rows(&self, of: &ResolvedSlice, by: &[Dim], max: usize) -> bool {
        // There are no more than combinations of values.
        if by.iter().fold(1, |rows: usize, dim| rows.saturating_mul(self.value_count(*dim))) <= max {
            return false;
        }
        let agents = (0..).map(AgentNo::new).zip(&self.agent_records);
        agents.map(|(agent, _)| self.agent_groups(agent, of, by).len()).sum::<usize>() > max
    }

    /// The time that a period is at `now`.
    pub(super) fn range(&self, over: Period, now: Time) -> Range<Time> {
        match over {
            Period::Window(window) => window.range(now, &self.settings.calendar),
            Period::Range(from, to) => from..to,
        }
    }

    /// The mean handling time of the last hour by queue number, for the expected wait.
    pub(super) fn mean_handling(&mut self, now: Time) -> Vec<Option<Span>> {
        let over = Period::Window(Window::H1);
        let (of, queues) = (Slice::TOTAL, Patterns::default());
        let by = vec![Dim::Queue];
        let key = ViewKey { of, queues, by, over, every: None, with_waits: false, days_before: 0 };
        let mut means = vec![None; self.queues.len()];
        if let Some(view) = self.refreshed_view(&key, &self.range(over, now), usize::MAX) {
            for (([queue, _], _), tally) in view.keys.iter().zip(&view.tallies).filter(|(_, tally)| tally.handle.n > 0)
            {
                if let Some(mean) = means.get_mut(queue.index()) {
                    *mean = Some(Span((tally.talk + tally.hold + tally.acw) / tally.handle.n));
                }
            }
            self.views.insert(key, view);
        }
        means
    }

    fn extras(
        &mut self,
        query: &Query,
        key: &ViewKey,
        of: Option<&ResolvedSlice>,
        range: &Range<Time>,
        now: Time,
        (wanted, max_rows): (Option<FxHashSet<DimValue>>, usize),
    ) -> Option<Extras> {
        let asks = |ids: &[KpiId]| query.kpis.iter().any(|kpi| ids.contains(kpi));
        let asks_live = query.kpis.iter().any(|kpi| kpi.def().group == KpiGroup::Live);
        let baseline = if asks(&[KpiId::SpeedTrap]) { self.baseline(key, range, now, max_rows)? } else { None };
        let handling = if asks(&[KpiId::EstimatedWait]) { self.mean_handling(now) } else { Vec::new() };
        let mean = |queue: DimValue| handling.get(queue.index()).copied().flatten();
        if asks_live {
            self.update_current(now);
        }
        let live = asks_live.then(|| {
            let mut live = if of.is_some_and(ResolvedSlice::is_total) && query.by == [Dim::Queue] {
                self.live_by_queue(now, wanted.as_ref())
            } else {
                self.live_by_group(now, of, &query.by)
            };
            if query.by == [Dim::Queue] {
                for ([queue, _], live) in &mut live.groups {
                    live.estimated_wait = Self::estimated_wait(live, mean(*queue));
                }
            }
            if let Some([(Dim::Queue, queue)]) = of.map(|of| of.parts.as_slice()) {
                live.total.estimated_wait = Self::estimated_wait(&live.total, mean(*queue));
            }
            live
        });
        let max_figures = max_rows.saturating_mul(query.kpis.len());
        let observed = self.observed.for_rows(query, of, range, &self.settings.calendar, max_figures)?;
        let formula = query.formula.unwrap_or(self.settings.rules.formula);
        let rules = CountingRules { formula, ..self.settings.rules.clone() };
        let idle = Live::default();
        let observed_total = self.observed.total(query, of, range);
        let (times, times_by_step) = (None, FxHashMap::default());
        Some(Extras { rules, now, live, wanted, idle, times, times_by_step, baseline, observed, observed_total })
    }

    /// The tallies of the same hours of the previous four weeks, or of the previous day if nothing older is known. The
    /// outer `None` means that they have more than `max_rows` rows.
    #[expect(clippy::option_option, reason = "there may be no baseline, and there may be too much of it")]
    fn baseline(
        &mut self,
        question: &ViewKey,
        range: &Range<Time>,
        now: Time,
        max_rows: usize,
    ) -> Option<Option<Grouped<Tally>>> {
        if question.every.is_some() {
            return Some(None);
        }
        if self.facts.first_minute().is_none() {
            return Some(None);
        }
        let mut sums = Grouped::<Tally>::default();
        for (days_before, range) in self.baseline_periods(range, now) {
            let key = question.before(days_before);
            let view = self.refreshed_view(&key, &range, max_rows)?;
            sums.total.add(&view.total);
            for ((group, _), tally) in view.keys.iter().zip(&view.tallies).filter(|(_, tally)| !tally.is_empty()) {
                sums.groups.entry(*group).or_default().add(tally);
            }
            self.views.insert(key, view);
        }
        Some(Some(sums))
    }

    fn rows(
        &mut self,
        query: &Query,
        view: &mut View,
        extras: &Extras,
        max_counted: usize,
        wanted: &WantedRows<'_>,
    ) -> Option<Vec<AnswerRow>> {
        if query.by.is_empty() && query.every.is_none() {
            return Some(Vec::new());
        }
        let ranks = query.by.iter().map(|dim| self.ranks(*dim)).collect::<Vec<_>>();
        let rank = |dim: usize, value: DimValue| {
            let ranked = ranks.get(dim).and_then(|ranks| ranks.get(value.index()));
            ranked.map_or(value.index(), |rank| *rank as usize)
        };
        let place = |([a, b], step): RowKey| (rank(0, a), rank(1, b), step);
        view.sort(place);
        let view = &*view;
        let empty = Tally::default();
        let counted = |row: &(RowKey, &Tally)| !row.1.is_empty();
        let mut rows: Vec<(RowKey, &Tally)> = match &extras.wanted {
            Some(wanted) if query.by.len() == 1 && query.every.is_none() => {
                let row = |value: &DimValue| view.row_of([*value, DimValue::default()]);
                wanted.iter().filter_map(row).filter(counted).collect()
            }
            _ => view.sorted_rows().filter(counted).collect(),
        };
        if query.every.is_none()
            && let Some(live) = &extras.live
        {
            let is_counted = |group: &Group| view.row_of(*group).as_ref().is_some_and(counted);
            let busy = live.groups.iter().filter(|(group, live)| is_busy(live) && !is_counted(group));
            rows.extend(busy.map(|(group, _)| ((*group, Time(0)), &empty)));
        }
        if !extras.observed.is_empty() {
            let known: FxHashSet<RowKey> = rows.iter().map(|(key, _)| *key).collect();
            let observed: FxHashSet<RowKey> = extras.observed.keys().map(|(key, _)| *key).collect();
            rows.extend(observed.difference(&known).map(|key| (*key, &empty)));
        }
        if rows.len() > max_counted {
            return None;
        }
        rows.retain(|(([value, _], _), _)| extras.wants(*value));
        if let RowSelection::First { kpi, descending, limit } = *wanted.selection {
            let value = |(row, tally): (RowKey, &Tally)| {
                figure(kpi, &self.inputs(query, tally, extras, Some(row)), extras, Some(row)).value
            };
            let valued = rows.into_iter().map(|row| (value(row), row)).collect();
            rows = first(valued, limit, |(a, (x, _)), (b, (y, _))| {
                by_value(*a, *b, descending).then_with(|| place(*x).cmp(&place(*y)))
            });
        } else {
            // Nearly all of them are in this order already.
            rows.sort_by_key(|(row, _)| place(*row));
        }
        if rows.len() > wanted.max {
            return None;
        }
        let answer_row = |(row, tally): (RowKey, &Tally)| {
            let (group, step) = row;
            let key = self.slice_of(&query.by, group);
            let inputs = self.inputs(query, tally, extras, Some(row));
            let is_wanted = {
                let (bands, figure) = (self.limits_in(query, &key), |kpi| figure(kpi, &inputs, extras, Some(row)));
                (wanted.keeps)(&RowDraft { key: &key, bands: &bands, figure: &figure })
            };
            if !is_wanted {
                return None;
            }
            let figures = self.figures(query, &key, &inputs, extras, Some(row));
            Some(AnswerRow { key, start: query.every.map(|_| step), figures })
        };
        let mut answer = Vec::with_capacity(rows.len());
        answer.extend(rows.into_iter().filter_map(answer_row));
        Some(answer)
    }

    /// What the figures of one row are computed from, or those of the total where `row` is `None`.
    fn inputs<'a>(&self, query: &Query, tally: &'a Tally, extras: &'a Extras, row: Option<RowKey>) -> KpiInputs<'a> {
        // A step of the past has no live state.
        let is_step = row.is_some() && query.every.is_some();
        let times = match row {
            Some((_, step)) if is_step => extras.times_by_step.get(&step),
            _ => extras.times.as_ref().and_then(|times| times.get(row)),
        };
        let live = extras.live.as_ref().filter(|_| !is_step).and_then(|live| live.get(row));
        KpiInputs {
            tally,
            live: live.unwrap_or(&extras.idle),
            times,
            baseline: extras.baseline.as_ref().and_then(|baseline| baseline.get(row)),
            rules: &extras.rules,
            evidence: self.evidence,
            of_agent: query.of.get(Dim::Agent).is_some() || row.is_some() && query.by.contains(&Dim::Agent),
            now: extras.now,
        }
    }

    /// The figures of one row, or of the total where `row` is `None`.
    fn figures(
        &self,
        query: &Query,
        key: &Slice,
        inputs: &KpiInputs<'_>,
        extras: &Extras,
        row: Option<RowKey>,
    ) -> Vec<Figure> {
        let limits = self.limits_in(query, key);
        let judged = |id: &KpiId| {
            let kpi = id.def();
            let mut figure = figure(*id, inputs, extras, row);
            figure.verdict = limits(*id).verdict(kpi.better, &figure, extras.rules.min_samples, kpi.sampled);
            figure
        };
        query.kpis.iter().map(judged).collect()
    }

    /// The bands that a figure is judged by. For each target or limit, the first that is set counts, in this order:
    /// the intent's (`aht` only), the queue's, the floor's, the catalogue's.
    #[must_use]
    pub fn bands(&self, kpi: KpiId, queue: Option<&Label>, intent: Option<&Label>) -> Bands {
        self.limits_of(queue, intent)(kpi)
    }

    /// The [bands](Self::bands) of all KPIs in a row of a query.
    fn limits_in<'a>(&'a self, query: &'a Query, key: &'a Slice) -> impl Fn(KpiId) -> Bands + 'a {
        let value = |dim: Dim| key.get(dim).or_else(|| query.of.get(dim));
        self.limits_of(value(Dim::Queue), value(Dim::Intent))
    }

    /// The same in one slice.
    fn limits_of<'a>(&'a self, queue: Option<&'a Label>, intent: Option<&'a Label>) -> impl Fn(KpiId) -> Bands + 'a {
        let settings = &self.settings;
        let own = queue.and_then(|queue| settings.queues.get(queue));
        let asynchronous = OnceCell::new();
        move |kpi| {
            let of_intent = match (kpi, intent) {
                (KpiId::Aht, Some(intent)) => settings.intents.get(intent).copied(),
                _ => None,
            };
            let of_queue = own.and_then(|own| own.targets.get(&kpi)).copied();
            let of_floor = settings.targets.get(&kpi).copied();
            // The catalogue's limits for waits are those of live channels: an email may wait for hours, and each channel
            // promises its first response in another time.
            let of_catalogue = match kpi {
                KpiId::Frt => self.channel_of(queue).filter(|of| of.is_asynchronous()).map_or(Bands::NONE, |channel| {
                    let promised = Some(channel.response_target().as_secs_f64());
                    Bands { target: promised, warning: promised, ..Bands::NONE }
                }),
                KpiId::Asa | KpiId::LongestWait if *asynchronous.get_or_init(|| self.is_asynchronous(queue)) => {
                    Bands::NONE
                }
                _ => kpi.def().bands,
            };
            [of_intent, of_queue, of_floor].into_iter().flatten().fold(Bands::NONE, Bands::or).or(of_catalogue)
        }
    }

    /// Whether a queue's channel is asynchronous; without a queue, whether any queue's is.
    fn is_asynchronous(&self, queue: Option<&Label>) -> bool {
        match queue {
            Some(_) => self.channel_of(queue).is_some_and(Channel::is_asynchronous),
            None => self.queue_records.iter().any(|record| record.channel.is_some_and(Channel::is_asynchronous)),
        }
    }

    /// The channel of a queue, where it is known.
    fn channel_of(&self, queue: Option<&Label>) -> Option<Channel> {
        self.queue_records.get(self.queues.find(queue?.as_str())?.index())?.channel
    }
}

/// A figure without its verdict; where nothing was counted, the one that a source observed.
fn figure(id: KpiId, inputs: &KpiInputs<'_>, extras: &Extras, row: Option<RowKey>) -> Figure {
    let figure = (id.def().compute)(inputs);
    if (figure.value.is_none() || inputs.tally.offered + inputs.tally.answered == 0)
        && let Some(observed) = extras.observed_figure(id, row)
    {
        return observed.figure(id);
    }
    figure
}

/// The order of two values. One that is unknown comes last, whatever the direction.
fn by_value(a: Option<f64>, b: Option<f64>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => b.is_some().cmp(&a.is_some()),
    }
}

/// The first `limit` rows in an order. Only these are sorted.
fn first<V, R>(mut rows: Vec<(V, R)>, limit: usize, order: impl Fn(&(V, R), &(V, R)) -> Ordering) -> Vec<R> {
    if limit < rows.len() {
        rows.select_nth_unstable_by(limit, &order);
        rows.truncate(limit);
    }
    rows.sort_unstable_by(order);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Whether a group has anything to show now, so that it gets a row even if nothing was counted.
fn is_busy(live: &Live) -> bool {
    live.waiting + live.in_progress + live.agents.iter().sum::<i64>() > 0 || live.oldest_callback.is_some()
}
