//! What the parts of a ratio did to a change of it.
//!
//! A service level falls because other contacts came, or because contacts of a kind were served worse. Which of both, and
//! of which kind, follows exactly: with `w` the share that a part has of the denominator, `r` its own ratio, `R` the ratio
//! of the whole, Δ the change of each and a bar the mean of before and now,
//!
//! ```text
//! ΔR = Σ Δw · (r̄ − R̄)  +  Σ w̄ · Δr
//!      what came           how it was served
//! ```
//!
//! This is the decomposition of E. M. Kitagawa, "Components of a Difference Between Two Rates", Journal of the American
//! Statistical Association 50 (1955). It has no remainder.

/// A numerator and a denominator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quotient {
    /// The numerator.
    pub numerator: f64,
    /// The denominator, 0 or more.
    pub denominator: f64,
}

impl Quotient {
    /// Their ratio; `None` of nothing.
    fn ratio(self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }

    /// The rest without `parts`. Rounding leaves no denominator below 0.
    #[must_use]
    pub fn without(self, parts: impl Iterator<Item = Self>) -> Self {
        let (numerator, denominator) = parts
            .fold((self.numerator, self.denominator), |(numerator, denominator), part| {
                (numerator - part.numerator, denominator - part.denominator)
            });
        Self { numerator, denominator: denominator.max(0.0) }
    }
}

/// What a part did to the change of the whole, in the unit of the ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartEffect {
    /// By having another share of the whole.
    pub share: f64,
    /// By having another ratio itself.
    pub ratio: f64,
}

impl PartEffect {
    /// Both together.
    #[must_use]
    pub fn total(self) -> f64 {
        self.share + self.ratio
    }
}

/// The effect of each part, given as before and now. The effects sum to the change of the whole if the parts are all of it.
/// Empty where there was or is nothing.
#[must_use]
pub fn effects(parts: &[(Quotient, Quotient)]) -> Vec<PartEffect> {
    let whole = |of: fn(&(Quotient, Quotient)) -> Quotient| {
        parts.iter().map(of).fold(Quotient::default(), |sum, part| Quotient {
            numerator: sum.numerator + part.numerator,
            denominator: sum.denominator + part.denominator,
        })
    };
    let (before, now) = (whole(|part| part.0), whole(|part| part.1));
    let (Some(ratio_before), Some(ratio_now)) = (before.ratio(), now.ratio()) else { return Vec::new() };
    let mean = f64::midpoint(ratio_before, ratio_now);
    let effect = |(was, is): &(Quotient, Quotient)| {
        let shares = (was.denominator / before.denominator, is.denominator / now.denominator);
        // Of a part that was not there, or is not there any more, only the share has changed.
        let (Some(own_before), Some(own_now)) = (was.ratio().or(is.ratio()), is.ratio().or(was.ratio())) else {
            return PartEffect::default();
        };
        PartEffect {
            share: (shares.1 - shares.0) * (f64::midpoint(own_before, own_now) - mean),
            ratio: f64::midpoint(shares.0, shares.1) * (own_now - own_before),
        }
    };
    parts.iter().map(effect).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quotient(numerator: f64, denominator: f64) -> Quotient {
        Quotient { numerator, denominator }
    }

    #[test]
    fn what_came_and_how_it_was_served_are_told_apart() {
        // Billing has 9 of 10 in time, before and now. Support falls from 8 of 10 to 4 of 20, and is twice as much.
        let parts = [(quotient(9.0, 10.0), quotient(9.0, 10.0)), (quotient(8.0, 10.0), quotient(4.0, 20.0))];
        let effects = effects(&parts);
        // Before 17 of 20 = 0.85, now 13 of 30 = 0.4333; their mean is 0.641667.
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(effects[0].ratio, 0.0);
        close(effects[0].share, (1.0 / 3.0 - 0.5) * (0.9 - 0.641_666_666_666_7));
        close(effects[1].ratio, 0.5 * (0.5 + 2.0 / 3.0) * (0.2 - 0.8));
        close(effects[1].share, (2.0 / 3.0 - 0.5) * (0.5 - 0.641_666_666_666_7));
        close(effects.iter().map(|effect| effect.total()).sum(), 13.0 / 30.0 - 0.85);
    }

    #[test]
    fn nothing_has_no_parts() {
        assert!(effects(&[]).is_empty());
        assert!(effects(&[(Quotient::default(), quotient(1.0, 2.0))]).is_empty());
        assert_eq!(effects(&[(quotient(1.0, 2.0), quotient(1.0, 2.0)), Default::default()])[1], PartEffect::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// The parts of 1,000 random days sum to the change.
        #[test]
        fn the_parts_sum_to_the_change(
            parts in prop::collection::vec((0_u32..500, 0_u32..500, 0_u32..500, 0_u32..500), 1..60),
        ) {
            let of = |in_time: u32, late: u32| quotient(f64::from(in_time), f64::from(in_time) + f64::from(late));
            let parts: Vec<_> = parts.into_iter().map(|(a, b, c, d)| (of(a, b), of(c, d))).collect();
            let whole = |of: fn(&(Quotient, Quotient)) -> Quotient| {
                quotient(parts.iter().map(|p| of(p).numerator).sum(), parts.iter().map(|p| of(p).denominator).sum()).ratio()
            };
            if let (Some(before), Some(now)) = (whole(|part| part.0), whole(|part| part.1)) {
                let sum: f64 = effects(&parts).iter().map(|effect| effect.total()).sum();
                prop_assert!((sum - (now - before)).abs() < 1e-9, "{sum} {before} {now}");
            }
        }
    }
}
