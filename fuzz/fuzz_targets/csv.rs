//! A table of contacts: the first line is the header. It is read with columns that are named after their content, and
//! with those that are proposed for it.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use chrono_tz::Europe::London;
use floorwatch::clock::Time;
use floorwatch::source::format::csv::{AssumedZone, Columns, CsvParser, Preset, TableOptions, ZoneOrigin, propose};
use floorwatch::source::format::detect::detect;
use floorwatch::source::format::lines::LineReader;
use floorwatch::source::tally::InputTally;
use floorwatch::text::Label;

static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
    let table = "time = 't'\ntime_format = '%Y-%m-%d %H:%M:%S'\ntimezone = 'Europe/London'\nqueue = 'q'\nagent = 'a'\n\
                 wait_s = 'w'\ntalk_s = 'k'\ncsat = 'c'\n";
    Columns::from_toml(table, Path::new("columns.toml")).expect("the table is sound")
});

const ZONE: AssumedZone = AssumedZone { zone: London, from: ZoneOrigin::Configuration };

fn read(bytes: &[u8], columns: Option<Columns>) {
    let options = TableOptions { columns, zone: ZONE, ..TableOptions::default() };
    let mut parser = CsvParser::new(Label::fixed("table"), options, String::new());
    let mut tally = InputTally::default();
    if parser.prepare(bytes, None).is_ok() {
        for line in bytes.split(|byte| *byte == b'\n') {
            let _ = parser.parse_line(line, Time::from_unix(1_800_000_000), &mut tally, &mut drop);
        }
        let _ = parser.finish(&mut tally, &mut drop);
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = detect(bytes);
    read(bytes, Some(COLUMNS.clone()));
    if let Ok(proposal) = propose(&mut LineReader::new(Box::new(std::io::Cursor::new(bytes.to_vec()))), Preset::built_in(), ZONE) {
        read(bytes, proposal.columns);
    }
});
