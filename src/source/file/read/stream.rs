//! The events of one file of a recording, in time order.

use std::collections::VecDeque;
use std::path::Path;

use crate::clock::{Span, Time};
use crate::event::Event;
use crate::source::file::read::reorder::{ReorderBuffer, is_beginning};
use crate::source::file::read::{Error, Options};
use crate::source::format::csv::ColumnsError;
use crate::source::format::decoder::{DecodeError, LineDecoder};
use crate::source::format::detect::{InputFormat, detect};
use crate::source::format::lines::{self, LineReader, PartialLine};
use crate::source::rejection::{Rejection, RejectionReason};
use crate::source::tally::InputTally;
use crate::text::Label;

/// How many events are read ahead when several files are merged.
const READ_AHEAD_EVENTS: usize = 256;

/// One file of a recording.
#[derive(Debug)]
pub(super) struct RecordingStream {
    place: Label,
    lines: LineReader,
    decoder: LineDecoder,
    ready: VecDeque<Event>,
    reorder: Option<ReorderBuffer>,
    ended: bool,
}

/// Why no more of a table can be read.
enum TableError {
    Columns(ColumnsError),
    TooUnsorted,
}

/// Open a file: its format and its stream; both `None` if it is empty.
pub(super) fn open(
    path: &Path,
    options: &Options,
    latest: Time,
    prefix: String,
    tally: &mut InputTally,
) -> Result<(Option<InputFormat>, Option<RecordingStream>), Error> {
    let failed = |error| Error::Open { path: path.to_owned(), error };
    let columns = |error| match error {
        ColumnsError::NoTime if options.columns.is_none() => Error::NoColumns { path: path.to_owned() },
        error => Error::Columns { path: path.to_owned(), error: Box::new(error) },
    };
    let mut lines = LineReader::new(lines::open(path).map_err(failed)?.input);
    let head = lines.peek().map_err(failed)?;
    let format = match detect(head) {
        None if head.trim_ascii().is_empty() => return Ok((None, None)),
        None => return Err(Error::Unrecognised { path: path.to_owned() }),
        Some(format) => format,
    };
    let make = |prefix| LineDecoder::new(format, &options.origin, &options.verbs, options.columns.as_ref(), prefix);
    let mut decoder = make(prefix).map_err(columns)?;
    let mut reorder = None;
    if let LineDecoder::Csv(parser) = &mut decoder {
        parser.prepare(head, None).map_err(columns)?;
        let slack = if path.as_os_str() == "-" {
            // The standard input cannot be read twice, so all events are held and sorted.
            Span(i64::MAX)
        } else {
            let mut scanner = make(String::new()).map_err(columns)?;
            if let LineDecoder::Csv(parser) = &mut scanner {
                parser.prepare(head, None).map_err(columns)?;
            }
            max_disorder(path, scanner, latest).map_err(|error| match error {
                ScanError::Io(error) => failed(error),
                ScanError::Columns(error) => columns(error),
            })?
        };
        reorder = Some(ReorderBuffer::new(slack, options.max_held_events));
    }
    let place = Label::new(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    let mut stream = RecordingStream { place, lines, decoder, ready: VecDeque::new(), reorder, ended: false };
    match stream.refill(1, latest, tally) {
        Ok(()) => Ok((Some(format), Some(stream))),
        Err(TableError::Columns(error)) => Err(columns(error)),
        Err(TableError::TooUnsorted) => Err(Error::TooUnsorted { path: path.to_owned(), max: options.max_held_events }),
    }
}

/// Why the scan of a table failed.
enum ScanError {
    Io(std::io::Error),
    Columns(ColumnsError),
}

/// The most by which a row of a table is earlier than a row before it; zero if the rows are in time order. Reading the
/// table twice keeps only as many events in memory as its disorder requires.
fn max_disorder(path: &Path, mut decoder: LineDecoder, latest: Time) -> Result<Span, ScanError> {
    let mut lines = LineReader::new(lines::open(path).map_err(ScanError::Io)?.input);
    let mut ignored = InputTally::default();
    let (mut newest, mut most_behind) = (Time(i64::MIN), Span::ZERO);
    // Other errors are reported when the file is read for its events.
    while let Ok(Some(line)) = lines.next(PartialLine::Emit) {
        let read = decoder.decode(line, latest, &mut ignored, &mut |event| {
            if is_beginning(&event) {
                newest = newest.max(event.at);
                most_behind = most_behind.max(newest - event.at);
            }
        });
        if let Err(DecodeError::File(error)) = read {
            return Err(ScanError::Columns(error));
        }
    }
    Ok(most_behind)
}

impl RecordingStream {
    /// The time of the next event; `None` at the end.
    pub(super) fn head(&self) -> Option<Time> {
        self.ready.front().map(|event| event.at)
    }

    /// The next event. Reads on if it was the last one read ahead.
    pub(super) fn pop(&mut self, latest: Time, tally: &mut InputTally) -> Option<Event> {
        let event = self.ready.pop_front();
        if self.ready.is_empty() {
            let place = self.place.clone();
            let line = self.lines.number();
            if let Err(error) = self.refill(READ_AHEAD_EVENTS, latest, tally) {
                self.ended = true;
                let reason = match error {
                    TableError::Columns(error) => error.to_string().into(),
                    TableError::TooUnsorted => "too far out of time order from here on: sort it by time".into(),
                };
                tally.incomplete.push(Rejection { place, line, reason });
            }
        }
        event
    }

    /// Pass all remaining events to `each`, without reading ahead.
    pub(super) fn drain(&mut self, latest: Time, tally: &mut InputTally, each: &mut dyn FnMut(Event)) {
        if self.reorder.is_some() {
            while let Some(event) = self.pop(latest, tally) {
                each(event);
            }
            return;
        }
        self.ready.drain(..).for_each(&mut *each);
        let mut count = 0;
        while !self.ended {
            // Only a table gives this error, and tables are handled above.
            let _ = self.read_line(latest, tally, &mut |event| {
                count += 1;
                each(event);
            });
        }
        tally.events += count;
    }

    /// Read lines until at least `wanted` events are ready or the file ends.
    fn refill(&mut self, wanted: usize, latest: Time, tally: &mut InputTally) -> Result<(), TableError> {
        let mut read = Vec::new();
        while self.ready.len() < wanted {
            if !self.ended {
                self.read_line(latest, tally, &mut |event| read.push(event)).map_err(TableError::Columns)?;
            }
            tally.events += read.len() as u64;
            match &mut self.reorder {
                None => self.ready.extend(read.drain(..)),
                Some(reorder) => {
                    for event in read.drain(..) {
                        reorder.push(event).map_err(|_| TableError::TooUnsorted)?;
                    }
                    self.ready.extend(std::iter::from_fn(|| reorder.pop(self.ended)));
                }
            }
            if self.ended {
                break;
            }
        }
        Ok(())
    }

    /// Read and decode one line.
    fn read_line(
        &mut self,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), ColumnsError> {
        let outcome = match self.lines.next(PartialLine::Emit) {
            Ok(Some(line)) => {
                tally.lines += 1;
                self.decoder.decode(line, latest, tally, each)
            }
            Ok(None) => {
                self.ended = true;
                self.decoder.finish()
            }
            Err(error) => {
                self.ended = true;
                let reason = RejectionReason::new("not read further", error);
                let rejection = Rejection { place: self.place.clone(), line: self.lines.number() + 1, reason };
                tally.incomplete.push(rejection.clone());
                tally.reject(rejection);
                Ok(())
            }
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(DecodeError::Line(reason)) => {
                tally.reject(Rejection { place: self.place.clone(), line: self.lines.number(), reason });
                Ok(())
            }
            Err(DecodeError::File(error)) => Err(error),
        }
    }
}
