//! Parses an HTTP body or message of contact events: one event, a JSON array, or one event per line.

use serde_json::value::RawValue;

use crate::clock::Time;
use crate::event::Event;
use crate::source::format::contact_events;
use crate::source::format::limits::{MAX_LINE_BYTES, MAX_REJECTIONS, check_json_array};
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use crate::text::strip_bom;

/// How a body holds events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// One JSON object.
    One,
    /// A JSON array of events.
    Batch,
    /// One JSON object per line.
    Lines,
    /// Any of these, detected from the content.
    ByContent,
}

impl BodyFormat {
    /// The accepted content types, as the value of the `Accept-Post` header.
    pub(crate) const ACCEPTED: &'static str =
        "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, application/json";

    /// The format of a `Content-Type`; `None` if the type is not accepted or the charset is not UTF-8.
    pub(crate) fn from_content_type(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        let format = match parts.next()?.to_ascii_lowercase().as_str() {
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
        charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8")).then_some(format)
    }
}

/// The content of a body.
#[derive(Debug, Default)]
pub(crate) struct ParsedBody {
    pub(crate) events: Vec<Event>,
    /// Where each of the events stood: the line, or the position in the array, from 1.
    pub(crate) positions: Vec<u64>,
    /// The number of events of unknown types.
    pub(crate) ignored: u64,
    /// The first [`MAX_REJECTIONS`] rejected events: the line, or the position in the array, from 1, and the reason.
    pub(crate) rejected: Vec<(u64, RejectionReason)>,
    /// The number of rejected events after those.
    pub(crate) more_rejected: usize,
    /// The unknown types and fields.
    pub(crate) tally: InputTally,
}

impl ParsedBody {
    /// The number of events, ignored and rejected ones included.
    pub(crate) fn len(&self) -> usize {
        self.events.len() + self.rejected_count() + usize::try_from(self.ignored).unwrap_or(usize::MAX)
    }

    /// The number of rejected events.
    pub(crate) const fn rejected_count(&self) -> usize {
        self.rejected.len() + self.more_rejected
    }

    /// Add what a part of the body holds, which stands at `position`.
    pub(crate) fn absorb(&mut self, position: u64, part: Self) {
        self.events.extend(part.events);
        self.positions.resize(self.events.len(), position);
        self.ignored += part.ignored;
        self.more_rejected += part.more_rejected;
        part.rejected.into_iter().for_each(|(_, reason)| self.reject(position, reason));
        self.tally.absorb(&part.tally);
    }

    /// Count a rejected event.
    pub(crate) fn reject(&mut self, position: u64, reason: RejectionReason) {
        if self.rejected.len() < MAX_REJECTIONS {
            self.rejected.push((position, reason));
        } else {
            self.more_rejected += 1;
        }
    }

    /// Whether there were events and all of them were rejected.
    pub(crate) fn is_all_rejected(&self) -> bool {
        self.events.is_empty() && self.ignored == 0 && !self.rejected.is_empty()
    }

    /// Add what `read` makes of an event; nothing is one that is ignored.
    fn add<I: IntoIterator<Item = Event>>(
        &mut self,
        position: u64,
        text: &[u8],
        read: impl Fn(&[u8], &mut InputTally) -> Result<I, RejectionReason>,
    ) {
        if text.len() > MAX_LINE_BYTES {
            self.reject(position, format!("longer than {} KiB", MAX_LINE_BYTES / 1024).into());
            return;
        }
        let before = self.events.len();
        match read(text, &mut self.tally) {
            Ok(events) => {
                self.events.extend(events);
                self.positions.resize(self.events.len(), position);
                self.ignored += u64::from(self.events.len() == before);
            }
            Err(reason) => self.reject(position, reason),
        }
    }
}

/// Parse a body. Events with a time later than `latest` are rejected.
pub(crate) fn parse(body: &[u8], format: BodyFormat, latest: Time) -> ParsedBody {
    parse_with(body, format, |text, tally| contact_events::parse(text, latest, tally))
}

/// Parse a body whose events `read` makes contact events of.
pub(crate) fn parse_with<I: IntoIterator<Item = Event>>(
    body: &[u8],
    format: BodyFormat,
    read: impl Fn(&[u8], &mut InputTally) -> Result<I, RejectionReason>,
) -> ParsedBody {
    let (mut found, body) = (ParsedBody::default(), strip_bom(body));
    let format = if format == BodyFormat::ByContent { detect_format(body) } else { format };
    match format {
        BodyFormat::One | BodyFormat::ByContent => found.add(1, body, &read),
        BodyFormat::Batch => match check_json_array(body).map(|()| serde_json::from_slice::<Vec<&RawValue>>(body)) {
            Err(too_much) => found.reject(1, too_much.into()),
            Ok(Ok(items)) => {
                for (position, item) in (1..).zip(items) {
                    found.add(position, item.get().as_bytes(), &read);
                }
            }
            Ok(Err(error)) => found.reject(1, RejectionReason::new("not a JSON array of events", error)),
        },
        BodyFormat::Lines => {
            for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
                if !line.trim_ascii().is_empty() {
                    found.add(number, strip_bom(line), &read);
                }
            }
        }
    }
    found
}

