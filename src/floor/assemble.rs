//! Making the board: the engine's and the evaluator' state as the rows that every reader sees.

use crate::alert::Episode;
use crate::board::{AgentRow, Board, ContactRow, GapRow, Keeper, Mode, QueueRow, TargetRow, WaitingRow};
use crate::clock::Time;
use crate::engine::{ContactNow, Engine};
use crate::floor::sources::Sources;
use crate::text::Label;

/// What the board says besides the engine's state.
pub(super) struct BoardParts<'a> {
    pub(super) seq: u64,
    pub(super) now: Time,
    pub(super) title: &'a Label,
    pub(super) mode: &'a Mode,
    pub(super) keeper: &'a Keeper,
    pub(super) sources: &'a Sources,
    pub(super) alerts: Vec<Episode>,
    pub(super) untold: Vec<TargetRow>,
}

/// The board at an instant.
pub(super) fn board(engine: &mut Engine, frame: BoardParts<'_>) -> Board {
    let now = frame.now;
    let queues = engine.queues_now(now).into_iter().map(|queue| QueueRow {
        id: queue.id,
        name: queue.name,
        channel: queue.channel,
        service_level: queue.service_level,
        lines: queue.bands,
        sources: frame.sources.that_tell(&queue.origins),
        live: queue.live,
    });
    let queues = queues.collect();
    let agents = engine.agents_now(now).into_iter().map(|agent| {
        let (contact, queue) = agent.contact.unzip();
        AgentRow {
            id: agent.id,
            name: agent.name,
            team: agent.team,
            state: agent.state,
            reason: agent.reason,
            since: agent.since,
            queue,
            contact,
            queues: agent.queues,
        }
    });
    let agents = agents.collect();
    let waiting = engine.waiting_now().into_iter().map(|contact| WaitingRow {
        contact: contact.contact,
        queue: contact.queue,
        channel: contact.channel,
        intent: contact.intent,
        customer: contact.customer,
        since: contact.joined,
        position: contact.position,
        priority: contact.priority,
        ringing: contact.ringing,
    });
    Board {
        seq: frame.seq,
        at: now,
        title: frame.title.clone(),
        calendar: *engine.calendar(),
        mode: frame.mode.clone(),
        keeper: frame.keeper.clone(),
        hub: None,
        rules: engine.settings().rules.clone(),
        total: engine.total_now(now),
        queues,
        agents,
        waiting: waiting.collect(),
        sources: frame.sources.rows(),
        gaps: GapRow::shown(engine.gaps(), now),
        alerts: frame.alerts,
        untold: frame.untold,
    }
}

/// A contact as lists show it.
pub(super) fn contact(contact: ContactNow) -> ContactRow {
    ContactRow {
        contact: contact.contact,
        queue: contact.queue,
        channel: contact.channel,
        intent: contact.intent,
        customer: contact.customer,
        agent: contact.agent,
        offered: contact.joined,
        ended: contact.ended,
        outcome: contact.outcome,
        wait: contact.wait,
        talk: contact.talk,
        hold: contact.hold,
        acw: contact.acw,
        csat: contact.csat,
        repeat: contact.repeat,
    }
}
