//! Values as text for people: the one place that decides how a value looks.

use super::figure::Figure;
use super::{Kpi, Unit};

/// Shown in place of an unknown value.
pub const UNKNOWN: &str = "–";

/// A length of time in seconds: `m:ss` below an hour, `h:mm:ss` from then on.
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

/// An age in seconds, as short as possible: `43s`, `12m`, `3h05`, `2d`. A negative one is `0s`.
#[must_use]
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3600 => format!("{}m", s / 60),
        s @ 3600..86_400 => format!("{}h{:02}", s / 3600, s / 60 % 60),
        s => format!("{}d", s / 86_400),
    }
}

/// A count, rounded; from five digits on in groups of three, separated by spaces: `12 345`.
#[must_use]
pub fn count(value: f64) -> String {
    count_grouped(value, " ")
}

/// A count, rounded; from five digits on in groups of three, separated by `separator`.
#[must_use]
pub fn count_grouped(value: f64, separator: &str) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "as is saturates")]
    let whole = value.round() as i64;
    let digits = whole.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    if whole < 0 {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push_str(separator);
        }
        out.push(c);
    }
    out
}

impl Kpi {
    /// The figure's value as the screen shows it, or [`UNKNOWN`].
    #[must_use]
    pub fn show(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| self.show_value(value, figure.n))
    }

    /// The same in a column, where figures are compared: percentages have no decimal, however many samples they are of.
    #[must_use]
    pub fn show_in_column(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| self.show_value(value, 0))
    }

    /// A value of this KPI, from `n` samples, as the screen shows it. Percentages have a decimal only from a hundred
    /// samples on: with fewer it would mean nothing.
    #[must_use]
    pub fn show_value(&self, value: f64, n: u64) -> String {
        match self.unit {
            Unit::Count => count(value),
            Unit::Percent if n >= 100 => format!("{value:.1}%"),
            Unit::Percent => format!("{value:.0}%"),
            Unit::Seconds => duration(value),
            Unit::Score | Unit::PerHour => format!("{value:.1}"),
            Unit::Money => format!("{value:.2}"),
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
