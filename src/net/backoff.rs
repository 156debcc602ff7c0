//! How long to wait from one failure to the next try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::Fault;
use crate::clock::Span;

/// The first wait after a failure; it doubles from one failure to the next, and up to as much again is added to it
/// by chance, so that a hundred boards don't come back in the same instant.
const MIN_WAIT: Duration = Duration::from_millis(500);
/// The wait no longer doubles from here.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// What won't mend by itself (a wrong password, an invalid certificate) is not tried more often than this.
const MIN_LASTING_WAIT: Duration = Duration::from_secs(30);
/// However long the other side asks to be left alone.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// A connection that held for so long was a good one: the next failure is a first one.
const STABLE_AFTER: Span = Span(10_000_000);

/// The waits between tries, longer from one failure to the next.
#[derive(Debug)]
pub(crate) struct Backoff {
    waits: ExponentialBackoff,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        let waits = ExponentialBuilder::new().with_min_delay(MIN_WAIT).with_max_delay(MAX_WAIT).with_jitter();
        Self { waits: waits.without_max_times().build(), failures: 0 }
    }
}

impl Backoff {
    /// How long to wait after a connection that held for `lasted` broke.
    pub(crate) fn after(&mut self, fault: &Fault, lasted: Span) -> Duration {
        if lasted >= STABLE_AFTER {
            *self = Self::default();
        }
        self.failures += 1;
        fault.wait(self.waits.next().unwrap_or(MAX_WAIT), MIN_LASTING_WAIT, MAX_RETRY_AFTER)
    }

    /// How many failures there were in a row.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_cap_and_begin_anew_after_a_good_connection() {
        let mut backoff = Backoff::default();
        let fault = Fault::transient("refused");
        let waits: Vec<Duration> = (0..20).map(|_| backoff.after(&fault, Span::ZERO)).collect();
        assert!(waits[0] >= MIN_WAIT && waits[0] <= 2 * MIN_WAIT, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 2 * MAX_WAIT), "{waits:?}");
        assert!(waits[10..].iter().all(|wait| *wait >= MAX_WAIT), "{waits:?}");
        assert_eq!(backoff.failures(), 20);
        assert!(backoff.after(&fault, STABLE_AFTER) <= 2 * MIN_WAIT);
        assert_eq!(backoff.failures(), 1);
    }

    #[test]
    fn the_wait_has_a_floor_and_a_cap() {
        let second = Duration::from_secs(1);
        let wait = |fault: Fault| fault.wait(second, MIN_LASTING_WAIT, MAX_RETRY_AFTER);
        assert_eq!(wait(Fault::transient("x")), second);
        assert_eq!(wait(Fault::needs_change("x")), MIN_LASTING_WAIT);
        assert_eq!(wait(Fault::transient("x").after(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(wait(Fault::transient("x").after(Duration::from_hours(25))), MAX_RETRY_AFTER);
    }
}
