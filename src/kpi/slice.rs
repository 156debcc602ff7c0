//! Questions and answers: which part of the floor ([`Slice`]), over which time ([`Period`]), in which steps
//! ([`Every`]), on which calendar.

mod schema;

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{Bands, Figure, Formula, KpiId};
use crate::clock::{Span, Time, duration};
use crate::text::Label;

/// A dimension that the floor can be cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dim {
    Queue,
    Intent,
    Agent,
    Channel,
    Team,
}

impl Dim {
    /// All dimensions, in the order of a slice's parts.
    pub const ALL: [Self; 5] = [Self::Queue, Self::Intent, Self::Agent, Self::Channel, Self::Team];

    /// Its name in configuration files, on the command line and in JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Intent => "intent",
            Self::Agent => "agent",
            Self::Channel => "channel",
            Self::Team => "team",
        }
    }

    /// The dimension of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.key() == word)
    }
}

/// A part of the floor: what has the given value in each given dimension. A slice without dimensions is the whole
/// floor. An empty label means "not known": the slice of intent `""` has the contacts without an intent.
///
/// In JSON it is a list of pairs, `[["queue","billing"],["agent","ann"]]`. For people, `Display` writes the values:
/// `billing × ann`, `no intent`, or `all queues` for the whole floor.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "Vec<(Dim, Label)>")]
pub struct Slice {
    /// Most slices have no other: they need no allocation.
    first: Option<(Dim, Label)>,
    others: Vec<(Dim, Label)>,
}

impl From<Vec<(Dim, Label)>> for Slice {
    fn from(parts: Vec<(Dim, Label)>) -> Self {
        parts.into_iter().fold(Self::TOTAL, |slice, (dim, value)| slice.and(dim, value))
    }
}

impl Serialize for Slice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.parts())
    }
}

impl Slice {
    /// The whole floor.
    pub const TOTAL: Self = Self { first: None, others: Vec::new() };

    /// What has one value in one dimension.
    #[must_use]
    pub const fn of(dim: Dim, value: Label) -> Self {
        Self { first: Some((dim, value)), others: Vec::new() }
    }

    /// The part of this slice with a value in one more dimension. A dimension given twice keeps the last value.
    #[must_use]
    pub fn and(self, dim: Dim, value: Label) -> Self {
        if self.is_total() {
            return Self::of(dim, value);
        }
        let mut parts: Vec<_> = self.first.into_iter().chain(self.others).filter(|(d, _)| *d != dim).collect();
        parts.push((dim, value));
        parts.sort_by_key(|(d, _)| *d);
        let mut parts = parts.into_iter();
        Self { first: parts.next(), others: parts.collect() }
    }

    /// The value in a dimension; `None` where the slice does not name it.
    #[must_use]
    pub fn get(&self, dim: Dim) -> Option<&Label> {
        self.parts().find(|(d, _)| *d == dim).map(|(_, v)| v)
    }

    /// Its dimensions and their values, in the order of [`Dim::ALL`].
    pub fn parts(&self) -> impl Iterator<Item = &(Dim, Label)> {
        self.first.iter().chain(&self.others)
    }

    /// Whether it is the whole floor.
    #[must_use]
    pub fn is_total(&self) -> bool {
        self.first.is_none()
    }
}

impl std::fmt::Display for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_total() {
            return f.write_str("all queues");
        }
        for (at, (dim, value)) in self.parts().enumerate() {
            if at > 0 {
                f.write_str(" × ")?;
            }
            if value.is_empty() { write!(f, "no {}", dim.key())? } else { f.write_str(value.as_str())? }
        }
        Ok(())
    }
}

/// A named stretch of time that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Window {
    /// The last 15 minutes.
    #[serde(rename = "15m")]
    M15,
    /// The last 30 minutes.
    #[serde(rename = "30m")]
    M30,
    /// The last hour.
    #[serde(rename = "1h")]
    H1,
    /// Since :00 or :30.
    #[serde(rename = "interval")]
    Interval,
    /// The business day.
    #[default]
    #[serde(rename = "today")]
    Today,
    /// Today and the six business days before.
    #[serde(rename = "7d")]
    D7,
    /// Today and the 29 business days before.
    #[serde(rename = "30d")]
    D30,
}