fn detect_format(body: &[u8]) -> BodyFormat {
    if body.trim_ascii_start().starts_with(b"[") {
        BodyFormat::Batch
    } else if serde_json::from_slice::<&RawValue>(body).is_ok() {
        // A single object can span several lines.
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
    fn the_content_type_gives_the_format() {
        for (word, format) in [
            ("application/cloudevents+json", Some(BodyFormat::One)),
            ("application/CloudEvents+JSON; charset=UTF-8", Some(BodyFormat::One)),
            ("application/cloudevents-batch+json;charset=\"utf-8\"", Some(BodyFormat::Batch)),
            ("application/x-ndjson", Some(BodyFormat::Lines)),
            ("application/json", Some(BodyFormat::ByContent)),
            ("application/json; charset=utf-16", None),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(BodyFormat::from_content_type(word), format, "{word}");
        }
    }

    #[test]
    fn the_format_of_plain_json_is_detected() {
        let pretty = event(1).replace(',', ",\n");
        let lines = format!("{}\n\r\n{}\r\n", event(1), event(2));
        let batch = format!(" [{}, {}]", event(1), event(2));
        for (body, events) in [(pretty, 1), (lines, 2), (batch, 2), ("[]".to_owned(), 0)] {
            let marked = format!("\u{feff}{}", body.replace("\r\n{", "\r\n\u{feff}{"));
            let found = parse(marked.as_bytes(), BodyFormat::ByContent, LATEST);
            assert_eq!((found.events.len(), found.rejected.len()), (events, 0), "{marked}");
            let found = parse(body.as_bytes(), BodyFormat::ByContent, LATEST);
            assert_eq!((found.events.len(), found.rejected.len()), (events, 0), "{body}");
        }
    }

    #[test]
    fn invalid_events_are_reported_by_position_and_the_others_parsed() {
        let bad = event(2).replace("1.0", "0.3");
        let unknown = event(3).replace("floorwatch.", "other.");
        let found = parse(format!("{}\n{bad}\n{unknown}\nrubbish", event(1)).as_bytes(), BodyFormat::Lines, LATEST);
        assert_eq!((found.events.len(), found.ignored, found.len()), (1, 1, 4));
        assert_eq!(found.rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
        let found = parse(format!("[{}, 7, {bad}]", event(1)).as_bytes(), BodyFormat::Batch, LATEST);
        assert_eq!(found.events.len(), 1);
        assert_eq!(found.rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn of_many_rejected_events_the_first_are_kept_and_all_are_counted() {
        let found = parse("{}\n".repeat(50_000).as_bytes(), BodyFormat::Lines, LATEST);
        assert_eq!((found.rejected.len(), found.rejected_count(), found.len()), (MAX_REJECTIONS, 50_000, 50_000));
    }

    #[test]
    fn anything_else_is_rejected() {
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_LINE_BYTES));
        let deep = "[".repeat(100_000);
        for body in [b"\xff\xfe\x00".as_slice(), b"{", b"null", b"[{]", deep.as_bytes(), long.as_bytes()] {
            for format in [BodyFormat::One, BodyFormat::Batch, BodyFormat::Lines, BodyFormat::ByContent] {
                let found = parse(body, format, LATEST);
                assert!(found.is_all_rejected(), "{format:?} {:?}", found.events);
            }
        }
    }
}
