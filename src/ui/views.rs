//! Saved views: locators under names of the user's own, in the file `views.toml` of the configuration folder. The file is read
//! whenever a command is typed, so boards of one user share it, and it can be edited meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::language::text;
use crate::text::Label;

/// The most views that are saved.
const MAX_VIEWS: usize = 200;
/// The longest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 512 * 1024;
/// What the file begins with.
const HEADING: &str =
    "# Views of floorwatch: `:save NAME` writes them, `:NAME` opens them, `:forget NAME` removes them.\n\n";

/// The locators by name.
pub type SavedViews = BTreeMap<String, String>;

/// A change of the saved views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewsChange {
    /// None: they are only read.
    Nothing,
    /// Save a locator under a name, in place of one that has it.
    Save(String, String),
    /// Forget the one of this name.
    Forget(String),
}

/// Read the saved views of a file, and change them there.
///
/// # Errors
/// Why the file can't be read or written, in words.
pub(super) fn change(file: &Path, change: &ViewsChange) -> Result<SavedViews, String> {
    let failed = |error: io::Error| text!("views-file", path = file.display().to_string(), error = error.to_string());
    let mut views = read(file).map_err(failed)?;
    let changed = match change {
        ViewsChange::Nothing => false,
        ViewsChange::Save(name, _) if views.len() >= MAX_VIEWS && !views.contains_key(name) => {
            return Err(failed(io::Error::other(text!("views-too-many", count = MAX_VIEWS))));
        }
        ViewsChange::Save(name, line) => views.insert(name.clone(), line.clone()).as_ref() != Some(line),
        ViewsChange::Forget(name) => views.remove(name).is_some(),
    };
    if changed {
        write(file, &views).map_err(failed)?;
    }
    Ok(views)
}

fn read(file: &Path) -> io::Result<SavedViews> {
    let mut text = String::new();
    match fs::File::open(file) {
        Ok(open) => open.take(MAX_FILE_BYTES).read_to_string(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SavedViews::new()),
        Err(error) => return Err(error),
    };
    let views: SavedViews = toml::from_str(&text).map_err(|error| {
        let line =
            1 + error.span().map_or(0, |at| text.as_bytes().iter().take(at.start).filter(|c| **c == b'\n').count());
        io::Error::other(text!("views-line", line = line, error = error.message()))
    })?;
    let cleaned = views.iter().map(|(name, line)| (Label::new(name).to_string(), line.clone()));
    Ok(cleaned.filter(|(name, _)| !name.is_empty()).take(MAX_VIEWS).collect())
}

/// Write the file anew, beside the old one first: whoever reads it finds a whole one.
fn write(file: &Path, views: &SavedViews) -> io::Result<()> {
    let text = toml::to_string(views).map_err(io::Error::other)?;
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    // A link stays one.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let new = file.with_extension(format!("toml.{}", std::process::id()));
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    let written = written.and_then(|mut open| {
        open.write_all(format!("{HEADING}{text}").as_bytes())?;
        open.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&new, &file));
    if renamed.is_err() {
        // What is left of it is of no use.
        let _ = fs::remove_file(&new);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(name: &str, line: &str) -> ViewsChange {
        ViewsChange::Save(name.to_owned(), line.to_owned())
    }

    #[test]
    fn views_are_saved_replaced_and_forgotten_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("floorwatch").join("views.toml");
        assert_eq!(change(&file, &ViewsChange::Nothing).unwrap(), SavedViews::new());
        change(&file, &save("morning \"rush\"", "queue/billing?window=30m")).unwrap();
        change(&file, &save("night", "agents")).unwrap();
        change(&file, &save("night", "agents?sort=-acw")).unwrap();
        let views = change(&file, &ViewsChange::Nothing).unwrap();
        assert_eq!(views["night"], "agents?sort=-acw");
        assert_eq!(views["morning \"rush\""], "queue/billing?window=30m");
        assert_eq!(change(&file, &ViewsChange::Forget("night".to_owned())).unwrap().len(), 1);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_file_with_a_mistake_is_named_with_its_line_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("views.toml");
        fs::write(&file, "a = \"overview\"\nb = 7\n").unwrap();
        let error = change(&file, &save("c", "agents")).unwrap_err();
        assert!(error.contains("views.toml") && error.contains("line 2"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "a = \"overview\"\nb = 7\n");
    }

    #[test]
    fn there_are_not_too_many_views() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("views.toml");
        let many: SavedViews = (0..MAX_VIEWS).map(|n| (format!("v{n}"), "agents".to_owned())).collect();
        write(&file, &many).unwrap();
        assert!(change(&file, &save("one more", "agents")).is_err());
        assert_eq!(change(&file, &save("v7", "intents")).unwrap()["v7"], "intents");
    }
}
