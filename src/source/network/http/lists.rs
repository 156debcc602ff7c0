//! Lists of agents and contacts that are asked for again and again: what has changed between two of them becomes events.
//!
//! A list shows a contact as it is, and not what has become of one that it no longer contains. Who waited and is gone has
//! hung up or was answered and is over: that is not known, and not guessed. Contacts are marked as sampled, so that no
//! figure counts them. Only who is missing from two lists in a row is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::map::{AgentEntry, ContactEntry, ListedState};
use super::words::LiveStage;
use crate::clock::{Span, Time};
use crate::event::{AgentState, Event, EventKind, Membership, Offer, Step};
use crate::source::network::STATE_REPEAT_INTERVAL;
use crate::text::Label;

/// A state that began so much later than before is another one, if it has the same word.
const MAX_SINCE_JITTER: Span = Span::seconds(5);
/// The most contacts that begin in an hour: more than the largest centre has. A list whose rows have another id at every poll
/// would fill memory.
const MAX_NEW_CONTACTS_PER_HOUR: usize = 50_000;

/// What was last listed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lists {
    contacts: BTreeMap<Label, KnownContact>,
    /// Of agents only the names are stored, of those who are not offline: who is let go while the program is down is offline
    /// when it is up again.
    #[serde(with = "names_alone")]
    agents: BTreeMap<Label, AgentEntry>,
    /// The contacts and agents that the last list did not have, and since when: rows move from page to page while a list is
    /// read, so who is missing once may be there again.
    #[serde(skip)]
    missed: Missed,
    /// Since when the contacts that began are counted, and how many did.
    #[serde(skip)]
    begun: (Time, usize),
    /// When all states of agents were last told, whether they had changed or not.
    #[serde(skip)]
    states_told: Option<Time>,
}

/// The most agents that are stored.
const MAX_STORED_AGENTS: usize = 20_000;

/// Stores agents by their names alone.
mod names_alone {
    use serde::{Deserializer, Serializer};

    use super::{AgentEntry, BTreeMap, Deserialize, Label, MAX_STORED_AGENTS, is_there};

    pub(super) fn serialize<S: Serializer>(
        agents: &BTreeMap<Label, AgentEntry>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let names = agents.iter().filter(|(_, agent)| is_there(agent)).map(|(name, _)| name);
        serializer.collect_seq(names.take(MAX_STORED_AGENTS))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Label, AgentEntry>, D::Error> {
        let names = Vec::<Label>::deserialize(deserializer)?;
        Ok(names.into_iter().take(MAX_STORED_AGENTS).map(|name| (name, AgentEntry::default())).collect())
    }
}

/// Whether an agent was not said to be offline.
fn is_there(agent: &AgentEntry) -> bool {
    agent.state.as_ref().is_none_or(|(state, ..)| *state != AgentState::Offline)
}

/// Who is missing from a list, and since when.
#[derive(Debug, Default)]
struct Missed {
    contacts: BTreeMap<Label, Time>,
    agents: BTreeMap<Label, Time>,
}

/// What all lists of agents, or of contacts, say together.
pub(super) struct Listed<'a, T> {
    pub(super) rows: &'a BTreeMap<Label, T>,
    /// Those whose rows can't be read.
    pub(super) unread: &'a BTreeSet<Label>,
    /// Whether nothing was left out.
    pub(super) is_whole: bool,
}

impl<T> Listed<'_, T> {
    /// Whether one whom the lists do not have is gone, and not only left out or unreadable.
    fn tells_gone(&self, id: &Label) -> bool {
        self.is_whole && !self.unread.contains(id)
    }
}

