//! The header: title, mode, sources and clock; the tabs and the drill trail; a banner where data is old.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, health};
use crate::alert::Severity;
use crate::board::{Keeper, Mode};
use crate::language::{self, text};
use crate::text::{fit, shorten_paths};
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::{self, clauses, cols};
use crate::ui::glyphs;
use crate::ui::state::Page;
use crate::ui::theme::Tone;

/// Draw the header; returns how many rows it took.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) -> u16 {
    title(buffer, area, ctx, drawn);
    pages(buffer, Rect { y: area.y + 1, ..area }, ctx, drawn);
    match banner(ctx, usize::from(area.width).saturating_sub(2)) {
        Some((text, tone)) => {
            drawn.note(Rect { y: area.y + 2, height: 1, ..area }, ClickTarget::Sources);
            let width = usize::from(area.width);
            let line = format!("{:<width$}", format!(" {}", shorten_paths(&text, width.saturating_sub(1))));
            buffer.set_stringn(area.x, area.y + 2, fit(&line, width), width, ctx.theme.style(tone));
            3
        }
        None => 2,
    }
}

fn title(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let (board, zone) = (ctx.board, ctx.zone());
    let title = if board.title.is_empty() { "floorwatch" } else { board.title.as_str() };
    let mode = match &board.mode {
        Mode::Live if ctx.cut_off().is_some() => (text!("mode-cut-off").to_owned(), Tone::Critical),
        Mode::Live => (text!("mode-live").to_owned(), if ctx.stale() { Tone::Muted } else { Tone::Good }),
        Mode::Simulated { scenario, speed } => {
            (text!("mode-simulated", scenario = scenario, speed = speed.to_string()), Tone::Warning)
        }
        Mode::Replay { speed, paused: false, .. } => (text!("mode-replay", speed = speed.to_string()), Tone::Accent),
        Mode::Replay { to, .. } if board.at >= *to => (text!("mode-replay-ended").to_owned(), Tone::Warning),
        Mode::Replay { speed, .. } => (text!("mode-replay-paused", speed = speed.to_string()), Tone::Warning),
    };
    let clock = match board.mode {
        Mode::Replay { .. } => {
            format!(
                "{} {} {}",
                format::day(board.at, zone),
                format::clock(board.at, zone),
                format::zone_name(board.at, zone)
            )
        }
        _ => format!("{} {}", format::clock(board.at, zone), format::zone_name(board.at, zone)),
    };
    // The clock always stands at the right edge; where room is short the other parts are dropped, the last first.
    let right = area.right() - 1 - cols(clock.width());
    buffer.set_string(right, area.y, &clock, ctx.theme.style(Tone::Strong));
    let mut parts = vec![(format!(" {}", fit(title, 30)), Tone::Strong), mode];
    if ctx.ui.frozen.is_some() {
        parts.push((text!("mode-frozen", time = format::clock(board.at, zone)), Tone::WarningFill));
    }
    let window = if ctx.ui.page() == Page::Trends { ctx.ui.trends.range } else { ctx.ui.window };
    parts.push((format!("{} ", language::window(window)), Tone::Text));
    if let Some(hub) = &board.hub {
        parts.push((text!("title-of-hub", hub = fit(hub.name.as_str(), 30)), Tone::Muted));
    }
    // The state of the sources is aligned to the clock, so that nothing else moves when it grows.
    let width: u16 = parts.iter().map(|(text, _)| cols(text.width()) + 1).sum();
    let free = Rect { x: area.x + width + 2, ..area };
    let left = health::draw_line(buffer, free, ctx, right.saturating_sub(1).max(free.x));
    drawn.note(Rect { x: left, width: right.saturating_sub(left), height: 1, ..area }, ClickTarget::Sources);
    let right = left.min(right);
    let formula = ctx.ui.formula.unwrap_or(board.rules.formula).key();
    parts.push((text!("title-formula", formula = formula), Tone::Muted));
    let mut x = area.x;
    for (text, tone) in parts {
        let width = cols(text.width());
        if x + width + 1 >= right {
            break;
        }
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        x += width + 1;
    }
}

