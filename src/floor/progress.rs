//! How far a long reading of the journal has come: words for the board's header and, less often, for the log.

use std::time::Duration;

use tokio::time::Instant;

use crate::journal::{self, Reader};
use crate::kpi::format;
use crate::text::Text;

/// What is read sooner than this shows no progress.
const QUIET: Duration = Duration::from_secs(1);
/// How often the board and the log are told.
const BOARD_INTERVAL: Duration = Duration::from_millis(250);
const LOG_INTERVAL: Duration = Duration::from_secs(5);
/// The clock is looked at once in so many events.
const EVENTS_PER_LOOK: u64 = 1024;

/// The progress of one reading.
#[derive(Debug)]
pub(super) struct JournalProgress {
    /// The number of the last event before those that are read, and of the last of these.
    before: i64,
    last: i64,
    events: u64,
    began: Instant,
    told: Instant,
    logged: Instant,
}

impl JournalProgress {
    /// Begin to read the events after number `seq`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn after(seq: i64, reader: &Reader) -> Result<Self, journal::Error> {
        let (first, last) = reader.event_numbers()?;
        let began = Instant::now();
        Ok(Self { before: seq.max(first - 1), last, events: 0, began, told: began, logged: began })
    }

    /// Event number `seq` was read. Returns what the board should say, where it is time for that.
    pub(super) fn note(&mut self, seq: i64) -> Option<Text> {
        self.events += 1;
        if !self.events.is_multiple_of(EVENTS_PER_LOOK) {
            return None;
        }
        let passed = self.began.elapsed();
        if passed < QUIET || self.told.elapsed() < BOARD_INTERVAL {
            return None;
        }
        self.told = Instant::now();
        let words = words(self.events, (seq - self.before, self.last - self.before), passed);
        if self.logged.elapsed() >= LOG_INTERVAL {
            self.logged = self.told;
            tracing::info!("{words}");
        }
        Some(words)
    }
}

/// `the journal is being read: 1 234 567 events, 40 %, 12 s left`
fn words(events: u64, (read, total): (i64, i64), passed: Duration) -> Text {
    let (read, total) = (read.max(1), total.max(read).max(1));
    let left = passed.as_millis() * u128::from((total - read).unsigned_abs()) / u128::from(read.unsigned_abs());
    #[expect(clippy::cast_precision_loss, reason = "nobody keeps that many events")]
    let events = format::count(events as f64);
    let (percent, seconds) = (100 * i128::from(read) / i128::from(total), left / 1000 + 1);
    Text::new(&format!("the journal is being read: {events} events, {percent} %, {seconds} s left"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_have_the_share_and_the_time_left() {
        let words = |read, total| words(1_234_567, (read, total), Duration::from_secs(8)).to_string();
        assert_eq!(words(400, 1000), "the journal is being read: 1 234 567 events, 40 %, 13 s left");
        assert_eq!(words(1000, 900), "the journal is being read: 1 234 567 events, 100 %, 1 s left");
    }
}
