//! The names of one agent: what sources call an agent, and the name that the agent has on the board.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::text::Label;

/// The key `agent_aliases` of a source: `"PJSIP/101" = "Ann"`. A name may have one `*`, as in `"Local/*@agents" = "PJSIP/*"`;
/// where the agent's name has one too, it stands for the same text. A name without `*` counts before one with it, and a
/// longer one before a shorter one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct AgentAliases {
    exact: FxHashMap<Label, Label>,
    /// The longest first.
    patterns: Vec<AliasPattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AliasPattern {
    before: String,
    after: String,
    name: String,
}

/// Whether a log names nobody so, where it has no agent.
fn is_nobody(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("none")
}

impl TryFrom<BTreeMap<String, String>> for AgentAliases {
    type Error = String;

    fn try_from(names: BTreeMap<String, String>) -> Result<Self, String> {
        let mut aliases = Self::default();
        for (alias, name) in names {
            if let Some(nobody) = [&alias, &name].into_iter().find(|name| is_nobody(name)) {
                return Err(format!(
                    "agent_aliases: \"{alias}\" = \"{name}\": \"{nobody}\" is written where there is no agent: leave the line out"
                ));
            }
            if Label::new(&name).is_empty() {
                return Err(format!("agent_aliases: \"{alias}\" has no agent: write \"{alias}\" = \"Ann\""));
            }
            if Label::new(&alias).is_empty() {
                return Err(format!(
                    "agent_aliases: \"{alias}\" = \"{name}\": an empty name is no agent's: leave the line out"
                ));
            }
            match alias.split_once('*') {
                None => _ = aliases.exact.insert(Label::new(&alias), Label::new(&name)),
                Some((_, after)) if after.contains('*') || name.matches('*').count() > 1 => {
                    return Err(format!("agent_aliases: \"{alias}\" = \"{name}\": a name has one * at most"));
                }
                Some((before, after)) => {
                    let (before, after) = (before.to_owned(), after.to_owned());
                    aliases.patterns.push(AliasPattern { before, after, name });
                }
            }
        }
        aliases.sort();
        Ok(aliases)
    }
}

impl AgentAliases {
    /// Whether no agent has another name.
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }

    /// Add those of another source.
    pub fn extend(&mut self, other: Self) {
        self.exact.extend(other.exact);
        self.patterns.extend(other.patterns);
        self.sort();
    }

    /// The agent who is called `name`; `None` where that is the agent's own name.
    #[must_use]
    pub fn agent(&self, name: &Label) -> Option<Label> {
        if let Some(agent) = self.exact.get(name) {
            return Some(agent.clone());
        }
        self.patterns.iter().find_map(|pattern| {
            let rest = name.as_str().strip_prefix(&pattern.before)?.strip_suffix(&pattern.after)?;
            Some(Label::new(&pattern.name.replace('*', rest)))
        })
    }

    fn sort(&mut self) {
        let length = |pattern: &AliasPattern| pattern.before.len() + pattern.after.len();
        self.patterns.sort_by(|a, b| length(b).cmp(&length(a)).then_with(|| a.before.cmp(&b.before)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(toml: &str) -> Result<AgentAliases, String> {
        toml::from_str(toml).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_name_is_taken_by_the_most_exact_alias() {
        let aliases = aliases(
            "'PJSIP/101' = 'Ann'\n'PJSIP/*' = 'Desk *'\n'Local/*@agents/n' = 'PJSIP/*'\n'*/102' = 'Bob'\n'PJSIP/102*' = 'Eve'",
        )
        .unwrap();
        for (name, agent) in [
            ("PJSIP/101", Some("Ann")),
            ("PJSIP/1", Some("Desk 1")),
            ("PJSIP/102", Some("Eve")),
            ("SIP/102", Some("Bob")),
            ("Local/7@agents/n", Some("PJSIP/7")),
            ("Local/7@agents", None),
            ("Ann", None),
        ] {
            assert_eq!(aliases.agent(&name.into()).as_ref().map(Label::as_str), agent, "{name}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused_with_the_name() {
        assert!(aliases("'PJSIP/101' = ' '").unwrap_err().contains("PJSIP/101"));
        assert!(aliases("'*/1*' = 'Ann'").unwrap_err().contains("one *"));
        assert!(aliases("'PJSIP/*' = '*-*'").unwrap_err().contains("one *"));
        assert!(aliases("'' = 'Ann'").unwrap_err().contains("an empty name is no agent's"));
        assert!(aliases("'NONE' = 'Ann'").unwrap_err().contains("\"NONE\" is written where there is no agent"));
        assert!(aliases("'PJSIP/101' = 'none'").unwrap_err().contains("\"none\" is written"));
    }
}
