//! The series of the page of trends: for each step its own figures, those that it is compared with, and the arrivals that
//! were expected. It is made of the rows of answers alone.

use rustc_hash::FxHashMap;

use super::{Axis, EXPECTED_FROM, FIGURES, Slot};
use crate::clock::Time;
use crate::kpi::control::median;
use crate::kpi::{AnswerRow, Figure, KpiId, Unit, Verdict};

/// From this number of samples on, a share is drawn like any other value.
const MIN_CERTAIN_SAMPLES: u64 = 30;
/// Arrivals above this multiple of the expected ones are marked.
const MANY_ARRIVALS: f64 = 1.35;

/// The same steps so many days before: rows with the figures of [`FIGURES`].
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// How many days before.
    pub days: u64,
    /// The rows, one per step of which anything is known.
    pub rows: &'a [AnswerRow],
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct TrendStep<'a> {
    /// When it begins.
    pub start: Time,
    /// When it ends.
    pub end: Time,
    /// Whether a source was silent during a visible part of it.
    pub gap: bool,
    /// Its figures, in the order of [`FIGURES`]; `None` where nothing was counted.
    pub own: Option<&'a AnswerRow>,
    /// The same step of the days that it is compared with.
    before: Vec<&'a AnswerRow>,
    /// How many agents were staffed in the mean.
    pub staffed: Option<f64>,
    /// The arrivals that were expected: the median of the last four same weekdays, as far as they are known.
    pub expected: Option<f64>,
}

/// All steps of a time.
#[derive(Clone, Debug)]
pub struct TrendModel<'a> {
    /// The steps, oldest first; those of the future are empty.
    pub steps: Vec<TrendStep<'a>>,
    /// The index of the step that holds the present.
    pub present: usize,
    /// Of which of the days before, given by how many days they lie back, anything is known.
    pub known: Vec<u64>,
    /// Those of them of which as much is known as of the time itself.
    pub whole: Vec<u64>,
}

