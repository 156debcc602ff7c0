//! A view: the tallies of one query, kept up to date as facts are added.
//!
//! A view remembers how many facts of each minute it has counted, so that asking again costs only what is new. When
//! the start of its window moves (once a minute, or at the start of a day), it counts its minutes anew.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::facts::{CellKey, Fact, Measure, Minutes, NO_BAND, UNKNOWN};
use super::interner::{DimValue, NameNo, QueueNo};
use crate::clock::{Span, Time};
use crate::kpi::{Calendar, Every, Tally};

/// The limits that waits are compared with while facts are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// The service level threshold by queue number; `default_service_level` where there is none.
    pub(super) by_queue: Vec<Option<Span>>,
    pub(super) default_service_level: Span,
    pub(super) short_abandon: Span,
}

impl Limits {
    pub(super) fn service_level(&self, queue: QueueNo) -> Span {
        self.by_queue.get(queue.index()).copied().flatten().unwrap_or(self.default_service_level)
    }
}

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
}

/// The facts that a view counts, and the limits and calendar by which it does.
pub(super) struct FactSource<'a> {
    pub(super) minutes: &'a Minutes,
    pub(super) cells: &'a [CellKey],
    pub(super) limits: &'a Limits,
    pub(super) calendar: &'a Calendar,
    /// Changes when groups or limits do.
    pub(super) epoch: u64,
}

/// The tallies of one question.
#[derive(Debug, Default)]
pub(super) struct View {
    range: Option<Range<Time>>,
    /// By cell number: its group's number plus one; 0 where the cell is outside the slice.
    group_of_cell: Vec<u32>,
    groups: Vec<Group>,
    group_numbers: FxHashMap<Group, u32>,
    /// Without steps: by group number, the index of its tally plus one; 0 where there is none yet.
    tally_of_group: Vec<u32>,
    /// With steps: the same by group number and start of the step.
    tally_of_step: FxHashMap<(u32, Time), u32>,
    pub(super) keys: Vec<RowKey>,
    /// The tally of each of `keys`.
    pub(super) tallies: Vec<Tally>,
    pub(super) total: Tally,
    /// The index of the first minute of the range, and how many facts of each minute from there are counted.
    first: usize,
    counted: Vec<usize>,
    /// The versions of the minutes and the epoch at the last refresh.
    version: u64,
    layout_version: u64,
    epoch: u64,
}

impl View {
    /// Count the new facts, or all facts of the period if the view's state no longer fits. Returns `false` if there are
    /// more than `max_rows` rows: the view is incomplete then and must not be used.
    pub(super) fn refresh(
        &mut self,
        period: &ViewPeriod,
        source: &FactSource<'_>,
        grouping: Grouping<'_>,
        max_rows: usize,
    ) -> bool {
        let FactSource { minutes, cells, limits, calendar, epoch } = *source;
        let ViewPeriod { range, open_ended, every } = period;
        let same_range =
            self.range.as_ref().is_some_and(|r| r.start == range.start && (*open_ended || r.end == range.end));
        if !same_range || self.layout_version != minutes.layout_version() || self.epoch != epoch {
            *self = Self {
                range: Some(range.clone()),
                first: minutes.index_from(range.start),
                layout_version: minutes.layout_version(),
                epoch,
                ..Self::default()
            };
        } else if self.version == minutes.version() {
            return self.tallies.len() <= max_rows;
        }
        self.version = minutes.version();
        for cell in cells.iter().skip(self.group_of_cell.len()) {
            let group = grouping(cell).map_or(0, |group| self.group_number(group) + 1);
            self.group_of_cell.push(group);
        }
        for (index, minute) in minutes.all().iter().skip(self.first).enumerate() {
            if minute.start >= range.end && !open_ended {
                break;
            }
            if self.counted.len() <= index {
                self.counted.resize(index + 1, 0);
            }
            let Some(counted) = self.counted.get_mut(index) else { break };
            let new = minute.facts.get(*counted..).unwrap_or_default();
            *counted = minute.facts.len();
            if new.is_empty() {
                continue;
            }
            let inside = minute.start >= range.start && (*open_ended || minute.start + Span::MINUTE <= range.end);
            let step = every.map(|every| calendar.bucket(every, minute.start));
            for fact in new {
                let at = minute.start + Span(i64::from(fact.offset));
                if inside || range.contains(&at) {
                    self.count(fact, step, cells, limits);
                }
            }
            // A minute adds at most as many rows as there are cells, so this bounds the memory too.
            if self.tallies.len() > max_rows {
                return false;
            }
        }
        self.total.tidy();
        for tally in &mut self.tallies {
            tally.tidy();
        }
        self.tallies.len() <= max_rows
    }

