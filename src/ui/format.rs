//! Times and figures as the screen writes them.

use std::borrow::Cow;

use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use crate::clock::{Span, Time};
use crate::kpi::{Better, Figure, Kpi, format};
use crate::text::fit;

/// The time of day in the centre's zone: `14:31:07`.
#[must_use]
pub fn clock(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%H:%M:%S").to_string()
}

/// The time of day without its seconds: `14:31`.
#[must_use]
pub fn minute(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%H:%M").to_string()
}

/// The day: `2 Mar`.
#[must_use]
pub fn day(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%-d %b").to_string()
}

/// How much is left, so that nobody takes it for a time of day: `14m59`, `43s`.
#[must_use]
pub fn left(span: Span) -> String {
    match span.as_secs().max(0) {
        s @ 0..60 => format!("{s}s"),
        s => format!("{}m{:02}", s / 60, s % 60),
    }
}

/// Day and time: `2 Mar 14:31`.
#[must_use]
pub fn day_minute(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%-d %b %H:%M").to_string()
}

/// The zone's own short name, as it is at an instant: `GMT`, `CEST`.
#[must_use]
pub fn zone_name(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%Z").to_string()
}

/// How long: `4:05`.
#[must_use]
pub fn span(span: Span) -> String {
    format::duration(span.as_secs_f64())
}

/// How long, shortly: `43s`, `12m`.
#[must_use]
pub fn age(span: Span) -> String {
    format::age(span.as_secs())
}

/// What to aim for, in a word: `≥80%`, `≤0:20`, `75%–88%`; `None` where there is nothing to aim for.
#[must_use]
pub fn target(kpi: &Kpi, bands: &crate::kpi::Bands) -> Option<String> {
    // A target is a round figure whatever stands behind it.
    let show = |value: f64| kpi.show_value(value, 0);
    match kpi.better {
        Better::Higher => bands.target.or(bands.warning).map(|t| format!("≥{}", show(t))),
        Better::Lower => bands.target.or(bands.warning).map(|t| format!("≤{}", show(t))),
        Better::Band => match (bands.low, bands.high) {
            (Some(low), Some(high)) => Some(format!("{}–{}", show(low), show(high))),
            (Some(low), None) => Some(format!("≥{}", show(low))),
            (None, Some(high)) => Some(format!("≤{}", show(high))),
            (None, None) => None,
        },
        Better::Neutral => None,
    }
}

/// The half width of a figure's interval: `±4`; empty where it has none.
#[must_use]
pub fn interval(kpi: &Kpi, figure: &Figure) -> String {
    let (Some(low), Some(high)) = (figure.low, figure.high) else { return String::new() };
    let half = (high - low) / 2.0;
    match kpi.unit {
        crate::kpi::Unit::Score => format!("±{half:.1}"),
        _ => format!("±{half:.0}"),
    }
}

/// As many whole clauses of an instruction as fit: half a one helps nobody.
#[must_use]
pub fn clauses(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    // A host and its port are one word.
    let mut ends = text
        .match_indices([',', ';', ':'])
        .filter(|(at, _)| text.as_bytes().get(at + 1) == Some(&b' '))
        .filter_map(|(at, _)| text.get(..at));
    let whole = ends.rfind(|clause| clause.width() <= width);
    whole.map_or_else(|| fit(text, width), Cow::Borrowed)
}

/// A count as a float.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub const fn float(n: i64) -> f64 {
    n as f64
}

/// A column or row count as the terminal counts: saturating at its most.
#[must_use]
pub fn cols(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}
