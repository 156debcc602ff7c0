//! Themes of the user's own: each is another theme with some colours changed, under `[ui.own_theme]` or in a file
//! `themes/NAME.toml` beside the configuration.

use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::section::{Diagnostics, Section};
use super::{Error, Problem, Problems, finish};
use crate::ui::theme::{Colours, Palette};

/// The most themes that are read.
const MAX_THEMES: usize = 64;
/// The longest file of a theme, in bytes.
const MAX_THEME_BYTES: u64 = 64 * 1024;

/// A theme's name, and its colours or what is wrong with its file.
pub(super) type OwnTheme = (String, Result<Colours, Error>);

/// The files of themes beside a configuration file, in order of their names.
#[must_use]
pub fn theme_files(config: &Path) -> Vec<PathBuf> {
    let folder = config.parent().map(|folder| folder.join("themes"));
    let entries = folder.and_then(|folder| folder.read_dir().ok()).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml") && path.is_file());
    files.sort();
    files.truncate(MAX_THEMES);
    files
}

/// Read the themes beside a configuration file.
pub(super) fn load(config: &Path) -> Vec<OwnTheme> {
    let named = |path: PathBuf| Some((path.file_stem()?.to_str()?.to_owned(), read_file(&path)));
    theme_files(config).into_iter().filter_map(named).collect()
}

fn read_file(path: &Path) -> Result<Colours, Error> {
    let mut text = String::new();
    let file = std::fs::File::open(path);
    let read = file.and_then(|file| file.take(MAX_THEME_BYTES).read_to_string(&mut text));
    read.map_err(|source| Error::Read { path: path.to_owned(), source })?;
    parse(&text, &path.display().to_string())
}

/// The colours in a theme's text. `file` is its name in messages.
pub(super) fn parse(text: &str, file: &str) -> Result<Colours, Error> {
    let diagnostics = RefCell::new(Diagnostics::default());
    let (document, errors) = DeTable::parse_recoverable(text);
    let mistakes = errors.iter().map(|error| (error.span().map_or(0, |span| span.start), super::syntax(error)));
    diagnostics.borrow_mut().mistakes.extend(mistakes);
    let colours = errors.is_empty().then(|| read(Section::root(document.get_ref(), &diagnostics))).flatten();
    finish(text, file, diagnostics.into_inner())?;
    let empty = || Problem::at(text, 0, "a theme needs at least one colour, or `based_on`".to_owned());
    colours.ok_or_else(|| Error::Problems(Problems { file: file.to_owned(), list: vec![empty()] }))
}

/// The colours of a table: those of another theme, and those that differ. `None` where the table is empty.
pub(super) fn read(mut section: Section<'_>) -> Option<Colours> {
    let base = section.choice("based_on", &Palette::DEFINED);
    let is_there = !section.keys().is_empty();
    let mut colours = base.unwrap_or(Palette::DEFINED[0].1);
    for (place, key) in Colours::KEYS.into_iter().enumerate() {
        let Some(text) = section.raw_text(key) else { continue };
        match rgb(&text) {
            Some(rgb) => colours.set(place, rgb),
            None => section.complain(key, "must be a colour such as `\"#63b3ed\"`"),
        }
    }
    if is_there {
        colours.unreadable().into_iter().for_each(|(key, what)| section.complain(key, &what));
    }
    section.done();
    is_there.then_some(colours)
}

/// A colour as `#rrggbb`.
fn rgb(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}
