//! Assembles the board from the state of the engine, the evaluator and the sources.

use crate::alert::Alerts;
use crate::annotation::Annotation;
use crate::board::{Board, GapRow, Keeper, Mode, TargetRow};
use crate::clock::Time;
use crate::engine::{Engine, Rows, SourceNames};
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
    pub(super) alerts: Alerts,
    pub(super) annotations: Rows<Annotation>,
    pub(super) untold: Vec<TargetRow>,
    pub(super) remarks: Vec<Text>,
    pub(super) silent_since: Option<Time>,
}

/// The board at an instant.
pub(super) fn board(engine: &mut Engine, parts: BoardParts<'_>) -> Board {
    let now = parts.now;
    let sources = SourceNames { version: parts.sources.version(), of: &|origins| parts.sources.names_of(origins) };
    Board {
        seq: parts.seq,
        at: now,
        title: parts.title.clone(),
        calendar: *engine.calendar(),
        mode: parts.mode.clone(),
        keeper: parts.keeper.clone(),
        hub: None,
        rules: engine.settings().rules.clone(),
        bands: engine.own_bands(None),
        handling_time: engine.settings().intents.clone(),
        total: engine.total_now(now),
        queues: engine.queues_now(now, sources),
        agents: engine.agents_now(now),
        waiting: engine.waiting_now(now),
        sources: parts.sources.rows(&engine.contradictions(), now),
        gaps: GapRow::merge(engine.gaps(), now),
        alerts: parts.alerts,
        annotations: parts.annotations,
        untold: parts.untold,
        remarks: parts.remarks,
        silent_since: parts.silent_since,
    }
}
