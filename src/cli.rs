//! The command line.
//!
//! Each command has a file with its arguments, `Args`, and the function that checks them, combines them with the
//! configuration and runs the command.

pub mod alerts;
pub mod annotate;
pub mod audit;
pub mod check;
pub mod completions;
pub mod demo;
pub mod digest;
pub mod handover;
pub mod hub;
pub mod kiosk;
mod machine_zone;
pub mod map;
mod output;
mod progress;
pub mod replay;
pub mod report;
pub mod snapshot;
pub mod times;
pub mod worklist;

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand};

use crate::app;
use crate::app::Reloadable;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::language::{self, LanguageChoice, LanguageError};
use crate::source::file::read;
use crate::source::format::csv::{ColumnsError, ZoneOrigin};
use crate::source::tally::InputTally;
use crate::text::Label;
use crate::ui::glyphs::GlyphSet;
use crate::ui::going;
use crate::ui::locator::ViewLocator;
use crate::ui::settings::KeyLock;
use crate::ui::theme::Palette;

pub use output::{print, width};

/// A live wallboard in the terminal for contact centres.
///
/// Without a command, it shows the board of the configured floor, or without a configuration a simulated floor.
#[derive(Debug, Parser)]
#[command(name = "floorwatch", version, about, long_about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub global: Global,
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub command: Option<Command>,
}

