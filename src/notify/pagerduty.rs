//! PagerDuty: Events API v2. An episode is one incident: its deduplication key is the episode's, so a message that is
//! sent twice has no further effect.

use serde_json::{Value, json};

use super::NoticeKind;
use super::message::AlertMessage;

/// The address for events in the US service region.
pub(super) const ADDRESS: &str = "https://events.pagerduty.com/v2/enqueue";
/// PagerDuty's limit for a summary.
const MAX_SUMMARY_CHARS: usize = 1024;

/// The request body, including the routing key.
pub(super) fn body(message: &AlertMessage, routing_key: &str) -> Value {
    let action = match message.event {
        NoticeKind::Firing | NoticeKind::Worsening => "trigger",
        NoticeKind::Acknowledged => "acknowledge",
        NoticeKind::Resolved => "resolve",
    };
    let mut body = json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": message.key,
    });
    if action == "trigger"
        && let Some(body) = body.as_object_mut()
    {
        let payload = json!({
            "summary": message.title.chars().take(MAX_SUMMARY_CHARS).collect::<String>(),
            "source": message.source.as_ref().unwrap_or(&message.floor),
            "severity": message.severity.key(),
            "timestamp": message.at.to_string(),
            "component": message.slice,
            "group": message.floor,
            "class": message.rule,
            "custom_details": {
                "text": message.text,
                "what_to_do": message.action,
                "since": message.since.to_string(),
                "value": message.value,
                "line": message.line,
                "flapping": message.flapping,
            },
        });
        body.insert("client".to_owned(), json!("floorwatch"));
        if let Some(link) = &message.link {
            body.insert("client_url".to_owned(), json!(link));
            body.insert("links".to_owned(), json!([{ "href": link, "text": "Open the board" }]));
        }
        body.insert("payload".to_owned(), payload);
    }
    body
}
