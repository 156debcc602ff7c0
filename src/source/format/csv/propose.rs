//! Proposes the `[csv]` table of an unknown file from its header and first rows.

mod agents;
mod direction;
mod ids;
mod instants;
mod length_units;
mod lengths;
mod not_read;
mod outcome;
mod parts;
mod profile;
mod sum_figures;
mod sums;
mod time_format;

use std::collections::BTreeMap;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GB18030, IBM866, ISO_8859_2, ISO_8859_5, KOI8_R, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1253, WINDOWS_1254,
};

use super::columns::{Columns, CsvColumn, CsvColumns, CsvConstant, CsvField};
use super::encoding::{self, CP437, CP850, TextEncoding};
use super::log_table::LogColumns;
use super::naming::{Naming, is_known_name, says_time};
use super::numerals::{decimal_sign, thousands_of};
use super::presets::Preset;
use super::sample::TableSample;
use super::time::{TimeFormat, TimeText};
use super::value::channel;
use super::words::vocabulary;
use super::zone::AssumedZone;
use super::{CsvParser, MonthNames, SUMS_REMARK, SettledTimes, TableOptions};
use crate::clock::Time;
use crate::source::format::lines::{LineReader, PartialLine, RawLine};
use crate::source::tally::InputTally;
use crate::text::Label;
pub(super) use direction::direction_not_mapped;
use ids::IdCandidate;
pub(super) use not_read::{figures_not_read, lengths_not_read};
use profile::ColumnProfile;
pub(super) use sums::sums;
use time_format::TimePart;
pub(super) use time_format::time_format;

/// The encodings that are tried, the likeliest last.
const ENCODINGS: [TextEncoding; 18] = [
    TextEncoding::Dos(&CP437),
    TextEncoding::Dos(&CP850),
    TextEncoding::Web(MACINTOSH),
    TextEncoding::Web(IBM866),
    TextEncoding::Web(ISO_8859_5),
    TextEncoding::Web(KOI8_U),
    TextEncoding::Web(KOI8_R),
    TextEncoding::Web(ISO_8859_2),
    TextEncoding::Web(BIG5),
    TextEncoding::Web(EUC_JP),
    TextEncoding::Web(EUC_KR),
    TextEncoding::Web(GB18030),
    TextEncoding::Web(SHIFT_JIS),
    TextEncoding::Web(WINDOWS_1253),
    TextEncoding::Web(WINDOWS_1254),
    TextEncoding::Web(WINDOWS_1250),
    TextEncoding::Web(WINDOWS_1251),
    encoding::USUAL,
];

/// The most columns of a table that can be mapped.
const MAX_COLUMNS: usize = 1000;

/// A proposed mapping.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The mapping; `None` for a queue_log in a table, which needs none.
    pub columns: Option<Columns>,
    /// What was assumed, and what to look at.
    pub notes: Vec<String>,
    /// The columns that may hold the contacts' ids.
    ids: Vec<IdCandidate>,
}

