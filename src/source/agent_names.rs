//! The names by which a log speaks of agents, to notice that one person has two.

use rustc_hash::FxHashSet;

use crate::text::Label;
use crate::text::short_key::ShortKey;

/// How many names of each kind are kept; no floor has more.
const MAX_NAMES: usize = 20_000;
/// How many names the remark lists.
const MAX_LISTED: usize = 3;

/// The names that a log adds to queues, and those that its calls ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentNames {
    added: FxHashSet<Label>,
    called: FxHashSet<Label>,
}

impl AgentNames {
    /// Note an agent who is added to a queue.
    pub(crate) fn note_added(&mut self, agent: &str) {
        note(&mut self.added, agent);
    }

    /// Note an agent whom a call rings or reaches.
    pub(crate) fn note_called(&mut self, agent: &str) {
        note(&mut self.called, agent);
    }

    /// Add the names of another part of the log.
    pub(crate) fn absorb(&mut self, part: &Self) {
        part.added.iter().for_each(|agent| self.note_added(agent.as_str()));
        part.called.iter().for_each(|agent| self.note_called(agent.as_str()));
    }

    /// Says that most of the interfaces that are added never take a call, while others take calls who were never added: they
    /// may be one person. `None` where that is not so.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        let of_interface = |name: &&Label| name.as_str().contains('/');
        let mut idle: Vec<&Label> = self.added.difference(&self.called).filter(of_interface).collect();
        let mut unknown: Vec<&Label> = self.called.difference(&self.added).collect();
        if idle.is_empty() || unknown.is_empty() || idle.len() * 2 < self.added.len() {
            return None;
        }
        idle.sort_unstable();
        unknown.sort_unstable();
        Some(format!(
            "{} are added to queues and never take a call, while {} take calls and were never added: where these are the same \
             people, name them in agent_aliases (\"{}\" = \"{}\", say), or set log_membername_as_agent = yes in queues.conf",
            listed(&idle),
            listed(&unknown),
            idle.first().map_or("", |name| name.as_str()),
            unknown.first().map_or("", |name| name.as_str()),
        ))
    }
}

/// The agents whom calls were seen to ring or reach, of whom nearly every line names one: each is noted once.
#[derive(Debug, Default)]
pub(crate) struct CalledAgents(FxHashSet<ShortKey>);

impl CalledAgents {
    /// Note an agent among `names`, if that is not done yet.
    pub(crate) fn note(&mut self, agent: &str, names: &mut AgentNames) {
        let key = ShortKey::of(agent.as_bytes()).filter(|_| self.0.len() < MAX_NAMES);
        if key.is_none_or(|key| self.0.insert(key)) {
            names.note_called(agent);
        }
    }
}

fn note(names: &mut FxHashSet<Label>, agent: &str) {
    if names.len() < MAX_NAMES && !names.contains(agent) {
        names.insert(Label::new(agent));
    }
}

/// How many names there are, and the first of them.
fn listed(names: &[&Label]) -> String {
    let first: Vec<&str> = names.iter().take(MAX_LISTED).map(|name| name.as_str()).collect();
    let more = if names.len() > MAX_LISTED { ", …" } else { "" };
    let what = if names.len() == 1 { "name" } else { "names" };
    format!("{} {what} ({}{more})", names.len(), first.join(", "))
}
