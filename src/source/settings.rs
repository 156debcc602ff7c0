//! One `[[source]]` table of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::source::csv::{Columns, ColumnsError};
use crate::source::detect::Format;
use crate::source::queue_log::Verbs;
use crate::text::Label;

/// One `[[source]]` table of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is called on the board; its kind when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// What it speaks.
    pub kind: Format,
    /// The file.
    pub path: PathBuf,
    /// Go on reading while the file grows, and when it is rotated; else read it once.
    #[serde(default = "yes")]
    pub follow: bool,
    /// The columns of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<Columns>,
    /// A file that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<PathBuf>,
    /// The names of a centre's own verbs in queue_log.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub verbs: Verbs,
    /// After so many seconds without a line the source is stale; 0 for never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u64,
}

const fn yes() -> bool {
    true
}

const fn five_minutes() -> u64 {
    300
}

fn is_empty(verbs: &Verbs) -> bool {
    verbs.0.is_empty()
}

impl Settings {
    /// A source of `kind` at `path`, all else as usual.
    #[must_use]
    pub fn new(kind: Format, path: PathBuf) -> Self {
        Self {
            name: None,
            kind,
            path,
            follow: true,
            csv: None,
            columns: None,
            verbs: Verbs::default(),
            stale_after_s: five_minutes(),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> Label {
        self.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| self.kind_label())
    }

    /// Its kind in a word.
    #[must_use]
    pub const fn kind_label(&self) -> Label {
        Label::fixed(match self.kind {
            Format::QueueLog => "queue_log",
            Format::Events => "events",
            Format::Csv => "csv",
        })
    }

    /// The columns of a table, from here or from their file; `None` where it is no table.
    ///
    /// # Errors
    /// Where there are none, or they can't work.
    pub fn table_columns(&self) -> Result<Option<Columns>, ColumnsError> {
        match (self.kind, &self.csv, &self.columns) {
            (Format::Csv, Some(columns), _) => columns.check().map(|()| Some(columns.clone())),
            (Format::Csv, None, Some(path)) => Columns::load(path).map(Some),
            (Format::Csv, None, None) => Err(ColumnsError::NoTime),
            (Format::QueueLog | Format::Events, ..) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        source: Vec<Settings>,
    }

    #[test]
    fn a_source_needs_little_and_nothing_unknown() {
        let text = r#"
            [[source]]
            kind = "queue_log"
            path = "/var/log/asterisk/queue_log"
            [source.verbs]
            CALLSTATUS = "resolved"

            [[source]]
            name = "surveys"
            kind = "csv"
            path = "s.csv"
            follow = false
            stale_after_s = 0
            csv = { time = "When", csat = "Rating" }
        "#;
        let sources = toml::from_str::<File>(text).unwrap().source;
        assert_eq!((sources[0].name().as_str(), sources[1].name().as_str()), ("queue_log", "surveys"));
        assert!(sources[0].follow && sources[0].stale_after_s == 300 && sources[0].verbs.0.len() == 1);
        assert!(sources[0].table_columns().unwrap().is_none());
        assert!(sources[1].table_columns().unwrap().unwrap().csat.is_some());
        assert!(toml::from_str::<File>(&text.replace("follow", "folow")).is_err());
        assert!(Settings::new(Format::Csv, "x".into()).table_columns().is_err());
    }
}
