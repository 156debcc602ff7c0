//! One change reported of an agent, and the state that holds from then on.

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::engine::interner::{NameNo, ReasonNo};
use crate::event::AgentState;

/// A change reported of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) enum AgentChange {
    /// A source named the state, and perhaps the reason for it.
    State(AgentState, ReasonNo),
    /// A conversation began.
    TalkStarts,
    /// A conversation ended.
    TalkEnds,
    /// The after-contact work of a contact ended.
    WrapEnds,
    /// After-contact work with a known length ends, unless another state has been named meanwhile.
    WorkLapses,
}

/// One change, and what holds from then on, in 16 bytes: there are two for each contact.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct TimelineEntry {
    pub(super) at: Time,
    bits: u64,
}

/// What the bits of an entry mean. The reason of the named state is in the upper half.
mod bits {
    /// Which change it is, as [`super::TimelineEntry::new`] numbers them.
    pub(super) const CHANGE: u64 = 7;
    /// The place in `AgentState::ALL` of the last state that a source named, plus one; 0 where none was.
    pub(super) const STATE_AT: u32 = 3;
    pub(super) const STATE: u64 = 0xf << STATE_AT;
    /// After-contact work is being done: a conversation has ended, and this agent's sources report when such work ends.
    pub(super) const WRAPPING: u64 = 1 << 7;
    /// How many conversations are going on, with a sign: of the changes of an instant an end comes first, so that a conversation
    /// of no length ends before it begins.
    pub(super) const TALKING_AT: u32 = 16;
    pub(super) const TALKING: u64 = 0xffff << TALKING_AT;
    pub(super) const REASON_AT: u32 = 32;
    pub(super) const NAMED: u64 = STATE | u64::MAX << REASON_AT;
}

impl TimelineEntry {
    pub(super) fn new(at: Time, change: AgentChange) -> Self {
        let kind = match change {
            AgentChange::State(..) => 0,
            AgentChange::TalkStarts => 1,
            AgentChange::TalkEnds => 2,
            AgentChange::WrapEnds => 3,
            AgentChange::WorkLapses => 4,
        };
        let mut entry = Self { at, bits: kind };
        if let AgentChange::State(state, reason) = change {
            entry.set_named(state, reason);
        }
        entry
    }

    pub(super) fn change(self) -> AgentChange {
        match self.bits & bits::CHANGE {
            1 => AgentChange::TalkStarts,
            2 => AgentChange::TalkEnds,
            3 => AgentChange::WrapEnds,
            4 => AgentChange::WorkLapses,
            _ => self.named().map_or(AgentChange::WrapEnds, |(state, reason)| AgentChange::State(state, reason)),
        }
    }

    fn set_named(&mut self, state: AgentState, reason: ReasonNo) {
        let place = (1..).zip(AgentState::ALL).find(|(_, known)| *known == state).map_or(0, |(place, _)| place);
        let state = place << bits::STATE_AT;
        self.bits = self.bits & !bits::NAMED | state | u64::from(reason.number()) << bits::REASON_AT;
    }

    /// The last state that a source named.
    fn named(self) -> Option<(AgentState, ReasonNo)> {
        let place = ((self.bits & bits::STATE) >> bits::STATE_AT).checked_sub(1)?;
        let [_, _, _, _, reason @ ..] = self.bits.to_le_bytes();
        let state = AgentState::ALL.get(usize::try_from(place).ok()?)?;
        Some((*state, ReasonNo::new(u32::from_le_bytes(reason))))
    }

    pub(super) const fn talking(self) -> i16 {
        let [_, _, low, high, ..] = self.bits.to_le_bytes();
        i16::from_le_bytes([low, high])
    }

    const fn wrapping(self) -> bool {
        self.bits & bits::WRAPPING != 0
    }

    /// Set what holds from now on, from what held `before`.
    pub(super) fn follow(&mut self, before: Option<Self>, reports_wraps: bool) {
        let change = self.change();
        let mut talking = before.map_or(0, Self::talking);
        let mut wrapping = before.is_some_and(Self::wrapping);
        if !matches!(change, AgentChange::State(..)) {
            self.bits = self.bits & !bits::NAMED | before.map_or(0, |before| before.bits & bits::NAMED);
        }
        match change {
            AgentChange::State(..) | AgentChange::WrapEnds => wrapping = false,
            AgentChange::TalkStarts => {
                talking = talking.saturating_add(1);
                wrapping &= talking <= 0;
            }
            AgentChange::TalkEnds => {
                talking = talking.saturating_sub(1);
                wrapping = reports_wraps;
            }
            AgentChange::WorkLapses => {
                if let Some((AgentState::AfterContact, _)) = self.named() {
                    self.set_named(AgentState::Available, ReasonNo::UNKNOWN);
                }
            }
        }
        self.bits &= !(bits::TALKING | bits::WRAPPING);
        let talking = u64::from(u16::from_le_bytes(talking.to_le_bytes()));
        self.bits |= talking << bits::TALKING_AT | if wrapping { bits::WRAPPING } else { 0 };
    }

    pub(super) fn state(self, names_contacts: bool) -> AgentState {
        match self.named() {
            Some((state, _)) if names_contacts && state != AgentState::Unknown => state,
            _ if self.talking() > 0 => AgentState::OnContact,
            _ if self.wrapping() => AgentState::AfterContact,
            Some((state, _)) => state,
            None => AgentState::Available,
        }
    }

    pub(super) fn reason(self, names_contacts: bool) -> ReasonNo {
        match self.named() {
            Some((state, reason)) if state == self.state(names_contacts) => reason,
            _ => ReasonNo::UNKNOWN,
        }
    }
}

/// Orders the changes of one instant, of which the last one wins: a state named at the end of a conversation holds.
pub(super) const fn rank(change: AgentChange) -> u8 {
    match change {
        AgentChange::TalkEnds => 0,
        AgentChange::WrapEnds | AgentChange::WorkLapses => 1,
        AgentChange::State(..) => 2,
        AgentChange::TalkStarts => 3,
    }
}
