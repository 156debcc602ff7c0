//! Tables with delimited columns (CSV, TSV and the like).
//!
//! Usually one row is one contact and gives all its events: offered, answered or abandoned, completed, wrapped, and the
//! survey and quality scores that followed. Two other kinds are told by their header: the lines of a queue_log that is kept
//! in a database, and sums over an interval, which are no contacts.

mod columns;
mod contacts;
mod date_order;
mod delimiter;
mod direction;
mod doubts;
mod duration;
mod encoding;
mod ended;
mod evidence;
mod json_rows;
mod legs;
mod log_table;
mod month_names;
mod naming;
mod numerals;
mod outcome;
mod presets;
mod propose;
mod record;
mod resolved;
mod rows;
mod sample;
mod sums;
mod time;
mod time_spellings;
mod totals;
mod value;
mod words;
mod zone;
mod zone_names;

use std::path::Path;

use crate::clock::Time;
use crate::event::Event;
use crate::source::format::foreign::foreign;
use crate::source::format::queue_log::{QueueLogParser, SiteNames};
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use crate::text::Label;
pub use columns::{
    Columns, ColumnsError, CsvColumn, CsvColumns, CsvConstant, CsvDuration, CsvField, CsvFigure, CsvMeasured,
    CsvQuotient, FigureUnit, ShareUnit,
};
use contacts::ContactTable;
pub use duration::DurationUnit;
use legs::IdEvidence;
use log_table::LogTable;
pub(crate) use log_table::{LogColumns, write_line};
pub use month_names::MonthNames;
pub use outcome::{RowOutcome, Words};
pub use presets::Preset;
pub use propose::{Proposal, propose, settle};
use resolved::{ResolvedColumns, format_of_rows};
use rows::RowReader;
use sample::TableSample;
use sums::SumsTable;
pub(crate) use time::logged_time;
use time::{GivenTimes, LocalClock, TimeFormat};
pub use zone::{AssumedZone, ZoneOrigin};

/// Whether a file that begins with `head` has rows of several cells.
pub(super) fn is_table(head: &[u8]) -> bool {
    TableSample::of(head, None, encoding::USUAL).first_row(None, |_| 0).is_some_and(|(_, row)| row.len() > 1)
}

/// How tables are read.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// The columns; if absent, a preset that fits.
    pub columns: Option<Columns>,
    /// The mappings that are tried on a table without configured columns.
    pub presets: Vec<Preset>,
    /// The zone of times without an offset, where no mapping names one.
    pub zone: AssumedZone,
    /// The centre's own words, for a queue_log.
    pub site: SiteNames,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            columns: None,
            presets: Preset::built_in().to_vec(),
            zone: AssumedZone::default(),
            site: SiteNames::default(),
        }
    }
}

impl TableOptions {
    /// The options with the columns of a file, or of the preset of that name; `presets` is the folder of a user's own.
    ///
    /// # Errors
    /// If the file or one of the presets cannot be read.
    pub fn load(columns: Option<&Path>, presets: Option<&Path>) -> Result<Self, ColumnsError> {
        let mut options = Self::default();
        options.presets.extend(presets.map(Preset::of_folder).transpose()?.unwrap_or_default());
        options.columns = match columns {
            None => None,
            // A user's own preset takes the place of the program's of the same name.
            Some(path) => {
                match options.presets.iter().rfind(|preset| !path.exists() && path == Path::new(&preset.name)) {
                    Some(preset) => Some(preset.columns.clone()),
                    None => Some(Columns::load(path)?),
                }
            }
        };
        Ok(options)
    }
}

/// Parses the rows of one table into events, line by line.
pub struct CsvParser {
    origin: Label,
    options: TableOptions,
    prefix: String,
    reader: RowReader,
    table: Option<Table>,
    /// What the mapping says of times.
    given: GivenTimes,
    /// The names of the columns, where the table has them: files that were put together have them again.
    header: Vec<String>,
    /// How many lines are still to be skipped before the first row.
    skip: u64,
    rows: u64,
    /// How many rows have cells behind the last column.
    longer: u64,
    /// The columns of another table, which has begun below this one.
    other_table: Option<String>,
    /// Some line is no UTF-8.
    is_old_text: bool,
    remarks: TableRemarks,
}

/// What is said of a table beside its rows.
#[derive(Debug, Default)]
struct TableRemarks {
    /// What is doubtful.
    doubts: Vec<String>,
    /// What was chosen without a doubt, as is usual.
    choices: Vec<String>,
}

/// How all rows write their times.
struct SettledTimes {
    /// chrono's codes; `None` where they need none.
    format: Option<String>,
    months: Option<MonthNames>,
    /// What of it no row proves.
    doubt: Option<String>,
}

/// What the rows are.
#[derive(Debug)]
enum Table {
    Contacts(Box<ContactTable>),
    Sums(Box<SumsTable>),
    Log(Box<LogTable>),
}

