//! The box that explains why a figure is red: what the alert rule saw, which parts have changed the total or pull it down,
//! and what was different before.

mod change;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::overlay::{self, TextLine};
use super::{Ctx, episode, series};
use crate::alert::Episode;
use crate::event::AgentState;
use crate::kpi::{Better, Dim, Figure, Kpi, KpiId, Slice, Unit, Window};
use crate::text::Text;
use crate::ui::answers::Figures;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::widget::trend;
use crate::ui::words;

/// Draw the box.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    ctx: Ctx<'_>,
    kpi: KpiId,
    slice: &Slice,
    window: Window,
    episode: Option<u64>,
) {
    let width = usize::from(area.width).saturating_sub(8).min(92);
    let room = usize::from(area.height).saturating_sub(4);
    let def = kpi.def();
    let figures = ctx.answers.figures(queries::single(ctx.ui, slice, kpi, window));
    let figure = figures.and_then(|f| f.total(kpi));
    let episode = episode.and_then(|id| ctx.board.alerts.iter().find(|e| e.id == id));
    let mut lines = Vec::new();
    match episode {
        Some(e) => alert(&mut lines, ctx, e),
        None => no_alert(&mut lines, ctx, def, figure),
    }
    // The instruction comes early: it must be seen however small the screen is.
    let action = episode.map(|e| e.action.as_str()).filter(|text| !text.is_empty()).unwrap_or(def.action);
    if !action.is_empty() {
        lines.push((format!("→ {action}"), Tone::Strong));
    }
    let id = episode.map(|e| e.id);
    if !change::lines(&mut lines, ctx, def, slice, window, id, (room / 3).max(2)) {
        contributions(&mut lines, ctx, def, slice, window, figure, room / 3);
    }
    people(&mut lines, ctx, slice);
    before(&mut lines, ctx, slice, def);
    let title = match episode {
        Some(e) => format!("Why {}", episode::name(ctx, e)),
        None => format!("Why {}: {}", ctx.slice_name(slice), words::of(kpi)),
    };
    let inner = overlay::frame(buffer, area, ctx.theme, &title, (width, overlay::height(&lines, width)));
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
}

/// What the alert rule saw.
fn alert(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, e: &Episode) {
    let verdict = glyphs::of_severity(e.severity);
    let side = if e.above { "above" } else { "below" };
    lines.push((format!("{} {}", glyphs::badge(verdict), e.text), Tone::of(verdict)));
    let fired = e.fired.map_or_else(String::new, |at| format!(", fired {}", format::clock(at, ctx.zone())));
    lines.push((
        format!(
            "the rule {} saw {} (of {}) {side} {} over {} since {}{fired}; worst {}",
            e.rule,
            episode::value(e, e.figure.value),
            e.figure.n,
            e.kpi.zip(e.limit).map_or_else(String::new, |(kpi, limit)| kpi.def().show_value(limit, 0)),
            e.window.words(),
            format::clock(e.since, ctx.zone()),
            episode::value(e, e.worst)
        ),
        Tone::Text,
    ));
    // The box already says that it fired, so only what a person did is added.
    if let Some(entry) = e.trail.last().filter(|entry| entry.who.is_some()) {
        let text = entry.text.as_ref().map_or_else(String::new, |text| format!(": {text}"));
        lines.push((format!("last: {} {}{text}", format::clock(entry.at, ctx.zone()), entry.kind), Tone::Muted));
    }
}

/// Without an alert: the figure against its limits.
fn no_alert(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, kpi: &Kpi, figure: Option<&Figure>) {
    let Some(figure) = figure else {
        lines.push(("…".to_owned(), Tone::Muted));
        return;
    };
    let verdict = figure.verdict;
    let words = match (figure.value, verdict) {
        (None, _) => figure.reason.as_ref().map_or("it is unknown", Text::as_str).to_owned(),
        (_, crate::kpi::Verdict::FewSamples) => format!("too few samples to judge: {}", figure.n),
        (_, crate::kpi::Verdict::None) => "it has no limits to be judged by".to_owned(),
        (_, crate::kpi::Verdict::Good) => "it is well: within its limits".to_owned(),
        _ => "it is past its limit, and no alert is active for it".to_owned(),
    };
    let target = format::target(kpi, &ctx.bands_of(kpi.id, ctx.ui.slice()))
        .map_or_else(String::new, |t| format!(" (target {t})"));
    lines.push((format!("{} {}{target}: {words}", glyphs::sign(verdict), kpi.show(figure)), Tone::of(verdict)));
}

/// How much each part changes the total: the total minus what it would be without that part.
fn pulls(ctx: Ctx<'_>, figures: &Figures, kpi: &Kpi, dim: Dim, total: &Figure) -> Vec<(String, f64, String)> {
    let (Some(n), Some(d), Some(value)) = (total.numerator, total.denominator, total.value) else { return Vec::new() };
    if n == 0.0 || d <= 0.0 {
        return Vec::new();
    }
    let factor = value * d / n;
    let mut pulls: Vec<(String, f64, String)> = figures
        .answer
        .rows
        .iter()
        .filter_map(|row| {
            let figure = figures.of(row, kpi.id)?;
            let rest = d - figure.denominator?;
            let without = if rest > 0.0 { factor * (n - figure.numerator?) / rest } else { return None };
            let label = row.key.get(dim)?;
            // Contacts that were never in a queue are not shown as a queue.
            if label.is_empty() && dim == Dim::Queue {
                return None;
            }
            let n = crate::kpi::format::count(format::float(i64::try_from(figure.n).unwrap_or(0)));
            Some((ctx.value_name(dim, label), value - without, format!("{:>7} of {n:<5}", kpi.show_in_column(figure))))
        })
        .collect();
    let worse = if kpi.better == Better::Higher { 1.0 } else { -1.0 };
    pulls.sort_by(|a, b| (worse * a.1).total_cmp(&(worse * b.1)));
    pulls
}