/// Propose a mapping for a table, of whose `lines` none has been read. `zone` is that of times without an offset.
///
/// # Errors
/// Why none can be proposed.
pub fn propose(lines: &mut LineReader, presets: &[Preset], zone: AssumedZone) -> Result<Proposal, String> {
    let known = |row: &[String]| row.iter().filter(|name| is_known_name(name)).count();
    let head = lines.peek().map_err(|error| error.to_string())?;
    let encoding = encoding_of(head, known);
    let mut sample = TableSample::of(head, None, encoding);
    sample.widen(lines);
    let Some((line, first)) = sample.first_row(None, known) else { return Err("there is no row".to_owned()) };
    if first.len() > MAX_COLUMNS {
        return Err(format!("it has more columns than the {MAX_COLUMNS} that can be mapped"));
    }
    let mut rows: Vec<&[String]> = sample.rows_after(line).collect();
    let mut lines = sample.numbers_after(line);
    if LogColumns::find(first).is_some() {
        let note = "it is a queue_log in a table: `report` and `check` read it without a mapping".to_owned();
        return Ok(Proposal { columns: None, notes: vec![note], ids: Vec::new() });
    }
    if let Some(preset) = Preset::fitting(presets, first) {
        let note =
            format!("it has the columns of the preset {}: `--columns {}` does the same", preset.name, preset.name);
        let is_id = |name: &str| match &preset.columns.contact {
            Some(CsvField::Column(CsvColumn::Name(id))) => {
                preset.columns.legs.is_none() && name.trim().eq_ignore_ascii_case(id)
            }
            _ => false,
        };
        let ids = first
            .iter()
            .enumerate()
            .filter(|(_, name)| is_id(name))
            .map(|(at, name)| IdCandidate::named(name, at))
            .collect();
        return Ok(Proposal { columns: Some(preset.columns.clone()), notes: vec![note], ids });
    }
    if let Some((columns, mut notes)) = sums(first, &rows, sample.delimiter, zone) {
        notes.insert(0, SUMS_REMARK.to_owned());
        return Ok(Proposal { columns: Some(columns), notes, ids: Vec::new() });
    }
    let header = !first.iter().any(|cell| profile::looks_like_value(cell));
    if header && rows.is_empty() {
        return Err("there is a header and no row".to_owned());
    }
    if let Some(why) = sums::why_no_sums(first, &rows) {
        return Err(why);
    }
    if !header {
        rows.insert(0, first);
        lines.insert(0, line + 1);
    }
    let mut proposer = Proposer {
        columns: Columns { header, ..Columns::default() },
        lines,
        ..Proposer::of(first, &rows, header, sample.delimiter)
    };
    if encoding != encoding::USUAL {
        proposer.columns.encoding = Some(encoding.name().to_lowercase());
    }
    proposer.contacts(zone);
    if proposer.columns.time.is_none() {
        let lists = proposer.profiles.iter().filter(|column| column.cells.iter().any(|cell| cell.starts_with('{')));
        if let Some(why) = sums::why_pivot(first) {
            return Err(why);
        }
        let list = lists.map(|column| column.name).next().filter(|_| sample.has_objects());
        let remedy =
            list.map(|name| format!("; {name} holds a list of objects: write these one a line (`jq -c '.{name}[]'`)"));
        let likeliest = proposer.best(Proposer::words("time"), |column| !column.cells.is_empty());
        let likeliest = likeliest.and_then(|index| proposer.profiles.get(index)).map(|column| {
            let cell = column.cells.first().copied().unwrap_or_default();
            let line = proposer.line_of(column.index, cell);
            let what = match column.named_time() {
                Some((_, TimePart::TimeOfDay)) => "a time of the day, and no column tells the date",
                _ => "no day and time in a notation that is known: a mapping's `time_format` can name it",
            };
            format!("; {} holds {cell:?} in line {line}, which is {what}", column.name)
        });
        return Err(format!(
            "no column holds times{}; the columns are {}{}",
            likeliest.unwrap_or_default(),
            first.join(", "),
            remedy.unwrap_or_default()
        ));
    }
    if let Some(why) = sums::may_be_sums(&proposer).filter(|_| header).or_else(|| proposer.refusal.take()) {
        return Err(why);
    }
    if header && proposer.columns.leaves_ends_open() {
        let note = "of no column it is known that it tells which contacts were answered, or by whom; the columns are";
        proposer.notes.push(format!("{note} {}", first.join(", ")));
    }
    if !header {
        proposer.notes.push(
            "the table has no header: add the columns of queue, agent, wait_s and talk_s by their numbers".to_owned(),
        );
    }
    if line > 0 && proposer.columns.names().next().is_none() {
        proposer.columns.skip = Some(line);
    }
    Ok(Proposal { columns: Some(proposer.columns), notes: proposer.notes, ids: proposer.ids })
}

/// Settle what all rows of a table tell of its times and its ids, in a mapping that was proposed by its first ones, and note what none
/// proves. `lines` are those of the whole table, of which none has been read.
pub fn settle(proposal: &mut Proposal, lines: &mut LineReader, zone: AssumedZone) {
    let Some(columns) = &mut proposal.columns else { return };
    let options = TableOptions { columns: Some(columns.clone()), zone, ..TableOptions::default() };
    let mut parser = CsvParser::new(Label::default(), options, String::new());
    if !lines.peek().is_ok_and(|head| parser.prepare(head, None).is_ok()) {
        return;
    }
    parser.try_ids(proposal.ids.iter().map(|id| id.index));
    let mut tally = InputTally::default();
    while let Ok(Some(line)) = lines.next(PartialLine::Emit) {
        if let RawLine::Text(line) = line {
            // What cannot be read is said when the table is read.
            _ = parser.parse_line(line, Time(i64::MAX), &mut tally, &mut |_| {});
        }
    }
    let (found, notes) = ids::choose(&proposal.ids, parser.tried_ids());
    let is_preset = columns.contact.is_some();
    if let Some((id, has_legs)) = found {
        columns.contact = Some(CsvField::Column(id.column.clone()));
        columns.legs = has_legs.then_some(true);
    }
    proposal.notes.extend(notes.into_iter().filter(|_| !is_preset || columns.has_legs()));
    if let Some(SettledTimes { format, months, doubt }) = parser.settled() {
        columns.time_format = format.or_else(|| columns.time_format.take());
        columns.months = months.filter(|months| *months == MonthNames::Croatian).or(columns.months);
        proposal.notes.extend(doubt);
    }
}