impl Table {
    /// The clock, and the format of times.
    const fn times(&self) -> (&LocalClock, &TimeFormat) {
        match self {
            Self::Contacts(table) => (&table.clock, &table.resolved.time_format),
            Self::Sums(table) => (&table.clock, &table.resolved.time_format),
            Self::Log(table) => (&table.clock, &table.time_format),
        }
    }

    const fn time_format_mut(&mut self) -> &mut TimeFormat {
        match self {
            Self::Contacts(table) => &mut table.resolved.time_format,
            Self::Sums(table) => &mut table.resolved.time_format,
            Self::Log(table) => &mut table.time_format,
        }
    }
}

impl std::fmt::Debug for CsvParser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvParser").field("origin", &self.origin).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Why a line gave no events.
#[derive(Debug)]
pub enum CsvError {
    /// The row is rejected.
    Row(RejectionReason),
    /// The configured columns do not fit the table; no row can be read.
    Columns(ColumnsError),
}

impl CsvParser {
    /// A parser whose events carry `origin`. `prefix` precedes row numbers that serve as contact ids.
    #[must_use]
    pub fn new(origin: Label, options: TableOptions, prefix: String) -> Self {
        let reader = RowReader::new(b',', encoding::USUAL);
        Self {
            origin,
            options,
            prefix,
            reader,
            table: None,
            given: GivenTimes::default(),
            header: Vec::new(),
            skip: 0,
            rows: 0,
            longer: 0,
            other_table: None,
            is_old_text: false,
            remarks: TableRemarks::default(),
        }
    }

    /// The number of rows read, without the header.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Set the number of rows read, to continue a table.
    pub const fn set_rows(&mut self, rows: u64) {
        self.rows = rows;
    }

    /// Whether the last line completed its row, and no contact awaits another one.
    #[must_use]
    pub fn is_between_rows(&self) -> bool {
        let settled = match &self.table {
            Some(Table::Contacts(table)) => table.is_settled(),
            Some(Table::Sums(_) | Table::Log(_)) | None => true,
        };
        self.reader.is_between_rows() && settled
    }

    /// Set up from the first bytes of the file: find the delimiter, the header and the kind of the table. When `resuming`
    /// after that many rows, the next line will be a row.
    ///
    /// # Errors
    /// If the file is no table, a configured column is not in the header, or no columns are configured and the table is of no
    /// known kind.
    pub fn prepare(&mut self, head: &[u8], resuming: Option<u64>) -> Result<(), ColumnsError> {
        if let Some(what) = foreign(head) {
            return Err(ColumnsError::Foreign(what));
        }
        let configured = self.options.columns.as_ref();
        let delimiter = configured.and_then(|columns| columns.delimiter).and_then(|c| u8::try_from(c).ok());
        let encoding = configured.map_or(encoding::USUAL, Columns::encoding);
        let sample = TableSample::of(head, delimiter, encoding);
        let skip = configured.and_then(|columns| columns.skip);
        let count = |row: &[String]| configured.map_or(0, |columns| columns.count_in(row));
        let Some((line, first)) = sample.first_row(skip, count) else { return Ok(()) };
        self.reader = sample.reader(configured);
        let rows: Vec<&[String]> = sample.rows_after(line).collect();
        let has_header = configured.is_none_or(|columns| columns.header);
        let about = TableHead { first, rows: &rows, has_header, delimiter: sample.delimiter };
        let (table, given) = table_of(&self.options, about, &self.origin, &self.prefix, &mut self.remarks)?;
        (self.table, self.given) = (Some(table), given);
        self.header = if has_header && !sample.has_objects() { first.to_vec() } else { Vec::new() };
        self.skip = 0;
        if let Some(rows) = resuming {
            self.rows = rows;
        } else {
            // Without a header, lines that are no rows are rejected with the reason.
            self.skip = if has_header { line + 1 } else { skip.unwrap_or(0) };
            if sample.has_objects() {
                // The header is made of their keys, and no line.
                self.skip = 0;
                return Ok(());
            }
            // A header that spans lines.
            let mut header = RowReader::new(sample.delimiter, encoding);
            let skipped = usize::try_from(line).unwrap_or(usize::MAX);
            let mut lines = crate::text::strip_bom(head).split(|&b| b == b'\n').skip(skipped);
            while has_header
                && lines.next().is_some_and(|line| matches!(header.feed(line), Ok(false)) && !header.is_between_rows())
            {
                self.skip += 1;
            }
        }
        Ok(())
    }

