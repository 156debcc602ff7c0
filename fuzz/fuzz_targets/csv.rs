//! A table of contacts: the first line is the header, and its columns are named after their content.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use floorwatch::clock::Time;
use floorwatch::source::format::csv::{Columns, CsvParser, TableOptions};
use floorwatch::source::tally::InputTally;
use floorwatch::text::Label;

static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
    let table = "time = 't'\ntime_format = '%Y-%m-%d %H:%M:%S'\ntimezone = 'Europe/London'\nqueue = 'q'\nagent = 'a'\n\
                 wait_s = 'w'\ntalk_s = 'k'\ncsat = 'c'\n";
    Columns::from_toml(table, Path::new("columns.toml")).expect("the table is sound")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let options = TableOptions { columns: Some(COLUMNS.clone()), ..TableOptions::default() };
    let mut parser = CsvParser::new(Label::fixed("table"), options, String::new());
    let mut tally = InputTally::default();
    if parser.prepare(bytes, None).is_ok() {
        for line in bytes.split(|byte| *byte == b'\n') {
            let _ = parser.parse_line(line, Time::from_unix(1_800_000_000), &mut tally, &mut drop);
        }
        let _ = parser.finish(&mut tally, &mut drop);
    }
});
