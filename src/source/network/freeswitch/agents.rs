//! The agents of `mod_callcenter`, and what each of them is doing.
//!
//! An agent has a *status*, which the agent sets (available, on break, logged out), and a *state*, which the distribution
//! of calls sets (waiting, receiving, in a queue call). What the agent is doing follows from both.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::events::EventBuffer;
use super::members::LIST_LAG;
use crate::clock::{Span, Time};
use crate::event::{AgentState, EventKind};
use crate::source::ids::id_label;
use crate::source::network::STATE_REPEAT_INTERVAL;
use crate::text::Label;

/// The agents that are tracked; no centre has more.
const MAX_AGENTS: usize = 100_000;
/// Those that are stored in the cursor.
const MAX_STORED_AGENTS: usize = 20_000;

/// `cc_agent_status_t` of `mod_callcenter`, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CcAgentStatus {
    LoggedOut,
    Available,
    OnBreak,
    /// None of these words.
    Other,
}

/// `cc_agent_state_t` of `mod_callcenter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CcAgentState {
    Waiting,
    Receiving,
    InQueueCall,
    /// The agent is given no calls until somebody sets the state to waiting.
    Idle,
    /// None of these words.
    Other,
}

/// How long an agent gets no calls after one that was not taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RefusalPauses {
    pub(super) rejected: Span,
    pub(super) busy: Span,
    pub(super) not_answered: Span,
}

/// How long an agent whose phone is not registered gets no calls; no setting changes it.
const UNREGISTERED_PAUSE: Span = Span(5 * Span::SECOND.0);

/// The reason of the pause after a call that was not taken.
const NOT_TAKEN: Label = Label::fixed("call not taken");

/// A row of `agent list`. A time is `None` where the thing never happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ListedAgent<'a> {
    pub(super) status: Option<&'a [u8]>,
    pub(super) state: Option<&'a [u8]>,
    pub(super) wrap_up: Span,
    pub(super) refusals: RefusalPauses,
    /// Until when the agent gets no calls.
    pub(super) ready: Option<Time>,
    pub(super) last_status_change: Option<Time>,
    pub(super) last_offered_call: Option<Time>,
    pub(super) last_bridge_start: Option<Time>,
    pub(super) last_bridge_end: Option<Time>,
}

impl ListedAgent<'_> {
    /// Since when the agent has been in `state`, which is the present one.
    fn since(&self, state: AgentState) -> Option<Time> {
        match state {
            AgentState::OnContact => self.last_bridge_start,
            AgentState::Ringing => self.last_offered_call,
            AgentState::AfterContact => self.last_bridge_end,
            AgentState::Available => {
                self.last_status_change.max(self.last_bridge_end.map(|ended| ended + self.wrap_up))
            }
            AgentState::Paused | AgentState::Offline => self.last_status_change,
            AgentState::Unknown => None,
        }
    }
}

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct CcAgent {
    /// The name that the board shows.
    pub(super) shown: Label,
    status: Option<CcAgentStatus>,
    state: Option<CcAgentState>,
    /// How long the agent gets no call after one.
    pub(super) wrap_up: Span,
    /// When an event last told of the agent.
    heard: Time,
    /// When the agent may get calls again.
    wrap_until: Option<Time>,
    refusals: RefusalPauses,
    /// Until when the agent gets no calls, after one that was not taken.
    ready: Option<Time>,
    /// What was last reported, with the reason of a pause.
    reported: Option<(AgentState, Option<Label>)>,
    /// The time of that report.
    reported_at: Time,
    /// The queues of its tiers, as they were reported.
    pub(super) queues: Option<Vec<Label>>,
    /// The present round of lists contains the agent, or the agent became known since the round began.
    is_listed: bool,
}

impl CcAgent {
    fn new(shown: Label) -> Self {
        Self {
            shown,
            status: None,
            state: None,
            heard: Time(0),
            wrap_up: Span::ZERO,
            wrap_until: None,
            refusals: RefusalPauses::default(),
            ready: None,
            reported: None,
            reported_at: Time(i64::MIN),
            queues: None,
            is_listed: true,
        }
    }

    pub(super) fn is_in_call(&self) -> bool {
        self.state == Some(CcAgentState::InQueueCall)
    }

    pub(super) fn is_receiving(&self) -> bool {
        self.state == Some(CcAgentState::Receiving)
    }

    /// Apply an event about status or state at `at`.
    pub(super) fn apply_event(&mut self, status: Option<&[u8]>, state: Option<&[u8]>, at: Time) {
        let was_in_call = self.is_in_call();
        self.heard = at;
        self.parse(status, state);
        if was_in_call && !self.is_in_call() && self.wrap_up > Span::ZERO {
            self.wrap_until = Some(at + self.wrap_up);
        }
    }