/// The encoding of a table that is no UTF-8, in which the most names of columns are known.
fn encoding_of(head: &[u8], known: impl Fn(&[String]) -> usize) -> TextEncoding {
    if std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return encoding::USUAL;
    }
    let count = |encoding: &TextEncoding| {
        TableSample::of(head, None, *encoding).first_row(None, &known).map_or(0, |(_, row)| known(row))
    };
    // `max_by_key` returns the last of equals.
    ENCODINGS.into_iter().max_by_key(count).unwrap_or(encoding::USUAL)
}

/// A mapping in the making.
struct Proposer<'a> {
    profiles: Vec<ColumnProfile<'a>>,
    rows: &'a [&'a [String]],
    /// The numbers of the rows' lines, from 1; empty if they are not asked for.
    lines: Vec<u64>,
    header: bool,
    /// The columns that have been given a meaning.
    used: Vec<usize>,
    /// The columns of times.
    times: Vec<usize>,
    /// The columns of fields, by the keys of `[csv]`.
    fields: BTreeMap<&'static str, usize>,
    /// The columns that may hold the contacts' ids.
    ids: Vec<IdCandidate>,
    /// The columns of the direction that also say how contacts ended.
    told_ends: Vec<usize>,
    columns: Columns,
    notes: Vec<String>,
    /// Why nothing can be proposed.
    refusal: Option<String>,
}

impl<'a> Proposer<'a> {
    fn of(first: &'a [String], rows: &'a [&'a [String]], header: bool, delimiter: u8) -> Self {
        let decimal = decimal_sign(rows);
        let with_separator = |mut column: ColumnProfile<'a>| {
            (column.thousands, _) = thousands_of(&column.cells.iter().copied(), || decimal, delimiter);
            column
        };
        Self {
            profiles: ColumnProfile::all(first, rows, header).map(with_separator).collect(),
            rows,
            lines: Vec::new(),
            header,
            used: Vec::new(),
            times: Vec::new(),
            fields: BTreeMap::new(),
            ids: Vec::new(),
            told_ends: Vec::new(),
            columns: Columns::default(),
            notes: Vec::new(),
            refusal: None,
        }
    }

