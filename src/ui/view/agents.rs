//! Agents: who does what and for how long. No rankings: rows are ordered by what needs a look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use crate::board::AgentRow;
use crate::event::AgentState;
use crate::kpi::{Dim, Figure, KpiId};
use crate::text::{Label, fit};
use crate::ui::ask;
use crate::ui::data::Figures;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::state::{Page, Panel};
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// The columns of the page.
pub const COLUMNS: &[Column] = &[
    Column::text("Agent", "agent", 16, 14, 0),
    Column::text("Team", "team", 13, 5, 5),
    Column::text("State", "state", 12, 0, 0),
    Column::number("For", "state_s", 8, 0),
    Column::text("Reason", "reason", 9, 7, 3),
    Column::text("Queue", "queue", 12, 8, 4),
    Column::kpi("Handled", "handled", KpiId::Handled, 7, 2),
    Column::kpi("AHT", "aht_s", KpiId::Aht, 6, 2),
    Column::kpi("Occup.", "occupancy", KpiId::Occupancy, 6, 6),
    Column::kpi("Transfer", "transfer_rate", KpiId::TransferRate, 8, 7),
    Column::kpi("No answer", "ring_no_answer", KpiId::RingNoAnswer, 9, 8),
    Column::kpi("ACW", "acw_s", KpiId::Acw, 6, 9),
    Column::kpi("Hold", "hold_s", KpiId::Hold, 6, 10),
    Column::kpi("Per hour", "contacts_per_hour", KpiId::ContactsPerHour, 8, 11),
    Column::text("Contact", "contact", 14, 12, 12),
];
/// The columns of the panel on a queue's page.
pub const SERVING: &[Column] = &[
    Column::text("Agent", "agent", 14, 12, 0),
    Column::text("Team", "team", 13, 5, 5),
    Column::text("State", "state", 12, 0, 0),
    Column::number("For", "state_s", 8, 0),
    Column::text("Reason", "reason", 9, 7, 3),
    Column::text("Queue", "queue", 12, 8, 6),
    Column::kpi("Handled", "handled", KpiId::Handled, 7, 4),
    Column::kpi("AHT", "aht_s", KpiId::Aht, 6, 4),
];

/// Agents of the board, and those of an answer that the board doesn't know (any more).
pub struct Agents<'a> {
    ctx: Ctx<'a>,
    figures: Option<&'a Figures>,
    rows: Vec<u32>,
    others: Vec<&'a Label>,
    /// Queues that stand still.
    still: FxHashSet<&'a Label>,
    columns: &'static [Column],
}

