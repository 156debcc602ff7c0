//! The terminal's bell: once a minute at most, while an alert is not acknowledged.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::alert::{Severity, State};
use crate::board::{Board, Mode};

/// Two rings are at least this far apart.
const MIN_RING_INTERVAL: Duration = Duration::from_mins(1);

/// The severities that the bell rings for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// The bell is silent.
    Off,
    /// Critical alerts.
    #[default]
    Critical,
    /// Critical alerts and warnings.
    Warning,
}

impl Ring {
    /// Every choice with its word in the configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("off", Self::Off), ("critical", Self::Critical), ("warning", Self::Warning)];

    const fn min_severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Critical => Some(Severity::Critical),
            Self::Warning => Some(Severity::Warning),
        }
    }
}

/// Decides when to ring; holds the time of the last ring.
#[derive(Debug, Default)]
pub struct Bell(Option<Instant>);

impl Bell {
    /// Whether to ring now. The bell of a simulated or replayed floor is silent.
    pub fn is_due(&mut self, ring: Ring, board: &Board, now: Instant) -> bool {
        let Some(min_severity) = ring.min_severity().filter(|_| board.mode == Mode::Live) else { return false };
        let mut unacknowledged = board.alerts.iter().filter(|e| e.state == State::Firing && e.inhibited_by.is_none());
        let rested = self.0.is_none_or(|rung| now.duration_since(rung) >= MIN_RING_INTERVAL);
        let due = rested && unacknowledged.any(|episode| episode.severity >= min_severity);
        if due {
            self.0 = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::ui::sample;

    #[test]
    fn it_rings_once_a_minute_until_every_critical_alert_is_acknowledged() {
        let mut board = sample::board(3);
        board.mode = Mode::Live;
        let start = Instant::now();
        let mut bell = Bell::default();
        assert!(!bell.is_due(Ring::Off, &board, start));
        assert!(bell.is_due(Ring::Critical, &board, start));
        assert!(!bell.is_due(Ring::Critical, &board, start + Duration::from_secs(59)));
        assert!(bell.is_due(Ring::Critical, &board, start + Duration::from_mins(1)));
        for episode in board.alerts.to_mut().iter_mut().filter(|episode| episode.severity == Severity::Critical) {
            episode.state = State::Acknowledged;
        }
        assert!(!bell.is_due(Ring::Critical, &board, start + Duration::from_secs(200)));
        assert!(bell.is_due(Ring::Warning, &board, start + Duration::from_secs(200)));
        board.mode = Mode::Simulated { scenario: "calm".into(), speed: 1.0 };
        assert!(!bell.is_due(Ring::Warning, &board, start + Duration::from_mins(15)));
    }
}
