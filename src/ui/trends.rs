//! What the page of trends shows: which time in which steps, compared with what, and which figures. Plain values without
//! I/O, questions or colours; [`model`] puts the answers together.

mod annotating;
pub mod keys;
pub mod model;

use chrono::{NaiveDate, NaiveTime};

use crate::clock::Time;
use crate::kpi::{Better, Calendar, Every, Kpi, KpiId, Unit, Window};

/// The figures of the page, in the order in which Tab goes through them.
pub const FIGURES: [KpiId; 7] =
    [KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Offered, KpiId::Asa, KpiId::Aht, KpiId::Fcr, KpiId::Csat];
/// The times that the page can show, in the order of the key `t`.
const RANGES: [Window; 3] = [Window::Today, Window::D7, Window::D30];
/// How many days back the days lie that arrivals are expected from: the last four of the same weekday.
pub const EXPECTED_FROM: [u64; 4] = [7, 14, 21, 28];
/// From this many columns of the screen on, a column of figures stands beside the charts.
pub const WIDE_SCREEN: u16 = 160;
/// The width of that column.
pub const SIDE_COLUMNS: u16 = 50;
/// The columns beside charts for their scales, or for the names of queues below them.
pub const SCALE_COLUMNS: u16 = 8;
/// See [`SCALE_COLUMNS`].
pub const NAME_COLUMNS: u16 = 20;
/// More steps than any time has.
const MAX_STEPS: usize = 400;

/// What a time is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// The same weekdays a week before; of a month, four weeks before.
    #[default]
    LastWeek,
    /// The day before.
    Yesterday,
    /// The same weekdays of the four weeks before: their median, lowest and highest.
    FourWeeks,
    /// Nothing.
    Nothing,
}

impl Comparison {
    const ALL: [Self; 4] = [Self::LastWeek, Self::Yesterday, Self::FourWeeks, Self::Nothing];

    /// This one, or the default where it does not suit a time: a week has no day before.
    #[must_use]
    pub const fn of(self, range: Window) -> Self {
        match (self, range) {
            (Self::Yesterday, Window::D7 | Window::D30) | (Self::FourWeeks, Window::D30) => Self::LastWeek,
            _ => self,
        }
    }

    /// The next one that suits a time; after the last comes the first.
    #[must_use]
    pub fn next(self, range: Window) -> Self {
        let own = self.of(range);
        let suits = |other: &&Self| other.of(range) == **other;
        let after = Self::ALL.iter().skip_while(|other| **other != own).skip(1).find(suits);
        after.copied().unwrap_or_default()
    }

    /// How many days back the days lie that a time is compared with.
    #[must_use]
    pub const fn days_back(self, range: Window) -> &'static [u64] {
        match (self.of(range), range) {
            (Self::LastWeek, Window::D30) => &[28],
            (Self::LastWeek, _) => &[7],
            (Self::Yesterday, _) => &[1],
            (Self::FourWeeks, _) => &EXPECTED_FROM,
            (Self::Nothing, _) => &[],
        }
    }
}

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrendChoice {
    /// The time: today, the last 7 or the last 30 days.
    pub range: Window,
    /// What it is compared with.
    pub comparison: Comparison,
    /// The index of the first of [`FIGURES`] that has a chart.
    pub first: usize,
    /// An instant in the step under the cursor; `None` for the present one, which moves on.
    pub moment: Option<Time>,
}

impl Default for TrendChoice {
    fn default() -> Self {
        Self { range: Window::Today, comparison: Comparison::default(), first: 0, moment: None }
    }
}

impl TrendChoice {
    /// The choice for a window of time, or for the shortest time that the page can show.
    #[must_use]
    pub fn over(window: Window) -> Self {
        Self { range: window.max(Window::Today), ..Self::default() }
    }

