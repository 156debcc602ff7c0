//! Proposes the `[csv]` table of an unknown file from its header and first rows.

mod profile;

use std::collections::BTreeMap;

use encoding_rs::{Encoding, GB18030, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1254};

use super::columns::{Columns, CsvColumn, CsvColumns, CsvConstant, CsvField, CsvFigure, CsvQuotient};
use super::log_table::LogColumns;
use super::outcome::{RowOutcome, Words};
use super::presets::Preset;
use super::sample::TableSample;
use super::value::{channel, is_blank, is_yes};
use super::words::{normalized, vocabulary};
use super::zone::AssumedZone;
use profile::{ColumnProfile, TimePart};
pub(super) use profile::{time_format, undecided_order};

/// The encodings that are tried, the likeliest last.
const ENCODINGS: [&Encoding; 6] = [GB18030, SHIFT_JIS, WINDOWS_1254, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252];

/// The counts by which sums are known.
const COUNTS: [&str; 4] = ["offered", "handled", "answered", "abandoned"];

/// The most columns of a table that can be mapped.
const MAX_COLUMNS: usize = 1000;

/// A proposed mapping.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The mapping; `None` for a queue_log in a table, which needs none.
    pub columns: Option<Columns>,
    /// What was assumed, and what to look at.
    pub notes: Vec<String>,
}

/// Propose a mapping for a table that begins with `head`. `zone` is that of times without an offset.
///
/// # Errors
/// Why none can be proposed.
pub fn propose(head: &[u8], presets: &[Preset], zone: AssumedZone) -> Result<Proposal, String> {
    let known = |row: &[String]| row.iter().filter(|name| is_known_name(name)).count();
    let encoding = encoding_of(head, known);
    let sample = TableSample::of(head, None, encoding);
    let Some((line, first)) = sample.first_row(None, known) else { return Err("there is no row".to_owned()) };
    if first.len() > MAX_COLUMNS {
        return Err(format!("it has more columns than the {MAX_COLUMNS} that can be mapped"));
    }
    let mut rows: Vec<&[String]> = sample.rows_after(line).collect();
    if LogColumns::find(first).is_some() {
        let note = "it is a queue_log in a table: `report` and `check` read it without a mapping".to_owned();
        return Ok(Proposal { columns: None, notes: vec![note] });
    }
    if let Some(preset) = Preset::fitting(presets, first) {
        let note =
            format!("it has the columns of the preset {}: `--columns {}` does the same", preset.name, preset.name);
        return Ok(Proposal { columns: Some(preset.columns.clone()), notes: vec![note] });
    }
    if let Some(columns) = sums(first, &rows, zone) {
        let note = "a row is the sum of an interval and no contact: its own figures are taken".to_owned();
        return Ok(Proposal { columns: Some(columns), notes: vec![note] });
    }
    let header = !first.iter().any(|cell| profile::looks_like_value(cell));
    if !header {
        rows.insert(0, first);
    }
    let mut proposer =
        Proposer { columns: Columns { header, ..Columns::default() }, ..Proposer::of(first, &rows, header) };
    if encoding != WINDOWS_1252 {
        proposer.columns.encoding = Some(encoding.name().to_lowercase());
    }
    proposer.contacts(zone);
    if proposer.columns.time.is_none() {
        return Err(format!("no column holds times; the columns are {}", first.join(", ")));
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
    Ok(Proposal { columns: Some(proposer.columns), notes: proposer.notes })
}

/// The encoding of a table that is no UTF-8, in which the most names of columns are known.
fn encoding_of(head: &[u8], known: impl Fn(&[String]) -> usize) -> &'static Encoding {
    if std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return WINDOWS_1252;
    }
    let count = |encoding: &&'static Encoding| {
        TableSample::of(head, None, encoding).first_row(None, &known).map_or(0, |(_, row)| known(row))
    };
    // `max_by_key` returns the last of equals.
    ENCODINGS.into_iter().max_by_key(count).unwrap_or(WINDOWS_1252)
}

fn is_known_name(name: &str) -> bool {
    let name = normalized(name);
    let all = vocabulary().columns.values().chain(vocabulary().figures.values());
    !name.is_empty() && all.flatten().any(|word| *word == name)
}