    /// Take over what another parser has seen of the whole table: the order of day and month, the language of months, and whether
    /// a queue may be called "Total". Returns whether times are read in another way than they would have been.
    pub(crate) fn learn(&mut self, scanned: &Self) -> bool {
        let (given, Some(table), Some(whole)) = (self.given, &mut self.table, &scanned.table) else { return false };
        match (&mut *table, whole) {
            (Table::Contacts(table), Table::Contacts(whole)) => table.queues = whole.queues,
            (Table::Sums(table), Table::Sums(whole)) => table.queues = whole.queues,
            _ => {}
        }
        let (clock, told) = whole.times();
        let told = told.refined(&clock.dates, given).unwrap_or_else(|| told.clone());
        let format = table.time_format_mut();
        let before = std::mem::replace(format, told);
        before != *format
    }

    /// Compare the ids in these columns.
    fn try_ids(&mut self, columns: impl Iterator<Item = usize>) {
        if let Some(Table::Contacts(table)) = &mut self.table {
            table.tried_ids = columns.map(|index| (index, IdEvidence::default())).collect();
        }
    }

    /// What the ids in the columns show that were to be compared.
    fn tried_ids(&self) -> &[(usize, IdEvidence)] {
        match &self.table {
            Some(Table::Contacts(table)) => &table.tried_ids,
            Some(Table::Sums(_) | Table::Log(_)) | None => &[],
        }
    }

    /// What the rows read so far say of their times, whatever the mapping says.
    fn settled(&self) -> Option<SettledTimes> {
        let (clock, format) = self.table.as_ref()?.times();
        let format = format.refined(&clock.dates, GivenTimes::default()).unwrap_or_else(|| format.clone());
        let doubt = clock.dates.doubt(format.codes().unwrap_or_default(), None);
        Some(SettledTimes { format: format.codes().map(str::to_owned), months: clock.dates.months(), doubt })
    }

    /// Parse one line. The events of a row are passed to `each` when its last line has been read.
    ///
    /// # Errors
    /// Why the row is rejected (a time later than `latest` is one reason), or that the columns do not fit the table.
    pub fn parse_line(
        &mut self,
        line: &[u8],
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), CsvError> {
        if self.table.is_none() && self.reader.is_between_rows() {
            self.prepare(line, None).map_err(CsvError::Columns)?;
        }
        self.is_old_text |= std::str::from_utf8(line).is_err();
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        if !self.reader.feed(line).map_err(|reason| CsvError::Row(reason.into()))? {
            return Ok(());
        }
        if !self.header.is_empty() {
            let row = self.reader.row();
            if row.holds(&self.header) {
                self.reader.clear();
                self.other_table = None;
                return Ok(());
            }
            if !row.has_digits() && naming::names_columns(&row.texts()) {
                self.other_table = Some(row.texts().join(", "));
            }
        }
        if let Some(columns) = &self.other_table {
            self.reader.clear();
            let why =
                format!("it is of another table, with the columns {columns}: write each table to a file of its own");
            return Err(CsvError::Row(why.into()));
        }
        let row = self.reader.row();
        if self.rows == 0 && totals::are_units((0..row.len()).map(|index| row.text(index))) {
            self.reader.clear();
            return Ok(());
        }
        self.rows += 1;
        let is_behind = || (self.header.len()..row.len()).any(|index| !value::is_blank(&row.text(index)));
        self.longer += u64::from(!self.header.is_empty() && is_behind());
        let done = match &mut self.table {
            None => Ok(()),
            Some(Table::Contacts(table)) => table.read(row, self.rows, latest, &self.origin, each),
            Some(Table::Sums(table)) => table.read(row, latest, &self.origin, each),
            Some(Table::Log(table)) => table.read(row, latest, tally, each),
        };
        self.reader.clear();
        done.map_err(CsvError::Row)
    }

    /// The file has ended.
    ///
    /// # Errors
    /// If the last row is incomplete: its quote was never closed.
    pub fn finish(&mut self, tally: &mut InputTally, each: &mut dyn FnMut(Event)) -> Result<(), CsvError> {
        if let Some(Table::Contacts(table)) = &mut self.table {
            table.finish(&self.origin, each);
        }
        tally.remarks.extend(self.choices().into_iter().chain(self.doubts()));
        if self.reader.is_between_rows() {
            return Ok(());
        }
        self.reader.clear();
        Err(CsvError::Row("a quote is opened and never closed: the rest of the file is missing".into()))
    }

    /// What was chosen without a doubt: a preset, and what neither the mapping nor the table says.
    fn choices(&self) -> Vec<String> {
        let zone = self.clock().and_then(LocalClock::assumption).filter(|(_, is_doubtful)| !is_doubtful);
        self.remarks.choices.iter().cloned().chain(zone.map(|(words, _)| words)).collect()
    }

    fn clock(&self) -> Option<&LocalClock> {
        Some(self.table.as_ref()?.times().0)
    }

