//! The page of the kiosk about agents: how many are free, busy and paused, by team.

use ratatui::layout::Rect;

use super::pane::{Hero, Pane, WallLine};
use crate::event::AgentState;
use crate::kpi::Dim;
use crate::kpi::Verdict;
use crate::language::{self, text};
use crate::ui::kept::Counts;
use crate::ui::view::staffing::Summary;

/// The states of a column: free, busy, paused.
const STATES: [&[AgentState]; 3] = [
    &[AgentState::Available],
    &[AgentState::OnContact, AgentState::Ringing, AgentState::AfterContact],
    &[AgentState::Paused],
];

/// Draw the page.
pub fn draw(pane: &mut Pane<'_, '_>, area: Rect) {
    let ctx = pane.ctx;
    let live = &ctx.board.total;
    let sum = |states: &[AgentState]| states.iter().map(|state| live.agents_in(*state)).sum::<i64>();
    let [free, busy, paused] = STATES.map(sum);
    let hero =
        |label, count: i64, about: String| Hero { label, text: count.to_string(), about, verdict: Verdict::None };
    let after = live.agents_in(AgentState::AfterContact);
    let reasons: Vec<String> = live.pause_reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let heroes = [
        hero(text!("kiosk-free-label"), free, text!("kiosk-of-here", count = free + busy + paused)),
        hero(text!("kiosk-busy-label"), busy, text!("kiosk-after-call", count = after)),
        hero(text!("kiosk-paused-label"), paused, reasons.join(", ")),
    ];
    let taken = pane.heroes(area, &heroes) + pane.scale.unit();
    let below = Rect { y: area.y + taken, height: area.height.saturating_sub(taken), ..area };
    let summary = Summary::of_all(ctx);
    let mut teams: Vec<(&str, [usize; 3])> = summary
        .teams()
        .iter()
        .map(|(name, counts)| (name.as_str(), STATES.map(|states| count(counts, states))))
        .collect();
    teams.retain(|(_, counts)| counts.iter().any(|count| *count > 0));
    let team = |(name, counts): &(&str, [usize; 3])| WallLine {
        cause: None,
        mark: Verdict::None,
        name: if name.is_empty() { language::no(Dim::Team).to_owned() } else { (*name).to_owned() },
        cells: counts.iter().map(|count| (count.to_string(), Verdict::None)).collect(),
        quiet: false,
        old: false,
    };
    let room = pane.line_count(below);
    if teams.len() > room {
        teams.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    }
    let title = if teams.len() > room {
        text!("kiosk-teams-of", shown = room, all = teams.len())
    } else {
        text!("kiosk-teams").to_owned()
    };
    let lines: Vec<WallLine> = teams.iter().take(room).map(team).collect();
    let columns = [text!("kiosk-free-label"), text!("kiosk-busy-label"), text!("kiosk-paused-label")];
    pane.lines(below, &title, &columns.map(|heading| (heading, "888")), &lines);
}

fn count(counts: &Counts, states: &[AgentState]) -> usize {
    AgentState::ALL.iter().zip(counts).filter(|(state, _)| states.contains(state)).map(|(_, count)| count).sum()
}
