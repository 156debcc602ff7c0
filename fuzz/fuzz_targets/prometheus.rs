//! What a Prometheus server answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| floorwatch::source::network::prometheus::fuzz(bytes));