    /// The agent did not take a call at `at`, for FreeSWITCH's reason `cause`. Returns when the next one comes at the earliest,
    /// where it has to wait.
    pub(super) fn refuse(&mut self, cause: &[u8], at: Time) -> Option<Time> {
        let pause = match cause {
            b"USER_BUSY" | b"NORMAL_CIRCUIT_CONGESTION" => self.refusals.busy,
            b"CALL_REJECTED" => self.refusals.rejected,
            b"USER_NOT_REGISTERED" => UNREGISTERED_PAUSE,
            _ => self.refusals.not_answered,
        };
        self.ready = (pause > Span::ZERO).then(|| at + pause);
        self.ready
    }

    /// Apply a row of `agent list`, and report what the agent is doing, as of when it began according to the list.
    pub(super) fn apply_list(&mut self, listed: &ListedAgent<'_>, now: Time, out: &mut EventBuffer) {
        if now.since(self.heard) > LIST_LAG {
            self.parse(listed.status, listed.state);
            self.ready = listed.ready;
        }
        self.is_listed = true;
        (self.wrap_up, self.refusals) = (listed.wrap_up, listed.refusals);
        self.wrap_until = self.wrap_until.max(listed.last_bridge_end.map(|ended| ended + listed.wrap_up));
        let is_first = self.reported.is_none();
        let is_refusal = |reason: &Option<Label>| *reason == Some(NOT_TAKEN);
        let activity = self.activity(now).filter(|(_, reason, _)| !is_refusal(reason));
        let since = activity.and_then(|(state, ..)| listed.since(state));
        let at = since.filter(|since| (self.reported_at..now).contains(since)).unwrap_or(now);
        self.report(at, out);
        let is_staffed = self.reported.as_ref().is_some_and(|(state, _)| state.is_staffed());
        let lasts = is_staffed && now.since(self.reported_at) >= STATE_REPEAT_INTERVAL;
        // An earlier run of the program may have reported another state later than `at`; this one overrides it.
        if is_first && at < now || lasts {
            self.reported = None;
            self.report(now, out);
        }
    }

    /// Set status and state from `mod_callcenter`'s words. After one that is not known, it is not known what the agent does.
    fn parse(&mut self, status: Option<&[u8]>, state: Option<&[u8]>) {
        self.status = match status {
            Some(b"Logged Out") => Some(CcAgentStatus::LoggedOut),
            Some(b"Available" | b"Available (On Demand)") => Some(CcAgentStatus::Available),
            Some(b"On Break") => Some(CcAgentStatus::OnBreak),
            Some(_) => Some(CcAgentStatus::Other),
            None => self.status,
        };
        self.state = match state {
            Some(b"Waiting" | b"Reserved") => Some(CcAgentState::Waiting),
            Some(b"Receiving") => Some(CcAgentState::Receiving),
            Some(b"In a queue call") => Some(CcAgentState::InQueueCall),
            Some(b"Idle") => Some(CcAgentState::Idle),
            Some(_) => Some(CcAgentState::Other),
            None => self.state,
        };
    }

    /// What the agent is doing at `at`: the state, the reason of a pause, and how long it will last where that is known.
    fn activity(&self, at: Time) -> Option<(AgentState, Option<Label>, Option<Span>)> {
        let plain = |state| Some((state, None, None));
        match (self.status, self.state) {
            (_, Some(CcAgentState::InQueueCall)) => plain(AgentState::OnContact),
            (Some(CcAgentStatus::LoggedOut), _) => plain(AgentState::Offline),
            (Some(CcAgentStatus::OnBreak), _) => plain(AgentState::Paused),
            (_, Some(CcAgentState::Receiving)) => plain(AgentState::Ringing),
            (None, _) => None,
            (Some(CcAgentStatus::Other), _) | (_, Some(CcAgentState::Other)) => plain(AgentState::Unknown),
            (_, Some(CcAgentState::Idle)) => Some((AgentState::Paused, Some(Label::fixed("idle")), None)),
            _ if self.ready.is_some_and(|ready| ready > at) => Some((AgentState::Paused, Some(NOT_TAKEN), None)),
            _ => match self.wrap_until.filter(|until| *until > at) {
                Some(until) => Some((AgentState::AfterContact, None, Some(until - at))),
                None => plain(AgentState::Available),
            },
        }
    }