fn contributions(
    lines: &mut Vec<TextLine>,
    ctx: Ctx<'_>,
    kpi: &Kpi,
    slice: &Slice,
    window: Window,
    total: Option<&Figure>,
    most: usize,
) {
    let dim = queries::parts_of(slice);
    let figures = ctx.answers.figures(queries::made_of(ctx.ui, slice, kpi.id, window));
    let (Some(figures), Some(total)) = (figures, total) else { return };
    let pulls = pulls(ctx, figures, kpi, dim, total);
    let bad = |by: f64| if kpi.better == Better::Higher { by < 0.0 } else { by > 0.0 };
    if pulls.is_empty() {
        return;
    }
    lines.push((String::new(), Tone::Text));
    lines.push((format!("what each {} does to it", dim.key()), Tone::Heading));
    let widest = pulls.iter().take(most.max(2)).map(|p| p.0.chars().count()).max().unwrap_or(0).min(24);
    for (name, by, value) in pulls.iter().take(most.max(2)) {
        let amount = amount(kpi, *by);
        let name = format!("{:<widest$}", crate::text::fit(name, widest));
        lines.push((format!("  {name} {value} {amount}"), if bad(*by) { Tone::Warning } else { Tone::Muted }));
    }
}

/// A change of a figure: `-13.9 points`.
fn amount(kpi: &Kpi, by: f64) -> String {
    match kpi.unit {
        Unit::Percent | Unit::Points => format!("{by:+.1} points"),
        Unit::Seconds => format!("{by:+.0} s"),
        _ => format!("{by:+.2}"),
    }
}

/// Draw who waits and which agents could help.
fn people(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice) {
    let queue = slice.get(Dim::Queue);
    let live = match queue {
        Some(queue) => ctx.board.queues.find(queue).map(|row| &row.live),
        None => Some(&ctx.board.total),
    };
    let Some(live) = live else { return };
    let count = |state: AgentState| live.agents_in(state);
    let unknown = count(AgentState::Unknown);
    let and_unknown = if unknown > 0 { format!(", {unknown} unknown") } else { String::new() };
    lines.push((String::new(), Tone::Text));
    let wait = live.longest_wait.map_or_else(String::new, |wait| format!(", the oldest for {}", format::span(wait)));
    let nobody = live.waiting > 0 && count(AgentState::Available) + unknown == 0;
    lines.push((
        format!(
            "{} waiting{wait}; {} available, {} talking, {} after work, {} paused{and_unknown}",
            live.waiting,
            count(AgentState::Available),
            count(AgentState::OnContact),
            count(AgentState::AfterContact),
            count(AgentState::Paused)
        ),
        if nobody { Tone::Warning } else { Tone::Text },
    ));
    let mut reasons: Vec<_> = live.pause_reasons.iter().filter(|(_, n)| *n > 0).collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if !reasons.is_empty() {
        let words = reasons
            .iter()
            .take(5)
            .map(|(reason, n)| format!("{} {n}", if reason.is_empty() { "no reason" } else { reason.as_str() }));
        lines.push((format!("  paused: {}", words.collect::<Vec<_>>().join(", ")), Tone::Muted));
    }
}

/// The arrivals of this half hour, compared with the four before.
fn before(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice, kpi: &Kpi) {
    let Some(figures) = ctx.answers.figures(queries::half_hours(ctx.ui, slice, kpi.id)) else { return };
    let bins = series::bins(ctx, figures, None, slice, crate::kpi::Every::Minutes(30));
    let offered = series::points(figures, &bins, KpiId::Offered);
    let course = series::points(figures, &bins, kpi.id);
    let (Some(now), true) = (offered.last().and_then(|point| point.value), offered.len() > 1) else { return };
    let earlier: Vec<f64> = offered.iter().rev().skip(1).take(4).filter_map(trend::TrendPoint::known).collect();
    let mean = earlier.iter().sum::<f64>() / format::float(i64::try_from(earlier.len().max(1)).unwrap_or(1));
    // The present half hour is not over, so its arrivals are scaled up to a whole one.
    let begun = figures.answer.rows.last().and_then(|row| row.start);
    let gone = begun.map_or(1800.0, |start| figures.answer.at.since(start).as_secs_f64()).clamp(60.0, 1800.0);
    let pace = now * 1800.0 / gone;
    lines.push((
        format!(
            "arrivals {now:.0} in the {:.0} min of this half hour, at a pace of {pace:.0}; the {} before had {mean:.0} each",
            (gone / 60.0).round(),
            earlier.len()
        ),
        if pace > mean * 1.2 { Tone::Warning } else { Tone::Text },
    ));
    lines.push((format!("  arrivals  {}", trend::line(&offered, offered.len().min(48))), Tone::Muted));
    lines.push((format!("  {:<9} {}", words::of(kpi.id), trend::line(&course, course.len().min(48))), Tone::Muted));
}
