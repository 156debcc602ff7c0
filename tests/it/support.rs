//! Support for several tests: the program in a terminal, a hub, and peers for every kind of source.

pub(crate) mod asterisk;
pub(crate) mod bench;
pub(crate) mod board;
pub(crate) mod database;
pub(crate) mod event_socket;
pub(crate) mod faults;
pub(crate) mod hooks;
pub(crate) mod hub;
pub(crate) mod peer;
pub(crate) mod recorded_event_socket;
pub(crate) mod recording;
pub(crate) mod running_source;
