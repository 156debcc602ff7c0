//! An event of a vendor, which a mapping reads as contact events.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::network::listen::fuzz(bytes));