impl<'a> Agents<'a> {
    /// Of the page's slice.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        Self::with(ctx, COLUMNS)
    }

    /// Those who serve the page's queue.
    #[must_use]
    pub fn serving(ctx: Ctx<'a>) -> Self {
        Self::with(ctx, SERVING)
    }

    fn with(ctx: Ctx<'a>, columns: &'static [Column]) -> Self {
        let slice = ctx.ui.slice();
        let figures = ctx.data.figures(ask::agents(ctx.ui, slice));
        let agents = || (0u32..).zip(&ctx.board.agents);
        let mut others = Vec::new();
        let rows = if slice.is_total() {
            agents().map(|(at, _)| at).collect()
        } else {
            let of_answer: FxHashSet<&Label> =
                figures.into_iter().flat_map(|f| &f.answer.rows).filter_map(|row| row.key.get(Dim::Agent)).collect();
            // Within an intent there are those who have handled it; in a queue or team also those who serve it.
            let queue = slice.get(Dim::Queue).filter(|_| slice.parts().count() == 1);
            let team = slice.get(Dim::Team).filter(|_| slice.parts().count() == 1);
            let serves = |agent: &AgentRow| {
                queue.is_some_and(|q| agent.queue.as_ref() == Some(q) || agent.queues.contains(q))
                    || team.is_some_and(|t| agent.team == *t)
            };
            let mut known: FxHashSet<&Label> = FxHashSet::default();
            let rows: Vec<u32> = agents()
                .filter(|(_, agent)| of_answer.contains(&agent.id) || serves(agent))
                .map(|(at, agent)| {
                    known.insert(&agent.id);
                    at
                })
                .collect();
            others = of_answer.into_iter().filter(|id| !id.is_empty() && !known.contains(id)).collect();
            others.sort();
            rows
        };
        Self { ctx, figures, rows, others, still: ctx.still_queues(), columns }
    }

    fn agent(&self, row: usize) -> Option<&'a AgentRow> {
        self.ctx.board.agents.get(*self.rows.get(row)? as usize)
    }

    fn other(&self, row: usize) -> Option<&'a Label> {
        self.others.get(row.checked_sub(self.rows.len())?).copied()
    }

    fn label(&self, row: usize) -> Option<&'a Label> {
        self.agent(row).map(|agent| &agent.id).or_else(|| self.other(row))
    }

    fn figure(&self, row: usize, kpi: KpiId) -> Option<&'a Figure> {
        self.figures?.at(self.label(row)?.as_str(), kpi)
    }

    fn seconds(&self, agent: &AgentRow) -> i64 {
        self.ctx.board.at.since(agent.since).as_secs()
    }

    /// By how much an agent has been in a state for too long: 1 is just so.
    fn too_long(&self, agent: &AgentRow) -> f64 {
        let limits = &self.ctx.settings.too_long;
        let limit = match agent.state {
            AgentState::Ringing => limits.ringing,
            AgentState::OnContact => limits.on_contact,
            AgentState::AfterContact => limits.after_contact,
            AgentState::Paused => limits.paused,
            AgentState::Available | AgentState::Offline => return 0.0,
        };
        format::float(self.seconds(agent)) / format::float(limit.max(1))
    }
}

/// A state's sign and words.
#[must_use]
pub const fn state_words(state: AgentState) -> &'static str {
    match state {
        AgentState::OnContact => "● talking",
        AgentState::Ringing => "▸ ringing",
        AgentState::AfterContact => "▓ after work",
        AgentState::Available => "○ available",
        AgentState::Paused => "= paused",
        AgentState::Offline => "  offline",
    }
}

/// The same for narrow screens.
const fn short_words(state: AgentState) -> &'static str {
    match state {
        AgentState::OnContact => "● talk",
        AgentState::Ringing => "▸ ring",
        AgentState::AfterContact => "▓ work",
        AgentState::Available => "○ avail",
        AgentState::Paused => "= paused",
        AgentState::Offline => "off",
    }
}

const fn state_tone(state: AgentState) -> Tone {
    match state {
        AgentState::Available => Tone::Good,
        AgentState::Ringing => Tone::Accent,
        AgentState::OnContact | AgentState::AfterContact => Tone::Text,
        AgentState::Paused | AgentState::Offline => Tone::Muted,
    }
}

