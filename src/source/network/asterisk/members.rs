//! Derives what each agent does from the members of the queues.
//!
//! Asterisk knows members: an interface in a queue, with a device state and a pause of its own. An agent is all members
//! of one name. The agent's state follows from all of them together, and the queues that the agent serves are those of
//! the members. Each is reported only when it changes.

use rustc_hash::{FxHashMap, FxHashSet};

use super::queue_status::{NO_DEVICE_STATE, QueueMember};
use crate::event::{AgentState, EventKind, Membership};
use crate::text::Label;

/// The members and agents that are tracked, each; no floor has more.
const MAX_MEMBERS: usize = 50_000;

/// Identifies a member: its queue and its interface.
type MemberKey = (Label, Label);

/// The members of all queues, and what was last reported of the agents behind them.
#[derive(Debug, Default)]
pub(super) struct QueueMembers {
    members: FxHashMap<MemberKey, QueueMember>,
    /// The members of each agent.
    by_agent: FxHashMap<Label, Vec<MemberKey>>,
    /// `None` for agents whom an earlier run of the program or the log has named.
    reported: FxHashMap<Label, Option<(AgentState, Option<Label>)>>,
    /// The queues that were reported of each agent.
    reported_queues: FxHashMap<Label, Vec<Membership>>,
}

impl QueueMembers {
    /// Apply what an event says of a member; what it does not say stays as it was.
    pub(super) fn update(&mut self, mut member: QueueMember, out: &mut Vec<EventKind>) {
        let key = (member.queue.clone(), member.interface.clone());
        let mut old_name = None;
        if let Some(old) = self.members.get(&key) {
            // A reason belongs to the pause it came with, so an event about a pause replaces it even by none.
            let keeps_reason = member.paused.is_none();
            member.status = member.status.or(old.status);
            member.paused = member.paused.or(old.paused);
            member.in_call = member.in_call.or(old.in_call);
            if keeps_reason {
                member.reason.clone_from(&old.reason);
            }
            old_name = (old.name != member.name).then(|| old.name.clone());
        } else if self.members.len() >= MAX_MEMBERS {
            return;
        }
        let name = member.name.clone();
        self.members.insert(key.clone(), member);
        if let Some(old_name) = old_name {
            self.unlink(&old_name, &key, out);
        }
        let keys = self.by_agent.entry(name.clone()).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
        self.report(&name, out);
    }

    /// Remove a member that left its queue.
    pub(super) fn remove(&mut self, member: &QueueMember, out: &mut Vec<EventKind>) {
        let key = (member.queue.clone(), member.interface.clone());
        if let Some(old) = self.members.remove(&key) {
            self.unlink(&old.name, &key, out);
        }
    }

    /// Replace all members by those of a snapshot. Agents without a member are reported offline.
    pub(super) fn replace(&mut self, members: &[QueueMember], out: &mut Vec<EventKind>) {
        let names: FxHashSet<&Label> = members.iter().map(|member| &member.name).collect();
        let mut gone: Vec<Label> = self.reported.keys().filter(|name| !names.contains(name)).cloned().collect();
        gone.sort_unstable();
        self.members.clear();
        self.by_agent.clear();
        for member in members {
            let key = (member.queue.clone(), member.interface.clone());
            self.by_agent.entry(member.name.clone()).or_default().push(key.clone());
            self.members.insert(key, member.clone());
        }
        let mut present: Vec<Label> = self.by_agent.keys().cloned().collect();
        present.sort_unstable();
        for name in present.iter().chain(&gone) {
            self.report(name, out);
        }
    }

    /// Report the states of agents again with the next snapshot, though they have not changed.
    pub(super) fn repeat_states(&mut self) {
        let staffed =
            |reported: &&mut Option<(AgentState, _)>| matches!(reported, Some((state, _)) if state.is_staffed());
        self.reported.values_mut().filter(staffed).for_each(|reported| *reported = None);
    }

    /// Remember what queue_log reported of an agent, so that it is not reported again.
    pub(super) fn set_reported(&mut self, agent: &Label, state: AgentState, reason: Option<&Label>) {
        if self.reported.len() < MAX_MEMBERS || self.reported.contains_key(agent) {
            self.reported.insert(agent.clone(), Some((state, reason.cloned())));
        }
    }

