//! What has changed since before the trouble, in parts that sum to the change.

use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use super::{amount, drivers};
use crate::clock::Time;
use crate::kpi::difference::{Quotient, effects};
use crate::kpi::{Better, Figure, Kpi, KpiId, Slice, Unit, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::text::{Label, fit};
use crate::ui::answers::Figures;
use crate::ui::format;
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::view::Ctx;
use crate::ui::view::overlay::TextLine;
use crate::ui::words;

/// A part of the total: its name, its figures, and how much it changed the total.
struct Part<'a> {
    name: String,
    before: Option<&'a Figure>,
    now: Option<&'a Figure>,
    by: f64,
}

/// Add what changed, `most` parts of it; returns whether that is known.
pub(super) fn lines(
    lines: &mut Vec<TextLine>,
    ctx: Ctx<'_>,
    kpi: &Kpi,
    slice: &Slice,
    window: Window,
    episode: Option<u64>,
    most: usize,
) -> bool {
    let query = queries::made_of_before(ctx.ui, ctx.board, slice, kpi.id, window, episode);
    let (Some(before), Some(now)) =
        (ctx.answers.figures(query), ctx.answers.figures(queries::made_of(ctx.ui, slice, kpi.id, window)))
    else {
        return false;
    };
    let (Some(was), Some(is)) = (before.total(kpi.id), now.total(kpi.id)) else { return false };
    let (Some(quotients), true) = (quotient(was).zip(quotient(is)), was.n >= ctx.board.rules.min_samples) else {
        return false;
    };
    let dim = queries::parts_of(slice);
    let mut parts: Vec<(String, Option<&Figure>, Option<&Figure>)> = Vec::new();
    let mut places: FxHashMap<&Label, usize> = FxHashMap::default();
    for row in &now.answer.rows {
        if let Some(label) = row.key.get(dim) {
            places.insert(label, parts.len());
            parts.push((ctx.value_name(dim, label), None, now.of(row, kpi.id)));
        }
    }
    for row in &before.answer.rows {
        let Some(label) = row.key.get(dim) else { continue };
        let figure = before.of(row, kpi.id);
        match places.get(label).and_then(|at| parts.get_mut(*at)) {
            Some(part) => part.1 = figure,
            None => parts.push((ctx.value_name(dim, label), figure, None)),
        }
    }
    let of = |figure: Option<&Figure>| figure.and_then(quotient).unwrap_or_default();
    let mut pairs: Vec<(Quotient, Quotient)> = parts.iter().map(|part| (of(part.1), of(part.2))).collect();
    // What belongs to no part, and what a limit on the number of rows left out.
    let rest =
        (quotients.0.without(pairs.iter().map(|pair| pair.0)), quotients.1.without(pairs.iter().map(|pair| pair.1)));
    pairs.push(rest);
    let factor = if kpi.unit == Unit::Percent { 100.0 } else { 1.0 };
    let effects = effects(&pairs);
    let mut parts: Vec<Part<'_>> = parts
        .into_iter()
        .zip(&effects)
        .map(|((name, before, now), effect)| Part { name, before, now, by: factor * effect.total() })
        .collect();
    let worse = if kpi.better == Better::Higher { 1.0 } else { -1.0 };
    parts.sort_by(|a, b| (worse * a.by).total_cmp(&(worse * b.by)));
    let Some(whole) = was.value.zip(is.value).map(|(was, is)| is - was) else { return false };
    let zone = ctx.zone();
    lines.push((String::new(), Tone::Text));
    lines.push((
        text!(
            "change-title",
            was = kpi.shown(was),
            from = day_and_minute(ctx, before.answer.from),
            to = format::minute(before.answer.to, zone),
            is = kpi.shown(is),
            amount = amount(kpi, whole)
        ),
        Tone::Heading,
    ));
    let (share, ratio) = effects
        .iter()
        .fold((0.0, 0.0), |(share, ratio), effect| (share + factor * effect.share, ratio + factor * effect.ratio));
    let drivers = drivers::of(ctx, kpi, slice, window, (before, now), share);
    let is_bad = |by: f64| if worse * by < 0.0 { Tone::Warning } else { Tone::Muted };
    if let Some(drivers) = &drivers {
        let widest = drivers.rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
        let row = |(name, by): &(String, f64)| (format!("  {name:<widest$} {:>14}", amount(kpi, *by)), is_bad(*by));
        lines.extend(drivers.rows.iter().map(row));
        let patience = KpiId::Patience.def().shown_value(drivers.patience_s, 0);
        lines.push((format!("  {}", text!("driver-model", patience = patience)), Tone::Muted));
        lines.push((language::keyed("why-each", dim.key()).to_owned(), Tone::Heading));
    }
    // What was not there and is not there is no part.
    parts.retain(|part| [part.before, part.now].into_iter().flatten().any(|figure| figure.n > 0));
    let shown = parts.len().min(most);
    let widest = parts.iter().take(shown).map(|part| part.name.width()).max().unwrap_or(0).clamp(8, 24);
    let of = |figure: &Figure| text!("of-count", count = language::plain_count(figure.n));
    let figures = parts.iter().take(shown).flat_map(|part| [part.before, part.now]).flatten();
    let of_columns = figures.map(|figure| of(figure).width()).max().unwrap_or(0);
    let figure = |figure: Option<&Figure>| match figure.filter(|figure| figure.n > 0) {
        Some(figure) => format!("{:>6} {:<of_columns$}", kpi.shown_in_column(figure), of(figure)),
        None => format!("{:>6} {:<of_columns$}", text!("change-none"), ""),
    };
    for part in parts.iter().take(shown) {
        let name = format!("{:<widest$}", fit(&part.name, widest));
        let (now, was, before) = (figure(part.now), text!("change-was"), figure(part.before));
        let words = format!("  {name} {now} {was} {before} {:>14}", amount(kpi, part.by));
        lines.push((words, is_bad(part.by)));
    }
    let others = whole - parts.iter().take(shown).map(|part| part.by).sum::<f64>();
    let number = parts.len() - shown;
    if others.abs() >= 0.05 {
        let name = match number {
            0 => text!("change-rest").to_owned(),
            _ => text!("change-others", count = number),
        };
        let blank = format!("{} {} {}", figure(None), text!("change-was"), figure(None)).width();
        lines.push((format!("  {name:<widest$} {:blank$} {:>14}", "", amount(kpi, others)), Tone::Muted));
    }
    if drivers.is_none() {
        lines.push((text!("change-causes", share = amount(kpi, share), ratio = amount(kpi, ratio)), Tone::Text));
        lines.extend(beside(kpi, before, now));
    }
    true
}

