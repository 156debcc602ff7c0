//! A view: the tallies of one query, kept up to date as facts are added.
//!
//! A view remembers how many facts of each minute it has counted, so that asking again costs only what is new. When
//! the start of its window moves (once a minute, or at the start of a day), it counts its segments and minutes anew.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::counting::{Limits, count_fact};
use super::fact_store::FactStore;
use super::facts::{CellKey, CellNo, Fact};
use super::interner::{DimValue, NameNo, QueueNo};
use super::segment::{Segment, SegmentNumbers};
use crate::clock::{Span, Time};
use crate::kpi::samples::Samples;
use crate::kpi::{Calendar, Every, Tally};

/// The values of a question's dimensions, up to two; the default where there is no dimension.
pub(super) type Group = [DimValue; 2];

/// What a row of an answer is about: its group, and the start of its step (0 where there are no steps).
pub(super) type RowKey = (Group, Time);

/// The group that a cell belongs to, or `None` where the cell is outside the question's slice.
pub(super) type Grouping<'a> = &'a dyn Fn(&CellKey) -> Option<Group>;

/// The time that a view is about.
#[derive(Clone, Debug)]
pub(super) struct ViewPeriod {
    pub(super) range: Range<Time>,
    /// Whether facts after the end of `range` count too: the period ends now, and a source's clock may be ahead.
    pub(super) open_ended: bool,
    pub(super) every: Option<Every>,
    /// Whether single waits are counted.
    pub(super) with_waits: bool,
}

/// The facts that a view counts, and the limits and calendar by which it does.
pub(super) struct FactSource<'a> {
    pub(super) facts: &'a FactStore,
    pub(super) cells: &'a [CellKey],
    pub(super) limits: &'a Limits,
    pub(super) calendar: &'a Calendar,
    /// See [`Tally::tidy`].
    pub(super) settled: Time,
}

impl ViewPeriod {
    /// Whether it holds an instant.
    fn holds(&self, at: Time) -> bool {
        at >= self.range.start && (self.open_ended || at < self.range.end)
    }
}

/// The steps that a period is cut into. Finding the step of a minute on the calendar takes long, and facts about one
/// minute come one after another.
#[derive(Debug)]
pub(super) struct Steps {
    every: Option<Every>,
    calendar: Calendar,
    known: FxHashMap<Time, Time>,
}

/// The steps of so many minutes are remembered.
const MAX_KNOWN_MINUTES: usize = 10_000;

impl Steps {
    pub(super) fn new(every: Option<Every>, calendar: &Calendar) -> Self {
        Self { every, calendar: *calendar, known: FxHashMap::default() }
    }

    /// The start of the step that holds an instant.
    pub(super) fn of(&mut self, at: Time) -> Option<Time> {
        let every = self.every?;
        let minute = at.minute();
        if self.known.len() >= MAX_KNOWN_MINUTES {
            self.known.clear();
        }
        Some(*self.known.entry(minute).or_insert_with(|| self.calendar.bucket(every, minute)))
    }
}

/// The tallies of one question.
#[derive(Debug, Default)]
pub(super) struct View {
    range: Option<Range<Time>>,
    /// Whether it is of use only for what follows from counts and sums: single waits are not counted.
    without_waits: bool,
    /// By cell number: its group's number plus one; 0 where the cell is outside the slice.
    group_of_cell: Vec<u32>,
    groups: Vec<Group>,
    /// The numbers of the groups with two values.
    group_numbers: FxHashMap<Group, u32>,
    /// The same of the groups with one value, by that value, plus one; 0 where there is none.
    numbers_of_values: Vec<u32>,
    /// Without steps: by group number, the index of its tally plus one; 0 where there is none yet.
    tally_of_group: Vec<u32>,
    /// With steps: the same by group number and start of the step.
    tally_of_step: FxHashMap<(u32, Time), u32>,
    pub(super) keys: Vec<RowKey>,
    /// The tally of each of `keys`.
    pub(super) tallies: Vec<Tally>,
    pub(super) total: Tally,
    /// The indices of the rows in the order of answers, but for new ones.
    order: Vec<u32>,
    /// The rows counted in since the last [`Self::tidy`]; as many as there are rows stand for all.
    touched: Vec<usize>,
    /// The index of the first minute of the range, and how many facts of each minute from there are counted.
    first: usize,
    counted: Vec<usize>,
    /// How many of the late facts are counted.
    late_counted: usize,
    /// The versions of the facts and the epoch that it was last brought up to date with.
    version: u64,
    layout_version: u64,
    epoch: u64,
}

