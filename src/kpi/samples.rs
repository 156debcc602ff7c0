//! Samples kept for exact quantiles and maxima, counted by value: waits of a month are some hundred different seconds.

use std::iter::Peekable;

/// Up to so many samples wait to be counted, or a quarter of the different values if that is more.
const MAX_RECENT: usize = 64;

/// Samples of which some may be taken out again. Quantiles and the maximum are exact.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// The different values, ascending.
    values: Vec<i64>,
    /// How many samples of each there are; less than 0 where one is taken out before it is added.
    counts: Vec<i32>,
    /// The sum of `counts`.
    counted: i64,
    /// Samples added and taken out that are not in `counts` yet.
    recent: Vec<i64>,
    removed: Vec<i64>,
    /// No sample is or was less; `None` where there was none.
    least: Option<i64>,
    /// The samples up to this are forgotten, those that are yet to come included.
    forgotten: Option<i64>,
}

impl Samples {
    /// Add a sample (`sign` 1) or take one out (−1).
    pub fn count(&mut self, value: i64, sign: i64) {
        if self.forgotten.is_some_and(|until| value <= until) {
            return;
        }
        self.least = Some(self.least.map_or(value, |least| least.min(value)));
        // Most waits are as long as one before.
        if self.values.last().is_some_and(|last| value <= *last)
            && let Ok(at) = self.values.binary_search(&value)
            && let Some(count) = self.counts.get_mut(at)
        {
            *count = count.saturating_add(if sign > 0 { 1 } else { -1 });
            self.counted += sign;
            return;
        }
        if sign > 0 { self.recent.push(value) } else { self.removed.push(value) }
    }

    /// The different values with the number of their samples, ascending.
    pub(super) fn counts(&self) -> impl Iterator<Item = (i64, i32)> {
        self.runs().filter(|(_, count)| *count > 0)
    }

    /// The same, also of those that are taken out before they are added.
    #[expect(
        clippy::stable_sort_primitive,
        reason = "mostly in order already, which this kind of sorting makes use of"
    )]
    fn runs<'a>(&'a self) -> impl Iterator<Item = (i64, i32)> + use<'a> {
        let signed = |values: &'a [i64], sign: i32| values.iter().map(move |value| (*value, sign));
        let mut changes: Vec<_> = signed(&self.recent, 1).chain(signed(&self.removed, -1)).collect();
        changes.sort();
        Merged { a: self.counted().peekable(), b: changes.into_iter().peekable() }
    }

    fn counted(&self) -> impl Iterator<Item = (i64, i32)> {
        self.values.iter().copied().zip(self.counts.iter().copied())
    }

    /// Values with their numbers as columns. There are `most` of them at most: where they are millions, growing step by
    /// step would leave holes in memory.
    fn columns(most: usize, runs: impl Iterator<Item = (i64, i32)>) -> (Vec<i64>, Vec<i32>) {
        let (mut values, mut counts) = (Vec::with_capacity(most), Vec::with_capacity(most));
        for (value, count) in runs {
            values.push(value);
            counts.push(count);
        }
        values.shrink_to_fit();
        counts.shrink_to_fit();
        (values, counts)
    }

    fn set(&mut self, (values, counts): (Vec<i64>, Vec<i32>)) {
        self.counted = counts.iter().copied().map(i64::from).sum();
        (self.values, self.counts) = (values, counts);
    }

    /// Count the samples that wait for it, once they are a good part of all.
    pub fn tidy(&mut self) {
        self.tidy_above(self.forgotten.unwrap_or(i64::MIN));
    }

    /// The same, and forget the samples up to `limit`, of which nobody asks any more how many there are.
    pub fn tidy_above(&mut self, limit: i64) {
        let waiting = self.recent.len() + self.removed.len();
        if waiting > MAX_RECENT.max(self.values.len() / 4) {
            let counted = Self::columns(self.values.len() + waiting, self.runs().filter(|(value, _)| *value > limit));
            self.set(counted);
            (self.recent, self.removed) = (Vec::new(), Vec::new());
            if limit > i64::MIN {
                self.forgotten = self.forgotten.max(Some(limit));
                self.least = self.least.map(|least| least.max(limit.saturating_add(1)));
            }
        }
    }

    /// How many samples are left.
    #[must_use]
    pub fn len(&self) -> usize {
        let counted = usize::try_from(self.counted).unwrap_or(0);
        (counted + self.recent.len()).saturating_sub(self.removed.len())
    }

    /// Whether no sample is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The greatest sample.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        if self.removed.is_empty() && self.counts.last().is_none_or(|count| *count > 0) {
            return self.values.last().max(self.recent.iter().max()).copied();
        }
        self.runs().filter(|(_, count)| *count > 0).last().map(|(value, _)| value)
    }

    /// How many samples are greater than `limit`.
    #[must_use]
    pub fn above(&self, limit: i64) -> i64 {
        if self.least.is_none_or(|least| least > limit) {
            let waiting = |samples: &[i64]| i64::try_from(samples.len()).unwrap_or(i64::MAX);
            return self.counted + waiting(&self.recent) - waiting(&self.removed);
        }
        let counted = match self.values.partition_point(|value| *value <= limit) {
            0 => self.counted,
            first => self.counts.iter().skip(first).copied().map(i64::from).sum(),
        };
        let count = |values: &[i64]| i64::try_from(values.iter().filter(|v| **v > limit).count()).unwrap_or(i64::MAX);
        counted + count(&self.recent) - count(&self.removed)
    }

    /// The quantiles `q` (each 0–1), interpolated linearly between the two nearest ranks: the median of an even
    /// number is the mean of the middle two. `None` without samples.
    ///
    /// That is Hyndman and Fan's (1996) type 7, the default of most statistics software.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "ranks are small")]
    pub fn quantiles<const N: usize>(&self, q: [f64; N]) -> Option<[f64; N]> {
        let ranks = self.len().checked_sub(1).map(|last| q.map(|q| q.clamp(0.0, 1.0) * last as f64))?;
        // The values at each rank and the next, and how many samples are not greater than the value before.
        let mut found: [[Option<i64>; 2]; N] = [[None; 2]; N];
        let mut until = 0_i64;
        for (value, count) in self.runs() {
            until += i64::from(count);
            for (rank, found) in ranks.iter().zip(&mut found) {
                for (rank, slot) in (rank.floor() as i64..).zip(found) {
                    if rank < until {
                        slot.get_or_insert(value);
                    }
                }
            }
        }
        let mut ranks = ranks.into_iter().zip(found);
        Some(q.map(|_| match ranks.next() {
            Some((rank, [Some(at), Some(next)])) if rank.fract() > 0.0 => {
                rank.fract().mul_add(next as f64 - at as f64, at as f64)
            }
            Some((_, [Some(at), _])) => at as f64,
            _ => 0.0,
        }))
    }

    /// Add all samples of another collection.
    pub(super) fn add(&mut self, other: &Self) {
        if !other.values.is_empty() {
            let runs = Merged { a: self.counted().peekable(), b: other.counted().peekable() };
            self.set(Self::columns(self.values.len() + other.values.len(), runs));
        }
        self.least = self.least.into_iter().chain(other.least).min();
        self.forgotten = self.forgotten.max(other.forgotten);
        self.recent.extend_from_slice(&other.recent);
        self.removed.extend_from_slice(&other.removed);
        self.tidy();
    }
}

