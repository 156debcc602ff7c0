//! The box that explains a figure: formula, parts, window, samples, age.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, overlay, series};
use crate::kpi::{Bands, Better, Figure, Kpi, KpiId, Slice, Unit, Verdict, Window};
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::theme::Tone;

/// Draw the box.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, kpi: KpiId, slice: &Slice, window: Window) {
    let figures = ctx.answers.figures(queries::single(ctx.ui, slice, kpi, window));
    let kpi = kpi.def();
    let width = usize::from(area.width).saturating_sub(10).min(84);
    let mut lines = Vec::new();
    match figures.and_then(|f| Some((f, f.total(kpi.id)?))) {
        None => lines.push(("…".to_owned(), Tone::Muted)),
        Some((known, figure)) => {
            let verdict = figure.verdict;
            let sign = glyphs::sign(verdict);
            lines.push((format!("{}  {sign} {}", kpi.show(figure), glyphs::word(verdict)), Tone::of(verdict)));
            if let Some(reason) = &figure.reason {
                lines.push((format!("unknown: {reason}"), Tone::Warning));
            }
            lines.push((String::new(), Tone::Text));
            lines.push((format!("= {}", kpi.formula), Tone::Strong));
            if kpi.id == KpiId::ServiceLevel {
                let formula = ctx.ui.formula.unwrap_or(ctx.board.rules.formula);
                lines.push((format!("  formula {}: {}", formula.key(), formula.words()), Tone::Text));
            }
            if ctx.is_mixed(kpi.id, slice, figure) {
                lines.push(("  not judged: mixed channels; each queue is judged by its own".to_owned(), Tone::Text));
            }
            parts(&mut lines, kpi, figure);
            if is_good_by_interval(kpi, &ctx.bands_of(kpi.id, slice), figure) {
                lines.push((
                    "  its value is past a limit, its interval is not: that may be chance".to_owned(),
                    Tone::Text,
                ));
            }
            let answer = &known.answer;
            let zone = ctx.zone();
            lines.push((String::new(), Tone::Text));
            lines.push((
                format!(
                    "of {}, {}: {} to {} {}",
                    ctx.slice_name(slice),
                    window.words(),
                    format::day_minute(answer.from, zone),
                    format::clock(answer.at, zone),
                    format::zone_name(answer.at, zone)
                ),
                Tone::Text,
            ));
            lines.push((
                format!("computed {} ago, {}", format::age(ctx.board.at.since(answer.at)), sources(ctx, slice)),
                Tone::Muted,
            ));
            for words in series::gap_words_of(ctx, slice, answer.from, 3) {
                lines.push((format!("{} {words}", glyphs::MISSING), Tone::Warning));
            }
        }
    }
    lines.push((limits(kpi, &ctx.bands_of(kpi.id, slice)), Tone::Muted));
    if !kpi.action.is_empty() {
        lines.push((format!("→ {}", kpi.action), Tone::Accent));
    }
    let title = format!("{} of {}", kpi.name, ctx.slice_name(slice));
    let inner = overlay::frame(buffer, area, ctx.theme, &title, (width, overlay::height(&lines, width)));
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
}

fn parts(lines: &mut Vec<(String, Tone)>, kpi: &Kpi, figure: &Figure) {
    let number = |v: f64| {
        if kpi.unit == Unit::Seconds {
            crate::kpi::format::duration(v)
        } else if v.fract() == 0.0 {
            crate::kpi::format::count(v)
        } else {
            format!("{v:.1}")
        }
    };
    if let (Some(numerator), Some(denominator)) = (figure.numerator, figure.denominator) {
        let factor = if kpi.unit == Unit::Percent || kpi.unit == Unit::Points { " × 100" } else { "" };
        // The denominator is a count, whatever the unit of the figure.
        let below = crate::kpi::format::count(denominator);
        lines.push((format!("  {} ÷ {below}{factor} = {}", number(numerator), kpi.show(figure)), Tone::Text));
    }
    if kpi.sampled && figure.knows_samples() {
        lines.push((format!("  from {} samples", figure.n), Tone::Text));
    }
    if let (Some(low), Some(high)) = (figure.low, figure.high) {
        let show = |v: f64| kpi.show_value(v, figure.n);
        lines.push((format!("  95 % sure to lie between {} and {}", show(low), show(high)), Tone::Text));
    }
    if let Some(open) = figure.provisional {
        lines.push((format!("  provisional: {open:.0}% of first contacts could still come back"), Tone::Text));
    }
    if figure.observed {
        lines.push(("  the source's own figure, shown as it came".to_owned(), Tone::Warning));
    }
    for part in &figure.parts {
        let value = part.value.map_or("–".to_owned(), |v| kpi.show_value(v, part.n));
        lines.push((format!("    {}  {value}  of {}", part.key, part.n), Tone::Text));
    }
}

/// Whether the value is past a limit, but the figure is not judged so because its interval is not.
fn is_good_by_interval(kpi: &Kpi, bands: &Bands, figure: &Figure) -> bool {
    let value = Figure { low: None, high: None, ..figure.clone() };
    figure.verdict == Verdict::Good && bands.verdict(kpi.better, &value, 0, kpi.sampled) > Verdict::Good
}

fn sources(ctx: Ctx<'_>, of: &Slice) -> String {
    let mut sources: Vec<_> = ctx.board.sources.iter().filter(|source| ctx.contributes(source, of)).collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.health));
    let words = sources.into_iter().map(|source| {
        let age = source.newest.map_or_else(
            || "nothing yet".to_owned(),
            |at| format!("newest event {} old", format::age(ctx.board.at.since(at))),
        );
        format!("{} {}, {age}", source.name, source.health.key())
    });
    let words: Vec<String> = words.take(3).collect();
    if words.is_empty() { "without a source".to_owned() } else { format!("from {}", words.join("; ")) }
}

fn limits(kpi: &Kpi, bands: &Bands) -> String {
    let show = |v: f64| kpi.show_value(v, 0);
    let mut words = Vec::new();
    let sign = if kpi.better == Better::Higher { "below" } else { "above" };
    if let Some(target) = format::target(kpi, bands) {
        words.push(format!("target {target}"));
    }
    if kpi.better == Better::Band {
        words.push("outside is a warning".to_owned());
    }
    words.extend(bands.warning.map(|w| format!("▲ warning {sign} {}", show(w))));
    words.extend(bands.critical.map(|c| format!("‼ critical {sign} {}", show(c))));
    if bands.is_empty() { "no lines are set for it: it is never red".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_past_its_limit_by_chance_is_explained() {
        let kpi = KpiId::ServiceLevel.def();
        // 65 % (43 to 82), 40 % (22 to 61), 77 % of enough contacts; warning below 80, critical below 70.
        for (part, whole, expected) in [(13, 20, true), (8, 20, false), (23, 30, false)] {
            let mut figure = Figure::percent(part, whole, "");
            figure.verdict = kpi.bands.verdict(kpi.better, &figure, 10, kpi.sampled);
            assert_eq!(is_good_by_interval(kpi, &kpi.bands, &figure), expected, "{part} of {whole}");
        }
    }
}
