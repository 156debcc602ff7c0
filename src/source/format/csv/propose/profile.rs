//! What the cells of a column look like.

use crate::source::format::csv::duration::{self, DurationUnit};
use crate::source::format::csv::time::{LocalClock, TimeFormat};
use crate::source::format::csv::value::{ascii_digits, is_blank};
use crate::source::format::csv::words::normalized;

/// Which part of a time a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::format::csv) enum TimePart {
    Both,
    Date,
    TimeOfDay,
}

/// The formats of dates and times that are tried; day and month before month and day, which another row may decide.
const DATES: [&str; 25] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d-%b-%y",
    "%a, %d %b %Y",
    "%a %d %b %Y",
    "%a %b %d %Y",
    "%A, %B %d, %Y",
    "%a %d/%m/%Y",
    "%a %m/%d/%Y",
    "%Y%m%d",
];
/// Words for units, which a name may end in.
const UNITS: [&str; 14] =
    ["ms", "msec", "millis", "milliseconds", "s", "ss", "sec", "secs", "seconds", "min", "mins", "minutes", "mm", "hh"];
const TIMES: [&str; 5] = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S %z"];
/// Those that are tried after a date only: alone, they look like numbers.
const DOTTED_TIMES: [&str; 2] = ["%H.%M.%S", "%H.%M"];

/// A column and the cells of it that say anything.
pub(super) struct ColumnProfile<'a> {
    pub(super) index: usize,
    pub(super) name: &'a str,
    /// The name as vocabularies write it.
    pub(super) plain: String,
    pub(super) cells: Vec<&'a str>,
    time: Option<(Option<&'static str>, TimePart)>,
}

impl<'a> ColumnProfile<'a> {
    pub(super) fn of(index: usize, first: &'a [String], rows: &[&'a [String]], header: bool) -> Self {
        let name = first.get(index).filter(|_| header).map_or("", |name| name.trim());
        // The last row can be one of totals, and the sample can end within a row.
        let cells = rows.iter().filter(|row| row.len() + 1 >= first.len() && **row != first);
        let cells: Vec<&str> =
            cells.filter_map(|row| row.get(index)).map(|cell| cell.trim()).filter(|cell| !is_blank(cell)).collect();
        let time = time_format(&cells);
        Self { index, name, plain: normalized(name), cells, time }
    }

    /// How well the name fits `words`: the smaller the better. A name may have other words around.
    pub(super) fn likeness(&self, words: &[String]) -> Option<(usize, usize)> {
        if let Some(at) = words.iter().position(|word| *word == self.plain) {
            return Some((0, at));
        }
        // `wait_ms` is a wait, but `queue_seconds` is no queue.
        let is_unit = |word: &&str| UNITS.contains(word);
        let bare = self.plain.split(' ').filter(|word| !is_unit(word)).collect::<Vec<_>>().join(" ");
        if bare != self.plain
            && bare != "queue"
            && let Some(at) = words.iter().position(|word| *word == bare)
        {
            return Some((0, at));
        }
        let name = format!(" {} ", self.plain);
        let at = words.iter().position(|word| word.len() > 4 && name.contains(&format!(" {word} ")))?;
        Some((1, at))
    }

    /// The format of the times in it, `None` if it need not be named, and which part of a time they are.
    pub(super) const fn time(&self) -> Option<(Option<&'static str>, TimePart)> {
        self.time
    }

    pub(super) fn has_times_in(&self, format: Option<&str>) -> bool {
        let fit = |format| self.cells.iter().all(|cell| *cell == "0" || fits(cell, &format));
        !self.cells.is_empty() && TimeFormat::parse(format).is_ok_and(fit)
    }

    pub(super) fn distinct(&self) -> Vec<&'a str> {
        let mut cells = self.cells.clone();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Whether most cells differ, as ids do.
    pub(super) fn is_varied(&self) -> bool {
        !self.cells.is_empty() && self.distinct().len() * 3 > self.cells.len()
    }

    pub(super) fn is_text(&self) -> bool {
        !self.cells.is_empty()
            && self.time.is_none()
            && !self
                .cells
                .iter()
                .all(|cell| cell.contains(':') || cell.contains('.') && duration::number(cell).is_some())
    }

    pub(super) fn is_number(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(|cell| duration::number(cell).is_some())
    }

    pub(super) fn is_count(&self) -> bool {
        // A sum of seconds and the like has a name that says so.
        let others =
            ["time", "timestamp", "seconds", "sec", "percent", "rate", "zeit", "duree", "tiempo", "tempo", "at", "id"];
        let is_count = |cell: &&str| duration::whole_number(cell).is_some_and(|count| count < 1e7);
        !self.cells.is_empty()
            && self.cells.iter().all(is_count)
            && !self.is_mean()
            && !self.plain.split(' ').any(|word| others.contains(&word))
    }

    pub(super) fn is_duration(&self) -> bool {
        let is_duration = |cell: &&str| duration::span(cell, DurationUnit::Seconds).is_ok();
        !self.cells.is_empty()
            && !matches!(self.time, Some((_, TimePart::Both | TimePart::Date)))
            && self.cells.iter().all(is_duration)
    }

    pub(super) fn is_figure(&self) -> bool {
        let is_figure = |cell: &&str| duration::span(cell.trim_end_matches(['%', ' ']), DurationUnit::Seconds).is_ok();
        !self.cells.is_empty() && self.cells.iter().all(is_figure)
    }

    /// Whether the name says that the values are means.
    pub(super) fn is_mean(&self) -> bool {
        let stems =
            ["aver", "avg", "mean", "durchschn", "moyen", "promedio", "medi", "asa", "aht", "tmo", "tma", "dmt"];
        self.plain.split(' ').any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    }

    /// The greatest number.
    pub(super) fn max(&self) -> f64 {
        let number = |cell: &&str| duration::whole_number(cell).or_else(|| duration::number(cell));
        self.cells.iter().filter_map(number).fold(0.0, f64::max)
    }
}

