//! A standing query is known before the events, as a report's is: what a closed day leaves is counted for it at once,
//! and takes no memory afterwards.
//!
//! The last day stays open, because `speed_trap` compares with what was a day before the end.

use super::Engine;
use super::answer::ViewKey;
use super::facts::CellKey;
use super::groups::ResolvedSlice;
use super::view::View;
use crate::clock::Time;
use crate::kpi::{Dim, Every, Period};

/// The query, about all that happens, and what has been counted for it.
#[derive(Debug)]
pub(super) struct StandingQuery {
    by: Vec<Dim>,
    every: Option<Every>,
    closed: View,
    /// The same without samples, as the baseline of the answer.
    baseline: View,
}

impl StandingQuery {
    /// What was counted for the rows of a view, which takes it away; `None` where the view is another query's.
    pub(super) fn take(&mut self, key: &ViewKey) -> Option<View> {
        let same = key.by == self.by && key.every == self.every && matches!(key.over, Period::Range(..));
        if !same {
            return None;
        }
        if key.days_before > 0 {
            return Some(std::mem::take(&mut self.baseline));
        }
        self.closed.add_up();
        self.baseline = self.closed.without_samples();
        Some(std::mem::take(&mut self.closed))
    }
}

impl Engine {
    /// Keep of closed days only what one query about the whole time asks: the rows of `by` and `every`. Such a
    /// query can be asked once, of all that was applied. The slices must not change afterwards: no source may
    /// tell teams or service level thresholds.
    pub fn count_only(&mut self, by: &[Dim], every: Option<Every>) {
        let query = StandingQuery { by: by.to_vec(), every, closed: View::default(), baseline: View::default() };
        self.standing_query = Some(Box::new(query));
    }

    /// Count the facts of the days before `until` for the standing query. `false` where there is none.
    pub(super) fn count_closed(&mut self, until: Time) -> bool {
        let Some(mut query) = self.standing_query.take() else { return false };
        let (minutes, late) = self.facts.take_before(until);
        self.facts.note_gone(&minutes, &late);
        let grouping = |cell: &CellKey| self.group_of(Some(&ResolvedSlice::TOTAL), &query.by, cell);
        query.closed.count_closed(query.every, &self.fact_source(), &grouping, &minutes, &late);
        self.standing_query = Some(query);
        true
    }
}
