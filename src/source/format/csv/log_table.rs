//! Rows that are the lines of a queue_log which is kept in a database: `time, callid, queuename, agent, event, data…`.

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
    parser: QueueLogParser,
    line: String,
}

/// Where the fields of a line are.
#[derive(Debug)]
pub(super) struct LogColumns {
    time: usize,
    /// The call, the queue, the agent and the verb.
    fields: [usize; 4],
    data: Vec<usize>,
}

impl LogColumns {
    /// The columns of a header; `None` if it is not that of a queue_log.
    pub(super) fn find(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| normalized(name).replace(' ', "")).collect();
        let column = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        let data: Vec<usize> =
            ["data1", "data2", "data3", "data4", "data5"].iter().filter_map(|name| column(&[name])).collect();
        Some(Self {
            time: column(&["time", "eventtime", "eventdate", "created", "timestamp"])?,
            fields: [
                column(&["callid", "uniqueid"])?,
                column(&["queuename", "queue", "qname"])?,
                column(&["agent", "qagent", "agentname"])?,
                column(&["event", "verb", "qevent"])?,
            ],
            data: if data.is_empty() { vec![column(&["data"])?] } else { data },
        })
    }
}

impl LogTable {
    pub(super) const fn new(columns: LogColumns, clock: LocalClock, parser: QueueLogParser) -> Self {
        Self { columns, clock, parser, line: String::new() }
    }

    /// Emit the events of a row.
    pub(super) fn read(
        &mut self,
        row: CsvRow<'_>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), RejectionReason> {
        let at = self.clock.time(&row.text(self.columns.time), &TimeFormat::Detected)?;
        let (seconds, micros) = (at.0.div_euclid(1_000_000), at.0.rem_euclid(1_000_000));
        self.line = format!("{seconds}.{micros:06}");
        let data =
            self.columns.data.iter().map(|index| row.text(*index)).filter(|cell| cell != "NULL" && cell != "\\N");
        let fields = self.columns.fields.iter().map(|index| row.text(*index));
        for cell in fields.chain(data) {
            self.line.push('|');
            self.line.push_str(&cell.replace(['\r', '\n'], " "));
        }
        // The empty fields at the end of a row are columns that the line does not have.
        while self.line.ends_with("||") {
            self.line.pop();
        }
        // The decoder counts the events of tables.
        let counted = tally.events;
        let done = self.parser.parse_line(self.line.as_bytes(), latest, tally, each);
        tally.events = counted;
        done.map_err(RejectionReason::from)
    }
}
