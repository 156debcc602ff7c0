//! `floorwatch check`: whether the configuration is valid, whether each source answers, and what the board would see.

mod finding;
mod first_rows;
mod render;
mod trial;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use crate::app;
use crate::board::Health;
use crate::clock::{Clock, Span, Time, duration};
use crate::config::Config;
use crate::source::file::read::Options;
use crate::source::{Connector, FileSettings, Settings};
use crate::text::{Label, Text};
use finding::Finding;
pub use render::CheckReport;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Args {
    /// Files to read, as `report` and `replay` would
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The file whose `[csv]` table names the columns of CSV files, or a preset's name
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,
    /// The longest time that a source may take to answer
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = timeout)]
    pub timeout: Span,
    /// Write one JSON object instead of lines
    #[arg(long)]
    pub json: bool,
}

impl Args {
    /// Check the hub and the sources of `config`, which came from `path`, at the same time, and the files.
    ///
    /// # Errors
    /// [`Error::Columns`] where the file of `--columns` can't be read, [`Error::Trial`] where nothing can be tried.
    pub fn inspect(&self, config: &Config, path: Option<&Path>, clock: &Clock) -> Result<CheckReport, Error> {
        let tables = config.tables(self.columns.as_deref())?;
        let now = Some(clock.now());
        let timeout = Duration::from_micros(u64::try_from(self.timeout.0).unwrap_or_default());
        let (hub, read, files, tried) = thread::scope(|scope| {
            let hub = config.hub.url.as_ref().map(|url| scope.spawn(|| of_hub(config, &url.host())));
            let tried = scope.spawn(|| trial::of_all(&config.sources, clock, timeout));
            let read: Vec<Option<Finding>> = config
                .sources
                .iter()
                .map(|source| {
                    let Connector::File(file) = &source.connector else { return None };
                    Some(of_file_source(source, file, now))
                })
                .collect();
            let options = Options { tables, now, ..Options::default() };
            let file = |path: &PathBuf| {
                Finding::about(Text::new(&path.display().to_string()), Label::default()).of_file(path, &options)
            };
            let files: Vec<Finding> = self.files.iter().map(file).collect();
            (hub.map(joined), read, files, joined(tried))
        });
        let mut tried = tried.map_err(Error::Trial)?.into_iter();
        let sources = read.into_iter().filter_map(|read| read.or_else(|| tried.next())).collect();
        Ok(CheckReport::new(path, config.remarks(), hub, sources, files))
    }
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Check that the hub answers, and what it shows.
fn of_hub(config: &Config, host: &str) -> Finding {
    let about = Finding::about(Text::new(host), Label::fixed("hub"));
    let began = Instant::now();
    match app::query(config, async |handle| handle.watch().borrow().clone()) {
        Ok(board) => Finding {
            ok: true,
            health: Some(Health::Live),
            took: i64::try_from(began.elapsed().as_micros()).ok().map(Span),
            queues: board.queues.iter().map(|row| row.id.clone()).collect(),
            agents: board.agents.iter().map(|row| row.id.clone()).collect(),
            ..about
        },
        Err(error) => about.fails(&error.to_string()),
    }
}

/// Check a source that is a file.
fn of_file_source(source: &Settings, file: &FileSettings, now: Option<Time>) -> Finding {
    let about = Finding::about(source.name().into(), source.kind_label());
    match file.tables() {
        Ok(tables) => about.of_file(&file.path, &Options { tables, now, ..Options::default() }),
        Err(error) => about.fails(&error.to_string()),
    }
}

/// Parses `--timeout`: one second to one hour.
fn timeout(text: &str) -> Result<Span, String> {
    let span = duration::parse(text).map_err(|error| error.to_string())?;
    if (Span::SECOND..=Span::HOUR).contains(&span) {
        return Ok(span);
    }
    Err("a source gets between one second and one hour".to_owned())
}
