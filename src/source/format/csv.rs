//! Tables with delimited columns (CSV, TSV and the like) in which one row is one contact.
//!
//! A row describes a whole contact and gives all its events: offered, answered or abandoned, completed, wrapped, and the
//! survey and quality scores that followed.

mod columns;
mod delimiter;
mod value;

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::clock::{Span, Time};
use crate::event::{Channel, Event, EventKind, Offer, Scored, Step, Survey, TransferKind};
use crate::source::caller_number::customer;
use crate::source::format::limits::{EARLIEST_TIME, MAX_LINE_BYTES, strip_bom};
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::text::Label;
pub use columns::{Columns, ColumnsError, CsvColumn, CsvConstant, CsvField, TimeColumns};
use columns::{ResolvedColumns, ResolvedField};
pub(crate) use delimiter::find as find_delimiter;

/// A row of more lines than this, or longer than [`MAX_LINE_BYTES`], must have a quote that is never closed.
const MAX_ROW_LINES: u64 = 100;
/// The agent of an answered row, or the evaluator of a scored one, that names none.
const UNKNOWN_NAME: Label = Label::fixed("unknown");

/// Parses the rows of one table into events, line by line.
pub struct CsvParser {
    origin: Label,
    columns: Columns,
    /// Precedes row numbers that serve as contact ids, so that several tables do not share ids.
    prefix: String,
    reader: Option<Reader>,
    resolved: Option<ResolvedColumns>,
    /// The unquoted cells of the row being read, one after another, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    ended: usize,
    /// The lines fed to the row being read; 0 between rows.
    open_lines: u64,
    rows: u64,
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

/// The cells of one row.
struct CsvRow<'a> {
    cells: &'a [u8],
    ends: &'a [usize],
}

