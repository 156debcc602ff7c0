//! Detects the format of an input from its content; file names do not matter.

use serde::{Deserialize, Serialize};

use crate::text::strip_bom;

/// The format of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputFormat {
    /// Asterisk's queue_log.
    QueueLog,
    /// Contact events, one JSON object per line.
    Events,
    /// A table, usually with one row per contact.
    Csv,
}

/// How many lines are examined, since a recording can begin with a malformed line.
const MAX_LINES: usize = 50;

impl InputFormat {
    /// The name to show.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::QueueLog => "queue_log",
            Self::Events => "contact events",
            Self::Csv => "table",
        }
    }
}

/// The format of a file that begins with `head`; `None` if it is empty or in no known format.
#[must_use]
pub fn detect(head: &[u8]) -> Option<InputFormat> {
    let head = strip_bom(head);
    let lines = || head.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(MAX_LINES);
    let (mut logs, mut events) = (0, 0);
    for line in lines() {
        logs += usize::from(is_queue_log(line));
        events += usize::from(is_event(line));
    }
    if events > 0 && events >= logs {
        // Objects that are no events are the rows of a table.
        let are_rows = events > 0 && !lines().any(|line| line.windows(13).any(|part| part == b"\"specversion\""));
        let is_table = are_rows && super::csv::is_table(head);
        return Some(if is_table { InputFormat::Csv } else { InputFormat::Events });
    }
    if logs > 0 {
        return Some(InputFormat::QueueLog);
    }
    let is_text = !lines().next()?.contains(&0);
    (is_text && super::csv::is_table(head)).then_some(InputFormat::Csv)
}

/// Whether the line has the shape `digits[.digits]|…|…|…|VERB`.
fn is_queue_log(line: &[u8]) -> bool {
    let mut fields = line.split(|&b| b == b'|');
    let is_time = |field: &[u8]| {
        let whole = field.split(|&b| b == b'.').next().unwrap_or_default();
        (1..=12).contains(&whole.len()) && field.iter().all(|b| b.is_ascii_digit() || *b == b'.')
    };
    fields.next().is_some_and(is_time)
        && fields.nth(3).is_some_and(|verb| {
            !verb.is_empty() && verb.iter().any(u8::is_ascii_alphabetic) && !verb.iter().any(u8::is_ascii_lowercase)
        })
}

/// Whether the line looks like a JSON object.
fn is_event(line: &[u8]) -> bool {
    let inner = line.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inner.is_some_and(|inner| inner.starts_with(b"\"") || inner.starts_with(b"}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_detected_from_the_content() {
        assert_eq!(detect(b"1795430754|NONE|NONE|NONE|QUEUESTART|\n"), Some(InputFormat::QueueLog));
        assert_eq!(detect(b"\xef\xbb\xbf1795430754.5|1.2|q|NONE|ENTERQUEUE||1|1"), Some(InputFormat::QueueLog));
        assert_eq!(detect(b"only\nEvent: Fake\n1795430754|1.2|q|A|CONNECT|1|2|3\n"), Some(InputFormat::QueueLog));
        assert_eq!(detect(b"{\"specversion\":\"1.0\"}\n"), Some(InputFormat::Events));
        assert_eq!(detect(b"\n\n  {}\n"), Some(InputFormat::Events));
        assert_eq!(detect(b"{\"ContactId\":1,\"Queue\":{\"Name\":\"a\"}}\n"), Some(InputFormat::Csv));
        assert_eq!(detect(b"Call Id,Date,Agent\n1,2,3\n"), Some(InputFormat::Csv));
        assert_eq!(detect(b"id|time|queue|agent|answered\n1|2|3|4|yes\n"), Some(InputFormat::Csv));
        assert_eq!(detect(b"Report of March\nClaims\n\nTime,Agent\n1,2\n3,4\n"), Some(InputFormat::Csv));
        assert_eq!(detect(b""), None);
        assert_eq!(detect(b"\n\r\n"), None);
        assert_eq!(detect(b"Dear reader\nhow are you\n"), None);
        assert_eq!(detect(b"PK\x03\x04\x00,\x00\x00"), None);
    }
}