    /// The step of its series on a screen of so many columns: a bar needs two.
    #[must_use]
    pub const fn every(&self, screen: u16) -> Every {
        let charts = match screen {
            WIDE_SCREEN.. => screen - SIDE_COLUMNS - NAME_COLUMNS,
            _ => screen.saturating_sub(SCALE_COLUMNS),
        };
        match (self.range, charts) {
            (Window::D30, _) => Every::Days(1),
            (Window::D7, ..=335) => Every::Minutes(180),
            (Window::D7, _) => Every::Minutes(60),
            (_, ..=191) => Every::Minutes(30),
            _ => Every::Minutes(15),
        }
    }

    /// Show the next time, or the one before.
    pub fn step_range(&mut self, forward: bool) {
        let at = RANGES.iter().position(|range| *range == self.range).unwrap_or(0);
        let to = (at + if forward { 1 } else { RANGES.len() - 1 }) % RANGES.len();
        self.range = RANGES.get(to).copied().unwrap_or(Window::Today);
        self.moment = None;
    }

    /// Show the next `count` figures, or those before; after the last come the first.
    pub fn step_figures(&mut self, forward: bool, count: usize) {
        let last = FIGURES.len().saturating_sub(count.max(1));
        self.first = match (forward, self.first.min(last)) {
            (true, first) if first == last => 0,
            (true, first) => (first + count.max(1)).min(last),
            (false, 0) => last,
            (false, first) => first.saturating_sub(count.max(1)),
        };
    }

    /// The figures that have a chart where there is room for `count`.
    #[must_use]
    pub fn figures(&self, count: usize) -> &'static [KpiId] {
        let first = self.first.min(FIGURES.len().saturating_sub(count));
        FIGURES.get(first..(first + count).min(FIGURES.len())).unwrap_or(&FIGURES)
    }
}

/// The steps of a time from its start to the end of its last day.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The length of a step.
    pub every: Every,
    /// The start of each step, oldest first.
    pub starts: Vec<Time>,
    /// The end of the last step.
    pub end: Time,
    calendar: Calendar,
}

/// A step by the clock: its business day and time of day. The same step of another day has the same time.
pub type Slot = (NaiveDate, NaiveTime);

impl Axis {
    /// The steps of a time that ends with the business day of `now`.
    #[must_use]
    pub fn new(range: Window, every: Every, now: Time, calendar: &Calendar) -> Self {
        let from = range.range(now, calendar).start;
        let end = calendar.start_of(calendar.day(now) + chrono::Days::new(1));
        let mut starts = vec![calendar.bucket(every, from)];
        while let Some(start) = starts.last().copied().filter(|_| starts.len() < MAX_STEPS) {
            let next = calendar.next_step(every, start);
            if next >= end {
                break;
            }
            starts.push(next);
        }
        Self { every, starts, end, calendar: *calendar }
    }

    /// The index of the step that holds an instant: the first one before the time, and the last one after it.
    #[must_use]
    pub fn place(&self, at: Time) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Start and end of a step.
    #[must_use]
    pub fn step(&self, place: usize) -> std::ops::Range<Time> {
        let start = |place: usize| self.starts.get(place).copied().unwrap_or(self.end);
        start(place)..start(place + 1)
    }

    /// The step that begins at `start`, by the clock, `days` later.
    #[must_use]
    pub fn slot(&self, start: Time, days: u64) -> Slot {
        let wall = start.to_chrono().with_timezone(&self.calendar.zone).time();
        (self.calendar.day(start) + chrono::Days::new(days), wall)
    }
}

/// The upper end of a KPI's scale: it is round and so stays where it is while values come. Shares of what is good reach from
/// 0 to 100; `most` is the greatest value to be shown.
#[must_use]
pub fn ceiling(kpi: &Kpi, most: f64) -> f64 {
    const SECONDS: [f64; 12] =
        [15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0];
    match (kpi.unit, kpi.better) {
        (Unit::Percent, Better::Higher) => 100.0,
        (Unit::Percent, _) => round_up(most.max(10.0)).min(100.0),
        (Unit::Seconds, _) => SECONDS.into_iter().find(|end| *end >= most).unwrap_or_else(|| round_up(most)),
        _ => round_up(most.max(5.0)),
    }
}

