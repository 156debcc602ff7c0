//! What the cells of a column look like.

use std::cell::OnceCell;

use super::time_format::{TimePart, time_format, tolerated};
use crate::source::format::csv::duration::{self, DurationUnit, Notation};
use crate::source::format::csv::naming::{Naming, naming, says_mean, says_other, says_time, without_number};
use crate::source::format::csv::time::{TimeFormat, TimeText};
use crate::source::format::csv::totals;
use crate::source::format::csv::value::is_blank;
use crate::source::format::csv::words::{normalized, vocabulary};

/// The seconds since 1970 that bare numbers are believed to count: from 2000 to 2031. Phone numbers are others, mostly.
const PLAUSIBLE_S: std::ops::Range<u64> = 946_684_800..1_956_528_000;

/// Of fewer cells, that all numbers are small says nothing.
const MIN_COUNTS: usize = 5;

/// The format of a column's times, if it has to be named, and which part of a time they are.
type ColumnTime = Option<(Option<&'static str>, TimePart)>;

/// A column and the cells of it that say anything.
pub(super) struct ColumnProfile<'a> {
    pub(super) index: usize,
    pub(super) name: &'a str,
    /// The name as vocabularies write it.
    pub(super) plain: String,
    pub(super) cells: Vec<&'a str>,
    /// The sign that separates thousands in it.
    pub(super) thousands: Option<char>,
    /// The unit that the row below the header or the instants of rows show.
    pub(super) shown_unit: Option<DurationUnit>,
    told_unit: OnceCell<DurationUnit>,
    time: OnceCell<ColumnTime>,
    distinct: OnceCell<Vec<&'a str>>,
}

