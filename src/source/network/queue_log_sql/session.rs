//! Follows a table: reads what is new every few seconds, and hands it to the decoder of queue_log.

use std::borrow::Cow;
use std::convert::Infallible;
use std::hash::Hasher;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::account::Cells;
use super::connection::Connection;
use super::position::{LATENESS, Position};
use super::table::{PAGE_ROWS, RowOrder, SqlTable, TimeKind, key_of};
use super::{DatabaseUrl, Settings, inspect};
use crate::clock::{Span, Time};
use crate::event::Event;
use crate::net::tls::UNCHECKED_REMARK;
use crate::net::{Fault, tcp};
use crate::source::format::csv::{logged_time, write_line};
use crate::source::format::queue_log::QueueLogParser;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use crate::text::Label;

/// Shown while others can read what is sent.
const UNENCRYPTED_REMARK: &str = "what the database sends travels unencrypted: set tls";

/// A session that follows one table.
pub(crate) struct SqlSession {
    settings: Settings,
    parser: QueueLogParser,
    position: Position,
    /// The stored cursor, until the first session knows the table.
    stored: Option<String>,
    tally: InputTally,
    /// When the last new row was read, by the steady clock.
    heard: Option<Time>,
}

impl SqlSession {
    /// A session that continues from `cursor`, as the journal stored it.
    pub(crate) fn new(settings: Settings, origin: Label, cursor: Option<&str>) -> Self {
        let parser = QueueLogParser::new(origin, settings.site());
        let (position, stored) = (Position::default(), cursor.map(str::to_owned));
        Self { settings, parser, position, stored, tally: InputTally::default(), heard: None }
    }

