//! Facts: the additive records that contacts leave, and from which every figure of a window is summed.
//!
//! A fact counts one thing: at an instant, in a cell (queue, intent, agent, channel), with a value. When something
//! becomes known later (the intent, say), a second fact with the opposite sign cancels the first one and a third holds
//! what is known now. So facts are only ever appended, and the figures of any window are a sum over its minutes.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize, Serializer};

use super::interner::{AgentNo, IntentNo, NameNo, QueueNo};
use crate::event::Channel;

/// What a fact counts. Segments store the place in this order: new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Measure {
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
    FirstContact,
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

impl Measure {
    pub(super) const ALL: [Self; 23] = [
        Self::Offered,
        Self::Answered,
        Self::Abandoned,
        Self::Left,
        Self::UnknownEnd,
        Self::Handled,
        Self::Hold,
        Self::AfterContact,
        Self::Transferred,
        Self::RingNoAnswer,
        Self::Responded,
        Self::SelfService,
        Self::FirstContact,
        Self::Disposition,
        Self::SurveyResolved,
        Self::Reopened,
        Self::Repeat,
        Self::KnownCustomer,
        Self::Csat,
        Self::Ces,
        Self::Nps,
        Self::AuthSteps,
        Self::Quality,
    ];
}

/// The value of a fact whose value is not known (a wait that the source does not give).
pub(super) const UNKNOWN: i64 = i64::MIN;
/// The position band of a contact whose position in the queue is not known.
pub(super) const NO_BAND: u8 = 15;

/// One thing counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fact {
    pub(super) cell: CellNo,
    pub(super) measure: Measure,
    /// A detail whose meaning depends on `measure`: a flag, a reason, a position band, an NPS answer.
    pub(super) arg: u8,
    /// 1, or −1 to cancel an earlier fact.
    pub(super) sign: i8,
    /// Microseconds, millionths of a score, or another number that `measure` defines; may be [`UNKNOWN`].
    pub(super) value: i64,
}

/// The finest part of the floor that facts are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CellKey {
    pub(super) queue: QueueNo,
    pub(super) intent: IntentNo,
    pub(super) agent: AgentNo,
    pub(super) channel: Channel,
}

impl Hash for CellKey {
    /// In two words, for this is done for every visit.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.queue.number()) << 32 | u64::from(self.agent.number()));
        state.write_u64(u64::from(self.intent.number()) << 8 | self.channel as u64);
    }
}

/// The number of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CellNo(u32);

impl CellNo {
    pub(super) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The cells in use, numbered in the order of first use.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<CellKey>")]
pub(super) struct CellTable {
    numbers: FxHashMap<CellKey, CellNo>,
    all: Vec<CellKey>,
}

impl CellTable {
    /// The number of a cell; a new cell gets the next one.
    pub(super) fn intern(&mut self, cell: CellKey) -> CellNo {
        if let Some(number) = self.numbers.get(&cell) {
            return *number;
        }
        let next = CellNo(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(cell);
        self.numbers.insert(cell, next);
        next
    }

    /// All cells, in the order of their numbers.
    pub(super) fn all(&self) -> &[CellKey] {
        &self.all
    }
}

impl From<Vec<CellKey>> for CellTable {
    fn from(all: Vec<CellKey>) -> Self {
        let numbers = all.iter().copied().zip((0..).map(CellNo)).collect();
        Self { numbers, all }
    }
}

impl Serialize for CellTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}