    /// Remember that queue_log named an agent, who is offline unless a member has that name.
    pub(super) fn note_named(&mut self, agent: &Label) {
        if self.reported.len() < MAX_MEMBERS && !self.reported.contains_key(agent) {
            self.reported.insert(agent.clone(), None);
        }
    }

    /// The agents that are not reported as offline, at most `max`.
    pub(super) fn to_saved(&self, max: usize) -> Vec<Label> {
        let is_there = |reported: &Option<(AgentState, _)>| !matches!(reported, Some((AgentState::Offline, _)));
        self.reported
            .iter()
            .filter(|(_, reported)| is_there(reported))
            .map(|(name, _)| name.clone())
            .take(max)
            .collect()
    }

    /// Continue with the agents of an earlier run, who may have left since.
    pub(super) fn restore(&mut self, agents: Vec<Label>) {
        self.reported.extend(agents.into_iter().take(MAX_MEMBERS).map(|agent| (agent, None)));
    }

    /// The agent behind an interface in a queue.
    pub(super) fn agent_at(&self, queue: &Label, interface: &Label) -> Option<&Label> {
        self.members.get(&(queue.clone(), interface.clone())).map(|member| &member.name)
    }

    /// Whether an agent may be in a call of a queue; `None` where the agent is no member of it.
    pub(super) fn may_be_talking(&self, queue: &Label, agent: &Label) -> Option<bool> {
        let keys = self.by_agent.get(agent).into_iter().flatten();
        let mut members = keys.filter(|(of, _)| of == queue).filter_map(|key| self.members.get(key)).peekable();
        members.peek()?;
        // Versions before 13 don't say who is in a call.
        Some(members.any(|member| member.in_call != Some(false)))
    }

    /// Take a member away from its agent.
    fn unlink(&mut self, name: &Label, key: &MemberKey, out: &mut Vec<EventKind>) {
        if let Some(keys) = self.by_agent.get_mut(name) {
            keys.retain(|other| other != key);
            if keys.is_empty() {
                self.by_agent.remove(name);
            }
        }
        self.report(name, out);
    }

    /// Report an agent's queues and state where they have changed.
    fn report(&mut self, name: &Label, out: &mut Vec<EventKind>) {
        self.report_queues(name, out);
        self.report_state(name, out);
    }

    fn report_queues(&mut self, name: &Label, out: &mut Vec<EventKind>) {
        let queues = self.queues_of(name);
        // Those whom an earlier run of the program reported may have had queues.
        let is_unknown = matches!(self.reported.get(name), Some(None));
        let reported = self.reported_queues.get(name);
        if reported == Some(&queues) || (reported.is_none() && queues.is_empty() && !is_unknown) {
            return;
        }
        if queues.is_empty() {
            self.reported_queues.remove(name);
        } else {
            self.reported_queues.insert(name.clone(), queues.clone());
        }
        out.push(EventKind::AgentQueues { agent: name.clone(), queues });
    }

    /// Report an agent's state where it has changed. An agent who was never seen online is not reported offline.
    fn report_state(&mut self, name: &Label, out: &mut Vec<EventKind>) {
        let (state, reason) = self.state_of(name);
        let now = Some((state, reason.clone()));
        if self.reported.get(name) == Some(&now) || (state == AgentState::Offline && !self.reported.contains_key(name))
        {
            return;
        }
        if self.by_agent.contains_key(name) {
            self.reported.insert(name.clone(), now);
        } else if self.reported.remove(name).flatten().is_some_and(|(state, _)| state == AgentState::Offline) {
            return;
        }
        out.push(EventKind::AgentState { agent: name.clone(), state, reason, lasts: None });
    }

