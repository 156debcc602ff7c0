//! The events of one file of a recording, in time order.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;

use crate::clock::{Span, Time};
use crate::event::{Event, EventSink, SinkTo};
use crate::source::file::read::decoded_block::DecodedBlock;
use crate::source::file::read::pipeline::Pipeline;
use crate::source::file::read::reorder::{ReorderBuffer, is_beginning};
use crate::source::file::read::{Error, Options, ReadProgress};
use crate::source::format::csv::ColumnsError;
use crate::source::format::decoder::{DecodeError, LineDecoder};
use crate::source::format::detect::{InputFormat, detect};
use crate::source::format::foreign::foreign;
use crate::source::format::lines::{self, BlockLine, BlockRead, LineReader, PartialLine, RawLine, block_lines};
use crate::source::rejection::{Rejection, RejectionReason};
use crate::source::tally::InputTally;
use crate::text::Label;

/// One file of a recording.
#[derive(Debug)]
pub(super) struct RecordingStream {
    place: Label,
    /// The lines, while this thread decodes them.
    lines: Option<LineReader>,
    /// The threads that decode, where others do.
    pipeline: Option<Pipeline>,
    progress: ReadProgress,
    decoder: LineDecoder,
    /// The number of the line decoded last, from 1.
    number: u64,
    ready: VecDeque<Event>,
    reorder: Option<ReorderBuffer>,
    ended: bool,
}

/// Why no more of a table can be read.
enum TableError {
    Columns(ColumnsError),
    TooUnsorted,
}

/// Counts the bytes that are read of a file.
struct CountingReader {
    input: Box<dyn Read + Send>,
    progress: ReadProgress,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.progress.count(0, read as u64);
        Ok(read)
    }
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
        ColumnsError::NoColumns => Error::NoColumns { path: path.to_owned() },
        error => Error::Columns { path: path.to_owned(), error: Box::new(error) },
    };
    let input = CountingReader { input: lines::open_raw(path).map_err(failed)?, progress: options.progress.clone() };
    let mut lines = LineReader::new(lines::decompress(Box::new(input)).map_err(failed)?.input);
    let head = lines.peek().map_err(failed)?;
    if let Some(what) = foreign(head) {
        return Err(Error::Foreign { path: path.to_owned(), what });
    }
    let format = match detect(head) {
        None if head.trim_ascii().is_empty() => return Ok((None, None)),
        None => return Err(Error::Unrecognised { path: path.to_owned() }),
        Some(format) => format,
    };
    let make = |prefix| LineDecoder::new(format, &options.origin, &options.tables, prefix);
    let mut decoder = make(prefix).map_err(columns)?;
    let mut reorder = None;
    if let LineDecoder::Csv(parser) = &mut decoder {
        parser.prepare(head, None).map_err(columns)?;
        let mut scan = |lines: LineReader| {
            let mut scanner = make(String::new()).map_err(columns)?;
            if let LineDecoder::Csv(table) = &mut scanner {
                table.prepare(head, None).map_err(columns)?;
                table.learn(parser);
            }
            let slack = max_disorder(lines, &mut scanner, latest).map_err(columns)?;
            let is_other = matches!(&scanner, LineDecoder::Csv(whole) if parser.learn(whole));
            Ok::<_, Error>((slack, is_other))
        };
        let slack = if path.as_os_str() == "-" {
            // The standard input cannot be read twice, so all events are held and sorted.
            scan(LineReader::new(Box::new(std::io::Cursor::new(head.to_vec()))))?;
            Span(i64::MAX)
        } else {
            let open = || Ok::<_, Error>(LineReader::new(lines::open(path).map_err(failed)?.input));
            let (slack, is_other) = scan(open()?)?;
            // Other times are in another order.
            if is_other { scan(open()?)?.0 } else { slack }
        };
        reorder = Some(ReorderBuffer::new(slack, options.max_held_events));
    }
    let place = Label::new(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    let mut stream = RecordingStream {
        place,
        lines: Some(lines),
        pipeline: None,
        progress: options.progress.clone(),
        decoder,
        number: 0,
        ready: VecDeque::new(),
        reorder,
        ended: false,
    };
    match stream.refill(latest, tally) {
        Ok(()) => Ok((Some(format), Some(stream))),
        Err(TableError::Columns(error)) => Err(columns(error)),
        Err(TableError::TooUnsorted) => Err(Error::TooUnsorted { path: path.to_owned(), max: options.max_held_events }),
    }
}

