//! A report as one HTML page without scripts, fonts or references to other files.
//!
//! It follows the reader's light or dark setting and prints well. A verdict is shown by a sign and a word besides the
//! colour.

use std::fmt::Write;

use super::document::Document;
use super::{Report, notes};
use crate::kpi::{Figure, KpiId, Verdict};
use crate::language::{self, ShownFigure as _, text};

const STYLE: &str = include_str!("report.css");

pub(super) fn render(report: &Report) -> String {
    let (from, to) = (report.local_time(report.from), report.local_time(report.to));
    let title = text!("report-title-of", from = from, to = to);
    let table = if report.has_rows() { rows(report) } else { list(report) };
    let mut notes = String::new();
    for note in notes::lines(report, notes::Legend::Omitted) {
        let class = if note.starts_with("  ") { " class=\"in\"" } else { "" };
        let _ = writeln!(notes, "<li{class}>{}</li>", escape(note.trim_start()));
    }
    page(
        &title,
        &format!(
            "<h1>{}</h1>\n<p>{}</p>\n<div class=\"wide\">\n<table>\n{table}</table>\n</div>\n<ul>\n{notes}</ul>\n",
            escape(text!("report-title")),
            escape(&notes::heading(report)),
        ),
    )
}

/// A page with a title and what is in its body.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n{body}</body>\n</html>\n",
        text!("language-tag"),
        escape(title),
    )
}

/// A document of tables.
pub(super) fn document(document: &Document) -> String {
    let mut body = format!("<h1>{}</h1>\n<p>{}</p>\n", escape(&document.title), escape(&document.about));
    for section in &document.sections {
        let _ = writeln!(body, "<h2>{}</h2>", escape(section.title));
        if section.rows.is_empty() {
            let _ = writeln!(body, "<p>{}</p>", escape(section.empty));
            continue;
        }
        body.push_str("<div class=\"wide\">\n<table>\n<thead><tr>");
        for head in &section.heads {
            let _ = write!(body, "<th scope=\"col\" class=\"key\">{}</th>", escape(head));
        }
        body.push_str("</tr></thead>\n<tbody>\n");
        for (at, row) in section.rows.iter().enumerate() {
            body.push_str("<tr>");
            for cell in row {
                let _ = write!(body, "<td class=\"cell\">{}</td>", escape(cell));
            }
            if let Some(chart) = section.charts.get(at) {
                let _ = write!(body, "<td>{}</td>", chart.svg());
            }
            body.push_str("</tr>\n");
        }
        body.push_str("</tbody>\n</table>\n</div>\n");
        if !section.note.is_empty() {
            let _ = writeln!(body, "<p>{}</p>", escape(&section.note));
        }
    }
    page(&document.title, &body)
}

fn rows(report: &Report) -> String {
    let columns = report.columns();
    let heads = report.shown_heads();
    let mut out = String::from("<thead><tr>");
    for head in &heads {
        let _ = write!(out, "<th scope=\"col\" class=\"key\">{}</th>", escape(head));
    }
    for id in &columns {
        let kpi = language::kpi(*id);
        let _ = write!(out, "<th scope=\"col\" title=\"{}\">{}</th>", escape(&kpi.formula), escape(&kpi.short));
    }
    out.push_str("</tr></thead>\n<tbody>\n<tr class=\"total\">");
    let _ = write!(out, "<th scope=\"row\" colspan=\"{}\">{}</th>", heads.len().max(1), text!("report-total"));
    out.push_str(&cells(report, &columns, &report.total));
    out.push_str("</tr>\n");
    for row in report.shown_rows(&columns) {
        out.push_str("<tr>");
        for cell in report.key_cells(row) {
            let _ = write!(out, "<th scope=\"row\">{}</th>", escape(&cell));
        }
        out.push_str(&cells(report, &columns, &row.figures));
        out.push_str("</tr>\n");
    }
    out + "</tbody>\n"
}

fn list(report: &Report) -> String {
    let mut out = format!(
        "<thead><tr><th scope=\"col\" class=\"key\">KPI</th><th scope=\"col\">{}</th><th scope=\"col\">n</th>\
         <th scope=\"col\" class=\"key\">{}</th></tr></thead>\n<tbody>\n",
        escape(text!("report-value")),
        escape(text!("report-what-it-is")),
    );
    for (id, figure) in report.kpis.iter().zip(&report.total) {
        let kpi = language::kpi(*id);
        let note = figure.reason.as_ref().map_or(kpi.formula.as_str(), |reason| language::told(reason.as_str()));
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th>{}<td>{}</td><td class=\"text\">{}</td></tr>",
            escape(&kpi.name),
            cell(&id.def().shown(figure), figure),
            figure.n,
            escape(note),
        );
    }
    out + "</tbody>\n"
}

fn cells(report: &Report, columns: &[KpiId], figures: &[Figure]) -> String {
    let one = |id: &KpiId| {
        let figure = report.figure(figures, *id);
        figure.map_or_else(|| "<td></td>".to_owned(), |figure| cell(&report.shown_in_column(*id, figure), figure))
    };
    columns.iter().map(one).collect()
}

fn cell(value: &str, figure: &Figure) -> String {
    let value = escape(value);
    let reason = figure.reason.as_ref().map(|reason| language::told(reason.as_str()).to_owned());
    let hint = reason.unwrap_or_else(|| format!("n = {}", figure.n));
    let (class, sign, word) = match figure.verdict {
        Verdict::None => return format!("<td title=\"{}\">{value}</td>", escape(&hint)),
        Verdict::Good => ("good", "✓", text!("report-good")),
        Verdict::FewSamples => ("few", "~", text!("verdict-few")),
        Verdict::Warning => ("warning", "▲", text!("severity-warning")),
        Verdict::Critical => ("critical", "■", text!("severity-critical")),
    };
    let word = escape(word);
    format!("<td class=\"{class}\" title=\"{}\">{value} <span>{sign} {word}</span></td>", escape(&hint))
}

/// Escape text for elements and quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
