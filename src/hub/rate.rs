//! How many requests a caller may send.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::alert::Actor;
use crate::clock::Clock;
use crate::net::rate::TokenBucket;
use crate::text::Label;

/// So many requests a second are served for one caller, and so many at once after a rest. A wall of a thousand boards
/// with one token may come back at once; a script that has gone wild may not take the floor's time from the others.
pub(super) const PER_SECOND: u32 = 2_000;
/// So many callers are remembered.
const CALLERS: usize = 4_096;

/// Every caller's allowance.
pub(super) struct Rates {
    clock: Clock,
    /// By name and place.
    buckets: Mutex<FxHashMap<(Label, Label), TokenBucket>>,
}

impl Rates {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Whether one more request of `who` is served.
    pub(super) fn admit(&self, who: &Actor) -> bool {
        let now = self.clock.steady();
        let key = (who.name.clone(), who.from.clone());
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS && !buckets.contains_key(&key) {
            // Who has not asked for a second has all of his allowance: forgetting him changes nothing.
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
        let who = |n: usize| Actor { name: "wall".into(), from: Label::new(&n.to_string()) };
        let served = (0..2 * PER_SECOND).filter(|_| rates.admit(&who(0))).count();
        assert_eq!(served, PER_SECOND as usize);
        assert!(rates.admit(&who(1)));
        clock.set(clock.now() + Span::SECOND);
        assert!(rates.admit(&who(0)));
        assert!((0..3 * CALLERS).all(|n| rates.admit(&who(n))));
        assert!(rates.buckets.lock().unwrap().len() <= CALLERS);
    }
}
