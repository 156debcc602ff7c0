//! Instants, in the notations that exports use.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::date_order::DateEvidence;
use super::month_names::MonthNames;
use super::time_spellings::{fraction_after_point, spellings};
use super::value::{ascii_digits, is_blank};
use super::words::vocabulary;
use super::zone::AssumedZone;
use super::zone_names;
use crate::clock::{Span, Time};
use crate::source::rejection::RejectionReason;

/// How the times of a table are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// RFC 3339, `2026-03-02 09:00:00`, or a number whose size tells its unit and its beginning.
    #[default]
    Detected,
    /// A number of the kind.
    Number(NumberedTime),
    /// chrono's codes.
    Codes(TimeCodes),
}

/// chrono's codes, taken apart once for all cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeCodes {
    codes: String,
    items: Vec<Item<'static>>,
    months: MonthNames,
}

impl TimeCodes {
    /// # Errors
    /// If chrono does not know one of the codes.
    fn new(codes: &str) -> Result<Self, chrono::ParseError> {
        // A second may always have a fraction.
        let with_fraction =
            codes.replace("%T", "%H:%M:%S").replace("%S.%f", "%S%.f").replace("%S", "%S%.f").replace("%.f%.", "%.");
        let items = StrftimeItems::new(&with_fraction).parse_to_owned()?;
        Ok(Self { codes: codes.to_owned(), items, months: MonthNames::default() })
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberedTime {
    /// Of which kind, its size tells.
    Any,
    /// Days since the end of 1899, local, as spreadsheets store times.
    Excel,
    /// Parts of a second, so many in one, since the given second of 1970's count.
    Since(i64, i128),
}

/// 1970 in seconds since year 0, as Erlang's calendar counts.
const GREGORIAN_1970: i64 = 62_167_219_200;
/// 1970 in seconds since year 1, as .NET's ticks count.
const TICKS_1970: i64 = 62_135_596_800;

impl TimeFormat {
    /// From the value of `time_format`.
    ///
    /// # Errors
    /// Where it is neither a word for a kind nor chrono's codes.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, &'static str> {
        let Some(text) = text else { return Ok(Self::Detected) };
        Ok(match text {
            "rfc3339" => Self::Detected,
            "unix" | "%s" => Self::Number(NumberedTime::Any),
            "unix_ms" => Self::Number(NumberedTime::Since(0, 1000)),
            "gregorian" => Self::Number(NumberedTime::Since(-GREGORIAN_1970, 1)),
            "excel" => Self::Number(NumberedTime::Excel),
            codes => Self::Codes(TimeCodes::new(codes).map_err(
                |_| "neither unix, unix_ms, excel, gregorian, rfc3339 nor chrono's codes; \"%d/%m/%Y %H:%M:%S\" is an example",
            )?),
        })
    }
}

impl TimeFormat {
    /// The same with names of months in that language.
    pub(super) fn with_months(mut self, months: MonthNames) -> Self {
        if let Self::Codes(codes) = &mut self {
            codes.months = months;
        }
        self
    }

    /// chrono's codes, if it is in such.
    pub(super) fn codes(&self) -> Option<&str> {
        match self {
            Self::Codes(codes) => Some(&codes.codes),
            Self::Detected | Self::Number(_) => None,
        }
    }

    /// Whether a time that is written so tells its second.
    pub(super) fn tells_seconds(&self, text: &str) -> bool {
        match self {
            Self::Codes(codes) => codes.codes.contains("%S") || codes.codes.contains("%T"),
            Self::Number(_) => true,
            // An offset has a colon, too.
            Self::Detected => text.split_once(':').is_none_or(|(_, rest)| rest.get(2..3) == Some(":")),
        }
    }

