//! Reads whole recordings for reports, replays and checks: any number of files merged into one stream in time order, in
//! constant memory.

mod decoded_block;
mod pipeline;
mod progress;
mod reorder;
mod stream;

use std::io;
use std::path::{Path, PathBuf};

use crate::clock::{Span, Time};
use crate::event::{Event, EventSink, SinkTo};
use crate::source::format::csv::{ColumnsError, TableOptions};
use crate::source::format::detect::InputFormat;
use crate::source::tally::InputTally;
use crate::text::{Label, shell_word};
pub use progress::ReadProgress;
use stream::RecordingStream;

/// How recordings are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// How tables are read, and the site's own verbs in queue_log.
    pub tables: TableOptions,
    /// Lines with a time more than a day after this are rejected; `None` accepts any time.
    pub now: Option<Time>,
    /// The origin of events that do not carry their own.
    pub origin: Label,
    /// The most events that are held to sort a table by time. Five million take about 1 GB.
    pub max_held_events: usize,
    /// How many threads read and decode. The events and their order do not depend on it.
    pub threads: usize,
    /// Kept up to date while files are read.
    pub progress: ReadProgress,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tables: TableOptions::default(),
            now: None,
            origin: Label::fixed("recording"),
            max_held_events: 5_000_000,
            threads: 1,
            progress: ReadProgress::default(),
        }
    }
}

/// Why recordings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A file is in no known format.
    #[error("{}: neither a queue_log, nor contact events (one JSON object a line), nor a table with a header", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// A file is of a known kind that is not read.
    #[error("{} is {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do with it.
        what: &'static str,
    },
    /// A file is a table of no known kind and no columns are configured.
    #[error("{} is a table that floorwatch does not know: `floorwatch map {} -o columns.toml` proposes which column is which; then give `--columns columns.toml`", path.display(), shell_word(path))]
    NoColumns {
        /// The file.
        path: PathBuf,
    },
    /// The configured columns do not fit a table.
    #[error("{}: {error}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: Box<ColumnsError>,
    },
    /// A table is too large to be sorted in memory, as the standard input must be, or a file that is out of time order.
    #[error("{}: more than {max} events would have to be held to sort them by time: {}", path.display(), sort_remedy(path))]
    TooUnsorted {
        /// The file.
        path: PathBuf,
        /// [`Options::max_held_events`].
        max: usize,
    },
}

fn sort_remedy(path: &Path) -> &'static str {
    if path.as_os_str() == "-" { "save the table to a file and name that" } else { "sort the table by time" }
}

/// A file of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFile {
    /// The path as given.
    pub path: PathBuf,
    /// Its format; `None` if it is empty.
    pub format: Option<InputFormat>,
    /// The time of its first event; `None` if it has none.
    pub first: Option<Time>,
}

/// Opened recordings.
#[derive(Debug)]
pub struct RecordingReader {
    /// The files that still have events, ordered by the time of their first event.
    streams: Vec<RecordingStream>,
    inputs: Vec<RecordingFile>,
    tally: InputTally,
    latest: Time,
    /// How many threads may decode besides the one that takes the events, and how many files they are decoding.
    helpers: usize,
    files_ahead: usize,
}

/// Open recordings as one stream in time order; the order of `paths` does not matter. A file given twice is read once, and
/// an empty file is not an error. The path `-` is the standard input.
///
/// # Errors
/// If a file cannot be opened, is in no known format, or is a table that the columns do not fit.
pub fn open(paths: &[PathBuf], options: &Options) -> Result<RecordingReader, Error> {
    let latest = options.now.map_or(Time(i64::MAX), |now| now + Span::DAY);
    let mut reader = RecordingReader {
        streams: Vec::new(),
        inputs: Vec::new(),
        tally: InputTally::default(),
        latest,
        helpers: options.threads.saturating_sub(1),
        files_ahead: 0,
    };
    let size = |path: &PathBuf| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    options.progress.expect_bytes(paths.iter().map(size).sum());
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths {
        let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if seen.contains(&canonical) {
            continue;
        }
        seen.push(canonical);
        // Row numbers serve as contact ids, so the rows of a second table need other ids than those of the first.
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

    /// The files, in the order given.
    #[must_use]
    pub fn inputs(&self) -> &[RecordingFile] {
        &self.inputs
    }

    /// Counts and rejections of what was read so far.
    #[must_use]
    pub const fn tally(&self) -> &InputTally {
        &self.tally
    }

    /// Pass all remaining events to `each`.
    pub fn for_each(&mut self, each: &mut dyn FnMut(Event)) {
        self.read_into(&mut SinkTo(each));
    }

    /// Pass all remaining events to `each`.
    pub fn read_into(&mut self, each: &mut dyn EventSink) {
        while self.streams.len() > 1 {
            self.read_run(usize::MAX, each);
        }
        if let Some(mut stream) = self.streams.pop() {
            if !stream.is_ahead() {
                stream.decode_ahead(self.helpers, self.latest, each.takes_plain(), &mut self.tally);
            }
            stream.drain(self.latest, &mut self.tally, each);
        }
    }

    /// Append up to `max` events to `events`; returns `false` at the end.
    pub fn next_batch(&mut self, events: &mut Vec<Event>, max: usize) -> bool {
        let (before, max) = (events.len(), max.max(1));
        while events.len() - before < max && !self.streams.is_empty() {
            self.read_run(max - (events.len() - before), &mut SinkTo(&mut |event| events.push(event)));
        }
        events.len() > before
    }

    /// Pass up to `max` events of the file whose next event is earliest, until another file's is earlier.
    fn read_run(&mut self, max: usize, each: &mut dyn EventSink) {
        let mut heads = self.streams.iter().enumerate().filter_map(|(index, s)| s.head().map(|at| (at, index)));
        let Some(first) = heads.clone().min() else {
            self.streams.clear();
            return;
        };
        // Among events of the same time, those of the file that begins first come first: it is the older rotated log.
        let next = heads.by_ref().filter(|head| *head != first).min();
        let index = first.1;
        let Some(stream) = self.streams.get_mut(index) else { return };
        if self.files_ahead < self.helpers && !stream.is_ahead() {
            stream.decode_ahead(self.helpers, self.latest, false, &mut self.tally);
            self.files_ahead += usize::from(stream.is_ahead());
        }
        for _ in 0..max {
            match stream.head() {
                Some(at) if next.is_none_or(|next| (at, index) < next) => {
                    if let Some(event) = stream.pop(self.latest, &mut self.tally) {
                        each.take(event);
                    }
                }
                Some(_) => return,
                None => {
                    self.streams.remove(index);
                    self.files_ahead = self.streams.iter().filter(|stream| stream.is_ahead()).count();
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
