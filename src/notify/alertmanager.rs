//! Alertmanager: `POST /api/v2/alerts`. An alert there is its labels; it is told again and again while it lasts, and
//! ends by itself when nobody tells of it any more.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::message::AlertMessage;
use crate::alert::{Episode, HistoryKind, Severity};
use crate::clock::{Span, Time};

/// Where alerts go, below the configured address.
pub(super) const PATH: &str = "api/v2/alerts";
/// So often it is told what lasts.
pub(super) const AGAIN: Duration = Duration::from_mins(1);
/// It is over when nothing has been heard for so long: four times may fail.
const LASTS: Span = Span(5 * Span::MINUTE.0);

/// The alerts that an episode is there. The severity is a label, so one that changed has ended as what it was.
pub(super) fn alerts(message: &AlertMessage, episode: &Episode, now: Time) -> Vec<Value> {
    let starts = episode.fired.unwrap_or(episode.since);
    let alert = |severity: Severity, ends: Time| {
        let mut labels = Map::new();
        let mut label = |name: &str, value: &str| {
            if !value.is_empty() {
                labels.insert(name.to_owned(), json!(value));
            }
        };
        label("alertname", message.rule.as_str());
        label("severity", severity.key());
        label("floor", message.floor.as_str());
        label("kpi", message.kpi.map_or("", |kpi| kpi.def().key));
        label("source", message.source.as_ref().map_or("", |source| source.as_str()));
        for (dim, value) in episode.slice.parts() {
            label(dim.key(), value.as_str());
        }
        let mut annotations = Map::new();
        annotations.insert("summary".to_owned(), json!(message.title));
        annotations.insert("description".to_owned(), json!(message.text));
        annotations.insert("action".to_owned(), json!(message.action));
        if let Some(who) = &message.who {
            annotations.insert("taken_by".to_owned(), json!(who));
        }
        let mut alert = json!({
            "labels": labels,
            "annotations": annotations,
            "startsAt": starts.to_string(),
            "endsAt": ends.to_string(),
        });
        if let (Some(link), Some(alert)) = (&message.link, alert.as_object_mut()) {
            alert.insert("generatorURL".to_owned(), json!(link));
        }
        alert
    };
    let mut alerts = vec![alert(episode.severity, episode.resolved.unwrap_or(now + LASTS))];
    let turned =
        episode.trail.iter().rev().find(|entry| matches!(entry.kind, HistoryKind::Worsened | HistoryKind::Eased));
    if let Some(turned) = turned {
        let before = match episode.severity {
            Severity::Warning => Severity::Critical,
            Severity::Critical => Severity::Warning,
        };
        alerts.push(alert(before, turned.at));
    }
    alerts
}
