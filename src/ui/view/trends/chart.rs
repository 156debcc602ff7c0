//! One chart of the page of trends: a title with the newest figure, a scale, and the series over the steps.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::picture::{TrendPicture, change, tone};
use crate::kpi::{Better, KpiId, Unit, Verdict, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::text::fit;
use crate::ui::format::cols;
use crate::ui::glyphs::{self, GlyphSet};
use crate::ui::theme::Tone;
use crate::ui::trends::ceiling;
use crate::ui::trends::model::TrendStep;
use crate::ui::widget::plot::{Plot, PlotPoint, Stroke};
use crate::ui::widget::trend::{self, TrendPoint};
use crate::ui::words;

/// Draw a chart whose scale takes `gutter` columns on the left.
pub fn draw(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, kpi: KpiId, gutter: u16) {
    if area.height < 2 || area.width < gutter + 8 {
        return;
    }
    title(buffer, area, picture, kpi);
    let plot = Rect { x: area.x + gutter, y: area.y + 1, width: area.width - gutter - 1, height: area.height - 1 };
    let theme = picture.ctx.theme;
    let faint = theme.style(Tone::Faint);
    for y in plot.top()..plot.bottom() {
        buffer.set_string(plot.x - 1, y, "│", faint);
    }
    let reason = picture.figures.and_then(|figures| figures.total(kpi)).filter(|figure| !figure.is_known());
    if let Some(reason) = reason.and_then(|figure| figure.reason.as_ref()).filter(|_| picture.model.most(kpi) <= 0.0) {
        let width = usize::from(plot.width.saturating_sub(2));
        buffer.set_stringn(
            plot.x + 1,
            plot.y,
            fit(language::told(reason.as_str()), width),
            width,
            theme.style(Tone::Muted),
        );
        return;
    }
    let limits = limits(picture, kpi);
    let highest_limit = limits.iter().copied().fold(0.0, f64::max);
    let most = ceiling(kpi.def(), picture.model.most(kpi).max(highest_limit * 1.25));
    let mut labels = vec![(plot.y, most), (plot.bottom() - 1, 0.0)];
    let mut lines = Plot::new(plot, most, picture.ctx.glyphs);
    for limit in limits {
        labels.push((lines.rule(limit, faint), limit));
    }
    if kpi == KpiId::Offered {
        lines.draw(buffer);
        bars(buffer, plot, picture, most);
    } else {
        curves(&mut lines, picture, kpi, labels.get(2).map(|(_, limit)| *limit));
        lines.draw(buffer);
    }
    gaps(buffer, plot, picture);
    scale(buffer, plot, picture, kpi, &labels);
    for said in picture.annotations() {
        upright(buffer, plot, picture.column(plot, said.at), theme.style(Tone::Accent));
    }
    cursor(buffer, plot, picture);
}

/// The limits that have a dashed line.
fn limits(picture: &TrendPicture<'_>, kpi: KpiId) -> Vec<f64> {
    let bands = picture.ctx.bands_of(kpi, &picture.of);
    match kpi.def().better {
        Better::Higher | Better::Lower => bands.warning.into_iter().collect(),
        Better::Band => bands.low.into_iter().chain(bands.high).collect(),
        Better::Neutral => Vec::new(),
    }
}

/// The series it is compared with, thin, and above it the time's own.
fn curves(lines: &mut Plot, picture: &TrendPicture<'_>, kpi: KpiId, limit: Option<f64>) {
    let theme = picture.ctx.theme;
    let steps = &picture.model.steps;
    let thin = theme.style(Tone::Muted);
    let before = |value: &dyn Fn(&TrendStep<'_>) -> Option<f64>| -> Vec<PlotPoint> {
        steps.iter().map(|step| PlotPoint { value: value(step), style: thin, filled_to: None }).collect()
    };
    lines.line(&before(&|step| Some(step.spread(kpi)?.0)), Stroke::Thin);
    if picture.compared_days().len() > 1 {
        lines.line(&before(&|step| Some(step.spread(kpi)?.1)), Stroke::Thin);
    }
    let own = |step: &TrendStep<'_>| {
        let value = step.value(kpi).filter(|_| !step.gap);
        let verdict = step.verdict(kpi);
        // What is critical is an area: ink alone is faint in red.
        let filled_to = limit.filter(|_| verdict == Verdict::Critical);
        // A column of blocks is a large area: of what is fine it is grey.
        let is_quiet = picture.ctx.glyphs != GlyphSet::Full && verdict < Verdict::Warning;
        let tone = if is_quiet { Tone::Muted } else { tone(verdict) };
        PlotPoint { value, style: theme.bar(tone), filled_to }
    };
    lines.line(&steps.iter().map(own).collect::<Vec<_>>(), Stroke::Thick);
}

/// The arrivals, and what was expected as dots.
fn bars(buffer: &mut Buffer, plot: Rect, picture: &TrendPicture<'_>, most: f64) {
    let theme = picture.ctx.theme;
    let steps = &picture.model.steps;
    let points: Vec<_> =
        steps.iter().map(|step| TrendPoint { value: step.value(KpiId::Offered), gap: step.gap }).collect();
    // Where nobody is expected, as at night, a dot would say nothing.
    let expected: Vec<_> = steps.iter().map(|step| step.expected.filter(|expected| *expected >= 0.5)).collect();
    trend::bars(buffer, plot, &points, most, |place| {
        let many = steps.get(place).is_some_and(|step| step.verdict(KpiId::Offered) == Verdict::Warning);
        theme.bar(match place {
            _ if many => Tone::Warning,
            // The present step is not over.
            place if place == picture.model.present => Tone::Faint,
            _ => Tone::Muted,
        })
    });
    trend::marks(buffer, plot, &expected, most, theme.style(Tone::Strong));
}

