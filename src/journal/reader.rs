//! Read-only access to what the journal holds.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Error, schema, sqlite};
use crate::alert::{Actor, Episode, HistoryEntry, HistoryKind};
use crate::annotation::Annotation;
use crate::clock::Time;
use crate::event::{Event, EventKind};
use crate::text::{Label, Text};
use crate::worklist::WorkItem;

/// An event as it is stored, in JSON with short keys: origin, id and kind. Its time has a column of its own.
#[derive(Serialize)]
pub(super) struct EventBodyRef<'a> {
    o: &'a Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    i: Option<&'a Label>,
    k: &'a EventKind,
}

#[derive(Deserialize)]
struct EventBody {
    o: Label,
    i: Option<Label>,
    k: EventKind,
}

impl<'a> From<&'a Event> for EventBodyRef<'a> {
    fn from(event: &'a Event) -> Self {
        Self { o: &event.origin, i: event.id.as_ref(), k: &event.kind }
    }
}

/// The result of [`Reader::load`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The number of events handed over.
    pub events: u64,
    /// Rows that could not be decoded and were skipped.
    pub unreadable: Unreadable,
    /// Events that were skipped because they are more than a day in the future: some clock was wrong.
    pub future: u64,
    /// The sequence number of the newest event in the file.
    pub(super) last: i64,
}

/// Rows that could not be decoded. They stay in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many there are.
    pub rows: u64,
    /// The first of them, and why it cannot be decoded.
    pub first: Option<Text>,
}

impl Unreadable {
    /// Count those of `other` too, which are further rows.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.first = self.first.take().or(other.first);
    }

    fn count(&mut self, table: &str, row: i64, why: &dyn std::fmt::Display) {
        self.rows += 1;
        self.first.get_or_insert_with(|| Text::new(&format!("{table} {row}: {why}")));
    }
}

/// The most rows read in one transaction.
const MAX_ROWS_AT_ONCE: i64 = 20_000;

