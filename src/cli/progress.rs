//! How far a long command has come: a line on the terminal while it reads, and an orderly end when it is interrupted.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::clock::{Clock, Span};
use crate::kpi::format;
use crate::source::file::read::ReadProgress;

/// What finishes sooner than this shows no progress.
const QUIET: Span = Span(1_000_000);
/// How often the line is written anew.
const REDRAW_INTERVAL: Duration = Duration::from_millis(250);
/// The exit code of a command that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// Shows the progress of reading on standard error, if that is a terminal, until it is dropped. From its start to the
/// end of the program, Ctrl-C ends the program with a word about it and exit code 130.
pub(super) struct Progress {
    /// Dropping this says that all is read.
    done: Option<oneshot::Sender<()>>,
    /// Closed by the other side once the line is gone.
    cleared: std::sync::mpsc::Receiver<()>,
}

impl Progress {
    /// Watch `reading` from now on. Where no thread can be had for that, nothing is shown.
    pub(super) fn of(reading: ReadProgress) -> Self {
        let (done, all_read) = oneshot::channel();
        let (clear, cleared) = std::sync::mpsc::sync_channel(0);
        _ = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(watch(&reading, all_read, clear))
        });
        Self { done: Some(done), cleared }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done = None;
        // The report must not be written into the line.
        _ = self.cleared.recv();
    }
}

async fn watch(
    reading: &ReadProgress,
    mut all_read: oneshot::Receiver<()>,
    clear: std::sync::mpsc::SyncSender<()>,
) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Only where it is shown: Valgrind has no such clock.
    let start = io::stderr().is_terminal().then(|| Clock::System.steady());
    let mut clear = Some(clear);
    let mut err = io::stderr();
    loop {
        tokio::select! {
            _ = interrupt.recv() => {
                let lines = grouped(reading.lines());
                _ = writeln!(err, "{}floorwatch: interrupted after {lines} lines: no report", erase(&err));
                std::process::exit(INTERRUPTED);
            }
            _ = &mut all_read, if clear.is_some() => {
                _ = write!(err, "{}", erase(&err));
                clear = None;
            }
            () = tokio::time::sleep(REDRAW_INTERVAL), if clear.is_some() && start.is_some() => {
                let passed = start.map_or(Span::ZERO, |start| Clock::System.steady() - start);
                if passed >= QUIET {
                    _ = write!(err, "{}{}", erase(&err), line(reading, passed));
                    _ = err.flush();
                }
            }
        }
    }
}

/// What makes a terminal forget the line.
fn erase(err: &io::Stderr) -> &'static str {
    if err.is_terminal() { "\r\x1b[K" } else { "" }
}

/// `1 234 567 lines, 40 %, 12 s left`
fn line(reading: &ReadProgress, passed: Span) -> String {
    let lines = grouped(reading.lines());
    let Some((read, total)) = reading.bytes().filter(|(read, total)| *read > 0 && read <= total) else {
        return format!("{lines} lines");
    };
    let left = i128::from(passed.0) * i128::from(total - read) / i128::from(read);
    let (percent, seconds) = (u128::from(read) * 100 / u128::from(total), left / 1_000_000 + 1);
    format!("{lines} lines, {percent} %, {seconds} s left")
}

#[expect(clippy::cast_precision_loss, reason = "nobody reads that many lines")]
fn grouped(number: u64) -> String {
    format::count(number as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_what_is_known() {
        let reading = ReadProgress::default();
        assert_eq!(line(&reading, Span::seconds(2)), "0 lines");
        reading.expect_bytes(Some(1000));
        reading.count(1_234_567, 400);
        assert_eq!(line(&reading, Span::seconds(2)), "1 234 567 lines, 40 %, 4 s left");
        reading.expect_bytes(None);
        assert_eq!(line(&reading, Span::seconds(2)), "1 234 567 lines");
    }
}
