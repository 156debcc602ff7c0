//! `SQLite`. It is read on the source's own thread, on which nothing else runs.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::account::Cells;
use crate::net::Fault;

/// How long to wait for a writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// An open file.
pub(super) struct SqliteClient {
    connection: Connection,
    place: String,
}

impl SqliteClient {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let place = path.display().to_string();
        if let Err(error) = std::fs::metadata(path) {
            return Err(Fault::needs_change(format!("cannot read {place}: {error}")));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            Ok(connection)
        };
        match open() {
            Ok(connection) => Ok(Self { connection, place }),
            Err(error) => Err(explain(&error, &place)),
        }
    }

    pub(super) fn query(&self, sql: &str) -> Result<Vec<Cells>, Fault> {
        let read = || {
            let mut statement = self.connection.prepare(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let cell = |index| row.get_ref(index).map(text);
                found.push((0..columns).map(cell).collect::<Result<_, _>>()?);
            }
            Ok(found)
        };
        read().map_err(|error| explain(&error, &self.place))
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn explain(error: &rusqlite::Error, place: &str) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Fault::needs_change(format!("{place} is no SQLite database: correct url")),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Fault::needs_change(format!(
            "cannot open {place} ({error}): floorwatch must be able to read it, and in WAL mode its -shm file, too"
        )),
        _ => Fault::transient(format!("{place}: {error}")),
    }
}
