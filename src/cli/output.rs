//! Standard output.

use std::io::{self, IsTerminal, Write};

use super::Error;

/// The width of a table that is not printed on a terminal: wide enough for every column.
const UNLIMITED_COLUMNS: usize = 10_000;

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

/// The number of columns of standard output; practically unlimited if it isn't a terminal.
#[must_use]
pub fn width() -> usize {
    if !io::stdout().is_terminal() {
        return UNLIMITED_COLUMNS;
    }
    crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
}