/// `10:30`, with the day before it where that is not today.
fn day_and_minute(ctx: Ctx<'_>, at: Time) -> String {
    let (zone, minute) = (ctx.zone(), format::minute(at, ctx.zone()));
    if at >= ctx.board.calendar.day_start(ctx.board.at, 0) {
        minute
    } else {
        format!("{} {minute}", format::day(at, zone))
    }
}

/// How much came and how long it took, then and now.
fn beside(kpi: &Kpi, before: &Figures, now: &Figures) -> Option<TextLine> {
    let show =
        |id: KpiId, figures: &Figures| figures.total(id).filter(|f| f.value.is_some()).map(|f| id.def().shown(f));
    let pair = |id: KpiId, word: &str| {
        let (was, is) = (show(id, before)?, show(id, now)?);
        (kpi.id != id).then(|| text!("change-beside", figure = word, is = is, was = was))
    };
    let words: Vec<String> = [pair(KpiId::Offered, words::of(KpiId::Offered)), pair(KpiId::Aht, words::of(KpiId::Aht))]
        .into_iter()
        .flatten()
        .collect();
    (!words.is_empty()).then(|| (words.join(", "), Tone::Text))
}

/// The numerator and denominator of a figure that is a ratio.
fn quotient(figure: &Figure) -> Option<Quotient> {
    Some(Quotient { numerator: figure.numerator?, denominator: figure.denominator? })
}
