//! `floorwatch replay`: a recorded day as if it were live.

use std::path::PathBuf;

use super::Error;
use super::times;
use crate::app::Replay;
use crate::config::Config;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// Recordings: queue_log, contact events or CSV, plain or gzip; several are merged into one stream
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The speed, as a multiple of real time
    #[arg(long, default_value_t = 60.0, value_name = "N", value_parser = times::speed)]
    pub speed: f64,
    /// Where to start: RFC 3339, or a date or date and time in the centre's time zone
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// The file whose `[csv]` table names the columns of CSV files
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
}

impl Args {
    /// The replay that the arguments ask for.
    ///
    /// # Errors
    /// [`Error::Usage`] where `--from` is not a time.
    pub fn replay(&self, config: &Config) -> Result<Replay, Error> {
        let from = times::instant("--from", self.from.as_deref(), &config.floor.calendar)?;
        Ok(Replay { files: self.files.clone(), columns: self.columns.clone(), speed: self.speed, from })
    }
}
