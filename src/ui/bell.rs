//! The terminal's bell: once a minute at most, while there is an alert that nobody has taken.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::alert::{Severity, State};
use crate::board::{Board, Mode};

/// The least time between two rings.
const PAUSE: Duration = Duration::from_secs(60);

/// What it rings for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// Nothing.
    Off,
    /// Critical alerts.
    #[default]
    Critical,
    /// Warnings too.
    Warning,
}

impl Ring {
    /// Every choice, and its word.
    pub const WORDS: [(&'static str, Self); 3] =
        [("off", Self::Off), ("critical", Self::Critical), ("warning", Self::Warning)];

    const fn least(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Critical => Some(Severity::Critical),
            Self::Warning => Some(Severity::Warning),
        }
    }
}

/// When it last rang.
#[derive(Debug, Default)]
pub struct Bell(Option<Instant>);

impl Bell {
    /// Whether to ring now. A simulated or recorded floor is silent.
    pub fn is_due(&mut self, ring: Ring, board: &Board, now: Instant) -> bool {
        let Some(least) = ring.least().filter(|_| board.mode == Mode::Live) else { return false };
        let mut untaken = board.alerts.iter().filter(|e| e.state == State::Firing && e.inhibited_by.is_none());
        let rested = self.0.is_none_or(|rung| now.duration_since(rung) >= PAUSE);
        let due = rested && untaken.any(|episode| episode.severity >= least);
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
    fn it_rings_once_a_minute_until_somebody_has_taken_what_is_critical() {
        let mut board = sample::board(3);
        board.mode = Mode::Live;
        let start = Instant::now();
        let mut bell = Bell::default();
        assert!(!bell.is_due(Ring::Off, &board, start));
        assert!(bell.is_due(Ring::Critical, &board, start));
        assert!(!bell.is_due(Ring::Critical, &board, start + Duration::from_secs(59)));
        assert!(bell.is_due(Ring::Critical, &board, start + Duration::from_secs(60)));
        for episode in board.alerts.iter_mut().filter(|episode| episode.severity == Severity::Critical) {
            episode.state = State::Acknowledged;
        }
        assert!(!bell.is_due(Ring::Critical, &board, start + Duration::from_secs(200)));
        assert!(bell.is_due(Ring::Warning, &board, start + Duration::from_secs(200)));
        board.mode = Mode::Simulated { scenario: "calm".into(), speed: 1.0 };
        assert!(!bell.is_due(Ring::Warning, &board, start + Duration::from_secs(900)));
    }
}
