//! Parses a response that holds contact events, and finds the cursor of the next page in it.

use reqwest::header::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::Value;

use super::map::WEB_PAGE;
use crate::clock::Time;
use crate::event::Event;
use crate::source::format::body::{self, BodyFormat};
use crate::source::format::limits::check_json;
use crate::source::format::surrogates;
use crate::source::rejection::RejectionReason;

/// Servers have no longer cursor.
const MAX_CURSOR_BYTES: usize = 4096;

/// The key `cursor`: how to request only events that are new. The cursor is text that only the server understands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CursorSettings {
    /// The query parameter in which the cursor is sent.
    pub parameter: String,
    /// A JSON Pointer to the next cursor in the response.
    #[serde(default)]
    pub pointer: Option<String>,
    /// The response header that holds the next cursor, instead of `pointer`.
    #[serde(default)]
    pub header: Option<String>,
    /// A JSON Pointer to the list of events, if the response is an object.
    #[serde(default = "events")]
    pub events: String,
    /// A JSON Pointer to a boolean. If it is `true`, the next page is requested at once.
    #[serde(default = "has_more")]
    pub has_more: String,
}

fn events() -> String {
    "/events".to_owned()
}

fn has_more() -> String {
    "/has_more".to_owned()
}

impl CursorSettings {
    /// Check what can be checked without a response.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.parameter.is_empty() {
            return Err("needs the parameter's name".to_owned());
        }
        match (&self.pointer, &self.header) {
            (Some(_), None) => {}
            (None, Some(header)) if HeaderName::try_from(header).is_ok() => {}
            (None, Some(_)) => return Err("has a header whose name can't be one".to_owned()),
            _ => return Err("stands either at a pointer or in a header: write one of them".to_owned()),
        }
        let pointers = [self.pointer.as_ref(), Some(&self.events), Some(&self.has_more)];
        match pointers.into_iter().flatten().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            Some(wrong) => Err(format!("has the pointer `{wrong}`: a JSON Pointer begins with /")),
            None => Ok(()),
        }
    }

    /// The next cursor in a response whose body is `envelope`, if the body is an object.
    ///
    /// # Errors
    /// If it is too long: the same events would come for ever.
    fn next(&self, headers: &HeaderMap, envelope: Option<&Value>) -> Result<Option<String>, String> {
        let next = match (&self.header, &self.pointer) {
            (Some(header), _) => headers.get(header).and_then(|value| Some(value.to_str().ok()?.to_owned())),
            (None, Some(pointer)) => match envelope.and_then(|envelope| envelope.pointer(pointer)) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            },
            (None, None) => None,
        };
        match next.as_ref().map_or(0, String::len) {
            0 => Ok(None),
            1..=MAX_CURSOR_BYTES => Ok(next),
            length => Err(format!("with a cursor of {length} bytes: {MAX_CURSOR_BYTES} are the most")),
        }
    }
}

/// The content of a response.
#[derive(Debug, Default)]
pub(super) struct EventPage {
    pub(super) events: Vec<Event>,
    /// The rejected events: the line, or the position in a list, from 1, and the reason.
    pub(super) rejected: Vec<(u64, RejectionReason)>,
    /// The cursor of the next page, if the response has one.
    pub(super) cursor: Option<String>,
    /// Whether the next page is to be requested at once.
    pub(super) more: bool,
}