fn pages(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let numbered =
        if ctx.ui.trail.len() > 1 { ctx.ui.trail.get(1).map(|p| p.page) } else { None }.unwrap_or(Page::Overview);
    let is_here = |page: Page| page == numbered || page == ctx.ui.page();
    let text = |(at, (number, page)): (usize, (&str, Page)), named: usize| {
        if at < named || is_here(page) { format!("{number} {}", page.name()) } else { number.to_owned() }
    };
    let tabs = || Page::NUMBERED.into_iter().enumerate();
    let badges = badges(ctx);
    let badges_width: u16 = badges.iter().map(|(text, _)| cols(text.width()) + 1).sum();
    // Where room is short, the last pages have their number alone, so that the trail is seen whole.
    let steps = steps(ctx);
    let steps_width: usize = steps.iter().map(|(_, name)| name.width()).sum();
    let trail_width = match steps.len() {
        0 | 1 => 0,
        n => cols(steps_width + (n - 1) * glyphs::TRAIL.width() + apart(ctx, &steps).width()) + 2,
    };
    let room = area.width.saturating_sub(trail_width);
    let width = |named: &usize| badges_width + tabs().map(|tab| cols(text(tab, *named).width()) + 2).sum::<u16>();
    let named = (0..=Page::NUMBERED.len()).rev().find(|named| width(named) < room).unwrap_or(0);
    let mut x = area.x + 1;
    for (at, (number, page)) in tabs() {
        let tone = if is_here(page) { Tone::Focus } else { Tone::Muted };
        let text = text((at, (number, page)), named);
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        drawn.note(Rect { x, width: cols(text.width()), height: 1, ..area }, ClickTarget::Tab(page));
        x += cols(text.width()) + 2;
        for (text, tone) in badges.iter().filter(|_| page == Page::Alerts) {
            buffer.set_string(x - 1, area.y, text, ctx.theme.style(*tone));
            x += cols(text.width()) + 1;
        }
    }
    trail(buffer, Rect { x: x + 1, width: area.right().saturating_sub(x + 2), ..area }, ctx, &steps, drawn);
}

/// What the last step of the trail shows, where its name does not say so: ` · agents`.
fn apart(ctx: Ctx<'_>, steps: &[(usize, String)]) -> String {
    let page = match ctx.ui.page() {
        Page::Worklist => text!("trail-todo"),
        Page::Contacts => text!("trail-contacts"),
        Page::Agents => text!("trail-agents"),
        _ => "",
    };
    match steps.last() {
        Some((_, name)) if !page.is_empty() && !name.eq_ignore_ascii_case(page) => format!(" · {page}"),
        _ => String::new(),
    }
}

/// Draw the drill trail at the right edge: its steps, then what the last one shows.
fn trail(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, steps: &[(usize, String)], drawn: &mut Drawn) {
    if steps.len() < 2 {
        return;
    }
    let apart = apart(ctx, steps);
    let room = usize::from(area.width).saturating_sub(apart.width());
    // The last steps matter most: the first are dropped where room is short.
    let mut first = 0;
    let width_from = |first: usize| {
        let names = steps.iter().skip(first).map(|(_, name)| name.width());
        let gone = if first > 0 { 1 + glyphs::TRAIL.width() } else { 0 };
        names.sum::<usize>() + gone + glyphs::TRAIL.width() * (steps.len() - first).saturating_sub(1)
    };
    while width_from(first) > room && first + 1 < steps.len() {
        first += 1;
    }
    // A name that is cut itself shows that something is left out: one sign for that is enough.
    let last = steps.last().map_or("", |(_, name)| name.as_str());
    let is_cut = first > 0 && (width_from(first) > room || last.ends_with('…'));
    let width = if is_cut { last.width() } else { width_from(first) };
    first = if is_cut { steps.len() - 1 } else { first };
    let mut x = area.right().saturating_sub(cols(width.min(room) + apart.width()));
    let style = ctx.theme.style(Tone::Accent);
    if first > 0 && !is_cut {
        buffer.set_stringn(x, area.y, "…", room, style);
        x += 1;
    }
    for (at, (step, name)) in steps.iter().enumerate().skip(first) {
        if at > first || (at > 0 && !is_cut) {
            buffer.set_stringn(x, area.y, glyphs::TRAIL, room, ctx.theme.style(Tone::Muted));
            x += cols(glyphs::TRAIL.width());
        }
        let left = usize::from(area.right().saturating_sub(x)).saturating_sub(apart.width());
        let name = fit(name, left);
        let width = cols(name.width());
        buffer.set_stringn(x, area.y, &name, left, style);
        drawn.note(Rect { x, width, height: 1, ..area }, ClickTarget::Step(*step));
        x += width;
    }
    buffer.set_stringn(x, area.y, &apart, apart.width(), ctx.theme.style(Tone::Muted));
}

