//! The minutes of the days that are open, each with its facts.

use serde::{Deserialize, Serialize};

use super::facts::Fact;
use super::minute::Minute;
use crate::clock::{Span, Time};

/// Minutes before the last so many get few facts any more.
const LAST_MINUTES: usize = 10;

/// The facts of the days that are open, in a row of minutes without those in which nothing happened.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Minutes {
    row: Vec<Minute>,
    /// The index of the minute that took the last fact.
    last: usize,
}

/// What adding a fact did to the row of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowChange {
    /// Every minute that was there is still at its index.
    None,
    /// A minute was inserted between others.
    Shifted,
}

impl Minutes {
    /// Add a fact of the instant `at`.
    pub(super) fn push(&mut self, at: Time, fact: &Fact) -> RowChange {
        if let Some(minute) = self.row.get_mut(self.last)
            && let Ok(offset) = u32::try_from(at.0 - minute.start.0)
            && i64::from(offset) < Span::MINUTE.0
        {
            minute.push(offset, fact);
            return RowChange::None;
        }
        self.push_elsewhere(at, fact)
    }

    /// The same where it is not in the minute of the fact before it.
    fn push_elsewhere(&mut self, at: Time, fact: &Fact) -> RowChange {
        let mut change = RowChange::None;
        let start = at.minute();
        // The facts of one contact are close together in time, and few minutes are without any: look where this one
        // should be, seen from the last.
        let last = self.row.get(self.last).map_or(start, |minute| minute.start);
        let minutes = usize::try_from((start.0 - last.0) / Span::MINUTE.0);
        let back = || usize::try_from((last.0 - start.0) / Span::MINUTE.0).unwrap_or(usize::MAX);
        let guess = minutes.map_or_else(|_| self.last.checked_sub(back()), |minutes| self.last.checked_add(minutes));
        let found = guess.filter(|index| self.row.get(*index).is_some_and(|minute| minute.start == start));
        let index = match found.map_or_else(|| self.row.binary_search_by_key(&start, |minute| minute.start), Ok) {
            Ok(index) => index,
            Err(index) => {
                if index < self.row.len() {
                    change = RowChange::Shifted;
                }
                // Minutes have about as many facts as those beside them.
                let room = self.row.get(index.saturating_sub(1)).map_or(0, Minute::len);
                self.row.insert(index, Minute::new(start, room));
                index
            }
        };
        self.last = index;
        if let Some(minute) = self.row.get_mut(index) {
            minute.push(u32::try_from(at.0 - start.0).unwrap_or(0), fact);
        }
        change
    }

    /// All minutes, in order.
    pub(super) fn all(&self) -> &[Minute] {
        &self.row
    }

    /// The index of the first minute that ends after `at`.
    pub(super) fn index_from(&self, at: Time) -> usize {
        self.row.partition_point(|m| m.start + Span::MINUTE <= at)
    }

    /// The instant of the first fact.
    pub(super) fn first_instant(&self) -> Option<Time> {
        self.row.first()?.first_instant()
    }

    /// Pack the facts of minutes that get few any more.
    pub(super) fn pack(&mut self) {
        self.row.iter_mut().rev().skip(LAST_MINUTES).for_each(Minute::pack);
    }

    /// Take out the minutes that start before `at`.
    pub(super) fn take_before(&mut self, at: Time) -> Vec<Minute> {
        let taken = self.row.partition_point(|m| m.start < at);
        self.last = self.last.saturating_sub(taken);
        self.row.drain(..taken).collect()
    }
}
