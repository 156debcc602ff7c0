//! The lines above and below the figures: what was counted and how, what could not be read, what is not known.

use super::{InputSummary, MAX_LISTED_REJECTIONS, Report};
use crate::annotation::Annotation;
use crate::clock::Span;
use crate::kpi::{CORE, FcrMethod, Figure, KpiId, Verdict};
use crate::language::{self, text};
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
    text!(
        "report-heading",
        from = report.local_time(report.from),
        to = report.local_time(report.to),
        zone = report.calendar.zone.name(),
        formula = report.settings.formula.key(),
        seconds = report.settings.service_level.as_secs_f64().to_string()
    )
}

/// All notes, the most important first. A note that begins with two spaces is a detail of the one above it.
pub(super) fn lines(report: &Report, with: Legend) -> Vec<String> {
    let place = |rejection: &Rejection| format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason);
    let mut out: Vec<String> =
        report.input.incomplete.iter().map(|file| text!("report-incomplete", place = place(file))).collect();
    out.extend(report.input.remarks.iter().map(|remark| text!("report-remark", remark = remark)));
    // A floor does not say what it has read.
    if report.input != InputSummary::default() || report.from >= report.to {
        out.push(input(report));
    }
    let named = report.input.rejections.iter().take(MAX_LISTED_REJECTIONS);
    out.extend(named.map(|rejection| format!("  {}", place(rejection))));
    let unnamed = report.input.rejected.saturating_sub(report.input.rejections.len().min(MAX_LISTED_REJECTIONS) as u64);
    if unnamed > 0 && !report.input.rejections.is_empty() {
        out.push(format!("  {}", text!("report-more", count = language::plain_count(unnamed))));
    }
    let contradictions = report.input.contradictions.iter().take(MAX_LISTED_REJECTIONS).map(|steps| {
        let (steps, at) = (steps.to_string(), report.local_time(steps.at));
        format!("  {}", text!("report-contradicts", steps = steps, time = at))
    });
    out.extend(contradictions);
    if report.has_rows() {
        out.extend(empty_rows(report));
        out.extend(unknown(report));
    }
    out.extend(left_out(report));
    out.extend(provisional(report));
    out.extend(annotations(report));
    if with == Legend::Included {
        out.extend(legend(report));
    }
    out
}

fn input(report: &Report) -> String {
    let input = &report.input;
    let aside = [
        (input.rejected, text!("report-rejected")),
        (input.duplicates, text!("report-duplicates")),
        (input.late, text!("sources-late")),
        (input.out_of_place, text!("sources-out-of-place")),
        (input.unknown_types, text!("report-unknown-types")),
        (input.unknown_fields, text!("report-unknown-fields")),
    ];
    let aside: Vec<_> =
        aside.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", language::plain_count(*n))).collect();
    let tail = if aside.is_empty() { text!("report-nothing-aside").to_owned() } else { aside.join(", ") };
    text!("report-events", n = input.events, count = language::plain_count(input.events), aside = tail)
}

/// How many rows are not shown because nothing happened in them.
fn empty_rows(report: &Report) -> Option<String> {
    let left_out = report.rows.len() - report.shown_rows(&report.columns()).len();
    (left_out > 0).then(|| text!("report-empty-rows", count = left_out))
}

/// The core KPIs without a column because no value is known, and why: one line for each reason.
fn unknown(report: &Report) -> Vec<String> {
    let mut reasons: Vec<(&Text, Vec<&str>)> = Vec::new();
    for id in CORE.into_iter().filter(|id| !report.is_known(*id)) {
        let Some(reason) = report.figure(&report.total, id).and_then(|figure| figure.reason.as_ref()) else {
            continue;
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(language::kpi(id).name.as_str()),
            None => reasons.push((reason, vec![language::kpi(id).name.as_str()])),
        }
    }
    reasons
        .into_iter()
        .map(|(reason, names)| format!("{}: {}.", names.join(", "), language::told(reason.as_str())))
        .collect()
}

/// What the core KPIs of the total leave out.
fn left_out(report: &Report) -> Vec<String> {
    let noted = |id: KpiId| Some((id, report.figure(&report.total, id)?.note.as_ref()?));
    let line = |(id, note): (KpiId, &Text)| format!("{}: {}.", language::kpi(id).name, language::told(note.as_str()));
    CORE.into_iter().filter_map(noted).map(line).collect()
}

fn provisional(report: &Report) -> Option<String> {
    let share = report.figure(&report.total, KpiId::Fcr)?.provisional.filter(|share| *share > 0.0)?;
    let window = days(report.settings.fcr_window);
    (report.settings.fcr_method == FcrMethod::Repeat)
        .then(|| text!("report-provisional", share = format!("{share:.0}"), window = window))
}

/// What people say of the period, in order of time.
fn annotations(report: &Report) -> Vec<String> {
    let mut said: Vec<&Annotation> = report.annotations.iter().collect();
    said.sort_by_key(|said| (said.at, said.id));
    let line = |said: &Annotation| {
        let at = report.local_time(said.at);
        let when = said.until.map_or_else(|| at.clone(), |until| format!("{at} – {}", report.local_time(until)));
        let of = if said.of.is_total() { String::new() } else { format!("{}: ", said.of) };
        format!("  {}", text!("annotation", when = when, text = format!("{of}{}", said.text), who = said.who.name))
    };
    let heading = (!said.is_empty()).then(|| text!("report-annotations").to_owned());
    heading.into_iter().chain(said.into_iter().map(line)).collect()
}

fn days(span: Span) -> String {
    let hours = span.as_secs_f64() / 3600.0;
    if hours >= 48.0 {
        text!("report-days", count = (hours / 24.0).to_string())
    } else {
        text!("report-hours", count = hours.to_string())
    }
}

fn legend(report: &Report) -> Option<String> {
    let figures = || report.total.iter().chain(report.rows.iter().flat_map(|row| &row.figures));
    let any = |verdict: Verdict| figures().any(|figure: &Figure| figure.verdict == verdict);
    let few = text!("report-few", count = report.settings.min_samples);
    let parts: Vec<_> = [
        (Verdict::Critical, text!("report-past-critical")),
        (Verdict::Warning, text!("report-past-warning")),
        (Verdict::FewSamples, few.as_str()),
    ]
    .into_iter()
    .filter(|(verdict, _)| any(*verdict))
    .map(|(_, words)| words)
    .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}