fn fits(cell: &str, format: &TimeFormat) -> bool {
    LocalClock::new(chrono_tz::Tz::UTC)
        .time(cell, format)
        .is_ok_and(|at| at >= crate::source::format::limits::EARLIEST_TIME)
}

/// The format of the times in `cells`: the one in which most are, and nearly all must be, since a last row can hold totals.
pub(in crate::source::format::csv) fn time_format(cells: &[&str]) -> Option<(Option<&'static str>, TimePart)> {
    let cells = cells.get(..cells.len().min(100)).filter(|cells| !cells.is_empty())?;
    // Of three rows, one may be that of totals.
    let enough = cells.len() - (cells.len() / 4).max(usize::from(cells.len() > 2));
    let share =
        |fit: &dyn Fn(&str) -> bool| Some(cells.iter().filter(|cell| fit(cell)).count()).filter(|n| *n >= enough);
    let in_format = |format: &str| {
        let format = TimeFormat::parse(Some(format)).ok()?;
        share(&|cell| fits(cell, &format))
    };
    if share(&|cell| fits(cell, &TimeFormat::Detected)).is_some() {
        return Some((None, TimePart::Both));
    }
    let of_day =
        |format: &&str| share(&|cell| chrono::NaiveTime::parse_from_str(&ascii_digits(cell), format).is_ok()).is_some();
    if let Some(format) = TIMES.iter().find(|format| of_day(format)) {
        return Some((Some(*format), TimePart::TimeOfDay));
    }
    let mut dates = DATES;
    if cells.iter().any(|cell| cell.to_lowercase().contains('m') && cell.contains(':')) {
        // With AM and PM, the month comes first where no row decides.
        for (day, month) in [(4, 5), (6, 7), (9, 10), (22, 23)] {
            dates.swap(day, month);
        }
    }
    let mut best: Option<(usize, &'static str, TimePart)> = None;
    for date in dates {
        let joined = TIMES.iter().chain(&DOTTED_TIMES).filter_map(|time| Some((joined(date, time)?, TimePart::Both)));
        for (format, part) in std::iter::once((date, TimePart::Date)).chain(joined) {
            if let Some(count) = in_format(format).filter(|count| best.is_none_or(|(most, ..)| *count > most)) {
                best = Some((count, format, part));
            }
        }
    }
    best.map(|(_, format, part)| (Some(format), part))
}

/// A date's and a time's format as one; kept for the life of the program, which tries few.
fn joined(date: &str, time: &str) -> Option<&'static str> {
    use std::sync::LazyLock;
    static ALL: LazyLock<Vec<(String, &'static str, &'static str)>> = LazyLock::new(|| {
        let times = || TIMES.iter().chain(&DOTTED_TIMES);
        DATES.iter().flat_map(|date| times().map(move |time| (format!("{date} {time}"), *date, *time))).collect()
    });
    ALL.iter().find(|(_, d, t)| *d == date && *t == time).map(|(format, ..)| format.as_str())
}

