//! Lengths of time as people write them: `60s`, `15m`, `1h30m`, `7d`.

use serde::{Deserialize, Deserializer};

use super::Span;

/// The units, by their whole names.
const UNITS: [(&str, i64); 7] = [
    ("w", 7 * Span::DAY.0),
    ("d", Span::DAY.0),
    ("h", Span::HOUR.0),
    ("min", Span::MINUTE.0),
    ("ms", 1_000),
    ("m", Span::MINUTE.0),
    ("s", Span::SECOND.0),
];

/// Text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write `20` (seconds), `90s`, `15m`, `1h30m` or `7d`")]
pub struct NotADuration(String);

/// Read a length of time: numbers with units, one after another, or a bare number of seconds.
///
/// # Errors
/// [`NotADuration`] where the text is something else, negative, or longer than a century.
pub fn parse(text: &str) -> Result<Span, NotADuration> {
    let wrong = || NotADuration(crate::text::Label::new(text).to_string());
    let text_trimmed = text.trim();
    if let Ok(seconds) = text_trimmed.parse::<f64>() {
        return Span::from_secs_f64(seconds).filter(|span| span.0 >= 0).ok_or_else(wrong);
    }
    let mut rest = text_trimmed;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, after) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (word, after) = after.split_at_checked(letters).ok_or_else(wrong)?;
        let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == word).ok_or_else(wrong)?;
        total += number.parse::<f64>().map_err(|_| wrong())? * Span(unit).as_secs_f64();
        rest = after.trim_start();
    }
    if text_trimmed.is_empty() { Err(wrong()) } else { Span::from_secs_f64(total).ok_or_else(wrong) }
}

/// A length of time as [`parse`] reads it back, in the fewest units: `1h30m`, `7d`, `20s`.
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

/// For `#[serde(deserialize_with)]`: a number of seconds, or text as [`parse`] reads it.
///
/// # Errors
/// Where it is neither.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a length of time: a number of seconds, or text such as \"15m\"")]
    enum Form {
        Seconds(f64),
        Text(String),
    }
    let text = match Form::deserialize(deserializer)? {
        Form::Seconds(seconds) => seconds.to_string(),
        Form::Text(text) => text,
    };
    parse(&text).map_err(serde::de::Error::custom)
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
            ("500ms", 0.5),
        ] {
            assert_eq!(parse(text).ok(), Span::from_secs_f64(seconds), "{text}");
        }
        assert_eq!(parse(" 1h 5m ").unwrap(), Span::seconds(3900));
    }

    #[test]
    fn says_what_is_not_one() {
        for text in ["", "-5", "soon", "5 parsecs", "1e99", "m", "NaN", "1.2.3s", "15m ago"] {
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