impl<'a> CsvRow<'a> {
    fn cell(&self, index: usize) -> &'a [u8] {
        let start = match index.checked_sub(1) {
            None => Some(0),
            Some(before) => self.ends.get(before).copied(),
        };
        match (start, self.ends.get(index)) {
            (Some(start), Some(&end)) => self.cells.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The text of a field; empty if the field is not configured or the cell is missing.
    fn text(&self, field: Option<&'a ResolvedField>) -> Cow<'a, str> {
        match field {
            None => Cow::Borrowed(""),
            Some(ResolvedField::Constant(value)) => Cow::Borrowed(value.as_str()),
            Some(ResolvedField::Cell(index)) => String::from_utf8_lossy(self.cell(*index)),
        }
    }
}

impl CsvParser {
    /// A parser whose events carry `origin`. `prefix` precedes row numbers that serve as contact ids.
    #[must_use]
    pub fn new(origin: Label, columns: Columns, prefix: String) -> Self {
        Self {
            origin,
            columns,
            prefix,
            reader: None,
            resolved: None,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            filled: 0,
            ended: 0,
            open_lines: 0,
            rows: 0,
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

    /// Whether the last line completed its row.
    #[must_use]
    pub const fn is_between_rows(&self) -> bool {
        self.open_lines == 0
    }

    /// Set up from the first bytes of the file: find the delimiter, and when `resuming` after that many rows, read the
    /// header too, since the next line will be a row.
    ///
    /// # Errors
    /// If a configured column is not in the header.
    pub fn prepare(&mut self, head: &[u8], resuming: Option<u64>) -> Result<(), ColumnsError> {
        let delimiter = self.columns.delimiter.and_then(|c| u8::try_from(c).ok());
        let delimiter = delimiter.unwrap_or_else(|| delimiter::find(head));
        self.reader = Some(ReaderBuilder::new().delimiter(delimiter).build());
        if let Some(rows) = resuming {
            for line in strip_bom(head).split(|&b| b == b'\n') {
                match self.feed(line) {
                    Ok(false) => {}
                    _ => break,
                }
            }
            self.resolve_columns()?;
            self.clear();
            self.rows = rows;
        }
        Ok(())
    }

    /// Parse one line. The events of a row are passed to `each` when its last line has been read.
    ///
    /// # Errors
    /// Why the row is rejected (a time later than `latest` is one reason), or that the columns do not fit the table.
    pub fn parse_line(&mut self, line: &[u8], latest: Time, each: &mut dyn FnMut(Event)) -> Result<(), CsvError> {
        if self.reader.is_none() {
            self.prepare(line, None).map_err(CsvError::Columns)?;
        }
        if self.open_lines == 0 && line.trim_ascii().is_empty() {
            return Ok(());
        }
        if !self.feed(line).map_err(|reason| CsvError::Row(reason.into()))? {
            return Ok(());
        }
        if self.resolved.is_none() {
            self.resolve_columns().map_err(CsvError::Columns)?;
            if self.columns.header {
                self.clear();
                return Ok(());
            }
        }
        self.rows += 1;
        let done = self.emit_row(latest, each).map_err(CsvError::Row);
        self.clear();
        done
    }

    /// The file has ended.
    ///
    /// # Errors
    /// If the last row is incomplete: its quote was never closed.
    pub fn finish(&mut self) -> Result<(), CsvError> {
        if self.open_lines == 0 {
            return Ok(());
        }
        self.clear();
        Err(CsvError::Row("a quote is opened and never closed: the rest of the file is missing".into()))
    }

    /// Feed a line to the row being read; returns whether the row is complete.
    fn feed(&mut self, line: &[u8]) -> Result<bool, &'static str> {
        self.open_lines += 1;
        if self.open_lines > MAX_ROW_LINES || self.filled > MAX_LINE_BYTES {
            self.clear();
            return Err("a quote is opened and not closed within 100 lines: close it");
        }
        for part in [line, b"\n"] {
            let mut rest = part;
            while !rest.is_empty() {
                let Some(reader) = &mut self.reader else { return Ok(false) };
                let (result, read, written, ended) = reader.read_record(
                    rest,
                    self.cells.get_mut(self.filled..).unwrap_or_default(),
                    self.ends.get_mut(self.ended..).unwrap_or_default(),
                );
                rest = rest.get(read..).unwrap_or_default();
                self.filled += written;
                self.ended += ended;
                match result {
                    ReadRecordResult::InputEmpty => break,
                    ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                    ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                    ReadRecordResult::Record => return Ok(true),
                    ReadRecordResult::End => return Ok(false),
                }
            }
        }
        Ok(false)
    }

    fn clear(&mut self) {
        self.filled = 0;
        self.ended = 0;
        self.open_lines = 0;
        if let Some(reader) = &mut self.reader {
            reader.reset();
        }
    }

    /// Locate the configured columns in the first row, which was just read.
    fn resolve_columns(&mut self) -> Result<(), ColumnsError> {
        let row = CsvRow { cells: &self.cells, ends: self.ends.get(..self.ended).unwrap_or_default() };
        let first: Vec<String> =
            (0..self.ended).map(|index| String::from_utf8_lossy(row.cell(index)).trim().to_owned()).collect();
        self.resolved = Some(ResolvedColumns::find(&self.columns, &first)?);
        Ok(())
    }

    /// Emit the events of the row that was just read.
    fn emit_row(&self, latest: Time, each: &mut dyn FnMut(Event)) -> Result<(), RejectionReason> {
        let Some(columns) = &self.resolved else { return Ok(()) };
        let row = CsvRow { cells: &self.cells, ends: self.ends.get(..self.ended).unwrap_or_default() };
        let record = self.contact_record(&row, columns)?;
        if record.offered < EARLIEST_TIME {
            return Err("the time is in 1970 or before: check time_format".into());
        }
        if record.offered > latest {
            return Err("the time is more than a day ahead: check time_format and timezone".into());
        }
        record.emit(&self.origin, each);
        Ok(())
    }

    /// Read the cells of a row.
    fn contact_record<'a>(
        &'a self,
        row: &CsvRow<'a>,
        fields: &'a ResolvedColumns,
    ) -> Result<ContactRecord, RejectionReason> {
        let columns = &self.columns;
        let text = |field: &'a Option<ResolvedField>| row.text(field.as_ref());
        let label = |field: &'a Option<ResolvedField>| Some(Label::new(&text(field))).filter(|label| !label.is_empty());
        let span =
            |key: &str, field: &'a Option<ResolvedField>| value::span(&text(field)).map_err(|reason| reason.about(key));
        let number = |key: &str, field: &'a Option<ResolvedField>, scale| {
            value::number(&text(field), scale).map_err(|reason| reason.about(key))
        };
        if let Some(&last) = fields.time.iter().max()
            && last >= row.ends.len()
        {
            return Err(RejectionReason::new("the row is cut short", format_args!("{} columns", row.ends.len())));
        }
        let zone = columns.timezone.unwrap_or(chrono_tz::Tz::UTC);
        let format = columns.time_format.as_deref();
        let offered = match fields.time.as_slice() {
            [index] => value::time(&String::from_utf8_lossy(row.cell(*index)), format, zone)?,
            several => {
                let parts: Vec<_> = several.iter().map(|&index| String::from_utf8_lossy(row.cell(index))).collect();
                value::time(&parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(" "), format, zone)?
            }
        };
        let channel = match text(&fields.channel).trim() {
            "" => Channel::Voice,
            word => Channel::parse(&word.to_lowercase()).ok_or_else(|| {
                RejectionReason::new("channel: none of voice, chat, email, sms, social, video, callback", word)
            })?,
        };
        let agent = label(&fields.agent);
        let answered = match &fields.answered {
            Some(_) => value::is_yes(&text(&fields.answered), &columns.yes).unwrap_or(false),
            None => agent.is_some(),
        };
        let scored = |score: Option<f64>, [min, max]: [f64; 2]| score.map(|score| Scored { score, min, max });
        let nps = number("nps", &fields.nps, [0.0, 10.0])?;
        if nps.is_some_and(|nps| nps.fract() != 0.0) {
            return Err("nps: not a whole number".into());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 10")]
        let nps = nps.map(|nps| nps as u8);
        let contact = match id_label(text(&fields.contact).trim().as_bytes()) {
            id if id.is_empty() => Label::new(&format!("{}{}", self.prefix, self.rows)),
            id => id,
        };
        Ok(ContactRecord {
            contact,
            offered,
            offer: Offer {
                intent: label(&fields.intent),
                customer: customer(text(&fields.customer).as_bytes()),
                // A row gives durations at most: the times of its later events are computed from them.
                untimed: true,
                ..Offer::new(label(&fields.queue).unwrap_or(Label::fixed("all")), channel)
            },
            answered,
            agent: agent.unwrap_or(UNKNOWN_NAME),
            wait: span("wait_s", &fields.wait)?,
            talk: span("talk_s", &fields.talk)?,
            hold: span("hold_s", &fields.hold)?,
            acw: span("acw_s", &fields.acw)?,
            transferred: value::is_yes(&text(&fields.transferred), &columns.yes).unwrap_or(false),
            resolved: value::is_yes(&text(&fields.resolved), &columns.yes),
            survey: Survey {
                csat: scored(number("csat", &fields.csat, columns.csat_scale)?, columns.csat_scale),
                ces: scored(number("ces", &fields.ces, columns.ces_scale)?, columns.ces_scale),
                nps,
                ..Survey::default()
            },
            quality: number("quality", &fields.quality, [0.0, 100.0])?,
            evaluator: label(&fields.evaluator).unwrap_or(UNKNOWN_NAME),
        })
    }
}

/// A contact, as a row describes it.
struct ContactRecord {
    contact: Label,
    offered: Time,
    offer: Offer,
    answered: bool,
    agent: Label,
    wait: Option<Span>,
    talk: Option<Span>,
    hold: Option<Span>,
    acw: Option<Span>,
    transferred: bool,
    resolved: Option<bool>,
    survey: Survey,
    quality: Option<f64>,
    evaluator: Label,
}

impl ContactRecord {
    /// Pass the contact's events to `each`, in the order of their times.
    fn emit(self, origin: &Label, each: &mut dyn FnMut(Event)) {
        let Self { contact, offered, offer, agent, wait, talk, hold, acw, .. } = self;
        let queue = offer.queue.clone();
        let mut emit = |at, step| {
            let kind = EventKind::Contact { contact: contact.clone(), queue: Some(queue.clone()), step };
            each(Event { at, origin: origin.clone(), id: None, kind });
        };
        emit(offered, Step::Offered(offer));
        let mut at = offered + wait.unwrap_or_default();
        if self.answered {
            emit(at, Step::Answered { agent: agent.clone(), wait });
            at = at + talk.unwrap_or_default();
            if let Some(hold) = hold.filter(|_| self.transferred) {
                // The event of a transfer has no field for the time on hold, so it is reported by events of its own.
                emit(at, Step::Held);
                emit(at + hold, Step::Resumed);
            }
            at = at + hold.unwrap_or_default();
            if self.transferred {
                let kind = TransferKind::Blind;
                emit(
                    at,
                    Step::Transferred { agent: None, kind, to_queue: None, to_agent: None, to_number: None, talk },
                );
            } else {
                emit(at, Step::Completed { agent: None, ended_by: None, talk, hold });
            }
            if acw.is_some() {
                at = at + acw.unwrap_or_default();
                emit(at, Step::Wrapped { agent, acw });
            }
        } else {
            emit(at, Step::Abandoned { wait, position: None });
        }
        if let Some(resolved) = self.resolved {
            emit(at, Step::Resolved { resolved, reason: None });
        }
        if self.survey != Survey::default() {
            emit(at, Step::Survey(self.survey));
        }
        if let Some(score) = self.quality {
            emit(at, Step::Quality { evaluator: self.evaluator, score, failures: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests;
