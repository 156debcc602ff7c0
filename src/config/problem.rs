//! What is wrong with a configuration file, where, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("{}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds mistakes: all that were found, in the order of the file.
    #[error("{0}")]
    Problems(Problems),
}

/// The mistakes of one file, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file's name as given.
    pub file: String,
    /// What is wrong, in the order of the file.
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

/// The candidate nearest to a word, where one is near enough to suggest.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&candidate.to_lowercase(), &lower), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?`, or else what there is.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    nearest(word, candidates.clone()).map_or_else(
        || {
            let all: Vec<_> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
            if all.is_empty() { String::new() } else { format!("; there is {}", all.join(", ")) }
        },
        |near| format!("; did you mean `{near}`?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let problem = Problem::at("a = 1\nü = é!\n", "a = 1\nü = é".len(), "no".to_owned());
        assert_eq!((problem.line, problem.column), (2, 6));
    }

    #[test]
    fn suggests_the_nearest_word_or_names_them_all() {
        assert_eq!(suggestion("fcr_windw", ["fcr_window", "fcr_method"]), "; did you mean `fcr_window`?");
        assert_eq!(suggestion("zzz", ["fcr", "asa"]), "; there is `fcr`, `asa`");
    }
}