    /// The queues of an agent's members, by name. Of two members in one queue, the one that can take a call counts.
    fn queues_of(&self, name: &Label) -> Vec<Membership> {
        let members = || self.by_agent.get(name).into_iter().flatten().filter_map(|key| self.members.get(key));
        let is_there = members().any(QueueMember::is_reachable);
        let membership = |member: &QueueMember| {
            let state = match member.paused {
                _ if is_there && !member.is_reachable() => Some(AgentState::Offline),
                Some(true) => Some(AgentState::Paused),
                _ => None,
            };
            let reason = member.reason.clone().filter(|_| state == Some(AgentState::Paused));
            Membership { queue: member.queue.clone(), state, reason }
        };
        let mut queues: Vec<Membership> = members().map(membership).collect();
        queues.sort_unstable_by(|a, b| (&a.queue, a.state, &a.reason).cmp(&(&b.queue, b.state, &b.reason)));
        queues.dedup_by(|next, kept| next.queue == kept.queue);
        queues
    }

    /// An agent's state from the device states (`AST_DEVICE_*`) and pauses of all its members.
    fn state_of(&self, name: &Label) -> (AgentState, Option<Label>) {
        let members = || self.by_agent.get(name).into_iter().flatten().filter_map(|key| self.members.get(key));
        let any = |states: &[u8]| members().any(|member| member.status.is_some_and(|s| states.contains(&s)));
        // In use, busy, ringing while in use, on hold.
        if any(&[2, 3, 7, 8]) {
            return (AgentState::OnContact, None);
        }
        // Ringing.
        if any(&[6]) {
            return (AgentState::Ringing, None);
        }
        let reachable = || members().filter(|member| member.is_reachable());
        if reachable().next().is_none() {
            return (AgentState::Offline, None);
        }
        if reachable().all(|member| member.paused == Some(true)) {
            let reasons = reachable().filter_map(|member| member.reason.clone());
            return (AgentState::Paused, reasons.min());
        }
        if reachable().all(|member| member.status == Some(NO_DEVICE_STATE)) {
            return (AgentState::Unknown, None);
        }
        (AgentState::Available, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(queue: &str, interface: &str, status: u8, paused: Option<&str>) -> QueueMember {
        QueueMember {
            queue: queue.into(),
            interface: interface.into(),
            name: "Ann".into(),
            state_interface: None,
            status: Some(status),
            paused: Some(paused.is_some()),
            reason: paused.map(Label::new),
            in_call: Some(status == 2),
        }
    }

    fn states(out: &mut Vec<EventKind>) -> Vec<(AgentState, String)> {
        let state = |kind| match kind {
            EventKind::AgentState { state, reason, .. } => Some((state, reason.unwrap_or_default().to_string())),
            EventKind::AgentQueues { .. } => None,
            other => panic!("{other:?}"),
        };
        out.drain(..).filter_map(state).collect()
    }

    /// The queues that were last reported of an agent: `queue`, or `queue: state (reason)`.
    fn queues(out: &mut Vec<EventKind>) -> Option<String> {
        let words = |of: &Membership| match (&of.state, &of.reason) {
            (None, _) => of.queue.to_string(),
            (Some(state), reason) => {
                format!("{}: {} ({})", of.queue, state.key(), reason.clone().unwrap_or_default())
            }
        };
        let mut all = out.drain(..).filter_map(|kind| match kind {
            EventKind::AgentQueues { queues, .. } => Some(queues.iter().map(words).collect::<Vec<_>>().join(", ")),
            _ => None,
        });
        all.next_back()
    }

    #[test]
    fn a_device_state_that_asterisk_does_not_have_says_nothing_of_the_agent() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        members.replace(&[member("sales", "SIP/1", 2, None)], &mut out);
        members.update(member("sales", "SIP/1", NO_DEVICE_STATE, None), &mut out);
        members.update(member("sales", "SIP/1", NO_DEVICE_STATE, Some("tea")), &mut out);
        let seen: Vec<AgentState> = states(&mut out).into_iter().map(|(state, _)| state).collect();
        assert_eq!(seen, [AgentState::OnContact, AgentState::Unknown, AgentState::Paused]);
    }

    #[test]
    fn a_pause_and_a_removal_in_one_queue_concern_that_queue_only() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        let all = ["sales", "support", "vip"].map(|queue| member(queue, "SIP/1", 1, None));
        members.replace(&all, &mut out);
        assert_eq!(queues(&mut out).as_deref(), Some("sales, support, vip"));
        members.update(member("vip", "SIP/1", 1, Some("letters")), &mut out);
        assert_eq!(queues(&mut out).as_deref(), Some("sales, support, vip: paused (letters)"));
        for queue in ["sales", "support", "vip"] {
            let paused = (queue == "vip").then_some("letters");
            members.update(member(queue, "SIP/1", 2, paused), &mut out);
            members.update(member(queue, "SIP/1", 1, paused), &mut out);
        }
        assert_eq!(queues(&mut out), None, "a conversation changes no membership");
        members.remove(&all[0], &mut out);
        assert_eq!(queues(&mut out).as_deref(), Some("support, vip: paused (letters)"));
        // A second phone, which is not reachable.
        members.update(member("sales", "SIP/2", 5, None), &mut out);
        assert_eq!(queues(&mut out).as_deref(), Some("sales: offline (), support, vip: paused (letters)"));
        members.replace(&[], &mut out);
        assert_eq!(queues(&mut out).as_deref(), Some(""));
    }

