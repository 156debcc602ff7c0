//! Standard output: written once, and nobody minds a reader who has seen enough.

use std::io::{self, IsTerminal, Write};

use super::Error;

/// The columns of a table that nobody sees on a terminal: all that there is to say.
const UNLIMITED: usize = 10_000;

/// Write to standard output. A closed pipe (`| head`) is no error.
///
/// # Errors
/// [`Error::Output`] where it can't be written.
pub fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// The columns standard output has; no limit where it isn't a terminal.
#[must_use]
pub fn width() -> usize {
    if !io::stdout().is_terminal() {
        return UNLIMITED;
    }
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}
