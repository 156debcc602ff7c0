//! A report as a table for a terminal.

use unicode_width::UnicodeWidthStr;

use super::{Report, mark, notes};
use crate::kpi::{Figure, Kpi, KpiId, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::text::fit;

/// Spaces between columns.
const GAP: usize = 2;
/// The width that a name's column keeps, however narrow the terminal.
const MIN_NAME_WIDTH: usize = 8;

pub(super) fn render(report: &Report, width: usize) -> String {
    let mut out = String::new();
    line(&mut out, &notes::heading(report));
    out.push('\n');
    let dropped = if report.has_rows() { rows(report, width, &mut out) } else { list(report, width, &mut out) };
    out.push('\n');
    if dropped > 0 {
        line(&mut out, &text!("report-dropped", count = dropped));
    }
    for note in notes::lines(report, notes::Legend::Included) {
        line(&mut out, &note);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// One line per row, the total first. Returns how many columns did not fit.
fn rows(report: &Report, width: usize, out: &mut String) -> usize {
    let heads = report.shown_heads();
    let mut keys: Vec<Vec<String>> = vec![total_key(heads.len())];
    let ids = report.columns();
    let lines = report.shown_rows(&ids);
    keys.extend(lines.iter().map(|row| report.key_cells(row)));
    let figures: Vec<&[Figure]> =
        std::iter::once(report.total.as_slice()).chain(lines.iter().map(|row| row.figures.as_slice())).collect();
    let columns: Vec<TableColumn> = ids.into_iter().map(|id| TableColumn::new(report, id, &figures)).collect();

    let mut key_widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| {
            keys.iter().filter_map(|key| key.get(at)).map(|cell| cell.width()).max().unwrap_or(0).max(head.width())
        })
        .collect();
    let wanted: usize = columns.iter().map(|column| column.width + GAP).sum();
    // The start of a step is never cut: half a date means nothing.
    let fixed = key_widths.get(report.by.len()).map_or(0, |start| start + GAP);
    if let Some(names) = key_widths.get_mut(..report.by.len()) {
        shrink(names, width.saturating_sub(wanted + fixed));
    }
    let mut room = width.saturating_sub(key_widths.iter().sum::<usize>() + GAP * key_widths.len().saturating_sub(1));
    let shown: Vec<&TableColumn> = columns
        .iter()
        .take_while(|column| {
            let fits = column.width + GAP <= room;
            room = room.saturating_sub(column.width + GAP);
            fits
        })
        .collect();

    let heads: Vec<String> = heads.into_iter().map(capital).collect();
    line(out, &(key_text(&heads, &key_widths) + &cells(&shown, |column| column.head)));
    for (at, key) in keys.iter().enumerate() {
        line(
            out,
            &(key_text(key, &key_widths) + &cells(&shown, |column| column.cells.get(at).map_or("", String::as_str))),
        );
    }
    columns.len() - shown.len()
}

struct TableColumn {
    head: &'static str,
    cells: Vec<String>,
    width: usize,
}

impl TableColumn {
    fn new(report: &Report, id: KpiId, figures: &[&[Figure]]) -> Self {
        let shown = |figures: &&[Figure]| {
            let figure = report.figure(figures, id);
            figure.map_or_else(String::new, |figure| report.shown_in_column(id, figure) + mark(figure.verdict))
        };
        let mut cells: Vec<String> = figures.iter().map(shown).collect();
        // Marks stand to the right of the figures, so that digits stay aligned.
        let hang = cells.iter().map(|cell| cell.len() - cell.trim_end_matches(['!', '~']).len()).max().unwrap_or(0);
        for cell in &mut cells {
            let marks = cell.len() - cell.trim_end_matches(['!', '~']).len();
            cell.push_str(&" ".repeat(hang - marks));
        }
        let head = language::kpi(id).short.as_str();
        let width = cells.iter().map(|cell| cell.width()).max().unwrap_or(0).max(head.width());
        Self { head, cells, width }
    }
}

fn show(kpi: &Kpi, figure: &Figure) -> String {
    kpi.shown(figure) + mark(figure.verdict)
}

fn total_key(columns: usize) -> Vec<String> {
    let mut key = vec![String::new(); columns];
    if let Some(first) = key.first_mut() {
        text!("report-total").clone_into(first);
    }
    key
}

/// Narrow the widest column until all fit, but none below [`MIN_NAME_WIDTH`].
fn shrink(widths: &mut [usize], room: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = widths.iter_mut().max() else { return };
        if *widest <= MIN_NAME_WIDTH {
            return;
        }
        *widest -= 1;
    }
}

fn key_text(key: &[String], widths: &[usize]) -> String {
    let cells: Vec<_> = key.iter().zip(widths).map(|(cell, width)| pad_right(&fit(cell, *width), *width)).collect();
    cells.join("  ")
}

fn cells<'c>(columns: &[&'c TableColumn], text: impl Fn(&'c TableColumn) -> &'c str) -> String {
    columns.iter().map(|column| pad_left(text(column), column.width + GAP)).collect()
}

fn pad_left(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width())) + text
}

fn pad_right(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(text.width()))
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// One line per KPI, with details cut at the terminal's width. Returns 0: no columns are left out.
fn list(report: &Report, width: usize, out: &mut String) -> usize {
    let figures: Vec<(&Kpi, &Figure)> =
        report.kpis.iter().map(|id| id.def()).zip(&report.total).filter(|(_, figure)| worth_a_line(figure)).collect();
    let names = figures.iter().map(|(kpi, _)| language::kpi(kpi.id).name.width()).max().unwrap_or(0);
    let values = figures.iter().map(|(kpi, figure)| show(kpi, figure).width()).max().unwrap_or(0);
    for (kpi, figure) in figures {
        let text = format!(
            "{}  {}  {}",
            pad_right(&language::kpi(kpi.id).name, names),
            pad_left(&show(kpi, figure), values),
            details(kpi, figure)
        );
        line(out, &fit(text.trim_end(), width));
    }
    0
}

/// Whether there is anything to show: a value, or why there is none.
fn worth_a_line(figure: &Figure) -> bool {
    figure.is_known() || figure.reason.is_some()
}

fn details(kpi: &Kpi, figure: &Figure) -> String {
    let mut parts = Vec::new();
    if let Some(reason) = &figure.reason {
        parts.push(language::told(reason.as_str()).to_owned());
    }
    if kpi.sampled && figure.is_known() {
        parts.push(format!("n = {}", figure.n));
    }
    if let (Some(low), Some(high)) = (figure.low, figure.high) {
        let [low, high] = [low, high].map(|value| kpi.shown_value(value, figure.n));
        parts.push(text!("report-interval", low = low, high = high));
    }
    if let Some(share) = figure.provisional.filter(|share| *share > 0.0) {
        parts.push(text!("report-provisional-share", share = format!("{share:.0}")));
    }
    if figure.verdict >= Verdict::Warning {
        parts.push(language::kpi(kpi.id).action.clone());
    }
    let known = figure.parts.iter().filter(|part| part.value.is_some_and(|value| value != 0.0));
    parts.extend(known.map(|part| {
        let value = kpi.shown_value(part.value.unwrap_or_default(), part.n);
        format!("{}: {value}", language::keyed("outcome", part.key.as_str()))
    }));
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}
