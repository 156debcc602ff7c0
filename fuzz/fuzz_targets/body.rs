//! The body of a request with contact events.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::format::fuzz_body(bytes));
