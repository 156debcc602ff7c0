//! Templates for the body of a webhook: `{field}` is replaced by a field of the message; `{{` and `}}` are braces.
//!
//! A JSON template is parsed first and filled in string by string, so a value cannot break out of its string, whatever a
//! queue is called. Inserted values are not expanded again.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::message::AlertMessage;

/// A JSON document with `{field}` in its strings.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Value);

impl Template {
    /// The body for `message`. A string that is nothing but one field keeps the field's type: `"{value}"` becomes a number.
    pub(super) fn fill(&self, message: &AlertMessage) -> Value {
        fill_value(&self.0, &fields(message))
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let value: Value =
            serde_json::from_str(&text).map_err(|error| Error::custom(format!("the template is no JSON: {error}")))?;
        check_value(&value).map_err(Error::custom)?;
        Ok(Self(value))
    }
}

/// What there is to fill in. The event's own JSON has the same names.
fn fields(message: &AlertMessage) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}

/// Fill in a plain text template.
pub(super) fn text(template: &str, message: &AlertMessage) -> String {
    fill(template, &fields(message))
}

/// Check that every `{field}` of a template exists.
///
/// # Errors
/// A description of the mistake.
pub(super) fn check(template: &str) -> Result<(), String> {
    for piece in pieces(template) {
        match piece {
            Piece::Field(name) if !AlertMessage::FIELDS.contains(&name) => {
                return Err(format!(
                    "has `{{{name}}}`, which is no field; there is {} (`{{{{` is a brace)",
                    AlertMessage::FIELDS.join(", ")
                ));
            }
            Piece::Open => return Err("has a `{` that is never closed; `{{` is a brace".to_owned()),
            Piece::Field(_) | Piece::Text(_) => {}
        }
    }
    Ok(())
}

fn check_value(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => check(text).map_err(|wrong| format!("the template {wrong}")),
        Value::Array(items) => items.iter().try_for_each(check_value),
        Value::Object(entries) => entries.values().try_for_each(check_value),
        _ => Ok(()),
    }
}

fn fill_value(template: &Value, fields: &Value) -> Value {
    match template {
        Value::String(text) => {
            let mut pieces = pieces(text);
            match (pieces.next(), pieces.next()) {
                (Some(Piece::Field(name)), None) => fields.get(name).cloned().unwrap_or_default(),
                _ => Value::String(fill(text, fields)),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_value(item, fields)).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), fill_value(value, fields))).collect())
        }
        other => other.clone(),
    }
}

fn fill(template: &str, fields: &Value) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Field(name) => match fields.get(name) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        },
        Piece::Open => String::new(),
    };
    pieces(template).map(piece).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Field(&'t str),
    /// A brace that is never closed.
    Open,
}

fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        for (twice, brace) in [("{{", "{"), ("}}", "}")] {
            if let Some(after) = rest.strip_prefix(twice) {
                rest = after;
                return Some(Piece::Text(brace));
            }
        }
        if let Some(after) = rest.strip_prefix('{') {
            let Some((name, after)) = after.split_once('}') else {
                rest = "";
                return Some(Piece::Open);
            };
            rest = after;
            return Some(Piece::Field(name));
        }
        // A lone closing brace is text.
        let from = usize::from(rest.starts_with('}'));
        let end = rest.bytes().skip(from).position(|byte| matches!(byte, b'{' | b'}'));
        let (text, after) = rest.split_at(end.map_or(rest.len(), |end| end + from));
        rest = after;
        Some(Piece::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;

    fn template(text: &str) -> Result<Template, String> {
        Template::deserialize(Value::String(text.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_breaks_out_of_its_string() {
        let template = template(r#"{"text": "{queue}: {title}", "value": "{value}", "braces": "{{queue}}"}"#).unwrap();
        for hostile in [r#"", "admin": true, "x": ""#, "two\nlines", "{{title}}", "{title}", r"\", "}", "\u{202e}x"] {
            let mut message = sample();
            message.queue = Some(hostile.into());
            let filled = template.fill(&message);
            let text = serde_json::to_string(&filled).unwrap();
            let back: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(back.as_object().unwrap().len(), 3, "{text}");
            let queue = message.queue.unwrap();
            assert_eq!(back["text"], format!("{queue}: {}", message.title));
            assert_eq!((back["value"].as_f64(), back["braces"].as_str()), (Some(62.0), Some("{queue}")));
        }
    }

    #[test]
    fn plain_text_is_filled_in_once() {
        let mut message = sample();
        message.queue = Some("{note}".into());
        assert_eq!(super::text("{queue}/{event}/{note}/{{}}/}", &message), "{note}/firing//{}/}");
    }

    #[test]
    fn mistakes_are_named() {
        assert!(template("{\"a\": ").unwrap_err().contains("no JSON"));
        assert!(template(r#"{"a": "{titel}"}"#).unwrap_err().contains("`{titel}`, which is no field; there is id,"));
        assert!(check("{title").unwrap_err().contains("never closed"));
    }

    #[test]
    fn the_list_of_fields_is_the_message_s() {
        let fields = fields(&sample());
        let names: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, AlertMessage::FIELDS);
    }
}