impl Grid for Agents<'_> {
    fn columns(&self) -> &'static [Column] {
        self.columns
    }

    fn len(&self) -> usize {
        self.rows.len() + self.others.len()
    }

    fn id(&self, row: usize) -> Label {
        self.label(row).cloned().unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        match self.agent(row) {
            Some(agent) => {
                grid::holds(&agent.name, word)
                    || grid::holds(&agent.team, word)
                    || grid::holds(&agent.reason, word)
                    || agent.state.key().contains(word)
                    || agent.queue.as_ref().is_some_and(|queue| grid::holds(queue, word))
            }
            None => self.other(row).is_some_and(|id| grid::holds(id, word)),
        }
    }

    fn stands_still(&self, row: usize) -> bool {
        let queues = self.agent(row).map(|agent| agent.queues.as_slice()).unwrap_or_default();
        !queues.is_empty() && queues.iter().all(|queue| self.still.contains(queue))
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        if let Some(kpi) = self.columns.get(column).and_then(|c| c.kpi) {
            return Key::figure(self.figure(row, kpi));
        }
        let Some(agent) = self.agent(row) else {
            return if column == 0 { self.other(row).map_or(Key::Missing, Key::label) } else { Key::Missing };
        };
        match column {
            0 => Key::label(&agent.name),
            1 => Key::label(&agent.team),
            2 => Key::Text(agent.state.key()),
            3 => Key::Number(format::float(self.seconds(agent))),
            4 => Key::label(&agent.reason),
            5 => agent.queue.as_ref().map_or(Key::Missing, Key::label),
            _ => agent.contact.as_ref().map_or(Key::Missing, Key::label),
        }
    }

    fn badness(&self, row: usize) -> f64 {
        let Some(agent) = self.agent(row) else { return -1e9 };
        let long = self.too_long(agent);
        if long >= 1.0 {
            return 1e9 + long;
        }
        // Then by state, as the summary bar has them; within a state by name, so that rows stand still.
        let place = AgentState::ALL.iter().position(|s| *s == agent.state).unwrap_or(9);
        -1e3 * format::float(i64::try_from(place).unwrap_or(9))
    }

    fn cell(&self, row: usize, column: usize, _: u16) -> Cell {
        if let Some(kpi) = self.columns.get(column).and_then(|c| c.kpi) {
            let figure = self.figure(row, kpi);
            let mut cell = Cell::figure(kpi, figure);
            let few = figure.is_some_and(|f| f.n < self.ctx.board.rules.min_samples);
            if kpi.def().sampled && few && figure.is_some_and(Figure::is_known) {
                cell.tone = Tone::Muted;
            }
            return cell;
        }
        let Some(agent) = self.agent(row) else {
            return if column == 0 { self.other(row).map_or_else(Cell::none, Cell::label) } else { Cell::none() };
        };
        let text = |label: &Label| {
            if label.is_empty() { Cell::none() } else { Cell::new(label.as_str().to_owned(), Tone::Muted) }
        };
        match column {
            0 => {
                let quiet = agent.state == AgentState::Offline;
                Cell::new(agent.name.as_str().to_owned(), if quiet { Tone::Muted } else { Tone::Text })
            }
            1 => text(&agent.team),
            2 => Cell::new(state_words(agent.state), state_tone(agent.state)),
            3 => {
                let long = self.too_long(agent) >= 1.0;
                let time = crate::kpi::format::duration(format::float(self.seconds(agent)));
                let sign = if long { crate::ui::glyphs::WARNING } else { "" };
                let tone = if long { Tone::Warning } else { Tone::Text };
                if agent.state == AgentState::Offline { Cell::none() } else { Cell::new(format!("{sign}{time}"), tone) }
            }
            4 => text(&agent.reason),
            5 => agent.queue.as_ref().map_or_else(Cell::none, |id| text(self.ctx.queue_name(id))),
            _ => agent.contact.as_ref().map_or_else(Cell::none, text),
        }
    }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let agents = Agents::new(ctx);
    let teams = teams(&agents);
    let summary = 1 + if area.height >= 30 && teams.len() > 1 { cols(teams.len()).min(area.height / 3) } else { 0 };
    summarize(buffer, Rect { height: summary, ..area }, ctx, &agents, &teams);
    let below = Rect { y: area.y + summary, height: area.height.saturating_sub(summary), ..area };
    let slice = ctx.ui.slice();
    let name = if slice.is_total() {
        format!("Agents {}", agents.len())
    } else {
        format!("Agents of {}: {}", ctx.slice_name(slice), agents.len())
    };
    let about = ctx.about_many(agents.figures.map(|f| &f.answer));
    let inner = panel::panel(buffer, below, ctx.theme, &name, &about, true);
    let empty = if ctx.ui.page() == Page::Agents && agents.figures.is_none() {
        "…"
    } else {
        "nobody has handled one in this time"
    };
    super::table(buffer, inner, ctx, Panel::Agents, empty, drawn);
}

/// How many are in which state, of all and of each team.
pub fn summary(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let agents = Agents::new(ctx);
    summarize(buffer, area, ctx, &agents, &teams(&agents));
}

