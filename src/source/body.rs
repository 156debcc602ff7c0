//! A body of contact events: one, a batch, or one a line.

use serde_json::value::RawValue;

use crate::clock::Time;
use crate::event::Event;
use crate::source::lines::MAX_LINE_BYTES;
use crate::source::tally::InputTally;
use crate::source::wire;

/// How events stand in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// One event.
    One,
    /// A JSON array of them.
    Batch,
    /// One a line.
    Lines,
    /// Any of these, by what the body looks like.
    ByContent,
}

impl BodyFormat {
    /// What `Accept-Post` says.
    pub(crate) const ACCEPTED: &'static str =
        "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, application/json";

    /// From a `Content-Type`; `None` where it is none of ours or not UTF-8.
    pub(crate) fn of(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        let form = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/cloudevents+json" => Self::One,
            "application/cloudevents-batch+json" => Self::Batch,
            "application/x-ndjson" | "application/ndjson" => Self::Lines,
            "application/json" => Self::ByContent,
            _ => return None,
        };
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")).then_some(form)
    }
}

/// What was in a body.
#[derive(Debug, Default)]
pub(crate) struct ParsedBody {
    /// What is to be counted.
    pub(crate) events: Vec<Event>,
    /// How many events were of a type that says nothing to a floor.
    pub(crate) ignored: u64,
    /// What was set aside: the line (in an array the place, from 1) and why.
    pub(crate) rejected: Vec<(u64, String)>,
}

impl ParsedBody {
    /// How many things there were.
    pub(crate) fn len(&self) -> usize {
        self.events.len() + self.rejected.len() + usize::try_from(self.ignored).unwrap_or(usize::MAX)
    }

    /// Whether there was something and nothing of it is any good.
    pub(crate) fn is_useless(&self) -> bool {
        self.events.is_empty() && self.ignored == 0 && !self.rejected.is_empty()
    }

    fn add(&mut self, place: u64, text: &[u8], latest: Time, tally: &mut InputTally) {
        if text.len() > MAX_LINE_BYTES {
            self.rejected.push((place, format!("longer than {} KiB", MAX_LINE_BYTES / 1024)));
            return;
        }
        match wire::parse(text, latest, tally) {
            Ok(Some(event)) => self.events.push(event),
            Ok(None) => self.ignored += 1,
            Err(reason) => self.rejected.push((place, reason)),
        }
    }
}

/// Read a body. Times after `latest` are refused.
pub(crate) fn read(body: &[u8], form: BodyFormat, latest: Time) -> ParsedBody {
    let mut found = ParsedBody::default();
    let mut tally = InputTally::default();
    match form {
        BodyFormat::One => found.add(1, body, latest, &mut tally),
        BodyFormat::Batch => match serde_json::from_slice::<Vec<&RawValue>>(body) {
            Ok(items) => {
                for (place, item) in (1..).zip(items) {
                    found.add(place, item.get().as_bytes(), latest, &mut tally);
                }
            }
            Err(error) => found.rejected.push((1, format!("not a JSON array of events: {error}"))),
        },
        BodyFormat::Lines => {
            for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
                if !line.trim_ascii().is_empty() {
                    found.add(number, line, latest, &mut tally);
                }
            }
        }
        BodyFormat::ByContent => return read(body, by_content(body), latest),
    }
    found
}

fn by_content(body: &[u8]) -> BodyFormat {
    if body.trim_ascii_start().starts_with(b"[") {
        BodyFormat::Batch
    } else if serde_json::from_slice::<&RawValue>(body).is_ok() {
        // One object may take several lines.
        BodyFormat::One
    } else {
        BodyFormat::Lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATEST: Time = Time(i64::MAX);

    fn event(id: u32) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/s","type":"floorwatch.contact.held","time":"2026-03-02T09:00:00Z","data":{{"contact":"c"}}}}"#
        )
    }

    #[test]
    fn the_content_type_says_the_form() {
        for (word, form) in [
            ("application/cloudevents+json", Some(BodyFormat::One)),
            ("application/CloudEvents+JSON; charset=UTF-8", Some(BodyFormat::One)),
            ("application/cloudevents-batch+json;charset=\"utf-8\"", Some(BodyFormat::Batch)),
            ("application/x-ndjson", Some(BodyFormat::Lines)),
            ("application/json", Some(BodyFormat::ByContent)),
            ("application/json; charset=utf-16", None),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(BodyFormat::of(word), form, "{word}");
        }
    }

    #[test]
    fn json_is_read_by_its_content() {
        let pretty = event(1).replace(',', ",\n");
        let lines = format!("{}\n\r\n{}\r\n", event(1), event(2));
        let batch = format!(" [{}, {}]", event(1), event(2));
        for (body, events) in [(pretty, 1), (lines, 2), (batch, 2), ("[]".to_owned(), 0)] {
            let found = read(body.as_bytes(), BodyFormat::ByContent, LATEST);
            assert_eq!((found.events.len(), found.rejected.len()), (events, 0), "{body}");
        }
    }

    #[test]
    fn what_is_bad_is_named_by_its_place_and_the_rest_is_taken() {
        let bad = event(2).replace("1.0", "0.3");
        let unknown = event(3).replace("floorwatch.", "other.");
        let found = read(format!("{}\n{bad}\n{unknown}\nrubbish", event(1)).as_bytes(), BodyFormat::Lines, LATEST);
        assert_eq!((found.events.len(), found.ignored, found.len()), (1, 1, 4));
        assert_eq!(found.rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
        let found = read(format!("[{}, 7, {bad}]", event(1)).as_bytes(), BodyFormat::Batch, LATEST);
        assert_eq!(found.events.len(), 1);
        assert_eq!(found.rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn garbage_is_refused_whatever_it_is() {
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_LINE_BYTES));
        let deep = "[".repeat(100_000);
        for body in [b"\xff\xfe\x00".as_slice(), b"{", b"null", b"[{]", deep.as_bytes(), long.as_bytes()] {
            for form in [BodyFormat::One, BodyFormat::Batch, BodyFormat::Lines, BodyFormat::ByContent] {
                let found = read(body, form, LATEST);
                assert!(found.is_useless(), "{form:?} {:?}", found.events);
            }
        }
    }
}
