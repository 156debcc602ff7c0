//! Facts: the additive trace that events leave.
//!
//! A fact is one thing to count: at a moment, in a cell (queue, intent, agent, channel), with a value. What is
//! found out later (the intent, say) takes the old fact back by a second one with the opposite sign. So facts are
//! only ever appended, minute by minute, and any window's figures are a sum over its minutes.

use rustc_hash::FxHashMap;

use crate::clock::{Span, Time};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Offered,
    Answered,
    Abandoned,
    Left,
    UnknownEnd,
    Handled,
    Hold,
    AfterContact,
    Transferred,
    RingNoAnswer,
    Responded,
    SelfService,
    First,
    Disposition,
    SurveyResolved,
    Reopened,
    Repeat,
    KnownCustomer,
    Csat,
    Ces,
    Nps,
    AuthSteps,
    Quality,
}

/// No value (an unknown wait).
pub(super) const UNKNOWN: i64 = i64::MIN;
/// No position.
pub(super) const NO_BAND: u8 = 15;

/// One thing to count. Twenty-four bytes, because there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    /// Microseconds into its minute.
    pub(super) offset: u32,
    /// Its cell's number.
    pub(super) cell: u32,
    /// What.
    pub(super) count: Count,
    /// A detail of what: a flag, a reason, a band of positions.
    pub(super) arg: u8,
    /// 1, or −1 where it takes an earlier fact back.
    pub(super) sign: i8,
    /// µs, thousandths of a score, or whatever `count` needs.
    pub(super) value: i64,
}

/// Where a fact is counted: the finest slice. Numbers are those of the name tables; 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    pub(super) queue: u32,
    pub(super) intent: u32,
    pub(super) agent: u32,
    pub(super) channel: u8,
}

/// The cells in use, numbered.
#[derive(Debug, Default)]
pub(super) struct Cells {
    ids: FxHashMap<Cell, u32>,
    all: Vec<Cell>,
}

impl Cells {
    pub(super) fn id(&mut self, cell: Cell) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.ids.entry(cell).or_insert_with(|| {
            self.all.push(cell);
            next
        })
    }

    pub(super) fn all(&self) -> &[Cell] {
        &self.all
    }
}

/// The facts of one minute, in the order they became known.
#[derive(Debug, Default)]
pub(super) struct Minute {
    /// Its start.
    pub(super) start: Time,
    /// Its facts.
    pub(super) facts: Vec<Fact>,
}

/// All facts, minute by minute.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    row: Vec<Minute>,
    /// Where the last fact went.
    last: usize,
    /// Rises with each fact.
    written: u64,
    /// Rises when minutes are put in between or dropped, so that places in the row are no longer the same.
    moved: u64,
}

impl Minutes {
    /// Keep a fact.
    pub(super) fn push(&mut self, at: Time, fact: Fact) {
        self.written += 1;
        let start = at.minute();
        let fact = Fact { offset: u32::try_from(at.0 - start.0).unwrap_or(0), ..fact };
        // The facts of one contact stand close together: look around the last place first.
        let near = self.last.saturating_sub(2)..self.row.len().min(self.last + 8);
        let found = self.row.get(near.clone()).and_then(|row| row.iter().position(|minute| minute.start == start));
        let found = found.map(|place| near.start + place);
        let place = match found.map_or_else(|| self.row.binary_search_by_key(&start, |minute| minute.start), Ok) {
            Ok(place) => place,
            Err(place) => {
                if place < self.row.len() {
                    self.moved += 1;
                }
                self.row.insert(place, Minute { start, facts: Vec::new() });
                place
            }
        };
        self.last = place;
        if let Some(minute) = self.row.get_mut(place) {
            minute.facts.push(fact);
        }
    }

    /// All minutes, in order.
    pub(super) fn all(&self) -> &[Minute] {
        &self.row
    }

    /// The place of the first minute that holds anything at or after `at`.
    pub(super) fn from(&self, at: Time) -> usize {
        self.row.partition_point(|m| m.start + Span::MINUTE <= at)
    }

    /// A number that changes with every fact.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// A number that changes when places in the row of minutes do.
    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    /// The start of the oldest minute kept.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.row.first().map(|m| m.start)
    }

    /// The instant of the first fact.
    pub(super) fn first_instant(&self) -> Option<Time> {
        let minute = self.row.first()?;
        let offset = minute.facts.iter().map(|fact| fact.offset).min()?;
        Some(minute.start + Span(i64::from(offset)))
    }

    /// Forget everything before `at`.
    pub(super) fn forget_before(&mut self, at: Time) {
        let keep = self.row.partition_point(|m| m.start < at);
        if keep > 0 {
            self.row.drain(..keep);
            self.moved += 1;
        }
    }
}