impl View {
    /// Whether its counts still are a part of those of the period.
    pub(super) fn fits(&self, period: &ViewPeriod, facts: &FactStore, epoch: u64) -> bool {
        let ViewPeriod { range, open_ended, .. } = period;
        let same = |own: &Range<Time>| own.start == range.start && (*open_ended || own.end == range.end);
        let same_range = self.range.as_ref().is_some_and(same);
        same_range && self.layout_version == facts.layout_version() && self.epoch == epoch
    }

    /// Move the start of a window that ends now on, by subtracting the minutes that it leaves. `false` where that can't be
    /// done, or leaves more rows empty than not: all is counted anew then.
    pub(super) fn slide(&mut self, period: &ViewPeriod, source: &FactSource<'_>, epoch: u64) -> bool {
        let FactSource { facts, cells, limits, .. } = *source;
        let start = period.range.start;
        let is_whole = |at: Time| at.minute() == at;
        let slides = |own: &Range<Time>| {
            own.start >= facts.open_from() && own.start < start && is_whole(own.start) && is_whole(start)
        };
        let same = self.layout_version == facts.layout_version() && self.epoch == epoch;
        if !same || !period.open_ended || period.every.is_some() || !self.range.as_ref().is_some_and(slides) {
            return false;
        }
        let leaves = facts.minutes().index_from(start).saturating_sub(self.first);
        let minutes = facts.minutes().all().iter().skip(self.first);
        let counted: Vec<usize> = self.counted.drain(..leaves.min(self.counted.len())).collect();
        for (minute, counted) in minutes.zip(counted) {
            for (_, fact) in minute.facts_from(0).take(counted) {
                self.count(&Fact { sign: -fact.sign, ..fact }, None, cells, limits);
            }
        }
        self.first += leaves;
        self.range = Some(period.range.clone());
        let empty = self.tallies.iter().filter(|tally| tally.is_empty()).count();
        empty <= self.tallies.len() / 2
    }

    /// A view that has counted nothing yet but what `before` has.
    pub(super) fn new(period: &ViewPeriod, facts: &FactStore, epoch: u64, before: Self) -> Self {
        Self {
            range: Some(period.range.clone()),
            without_waits: !period.with_waits,
            first: facts.minutes().index_from(period.range.start),
            layout_version: facts.layout_version(),
            epoch,
            // No version of any facts.
            version: u64::MAX,
            ..before
        }
    }

    /// Find the groups of the cells that are new.
    fn add_cells(&mut self, cells: &[CellKey], grouping: Grouping<'_>) {
        for cell in cells.iter().skip(self.group_of_cell.len()) {
            let group = grouping(cell).map_or(0, |group| self.group_number(group) + 1);
            self.group_of_cell.push(group);
        }
    }