impl Window {
    /// All windows, in the order that the key `t` steps through.
    pub const ALL: [Self; 7] = [Self::M15, Self::M30, Self::H1, Self::Interval, Self::Today, Self::D7, Self::D30];

    /// Its name in configuration files, in JSON and on the screen.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::Interval => "interval",
            Self::Today => "today",
            Self::D7 => "7d",
            Self::D30 => "30d",
        }
    }

    /// Its name in words, for titles.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::M15 => "last 15 minutes",
            Self::M30 => "last 30 minutes",
            Self::H1 => "last hour",
            Self::Interval => "this half hour",
            Self::Today => "today",
            Self::D7 => "last 7 days",
            Self::D30 => "last 30 days",
        }
    }

    /// The next one; after the last comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|w| *w == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::M15)
    }

    /// The one before; before the first comes the last.
    #[must_use]
    pub fn previous(self) -> Self {
        let at = Self::ALL.iter().position(|w| *w == self).unwrap_or(0);
        at.checked_sub(1).and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::D30)
    }

    /// The time range that it stands for at `now`. It ends just after `now`.
    ///
    /// Rolling windows begin on a whole minute, so that they are up to a minute longer than their name says. Days are
    /// the calendar's business days, which follow daylight saving.
    #[must_use]
    pub fn range(self, now: Time, calendar: &Calendar) -> Range<Time> {
        let back = |minutes: i64| Time(now.minute().0 - minutes * Span::MINUTE.0);
        let start = match self {
            Self::M15 => back(15),
            Self::M30 => back(30),
            Self::H1 => back(60),
            Self::Interval => calendar.half_hour(now),
            Self::Today => calendar.day_start(now, 0),
            Self::D7 => calendar.day_start(now, 6),
            Self::D30 => calendar.day_start(now, 29),
        };
        start..Time(now.0 + 1)
    }
}

/// When the business days of a contact centre begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// The centre's time zone.
    #[schema(value_type = String)]
    pub zone: Tz,
    /// The local time at which the business day begins.
    #[schema(value_type = String)]
    pub day_starts: NaiveTime,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: Tz::UTC, day_starts: NaiveTime::MIN }
    }
}

impl Calendar {
    /// The business day that an instant belongs to, named by the date on which it begins.
    #[must_use]
    pub fn day(&self, at: Time) -> NaiveDate {
        let local = at.to_chrono().with_timezone(&self.zone);
        let before = local.time() < self.day_starts;
        if before { local.date_naive() - Days::new(1) } else { local.date_naive() }
    }

    /// The start of the business day `days_back` days before the one that holds `at`.
    #[must_use]
    pub fn day_start(&self, at: Time, days_back: u64) -> Time {
        self.start_of(self.day(at) - Days::new(days_back))
    }

    /// The instant at which a business day begins. Where daylight saving skips that time, the first half hour after
    /// it that exists.
    #[must_use]
    pub fn start_of(&self, day: NaiveDate) -> Time {
        let mut wall = day.and_time(self.day_starts);
        for _ in 0..8 {
            if let Some(at) = self.zone.from_local_datetime(&wall).earliest() {
                return at.into();
            }
            wall += chrono::TimeDelta::minutes(30);
        }
        self.zone.from_utc_datetime(&day.and_time(self.day_starts)).into()
    }

    /// The last :00 or :30 of local time at or before `at`.
    #[must_use]
    pub fn half_hour(&self, at: Time) -> Time {
        self.align(at, 30 * Span::MINUTE.0)
    }

    /// The last multiple of `step` (microseconds, a divisor of a day) of local time at or before `at`.
    fn align(&self, at: Time, step: i64) -> Time {
        use chrono::Offset;
        let offset = at.to_chrono().with_timezone(&self.zone).offset().fix().local_minus_utc();
        let offset = i64::from(offset) * Span::SECOND.0;
        Time((at.0 + offset).div_euclid(step) * step - offset)
    }

