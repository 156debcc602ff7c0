//! `floorwatch check`: is the configuration sound, does each source answer, what would it see?

use std::path::PathBuf;

/// What stands on the line.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// Files to look into, as `report` and `replay` would
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The file whose `[csv]` table names the columns of CSV files
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
}
