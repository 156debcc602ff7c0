//! The keys of a source that is a file.

use std::path::PathBuf;

use serde::Deserialize;

use crate::source::format::csv::{AssumedZone, Columns, ColumnsError, TableOptions};
use crate::source::format::detect::InputFormat;
use crate::source::format::queue_log::{AgentAliases, SiteNames, Verbs};

/// The keys of a source that is a file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// The format, which follows from the source's `kind`.
    #[serde(skip, default = "queue_log")]
    pub kind: InputFormat,
    /// The path of the file.
    pub path: PathBuf,
    /// Whether to follow the file while it grows, and across rotations; otherwise it is read once.
    #[serde(default = "yes")]
    pub follow: bool,
    /// The zone in which a table's times are that tell none.
    #[serde(skip)]
    pub zone: AssumedZone,
    /// The columns of a table.
    #[serde(default)]
    pub csv: Option<Columns>,
    /// The path of a file that holds the columns, or the name of a preset.
    #[serde(default)]
    pub columns: Option<PathBuf>,
    /// The site's own verbs in queue_log.
    #[serde(default)]
    pub verbs: Verbs,
    /// Other names of agents in queue_log.
    #[serde(default)]
    pub agent_aliases: AgentAliases,
    /// The source is stale after this many seconds without a new line; 0 means never.
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
    /// Settings for a file of `kind` at `path`, with the defaults of all other keys.
    #[must_use]
    pub fn new(kind: InputFormat, path: PathBuf) -> Self {
        Self {
            kind,
            path,
            follow: true,
            zone: AssumedZone::default(),
            csv: None,
            columns: None,
            verbs: Verbs::default(),
            agent_aliases: AgentAliases::default(),
            stale_after_s: five_minutes(),
        }
    }

    /// The centre's own words in queue_log.
    #[must_use]
    pub fn site(&self) -> SiteNames {
        SiteNames { verbs: self.verbs.clone(), agents: self.agent_aliases.clone() }
    }

    /// How the file is read.
    ///
    /// # Errors
    /// As [`FileSettings::table_columns`].
    pub fn tables(&self) -> Result<TableOptions, ColumnsError> {
        let columns = self.table_columns()?;
        Ok(TableOptions { columns, site: self.site(), zone: self.zone, ..TableOptions::default() })
    }

    /// The columns of a table, from this table or from the columns file; `None` if the format is not a table.
    ///
    /// # Errors
    /// If no columns are configured, or they cannot work.
    pub fn table_columns(&self) -> Result<Option<Columns>, ColumnsError> {
        let columns = match (self.kind, &self.csv, &self.columns) {
            (InputFormat::Csv, Some(columns), _) => columns.check().map(|()| columns.clone()),
            (InputFormat::Csv, None, Some(path)) => {
                TableOptions::load(Some(path), None)?.columns.ok_or(ColumnsError::NoColumns)
            }
            (InputFormat::Csv, None, None) => Err(ColumnsError::NoColumns),
            (InputFormat::QueueLog | InputFormat::Events, ..) => return Ok(None),
        }?;
        if columns.has_legs() && self.follow {
            // Whether another row of a contact will come, only the end of the table tells.
            return Err(ColumnsError::Wrong(vec!["legs: set follow = false, the table must be complete".to_owned()]));
        }
        Ok(Some(columns))
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
        let legs = text.replace("csat =", "legs = true, contact =").replace("follow = false", "");
        let legs = FileSettings { kind: InputFormat::Csv, ..toml::from_str(&legs).unwrap() };
        assert!(legs.table_columns().unwrap_err().to_string().contains("follow = false"));
        assert!(toml::from_str::<FileSettings>(&text.replace("follow", "folow")).is_err());
        assert!(FileSettings::new(InputFormat::QueueLog, "x".into()).table_columns().unwrap().is_none());
        assert!(FileSettings::new(InputFormat::Csv, "x".into()).table_columns().is_err());
    }
}