/// How many alerts of each severity are new.
fn badges(ctx: Ctx<'_>) -> Vec<(String, Tone)> {
    let [critical, warning] = ctx.board.alerts.summary().new;
    let badges = [(Severity::Critical, critical, Tone::Critical), (Severity::Warning, warning, Tone::WarningFill)];
    let shown = badges.into_iter().filter(|(_, count, _)| *count > 0);
    shown.map(|(severity, n, tone)| (format!(" {}{n} ", glyphs::sign(glyphs::of_severity(severity))), tone)).collect()
}

/// The steps of the drill trail, each with its index: Overview, Billing, refund, Ann. A step whose slice is not narrower
/// than the one before has the name of its page.
fn steps(ctx: Ctx<'_>) -> Vec<(usize, String)> {
    let mut before: Option<&crate::kpi::Slice> = None;
    let mut steps = Vec::new();
    for (at, location) in ctx.ui.trail.iter().enumerate() {
        let newest = location.slice.parts().find(|part| before.is_none_or(|b| b.get(part.0) != Some(&part.1)));
        let name = newest.map_or_else(|| location.page.name().to_owned(), |(dim, id)| ctx.value_name(*dim, id));
        steps.push((at, name));
        before = Some(&location.slice);
    }
    steps
}

/// The banner: what a reader must know before looking at any number, above all that data is old, and why.
fn banner(ctx: Ctx<'_>, room: usize) -> Option<(String, Tone)> {
    let board = ctx.board;
    if ctx.ui.silent >= 5 {
        return Some((
            format!("{} {}", glyphs::CRITICAL, text!("floor-silent", seconds = ctx.ui.silent)),
            Tone::Critical,
        ));
    }
    if let Some(hub) = &board.hub
        && let Some(cut_off) = &hub.cut_off
    {
        let next = ctx.time_to_next_try(cut_off.next_try);
        if cut_off.next_try.is_none() && board.queues.is_empty() {
            return Some((format!("{} {}", glyphs::FEW, text!("hub-connecting", hub = hub.name)), Tone::Muted));
        }
        let since = ctx.short_time(cut_off.since);
        let next = next.map(|next| format!("; {next}")).unwrap_or_default();
        let head = format!("{} {}", glyphs::CRITICAL, text!("hub-cut-off", hub = hub.name, since = since));
        // The reason can be long: it is cut so that the time of the next try stays on the line.
        let reason = clauses(cut_off.reason.as_str(), room.saturating_sub(head.width() + next.width()));
        return Some((format!("{head}{reason}{next}"), Tone::Critical));
    }
    let first = ctx.remark();
    let remark = || first.map(|words| (format!("{} {words}", glyphs::WARNING), Tone::WarningFill));
    match &board.keeper {
        Keeper::Loading => {
            let words =
                board.remarks.first().map_or(text!("reading-journal"), |remark| language::told(remark.as_str()));
            return Some((format!("○ {words}"), Tone::Muted));
        }
        Keeper::Failed(why) => {
            return Some((format!("{} {}", glyphs::WARNING, text!("journal-failed", reason = why)), Tone::WarningFill));
        }
        Keeper::Other(_) if first.is_some() => return remark(),
        Keeper::Other(who) => {
            return Some((format!("{} {}", glyphs::GOOD, text!("beside-board", who = who)), Tone::Muted));
        }
        Keeper::Us | Keeper::Nobody => {}
    }
    health::banner(ctx, room).or_else(|| unreachable_targets(ctx)).or_else(remark)
}

/// The notification targets that cannot be reached.
fn unreachable_targets(ctx: Ctx<'_>) -> Option<(String, Tone)> {
    let (first, rest) = ctx.board.untold.split_first()?;
    let words = text!("targets-untold", target = first.name, more = rest.len(), reason = first.reason);
    Some((format!("{} {words}", glyphs::WARNING), Tone::WarningFill))
}
