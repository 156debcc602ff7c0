//! What views are made of.

pub mod bands;
pub mod digits;
pub mod panel;
pub mod table;
pub mod tile;
pub mod trend;
