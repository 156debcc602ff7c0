//! Tables: CSV, TSV and their kin, one row a contact.
//!
//! A row tells a contact's whole life, so it becomes all its events: offered, answered or abandoned, completed,
//! wrapped, and what was said of it afterwards.

mod columns;
mod delimiter;
mod value;

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::clock::{Span, Time};
use crate::event::{Channel, Event, EventKind, Offer, Scored, Step, Survey, TransferKind};
use crate::source::names::id_label;
use crate::source::queue_log;
use crate::text::Label;
pub use columns::{Columns, ColumnsError, CsvColumn, CsvConstant, CsvField, TimeColumns};
use columns::{ResolvedColumns, ResolvedField};
pub(crate) use delimiter::find as find_delimiter;

/// A row over more lines than this, or longer than [`super::lines::MAX_LINE_BYTES`], has a quote that was never closed.
const MOST_LINES: u64 = 100;
/// Before this it isn't a time but an unset clock: the year 1970.
const UNSET_CLOCK: Time = Time::from_unix(86_400 * 365);
/// The agent of an answered row that names none.
const NOBODY: Label = Label::fixed("unknown");

/// Turns rows into events.
pub struct CsvParser {
    origin: Label,
    columns: Columns,
    /// Before the row numbers that stand for contacts, where several files are one stream.
    prefix: String,
    reader: Option<Reader>,
    places: Option<ResolvedColumns>,
    /// The unquoted fields of the row that is being read, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    ended: usize,
    /// How many lines the row that is being read has taken.
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
    /// The row is set aside.
    Row(String),
    /// The file can't be read with these columns at all.
    Columns(ColumnsError),
}

/// One row's cells.
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

    /// What stands at a place; empty where there is none.
    fn text(&self, place: Option<&'a ResolvedField>) -> Cow<'a, str> {
        match place {
            None => Cow::Borrowed(""),
            Some(ResolvedField::Fixed(value)) => Cow::Borrowed(value.as_str()),
            Some(ResolvedField::At(index)) => String::from_utf8_lossy(self.cell(*index)),
        }
    }
}

impl CsvParser {
    /// A parser whose events come from `origin`. `prefix` stands before row numbers that serve as contact ids.
    #[must_use]
    pub fn new(origin: Label, columns: Columns, prefix: String) -> Self {
        Self {
            origin,
            columns,
            prefix,
            reader: None,
            places: None,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            filled: 0,
            ended: 0,
            open_lines: 0,
            rows: 0,
        }
    }

    /// How many rows were read, the header apart.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Count rows on from so many.
    pub const fn count_from(&mut self, rows: u64) {
        self.rows = rows;
    }

