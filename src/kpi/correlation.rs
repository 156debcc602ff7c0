//! Whether two series of days go with each other. That says nothing of causes.

/// Whether two series go with each other is known from so many days on.
pub const MIN_PAIRS: usize = 30;
/// The standard error of a rank correlation after Fisher's transformation, times the root of its degrees of freedom (E. C. Fieller,
/// H. O. Hartley and E. S. Pearson, Biometrika 44, 1957).
const RANK_ERROR: f64 = 1.06;
const SIGMAS_OF_95_PERCENT: f64 = 1.96;
const BEYOND_CHANCE_SIGMAS: f64 = 3.0;

/// Spearman's rank correlation with its 95 % interval, each −1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankCorrelation {
    /// The correlation.
    pub rho: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The number of pairs.
    pub n: usize,
    /// Whether it is more than three standard errors away from none at all: among many pairs of series, one in twenty is outside
    /// of a 95 % interval by chance.
    pub is_beyond_chance: bool,
}

impl RankCorrelation {
    /// That of pairs; `None` of fewer than [`MIN_PAIRS`], or where a series never changes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a number of days")]
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.len() < MIN_PAIRS {
            return None;
        }
        let (xs, ys) = (ranks(pairs.iter().map(|pair| pair.0)), ranks(pairs.iter().map(|pair| pair.1)));
        let middle = f64::midpoint(1.0, pairs.len() as f64);
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
        let spread = (product(&xs, &xs) * product(&ys, &ys)).sqrt();
        if spread <= 0.0 {
            return None;
        }
        let rho = (product(&xs, &ys) / spread).clamp(-1.0, 1.0);
        let error = RANK_ERROR / (pairs.len() as f64 - 3.0).sqrt();
        let z = rho.clamp(-0.999_999, 0.999_999).atanh();
        let half = SIGMAS_OF_95_PERCENT * error;
        let is_beyond_chance = z.abs() > BEYOND_CHANCE_SIGMAS * error;
        Some(Self { rho, low: (z - half).tanh(), high: (z + half).tanh(), n: pairs.len(), is_beyond_chance })
    }
}

/// The ranks from 1 on; equal values share the mean of theirs.
#[expect(clippy::cast_precision_loss, reason = "a number of days")]
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<(usize, f64)> = values.enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut ranked = Vec::with_capacity(sorted.len());
    for equal in sorted.chunk_by(|(_, a), (_, b)| a.total_cmp(b).is_eq()) {
        let rank = ranked.len() as f64 + f64::midpoint(1.0, equal.len() as f64);
        ranked.extend(equal.iter().map(|(at, _)| (*at, rank)));
    }
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, rank)| rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks([10.0, 30.0, 20.0, 20.0].into_iter()), [1.0, 4.0, 2.5, 2.5]);
    }

    #[test]
    fn days_that_go_together_do_so_beyond_chance() {
        let pairs: Vec<(f64, f64)> = (0..40).map(|day| (f64::from(day), f64::from(day * day))).collect();
        let together = RankCorrelation::of(&pairs).unwrap();
        assert!((together.rho - 1.0).abs() < 1e-9 && together.is_beyond_chance && together.low > 0.99);
        let apart: Vec<(f64, f64)> = (0..40).map(|day| (f64::from(day), f64::from(day * 7 % 40))).collect();
        let apart = RankCorrelation::of(&apart).unwrap();
        assert!(!apart.is_beyond_chance && apart.low < 0.0 && apart.high > 0.0, "{apart:?}");
        assert_eq!(RankCorrelation::of(&pairs[..29]), None);
        assert_eq!(RankCorrelation::of(&[(1.0, 2.0); 40]), None);
    }
}