/// The mapping of a table whose rows are sums: it has columns of counts, such as offered and answered, and no contacts' ids.
pub(super) fn sums(first: &[String], rows: &[&[String]], zone: AssumedZone) -> Option<Columns> {
    let mut proposer = Proposer::of(first, rows, true);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for key in COUNTS {
        let words = vocabulary().figures.get(key)?;
        if let Some(index) = proposer.best(words, ColumnProfile::is_count) {
            proposer.used.push(index);
            counts.insert(key, index);
        }
    }
    let total =
        |key| counts.get(key).and_then(|index: &usize| proposer.profiles.get(*index)).map_or(0.0, ColumnProfile::max);
    // The flags 0 and 1 of a contact have such names too.
    if counts.len() < 2 || ["offered", "handled", "answered"].into_iter().map(total).fold(0.0, f64::max) <= 1.0 {
        return None;
    }
    proposer.time(zone);
    proposer.columns.time.as_ref()?;
    proposer.field("queue", |_| true);
    let mut figures: BTreeMap<String, CsvFigure> = BTreeMap::new();
    for (key, index) in &counts {
        figures.insert((*key).to_owned(), CsvFigure::Column(proposer.name(*index)));
    }
    for (key, words) in &vocabulary().figures {
        if COUNTS.contains(&key.as_str()) {
            continue;
        }
        let Some(index) = proposer.best(words, ColumnProfile::is_figure) else { continue };
        proposer.used.push(index);
        let by = counts.get("handled").or_else(|| counts.get("answered"));
        let column = proposer.name(index);
        let is_mean = ["asa", "service_level", "abandonment_rate"].contains(&key.as_str())
            || proposer.profiles.get(index).is_some_and(ColumnProfile::is_mean);
        let figure = match by {
            Some(by) if !is_mean => CsvFigure::Quotient(CsvQuotient { of: [column, proposer.name(*by)] }),
            _ => CsvFigure::Column(column),
        };
        figures.insert(key.clone(), figure);
    }
    Some(Columns { figures, ..proposer.columns })
}

/// A mapping in the making.
struct Proposer<'a> {
    profiles: Vec<ColumnProfile<'a>>,
    header: bool,
    /// The columns that have been given a meaning.
    used: Vec<usize>,
    columns: Columns,
    notes: Vec<String>,
}