/// The next round multiple of a power of ten.
fn round_up(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let round = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|factor| factor * power);
    round.into_iter().find(|end| *end >= most).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    fn london() -> Calendar {
        Calendar { zone: chrono_tz::Europe::London, ..Calendar::default() }
    }

    #[test]
    fn a_day_has_as_many_half_hours_as_the_clocks_give_it() {
        let steps = |day: &str| Axis::new(Window::Today, Every::Minutes(30), time(day), &london()).starts.len();
        assert_eq!(steps("2026-03-02T10:42:17Z"), 48);
        assert_eq!(steps("2026-03-29T10:00:00Z"), 46, "the clocks go forward");
        assert_eq!(steps("2026-10-25T10:00:00Z"), 50, "and back");
        let week = Axis::new(Window::D7, Every::Minutes(180), time("2026-03-31T10:00:00Z"), &london());
        assert_eq!((week.starts.len(), week.end), (56, time("2026-03-31T23:00:00Z")));
        let month = Axis::new(Window::D30, Every::Days(1), time("2026-04-07T10:00:00Z"), &london());
        assert_eq!((month.starts.len(), month.starts[0]), (30, time("2026-03-09T00:00:00Z")));
    }

    #[test]
    fn steps_are_found_by_the_clock() {
        let axis = Axis::new(Window::Today, Every::Minutes(30), time("2026-03-30T10:42:17Z"), &london());
        let place = axis.place(time("2026-03-30T10:42:17Z"));
        assert_eq!(axis.step(place), time("2026-03-30T10:30:00Z")..time("2026-03-30T11:00:00Z"));
        // 11:30 of summer time; a week before, 11:30 was winter time.
        let before = axis.slot(time("2026-03-23T11:30:00Z"), 7);
        assert_eq!(axis.slot(axis.starts[place], 0), before);
        assert_eq!(axis.place(time("2026-03-29T10:00:00Z")), 0);
        assert_eq!(axis.step(47).end, time("2026-03-30T23:00:00Z"));
    }

    #[test]
    fn comparisons_suit_the_time() {
        use Comparison::{FourWeeks, LastWeek, Nothing, Yesterday};
        let round = |range| {
            let mut one = Comparison::LastWeek;
            let mut all = vec![one];
            for _ in 0..3 {
                one = one.next(range);
                all.push(one);
            }
            all
        };
        assert_eq!(round(Window::Today), [LastWeek, Yesterday, FourWeeks, Nothing]);
        assert_eq!(round(Window::D7), [LastWeek, FourWeeks, Nothing, LastWeek]);
        assert_eq!(round(Window::D30), [LastWeek, Nothing, LastWeek, Nothing]);
        assert_eq!(Yesterday.days_back(Window::D30), [28]);
    }

    #[test]
    fn tab_goes_through_all_figures() {
        let mut choice = TrendChoice::default();
        assert_eq!(choice.figures(3), &FIGURES[..3]);
        choice.step_figures(true, 3);
        assert_eq!(choice.figures(3), &FIGURES[3..6]);
        choice.step_figures(true, 3);
        assert_eq!(choice.figures(3), &FIGURES[4..]);
        choice.step_figures(true, 3);
        assert_eq!(choice.first, 0);
        choice.step_figures(false, 3);
        assert_eq!(choice.figures(3), &FIGURES[4..]);
        assert_eq!(choice.figures(7), FIGURES);
    }

    #[test]
    fn scales_are_round() {
        let ends = [
            (KpiId::ServiceLevel, 40.0, 100.0),
            (KpiId::AbandonmentRate, 2.0, 10.0),
            (KpiId::AbandonmentRate, 31.0, 40.0),
            (KpiId::Offered, 241.0, 300.0),
            (KpiId::Offered, 0.0, 5.0),
            (KpiId::Asa, 301.0, 600.0),
        ];
        for (kpi, most, end) in ends {
            let scale = ceiling(kpi.def(), most);
            assert!((scale - end).abs() < 1e-9, "{kpi:?} {most}: {scale}");
        }
    }
}
