//! Chance, from one seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use crate::clock::Span;

/// A seeded generator with the distributions of a contact centre.
pub(super) struct SimRng(ChaCha8Rng);

/// A day, for times that turned out beyond all measure.
const FAR: Span = Span::DAY;

impl SimRng {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Between 0 and 1, never 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly between two numbers.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        (high - low).mul_add(self.unit(), low)
    }

    /// A whole number from `low` up to and without `high`, which is the greater.
    pub(super) fn whole(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..high.max(low + 1))
    }

    /// Normal.
    pub(super) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let z: f64 = self.0.sample(StandardNormal);
        deviation.mul_add(z, mean)
    }

    /// Lognormal with this mean, in seconds: handling times.
    pub(super) fn lognormal(&mut self, mean_s: f64, sigma: f64) -> Span {
        let mu = mean_s.ln() - sigma * sigma / 2.0;
        Span::from_secs_f64(self.normal(mu, sigma).exp()).unwrap_or(FAR).min(FAR)
    }

    /// Exponential with this mean, in seconds: the time to the next arrival.
    pub(super) fn exponential(&mut self, mean_s: f64) -> Span {
        Span::from_secs_f64(-(1.0 - self.unit()).ln() * mean_s).unwrap_or(FAR).min(FAR)
    }

    /// Weibull with this scale, in seconds: patience.
    pub(super) fn weibull(&mut self, scale_s: f64, shape: f64) -> Span {
        Span::from_secs_f64((-(1.0 - self.unit()).ln()).powf(1.0 / shape) * scale_s).unwrap_or(FAR).min(FAR)
    }

    /// Evenly between two times, in seconds.
    pub(super) fn span(&mut self, low_s: f64, high_s: f64) -> Span {
        Span::from_secs_f64(self.between(low_s, high_s)).unwrap_or(FAR)
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.0.random_range(0..from.len().max(1));
        from.get(index).copied()
    }

    /// One of these, by weight.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> Option<T> {
        let mut left = self.unit() * from.iter().map(|(_, weight)| weight).sum::<f64>();
        for (value, weight) in from {
            left -= weight;
            if left < 0.0 {
                return Some(*value);
            }
        }
        from.last().map(|(value, _)| *value)
    }
}
