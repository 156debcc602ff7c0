//! Name filters: patterns with `*` and `?`, and `!` to exclude.

use serde::{Deserialize, Serialize};

use super::Label;

/// A filter on names. A name passes when a plain pattern matches it (or there is no plain pattern) and no `!pattern`
/// does; an empty filter passes every name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// From patterns such as `sales*` or `!sales-test`.
    pub fn new<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether there is no pattern, so that every name passes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name passes.
    #[must_use]
    pub fn contains(&self, name: &Label) -> bool {
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

/// Match a glob. It backtracks to the last `*` only: linear in practice, quadratic at worst.
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
    fn a_name_passes_if_a_pattern_matches_and_no_exclusion_does() {
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
            let held = Patterns::new(patterns.iter().copied()).contains(&Label::new(name));
            assert_eq!(held, expected, "{patterns:?} {name}");
        }
    }
}