/// Mark the steps in which data is missing on the bottom row.
fn gaps(buffer: &mut Buffer, plot: Rect, picture: &TrendPicture<'_>) {
    for (place, _) in picture.model.steps.iter().enumerate().filter(|(_, step)| step.gap) {
        let x = picture.place(plot, place).x;
        buffer.set_string(x, plot.bottom() - 1, glyphs::MISSING, picture.ctx.theme.style(Tone::Muted));
    }
}

/// Write the values beside the scale: its ends, and the limits between them.
fn scale(buffer: &mut Buffer, plot: Rect, picture: &TrendPicture<'_>, kpi: KpiId, labels: &[(u16, f64)]) {
    let mut taken = Vec::new();
    // What a limit is matters more than where the scale ends.
    for (row, value) in labels.iter().rev().filter(|(row, _)| *row < plot.bottom()) {
        if taken.contains(row) {
            continue;
        }
        taken.push(*row);
        let text = match kpi.def().unit {
            Unit::Percent => language::percent(*value, 0),
            _ => kpi.def().shown_value(*value, 0),
        };
        let x = plot.x.saturating_sub(2 + cols(text.width()));
        buffer.set_string(x, *row, &text, picture.ctx.theme.style(Tone::Muted));
    }
}

/// Draw the cursor where the chart leaves its column free.
fn cursor(buffer: &mut Buffer, plot: Rect, picture: &TrendPicture<'_>) {
    if picture.ctx.ui.trends.moment.is_none() {
        return;
    }
    let place = picture.place(plot, picture.cursor);
    let x = (place.x + place.width / 2).min(plot.right().saturating_sub(1));
    upright(buffer, plot, x, picture.ctx.theme.style(Tone::Strong));
}

/// Draw an upright line where the chart leaves its column free.
fn upright(buffer: &mut Buffer, plot: Rect, x: u16, style: Style) {
    for y in plot.top()..plot.bottom() {
        if let Some(cell) = buffer.cell_mut((x, y)).filter(|cell| matches!(cell.symbol(), " " | "╌" | "·" | "│")) {
            cell.set_symbol("│").set_style(style);
        }
    }
}

/// Write the name, the newest figure, how it is judged, of which time it is, and how it has changed.
fn title(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, kpi: KpiId) {
    let mut parts = vec![(name(picture, kpi), Tone::Heading)];
    parts.extend(if kpi == KpiId::Offered { arrivals(picture) } else { newest(picture, kpi) });
    let mut x = area.x + 1;
    for (text, tone) in parts {
        let width = cols(text.width());
        if x + width >= area.right() {
            break;
        }
        buffer.set_string(x, area.y, &text, picture.ctx.theme.style(tone));
        x += width + 2;
    }
}

/// `In time (service level)`, `Arrivals in 30 min`.
fn name(picture: &TrendPicture<'_>, kpi: KpiId) -> String {
    if kpi == KpiId::Offered {
        return text!("trends-arrivals-per", step = picture.step_length());
    }
    let (word, full) = (words::title(kpi), language::kpi(kpi).name.as_str());
    if word.to_lowercase() == full.to_lowercase() {
        word
    } else {
        let keeps = text!("nouns-keep-capitals") == text!("yes");
        let name = if keeps { full.to_owned() } else { full.to_lowercase() };
        text!("trends-chart-name", word = word, name = name)
    }
}

fn newest(picture: &TrendPicture<'_>, kpi: KpiId) -> Vec<(String, Tone)> {
    let Some(figure) = picture.newest(kpi) else { return vec![("…".to_owned(), Tone::Muted)] };
    let Some(value) = figure.value else { return Vec::new() };
    let bad = figure.verdict >= Verdict::Warning;
    let judged = if bad { Tone::of(figure.verdict) } else { Tone::Strong };
    let mut parts = vec![(kpi.def().shown(figure), judged)];
    if bad || figure.verdict == Verdict::FewSamples {
        parts.push((glyphs::badge(figure.verdict), Tone::of(figure.verdict)));
    }
    if picture.ctx.ui.trends.range == Window::Today {
        parts.push((language::window(Window::H1).to_owned(), Tone::Muted));
    }
    if let (Some(before), Some(name)) = (picture.newest_before(kpi), picture.compared()) {
        let words = change(kpi, value, before)
            .map_or_else(|| text!("trends-as", before = name), |by| text!("trends-by-on", by = by, before = name));
        parts.push((words, Tone::Muted));
    }
    parts
}

/// The arrivals of the last step that is over, against what was expected of it.
fn arrivals(picture: &TrendPicture<'_>) -> Vec<(String, Tone)> {
    let Some((at, step)) = picture.model.newest() else { return Vec::new() };
    let Some(figure) = step.figure(KpiId::Offered) else { return Vec::new() };
    let many = step.verdict(KpiId::Offered) == Verdict::Warning;
    let tone = if many { Tone::Warning } else { Tone::Strong };
    let mut parts = vec![(KpiId::Offered.def().shown(figure), tone)];
    parts.push((picture.step_words(at), Tone::Muted));
    if let (Some(value), Some(expected)) = (figure.value, step.expected) {
        let by = change(KpiId::Offered, value, expected);
        let words =
            by.map_or_else(|| text!("trends-as-expected").to_owned(), |by| text!("trends-by-on-expected", by = by));
        parts.push((words, if many { Tone::Warning } else { Tone::Muted }));
    }
    parts
}
