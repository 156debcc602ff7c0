//! How far a table has been read, and which rows are known.

use std::collections::{BTreeSet, VecDeque};

use chrono::Offset;
use chrono::TimeZone;
use chrono_tz::Tz;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::table::{RowOrder, SqlTable, TimeKind};
use crate::clock::{Span, Time};
use crate::source::format::queue_log::QueueLogMemory;

/// A row may come so much later than a younger one.
pub(super) const LATENESS: Span = Span(2 * Span::MINUTE.0);
/// A key that is missing may still come until so many others have.
const MAX_KEYS_AHEAD: i64 = 200;
/// The rows that are remembered where there is no key: those of more than an hour, which comes twice in autumn.
const MAX_ROWS_REMEMBERED: usize = 20_000;
/// How many of them are stored.
const MAX_ROWS_STORED: usize = 2000;

/// How far a table has been read. It is stored in the journal as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Position {
    /// The database, the table and the order: another one is read from its beginning.
    pub(super) of: String,
    /// The highest key that was read; 0 before the first, or where there is none.
    pub(super) key: i64,
    /// Lower keys that have not come: their rows are written later, or never.
    missing: BTreeSet<i64>,
    /// The newest time; `None` before the first row.
    pub(super) newest: Option<Time>,
    /// Where there is no key: the rows of late, as hashes with their times.
    rows: VecDeque<(Time, u64)>,
    /// The same hashes.
    #[serde(skip)]
    known: FxHashSet<u64>,
    /// The state of the queue_log parser.
    pub(super) memory: QueueLogMemory,
}

impl Position {
    /// The stored position, if it is that of `of`.
    pub(super) fn restored(cursor: Option<&str>, of: String) -> Self {
        let stored = cursor.and_then(|text| serde_json::from_str::<Self>(text).ok()).filter(|stored| stored.of == of);
        let position = stored.unwrap_or(Self { of, ..Self::default() });
        Self { known: position.rows.iter().map(|(_, hash)| *hash).collect(), ..position }
    }

    /// What `of` is for a table.
    pub(super) fn name(settings: &Settings, table: &SqlTable) -> String {
        let partition = settings.partition.as_deref().unwrap_or_default();
        format!("{} {} {partition} by {}", settings.url.place(), settings.table, table.by)
    }

    /// The text to store for a table that was read up to `key`.
    pub(super) fn at_key(of: String, key: i64) -> Option<String> {
        serde_json::to_string(&Self { of, key, ..Self::default() }).ok()
    }

    /// The text to store.
    pub(super) fn cursor(&self, memory: &QueueLogMemory) -> Option<String> {
        let since = self.newest.map(|newest| newest - LATENESS);
        let of_late = self.rows.iter().rev().filter(|(at, _)| Some(*at) >= since).take(MAX_ROWS_STORED);
        let rows = of_late.copied().collect::<Vec<_>>().into_iter().rev().collect();
        let stored = Self { rows, known: FxHashSet::default(), memory: memory.clone(), ..self.clone() };
        serde_json::to_string(&stored).ok()
    }

    /// The condition for the rows that may be new at `now`.
    pub(super) fn condition(&self, table: &SqlTable, zone: Option<Tz>, now: Time) -> String {
        match (table.order, self.newest) {
            (RowOrder::Key, _) if self.key == 0 => String::new(),
            // The last row itself comes again: without it the table was emptied.
            (RowOrder::Key, _) => table.starting_at_key(self.missing.first().map_or(self.key, |first| *first)),
            (RowOrder::Time, None) => String::new(),
            (RowOrder::Time, Some(newest)) => {
                let text = match (table.time, zone) {
                    (TimeKind::Local, Some(zone)) => earliest_wall_clock(newest - LATENESS, now, zone),
                    _ => (newest - LATENESS).0.div_euclid(1_000_000).to_string(),
                };
                table.starting_at_time(&text, false)
            }
        }
    }

