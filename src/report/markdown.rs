//! A report as Markdown, for chats, tickets and wikis.

use std::fmt::Write;

use super::chart::Chart;
use super::document::Document;
use super::{Report, mark, notes};
use crate::kpi::{Figure, KpiId};
use crate::language::{self, ShownFigure as _, text};

pub(super) fn render(report: &Report) -> String {
    let mut out = format!("# {}\n\n{}\n\n", escape(text!("report-title")), escape(&notes::heading(report)));
    if report.has_rows() {
        rows(report, &mut out);
    } else {
        list(report, &mut out);
    }
    out.push('\n');
    for note in notes::lines(report, notes::Legend::Included) {
        // An indented note is a detail of the one above it.
        let indent = if note.starts_with("  ") { "  " } else { "" };
        let _ = writeln!(out, "{indent}- {}", escape(note.trim_start()));
    }
    out
}

/// A document of tables.
pub(super) fn document(document: &Document) -> String {
    let mut out = format!("# {}\n\n{}\n", escape(&document.title), escape(&document.about));
    for section in &document.sections {
        let _ = write!(out, "\n## {}\n\n", section.title);
        if section.rows.is_empty() {
            let _ = writeln!(out, "{}", escape(section.empty));
            continue;
        }
        record(&mut out, section.heads.iter().map(|head| escape(head)));
        record(&mut out, section.heads.iter().map(|_| "---".to_owned()));
        for (at, row) in section.rows.iter().enumerate() {
            let chart = section.charts.get(at).map(Chart::sparkline);
            record(&mut out, row.iter().map(|cell| escape(cell)).chain(chart));
        }
        if !section.note.is_empty() {
            let _ = write!(out, "\n{}\n", escape(&section.note));
        }
    }
    out
}

fn rows(report: &Report, out: &mut String) {
    let columns = report.columns();
    let heads = report.shown_heads();
    let shorts = columns.iter().map(|id| language::kpi(*id).short.clone());
    let names = heads.iter().map(|head| (*head).to_owned()).chain(shorts);
    record(out, names);
    let rule = heads.iter().map(|_| "---".to_owned()).chain(columns.iter().map(|_| "---:".to_owned()));
    record(out, rule);
    let total = heads
        .iter()
        .enumerate()
        .map(|(at, _)| if at == 0 { format!("**{}**", text!("report-total")) } else { String::new() });
    record(out, total.chain(values(report, &columns, &report.total)));
    for row in report.shown_rows(&columns) {
        let key = report.key_cells(row).into_iter().map(|cell| escape(&cell));
        record(out, key.chain(values(report, &columns, &row.figures)));
    }
}

fn values(report: &Report, columns: &[KpiId], figures: &[Figure]) -> Vec<String> {
    let show = |id: &KpiId| {
        let figure = report.figure(figures, *id);
        figure.map_or_else(String::new, |figure| shown(&report.shown_in_column(*id, figure), figure))
    };
    columns.iter().map(show).collect()
}

fn shown(value: &str, figure: &Figure) -> String {
    escape(&format!("{value}{}", mark(figure.verdict)))
}

fn list(report: &Report, out: &mut String) {
    record(out, ["KPI", text!("report-value"), "n", text!("column-note")].into_iter().map(str::to_owned));
    record(out, ["---", "---:", "---:", "---"].into_iter().map(str::to_owned));
    for (id, figure) in report.kpis.iter().zip(&report.total) {
        let note = figure.reason.as_ref().map_or_else(String::new, |reason| escape(language::told(reason.as_str())));
        record(
            out,
            [language::kpi(*id).name.clone(), shown(&id.def().shown(figure), figure), figure.n.to_string(), note]
                .into_iter(),
        );
    }
}

fn record(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push('|');
    for cell in cells {
        let _ = write!(out, " {cell} |");
    }
    out.push('\n');
}

/// Escape text so that none of it is markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
