//! `floorwatch check`: is the configuration sound, does each source answer, what would it see?

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::Error;
use crate::clock::Time;
use crate::config::Config;
use crate::source::Connector;
use crate::source::csv::Columns;
use crate::source::detect::Format;
use crate::source::read::{self, Options};

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

impl Args {
    /// What was found, in lines to print, and how many of the sources and files can't be read.
    ///
    /// # Errors
    /// [`Error::Columns`] where the file of `--columns` can't be read.
    pub fn look(&self, config: &Config, path: Option<&Path>, now: Time) -> Result<(String, usize), Error> {
        let mut out = path.map_or_else(
            || "no configuration file: the board would show the simulated floor\n".to_owned(),
            |path| format!("{}: sound; sources: {}\n", path.display(), config.sources.len()),
        );
        let mut faults = 0;
        for source in &config.sources {
            let Connector::File(file) = &source.connector else { continue };
            let found = file.table_columns().map_err(|error| error.to_string()).and_then(|columns| {
                let options = Options { columns, verbs: file.verbs.clone(), now: Some(now), ..Options::default() };
                see(&file.path, &options)
            });
            faults += say(&mut out, source.name().as_str(), found);
        }
        let columns = self.columns.as_deref().map(Columns::load).transpose()?;
        let options = Options { columns, now: Some(now), ..Options::default() };
        for file in &self.files {
            faults += say(&mut out, &file.display().to_string(), see(file, &options));
        }
        Ok((out, faults))
    }
}

/// A line on one input; 1 where it can't be read.
fn say(out: &mut String, name: &str, found: Result<String, String>) -> usize {
    let (words, faults) = found.map_or_else(|error| (error, 1), |words| (words, 0));
    let _ = writeln!(out, "{name}: {words}");
    faults
}

/// What is in a file, in words.
fn see(path: &Path, options: &Options) -> Result<String, String> {
    let mut reader = read::open(&[path.to_owned()], options).map_err(|error| error.to_string())?;
    let kind = match reader.inputs().first().and_then(|input| input.format) {
        Some(Format::QueueLog) => "queue_log",
        Some(Format::Events) => "contact events",
        Some(Format::Csv) => "a table of contacts",
        None => return Ok("empty so far".to_owned()),
    };
    let (mut events, mut span) = (0_u64, None);
    reader.for_each(&mut |event| {
        events += 1;
        let (first, last) = span.unwrap_or((event.at, event.at));
        span = Some((event.at.min(first), event.at.max(last)));
    });
    let mut words = format!("{kind}, {events} events");
    if let Some((first, last)) = span {
        let _ = write!(words, " from {first} to {last}");
    }
    let tally = reader.tally();
    if tally.rejected > 0 {
        let _ = write!(words, "; {} lines set aside", tally.rejected);
    }
    for rejection in tally.incomplete.iter().chain(&tally.rejections) {
        let _ = write!(words, "\n  {}:{}: {}", rejection.place, rejection.line, rejection.reason);
    }
    Ok(words)
}
