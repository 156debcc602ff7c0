//! The configuration: one TOML file, read into the settings of each module.
//!
//! Every key has a default, which is defined once, in [`Config::default`] or the types that it consists of; an empty
//! file is valid. Every mistake in the file is reported with its line, its key and the remedy.

mod alerts;
mod floor;
mod hub;
mod notify;
mod problem;
mod section;
mod source;
mod themes;
mod ui;
mod worklist;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use toml::de::DeTable;

use crate::alert;
use crate::engine;
use crate::language::OwnFiles;
use crate::source::Connector;
use crate::source::format::csv::{AssumedZone, ColumnsError, TableOptions, ZoneOrigin};
use crate::text::Label;

pub(crate) use floor::zone;
pub use problem::{Error, Problem, Problems};
pub use themes::theme_files;

use section::{Diagnostics, Section};
use themes::OwnTheme;

/// The most bytes of a configuration file.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The content of the configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The centre's name, on top of the board.
    pub title: Label,
    /// The name that is recorded with acknowledgements; the login name if absent.
    pub who: Option<Label>,
    /// How contacts are counted, and the targets and limits.
    pub floor: engine::Settings,
    /// The zone of times in tables that tell none: the floor's.
    pub table_zone: AssumedZone,
    /// Where events come from.
    pub sources: Vec<crate::source::Settings>,
    /// The alert rules in force: the built-in ones as the file changes them, and those that it adds.
    pub rules: Vec<alert::Rule>,
    /// Settings of all alert rules.
    pub alerts: alert::Settings,
    /// Settings of the worklists.
    pub worklist: crate::worklist::Settings,
    /// The screen.
    pub ui: crate::ui::Settings,
    /// The journal.
    pub journal: JournalSettings,
    /// Where the board finds a hub, or how its own floor is offered to other boards.
    pub hub: crate::hub::Settings,
    /// The targets of notifications.
    pub notify: Vec<crate::notify::Settings>,
    /// What is wrong with themes that are not in use, which are left out.
    pub theme_mistakes: Vec<String>,
}

/// The `[journal]` table: what is kept on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalSettings {
    /// The database file; `floorwatch.db` in [`state_folder`] if absent.
    pub path: Option<PathBuf>,
    /// Events older than this many days are deleted; 1 to 3650.
    pub keep_days: u32,
    /// Figures older than this many days are deleted; 1 to 3650, and not before the events.
    pub keep_figures_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            title: Label::fixed("floorwatch"),
            who: None,
            floor: engine::Settings::default(),
            table_zone: AssumedZone::default(),
            sources: Vec::new(),
            rules: alert::built_in(),
            alerts: alert::Settings::default(),
            worklist: crate::worklist::Settings::default(),
            ui: crate::ui::Settings::default(),
            journal: JournalSettings::default(),
            hub: crate::hub::Settings::default(),
            notify: Vec::new(),
            theme_mistakes: Vec::new(),
        }
    }
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { path: None, keep_days: 35, keep_figures_days: 400 }
    }
}

impl Config {
    /// Read a configuration from its text. `file` is its name in messages; `machine_zone` is the time zone if
    /// the text names none, or why it is not known.
    ///
    /// # Errors
    /// [`Error::Problems`] with every mistake found, [`Error::MachineZone`] where there is no time zone.
    pub fn parse(text: &str, file: &str, machine_zone: Result<Tz, String>) -> Result<Self, Error> {
        Self::parse_with(text, file, machine_zone, &[])
    }

    /// The same beside themes in files.
    fn parse_with(
        text: &str,
        file: &str,
        machine_zone: Result<Tz, String>,
        themes: &[OwnTheme],
    ) -> Result<Self, Error> {
        let diagnostics = RefCell::new(Diagnostics::default());
        let (mut config, has_zone) = Self::read(text, &diagnostics, themes);
        finish(text, file, diagnostics.into_inner())?;
        let (zone, from) = if has_zone {
            (config.floor.calendar.zone, ZoneOrigin::Configuration)
        } else {
            (machine_zone.map_err(Error::MachineZone)?, ZoneOrigin::Machine)
        };
        config.set_zone(zone, from);
        Ok(config)
    }

    /// Read a configuration file.
    ///
    /// # Errors
    /// [`Error::Read`] where the file can't be read; else those of [`Config::parse`].
    pub fn load(path: &Path, machine_zone: Result<Tz, String>) -> Result<Self, Error> {
        let themes = themes::load(path);
        let mut config = Self::parse_with(&read_file(path)?, &path.display().to_string(), machine_zone, &themes)?;
        let broken = themes.iter().filter_map(|(_, read)| read.as_ref().err());
        config.theme_mistakes = broken.map(|error| format!("a theme is left out: {}", error.in_one_line())).collect();
        Ok(config)
    }

    /// Set the zone of the floor. Times in tables that tell no zone are of this one, too.
    pub fn set_zone(&mut self, zone: Tz, from: ZoneOrigin) {
        self.floor.calendar.zone = zone;
        self.table_zone = AssumedZone { zone, from };
        for source in &mut self.sources {
            if let Connector::File(file) = &mut source.connector {
                file.zone = self.table_zone;
            }
        }
    }