/// Says which of day and month is taken to come first, where `cells` do not prove it.
pub(in crate::source::format::csv) fn undecided_order(format: Option<&str>, cells: &[&str]) -> Option<String> {
    let which = match format?.trim_start_matches("%a ").get(..5)? {
        "%d/%m" | "%d-%m" => "day",
        "%m/%d" | "%m-%d" => "month",
        _ => return None,
    };
    (!is_day_decided(cells))
        .then(|| format!("times: the {which} is taken to come first, which no row proves: check time_format"))
}

/// Whether a cell proves that the day or the month comes first: one of the numbers is above 12.
fn is_day_decided(cells: &[&str]) -> bool {
    let above = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok()).is_some_and(|number| number > 12);
    cells.iter().any(|cell| {
        let cell = ascii_digits(cell);
        let mut parts = cell.trim_start_matches(|c: char| !c.is_ascii_digit()).split(['/', '-', '.', ' ']);
        above(parts.next()) || above(parts.next())
    })
}

/// Whether a cell is a time on a wall clock: it has no offset and is no count of seconds.
pub(super) fn is_local(cell: &str) -> bool {
    let has_offset = ["Z", "UTC", "GMT", "(UTC)"].iter().any(|zone| cell.ends_with(zone))
        || cell.rsplit(['+', '-']).next().is_some_and(|end| {
            let digits = end.replace(':', "");
            digits.len() == 4
                && digits.bytes().all(|b| b.is_ascii_digit())
                && cell.contains(':')
                && cell.len() > end.len() + 10
        });
    let is_count = cell.len() >= 9 && cell.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !cell.contains(".20");
    !(has_offset || is_count)
}

/// Whether a cell of the first row holds a value and no column's name.
pub(super) fn looks_like_value(cell: &str) -> bool {
    let number = duration::number(cell).is_some() && cell.len() > 2;
    number || time_format(&[cell.trim()]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_times_are_found() {
        for (cells, format) in [
            (&["2026-03-02T09:00:00Z"][..], Some((None, TimePart::Both))),
            (&["1772442000"], Some((None, TimePart::Both))),
            (&["02.03.2026 09:00:05"], Some((Some("%d.%m.%Y %H:%M:%S"), TimePart::Both))),
            (&["03/02/2026 09:00", "03/25/2026 09:00"], Some((Some("%m/%d/%Y %H:%M"), TimePart::Both))),
            (&["03/02/2026 09:00:05 AM"], Some((Some("%m/%d/%Y %I:%M:%S %p"), TimePart::Both))),
            (&["25/03/26"], Some((Some("%d/%m/%y"), TimePart::Date))),
            (&["09:00"], Some((Some("%H:%M"), TimePart::TimeOfDay))),
            (&["12"], None),
            (&["25/03/2026 09.00.05"], Some((Some("%d/%m/%Y %H.%M.%S"), TimePart::Both))),
            (&["10.50"], None),
            (&["2026-03-02 09:00", "2026-03-02 10:00", "Total"], Some((None, TimePart::Both))),
            (&["2026-03-02 09:00", "Total"], None),
            (&["2026-03-02 09:00:05 UTC"], Some((None, TimePart::Both))),
            (
                &["\u{662}\u{660}\u{662}\u{666}-\u{660}\u{663}-\u{660}\u{662} \u{660}\u{669}:\u{660}\u{660}"],
                Some((None, TimePart::Both)),
            ),
            (&["Ann"], None),
        ] {
            assert_eq!(time_format(cells), format, "{cells:?}");
        }
    }
}