    /// Whether no row is half read.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        self.open_lines == 0
    }

    /// Make ready from the file's beginning: the delimiter, and the header where `resuming` behind it after so
    /// many rows.
    ///
    /// # Errors
    /// Where the columns asked for aren't there.
    pub fn prepare(&mut self, head: &[u8], resuming: Option<u64>) -> Result<(), ColumnsError> {
        let delimiter = self.columns.delimiter.and_then(|c| u8::try_from(c).ok());
        let delimiter = delimiter.unwrap_or_else(|| delimiter::find(head));
        self.reader = Some(ReaderBuilder::new().delimiter(delimiter).build());
        if let Some(rows) = resuming {
            for line in head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).split(|&b| b == b'\n') {
                match self.record(line) {
                    Ok(false) => {}
                    _ => break,
                }
            }
            self.begin()?;
            self.clear();
            self.rows = rows;
        }
        Ok(())
    }

    /// Read one line. Its row's events go to `each` once the row is whole. Times after `latest` are refused.
    ///
    /// # Errors
    /// Why the row is set aside, or why the whole file must be.
    pub fn line(&mut self, line: &[u8], latest: Time, each: &mut dyn FnMut(Event)) -> Result<(), CsvError> {
        if self.reader.is_none() {
            self.prepare(line, None).map_err(CsvError::Columns)?;
        }
        if self.open_lines == 0 && line.trim_ascii().is_empty() {
            return Ok(());
        }
        if !self.record(line).map_err(|reason| CsvError::Row(reason.to_owned()))? {
            return Ok(());
        }
        if self.places.is_none() {
            self.begin().map_err(CsvError::Columns)?;
            if self.columns.header {
                self.clear();
                return Ok(());
            }
        }
        self.rows += 1;
        let done = self.row(latest, each).map_err(CsvError::Row);
        self.clear();
        done
    }

    /// Take a row that the file's end left open.
    ///
    /// # Errors
    /// Always where there is one: its quote was never closed.
    pub fn finish(&mut self) -> Result<(), CsvError> {
        if self.open_lines == 0 {
            return Ok(());
        }
        self.clear();
        Err(CsvError::Row("a quote is opened and never closed: the rest of the file is missing".to_owned()))
    }

    /// Feed a line to the row that is being read; whether the row is whole.
    fn record(&mut self, line: &[u8]) -> Result<bool, &'static str> {
        self.open_lines += 1;
        if self.open_lines > MOST_LINES || self.filled > super::lines::MAX_LINE_BYTES {
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

    /// Find the columns by the first row, which was just read.
    fn begin(&mut self) -> Result<(), ColumnsError> {
        let row = CsvRow { cells: &self.cells, ends: self.ends.get(..self.ended).unwrap_or_default() };
        let first: Vec<String> =
            (0..self.ended).map(|index| String::from_utf8_lossy(row.cell(index)).trim().to_owned()).collect();
        self.places = Some(ResolvedColumns::find(&self.columns, &first)?);
        Ok(())
    }

    /// The events of the row that was just read.
    fn row(&self, latest: Time, each: &mut dyn FnMut(Event)) -> Result<(), String> {
        let Some(places) = &self.places else { return Ok(()) };
        let row = CsvRow { cells: &self.cells, ends: self.ends.get(..self.ended).unwrap_or_default() };
        let life = self.life(&row, places)?;
        if life.offered < UNSET_CLOCK {
            return Err("the time is in 1970 or before: check time_format".to_owned());
        }
        if life.offered > latest {
            return Err("the time is more than a day ahead: check time_format and timezone".to_owned());
        }
        life.tell(&self.origin, each);
        Ok(())
    }

    /// Read a row.
    fn life<'a>(&'a self, row: &CsvRow<'a>, places: &'a ResolvedColumns) -> Result<ContactRecord, String> {
        let columns = &self.columns;
        let text = |place: &'a Option<ResolvedField>| row.text(place.as_ref());
        let label = |place: &'a Option<ResolvedField>| Some(Label::new(&text(place))).filter(|label| !label.is_empty());
        let span = |key: &str, place: &'a Option<ResolvedField>| {
            value::span(&text(place)).map_err(|reason| format!("{key}: {reason}"))
        };
        let number = |key: &str, place: &'a Option<ResolvedField>, scale| {
            value::number(&text(place), scale).map_err(|reason| format!("{key}: {reason}"))
        };
        if let Some(&most) = places.time.iter().max()
            && most >= row.ends.len()
        {
            return Err(format!("only {} columns: the row is cut short", row.ends.len()));
        }
        let zone = columns.timezone.unwrap_or(chrono_tz::Tz::UTC);
        let format = columns.time_format.as_deref();
        let offered = match places.time.as_slice() {
            [index] => value::time(&String::from_utf8_lossy(row.cell(*index)), format, zone)?,
            several => {
                let parts: Vec<_> = several.iter().map(|&index| String::from_utf8_lossy(row.cell(index))).collect();
                value::time(&parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(" "), format, zone)?
            }
        };
        let channel = match text(&places.channel).trim() {
            "" => Channel::Voice,
            word => Channel::parse(&word.to_lowercase()).ok_or_else(|| {
                format!("channel: \"{word}\" is none of voice, chat, email, sms, social, video, callback")
            })?,
        };
        let agent = label(&places.agent);
        let answered = match &places.answered {
            Some(_) => value::is_yes(&text(&places.answered), &columns.yes).unwrap_or(false),
            None => agent.is_some(),
        };
        let scored = |score: Option<f64>, [min, max]: [f64; 2]| score.map(|score| Scored { score, min, max });
        let nps = number("nps", &places.nps, [0.0, 10.0])?;
        if nps.is_some_and(|nps| nps.fract() != 0.0) {
            return Err("nps: not a whole number".to_owned());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 10")]
        let nps = nps.map(|nps| nps as u8);
        let contact = match id_label(text(&places.contact).trim().as_bytes()) {
            id if id.is_empty() => Label::new(&format!("{}{}", self.prefix, self.rows)),
            id => id,
        };
        Ok(ContactRecord {
            contact,
            offered,
            offer: Offer {
                queue: label(&places.queue).unwrap_or(Label::fixed("all")),
                channel,
                intent: label(&places.intent),
                customer: queue_log::customer(text(&places.customer).as_bytes()),
                priority: None,
                position: None,
                auth_steps: None,
                // A row gives durations, or doesn't: the moments between are made up from those it gives.
                untimed: true,
            },
            answered,
            agent: agent.unwrap_or(NOBODY),
            wait: span("wait_s", &places.wait)?,
            talk: span("talk_s", &places.talk)?,
            hold: span("hold_s", &places.hold)?,
            acw: span("acw_s", &places.acw)?,
            transferred: value::is_yes(&text(&places.transferred), &columns.yes).unwrap_or(false),
            resolved: value::is_yes(&text(&places.resolved), &columns.yes),
            survey: Survey {
                csat: scored(number("csat", &places.csat, columns.csat_scale)?, columns.csat_scale),
                ces: scored(number("ces", &places.ces, columns.ces_scale)?, columns.ces_scale),
                nps,
                ..Survey::default()
            },
            quality: number("quality", &places.quality, [0.0, 100.0])?,
            evaluator: label(&places.evaluator).unwrap_or(NOBODY),
        })
    }
}