/// The most by which a row of a table is earlier than a row before it; zero if the rows are in time order. Reading the
/// table twice keeps only as many events in memory as its disorder requires.
fn max_disorder(mut lines: LineReader, decoder: &mut LineDecoder, latest: Time) -> Result<Span, ColumnsError> {
    // The first bytes tell how lines end; an error is reported when the file is read for its events.
    _ = lines.peek();
    let mut ignored = InputTally::default();
    let (mut newest, mut most_behind) = (Time(i64::MIN), Span::ZERO);
    // Other errors are, too.
    let mut note = |event: Event| {
        if is_beginning(&event) {
            newest = newest.max(event.at);
            most_behind = most_behind.max(newest - event.at);
        }
    };
    while let Ok(Some(line)) = lines.next(PartialLine::Emit) {
        let read = decoder.decode(line, latest, &mut ignored, &mut SinkTo(&mut note));
        if let Err(DecodeError::File(error)) = read {
            return Err(error);
        }
    }
    _ = decoder.finish(&mut ignored, &mut SinkTo(&mut note));
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
        if self.ready.is_empty()
            && let Err(error) = self.refill(latest, tally)
        {
            self.ended = true;
            let reason = match error {
                TableError::Columns(error) => error.to_string().into(),
                TableError::TooUnsorted => "too far out of time order from here on: sort it by time".into(),
            };
            tally.incomplete.push(Rejection { place: self.place.clone(), line: self.number, reason });
        }
        event
    }

    /// Whether other threads decode the file.
    pub(super) const fn is_ahead(&self) -> bool {
        self.pipeline.is_some()
    }

    /// Leave the decoding of the rest to `threads` other threads, if the file is of a kind for that and has not ended. Who
    /// takes `plain` events gets them.
    pub(super) fn decode_ahead(&mut self, threads: usize, latest: Time, plain: bool, tally: &mut InputTally) {
        let decoders: Vec<LineDecoder> = (0..threads).filter_map(|_| self.decoder.apart()).collect();
        if decoders.is_empty() || self.ended {
            return;
        }
        let Some(lines) = self.lines.take() else { return };
        match Pipeline::start(lines, decoders, latest, plain) {
            Ok(pipeline) => self.pipeline = Some(pipeline),
            Err(error) => self.fail(error, tally),
        }
    }

    /// Pass all remaining events to `each`, without keeping them.
    pub(super) fn drain(&mut self, latest: Time, tally: &mut InputTally, each: &mut dyn EventSink) {
        if self.reorder.is_some() {
            while let Some(event) = self.pop(latest, tally) {
                each.take(event);
            }
            return;
        }
        self.ready.drain(..).for_each(|event| each.take(event));
        while !self.ended {
            // Only a table gives this error, and tables are handled above.
            _ = self.read_on(latest, tally, each);
        }
    }

    /// Read until an event is ready or the file ends.
    fn refill(&mut self, latest: Time, tally: &mut InputTally) -> Result<(), TableError> {
        let mut ready = std::mem::take(&mut self.ready);
        let mut result = Ok(());
        while ready.is_empty() && !self.ended && result.is_ok() {
            result = match self.reorder.take() {
                None => self
                    .read_on(latest, tally, &mut SinkTo(&mut |event| ready.push_back(event)))
                    .map_err(TableError::Columns),
                Some(mut reorder) => {
                    let mut is_full = false;
                    let read =
                        self.read_on(latest, tally, &mut SinkTo(&mut |event| is_full |= reorder.push(event).is_err()));
                    ready.extend(std::iter::from_fn(|| reorder.pop(self.ended)));
                    self.reorder = Some(reorder);
                    if is_full { Err(TableError::TooUnsorted) } else { read.map_err(TableError::Columns) }
                }
            };
        }
        self.ready = ready;
        result
    }

    /// Decode the next lines, or take those that other threads have decoded.
    fn read_on(&mut self, latest: Time, tally: &mut InputTally, each: &mut dyn EventSink) -> Result<(), ColumnsError> {
        if let Some(pipeline) = &mut self.pipeline {
            match pipeline.next() {
                Ok(Some(batch)) => return self.take(batch, latest, tally, each),
                Ok(None) => return self.finish(tally, each),
                Err(error) => self.fail(error, tally),
            }
            return Ok(());
        }
        let Some(mut lines) = self.lines.take() else { return self.finish(tally, each) };
        let before = self.number;
        let result = if matches!(self.decoder, LineDecoder::Csv(_)) {
            self.read_row_line(&mut lines, latest, tally, each)
        } else {
            self.read_block(&mut lines, latest, tally, each)
        };
        self.progress.count(self.number - before, 0);
        self.lines = Some(lines);
        result
    }

    /// Decode one line of a table: the events of a row are sorted before more are read.
    fn read_row_line(
        &mut self,
        lines: &mut LineReader,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), ColumnsError> {
        match lines.next(PartialLine::Emit) {
            Ok(Some(RawLine::Text(bytes))) => self.decode(Some(BlockLine { bytes, text: None }), latest, tally, each),
            Ok(Some(RawLine::TooLong)) => self.decode(None, latest, tally, each),
            Ok(None) => self.finish(tally, each),
            Err(error) => {
                self.fail(error, tally);
                Ok(())
            }
        }
    }

    /// Decode a block of lines.
    fn read_block(
        &mut self,
        lines: &mut LineReader,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), ColumnsError> {
        match lines.next_block() {
            Ok(BlockRead::Lines(block)) => {
                for line in block_lines(block) {
                    self.decode(Some(line), latest, tally, each)?;
                }
                Ok(())
            }
            Ok(BlockRead::TooLong) => self.decode(None, latest, tally, each),
            Ok(BlockRead::End) => self.finish(tally, each),
            Err(error) => {
                self.fail(error, tally);
                Ok(())
            }
        }
    }

    /// Pass on what another thread has decoded, and decode the lines that it left.
    fn take(
        &mut self,
        batch: DecodedBlock,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), ColumnsError> {
        let before = self.number;
        let lines = batch.lines;
        self.progress.count(lines, 0);
        tally.absorb(&batch.tally);
        tally.lines += lines - batch.held.len() as u64;
        let (held, mut events) = batch.into_events();
        let mut passed = 0;
        for line in held {
            events.pass(line.after - passed, each);
            passed = line.after;
            self.number = before + line.number - 1;
            let line = line.bytes.as_deref().map(|bytes| BlockLine { bytes, text: None });
            self.decode(line, latest, tally, each)?;
        }
        events.pass(usize::MAX, each);
        self.number = before + lines;
        Ok(())
    }

    /// Decode one line; `None` is one that was too long.
    #[inline]
    fn decode(
        &mut self,
        line: Option<BlockLine<'_>>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), ColumnsError> {
        self.number += 1;
        tally.lines += 1;
        let decoded = match line {
            Some(line) => self.decoder.decode_line(line, latest, tally, each),
            None => Err(DecodeError::too_long()),
        };
        decoded.or_else(|error| self.note(error, tally))
    }

    /// The file has ended.
    fn finish(&mut self, tally: &mut InputTally, each: &mut dyn EventSink) -> Result<(), ColumnsError> {
        self.ended = true;
        self.pipeline = None;
        self.decoder.finish(tally, each).or_else(|error| self.note(error, tally))
    }

    /// The file cannot be read further.
    fn fail(&mut self, error: io::Error, tally: &mut InputTally) {
        self.ended = true;
        self.pipeline = None;
        let reason = RejectionReason::new("not read further", error);
        let rejection = Rejection { place: self.place.clone(), line: self.number + 1, reason };
        tally.incomplete.push(rejection.clone());
        tally.reject(rejection);
    }

    /// Note a line that gave no events.
    fn note(&self, error: DecodeError, tally: &mut InputTally) -> Result<(), ColumnsError> {
        match error {
            DecodeError::Line(reason) => {
                tally.reject(Rejection { place: self.place.clone(), line: self.number, reason });
                Ok(())
            }
            DecodeError::File(error) => Err(error),
        }
    }
}
