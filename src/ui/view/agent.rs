//! The page of one agent: what the shift was spent on, figures beside those of the team, the contacts of today.
//!
//! ```text
//! Ann Abel  North  = paused 31:04, lunch  serves Billing, Sales  skills refunds  at most 3 at a time
//! ─ The shift so far ──────────────────────────────────────────── since 08:02 ─
//!   ●●●●●▓○○●●●●●●=====●●●●▓▓●●●○
//!   08          09          10
//!   ● talking 2:31:04   ▓ after work 41:10   ○ available 52:00   = paused 31:04 (lunch)
//! ─ Beside the team North ─────────────────────────────────────────── today ─
//!   handling        5:12   of 41     team  4:58   of 612   no clear difference
//! ─ Contacts ─────────────────────────────────────────────────── today · 41 ─
//! ```
//!
//! Figures are for coaching: none is a rank, none is red, and a difference is only named where it is more than chance.

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};
use unicode_width::UnicodeWidthStr;

use super::{Ctx, contacts, staffing};
use crate::board::{AgentRow, StatePeriod};
use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::kpi::stats::wilson;
use crate::kpi::{Dim, Figure, KpiId, Unit};
use crate::language::{self, ShownFigure as _, text};
use crate::text::{Label, fit};
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;
use crate::ui::words;

/// The rows of the shift: its title, the strip, the hours, the sums.
const SHIFT_ROWS: u16 = 4;
/// From this width on, the figures stand beside the contacts.
const WIDE: u16 = 150;
/// The normal distribution's 97.5 % point.
const Z: f64 = 1.96;

/// How a figure of one agent stands to that of the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TeamComparison {
    /// One of the two is not known.
    Unknown,
    /// There are too few samples to compare.
    Few,
    /// The difference may be chance.
    Usual,
    /// It is lower than the team's by more than chance.
    Lower,
    /// It is higher.
    Higher,
}

impl TeamComparison {
    fn of(kpi: KpiId, own: &Figure, team: &Figure, min_samples: u64) -> Self {
        let (Some(value), Some(usual)) = (own.value, team.value) else { return Self::Unknown };
        if own.n < min_samples || team.n < min_samples {
            return Self::Few;
        }
        match interval(kpi, own, value, usual) {
            Some((_, high)) if high < usual => Self::Lower,
            Some((low, _)) if low > usual => Self::Higher,
            Some(_) => Self::Usual,
            None => Self::Unknown,
        }
    }

    /// The words for a KPI.
    fn words(self, unit: Unit) -> &'static str {
        match (self, unit) {
            (Self::Unknown, _) => "",
            (Self::Few, _) => text!("compared-few"),
            (Self::Usual, _) => text!("compared-usual"),
            (Self::Lower, Unit::Seconds) => text!("compared-shorter"),
            (Self::Higher, Unit::Seconds) => text!("compared-longer"),
            (Self::Lower, _) => text!("compared-lower"),
            (Self::Higher, _) => text!("compared-higher"),
        }
    }
}

/// The 95 % interval of a figure. Where none is computed: of a share, Wilson's; of a mean duration, that of durations that
/// vary about as much as they last here or usually, as handling times do; of contacts an hour, that of a count (Poisson).
/// `None` of holds: most contacts have none, so that a mean of few says nothing.
fn interval(kpi: KpiId, figure: &Figure, value: f64, usual: f64) -> Option<(f64, f64)> {
    if let (Some(low), Some(high)) = (figure.low, figure.high) {
        return Some((low, high));
    }
    match kpi.def().unit {
        Unit::Percent => {
            let (low, high) = wilson(figure.numerator?, figure.denominator?)?;
            Some((100.0 * low, 100.0 * high))
        }
        Unit::Seconds | Unit::PerHour if kpi != KpiId::Hold => {
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            let half = Z * value.max(usual) / (figure.n as f64).sqrt();
            Some((value - half, value + half))
        }
        _ => None,
    }
}

/// The agent that the page is about.
fn id(ctx: Ctx<'_>) -> Option<&Label> {
    ctx.ui.slice().get(Dim::Agent)
}