/// Parse a response. Events with a time later than `latest` are rejected.
///
/// # Errors
/// If the response holds no events: a description of what it is.
pub(super) fn parse(
    bytes: &[u8],
    headers: &HeaderMap,
    cursor: Option<&CursorSettings>,
    latest: Time,
) -> Result<EventPage, String> {
    let mut page = EventPage::default();
    let text = bytes.trim_ascii();
    if text.starts_with(b"<") {
        return Err(WEB_PAGE.to_owned());
    }
    // An object with `specversion` is an event itself, and any other object holds a list of events.
    let mut envelope = None;
    if text.starts_with(b"{") {
        check_json(text)?;
        let mended = || serde_json::from_str(&surrogates::mended(std::str::from_utf8(text).ok()?)?).ok();
        let value = serde_json::from_slice::<Value>(text).ok().or_else(mended);
        envelope = value.filter(|value| value.get("specversion").is_none());
    }
    page.cursor = cursor.map_or(Ok(None), |cursor| cursor.next(headers, envelope.as_ref()))?;
    let found = match (envelope, cursor) {
        (Some(envelope), Some(cursor)) => {
            page.more = envelope.pointer(&cursor.has_more) == Some(&Value::Bool(true));
            let Some(list) = envelope.pointer(&cursor.events).filter(|list| list.is_array()) else {
                return Err(format!("an object without a list of events at {}", cursor.events));
            };
            body::parse(list.to_string().as_bytes(), BodyFormat::Batch, latest)
        }
        (Some(_), None) => {
            return Err("an object that is no contact event: say in [source.map] what it means, or with `cursor` where its events are".to_owned());
        }
        (None, _) => body::parse(text, BodyFormat::ByContent, latest),
    };
    if text.is_empty() {
        return Ok(page);
    }
    if found.is_all_rejected() && !text.starts_with(b"{") && !text.starts_with(b"[") {
        return Err("no contact events".to_owned());
    }
    Ok(EventPage { events: found.events, rejected: found.rejected, ..page })
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const LATEST: Time = Time::from_unix(4_000_000_000);

    fn event(id: u32) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/crm","type":"floorwatch.contact.held","time":"2026-03-02T09:00:00Z","data":{{"contact":"c"}}}}"#
        )
    }

    fn cursor(text: &str) -> CursorSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn events_may_come_in_any_form() {
        let (one, two) = (event(1), event(2));
        let none = HeaderMap::new();
        for (text, count) in [
            (one.clone(), 1),
            (format!("[{one},{two}]"), 2),
            (format!("{one}\n{two}\n"), 2),
            (String::new(), 0),
            ("[]".to_owned(), 0),
        ] {
            let page = parse(text.as_bytes(), &none, None, LATEST).unwrap();
            assert_eq!((page.events.len(), page.rejected.len()), (count, 0), "{text}");
        }
        let page = parse(format!("[{one},{{}},{two}]").as_bytes(), &none, None, LATEST).unwrap();
        assert_eq!((page.events.len(), page.rejected[0].0), (2, 2));
        for (text, why) in [("<html>", "HTML"), ("{\"waiting\": 3}", "[source.map]"), ("down for tea", "no contact")] {
            assert!(parse(text.as_bytes(), &none, None, LATEST).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn a_cursor_that_is_too_long_to_be_kept_is_told() {
        let pointer = cursor("parameter = \"since\"\npointer = \"/next\"");
        let text = format!(r#"{{"events":[],"next":"{}"}}"#, "x".repeat(MAX_CURSOR_BYTES + 1));
        let said = parse(text.as_bytes(), &HeaderMap::new(), Some(&pointer), LATEST).unwrap_err();
        assert_eq!(said, "with a cursor of 4097 bytes: 4096 are the most");
    }

    #[test]
    fn the_next_cursor_stands_in_the_answer_or_in_a_header() {
        let mut headers = HeaderMap::new();
        headers.insert("x-next", HeaderValue::from_static("h7"));
        let text = format!(r#"{{"events":[{}],"next":7,"has_more":true}}"#, event(1));
        let pointer = cursor("parameter = \"since\"\npointer = \"/next\"");
        let page = parse(text.as_bytes(), &headers, Some(&pointer), LATEST).unwrap();
        assert_eq!((page.cursor.as_deref(), page.more, page.events.len()), (Some("7"), true, 1));
        let header = cursor("parameter = \"since\"\nheader = \"X-Next\"");
        let page = parse(event(1).as_bytes(), &headers, Some(&header), LATEST).unwrap();
        assert_eq!((page.cursor.as_deref(), page.more, page.events.len()), (Some("h7"), false, 1));
        let elsewhere = cursor("parameter = \"since\"\npointer = \"/next\"\nevents = \"/data\"");
        assert!(parse(text.as_bytes(), &headers, Some(&elsewhere), LATEST).unwrap_err().contains("/data"));
    }

    #[test]
    fn a_cursor_stands_in_one_place() {
        for (text, wrong) in [
            ("parameter = \"since\"", "either"),
            ("parameter = \"since\"\npointer = \"/a\"\nheader = \"b\"", "either"),
            ("parameter = \"\"\npointer = \"/a\"", "name"),
            ("parameter = \"since\"\npointer = \"next\"", "begins with /"),
            ("parameter = \"since\"\nheader = \"x y\"", "can't be one"),
        ] {
            assert!(cursor(text).check().unwrap_err().contains(wrong), "{text}");
        }
        assert_eq!(cursor("parameter = \"since\"\npointer = \"/next\"").check(), Ok(()));
    }
}
