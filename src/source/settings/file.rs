//! A file as a source.

use std::path::PathBuf;

use serde::Deserialize;

use crate::source::format::csv::{Columns, ColumnsError};
use crate::source::format::detect::InputFormat;
use crate::source::format::queue_log::Verbs;

/// The keys of a source that is a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// What it holds; from the source's `kind`.
    #[serde(skip, default = "queue_log")]
    pub kind: InputFormat,
    /// The file.
    pub path: PathBuf,
    /// Go on reading while the file grows, and when it is rotated; else read it once.
    #[serde(default = "yes")]
    pub follow: bool,
    /// The columns of a table.
    #[serde(default)]
    pub csv: Option<Columns>,
    /// A file that holds them.
    #[serde(default)]
    pub columns: Option<PathBuf>,
    /// The names of a centre's own verbs in queue_log.
    #[serde(default)]
    pub verbs: Verbs,
    /// After so many seconds without a line the source is stale; 0 for never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u64,
}

const fn queue_log() -> InputFormat {
    InputFormat::QueueLog
}

const fn yes() -> bool {
    true
}

const fn five_minutes() -> u64 {
    300
}

impl FileSettings {
    /// A file of `kind` at `path`, all else as usual.
    #[must_use]
    pub fn new(kind: InputFormat, path: PathBuf) -> Self {
        Self {
            kind,
            path,
            follow: true,
            csv: None,
            columns: None,
            verbs: Verbs::default(),
            stale_after_s: five_minutes(),
        }
    }

    /// The columns of a table, from here or from their file; `None` where it is no table.
    ///
    /// # Errors
    /// Where there are none, or they can't work.
    pub fn table_columns(&self) -> Result<Option<Columns>, ColumnsError> {
        match (self.kind, &self.csv, &self.columns) {
            (InputFormat::Csv, Some(columns), _) => columns.check().map(|()| Some(columns.clone())),
            (InputFormat::Csv, None, Some(path)) => Columns::load(path).map(Some),
            (InputFormat::Csv, None, None) => Err(ColumnsError::NoTime),
            (InputFormat::QueueLog | InputFormat::Events, ..) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_little_and_nothing_unknown() {
        let text = r#"
            path = "s.csv"
            follow = false
            stale_after_s = 0
            csv = { time = "When", csat = "Rating" }
            [verbs]
            CALLSTATUS = "resolved"
        "#;
        let file = FileSettings { kind: InputFormat::Csv, ..toml::from_str(text).unwrap() };
        assert!(!file.follow && file.stale_after_s == 0 && file.verbs.0.len() == 1);
        assert!(file.table_columns().unwrap().unwrap().csat.is_some());
        assert!(toml::from_str::<FileSettings>(&text.replace("follow", "folow")).is_err());
        assert!(FileSettings::new(InputFormat::QueueLog, "x".into()).table_columns().unwrap().is_none());
        assert!(FileSettings::new(InputFormat::Csv, "x".into()).table_columns().is_err());
    }
}