/// The team of the agent; `None` where there is none.
#[must_use]
pub fn team(ctx: Ctx<'_>) -> Option<&Label> {
    let agent = ctx.board.agents.find(id(ctx)?)?;
    Some(&agent.team).filter(|team| !team.is_empty())
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let figures = cols(queries::OF_AGENT.len() + 1);
    let lines = lines(ctx, area.width);
    let [now, shift, rest] = Layout::vertical([Length(cols(lines.len())), Length(SHIFT_ROWS), Fill(1)]).areas(area);
    for (parts, y) in lines.iter().zip(now.top()..now.bottom()) {
        line(buffer, Rect { y, height: 1, ..now }, ctx, parts);
    }
    strip(buffer, shift, ctx);
    let [beside, list] = if rest.width >= WIDE {
        Layout::horizontal([Length(76), Fill(1)]).spacing(1).areas(rest)
    } else {
        Layout::vertical([Length(figures.min(rest.height / 2)), Fill(1)]).areas(rest)
    };
    compared(buffer, beside, ctx);
    contacts::draw(buffer, list, ctx, drawn);
}

/// A text on the page's first lines, and its tone.
type Part = (String, Tone);

/// Between two of these texts.
const GAP: usize = 2;
/// So many columns of a name are always seen.
const MIN_NAME_WIDTH: usize = 16;

/// Who it is and what they do now; then which queues they serve, and what they can do: on a line of its own where one is too
/// short.
fn lines(ctx: Ctx<'_>, width: u16) -> Vec<Vec<Part>> {
    let Some(id) = id(ctx) else { return vec![Vec::new()] };
    let mut parts = vec![(ctx.agent_name(id).to_string(), Tone::Strong)];
    let Some(agent) = ctx.board.agents.find(id) else {
        parts.push((text!("agent-unknown").to_owned(), Tone::Muted));
        return vec![parts];
    };
    if !agent.team.is_empty() {
        parts.push((agent.team.to_string(), Tone::Muted));
    }
    let time = format::span(ctx.board.at.since(agent.since));
    let reason = if agent.reason.is_empty() { String::new() } else { format!(", {}", agent.reason) };
    let mut tone = staffing::tone(agent.state);
    if staffing::overrun(ctx, agent) >= 1.0 {
        tone = Tone::Warning;
    }
    parts.push((format!("{} {time}{reason}", staffing::words(agent.state).trim_start()), tone));
    parts.extend(agent.queue.as_ref().map(|queue| (text!("agent-with", queue = ctx.queue_name(queue)), Tone::Text)));
    let room = usize::from(width).saturating_sub(2);
    let taken: usize = parts.iter().map(|(text, _)| text.width() + GAP).sum();
    let whole = abilities(ctx, agent, usize::MAX);
    let is_one_line = taken + whole.iter().map(|text| text.width() + GAP).sum::<usize>() <= room + GAP;
    let muted = |texts: Vec<String>| texts.into_iter().map(|text| (text, Tone::Muted)).collect::<Vec<Part>>();
    if is_one_line {
        parts.extend(muted(whole));
        return vec![parts];
    }
    // What the agent does matters more than the end of a long name.
    if let Some((name, _)) = parts.first_mut() {
        let left = (room + GAP).saturating_sub(taken - name.width()).max(MIN_NAME_WIDTH);
        *name = fit(name, left).into_owned();
    }
    vec![parts, muted(abilities(ctx, agent, room))]
}

/// The queues that an agent serves, the skills, and the most contacts at a time, in so many columns. Of many queues and skills
/// the first are named, so that all three are seen.
fn abilities(ctx: Ctx<'_>, agent: &AgentRow, room: usize) -> Vec<String> {
    let queues: Vec<&str> = agent.queues.iter().map(|queue| ctx.queue_name(queue).as_str()).collect();
    let skills: Vec<&str> = agent.skills.iter().map(Label::as_str).collect();
    let most = agent.capacity.map(|most| text!("agent-capacity", count = most));
    let rest = room.saturating_sub(most.as_ref().map_or(0, |most| most.width() + GAP) + GAP);
    let of_queues =
        |room| listed(text!("agent-serves"), &text!("agent-serves-count", count = queues.len()), &queues, room);
    let of_skills =
        |room| listed(text!("agent-skills"), &text!("agent-skills-count", count = skills.len()), &skills, room);
    // Each may take half of the room, and what the other leaves.
    let skills_width = of_skills(usize::MAX).width();
    let of_queues = of_queues(rest - skills_width.min(rest / 2));
    let of_skills = of_skills(rest - of_queues.width().min(rest));
    [of_queues, of_skills].into_iter().filter(|text| !text.is_empty()).chain(most).collect()
}

