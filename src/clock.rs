//! Time as a value: instants, spans and the one place that reads a clock.
//!
//! Everything below the composition root takes the time as an argument. [`Clock`] is the only thing that asks
//! the machine for it, so a recorded day replays at any speed and every test is exact.

pub mod duration;

use std::ops::{Add, Sub};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An instant: microseconds since the Unix epoch, UTC.
///
/// An integer, because sums of integers don't depend on the order in which they are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// A length of time in microseconds. Negative spans occur only as differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Span(pub i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000_000);
    /// Twenty-four hours; a day on the calendar may be longer or shorter.
    pub const DAY: Self = Self(86_400_000_000);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A span from fractional seconds, to the nearest microsecond; `None` where it is not a finite number
    /// or longer than a century.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Option<Self> {
        const CENTURY: f64 = 3.2e9;
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        (seconds.is_finite() && seconds.abs() <= CENTURY).then(|| Self((seconds * 1e6).round() as i64))
    }

    /// In seconds, with fractions.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a century of microseconds fits a double's 53 bits")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// In whole seconds, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

impl Time {
    /// An instant from whole Unix seconds.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// The span since `earlier`, never negative.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span((self.0 - earlier.0).max(0))
    }

    /// The start of the minute that holds this instant.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0.div_euclid(60_000_000) * 60_000_000)
    }

    /// As chrono's type; instants outside its range become the epoch.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// From RFC 3339 text with an offset.
    ///
    /// # Errors
    /// Where the text is not RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(Self::from)
    }
}

impl<Tz: chrono::TimeZone> From<DateTime<Tz>> for Time {
    fn from(at: DateTime<Tz>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, other: Self) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl ToSchema for Time {}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that others set: a test's, or a replay's.
    Manual(Arc<Mutex<Time>>),
    /// A clock that has run `speed` times as fast as the machine's since both stood at `origin`.
    Scaled {
        /// Where both stood.
        origin: Time,
        /// How many times as fast.
        speed: f64,
    },
}

impl Clock {
    /// A clock that stands at `at` until it is set.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        Self::Manual(Arc::new(Mutex::new(at)))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Self::System => Utc::now().into(),
            Self::Manual(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            Self::Scaled { origin, speed } => {
                let passed = Self::System.now() - *origin;
                *origin + Span::from_secs_f64(passed.as_secs_f64() * speed).unwrap_or(passed)
            }
        }
    }

    /// Set a manual clock; the machine's own is left alone.
    pub fn set(&self, to: Time) {
        if let Self::Manual(at) = self {
            *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = to;
        }
    }
}
