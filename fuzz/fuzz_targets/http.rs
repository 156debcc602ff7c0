//! What an HTTP endpoint answers: a page of contact events, or figures that a mapping reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::network::http::fuzz(bytes));
