//! The table: which of its columns are those of a queue_log, and the queries that read it.

use super::Settings;
use super::account::Cells;
use super::connection::Connection;
use super::dialect::Dialect;
use crate::net::Fault;
use crate::source::format::csv::LogColumns;
use crate::text::Label;

/// How many rows are read at once.
pub(super) const PAGE_ROWS: usize = 2000;
/// The longest cell that is read; no field of a queue_log is longer.
const MAX_CELL_CHARS: usize = 1024;

/// What a time column holds, which tells how it is read and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeKind {
    /// Instants of the database's own type.
    Instant,
    /// Seconds since 1970 in a column for numbers.
    Number,
    /// The same in a column for text.
    NumberText,
    /// Wall clock times.
    Local,
}

/// How new rows are told from known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowOrder {
    /// By a column that the database numbers rows by.
    Key,
    /// By time.
    Time,
}

/// A table that holds a queue_log. The cells of a row are the key (NULL where there is none), the time, the call, the
/// queue, the agent, the verb and the data.
#[derive(Debug)]
pub(super) struct SqlTable {
    pub(super) dialect: Dialect,
    pub(super) order: RowOrder,
    pub(super) time: TimeKind,
    /// Whether an index serves the order.
    pub(super) is_indexed: bool,
    /// The names of all columns.
    pub(super) columns: Vec<String>,
    /// The column of the order.
    pub(super) by: String,
    time_column: String,
    cells: String,
    pub(super) from: String,
}

impl SqlTable {
    /// Find the columns of the table.
    pub(super) async fn find(settings: &Settings, connection: &mut Connection) -> Result<Self, Fault> {
        let (dialect, table, place) = (settings.url.dialect(), settings.table.as_str(), settings.url.place());
        let found = connection.query(&dialect.columns_query(table)).await?;
        let cell = |row: &Cells, index: usize| row.get(index).cloned().flatten().unwrap_or_default();
        let columns: Vec<String> = found.iter().map(|row| cell(row, 0)).collect();
        if columns.is_empty() {
            return Err(Fault::needs_change(format!(
                "{place} has no table {table}, or the account may not see it: correct `table`, or GRANT SELECT on it"
            )));
        }
        let Some(log) = LogColumns::find(&columns) else {
            let names = Label::new(&columns.join(", "));
            return Err(Fault::needs_change(format!(
                "{table} in {place} is no queue_log: that has time, callid, queuename, agent, event and data1 to data5, \
                 and this has {names}: correct `table`"
            )));
        };
        let is = |row: &Cells, index: usize| cell(row, index) == "1";
        let key = found.iter().find(|row| is(row, 2) && is(row, 3));
        let of_time = found.get(log.time);
        let column = |index: usize| dialect.quoted(columns.get(index).map_or("", String::as_str));
        let time_column = column(log.time);
        let partition = settings.partition.as_ref().map(|partition| {
            let own = columns.iter().find(|name| name.eq_ignore_ascii_case("partition"));
            let own =
                own.ok_or_else(|| Fault::needs_change(format!("{table} has no column `partition`: remove the key")));
            own.map(|own| format!(" WHERE {} = '{partition}'", dialect.quoted(own)))
        });
        let from =
            format!("{}{}", dialect.quoted_table(table), partition.transpose()?.unwrap_or(" WHERE 1 = 1".into()));
        let time = match of_time.map(|row| cell(row, 1).to_ascii_lowercase()).unwrap_or_default().as_str() {
            "timestamp" if dialect == Dialect::MySql => TimeKind::Instant,
            "timestamptz" => TimeKind::Instant,
            word if ["int", "num", "dec", "float", "double", "real"].iter().any(|kind| word.contains(kind)) => {
                TimeKind::Number
            }
            _ => TimeKind::Local,
        };
        let time_cell = match (time, dialect) {
            (TimeKind::Instant, Dialect::MySql) => format!("UNIX_TIMESTAMP({time_column})"),
            (TimeKind::Instant, _) => format!("extract(epoch FROM {time_column})"),
            _ => time_column.clone(),
        };
        let as_text = if dialect == Dialect::Postgres { "::text" } else { "" };
        let cut = |index: &usize| format!("substr({}{as_text}, 1, {MAX_CELL_CHARS})", column(*index));
        let key_column = key.map(|row| dialect.quoted(&cell(row, 0)));
        let first = key_column.clone().unwrap_or_else(|| "NULL".to_owned());
        let cells = [first, time_cell].into_iter().chain(log.fields.iter().map(cut)).collect::<Vec<_>>().join(", ");
        let mut log_table = Self {
            dialect,
            order: if key.is_some() { RowOrder::Key } else { RowOrder::Time },
            time,
            is_indexed: key.or(of_time).is_some_and(|row| is(row, 3)),
            columns,
            by: key_column.unwrap_or_else(|| time_column.clone()),
            time_column,
            cells,
            from,
        };
        if log_table.time == TimeKind::Local {
            let newest = log_table.newest(connection).await?.and_then(|row| row.into_iter().nth(1).flatten());
            if newest.is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
                log_table.time = TimeKind::NumberText;
            }
        }
        Ok(log_table)
    }

    /// The newest row in the order.
    pub(super) async fn newest(&self, connection: &mut Connection) -> Result<Option<Cells>, Fault> {
        self.newest_but(0, connection).await
    }

    /// The row that is so many before the newest.
    pub(super) async fn newest_but(&self, skip: usize, connection: &mut Connection) -> Result<Option<Cells>, Fault> {
        let Self { cells, from, by, .. } = self;
        let sql = format!("SELECT {cells} FROM {from} ORDER BY {by} DESC LIMIT 1 OFFSET {skip}");
        Ok(connection.query(&sql).await?.into_iter().next())
    }

    /// The query for a page of rows in order; `condition` tells where it begins.
    pub(super) fn page(&self, condition: &str) -> String {
        let Self { cells, from, by, .. } = self;
        format!("SELECT {cells} FROM {from}{condition} ORDER BY {by} LIMIT {PAGE_ROWS}")
    }

    /// The condition for rows from this key.
    pub(super) fn starting_at_key(&self, key: i64) -> String {
        format!(" AND {} >= {key}", self.by)
    }

    /// The condition for rows from this time, as a cell or [`SqlTable::time_text`] has it, or only for those after it.
    pub(super) fn starting_at_time(&self, text: &str, after: bool) -> String {
        let is_safe = |c: &char| c.is_ascii_alphanumeric() || "-:. +/".contains(*c);
        let text: String = text.chars().filter(is_safe).collect();
        let value = match (self.time, self.dialect) {
            (TimeKind::Instant, Dialect::MySql) => format!("FROM_UNIXTIME({text})"),
            (TimeKind::Instant, _) => format!("to_timestamp({text})"),
            (TimeKind::Number, _) => text,
            (TimeKind::NumberText | TimeKind::Local, _) => format!("'{text}'"),
        };
        format!(" AND {} {} {value}", self.time_column, if after { ">" } else { ">=" })
    }
}

/// The key of a row.
pub(super) fn key_of(row: &Cells) -> Option<i64> {
    row.first()?.as_deref()?.parse().ok()
}
