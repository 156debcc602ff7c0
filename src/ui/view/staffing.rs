//! How many agents are in which state: all of them on one line, then a bar for each team.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use crate::board::AgentRow;
use crate::clock::Time;
use crate::event::AgentState;
use crate::kpi::{Dim, Live};
use crate::language::{self, text};
use crate::text::{Label, fit};
use crate::ui::format::{cols, float};
use crate::ui::glyphs;
use crate::ui::kept::Counts;
use crate::ui::theme::Tone;

/// A state's sign and word.
#[must_use]
pub fn words(state: AgentState) -> String {
    format!("{} {}", sign(state), language::agent_state(state))
}

/// The columns of the longest words.
pub fn columns() -> u16 {
    AgentState::ALL.into_iter().map(|state| cols(words(state).width())).max().unwrap_or(0)
}

/// The sign for what an agent does.
#[must_use]
pub const fn sign(state: AgentState) -> &'static str {
    match state {
        AgentState::OnContact => "●",
        AgentState::Ringing => "▸",
        AgentState::AfterContact => "▓",
        AgentState::Available => "○",
        AgentState::Paused => "=",
        AgentState::Offline => " ",
        AgentState::Unknown => "?",
    }
}

/// How many agents are in a state; `None` where none is said to be, and of some it is not known.
#[must_use]
pub fn count(live: &Live, state: AgentState) -> Option<i64> {
    let count = live.agents_in(state);
    (count > 0 || live.agents_in(AgentState::Unknown) == 0).then_some(count)
}

/// The same for narrow screens.
fn short_words(state: AgentState) -> String {
    format!("{} {}", sign(state), language::keyed("state-short", state.key()))
}

/// The tone a state is shown in.
#[must_use]
pub const fn tone(state: AgentState) -> Tone {
    match state {
        AgentState::Available => Tone::Good,
        AgentState::Ringing => Tone::Accent,
        AgentState::OnContact | AgentState::AfterContact => Tone::Text,
        AgentState::Paused | AgentState::Offline | AgentState::Unknown => Tone::Muted,
    }
}

/// For how many seconds an agent has been in the present state.
#[must_use]
pub fn seconds(ctx: Ctx<'_>, agent: &AgentRow) -> i64 {
    ctx.board.at.since(agent.since).as_secs()
}

/// How long an agent has been in the present state, as a multiple of what the settings allow: from 1 on it is too long.
#[must_use]
pub fn overrun(ctx: Ctx<'_>, agent: &AgentRow) -> f64 {
    overrun_in(ctx, agent.state, agent.since)
}

/// The same of an agent who is in a state since some time.
#[must_use]
pub fn overrun_in(ctx: Ctx<'_>, state: AgentState, since: Time) -> f64 {
    let limits = &ctx.settings.too_long;
    let limit = match state {
        AgentState::Ringing => limits.ringing,
        AgentState::OnContact => limits.on_contact,
        AgentState::AfterContact => limits.after_contact,
        AgentState::Paused => limits.paused,
        AgentState::Available | AgentState::Offline | AgentState::Unknown => return 0.0,
    };
    float(ctx.board.at.since(since).as_secs()) / float(limit.max(1))
}

/// A summary of agents.
pub struct Summary {
    /// Those who have been in their state for too long.
    late: usize,
    /// By name.
    teams: Vec<(Label, Counts)>,
}

impl Summary {
    /// The summary of these agents.
    pub fn of<'a>(ctx: Ctx<'_>, agents: impl Iterator<Item = &'a AgentRow>) -> Self {
        let mut teams: FxHashMap<&Label, Counts> = FxHashMap::default();
        let mut late = 0;
        for agent in agents {
            late += usize::from(overrun(ctx, agent) >= 1.0);
            let counts = teams.entry(&agent.team).or_default();
            let state = AgentState::ALL.iter().position(|state| *state == agent.state);
            if let Some(count) = state.and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        let mut teams: Vec<_> = teams.into_iter().map(|(name, counts)| (name.clone(), counts)).collect();
        teams.sort_unstable();
        Self { late, teams }
    }

    /// The summary of all agents of the board.
    #[must_use]
    pub fn of_all(ctx: Ctx<'_>) -> Self {
        let kept = ctx.ui.kept.agents(ctx.board);
        let late = kept.states().iter().filter(|agent| overrun_in(ctx, agent.state, agent.since) >= 1.0).count();
        Self { late, teams: kept.teams() }
    }

    /// How many agents of each team are in each state, by the team's name.
    #[must_use]
    pub fn teams(&self) -> &[(Label, Counts)] {
        &self.teams
    }