/// Those of `known` who are gone: missing from this list and from the one before, and since when they are.
fn take_gone<T, L>(
    known: &mut BTreeMap<Label, T>,
    listed: &Listed<'_, L>,
    missed: &mut BTreeMap<Label, Time>,
    now: Time,
) -> Vec<(Label, T, Time)> {
    let before = std::mem::take(missed);
    let missing = |id: &Label| !listed.rows.contains_key(id) && listed.tells_gone(id);
    *missed = known.keys().filter(|id| missing(id)).map(|id| (id.clone(), *before.get(id).unwrap_or(&now))).collect();
    let gone: Vec<_> = known.extract_if(.., |id, _| before.contains_key(id) && missed.contains_key(id)).collect();
    gone.into_iter().map(|(id, last)| (id.clone(), last, missed.remove(&id).unwrap_or(now))).collect()
}

/// A contact as it was last listed. Contacts are stored in the journal's cursor, so that one that ended while the program
/// was down ends when it is up again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KnownContact {
    queue: Label,
    stage: LiveStage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<Label>,
}

/// Events that happen at one source.
struct EventList<'a> {
    now: Time,
    origin: &'a Label,
    events: Vec<Event>,
}

impl EventList<'_> {
    fn push(&mut self, at: Option<Time>, kind: EventKind) {
        let at = at.unwrap_or(self.now).min(self.now);
        self.events.push(Event { at, origin: self.origin.clone(), id: None, kind });
    }

    fn step(&mut self, contact: &Label, queue: &Label, at: Option<Time>, step: Step) {
        self.push(at, EventKind::Contact { contact: contact.clone(), queue: Some(queue.clone()), step });
    }
}

impl Lists {
    /// The lists that an earlier run of the program stored; empty where that cannot be read.
    pub(super) fn restored(cursor: &str) -> Self {
        serde_json::from_str(cursor).unwrap_or_default()
    }