    async fn follow(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        let mut remarks = self.remarks();
        reporter.report_remark(&remarks.join("; ")).await;
        let mut connection = Connection::open(&self.settings).await?;
        let table = SqlTable::find(&self.settings, &mut connection).await?;
        self.need_zone(&table, &mut connection).await?;
        self.resume(&table);
        remarks.extend(inspect::excess_rights(&self.settings, &mut connection).await);
        if !table.is_indexed {
            remarks.push(format!("{} has no index on {}: every look reads all of it", self.settings.table, table.by));
        }
        reporter.report_remark(&remarks.join("; ")).await;
        let mut known_of_agents = None;
        let mut tick = interval(Duration::from_secs(self.settings.every_s.into()));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.poll(&table, &mut connection, reporter).await?;
            let of_agents = self.tally.agents.remark();
            if known_of_agents != of_agents {
                let all: Vec<String> = remarks.iter().cloned().chain(of_agents.clone()).collect();
                reporter.report_remark(&all.join("; ")).await;
                known_of_agents = of_agents;
            }
            self.report_health(reporter).await;
        }
    }

    /// What the owner should know before a connection is made.
    fn remarks(&self) -> Vec<String> {
        let Settings { url, tls, .. } = &self.settings;
        let mut remarks = Vec::new();
        if tls.as_ref().is_some_and(|tls| tls.danger_accept_any_certificate) {
            remarks.push(UNCHECKED_REMARK.to_owned());
        }
        if matches!(url, DatabaseUrl::Server { address, .. } if tcp::is_exposed(address, tls.as_ref())) {
            remarks.push(UNENCRYPTED_REMARK.to_owned());
        }
        remarks
    }

    /// Times without a zone mean nothing without the key for it.
    async fn need_zone(&self, table: &SqlTable, connection: &mut Connection) -> Result<(), Fault> {
        if self.settings.timezone.is_some() || table.time != TimeKind::Local {
            return Ok(());
        }
        let newest = table.newest(connection).await?.and_then(|row| row.into_iter().nth(1).flatten());
        match newest.map(|text| (logged_time(&text, None, Time(i64::MIN)), text)) {
            Some((Ok(None), text)) => Err(Fault::needs_change(format!(
                "the times of {} have no zone ({}): set `timezone` to that of Asterisk, as in \"Europe/London\"",
                self.settings.table,
                Label::new(&text)
            ))),
            _ => Ok(()),
        }
    }

    /// Continue where the journal or the last session stopped, if the table is the same.
    fn resume(&mut self, table: &SqlTable) {
        let of = Position::name(&self.settings, table);
        if self.position.of != of {
            self.position = Position::restored(self.stored.take().as_deref(), of);
            self.parser.restore(self.position.memory.clone());
        }
    }

    /// Read all rows that are new.
    async fn poll(
        &mut self,
        table: &SqlTable,
        connection: &mut Connection,
        reporter: &mut Reporter,
    ) -> Result<(), Fault> {
        let mut condition = self.position.condition(table, self.settings.timezone, reporter.now());
        let mut is_empty = true;
        loop {
            let rows = connection.query(&table.page(&condition)).await?;
            is_empty &= rows.is_empty();
            self.take(&rows, table, reporter).await;
            if rows.len() < PAGE_ROWS {
                break;
            }
            condition = match table.order {
                RowOrder::Key => table.starting_at_key(self.position.key),
                RowOrder::Time => {
                    let last = rows.last().and_then(|row| row.get(1).cloned().flatten()).unwrap_or_default();
                    let next = table.starting_at_time(&last, false);
                    if next == condition {
                        let reason = format!("more than {PAGE_ROWS} rows have one time ({last}): give the table a key");
                        reporter.reject(&self.settings.table, 0, reason).await;
                        table.starting_at_time(&last, true)
                    } else {
                        next
                    }
                }
            };
        }
        if is_empty && table.order == RowOrder::Key && self.position.key > 0 {
            let newest = table.newest(connection).await?.unwrap_or_default();
            let time = newest.get(1).and_then(Option::as_deref).unwrap_or_default();
            let at = logged_time(time, self.settings.timezone, Time(i64::MIN)).ok().flatten();
            // Without a younger row, only the last rows were deleted.
            if key_of(&newest).is_some_and(|key| key < self.position.key) && at > self.position.newest {
                tracing::warn!(source = %reporter.name(), "the table was emptied and is read from its beginning");
                self.position.restart();
            }
        }
        Ok(())
    }

    /// Send the events of those rows that are new.
    async fn take(&mut self, rows: &[Cells], table: &SqlTable, reporter: &mut Reporter) {
        let latest = reporter.now() + Span::DAY;
        let (mut events, mut is_new, mut line) = (Vec::new(), false, String::new());
        for row in rows {
            let time = row.get(1).and_then(Option::as_deref).unwrap_or_default();
            let from = self.position.newest.map_or(Time(i64::MIN), |newest| newest - LATENESS);
            let at = logged_time(time, self.settings.timezone, from);
            let known = match table.order {
                RowOrder::Key => !key_of(row).is_some_and(|key| self.position.take_key(key)),
                RowOrder::Time => {
                    let at = at.as_ref().ok().copied().flatten().or(self.position.newest).unwrap_or_default();
                    !self.position.take_row(at, hash_of(row))
                }
            };
            if known {
                continue;
            }
            is_new = true;
            if let Err(reason) = self.decode(row, at, latest, &mut line, &mut events) {
                let number = key_of(row).and_then(|key| u64::try_from(key).ok()).unwrap_or_default();
                let detail = format!("{time} {}", row.get(2).and_then(Option::as_deref).unwrap_or_default());
                let reason = RejectionReason::new(&reason.to_string(), detail.trim());
                reporter.reject(&self.settings.table, number, reason).await;
            }
        }
        if is_new {
            self.heard = Some(reporter.steady());
            let cursor = self.position.cursor(self.parser.memory());
            reporter.send_events(events, cursor).await;
        }
    }

    /// The events of a row.
    fn decode(
        &mut self,
        row: &Cells,
        at: Result<Option<Time>, RejectionReason>,
        latest: Time,
        line: &mut String,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectionReason> {
        let at = at?.ok_or("the time has no zone: set timezone")?;
        let fields = row.iter().skip(2).map(|cell| Cow::Borrowed(cell.as_deref().unwrap_or_default()));
        write_line(line, at, fields);
        self.parser.parse_line(line.as_bytes(), latest, &mut self.tally, &mut |event| events.push(event))?;
        self.position.newest = self.position.newest.max(Some(at));
        Ok(())
    }

    async fn report_health(&mut self, reporter: &mut Reporter) {
        let limit_s = i64::from(self.settings.stale_after_s);
        let heard = *self.heard.get_or_insert(reporter.steady());
        if limit_s > 0 && reporter.steady().since(heard) > Span::seconds(limit_s) {
            reporter.report_stale(&format!("nothing has come for {limit_s} s")).await;
        } else {
            reporter.report_live().await;
        }
    }
}

impl Session for SqlSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let Err(fault) = self.follow(reporter).await;
        fault
    }
}

fn hash_of(row: &Cells) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    for cell in row.iter().map(|cell| cell.as_deref().unwrap_or_default()) {
        hasher.write(cell.as_bytes());
        hasher.write_u8(b'|');
    }
    hasher.finish()
}
