//! Who serves the queues, and what they are doing.
//!
//! Asterisk speaks of members: an interface in a queue, with a device's state and a pause of its own. An agent is
//! all members of one name; what he does follows from all of them, and is said only where it is news.

use rustc_hash::{FxHashMap, FxHashSet};

use super::status::Member;
use crate::event::{AgentState, EventKind};
use crate::text::Label;

/// More members than any floor has.
const MOST: usize = 50_000;

/// The members, and what has been said of the agents.
#[derive(Debug, Default)]
pub(super) struct Agents {
    /// By queue and interface.
    members: FxHashMap<(Label, Label), Member>,
    /// The places of an agent's members.
    by_name: FxHashMap<Label, Vec<(Label, Label)>>,
    said: FxHashMap<Label, (AgentState, Option<Label>)>,
}

impl Agents {
    /// Something was said of a member: what it leaves out stays as it was.
    pub(super) fn update(&mut self, mut member: Member, out: &mut Vec<EventKind>) {
        let place = (member.queue.clone(), member.interface.clone());
        let mut renamed = None;
        if let Some(old) = self.members.get(&place) {
            // A reason is that of the pause it was given with.
            let paused = member.paused.is_none();
            member.status = member.status.or(old.status);
            member.paused = member.paused.or(old.paused);
            member.in_call = member.in_call.or(old.in_call);
            if paused {
                member.reason.clone_from(&old.reason);
            }
            renamed = (old.name != member.name).then(|| old.name.clone());
        } else if self.members.len() >= MOST {
            return;
        }
        let name = member.name.clone();
        self.members.insert(place.clone(), member);
        if let Some(old) = renamed {
            self.leave(&old, &place, out);
        }
        let places = self.by_name.entry(name.clone()).or_default();
        if !places.contains(&place) {
            places.push(place);
        }
        self.say(&name, out);
    }

    /// A member left a queue.
    pub(super) fn remove(&mut self, member: &Member, out: &mut Vec<EventKind>) {
        let place = (member.queue.clone(), member.interface.clone());
        if let Some(old) = self.members.remove(&place) {
            self.leave(&old.name, &place, out);
        }
    }

    /// These are all members there are; who isn't among them is gone.
    pub(super) fn replace(&mut self, members: &[Member], out: &mut Vec<EventKind>) {
        let names: FxHashSet<&Label> = members.iter().map(|member| &member.name).collect();
        let mut gone: Vec<Label> = self.said.keys().filter(|name| !names.contains(name)).cloned().collect();
        gone.sort_unstable();
        self.members.clear();
        self.by_name.clear();
        for member in members {
            let place = (member.queue.clone(), member.interface.clone());
            self.by_name.entry(member.name.clone()).or_default().push(place.clone());
            self.members.insert(place, member.clone());
        }
        let mut here: Vec<Label> = self.by_name.keys().cloned().collect();
        here.sort_unstable();
        for name in here.iter().chain(&gone) {
            self.say(name, out);
        }
    }

    /// Another source said this of an agent.
    pub(super) fn was_said(&mut self, agent: &Label, state: AgentState, reason: Option<&Label>) {
        if self.said.len() < MOST || self.said.contains_key(agent) {
            self.said.insert(agent.clone(), (state, reason.cloned()));
        }
    }

    /// The agent behind an interface of a queue.
    pub(super) fn name(&self, queue: &Label, interface: &Label) -> Option<&Label> {
        self.members.get(&(queue.clone(), interface.clone())).map(|member| &member.name)
    }

    /// Whether an agent may be in a call of a queue, for all that is said of him there; `None` where he is no member.
    pub(super) fn may_talk(&self, queue: &Label, agent: &Label) -> Option<bool> {
        let places = self.by_name.get(agent).into_iter().flatten();
        let mut here = places.filter(|(of, _)| of == queue).filter_map(|place| self.members.get(place)).peekable();
        here.peek()?;
        // Old versions don't say who is in a call.
        Some(here.any(|member| member.in_call != Some(false)))
    }

