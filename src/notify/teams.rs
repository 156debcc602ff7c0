//! Microsoft Teams: an adaptive card for a workflow with a webhook trigger.

use serde_json::{Value, json};

use super::NoticeKind;
use super::message::AlertMessage;
use crate::alert::Severity;

/// The request body. External text is in text runs: a text block would interpret Markdown and `{{DATE(…)}}`.
pub(super) fn body(message: &AlertMessage) -> Value {
    let run = |text: &str| json!({ "type": "TextRun", "text": text });
    let colour = match (message.event, message.severity) {
        (NoticeKind::Resolved, _) => "Good",
        (NoticeKind::Acknowledged, _) => "Accent",
        (_, Severity::Critical) => "Attention",
        (_, Severity::Warning) => "Warning",
    };
    let title =
        json!({ "type": "TextRun", "text": message.title, "weight": "Bolder", "size": "Medium", "color": colour });
    let mut blocks = vec![json!({ "type": "RichTextBlock", "inlines": [title] })];
    if !message.title.ends_with(&message.text) {
        blocks.push(json!({ "type": "RichTextBlock", "inlines": [run(&message.text)] }));
    }
    for (name, value) in message.facts() {
        let name = json!({ "type": "TextRun", "text": format!("{name}: "), "isSubtle": true });
        blocks.push(json!({ "type": "RichTextBlock", "spacing": "Small", "inlines": [name, run(&value)] }));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "msteams": { "width": "Full" },
    });
    if let (Some(link), Some(card)) = (&message.link, card.as_object_mut()) {
        let open = json!({ "type": "Action.OpenUrl", "title": "Open the board", "url": link });
        card.insert("actions".to_owned(), json!([open]));
    }
    let attachment =
        json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    json!({ "type": "message", "attachments": [attachment] })
}
