//! Maps rows of a document to agents: their state, reason, queues, skills and capacity.

use jmespath::Rcvar;
use serde::Deserialize;

use super::names::Names;
use super::odd_cells::OddCells;
use super::selector::{Since, SourceClock};
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
    /// `None` where the document does not tell of states.
    pub(in crate::source::network::http) state: Option<ListedState>,
    /// The queues that the agent serves; `None` where the document does not tell.
    pub(in crate::source::network::http) queues: Option<Vec<Label>>,
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

    /// The paths that tell who there is and in which state; the others need not find anything.
    pub(super) fn paths(&self) -> impl Iterator<Item = &JmesPath> {
        [&self.rows, &self.agent].into_iter().chain(&self.within).chain(&self.state)
    }

    /// Read a row; `None` if it is ignored. Only the id is needed: what else is odd goes to `odd`.
    pub(super) fn read(
        &self,
        row: &Rcvar,
        names: &Names,
        clock: SourceClock,
        odd: &mut OddCells,
    ) -> Result<Option<AgentEntry>, RejectionReason> {
        let id =
            self.agent.text(row)?.ok_or_else(|| format!("without an agent: there is nothing at `{}`", self.agent))?;
        let agent = id_label(id.as_bytes());
        let label = |path: &Option<JmesPath>| {
            let text = path.as_ref().map_or(Ok(None), |path| path.text(row))?;
            Ok::<_, RejectionReason>(text.map(|text| Label::new(&text)).filter(|text| !text.is_empty()))
        };
        let name = odd.leave_out("name", label(&self.name)).or_else(|| names.agent(&id));
        let team = odd.leave_out("team", label(&self.team));
        let capacity = odd.leave_out("capacity", self.capacity.as_ref().map_or(Ok(None), |path| capacity(path, row)));
        let skills = texts("skills", self.skills.as_ref(), row, odd).unwrap_or_default();
        let queues = texts("queues", self.queues.as_ref(), row, odd);
        let mut listed = AgentEntry {
            profile: AgentProfile {
                agent,
                name,
                team,
                capacity,
                skills: skills.iter().map(|skill| Label::new(skill)).collect(),
                ..AgentProfile::default()
            },
            queues: queues.map(|queues| queues.iter().map(|queue| names.queue(queue)).collect()),
            state: None,
        };
        if let Some(path) = &self.state {
            match self.states.read(path, row) {
                Ok(Some(state)) => {
                    let is_paused = state == AgentState::Paused;
                    let reason = if is_paused { odd.leave_out("reason", label(&self.reason)) } else { None };
                    let since = self.since.as_ref().map_or(Ok(None), |since| since.time(row, clock));
                    listed.state = Some((state, reason, odd.leave_out("since", since)));
                }
                Ok(None) => return Ok(None),
                // The agent is there all the same: who is missing is offline.
                Err(reason) => {
                    listed.state = Some((AgentState::Unknown, None, None));
                    odd.note(reason);
                }
            }
        }
        Ok(Some(listed))
    }
}

/// The most contacts at a time, a whole number.
fn capacity(path: &JmesPath, row: &Rcvar) -> Result<Option<u32>, RejectionReason> {
    let Some(capacity) = path.number(row)? else { return Ok(None) };
    if !(0.0..=MAX_CAPACITY).contains(&capacity) || capacity.fract() != 0.0 {
        return Err(RejectionReason::new(&format!("`{path}` is no number of contacts"), capacity));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    let whole = capacity as u32;
    Ok(Some(whole))
}

/// The texts of a list; `None` where there is no list.
fn texts(key: &str, path: Option<&JmesPath>, row: &Rcvar, odd: &mut OddCells) -> Option<Vec<String>> {
    let path = path?;
    let (texts, others) = odd.leave_out(key, path.texts(row))?;
    if others > 0 {
        odd.note(RejectionReason::new(&format!("{key}: `{path}` has items that are no texts"), others));
    }
    Some(texts)
}

impl AgentEntry {
    /// Whether there is a state, and it could be read.
    pub(super) fn is_state_known(&self) -> bool {
        self.state.as_ref().is_some_and(|(state, ..)| *state != AgentState::Unknown)
    }

    /// Add what another list says of the same agent.
    pub(in crate::source::network::http) fn learn(&mut self, other: Self) {
        self.profile.learn(&other.profile);
        if other.is_state_known() || !self.is_state_known() {
            self.state = other.state.or(self.state.take());
        }
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
