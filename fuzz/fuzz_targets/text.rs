//! Text for the screen: labels, durations, and times.
#![no_main]

use floorwatch::clock::{Span, Time, duration};
use floorwatch::text::{self, Label, Text};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for shown in [Label::from_bytes(bytes).as_str().to_owned(), Text::from_bytes(bytes).as_str().to_owned()] {
        assert!(!shown.chars().any(char::is_control), "{shown:?} would reach the terminal");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Time::parse_rfc3339(text);
        let _ = text::fit(text, 7);
        if let Ok(span) = duration::parse(text) {
            // Nothing shorter than a millisecond is shown.
            let shown = Span(span.0 / 1000 * 1000);
            assert_eq!(duration::parse(&duration::show(span)).ok(), Some(shown), "{text:?}");
        }
    }
});