    /// Report what the agent is doing at `at`, where it has changed.
    pub(super) fn report(&mut self, at: Time, out: &mut EventBuffer) {
        let Some((state, reason, lasts)) = self.activity(at) else { return };
        if self.reported.as_ref() == Some(&(state, reason.clone())) {
            return;
        }
        self.reported = Some((state, reason.clone()));
        self.reported_at = at;
        out.push(at, None, EventKind::AgentState { agent: self.shown.clone(), state, reason, lasts });
    }
}

/// All agents, by their names in FreeSWITCH.
#[derive(Debug, Default)]
pub(super) struct CcAgents {
    by_name: FxHashMap<Label, CcAgent>,
    /// Those whom an earlier run of the program showed as logged in, until a list tells who is.
    former: BTreeSet<Label>,
    /// As the board shows them, those who were logged in by the last list; stored in the journal's cursor.
    there: BTreeSet<Label>,
}

impl CcAgents {
    /// The agent of this name, which the board shows as `shown`; `None` where there are too many agents.
    pub(super) fn get_or_add(&mut self, name: &[u8], shown: Label) -> Option<&mut CcAgent> {
        let name = id_label(name);
        if self.by_name.len() >= MAX_AGENTS && !self.by_name.contains_key(&name) {
            return None;
        }
        Some(self.by_name.entry(name).or_insert_with(|| CcAgent::new(shown)))
    }

    /// The agents in the order of their names.
    pub(super) fn sorted_mut(&mut self) -> Vec<(&Label, &mut CcAgent)> {
        let mut agents: Vec<_> = self.by_name.iter_mut().collect();
        agents.sort_unstable_by_key(|(name, _)| *name);
        agents
    }

    /// The agent of this name, if it is known.
    pub(super) fn get(&self, name: &[u8]) -> Option<&CcAgent> {
        self.by_name.get(&id_label(name))
    }

    pub(super) fn get_mut(&mut self, name: &[u8]) -> Option<&mut CcAgent> {
        self.by_name.get_mut(&id_label(name))
    }

    /// Report the agents who get calls again by `now`, and return when the next one does.
    pub(super) fn advance(&mut self, now: Time, out: &mut EventBuffer) -> Option<Time> {
        for (_, agent) in self.sorted_mut() {
            if let Some(ready) = agent.ready.take_if(|ready| *ready <= now) {
                agent.report(ready, out);
            }
        }
        self.by_name.values().filter_map(|agent| agent.ready).min()
    }

    /// The wrap-up time of the agent that the board shows as `shown`; zero where there is none.
    pub(super) fn wrap_up_of(&self, shown: &Label) -> Span {
        self.by_name.values().find(|agent| agent.shown == *shown).map_or(Span::ZERO, |agent| agent.wrap_up)
    }

    /// A connection begins: its lists are newer than all events before.
    pub(super) fn begin_connection(&mut self) {
        self.by_name.values_mut().for_each(|agent| agent.heard = Time(0));
    }

    /// A round of lists begins.
    pub(super) fn begin_round(&mut self) {
        self.by_name.values_mut().for_each(|agent| agent.is_listed = false);
    }

    /// The list of agents is complete: report those it does not contain as offline, and forget them. Returns whether others are
    /// to be stored than before.
    pub(super) fn drop_unlisted(&mut self, now: Time, out: &mut EventBuffer) -> bool {
        self.by_name.retain(|_, agent| {
            if !agent.is_listed {
                (agent.status, agent.state) = (Some(CcAgentStatus::LoggedOut), None);
                agent.report(now, out);
            }
            agent.is_listed
        });
        let is_there = |agent: &&CcAgent| !matches!(agent.reported, Some((AgentState::Offline, _)));
        let there = self.by_name.values().filter(is_there).map(|agent| agent.shown.clone());
        let there: BTreeSet<Label> = there.take(MAX_STORED_AGENTS).collect();
        let former = std::mem::take(&mut self.former);
        let listed: FxHashSet<&Label> = self.by_name.values().map(|agent| &agent.shown).collect();
        for agent in former.into_iter().filter(|former| !listed.contains(former)) {
            out.push(now, None, EventKind::AgentState { agent, state: AgentState::Offline, reason: None, lasts: None });
        }
        let is_changed = there != self.there;
        self.there = there;
        is_changed
    }

    /// Those who are to be stored.
    pub(super) const fn to_stored(&self) -> &BTreeSet<Label> {
        &self.there
    }

    /// Go on from those whom an earlier run of the program stored.
    pub(super) fn restore(&mut self, former: BTreeSet<Label>) {
        self.there.clone_from(&former);
        self.former = former;
    }
}
