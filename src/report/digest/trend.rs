//! The course of each figure of a digest, and how far its data go.

use super::data::{Digest, KPIS, figure};
use crate::kpi::bands::Better;
use crate::kpi::control::{SeriesState, UsualRange};
use crate::kpi::{Figure, KpiId, Verdict};

/// A step has data for less of its days than this share of what the best one has: it does not count for what is usual.
const MIN_COVERAGE: f64 = 0.8;

/// The course of a figure.
pub(super) struct DigestTrend<'a> {
    pub(super) kpi: KpiId,
    pub(super) now: &'a Figure,
    pub(super) before: Option<&'a Figure>,
    /// The value of each step.
    pub(super) points: Vec<Option<f64>>,
    /// The number of steps before the period with a value and enough data.
    pub(super) baseline: usize,
    pub(super) usual: Option<UsualRange>,
    pub(super) state: SeriesState,
}

impl DigestTrend<'_> {
    /// Whether it changed for the worse beyond chance.
    pub(super) fn is_worse(&self) -> bool {
        match (self.kpi.def().better, self.state.change()) {
            (Better::Higher, Some(above)) => !above,
            (Better::Lower, Some(above)) => above,
            _ => false,
        }
    }

    /// Whether it is past a limit.
    pub(super) fn is_bad(&self) -> bool {
        matches!(self.now.verdict, Verdict::Warning | Verdict::Critical)
    }
}

/// The days with data among those of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    pub(super) with_data: usize,
    pub(super) days: usize,
}

impl Coverage {
    #[expect(clippy::cast_precision_loss, reason = "numbers of days")]
    pub(super) fn share(self) -> f64 {
        self.with_data as f64 / self.days.max(1) as f64
    }
}

impl Digest {
    /// How many days have data, of any days of the calendar.
    pub(super) fn coverage_of(&self, days: &std::ops::Range<chrono::NaiveDate>) -> Coverage {
        let has_data = |row: &&crate::kpi::AnswerRow| {
            let counted = row.figures.first().and_then(|offered| offered.value).is_some_and(|offered| offered > 0.0);
            counted && row.start.is_some_and(|start| days.contains(&self.period.calendar.day(start)))
        };
        let length = (days.end - days.start).num_days();
        let with_data = self.data.by_day.rows.iter().filter(has_data).count();
        Coverage { with_data, days: usize::try_from(length).unwrap_or(0) }
    }

    /// Which steps have enough data to be compared, the oldest first.
    pub(super) fn comparable_steps(&self) -> Vec<bool> {
        let shares: Vec<f64> = self.period.days().iter().map(|days| self.coverage_of(days).share()).collect();
        let best = shares.iter().copied().fold(0.0, f64::max);
        shares.into_iter().map(|share| share > 0.0 && share >= MIN_COVERAGE * best).collect()
    }

    /// The figures that are known.
    pub(super) fn trends(&self) -> Vec<DigestTrend<'_>> {
        let comparable = self.comparable_steps();
        KPIS.into_iter().filter_map(|kpi| self.trend(kpi, &comparable)).collect()
    }

    fn trend(&self, kpi: KpiId, comparable: &[bool]) -> Option<DigestTrend<'_>> {
        let now = figure(&self.data.intents.total, kpi).filter(|figure| figure.is_known())?;
        // Where nothing is counted at all, a number is 0 and not a value.
        let value = |(answer, comparable): (&crate::kpi::Answer, &bool)| {
            comparable.then(|| figure(&answer.total, kpi)?.value).flatten()
        };
        let points: Vec<Option<f64>> = self.data.steps.iter().zip(comparable).map(value).collect();
        let (old, own) = points.split_at(points.len().saturating_sub(self.period.own_steps()));
        let (old, own): (Vec<f64>, Vec<f64>) =
            (old.iter().flatten().copied().collect(), own.iter().flatten().copied().collect());
        let few = now.verdict == Verdict::FewSamples;
        let state = if few { SeriesState::Unknown } else { SeriesState::of(&old, &own) };
        let before = figure(&self.data.intents_before.total, kpi).filter(|figure| figure.is_known());
        let before = before.filter(|_| self.coverage_of(&self.period.days_before()).with_data > 0);
        Some(DigestTrend { kpi, now, before, baseline: old.len(), usual: UsualRange::of(&old), state, points })
    }
}