    /// The same with what a whole column shows of its dates and `given` does not say; `None` if that changes nothing.
    pub(super) fn refined(&self, evidence: &DateEvidence, given: GivenTimes) -> Option<Self> {
        let Self::Codes(codes) = self else { return None };
        let ordered = evidence.ordered(&codes.codes).filter(|_| !given.format);
        let ordered = ordered.unwrap_or_else(|| codes.codes.clone());
        let months = evidence.months().filter(|_| given.months.is_none()).unwrap_or(codes.months);
        if ordered == codes.codes && months == codes.months {
            return None;
        }
        Some(Self::Codes(TimeCodes { months, ..TimeCodes::new(&ordered).ok()? }))
    }
}

/// What a mapping says of times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GivenTimes {
    /// It has a format.
    pub(super) format: bool,
    pub(super) months: Option<MonthNames>,
}

/// Turns wall clock times into instants. The hour that comes twice in autumn is told apart by the order of the rows.
#[derive(Clone, Debug)]
pub(super) struct LocalClock {
    pub(super) zone: Tz,
    /// The wall clock time of the row before.
    before: Option<NaiveDateTime>,
    /// How many rows were later than the row before, less those that were earlier.
    rising: i64,
    /// The most by which a row was earlier than the one before, outside the hour that comes twice.
    jitter: TimeDelta,
    /// Whether the row before was in such an hour, and whether in its second pass.
    within: Option<bool>,
    /// How many times were in such an hour.
    pub(super) told_apart: u64,
    /// The zone where no mapping names it, and whether any time needed it.
    assumed: Option<(AssumedZone, bool)>,
    /// What the times of rows show of their dates.
    pub(super) dates: DateEvidence,
}

impl LocalClock {
    pub(super) fn new(zone: Tz) -> Self {
        Self {
            zone,
            before: None,
            rising: 0,
            jitter: TimeDelta::zero(),
            within: None,
            told_apart: 0,
            assumed: None,
            dates: DateEvidence::default(),
        }
    }

    /// The same with a zone that no mapping names.
    pub(super) fn assuming(assumed: AssumedZone) -> Self {
        Self { assumed: Some((assumed, false)), ..Self::new(assumed.zone) }
    }

    /// Which zone was taken, where no mapping names one, and whether that is doubtful.
    pub(super) fn assumption(&self) -> Option<(String, bool)> {
        let (zone, _) = self.assumed.filter(|(_, needed)| *needed)?;
        let words =
            format!("times have no offset: they are taken for those of {zone}; `timezone` in [csv] names another");
        Some((words, zone.is_doubtful()))
    }

    /// The instant of a row's first wall clock time.
    fn instant(&mut self, local: NaiveDateTime) -> Result<Time, RejectionReason> {
        if let Some((_, needed)) = &mut self.assumed {
            *needed = true;
        }
        let step = self.before.replace(local).map_or(TimeDelta::zero(), |before| local - before);
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(at) => {
                if self.within.take().is_none() {
                    self.count_direction(step);
                    self.jitter = self.jitter.max(-step);
                }
                Ok(at.into())
            }
            LocalResult::Ambiguous(first, second) => {
                self.told_apart += 1;
                if self.within.is_none() {
                    self.count_direction(step);
                }
                let falling = self.rising < 0;
                let is_second = match self.within {
                    None => falling,
                    Some(true) if falling => step <= TimeDelta::zero(),
                    Some(false) if !falling => step < -self.jitter,
                    Some(same) => same,
                };
                self.within = Some(is_second);
                Ok(if is_second { second.into() } else { first.into() })
            }
            LocalResult::None => Err(never_was(self.zone, local)),
        }
    }

    fn count_direction(&mut self, step: TimeDelta) {
        self.rising += i64::from(step > TimeDelta::zero()) - i64::from(step < TimeDelta::zero());
    }

    /// The instant of a later wall clock time of the same row: the first that is not before `from`.
    fn instant_after(&self, local: NaiveDateTime, from: Time) -> Option<Time> {
        let found = self.zone.from_local_datetime(&local);
        let (first, second) = (found.earliest().map(Time::from), found.latest().map(Time::from));
        first.filter(|at| *at >= from).or(second)
    }

    /// The time of a row.
    pub(super) fn time(&mut self, text: &str, format: &TimeFormat) -> Result<Time, RejectionReason> {
        if is_blank(text) {
            return Err("the time is empty".into());
        }
        if let Some(codes) = format.codes() {
            self.dates.note(text, codes);
        }
        match TimeText::new(text).read(format)? {
            ParsedTime::Instant(at) => Ok(at),
            ParsedTime::Local(local) => self.instant(local),
        }
    }

    /// A later time of a row whose time is `from`; `None` if it is not known.
    pub(super) fn later_time(
        &self,
        text: &str,
        format: &TimeFormat,
        from: Time,
    ) -> Result<Option<Time>, RejectionReason> {
        if is_blank(text) || text.trim() == "0" {
            return Ok(None);
        }
        match TimeText::new(text).read(format)? {
            ParsedTime::Instant(at) => Ok(Some(at)),
            ParsedTime::Local(local) => Ok(self.instant_after(local, from)),
        }
    }
}

