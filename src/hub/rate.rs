//! Limits how many requests per second a caller may send.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::clock::Clock;
use crate::net::rate::TokenBucket;
use crate::text::Label;

/// The requests per second of one caller, and the most at once after a pause. A thousand boards that share a token can
/// reconnect at once; a script out of control cannot take the floor's time from others.
pub(super) const PER_SECOND: u32 = 2_000;
/// The number of callers that are tracked.
const CALLERS: usize = 4_096;

/// The token buckets of all callers.
pub(super) struct Rates {
    clock: Clock,
    /// By the caller's name and address.
    buckets: Mutex<FxHashMap<(Label, Label), TokenBucket>>,
}

impl Rates {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Whether to serve one more request of a caller, by name and address.
    pub(super) fn admit(&self, key: (Label, Label)) -> bool {
        let now = self.clock.steady();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS && !buckets.contains_key(&key) {
            // A caller that sent nothing for a second has a full bucket, so removing it changes nothing.
            buckets.retain(|_, bucket| !bucket.is_full(now));
            if buckets.len() >= CALLERS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert_with(|| TokenBucket::new(PER_SECOND, now));
        bucket.take(1, now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Span, Time};

    #[test]
    fn each_caller_has_an_allowance_of_his_own_and_few_are_remembered() {
        let clock = Clock::manual(Time::from_unix(1_000_000_000));
        let rates = Rates::new(clock.clone());
        let who = |n: usize| ("wall".into(), Label::new(&n.to_string()));
        let served = (0..2 * PER_SECOND).filter(|_| rates.admit(who(0))).count();
        assert_eq!(served, PER_SECOND as usize);
        assert!(rates.admit(who(1)));
        clock.set(clock.now() + Span::SECOND);
        assert!(rates.admit(who(0)));
        assert!((0..3 * CALLERS).all(|n| rates.admit(who(n))));
        assert!(rates.buckets.lock().unwrap().len() <= CALLERS);
    }
}