/// The options of every command.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the command line")]
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The configuration file [default: floorwatch/config.toml in the user's configuration folder]
    #[arg(short, long, global = true, value_name = "FILE", env = "FLOORWATCH_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Write a log to this file; it is never shown on the screen
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// The language of the board and of reports for people, such as `de`; the default is that of the environment
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// The colours; `NO_COLOR` in the environment takes precedence
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Tell the floor in plain lines, changes only: for screen readers, or to write down
    #[arg(long, global = true)]
    pub plain: bool,
    /// Draw new data with at most 2,000 bytes a second, for a slow line
    #[arg(long, global = true)]
    pub low_bandwidth: bool,
    /// Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work
    #[arg(long, global = true, value_name = "KEYS", num_args = 0..=1, require_equals = true, default_missing_value = "all",
        value_parser = words(&["all", "view"], lock))]
    pub locked: Option<KeyLock>,
    /// The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`
    #[arg(long, global = true, value_name = "VIEW", value_parser = going::read)]
    pub at: Option<ViewLocator>,
    /// Show times in UTC
    #[arg(long, global = true, conflicts_with = "timezone")]
    pub utc: bool,
    /// Show times in this zone, such as `Europe/London`
    #[arg(long, global = true, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<Tz>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the board of a simulated floor
    Demo(demo::Args),
    /// Show the board of the configured floor in figures that are read across a room, page after page
    Kiosk(kiosk::Args),
    /// Play a recorded day as if it were live: pause, step, seek
    Replay(replay::Args),
    /// Print figures from files
    Report(report::Args),
    /// Propose which column of a table is which, and show its first contacts
    Map(map::Args),
    /// Run the floor without a screen, for many boards
    Hub(hub::Args),
    /// Print what a running floor shows now, for scripts and monitors: exit code 0 ok, 1 warning, 2 critical, 3 unknown
    Snapshot(snapshot::Args),
    /// List, acknowledge, snooze and annotate the alerts of a running floor
    Alerts(alerts::Args),
    /// List, claim, close and annotate what there is to do on a running floor: whom to call back, low scores to follow up
    Worklist(worklist::Args),
    /// Say what happened, so that whoever looks at a curve later knows why it bends: a new script, an outage
    Annotate(annotate::Args),
    /// Print what the shift leaves to the next one: open alerts, what was done, the worst half hours, who waits
    Handover(handover::Args),
    /// Print what the last week, month or quarter showed against the ones before, and what to do about it
    Digest(digest::Args),
    /// Print which figures and rules of the last 90 days changed what anybody did, and what could go
    Audit(audit::Args),
    /// Check the configuration, try each source, and show what it would deliver
    Check(check::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the manual page
    Man,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments contradict each other or the configuration.
    #[error("{0}")]
    Usage(String),
    /// The configuration can't be read or holds mistakes.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// There is no such language, or its file has mistakes.
    #[error("the language: {0}")]
    Language(#[from] LanguageError),
    /// A file can't be read, or isn't of a known format.
    #[error(transparent)]
    Read(#[from] read::Error),
    /// No line of the files could be read as an event.
    #[error(transparent)]
    NothingRead(NothingRead),
    /// No mapping can be proposed.
    #[error("{}: {reason}", path.display())]
    NoProposal {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A file can't be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The file of `--columns` can't be read or holds mistakes.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// `check` found this many sources or files that can't be reached or read; it has printed which ones.
    #[error("{0} of them can't be reached or read")]
    Unsound(usize),
    /// The running floor has no worklists.
    #[error("the floor there is of an older version and has no worklists: update it")]
    NoWorklist,
    /// The running floor refused a command about an alert or an item.
    #[error(transparent)]
    Refused(#[from] crate::alert::CommandRefusal),
    /// The running floor ended before it answered.
    #[error(transparent)]
    FloorClosed(#[from] crate::floor::FloorClosed),
    /// The query's answer would be too large.
    #[error(transparent)]
    TooLarge(#[from] crate::engine::AnswerTooLarge),
    /// `snapshot` found no running floor.
    #[error("UNKNOWN - {0}")]
    Unknown(#[source] app::Error),
    /// `snapshot` found a floor without the queue of `--queue`.
    #[error("UNKNOWN - no queue is called `{0}`")]
    UnknownQueue(Label),
    /// The runtime for the trial of sources can't be started.
    #[error("cannot try the sources")]
    Trial(#[source] std::io::Error),
    /// The board or the hub failed.
    #[error(transparent)]
    App(#[from] app::Error),
    /// Standard output can't be written to.
    #[error("standard output")]
    Output(#[source] std::io::Error),
}

/// Nothing could be read of files: the figures would be zeros.
#[derive(Clone, Debug, thiserror::Error)]
#[error("nothing in {files} is an event: {why}")]
pub struct NothingRead {
    files: String,
    why: String,
}

impl NothingRead {
    /// How many reasons are named.
    const MAX_REASONS: usize = 3;

    fn of(files: &[PathBuf], tally: &InputTally) -> Self {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let rejections = tally.incomplete.iter().chain(&tally.rejections).take(Self::MAX_REASONS);
        let mut why: Vec<String> = rejections.map(|r| format!("{}:{}: {}", r.place, r.line, r.reason)).collect();
        let unnamed = tally.rejected.saturating_sub(why.len() as u64);
        if unnamed > 0 {
            why.push(format!("and {unnamed} more lines"));
        }
        why.extend(tally.remarks.iter().cloned());
        if why.is_empty() {
            why.push("they are empty".to_owned());
        }
        Self { files: names.join(", "), why: why.join("; ") }
    }
}

impl Error {
    /// The exit code: 2 for the command line, 3 where nothing is known of the floor, 1 for the rest.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Unknown(_) | Self::UnknownQueue(_) => 3,
            Self::Refused(_)
            | Self::NoWorklist
            | Self::FloorClosed(_)
            | Self::Config(_)
            | Self::Language(_)
            | Self::App(_)
            | Self::Read(_)
            | Self::Columns(_)
            | Self::NothingRead(_)
            | Self::NoProposal { .. }
            | Self::Write { .. }
            | Self::Unsound(_)
            | Self::Trial(_)
            | Self::Output(_)
            | Self::TooLarge(_) => 1,
        }
    }
}

impl Command {
    /// Whether it shows a board, which the options of boards are about.
    const fn shows_board(&self) -> bool {
        matches!(self, Self::Demo(_) | Self::Kiosk(_) | Self::Replay(_))
    }
}

impl Global {
    /// Refuse the options that only a board obeys: another command would ignore them.
    fn check_without_board(&self) -> Result<(), Error> {
        let given = [
            ("--at", self.at.is_some()),
            ("--locked", self.locked.is_some()),
            ("--low-bandwidth", self.low_bandwidth),
            ("--plain", self.plain),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map_or(Ok(()), |(option, _)| {
            Err(Error::Usage(format!("{option} is an option of boards, and this command shows none: leave it out")))
        })
    }

    /// The configuration with the options of the command line applied, and the path of its file. The file may be absent
    /// unless `--config` names one.
    ///
    /// # Errors
    /// [`config::Error`] where the file can't be read or holds mistakes.
    pub fn configuration(&self) -> Result<(Config, Option<PathBuf>), config::Error> {
        let path = self.config.clone().or_else(|| config::default_path().filter(|path| !config::is_absent(path)));
        // What the command line says makes the machine's zone irrelevant, however it is set.
        let zone = if self.utc { Some(Tz::UTC) } else { self.timezone };
        let zone = zone.map_or_else(machine_zone::machine_zone, Ok);
        let mut config = match &path {
            Some(path) => Config::load(path, zone)?,
            None => Config::parse("", "", zone)?,
        };
        self.apply_to(&mut config)?;
        Ok((config, path))
    }

    /// The same as [`Self::configuration`], with something done to it, and how it is read again while the program runs.
    fn reloadable(
        &self,
        change: impl Fn(Config) -> Config + Send + Sync + 'static,
    ) -> Result<(Config, Option<Reloadable>), config::Error> {
        let (config, path) = self.configuration()?;
        let config = change(config);
        // A file that is gone by then is missed, also where it was not named.
        let global = Self { config: path.clone(), ..self.clone() };
        let again = |path| Reloadable::new(path, move || Ok(change(global.configuration()?.0)));
        Ok((config, path.map(again)))
    }

    /// Speak the language of the people that a command shows something to, from now on. `ascii` says whether their terminal
    /// has ASCII alone.
    fn speak(config: &Config, ascii: bool) -> Result<(), Error> {
        let (language, locale) = (config.ui.language.as_deref(), config.ui.locale.as_deref());
        let choice = LanguageChoice::new(language, locale, |name| std::env::var(name).ok());
        language::set(choice.load(&config::languages(), ascii)?);
        Ok(())
    }

    /// The configuration of a command that shows the board, with something done to it, and how it is read again.
    fn for_board(
        &self,
        change: impl Fn(Config) -> Config + Send + Sync + 'static,
    ) -> Result<(Config, Option<Reloadable>), Error> {
        let (config, reloadable) = self.reloadable(change)?;
        Self::speak(&config, GlyphSet::of(config.ui.ascii) == GlyphSet::Ascii)?;
        Ok((config, reloadable))
    }

    /// The configuration of a command that prints for people.
    fn for_print(&self) -> Result<Config, Error> {
        let config = self.configuration()?.0;
        Self::speak(&config, config.ui.ascii == Some(true))?;
        Ok(config)
    }

    /// Applies the options of the command line over those of the file.
    fn apply_to(&self, config: &mut Config) -> Result<(), config::Error> {
        if self.utc {
            config.set_zone(Tz::UTC, ZoneOrigin::CommandLine);
            config.ui.zone = None;
        }
        if let Some(zone) = self.timezone {
            config.set_zone(zone, ZoneOrigin::CommandLine);
            config.ui.zone = None;
        }
        if let Some(theme) = &self.theme {
            config.ui.theme = Palette::find(theme, &config.ui.themes).map_err(config::Error::Theme)?;
        }
        if self.ascii {
            config.ui.ascii = Some(true);
        }
        if self.language.is_some() {
            config.ui.language = self.language.clone().filter(|tag| tag != "auto");
        }
        config.ui.at.clone_from(&self.at);
        config.ui.low_bandwidth |= self.low_bandwidth;
        config.ui.plain |= self.plain;
        if let Some(lock) = self.locked {
            config.ui.lock = lock;
            config.ui.mouse = false;
        }
        Ok(())
    }
}

/// Runs the command and returns the exit code.
///
/// # Errors
/// [`Error`] where it can't be done.
pub fn run(cli: &Cli) -> Result<u8, Error> {
    let log_file = cli.global.log_file.as_deref();
    if cli.command.as_ref().is_some_and(|command| !command.shows_board()) {
        cli.global.check_without_board()?;
    }
    match &cli.command {
        Some(Command::Completions(args)) => print(&completions::script(args.shell))?,
        Some(Command::Man) => print(&completions::manual().map_err(Error::Output)?)?,
        Some(Command::Report(args)) => {
            args.print(&args.report(cli.global.for_print()?, Clock::System.now())?)?;
        }
        Some(Command::Map(args)) => args.run(cli.global.configuration()?.0.table_zone)?,
        Some(Command::Replay(args)) => {
            let (config, _) = cli.global.for_board(std::convert::identity)?;
            let replay = args.replay(&config)?;
            app::replay(config, &replay, log_file)?;
        }
        Some(Command::Check(args)) => run_check(args, &cli.global)?,
        Some(Command::Snapshot(args)) => return args.run(&cli.global.configuration()?.0),
        Some(Command::Hub(args)) => {
            let (config, reloadable) = cli.global.reloadable(std::convert::identity)?;
            args.run(&config, reloadable, log_file)?;
        }
        Some(Command::Handover(args)) => args.run(&cli.global.for_print()?)?,
        Some(Command::Digest(args)) => args.run(&cli.global.for_print()?, Clock::System.now())?,
        Some(Command::Annotate(args)) => args.run(&cli.global.configuration()?.0)?,
        Some(Command::Audit(args)) => args.run(&cli.global.for_print()?, Clock::System.now())?,
        Some(Command::Alerts(args)) => args.run(&cli.global.configuration()?.0)?,
        Some(Command::Worklist(args)) => args.run(&cli.global.configuration()?.0)?,
        Some(Command::Kiosk(args)) => {
            let (args, has_theme) = (args.clone(), cli.global.theme.is_some());
            let (config, reloadable) = cli.global.for_board(move |config| args.settings(config, has_theme))?;
            show_board(config, reloadable, log_file)?;
        }
        Some(Command::Demo(args)) => {
            let (config, reloadable) = cli.global.for_board(std::convert::identity)?;
            app::demo(config, reloadable, args.demo(), log_file)?;
        }
        None => {
            let (config, reloadable) = cli.global.for_board(std::convert::identity)?;
            show_board(config, reloadable, log_file)?;
        }
    }
    Ok(0)
}

fn run_check(args: &check::Args, global: &Global) -> Result<(), Error> {
    let found = match global.configuration() {
        Ok((config, path)) => args.inspect(&config, path.as_deref(), &Clock::System)?,
        Err(error) => {
            if args.json {
                let report = check::CheckReport::of_unreadable_config(global.config.as_deref(), &error);
                print(report.json().as_bytes())?;
            }
            return Err(error.into());
        }
    };
    let text = if args.json { found.json() } else { found.lines() };
    print(text.as_bytes())?;
    if found.faults() > 0 { Err(Error::Unsound(found.faults())) } else { Ok(()) }
}

/// Shows the configured floor. Without sources and a hub in the configuration, shows a floor that another process on this
/// machine runs, or else the simulated one.
fn show_board(config: Config, reloadable: Option<Reloadable>, log_file: Option<&Path>) -> Result<(), app::Error> {
    if !config.sources.is_empty() || config.hub.url.is_some() {
        return app::board(config, reloadable, log_file);
    }
    match app::remote_board(config.clone(), reloadable.clone(), log_file) {
        Ok(None) | Err(app::Error::NotShared(..)) => app::demo(config, reloadable, app::Demo::default(), log_file),
        shown => shown.map(drop),
    }
}

fn lock(word: &str) -> Option<KeyLock> {
    match word {
        "all" => Some(KeyLock::All),
        "view" => Some(KeyLock::View),
        _ => None,
    }
}

fn zone(name: &str) -> Result<Tz, String> {
    config::zone(name)
}

/// A parser of one of `names` for clap, which lists them in the help and suggests the nearest.
fn words<T: Clone + Send + Sync + 'static>(
    names: &'static [&'static str],
    parse: impl Fn(&str) -> Option<T> + Clone + Send + Sync + 'static,
) -> impl clap::builder::TypedValueParser<Value = T> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(names).try_map(move |word| parse(&word).ok_or("no such word"))
}

#[cfg(test)]
mod tests;