/// The time of a row of a log whose rows come in order: of an hour that comes twice, the first pass that is not before
/// `from`. `Ok(None)` for a wall clock time without a `zone`.
pub(crate) fn logged_time(text: &str, zone: Option<Tz>, from: Time) -> Result<Option<Time>, RejectionReason> {
    if is_blank(text) {
        return Err("the time is empty".into());
    }
    match (TimeText::new(text).read(&TimeFormat::Detected)?, zone) {
        (ParsedTime::Instant(at), _) => Ok(Some(at)),
        (ParsedTime::Local(_), None) => Ok(None),
        (ParsedTime::Local(local), Some(zone)) => match LocalClock::new(zone).instant_after(local, from) {
            Some(at) => Ok(Some(at)),
            None => Err(never_was(zone, local)),
        },
    }
}

/// The reason to reject a time that the clocks jumped over.
fn never_was(zone: Tz, local: NaiveDateTime) -> RejectionReason {
    RejectionReason::new(&format!("a time that never was in {zone}, as the clocks went forward: check timezone"), local)
}

enum ParsedTime {
    Instant(Time),
    Local(NaiveDateTime),
}

/// Why a text is no time of a format.
#[derive(Clone, Copy)]
enum TimeFault {
    /// It is written in another way.
    Unlike,
    /// It lacks a part of a date and time.
    Incomplete,
}

/// A text that may be a time, and the other spellings of it that are tried.
pub(super) struct TimeText<'a> {
    written: Cow<'a, str>,
    spellings: OnceCell<Vec<String>>,
}

impl<'a> TimeText<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { written: ascii_digits(beginning(without_json_wrapping(text.trim()))), spellings: OnceCell::new() }
    }

    /// The instant, if the text is a time of the format that is believed; that of a wall clock time as if in UTC.
    pub(super) fn as_utc(&self, format: &TimeFormat) -> Option<Time> {
        let at = match self.parse(format).ok()? {
            ParsedTime::Instant(at) => at,
            ParsedTime::Local(local) => local.and_utc().into(),
        };
        Some(at).filter(|at| *at >= crate::source::format::limits::EARLIEST_TIME)
    }

    /// Whether the text is a time of the day in chrono's `codes`.
    pub(super) fn is_time_of_day(&self, codes: &str) -> bool {
        let reads = |text: &str| chrono::NaiveTime::parse_from_str(text, codes).is_ok();
        reads(&self.written) || self.spellings().iter().any(|text| reads(text))
    }

    /// The other spellings, with names of months in the usual languages.
    fn spellings(&self) -> &[String] {
        self.spellings.get_or_init(|| spellings(&self.written, MonthNames::Common))
    }

    fn read(&self, format: &TimeFormat) -> Result<ParsedTime, RejectionReason> {
        self.parse(format).map_err(|fault| {
            let why = match (fault, format) {
                (TimeFault::Incomplete, _) => "the time lacks a part of a date and time".to_owned(),
                (_, TimeFormat::Detected) => "the time is not RFC 3339 with an offset: set time_format".to_owned(),
                (_, TimeFormat::Number(_)) => "the time is not such a number: check time_format".to_owned(),
                (_, TimeFormat::Codes(codes)) => {
                    format!("the time does not look like time_format \"{}\"", codes.codes)
                }
            };
            RejectionReason::new(&why, &self.written)
        })
    }

    fn parse(&self, format: &TimeFormat) -> Result<ParsedTime, TimeFault> {
        // `CET` is a zone before it is a Thursday in Croatian.
        let named = zone_names::split(&self.written)
            .and_then(|(bare, offset)| Some((TimeText::new(bare).parse_plain(format).ok()?, offset)));
        match named {
            Some((ParsedTime::Local(local), Some(east))) => Ok(ParsedTime::Instant(Time::from(local.and_utc()) - east)),
            Some((parsed, _)) => Ok(parsed),
            None => self.parse_plain(format),
        }
    }

    fn parse_plain(&self, format: &TimeFormat) -> Result<ParsedTime, TimeFault> {
        match format {
            TimeFormat::Detected => detected(&self.written).ok_or(TimeFault::Unlike),
            TimeFormat::Number(kind) => numbered(&self.written, *kind).ok_or(TimeFault::Unlike),
            TimeFormat::Codes(codes) => coded(&self.written, codes).or_else(|fault| {
                let croatian = match codes.months {
                    MonthNames::Common => Vec::new(),
                    MonthNames::Croatian => spellings(&self.written, codes.months),
                };
                let mut all = croatian.iter().chain(self.spellings());
                all.find_map(|text| coded(text, codes).ok()).ok_or(fault)
            }),
        }
    }
}

