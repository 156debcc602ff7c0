//! The target and limits of a KPI, and how a figure is judged by them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figure::{Figure, Verdict};

/// Which values of a KPI are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Higher values.
    Higher,
    /// Lower values.
    Lower,
    /// Values between two bounds.
    Band,
    /// None: the value is not judged.
    Neutral,
}

/// The target and limits that a figure is judged by, in the KPI's unit: `low` and `high` for [`Better::Band`], the
/// others for [`Better::Higher`] and [`Better::Lower`]. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bands {
    /// The value to aim for. It is shown, and not used to judge.
    pub target: Option<f64>,
    /// Values past this are a warning.
    pub warning: Option<f64>,
    /// Values past this are critical.
    pub critical: Option<f64>,
    /// Values below this are a warning.
    pub low: Option<f64>,
    /// Values above this are a warning.
    pub high: Option<f64>,
}

impl Bands {
    /// No limits.
    pub const NONE: Self = Self { target: None, warning: None, critical: None, low: None, high: None };

    /// A target and two limits.
    #[must_use]
    pub const fn limits(target: f64, warning: f64, critical: f64) -> Self {
        Self { target: Some(target), warning: Some(warning), critical: Some(critical), low: None, high: None }
    }

    /// A low and a high bound.
    #[must_use]
    pub const fn between(low: f64, high: f64) -> Self {
        Self { target: None, warning: None, critical: None, low: Some(low), high: Some(high) }
    }

    /// These limits, and those of `other` where these have none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            target: self.target.or(other.target),
            warning: self.warning.or(other.warning),
            critical: self.critical.or(other.critical),
            low: self.low.or(other.low),
            high: self.high.or(other.high),
        }
    }

    /// Whether there are no limits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Judge a figure. A `sampled` KPI (see [`Kpi::sampled`](super::Kpi::sampled)) is not judged below `min_samples`.
    /// A figure with an interval is past a limit only if the whole interval is.
    #[must_use]
    pub fn verdict(&self, better: Better, figure: &Figure, min_samples: u64, sampled: bool) -> Verdict {
        let Some(value) = figure.value else { return Verdict::None };
        if better == Better::Neutral || self.is_empty() {
            return Verdict::None;
        }
        if sampled && figure.knows_samples() && figure.n < min_samples {
            return Verdict::FewSamples;
        }
        let best_case = match better {
            Better::Higher => figure.high.unwrap_or(value),
            _ => figure.low.unwrap_or(value),
        };
        let past = |limit: Option<f64>| match (better, limit) {
            (Better::Higher, Some(limit)) => best_case < limit,
            (Better::Lower, Some(limit)) => best_case > limit,
            _ => false,
        };
        if better == Better::Band {
            let (least, most) = (figure.low.unwrap_or(value), figure.high.unwrap_or(value));
            let outside = self.low.is_some_and(|low| most < low) || self.high.is_some_and(|high| least > high);
            return if outside { Verdict::Warning } else { Verdict::Good };
        }
        if past(self.critical) {
            Verdict::Critical
        } else if past(self.warning) {
            Verdict::Warning
        } else {
            Verdict::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, n: u64) -> Figure {
        Figure { value: Some(value), n, ..Figure::default() }
    }

    #[test]
    fn occupancy_of_few_contacts_is_outside_its_band_only_if_that_is_certain() {
        let band = Bands::between(75.0, 88.0);
        let occupancy = |busy: f64, n| Figure::ratio(100.0, busy, 100.0, n, "none").with_busy_interval();
        let verdict = |busy, n| band.verdict(Better::Band, &occupancy(busy, n), 10, true);
        // 92 % of 12 contacts: ± 1.96 · 0.92 · 0.08 · √(2 ÷ 12) = 5.9 points.
        assert_eq!((verdict(92.0, 12), verdict(95.0, 12)), (Verdict::Good, Verdict::Warning));
        assert!((occupancy(92.0, 12).low.unwrap() - 86.11).abs() < 0.01);
        assert_eq!((verdict(92.0, 30), verdict(60.0, 12)), (Verdict::Warning, Verdict::Good));
        assert_eq!((verdict(92.0, 9), verdict(20.0, 29)), (Verdict::FewSamples, Verdict::Warning));
    }

    #[test]
    fn values_past_a_limit_are_judged_and_values_at_it_are_good() {
        let lower = Bands::limits(5.0, 5.0, 8.0);
        for (value, expected) in
            [(4.9, Verdict::Good), (5.0, Verdict::Good), (5.1, Verdict::Warning), (8.1, Verdict::Critical)]
        {
            assert_eq!(lower.verdict(Better::Lower, &figure(value, 50), 10, true), expected, "{value}");
        }
        let band = Bands::between(180.0, 420.0);
        for (value, expected) in [(179.0, Verdict::Warning), (300.0, Verdict::Good), (421.0, Verdict::Warning)] {
            assert_eq!(band.verdict(Better::Band, &figure(value, 50), 10, true), expected, "{value}");
        }
    }

    #[test]
    fn few_samples_and_wide_intervals_are_not_judged_bad() {
        let higher = Bands::limits(85.0, 85.0, 80.0);
        assert_eq!(higher.verdict(Better::Higher, &figure(10.0, 9), 10, true), Verdict::FewSamples);
        let wide = Figure { low: Some(50.0), high: Some(86.0), ..figure(70.0, 30) };
        assert_eq!(higher.verdict(Better::Higher, &wide, 10, true), Verdict::Good);
        let narrow = Figure { low: Some(60.0), high: Some(79.0), ..figure(70.0, 300) };
        assert_eq!(higher.verdict(Better::Higher, &narrow, 10, true), Verdict::Critical);
        assert_eq!(higher.verdict(Better::Higher, &Figure::unknown("no contacts yet"), 10, true), Verdict::None);
    }
}
