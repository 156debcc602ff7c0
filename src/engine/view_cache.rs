//! The views that are kept up to date, so that a question that is asked again counts only what is new.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::Engine;
use super::fact_store::SegmentRef;
use super::facts::CellKey;
use super::segment::Segment;
use super::view::{FactSource, View, ViewPeriod};
use crate::clock::Time;
use crate::kpi::{Dim, Every, Period, Query, Slice};
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
    /// Whether it counts single waits, which few figures need.
    pub(super) with_waits: bool,
    /// The view covers the same hours this many days earlier, as a baseline; 0 for the query itself.
    pub(super) days_before: u32,
}

/// The views kept up to date.
#[derive(Debug, Default)]
pub(super) struct ViewCache {
    /// Each with the value of `uses` when it was last used.
    views: FxHashMap<ViewKey, (u64, View)>,
    uses: u64,
    /// Those that were counted for the question under way. They are not dropped before its answer.
    held: FxHashMap<ViewKey, View>,
}

impl ViewCache {
    fn take(&mut self, key: &ViewKey) -> View {
        let kept = self.views.remove(key).map(|(_, view)| view);
        self.held.remove(key).or(kept).unwrap_or_default()
    }

    /// A view as it is.
    pub(super) fn peek(&self, key: &ViewKey) -> Option<&View> {
        self.held.get(key).or_else(|| self.views.get(key).map(|(_, view)| view))
    }

    /// The key of the view that a question is answered from: one that counts single waits will do for others too, if it is kept
    /// anyway.
    pub(super) fn key_of(&self, query: &Query, queues: &Patterns) -> ViewKey {
        let key = ViewKey::of(query, queues);
        let with_waits = ViewKey { with_waits: true, ..key.clone() };
        if self.views.contains_key(&with_waits) { with_waits } else { key }
    }

    /// Hold a view for the question under way.
    pub(super) fn hold(&mut self, key: ViewKey, view: View) {
        self.held.insert(key, view);
    }

    /// Let go of the views that were held and that no answer has taken.
    pub(super) fn release(&mut self) {
        self.held.clear();
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
        let period = key.period(range);
        let epoch = self.view_epoch(key);
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
        view = self.new_view(key, &period);
        for (day, segment) in self.facts.segments(range, period.open_ended) {
            if !self.count_segment(&mut view, key, &period, (day, &segment), max_rows) {
                return None;
            }
        }
        let of = self.resolve(&key.of, &key.queues);
        let grouping = |cell: &CellKey| self.group_of(of.as_ref(), &key.by, cell);
        view.catch_up(&period, &self.fact_source(), &grouping, max_rows).then_some(view)
    }

    /// What views of a question must have been grouped by to be right.
    pub(super) fn view_epoch(&self, key: &ViewKey) -> u64 {
        // The slice can be resolved only once its values have been seen: then all cells are grouped anew.
        self.epoch << 1 | u64::from(self.resolve(&key.of, &key.queues).is_some())
    }

    /// A view that has counted no segments yet.
    pub(super) fn new_view(&mut self, key: &ViewKey, period: &ViewPeriod) -> View {
        let epoch = self.view_epoch(key);
        let counted = self.take_counted(key, &period.range);
        View::new(period, &self.facts, epoch, counted)
    }

    /// Count a segment of a day in a view; nothing where it can't be read. `false` if there are more than `max_rows` rows.
    pub(super) fn count_segment(
        &mut self,
        view: &mut View,
        key: &ViewKey,
        period: &ViewPeriod,
        (day, segment): (Time, &SegmentRef),
        max_rows: usize,
    ) -> bool {
        let Some(bytes) = self.segment_bytes(day, segment) else { return true };
        let Some(segment) = Segment::parse(&bytes) else {
            self.unreadable_days.insert(day);
            return true;
        };
        let numbers = self.segment_numbers(&segment);
        let of = self.resolve(&key.of, &key.queues);
        let grouping = |cell: &CellKey| self.group_of(of.as_ref(), &key.by, cell);
        view.count_segment(period, &self.fact_source(), &grouping, (&segment, &numbers), max_rows)
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
