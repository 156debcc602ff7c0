//! What stands beside a figure, so that nobody mends one at the cost of another: of abandonment the customers' patience and the
//! position in the queue, of speed whether contacts were resolved, of satisfaction the quality of each team.

use crate::kpi::{Dim, Figure, KpiId, Slice, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::ui::answers::Figures;
use crate::ui::queries::{self, Beside};
use crate::ui::theme::Tone;
use crate::ui::view::Ctx;
use crate::ui::view::overlay::TextLine;
use crate::ui::words;

/// Add what stands beside a KPI, with at most so many rows of a table.
pub(super) fn lines(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, kpi: KpiId, slice: &Slice, window: Window, most: usize) {
    match Beside::of(kpi) {
        None => {}
        Some(Beside::Patience) => patience(lines, ctx, slice, window),
        Some(Beside::Speed) => speed(lines, ctx, slice),
        Some(Beside::Quality) => quality(lines, ctx, slice, most),
    }
}

/// How long customers would wait, and who hangs up by the position on joining.
fn patience(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice, window: Window) {
    let Some(figures) = ctx.answers.figures(queries::patience(ctx.ui, slice, window)) else { return };
    let kpi = KpiId::Patience.def();
    if let Some(figure) = figures.total(KpiId::Patience) {
        let unknown = || figure.reason.as_ref().map_or("", |why| language::told(why.as_str())).to_owned();
        let known = |_| {
            let range = figure.low.zip(figure.high).map_or_else(String::new, |(low, high)| {
                format!(" ({}–{})", kpi.shown_value(low, 0), kpi.shown_value(high, 0))
            });
            let reached = figure.parts.iter().filter_map(|part| Some((part.key.as_str(), part.value?)));
            let shares =
                reached.map(|(share, wait)| text!("why-gone-by", share = share, wait = kpi.shown_value(wait, 0)));
            let mixed = ctx.is_mixed(KpiId::Patience, slice, figure).then(|| text!("why-mixed").to_owned());
            let shares: Vec<_> =
                std::iter::once(format!("{}{range}", kpi.shown(figure))).chain(shares).chain(mixed).collect();
            text!("why-patience-known", shares = shares.join(", "), count = figure.n.to_string())
        };
        let words = figure.value.map_or_else(unknown, known);
        lines.push((text!("why-patience", words = words), Tone::Text));
    }
    let Some(by_position) = figures.total(KpiId::AbandonmentByPosition) else { return };
    let known = by_position.parts.iter().filter(|part| part.n > 0);
    let parts =
        known.filter_map(|part| Some((part.key.as_str(), language::percent(part.value?, 0), part.n.to_string())));
    let parts: Vec<String> =
        parts.map(|(key, value, n)| text!("why-position", key = key, value = value, count = n)).collect();
    if !parts.is_empty() {
        lines.push((text!("why-positions", parts = parts.join(", ")), Tone::Text));
    }
}

/// Speed, and what it is for: the last week against the one before.
fn speed(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice) {
    let [now, before] = [0, 1].map(|weeks| ctx.answers.figures(queries::speed(ctx.ui, ctx.board, slice, weeks)));
    let Some(now) = now else { return };
    let pair = |kpi: &KpiId| pair(*kpi, now, before);
    let group = |kpis: &[KpiId]| kpis.iter().filter_map(pair).collect::<Vec<_>>().join(", ");
    let (speed, worth) = (group(&queries::SPEED), group(&queries::RESOLUTION));
    if speed.is_empty() || worth.is_empty() {
        return;
    }
    lines.push((String::new(), Tone::Text));
    lines.push((text!("why-speed-title").to_owned(), Tone::Heading));
    lines.extend([(format!("  {speed}"), Tone::Text), (format!("  {worth}"), Tone::Text)]);
    let trap = now.total(KpiId::SpeedTrap).and_then(|figure| figure.value);
    lines.extend(trap.map(|trap| {
        let is_sprung = trap > 0.0;
        let words = if is_sprung { text!("why-trap") } else { text!("why-no-trap") };
        (format!("  {words}"), if is_sprung { Tone::Warning } else { Tone::Muted })
    }));
}

/// `handling 4:17 (was 5:02)`; with the samples of what customers answer. `None` where it is unknown.
fn pair(kpi: KpiId, now: &Figures, before: Option<&Figures>) -> Option<String> {
    let def = kpi.def();
    let known = |figures: &'_ Figures| figures.total(kpi).filter(|figure| figure.is_known()).cloned();
    let figure: Figure = known(now)?;
    let of = text!("of-count", count = language::plain_count(figure.n));
    let was = before.and_then(known).map_or_else(String::new, |was| format!(" ({})", def.shown(&was)));
    Some(format!("{} {} {of}{was}", words::of(kpi), def.shown(&figure)))
}

/// Quality and satisfaction of each team that has enough of both, by name: the order is no ranking.
fn quality(lines: &mut Vec<TextLine>, ctx: Ctx<'_>, slice: &Slice, most: usize) {
    let Some(figures) = ctx.answers.figures(queries::quality_of_teams(ctx.ui, slice)) else { return };
    let least = ctx.board.rules.min_samples;
    let enough = |figure: &&Figure| figure.is_known() && figure.n >= least;
    let row = |row| {
        let [quality, csat] = [KpiId::QualityScore, KpiId::Csat].map(|kpi| figures.of(row, kpi).filter(enough));
        let team = row.key.get(Dim::Team).filter(|team| !team.is_empty())?;
        Some((team.to_string(), with_interval(KpiId::QualityScore, quality?), with_interval(KpiId::Csat, csat?)))
    };
    let mut teams: Vec<(String, String, String)> = figures.rows(None).iter().filter_map(row).collect();
    if teams.is_empty() {
        return;
    }
    teams.sort();
    lines.push((String::new(), Tone::Text));
    lines.push((text!("why-teams-title").to_owned(), Tone::Heading));
    let widest = teams.iter().map(|(team, ..)| team.chars().count()).max().unwrap_or(0).min(20);
    for (team, quality, csat) in teams.iter().take(most.max(2)) {
        let name = format!("{:<widest$}", crate::text::fit(team, widest));
        lines.push((format!("  {name}  {}", text!("why-team", quality = quality, csat = csat)), Tone::Text));
    }
    let others = teams.len().saturating_sub(most.max(2));
    if others > 0 {
        lines.push((format!("  {}", text!("change-others", count = others)), Tone::Muted));
    }
}

/// `82.1 (79.0–85.2) of 40`.
fn with_interval(kpi: KpiId, figure: &Figure) -> String {
    let def = kpi.def();
    let range = figure.low.zip(figure.high).map_or_else(String::new, |(low, high)| {
        format!(" ({}–{})", def.shown_value(low, figure.n), def.shown_value(high, figure.n))
    });
    format!("{}{range} {}", def.shown(figure), text!("of-count", count = figure.n.to_string()))
}