    /// What is doubtful of the table although its rows can be read.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let mut out = self.remarks.doubts.clone();
        if self.is_old_text {
            let encoding = self.reader.encoding.name();
            out.push(format!("it is no UTF-8 and read as {encoding}: `encoding` in [csv] names another"));
        }
        if self.longer > 0 {
            out.push(format!(
                "{} of {} rows have more cells than the header, so that their columns may be others: put what has the delimiter in \
                 it into quotes",
                self.longer, self.rows
            ));
        }
        match &self.table {
            Some(Table::Contacts(table)) => out.extend(table.doubts.remarks(&table.columns)),
            Some(Table::Sums(table)) => out.extend(table.doubts()),
            Some(Table::Log(_)) | None => {}
        }
        let Some((clock, format)) = self.table.as_ref().map(Table::times) else { return out };
        let codes = format.codes().unwrap_or_default();
        let doubt = || clock.dates.doubt(if self.given.format { "" } else { codes }, self.given.months);
        out.extend(clock.dates.contradiction(codes).or_else(doubt));
        out.extend(clock.assumption().filter(|(_, is_doubtful)| *is_doubtful).map(|(words, _)| words));
        if clock.told_apart > 0 {
            out.push(format!(
                "{} rows are in an hour that came twice in {}, as the clocks went back: told apart by the order of rows",
                clock.told_apart, clock.zone
            ));
        }
        out
    }
}

const SUMS_REMARK: &str = "a row is the sum of an interval and no contact: its own figures are taken";

/// The beginning of a table.
#[derive(Clone, Copy)]
struct TableHead<'a> {
    first: &'a [String],
    /// Some rows that follow.
    rows: &'a [&'a [String]],
    /// Whether the first row names the columns.
    has_header: bool,
    delimiter: u8,
}

/// Tell what a table is by its header, whatever is configured: rows that are no contacts must not be read as ones.
fn table_of(
    options: &TableOptions,
    head: TableHead<'_>,
    origin: &Label,
    prefix: &str,
    remarks: &mut TableRemarks,
) -> Result<(Table, GivenTimes), ColumnsError> {
    let TableHead { first, rows, has_header, delimiter } = head;
    let configured = options.columns.as_ref();
    let clock = |columns: Option<&Columns>| match columns.and_then(|columns| columns.timezone) {
        Some(zone) => LocalClock::new(zone),
        None => LocalClock::assuming(options.zone),
    };
    if let Some(log) = LogColumns::find(first).filter(|_| has_header) {
        let parser = QueueLogParser::new(origin.clone(), options.site.clone());
        let time_format = format_of_rows(&[log.time], rows);
        let table = LogTable::new(log, clock(configured), time_format, parser);
        return Ok((Table::Log(Box::new(table)), GivenTimes::default()));
    }
    let sums = || {
        let (found, notes) = propose::sums(first, rows, delimiter, options.zone).filter(|_| has_header)?;
        // The proposal names the zone that it was given.
        let timezone = configured.and_then(|columns| columns.timezone);
        Some((Columns { timezone, ..found }, notes))
    };
    let mut are_found = false;
    let mut columns = match configured {
        Some(columns) => columns.clone(),
        None => {
            if let Some(preset) = Preset::fitting(&options.presets, first) {
                remarks.choices.push(format!("read by the preset {}", preset.name));
                preset.columns.clone()
            } else {
                let (sums, notes) = sums().ok_or(ColumnsError::NoColumns)?;
                remarks.doubts.extend(notes);
                remarks.choices.push(SUMS_REMARK.to_owned());
                are_found = true;
                sums
            }
        }
    };
    if !are_found && has_header && !columns.figures.is_empty() {
        remarks.choices.extend(propose::figures_not_read(&columns, first, rows, delimiter));
    }
    if columns.figures.is_empty()
        && let Some((sums, notes)) = sums()
    {
        remarks.doubts.extend(notes);
        remarks.doubts.push(format!("{SUMS_REMARK}, and not the configured columns"));
        are_found = true;
        columns = sums;
    }
    let resolved = ResolvedColumns::find(&columns, first, rows, delimiter)?;
    remarks.doubts.extend(resolved.assumptions.iter().cloned());
    let clock = clock(Some(&columns));
    let given = GivenTimes { format: columns.time_format.is_some() && !are_found, months: columns.months };
    let table = if columns.figures.is_empty() {
        remarks.choices.extend(columns.usual_fields());
        if has_header {
            remarks.choices.extend(propose::lengths_not_read(&columns, first, rows, delimiter));
        }
        remarks.doubts.extend(columns.open_ends());
        if configured.is_some() {
            remarks.doubts.extend(propose::direction_not_mapped(&columns, first, rows, has_header));
        }
        Table::Contacts(Box::new(ContactTable::new(columns, resolved, clock, prefix.to_owned())))
    } else {
        Table::Sums(Box::new(SumsTable::new(resolved, clock)))
    };
    Ok((table, given))
}

#[cfg(test)]
mod tests;
