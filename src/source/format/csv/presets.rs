//! Mappings of exports that are commonly met: assets/presets/csv, and those that a user has put into a folder.

use std::path::Path;
use std::sync::LazyLock;

use super::columns::{Columns, ColumnsError};

/// A mapping with a name.
#[derive(Clone, Debug)]
pub struct Preset {
    /// The file's name without `.toml`.
    pub name: String,
    /// The columns.
    pub columns: Columns,
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../assets/presets/csv/", $name, ".toml")))),*]
    };
}

impl Preset {
    /// The presets of the program.
    #[must_use]
    pub fn built_in() -> &'static [Self] {
        static BUILT_IN: LazyLock<Vec<Preset>> = LazyLock::new(|| {
            let files = built_in![
                "3cx-abandoned",
                "aircall",
                "amazon-connect",
                "avaya-cms",
                "avaya-ip-office",
                "cisco-uccx",
                "dialpad",
                "five9",
                "fusionpbx",
                "genesys-intervals",
                "kazoo",
                "ringcx-calls",
                "ringcx-intervals",
                "zendesk-talk",
            ];
            let read = |(name, text): (&str, &str)| {
                let columns = Columns::from_toml(text, Path::new(name)).ok()?;
                Some(Preset { name: name.to_owned(), columns })
            };
            files.into_iter().filter_map(read).collect()
        });
        &BUILT_IN
    }

    /// The presets of a folder, by name: every `.toml` file there; none if there is no such folder.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Vec<Self>, ColumnsError> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Columns::load(path).map(|columns| Self { name, columns })
        };
        paths.iter().map(read).collect()
    }

    /// The preset whose columns the header has; of several, the one with the most.
    pub(super) fn fitting<'a>(presets: &'a [Self], header: &[String]) -> Option<&'a Self> {
        let fits = presets.iter().map(|preset| (preset.columns.names().count(), preset));
        let fits = fits.filter(|(count, preset)| *count > 2 && preset.columns.count_in(header) == *count);
        // `max_by_key` returns the last of equals, so that a user's own come after those of the program.
        fits.max_by_key(|(count, _)| *count).map(|(_, preset)| preset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_of_the_program_is_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/presets/csv");
        let there = Preset::of_folder(&folder).unwrap();
        assert_eq!(there.len(), Preset::built_in().len());
    }
}
