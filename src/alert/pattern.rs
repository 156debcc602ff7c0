//! Lists of names with `*` and `?`, and `!` to exclude.

use serde::{Deserialize, Serialize};

use crate::text::Label;

/// Which names a rule is about. Empty: all of them. A name is in when a plain pattern matches it (or there are
/// only excluding ones) and no `!pattern` does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// From patterns as written.
    pub fn new<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether there is none: every name is in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name is in.
    #[must_use]
    pub fn holds(&self, name: &Label) -> bool {
        let (mut wanted, mut found) = (false, false);
        for pattern in &self.0 {
            if let Some(excluded) = pattern.strip_prefix('!') {
                if matches(excluded, name.as_str()) {
                    return false;
                }
            } else {
                wanted = true;
                found |= matches(pattern, name.as_str());
            }
        }
        found || !wanted
    }
}

/// Glob matching without backtracking further than the last star: linear in practice, quadratic at worst.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut next_pattern = pattern.clone();
        let mut next_name = name.clone();
        match (next_pattern.next(), next_name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                star = Some((next_pattern.clone(), name.clone()));
                pattern = next_pattern;
                continue;
            }
            (Some('?'), Some(_)) => {}
            (Some(p), Some(n)) if p == n => {}
            _ => {
                let Some((after, from)) = &mut star else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, name) = (after.clone(), from.clone());
                continue;
            }
        }
        (pattern, name) = (next_pattern, next_name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_exclusions() {
        for (patterns, name, expected) in [
            (&[][..], "sales", true),
            (&["sales"], "sales", true),
            (&["sales"], "sales-2", false),
            (&["sales*"], "sales-2", true),
            (&["*a*b"], "xaxbxb", true),
            (&["s?les"], "sales", true),
            (&["サ*"], "サポート", true),
            (&["!test*"], "sales", true),
            (&["!test*"], "test-1", false),
            (&["*", "!test*"], "test-1", false),
            (&["!sales-test", "sales*"], "sales-test", false),
        ] {
            let held = Patterns::new(patterns.iter().copied()).holds(&Label::new(name));
            assert_eq!(held, expected, "{patterns:?} {name}");
        }
    }
}