/// The number of `/Date(1772442000000+0100)/`, as .NET writes a time into JSON; of another text, all of it.
fn without_json_wrapping(text: &str) -> &str {
    let inner = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
    inner.and_then(|number| number.split(['+', '-']).next()).unwrap_or(text)
}

/// The beginning of a range of times, as `09:00 - 09:30` and ISO 8601's `2026-03-25T09:00Z/PT30M`; of another text, all of it.
pub(super) fn beginning(text: &str) -> &str {
    let is_range = |before: &str, after: &str| {
        // In `1:00 - 1:30 PM`, half of the day is told of the end alone.
        let is_half = |time: &str| time.ends_with(['m', 'M', '.']);
        before.contains(':') && after.contains(':') && is_half(before) == is_half(after)
    };
    let is_clock = |part: &str| part.len() <= 8 && part.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let by_word = || {
        text.match_indices(' ').find_map(|(at, _)| {
            let (before, rest) = text.split_at_checked(at)?;
            let (word, after) = rest.trim_start().split_once(' ')?;
            let until = &vocabulary().dates.until;
            (is_range(before, after) && until.iter().any(|known| known == word)).then_some(before)
        })
    };
    let iso = text.split_once('/');
    let iso = iso.filter(|(before, after)| is_range(before, after) || before.contains(':') && after.starts_with('P'));
    // After an ISO date, `09:00-05:00` has an offset.
    let is_iso_date = text.as_bytes().get(4) == Some(&b'-');
    let last = text.rsplit(' ').next().filter(|last| last.len() == text.len() || !is_iso_date);
    let bare = last.and_then(|last| last.split_once(['-', '–', '~', '〜', '/']));
    let bare = bare.filter(|(before, after)| is_range(before, after) && is_clock(before) && is_clock(after));
    let begun =
        bare.and_then(|(_, after)| text.get(..text.len() - after.len())?.strip_suffix(['-', '–', '~', '〜', '/']));
    iso.map(|(before, _)| before).or(begun).or_else(by_word).unwrap_or(text)
}

