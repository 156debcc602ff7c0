//! Whole recordings, for reports, replays and checks: many files, one stream in time order, constant memory.

mod reorder;
mod stream;

use std::io;
use std::path::{Path, PathBuf};

use crate::clock::{Span, Time};
use crate::event::Event;
use crate::source::csv::{Columns, ColumnsError};
use crate::source::detect::InputFormat;
use crate::source::queue_log::Verbs;
use crate::source::tally::InputTally;
use crate::text::Label;
use stream::RecordingStream;

/// How recordings are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The columns of tables.
    pub columns: Option<Columns>,
    /// The names of a centre's own verbs in queue_log.
    pub verbs: Verbs,
    /// Times more than a day after this are refused; `None` lets the future be.
    pub now: Option<Time>,
    /// The origin of events that don't name theirs.
    pub origin: Label,
}

impl Default for Options {
    fn default() -> Self {
        Self { columns: None, verbs: Verbs::default(), now: None, origin: Label::fixed("recording") }
    }
}

/// Why recordings can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is none of the formats.
    #[error("{}: neither a queue_log, nor contact events (one JSON object a line), nor a table with a header", path.display())]
    Unrecognised {
        /// Which.
        path: PathBuf,
    },
    /// It is a table, and nobody said what its columns mean.
    #[error("{} is a table: say which column is which in a file with a [csv] table and give it with --columns", path.display())]
    NoColumns {
        /// Which.
        path: PathBuf,
    },
    /// The columns don't fit the table.
    #[error("{}: {error}", path.display())]
    Columns {
        /// Which.
        path: PathBuf,
        /// Why.
        error: Box<ColumnsError>,
    },
}

/// What one file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFile {
    /// As given.
    pub path: PathBuf,
    /// `None`: it is empty.
    pub format: Option<InputFormat>,
    /// The time of its first event; `None` where it has none.
    pub first: Option<Time>,
}

/// Recordings, opened.
#[derive(Debug)]
pub struct RecordingReader {
    /// Those that hold events, the one that begins first at the front.
    streams: Vec<RecordingStream>,
    inputs: Vec<RecordingFile>,
    tally: InputTally,
    latest: Time,
}

/// Open recordings. They are one stream in time order however they are given; one that is given twice is read
/// once; an empty one is no error. The path `-` is the standard input.
///
/// # Errors
/// Where a file can't be opened, isn't of a known format, or its columns don't fit.
pub fn open(paths: &[PathBuf], options: &Options) -> Result<RecordingReader, Error> {
    let latest = options.now.map_or(Time(i64::MAX), |now| now + Span::DAY);
    let mut reader = RecordingReader { streams: Vec::new(), inputs: Vec::new(), tally: InputTally::default(), latest };
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths {
        let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if seen.contains(&canonical) {
            continue;
        }
        seen.push(canonical);
        // The rows of a second table are other contacts than those of the first.
        let prefix = if seen.len() > 1 { format!("{}-", seen.len()) } else { String::new() };
        reader.add(path, options, prefix)?;
    }
    reader.streams.sort_by_key(RecordingStream::head);
    Ok(reader)
}

impl RecordingReader {
    fn add(&mut self, path: &Path, options: &Options, prefix: String) -> Result<(), Error> {
        let (format, stream) = stream::open(path, options, self.latest, prefix, &mut self.tally)?;
        let first = stream.as_ref().and_then(RecordingStream::head);
        self.inputs.push(RecordingFile { path: path.to_owned(), format, first });
        self.streams.extend(stream.filter(|stream| stream.head().is_some()));
        Ok(())
    }

    /// What each file turned out to be.
    #[must_use]
    pub fn inputs(&self) -> &[RecordingFile] {
        &self.inputs
    }

    /// What was read so far.
    #[must_use]
    pub const fn tally(&self) -> &InputTally {
        &self.tally
    }

    /// Read everything that is left.
    pub fn for_each(&mut self, each: &mut dyn FnMut(Event)) {
        while self.streams.len() > 1 {
            self.run(usize::MAX, each);
        }
        if let Some(mut stream) = self.streams.pop() {
            stream.drain(self.latest, &mut self.tally, each);
        }
    }

    /// Read on until `events` holds `most` more; whether anything came.
    pub fn next_batch(&mut self, events: &mut Vec<Event>, most: usize) -> bool {
        let (before, most) = (events.len(), most.max(1));
        while events.len() - before < most && !self.streams.is_empty() {
            self.run(most - (events.len() - before), &mut |event| events.push(event));
        }
        events.len() > before
    }

    /// Take up to `most` events from the file that is first in time, until another one is.
    fn run(&mut self, most: usize, each: &mut dyn FnMut(Event)) {
        let mut heads = self.streams.iter().enumerate().filter_map(|(index, s)| s.head().map(|at| (at, index)));
        let Some(first) = heads.clone().min() else {
            self.streams.clear();
            return;
        };
        // Of two at the same second the file that begins first goes first, as a log that was rotated does.
        let next = heads.by_ref().filter(|head| *head != first).min();
        let index = first.1;
        let Some(stream) = self.streams.get_mut(index) else { return };
        for _ in 0..most {
            match stream.head() {
                Some(at) if next.is_none_or(|next| (at, index) < next) => {
                    if let Some(event) = stream.pop(self.latest, &mut self.tally) {
                        each(event);
                    }
                }
                Some(_) => return,
                None => {
                    self.streams.remove(index);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
