//! Durations as people write them: `90s`, `15m`, `1h30m`, `1.5h`, `7d`, `2w`. This is the one parser for the
//! configuration file, the alert rules, the command line and the API.

use serde::{Deserialize, Deserializer};

use super::Span;
use crate::text::Label;

const UNITS: [(&str, Span); 7] = [
    ("ms", Span(1_000)),
    ("s", Span::SECOND),
    ("m", Span::MINUTE),
    ("min", Span::MINUTE),
    ("h", Span::HOUR),
    ("d", Span::DAY),
    ("w", Span(7 * Span::DAY.0)),
];

/// The text is not a duration. The message quotes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write `20` (seconds), `90s`, `15m`, `1h30m` or `7d`")]
pub struct DurationError(Label);

/// Parse a sum of numbers with units (`ms`, `s`, `m` or `min`, `h`, `d`, `w`), or a bare number of seconds. Numbers can
/// have decimals, and terms can be separated by spaces.
///
/// # Errors
/// [`DurationError`] if the text has another form, is negative, or exceeds a century.
pub fn parse(text: &str) -> Result<Span, DurationError> {
    seconds(text.trim())
        .and_then(Span::from_secs_f64)
        .filter(|span| *span >= Span::ZERO)
        .ok_or_else(|| DurationError(Label::new(text)))
}

fn seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?)?;
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        total += number.parse::<f64>().ok()? * unit.as_secs_f64();
        rest = after.trim_start();
    }
    Some(total)
}

/// Format a span so that [`parse`] reads it back, in the fewest units: `1h30m`, `7d`, `20s`.
#[must_use]
pub fn show(span: Span) -> String {
    let mut rest = span.0.max(0);
    let mut out = String::new();
    for (name, unit) in
        [("d", Span::DAY), ("h", Span::HOUR), ("m", Span::MINUTE), ("s", Span::SECOND), ("ms", Span(1000))]
    {
        let whole = rest / unit.0;
        rest %= unit.0;
        if whole > 0 {
            out.push_str(&whole.to_string());
            out.push_str(name);
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// For `#[serde(default, deserialize_with)]` on an optional key: a number of seconds, or text for [`parse`].
///
/// # Errors
/// If the value is neither.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a length of time: \"30s\", \"5m\", \"1h\" or a number of seconds")]
    enum SecondsOrText {
        Seconds(f64),
        Text(String),
    }
    let text = match SecondsOrText::deserialize(deserializer)? {
        SecondsOrText::Seconds(seconds) => seconds.to_string(),
        SecondsOrText::Text(text) => text,
    };
    parse(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("20", 20.0),
            ("2.5", 2.5),
            ("60s", 60.0),
            ("15m", 900.0),
            ("1h30m", 5400.0),
            ("7d", 604_800.0),
            ("1w", 604_800.0),
            ("1.5h", 5400.0),
            ("5min", 300.0),
            ("0", 0.0),
            ("500ms", 0.5),
        ] {
            assert_eq!(parse(text).ok(), Span::from_secs_f64(seconds), "{text}");
        }
        assert_eq!(parse(" 1h 5m ").unwrap(), Span::seconds(3900));
    }

    #[test]
    fn says_what_is_not_one() {
        for text in
            ["", "-5", "soon", "5 parsecs", "1e99", "m", "NaN", "1.2.3s", "15m ago", "5m3", "1h-", "99999999999999999h"]
        {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("`15m`"), "{error}");
        }
    }

    #[test]
    fn shows_what_it_reads() {
        for text in ["0s", "20s", "15m", "1h30m", "7d", "1d2h3m4s5ms"] {
            assert_eq!(show(parse(text).unwrap()), text);
        }
    }
}
