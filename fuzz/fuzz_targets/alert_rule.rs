//! A table `[[alert]]`.
#![no_main]

use floorwatch::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::parse(&format!("[[alert]]\n{text}"), "config.toml", Ok(chrono_tz::UTC));
});
