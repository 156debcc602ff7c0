//! Lengths of time as people write them: `90`, `90s`, `5m`, `1h30m`, `2d`.

use serde::{Deserialize, Deserializer};

use crate::clock::Span;

/// Text that is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write 30s, 5m, 1h, 1h30m, or a number of seconds")]
pub struct NotADuration(String);

/// A length of time from text. A bare number is seconds.
///
/// # Errors
/// Where it is neither, or negative, or longer than a century.
pub fn parse_duration(text: &str) -> Result<Span, NotADuration> {
    let wrong = || NotADuration(text.to_owned());
    let trimmed = text.trim();
    if let Ok(seconds) = trimmed.parse::<f64>() {
        return Span::from_secs_f64(seconds).filter(|span| span.0 >= 0).ok_or_else(wrong);
    }
    let mut total = Span::ZERO;
    let mut rest = trimmed;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "ms" => Span(1000),
            "s" => Span::SECOND,
            "m" | "min" => Span::MINUTE,
            "h" => Span::HOUR,
            "d" => Span::DAY,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        total = total + Span(number.checked_mul(unit.0).ok_or_else(wrong)?);
        rest = after.trim_start();
    }
    if trimmed.is_empty() || total.0 > 36_525 * Span::DAY.0 { Err(wrong()) } else { Ok(total) }
}

/// For `deserialize_with`: text such as `"5m"`, or a number of seconds.
///
/// # Errors
/// Where it is neither.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a length of time: \"30s\", \"5m\", \"1h\" or a number of seconds")]
    enum Form {
        Text(String),
        Seconds(f64),
    }
    let text = match Form::deserialize(deserializer)? {
        Form::Text(text) => text,
        Form::Seconds(seconds) => seconds.to_string(),
    };
    parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        for (text, seconds) in
            [("90", 90.0), ("0.5", 0.5), ("30s", 30.0), ("5m", 300.0), ("1h30m", 5400.0), ("1h 5s", 3605.0), ("0", 0.0)]
        {
            assert_eq!(parse_duration(text).map(Span::as_secs_f64), Ok(seconds), "{text}");
        }
        for text in ["", "m", "5 x", "-5", "1h-", "99999999999999999h", "NaN", "5m3"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
