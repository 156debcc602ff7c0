//! Rows that are the lines of a queue_log which is kept in a database: `time, callid, queuename, agent, event, data…`, or
//! as QueueMetrics names them.

use std::borrow::Cow;

use super::rows::CsvRow;
use super::time::{LocalClock, TimeFormat};
use super::words::normalized;
use crate::clock::Time;
use crate::event::Event;
use crate::source::format::queue_log::QueueLogParser;
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;

/// Reads the lines of one table.
#[derive(Debug)]
pub(super) struct LogTable {
    columns: LogColumns,
    pub(super) clock: LocalClock,
    pub(super) time_format: TimeFormat,
    parser: QueueLogParser,
    line: String,
}

/// Where the fields of a line are.
#[derive(Debug)]
pub(crate) struct LogColumns {
    pub(crate) time: usize,
    /// The call, the queue, the agent and the verb, and the data.
    pub(crate) fields: Vec<usize>,
}

impl LogColumns {
    /// The columns of a header; `None` if it is not that of a queue_log.
    pub(crate) fn find(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| normalized(name).replace(' ', "")).collect();
        // The first of the names counts: a table may have `time` and `created`.
        let column = |wanted: &[&str]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
        let mut fields = vec![
            column(&["callid", "uniqueid"])?,
            column(&["queuename", "queue", "qname"])?,
            column(&["agent", "qagent", "agentname"])?,
            column(&["event", "verb", "qevent"])?,
        ];
        let data = ["data1", "data2", "data3", "data4", "data5"].iter().filter_map(|name| column(&[name]));
        fields.extend(data);
        if fields.len() == 4 {
            fields.push(column(&["data"])?);
        }
        let time = column(&["time", "timeid", "eventtime", "eventdate", "timestamp", "created"])?;
        Some(Self { time, fields })
    }
}

impl LogTable {
    pub(super) const fn new(
        columns: LogColumns,
        clock: LocalClock,
        time_format: TimeFormat,
        parser: QueueLogParser,
    ) -> Self {
        Self { columns, clock, time_format, parser, line: String::new() }
    }

    /// Emit the events of a row.
    pub(super) fn read(
        &mut self,
        row: CsvRow<'_>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), RejectionReason> {
        let at = self.clock.time(&row.text(self.columns.time), &self.time_format)?;
        let cells = self.columns.fields.iter().map(|index| row.text(*index));
        let is_null = |cell: &Cow<'_, str>| cell == "NULL" || cell == "\\N";
        write_line(&mut self.line, at, cells.map(|cell| if is_null(&cell) { Cow::default() } else { cell }));
        // The decoder counts the events of tables.
        let counted = tally.events;
        let done = self.parser.parse_line(self.line.as_bytes(), latest, tally, each);
        tally.events = counted;
        done.map_err(RejectionReason::from)
    }
}

/// Write the fields of a row as the line that Asterisk would have written at `at`.
pub(crate) fn write_line<'a>(line: &mut String, at: Time, cells: impl Iterator<Item = Cow<'a, str>>) {
    let (seconds, micros) = (at.0.div_euclid(1_000_000), at.0.rem_euclid(1_000_000));
    *line = format!("{seconds}.{micros:06}");
    for cell in cells {
        line.push('|');
        line.push_str(&cell.replace(['\r', '\n'], " "));
    }
    // The empty fields at the end of a row are columns that the line does not have.
    while line.ends_with('|') {
        line.pop();
    }
}