/// A read-only view of the journal, with a connection of its own: it never waits for the writer.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Open a journal that another process may write. `None` where there is none.
    ///
    /// # Errors
    /// When the file is no journal, damaged or newer, or cannot be read.
    pub fn of(path: &Path) -> Result<Option<Self>, Error> {
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            schema::check(path)?;
            let reader = Self::open(path)?;
            return Ok(reader.is_ready()?.then_some(reader));
        }
        Ok(None)
    }

    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { connection: schema::read_only(path)?, path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        work(&self.connection).map_err(sqlite(&self.path))
    }

    /// Call `each` with every event of a range of times, in the order received.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(&self, range: Range<Time>, mut each: impl FnMut(Event)) -> Result<Loaded, Error> {
        self.load_after(0, range, |event, _| each(event))
    }

    /// Call `each` with every event of a range of times that was received after number `seq`, in the order received,
    /// and with its number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load_after(&self, seq: i64, range: Range<Time>, mut each: impl FnMut(Event, i64)) -> Result<Loaded, Error> {
        let mut loaded = Loaded { last: seq, ..Loaded::default() };
        loop {
            // A transaction for some rows at a time: a long one would keep the write-ahead log from being emptied.
            let rows_read = self.run(|connection| {
                let snapshot = connection.unchecked_transaction()?;
                let newest: i64 =
                    snapshot.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))?;
                // The `+` keeps SQLite from using the index on `at`, after which it would have to sort by `seq`.
                let mut statement = connection.prepare_cached(
                    "SELECT at, body, seq FROM event WHERE seq > ?1 AND +at >= ?2 ORDER BY seq LIMIT ?3",
                )?;
                let mut rows = statement.query([loaded.last, range.start.0, MAX_ROWS_AT_ONCE])?;
                let mut rows_read = 0;
                while let Some(row) = rows.next()? {
                    rows_read += 1;
                    loaded.last = row.get(2)?;
                    match event(row) {
                        Ok(event) if event.at >= range.end => loaded.future += 1,
                        Ok(event) => {
                            loaded.events += 1;
                            each(event, loaded.last);
                        }
                        Err(why) => loaded.unreadable.count("event", loaded.last, &why),
                    }
                }
                if rows_read < MAX_ROWS_AT_ONCE {
                    loaded.last = loaded.last.max(newest);
                }
                Ok(rows_read)
            })?;
            if rows_read < MAX_ROWS_AT_ONCE {
                return Ok(loaded);
            }
        }
    }

    /// The lowest and the highest number of an event; 0 and 0 where there are none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn event_numbers(&self) -> Result<(i64, i64), Error> {
        // Each of the two is found at once; asked for together, SQLite would look at all rows.
        let sql = "SELECT coalesce((SELECT min(seq) FROM event), 0), coalesce((SELECT max(seq) FROM event), 0)";
        self.run(|connection| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    /// How far each source has been read, as (source, cursor).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cursors(&self) -> Result<Vec<(Label, String)>, Error> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached("SELECT source, cursor FROM cursor ORDER BY source")?;
            let rows = statement.query_map([], |row| Ok((label(row, 0)?, row.get(1)?)))?;
            // A source whose cursor cannot be decoded is read from its beginning; events that are stored already are
            // not counted again.
            rows.filter_map(|row| readable(row).transpose()).collect()
        })
    }

    /// The origins that the newest 20,000 events of the sources name, as (source, origin).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn origins(&self) -> Result<Vec<(Label, Label)>, Error> {
        self.run(|connection| {
            let newest = "SELECT source, body FROM event ORDER BY seq DESC LIMIT 20000";
            let origin = "CASE WHEN typeof(body) = 'text' AND json_valid(body) THEN body ->> '$.o' END";
            let all = format!("SELECT DISTINCT source, coalesce({origin}, source) FROM ({newest})");
            let mut statement = connection.prepare_cached(&all)?;
            let rows = statement.query_map([], |row| Ok((label(row, 0)?, label(row, 1)?)))?;
            rows.filter_map(|row| readable(row).transpose()).collect()
        })
    }

    /// The episodes that have not resolved, by id, and the rows that cannot be decoded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn active(&self) -> Result<(Vec<Episode>, Unreadable), Error> {
        self.episodes("SELECT id, body FROM episode WHERE resolved IS NULL ORDER BY id LIMIT ?1", -1)
    }

    /// The episodes that resolved last, the newest first, at most `limit`, and the rows that
    /// cannot be decoded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self, limit: usize) -> Result<(Vec<Episode>, Unreadable), Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.episodes(
            "SELECT id, body FROM episode WHERE resolved IS NOT NULL ORDER BY resolved DESC, id DESC LIMIT ?1",
            limit,
        )
    }

    /// The episode with an id; `None` when there is none or it cannot be decoded.
    pub(super) fn episode(&self, id: u64) -> Result<Option<Episode>, Error> {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        let (mut found, unreadable) = self.episodes("SELECT id, body FROM episode WHERE id = ?1", id)?;
        if let Some(why) = unreadable.first {
            tracing::error!("an alert of the journal can't be read: {why}");
        }
        Ok(found.pop())
    }

    /// The items of worklists that are open or were closed at `since` or later, by id, and the rows that cannot be decoded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn items(&self, since: Time) -> Result<(Vec<WorkItem>, Unreadable), Error> {
        self.decoded("item", "closed IS NULL OR closed >= ?1 ORDER BY id", since.0)
    }

    /// All annotations, those that were removed included, by id, and the rows that cannot be decoded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn annotations(&self) -> Result<(Vec<Annotation>, Unreadable), Error> {
        self.annotations_after(-1)
    }

    /// The rows of a table that was not there in a former format: a floorwatch that is still running may have written the
    /// file in one.
    fn decoded<T: DeserializeOwned>(
        &self,
        table: &'static str,
        condition: &str,
        number: i64,
    ) -> Result<(Vec<T>, Unreadable), Error> {
        if !self.has_table(table)? {
            return Ok(Default::default());
        }
        let sql = format!("SELECT id, body FROM {table} WHERE {condition}");
        self.run(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([number])?;
            let (mut found, mut unreadable) = (Vec::new(), Unreadable::default());
            while let Some(row) = rows.next()? {
                match decode(row, 1) {
                    Ok(one) => found.push(one),
                    Err(why) => unreadable.count(table, row.get(0)?, &why),
                }
            }
            Ok((found, unreadable))
        })
    }

    /// The lowest id that no episode has ever had.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_id(&self) -> Result<u64, Error> {
        self.next_id_of("episode")
    }

    /// The lowest id that no item of a worklist has ever had.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_item_id(&self) -> Result<u64, Error> {
        self.next_id_of("item")
    }

    /// The lowest id that no annotation has ever had.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_annotation_id(&self) -> Result<u64, Error> {
        if self.has_table("annotation")? { self.next_id_of("annotation") } else { Ok(1) }
    }

    fn next_id_of(&self, table: &str) -> Result<u64, Error> {
        let sql = format!(
            "SELECT max(coalesce((SELECT max(id) FROM {table}), 0),
                        coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'last_{table}'), 0)) + 1"
        );
        self.run(|connection| connection.query_row(&sql, [], |row| row.get::<_, i64>(0)))
            .map(|id| u64::try_from(id).unwrap_or(1))
    }

    fn episodes(&self, sql: &str, number: i64) -> Result<(Vec<Episode>, Unreadable), Error> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([number])?;
            let (mut episodes, mut unreadable) = (Vec::new(), Unreadable::default());
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                // An episode that cannot be decoded must not hide the others.
                match decode::<Episode>(row, 1) {
                    Ok(episode) => episodes.push(Episode { trail: history(connection, id)?, ..episode }),
                    Err(why) => unreadable.count("episode", id, &why),
                }
            }
            Ok((episodes, unreadable))
        })
    }

    /// The number of the newest change of any episode, item or annotation.
    pub(super) fn newest_change(&self) -> Result<i64, Error> {
        let mut newest = 0;
        for table in ["episode", "item", "annotation"] {
            if self.has_table(table)? {
                let sql = format!("SELECT coalesce(max(CAST(changed AS INTEGER)), 0) FROM {table}");
                newest = newest.max(self.run(|connection| connection.query_row(&sql, [], |row| row.get(0)))?);
            }
        }
        Ok(newest)
    }

    /// A number that changes with every commit of another connection.
    pub(super) fn data_version(&self) -> Result<i64, Error> {
        self.run(|connection| connection.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }

    /// The events after number `seq`, from at most `limit` rows; the number of the last row, whether there may be more,
    /// and the rows that cannot be decoded.
    pub(super) fn events_after(&self, seq: i64, limit: usize) -> Result<(Vec<Event>, i64, bool, Unreadable), Error> {
        self.run(|connection| {
            let sql = "SELECT at, body, seq FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![seq, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let (mut events, mut last, mut rows_read) = (Vec::new(), seq, 0);
            let mut unreadable = Unreadable::default();
            while let Some(row) = rows.next()? {
                last = row.get(2)?;
                rows_read += 1;
                match event(row) {
                    Ok(event) => events.push(event),
                    Err(why) => unreadable.count("event", last, &why),
                }
            }
            Ok((events, last, rows_read >= limit, unreadable))
        })
    }

    /// The episodes that changed after change number `change`, in the order of their changes, and the rows that cannot
    /// be decoded.
    pub(super) fn episodes_after(&self, change: i64) -> Result<(Vec<Episode>, Unreadable), Error> {
        self.episodes("SELECT id, body FROM episode WHERE changed > ?1 ORDER BY changed", change)
    }

    /// The same of items.
    pub(super) fn items_after(&self, change: i64) -> Result<(Vec<WorkItem>, Unreadable), Error> {
        self.decoded("item", "changed > ?1 ORDER BY changed", change)
    }

    /// The same of annotations.
    pub(super) fn annotations_after(&self, change: i64) -> Result<(Vec<Annotation>, Unreadable), Error> {
        self.decoded("annotation", "changed > ?1 ORDER BY changed", change)
    }

    /// Whether the tables exist: a follower may open the file while the writer still creates it.
    pub(super) fn is_ready(&self) -> Result<bool, Error> {
        self.has_table("meta")
    }

    fn has_table(&self, name: &str) -> Result<bool, Error> {
        self.run(|connection| {
            let sql = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
            let found: Option<i64> = connection.query_row(sql, [name], |row| row.get(0)).optional()?;
            Ok(found.is_some())
        })
    }
}

