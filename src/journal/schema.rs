//! The tables of the file, and how the file is checked, created and migrated.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Error, sqlite};

/// "FLRW" in ASCII: distinguishes journals from other SQLite databases.
const APPLICATION_ID: i64 = 0x464c_5257;
/// The newest format that this version knows.
pub(super) const VERSION: i64 = 5;
/// Files up to this size are checked completely on opening; for larger ones that would take too long.
const MAX_CHECKED_BYTES: u64 = 32 << 20;
/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The migrations: number n brings a file from format n to format n + 1.
const MIGRATIONS: [&str; 5] = [
    "
    CREATE TABLE event(
        seq INTEGER PRIMARY KEY,    -- the order received
        at INTEGER NOT NULL,        -- microseconds since 1970, UTC
        source TEXT NOT NULL,       -- the configured source that it came from
        body TEXT NOT NULL          -- JSON: o origin, i id, k what happened
    );
    CREATE INDEX event_at ON event(at);
    CREATE TABLE cursor(source TEXT PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE episode(
        id INTEGER PRIMARY KEY,
        changed INTEGER NOT NULL,   -- rises with every change of any episode, for followers
        state TEXT NOT NULL,
        resolved INTEGER,           -- microseconds since 1970, UTC
        body TEXT NOT NULL          -- JSON, without the trail
    );
    CREATE INDEX episode_changed ON episode(changed);
    CREATE INDEX episode_resolved ON episode(resolved);
    CREATE TABLE trail(             -- append-only
        episode INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        what TEXT NOT NULL,
        who TEXT,
        place TEXT,                 -- where from: host and terminal
        text TEXT,
        value REAL,
        PRIMARY KEY(episode, seq)
    ) WITHOUT ROWID;
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
",
    "
    CREATE TABLE notice(            -- the outbox: every entry of a trail, with its episode as it then stood
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        episode INTEGER NOT NULL,
        entry INTEGER NOT NULL,     -- its place in the trail
        at INTEGER NOT NULL,        -- microseconds since 1970, UTC
        body TEXT NOT NULL          -- JSON, without the trail
    );
    CREATE INDEX notice_at ON notice(at);
    CREATE TABLE target(name TEXT PRIMARY KEY, notice INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE delivery(          -- what became of each notice that a target was to be told of
        seq INTEGER PRIMARY KEY,
        target TEXT NOT NULL,
        notice INTEGER NOT NULL,
        episode INTEGER NOT NULL,
        entry INTEGER NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,      -- rule and slice
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        words TEXT NOT NULL
    );
    CREATE INDEX delivery_episode ON delivery(target, episode);
    CREATE INDEX delivery_subject ON delivery(target, subject);
    -- Tells this journal from others where several report to the same place.
    INSERT INTO meta(key, value) VALUES ('journal', lower(hex(randomblob(6))));
",
    "
    CREATE TABLE checkpoint(        -- the engine's state, from which it continues after a restart
        id INTEGER PRIMARY KEY CHECK (id = 1),
        number INTEGER NOT NULL,
        event INTEGER NOT NULL,     -- seq of the newest event that it contains
        body BLOB NOT NULL
    );
    CREATE TABLE segment(           -- the facts of closed business days
        id INTEGER PRIMARY KEY,
        day INTEGER NOT NULL,       -- the start of the day; this and the others in microseconds since 1970, UTC
        first INTEGER NOT NULL,     -- the times of its first and last fact
        last INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX segment_last ON segment(last);
    CREATE TABLE contact(           -- contacts that the engine no longer has in memory
        number INTEGER PRIMARY KEY,
        id_hash INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE INDEX contact_id ON contact(id_hash);
    CREATE INDEX contact_ended ON contact(ended);
",
    "
    CREATE TABLE item(              -- items of worklists
        id INTEGER PRIMARY KEY,
        changed INTEGER NOT NULL,   -- rises with every change of any item or episode, for followers
        closed INTEGER,             -- microseconds since 1970, UTC
        body TEXT NOT NULL          -- JSON, with its history
    );
    CREATE INDEX item_changed ON item(changed);
    CREATE INDEX item_closed ON item(closed);
",
    "
    CREATE TABLE annotation(
        id INTEGER PRIMARY KEY,
        changed INTEGER NOT NULL,   -- rises with every change of any annotation, item or episode, for followers
        at INTEGER NOT NULL,        -- microseconds since 1970, UTC
        body TEXT NOT NULL          -- JSON
    );
    CREATE INDEX annotation_changed ON annotation(changed);
    CREATE INDEX annotation_at ON annotation(at);
",
];

/// Check that the file at `path` is an intact journal of a known format, or missing. Changes nothing.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let damaged = |reason: &str| Error::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
    };
    let length = file.metadata().map_err(io)?.len();
    if length == 0 {
        return Ok(());
    }
    let mut start = [0; 16];
    if file.read_exact(&mut start).is_err() || start != *MAGIC {
        return Err(damaged("it is not a database"));
    }
    let connection = read_only(path)?;
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0)).map_err(sqlite(path));
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && (application, version, tables) != (0, 0, 0) {
        return Err(damaged("it is a database of another program"));
    }
    if version > VERSION {
        return Err(Error::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    if length <= MAX_CHECKED_BYTES {
        let verdict: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite(path))?;
        if verdict != "ok" {
            // The result is a heading followed by the faults.
            let verdict = verdict.lines().last().unwrap_or_default();
            return Err(damaged(&format!("it is damaged ({verdict})")));
        }
    }
    Ok(())
}

/// Open for writing; creates or migrates the file.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    // SQLite gives its -wal and -shm files the mode of this one.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(sqlite(path))?;
    prepare(&mut connection).map_err(sqlite(path))?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        // This works only before the first table exists; later it would take a VACUUM.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.query_row("PRAGMA journal_size_limit=67108864", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let transaction = connection.transaction()?;
    for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    if version < VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Open for reading only.
pub(super) fn read_only(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(sqlite(path))?;
    Ok(connection)
}
