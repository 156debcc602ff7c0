//! A rate limit for events and requests.

use std::time::Duration;

use crate::clock::Time;

/// A token bucket. It fills at the allowed rate, holds the tokens of one second, and each event takes one.
///
/// While it is not empty, any number of tokens can be taken, and the level may become negative: a batch larger than one
/// second's worth is accepted as a whole, and later ones wait for longer.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    per_second: f64,
    level: f64,
    at: Time,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(per_second: u32, now: Time) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self { per_second, level: per_second, at: now }
    }

    /// Check whether tokens can be taken at `now`.
    ///
    /// # Errors
    /// How long to wait until they can.
    pub(crate) fn check(&mut self, now: Time) -> Result<(), Duration> {
        // A clock that went back must not add tokens.
        let passed = now.since(self.at).as_secs_f64();
        self.at = now;
        self.level = (self.level + passed * self.per_second).min(self.per_second);
        if self.level >= 1.0 {
            return Ok(());
        }
        let wait = (1.0 - self.level) / self.per_second;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(1)))
    }

    /// Whether the bucket is full at `now`, so that a new one would be the same.
    pub(crate) fn is_full(&mut self, now: Time) -> bool {
        self.check(now).is_ok() && self.level >= self.per_second
    }

    /// Take one token for each of `events` events.
    ///
    /// # Errors
    /// How long to wait until tokens can be taken; none were.
    pub(crate) fn take(&mut self, events: usize, now: Time) -> Result<(), Duration> {
        self.check(now)?;
        self.level -= f64::from(u32::try_from(events).unwrap_or(u32::MAX));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Span};

    #[test]
    fn a_second_s_worth_at_once_then_as_fast_as_it_fills() {
        let clock = Clock::manual(Time::from_unix(1_000_000_000));
        let pass = |span| clock.set(clock.now() + span);
        let mut bucket = TokenBucket::new(10, clock.now());
        assert_eq!((0..10).filter(|_| bucket.take(1, clock.now()).is_ok()).count(), 10);
        assert_eq!(bucket.take(1, clock.now()), Err(Duration::from_millis(100)));
        pass(Span(99_000));
        assert!(bucket.take(1, clock.now()).is_err());
        pass(Span(1_000));
        assert_eq!(bucket.take(1, clock.now()), Ok(()));
        // An hour of rest is worth no more than a second.
        pass(Span::HOUR);
        assert_eq!((0..20).filter(|_| bucket.take(1, clock.now()).is_ok()).count(), 10);
    }

    #[test]
    fn a_large_batch_is_taken_whole_and_paid_for_afterwards() {
        let clock = Clock::manual(Time::from_unix(1_000_000_000));
        let mut bucket = TokenBucket::new(10, clock.now());
        assert_eq!(bucket.take(100, clock.now()), Ok(()));
        assert_eq!(bucket.check(clock.now()), Err(Duration::from_millis(9_100)));
        clock.set(clock.now() + Span::seconds(9));
        assert!(bucket.take(1, clock.now()).is_err());
        clock.set(clock.now() + Span(100_000));
        assert_eq!(bucket.take(1, clock.now()), Ok(()));
        clock.set(Time::from_unix(900_000_000));
        assert!(bucket.take(1, clock.now()).is_err(), "a clock that is set back gives nothing");
    }
}
