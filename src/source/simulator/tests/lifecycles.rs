//! The events of every contact and every agent come in an order that is possible in a real contact centre.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use super::{settings, simulate, wednesday};
use crate::event::AgentState;

#[derive(Clone, Debug, PartialEq)]
enum ContactLife {
    Waiting,
    Ringing(Label),
    Talking { agent: Label, held: bool },
    Over,
}

#[expect(clippy::match_same_arms, reason = "a row for each kind of step reads better")]
/// The state of a contact after a step; an error if the step is impossible in its present state.
fn follow(stage: Option<&ContactLife>, step: &Step, asynchronous: bool) -> Result<Option<ContactLife>, &'static str> {
    use ContactLife::{Over, Ringing, Talking, Waiting};
    let next = match (step, stage) {
        (Step::Offered(_), None | Some(Over)) => Waiting,
        (Step::Ringing { agent }, Some(Waiting)) => Ringing(agent.clone()),
        (Step::RingCanceled { agent } | Step::RingNoAnswer { agent, .. }, Some(Ringing(rung))) if agent == rung => {
            Waiting
        }
        (Step::Answered { agent, .. }, Some(Ringing(rung))) if agent == rung => {
            Talking { agent: agent.clone(), held: false }
        }
        // Only calls ring.
        (Step::Answered { agent, .. }, Some(Waiting)) => Talking { agent: agent.clone(), held: false },
        (Step::Abandoned { .. } | Step::Left { .. }, Some(Waiting)) => Over,
        (Step::Held, Some(Talking { agent, held: false })) => Talking { agent: agent.clone(), held: true },
        (Step::Resumed, Some(Talking { agent, held: true })) => Talking { agent: agent.clone(), held: false },
        (Step::Responded { agent: by }, Some(Talking { agent, held })) if by == agent && asynchronous => {
            Talking { agent: agent.clone(), held: *held }
        }
        (Step::Transferred { .. } | Step::Completed { .. }, Some(Talking { held: false, .. })) => Over,
        (Step::Identified { .. }, Some(stage @ Talking { .. })) => stage.clone(),
        (
            Step::Wrapped { .. }
            | Step::Classified { .. }
            | Step::Resolved { .. }
            | Step::Reopened
            | Step::Survey(_)
            | Step::Quality { .. },
            Some(Over),
        ) => Over,
        _ => return Err("a step that cannot follow"),
    };
    Ok(Some(next))
}

#[test]
fn the_steps_of_every_contact_come_in_a_possible_order() {
    for scenario in Scenario::ALL {
        let events = simulate(settings(11, scenario), wednesday(), 1);
        let mut lifecycles: BTreeMap<(Label, Label), ContactLife> = BTreeMap::new();
        let (mut offered, mut ended, mut answered, mut ids) = (0, 0, 0, BTreeSet::new());
        for pair in events.windows(2) {
            assert!(pair[0].at <= pair[1].at);
        }
        for event in &events {
            assert!(ids.insert(event.id.clone().unwrap()), "an id twice: {event:?}");
            let EventKind::Contact { contact, queue: Some(queue), step } = &event.kind else { continue };
            let row = world::QUEUES.iter().find(|row| queue.as_str() == row.id).unwrap();
            let life = (contact.clone(), queue.clone());
            let next = follow(lifecycles.get(&life), step, row.channel.is_asynchronous());
            match next {
                Ok(next) => lifecycles.extend(next.map(|next| (life, next))),
                Err(why) => panic!("{why}: {event:?} after {:?}", lifecycles.get(&life)),
            }
            match step {
                Step::Offered(_) => offered += 1,
                Step::Answered { .. } => answered += 1,
                Step::Abandoned { .. } | Step::Left { .. } => ended += 1,
                _ => {}
            }
        }
        let waiting =
            lifecycles.values().filter(|stage| matches!(stage, ContactLife::Waiting | ContactLife::Ringing(_))).count();
        assert_eq!(offered, answered + ended + waiting, "{scenario:?}");
        assert!(waiting < 400, "{waiting} left waiting");
    }
}

#[test]
fn an_agent_has_one_contact_at_a_time_and_only_on_shift() {
    let events = simulate(settings(12, Scenario::Calm), wednesday(), 0);
    let mut states: BTreeMap<Label, AgentState> = BTreeMap::new();
    for event in &events {
        let (agent, from, to) = match &event.kind {
            EventKind::AgentState { agent, state, .. } => {
                let busy = matches!(states.get(agent), Some(AgentState::OnContact));
                assert!(!busy, "{event:?} with a contact in hand");
                states.insert(agent.clone(), *state);
                continue;
            }
            EventKind::Contact { step: Step::Ringing { agent }, .. } => {
                (agent, AgentState::Available, AgentState::Ringing)
            }
            EventKind::Contact { step: Step::Answered { agent, .. }, .. } => {
                (agent, AgentState::Ringing, AgentState::OnContact)
            }
            EventKind::Contact { step: Step::RingCanceled { agent } | Step::RingNoAnswer { agent, .. }, .. } => {
                (agent, AgentState::Ringing, AgentState::Available)
            }
            EventKind::Contact { step: Step::Wrapped { agent, .. }, .. } => {
                (agent, AgentState::OnContact, AgentState::Available)
            }
            _ => continue,
        };
        let was = states.insert(agent.clone(), to);
        // Chats and messages are answered without ringing.
        let fits = was == Some(from) || (to == AgentState::OnContact && was == Some(AgentState::Available));
        assert!(fits, "{event:?} while {was:?}");
    }
}
