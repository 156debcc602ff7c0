//! The lines above and below the figures: what was counted and how, what could not be read, what is not known.

use super::{InputSummary, MAX_LISTED_REJECTIONS, Report};
use crate::clock::Span;
use crate::kpi::format::count;
use crate::kpi::{CORE, FcrMethod, Figure, KpiId, Verdict};
use crate::source::Rejection;
use crate::text::Text;

/// Whether the notes explain the marks after figures. A format that shows words beside them omits that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Legend {
    Included,
    Omitted,
}

/// The period and the service level, in one line.
pub(super) fn heading(report: &Report) -> String {
    format!(
        "{} to {} ({}) · service level: {}, T = {} s",
        report.local_time(report.from),
        report.local_time(report.to),
        report.calendar.zone.name(),
        report.settings.formula.key(),
        report.settings.service_level.as_secs_f64(),
    )
}

/// All notes, the most important first. A note that begins with two spaces is a detail of the one above it.
pub(super) fn lines(report: &Report, with: Legend) -> Vec<String> {
    let place = |rejection: &Rejection| format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason);
    let mut out: Vec<String> =
        report.input.incomplete.iter().map(|file| format!("Not read to its end: {}", place(file))).collect();
    out.extend(report.input.remarks.iter().map(|remark| format!("Note: {remark}.")));
    // A floor does not say what it has read.
    if report.input != InputSummary::default() || report.from >= report.to {
        out.push(input(report));
    }
    let named = report.input.rejections.iter().take(MAX_LISTED_REJECTIONS);
    out.extend(named.map(|rejection| format!("  {}", place(rejection))));
    let unnamed = report.input.rejected.saturating_sub(report.input.rejections.len().min(MAX_LISTED_REJECTIONS) as u64);
    if unnamed > 0 && !report.input.rejections.is_empty() {
        out.push(format!("  and {} more", amount(unnamed)));
    }
    let contradictions = report
        .input
        .contradictions
        .iter()
        .take(MAX_LISTED_REJECTIONS)
        .map(|steps| format!("  contradicts its contact: {steps} at {}", report.local_time(steps.at)));
    out.extend(contradictions);
    if report.has_rows() {
        out.extend(empty_rows(report));
        out.extend(unknown(report));
    }
    out.extend(provisional(report));
    if with == Legend::Included {
        out.extend(legend(report));
    }
    out
}

/// A count for people.
fn amount(n: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    count(n as f64)
}

fn input(report: &Report) -> String {
    let input = &report.input;
    let aside = [
        (input.rejected, "set aside"),
        (input.duplicates, "seen before"),
        (input.late, "late"),
        (input.out_of_place, "out of place"),
        (input.unknown_types, "of unknown types"),
        (input.unknown_fields, "unknown fields"),
    ];
    let aside: Vec<_> =
        aside.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", amount(*n))).collect();
    let events = if input.events == 1 { "event" } else { "events" };
    let tail = if aside.is_empty() { "nothing set aside".to_owned() } else { aside.join(", ") };
    format!("{} {events} read; {tail}.", amount(input.events))
}

/// How many rows are not shown because nothing happened in them.
fn empty_rows(report: &Report) -> Option<String> {
    let left_out = report.rows.len() - report.shown_rows(&report.columns()).len();
    let words = if left_out == 1 { "row in which no contact came is" } else { "rows in which no contact came are" };
    (left_out > 0).then(|| format!("{left_out} {words} left out; JSON and CSV have them."))
}

/// The core KPIs without a column because no value is known, and why: one line for each reason.
fn unknown(report: &Report) -> Vec<String> {
    let mut reasons: Vec<(&Text, Vec<&str>)> = Vec::new();
    for id in CORE.into_iter().filter(|id| !report.is_known(*id)) {
        let Some(reason) = report.figure(&report.total, id).and_then(|figure| figure.reason.as_ref()) else {
            continue;
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(id.def().name),
            None => reasons.push((reason, vec![id.def().name])),
        }
    }
    reasons.into_iter().map(|(reason, names)| format!("{}: {reason}.", names.join(", "))).collect()
}

fn provisional(report: &Report) -> Option<String> {
    let share = report.figure(&report.total, KpiId::Fcr)?.provisional.filter(|share| *share > 0.0)?;
    let window = days(report.settings.fcr_window);
    (report.settings.fcr_method == FcrMethod::Repeat).then(|| {
        format!("First contact resolution is provisional: {share:.0} % of first contacts are younger than {window}.")
    })
}

fn days(span: Span) -> String {
    let hours = span.as_secs_f64() / 3600.0;
    if hours >= 48.0 { format!("{} days", hours / 24.0) } else { format!("{hours} hours") }
}

fn legend(report: &Report) -> Option<String> {
    let figures = || report.total.iter().chain(report.rows.iter().flat_map(|row| &row.figures));
    let any = |verdict: Verdict| figures().any(|figure: &Figure| figure.verdict == verdict);
    let few = format!("~ fewer than {} samples", report.settings.min_samples);
    let parts: Vec<_> = [
        (Verdict::Critical, "!! past the critical limit"),
        (Verdict::Warning, "! past the warning limit"),
        (Verdict::FewSamples, few.as_str()),
    ]
    .into_iter()
    .filter(|(verdict, _)| any(*verdict))
    .map(|(_, words)| words)
    .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}