pub(super) fn label(row: &Row<'_>, column: usize) -> rusqlite::Result<Label> {
    Ok(Label::from_bytes(row.get_ref(column)?.as_bytes()?))
}

/// `None` for a row whose columns have other types than expected. Other errors concern the file.
pub(super) fn readable<T>(row: rusqlite::Result<T>) -> rusqlite::Result<Option<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    match row {
        Ok(row) => Ok(Some(row)),
        Err(FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// JSON in a column.
pub(super) fn decode<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, RowError> {
    let bytes = row.get_ref(column)?.as_bytes().map_err(|error| RowError::Column(error.into()))?;
    Ok(serde_json::from_slice(bytes)?)
}

/// Why a row cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error(transparent)]
    Column(#[from] rusqlite::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn event(row: &Row<'_>) -> Result<Event, RowError> {
    let at = Time(row.get(0)?);
    let EventBody { o, i, k } = decode(row, 1)?;
    Ok(Event { at, origin: o, id: i, kind: k })
}

/// The history of an episode, oldest entry first.
pub(super) fn history(connection: &Connection, episode: i64) -> rusqlite::Result<Vec<HistoryEntry>> {
    let sql = "SELECT at, what, who, place, text, value FROM trail WHERE episode = ?1 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let entry = |row: &Row<'_>| {
        let text = |column| row.get::<_, Option<String>>(column);
        let who = text(2)?.map(|name| (name, text(3)));
        Ok(HistoryEntry {
            at: Time(row.get(0)?),
            kind: kind(row.get_ref(1)?.as_str()?)?,
            who: match who {
                Some((name, from)) => {
                    Some(Actor { name: Label::new(&name), from: Label::new(&from?.unwrap_or_default()) })
                }
                None => None,
            },
            text: text(4)?.map(|text| Text::new(&text)),
            value: row.get(5)?,
        })
    };
    // An entry that cannot be decoded is replaced, because the entries are identified by their index.
    let placeholder = || HistoryEntry {
        at: Time::default(),
        kind: HistoryKind::Noted,
        who: None,
        text: Some(Text::fixed("(an entry that can't be read)")),
        value: None,
    };
    let rows = statement.query_map([episode], |row| Ok(readable(entry(row))?.unwrap_or_else(placeholder)))?;
    rows.collect()
}

fn kind(key: &str) -> rusqlite::Result<HistoryKind> {
    HistoryKind::from_key(key).ok_or_else(|| {
        let unknown = format!("a history entry of the unknown kind `{key}`: a newer floorwatch wrote it");
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, unknown.into())
    })
}
