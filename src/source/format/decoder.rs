//! Decodes the lines of an input of any format into events.

use crate::clock::Time;
use crate::event::EventSink;
use crate::source::format::contact_events;
use crate::source::format::csv::{self, ColumnsError, TableOptions};
use crate::source::format::detect::InputFormat;
use crate::source::format::limits::MAX_LINE_BYTES;
use crate::source::format::lines::{BlockLine, RawLine};
use crate::source::format::queue_log;
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use crate::text::Label;

/// The decoder of one input.
#[derive(Debug)]
pub(crate) enum LineDecoder {
    QueueLog(Box<queue_log::QueueLogParser>),
    Events,
    Csv(Box<csv::CsvParser>),
}

/// Why a line gave no events.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// The line is rejected.
    Line(RejectionReason),
    /// The configured columns do not fit the table; no line of the file can be read.
    File(ColumnsError),
}

impl DecodeError {
    /// The rejection of a line that is too long.
    pub(crate) fn too_long() -> Self {
        Self::Line("longer than 64 KiB: skipped to the next line".into())
    }
}

impl From<csv::CsvError> for DecodeError {
    fn from(trouble: csv::CsvError) -> Self {
        match trouble {
            csv::CsvError::Row(reason) => Self::Line(reason),
            csv::CsvError::Columns(error) => Self::File(error),
        }
    }
}

impl LineDecoder {
    /// A decoder for `format`. `origin` is that of events that do not carry their own; `prefix` precedes row numbers that
    /// serve as contact ids.
    pub(crate) fn new(
        format: InputFormat,
        origin: &Label,
        options: &TableOptions,
        prefix: String,
    ) -> Result<Self, ColumnsError> {
        Ok(match format {
            InputFormat::QueueLog => {
                Self::QueueLog(Box::new(queue_log::QueueLogParser::new(origin.clone(), options.site.clone())))
            }
            InputFormat::Events => Self::Events,
            InputFormat::Csv => {
                options.columns.as_ref().map_or(Ok(()), csv::Columns::check)?;
                Self::Csv(Box::new(csv::CsvParser::new(origin.clone(), options.clone(), prefix)))
            }
        })
    }

    /// Decode one line, pass its events to `each` and count them in `tally`. Lines with a time later than `latest` are rejected.
    pub(crate) fn decode(
        &mut self,
        line: RawLine<'_>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), DecodeError> {
        match line {
            RawLine::Text(bytes) => self.decode_line(BlockLine { bytes, text: None }, latest, tally, each),
            RawLine::TooLong => Err(DecodeError::too_long()),
        }
    }

    /// The same for a line of a block.
    #[inline]
    pub(crate) fn decode_line(
        &mut self,
        line: BlockLine<'_>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), DecodeError> {
        let BlockLine { bytes: line, text } = line;
        if line.len() > MAX_LINE_BYTES {
            return Err(DecodeError::too_long());
        }
        match self {
            Self::QueueLog(parser) => {
                parser.parse(line, text, latest, tally, each).map_err(|reason| DecodeError::Line(reason.into()))
            }
            Self::Events => {
                if line.trim_ascii().is_empty() {
                    return Ok(());
                }
                match contact_events::parse(line, latest, tally) {
                    Ok(Some(event)) => {
                        tally.events += 1;
                        each.take(event);
                    }
                    Ok(None) => {}
                    Err(reason) => return Err(DecodeError::Line(reason)),
                }
                Ok(())
            }
            Self::Csv(parser) => {
                let mut count = 0;
                let done = parser.parse_line(line, latest, tally, &mut |event| {
                    count += 1;
                    each.take(event);
                });
                tally.events += count;
                done.map_err(DecodeError::from)
            }
        }
    }

    /// A decoder for lines read apart from those before them. It refuses the lines that need these: they are left to
    /// this one. `None` where every line needs them.
    pub(crate) fn apart(&self) -> Option<Self> {
        match self {
            Self::QueueLog(parser) => Some(Self::QueueLog(Box::new(parser.apart()))),
            Self::Events => Some(Self::Events),
            Self::Csv(_) => None,
        }
    }

    /// What is doubtful so far although the lines can be read.
    pub(crate) fn remarks(&self) -> Vec<String> {
        match self {
            Self::Csv(parser) => parser.doubts(),
            Self::QueueLog(_) | Self::Events => Vec::new(),
        }
    }

    /// Whether the last line completed a record.
    pub(crate) fn is_between_records(&self) -> bool {
        match self {
            Self::Csv(parser) => parser.is_between_rows(),
            Self::QueueLog(_) | Self::Events => true,
        }
    }

    /// The input has ended; an error if a record is incomplete.
    pub(crate) fn finish(&mut self, tally: &mut InputTally, each: &mut dyn EventSink) -> Result<(), DecodeError> {
        match self {
            Self::Csv(parser) => {
                let mut count = 0;
                let done = parser.finish(tally, &mut |event| {
                    count += 1;
                    each.take(event);
                });
                tally.events += count;
                done.map_err(DecodeError::from)
            }
            Self::QueueLog(_) | Self::Events => Ok(()),
        }
    }
}
