//! A view: the tallies of one question, kept up to date as facts come.
//!
//! A view remembers how many facts of each minute it has counted, so that asking again costs only what is new.
//! When its window moves on (once a minute, or at the start of a day) it counts its minutes anew.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::facts::{Cell, Count, Fact, Minutes, NO_BAND, UNKNOWN};
use crate::clock::{Span, Time};
use crate::kpi::{Calendar, Every, Tally};

/// What facts are judged by while they are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// The service level's threshold by queue number; beyond the end, `usual`.
    pub(super) by_queue: Vec<Option<Span>>,
    pub(super) usual: Span,
    pub(super) short_abandon: Span,
}

impl Lines {
    pub(super) fn service_level(&self, queue: u32) -> Span {
        self.by_queue.get(queue as usize).copied().flatten().unwrap_or(self.usual)
    }
}

/// A group of a view: the values of its dimensions (0 where there is none), and the start of its step.
pub(super) type Key = ([u32; 2], i64);

/// Which group a cell belongs to, or `None` where the cell is outside the question's slice.
pub(super) type Grouping<'a> = &'a dyn Fn(&Cell) -> Option<[u32; 2]>;

/// The tallies of one question.
#[derive(Debug, Default)]
pub(super) struct View {
    range: Option<Range<Time>>,
    /// By cell number: its group plus one; 0 where the cell is outside.
    group_of_cell: Vec<u32>,
    groups: Vec<[u32; 2]>,
    group_ids: FxHashMap<[u32; 2], u32>,
    /// Places of tallies by group number plus one, where there are no steps; 0 is none yet.
    plain: Vec<u32>,
    /// Places of tallies by group number and step.
    stepped: FxHashMap<(u32, i64), u32>,
    pub(super) keys: Vec<Key>,
    pub(super) tallies: Vec<Tally>,
    pub(super) total: Tally,
    /// Where the window begins in the row of minutes, and how many facts of each minute from there are counted.
    first: usize,
    counted: Vec<usize>,
    written: u64,
    moved: u64,
    /// The settings and names it was made with; when they change, it is made anew.
    made_for: u64,
}

impl View {
    /// Bring it up to date for a time range. `epoch` changes when groupings or lines do.
    #[expect(clippy::too_many_arguments, reason = "the engine's parts, borrowed apart")]
    pub(super) fn refresh(
        &mut self,
        range: &Range<Time>,
        open_ended: bool,
        every: Option<Every>,
        minutes: &Minutes,
        cells: &[Cell],
        grouping: Grouping<'_>,
        lines: &Lines,
        calendar: &Calendar,
        epoch: u64,
    ) {
        let same_range =
            self.range.as_ref().is_some_and(|r| r.start == range.start && (open_ended || r.end == range.end));
        if !same_range || self.moved != minutes.moved() || self.made_for != epoch {
            *self = Self {
                range: Some(range.clone()),
                first: minutes.from(range.start),
                moved: minutes.moved(),
                made_for: epoch,
                ..Self::default()
            };
        } else if self.written == minutes.written() {
            return;
        }
        self.written = minutes.written();
        for (number, cell) in cells.iter().enumerate().skip(self.group_of_cell.len()) {
            debug_assert_eq!(number, self.group_of_cell.len());
            let group = grouping(cell).map_or(0, |group| self.group(group) + 1);
            self.group_of_cell.push(group);
        }
        for (place, minute) in minutes.all().iter().enumerate().skip(self.first) {
            if minute.start >= range.end && !open_ended {
                break;
            }
            let at = place - self.first;
            if self.counted.len() <= at {
                self.counted.resize(at + 1, 0);
            }
            let done = self.counted.get(at).copied().unwrap_or(0);
            let new = minute.facts.get(done..).unwrap_or_default();
            if new.is_empty() {
                continue;
            }
            if let Some(counted) = self.counted.get_mut(at) {
                *counted = minute.facts.len();
            }
            let inside = minute.start >= range.start && (open_ended || minute.start + Span::MINUTE <= range.end);
            let step = every.map(|every| calendar.bucket(every, minute.start).0);
            for fact in new {
                let moment = minute.start + Span(i64::from(fact.offset));
                if !inside && !(range.start..range.end).contains(&moment) {
                    continue;
                }
                self.count(fact, step, cells, lines);
            }
        }
        self.total.tidy();
        for tally in &mut self.tallies {
            tally.tidy();
        }
    }

