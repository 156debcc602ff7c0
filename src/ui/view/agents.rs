//! The page of agents: who does what and for how long. Rows are ordered by what needs attention; there is no ranking of
//! people.
//!
//! ```text
//! ▲ 2 too long   ● talking 12   ▸ ringing 1   ▓ after work 3   ○ available 5   = paused 4   offline 9
//! North     7/12 ●●●●●▸▓○○=                                 (a bar per team, where there is room)
//! ─ Agents 34 ──────────────────────────────────────────────────────────── today · 3s old ─
//!   Agent            Team     State        For   Reason   Queue      Handled    AHT   …
//! ▸ Ann Abel         North    = paused   ▲31:04   lunch    –               14   5:12
//! ```

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use rustc_hash::FxHashSet;

use super::{Ctx, staffing};
use crate::board::{AgentRow, QueuePause};
use crate::clock::Time;
use crate::event::AgentState;
use crate::kpi::{Dim, Figure, KpiId, Slice};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::answers::Figures;
use crate::ui::drawn::Drawn;
use crate::ui::format::float;
use crate::ui::glyphs;
use crate::ui::grid::{Column, Grid, LongTable, RowSource, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries;
use crate::ui::state::{Page, Panel};
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// An agent of the board, or one that is only in the answer. There are tens of thousands.
pub struct AgentItem<'a> {
    shown: Rc<AgentsShown<'a>>,
    id: &'a Label,
    agent: Option<&'a AgentRow>,
}

/// What all agents of a table have in common.
struct AgentsShown<'a> {
    ctx: Ctx<'a>,
    figures: Option<&'a Figures>,
    silent_queues: FxHashSet<&'a Label>,
}

impl<'a> AgentItem<'a> {
    const NAME: Column<Self> = Column::<Self>::text(
        "agent",
        "column-agent",
        16,
        |a| SortKey::label(a.name()),
        |a, _| {
            let offline = a.agent.is_some_and(|agent| agent.state == AgentState::Offline);
            TableCell::label(a.name(), if offline { Tone::Muted } else { Tone::Text })
        },
    )
    .grow(14);
    const TEAM: Column<Self> =
        Column::<Self>::label("team", "column-team", 13, Tone::Muted, |a| Some(&a.agent?.team)).grow(5).rank(5);
    const STATE: Column<Self> = Column::<Self>::text(
        "state",
        "column-state",
        12,
        |a| SortKey::text(a.state().map(AgentState::key)),
        |a, _| {
            a.state()
                .map_or_else(TableCell::none, |state| TableCell::new(staffing::words(state), staffing::tone(state)))
        },
    )
    .least(staffing::columns);
    const TIME: Column<Self> = Column::<Self>::number(
        "state_s",
        "column-for",
        8,
        |a| SortKey::number(a.seconds().map(float)),
        |a, _| a.time(),
    );
    const REASON: Column<Self> = Column::<Self>::text(
        "reason",
        "column-reason",
        9,
        |a| SortKey::label(a.reason()),
        |a, _| match a.pauses_elsewhere() {
            Some(words) => TableCell::new(words, Tone::Muted),
            None => TableCell::label(a.reason(), Tone::Muted),
        },
    )
    .grow(7)
    .rank(3);
    const QUEUE: Column<Self> = Column::<Self>::text(
        "queue",
        "column-queue",
        12,
        |a| SortKey::label(a.queue()),
        |a, _| TableCell::label(a.queue().map(|id| a.ctx().queue_name(id)), Tone::Muted),
    )
    .grow(8)
    .rank(4);
    const HANDLED: Column<Self> = Column::<Self>::figure("handled", "column-handled", 7, KpiId::Handled).rank(2);
    const AHT: Column<Self> = Column::<Self>::figure("aht_s", "column-aht", 6, KpiId::Aht).rank(2);

