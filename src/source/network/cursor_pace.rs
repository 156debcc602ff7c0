//! How often a session that knows the calls of its system writes them into its cursor.

use crate::clock::{Span, Time};

/// Cursors take so many bytes a second at most. A call that is not in the last one when the program is killed, and ends before
/// it is up again, would wait for ever. So every event has a cursor, unless there are thousands of calls and agents.
const MAX_BYTES_PER_S: i64 = 1_000_000;

/// When the next cursor may be written, by the steady clock. What was not used of the last second may be used at once.
#[derive(Debug, Default)]
pub(super) struct CursorPace {
    next: Time,
}

impl CursorPace {
    pub(super) fn is_due(&self, now: Time) -> bool {
        now >= self.next
    }

    /// Note that a cursor is written.
    pub(super) fn note(&mut self, cursor: &str, now: Time) {
        let bytes = i64::try_from(cursor.len()).unwrap_or(MAX_BYTES_PER_S);
        self.next = self.next.max(now - Span::SECOND) + Span(bytes * Span::SECOND.0 / MAX_BYTES_PER_S);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_written_at_once_and_what_is_large_is_written_seldom() {
        let (mut pace, mut now) = (CursorPace::default(), Time::from_unix(1000));
        let small = "x".repeat(1000);
        assert!((0..900).all(|_| {
            pace.note(&small, now);
            pace.is_due(now)
        }));
        let large = "x".repeat(500_000);
        let mut written = 0;
        for _ in 0..100 {
            now = now + Span(100_000);
            if pace.is_due(now) {
                pace.note(&large, now);
                written += 1;
            }
        }
        assert!((19..=23).contains(&written), "{written}");
    }
}
