//! Counts the closed days that a question is about in portions, so that the floor does other things in between: a month
//! of a large centre takes seconds.
//!
//! What is counted so is held for the question, which is then answered at once.

use std::ops::Range;

use super::Engine;
use super::fact_store::SegmentRef;
use super::view::{View, ViewPeriod};
use super::view_cache::ViewKey;
use crate::clock::{Span, Time};
use crate::kpi::{KpiId, Period, Query};
use crate::text::Patterns;

/// What changes meanwhile, such as a day that is closed, has all counted anew. After so many times the rest is counted
/// with the answer.
const MAX_ROUNDS: u32 = 3;

/// A question whose closed days are counted in portions.
#[derive(Debug)]
pub struct PortionedQuestion {
    query: Query,
    queues: Patterns,
    max_rows: usize,
    round: u32,
    /// What is to be counted in this round.
    left: Vec<(ViewKey, ViewPeriod)>,
    /// What is being counted.
    counting: Option<ViewInProgress>,
}

/// A view of which some segments are counted.
#[derive(Debug)]
struct ViewInProgress {
    key: ViewKey,
    period: ViewPeriod,
    view: View,
    /// The segments that are not, the next one last, each with its day.
    segments: Vec<(Time, SegmentRef)>,
}

/// How far a question has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortionOutcome {
    /// There is more to count.
    Partly,
    /// All that takes long is counted.
    Ready,
    /// Its answer has more rows than it may.
    TooLarge,
}

impl Engine {
    /// Begin a question that is limited to the queues that pass `queues`, and to `max_rows` rows; `None` if its answer
    /// takes no more than one portion.
    pub fn begin_portions(
        &mut self,
        query: &Query,
        queues: &Patterns,
        max_rows: usize,
        now: Time,
    ) -> Option<PortionedQuestion> {
        let left = self.uncounted(query, queues, now);
        let segments = left.iter().map(|(_, period)| self.facts.segments(&period.range, period.open_ended).len());
        if segments.sum::<usize>() <= 1 {
            return None;
        }
        let (query, queues) = (query.clone(), queues.clone());
        Some(PortionedQuestion { query, queues, max_rows, round: 0, left: Vec::new(), counting: None })
    }

    /// Count a portion: one segment. Only one question at a time may be under way.
    pub fn count_portion(&mut self, question: &mut PortionedQuestion, now: Time) -> PortionOutcome {
        self.flush();
        let Some(mut counting) = question.counting.take().or_else(|| self.next_view(question)) else {
            question.left = self.uncounted(&question.query, &question.queues, now);
            question.round += 1;
            let is_ready = question.left.is_empty() || question.round > MAX_ROUNDS;
            return if is_ready { PortionOutcome::Ready } else { PortionOutcome::Partly };
        };
        let Some((day, segment)) = counting.segments.pop() else {
            self.views.hold(counting.key, counting.view);
            return PortionOutcome::Partly;
        };
        let ViewInProgress { key, period, view, .. } = &mut counting;
        if !self.count_segment(view, key, period, (day, &segment), question.max_rows) {
            self.end_portions();
            return PortionOutcome::TooLarge;
        }
        question.counting = Some(counting);
        PortionOutcome::Partly
    }

    /// The question under way has its answer, or nobody waits for it: let go of what was held for it.
    pub fn end_portions(&mut self) {
        self.views.release();
    }

    /// The next view that a question needs, of which nothing is counted yet.
    fn next_view(&mut self, question: &mut PortionedQuestion) -> Option<ViewInProgress> {
        let (key, period) = question.left.pop()?;
        let view = self.new_view(&key, &period);
        let mut segments = self.facts.segments(&period.range, period.open_ended);
        segments.reverse();
        Some(ViewInProgress { key, period, view, segments })
    }

    /// The views that a question needs and that are about closed days which are not counted.
    fn uncounted(&self, query: &Query, queues: &Patterns, now: Time) -> Vec<(ViewKey, ViewPeriod)> {
        let range = self.range(query.over, now);
        let key = self.views.key_of(query, queues);
        let before = if query.kpis.contains(&KpiId::SpeedTrap) && query.every.is_none() {
            self.baseline_periods(&range, now)
        } else {
            Vec::new()
        };
        let all = std::iter::once((0, range)).chain(before).map(|(days_before, range)| {
            let key = if days_before > 0 { key.before(days_before) } else { key.clone() };
            let period = key.period(&range);
            (key, period)
        });
        let is_known = |(key, period): &(ViewKey, ViewPeriod)| {
            let epoch = self.view_epoch(key);
            self.views.peek(key).is_some_and(|view| view.fits(period, &self.facts, epoch))
        };
        let has_closed_days = |period: &ViewPeriod| !self.facts.segments(&period.range, period.open_ended).is_empty();
        all.filter(|counted| !is_known(counted) && has_closed_days(&counted.1)).collect()
    }

    /// The same hours of the previous four weeks, or of the previous day if nothing older is known, each with how many days
    /// before it is.
    pub(super) fn baseline_periods(&self, range: &Range<Time>, now: Time) -> Vec<(u32, Range<Time>)> {
        let Some(oldest) = self.facts.first_minute() else { return Vec::new() };
        let end = range.end.min(now.minute() + Span::MINUTE);
        let back = |days: u32| Span(i64::from(days) * Span::DAY.0);
        let weeks: Vec<u32> = (1..=4).map(|week| week * 7).filter(|days| range.start - back(*days) >= oldest).collect();
        let days = if weeks.is_empty() { vec![1] } else { weeks };
        let periods = days.into_iter().map(|days| (days, range.start - back(days)..end - back(days)));
        periods.filter(|(_, range)| range.end > oldest).collect()
    }
}

impl ViewKey {
    /// The key of a question that is limited to the queues that pass `queues`.
    pub(super) fn of(query: &Query, queues: &Patterns) -> Self {
        let Query { of, by, over, every, .. } = query;
        let (of, queues, by) = (of.clone(), queues.clone(), by.clone());
        let with_waits = query.kpis.iter().any(|kpi| kpi.is_of_single_waits());
        Self { of, queues, by, over: *over, every: *every, with_waits, days_before: 0 }
    }

    /// The key of the baseline of a question, so many days before.
    pub(super) fn before(&self, days_before: u32) -> Self {
        Self { days_before, with_waits: false, ..self.clone() }
    }

    /// The period of its view, whose times are `range`.
    pub(super) fn period(&self, range: &Range<Time>) -> ViewPeriod {
        let open_ended = matches!(self.over, Period::Window(_)) && self.days_before == 0;
        ViewPeriod { range: range.clone(), open_ended, every: self.every, with_waits: self.with_waits }
    }
}
