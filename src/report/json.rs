//! A report as one JSON object, for programs. Values are not rounded; an unknown value is `null`, with the reason.

use serde_json::{Map, Value, json};

use super::{MAX_LISTED_REJECTIONS, Report};
use crate::engine::Contradiction;
use crate::kpi::{AnswerRow, Dim, Figure, Kpi, KpiId, Unit};
use crate::source::Rejection;

pub(super) fn render(report: &Report) -> String {
    let object = json!({
        "from": report.from,
        "to": report.to,
        "settings": settings(report),
        "input": input(report),
        "total": figures(&report.kpis, &report.total),
        "rows": report.rows.iter().map(|row| row_object(report, row)).collect::<Vec<_>>(),
        "annotations": report.annotations,
    });
    format!("{object:#}\n")
}

fn settings(report: &Report) -> Value {
    let settings = &report.settings;
    json!({
        "service_level_s": settings.service_level.as_secs_f64(),
        "service_level_formula": settings.formula,
        "short_abandon_s": settings.short_abandon.as_secs_f64(),
        "left_excluded": settings.left_excluded,
        "fcr_method": settings.fcr_method,
        "fcr_window_s": settings.fcr_window.as_secs_f64(),
        "min_samples": settings.min_samples,
        "lateness_s": settings.lateness.as_secs_f64(),
        "contact_ttl_s": settings.contact_ttl.as_secs_f64(),
        "timezone": report.calendar.zone.name(),
        "day_starts": report.calendar.day_starts.format("%H:%M").to_string(),
    })
}

fn input(report: &Report) -> Value {
    let input = &report.input;
    let place = |rejection: &Rejection| json!({ "file": rejection.place, "line": rejection.line, "reason": rejection.reason.to_string() });
    let rejections: Vec<_> = input.rejections.iter().take(MAX_LISTED_REJECTIONS).map(place).collect();
    let incomplete: Vec<_> = input.incomplete.iter().map(place).collect();
    let contradiction = |steps: &Contradiction| {
        let Contradiction { origin, step, count, contact, at } = steps;
        json!({ "origin": origin, "step": step, "count": count, "contact": contact, "at": at })
    };
    let contradictions: Vec<_> = input.contradictions.iter().take(MAX_LISTED_REJECTIONS).map(contradiction).collect();
    json!({
        "events": input.events,
        "rejected": input.rejected,
        "duplicates": input.duplicates,
        "late": input.late,
        "out_of_place": input.out_of_place,
        "contradictions": contradictions,
        "unknown_types": input.unknown_types,
        "unknown_fields": input.unknown_fields,
        "rejections": rejections,
        "incomplete": incomplete,
        "remarks": input.remarks,
    })
}

fn row_object(report: &Report, row: &AnswerRow) -> Value {
    let value = |dim: &Dim| match row.key.get(*dim) {
        Some(label) if !label.is_empty() => json!(label),
        _ => Value::Null,
    };
    let mut key: Map<String, Value> = report.by.iter().map(|dim| (dim.key().to_owned(), value(dim))).collect();
    if report.every.is_some() {
        key.insert("start".to_owned(), json!(row.start));
    }
    json!({ "key": key, "kpis": figures(&report.kpis, &row.figures) })
}

fn figures(kpis: &[KpiId], figures: &[Figure]) -> Value {
    let named = kpis.iter().zip(figures).map(|(id, figure)| {
        let kpi = id.def();
        (kpi.key.to_owned(), figure_object(kpi, figure))
    });
    Value::Object(named.collect())
}

fn figure_object(kpi: &Kpi, figure: &Figure) -> Value {
    let mut object = Map::new();
    object.insert("value".to_owned(), number(kpi.unit, figure.value));
    object.insert("n".to_owned(), json!(figure.n));
    for (name, value) in [("low", figure.low), ("high", figure.high), ("provisional", figure.provisional)] {
        if let Some(value) = value {
            object.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(reason) = &figure.reason {
        object.insert("reason".to_owned(), json!(reason));
    }
    if let Some(note) = &figure.note {
        object.insert("note".to_owned(), json!(note));
    }
    if !figure.parts.is_empty() {
        let part = |part: &crate::kpi::FigurePart| json!({ "key": part.key, "value": number(kpi.unit, part.value), "n": part.n });
        object.insert("parts".to_owned(), figure.parts.iter().map(part).collect());
    }
    if figure.observed {
        object.insert("observed".to_owned(), Value::Bool(true));
    }
    Value::Object(object)
}

/// A value in its unit's JSON type: counts are integers, flags are `true` or `false`.
fn number(unit: Unit, value: Option<f64>) -> Value {
    match (unit, value) {
        #[expect(clippy::cast_possible_truncation, reason = "counts stay below 2^53")]
        (Unit::Count, Some(value)) => json!(value.round() as i64),
        (Unit::Flag, Some(value)) => json!(value > 0.0),
        (_, value) => json!(value.filter(|value| value.is_finite())),
    }
}
