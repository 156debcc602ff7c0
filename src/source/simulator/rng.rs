//! The simulation's random numbers: one seeded generator and the distributions that a contact centre needs.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, LogNormal, Normal, Weibull};

use crate::clock::Span;

/// A seeded generator. `ChaCha8Rng` is documented to give the same numbers on every platform and in every version.
pub(super) struct SimRng(ChaCha8Rng);

/// The longest span that is ever drawn: the distributions below have no upper bound.
const MAX_SPAN: Span = Span::DAY;

impl SimRng {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 up to but not including 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// `true` with this probability, from 0 to 1.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    /// Uniform from `low` to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0.random_range(low..=high)
    }

    /// A whole number, uniform from `low` up to but not including `high`.
    pub(super) fn whole(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..high)
    }

    pub(super) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        Normal::new(mean, deviation).map_or(mean, |normal| normal.sample(&mut self.0))
    }

    /// Lognormal with a mean of `mean_s` seconds; handling times are about so distributed. `sigma` is the standard
    /// deviation of the logarithm.
    pub(super) fn lognormal(&mut self, mean_s: f64, sigma: f64) -> Span {
        self.seconds(LogNormal::new(mean_s.ln() - sigma * sigma / 2.0, sigma))
    }

    /// Exponential with a mean of `mean_s` seconds: the time between two arrivals of a Poisson process.
    pub(super) fn exponential(&mut self, mean_s: f64) -> Span {
        self.seconds(Exp::new(1.0 / mean_s))
    }

    /// Weibull with a scale of `scale_s` seconds: how long a customer waits before hanging up.
    pub(super) fn weibull(&mut self, scale_s: f64, shape: f64) -> Span {
        self.seconds(Weibull::new(scale_s, shape))
    }

    /// A span drawn from a distribution of seconds. Parameters that describe no distribution give the longest span.
    fn seconds<E>(&mut self, distribution: Result<impl Distribution<f64>, E>) -> Span {
        let seconds = distribution.ok().map(|distribution| distribution.sample(&mut self.0));
        seconds.and_then(Span::from_secs_f64).unwrap_or(MAX_SPAN).min(MAX_SPAN)
    }

    /// Uniform from `low_s` to `high_s` seconds.
    pub(super) fn span(&mut self, low_s: f64, high_s: f64) -> Span {
        Span::from_secs_f64(self.between(low_s, high_s)).unwrap_or(MAX_SPAN)
    }

    /// One of the items, each equally likely; `None` of an empty list.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.0).copied()
    }

    /// One of the items by its weight; `None` of an empty list.
    pub(super) fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> Option<T> {
        from.choose_weighted(&mut self.0, |(_, weight)| *weight).ok().map(|(item, _)| *item)
    }
}
