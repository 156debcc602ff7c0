//! How long people may mute an alert: the one rule for command line, API, configuration and board.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::clock::Span;

/// How long an acknowledgement or a snooze lasts: from a minute to a day. In JSON a whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MuteLength(Span);

/// A length of time that is too short or too long to mute an alert or to claim an item for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be 1 minute up to 24 hours (60 to 86400 seconds)")]
pub struct MuteLengthError;

impl MuteLength {
    /// The shortest: one minute.
    pub const MIN: Self = Self(Span::MINUTE);
    /// The longest: 24 hours.
    pub const MAX: Self = Self(Span::DAY);
    /// How long an acknowledgement lasts unless configured otherwise: 15 minutes.
    pub const DEFAULT: Self = Self(Span(15 * Span::MINUTE.0));

    /// Check a length of time.
    ///
    /// # Errors
    /// [`MuteLengthError`] when it is not between [`Self::MIN`] and [`Self::MAX`].
    pub fn new(span: Span) -> Result<Self, MuteLengthError> {
        let length = Self(span);
        if (Self::MIN..=Self::MAX).contains(&length) { Ok(length) } else { Err(MuteLengthError) }
    }

    /// As a span.
    #[must_use]
    pub const fn span(self) -> Span {
        self.0
    }
}

impl Serialize for MuteLength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_secs())
    }
}

impl<'de> Deserialize<'de> for MuteLength {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Span::seconds(i64::deserialize(deserializer)?)).map_err(D::Error::custom)
    }
}

impl ToSchema for MuteLength {}

impl PartialSchema for MuteLength {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(Self::MIN.0.as_secs()))
            .maximum(Some(Self::MAX.0.as_secs()))
            .description(Some("Seconds."))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_minute_up_to_a_day_is_accepted() {
        for (seconds, accepted) in [(-1, false), (0, false), (59, false), (60, true), (86_400, true), (86_401, false)] {
            assert_eq!(MuteLength::new(Span::seconds(seconds)).is_ok(), accepted, "{seconds}");
            assert_eq!(serde_json::from_str::<MuteLength>(&seconds.to_string()).is_ok(), accepted, "{seconds}");
        }
        assert_eq!(serde_json::to_string(&MuteLength::DEFAULT).unwrap(), "900");
    }
}
