//! Times, figures and text as the screen shows them.

use std::borrow::Cow;

use crate::clock::{Span, Time};
use crate::kpi::{Better, Figure, Kpi};
use crate::language::{self, ShownFigure as _, text};
use crate::text::{fit, shorten_paths};
use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

pub use crate::language::{clock, day, day_minute, minute};

/// The time that is left, in a form that cannot be taken for a time of day: `14m59`, `43s`.
#[must_use]
pub fn left(span: Span) -> String {
    match span.as_secs().max(0) {
        s @ 0..60 => format!("{s}{}", text!("unit-second")),
        s => format!("{}{}{:02}", s / 60, text!("unit-minute"), s % 60),
    }
}

/// The abbreviation of a time zone at an instant: `GMT`, `CEST`.
#[must_use]
pub fn zone_name(at: Time, zone: Tz) -> String {
    at.to_chrono().with_timezone(&zone).format("%Z").to_string()
}

/// A duration: `4:05`.
#[must_use]
pub fn span(span: Span) -> String {
    language::duration(span.as_secs_f64())
}

/// A duration in its largest unit: `43s`, `12m`.
#[must_use]
pub fn age(span: Span) -> String {
    language::age(span.as_secs())
}

/// The target of a KPI: `≥80%`, `≤0:20`, `75%–88%`; `None` without a target.
#[must_use]
pub fn target(kpi: &Kpi, bands: &crate::kpi::Bands) -> Option<String> {
    // A target is a configured number, so no sample size applies.
    let show = |value: f64| kpi.shown_value(value, 0);
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

/// Half the width of a figure's confidence interval: `±4`; empty without one.
#[must_use]
pub fn interval(kpi: &Kpi, figure: &Figure) -> String {
    let (Some(low), Some(high)) = (figure.low, figure.high) else { return String::new() };
    let half = (high - low) / 2.0;
    match kpi.unit {
        crate::kpi::Unit::Score => format!("±{}", language::decimal(half, 1)),
        _ => format!("±{half:.0}"),
    }
}

/// As many whole clauses of a text as fit into `width` columns; half a clause would be useless.
#[must_use]
pub fn clauses(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if let Cow::Owned(text) = shorten_paths(text, width) {
        return Cow::Owned(clauses(&text, width).into_owned());
    }
    // A clause ends at punctuation before a space, so that a host and its port stay together.
    let mut ends = text
        .match_indices([',', ';', ':'])
        .filter(|(at, _)| text.as_bytes().get(at + 1) == Some(&b' '))
        .filter_map(|(at, _)| text.get(..at));
    let whole = ends.rfind(|clause| clause.width() <= width);
    whole.map_or_else(|| fit(text, width), Cow::Borrowed)
}

/// A count as a float, exact below 2^53.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub const fn float(n: i64) -> f64 {
    n as f64
}

/// A count as a number of terminal columns or rows; saturates.
#[must_use]
pub fn cols(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}