    /// Count the facts of a segment. `false` if there are more than `max_rows` rows.
    pub(super) fn count_segment(
        &mut self,
        period: &ViewPeriod,
        source: &FactSource<'_>,
        grouping: Grouping<'_>,
        (segment, numbers): (&Segment<'_>, &SegmentNumbers),
        max_rows: usize,
    ) -> bool {
        self.add_cells(source.cells, grouping);
        let mut steps = Steps::new(period.every, source.calendar);
        // The checksum was right, so that the columns are whole.
        _ = segment.for_each(numbers, |at, fact| {
            if period.holds(at) && self.tallies.len() <= max_rows {
                let step = steps.of(at);
                self.count(fact, step, source.cells, source.limits);
            }
        });
        self.tidy(source.settled);
        self.tallies.len() <= max_rows
    }

    /// Count the facts of open days, and the late ones, that are new. `false` if there are more than `max_rows` rows:
    /// the view is incomplete then and must not be used.
    pub(super) fn catch_up(
        &mut self,
        period: &ViewPeriod,
        source: &FactSource<'_>,
        grouping: Grouping<'_>,
        max_rows: usize,
    ) -> bool {
        let FactSource { facts, cells, limits, calendar, settled } = *source;
        let ViewPeriod { range, open_ended, .. } = period;
        if self.version == facts.version() {
            return self.tallies.len() <= max_rows;
        }
        self.version = facts.version();
        self.add_cells(cells, grouping);
        let mut steps = Steps::new(period.every, calendar);
        for late in facts.late().get(self.late_counted..).unwrap_or_default() {
            if period.holds(late.at) {
                self.count(&late.fact, steps.of(late.at), cells, limits);
            }
        }
        self.late_counted = facts.late().len();
        for (index, minute) in facts.minutes().all().iter().skip(self.first).enumerate() {
            if minute.start >= range.end && !open_ended {
                break;
            }
            if self.counted.len() <= index {
                self.counted.resize(index + 1, 0);
            }
            let Some(counted) = self.counted.get_mut(index) else { break };
            let known = std::mem::replace(counted, minute.len());
            if known == minute.len() {
                continue;
            }
            let inside = minute.start >= range.start && (*open_ended || minute.start + Span::MINUTE <= range.end);
            let step = steps.of(minute.start);
            for (at, fact) in minute.facts_from(known) {
                if inside || range.contains(&at) {
                    self.count(&fact, step, cells, limits);
                }
            }
            // A minute adds at most as many rows as there are cells, so this bounds the memory too.
            if self.tallies.len() > max_rows {
                return false;
            }
        }
        self.tidy(settled);
        self.tallies.len() <= max_rows
    }

    /// Forget the times of joining of first contacts.
    pub(super) fn forget_first_open(&mut self) {
        for tally in &mut self.tallies {
            tally.first_open = Samples::default();
        }
    }

    /// Count the time of joining of so many first contacts in a row and in the total.
    pub(super) fn count_first_open(&mut self, row: usize, joined: i64, contacts: i64) {
        if let Some(tally) = self.tallies.get_mut(row) {
            for first_open in [&mut tally.first_open, &mut self.total.first_open] {
                (0..contacts.abs()).for_each(|_| first_open.count(joined, contacts.signum()));
                first_open.tidy();
            }
        }
    }

    /// The total is the sum of the rows.
    pub(super) fn add_up(&mut self) {
        self.total = Tally::sum(&self.tallies);
    }

    /// A copy without samples.
    pub(super) fn without_samples(&self) -> Self {
        Self {
            group_of_cell: self.group_of_cell.clone(),
            groups: self.groups.clone(),
            group_numbers: self.group_numbers.clone(),
            numbers_of_values: self.numbers_of_values.clone(),
            tally_of_group: self.tally_of_group.clone(),
            tally_of_step: self.tally_of_step.clone(),
            keys: self.keys.clone(),
            tallies: self.tallies.iter().map(Tally::without_samples).collect(),
            total: self.total.without_samples(),
            ..Self::default()
        }
    }

    /// Count the samples that wait for it, of the rows that were counted in.
    pub(super) fn tidy(&mut self, settled: Time) {
        self.total.tidy(settled);
        let touched = std::mem::take(&mut self.touched);
        if touched.len() < self.tallies.len() {
            for row in touched {
                self.tallies.get_mut(row).into_iter().for_each(|tally| tally.tidy(settled));
            }
        } else {
            self.tallies.iter_mut().for_each(|tally| tally.tidy(settled));
        }
    }

    /// Bring the rows into order, where there are new ones.
    pub(super) fn sort<P: Ord>(&mut self, place: impl Fn(RowKey) -> P) {
        if self.order.len() != self.keys.len() {
            let mut order: Vec<(P, u32)> = self.keys.iter().map(|key| place(*key)).zip(0..).collect();
            order.sort_unstable();
            self.order = order.into_iter().map(|(_, row)| row).collect();
        }
    }

    /// The rows in order.
    pub(super) fn sorted_rows(&self) -> impl Iterator<Item = (RowKey, &Tally)> {
        self.order.iter().filter_map(|row| self.row_at(*row as usize))
    }

    /// The row of a group, without steps.
    pub(super) fn row_of(&self, group: Group) -> Option<(RowKey, &Tally)> {
        let number = match group {
            [value, DimValue::NONE] => self.numbers_of_values.get(value.index())?.checked_sub(1)?,
            group => *self.group_numbers.get(&group)?,
        };
        let tally = self.tally_of_group.get(number as usize)?;
        self.row_at(tally.checked_sub(1)? as usize)
    }

    fn row_at(&self, row: usize) -> Option<(RowKey, &Tally)> {
        Some((*self.keys.get(row)?, self.tallies.get(row)?))
    }

    fn group_number(&mut self, group: Group) -> u32 {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX - 1);
        let number = if let [value, DimValue::NONE] = group {
            if self.numbers_of_values.len() <= value.index() {
                self.numbers_of_values.resize(value.index() + 1, 0);
            }
            let Some(slot) = self.numbers_of_values.get_mut(value.index()) else { return next };
            *slot = if *slot == 0 { next + 1 } else { *slot };
            *slot - 1
        } else {
            *self.group_numbers.entry(group).or_insert(next)
        };
        if number == next {
            self.groups.push(group);
        }
        number
    }