    fn group(&mut self, group: [u32; 2]) -> u32 {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX - 1);
        *self.group_ids.entry(group).or_insert_with(|| {
            self.groups.push(group);
            next
        })
    }

    fn count(&mut self, fact: &Fact, step: Option<i64>, cells: &[Cell], lines: &Lines) {
        let Some(group) = self.group_of_cell.get(fact.cell as usize).copied().unwrap_or(0).checked_sub(1) else {
            return;
        };
        let queue = cells.get(fact.cell as usize).map_or(0, |cell| cell.queue);
        let place = self.place(group, step);
        count(&mut self.total, fact, queue, lines);
        if let Some(tally) = self.tallies.get_mut(place) {
            count(tally, fact, queue, lines);
        }
    }

    fn place(&mut self, group: u32, step: Option<i64>) -> usize {
        let slot = if let Some(step) = step {
            self.stepped.entry((group, step)).or_default()
        } else {
            if self.plain.len() <= group as usize {
                self.plain.resize(self.groups.len().max(group as usize + 1), 0);
            }
            let Some(slot) = self.plain.get_mut(group as usize) else { return usize::MAX };
            slot
        };
        if *slot == 0 {
            self.keys.push((self.groups.get(group as usize).copied().unwrap_or_default(), step.unwrap_or(0)));
            self.tallies.push(Tally::default());
            *slot = u32::try_from(self.tallies.len()).unwrap_or(u32::MAX);
        }
        *slot as usize - 1
    }
}

/// Count one fact in or out.
#[expect(clippy::too_many_lines, reason = "one arm for each thing that is counted")]
fn count(tally: &mut Tally, fact: &Fact, queue: u32, lines: &Lines) {
    let sign = i64::from(fact.sign);
    let flag = i64::from(fact.arg) * sign;
    let value = fact.value;
    match fact.count {
        Count::Offered => tally.offered += sign,
        Count::Answered => {
            tally.answered += sign;
            add_band(&mut tally.position_answered, fact.arg, sign);
            if value != UNKNOWN {
                tally.answer_wait.count(value, sign);
                tally.answer_waits.count(value, sign);
                if value <= lines.service_level(queue).0 {
                    tally.answered_within += sign;
                }
            }
        }
        Count::Abandoned => {
            tally.abandoned += sign;
            let short = value != UNKNOWN && value < lines.short_abandon.0;
            if short {
                tally.short_abandoned += sign;
            } else {
                add_band(&mut tally.position_abandoned, fact.arg, sign);
            }
            if value != UNKNOWN {
                tally.abandon_wait.count(value, sign);
                tally.lost_waits.count(value, sign);
                if value <= lines.service_level(queue).0 {
                    tally.abandoned_within += sign;
                }
            }
        }
        Count::Left => {
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
        Count::UnknownEnd => {
            tally.unknown_end += sign;
            tally.unknown_end_waiting += flag;
        }
        Count::Handled => {
            tally.handled += sign;
            if value != UNKNOWN {
                tally.handle.count(value, sign);
                tally.talk += value * sign;
            }
        }
        // Handled counts talk and hold together; this tells them apart.
        Count::Hold => {
            tally.hold += value * sign;
            tally.talk -= value * sign;
        }
        Count::AfterContact => {
            tally.acw += value * sign;
            tally.handle_acw += value * flag;
            tally.wrapped += sign;
        }
        Count::Transferred => tally.transferred += sign,
        Count::RingNoAnswer => tally.ring_no_answer += sign,
        Count::Responded => tally.response.count(value, sign),
        Count::SelfService => {
            tally.self_service += sign;
            tally.contained += flag;
        }
        Count::First => {
            tally.first_contacts += sign;
            tally.first_resolved += flag;
            if fact.arg != 0 {
                tally.first_open.count(value, sign);
            }
        }
        Count::Disposition => {
            tally.dispositions += sign;
            tally.resolved += flag;
        }
        Count::SurveyResolved => {
            tally.survey_resolutions += sign;
            tally.survey_resolved += flag;
        }
        Count::Reopened => tally.reopened += sign,
        Count::Repeat => tally.repeats += sign,
        Count::KnownCustomer => {
            tally.known_customer += sign;
            tally.channel_switched += flag;
        }
        Count::Csat => {
            tally.csat.count(value, sign);
            tally.csat_top += flag;
        }
        Count::Ces => tally.ces.count(value, sign),
        Count::Nps => {
            tally.nps += sign;
            match fact.arg {
                0..=6 => tally.detractors += sign,
                9.. => tally.promoters += sign,
                _ => {}
            }
        }
        Count::AuthSteps => tally.auth_steps.count(value, sign),
        Count::Quality => {
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