/// Two ascending rows of values with numbers as one, in which each value stands once, and none whose numbers cancel out.
struct Merged<A: Iterator, B: Iterator> {
    a: Peekable<A>,
    b: Peekable<B>,
}

impl<A: Iterator<Item = (i64, i32)>, B: Iterator<Item = (i64, i32)>> Iterator for Merged<A, B> {
    type Item = (i64, i32);

    fn next(&mut self) -> Option<(i64, i32)> {
        loop {
            let value = match (self.a.peek(), self.b.peek()) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((value, _)), None) | (None, Some((value, _))) => *value,
                (None, None) => return None,
            };
            let mut sum = 0_i32;
            while let Some((_, count)) = self.a.next_if(|(at, _)| *at == value) {
                sum = sum.saturating_add(count);
            }
            while let Some((_, count)) = self.b.next_if(|(at, _)| *at == value) {
                sum = sum.saturating_add(count);
            }
            if sum != 0 {
                return Some((value, sum));
            }
        }
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
    fn samples_that_are_forgotten_are_neither_counted_nor_taken_out() {
        let mut samples = Samples::default();
        (0..200).for_each(|value| samples.count(value, 1));
        samples.tidy_above(149);
        assert_eq!((samples.len(), samples.above(149), samples.above(189)), (50, 50, 10));
        samples.count(20, -1);
        samples.count(30, 1);
        samples.count(199, -1);
        assert_eq!((samples.len(), samples.above(149), samples.max()), (49, 49, Some(198)));
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

    proptest::proptest! {
        #[test]
        fn samples_are_those_of_a_plain_list_whenever_they_are_counted(
            values in proptest::collection::vec((-5..40_i64, 0..4_u8), 1..600),
            limit in -6..41_i64,
        ) {
            let (mut samples, mut part, mut plain) = (Samples::default(), Samples::default(), Vec::new());
            for (value, what) in values {
                if let Some(place) = plain.iter().position(|known| *known == value).filter(|_| what == 0) {
                    plain.swap_remove(place);
                    part.count(value, -1);
                } else {
                    plain.push(value);
                    samples.count(value, 1);
                }
                if what == 1 {
                    samples.tidy();
                    part.tidy();
                }
            }
            samples.add(&part);
            plain.sort_unstable();
            proptest::prop_assert_eq!(samples.len(), plain.len());
            proptest::prop_assert_eq!(samples.max(), plain.last().copied());
            let above = plain.iter().filter(|value| **value > limit).count();
            proptest::prop_assert_eq!(samples.above(limit), i64::try_from(above).unwrap());
            let middle = (!plain.is_empty()).then(|| {
                let at = |index: usize| f64::from(i32::try_from(plain[index]).unwrap());
                [at(0), f64::midpoint(at((plain.len() - 1) / 2), at(plain.len() / 2)), at(plain.len() - 1)]
            });
            proptest::prop_assert_eq!(samples.quantiles([0.0, 0.5, 1.0]), middle);
        }
    }
}
