//! Bringing facts, agents' timelines and customers' histories up to date with the contacts that have changed.
//!
//! Events change contacts at once, but facts are written only when somebody asks for figures. So a contact that changes
//! ten times between two queries is written once, and a report writes each contact once.

use super::Engine;
use super::contact::Contact;
use super::contact_store::ContactNo;
use super::fact_store::FactStore;
use super::facts::{CellKey, CellNo, CellTable, Fact};
use super::interner::{AgentNo, NameNo, QueueNo};
use super::repeats::{Topic, TopicVisit, VisitNo};
use super::timeline::AgentChange;
use super::visit::{QueueVisit, RepeatStatus, VisitFact, VisitFacts, VisitStage, VisitTiming};
use crate::clock::Time;

/// What a visit contributes besides facts: changes of the agent's timeline, and a visit to the customer's topic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Links {
    /// The agent who answered; unknown where nobody did.
    agent: AgentNo,
    changes: AgentChanges,
    topic_visit: Option<(Topic, TopicVisit)>,
}

type AgentChanges = [Option<(Time, AgentChange)>; 3];

/// All that a visit contributes, as it was at one time.
#[derive(Debug)]
pub(super) struct Contribution {
    cell: CellKey,
    facts: VisitFacts,
    links: Links,
}

/// Contacts that have changed, with what each of their visits had contributed before.
pub(super) type Changes = Vec<(ContactNo, Vec<Option<Contribution>>)>;

impl Engine {
    /// Note that a contact is about to change, and what its visits have contributed so far.
    pub(super) fn mark_changed(&mut self, number: ContactNo) {
        if let Some(contact) = self.contacts.get_mut(number)
            && !contact.changed
        {
            note_changed(&mut self.changed, number, contact);
        }
    }

    /// Bring everything up to date. Whatever reads figures, agents or histories calls this first.
    pub(super) fn flush(&mut self) {
        self.end_all_deferral();
        let changed = std::mem::take(&mut self.changed);
        self.write(changed);
    }

    /// The same for the contacts that are over. Those that are open change again, and are written when somebody asks.
    pub(super) fn flush_ended(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        let is_open = |(number, _): &mut (ContactNo, _)| self.contacts.get(*number).is_some_and(Contact::is_open);
        let open = changed.extract_if(.., is_open).collect();
        self.write(changed);
        self.changed = open;
    }

    /// Write what contacts contribute now in place of what they did before: customers' histories first, then facts.
    fn write(&mut self, mut changed: Changes) {
        for (number, before) in &changed {
            let visits = self.contacts.get(*number).map_or(0, |contact| contact.visits.len());
            for index in 0..visits.max(before.len()) {
                let old = before.get(index).and_then(Option::as_ref).and_then(|before| before.links.topic_visit);
                let visit = self.contacts.get(*number).and_then(|contact| contact.visits.get(index));
                let new = visit.and_then(|visit| topic_visit(visit, (*number, index)));
                if old != new {
                    self.update_repeats(old, new);
                }
            }
        }
        // Contacts whose repeat status changed have been marked as changed meanwhile.
        changed.append(&mut self.changed);
        for (number, before) in changed {
            let visits = self.contacts.get(number).map_or(0, |contact| contact.visits.len());
            let mut before = before.into_iter();
            for index in 0..visits.max(before.len()) {
                match before.next().flatten() {
                    Some(before) => self.write_difference((number, index), &before),
                    None => self.write_first((number, index)),
                }
            }
            if let Some(contact) = self.contacts.get_mut(number) {
                contact.changed = false;
            }
            self.report_contact(number);
            self.contacts.note_place(number);
            self.count_open_contact(number);
            self.contacts.pack_settled(number);
        }
    }

    /// Write what a visit contributes that has not contributed anything so far.
    fn write_first(&mut self, (number, index): VisitNo) {
        let Self { contacts, cells, facts, .. } = self;
        let visit = contacts.get_mut(number).and_then(|contact| contact.visits.get_mut(index));
        let Some(visit) = visit else { return };
        visit.written = true;
        let cell = visit.cell();
        let mut own_cell = None;
        visit.for_each_fact(|fact| {
            let own_cell = *own_cell.get_or_insert_with(|| cells.intern(cell));
            write_fact(facts, cells, (cell, own_cell), &fact, 1);
        });
        let (agent, changes) = agent_changes(visit);
        self.add_changes(cell.queue, agent, changes.into_iter().flatten());
    }

    /// Write the difference between what a visit contributed before and what it contributes now.
    fn write_difference(&mut self, visit_no: VisitNo, before: &Contribution) {
        let (number, index) = visit_no;
        let visit = self.contacts.get_mut(number).and_then(|contact| contact.visits.get_mut(index));
        let now = visit.map(|visit| {
            visit.written = true;
            Contribution::of(visit, visit_no)
        });
        let new_cell = now.as_ref().map(|now| now.cell);
        let (old, new) = (before.facts.as_slice(), now.as_ref().map_or(&[][..], |now| &now.facts));
        let same =
            if Some(before.cell) == new_cell { old.iter().zip(new).take_while(|(a, b)| a == b).count() } else { 0 };
        self.write_facts(old.get(same..).unwrap_or_default(), before.cell, -1);
        self.write_facts(new.get(same..).unwrap_or_default(), new_cell.unwrap_or_default(), 1);
        let queue = new_cell.map(|cell| cell.queue).unwrap_or_default();
        self.update_links(queue, &before.links, &now.map(|now| now.links).unwrap_or_default());
    }

    fn write_facts(&mut self, all: &[VisitFact], cell: CellKey, sign: i8) {
        if all.is_empty() {
            return;
        }
        let Self { cells, facts, .. } = self;
        let own_cell = cells.intern(cell);
        for fact in all {
            write_fact(facts, cells, (cell, own_cell), fact, sign);
        }
    }

