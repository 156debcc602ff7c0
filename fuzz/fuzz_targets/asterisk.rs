//! The manager interface of Asterisk: bytes to packets to events.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::network::asterisk::fuzz(bytes));
