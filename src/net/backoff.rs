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
/// The longest wait while the other side was well shortly before, so that a short cut is followed by a short wait.
const MAX_WAIT_AFTER_CUT: Duration = Duration::from_secs(5);
/// The other side was well shortly before as long as the waits since then are no longer than this together.
const CUT_TIMEOUT: Duration = Duration::from_mins(1);
/// The shortest wait after a fault that somebody must mend (a wrong password, an invalid certificate).
const MIN_CHANGE_WAIT: Duration = Duration::from_secs(30);
/// The longest wait, even if the other side asks for more.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// After a connection that held for this time, the waits start again from the first one.
const STABLE_AFTER: Span = Span(10_000_000);

/// Gives the waits between attempts, which grow with each failure in a row.
#[derive(Debug)]
pub(crate) struct Backoff {
    waits: ExponentialBackoff,
    /// The waits since the last connection that held, together; `None` where none has.
    since_well: Option<Duration>,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        let waits = ExponentialBuilder::new().with_min_delay(MIN_WAIT).with_max_delay(MAX_WAIT).with_jitter();
        Self { waits: waits.without_max_times().build(), since_well: None, failures: 0 }
    }
}

impl Backoff {
    /// How long to wait after `fault` ended a connection that had held for `lasted`.
    pub(crate) fn after(&mut self, fault: &Fault, lasted: Span) -> Duration {
        if lasted >= STABLE_AFTER {
            *self = Self { since_well: Some(Duration::ZERO), ..Self::default() };
        }
        self.failures += 1;
        let is_cut = self.since_well.is_some_and(|waited| waited < CUT_TIMEOUT);
        let usual = self.waits.next().unwrap_or(MAX_WAIT).min(if is_cut { MAX_WAIT_AFTER_CUT } else { Duration::MAX });
        let wait = fault.wait(usual, MIN_CHANGE_WAIT, MAX_RETRY_AFTER);
        self.since_well = self.since_well.map(|waited| waited.saturating_add(wait));
        wait
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
    fn waits_are_short_while_the_other_side_was_well_a_minute_ago() {
        let mut backoff = Backoff::default();
        let fault = Fault::transient("refused");
        let waits: Vec<Duration> =
            (0..40).map(|turn| backoff.after(&fault, if turn == 0 { STABLE_AFTER } else { Span::ZERO })).collect();
        let mut waited = Duration::ZERO;
        for wait in &waits {
            assert!(waited >= CUT_TIMEOUT || *wait <= MAX_WAIT_AFTER_CUT, "{waits:?}");
            waited += *wait;
        }
        assert!(waits[30..].iter().all(|wait| *wait >= MAX_WAIT), "{waits:?}");
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
