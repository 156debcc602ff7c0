//! Maps rows of a document to agents: their state, reason, queues, skills and capacity.

use jmespath::Rcvar;
use serde::Deserialize;

use super::names::Names;
use super::selector::Since;
use crate::clock::Time;
use crate::event::{AgentProfile, AgentState};
use crate::source::ids::id_label;
use crate::source::network::http::path::JmesPath;
use crate::source::network::http::words::WordTable;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// The table `agents` of a mapping. All paths begin at a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentMap {
    /// The list of agents in the document; all of them, since who is missing is offline.
    pub rows: JmesPath,
    /// The outer list, where `rows` are lists within its items: paths then begin at `{ outer, row }`.
    #[serde(default)]
    pub within: Option<JmesPath>,
    /// The agent's id.
    pub agent: JmesPath,
    /// The name for people.
    #[serde(default)]
    pub name: Option<JmesPath>,
    /// The team.
    #[serde(default)]
    pub team: Option<JmesPath>,
    /// The word for what the agent is doing.
    #[serde(default)]
    pub state: Option<JmesPath>,
    /// What these words mean.
    #[serde(default)]
    pub states: WordTable<AgentState>,
    /// The reason of a pause.
    #[serde(default)]
    pub reason: Option<JmesPath>,
    /// Since when the agent is in the state.
    #[serde(default)]
    pub since: Option<Since>,
    /// The list of the queues that the agent serves.
    #[serde(default)]
    pub queues: Option<JmesPath>,
    /// The list of the agent's skills.
    #[serde(default)]
    pub skills: Option<JmesPath>,
    /// How many contacts, such as chats, the agent has at a time at most.
    #[serde(default)]
    pub capacity: Option<JmesPath>,
}

/// Nobody has more contacts at a time.
const MAX_CAPACITY: f64 = 10_000.0;

/// A state, its reason, and since when it lasts.
pub(in crate::source::network::http) type ListedState = (AgentState, Option<Label>, Option<Time>);

/// What a document says of an agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::source::network::http) struct AgentEntry {
    /// Without queues.
    pub(in crate::source::network::http) profile: AgentProfile,
    pub(in crate::source::network::http) state: Option<ListedState>,
    /// The queues that the agent serves; `None` where the document does not tell.
    pub(in crate::source::network::http) queues: Option<Vec<Label>>,
    /// Why the state is not known, where the document has one.
    pub(in crate::source::network::http) doubt: Option<RejectionReason>,
}

impl AgentMap {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.state.is_some() == self.states.is_empty() {
            return Err("agents: `state` says where the word is, and `states` what it means: write both".to_owned());
        }
        if self.state.is_none() && (self.reason.is_some() || self.since.is_some()) {
            return Err("agents: `reason` and `since` are about a `state`".to_owned());
        }
        Ok(())
    }

    /// Read a row; `None` if it is ignored.
    pub(super) fn read(&self, row: &Rcvar, names: &Names, now: Time) -> Result<Option<AgentEntry>, RejectionReason> {
        let id =
            self.agent.text(row)?.ok_or_else(|| format!("without an agent: there is nothing at `{}`", self.agent))?;
        let agent = id_label(id.as_bytes());
        let label = |path: &Option<JmesPath>| {
            let text = path.as_ref().map_or(Ok(None), |path| path.text(row))?;
            Ok::<_, RejectionReason>(text.map(|text| Label::new(&text)).filter(|text| !text.is_empty()))
        };
        let name = label(&self.name)?.or_else(|| names.agent(&id));
        let mut listed = AgentEntry {
            profile: AgentProfile { agent, name, team: label(&self.team)?, ..AgentProfile::default() },
            ..AgentEntry::default()
        };
        if let Some(path) = &self.skills {
            listed.profile.skills =
                path.texts(row)?.unwrap_or_default().iter().map(|skill| Label::new(skill)).collect();
        }
        if let Some(capacity) = self.capacity.as_ref().map_or(Ok(None), |path| path.number(row))? {
            if !(0.0..=MAX_CAPACITY).contains(&capacity) {
                return Err(RejectionReason::new("its capacity is no number of contacts", capacity));
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
            let whole = capacity as u32;
            listed.profile.capacity = Some(whole);
        }
        if let Some(path) = &self.queues {
            listed.queues = path.texts(row)?.map(|queues| queues.iter().map(|queue| names.queue(queue)).collect());
        }
        if let Some(path) = &self.state {
            let word = path.text(row)?.unwrap_or_default();
            let state = match self.states.find(&word) {
                Some(Some(state)) => state,
                Some(None) => return Ok(None),
                // The agent is there all the same: who is missing is offline.
                None => {
                    let wrong = format!("`{path}` is a word that `states` does not have");
                    listed.doubt = Some(RejectionReason::new(&wrong, &word));
                    return Ok(Some(listed));
                }
            };
            let reason = if state == AgentState::Paused { label(&self.reason)? } else { None };
            let since = self.since.as_ref().map_or(Ok(None), |since| since.time(row, now))?;
            listed.state = Some((state, reason, since));
        }
        Ok(Some(listed))
    }
}

impl AgentEntry {
    /// Add what another list says of the same agent.
    pub(in crate::source::network::http) fn learn(&mut self, other: Self) {
        self.profile.learn(&other.profile);
        self.state = other.state.or(self.state.take());
        match (&mut self.queues, other.queues) {
            // A list for each queue names an agent once for every queue that the agent serves.
            (Some(known), Some(more)) => {
                let new: Vec<Label> = more.into_iter().filter(|queue| !known.contains(queue)).collect();
                known.extend(new);
            }
            (known, more) => *known = known.take().or(more),
        }
    }
}
