//! The configuration file, and the columns of a table.
#![no_main]

use std::path::Path;

use floorwatch::config::Config;
use floorwatch::source::format::csv::Columns;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::parse(text, "config.toml", Ok(chrono_tz::UTC));
    let _ = Columns::from_toml(text, Path::new("columns.toml")).and_then(|columns| columns.check());
});