    /// Whether a row has not been read before; it has been, then.
    pub(super) fn take_key(&mut self, key: i64) -> bool {
        if key <= self.key {
            return self.missing.remove(&key);
        }
        if self.key > 0 {
            self.missing.extend((self.key + 1).max(key - MAX_KEYS_AHEAD)..key);
        }
        self.missing = self.missing.split_off(&(key - MAX_KEYS_AHEAD));
        self.key = key;
        true
    }

    /// The same for a row without a key.
    pub(super) fn take_row(&mut self, at: Time, hash: u64) -> bool {
        if !self.known.insert(hash) {
            return false;
        }
        self.rows.push_back((at, hash));
        if self.rows.len() > MAX_ROWS_REMEMBERED
            && let Some((_, oldest)) = self.rows.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// The table was emptied: it is read from its beginning.
    pub(super) fn restart(&mut self) {
        *self = Self { of: std::mem::take(&mut self.of), newest: self.newest, ..Self::default() };
    }
}

/// The earliest wall clock time that a row written from `since` to `now` can have: in between, clocks may go back.
fn earliest_wall_clock(since: Time, now: Time, zone: Tz) -> String {
    let offset = |at: Time| zone.offset_from_utc_datetime(&at.to_chrono().naive_utc()).fix();
    let least = offset(since).local_minus_utc().min(offset(now).local_minus_utc());
    let wall = since + Span::seconds(i64::from(least));
    wall.to_chrono().format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(cursor: Option<&str>) -> Position {
        Position::restored(cursor, "db queue_log".to_owned())
    }

    #[test]
    fn a_key_that_comes_late_is_new_once_and_also_after_a_restart() {
        let mut position = restored(None);
        let taken = |position: &mut Position, keys: &[i64]| -> Vec<i64> {
            keys.iter().copied().filter(|key| position.take_key(*key)).collect()
        };
        assert_eq!(taken(&mut position, &[5, 6, 9, 10]), [5, 6, 9, 10]);
        let cursor = position.cursor(&QueueLogMemory::default()).unwrap();
        let mut position = restored(Some(&cursor));
        assert_eq!(taken(&mut position, &[7, 8, 9, 10, 7]), [7, 8]);
        assert_eq!(taken(&mut position, &[1000]), [1000]);
        assert_eq!(position.missing.len(), 200);
        assert_eq!(taken(&mut position, &[11, 799, 800]), [800]);
        assert_eq!(Position::restored(Some(&cursor), "another".to_owned()).key, 0);
    }

    #[test]
    fn rows_of_late_are_known_after_a_restart_and_are_bounded() {
        let mut position = restored(None);
        let at = Time::from_unix;
        for second in 0..30_000_u32 {
            assert!(position.take_row(at(second.into()), second.into()));
            position.newest = Some(at(second.into()));
        }
        assert_eq!((position.rows.len(), position.known.len()), (MAX_ROWS_REMEMBERED, MAX_ROWS_REMEMBERED));
        let cursor = position.cursor(&QueueLogMemory::default()).unwrap();
        assert!(cursor.len() < 5000, "{}", cursor.len());
        let mut position = restored(Some(&cursor));
        assert!(!position.take_row(at(29_990), 29_990) && position.take_row(at(29_990), 7));
    }

    #[test]
    fn the_hour_that_comes_twice_is_read_again_while_clocks_go_back() {
        let zone = Tz::Europe__Berlin;
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        let earliest = |since: &str, now: &str| earliest_wall_clock(at(since), at(now), zone);
        assert_eq!(earliest("2026-10-25T00:50:00Z", "2026-10-25T00:52:00Z"), "2026-10-25 02:50:00");
        assert_eq!(earliest("2026-10-25T00:57:00Z", "2026-10-25T01:01:00Z"), "2026-10-25 01:57:00");
        assert_eq!(earliest("2026-10-25T01:10:00Z", "2026-10-25T01:12:00Z"), "2026-10-25 02:10:00");
        assert_eq!(earliest("2026-03-29T00:59:00Z", "2026-03-29T01:01:00Z"), "2026-03-29 01:59:00");
    }
}
