//! `floorwatch digest`: what a week, a month or a quarter showed, of a running floor or of the journal of one.

use std::path::PathBuf;

use super::{Error, print, times};
use crate::app;
use crate::clock::Time;
use crate::config::Config;
use crate::report::digest::{Cadence, Digest, DigestData, DigestPeriod};

const CADENCES: [&str; 3] = ["weekly", "monthly", "quarterly"];
const FORMATS: [&str; 2] = ["md", "html"];

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// The last whole week (from Monday on), month or quarter
    #[arg(value_parser = super::words(&CADENCES, Cadence::parse))]
    pub cadence: Cadence,
    /// The time before which the week, month or quarter is over [default: now]
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// Markdown or an HTML page
    #[arg(long, default_value = "md", value_parser = FORMATS)]
    pub format: String,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Args {
    /// Print the digest.
    ///
    /// # Errors
    /// Where `--before` is no time or has not come yet, the floor can't be asked, or the file can't be written.
    pub fn run(&self, config: &Config, now: Time) -> Result<(), Error> {
        let at = times::instant("--before", self.before.as_deref(), &config.floor.calendar)?.unwrap_or(now);
        if at > now {
            return Err(Error::Usage("--before: that is yet to come: give a time that is past".to_owned()));
        }
        let period = DigestPeriod::before(self.cadence, at, config.floor.calendar);
        let data = if let Some((mut engine, annotations)) = app::stored_floor(config, now)? {
            DigestData::of_engine(&mut engine, &period, now)?.with_annotations(&period, annotations.shown().iter())
        } else {
            let of_floor = period.clone();
            app::query(config, |handle| async move { DigestData::gather(&handle, &of_floor).await })???
        };
        let digest = Digest { period, data };
        let text = if self.format == "html" { digest.html() } else { digest.markdown() };
        let Some(path) = &self.output else { return print(text.as_bytes()) };
        std::fs::write(path, text).map_err(|error| Error::Write { path: path.clone(), error })
    }
}