    fn group_number(&mut self, group: Group) -> u32 {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX - 1);
        *self.group_numbers.entry(group).or_insert_with(|| {
            self.groups.push(group);
            next
        })
    }

    fn count(&mut self, fact: &Fact, step: Option<Time>, cells: &[CellKey], limits: &Limits) {
        let Some(group) = self.group_of_cell.get(fact.cell.index()).copied().unwrap_or(0).checked_sub(1) else {
            return;
        };
        let queue = cells.get(fact.cell.index()).map_or(QueueNo::UNKNOWN, |cell| cell.queue);
        let index = self.tally_index(group, step);
        count_fact(&mut self.total, fact, queue, limits);
        if let Some(tally) = self.tallies.get_mut(index) {
            count_fact(tally, fact, queue, limits);
        }
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
            self.tallies.push(Tally::default());
            *slot = u32::try_from(self.tallies.len()).unwrap_or(u32::MAX);
        }
        *slot as usize - 1
    }
}

/// Add one fact to a tally, or subtract it where its sign is −1.
#[expect(clippy::too_many_lines, reason = "one arm for each measure")]
fn count_fact(tally: &mut Tally, fact: &Fact, queue: QueueNo, limits: &Limits) {
    let sign = i64::from(fact.sign);
    let flag = i64::from(fact.arg) * sign;
    let value = fact.value;
    match fact.measure {
        Measure::Offered => tally.offered += sign,
        Measure::Answered => {
            tally.answered += sign;
            add_band(&mut tally.position_answered, fact.arg, sign);
            if value != UNKNOWN {
                tally.answer_wait.count(value, sign);
                tally.answer_waits.count(value, sign);
                if value <= limits.service_level(queue).0 {
                    tally.answered_within += sign;
                }
            }
        }
        Measure::Abandoned => {
            tally.abandoned += sign;
            let short = value != UNKNOWN && value < limits.short_abandon.0;
            if short {
                tally.short_abandoned += sign;
            } else {
                add_band(&mut tally.position_abandoned, fact.arg, sign);
            }
            if value != UNKNOWN {
                tally.abandon_wait.count(value, sign);
                tally.lost_waits.count(value, sign);
                if value <= limits.service_level(queue).0 {
                    tally.abandoned_within += sign;
                }
            }
        }
        Measure::Left => {
            let (reason, band) = (usize::from(fact.arg & 15), fact.arg >> 4);
            if let Some(n) = tally.left.get_mut(reason) {
                *n += sign;
            }
            if let Some(n) = tally.position_left.get_mut(usize::from(band)).and_then(|row| row.get_mut(reason)) {
                *n += sign;
            }
            if value != UNKNOWN {
                tally.lost_waits.count(value, sign);
            }
        }
        Measure::UnknownEnd => {
            tally.unknown_end += sign;
            tally.unknown_end_waiting += flag;
        }
        Measure::Handled => {
            tally.handled += sign;
            if value != UNKNOWN {
                tally.handle.count(value, sign);
                tally.talk += value * sign;
            }
        }
        // `Handled` counts talk and hold together: the hold is moved from the one to the other.
        Measure::Hold => {
            tally.hold += value * sign;
            tally.talk -= value * sign;
        }
        Measure::AfterContact => {
            tally.acw += value * sign;
            tally.handle_acw += value * flag;
            tally.wrapped += sign;
        }
        Measure::Transferred => tally.transferred += sign,
        Measure::RingNoAnswer => tally.ring_no_answer += sign,
        Measure::Responded => tally.response.count(value, sign),
        Measure::SelfService => {
            tally.self_service += sign;
            tally.contained += flag;
        }
        Measure::FirstContact => {
            tally.first_contacts += sign;
            tally.first_resolved += flag;
            if fact.arg != 0 {
                tally.first_open.count(value, sign);
            }
        }
        Measure::Disposition => {
            tally.dispositions += sign;
            tally.resolved += flag;
        }
        Measure::SurveyResolved => {
            tally.survey_resolutions += sign;
            tally.survey_resolved += flag;
        }
        Measure::Reopened => tally.reopened += sign,
        Measure::Repeat => tally.repeats += sign,
        Measure::KnownCustomer => {
            tally.known_customer += sign;
            tally.channel_switched += flag;
        }
        Measure::Csat => {
            tally.csat.count(value, sign);
            tally.csat_top += flag;
        }
        Measure::Ces => tally.ces.count(value, sign),
        Measure::Nps => {
            tally.nps += sign;
            match fact.arg {
                0..=6 => tally.detractors += sign,
                9.. => tally.promoters += sign,
                _ => {}
            }
        }
        Measure::AuthSteps => tally.auth_steps.count(value, sign),
        Measure::Quality => {
            let evaluator = u32::try_from(value >> 32).unwrap_or(0);
            tally.count_quality(evaluator, value & 0xffff_ffff, sign);
        }
    }
}

fn add_band(bands: &mut [i64; 6], band: u8, sign: i64) {
    if band != NO_BAND
        && let Some(n) = bands.get_mut(usize::from(band))
    {
        *n += sign;
    }
}
