//! Samples kept one by one, for exact quantiles and maxima.

/// Samples of which some may be taken out again. Quantiles and the maximum are exact.
#[derive(Clone, Debug)]
pub struct Samples {
    values: Vec<i64>,
    /// Samples taken out, which are still in `values`.
    removed: Vec<i64>,
    /// Bounds of `values`, which answer most questions without looking at each.
    least: i64,
    greatest: i64,
}

impl Default for Samples {
    fn default() -> Self {
        Self { values: Vec::new(), removed: Vec::new(), least: i64::MAX, greatest: i64::MIN }
    }
}

impl Samples {
    /// Add a sample (`sign` 1) or take one out (−1).
    pub fn count(&mut self, value: i64, sign: i64) {
        if sign > 0 {
            self.values.push(value);
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
        } else {
            self.removed.push(value);
        }
    }

    /// The samples left, in no order.
    #[must_use]
    pub fn remaining(&self) -> Vec<i64> {
        let mut values = self.values.clone();
        if !self.removed.is_empty() {
            let mut removed = self.removed.clone();
            values.sort_unstable();
            removed.sort_unstable();
            let mut gone = removed.into_iter().peekable();
            values.retain(|value| gone.next_if(|g| g == value).is_none());
        }
        values
    }

    /// Free the memory of samples taken out, once they are a good part of all.
    pub fn tidy(&mut self) {
        if self.removed.len() > 64 && self.removed.len() * 4 > self.values.len() {
            self.values = self.remaining();
            self.removed.clear();
            self.least = self.values.iter().min().copied().unwrap_or(i64::MAX);
            self.greatest = self.values.iter().max().copied().unwrap_or(i64::MIN);
        }
    }

    /// How many samples are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().saturating_sub(self.removed.len())
    }

    /// Whether no sample is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The greatest sample.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        if self.removed.is_empty() {
            return (!self.values.is_empty()).then_some(self.greatest);
        }
        self.remaining().into_iter().max()
    }

    /// How many samples are greater than `limit`.
    #[must_use]
    pub fn above(&self, limit: i64) -> i64 {
        if limit < self.least {
            return i64::try_from(self.len()).unwrap_or(i64::MAX);
        }
        let count = |values: &[i64]| i64::try_from(values.iter().filter(|v| **v > limit).count()).unwrap_or(i64::MAX);
        count(&self.values) - count(&self.removed)
    }

    /// The quantiles `q` (each 0–1), interpolated linearly between the two nearest ranks: the median of an even
    /// number is the mean of the middle two. `None` without samples.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, q: [f64; N]) -> Option<[f64; N]> {
        let mut values = self.remaining();
        if values.is_empty() {
            return None;
        }
        Some(q.map(|q| quantile(&mut values, q)))
    }

    /// Add all samples of another collection.
    pub(super) fn add(&mut self, other: &Self) {
        self.values.extend_from_slice(&other.values);
        self.removed.extend_from_slice(&other.removed);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// Linear interpolation between the closest ranks: Hyndman and Fan's (1996) type 7, the default of most statistics software.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks are small"
)]
fn quantile(values: &mut [i64], q: f64) -> f64 {
    let rank = q.clamp(0.0, 1.0) * (values.len() - 1) as f64;
    let low = rank.floor() as usize;
    let (_, at, above) = values.select_nth_unstable(low);
    let low_value = *at as f64;
    match above.iter().min() {
        Some(next) if rank > low as f64 => (rank - low as f64).mul_add(*next as f64 - low_value, low_value),
        _ => low_value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_taken_out_no_longer_count() {
        let mut samples = Samples::default();
        for value in [5, 7, 7, 9, 30] {
            samples.count(value, 1);
        }
        samples.count(7, -1);
        samples.count(30, -1);
        assert_eq!((samples.len(), samples.max()), (3, Some(9)));
        assert_eq!(samples.quantiles([0.5]), Some([7.0]));
        assert_eq!(samples.above(5), 2);
    }

    #[test]
    fn quantiles_interpolate_between_ranks() {
        let mut samples = Samples::default();
        for value in [1, 2, 3, 4] {
            samples.count(value, 1);
        }
        assert_eq!(samples.quantiles([0.0, 0.5, 1.0]), Some([1.0, 2.5, 4.0]));
        assert_eq!(Samples::default().quantiles([0.5]), None);
    }
}
