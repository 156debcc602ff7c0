//! Spaces frames on a line that takes bytes more slowly than they are drawn.
//!
//! The system keeps written bytes until the line has taken them: about 12 KB on a pseudo-terminal, which at 5 KB a second
//! is more than two seconds of frames that nobody needs any more when the newest one is drawn. How many wait can't be
//! asked; only a write that has to wait shows that the line is slow. From then on frames are drawn no faster than the
//! line takes them, so that they wait here, where they can be replaced by newer ones.
//!
//! Of a line that is to be spared, frames of new data use no more than [`LOW_BANDWIDTH_BYTES_PER_S`]. What a key asks for is
//! drawn at once all the same, and the data wait the longer.

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

/// The bytes a second that frames of new data have with `--low-bandwidth`.
const LOW_BANDWIDTH_BYTES_PER_S: f64 = 2000.0;
/// The longest time without new data, however much keys have caused to be drawn.
const MAX_DATA_HOLD: Duration = Duration::from_secs(10);
/// The mean number of bytes a second is that of about so many seconds.
const MEAN_OVER_S: f64 = 10.0;

/// When the next frame may be drawn.
#[derive(Debug, Default)]
pub(super) struct Pace {
    slow: Option<SlowLine>,
    next: Option<Instant>,
    /// Whether the line is to be spared.
    pub low_bandwidth: bool,
    /// When new data may be drawn again.
    next_data: Option<Instant>,
    /// The bytes of this second, and of the mean second.
    bytes: f64,
    mean_bytes: f64,
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
        self.bytes += bytes;
        if self.low_bandwidth {
            let from = self.next_data.filter(|at| *at > ended).unwrap_or(ended);
            let cost = Duration::try_from_secs_f64(bytes / LOW_BANDWIDTH_BYTES_PER_S).unwrap_or(MAX_DATA_HOLD);
            self.next_data = Some((from + cost).min(ended + MAX_DATA_HOLD));
        }
        let hold = Duration::try_from_secs_f64(waiting).unwrap_or(MAX_HOLD).min(MAX_HOLD);
        self.next = Some(ended + hold);
    }

    /// How long to wait at `now` until new data may be drawn.
    pub(super) fn wait_for_data(&self, now: Instant) -> Duration {
        self.next_data.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    /// Note that a second has passed. Returns the bytes of the mean second.
    pub(super) fn second(&mut self) -> f64 {
        self.mean_bytes += (std::mem::take(&mut self.bytes) - self.mean_bytes) / MEAN_OVER_S;
        self.mean_bytes
    }

    /// How long to wait at `now` until the next frame may be drawn.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
