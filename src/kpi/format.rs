//! The only place that turns a value into text.

use super::figure::Figure;
use super::{Kpi, Unit};

/// What stands for an unknown value.
pub const UNKNOWN: &str = "–";

/// A length of time: `m:ss` below an hour, `h:mm:ss` above.
#[must_use]
pub fn duration(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "as is saturates")]
    let whole = seconds.round() as i64;
    let (sign, whole) = if whole < 0 { ("-", -whole) } else { ("", whole) };
    if whole < 3600 {
        format!("{sign}{}:{:02}", whole / 60, whole % 60)
    } else {
        format!("{sign}{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
    }
}

/// An age, as short as it can be said: `43s`, `12m`, `3h05`, `2d`.
#[must_use]
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3600 => format!("{}m", s / 60),
        s @ 3600..86_400 => format!("{}h{:02}", s / 3600, s / 60 % 60),
        s => format!("{}d", s / 86_400),
    }
}

/// A count with thin groups of three: `12 345`.
#[must_use]
pub fn count(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "as is saturates")]
    let whole = value.round() as i64;
    let digits = whole.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    if whole < 0 {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

impl Kpi {
    /// The value as the screen shows it, without its unit's sign where the unit is a percentage (the name says it).
    /// A decimal is shown only where a hundred samples or more carry it.
    #[must_use]
    pub fn show(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| self.show_value(value, figure.n))
    }

    /// A value of this KPI as the screen shows it.
    #[must_use]
    pub fn show_value(&self, value: f64, n: u64) -> String {
        match self.unit {
            Unit::Count => count(value),
            Unit::Percent if n >= 100 => format!("{value:.1}%"),
            Unit::Percent => format!("{value:.0}%"),
            Unit::Seconds => duration(value),
            Unit::Score | Unit::PerHour => format!("{value:.1}"),
            Unit::Points => {
                // -0.4 rounds to "-0"
                let rounded = value.round() + 0.0;
                format!("{rounded:.0}")
            }
            Unit::Flag => if value > 0.0 { "yes" } else { "no" }.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_ages() {
        assert_eq!(duration(0.0), "0:00");
        assert_eq!(duration(59.6), "1:00");
        assert_eq!(duration(3725.0), "1:02:05");
        assert_eq!(age(43), "43s");
        assert_eq!(age(11_100), "3h05");
    }

    #[test]
    fn counts_are_grouped_from_five_digits() {
        assert_eq!(count(1234.0), "1234");
        assert_eq!(count(1_234_567.0), "1 234 567");
    }
}
