//! Slack: an incoming webhook, with blocks.

use serde_json::{Value, json};

use super::message::AlertMessage;

/// Slack's limit for a header block.
const MAX_HEADER_CHARS: usize = 150;

/// The request body. External text is in `plain_text` elements, which Slack does not interpret; only the notification
/// line is markup, and is escaped.
pub(super) fn body(message: &AlertMessage) -> Value {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&cut(&message.title, MAX_HEADER_CHARS)) })];
    if !message.title.ends_with(&message.text) {
        blocks.push(json!({ "type": "section", "text": plain(&message.text) }));
    }
    let facts: Vec<Value> = message.facts().iter().map(|(name, value)| plain(&format!("{name}: {value}"))).collect();
    blocks.push(json!({ "type": "context", "elements": facts }));
    if let Some(link) = &message.link {
        let button = json!({ "type": "button", "text": plain("Open the board"), "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    json!({ "text": escape(&message.title), "blocks": blocks })
}

/// Escape markup, so that `<!channel>` in a queue's name mentions nobody.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;

    #[test]
    fn names_call_nobody_and_long_ones_fit() {
        let mut message = sample();
        message.title = format!("<!channel> & {}", "x".repeat(200));
        let body = body(&message);
        assert!(body["text"].as_str().unwrap().starts_with("&lt;!channel&gt; &amp; x"));
        assert_eq!(body["blocks"][0]["text"]["type"], "plain_text");
        assert_eq!(body["blocks"][0]["text"]["text"].as_str().unwrap().chars().count(), MAX_HEADER_CHARS);
    }
}