    /// The contacts and the agents' names, to be stored.
    pub(super) fn cursor(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// The events between the last lists and these, which came at `now`, and whether what is stored has changed.
    pub(super) fn update(
        &mut self,
        agents: &Listed<'_, AgentEntry>,
        contacts: &Listed<'_, ContactEntry>,
        (now, origin): (Time, &Label),
    ) -> (Vec<Event>, bool) {
        let mut out = EventList { now, origin, events: Vec::new() };
        let contacts_changed = self.update_contacts(contacts, &mut out);
        // Agents come last: what the list says of them counts more than what their contacts do.
        let agents_changed = self.update_agents(agents, &mut out);
        (out.events, contacts_changed || agents_changed)
    }

    fn update_contacts(&mut self, listed: &Listed<'_, ContactEntry>, out: &mut EventList<'_>) -> bool {
        let mut is_changed = false;
        let gone = take_gone(&mut self.contacts, listed, &mut self.missed.contacts, out.now);
        is_changed |= !gone.is_empty();
        for (id, known, since) in &gone {
            end(id, known, Some(*since), out);
        }
        for (id, contact) in listed.rows {
            let ContactEntry { queue, stage, agent, .. } = contact;
            if !self.contacts.contains_key(id) && !self.has_room(out.now) {
                continue;
            }
            let now = KnownContact { queue: queue.clone(), stage: *stage, agent: agent.clone() };
            let before = self.contacts.insert(id.clone(), now.clone());
            if before.as_ref() == Some(&now) {
                continue;
            }
            is_changed = true;
            match before {
                // What goes on in the same queue, and with the same agent once it is with one.
                Some(before) if before.queue == *queue && before.stage <= *stage && before.is_with(agent.as_ref()) => {
                    advance(id, Some(before.stage), contact, out);
                }
                Some(before) if before.stage == LiveStage::Held && before.queue == *queue && before.agent == *agent => {
                    let step = if *stage == LiveStage::Talking { Step::Resumed } else { continue };
                    out.step(id, queue, None, step);
                }
                Some(before) => {
                    end(id, &before, None, out);
                    begin(id, &ContactEntry { since: None, answered: None, ..contact.clone() }, out);
                }
                None => begin(id, contact, out),
            }
        }
        is_changed
    }

    /// Whether one more contact may begin; counts it.
    fn has_room(&mut self, now: Time) -> bool {
        if (now - self.begun.0).0.abs() >= Span::HOUR.0 {
            self.begun = (now, 0);
        }
        let is_left = !self.is_full();
        self.begun.1 += usize::from(is_left);
        is_left
    }

    /// Whether so many contacts have begun within the hour that further ones are left out.
    pub(super) fn is_full(&self) -> bool {
        self.begun.1 >= MAX_NEW_CONTACTS_PER_HOUR
    }

    fn update_agents(&mut self, listed: &Listed<'_, AgentEntry>, out: &mut EventList<'_>) -> bool {
        let gone = take_gone(&mut self.agents, listed, &mut self.missed.agents, out.now);
        let mut is_changed = gone.iter().any(|(_, agent, _)| is_there(agent));
        let state = |agent, state, reason| EventKind::AgentState { agent, state, reason, lasts: None };
        for (agent, _, since) in gone {
            out.push(Some(since), state(agent, AgentState::Offline, None));
        }
        // Who is missing from lists that are not whole may be there, in whatever state.
        let unlisted =
            self.agents.iter_mut().filter(|(id, _)| !listed.rows.contains_key(*id) && !listed.tells_gone(id));
        for (id, agent) in unlisted.filter(|(_, agent)| agent.state != UNTOLD) {
            agent.state = UNTOLD;
            out.push(None, state(id.clone(), AgentState::Unknown, None));
        }
        let instant = out.now;
        let repeats = (instant - *self.states_told.get_or_insert(instant)).0 >= STATE_REPEAT_INTERVAL.0;
        if repeats {
            self.states_told = Some(instant);
        }
        for (id, agent) in listed.rows {
            let before = self.agents.get(id).cloned();
            is_changed |= before.as_ref().is_some_and(is_there) != is_there(agent);
            let before = before.unwrap_or_default();
            let mut agent = agent.clone();
            // Another list has the agent, and the one that told the state no longer does.
            if agent.state.is_none() && before.state.is_some() {
                agent.state = UNTOLD;
            }
            self.agents.insert(id.clone(), agent.clone());
            if before.profile != agent.profile {
                out.push(None, EventKind::AgentProfile(agent.profile.clone()));
            }
            if let Some(queues) = agent.queues.as_ref().filter(|queues| before.queues.as_ref() != Some(queues)) {
                let serves = |queue: &Label| Membership { queue: queue.clone(), state: None, reason: None };
                let queues = queues.iter().map(serves).collect();
                out.push(None, EventKind::AgentQueues { agent: id.clone(), queues });
            }
            let Some(told) = agent.state else { continue };
            let is_new = is_new(before.state.as_ref(), &told);
            let (now, reason, since) = told;
            if is_new {
                out.push(since, state(id.clone(), now, reason.clone()));
            }
            let is_old = |since: Time| (instant - since).0 >= 2 * STATE_REPEAT_INTERVAL.0;
            let holds_still = if is_new { since.is_some_and(is_old) } else { repeats };
            if holds_still && now.is_staffed() {
                out.push(None, state(id.clone(), now, reason));
            }
        }
        is_changed
    }
}

/// The state of an agent that is told no longer.
const UNTOLD: Option<ListedState> = Some((AgentState::Unknown, None, None));

/// Whether a state is another than before. The time since when it lasts may vary, where it is computed of an age.
fn is_new(before: Option<&ListedState>, now: &ListedState) -> bool {
    let Some((state, reason, since)) = before else { return true };
    let is_later = since.zip(now.2).is_some_and(|(before, now)| (now - before).0.abs() > MAX_SINCE_JITTER.0);
    (state, reason) != (&now.0, &now.1) || is_later
}

impl KnownContact {
    /// Whether it is with no other agent than this one.
    fn is_with(&self, agent: Option<&Label>) -> bool {
        self.stage < LiveStage::Talking || self.agent.as_ref() == agent
    }
}

/// A contact that was not listed before.
fn begin(id: &Label, contact: &ContactEntry, out: &mut EventList<'_>) {
    let offer =
        Offer { priority: contact.priority, sampled: true, ..Offer::new(contact.queue.clone(), contact.channel) };
    let joined = contact.since.or(contact.answered);
    out.step(id, &contact.queue, joined, Step::Offered(offer));
    advance(id, None, contact, out);
}

/// A contact has gone on since it was at the stage `before`, or since it joined.
fn advance(id: &Label, before: Option<LiveStage>, contact: &ContactEntry, out: &mut EventList<'_>) {
    let ContactEntry { queue, stage, answered, agent: Some(agent), .. } = contact else { return };
    let agent = || agent.clone();
    if *stage == LiveStage::Ringing {
        out.step(id, queue, None, Step::Ringing { agent: agent() });
    }
    if *stage > LiveStage::Ringing && before.is_none_or(|before| before < LiveStage::Talking) {
        let at = answered.or(if before.is_none() { contact.since } else { None });
        out.step(id, queue, at, Step::Answered { agent: agent(), wait: None });
    }
    if *stage == LiveStage::Held {
        out.step(id, queue, None, Step::Held);
    }
}

/// A contact is listed no longer since an instant, or now.
fn end(id: &Label, known: &KnownContact, since: Option<Time>, out: &mut EventList<'_>) {
    let step = if known.stage < LiveStage::Talking {
        Step::Lost
    } else {
        Step::Completed { agent: known.agent.clone(), ended_by: None, talk: None, hold: None }
    };
    out.step(id, &known.queue, since, step);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AgentProfile, Channel};

