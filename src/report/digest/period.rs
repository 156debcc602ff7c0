//! The times of a digest: the period that it is about, and the steps before, against which it is judged.

use std::ops::Range;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::clock::Time;
use crate::kpi::Calendar;

/// How often a digest is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cadence {
    Weekly,
    Monthly,
    Quarterly,
}

impl Cadence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Weekly, Self::Monthly, Self::Quarterly];

    /// Its name on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
        }
    }

    /// The cadence of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cadence| cadence.key() == word)
    }

    /// The steps of its curves: those of the period, and those before that say what is usual. Figures are kept for 400 days
    /// unless the configuration says otherwise: twelve months and the one that goes on.
    const fn steps(self) -> (usize, usize) {
        match self {
            Self::Weekly => (1, 12),
            Self::Monthly => (1, 11),
            Self::Quarterly => (3, 9),
        }
    }

    /// The first day of the period that holds a day.
    fn start(self, day: NaiveDate) -> NaiveDate {
        let (month, back) = (day.with_day(1).unwrap_or(day), day.month0() % 3);
        match self {
            Self::Weekly => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
            Self::Monthly => month,
            Self::Quarterly => month - Months::new(back),
        }
    }

    /// The day that begins so many steps before `end`, at which a step ends.
    fn back(self, end: NaiveDate, steps: usize) -> NaiveDate {
        let steps = u32::try_from(steps).unwrap_or(0);
        match self {
            Self::Weekly => end - Days::new(7 * u64::from(steps)),
            Self::Monthly | Self::Quarterly => end - Months::new(steps),
        }
    }
}

/// The steps of a digest, the oldest first: weeks from Monday on, or months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPeriod {
    /// How often such a digest is made.
    pub cadence: Cadence,
    /// The calendar of the floor.
    pub calendar: Calendar,
    steps: Vec<Range<NaiveDate>>,
}

impl DigestPeriod {
    /// The last whole week, month or quarter that is over at `at`.
    #[must_use]
    pub fn before(cadence: Cadence, at: Time, calendar: Calendar) -> Self {
        let end = cadence.start(calendar.day(at));
        let (within, usual) = cadence.steps();
        let step = |back: usize| cadence.back(end, back + 1)..cadence.back(end, back);
        Self { cadence, calendar, steps: (0..within + usual).rev().map(step).collect() }
    }

    /// How many of the steps, the last ones, are the period itself.
    #[must_use]
    pub const fn own_steps(&self) -> usize {
        self.cadence.steps().0
    }

    /// The days of each step, the oldest first.
    pub(super) fn days(&self) -> &[Range<NaiveDate>] {
        &self.steps
    }

    /// The times of each step, the oldest first.
    pub(super) fn steps(&self) -> impl Iterator<Item = Range<Time>> {
        self.steps.iter().map(|days| self.times(days))
    }

    fn times(&self, days: &Range<NaiveDate>) -> Range<Time> {
        self.calendar.start_of(days.start)..self.calendar.start_of(days.end)
    }

    fn of_steps(&self, skipped: usize) -> Range<NaiveDate> {
        let mut steps = self.steps.iter().rev().skip(skipped).take(self.own_steps());
        let last = steps.next().cloned().unwrap_or_default();
        steps.next_back().map_or(last.start, |first| first.start)..last.end
    }

    /// The days that it is about.
    #[must_use]
    pub fn own_days(&self) -> Range<NaiveDate> {
        self.of_steps(0)
    }

    /// The days of as many steps before it.
    #[must_use]
    pub fn days_before(&self) -> Range<NaiveDate> {
        self.of_steps(self.own_steps())
    }

    /// The time that it is about.
    #[must_use]
    pub fn own(&self) -> Range<Time> {
        self.times(&self.own_days())
    }

    /// The time of as many steps before it.
    #[must_use]
    pub fn time_before(&self) -> Range<Time> {
        self.times(&self.days_before())
    }

    /// All of it.
    #[must_use]
    pub fn all(&self) -> Range<Time> {
        let first = self.steps.first().cloned().unwrap_or_default();
        self.calendar.start_of(first.start)..self.own().end
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    fn period(cadence: Cadence, at: &str) -> DigestPeriod {
        let calendar = Calendar { zone: Tz::Europe__Berlin, ..Calendar::default() };
        DigestPeriod::before(cadence, Time::parse_rfc3339(at).unwrap(), calendar)
    }

    fn shown(days: &Range<NaiveDate>) -> String {
        format!("{}..{}", days.start, days.end)
    }

    #[test]
    fn a_week_begins_on_monday_and_is_over() {
        let weekly = period(Cadence::Weekly, "2026-03-09T05:00:00Z");
        assert_eq!(shown(&weekly.own_days()), "2026-03-02..2026-03-09");
        assert_eq!(shown(&weekly.days_before()), "2026-02-23..2026-03-02");
        assert_eq!((weekly.steps().count(), weekly.all().start), (13, weekly.steps().next().unwrap().start));
        // On Sunday evening, the week goes on.
        assert_eq!(shown(&period(Cadence::Weekly, "2026-03-08T22:00:00Z").own_days()), "2026-02-23..2026-03-02");
    }

    #[test]
    fn months_and_quarters_are_those_of_the_year() {
        assert_eq!(shown(&period(Cadence::Monthly, "2026-03-31T12:00:00Z").own_days()), "2026-02-01..2026-03-01");
        let quarterly = period(Cadence::Quarterly, "2026-05-31T12:00:00Z");
        assert_eq!(shown(&quarterly.own_days()), "2026-01-01..2026-04-01");
        assert_eq!(shown(&quarterly.days_before()), "2025-10-01..2026-01-01");
        // The clocks went forward on 29 March.
        assert_eq!(quarterly.own().end.to_string(), "2026-03-31T22:00:00Z");
    }
}
