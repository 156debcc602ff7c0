//! The log. It goes to a file, or for the hub to the standard error, but never to the screen.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use super::Error;

/// Start the log of a program without a screen: to `file`, or to the standard error if `None`.
pub(super) fn to_stderr(file: Option<&Path>) -> Result<Option<WorkerGuard>, Error> {
    if file.is_some() {
        return start(file, None);
    }
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    begin(writer)?;
    Ok(Some(guard))
}

/// Begin to log: to `file` where one is named, else to a file a day in `folder`, of which a week's are kept, else
/// not at all. `FLOORWATCH_LOG` chooses what (`info` where absent). The guard writes the last lines when dropped.
pub(super) fn start(file: Option<&Path>, folder: Option<&Path>) -> Result<Option<WorkerGuard>, Error> {
    let (writer, guard) = match (file, folder) {
        (Some(path), _) => {
            let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let file = opened.map_err(|error| Error::Log(path.to_owned(), error))?;
            tracing_appender::non_blocking(file)
        }
        (None, Some(folder)) => {
            // Without the folder, the appender would print an error over the screen.
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            if made.is_err() {
                return Ok(None);
            }
            let appender = RollingFileAppender::builder()
                .rotation(Rotation::DAILY)
                .filename_prefix("floorwatch")
                .filename_suffix("log")
                .max_log_files(7)
                .build(folder);
            // The board also works without a log.
            let Ok(appender) = appender else { return Ok(None) };
            tracing_appender::non_blocking(appender)
        }
        (None, None) => return Ok(None),
    };
    begin(writer)?;
    Ok(Some(guard))
}

fn begin(writer: NonBlocking) -> Result<(), Error> {
    let filter = match std::env::var_os("FLOORWATCH_LOG") {
        Some(text) => {
            let parsed = text.to_str().and_then(|text| text.parse().ok());
            parsed.ok_or(Error::LogFilter(text))?
        }
        None => Targets::new().with_default(LevelFilter::INFO),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    // It fails only where a test has set one before.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines).with(filter));
    Ok(())
}
