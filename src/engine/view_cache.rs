//! The views that are kept up to date, so that a question that is asked again counts only what is new.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::Engine;
use super::facts::CellKey;
use super::segment::Segment;
use super::view::{FactSource, View, ViewPeriod};
use crate::clock::Time;
use crate::kpi::{Dim, Every, Period, Slice};
use crate::text::Patterns;

/// How many views are kept up to date. When there are more, the least recently used one is dropped.
const MAX_VIEWS: usize = 64;
/// The most tallies in all kept views together; a tally takes about 0.9 kB.
const MAX_CACHED_TALLIES: usize = 100_000;

/// What two queries must have in common to share a view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ViewKey {
    pub(super) of: Slice,
    /// The queues that it is limited to.
    pub(super) queues: Patterns,
    pub(super) by: Vec<Dim>,
    pub(super) over: Period,
    pub(super) every: Option<Every>,
    /// The view covers the same hours this many days earlier, as a baseline; 0 for the query itself.
    pub(super) days_before: u32,
}

/// The views kept up to date.
#[derive(Debug, Default)]
pub(super) struct ViewCache {
    /// Each with the value of `uses` when it was last used.
    views: FxHashMap<ViewKey, (u64, View)>,
    uses: u64,
}

impl ViewCache {
    fn take(&mut self, key: &ViewKey) -> View {
        self.views.remove(key).map(|(_, view)| view).unwrap_or_default()
    }

    pub(super) fn insert(&mut self, key: ViewKey, view: View) {
        self.uses += 1;
        let mut tallies = self.views.values().map(|(_, view)| view.tallies.len()).sum::<usize>() + view.tallies.len();
        while self.views.len() >= MAX_VIEWS || tallies > MAX_CACHED_TALLIES {
            let oldest = self.views.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some((_, dropped)) = oldest.and_then(|oldest| self.views.remove(&oldest)) else { break };
            tallies -= dropped.tallies.len();
        }
        self.views.insert(key, (self.uses, view));
    }
}

impl Engine {
    /// The view of a question, taken out of the cache and brought up to date; `None` if it has more than `max_rows`
    /// rows.
    pub(super) fn refreshed_view(&mut self, key: &ViewKey, range: &Range<Time>, max_rows: usize) -> Option<View> {
        let mut view = self.views.take(key);
        let of = self.resolve(&key.of, &key.queues);
        let open_ended = matches!(key.over, Period::Window(_)) && key.days_before == 0;
        let period = ViewPeriod { range: range.clone(), open_ended, every: key.every };
        // The slice can be resolved only once its values have been seen: then all cells are grouped anew.
        let epoch = self.epoch << 1 | u64::from(of.is_some());
        let fits = view.fits(&period, &self.facts, epoch);
        if fits || view.slide(&period, &self.fact_source(), epoch) {
            let grouping = |cell: &CellKey| self.group_of(of.as_ref(), &key.by, cell);
            if view.catch_up(&period, &self.fact_source(), &grouping, max_rows) {
                return Some(view);
            }
            if fits {
                return None;
            }
        }
        let counted = self.take_counted(key, range);
        view = View::new(&period, &self.facts, epoch, counted);
        for (day, segment) in self.facts.segments(range, open_ended) {
            let Some(bytes) = self.segment_bytes(day, &segment) else { continue };
            let Some(segment) = Segment::parse(&bytes) else {
                self.unreadable_days.insert(day);
                continue;
            };
            let numbers = self.segment_numbers(&segment);
            let grouping = |cell: &CellKey| self.group_of(of.as_ref(), &key.by, cell);
            let segment = (&segment, &numbers);
            if !view.count_segment(&period, &self.fact_source(), &grouping, segment, max_rows) {
                return None;
            }
        }
        let grouping = |cell: &CellKey| self.group_of(of.as_ref(), &key.by, cell);
        view.catch_up(&period, &self.fact_source(), &grouping, max_rows).then_some(view)
    }

    pub(super) fn fact_source(&self) -> FactSource<'_> {
        // A report is about any time; a floor is asked what is so now.
        let settled = self.settings.keep.map(|_| self.newest.min(self.advanced_to) - self.settings.rules.fcr_window);
        FactSource {
            facts: &self.facts,
            cells: self.cells.all(),
            limits: &self.limits,
            calendar: &self.settings.calendar,
            settled: settled.unwrap_or(Time(i64::MIN)),
        }
    }
}