    fn leave(&mut self, name: &Label, place: &(Label, Label), out: &mut Vec<EventKind>) {
        if let Some(places) = self.by_name.get_mut(name) {
            places.retain(|other| other != place);
            if places.is_empty() {
                self.by_name.remove(name);
            }
        }
        self.say(name, out);
    }

    /// Say what an agent does, where it is news.
    fn say(&mut self, name: &Label, out: &mut Vec<EventKind>) {
        let now = self.state(name);
        if self.said.get(name) == Some(&now) || (now.0 == AgentState::Offline && !self.said.contains_key(name)) {
            return;
        }
        let (state, reason) = now.clone();
        if self.by_name.contains_key(name) {
            self.said.insert(name.clone(), now);
        } else if self.said.remove(name).is_some_and(|(state, _)| state == AgentState::Offline) {
            return;
        }
        out.push(EventKind::AgentState { agent: name.clone(), state, reason, lasts: None });
    }

    fn state(&self, name: &Label) -> (AgentState, Option<Label>) {
        let members = || self.by_name.get(name).into_iter().flatten().filter_map(|place| self.members.get(place));
        let any = |states: &[u8]| members().any(|member| member.status.is_some_and(|s| states.contains(&s)));
        if any(&[2, 3, 7, 8]) {
            return (AgentState::OnContact, None);
        }
        if any(&[6]) {
            return (AgentState::Ringing, None);
        }
        // What can be called. A state that nobody knows (0) can, as Asterisk has it too.
        let reachable = || members().filter(|member| !matches!(member.status, Some(4 | 5)));
        if reachable().next().is_none() {
            return (AgentState::Offline, None);
        }
        if reachable().all(|member| member.paused == Some(true)) {
            let reasons = reachable().filter_map(|member| member.reason.clone());
            return (AgentState::Paused, reasons.min());
        }
        (AgentState::Available, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(queue: &str, interface: &str, status: u8, paused: Option<&str>) -> Member {
        Member {
            queue: queue.into(),
            interface: interface.into(),
            name: "Ann".into(),
            status: Some(status),
            paused: Some(paused.is_some()),
            reason: paused.map(Label::new),
            in_call: Some(status == 2),
        }
    }

    fn states(out: &mut Vec<EventKind>) -> Vec<(AgentState, String)> {
        let state = |kind| match kind {
            EventKind::AgentState { state, reason, .. } => (state, reason.unwrap_or_default().to_string()),
            other => panic!("{other:?}"),
        };
        out.drain(..).map(state).collect()
    }

    #[test]
    fn an_agent_is_all_his_members_and_only_news_is_said() {
        let (mut agents, mut out) = (Agents::default(), Vec::new());
        agents.update(member("sales", "SIP/1", 1, None), &mut out);
        agents.update(member("vip", "SIP/1", 1, None), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Available, String::new())]);
        agents.update(member("sales", "SIP/1", 1, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [], "he still takes the calls of the other queue");
        agents.update(member("vip", "SIP/1", 1, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Paused, "lunch".into())]);
        agents.update(member("vip", "SIP/1", 2, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [(AgentState::OnContact, String::new())]);
        agents.update(member("vip", "SIP/1", 6, None), &mut out);
        agents.update(member("sales", "SIP/1", 5, None), &mut out);
        agents.update(member("vip", "SIP/1", 5, None), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Ringing, String::new()), (AgentState::Offline, String::new())]);
    }

    #[test]
    fn who_is_no_member_any_more_is_offline_once() {
        let (mut agents, mut out) = (Agents::default(), Vec::new());
        agents.update(member("sales", "SIP/1", 1, None), &mut out);
        agents.was_said(&"SIP/7".into(), AgentState::Available, None);
        out.clear();
        agents.replace(&[], &mut out);
        assert_eq!(states(&mut out).len(), 2);
        agents.replace(&[], &mut out);
        assert_eq!(states(&mut out), []);
    }
}
