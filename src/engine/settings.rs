//! The settings of the engine.

use std::collections::BTreeMap;

use crate::clock::Span;
use crate::kpi::{Bands, Calendar, CountingRules, KpiId};
use crate::text::Label;

/// The settings of the engine. The defaults are those of docs/kpis.md.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The choices that the definitions of KPIs leave open.
    pub rules: CountingRules,
    /// Time zone and start of the business day.
    pub calendar: Calendar,
    /// The service level threshold T of queues that have none of their own.
    pub service_level: Span,
    /// `service_level` holds for every queue, whatever profiles and `queues` say.
    pub service_level_forced: bool,
    /// An abandon after a shorter wait is a short abandon.
    pub short_abandon: Span,
    /// How much older than the newest event of its source an event may be before it counts as late.
    pub lateness: Span,
    /// A contact on a live channel that is open for longer is closed as an unknown end.
    pub contact_ttl: Span,
    /// An agent of whom nothing is heard for so long is in an unknown state, unless the agent is offline or has a contact.
    pub agent_ttl: Span,
    /// How long figures are kept, in whole days; `None` keeps everything (reports).
    pub keep: Option<Span>,
    /// So many contacts that are over stay in memory where there is an archive, from which older ones are read.
    pub resting_contacts: usize,
    /// After so many events a checkpoint is made at the latest; more where the state is large.
    pub events_per_checkpoint: u64,
    /// So many contacts of the archive are looked at in one portion of a search.
    pub searched_at_once: usize,
    /// The floor's targets and limits, where they differ from the catalogue's.
    pub targets: BTreeMap<KpiId, Bands>,
    /// What differs by queue, by the queue's id.
    pub queues: BTreeMap<Label, QueueSettings>,
    /// The bounds of `aht` by intent, in seconds.
    pub intents: BTreeMap<Label, Bands>,
}

/// The settings of one queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueSettings {
    /// The service level threshold T; `None` for that of the queue's profile or the floor.
    pub service_level: Option<Span>,
    /// The queue's targets and limits, where they differ from the floor's.
    pub targets: BTreeMap<KpiId, Bands>,
}

impl Settings {
    /// Take over what figures are judged by, and leave how they are counted.
    pub fn take_limits(&mut self, from: &Self) {
        self.rules.min_samples = from.rules.min_samples;
        self.targets.clone_from(&from.targets);
        self.intents.clone_from(&from.intents);
        for queue in self.queues.values_mut() {
            queue.targets.clear();
        }
        for (name, queue) in &from.queues {
            self.queues.entry(name.clone()).or_default().targets.clone_from(&queue.targets);
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: CountingRules::default(),
            calendar: Calendar::default(),
            service_level: Span::seconds(20),
            service_level_forced: false,
            short_abandon: Span::seconds(5),
            lateness: Span::seconds(120),
            contact_ttl: Span(12 * Span::HOUR.0),
            agent_ttl: Span(12 * Span::HOUR.0),
            keep: Some(Span(31 * Span::DAY.0)),
            resting_contacts: 20_000,
            events_per_checkpoint: 200_000,
            searched_at_once: 10_000,
            targets: BTreeMap::new(),
            queues: BTreeMap::new(),
            intents: BTreeMap::new(),
        }
    }
}