    /// The rows of the screen that it takes on a page: bars only where the page is high enough.
    #[must_use]
    pub fn height(&self, area: Rect) -> u16 {
        let teams = self.teams.len();
        1 + if area.height >= 30 && teams > 1 { cols(teams).min(area.height / 3) } else { 0 }
    }

    /// Draw it: the line, and below it as many bars as there is room for.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
        if ctx.unknown() {
            return;
        }
        line(buffer, area, ctx, self.late, &self.teams);
        bars(buffer, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, ctx, &self.teams);
    }
}

/// All agents on one line, first those who have been in their state for too long.
fn line(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, late: usize, teams: &[(Label, Counts)]) {
    let mut x = area.x + 1;
    if late > 0 {
        let text = format!("{} {}", glyphs::WARNING, text!("staff-too-long", count = late));
        buffer.set_string(x, area.y, &text, ctx.theme.style(Tone::Warning));
        x += cols(text.width()) + 3;
    }
    let narrow = area.width < 100;
    let unknown: usize = teams.iter().map(|(_, counts)| unknown(counts)).sum();
    // On a narrow screen there is no room for all, and whoever may be in any state matters for each other number.
    let (known, unclear): (Vec<_>, Vec<_>) =
        AgentState::ALL.into_iter().enumerate().partition(|(_, state)| *state != AgentState::Unknown);
    for (at, state) in unclear.into_iter().chain(known) {
        let count: usize = teams.iter().filter_map(|(_, counts)| counts.get(at)).sum();
        if count == 0 && state == AgentState::Unknown {
            continue;
        }
        let words = if narrow { short_words(state) } else { words(state) };
        // Those of whom it is not known may be in any state.
        let number = if count == 0 && unknown > 0 { "–".to_owned() } else { count.to_string() };
        let text = format!("{} {number}", words.trim_start());
        if x + cols(text.width()) >= area.right() {
            break;
        }
        let tone = if count == 0 { Tone::Muted } else { tone(state) };
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        x += cols(text.width()) + if narrow { 2 } else { 3 };
    }
}

/// How many of a team are in an unknown state.
fn unknown(counts: &Counts) -> usize {
    AgentState::ALL.iter().zip(counts).filter(|(state, _)| **state == AgentState::Unknown).map(|(_, count)| count).sum()
}

/// A bar per team of those who are there, or may be (`3?/7`); teams for which there is no room are counted on the last row.
fn bars(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, teams: &[(Label, Counts)]) {
    let style = |tone| ctx.theme.style(tone);
    let present = |counts: &Counts| {
        let states = AgentState::ALL.into_iter().zip(*counts);
        states.filter(|(state, _)| *state != AgentState::Offline).collect::<Vec<_>>()
    };
    let size = |counts: &Counts| present(counts).iter().map(|(_, count)| count).sum::<usize>();
    let team = |name: &Label| if name.is_empty() { language::no(Dim::Team).to_owned() } else { name.to_string() };
    let widest = teams.iter().map(|(name, _)| team(name).width()).max().unwrap_or(0).clamp(7, 16);
    let most = teams.iter().map(|(_, counts)| size(counts)).max().unwrap_or(1).max(1);
    let room = usize::from(area.width).saturating_sub(widest + 14);
    let rows = usize::from(area.height);
    let shown = if teams.len() > rows { rows.saturating_sub(1) } else { teams.len() };
    for ((name, counts), y) in teams.iter().take(shown).zip(area.y..) {
        buffer.set_stringn(area.x + 1, y, fit(&team(name), widest), widest, style(Tone::Muted));
        let doubt = if unknown(counts) > 0 { "?" } else { "" };
        let of = format!("{}{doubt}/{}", size(counts) - unknown(counts), counts.iter().sum::<usize>());
        buffer.set_string(area.x + 2 + cols(widest), y, format!("{of:>7}"), style(Tone::Text));
        let mut x = area.x + 11 + cols(widest);
        for (state, count) in present(counts) {
            // One sign for each, as long as there is room.
            let wide = if most <= room { count } else { (count * room / most).max(usize::from(count > 0)) };
            let bar = sign(state).repeat(wide);
            buffer.set_stringn(x, y, &bar, usize::from(area.right().saturating_sub(x)), style(tone(state)));
            x = (x + cols(wide)).min(area.right());
        }
    }
    if shown < teams.len() && rows > 0 {
        let text = text!("staff-more-teams", count = teams.len() - shown);
        buffer.set_stringn(area.x + 1, area.bottom() - 1, &text, usize::from(area.width), style(Tone::Muted));
    }
}