    /// The columns of the page.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Self::NAME,
        Self::TEAM,
        Self::STATE,
        Self::TIME,
        Self::REASON,
        Self::QUEUE,
        Self::HANDLED,
        Self::AHT,
        Column::<Self>::figure("occupancy", "column-occupancy", 6, KpiId::Occupancy).rank(6),
        Column::<Self>::figure("transfer_rate", "column-transfer", 8, KpiId::TransferRate).rank(7),
        Column::<Self>::figure("ring_no_answer", "column-no-answer", 9, KpiId::RingNoAnswer).rank(8),
        Column::<Self>::figure("acw_s", "column-acw", 6, KpiId::Acw).rank(9),
        Column::<Self>::figure("hold_s", "column-hold", 6, KpiId::Hold).rank(10),
        Column::<Self>::figure("contacts_per_hour", "column-per-hour", 8, KpiId::ContactsPerHour).rank(11),
        Column::<Self>::label("contact", "column-contact", 14, Tone::Muted, |a| a.agent?.contact.as_ref())
            .grow(12)
            .rank(12),
    ];

    /// The columns of the panel on a queue's page.
    pub const SERVING: &'a [Column<Self>] = &[
        Self::NAME.width(14).grow(12),
        Self::TEAM,
        Self::STATE,
        Self::TIME,
        Self::REASON,
        Self::QUEUE.rank(6),
        Self::HANDLED.rank(4),
        Self::AHT.rank(4),
    ];

    fn ctx(&self) -> Ctx<'a> {
        self.shown.ctx
    }

    fn name(&self) -> &'a Label {
        self.agent.map_or(self.id, |agent| &agent.name)
    }

    /// What the agent is doing; on the page of a queue, as far as that queue goes.
    fn state(&self) -> Option<AgentState> {
        Some(if self.pause_here().is_some() { AgentState::Paused } else { self.agent?.state })
    }

    fn reason(&self) -> Option<&'a Label> {
        Some(self.pause_here().map_or(&self.agent?.reason, |pause| &pause.reason))
    }

    /// The pause in the page's queue, of an agent who is free otherwise.
    fn pause_here(&self) -> Option<&'a QueuePause> {
        let queue = self.ctx().ui.slice().get(Dim::Queue)?;
        let agent = self.agent.filter(|agent| agent.state == AgentState::Available)?;
        agent.pauses.iter().find(|pause| pause.queue == *queue)
    }

    /// The queues in which alone the agent is paused: `not vip (letters), sales`.
    fn pauses_elsewhere(&self) -> Option<String> {
        let pauses = self.agent.filter(|_| self.pause_here().is_none()).map_or(&[][..], |agent| &agent.pauses);
        let words = |pause: &QueuePause| {
            let queue = self.ctx().queue_name(&pause.queue);
            if pause.reason.is_empty() { queue.to_string() } else { format!("{queue} ({})", pause.reason) }
        };
        let all: Vec<String> = pauses.iter().map(words).collect();
        (!all.is_empty()).then(|| text!("agents-not-for", queues = all.join(", ")))
    }

    fn queue(&self) -> Option<&'a Label> {
        self.agent?.queue.as_ref()
    }

    fn seconds(&self) -> Option<i64> {
        Some(staffing::seconds(self.ctx(), self.agent?))
    }

    fn time(&self) -> TableCell {
        let Some(agent) = self.agent.filter(|agent| agent.state != AgentState::Offline) else {
            return TableCell::none();
        };
        let time = crate::kpi::format::duration(float(staffing::seconds(self.ctx(), agent)));
        if staffing::overrun(self.ctx(), agent) >= 1.0 {
            TableCell::new(format!("{}{time}", glyphs::WARNING), Tone::Warning)
        } else {
            TableCell::new(time, Tone::Text)
        }
    }
}

impl TableRow for AgentItem<'_> {
    fn id(&self) -> Label {
        self.id.clone()
    }

    fn contains(&self, word: &str) -> bool {
        let Some(agent) = self.agent else { return contains(self.id, word) };
        let labels = [Some(&agent.name), Some(&agent.team), Some(&agent.reason), agent.queue.as_ref()];
        let labels = labels.into_iter().flatten().chain(&agent.skills);
        let state = language::agent_state(agent.state).to_lowercase();
        agent.state.key().contains(word)
            || state.contains(word)
            || labels.into_iter().any(|label| contains(label, word))
    }

    fn urgency(&self) -> f64 {
        let Some(agent) = self.agent else { return -1e9 };
        urgency(self.ctx(), agent.state, agent.since)
    }

    fn figure(&self, kpi: KpiId) -> Option<&Figure> {
        self.shown.figures?.at(self.id.as_str(), kpi)
    }

    fn figure_cell(&self, kpi: KpiId) -> TableCell {
        let figure = self.figure(kpi);
        let mut cell = TableCell::figure(kpi, figure);
        let few = figure.is_some_and(|f| f.is_known() && f.n < self.ctx().board.rules.min_samples);
        if kpi.def().sampled && few {
            cell.tone = Tone::Muted;
        }
        cell
    }

    fn is_stale(&self) -> bool {
        let silent = &self.shown.silent_queues;
        let queues = self.agent.filter(|_| !silent.is_empty()).map_or(&[][..], |agent| &agent.queues);
        !queues.is_empty() && queues.iter().all(|queue| silent.contains(queue))
    }
}

/// First those who have been in a state for too long; then by state, in the order of the summary; within a state in the
/// board's order, so that rows stay in place.
fn urgency(ctx: Ctx<'_>, state: AgentState, since: Time) -> f64 {
    let overrun = staffing::overrun_in(ctx, state, since);
    if overrun >= 1.0 {
        return 1e9 + overrun;
    }
    let place = AgentState::ALL.iter().position(|other| *other == state).unwrap_or(9);
    -1e3 * float(i64::try_from(place).unwrap_or(9))
}

/// All agents of the board.
pub struct AllAgents<'a> {
    shown: Rc<AgentsShown<'a>>,
}

impl<'a> RowSource for AllAgents<'a> {
    type Row = AgentItem<'a>;

    fn row_count(&self) -> usize {
        self.shown.ctx.board.agents.len()
    }