    /// Count a fact in its row and in the total.
    fn count(&mut self, fact: &Fact, step: Option<Time>, cells: &[CellKey], limits: &Limits) {
        let queue = cells.get(fact.cell.index()).map_or(QueueNo::UNKNOWN, |cell| cell.queue);
        if let Some(row) = self.row(fact.cell, step) {
            self.count_in(Some(row), fact, queue, limits);
            count_fact(&mut self.total, fact, queue, limits, !self.without_waits);
        }
    }

    /// The index of the row of a group, which is added if it is new.
    pub(super) fn row_of_group(&mut self, group: Group, step: Option<Time>) -> usize {
        let group = self.group_number(group);
        self.tally_index(group, step)
    }

    /// The index of the row that a cell is counted in; `None` where it is outside the slice.
    fn row(&mut self, cell: CellNo, step: Option<Time>) -> Option<usize> {
        let group = self.group_of_cell.get(cell.index()).copied().unwrap_or(0).checked_sub(1)?;
        Some(self.tally_index(group, step))
    }

    /// Count a fact about a queue in a row, but not in the total: see [`Self::add_up`].
    pub(super) fn count_in(&mut self, row: Option<usize>, fact: &Fact, queue: QueueNo, limits: &Limits) {
        let with_waits = !self.without_waits;
        if let Some(tally) = self.tally_mut(row) {
            count_fact(tally, fact, queue, limits, with_waits);
        }
    }

    /// The tally of a row, to count in.
    pub(super) fn tally_mut(&mut self, row: Option<usize>) -> Option<&mut Tally> {
        let rows = self.tallies.len();
        let tally = self.tallies.get_mut(row?)?;
        if self.touched.len() < rows {
            self.touched.extend(row);
        }
        Some(tally)
    }

    /// The index of the tally of a group and step, which is added if it is new.
    fn tally_index(&mut self, group: u32, step: Option<Time>) -> usize {
        let slot = if let Some(step) = step {
            self.tally_of_step.entry((group, step)).or_default()
        } else {
            if self.tally_of_group.len() <= group as usize {
                self.tally_of_group.resize(self.groups.len().max(group as usize + 1), 0);
            }
            let Some(slot) = self.tally_of_group.get_mut(group as usize) else { return usize::MAX };
            slot
        };
        if *slot == 0 {
            self.keys.push((self.groups.get(group as usize).copied().unwrap_or_default(), step.unwrap_or_default()));
            // A tally takes over a kilobyte.
            if self.tallies.len() == self.tallies.capacity() {
                self.tallies.reserve_exact(self.tallies.len() / 4 + 4);
            }
            self.tallies.push(Tally::default());
            *slot = u32::try_from(self.tallies.len()).unwrap_or(u32::MAX);
        }
        *slot as usize - 1
    }
}
