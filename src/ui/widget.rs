//! Widgets that know nothing of the board: panels, tables, tiles, trends, large letters.

pub mod bands;
pub mod lettering;
pub mod panel;
pub mod plot;
pub mod table;
pub mod tile;
pub mod trend;