    fn row(&self, at: usize) -> Option<AgentItem<'a>> {
        let agent = self.shown.ctx.board.agents.get(at)?;
        Some(AgentItem { shown: Rc::clone(&self.shown), id: &agent.id, agent: Some(agent) })
    }

    fn ids(&self) -> Arc<[Label]> {
        let ctx = self.shown.ctx;
        Arc::clone(ctx.ui.kept.agents(ctx.board).ids())
    }

    fn urgencies(&self) -> Vec<f64> {
        let ctx = self.shown.ctx;
        let kept = ctx.ui.kept.agents(ctx.board);
        kept.states().iter().map(|agent| urgency(ctx, agent.state, agent.since)).collect()
    }
}

/// The table of all agents of the board.
#[must_use]
pub fn all(ctx: Ctx<'_>) -> LongTable<'_, AllAgents<'_>> {
    let figures = ctx.answers.figures(queries::agents(ctx.ui, &Slice::TOTAL));
    let shown = Rc::new(AgentsShown { ctx, figures, silent_queues: ctx.silent_queues() });
    LongTable { columns: AgentItem::COLUMNS, rows: AllAgents { shown } }
}

/// The agents of the page's slice, which is not the whole floor.
#[must_use]
pub fn table(ctx: Ctx<'_>) -> TableModel<'_, AgentItem<'_>> {
    TableModel { columns: AgentItem::COLUMNS, rows: rows(ctx) }
}

/// The agents who serve the page's queue.
#[must_use]
pub fn serving(ctx: Ctx<'_>) -> TableModel<'_, AgentItem<'_>> {
    TableModel { columns: AgentItem::SERVING, rows: rows(ctx) }
}

fn rows<'a>(ctx: Ctx<'a>) -> Vec<AgentItem<'a>> {
    let slice = ctx.ui.slice();
    let figures = ctx.answers.figures(queries::agents(ctx.ui, slice));
    let answered: FxHashSet<&Label> = figures
        .into_iter()
        .flat_map(|figures| &figures.answer.rows)
        .filter_map(|row| row.key.get(Dim::Agent))
        .filter(|id| !id.is_empty())
        .collect();
    // Within an intent these are the agents who have handled it; in a queue or team also those who serve it.
    let only = |dim| slice.get(dim).filter(|_| slice.parts().count() == 1);
    let (queue, team) = (only(Dim::Queue), only(Dim::Team));
    let serves = |agent: &AgentRow| {
        queue.is_some_and(|q| agent.queue.as_ref() == Some(q) || agent.queues.contains(q))
            || team.is_some_and(|t| agent.team == *t)
    };
    let shown = Rc::new(AgentsShown { ctx, figures, silent_queues: ctx.silent_queues() });
    let belongs = |agent: &&AgentRow| answered.contains(&agent.id) || serves(agent);
    let item = |agent: &'a AgentRow| AgentItem { shown: Rc::clone(&shown), id: &agent.id, agent: Some(agent) };
    let agents = &ctx.board.agents;
    let mut rows: Vec<AgentItem<'_>> = match queue {
        Some(queue) => {
            let known = ctx.ui.kept.agents_of_queue(ctx.board, queue).into_iter();
            let places = known.chain(answered.iter().filter_map(|id| agents.place(id)));
            let places: BTreeSet<usize> = places.collect();
            places.into_iter().filter_map(|place| agents.get(place)).filter(belongs).map(item).collect()
        }
        None => agents.iter().filter(belongs).map(item).collect(),
    };
    let known: FxHashSet<&Label> = rows.iter().filter(|_| !answered.is_empty()).map(|item| item.id).collect();
    let mut others: Vec<&Label> = answered.difference(&known).copied().collect();
    others.sort();
    rows.extend(others.into_iter().map(|id| AgentItem { shown: Rc::clone(&shown), id, agent: None }));
    rows
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let slice = ctx.ui.slice();
    let figures = ctx.answers.figures(queries::agents(ctx.ui, slice));
    let (table, summary): (Box<dyn Grid + '_>, _) = if slice.is_total() {
        (Box::new(all(ctx)), staffing::Summary::of_all(ctx))
    } else {
        let table = table(ctx);
        let summary = staffing::Summary::of(ctx, table.rows.iter().filter_map(|item| item.agent));
        (Box::new(table), summary)
    };
    let [above, list] = Layout::vertical([Constraint::Length(summary.height(area)), Constraint::Fill(1)]).areas(area);
    summary.draw(buffer, above, ctx);
    let count = ctx.count(Panel::Agents);
    let name = if slice.is_total() {
        format!("{} {count}", text!("agents-title"))
    } else {
        text!("agents-title-of", slice = ctx.slice_name(slice), count = count)
    };
    let about = ctx.about_many(figures.map(|f| &f.answer));
    let inner = panel::panel(buffer, list, ctx.theme, &name, &about, true);
    let empty = if ctx.ui.page() == Page::Agents && figures.is_none() { "…" } else { text!("agents-none-handled") };
    super::table_of(buffer, inner, ctx, (Panel::Agents, table.as_ref()), empty, drawn);
}
