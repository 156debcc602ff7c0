//! Counts the names that an event would add. Names are never dropped, and each queue and agent is a row of every board,
//! so a source that invents names without end must be stopped.

use rustc_hash::FxHashSet;

use super::Engine;
use super::interner::OriginNo;
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

/// Numbers of names, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameCounts {
    /// Queues.
    pub queues: usize,
    /// Agents.
    pub agents: usize,
    /// Intents.
    pub intents: usize,
    /// Teams, reasons, evaluators and origins.
    pub others: usize,
}

impl Engine {
    /// How many contacts are open.
    #[must_use]
    pub fn open_contact_count(&self) -> usize {
        self.open_contacts.len()
    }

    /// How many of the open contacts were begun by events of these origins. It looks at each, which takes milliseconds.
    #[must_use]
    pub fn open_contacts_of<'a>(&self, origins: impl Iterator<Item = &'a Label>) -> usize {
        let origins: FxHashSet<OriginNo> = origins.filter_map(|origin| self.origins.find(origin.as_str())).collect();
        let open = self.open_contacts.iter().filter_map(|number| self.contacts.get(*number));
        open.filter(|contact| origins.contains(&contact.origin)).count()
    }

    /// Whether an event is about a contact that is not known yet.
    #[must_use]
    pub fn begins_contact(&self, event: &Event) -> bool {
        matches!(&event.kind, EventKind::Contact { contact, .. } if self.contacts.find(contact.as_str()).is_none())
    }

    /// The names of an event that have not been seen before.
    #[must_use]
    pub fn new_names(&self, event: &Event) -> NameCounts {
        let mut new = NameCounts::default();
        let queue = |name: &Label| usize::from(self.queues.find(name.as_str()).is_none());
        let agent = |name: &Label| usize::from(self.agents.find(name.as_str()).is_none());
        let intent = |name: &Label| usize::from(self.intents.find(name.as_str()).is_none());
        let unknown_reason = |reason: &Label| usize::from(self.reasons.find(reason.as_str()).is_none());
        new.others += usize::from(self.origins.find(event.origin.as_str()).is_none());
        match &event.kind {
            EventKind::Contact { queue: of, step, .. } => {
                new.queues += of.as_ref().map_or(0, queue);
                match step {
                    Step::Offered(offer) => {
                        // Most sources name the queue twice.
                        new.queues += if of.as_ref() == Some(&offer.queue) { 0 } else { queue(&offer.queue) };
                        new.intents += offer.intent.as_ref().map_or(0, intent);
                    }
                    Step::Ringing { agent: by }
                    | Step::RingCanceled { agent: by }
                    | Step::RingNoAnswer { agent: by, .. }
                    | Step::Answered { agent: by, .. }
                    | Step::Wrapped { agent: by, .. } => new.agents += agent(by),
                    Step::Transferred { agent: by, to_queue, .. } => {
                        new.agents += by.as_ref().map_or(0, agent);
                        new.queues += to_queue.as_ref().map_or(0, queue);
                    }
                    Step::Completed { agent: by, .. } => new.agents += by.as_ref().map_or(0, agent),
                    Step::Classified { intent: about } => new.intents += intent(about),
                    Step::Quality { evaluator, .. } => {
                        new.others += usize::from(self.evaluators.find(evaluator.as_str()).is_none());
                    }
                    Step::Responded { .. }
                    | Step::Abandoned { .. }
                    | Step::Left { .. }
                    | Step::Held
                    | Step::Resumed
                    | Step::Identified { .. }
                    | Step::Resolved { .. }
                    | Step::Reopened
                    | Step::Survey(_)
                    | Step::Lost => {}
                }
            }
            EventKind::SelfService(session) => new.intents += session.intent.as_ref().map_or(0, intent),
            EventKind::AgentState { agent: who, reason, .. } => {
                new.agents += agent(who);
                new.others += reason.as_ref().map_or(0, unknown_reason);
            }
            EventKind::AgentQueues { agent: who, queues } => {
                new.agents += agent(who);
                new.queues += queues.iter().map(|membership| queue(&membership.queue)).sum::<usize>();
                let reasons = queues.iter().filter_map(|membership| membership.reason.as_ref());
                new.others += reasons.map(unknown_reason).sum::<usize>();
            }
            EventKind::AgentProfile(profile) => {
                new.agents += agent(&profile.agent);
                new.queues += profile.queues.iter().map(queue).sum::<usize>();
                let unknown = |team: &Label| usize::from(self.teams.find(team.as_str()).is_none());
                new.others += profile.team.as_ref().map_or(0, unknown);
            }
            EventKind::QueueProfile(profile) => new.queues += queue(&profile.queue),
            EventKind::Observed { queue: of, .. } => new.queues += queue(of),
            EventKind::Restarted | EventKind::Missed { .. } => {}
        }
        new
    }
}