fn detected(text: &str) -> Option<ParsedTime> {
    static ISO: LazyLock<Vec<TimeCodes>> = LazyLock::new(|| {
        let iso = [
            "%Y-%m-%d %H:%M:%S%.f%#z",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%d %H:%M",
            "%Y%m%d %H%M%S%.f%#z",
            "%Y%m%d %H%M%S%.f",
        ];
        iso.iter().filter_map(|codes| TimeCodes::new(codes).ok()).collect()
    });
    if let Ok(at) = Time::parse_rfc3339(text) {
        return Some(ParsedTime::Instant(at));
    }
    if let Some(found) = numbered(text, NumberedTime::Any) {
        return Some(found);
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = fraction_after_point(&text.replacen('T', " ", 1));
    ISO.iter().find_map(|codes| coded(&text, codes).ok())
}

/// A number of one of the kinds that are met, with a fraction perhaps.
fn numbered(text: &str, kind: NumberedTime) -> Option<ParsedTime> {
    let plain = plain_exponent(text).or_else(|| {
        // A spreadsheet's day and time of the day in two columns.
        let (day, of_day) = text.split_once(' ')?;
        Some(format!("{day}{}", of_day.strip_prefix('0').filter(|fraction| fraction.starts_with(['.', ',']))?))
    });
    let text = plain.as_deref().unwrap_or(text);
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if !(1..=19).contains(&whole.len()) || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: i128 = whole.parse().ok()?;
    let kind = match kind {
        NumberedTime::Any => match count {
            20_000..80_000 => NumberedTime::Excel,
            60_000_000_000..70_000_000_000 => NumberedTime::Since(-GREGORIAN_1970, 1),
            60_000_000_000_000..70_000_000_000_000 => NumberedTime::Since(-GREGORIAN_1970, 1000),
            600_000_000_000_000_000..700_000_000_000_000_000 => NumberedTime::Since(-TICKS_1970, 10_000_000),
            100_000_000..10_000_000_000 => NumberedTime::Since(0, 1),
            100_000_000_000..10_000_000_000_000 => NumberedTime::Since(0, 1000),
            100_000_000_000_000..10_000_000_000_000_000 => NumberedTime::Since(0, 1_000_000),
            1_000_000_000_000_000_000.. => NumberedTime::Since(0, 1_000_000_000),
            _ => return None,
        },
        kind => kind,
    };
    let fraction: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a day in microseconds")]
    let micros = |unit: f64| (fraction * unit).round() as i64;
    match kind {
        NumberedTime::Excel => {
            let day =
                NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(chrono::Days::new(count.try_into().ok()?))?;
            // Spreadsheets store times to the millisecond at best.
            let millis = (micros(86_400e6) + 500) / 1000;
            Some(ParsedTime::Local(day.and_time(chrono::NaiveTime::MIN) + TimeDelta::milliseconds(millis)))
        }
        NumberedTime::Since(beginning, parts) => {
            let at = count * 1_000_000 / parts + i128::from(beginning) * 1_000_000;
            let fraction = if parts == 1 { micros(1e6) } else { 0 };
            Some(ParsedTime::Instant(Time(i64::try_from(at).ok()?) + Span(fraction)))
        }
        NumberedTime::Any => None,
    }
}

/// `1.772442005E+09`, as a spreadsheet writes it, in plain digits; `None` for another number, or where it has cut digits off.
fn plain_exponent(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok().filter(|exponent| *exponent <= 18)?;
    let (whole, fraction) = mantissa.split_once(['.', ','])?;
    let (moved, rest) = (fraction.get(..exponent)?, fraction.get(exponent..)?);
    Some(if rest.is_empty() { format!("{whole}{moved}") } else { format!("{whole}{moved}.{rest}") })
}

/// A time in chrono's codes; a date alone is midnight.
fn coded(text: &str, codes: &TimeCodes) -> Result<ParsedTime, TimeFault> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, codes.items.iter()).map_err(|_| TimeFault::Unlike)?;
    if let Ok(at) = parsed.to_datetime() {
        return Ok(ParsedTime::Instant(at.into()));
    }
    let local = parsed.to_naive_datetime_with_offset(0).or_else(|_| {
        let date = parsed.to_naive_date()?;
        let time = parsed.to_naive_time().or_else(|error| {
            if parsed.hour_div_12().is_none() && parsed.minute().is_none() {
                Ok(chrono::NaiveTime::MIN)
            } else {
                Err(error)
            }
        })?;
        Ok::<NaiveDateTime, chrono::ParseError>(date.and_time(time))
    });
    local.map(ParsedTime::Local).map_err(|_| TimeFault::Incomplete)
}

#[cfg(test)]
mod tests;
