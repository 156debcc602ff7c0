//! Which origins are active: those that an event came from lately.

use serde::{Deserialize, Serialize};

use super::interner::{NameNo, OriginNo};
use crate::clock::{Span, Time};

/// An origin is active if an event came from it in this turn or the one before. A turn ends after so many events or so
/// long.
const TURN_EVENTS: u32 = 50_000;
const TURN_LENGTH: Span = Span(10 * Span::MINUTE.0);

/// The origins of the last events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ActiveOrigins {
    turn: u32,
    events: u32,
    began: Time,
    /// By origin number, the turn of its last event plus one; 0 where there was none.
    last: Vec<u32>,
}

impl ActiveOrigins {
    /// An event came from an origin.
    #[inline]
    pub(super) fn record_event(&mut self, origin: OriginNo) {
        self.events += 1;
        if self.events >= TURN_EVENTS {
            self.events = 0;
            self.turn += 1;
        }
        if self.last.len() <= origin.index() {
            self.last.resize(origin.index() + 1, 0);
        }
        if let Some(last) = self.last.get_mut(origin.index()) {
            *last = self.turn + 1;
        }
    }

    /// Time passes.
    pub(super) fn advance(&mut self, now: Time) {
        if (now - self.began).0.abs() >= TURN_LENGTH.0 {
            self.began = now;
            self.events = 0;
            self.turn += 1;
        }
    }

    pub(super) fn contains(&self, origin: OriginNo) -> bool {
        self.last.get(origin.index()).is_some_and(|last| *last > 0 && *last >= self.turn)
    }
}
