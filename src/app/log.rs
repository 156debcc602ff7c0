//! The log. It goes to a file, or for the hub to the standard error, but never to the screen.

mod repeats;
mod rotating_file;

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use super::Error;
use repeats::{REPEAT_INTERVAL, RepeatLimit};
use rotating_file::RotatingFile;

/// The most lines that wait for the disk; further ones are dropped and counted.
const MAX_WAITING_LINES: usize = 10_000;

/// Start the log of a program without a screen: to `file`, or to the standard error if `None`.
pub(super) fn to_stderr(file: Option<&Path>) -> Result<Option<LogGuard>, Error> {
    if file.is_some() {
        return start(file, None);
    }
    begin(std::io::stderr()).map(Some)
}

/// Begin to log: to `file` where one is named, else to `floorwatch.log` in `folder`, else not at all. `FLOORWATCH_LOG`
/// chooses what (`info` where absent).
pub(super) fn start(file: Option<&Path>, folder: Option<&Path>) -> Result<Option<LogGuard>, Error> {
    match (file, folder) {
        (Some(path), _) => {
            let file = RotatingFile::open(path).map_err(|error| Error::Log(path.to_owned(), error))?;
            begin(file).map(Some)
        }
        (None, Some(folder)) => {
            // The board also works without a log.
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            let opened = made.and_then(|()| RotatingFile::open(&folder.join("floorwatch.log")));
            opened.ok().map(begin).transpose()
        }
        (None, None) => Ok(None),
    }
}

fn begin(to: impl Write + Send + 'static) -> Result<LogGuard, Error> {
    let filter = match std::env::var_os("FLOORWATCH_LOG") {
        Some(text) => {
            let parsed = text.to_str().and_then(|text| text.parse::<Targets>().ok());
            // A level that is misspelt would be the name of another program's part, and nothing would be logged.
            let is_ours = |targets: &Targets| {
                targets.default_level().is_some() || targets.iter().any(|(target, _)| target.starts_with("floorwatch"))
            };
            parsed.filter(is_ours).ok_or(Error::LogFilter(text))?
        }
        None => Targets::new().with_default(LevelFilter::INFO),
    };
    let (writer, worker) = NonBlockingBuilder::default().buffered_lines_limit(MAX_WAITING_LINES).finish(to);
    // The subscriber lives as long as the program.
    let limit: &'static RepeatLimit = Box::leak(Box::new(RepeatLimit::new()));
    let lines = tracing_subscriber::fmt::layer().event_format(limit).with_writer(writer.clone()).with_ansi(false);
    // It fails only where a test has set one before.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines).with(filter));
    let (end, ended) = mpsc::channel();
    let summarize = move || summarize(limit, &writer, &ended);
    let summary = std::thread::Builder::new().name("log".to_owned()).spawn(summarize)?;
    Ok(LogGuard { end: Some(end), summary: Some(summary), _worker: worker })
}

/// Writes the last lines when dropped.
pub(super) struct LogGuard {
    end: Option<Sender<()>>,
    summary: Option<JoinHandle<()>>,
    /// Dropped last: what the summary writes goes through it.
    _worker: WorkerGuard,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.summary.take().map(JoinHandle::join);
    }
}

/// Write the counts of repeated warnings and of dropped lines, every now and then until `end` is dropped.
fn summarize(limit: &RepeatLimit, writer: &NonBlocking, end: &Receiver<()>) {
    let mut reported = 0;
    let mut is_end = false;
    while !is_end {
        is_end = end.recv_timeout(REPEAT_INTERVAL) != Err(RecvTimeoutError::Timeout);
        let mut lines = limit.unwritten(if is_end { Duration::ZERO } else { REPEAT_INTERVAL });
        let dropped = writer.error_counter().dropped_lines();
        if dropped > reported {
            let more = dropped - reported;
            let text =
                format!(" WARN floorwatch::app::log: {more} lines were dropped, as the log is written too slowly");
            lines.extend(repeats::finish(&text));
            reported = dropped;
        }
        for line in lines {
            // The worker does the writing, so this never fails.
            let _ = writer.clone().write_all(line.as_bytes());
        }
    }
}
