//! A JMESPath expression of a mapping, and what it finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| floorwatch::source::network::http::fuzz_jmespath(text));
