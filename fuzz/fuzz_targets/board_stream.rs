//! What a hub sends to a board: server-sent events with the whole board, and changes to it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::hub::client::fuzz(bytes));
