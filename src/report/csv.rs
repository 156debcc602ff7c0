//! A report as comma-separated values: one row a key, every KPI and its sample size a column.
//!
//! Without `--by` and `--every` there is one row: the total. What is unknown is an empty cell.

use std::borrow::Cow;

use super::Report;
use crate::kpi::{AnswerRow, Figure, Unit};
use crate::text::csv_safe;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    let kpis = report.kpis.iter().map(|id| id.def().key);
    let heads = report.key_heads().into_iter().map(str::to_owned);
    let heads = heads.chain(kpis.flat_map(|key| [key.to_owned(), format!("{key}_n")]));
    record(&mut out, heads);
    if report.has_rows() {
        for row in &report.rows {
            record(&mut out, key(report, row).chain(values(report, &row.figures)));
        }
    } else {
        record(&mut out, values(report, &report.total));
    }
    out
}

fn key<'r>(report: &'r Report, row: &'r AnswerRow) -> impl Iterator<Item = String> {
    let parts = report
        .by
        .iter()
        .map(|dim| row.key.get(*dim).map_or_else(String::new, |label| csv_safe(label.as_str()).into_owned()));
    parts.chain(report.every.map(|_| row.start.map_or_else(String::new, |start| start.to_string())))
}

fn values<'r>(report: &'r Report, figures: &'r [Figure]) -> impl Iterator<Item = String> {
    report.kpis.iter().zip(figures).flat_map(|(id, figure)| {
        let value =
            figure.value.filter(|value| value.is_finite()).map_or_else(String::new, |value| match id.def().unit {
                Unit::Count => format!("{value:.0}"),
                Unit::Flag => (value > 0.0).to_string(),
                _ => value.to_string(),
            });
        [value, figure.n.to_string()]
    })
}

fn record(out: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quoted(&cell));
    }
    out.push('\n');
}

/// RFC 4180's quoting. Labels hold no line ends, but nothing here relies on it.
fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}
