//! The engine: events in, figures out.
//!
//! Pure: it takes the time as an argument and does no I/O.
