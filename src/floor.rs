//! The floor: the one task that owns engine, alerts and journal, and the handle that everybody else holds.

pub mod handle;

pub use handle::{Handle, Lost};