impl<'a> ColumnProfile<'a> {
    /// The columns of a table.
    pub(super) fn all(first: &'a [String], rows: &[&'a [String]], header: bool) -> impl Iterator<Item = Self> {
        let units = rows.first().copied().filter(|row| totals::are_units(row.iter()));
        let rows = rows.iter().copied().skip(usize::from(units.is_some()));
        // The sample can end within a row.
        let rows = rows.filter(|row| row.len() + 1 >= first.len() && *row != first && !totals::begin(row));
        let rows: Vec<&[String]> = rows.collect();
        (0..first.len()).map(move |index| Self::of(index, first, &rows, header, units))
    }

    fn of(index: usize, first: &'a [String], rows: &[&'a [String]], header: bool, units: Option<&[String]>) -> Self {
        let name = first.get(index).filter(|_| header).map_or("", |name| name.trim());
        let cells = rows.iter().filter_map(|row| row.get(index));
        let cells = cells.map(|cell| cell.trim()).filter(|cell| !is_blank(cell));
        Self {
            index,
            name,
            plain: without_number(&normalized(name)).to_owned(),
            cells: cells.collect(),
            thousands: None,
            shown_unit: units.and_then(|row| row.get(index)).and_then(|cell| DurationUnit::of_name(cell)),
            told_unit: OnceCell::new(),
            time: OnceCell::new(),
            distinct: OnceCell::new(),
        }
    }

    /// How well the name fits `words`: the smaller the better.
    pub(super) fn likeness(&self, words: &[String]) -> Option<(Naming, usize)> {
        naming(&self.plain, words).or_else(|| {
            // `Date (as seen by Ann)`
            let (before, within) = self.name.split_once(['(', '[', '（'])?;
            let (_, at) = naming(&normalized(before), words).filter(|(naming, _)| *naming == Naming::Exact)?;
            (!says_other(&normalized(within))).then_some((Naming::Guess, at))
        })
    }

    /// The format of the times in it, `None` if it need not be named, and which part of a time they are. Bare numbers are
    /// times only of a size that other numbers hardly have: extensions, milliseconds and phone numbers are none.
    pub(super) fn time(&self) -> ColumnTime {
        self.named_time().filter(|_| {
            !self.cells.iter().all(|cell| {
                let number = cell.parse::<u64>().ok();
                number.is_some_and(|number| !PLAUSIBLE_S.contains(&number) && number < 60_000_000_000)
            })
        })
    }

    /// The same for a column whose name says that it holds times.
    pub(super) fn named_time(&self) -> ColumnTime {
        *self.time.get_or_init(|| time_format(&self.cells))
    }

    /// Whether nearly all cells, and at least one, hold what is wanted.
    pub(super) fn mostly(&self, fits: impl Fn(&str) -> bool) -> bool {
        let odd = self.cells.iter().filter(|cell| !fits(cell)).count();
        odd < self.cells.len() && odd <= tolerated(self.cells.len())
    }

    /// Whether its cells hold later instants of contacts, which may be times of the day beside a date such as this.
    pub(super) fn has_times_in(&self, format: &TimeFormat, date: Option<&str>) -> bool {
        let cells = self.cells.iter().filter(|cell| **cell != "0");
        let (all, odd) =
            cells.fold((0, 0), |(all, odd), cell| (all + 1, odd + usize::from(!is_later_time(cell, format, date))));
        odd < all && odd <= tolerated(self.cells.len())
    }

    /// Whether the name says that its times are of UTC.
    pub(super) fn says_utc(&self) -> bool {
        self.plain.split(' ').any(|word| ["utc", "gmt", "zulu"].contains(&word))
    }

    /// Whether its times of the day, or lengths, mostly rise or mostly fall.
    pub(super) fn is_in_order(&self) -> bool {
        let lengths = || self.cells.iter().filter_map(|cell| duration::span(cell, DurationUnit::Seconds).ok()?);
        let steps = || lengths().zip(lengths().skip(1));
        let (rising, falling) =
            (steps().filter(|(one, next)| one < next).count(), steps().filter(|(one, next)| one > next).count());
        rising.min(falling) * 4 <= rising.max(falling)
    }

    /// Its cells, each once, in order.
    pub(super) fn distinct(&self) -> Vec<&'a str> {
        let distinct = self.distinct.get_or_init(|| {
            let mut cells = self.cells.clone();
            cells.sort_unstable();
            cells.dedup();
            cells
        });
        distinct.clone()
    }

    pub(super) fn is_text(&self) -> bool {
        let is_length = |cell: &&str| cell.contains(':') || cell.contains('.') && duration::number(cell).is_some();
        let is_of_time = || self.time().is_some() || says_time(&self.plain) && self.is_number();
        !(self.cells.is_empty() || is_of_time() || self.cells.iter().all(is_length))
    }

    pub(super) fn is_number(&self) -> bool {
        self.mostly(|cell| duration::number(cell).is_some())
    }

    pub(super) fn is_count(&self) -> bool {
        // A sum of seconds and the like has a name that says so.
        let others =
            ["time", "timestamp", "seconds", "sec", "percent", "rate", "zeit", "duree", "tiempo", "tempo", "at", "id"];
        let is_count = |cell: &str| duration::whole_number(cell).is_some_and(|count| count < 1e7);
        self.mostly(is_count) && !self.is_mean() && !self.plain.split(' ').any(|word| others.contains(&word))
    }

    /// The unit of its bare numbers that its name and cells tell.
    pub(super) fn unit(&self) -> DurationUnit {
        let told = || DurationUnit::of_column(self.name, self.cells.iter().copied());
        self.shown_unit.unwrap_or_else(|| *self.told_unit.get_or_init(told))
    }

    /// How its numbers are written.
    pub(super) fn notation(&self) -> Notation {
        Notation { unit: self.unit(), thousands: self.thousands }
    }

    /// Whether its times are numbers, and nothing tells their unit.
    pub(super) fn is_bare(&self) -> bool {
        DurationUnit::of_name(self.name).is_none() && self.unit() == DurationUnit::Seconds && self.is_number()
    }

    /// The number in a cell.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        duration::number_with(cell, self.thousands)
    }

    pub(super) fn is_duration(&self) -> bool {
        let notation = self.notation();
        self.mostly(|cell| duration::span(cell, notation).is_ok())
            && !matches!(self.time(), Some((_, TimePart::Both | TimePart::Date)))
    }

    /// Whether it holds counts, as its name or small numbers without a word for time say: how often a contact was on hold.
    pub(super) fn is_count_of_times(&self) -> bool {
        let names = &vocabulary().names;
        let is_named = self.plain.split(' ').any(|word| names.counts.iter().any(|count| count == word));
        let is_small = |max: f64| (1.0..10.0).contains(&max);
        let is_whole = || self.cells.iter().all(|cell| duration::whole_number(cell).is_some());
        is_named || !says_time(&self.plain) && is_small(self.max()) && self.cells.len() >= MIN_COUNTS && is_whole()
    }

    /// Whether the name says that it is a time of ringing.
    pub(super) fn is_ringing(&self) -> bool {
        let ringing = &vocabulary().names.ringing;
        self.plain.split(' ').any(|part| ringing.iter().any(|word| part.starts_with(word.as_str())))
    }

    pub(super) fn is_figure(&self) -> bool {
        self.mostly(|cell| duration::span(cell.trim_end_matches(['%', ' ']), DurationUnit::Seconds).is_ok())
    }

    /// Whether the name says that the values are means.
    pub(super) fn is_mean(&self) -> bool {
        says_mean(self.name, &self.plain)
    }

    /// The greatest number.
    pub(super) fn max(&self) -> f64 {
        self.cells.iter().filter_map(|cell| duration::number(cell)).fold(0.0, f64::max)
    }

    /// The greatest count.
    pub(super) fn max_count(&self) -> f64 {
        self.cells.iter().filter_map(|cell| duration::whole_number(cell)).fold(0.0, f64::max)
    }
}

/// Whether a cell holds a later instant of a contact, or says that there was none.
pub(super) fn is_later_time(cell: &str, format: &TimeFormat, date: Option<&str>) -> bool {
    cell == "0"
        || cell.contains(|c: char| c.is_numeric())
            && (TimeText::new(cell).as_utc(format).is_some()
                || date.is_some_and(|date| TimeText::new(&format!("{date} {cell}")).as_utc(format).is_some()))
}

/// Whether a cell of the first row holds a value and no column's name.
pub(super) fn looks_like_value(cell: &str) -> bool {
    let number = duration::number(cell).is_some() && cell.len() > 2;
    number || time_format(&[cell.trim()]).is_some()
}
