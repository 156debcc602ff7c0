//! Slices and groups: which part of a query a cell or an agent belongs to, and the labels of that part.
//!
//! A question names its slice by labels. Facts carry numbers, so a slice is resolved to numbers first, and the groups
//! of the answer are turned back into labels at the end.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::Engine;
use super::facts::CellKey;
use super::interner::{AgentNo, DimValue, NameNo, QueueNo};
use super::view::{Group, RowKey};
use crate::event::Channel;
use crate::kpi::{Dim, Slice};
use crate::text::{Label, Patterns};

/// The groups of one agent.
pub(super) type AgentGroups = SmallVec<[Group; 4]>;

/// A value for a question's whole slice, and one for each of its groups.
pub(super) struct Grouped<T> {
    pub(super) total: T,
    pub(super) groups: FxHashMap<Group, T>,
}

/// A slice by the numbers of its values.
pub(super) struct ResolvedSlice {
    pub(super) parts: Vec<(Dim, DimValue)>,
    /// By number, whether a queue is part of the slice; `None` where all are.
    visible_queues: Option<Vec<bool>>,
}

impl ResolvedSlice {
    /// Everything.
    pub(super) const TOTAL: Self = Self { parts: Vec::new(), visible_queues: None };

    pub(super) const fn is_total(&self) -> bool {
        self.parts.is_empty() && self.visible_queues.is_none()
    }

    pub(super) fn may_hold(&self, queue: QueueNo) -> bool {
        self.visible_queues.as_ref().is_none_or(|visible| visible.get(queue.index()).copied().unwrap_or(false))
    }
}

impl<T: Default> Default for Grouped<T> {
    fn default() -> Self {
        Self { total: T::default(), groups: FxHashMap::default() }
    }
}

impl<T> Grouped<T> {
    /// The value of a row, or the total's where `row` is `None`.
    pub(super) fn get(&self, row: Option<RowKey>) -> Option<&T> {
        row.map_or(Some(&self.total), |(group, _)| self.groups.get(&group))
    }
}

impl Engine {
    /// The numbers of a slice's values, within the queues that pass `queues`; `None` where a value has never been seen.
    pub(super) fn resolve(&self, of: &Slice, queues: &Patterns) -> Option<ResolvedSlice> {
        let parts = of
            .parts()
            .map(|(dim, label)| self.value_of(*dim, label.as_str()).map(|value| (*dim, value)))
            .collect::<Option<_>>()?;
        let visible = || self.queues.labels().map(|queue| queues.contains(queue)).collect();
        Some(ResolvedSlice { parts, visible_queues: (!queues.is_empty()).then(visible) })
    }

    /// How many values a dimension has so far.
    pub(super) const fn value_count(&self, dim: Dim) -> usize {
        match dim {
            Dim::Queue => self.queues.len(),
            Dim::Intent => self.intents.len(),
            Dim::Agent => self.agents.len(),
            Dim::Team => self.teams.len(),
            Dim::Channel => Channel::ALL.len(),
        }
    }

    /// The number of a dimension's value; `None` where it has never been seen.
    pub(super) fn value_of(&self, dim: Dim, label: &str) -> Option<DimValue> {
        match dim {
            Dim::Queue => self.queues.find(label).map(NameNo::value),
            Dim::Intent => self.intents.find(label).map(NameNo::value),
            Dim::Agent => self.agents.find(label).map(NameNo::value),
            Dim::Team => self.teams.find(label).map(NameNo::value),
            Dim::Channel => Channel::parse(label).map(DimValue::from),
        }
    }

    fn value(&self, dim: Dim, cell: &CellKey) -> DimValue {
        match dim {
            Dim::Queue => cell.queue.value(),
            Dim::Intent => cell.intent.value(),
            Dim::Agent => cell.agent.value(),
            Dim::Channel => cell.channel.into(),
            Dim::Team => self.agent_records.get(cell.agent.index()).map(|agent| agent.team.value()).unwrap_or_default(),
        }
    }

    /// Whether a cell is part of a slice.
    pub(super) fn contains(&self, of: &ResolvedSlice, cell: &CellKey) -> bool {
        of.may_hold(cell.queue) && of.parts.iter().all(|(dim, value)| self.value(*dim, cell) == *value)
    }