type TeamCounts<'a> = (&'a str, [usize; 6]);

fn teams<'a>(agents: &Agents<'a>) -> Vec<TeamCounts<'a>> {
    let mut teams: FxHashMap<&str, [usize; 6]> = FxHashMap::default();
    for row in 0..agents.rows.len() {
        let Some(agent) = agents.agent(row) else { continue };
        let counts = teams.entry(agent.team.as_str()).or_default();
        if let Some(count) = AgentState::ALL.iter().position(|s| *s == agent.state).and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    let mut teams: Vec<TeamCounts<'a>> = teams.into_iter().collect();
    teams.sort_unstable();
    teams
}

/// How many are in which state: all in a line, then a bar for each team.
fn summarize(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, agents: &Agents<'_>, teams: &[TeamCounts<'_>]) {
    let mut all = [0usize; 6];
    for (_, counts) in teams {
        all.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
    }
    let mut x = area.x + 1;
    let late = (0..agents.rows.len()).filter_map(|r| agents.agent(r)).filter(|a| agents.too_long(a) >= 1.0).count();
    if late > 0 {
        let text = format!("▲ {late} too long");
        buffer.set_string(x, area.y, &text, ctx.theme.style(Tone::Warning));
        x += cols(text.width()) + 3;
    }
    for (state, count) in AgentState::ALL.into_iter().zip(all) {
        let words = if area.width < 100 { short_words(state) } else { state_words(state).trim_start() };
        let text = format!("{words} {count}");
        if x + cols(text.width()) >= area.right() {
            break;
        }
        let tone = if count == 0 { Tone::Faint } else { state_tone(state) };
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        x += cols(text.width()) + if area.width < 100 { 2 } else { 3 };
    }
    let widest = teams.iter().map(|t| t.0.width()).max().unwrap_or(0).clamp(7, 16);
    let here = |counts: &[usize; 6]| {
        let states = AgentState::ALL.into_iter().zip(counts);
        states.filter(|(state, _)| *state != AgentState::Offline).map(|(_, count)| *count).sum::<usize>()
    };
    let most = teams.iter().map(|t| here(&t.1)).max().unwrap_or(1).max(1);
    let room = usize::from(area.width).saturating_sub(widest + 14);
    let rows = usize::from(area.height.saturating_sub(1));
    // Teams that find no room are counted on the last row.
    let shown = if teams.len() > rows { rows.saturating_sub(1) } else { teams.len() };
    for (line, (team, counts)) in teams.iter().enumerate().take(shown) {
        let y = area.y + 1 + cols(line);
        let name = if team.is_empty() { "no team" } else { team };
        buffer.set_stringn(area.x + 1, y, fit(name, widest), widest, ctx.theme.style(Tone::Muted));
        let of = format!("{}/{}", here(counts), counts.iter().sum::<usize>());
        buffer.set_string(area.x + 2 + cols(widest), y, format!("{of:>7}"), ctx.theme.style(Tone::Text));
        let mut x = area.x + 11 + cols(widest);
        // The bar is of those who are here: who is at home says nothing of today's hands.
        for (state, count) in AgentState::ALL.into_iter().zip(counts).filter(|(s, _)| *s != AgentState::Offline) {
            let sign = state_words(state).chars().next().unwrap_or(' ');
            let wide = (count * room / most).max(usize::from(*count > 0));
            let bar: String = std::iter::repeat_n(sign, wide).collect();
            let left = usize::from(area.right().saturating_sub(x));
            buffer.set_stringn(x, y, &bar, left, ctx.theme.style(state_tone(state)));
            x = (x + cols(wide)).min(area.right());
        }
    }
    if shown < teams.len() && rows > 0 {
        let text = format!("and {} teams more", teams.len() - shown);
        buffer.set_stringn(
            area.x + 1,
            area.y + cols(rows),
            &text,
            usize::from(area.width),
            ctx.theme.style(Tone::Muted),
        );
    }
}