    /// The column that a key was given.
    fn of_field(&self, key: &str) -> Option<&ColumnProfile<'a>> {
        self.profiles.get(*self.fields.get(key)?)
    }

    /// The line in which a column first holds `cell`, from 1.
    fn line_of(&self, index: usize, cell: &str) -> u64 {
        let holds = |row: &[String]| row.get(index).is_some_and(|other| other.trim() == cell);
        self.rows.iter().zip(&self.lines).find(|(row, _)| holds(row)).map_or(0, |(_, line)| *line)
    }

    /// The time of a row as if in UTC.
    fn time_of_row(&self, row: &[String], format: &TimeFormat) -> Option<Time> {
        let parts: Vec<&str> = self.times.iter().filter_map(|index| row.get(*index)).map(String::as_str).collect();
        TimeText::new(&parts.join(" ")).as_utc(format)
    }

    /// A date of the table, where the time of the day stands apart from it.
    fn date_cells(&self) -> Option<String> {
        let [date, _] = self.times.as_slice() else { return None };
        self.profiles.get(*date)?.cells.first().map(|cell| (*cell).to_owned())
    }

    /// The later instant in a column of a row as if in UTC.
    fn later_of_row(&self, row: &[String], index: usize, format: &TimeFormat) -> Option<Time> {
        let cell = row.get(index)?;
        let beside_date = || {
            let [date, _] = self.times.as_slice() else { return None };
            TimeText::new(&format!("{} {cell}", row.get(*date)?)).as_utc(format)
        };
        TimeText::new(cell).as_utc(format).or_else(beside_date)
    }

    /// The column as a mapping names it.
    fn name(&self, index: usize) -> CsvColumn {
        match self.profiles.get(index) {
            Some(column) if self.header => CsvColumn::Name(column.name.to_owned()),
            _ => CsvColumn::Number(index + 1),
        }
    }

    /// The columns that have been given no meaning.
    fn unused(&self) -> impl Iterator<Item = &ColumnProfile<'a>> {
        self.profiles.iter().filter(|column| !self.used.contains(&column.index))
    }

    /// The first of them that `fits`, whatever its name is.
    fn unused_that(&self, fits: impl Fn(&ColumnProfile<'a>) -> bool) -> Option<usize> {
        self.unused().find(|column| fits(column)).map(|column| column.index)
    }

    /// The column whose name is the likeliest of `words`, among those not used that `fit`.
    fn best(&self, words: &[String], fit: impl Fn(&ColumnProfile<'a>) -> bool) -> Option<usize> {
        let mut named: Vec<_> = self.unused().filter_map(|column| Some((column.likeness(words)?, column))).collect();
        named.sort_by_key(|(likeness, column)| (*likeness, column.index));
        named.into_iter().map(|(_, column)| column).find(|column| fit(column)).map(|column| column.index)
    }

    /// The column that `likeness` likes best, among those not used that `fit`; `None` where another is as good: two guesses, or two
    /// columns of one name.
    fn surest(
        &self,
        likeness: impl Fn(&ColumnProfile<'a>) -> Option<(Naming, usize)>,
        fit: impl Fn(&ColumnProfile<'a>) -> bool,
    ) -> Option<usize> {
        let unused = self.profiles.iter().filter(|column| !self.used.contains(&column.index) && fit(column));
        let mut named: Vec<_> = unused.filter_map(|column| Some((likeness(column)?, column))).collect();
        named.sort_by_key(|(likeness, column)| (*likeness, column.index));
        let mut named = named.into_iter();
        let ((naming, _), first) = named.next()?;
        let is_as_good = |((other, _), column): ((Naming, usize), &ColumnProfile<'a>)| {
            let is_rival = other == Naming::Guess && naming == other || column.plain == first.plain;
            is_rival && column.cells != first.cells
        };
        (!named.any(is_as_good)).then_some(first.index)
    }

    /// Whether another column has the same name, and other cells.
    fn has_twin(&self, column: &ColumnProfile<'a>) -> bool {
        self.profiles
            .iter()
            .any(|other| other.index != column.index && other.plain == column.plain && other.cells != column.cells)
    }

    /// Whether some column holds days and times.
    fn has_time(&self) -> bool {
        self.profiles.iter().any(|column| matches!(column.time(), Some((_, TimePart::Both | TimePart::Date))))
    }

    fn words(key: &str) -> &'static [String] {
        vocabulary().columns.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The column for `key` as a field.
    fn field(&mut self, key: &'static str, fit: impl Fn(&ColumnProfile<'a>) -> bool) -> Option<usize> {
        let index = self.best(Self::words(key), fit)?;
        self.used.push(index);
        self.fields.insert(key, index);
        self.set(key, CsvField::Column(self.name(index)));
        Some(index)
    }

    fn set(&mut self, key: &str, field: CsvField) {
        if let Some(place) = self.place(key) {
            *place = Some(field);
        }
    }

    fn place(&mut self, key: &str) -> Option<&mut Option<CsvField>> {
        let columns = &mut self.columns;
        Some(match key {
            "queue" => &mut columns.queue,
            "agent" => &mut columns.agent,
            "customer" => &mut columns.customer,
            "channel" => &mut columns.channel,
            "intent" => &mut columns.intent,
            "answered" => &mut columns.answered,
            "answered_at" => &mut columns.answered_at,
            "ended_at" => &mut columns.ended_at,
            "wrapped_at" => &mut columns.wrapped_at,
            "wait_s" => &mut columns.wait_s,
            "talk_s" => &mut columns.talk_s,
            "hold_s" => &mut columns.hold_s,
            "acw_s" => &mut columns.acw_s,
            "resolved" => &mut columns.resolved,
            "transferred" => &mut columns.transferred,
            "csat" => &mut columns.csat,
            "nps" => &mut columns.nps,
            _ => return None,
        })
    }

    fn contacts(&mut self, zone: AssumedZone) {
        self.time(zone);
        self.named_ids();
        self.lengths();
        self.field("queue", ColumnProfile::is_text);
        if self.field("agent", ColumnProfile::is_text).is_none() {
            self.nameless_agent();
        }
        self.field("customer", |column| !column.cells.is_empty() && !says_time(&column.plain));
        self.field("channel", |column| column.mostly(|cell| channel(cell).is_some()));
        self.nobody();
        self.direction();
        self.before_queues();
        self.answered();
        self.outcome();
        self.flag("transferred");
        self.flag("resolved");
        self.field("intent", ColumnProfile::is_text);
        if let Some(index) = self.field("csat", ColumnProfile::is_number) {
            let (name, max) = self.profiles.get(index).map_or(("", 5.0), |column| (column.name, column.max()));
            let scale = match max {
                ..=5.0 => [1.0, 5.0],
                // Of ten, someone gives more.
                ..=7.0 => [1.0, 7.0],
                ..=10.0 => [0.0, 10.0],
                _ => [0.0, 100.0],
            };
            if (max - 5.0).abs() > f64::EPSILON {
                let [low, high] = scale;
                let note =
                    format!("csat: {name} goes up to {max}: taken for a scale from {low} to {high}: check csat_scale");
                self.notes.push(note);
            }
            self.columns.csat_scale = scale;
        }
        self.field("nps", |column| column.is_number() && column.max() <= 10.0);
        self.nameless_ids();
        self.menus();
        let usual = |value: &str| Some(CsvField::Constant(CsvConstant { value: value.to_owned() }));
        self.columns.channel = self.columns.channel.take().or_else(|| usual("voice"));
        self.columns.queue = self.columns.queue.take().or_else(|| usual("all"));
    }

    /// The columns and the format of the time, and the zone.
    fn time(&mut self, zone: AssumedZone) {
        let words = Self::words("time");
        let holds =
            |part| move |column: &ColumnProfile<'_>| column.named_time().is_some_and(|(_, found)| found == part);
        let holds_times = |column: &&ColumnProfile<'_>| matches!(column.time(), Some((_, TimePart::Both)));
        let mut whole = self.best(words, holds(TimePart::Both));
        // Of two clocks, the one of UTC is that of other columns, too.
        let likeness = |index: usize| self.profiles.get(index)?.likeness(words).map(|(_, at)| at);
        let utc = self.best(words, |column| holds(TimePart::Both)(column) && column.says_utc());
        whole = whole.zip(utc).filter(|(whole, utc)| likeness(*whole) == likeness(*utc)).map(|(_, utc)| utc).or(whole);
        let date = self.best(words, holds(TimePart::Date));
        // Lengths look like times of the day, and are in no order.
        let of_day = |is_ordered: bool| {
            let holds = holds(TimePart::TimeOfDay);
            self.best(Self::words("time_of_day"), |column| holds(column) && (!is_ordered || column.is_in_order()))
        };
        let of_day = of_day(true).or_else(|| of_day(false));
        if date.is_none() || of_day.is_none() {
            let nameless = self.profiles.iter().filter(|column| !is_known_name(column.name));
            whole = whole.or_else(|| nameless.filter(holds_times).map(|column| column.index).next());
        }
        let (indexes, format) = match (whole, date, of_day) {
            (None, Some(date), Some(of_day)) => {
                let format = |index: usize| {
                    self.profiles.get(index).and_then(ColumnProfile::named_time).and_then(|(format, _)| format)
                };
                (vec![date, of_day], format(date).zip(format(of_day)).map(|(date, of_day)| format!("{date} {of_day}")))
            }
            (Some(index), ..) | (None, Some(index), None) => {
                let found = self.profiles.get(index).and_then(ColumnProfile::named_time);
                (vec![index], found.and_then(|(format, _)| format).map(str::to_owned))
            }
            (None, None, _) => return,
        };
        let cells: Vec<&str> = indexes
            .first()
            .and_then(|index| self.profiles.get(*index))
            .map(|column| column.cells.clone())
            .unwrap_or_default();
        let names: Vec<CsvColumn> = indexes.iter().map(|index| self.name(*index)).collect();
        let is_utc = indexes.iter().filter_map(|index| self.profiles.get(*index)).any(ColumnProfile::says_utc);
        let local = cells.iter().filter(|cell| time_format::is_local(cell)).count();
        if local > time_format::tolerated(cells.len()) {
            self.columns.timezone = Some(if is_utc { chrono_tz::Tz::UTC } else { zone.zone });
            if !is_utc {
                self.notes.push(format!("times have no offset: they are taken for those of {zone}: check timezone"));
            }
        }
        self.used.extend(&indexes);
        self.times = indexes;
        self.columns.time_format = format;
        self.columns.time = match <[CsvColumn; 1]>::try_from(names) {
            Ok([one]) => Some(CsvColumns::One(one)),
            Err(many) => Some(CsvColumns::Many(many)),
        };
    }
}