    /// The start of the step that holds `at`.
    #[must_use]
    pub fn bucket(&self, every: Every, at: Time) -> Time {
        match every {
            Every::Minutes(minutes) => self.align(at, i64::from(minutes.max(1)) * Span::MINUTE.0),
            Every::Days(days) if days <= 1 => self.day_start(at, 0),
            Every::Days(days) => {
                let day = self.day(at);
                let number = i64::from(day.num_days_from_ce());
                let back = number.rem_euclid(i64::from(days));
                self.start_of(day - Days::new(u64::try_from(back).unwrap_or(0)))
            }
        }
    }
}

impl Calendar {
    /// The start of the step after the one that begins at `start`.
    #[must_use]
    pub fn next_step(&self, every: Every, start: Time) -> Time {
        // Days are 23 to 25 hours long: a quarter of a step more is in the next one even when the clocks change.
        let length = every.length();
        self.bucket(every, start + length + Span(length.0 / 4)).max(start + Span::MINUTE)
    }
}

/// The length of the steps that a question cuts its period into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Whole minutes that divide a day, aligned to local time.
    Minutes(u32),
    /// Business days.
    Days(u32),
}

impl Every {
    /// The length of a step; of days, where the clocks do not change.
    #[must_use]
    pub const fn length(self) -> Span {
        let (count, unit) = match self {
            Self::Minutes(minutes) => (minutes, Span::MINUTE),
            Self::Days(days) => (days, Span::DAY),
        };
        Span((if count > 0 { count as i64 } else { 1 }) * unit.0)
    }

    /// Parse minutes that divide a day (`15m`, `1h`) or whole days (`1d`).
    ///
    /// # Errors
    /// A message for people, if the text is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let span = duration::parse(text).map_err(|error| error.to_string())?;
        let whole = |unit: Span| (span.0 > 0 && span.0 % unit.0 == 0).then_some(span.0 / unit.0);
        let days = whole(Span::DAY).and_then(|days| u32::try_from(days).ok()).map(Self::Days);
        let minutes = whole(Span::MINUTE).filter(|_| Span::DAY.0 % span.0 == 0);
        days.or(minutes.and_then(|minutes| u32::try_from(minutes).ok()).map(Self::Minutes))
            .ok_or_else(|| "steps are minutes that divide a day (`15m`, `30m`, `1h`) or whole days (`1d`)".to_owned())
    }
}

/// The time that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A named window that ends now.
    Window(Window),
    /// From the first instant, inclusive, to the second, exclusive.
    Range(Time, Time),
}

/// A question for figures.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Query {
    /// The part of the floor.
    pub of: Slice,
    /// The dimensions of the rows, at most two: one row for each combination of their values. Without any, and
    /// without `every`, there is only the total.
    #[schema(max_items = 2)]
    pub by: Vec<Dim>,
    /// The time.
    pub over: Period,
    /// The steps that each row is cut into; `None` for the whole time at once.
    pub every: Option<Every>,
    /// The KPIs, in the order of the figures of every row.
    #[schema(min_items = 1)]
    pub kpis: Vec<KpiId>,
    /// The service level formula; `None` for the configured one.
    pub formula: Option<Formula>,
}

/// Which rows of an answer are wanted. The total is that of all rows in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSelection {
    /// All rows.
    #[default]
    All,
    /// The rows of these values of the first dimension.
    Of(Vec<Label>),
    /// The first rows by a KPI, in this order. Rows in which it is unknown come last.
    First {
        /// The KPI.
        kpi: KpiId,
        /// Whether the highest value comes first.
        descending: bool,
        /// The most rows.
        limit: usize,
    },
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The instant it was computed for: the "now" of windows and live figures.
    pub at: Time,
    /// The start of the time that it is about.
    pub from: Time,
    /// The end of that time, exclusive.
    pub to: Time,
    /// The figures of the whole of [`Query::of`], in the order of [`Query::kpis`].
    pub total: Vec<Figure>,
    /// A row for each combination of values (and step) of which anything is known, sorted by key and start.
    pub rows: Vec<AnswerRow>,
}