    #[test]
    fn an_agent_is_all_members_of_one_name_and_only_changes_are_reported() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        members.update(member("sales", "SIP/1", 1, None), &mut out);
        members.update(member("vip", "SIP/1", 1, None), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Available, String::new())]);
        members.update(member("sales", "SIP/1", 1, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [], "the agent still takes the calls of the other queue");
        members.update(member("vip", "SIP/1", 1, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Paused, "lunch".into())]);
        members.update(member("vip", "SIP/1", 2, Some("lunch")), &mut out);
        assert_eq!(states(&mut out), [(AgentState::OnContact, String::new())]);
        members.update(member("vip", "SIP/1", 6, None), &mut out);
        members.update(member("sales", "SIP/1", 5, None), &mut out);
        members.update(member("vip", "SIP/1", 5, None), &mut out);
        assert_eq!(states(&mut out), [(AgentState::Ringing, String::new()), (AgentState::Offline, String::new())]);
    }

    #[test]
    fn who_left_since_an_earlier_run_is_reported_offline_by_the_first_snapshot() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        members.update(member("sales", "SIP/1", 1, None), &mut out);
        members.update(QueueMember { name: "Bob".into(), ..member("sales", "SIP/2", 1, None) }, &mut out);
        members.set_reported(&"Eve".into(), AgentState::Offline, None);
        let mut saved = members.to_saved(10);
        saved.sort_unstable();
        assert_eq!(saved, [Label::from("Ann"), "Bob".into()]);

        let mut members = QueueMembers::default();
        members.restore(saved);
        out.clear();
        // Ann's phone is not reachable any more, and Bob is no member.
        members.replace(&[member("sales", "SIP/1", 5, None)], &mut out);
        assert_eq!(states(&mut out), [(AgentState::Offline, String::new()), (AgentState::Offline, String::new())]);
        members.replace(&[member("sales", "SIP/1", 5, None)], &mut out);
        assert_eq!(states(&mut out), []);
    }

    #[test]
    fn states_that_last_are_reported_again_where_that_is_wanted() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        let away = QueueMember { name: "Bob".into(), ..member("sales", "SIP/2", 5, None) };
        let all = [member("sales", "SIP/1", 1, Some("lunch")), away];
        members.set_reported(&"Bob".into(), AgentState::Available, None);
        members.replace(&all, &mut out);
        out.clear();
        members.replace(&all, &mut out);
        assert_eq!(out, []);
        members.repeat_states();
        members.replace(&all, &mut out);
        assert_eq!(states(&mut out), [(AgentState::Paused, "lunch".into())]);
    }

    #[test]
    fn an_agent_without_a_member_is_reported_offline_once() {
        let (mut members, mut out) = (QueueMembers::default(), Vec::new());
        members.update(member("sales", "SIP/1", 1, None), &mut out);
        members.set_reported(&"SIP/7".into(), AgentState::Available, None);
        out.clear();
        members.replace(&[], &mut out);
        assert_eq!(states(&mut out).len(), 2);
        members.replace(&[], &mut out);
        assert_eq!(states(&mut out), []);
    }
}
