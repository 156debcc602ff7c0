//! Finds the notation of the times in a column.

use std::sync::LazyLock;

use crate::source::format::csv::date_order::{DateEvidence, DateOrder};
use crate::source::format::csv::month_names::MAX_TIME_BYTES;
use crate::source::format::csv::time::{TimeFormat, TimeText, beginning};
use crate::source::format::csv::value::ascii_digits;
use crate::source::format::csv::zone_names;

/// Which part of a time a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source::format::csv) enum TimePart {
    Both,
    Date,
    TimeOfDay,
}

/// The most cells of a column that are looked at.
const MAX_CELLS: usize = 100;
/// How many of them tell which notations are tried on the others.
const MAX_PROBES: usize = 8;

/// The days of spreadsheets since the end of 1899 that are believed: from 1982 to 2064.
const SPREADSHEET_DAYS: std::ops::Range<u32> = 30_000..60_000;
/// The fraction of a day that is a second has so many digits at least.
const MIN_DAY_FRACTION_DIGITS: usize = 4;

/// The formats of dates that are tried; day and month before month and day, which another row may decide. Weekdays and months
/// in other languages are replaced beforehand.
const DATES: [&str; 24] = [
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
    "%y/%m/%d",
    "%y-%m-%d",
    "%y.%m.%d",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d/%b/%Y",
    "%d-%b-%y",
    "%d %b %y",
    "%Y %b %d",
    "%Y年%m月%d日",
    "%Y%m%d",
];
const TIMES: [&str; 5] = ["%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S %z"];
/// Those that are tried after a date only: alone, they look like numbers.
const DOTTED_TIMES: [&str; 2] = ["%H.%M.%S", "%H.%M"];

/// A notation that is tried.
struct TimeNotation {
    codes: String,
    format: TimeFormat,
    part: TimePart,
}

/// All notations of dates, alone and with a time of day after or before them, in the order in which they are preferred.
static NOTATIONS: LazyLock<Vec<TimeNotation>> = LazyLock::new(|| {
    let joined = |date: &str| {
        let after = TIMES.iter().chain(&DOTTED_TIMES).map(|time| format!("{date} {time}"));
        let before = TIMES.iter().take(2).map(|time| format!("{time} {date}"));
        let times = after.chain(before).map(|codes| (codes, TimePart::Both));
        std::iter::once((date.to_owned(), TimePart::Date)).chain(times).collect::<Vec<_>>()
    };
    let candidate = |(codes, part): (String, TimePart)| {
        Some(TimeNotation { format: TimeFormat::parse(Some(&codes)).ok()?, codes, part })
    };
    DATES.into_iter().flat_map(joined).filter_map(candidate).collect()
});

/// How many of so many cells may be odd: one of three, and a quarter of many. A last row can be one of totals, and people
/// write into exports.
pub(super) fn tolerated(cells: usize) -> usize {
    (cells / 4).max(usize::from(cells > 2))
}

/// The format of the times in `cells`, `None` if it need not be named: the one in which most are, and nearly all must be,
/// since a last row can hold totals.
pub(in crate::source::format::csv) fn time_format(cells: &[&str]) -> Option<(Option<&'static str>, TimePart)> {
    let texts: Vec<TimeText<'_>> = cells.iter().take(MAX_CELLS).map(|cell| TimeText::new(cell)).collect();
    let allowed = tolerated(texts.len());
    let is_likely = |cell: &&&str| {
        cell.len() <= MAX_TIME_BYTES && ascii_digits(cell).bytes().filter(u8::is_ascii_digit).nth(1).is_some()
    };
    if cells.iter().take(MAX_CELLS).filter(is_likely).count() + allowed < texts.len() || texts.is_empty() {
        return None;
    }
    if let Some(part) = spreadsheet_part(cells) {
        return Some((None, part));
    }
    let probes = || texts.iter().step_by(texts.len().div_ceil(MAX_PROBES));
    // How many are in a format, if nearly all are.
    let share = |fits: &dyn Fn(&TimeText<'_>) -> bool| {
        if !probes().any(fits) {
            return None;
        }
        let mut odd = 0;
        for text in &texts {
            odd += usize::from(!fits(text));
            if odd > allowed {
                return None;
            }
        }
        Some(texts.len() - odd)
    };
    let in_format = |format: &TimeFormat| share(&|text| text.as_utc(format).is_some());
    if in_format(&TimeFormat::Detected).is_some() {
        return Some((None, TimePart::Both));
    }
    if let Some(format) = TIMES.into_iter().find(|format| share(&|text| text.is_time_of_day(format)).is_some()) {
        return Some((Some(format), TimePart::TimeOfDay));
    }
    let mut best: Option<(usize, &TimeNotation)> = None;
    for candidate in NOTATIONS.iter() {
        if let Some(count) = in_format(&candidate.format).filter(|count| best.is_none_or(|(most, _)| *count > most)) {
            best = Some((count, candidate));
        }
    }
    let (count, found) = best?;
    let evidence = DateEvidence::of(cells.iter().copied(), &found.codes);
    // With AM and PM, the month comes first where no row decides.
    let american = Some(&found.codes).filter(|codes| codes.contains("%p"));
    let usual = american.and_then(|codes| DateOrder::MonthDayYear.applied(codes));
    let ordered = evidence.ordered(usual.as_deref().unwrap_or(&found.codes));
    let other = ordered.and_then(|codes| NOTATIONS.iter().find(|candidate| candidate.codes == codes));
    let found = other.filter(|other| in_format(&other.format) == Some(count)).unwrap_or(found);
    Some((Some(&found.codes), found.part))
}

/// The part of a time in cells that hold a spreadsheet's days without times, or its times of the day without days.
fn spreadsheet_part(cells: &[&str]) -> Option<TimePart> {
    let cells = || cells.iter().take(MAX_CELLS);
    let is_day = |cell: &str| cell.parse().is_ok_and(|day: u32| SPREADSHEET_DAYS.contains(&day));
    let is_of_day = |cell: &str| {
        let fraction = cell.strip_prefix('0').and_then(|rest| rest.strip_prefix(['.', ',']));
        fraction
            .is_some_and(|digits| digits.len() >= MIN_DAY_FRACTION_DIGITS && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    match () {
        () if cells().all(|cell| is_day(cell)) => Some(TimePart::Date),
        () if cells().all(|cell| is_of_day(cell)) => Some(TimePart::TimeOfDay),
        () => None,
    }
}

/// Whether a cell is a time on a wall clock: it has no offset and is no count of seconds.
pub(super) fn is_local(cell: &str) -> bool {
    let cell = beginning(cell);
    let has_offset = cell.ends_with('Z')
        || zone_names::split(cell).is_some_and(|(_, offset)| offset.is_some())
        || cell.split(" (").next().unwrap_or_default().rsplit(['+', '-']).next().is_some_and(|end| {
            let digits = end.replace(':', "");
            digits.len() == 4
                && digits.bytes().all(|b| b.is_ascii_digit())
                && cell.contains(':')
                && cell.len() > end.len() + 10
        });
    let is_count = cell.len() >= 9 && cell.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !cell.contains(".20");
    !(has_offset || is_count)
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
            (&["3. März 2026 09:00:05"], Some((Some("%d %b %Y %H:%M:%S"), TimePart::Both))),
            (&["Di 25/03/2026 09:00"], Some((Some("%d/%m/%Y %H:%M"), TimePart::Both))),
            (&["2026年3月3日 09:00:05"], Some((Some("%Y年%m月%d日 %H:%M:%S"), TimePart::Both))),
        ] {
            assert_eq!(time_format(cells), format, "{cells:?}");
        }
    }
}
