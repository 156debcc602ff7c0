//! The box that explains why a figure is red: what the alert rule saw, which parts have changed the total or pull it down,
//! and what was different before.

mod beside;
mod change;
mod drivers;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::overlay::{self, TextLine};
use super::{Ctx, episode, series};
use crate::alert::Episode;
use crate::event::AgentState;
use crate::kpi::{Better, Dim, Figure, Kpi, KpiId, Slice, Unit, Window};
use crate::language::{self, ShownFigure as _, text};
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
    let action = episode.map(language::action).filter(|text| !text.is_empty());
    let action = action.unwrap_or_else(|| language::kpi(kpi).action.clone());
    if !action.is_empty() {
        lines.push((format!("→ {action}"), Tone::Strong));
    }
    let id = episode.map(|e| e.id);
    if !change::lines(&mut lines, ctx, def, slice, window, id, (room / 3).max(2)) {
        contributions(&mut lines, ctx, def, slice, window, figure, room / 3);
    }
    beside::lines(&mut lines, ctx, kpi, slice, window, room / 6);
    people(&mut lines, ctx, slice);
    before(&mut lines, ctx, slice, def);
    let title = match episode {
        Some(e) => text!("why-alert", alert = episode::name(ctx, e)),
        None => text!("why-title", slice = ctx.slice_name(slice), kpi = words::of(kpi)),
    };
    let inner = overlay::frame(buffer, area, ctx.theme, &title, (width, overlay::height(&lines, width)));
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
}

/// What the alert rule saw.
fn alert(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, e: &Episode) {
    let verdict = glyphs::of_severity(e.severity);
    let sentence = language::sentence(e, &ctx.slice_name(&e.slice));
    lines.push((format!("{} {sentence}", glyphs::badge(verdict)), Tone::of(verdict)));
    let fired = e.fired.map_or_else(String::new, |at| text!("why-fired", time = format::clock(at, ctx.zone())));
    lines.push((
        text!(
            "why-rule",
            rule = e.rule,
            value = episode::value(e, e.figure.value),
            samples = e.figure.n.to_string(),
            side = language::side(e.above),
            limit = e.kpi.zip(e.limit).map_or_else(String::new, |(kpi, limit)| kpi.def().shown_value(limit, 0)),
            window = language::window(e.window),
            since = format::clock(e.since, ctx.zone()),
            fired = fired,
            worst = episode::value(e, e.worst)
        ),
        Tone::Text,
    ));
    // The box already says that it fired, so only what a person did is added.
    if let Some(entry) = e.trail.last().filter(|entry| entry.who.is_some()) {
        let text = entry
            .text
            .as_ref()
            .map_or_else(String::new, |text| format!(": {}", language::history_text(entry.kind, text)));
        let what = format!("{} {}{text}", format::clock(entry.at, ctx.zone()), language::history(entry.kind));
        lines.push((text!("why-last", entry = what), Tone::Muted));
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
        (None, _) => {
            let reason = figure.reason.as_ref().map(|reason| language::told(reason.as_str()));
            reason.unwrap_or_else(|| text!("why-unknown")).to_owned()
        }
        (_, crate::kpi::Verdict::FewSamples) => text!("why-few", count = figure.n.to_string()),
        (_, crate::kpi::Verdict::None) => text!("why-no-limits").to_owned(),
        (_, crate::kpi::Verdict::Good) => text!("why-well").to_owned(),
        _ => text!("why-no-alert").to_owned(),
    };
    let target = format::target(kpi, &ctx.bands_of(kpi.id, ctx.ui.slice()))
        .map_or_else(String::new, |t| format!(" ({})", text!("figure-target", target = t)));
    lines.push((format!("{} {}{target}: {words}", glyphs::sign(verdict), kpi.shown(figure)), Tone::of(verdict)));
}

/// How much each part changes the total: the total minus what it would be without that part.
fn pulls(ctx: Ctx<'_>, figures: &Figures, kpi: &Kpi, dim: Dim, total: &Figure) -> Vec<(String, f64, String)> {
    let (Some(n), Some(d), Some(value)) = (total.numerator, total.denominator, total.value) else { return Vec::new() };
    if n == 0.0 || d <= 0.0 {
        return Vec::new();
    }
    let of_columns = text!("of-count", count = "88888").width();
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
            let of = text!("of-count", count = language::plain_count(figure.n));
            let shown = format!("{:>7} {of:<of_columns$}", kpi.shown_in_column(figure));
            Some((ctx.value_name(dim, label), value - without, shown))
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
    lines.push((language::keyed("why-each", dim.key()).to_owned(), Tone::Heading));
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
        Unit::Percent | Unit::Points => text!("points", value = signed(by, 1)),
        Unit::Seconds => format!("{by:+.0} s"),
        _ => signed(by, 2),
    }
}

/// A number with its sign and a fixed count of decimals.
fn signed(value: f64, places: usize) -> String {
    let sign = if value.is_sign_negative() { '-' } else { '+' };
    format!("{sign}{}", language::decimal(value.abs(), places))
}

/// Who waits, and which agents could help.
fn people(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice) {
    let queue = slice.get(Dim::Queue);
    let live = match queue {
        Some(queue) => ctx.board.queues.find(queue).map(|row| &row.live),
        None => Some(&ctx.board.total),
    };
    let Some(live) = live else { return };
    let count = |state: AgentState| live.agents_in(state);
    let unknown = count(AgentState::Unknown);
    let and_unknown = if unknown > 0 { text!("why-and-unknown", count = unknown) } else { String::new() };
    lines.push((String::new(), Tone::Text));
    let wait = live.longest_wait.map_or_else(String::new, |wait| text!("why-oldest", span = format::span(wait)));
    let nobody = live.waiting > 0 && count(AgentState::Available) + unknown == 0;
    lines.push((
        text!(
            "why-people",
            waiting = live.waiting,
            oldest = wait,
            available = count(AgentState::Available),
            talking = count(AgentState::OnContact),
            after = count(AgentState::AfterContact),
            paused = count(AgentState::Paused),
            unknown = and_unknown
        ),
        if nobody { Tone::Warning } else { Tone::Text },
    ));
    let mut reasons: Vec<_> = live.pause_reasons.iter().filter(|(_, n)| *n > 0).collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if !reasons.is_empty() {
        let words = reasons.iter().take(5).map(|(reason, n)| {
            format!("{} {n}", if reason.is_empty() { text!("why-no-reason") } else { reason.as_str() })
        });
        lines.push((format!("  {}", text!("why-paused", reasons = words.collect::<Vec<_>>().join(", "))), Tone::Muted));
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
        text!(
            "why-arrivals",
            now = format!("{now:.0}"),
            minutes = format!("{:.0}", (gone / 60.0).round()),
            pace = format!("{pace:.0}"),
            steps = earlier.len(),
            mean = format!("{mean:.0}")
        ),
        if pace > mean * 1.2 { Tone::Warning } else { Tone::Text },
    ));
    let names = [text!("figure-arrivals"), words::of(kpi.id)];
    let widest = names.map(UnicodeWidthStr::width).into_iter().max().unwrap_or(0);
    for (name, points) in names.into_iter().zip([&offered, &course]) {
        lines.push((format!("  {name:<widest$} {}", trend::line(points, points.len().min(48))), Tone::Muted));
    }
}