/// `head` with all `names` if these fit into so many columns, and otherwise `counted` with the first of them; empty if there
/// are none.
fn listed(head: &str, counted: &str, names: &[&str], room: usize) -> String {
    let whole = format!("{head} {}", names.join(", "));
    match names {
        [] => return String::new(),
        _ if whole.width() <= room => return whole,
        [_] => return fit(&whole, room).into_owned(),
        _ => {}
    }
    let mut text = counted.to_owned();
    for (at, name) in names.iter().enumerate() {
        let next = format!("{text}{} {name}", if at > 0 { "," } else { "" });
        // Room is left for the sign that there are more.
        if next.width() + 2 > room {
            break;
        }
        text = next;
    }
    fit(&format!("{text} …"), room).into_owned()
}

/// Draw the texts of a line.
fn line(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, parts: &[Part]) {
    let mut x = area.x + 1;
    for (text, tone) in parts {
        let room = usize::from(area.right().saturating_sub(x + 1));
        buffer.set_stringn(x, area.y, fit(text, room), room, ctx.theme.style(*tone));
        x = x.saturating_add(cols(text.width() + GAP));
    }
}

/// Draw the states since the first one of the day in which the agent was there.
fn strip(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let states = id(ctx).and_then(|id| ctx.answers.states(id.clone()));
    let shift = states.map(shift).unwrap_or_default();
    let zone = ctx.zone();
    let about =
        shift.first().map_or_else(String::new, |first| text!("since", time = format::minute(first.since, zone)));
    let rows = panel::panel(buffer, area, ctx.theme, text!("agent-shift"), &about, false);
    let (Some(first), Some(last)) = (shift.first(), shift.last()) else {
        let words = if states.is_none() { "…" } else { text!("agent-silent") };
        return panel::message(buffer, rows, ctx.theme, words);
    };
    let width = usize::from(area.width.saturating_sub(4));
    let cells = cells(shift, width);
    for (state, x) in cells.iter().zip(rows.x + 2..) {
        let sign = state.map_or(" ", staffing::sign);
        let tone = state.map_or(Tone::Faint, staffing::tone);
        buffer.set_string(x, rows.y, sign, ctx.theme.style(tone));
    }
    if rows.height < 3 {
        return;
    }
    hours(buffer, Rect { y: rows.y + 1, x: rows.x + 2, height: 1, width: cols(width) }, ctx, first.since, last.until);
    let room = width;
    let text = sums(shift).join("   ");
    buffer.set_stringn(rows.x + 2, rows.y + 2, fit(&text, room), room, ctx.theme.style(Tone::Text));
}

/// The states from the first to the last one in which the agent was there.
fn shift(states: &[StatePeriod]) -> &[StatePeriod] {
    let is_there = |period: &StatePeriod| period.state.is_staffed();
    let first = states.iter().position(is_there);
    let last = states.iter().rposition(is_there);
    first.zip(last).and_then(|(first, last)| states.get(first..=last)).unwrap_or_default()
}

/// Of each of `width` equal parts of the shift, the state that took most of it.
fn cells(shift: &[StatePeriod], width: usize) -> Vec<Option<AgentState>> {
    let (Some(first), Some(last)) = (shift.first(), shift.last()) else { return Vec::new() };
    let all = last.until.since(first.since).0.max(1);
    let edge = |cell: usize| {
        let share = i128::from(all) * i128::try_from(cell).unwrap_or(0) / i128::try_from(width.max(1)).unwrap_or(1);
        first.since + Span(i64::try_from(share).unwrap_or(0))
    };
    let mut from = 0;
    let state_in = |cell: usize| {
        let (start, end) = (edge(cell), edge(cell + 1));
        from += shift.iter().skip(from).take_while(|period| period.until <= start).count();
        let mut longest = [Span::ZERO; AgentState::ALL.len()];
        for period in shift.iter().skip(from).take_while(|period| period.since < end) {
            let lasted = period.until.min(end).since(period.since.max(start));
            let place = AgentState::ALL.iter().position(|state| *state == period.state);
            if let Some(sum) = place.and_then(|place| longest.get_mut(place)) {
                *sum = *sum + lasted;
            }
        }
        let most = AgentState::ALL.into_iter().zip(longest).max_by_key(|(_, lasted)| *lasted)?;
        (most.1 > Span::ZERO).then_some(most.0)
    };
    (0..width).map(state_in).collect()
}

/// Draw the full hours below the strip, as many as there is room for.
fn hours(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, from: Time, to: Time) {
    let all = to.since(from).0.max(1);
    let (mut hour, mut free) = (ctx.board.calendar.half_hour(from), area.x);
    let style = ctx.theme.style(Tone::Muted);
    while hour < to {
        if let Some(text) = language::hour(hour, ctx.zone()).filter(|_| hour >= from) {
            let share = i128::from(hour.since(from).0) * i128::from(area.width) / i128::from(all);
            let x = area.x + u16::try_from(share).unwrap_or(0);
            let width = cols(text.width());
            if x >= free && x + width <= area.right() {
                buffer.set_string(x, area.y, &text, style);
                free = x + width + 2;
            }
        }
        hour = hour + Span(30 * Span::MINUTE.0);
    }
}

