//! A report as comma-separated values: one record per row, with every KPI and its number of samples as a column.
//!
//! Without `--by` and `--every` there is one record, the total. An unknown value is an empty field.

use super::Report;
use crate::kpi::{AnswerRow, Figure, Unit};
use crate::text::csv_safe;

pub(super) fn render(report: &Report) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    let kpis = report.kpis.iter().map(|id| id.def().key);
    let heads = report.key_heads().into_iter().map(str::to_owned);
    let heads = heads.chain(kpis.flat_map(|key| [key.to_owned(), format!("{key}_n")]));
    // Writing to memory cannot fail.
    _ = out.write_record(heads);
    if report.has_rows() {
        for row in &report.rows {
            _ = out.write_record(key(report, row).chain(values(report, &row.figures)));
        }
    } else {
        _ = out.write_record(values(report, &report.total));
    }
    out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn key<'r>(report: &'r Report, row: &'r AnswerRow) -> impl Iterator<Item = String> {
    let labels = report
        .by
        .iter()
        .map(|dim| row.key.get(*dim).map_or_else(String::new, |label| csv_safe(label.as_str()).into_owned()));
    labels.chain(report.every.map(|_| row.start.map_or_else(String::new, |start| start.to_string())))
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