    /// The group of a cell, or `None` where the cell is outside the slice.
    pub(super) fn group_of(&self, of: Option<&ResolvedSlice>, by: &[Dim], cell: &CellKey) -> Option<Group> {
        if !self.contains(of?, cell) {
            return None;
        }
        let value = |index: usize| by.get(index).map(|dim| self.value(*dim, cell)).unwrap_or_default();
        Some([value(0), value(1)])
    }

    /// The groups of an agent: by queue, one for each queue served that lies within the slice; none where the question
    /// asks for an intent or a channel, which agents do not have.
    pub(super) fn agent_groups(&self, agent: AgentNo, of: &ResolvedSlice, by: &[Dim]) -> AgentGroups {
        let Some(record) = self.agent_records.get(agent.index()) else { return AgentGroups::new() };
        let values = |dim: Dim| -> SmallVec<[DimValue; 4]> {
            match dim {
                Dim::Queue => {
                    let queues = record.queues(&self.queue_records).filter(|queue| of.may_hold(*queue));
                    queues.map(NameNo::value).collect()
                }
                Dim::Agent => smallvec![agent.value()],
                Dim::Team => smallvec![record.team.value()],
                Dim::Intent | Dim::Channel => SmallVec::new(),
            }
        };
        if !of.parts.iter().all(|(dim, value)| values(*dim).contains(value)) {
            return AgentGroups::new();
        }
        // An agent serves several queues. A slice of one of them has no rows for the others.
        let within = |dim: Dim| match of.parts.iter().find(|(sliced, _)| *sliced == dim) {
            Some((_, value)) => smallvec![*value],
            None => values(dim),
        };
        match by {
            [] => smallvec![Group::default()],
            [one] => within(*one).iter().map(|value| [*value, DimValue::default()]).collect(),
            [one, two, ..] => {
                let (ones, twos) = (within(*one), within(*two));
                ones.iter().flat_map(|a| twos.iter().map(|b| [*a, *b])).collect()
            }
        }
    }

    /// The queue that a group is of, which may be that of the whole slice; `None` where it is of all queues.
    pub(super) fn queue_of_group(of: &ResolvedSlice, by: &[Dim], group: Group) -> Option<QueueNo> {
        let mut values = of.parts.iter().copied().chain(by.iter().copied().zip(group));
        values.find(|(dim, _)| *dim == Dim::Queue).map(|(_, value)| value.name())
    }

    /// By number, the rank of a dimension's values in the order of rows; empty where the numbers are that order.
    pub(super) fn ranks(&mut self, dim: Dim) -> Vec<u32> {
        match dim {
            Dim::Queue => self.queues.ranks().to_vec(),
            Dim::Intent => self.intents.ranks().to_vec(),
            Dim::Agent => self.agents.ranks().to_vec(),
            Dim::Team => self.teams.ranks().to_vec(),
            Dim::Channel => Vec::new(),
        }
    }

    /// A group by its labels.
    pub(super) fn slice_of(&self, by: &[Dim], group: Group) -> Slice {
        by.iter().zip(group).fold(Slice::TOTAL, |slice, (dim, value)| {
            let label = match dim {
                Dim::Queue => self.queues.label(value.name()),
                Dim::Intent => self.intents.label(value.name()),
                Dim::Agent => self.agents.label(value.name()),
                Dim::Team => self.teams.label(value.name()),
                Dim::Channel => Label::fixed(value.channel().key()),
            };
            slice.and(*dim, label)
        })
    }

    /// A slice for people: queues and agents by the names of their profiles, `billing × Ann`.
    #[must_use]
    pub fn name(&self, slice: &Slice) -> String {
        let queue_name = |queue: QueueNo| self.queue_records.get(queue.index())?.profile.as_ref()?.name.clone();
        let agent_name = |agent: AgentNo| self.agent_records.get(agent.index())?.profile.as_ref()?.name.clone();
        let name = |dim: Dim, label: &Label| match dim {
            Dim::Queue => self.queues.find(label.as_str()).and_then(queue_name),
            Dim::Agent => self.agents.find(label.as_str()).and_then(agent_name),
            Dim::Intent | Dim::Channel | Dim::Team => None,
        };
        let named = slice.parts().map(|(dim, label)| (*dim, name(*dim, label).unwrap_or_else(|| label.clone())));
        named.fold(Slice::TOTAL, |slice, (dim, name)| slice.and(dim, name)).to_string()
    }
}
