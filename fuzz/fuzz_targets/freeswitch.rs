//! The event socket of FreeSWITCH: bytes to frames to events.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::network::freeswitch::fuzz(bytes));