    fn update_links(&mut self, queue: QueueNo, old: &Links, new: &Links) {
        let same_agent = old.agent == new.agent;
        if old.agent.is_known() {
            let gone = old
                .changes
                .into_iter()
                .flatten()
                .filter(|change| !(same_agent && new.changes.contains(&Some(*change))));
            let timeline = &mut self.agent_record(old.agent).timeline;
            gone.for_each(|(at, change)| timeline.remove(at, change));
        }
        let is_new = |change: &(Time, AgentChange)| !(same_agent && old.changes.contains(&Some(*change)));
        self.add_changes(queue, new.agent, new.changes.into_iter().flatten().filter(is_new));
    }

    /// Add changes to the timeline of the agent who answered in a queue; none where nobody did.
    pub(super) fn add_changes(
        &mut self,
        queue: QueueNo,
        agent: AgentNo,
        changes: impl Iterator<Item = (Time, AgentChange)>,
    ) {
        if agent.is_known() {
            let record = self.agent_record(agent);
            record.learn_queue(queue);
            changes.for_each(|(at, change)| record.timeline.insert(at, change));
        }
    }

    fn update_repeats(&mut self, old: Option<(Topic, TopicVisit)>, new: Option<(Topic, TopicVisit)>) {
        let window = self.settings.rules.fcr_window;
        let changes = match (old, new) {
            (Some((from, old)), Some((to, new))) if from == to => {
                self.repeats.replace(to, Some(old), Some(new), window)
            }
            (old, new) => {
                // A visit that leaves its topic starts again without a status; the new topic then sets it.
                if let Some((_, visit)) = old {
                    self.set_repeat_status(visit.visit, RepeatStatus::default());
                    if let Some(query) = &mut self.standing_query {
                        query.note_topic(visit.joined);
                    }
                }
                let left = old.map(|(topic, visit)| self.repeats.replace(topic, Some(visit), None, window));
                let mut changes = left.unwrap_or_default();
                if let Some((topic, visit)) = new {
                    changes.extend(self.repeats.replace(topic, None, Some(visit), window));
                }
                changes
            }
        };
        for (visit, status) in changes {
            self.set_repeat_status(visit, status);
        }
    }

    pub(super) fn set_repeat_status(&mut self, (number, index): VisitNo, status: RepeatStatus) {
        if self.set_plain_status(number, status) || !self.recall_number(number) {
            return;
        }
        let Some(contact) = self.contacts.get_mut(number) else { return };
        if !contact.changed && !contact.deferred {
            note_changed(&mut self.changed, number, contact);
        }
        if let Some(visit) = contact.visits.get_mut(index) {
            visit.repeat_status = status;
        }
    }
}

/// Note what the visits of a contact have contributed so far: it is about to change.
pub(super) fn note_changed(changed: &mut Changes, number: ContactNo, contact: &mut Contact) {
    contact.changed = true;
    let mut before = Vec::new();
    if contact.visits.iter().any(|visit| visit.written) {
        let written =
            |(index, visit): (usize, &QueueVisit)| visit.written.then(|| Contribution::of(visit, (number, index)));
        before = contact.visits.iter().enumerate().map(written).collect();
    }
    changed.push((number, before));
}

/// Add a fact of a visit, of whose cell key and number are given.
fn write_fact(
    facts: &mut FactStore,
    cells: &mut CellTable,
    (key, own_cell): (CellKey, CellNo),
    fact: &VisitFact,
    sign: i8,
) {
    let VisitFact { at, measure, arg, value, agent } = *fact;
    let cell = if agent == key.agent { own_cell } else { cells.intern(CellKey { agent, ..key }) };
    facts.push(at, Fact { cell, measure, arg, sign, value });
}

impl Contribution {
    fn of(visit: &QueueVisit, number: VisitNo) -> Self {
        let mut facts = VisitFacts::new();
        visit.for_each_fact(|fact| facts.push(fact));
        Self { cell: visit.cell(), facts, links: Links::of(visit, number) }
    }
}

impl Links {
    /// What a visit contributes besides facts.
    fn of(visit: &QueueVisit, number: VisitNo) -> Self {
        let (agent, changes) = agent_changes(visit);
        Self { agent, changes, topic_visit: topic_visit(visit, number) }
    }
}

/// What a visit contributes to the timeline of the agent who answered; nothing, and nobody, where nobody did.
pub(super) fn agent_changes(visit: &QueueVisit) -> (AgentNo, AgentChanges) {
    let Some(answered) = visit.answered.filter(|_| visit.agent.is_known()) else { return Default::default() };
    let changes = [
        Some((answered, AgentChange::TalkStarts)),
        visit.ended.map(|at| (at, AgentChange::TalkEnds)),
        visit.acw.map(|(at, _)| (at, AgentChange::WrapEnds)),
    ];
    (visit.agent, changes)
}

/// What a visit contributes to the customer's history.
pub(super) fn topic_visit(visit: &QueueVisit, number: VisitNo) -> Option<(Topic, TopicVisit)> {
    let handled = visit.stage.is_handled();
    let is_seen_whole = visit.timing != VisitTiming::Sampled && visit.stage != VisitStage::Void;
    let relevant = (visit.counted || handled) && is_seen_whole;
    (visit.customer.is_known() && relevant).then(|| {
        let queue = if visit.intent.is_known() { QueueNo::UNKNOWN } else { visit.queue };
        let topic = Topic { customer: visit.customer, intent: visit.intent, queue };
        let transferred = visit.stage == VisitStage::Transferred;
        let channel = visit.channel;
        (topic, TopicVisit { joined: visit.joined, visit: number, channel, handled, transferred })
    })
}
