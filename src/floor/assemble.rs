//! Assembles the board from the state of the engine, the evaluator and the sources.

use crate::alert::Episode;
use crate::board::{AgentRow, Board, ContactRow, GapRow, Keeper, Mode, QueueRow, TargetRow, WaitingRow};
use crate::clock::Time;
use crate::engine::{ContactNow, Engine};
use crate::floor::sources::Sources;
use crate::text::{Label, Text};

/// The parts of a board that do not come from the engine.
pub(super) struct BoardParts<'a> {
    pub(super) seq: u64,
    pub(super) now: Time,
    pub(super) title: &'a Label,
    pub(super) mode: &'a Mode,
    pub(super) keeper: &'a Keeper,
    pub(super) sources: &'a Sources,
    pub(super) alerts: Vec<Episode>,
    pub(super) untold: Vec<TargetRow>,
    pub(super) remarks: Vec<Text>,
}

/// The board at an instant.
pub(super) fn board(engine: &mut Engine, parts: BoardParts<'_>) -> Board {
    let now = parts.now;
    let queues = engine.queues_now(now).into_iter().map(|queue| QueueRow {
        id: queue.id,
        name: queue.name,
        channel: queue.channel,
        service_level: queue.service_level,
        bands: queue.bands,
        sources: parts.sources.names_of(&queue.origins),
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
        seq: parts.seq,
        at: now,
        title: parts.title.clone(),
        calendar: *engine.calendar(),
        mode: parts.mode.clone(),
        keeper: parts.keeper.clone(),
        hub: None,
        rules: engine.settings().rules.clone(),
        total: engine.total_now(now),
        queues,
        agents,
        waiting: waiting.collect(),
        sources: parts.sources.rows(),
        gaps: GapRow::merge(engine.gaps(), now),
        alerts: parts.alerts,
        untold: parts.untold,
        remarks: parts.remarks,
    }
}

/// A row of a list of contacts.
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
