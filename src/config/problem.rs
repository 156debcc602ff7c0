//! The mistakes in a configuration file, each with its position and remedy.

use std::fmt;
use std::path::PathBuf;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("{}", .path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The file is a link whose target cannot be reached.
    #[error(
        "{} is a link to {}, which is not there or may not be reached: mend the link, or take it away",
        .path.display(), .target.display()
    )]
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// The target, as it is written in the link.
        target: PathBuf,
    },
    /// The command line names a theme that there is not.
    #[error("--theme: {0}")]
    Theme(String),
    /// Neither the file nor the machine names a time zone; holds the reason.
    #[error("{0}; or name the zone with `timezone` in the configuration or with --timezone")]
    MachineZone(String),
    /// The file holds mistakes: all that were found, in the order of the file.
    #[error("{0}")]
    Problems(Problems),
}

impl Error {
    /// The error on one line: of several mistakes the first.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        match self {
            Self::Problems(Problems { file, list }) => {
                let more = list.len().saturating_sub(1);
                let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
                let first = list.first().map(|problem| format!("{file}:{}: {}", problem.line, problem.text));
                format!("{}{more}", first.unwrap_or_default())
            }
            Self::Read { path, source } => format!("{}: {source}", path.display()),
            other => other.to_string(),
        }
    }
}

/// The mistakes of one file, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file's name as given.
    pub file: String,
    /// The mistakes, in the order of the file.
    pub list: Vec<Problem>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to do about it; it names the key.
    pub text: String,
}

impl Problem {
    /// A mistake at a byte of the file.
    pub(super) fn at(file_text: &str, byte: usize, text: String) -> Self {
        let before = file_text.get(..byte).unwrap_or(file_text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).map_or(0, |part| part.chars().count()) + 1;
        Self { line, column, text }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.list.len() > 1 {
            write!(f, "{} mistakes in {}:", self.list.len(), self.file)?;
        }
        for problem in &self.list {
            let indent = if self.list.len() > 1 { "\n  " } else { "" };
            write!(f, "{indent}{}:{}:{}: {}", self.file, problem.line, problem.column, problem.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let problem = Problem::at("a = 1\nü = é!\n", "a = 1\nü = é".len(), "no".to_owned());
        assert_eq!((problem.line, problem.column), (2, 6));
    }
}
