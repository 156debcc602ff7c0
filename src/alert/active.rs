//! The alerts of a board with what follows from them. Boards share both until the next evaluation, and a large floor has
//! thousands of alerts: so they are counted and grouped once.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::order::{AlertGroup, group_by_cause};
use super::{Episode, Severity, State};
use crate::kpi::Dim;
use crate::text::Label;

/// The episodes that have not resolved, the most urgent first. A copy costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Alerts(Arc<SharedAlerts>);

#[derive(Debug, Default)]
struct SharedAlerts {
    episodes: Vec<Episode>,
    groups: OnceLock<Vec<AlertGroup>>,
    summary: OnceLock<AlertSummary>,
}

/// What a page tells of all alerts together.
#[derive(Debug, Default)]
pub struct AlertSummary {
    /// The alerts that nobody has taken and that no other one inhibits: critical ones, and warnings.
    pub new: [usize; 2],
    /// The acknowledged and snoozed ones.
    pub held: usize,
    /// The alerts of queues, by the queue's id.
    pub queues: FxHashMap<Label, QueueAlerts>,
}

/// The alerts of one queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueAlerts {
    /// The index of the worst one that fires, taken or not.
    pub worst: Option<usize>,
    /// Whether somebody has taken all of those.
    pub are_held: bool,
    /// How severe the worst one is that is active and not snoozed.
    pub severity: Option<Severity>,
}

impl Alerts {
    /// The alerts grouped by cause, as [`group_by_cause`] does it.
    #[must_use]
    pub fn groups(&self) -> &[AlertGroup] {
        self.0.groups.get_or_init(|| group_by_cause(self))
    }

    /// What is to be told of all of them.
    #[must_use]
    pub fn summary(&self) -> &AlertSummary {
        self.0.summary.get_or_init(|| AlertSummary::of(self))
    }

    /// Those of a queue.
    #[must_use]
    pub fn of_queue(&self, queue: &Label) -> QueueAlerts {
        self.summary().queues.get(queue).copied().unwrap_or_default()
    }

    /// The episodes, to be changed. Copies keep theirs.
    pub fn to_mut(&mut self) -> &mut Vec<Episode> {
        let shared = Arc::make_mut(&mut self.0);
        (shared.groups, shared.summary) = (OnceLock::new(), OnceLock::new());
        &mut shared.episodes
    }
}

impl AlertSummary {
    fn of(episodes: &[Episode]) -> Self {
        let mut summary = Self::default();
        for (episode, index) in episodes.iter().zip(0..) {
            let is_held = matches!(episode.state, State::Acknowledged | State::Snoozed);
            let fires = episode.state == State::Firing;
            summary.held += usize::from(is_held);
            if fires && episode.inhibited_by.is_none() {
                let [critical, warning] = &mut summary.new;
                *(if episode.severity == Severity::Critical { critical } else { warning }) += 1;
            }
            let Some(queue) = episode.slice.get(Dim::Queue) else { continue };
            let queue = summary.queues.entry(queue.clone()).or_default();
            if fires || is_held {
                let severity = |index: usize| episodes.get(index).map(|episode| episode.severity);
                queue.are_held = is_held && (queue.worst.is_none() || queue.are_held);
                if queue.worst.is_none_or(|worst| Some(episode.severity) > severity(worst)) {
                    queue.worst = Some(index);
                }
            }
            if episode.is_active() && episode.state != State::Snoozed {
                queue.severity = queue.severity.max(Some(episode.severity));
            }
        }
        summary
    }
}

impl Clone for SharedAlerts {
    fn clone(&self) -> Self {
        self.episodes.clone().into()
    }
}

impl From<Vec<Episode>> for SharedAlerts {
    fn from(episodes: Vec<Episode>) -> Self {
        Self { episodes, ..Self::default() }
    }
}

impl From<Vec<Episode>> for Alerts {
    fn from(episodes: Vec<Episode>) -> Self {
        Self(Arc::new(episodes.into()))
    }
}

impl FromIterator<Episode> for Alerts {
    fn from_iter<I: IntoIterator<Item = Episode>>(episodes: I) -> Self {
        episodes.into_iter().collect::<Vec<_>>().into()
    }
}

impl Deref for Alerts {
    type Target = [Episode];

    fn deref(&self) -> &[Episode] {
        &self.0.episodes
    }
}

impl PartialEq for Alerts {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Serialize for Alerts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Alerts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}
