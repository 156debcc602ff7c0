//! FreeSWITCH's agents. An agent has a *status*, which he sets himself (available, on break, logged out), and a *state*,
//! which the distribution of calls sets (waiting, receiving, in a call). What he is doing follows from both.

use super::fields::Fields;
use super::translate::{Centre, MOST, Refusal};
use crate::clock::{Span, Time};
use crate::event::{AgentState, EventKind};
use crate::source::names::id_label;
use crate::text::Label;

/// What an agent says of himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    LoggedOut,
    Available,
    OnBreak,
}

/// A line of the list of agents. Its times are those of the last of each, `None` where there was none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Listed<'a> {
    pub(super) status: Option<&'a [u8]>,
    pub(super) state: Option<&'a [u8]>,
    pub(super) wrap_up: Span,
    pub(super) status_changed: Option<Time>,
    pub(super) offered: Option<Time>,
    pub(super) call_began: Option<Time>,
    pub(super) call_ended: Option<Time>,
}

impl Listed<'_> {
    /// Since when an agent has been doing what he does.
    fn since(&self, state: AgentState) -> Option<Time> {
        match state {
            AgentState::OnContact => self.call_began,
            AgentState::Ringing => self.offered,
            AgentState::AfterContact => self.call_ended,
            AgentState::Available => self.status_changed.max(self.call_ended.map(|ended| ended + self.wrap_up)),
            AgentState::Paused | AgentState::Offline => self.status_changed,
        }
    }
}

/// What calls make of him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Receiving,
    InCall,
    /// He is given no calls until somebody sets him to waiting.
    Idle,
}

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    /// His name as the board shows it.
    pub(super) shown: Label,
    status: Option<Status>,
    state: Option<State>,
    /// For so long he gets no call after one.
    pub(super) wrap_up: Span,
    /// When that is over.
    wrap_until: Option<Time>,
    said: Option<(AgentState, Option<Label>)>,
    /// When what was said last began.
    said_at: Time,
    pub(super) queues: Vec<Label>,
    /// The round of lists in which he was last seen.
    pub(super) round: u32,
}

impl Agent {
    const fn new(shown: Label) -> Self {
        Self {
            shown,
            status: None,
            state: None,
            wrap_up: Span::ZERO,
            wrap_until: None,
            said: None,
            said_at: Time(i64::MIN),
            queues: Vec::new(),
            round: 0,
        }
    }

    /// Words of a list or an event; those that aren't known change nothing.
    fn hear(&mut self, status: Option<&[u8]>, state: Option<&[u8]>) {
        self.status = match status {
            Some(b"Logged Out") => Some(Status::LoggedOut),
            Some(b"Available" | b"Available (On Demand)") => Some(Status::Available),
            Some(b"On Break") => Some(Status::OnBreak),
            _ => self.status,
        };
        self.state = match state {
            Some(b"Waiting" | b"Reserved") => Some(State::Waiting),
            Some(b"Receiving") => Some(State::Receiving),
            Some(b"In a queue call") => Some(State::InCall),
            Some(b"Idle") => Some(State::Idle),
            _ => self.state,
        };
    }

    /// What he is doing at `at`, why, and for how long where that is known.
    fn doing(&self, at: Time) -> Option<(AgentState, Option<Label>, Option<Span>)> {
        let plain = |state| Some((state, None, None));
        match (self.status, self.state) {
            (_, Some(State::InCall)) => plain(AgentState::OnContact),
            (Some(Status::LoggedOut), _) => plain(AgentState::Offline),
            (Some(Status::OnBreak), _) => plain(AgentState::Paused),
            (_, Some(State::Receiving)) => plain(AgentState::Ringing),
            (None, _) => None,
            (_, Some(State::Idle)) => Some((AgentState::Paused, Some(Label::fixed("idle")), None)),
            _ => match self.wrap_until.filter(|until| *until > at) {
                Some(until) => Some((AgentState::AfterContact, None, Some(until - at))),
                None => plain(AgentState::Available),
            },
        }
    }
}

impl Centre {
    /// An agent's status or state has changed.
    pub(super) fn agent_event(&mut self, fields: Fields<'_>, at: Time) -> Result<(), Refusal> {
        let raw = fields.get("CC-Agent").ok_or("no CC-Agent, and this event is about one")?;
        let Some(agent) = self.agent(&raw) else { return Err("more agents than any centre has") };
        let was_in_call = agent.state == Some(State::InCall);
        agent.hear(fields.get("CC-Agent-Status").as_deref(), fields.get("CC-Agent-State").as_deref());
        let in_call = agent.state == Some(State::InCall);
        if was_in_call && !in_call && agent.wrap_up > Span::ZERO {
            agent.wrap_until = Some(at + agent.wrap_up);
        }
        if in_call {
            let shown = agent.shown.clone();
            self.connected(&shown);
        }
        self.tell_agent(&id_label(&raw), at);
        Ok(())
    }

    /// What a list says of an agent: what he has been doing while nobody looked began when the list says so.
    pub(super) fn agent_listed(&mut self, raw: &[u8], listed: &Listed<'_>, now: Time) {
        let round = self.round;
        let Some(agent) = self.agent(raw) else { return };
        agent.hear(listed.status, listed.state);
        agent.round = round;
        agent.wrap_up = listed.wrap_up;
        agent.wrap_until = agent.wrap_until.max(listed.call_ended.map(|ended| ended + listed.wrap_up));
        let first = agent.said.is_none();
        let since = agent.doing(now).and_then(|(state, ..)| listed.since(state));
        let at = since.filter(|since| (agent.said_at..now).contains(since)).unwrap_or(now);
        let name = id_label(raw);
        self.tell_agent(&name, at);
        // An earlier run of the program may have said something later, and it holds no more.
        if first
            && at < now
            && let Some(agent) = self.agents.get_mut(&name)
        {
            agent.said = None;
            self.tell_agent(&name, now);
        }
    }

    /// Those whom the lists no longer have are gone.
    pub(super) fn drop_agents(&mut self, now: Time) {
        let round = self.round;
        let gone: Vec<Label> =
            self.agents.iter().filter(|(_, agent)| agent.round != round).map(|(name, _)| name.clone()).collect();
        for name in gone {
            if let Some(agent) = self.agents.get_mut(&name) {
                (agent.status, agent.state) = (Some(Status::LoggedOut), None);
            }
            self.tell_agent(&name, now);
            self.agents.remove(&name);
        }
    }

    pub(super) fn agent(&mut self, raw: &[u8]) -> Option<&mut Agent> {
        let (key, shown, round) = (id_label(raw), self.name(raw)?, self.round);
        if self.agents.len() >= MOST && !self.agents.contains_key(&key) {
            return None;
        }
        Some(self.agents.entry(key).or_insert_with(|| Agent { round, ..Agent::new(shown) }))
    }

    /// Say what an agent is doing, where that is news.
    fn tell_agent(&mut self, name: &Label, at: Time) {
        let Some(agent) = self.agents.get_mut(name) else { return };
        let Some((state, reason, lasts)) = agent.doing(at) else { return };
        if agent.said.as_ref() == Some(&(state, reason.clone())) {
            return;
        }
        agent.said = Some((state, reason.clone()));
        agent.said_at = at;
        let kind = EventKind::AgentState { agent: agent.shown.clone(), state, reason, lasts };
        self.say(at, None, kind);
    }
}
