//! `floorwatch handover`: what the shift leaves to the next one, of a running floor.

use super::{Error, print, times};
use crate::app;
use crate::config::Config;
use crate::report::handover::Handover;

const FORMATS: [&str; 2] = ["md", "html"];

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// When the shift began [default: with the business day, or eight hours ago]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Markdown or an HTML page
    #[arg(long, default_value = "md", value_parser = FORMATS)]
    pub format: String,
}

impl Args {
    /// Print the hand-over.
    ///
    /// # Errors
    /// Where `--from` is no time, or no floor runs.
    pub fn run(&self, config: &Config) -> Result<(), Error> {
        let from = times::instant("--from", self.from.as_deref(), &config.floor.calendar)?;
        let handover = app::query(config, |handle| async move { Handover::gather(&handle, from).await })??;
        if from.is_some_and(|from| from >= handover.at()) {
            return Err(Error::Usage("--from: the shift has not begun yet: give a time that is past".to_owned()));
        }
        let zone = config.ui.zone;
        let text = if self.format == "html" { handover.html(zone) } else { handover.markdown(zone) };
        print(text.as_bytes())
    }
}
