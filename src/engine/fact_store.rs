//! All facts: those of open days by the minute, and those of closed days as segments.
//!
//! A business day is closed when it is over and its sources have moved on. Its facts then become a
//! [segment](super::segment). What becomes known of a closed day later waits among the late facts, and joins the day as a
//! further segment at the next close.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::archive::SegmentId;
use super::facts::Fact;
use super::minute::Minute;
use super::minutes::{Minutes, RowChange};
use super::segment::DatedFact;
use crate::clock::Time;

/// With so many facts of closed days waiting, they become segments at once: about 4 MB.
const MAX_LATE_FACTS: usize = 100_000;

/// All facts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FactStore {
    minutes: Minutes,
    /// Facts of closed days, in the order they became known.
    late: Vec<DatedFact>,
    /// The segments of the closed days, by the start of the day.
    closed: BTreeMap<Time, Vec<SegmentRef>>,
    /// The start of the first open day.
    open_from: Time,
    /// The instant of the first fact that was counted and is kept no longer.
    #[serde(skip)]
    first_gone: Option<Time>,
    /// Facts before this are not added: they are in a segment already.
    ignored_before: Option<Time>,
    /// Counts the facts ever added.
    version: u64,
    /// Counts the times that what views have counted was moved: a minute was inserted between others, or facts were
    /// taken out or became segments.
    layout_version: u64,
}

/// One segment of a closed day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SegmentRef {
    pub(super) id: SegmentId,
    /// The instants of its first and last fact.
    pub(super) first: Time,
    pub(super) last: Time,
    /// Its bytes, unless the archive has them.
    #[serde(skip)]
    pub(super) bytes: Option<Arc<[u8]>>,
}

impl FactStore {
    /// Add a fact of the instant `at`.
    pub(super) fn push(&mut self, at: Time, fact: Fact) {
        if self.ignored_before.is_some_and(|before| at < before) {
            return;
        }
        self.version += 1;
        if at < self.open_from {
            self.late.push(DatedFact { at, fact });
        } else if self.minutes.push(at, &fact) == RowChange::Shifted {
            self.layout_version += 1;
        }
    }

    /// Add no facts before this time, or all.
    pub(super) const fn ignore_before(&mut self, before: Option<Time>) {
        self.ignored_before = before;
    }

    /// Pack the facts of minutes that get few any more.
    pub(super) fn pack(&mut self) {
        self.minutes.pack();
    }

    pub(super) const fn minutes(&self) -> &Minutes {
        &self.minutes
    }

    pub(super) fn late(&self) -> &[DatedFact] {
        &self.late
    }

    /// Changes with every fact.
    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Changes when what views have counted was moved.
    pub(super) const fn layout_version(&self) -> u64 {
        self.layout_version
    }

    /// The start of the first open day.
    pub(super) const fn open_from(&self) -> Time {
        self.open_from
    }

    /// Whether so many facts of closed days wait that they should become segments.
    pub(super) const fn has_many_late(&self) -> bool {
        self.late.len() >= MAX_LATE_FACTS
    }

    /// The instant of the first fact kept.
    pub(super) fn first_instant(&self) -> Option<Time> {
        let closed = self.closed.values().next().and_then(|segments| segments.iter().map(|s| s.first).min());
        let late = self.late.iter().map(|dated| dated.at).min();
        closed.into_iter().chain(late).chain(self.minutes.first_instant()).chain(self.first_gone).min()
    }

    /// The minute of that fact. Unlike its instant it is found without a look at all facts of the minute.
    pub(super) fn first_minute(&self) -> Option<Time> {
        let closed = self.closed.values().next().and_then(|segments| segments.iter().map(|s| s.first).min());
        let late = self.late.iter().map(|dated| dated.at).min();
        let open = self.minutes.all().first().map(|minute| minute.start);
        closed.into_iter().chain(late).chain(open).chain(self.first_gone).min().map(Time::minute)
    }

    /// The segments with facts in a range of times; to the end of all where it is open-ended.
    pub(super) fn segments(&self, range: &Range<Time>, open_ended: bool) -> Vec<(Time, SegmentRef)> {
        let overlaps = |s: &&SegmentRef| s.last >= range.start && (open_ended || s.first < range.end);
        let of_day = |(day, segments): (&Time, &Vec<SegmentRef>)| {
            segments.iter().filter(overlaps).map(|s| (*day, s.clone())).collect::<Vec<_>>()
        };
        self.closed.iter().flat_map(of_day).collect()
    }

    /// Take out the facts of the days before `until`, which are closed: by the minute, and the late ones.
    pub(super) fn take_before(&mut self, until: Time) -> (Vec<Minute>, Vec<DatedFact>) {
        self.open_from = self.open_from.max(until);
        self.layout_version += 1;
        (self.minutes.take_before(until), std::mem::take(&mut self.late))
    }

    /// These facts were counted and are kept no longer.
    pub(super) fn note_gone(&mut self, minutes: &[Minute], late: &[DatedFact]) {
        let first = minutes.first().and_then(Minute::first_instant);
        let all = self.first_gone.into_iter().chain(first).chain(late.iter().map(|dated| dated.at));
        self.first_gone = all.min();
    }

    /// A fact of this instant was counted without being added.
    pub(super) fn note_counted(&mut self, at: Time) {
        self.first_gone = Some(self.first_gone.map_or(at, |first| first.min(at)));
    }

    /// The facts from an instant on, of open days and late ones.
    pub(super) fn from(&self, at: Time) -> impl Iterator<Item = (Time, Fact)> {
        let minutes = self.minutes.all().get(self.minutes.index_from(at)..).unwrap_or_default();
        let late = self.late.iter().map(|dated| (dated.at, dated.fact));
        late.chain(minutes.iter().flat_map(|minute| minute.facts_from(0))).filter(move |(of, _)| *of >= at)
    }

    /// Take out the facts that become segments when the days before `until` are closed: theirs, and the late ones.
    pub(super) fn take_closing(&mut self, until: Time) -> Vec<DatedFact> {
        let (minutes, mut taken) = self.take_before(until);
        for minute in minutes {
            taken.extend(minute.facts_from(0).map(|(at, fact)| DatedFact { at, fact }));
        }
        taken
    }

    /// Add a segment to a closed day.
    pub(super) fn add_segment(&mut self, day: Time, segment: SegmentRef) {
        self.layout_version += 1;
        self.closed.entry(day).or_default().push(segment);
    }

    /// Let go of the bytes of segments that the archive has stored by now.
    pub(super) fn release(&mut self, stored: SegmentId) {
        let segments = self.closed.values_mut().flatten();
        segments.filter(|segment| segment.id <= stored).for_each(|segment| segment.bytes = None);
    }

    /// The segments whose bytes the archive does not have yet.
    pub(super) fn unstored(&self) -> impl Iterator<Item = (Time, &SegmentRef)> {
        self.closed
            .iter()
            .flat_map(|(day, segments)| segments.iter().map(|segment| (*day, segment)))
            .filter(|(_, segment)| segment.bytes.is_some())
    }

    /// Drop the facts before `at`, the start of a day.
    pub(super) fn drop_before(&mut self, at: Time) {
        let kept = self.closed.split_off(&at);
        let dropped = std::mem::replace(&mut self.closed, kept);
        let late = self.late.len();
        self.late.retain(|dated| dated.at >= at);
        let minutes = self.minutes.take_before(at);
        if !dropped.is_empty() || late != self.late.len() || !minutes.is_empty() {
            self.layout_version += 1;
        }
    }
}
