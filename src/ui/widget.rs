//! Widgets that know nothing of the board: panels, tables, tiles, trends, large digits.

pub mod bands;
pub mod digits;
pub mod panel;
pub mod table;
pub mod tile;
pub mod trend;
