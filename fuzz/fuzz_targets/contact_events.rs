//! A line of contact events; what parses is applied to an engine.
#![no_main]

use floorwatch::clock::Time;
use floorwatch::engine::{Engine, Settings};
use floorwatch::source::InputTally;
use floorwatch::source::format::contact_events;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (latest, mut tally) = (Time::from_unix(1_800_000_000), InputTally::default());
    let mut engine = Engine::new(Settings::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(Some(event)) = contact_events::parse(line, latest, &mut tally) {
            engine.apply(&event);
            engine.advance(event.at);
        }
    }
});
