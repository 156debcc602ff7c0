//! Makes the events of a source fit for the floor: a prefix keeps equal names of two sources apart, and the offset of
//! the source's clock is taken out of event times.

use crate::clock::Span;
use crate::event::{Event, EventKind, Step};
use crate::text::Label;

/// Put `prefix` before the names in `events`, and move their times back by `ahead`, the offset of the source's clock.
pub(crate) fn normalize_events(events: &mut [Event], prefix: Option<&Label>, ahead: Span) {
    for event in events {
        // Gaps are timed by our own clock already.
        if !matches!(event.kind, EventKind::Missed { .. }) {
            event.at = event.at - ahead;
        }
        if let Some(prefix) = prefix {
            add_prefix(event, prefix);
        }
    }
}

/// Put `prefix` before every queue, agent and contact. Intents and customers stay as they are: they mean the same in
/// every source.
pub(crate) fn add_prefix(event: &mut Event, prefix: &Label) {
    let name = |label: &mut Label| *label = Label::new(&format!("{prefix}/{label}"));
    event.kind.rename_agents(name);
    match &mut event.kind {
        EventKind::Contact { contact, queue, step } => {
            name(contact);
            queue.iter_mut().for_each(name);
            match step {
                Step::Offered(offer) => name(&mut offer.queue),
                Step::Transferred { to_queue, .. } => to_queue.iter_mut().for_each(name),
                _ => {}
            }
        }
        EventKind::SelfService(session) => name(&mut session.session),
        EventKind::AgentQueues { queues, .. } => {
            queues.iter_mut().map(|membership| &mut membership.queue).for_each(name);
        }
        EventKind::AgentProfile(profile) => profile.name.iter_mut().chain(&mut profile.queues).for_each(name),
        EventKind::QueueProfile(profile) => std::iter::once(&mut profile.queue).chain(&mut profile.name).for_each(name),
        EventKind::Observed { queue, .. } => name(queue),
        EventKind::AgentState { .. } | EventKind::Restarted | EventKind::Missed { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::event::AgentState;

    #[test]
    fn names_get_the_prefix_and_reasons_do_not() {
        let state = AgentState::Paused;
        let kind = EventKind::AgentState { agent: "Ann".into(), state, reason: Some("lunch".into()), lasts: None };
        let mut event = Event { at: Time(0), origin: "pbx".into(), id: Some("7".into()), kind };
        add_prefix(&mut event, &"london".into());
        let kind =
            EventKind::AgentState { agent: "london/Ann".into(), state, reason: Some("lunch".into()), lasts: None };
        assert_eq!(event, Event { at: Time(0), origin: "pbx".into(), id: Some("7".into()), kind });
        let step = Step::Transferred {
            agent: Some("Ann".into()),
            kind: crate::event::TransferKind::Blind,
            to_queue: Some("sales".into()),
            to_agent: None,
            to_number: Some("100".into()),
            talk: None,
        };
        event.kind = EventKind::Contact { contact: "c".into(), queue: Some("billing".into()), step };
        add_prefix(&mut event, &"london".into());
        let written = serde_json::to_string(&event).unwrap();
        for name in ["\"london/c\"", "\"london/billing\"", "\"london/sales\"", "\"london/Ann\"", "\"100\""] {
            assert!(written.contains(name), "{name} in {written}");
        }
    }
}
