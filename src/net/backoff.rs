//! The waits between attempts to connect.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::Fault;
use crate::clock::Span;

/// The wait after the first failure. It doubles with each further failure, and up to the same again is added at random, so
/// that a hundred boards do not reconnect at the same instant.
const MIN_WAIT: Duration = Duration::from_millis(500);
/// The wait doubles no further than this.
const MAX_WAIT: Duration = Duration::from_secs(15);
/// The shortest wait after a fault that somebody must mend (a wrong password, an invalid certificate).
const MIN_CHANGE_WAIT: Duration = Duration::from_secs(30);
/// The longest wait, even if the other side asks for more.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// After a connection that held for this time, the waits start again from the first one.
const STABLE_AFTER: Span = Span(10_000_000);

/// Gives the waits between attempts, which grow with each failure in a row.
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
    /// How long to wait after `fault` ended a connection that had held for `lasted`.
    pub(crate) fn after(&mut self, fault: &Fault, lasted: Span) -> Duration {
        if lasted >= STABLE_AFTER {
            *self = Self::default();
        }
        self.failures += 1;
        fault.wait(self.waits.next().unwrap_or(MAX_WAIT), MIN_CHANGE_WAIT, MAX_RETRY_AFTER)
    }

    /// The number of failures in a row.
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
        let wait = |fault: Fault| fault.wait(second, MIN_CHANGE_WAIT, MAX_RETRY_AFTER);
        assert_eq!(wait(Fault::transient("x")), second);
        assert_eq!(wait(Fault::needs_change("x")), MIN_CHANGE_WAIT);
        assert_eq!(wait(Fault::transient("x").after(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(wait(Fault::transient("x").after(Duration::from_hours(25))), MAX_RETRY_AFTER);
    }
}
