//! Alertmanager: `POST /api/v2/alerts`. Alertmanager identifies an alert by its labels. An active alert is posted again
//! every minute; one that is no longer posted expires there.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::message::AlertMessage;
use crate::alert::{Episode, HistoryKind, Severity};
use crate::clock::{Span, Time};

/// The path under the configured address.
pub(super) const PATH: &str = "api/v2/alerts";
/// How often active alerts are posted again.
pub(super) const REPEAT_INTERVAL: Duration = Duration::from_mins(1);
/// Alertmanager resolves an alert this long after the last post: four posts in a row may fail.
const EXPIRES_AFTER: Span = Span(5 * Span::MINUTE.0);

/// The alerts that represent an episode. The severity is a label, so an episode whose severity changed also yields
/// the end of the alert with the former severity.
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
    let mut alerts = vec![alert(episode.severity, episode.resolved.unwrap_or(now + EXPIRES_AFTER))];
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