    /// How files are read that no source names; `columns` is the file of a mapping, or the name of a preset.
    ///
    /// # Errors
    /// If the mapping or one of the presets cannot be read.
    pub fn tables(&self, columns: Option<&Path>) -> Result<TableOptions, ColumnsError> {
        let mut tables = TableOptions::load(columns, csv_presets().as_deref())?;
        tables.zone = self.table_zone;
        tables.site.extend(self.sources.iter().map(crate::source::Settings::site));
        Ok(tables)
    }

    /// What `check` shows beside the sources: connections to the hub and to the targets of notifications that are not
    /// protected, and themes that are left out.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let targets = self.notify.iter().filter_map(crate::notify::Settings::protection_remark);
        self.hub.protection_remark().into_iter().chain(targets).chain(self.theme_mistakes.iter().cloned()).collect()
    }

    /// The configuration in `text`, and whether it names a time zone.
    fn read(text: &str, diagnostics: &RefCell<Diagnostics>, themes: &[OwnTheme]) -> (Self, bool) {
        let mut config = Self::default();
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let mistakes = errors.iter().map(|error| (error.span().map_or(0, |span| span.start), syntax(error)));
            diagnostics.borrow_mut().mistakes.extend(mistakes);
            return (config, false);
        }
        let mut root = Section::root(document.get_ref(), diagnostics);
        if let Some(title) = root.text("title") {
            config.title = title;
        }
        config.who = root.text("who");
        let has_zone = root.has("timezone");
        floor::read(&mut config.floor, &mut root);
        config.sources = source::read(&mut root);
        alerts::read(&mut config, &mut root);
        worklist::read(&mut config.worklist, root.section("worklist"));
        ui::read(&mut config.ui, root.section("ui"), themes);
        config.journal.read(root.section("journal"));
        config.hub = hub::read(&root.section("hub"));
        config.notify = notify::read(&mut root);
        root.done();
        (config, has_zone)
    }
}

impl JournalSettings {
    fn read(&mut self, mut section: Section<'_>) {
        self.path = section.raw_text("path").map(PathBuf::from);
        for (key, kept) in [("keep_days", &mut self.keep_days), ("keep_figures_days", &mut self.keep_figures_days)] {
            if let Some(days) = section.count(key) {
                match u32::try_from(days) {
                    Ok(days @ 1..=3650) => *kept = days,
                    _ => section.complain(key, "must be between 1 and 3650"),
                }
            }
        }
        section.done();
    }
}

/// The folder of a user's own presets for tables, which need not be there.
#[must_use]
pub fn csv_presets() -> Option<PathBuf> {
    presets("csv")
}

/// The user's own files of languages.
#[must_use]
pub fn languages() -> OwnFiles {
    OwnFiles { folder: default_path().and_then(|path| Some(path.parent()?.join("languages"))) }
}

/// The folder of the user's own presets of a kind.
fn presets(kind: &str) -> Option<PathBuf> {
    Some(default_path()?.parent()?.join("presets").join(kind))
}

/// The default path of the configuration file: `floorwatch/config.toml` in the user's configuration folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "floorwatch").map(|folders| folders.config_dir().join("config.toml"))
}

/// Whether nothing exists at `path`, so that a default may be used. A broken link, also in a parent folder, and a
/// folder that cannot be entered count as something.
pub(crate) fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        && path.ancestors().skip(1).find(|folder| folder.symlink_metadata().is_ok()).is_none_or(Path::is_dir)
}

/// The default directory of the journal: `floorwatch` in the user's state folder.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "floorwatch")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

/// The content of a file of the configuration.
///
/// # Errors
/// If it can't be read, or is longer than `MAX_FILE_BYTES`.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    let is_long = bytes.len() as u64 > MAX_FILE_BYTES;
    if is_long { Err(io::Error::other("it is longer than 1 MiB, which no configuration is")) } else { Ok(bytes) }
}

fn read_file(path: &Path) -> Result<String, Error> {
    let text = read_bytes(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| {
            let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            io::Error::other(format!("line {line} is no UTF-8: save the file in that encoding"))
        })
    });
    text.map_err(|source| {
        let path = path.to_owned();
        // The system's message, that there is no such file, would mislead: the link itself exists.
        match path.read_link() {
            Ok(target) if !path.exists() => Error::DanglingLink { path, target },
            _ => Error::Read { path, source },
        }
    })
}

fn finish(text: &str, file: &str, mut diagnostics: Diagnostics) -> Result<(), Error> {
    if diagnostics.mistakes.is_empty() {
        return Ok(());
    }
    diagnostics.mistakes.sort_by_key(|(at, _)| *at);
    let list = diagnostics.mistakes.into_iter().map(|(at, what)| Problem::at(text, at, what)).collect();
    Err(Error::Problems(Problems { file: file.to_owned(), list }))
}

/// The parser's message on one line.
fn syntax(error: &toml::de::Error) -> String {
    error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
