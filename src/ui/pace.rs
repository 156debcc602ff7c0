//! Spaces frames on a line that takes bytes more slowly than they are drawn.
//!
//! The system keeps written bytes until the line has taken them: about 12 KB on a pseudo-terminal, which at 5 KB a second
//! is more than two seconds of frames that nobody needs any more when the newest one is drawn. How many wait can't be
//! asked; only a write that has to wait shows that the line is slow. From then on frames are drawn no faster than the
//! line takes them, so that they wait here, where they can be replaced by newer ones.

use std::time::{Duration, Instant};

/// A frame whose writes take this long had to wait for the line.
const BLOCKED: Duration = Duration::from_millis(20);
/// The bytes that wait when a write has to wait.
const BACKLOG_BYTES: f64 = 12.0 * 1024.0;
/// A write that waits goes on once about this many bytes were taken.
const LEAST_TAKEN_BYTES: f64 = 4096.0;
/// The longest time without a frame, however slow the line.
const MAX_HOLD: Duration = Duration::from_secs(2);
/// How many times as long as the line takes for a frame the next one waits: so what waits becomes less.
const SPACING: f64 = 1.5;
/// The line is no longer taken for slow when no write has waited for this long.
const SLOW_FOR: Duration = Duration::from_secs(15);

/// When the next frame may be drawn.
#[derive(Debug, Default)]
pub(super) struct Pace {
    slow: Option<SlowLine>,
    next: Option<Instant>,
}

/// What is known of a slow line.
#[derive(Debug)]
struct SlowLine {
    bytes_per_s: f64,
    /// When a write had waited last, and so all that can wait did.
    full_at: Instant,
    /// The bytes written since.
    since: f64,
}

impl Pace {
    /// Note that a frame of `bytes` was written from `began` to `ended`.
    pub(super) fn wrote(&mut self, bytes: usize, began: Instant, ended: Instant) {
        let bytes = u32::try_from(bytes).map_or(f64::INFINITY, f64::from);
        let took = ended.saturating_duration_since(began);
        let waiting = if took >= BLOCKED {
            // Between two moments at which as many bytes waited, the line took as many as were written.
            let bytes_per_s = match &self.slow {
                Some(slow) => (slow.since + bytes) / ended.saturating_duration_since(slow.full_at).as_secs_f64(),
                None => bytes.max(LEAST_TAKEN_BYTES) / took.as_secs_f64(),
            };
            self.slow = Some(SlowLine { bytes_per_s, full_at: ended, since: 0.0 });
            BACKLOG_BYTES / bytes_per_s
        } else if let Some(slow) = self.slow.as_mut().filter(|slow| ended < slow.full_at + SLOW_FOR) {
            slow.since += bytes;
            SPACING * bytes / slow.bytes_per_s
        } else {
            self.slow = None;
            0.0
        };
        let hold = Duration::try_from_secs_f64(waiting).unwrap_or(MAX_HOLD).min(MAX_HOLD);
        self.next = Some(ended + hold);
    }

    /// How long to wait at `now` until the next frame may be drawn.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
