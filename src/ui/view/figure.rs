//! The box that explains a figure: formula, parts, window, samples, age.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, overlay, series};
use crate::kpi::{Bands, Better, Figure, Grade, Kpi, KpiId, Slice, Unit, Verdict, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::theme::Tone;

/// Draw the box.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, kpi: KpiId, slice: &Slice, window: Window) {
    let figures = ctx.answers.figures(queries::single(ctx.ui, slice, kpi, window));
    let words = language::kpi(kpi);
    let kpi = kpi.def();
    let width = usize::from(area.width).saturating_sub(10).min(84);
    let mut lines = Vec::new();
    match figures.and_then(|f| Some((f, f.total(kpi.id)?))) {
        None => lines.push(("…".to_owned(), Tone::Muted)),
        Some((known, figure)) => {
            let verdict = figure.verdict;
            let sign = glyphs::sign(verdict);
            let grade = figure.value.filter(|_| verdict != Verdict::FewSamples && verdict != Verdict::None);
            let grade = grade.and_then(|value| Grade::of(kpi.id, value)).map_or_else(String::new, |grade| {
                format!("  ({})", text!("figure-grade", grade = language::keyed("grade", grade.key())))
            });
            let judged = glyphs::shown_word(verdict);
            lines.push((format!("{}  {sign} {judged}{grade}", kpi.shown(figure)), Tone::of(verdict)));
            if let Some(reason) = &figure.reason {
                lines.push((text!("figure-unknown", reason = language::told(reason.as_str())), Tone::Warning));
            }
            if let Some(note) = &figure.note {
                lines.push((language::told(note.as_str()).to_owned(), Tone::Text));
            }
            lines.push((String::new(), Tone::Text));
            lines.push((format!("= {}", words.formula), Tone::Strong));
            if kpi.id == KpiId::ServiceLevel {
                let formula = ctx.ui.formula.unwrap_or(ctx.board.rules.formula);
                lines.push((
                    format!(
                        "  {}",
                        text!("figure-formula", name = formula.key(), formula = language::formula(formula))
                    ),
                    Tone::Text,
                ));
            }
            if ctx.is_mixed(kpi.id, slice, figure) {
                lines.push((format!("  {}", text!("figure-mixed")), Tone::Text));
            }
            parts(&mut lines, kpi, figure);
            if is_good_by_interval(kpi, &ctx.bands_of(kpi.id, slice), figure) {
                lines.push((format!("  {}", text!("figure-chance")), Tone::Text));
            }
            let answer = &known.answer;
            let zone = ctx.zone();
            lines.push((String::new(), Tone::Text));
            lines.push((
                text!(
                    "figure-period",
                    slice = ctx.slice_name(slice),
                    window = language::window(window),
                    from = format::day_minute(answer.from, zone),
                    to = format::clock(answer.at, zone),
                    zone = format::zone_name(answer.at, zone)
                ),
                Tone::Text,
            ));
            lines.push((
                text!(
                    "figure-computed",
                    age = format::age(ctx.board.at.since(answer.at)),
                    sources = sources(ctx, slice)
                ),
                Tone::Muted,
            ));
            for words in series::gap_words_of(ctx, slice, answer.from, 3) {
                lines.push((format!("{} {words}", glyphs::MISSING), Tone::Warning));
            }
        }
    }
    lines.push((limits(kpi, &ctx.bands_of(kpi.id, slice)), Tone::Muted));
    lines.push((String::new(), Tone::Text));
    let role = language::keyed("role", kpi.role().key());
    lines.push((text!("figure-why", role = role, why = words.why.as_str()), Tone::Text));
    lines.push((format!("→ {}", words.action), Tone::Accent));
    let title = text!("figure-title", kpi = words.name, slice = ctx.slice_name(slice));
    let inner = overlay::frame(buffer, area, ctx.theme, &title, (width, overlay::height(&lines, width)));
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
}

fn parts(lines: &mut Vec<(String, Tone)>, kpi: &Kpi, figure: &Figure) {
    let number = |v: f64| {
        if kpi.unit == Unit::Seconds {
            language::duration(v)
        } else if v.fract() == 0.0 {
            language::count(v)
        } else {
            language::decimal(v, 1)
        }
    };
    if let (Some(numerator), Some(denominator)) = (figure.numerator, figure.denominator) {
        let factor = if kpi.unit == Unit::Percent || kpi.unit == Unit::Points { " × 100" } else { "" };
        // The denominator is a count, whatever the unit of the figure.
        let below = language::count(denominator);
        lines.push((format!("  {} ÷ {below}{factor} = {}", number(numerator), kpi.shown(figure)), Tone::Text));
    }
    if kpi.sampled && figure.knows_samples() {
        lines.push((format!("  {}", text!("figure-samples", count = figure.n)), Tone::Text));
    }
    if let (Some(low), Some(high)) = (figure.low, figure.high) {
        let [low, high] = [low, high].map(|v| kpi.shown_value(v, figure.n));
        lines.push((format!("  {}", text!("figure-interval", low = low, high = high)), Tone::Text));
    }
    if let Some(open) = figure.provisional {
        lines.push((format!("  {}", text!("figure-provisional", share = language::percent(open, 0))), Tone::Text));
    }
    if figure.observed {
        lines.push((format!("  {}", text!("figure-observed")), Tone::Warning));
    }
    for part in &figure.parts {
        let value = part.value.map_or("–".to_owned(), |v| kpi.shown_value(v, part.n));
        let of = text!("of-count", count = part.n.to_string());
        lines.push((format!("    {}  {value}  {of}", part.key), Tone::Text));
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
            || text!("figure-nothing-yet").to_owned(),
            |at| text!("figure-newest", age = format::age(ctx.board.at.since(at))),
        );
        format!("{} {}, {age}", source.name, language::keyed("health", source.health.key()))
    });
    let words: Vec<String> = words.take(3).collect();
    if words.is_empty() {
        text!("figure-no-source").to_owned()
    } else {
        text!("figure-from", sources = words.join("; "))
    }
}

fn limits(kpi: &Kpi, bands: &Bands) -> String {
    let show = |v: f64| kpi.shown_value(v, 0);
    let mut words = Vec::new();
    let side = language::side(kpi.better != Better::Higher);
    if let Some(target) = format::target(kpi, bands) {
        words.push(text!("figure-target", target = target));
    }
    if kpi.better == Better::Band {
        words.push(text!("figure-outside").to_owned());
    }
    words.extend(
        bands.warning.map(|w| format!("{} {}", glyphs::WARNING, text!("figure-warning", side = side, limit = show(w)))),
    );
    words.extend(
        bands
            .critical
            .map(|c| format!("{} {}", glyphs::CRITICAL, text!("figure-critical", side = side, limit = show(c)))),
    );
    if bands.is_empty() { text!("figure-no-limits").to_owned() } else { words.join(", ") }
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
