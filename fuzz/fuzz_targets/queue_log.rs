//! Lines of Asterisk's queue_log; what parses is applied to an engine.
#![no_main]

use floorwatch::clock::Time;
use floorwatch::engine::{Engine, Settings};
use floorwatch::source::InputTally;
use floorwatch::source::format::queue_log::{QueueLogParser, Verbs};
use floorwatch::text::Label;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (latest, mut tally) = (Time::from_unix(1_800_000_000), InputTally::default());
    let mut parser = QueueLogParser::new(Label::fixed("pbx"), Verbs::default());
    let mut engine = Engine::new(Settings::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        let _ = parser.parse_line(line, latest, &mut tally, &mut |event| {
            engine.apply(&event);
            engine.advance(event.at);
        });
    }
});
