//! Numbers, figures and times as the reader's country writes them.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::clock::Time;
use crate::kpi::format::{self, UNKNOWN};
use crate::kpi::{Figure, Kpi, Unit};

pub use crate::kpi::format::duration;

/// A number with a fixed count of decimals: `81.3`.
#[must_use]
pub fn decimal(value: f64, places: usize) -> String {
    let number = format!("{value:.places$}");
    match text!("number-decimal") {
        "." => number,
        sign => number.replace('.', sign),
    }
}

/// A percentage: `81.3%`.
#[must_use]
pub fn percent(value: f64, places: usize) -> String {
    decimal(value, places) + text!("number-percent")
}

/// A count, rounded; from five digits on in groups of three.
#[must_use]
pub fn count(value: f64) -> String {
    format::count_grouped(value, text!("number-group"))
}

/// A count of things.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub fn plain_count(n: u64) -> String {
    count(n as f64)
}

/// An age in seconds, as short as possible: `43s`, `12m`, `3h05`, `2d`. A negative one is `0s`.
#[must_use]
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s}{}", text!("unit-second")),
        s @ 60..3600 => format!("{}{}", s / 60, text!("unit-minute")),
        s @ 3600..86_400 => format!("{}{}{:02}", s / 3600, text!("unit-hour"), s / 60 % 60),
        s => format!("{}{}", s / 86_400, text!("unit-day")),
    }
}

/// A KPI's figures as the reader writes them.
pub trait ShownFigure {
    /// The figure's value, or [`UNKNOWN`].
    fn shown(&self, figure: &Figure) -> String;

    /// The same in a column, where figures are compared: percentages have no decimal.
    fn shown_in_column(&self, figure: &Figure) -> String;

    /// A value, from `n` samples; with fewer than a hundred, a percentage's decimal would mean nothing.
    fn shown_value(&self, value: f64, n: u64) -> String;
}

impl ShownFigure for Kpi {
    fn shown(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| self.shown_value(value, figure.n))
    }

    fn shown_in_column(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| self.shown_value(value, 0))
    }

    fn shown_value(&self, value: f64, n: u64) -> String {
        match self.unit {
            Unit::Count => count(value),
            Unit::Percent => percent(value, usize::from(n >= 100)),
            Unit::Score | Unit::PerHour => decimal(value, 1),
            Unit::Money => decimal(value, 2),
            Unit::Flag => if value > 0.0 { text!("yes") } else { text!("no") }.to_owned(),
            Unit::Seconds | Unit::Points => self.show_value(value, n),
        }
    }
}

fn local(at: Time, zone: Tz) -> DateTime<Tz> {
    at.to_chrono().with_timezone(&zone)
}

/// An instant in a form of `date`, with the words of the language for months and weekdays.
#[must_use]
pub fn time(at: Time, zone: Tz, form: &str) -> String {
    let local = local(at, zone);
    let word = |words: &'static str, place: u32| words.split(' ').nth(place as usize).unwrap_or("");
    let weekday = local.weekday().num_days_from_monday();
    let form = form
        .replace("%b", word(text!("time-months"), local.month0()))
        .replace("%a", word(text!("time-weekdays"), weekday))
        .replace("%A", word(text!("time-weekdays-long"), weekday));
    let items = StrftimeItems::new(&form).filter(|item| *item != Item::Error);
    local.format_with_items(items).to_string()
}

/// The time of day: `14:31:07`.
#[must_use]
pub fn clock(at: Time, zone: Tz) -> String {
    time(at, zone, text!("time-clock"))
}

/// The time of day without its seconds: `14:31`.
#[must_use]
pub fn minute(at: Time, zone: Tz) -> String {
    time(at, zone, text!("time-minute"))
}

/// The hour, if one begins at this minute: `14`.
#[must_use]
pub fn hour(at: Time, zone: Tz) -> Option<String> {
    (local(at, zone).minute() == 0).then(|| time(at, zone, text!("time-hour")))
}

/// The day: `2 Mar`.
#[must_use]
pub fn day(at: Time, zone: Tz) -> String {
    time(at, zone, text!("time-day"))
}

/// Day and time: `2 Mar 14:31`.
#[must_use]
pub fn day_minute(at: Time, zone: Tz) -> String {
    format!("{} {}", day(at, zone), minute(at, zone))
}

/// The widest that [`clock`] is, in columns.
#[must_use]
pub fn clock_width() -> u16 {
    width_of(clock)
}

/// The widest that [`minute`] is, in columns.
#[must_use]
pub fn minute_width() -> u16 {
    width_of(minute)
}

/// The widest that [`day_minute`] is, in columns.
#[must_use]
pub fn day_minute_width() -> u16 {
    width_of(day_minute)
}

fn width_of(show: fn(Time, Tz) -> String) -> u16 {
    // Late in the evening of a 30 November every part has its most digits.
    let late = Time::from_unix(1_796_079_000);
    u16::try_from(show(late, Tz::UTC).width()).unwrap_or(u16::MAX)
}
