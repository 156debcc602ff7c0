//! Every test that runs the whole program, or the library from outside. One binary: it links once, and a support
//! module is compiled once for all tests that use it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod agent_names;
mod annotations;
mod asterisk_faults;
mod asterisk_live;
mod cli;
mod clock;
mod contrast;
mod docs;
mod engine;
mod engine_days;
mod freeswitch_live;
mod freeswitch_recording;
mod going;
mod http_auth;
mod http_lists;
mod http_live;
mod http_presets;
mod hub_boards;
mod hub_faults;
mod hub_fuzz;
mod hub_limits;
mod languages;
mod layers;
mod listen_live;
mod logs;
mod notifications_live;
mod notify;
mod notify_away;
mod notify_kill;
mod odd_logs;
mod packaging;
mod plain;
mod prometheus_live;
mod queue_log_sql;
mod reload;
mod report;
mod report_reading;
mod restart;
mod source_recordings;
mod sources_overlap;
mod sse_live;
mod support;
mod table_apart;
mod table_directions;
mod table_doubts;
mod table_evidence;
mod table_exports;
mod table_legs;
mod table_lengths;
mod table_meaning;
mod table_names;
mod table_oddities;
mod table_sums;
mod tables;
mod terminal;
mod terminal_input;
mod trends;
mod webhooks_live;
mod worklist;
mod writer;
