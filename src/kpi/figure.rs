//! A figure: a KPI's value with what stands behind it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{Label, Text};

use super::stats;

/// A KPI's value, its parts and how far it can be trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// The value in the KPI's unit; `None` where it is unknown.
    pub value: Option<f64>,
    /// The sample size behind it.
    pub n: u64,
    /// What was divided, in the KPI's unit (percentages before the factor 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<f64>,
    /// What it was divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<f64>,
    /// Lower end of the 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The share (0–100) of first contacts that could still turn out unresolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<f64>,
    /// Why the value is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What it is made of: counts by reason, rates by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<FigurePart>,
    /// The source's own figure, shown as it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// How it stands against its bands.
    #[serde(default)]
    pub verdict: Verdict,
}

/// One part of a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FigurePart {
    /// What it is of: a reason, a position.
    pub key: Label,
    /// Its value; `None` where it is unknown.
    pub value: Option<f64>,
    /// The sample size behind it.
    pub n: u64,
}

/// How a figure stands against its bands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There is nothing to judge: no value, or no bands.
    #[default]
    None,
    /// Too few samples to judge.
    FewSamples,
    /// On target.
    Good,
    /// Past the warning line.
    Warning,
    /// Past the critical line.
    Critical,
}

pub(super) fn whole(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn float(n: i64) -> f64 {
    n as f64
}

impl Figure {
    /// A figure that isn't known, and why.
    #[must_use]
    pub fn unknown(reason: &'static str) -> Self {
        Self { reason: Some(Text::fixed(reason)), ..Self::default() }
    }

    /// A count.
    #[must_use]
    pub fn count(n: i64) -> Self {
        Self { value: Some(float(n)), n: whole(n), ..Self::default() }
    }

    /// A gauge: what stands now.
    #[must_use]
    pub fn gauge(value: f64, n: i64) -> Self {
        Self { value: Some(value), n: whole(n), ..Self::default() }
    }

    /// `factor × numerator ÷ denominator`, from `n` samples. Unknown, for the reason given, where the denominator
    /// isn't positive.
    #[must_use]
    pub fn ratio(factor: f64, numerator: f64, denominator: f64, n: i64, empty: &'static str) -> Self {
        if denominator <= 0.0 {
            return Self { n: whole(n), ..Self::unknown(empty) };
        }
        Self {
            value: Some(factor * numerator / denominator),
            n: whole(n),
            numerator: Some(numerator),
            denominator: Some(denominator),
            ..Self::default()
        }
    }

    /// A percentage of counts.
    #[must_use]
    pub fn percent(part: i64, whole: i64, empty: &'static str) -> Self {
        Self::ratio(100.0, float(part), float(whole), whole, empty)
    }

    /// A percentage of a survey's answers, with its Wilson interval.
    #[must_use]
    pub fn survey_percent(part: i64, whole: i64, empty: &'static str) -> Self {
        let mut figure = Self::percent(part, whole, empty);
        if let Some((low, high)) = stats::wilson(float(part), float(whole)) {
            figure.low = Some(100.0 * low);
            figure.high = Some(100.0 * high);
        }
        figure
    }

    /// Whether a value stands behind it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.value.is_some()
    }
}
