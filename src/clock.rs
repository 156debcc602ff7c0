//! Instants, spans, and the one place that reads the machine's clock.
//!
//! Everything below the composition root gets the time as an argument. Only [`Clock`] reads the machine's clock, so a
//! recorded day replays at any speed and every test is exact.
//!
//! The machine's clock may be set at any time. [`Clock::now`] tells the time of day; [`Clock::steady`] measures
//! durations, because it is never set.

pub mod duration;

use std::ops::{Add, Neg, Sub};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    /// An empty span.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000_000);
    /// 24 hours. A calendar day can be longer or shorter.
    pub const DAY: Self = Self(86_400_000_000);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// A span from fractional seconds, to the nearest microsecond; `None` if `seconds` is not finite or exceeds a
    /// century.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Option<Self> {
        const CENTURY: f64 = 3.2e9;
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        (seconds.is_finite() && seconds.abs() <= CENTURY).then(|| Self((seconds * 1e6).round() as i64))
    }

    /// The span in seconds, with fractions.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a century of microseconds fits a double's 53 bits")]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span in whole seconds, rounded down.
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

    /// The start of the minute that contains this instant.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0.div_euclid(60_000_000) * 60_000_000)
    }

    /// As chrono's type; instants outside of its range become the epoch.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// Parse RFC 3339 text.
    ///
    /// # Errors
    /// If the text is not RFC 3339.
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

impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
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
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

/// A source of the current time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that its owner sets: a test or a replay.
    Manual(Arc<Mutex<ManualTime>>),
    /// A clock that runs `speed` times as fast as the machine's.
    Scaled {
        /// The time at which both clocks show the same.
        origin: Time,
        /// The rate relative to the machine's clock.
        speed: f64,
    },
}

/// The time of a manual clock.
#[derive(Clone, Copy, Debug)]
pub struct ManualTime {
    steady: Time,
    /// How far the wall clock is ahead of the steady one.
    wall_ahead: Span,
}

impl Clock {
    /// A clock that stands at `at` until it is set.
    #[must_use]
    pub fn manual(at: Time) -> Self {
        Self::Manual(Arc::new(Mutex::new(ManualTime { steady: at, wall_ahead: Span::ZERO })))
    }

    /// The present time by the wall clock, which may be set forward or back at any moment.
    #[must_use]
    pub fn now(&self) -> Time {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Self::System => Utc::now().into(),
            Self::Manual(at) => {
                let ManualTime { steady, wall_ahead } = *at.lock().unwrap_or_else(PoisonError::into_inner);
                steady + wall_ahead
            }
            Self::Scaled { .. } => self.steady(),
        }
    }

    /// The time by a clock that is never set. It starts at the wall clock's time when it is first read, and also counts
    /// while the machine sleeps. Only differences between two readings are meaningful.
    #[must_use]
    pub fn steady(&self) -> Time {
        match self {
            Self::System => {
                static START: OnceLock<(Time, Span)> = OnceLock::new();
                let (start, counted) = *START.get_or_init(|| (Self::System.now(), monotonic()));
                start + (monotonic() - counted)
            }
            Self::Manual(at) => at.lock().unwrap_or_else(PoisonError::into_inner).steady,
            Self::Scaled { origin, speed } => {
                let passed = Self::System.steady() - *origin;
                *origin + Span::from_secs_f64(passed.as_secs_f64() * speed).unwrap_or(passed)
            }
        }
    }

    /// How far the wall clock is ahead of the steady one. It changes when somebody sets the wall clock.
    #[must_use]
    pub fn wall_ahead(&self) -> Span {
        loop {
            let (before, wall, after) = (self.steady(), self.now(), self.steady());
            // If the process was stopped between the readings, the difference would include that pause: read again.
            if after - before < Span::SECOND {
                return wall - before;
            }
        }
    }

    /// Advance a manual clock until it shows `to`. Other clocks ignore this.
    pub fn set(&self, to: Time) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            at.steady = to - at.wall_ahead;
        }
    }

    /// Set the wall clock of a manual clock forward by `by` (back if negative) while the steady clock stands still.
    pub fn step(&self, by: Span) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            at.wall_ahead = at.wall_ahead + by;
        }
    }
}

/// The machine's monotonic clock; on Linux the one that also counts while the machine sleeps.
fn monotonic() -> Span {
    #[cfg(target_os = "linux")]
    const COUNTER: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const COUNTER: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let read = rustix::time::clock_gettime(COUNTER);
    Span::seconds(read.tv_sec) + Span(read.tv_nsec / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steady_clock_takes_no_part_in_a_step_of_the_wall_clock() {
        let clock = Clock::manual(Time::from_unix(1_000));
        clock.step(Span::HOUR);
        assert_eq!((clock.now(), clock.steady()), (Time::from_unix(4_600), Time::from_unix(1_000)));
        clock.set(clock.now() + Span::MINUTE);
        assert_eq!((clock.now(), clock.steady()), (Time::from_unix(4_660), Time::from_unix(1_060)));
        assert_eq!(clock.wall_ahead(), Span::HOUR);
        let (earlier, later) = (Clock::System.steady(), Clock::System.steady());
        assert!(earlier <= later);
    }
}
