//! The zone of times that tell none, where the mapping names none either.

use std::fmt;

use chrono_tz::Tz;

/// A zone, and who says that it is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssumedZone {
    /// The zone.
    pub zone: Tz,
    /// Who says so.
    pub from: ZoneOrigin,
}

/// Who names a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneOrigin {
    /// `timezone` in the configuration.
    Configuration,
    /// `--timezone` or `--utc`.
    CommandLine,
    /// The machine's settings.
    Machine,
    /// Nobody: it is UTC.
    Nobody,
}

impl AssumedZone {
    /// Whether nobody has said it for floorwatch.
    pub(super) const fn is_doubtful(self) -> bool {
        matches!(self.from, ZoneOrigin::Machine | ZoneOrigin::Nobody)
    }
}

impl Default for AssumedZone {
    fn default() -> Self {
        Self { zone: Tz::UTC, from: ZoneOrigin::Nobody }
    }
}

impl fmt::Display for AssumedZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match self.from {
            ZoneOrigin::Configuration => "the `timezone` of the configuration",
            ZoneOrigin::CommandLine => "as the command line says",
            ZoneOrigin::Machine => "the zone of this machine",
            ZoneOrigin::Nobody => "as nobody names another",
        };
        write!(f, "{} ({from})", self.zone)
    }
}