/// A contact's life, as a row tells it.
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
    /// Tell it as events, in the order of their times.
    fn tell(self, origin: &Label, each: &mut dyn FnMut(Event)) {
        let Self { contact, offered, offer, agent, wait, talk, hold, acw, .. } = self;
        let queue = offer.queue.clone();
        let mut tell = |at, step| {
            let kind = EventKind::Contact { contact: contact.clone(), queue: Some(queue.clone()), step };
            each(Event { at, origin: origin.clone(), id: None, kind });
        };
        tell(offered, Step::Offered(offer));
        let mut at = offered + wait.unwrap_or_default();
        if self.answered {
            tell(at, Step::Answered { agent: agent.clone(), wait });
            at = at + talk.unwrap_or_default();
            if let Some(hold) = hold.filter(|_| self.transferred) {
                // A transfer doesn't say how long the customer was on hold before it.
                tell(at, Step::Held);
                tell(at + hold, Step::Resumed);
            }
            at = at + hold.unwrap_or_default();
            if self.transferred {
                let kind = TransferKind::Blind;
                tell(
                    at,
                    Step::Transferred { agent: None, kind, to_queue: None, to_agent: None, to_number: None, talk },
                );
            } else {
                tell(at, Step::Completed { agent: None, ended_by: None, talk, hold });
            }
            if acw.is_some() {
                at = at + acw.unwrap_or_default();
                tell(at, Step::Wrapped { agent, acw });
            }
        } else {
            tell(at, Step::Abandoned { wait, position: None });
        }
        if let Some(resolved) = self.resolved {
            tell(at, Step::Resolved { resolved, reason: None });
        }
        if self.survey != Survey::default() {
            tell(at, Step::Survey(self.survey));
        }
        if let Some(score) = self.quality {
            tell(at, Step::Quality { evaluator: self.evaluator, score, failures: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests;