    fn at(second: i64) -> Time {
        Time::from_unix(1_772_442_000) + Span::seconds(second)
    }

    static NOBODY: BTreeSet<Label> = BTreeSet::new();

    fn whole<T>(rows: &BTreeMap<Label, T>) -> Listed<'_, T> {
        Listed { rows, unread: &NOBODY, is_whole: true }
    }

    fn part<T>(rows: &BTreeMap<Label, T>) -> Listed<'_, T> {
        Listed { is_whole: false, ..whole(rows) }
    }

    fn contact(queue: &str, stage: LiveStage, agent: Option<&str>) -> ContactEntry {
        ContactEntry {
            queue: queue.into(),
            stage,
            since: Some(at(-30)),
            answered: None,
            agent: agent.map(Label::from),
            channel: Channel::Voice,
            priority: None,
        }
    }

    /// The steps of contact `c`, each with its time in seconds, as it is listed like this one after the other.
    fn steps(lists: &mut Lists, listed: &[Option<ContactEntry>]) -> Vec<String> {
        let mut all = Vec::new();
        for (second, contact) in (0..).zip(listed) {
            let contacts = contact.iter().map(|contact| ("c".into(), contact.clone())).collect();
            let (events, _) = lists.update(&whole(&BTreeMap::new()), &whole(&contacts), (at(second), &"cloud".into()));
            for event in events {
                let EventKind::Contact { step, queue: Some(queue), .. } = event.kind else { panic!() };
                let step = format!("{step:?}");
                let word = step.split([' ', '(']).next().unwrap();
                all.push(format!("{} {queue} {word}", (event.at - at(0)).as_secs()));
            }
        }
        all
    }

    #[test]
    fn a_contact_goes_through_its_stages_and_its_end_is_not_guessed() {
        use LiveStage::{Held, Ringing, Talking, Waiting};
        let of = |stage| Some(contact("q", stage, (stage > Waiting).then_some("ann")));
        let mut lists = Lists::default();
        let seen =
            steps(&mut lists, &[of(Waiting), of(Waiting), of(Ringing), of(Talking), of(Held), of(Talking), None, None]);
        let expected = ["-30 q Offered", "2 q Ringing", "3 q Answered", "4 q Held", "5 q Resumed", "6 q Completed"];
        assert_eq!(seen, expected);
        assert_eq!(steps(&mut lists, &[of(Waiting), None, None]), ["-30 q Offered", "1 q Lost"]);
        // It was answered before it was seen.
        let talking = ContactEntry { answered: Some(at(-10)), ..contact("q", Talking, Some("ann")) };
        assert_eq!(steps(&mut lists, &[Some(talking)]), ["-30 q Offered", "-10 q Answered"]);
        // Another agent, and another queue: what was before is over.
        let other = steps(&mut lists, &[Some(contact("q", Talking, Some("bo"))), Some(contact("p", Waiting, None))]);
        let expected = ["0 q Completed", "0 q Offered", "0 q Answered", "1 q Completed", "1 p Offered"];
        assert_eq!(other, expected);
    }

    #[test]
    fn a_contact_that_one_list_lacks_goes_on_as_the_same() {
        let of = |stage| Some(contact("q", stage, (stage > LiveStage::Waiting).then_some("ann")));
        let mut lists = Lists::default();
        let listed = [of(LiveStage::Waiting), None, of(LiveStage::Waiting), None, of(LiveStage::Talking), None, None];
        assert_eq!(steps(&mut lists, &listed), ["-30 q Offered", "4 q Answered", "5 q Completed"]);
    }

    #[test]
    fn contacts_are_known_after_a_restart_and_an_incomplete_list_ends_none() {
        let mut lists = Lists::default();
        let listed = Some(contact("q", LiveStage::Waiting, None));
        steps(&mut lists, std::slice::from_ref(&listed));
        let mut again = Lists::restored(&lists.cursor().unwrap());
        assert_eq!(steps(&mut again, &[listed, None, None]), ["1 q Lost"]);
        let (events, is_changed) =
            lists.update(&part(&BTreeMap::new()), &part(&BTreeMap::new()), (at(9), &"cloud".into()));
        assert!(events.is_empty() && !is_changed);
    }

    /// The states of agents, each with its time in seconds, as they are listed from second `from` on like this one after the
    /// other.
    fn states(lists: &mut Lists, from: i64, is_whole: bool, listed: &[&[(&str, Option<AgentState>)]]) -> Vec<String> {
        let mut all = Vec::new();
        for (second, agents) in (from..).zip(listed) {
            let entry = |(id, state): &(&str, Option<AgentState>)| {
                let profile = AgentProfile { agent: (*id).into(), ..AgentProfile::default() };
                let state = state.map(|state| (state, None, None));
                ((*id).into(), AgentEntry { profile, state, ..AgentEntry::default() })
            };
            let agents = agents.iter().map(entry).collect();
            let (events, _) = lists.update(
                &Listed { is_whole, ..whole(&agents) },
                &whole(&BTreeMap::new()),
                (at(second), &"cloud".into()),
            );
            for event in events {
                if let EventKind::AgentState { agent, state, .. } = event.kind {
                    all.push(format!("{} {agent} {}", (event.at - at(0)).as_secs(), state.key()));
                }
            }
        }
        all
    }

    #[test]
    fn who_is_listed_without_a_state_is_in_an_unknown_one_and_who_is_not_listed_is_offline() {
        use AgentState::{Available, Paused, Unknown};
        let mut lists = Lists::default();
        let listed: [&[_]; 7] = [
            &[("ann", Some(Available)), ("bo", Some(Paused)), ("cy", None)],
            &[("ann", Some(Unknown)), ("bo", Some(Paused)), ("cy", None)],
            // Only a list without states has Bo.
            &[("ann", Some(Unknown)), ("bo", None), ("cy", None)],
            &[("ann", Some(Available)), ("bo", None), ("cy", None)],
            &[("bo", Some(Paused)), ("cy", None)],
            &[("bo", Some(Paused)), ("cy", None)],
            &[("bo", Some(Paused)), ("cy", None)],
        ];
        let seen = states(&mut lists, 0, true, &listed);
        let expected = [
            "0 ann available",
            "0 bo paused",
            "1 ann unknown",
            "2 bo unknown",
            "3 ann available",
            "4 bo paused",
            "4 ann offline",
        ];
        assert_eq!(seen, expected);
        // A list that is not whole tells nothing of who is missing.
        assert_eq!(states(&mut lists, 7, false, &[&[], &[]]), ["7 bo unknown", "7 cy unknown"]);
        assert_eq!(states(&mut lists, 9, true, &[&[("bo", Some(Available))], &[]]), ["9 bo available", "9 cy offline"]);
        // The next run of the program is told of nobody.
        let mut again = Lists::restored(&lists.cursor().unwrap());
        assert_eq!(states(&mut again, 11, true, &[&[], &[], &[]]), ["11 bo offline"]);
        assert_eq!(again.cursor().unwrap(), r#"{"contacts":{},"agents":[]}"#);
    }

    #[test]
    fn a_state_that_lasts_is_told_again() {
        use AgentState::{Offline, Paused};
        let mut lists = Lists::default();
        let listed: &[_] = &[("ann", Some(Paused)), ("bo", Some(Offline))];
        assert_eq!(states(&mut lists, 0, true, &[listed]), ["0 ann paused", "0 bo offline"]);
        assert!(states(&mut lists, 1_799, true, &[listed]).is_empty());
        assert_eq!(states(&mut lists, 1_800, true, &[listed, listed]), ["1800 ann paused"]);
        assert_eq!(states(&mut lists, 3_600, true, &[listed]), ["3600 ann paused"]);
    }

    #[test]
    fn a_list_of_ever_new_contacts_fills_no_memory() {
        let mut lists = Lists::default();
        let mut offered = 0;
        let listed = |from: usize| {
            let ids =
                (from..from + 20_000).map(|n| (Label::new(&format!("c{n}")), contact("q", LiveStage::Waiting, None)));
            ids.collect::<BTreeMap<_, _>>()
        };
        for poll in 0..4 {
            let contacts = listed(poll * 20_000);
            let second = i64::try_from(poll).unwrap();
            let (events, _) = lists.update(&whole(&BTreeMap::new()), &whole(&contacts), (at(second), &"cloud".into()));
            let is_offer = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Offered(_), .. });
            offered += events.iter().filter(is_offer).count();
        }
        assert_eq!((offered, lists.is_full()), (MAX_NEW_CONTACTS_PER_HOUR, true));
        let later = (at(3600), &"cloud".into());
        let (events, _) = lists.update(&whole(&BTreeMap::new()), &whole(&listed(80_000)), later);
        assert!(events.len() >= 20_000 && !lists.is_full(), "an hour later there is room again");
    }

    #[test]
    fn agents_are_told_where_they_change_and_are_offline_once_they_are_gone() {
        let mut lists = Lists::default();
        let mut news = |second: i64, state: Option<(AgentState, Option<i64>)>| {
            let agent = |(state, since): (AgentState, Option<i64>)| AgentEntry {
                profile: AgentProfile { agent: "7".into(), name: Some("Ann".into()), ..AgentProfile::default() },
                state: Some((state, None, since.map(at))),
                queues: Some(vec!["q".into()]),
            };
            let agents = state.map(|state| ("7".into(), agent(state))).into_iter().collect();
            let (events, _) = lists.update(&whole(&agents), &whole(&BTreeMap::new()), (at(second), &"cloud".into()));
            let words = |event: &Event| match &event.kind {
                EventKind::AgentState { state, .. } => format!("{} {}", (event.at - at(0)).as_secs(), state.key()),
                EventKind::AgentProfile(_) => "profile".to_owned(),
                EventKind::AgentQueues { queues, .. } => format!("{} queues", queues.len()),
                other => panic!("{other:?}"),
            };
            events.iter().map(words).collect::<Vec<_>>()
        };
        assert_eq!(news(0, Some((AgentState::Available, Some(-60)))), ["profile", "1 queues", "-60 available"]);
        assert!(news(1, Some((AgentState::Available, Some(-60)))).is_empty());
        assert_eq!(news(2, Some((AgentState::Paused, None))), ["2 paused"]);
        assert!(news(3, None).is_empty());
        assert!(news(4, Some((AgentState::Paused, None))).is_empty(), "missing once");
        assert!(news(5, None).is_empty());
        assert_eq!(news(6, None), ["5 offline"]);
        assert!(news(7, None).is_empty());
    }
}