impl<'a> TrendModel<'a> {
    /// Put a time together from its own rows, with whether each is a gap, and those of earlier days. `compared` says how many
    /// days back the days lie that it is compared with.
    #[must_use]
    pub fn new(
        axis: &Axis,
        now: Time,
        own: &[(Time, Option<&'a AnswerRow>, bool)],
        earlier: &[Earlier<'a>],
        compared: &[u64],
    ) -> Self {
        let own: FxHashMap<Time, (Option<&'a AnswerRow>, bool)> =
            own.iter().map(|(start, row, gap)| (*start, (*row, *gap))).collect();
        let earlier: Vec<(u64, FxHashMap<Slot, &'a AnswerRow>)> = earlier
            .iter()
            .map(|day| {
                let rows = day.rows.iter().filter_map(|row| Some((axis.slot(row.start?, day.days), row)));
                (day.days, rows.collect::<FxHashMap<_, _>>())
            })
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        // Before its first contact, nothing is known of a day; after that, a step without contacts had none.
        let begins: Vec<Option<Slot>> = earlier.iter().map(|(_, rows)| rows.keys().min().copied()).collect();
        let step = |place: usize, start: Time| {
            let slot = axis.slot(start, 0);
            let (row, gap) = own.get(&start).copied().unwrap_or_default();
            let before = earlier.iter().filter(|(days, _)| compared.contains(days));
            let usual = earlier.iter().zip(&begins).filter(|((days, _), _)| EXPECTED_FROM.contains(days));
            let usual = usual.filter_map(|((_, rows), begins)| match rows.get(&slot) {
                Some(row) => figure(row, KpiId::Offered)?.value,
                None => begins.filter(|begins| *begins <= slot).map(|_| 0.0),
            });
            TrendStep {
                start,
                end: axis.step(place).end,
                gap,
                own: row,
                staffed: None,
                before: before.filter_map(|(_, rows)| rows.get(&slot).copied()).collect(),
                expected: expected_of(&usual.collect::<Vec<_>>()),
            }
        };
        let first = own.iter().filter(|(_, (row, _))| row.is_some()).map(|(start, _)| axis.slot(*start, 0)).min();
        let is_whole = |begins: &Option<Slot>| begins.zip(first).is_some_and(|(begins, first)| begins <= first);
        let whole = earlier.iter().zip(&begins).filter(|(_, begins)| is_whole(begins));
        Self {
            whole: whole.map(|((days, _), _)| *days).collect(),
            steps: axis.starts.iter().enumerate().map(|(place, start)| step(place, *start)).collect(),
            present: axis.place(now),
            known: earlier.into_iter().map(|(days, _)| days).collect(),
        }
    }

    /// Take in how many hours agents were staffed in steps, as of `at`: given by the start of each step.
    pub fn set_staffed(&mut self, hours: &FxHashMap<Time, f64>, at: Time) {
        for step in &mut self.steps {
            let length = step.end.min(at).since(step.start).as_secs_f64() / 3600.0;
            step.staffed = hours.get(&step.start).filter(|_| length > 0.0).map(|hours| hours / length);
        }
    }

    /// The greatest value of a KPI that is to be shown.
    #[must_use]
    pub fn most(&self, kpi: KpiId) -> f64 {
        let values = self.steps.iter().flat_map(|step| {
            let expected = step.expected.filter(|_| kpi == KpiId::Offered);
            [step.value(kpi), step.spread(kpi).map(|(_, high)| high), expected]
        });
        values.flatten().fold(0.0, f64::max)
    }

    /// The arrivals of the steps that are over, and those of the same steps that they are compared with.
    #[must_use]
    pub fn arrivals(&self) -> (f64, f64) {
        let over = self.steps.iter().take(self.present);
        over.fold((0.0, 0.0), |(own, before), step| {
            let value = |value: Option<f64>| value.unwrap_or(0.0);
            (own + value(step.value(KpiId::Offered)), before + value(step.before(KpiId::Offered)))
        })
    }

    /// The last step that is over and has arrivals, with its number.
    #[must_use]
    pub fn newest(&self) -> Option<(usize, &TrendStep<'a>)> {
        self.steps.get(..self.present)?.iter().enumerate().rev().find(|(_, step)| step.own.is_some())
    }
}

impl TrendStep<'_> {
    /// Its figure of a KPI.
    #[must_use]
    pub fn figure(&self, kpi: KpiId) -> Option<&Figure> {
        figure(self.own?, kpi)
    }

    /// Its value of a KPI.
    #[must_use]
    pub fn value(&self, kpi: KpiId) -> Option<f64> {
        self.figure(kpi)?.value
    }

    /// The value that it is compared with: the median of those of the days before.
    #[must_use]
    pub fn before(&self, kpi: KpiId) -> Option<f64> {
        median(&self.values_before(kpi).collect::<Vec<_>>())
    }

    /// The lowest and the highest of the values that it is compared with.
    #[must_use]
    pub fn spread(&self, kpi: KpiId) -> Option<(f64, f64)> {
        self.values_before(kpi).map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn values_before(&self, kpi: KpiId) -> impl Iterator<Item = f64> {
        self.before.iter().filter_map(move |row| figure(row, kpi)?.value)
    }

    /// How a figure is judged: [`Verdict::FewSamples`] also where a share of few samples is not past its limit for sure.
    /// Arrivals are judged by what was expected.
    #[must_use]
    pub fn verdict(&self, kpi: KpiId) -> Verdict {
        let Some(figure) = self.figure(kpi) else { return Verdict::None };
        match (kpi, self.value(kpi), self.expected) {
            (KpiId::Offered, Some(value), Some(expected)) if is_many(value, expected) => Verdict::Warning,
            (KpiId::Offered, ..) => Verdict::Good,
            _ if figure.verdict < Verdict::Warning
                && kpi.def().unit == Unit::Percent
                && !figure.observed
                && figure.n < MIN_CERTAIN_SAMPLES =>
            {
                Verdict::FewSamples
            }
            _ => figure.verdict,
        }
    }
}

fn figure(row: &AnswerRow, kpi: KpiId) -> Option<&Figure> {
    row.figures.get(FIGURES.iter().position(|figure| *figure == kpi)?)
}

/// Whether so many arrivals are clearly more than were expected, and not by chance: a Poisson count lies within 2.5 standard
/// deviations of its mean in 99 of 100 cases.
#[must_use]
pub fn is_many(arrivals: f64, expected: f64) -> bool {
    arrivals > MANY_ARRIVALS * expected && arrivals - expected >= 2.5 * (expected + 1.0).sqrt()
}

/// What is expected of a step, from what came in it on the last four same weekdays, as far as that is known: the median, which
/// one odd day does not move. `None` where nothing is known.
#[must_use]
pub fn expected_of(weeks: &[f64]) -> Option<f64> {
    median(weeks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Span;
    use crate::kpi::{Calendar, Every, Slice, Window};

    fn time(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    /// A row with a service level of `within` of `offered` contacts.
    fn row(start: Time, offered: i64, within: i64) -> AnswerRow {
        let level = Figure::percent(within, offered, "none");
        let mut figures = vec![Figure::default(); FIGURES.len()];
        figures[0] = Figure {
            verdict: KpiId::ServiceLevel.def().bands.verdict(crate::kpi::Better::Higher, &level, 10, true),
            ..level
        };
        figures[2] = Figure::count(offered);
        AnswerRow { key: Slice::TOTAL, start: Some(start), figures }
    }

    #[test]
    fn a_step_has_its_own_figures_those_of_last_week_and_what_was_expected() {
        let now = time("2026-03-30T10:42:17Z");
        let calendar = Calendar { zone: chrono_tz::Europe::London, ..Calendar::default() };
        let axis = Axis::new(Window::Today, Every::Minutes(30), now, &calendar);
        // 11:00 and 11:30 by the clock, which was an hour ahead of UTC since the day before only.
        let today = [row(time("2026-03-30T10:00:00Z"), 200, 120), row(time("2026-03-30T10:30:00Z"), 20, 14)];
        let at = |days: i64, clock: &str| time(&format!("2026-03-30T{clock}:00Z")) - Span(days * Span::DAY.0);
        let weeks = [
            vec![row(at(7, "11:00"), 100, 90), row(at(7, "12:00"), 110, 99)],
            vec![row(at(14, "11:00"), 120, 90), row(at(14, "11:30"), 130, 99)],
            vec![row(at(21, "11:30"), 150, 75)],
            vec![],
        ];
        let earlier: Vec<Earlier<'_>> =
            weeks.iter().zip(EXPECTED_FROM).map(|(rows, days)| Earlier { days, rows }).collect();
        let own: Vec<_> = today.iter().map(|row| (row.start.unwrap(), Some(row), false)).collect();
        let model = TrendModel::new(&axis, now, &own, &earlier, &[7]);
        assert_eq!((model.steps.len(), model.present, model.known.as_slice()), (48, 23, &[7, 14, 21][..]));
        // The data of the third week begin later than those of today.
        assert_eq!((model.whole.as_slice(), model.arrivals()), (&[7, 14][..], (200.0, 100.0)));

        let eleven = &model.steps[22];
        assert_eq!((eleven.value(KpiId::ServiceLevel), eleven.before(KpiId::ServiceLevel)), (Some(60.0), Some(90.0)));
        // Of the third week nothing is known before 11:30: the median of 100 and 120.
        assert_eq!(eleven.expected, Some(110.0));
        assert_eq!(
            (eleven.verdict(KpiId::ServiceLevel), eleven.verdict(KpiId::Offered)),
            (Verdict::Critical, Verdict::Warning)
        );
        // Nothing came at 11:30 last week: the median of 0, 130 and 150. A level of 20 contacts is not certain.
        let half_past = &model.steps[23];
        assert_eq!((half_past.expected, half_past.before(KpiId::ServiceLevel)), (Some(130.0), None));
        assert_eq!(
            (half_past.value(KpiId::ServiceLevel), half_past.verdict(KpiId::ServiceLevel)),
            (Some(70.0), Verdict::FewSamples)
        );
        // At noon only the past is known.
        assert_eq!((model.steps[24].value(KpiId::Offered), model.steps[24].expected), (None, Some(0.0)));
        assert_eq!(model.newest().unwrap().1.start, eleven.start);
        assert!((model.most(KpiId::Offered) - 200.0).abs() < 1e-9);

        let four = TrendModel::new(&axis, now, &own, &earlier, &EXPECTED_FROM);
        assert_eq!(four.steps[22].before(KpiId::ServiceLevel), Some(82.5));
        assert_eq!(four.steps[22].spread(KpiId::ServiceLevel), Some((75.0, 90.0)));
    }

    #[test]
    fn many_arrivals_are_no_chance() {
        assert!(is_many(200.0, 110.0) && !is_many(140.0, 110.0));
        assert!(!is_many(3.0, 1.0) && is_many(6.0, 1.0));
    }
}