/// How long each state took in all, with the reasons of pauses.
fn sums(shift: &[StatePeriod]) -> Vec<String> {
    let sum = |of: &dyn Fn(&&StatePeriod) -> bool| {
        shift.iter().filter(of).fold(Span::ZERO, |sum, period| sum + period.until.since(period.since))
    };
    let mut reasons: Vec<&Label> = shift.iter().map(|period| &period.reason).filter(|r| !r.is_empty()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let of_reason = |reason: &&Label| {
        let of = sum(&|period: &&StatePeriod| period.state == AgentState::Paused && period.reason == **reason);
        (of > Span::ZERO).then(|| format!("{reason} {}", format::span(of)))
    };
    let pauses: Vec<String> = reasons.iter().filter_map(of_reason).collect();
    let states = AgentState::ALL.into_iter().filter_map(|state| {
        let all = sum(&|period: &&StatePeriod| period.state == state);
        let pauses = if state == AgentState::Paused && !pauses.is_empty() {
            format!(" ({})", pauses.join(", "))
        } else {
            String::new()
        };
        (all > Span::ZERO).then(|| format!("{} {}{pauses}", staffing::words(state).trim_start(), format::span(all)))
    });
    states.collect()
}

/// Draw the figures beside those of the team.
fn compared(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>) {
    let own = ctx.answers.figures(queries::of_agent(ctx.ui));
    let team_figures = ctx.answers.figures(queries::of_team(ctx.ui, team(ctx)));
    let name = team(ctx).map_or_else(|| text!("compared-all").to_owned(), |team| text!("compared-team", team = team));
    let about = own.map_or("…", |_| language::window_key(queries::contact_window(ctx.ui)));
    let rows = panel::panel(buffer, area, ctx.theme, &name, about, false);
    let (Some(own), Some(team)) = (own, team_figures) else { return };
    let min_samples = ctx.board.rules.min_samples;
    let of_columns = text!("of-count", count = "88888").width();
    let names = queries::OF_AGENT.iter().map(|kpi| words::title(*kpi).width()).max().unwrap_or(0).clamp(13, 20);
    let others = if self::team(ctx).is_some() { text!("compared-with-team") } else { text!("compared-with-all") };
    for (kpi, y) in queries::OF_AGENT.iter().zip(rows.top()..rows.bottom()) {
        let (Some(mine), Some(theirs)) = (own.total(*kpi), team.total(*kpi)) else { continue };
        let few = |figure: &Figure| kpi.def().unit != Unit::Count && figure.n < min_samples;
        let show = |figure: &Figure| {
            let of = if figure.is_known() { text!("of-count", count = figure.n.to_string()) } else { String::new() };
            // A count has no samples.
            let of = if kpi.def().unit == Unit::Count { String::new() } else { of };
            (format!("{:>7}", kpi.def().shown_in_column(figure)), format!("{of:<of_columns$}"))
        };
        let ((own, of_own), (usual, of_team)) = (show(mine), show(theirs));
        let mut parts = vec![
            (format!("{:<names$}", fit(&words::title(*kpi), names)), Tone::Muted),
            (own, if few(mine) { Tone::Muted } else { Tone::Strong }),
            (of_own, Tone::Muted),
        ];
        // The sum of a team says nothing about one of its agents.
        if kpi.def().unit != Unit::Count {
            let comparison = TeamComparison::of(*kpi, mine, theirs, min_samples);
            let noticed = matches!(comparison, TeamComparison::Lower | TeamComparison::Higher);
            let words = comparison.words(kpi.def().unit);
            parts.extend([
                (format!("{others:<4}"), Tone::Muted),
                (usual, Tone::Text),
                (of_team, Tone::Muted),
                (words.to_owned(), if noticed { Tone::Accent } else { Tone::Muted }),
            ]);
        }
        let mut x = rows.x + 2;
        for (text, tone) in parts {
            let room = usize::from(rows.right().saturating_sub(x + 1));
            buffer.set_stringn(x, y, fit(&text, room), room, ctx.theme.style(tone));
            x = x.saturating_add(cols(text.width()) + 1);
        }
    }
}

#[cfg(test)]
mod tests;