/// One row of an [`Answer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Row)]
pub struct AnswerRow {
    /// The values of [`Query::by`].
    pub key: Slice,
    /// The start of its step; `None` where the question has no steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Time>,
    /// The figures, in the order of [`Query::kpis`].
    pub figures: Vec<Figure>,
}

/// A row of an answer before it is made: whoever looks at it decides whether it is.
#[derive(Clone, Copy)]
pub struct RowDraft<'a> {
    /// The values of [`Query::by`].
    pub key: &'a Slice,
    /// The bands that a KPI is judged by in this row.
    pub bands: &'a dyn Fn(KpiId) -> Bands,
    /// Computes a figure, without its verdict.
    pub figure: &'a dyn Fn(KpiId) -> Figure,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    fn london() -> Calendar {
        Calendar { zone: Tz::Europe__London, day_starts: NaiveTime::MIN }
    }

    #[test]
    fn a_slice_names_a_dimension_once() {
        let read = |text| serde_json::from_str::<Slice>(text).unwrap();
        let slice = read(r#"[["agent","ann"],["queue","a"],["queue","b"]]"#);
        assert_eq!(slice, Slice::of(Dim::Queue, "b".into()).and(Dim::Agent, "ann".into()));
        assert_eq!(read(&serde_json::to_string(&slice).unwrap()), slice);
    }

    #[test]
    fn steps_divide_a_day_or_are_days() {
        assert_eq!(Every::parse("30m"), Ok(Every::Minutes(30)));
        assert_eq!(Every::parse("1h"), Ok(Every::Minutes(60)));
        assert_eq!(Every::parse("1d"), Ok(Every::Days(1)));
        assert_eq!(Every::parse("7d"), Ok(Every::Days(7)));
        for wrong in ["7m", "0", "45s", "36h", "fortnight"] {
            assert!(Every::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rolling_windows_begin_on_whole_minutes() {
        let range = Window::M15.range(time("2026-03-02T10:00:34Z"), &london());
        assert_eq!(range.start, time("2026-03-02T09:45:00Z"));
    }

    #[test]
    fn days_follow_daylight_saving() {
        // The clocks go forward on 29 March 2026: that day has 23 hours.
        let before = Window::Today.range(time("2026-03-29T12:00:00Z"), &london()).start;
        let after = Window::Today.range(time("2026-03-30T12:00:00Z"), &london()).start;
        assert_eq!(before, time("2026-03-29T00:00:00Z"));
        assert_eq!(after, time("2026-03-29T23:00:00Z"));
        assert_eq!((after - before).as_secs(), 23 * 3600);
    }

    #[test]
    fn a_business_day_may_begin_in_the_morning() {
        let calendar = Calendar { day_starts: NaiveTime::from_hms_opt(6, 0, 0).unwrap(), ..london() };
        let start = Window::Today.range(time("2026-01-10T05:59:00Z"), &calendar).start;
        assert_eq!(start, time("2026-01-09T06:00:00Z"));
    }

    #[test]
    fn half_hours_are_those_of_the_wall_clock() {
        let calendar = Calendar { zone: Tz::Asia__Kathmandu, ..Calendar::default() }; // +05:45
        assert_eq!(calendar.half_hour(time("2026-01-10T10:20:00Z")), time("2026-01-10T10:15:00Z"));
        assert_eq!(calendar.bucket(Every::Days(1), time("2026-01-10T10:20:00Z")), time("2026-01-09T18:15:00Z"));
    }

    #[test]
    fn a_slice_keeps_one_value_a_dimension_in_a_fixed_order() {
        let slice = Slice::of(Dim::Agent, "ann".into()).and(Dim::Queue, "a".into()).and(Dim::Queue, "b".into());
        assert_eq!(slice.to_string(), "b × ann");
        assert_eq!(Slice::TOTAL.to_string(), "all queues");
    }
}
