//! The parameters of a request for figures, as they stand in its URL.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| floorwatch::hub::fuzz_figures_query(text));