impl<'a> Proposer<'a> {
    fn of(first: &'a [String], rows: &[&'a [String]], header: bool) -> Self {
        let profiles = (0..first.len()).map(|index| ColumnProfile::of(index, first, rows, header)).collect();
        Self { profiles, header, used: Vec::new(), columns: Columns::default(), notes: Vec::new() }
    }

    /// The column as a mapping names it.
    fn name(&self, index: usize) -> CsvColumn {
        match self.profiles.get(index) {
            Some(column) if self.header => CsvColumn::Name(column.name.to_owned()),
            _ => CsvColumn::Number(index + 1),
        }
    }

    /// The column whose name is the likeliest of `words`, among those not used that `fit`.
    fn best(&self, words: &[String], fit: impl Fn(&ColumnProfile<'a>) -> bool) -> Option<usize> {
        let unused = self.profiles.iter().filter(|column| !self.used.contains(&column.index) && fit(column));
        unused.filter_map(|column| Some((column.likeness(words)?, column.index))).min().map(|(_, index)| index)
    }

    fn words(key: &str) -> &'static [String] {
        vocabulary().columns.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The column for `key` as a field.
    fn field(&mut self, key: &str, fit: impl Fn(&ColumnProfile<'a>) -> bool) -> Option<usize> {
        let index = self.best(Self::words(key), fit)?;
        self.used.push(index);
        let field = Some(CsvField::Column(self.name(index)));
        let columns = &mut self.columns;
        let place = match key {
            "contact" => &mut columns.contact,
            "queue" => &mut columns.queue,
            "agent" => &mut columns.agent,
            "customer" => &mut columns.customer,
            "channel" => &mut columns.channel,
            "intent" => &mut columns.intent,
            "answered" => &mut columns.answered,
            "answered_at" => &mut columns.answered_at,
            "ended_at" => &mut columns.ended_at,
            "wait_s" => &mut columns.wait_s,
            "talk_s" => &mut columns.talk_s,
            "hold_s" => &mut columns.hold_s,
            "acw_s" => &mut columns.acw_s,
            "resolved" => &mut columns.resolved,
            "transferred" => &mut columns.transferred,
            "csat" => &mut columns.csat,
            "nps" => &mut columns.nps,
            _ => return Some(index),
        };
        *place = field;
        Some(index)
    }

    fn contacts(&mut self, zone: AssumedZone) {
        self.time(zone);
        self.field("contact", |column| column.is_varied() && column.time().is_none());
        let format = self.columns.time_format.clone();
        for key in ["answered_at", "ended_at"] {
            self.field(key, |column| column.has_times_in(format.as_deref()));
        }
        for key in ["wait_s", "talk_s", "hold_s", "acw_s"] {
            self.field(key, ColumnProfile::is_duration);
        }
        self.field("queue", ColumnProfile::is_text);
        self.field("agent", ColumnProfile::is_text);
        self.field("customer", |column| !column.cells.is_empty());
        self.field("channel", |column| !column.cells.is_empty() && column.cells.iter().all(|c| channel(c).is_some()));
        self.direction();
        if let Some(index) = self.field("answered", |column| {
            column.distinct().len() <= 3
                && column.cells.iter().any(|cell| is_yes(cell, &vocabulary().yes.words) == Some(true))
        }) {
            let cells = self.profiles.get(index).map(ColumnProfile::distinct).unwrap_or_default();
            let yes = cells.iter().filter(|cell| is_yes(cell, &vocabulary().yes.words) == Some(true));
            self.columns.yes = yes.map(|cell| (*cell).to_owned()).collect();
        }
        self.outcome();
        self.field("transferred", |column| column.distinct().len() <= 3);
        self.field("resolved", |column| column.distinct().len() <= 3);
        self.field("intent", ColumnProfile::is_text);
        if let Some(index) = self.field("csat", ColumnProfile::is_number) {
            let max = self.profiles.get(index).map_or(5.0, ColumnProfile::max);
            self.columns.csat_scale = if max <= 5.0 {
                [1.0, 5.0]
            } else if max <= 10.0 {
                [0.0, 10.0]
            } else {
                [0.0, 100.0]
            };
        }
        self.field("nps", |column| column.is_number() && column.max() <= 10.0);
        self.nobody();
        self.legs();
        let usual = |value: &str| Some(CsvField::Constant(CsvConstant { value: value.to_owned() }));
        self.columns.channel = self.columns.channel.take().or_else(|| usual("voice"));
        self.columns.queue = self.columns.queue.take().or_else(|| usual("all"));
        let columns = &self.columns;
        if columns.agent.is_some()
            && columns.outcome.is_none()
            && [&columns.answered, &columns.answered_at].into_iter().all(Option::is_none)
        {
            self.notes.push("a row with an agent is taken for answered, and one without for abandoned".to_owned());
        }
    }

    /// The columns and the format of the time, and the zone.
    fn time(&mut self, zone: AssumedZone) {
        let words = Self::words("time");
        let fits = |column: &ColumnProfile<'_>| matches!(column.time(), Some((_, TimePart::Both)));
        let dated = |column: &ColumnProfile<'_>| matches!(column.time(), Some((_, TimePart::Date)));
        let whole = self
            .best(words, fits)
            .or_else(|| self.profiles.iter().find(|column| fits(column)).map(|column| column.index));
        let date = self.best(words, dated);
        let of_day =
            self.best(Self::words("time_of_day"), |column| matches!(column.time(), Some((_, TimePart::TimeOfDay))));
        let (indexes, format) = match (whole, date, of_day) {
            (None, Some(date), Some(of_day)) => {
                let format = |index: usize| {
                    self.profiles.get(index).and_then(ColumnProfile::time).and_then(|(format, _)| format)
                };
                (vec![date, of_day], format(date).zip(format(of_day)).map(|(date, of_day)| format!("{date} {of_day}")))
            }
            (Some(index), ..) | (None, Some(index), None) => {
                let found = self.profiles.get(index).and_then(ColumnProfile::time);
                (vec![index], found.and_then(|(format, _)| format).map(str::to_owned))
            }
            (None, None, _) => return,
        };
        let cells: Vec<&str> = indexes
            .first()
            .and_then(|index| self.profiles.get(*index))
            .map(|column| column.cells.clone())
            .unwrap_or_default();
        self.notes.extend(undecided_order(format.as_deref(), &cells));
        let names: Vec<CsvColumn> = indexes.iter().map(|index| self.name(*index)).collect();
        let is_utc = indexes
            .iter()
            .filter_map(|index| self.profiles.get(*index))
            .any(|column| column.plain.split(' ').any(|word| ["utc", "gmt", "zulu"].contains(&word)));
        if cells.iter().any(|cell| profile::is_local(cell)) {
            self.columns.timezone = Some(if is_utc { chrono_tz::Tz::UTC } else { zone.zone });
            if !is_utc {
                self.notes.push(format!("times have no offset: they are taken for those of {zone}: check timezone"));
            }
        }
        self.used.extend(&indexes);
        self.columns.time_format = format;
        self.columns.time = match <[CsvColumn; 1]>::try_from(names) {
            Ok([one]) => Some(CsvColumns::One(one)),
            Err(many) => Some(CsvColumns::Many(many)),
        };
    }

    /// Rows of calls that did not come to the floor are left out.
    fn direction(&mut self) {
        // Some systems say in the same column how inbound calls ended.
        let is_inbound = |cell: &&str| {
            vocabulary().inbound.words.contains(&normalized(cell))
                || RowOutcome::of_word(cell).is_some_and(|outcome| outcome != RowOutcome::Ignored)
        };
        let found = self.best(Self::words("direction"), |column| {
            let cells = column.distinct();
            cells.iter().any(|cell| vocabulary().inbound.words.contains(&normalized(cell)))
                && !cells.iter().all(is_inbound)
        });
        if let Some(column) = found.and_then(|index| self.profiles.get(index)) {
            let words: Vec<String> =
                column.distinct().iter().filter(|cell| is_inbound(cell)).map(|cell| (*cell).to_owned()).collect();
            self.used.push(column.index);
            let key = if self.header { column.name.to_owned() } else { (column.index + 1).to_string() };
            self.columns.only.insert(key, Words::new(words));
        }
    }

    /// The columns that say how a contact ended, and their words that are not known.
    fn outcome(&mut self) {
        let tells = |column: &ColumnProfile<'_>| column.cells.iter().any(|cell| RowOutcome::of_word(cell).is_some());
        let mut found = Vec::new();
        while let Some(index) = self.best(Self::words("outcome"), tells) {
            self.used.push(index);
            found.push(index);
        }
        if found.is_empty() {
            return;
        }
        let mut unknown = Vec::new();
        for column in found.iter().filter_map(|index| self.profiles.get(*index)) {
            for word in column.distinct() {
                match RowOutcome::of_word(word) {
                    Some(outcome) => {
                        self.columns.outcomes.insert(word.to_owned(), outcome);
                    }
                    None => unknown.push(word.to_owned()),
                }
            }
        }
        // With several columns or `answered`, a word that is not known leaves it to the next.
        if found.len() == 1 && self.columns.answered.is_none() {
            for word in &unknown {
                self.columns.outcomes.insert(word.clone(), RowOutcome::Unknown);
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(5);
            self.notes.push(format!("outcome: what do {unknown:?} mean? Write it into outcomes"));
        }
        let mut names: Vec<CsvColumn> = found.iter().map(|index| self.name(*index)).collect();
        self.columns.outcome = match (names.len(), names.pop()) {
            (1, Some(one)) => Some(CsvColumns::One(one)),
            (_, Some(last)) => {
                names.push(last);
                Some(CsvColumns::Many(names))
            }
            (_, None) => None,
        };
    }

    /// Words for nobody among the agents.
    fn nobody(&mut self) {
        let Some(CsvField::Column(agent)) = &self.columns.agent else { return };
        let column = self.profiles.iter().find(|column| self.name(column.index) == *agent);
        let is_nobody = |name: &&str| {
            let plain = normalized(name);
            name.starts_with(['[', '(', '<'])
                || ["nobody", "unassigned", "no agent", "unknown", "niemand", "voicemail"].contains(&plain.as_str())
                || plain.starts_with("vm channel")
        };
        let words: Vec<String> = column
            .map(ColumnProfile::distinct)
            .unwrap_or_default()
            .into_iter()
            .filter(is_nobody)
            .map(str::to_owned)
            .collect();
        self.columns.nobody = Words::new(words);
    }

    /// Whether an id has several rows.
    fn legs(&mut self) {
        let Some(CsvField::Column(contact)) = &self.columns.contact else { return };
        let Some(column) = self.profiles.iter().find(|column| self.name(column.index) == *contact) else { return };
        let (ids, rows) = (column.distinct().len(), column.cells.iter().filter(|cell| !is_blank(cell)).count());
        if ids < rows {
            self.columns.legs = true;
            self.notes
                .push(format!("{ids} ids in {rows} rows: the rows of an id are taken for one contact: check legs"));
        }
    }
}
