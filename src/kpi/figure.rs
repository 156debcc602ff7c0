//! A figure: the value of a KPI, together with what it was computed from and how it is judged.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{Label, Text};

use super::stats;

/// From this number of samples on, the value of an operational percentage is judged without its uncertainty.
const MIN_CERTAIN_SAMPLES: i64 = 30;

/// The largest number that a source's own figure can be: more seconds than all agents of the largest centre work in a month.
pub const MAX_OBSERVED: f64 = 1e12;

/// The value of a KPI with its parts, its uncertainty and its verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figure {
    /// The value in the KPI's unit; `None` where it is unknown.
    pub value: Option<f64>,
    /// The number of samples: contacts of a rate or a mean, answers of a survey, or the count itself.
    pub n: u64,
    /// The numerator of a ratio, in the KPI's unit; of a percentage, a number of contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<f64>,
    /// The denominator of a ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<f64>,
    /// The lower end of the 95 % interval, in the KPI's unit (see [`stats`]); of surveys, of `fcr`, and of percentages of
    /// fewer than 30 samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end of the 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Of `fcr`: the share (0–100) of first contacts that could still turn out unresolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<f64>,
    /// Why the value is unknown; `None` where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What a known value leaves out: contacts whose end is unknown, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// The parts it consists of: counts by reason, rates by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<FigurePart>,
    /// Whether a source computed it itself: then the number of samples is 0 where the source does not tell it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// How it compares with its bands.
    #[serde(default)]
    pub verdict: Verdict,
}

/// One part of a [`Figure`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Part)]
pub struct FigurePart {
    /// The reason, the position band, or the like.
    pub key: Label,
    /// The value in the KPI's unit; `None` where it is unknown.
    pub value: Option<f64>,
    /// The number of samples.
    pub n: u64,
}

/// How a figure compares with its [`Bands`](super::Bands). The order is that of severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not judged: it has no value, or there are no limits.
    #[default]
    None,
    /// It is not judged: there are fewer samples than `min_samples`.
    FewSamples,
    /// Within its limits.
    Good,
    /// Past the warning limit, or outside its band.
    Warning,
    /// Past the critical limit.
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
    /// An unknown figure, and why it is unknown.
    #[must_use]
    pub fn unknown(reason: &'static str) -> Self {
        Self { reason: Some(Text::fixed(reason)), ..Self::default() }
    }

    /// A number of things.
    #[must_use]
    pub fn count(n: i64) -> Self {
        Self { value: Some(float(n)), n: whole(n), ..Self::default() }
    }

    /// A value that is not a ratio, from `n` samples.
    #[must_use]
    pub fn gauge(value: f64, n: i64) -> Self {
        Self { value: Some(value), n: whole(n), ..Self::default() }
    }

    /// `factor × numerator ÷ denominator`, from `n` samples. If the denominator is not positive, the figure is
    /// unknown, with `empty` as the reason.
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

    /// The percentage `part` of `whole`. A few more or fewer contacts change that of fewer than 30 a lot: it has its Wilson
    /// interval.
    #[must_use]
    pub fn percent(part: i64, whole: i64, empty: &'static str) -> Self {
        if whole < MIN_CERTAIN_SAMPLES {
            return Self::survey_percent(part, whole, empty);
        }
        Self::ratio(100.0, float(part), float(whole), whole, empty)
    }

    /// The percentage of a sample of all customers, with its Wilson interval.
    #[must_use]
    pub fn survey_percent(part: i64, whole: i64, empty: &'static str) -> Self {
        let mut figure = Self::ratio(100.0, float(part), float(whole), whole, empty);
        if let Some((low, high)) = stats::wilson(float(part), float(whole)) {
            figure.low = Some(100.0 * low);
            figure.high = Some(100.0 * high);
        }
        figure
    }

    /// The same of the percentage of time that is busy, with its 95 % interval where few contacts are behind it. Busy and free
    /// times that alternate at random and are exponential make the variance of a busy share ρ over n contacts
    /// 2ρ²(1 − ρ)² ÷ n.
    #[must_use]
    pub fn with_busy_interval(self) -> Self {
        let n = i64::try_from(self.n).unwrap_or(i64::MAX);
        let (Some(value), 1..MIN_CERTAIN_SAMPLES) = (self.value, n) else { return self };
        let share = value / 100.0;
        let by = 196.0 * share * (1.0 - share) * (2.0 / float(n)).sqrt();
        Self { low: Some((value - by).max(0.0)), high: Some((value + by).min(100.0)), ..self }
    }

    /// The same with a note on what it leaves out.
    #[must_use]
    pub fn with_note(self, note: Text) -> Self {
        Self { note: Some(note), ..self }
    }

    /// A share of contacts of which only those count whose end is known, where `unknown` others have none. These could be all or
    /// none of the part: where that moves the value out of its 95 % interval, and by more than a point, it is unknown, with `why`.
    #[must_use]
    pub fn of_known_ends(self, unknown: i64, why: &'static str) -> Self {
        if unknown <= 0 {
            return self;
        }
        let (Some(part), Some(whole)) = (self.numerator, self.denominator) else { return Self::unknown(why) };
        let (share, all) = (part / whole, whole + float(unknown));
        let (low, high) = stats::wilson(part, whole).unwrap_or((share, share));
        if part / all < low.min(share - 0.01) || (part + float(unknown)) / all > high.max(share + 0.01) {
            return Self { n: self.n, ..Self::unknown(why) };
        }
        self.without_unknown_ends(unknown)
    }

    /// A known figure of contacts whose end is known, where `unknown` others have none.
    #[must_use]
    pub fn without_unknown_ends(self, unknown: i64) -> Self {
        if unknown <= 0 || !self.is_known() {
            return self;
        }
        let contacts = if unknown == 1 { "contact" } else { "contacts" };
        self.with_note(Text::new(&format!("without {unknown} {contacts} whose end is unknown")))
    }

    /// Whether the number of samples is known. That of an observed figure is, where its source gives both parts.
    #[must_use]
    pub const fn knows_samples(&self) -> bool {
        !self.observed || self.denominator.is_some()
    }

    /// Whether it has a value.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.value.is_some()
    }
}
