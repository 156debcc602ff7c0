//! Contacts of a standing query whose course is plain: they join a queue, ring agents, and are answered and ended, or
//! leave; each step after the one before. Nearly all are. Of each, only the steps are kept until it is over, in one
//! piece of memory, and then what is left of it once it has been counted.
//!
//! A step that is anything else makes it a [`Contact`] like the others, with the steps that it had.

use std::collections::VecDeque;

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::contact::brief::{BriefContact, Given};
use super::contact::{Contact, advance, joined};
use super::contact_store::ContactNo;
use super::interner::{AgentNo, NameNo, OriginNo, hash_of};
use super::transition::{ContactStep, Transition};
use super::visit::{QueueVisit, VisitStage};
use crate::clock::Time;
use crate::text::Label;

/// A contact that rings more agents is kept like the others.
const MAX_PLAIN_STEPS: usize = 64;

/// The contacts.
#[derive(Debug, Default)]
pub(super) struct PlainContacts {
    /// By their ids; some of these contacts are here no more.
    numbers: HashTable<IdHash>,
    /// Where the contacts from number `first` on are.
    places: VecDeque<Whereabouts>,
    first: u64,
    under_way: Vec<PlainContact>,
    /// The places among these that nothing needs any more.
    free: Vec<u32>,
    /// Those that have been counted, in that order, from place `first_resting` on; `None` where one is here no more.
    resting: VecDeque<Option<BriefContact>>,
    first_resting: u32,
}

/// A contact by its id, in eight bytes: there are many, and to look at the contact itself takes long.
#[derive(Clone, Copy, Debug)]
struct IdHash {
    /// The low half of its number.
    number: u32,
    /// The upper half of the id's hash.
    hash: u32,
}

impl IdHash {
    #[expect(clippy::cast_possible_truncation, reason = "halves")]
    const fn new(ContactNo(number): ContactNo, hash: u64) -> Self {
        Self { number: number as u32, hash: (hash >> 32) as u32 }
    }

    /// A hash of the half that is known.
    fn hash(self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Where a contact is.
#[derive(Clone, Copy, Debug)]
enum Whereabouts {
    Elsewhere,
    UnderWay(u32),
    Resting(u32),
}

/// A contact that has not been counted.
#[derive(Debug, Default)]
pub(super) struct PlainContact {
    pub(super) id: Label,
    pub(super) origin: OriginNo,
    /// [`VisitStage::Completed`] once it is over, however it ended.
    stage: VisitStage,
    steps: SmallVec<[ContactStep; 3]>,
}

impl PlainContact {
    /// Whether a step is the next one of a plain course.
    fn continues_with(&self, step: &ContactStep) -> bool {
        let (Some(first), Some(last)) = (self.steps.first(), self.steps.last()) else {
            return matches!(step.transition, Transition::Offered(_));
        };
        let rings = matches!(step.transition, Transition::RingNoAnswer { .. } | Transition::NeverRang { .. });
        let follows = step.transition.follows(self.stage) || rings && self.stage == VisitStage::Waiting;
        let is_of_agent = |agent: AgentNo| !agent.is_known() || self.agent() == agent;
        let is_kept = match step.transition {
            Transition::Completed { agent, .. } => is_of_agent(agent),
            Transition::Transferred { agent, to_queue, .. } => is_of_agent(agent) && !to_queue.is_known(),
            _ => true,
        };
        let is_about = step.queue == first.queue && step.queue.is_known();
        if !(follows && is_kept && is_about) || self.steps.len() >= MAX_PLAIN_STEPS {
            return false;
        }
        let equal = |known: &&ContactStep| known.order() == step.order();
        last.order() < step.order()
            || last.order() == step.order() && !self.steps.iter().rev().take_while(equal).any(|one| one.is_same(step))
    }

    /// The agent who answered.
    fn agent(&self) -> AgentNo {
        let answered = self.steps.iter().rev().find_map(|step| match step.transition {
            Transition::Answered { agent, .. } => Some(agent),
            _ => None,
        });
        answered.unwrap_or_default()
    }

    /// The visit that the steps make.
    pub(super) fn visit(&self) -> QueueVisit {
        let mut visit = QueueVisit::default();
        for step in &self.steps {
            if let Transition::Offered(joining) = &step.transition {
                visit = joined(step, joining);
            }
            advance(&mut visit, step);
        }
        visit
    }

    /// What its steps gave.
    pub(super) fn given(&self) -> Given {
        Given::of(&self.steps)
    }

    /// The contact with its visit, which is over.
    pub(super) fn over(self, visit: QueueVisit) -> Contact {
        Contact::over(self.id, self.origin, self.steps.into_vec(), visit)
    }

    /// The contact, of which nothing has been computed yet.
    fn into_contact(self) -> Contact {
        let Self { id, origin, steps, .. } = self;
        Contact::deferred(id, origin, steps.into_vec())
    }
}

impl PlainContacts {
    fn index(&self, ContactNo(number): ContactNo) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn place(&self, number: ContactNo) -> Whereabouts {
        let place = self.index(number).and_then(|index| self.places.get(index));
        place.copied().unwrap_or(Whereabouts::Elsewhere)
    }

    /// The number of which `low` is the low half.
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    fn number(&self, low: u32) -> ContactNo {
        ContactNo(self.first + u64::from(low.wrapping_sub(self.first as u32)))
    }

    fn resting_at(&self, place: u32) -> Option<&BriefContact> {
        self.resting.get(place.wrapping_sub(self.first_resting) as usize)?.as_ref()
    }

    fn id(&self, number: ContactNo) -> Option<&Label> {
        match self.place(number) {
            Whereabouts::Elsewhere => None,
            Whereabouts::UnderWay(place) => self.under_way.get(place as usize).map(|contact| &contact.id),
            Whereabouts::Resting(place) => self.resting_at(place).map(|contact| &contact.id),
        }
    }

    /// The number of a contact that is here.
    pub(super) fn find(&self, id: &str) -> Option<ContactNo> {
        if self.numbers.is_empty() {
            return None;
        }
        let wanted = IdHash::new(ContactNo(0), hash_of(id));
        let is_it = |known: &IdHash| {
            known.hash == wanted.hash && self.id(self.number(known.number)).is_some_and(|known| known.as_str() == id)
        };
        self.numbers.find(wanted.hash(), is_it).map(|known| self.number(known.number))
    }

    /// Add a contact without any steps.
    pub(super) fn begin(&mut self, number: ContactNo, id: Label, origin: OriginNo) {
        if self.places.is_empty() {
            self.first = number.0;
        }
        let Some(index) = self.index(number) else { return };
        let entry = IdHash::new(number, hash_of(id.as_str()));
        self.numbers.insert_unique(entry.hash(), entry, |known| known.hash());
        let contact = PlainContact { id, origin, ..PlainContact::default() };
        let free = self.free.pop().and_then(|free| Some((free, self.under_way.get_mut(free as usize)?)));
        let place = if let Some((place, slot)) = free {
            *slot = contact;
            place
        } else {
            self.under_way.push(contact);
            u32::try_from(self.under_way.len() - 1).unwrap_or(u32::MAX)
        };
        // Of the numbers in between, the contacts are elsewhere.
        self.places.resize(index, Whereabouts::Elsewhere);
        self.places.push_back(Whereabouts::UnderWay(place));
    }

    /// Add a step to a contact, if it is here and goes on with it as plainly as it began.
    pub(super) fn step(&mut self, number: ContactNo, step: ContactStep) -> bool {
        let Whereabouts::UnderWay(place) = self.place(number) else { return false };
        let contact = self.under_way.get_mut(place as usize).filter(|contact| contact.continues_with(&step));
        let Some(contact) = contact else { return false };
        match step.transition {
            Transition::Answered { .. } => contact.stage = VisitStage::Talking,
            transition if transition.is_ending() => contact.stage = VisitStage::Completed,
            _ => {}
        }
        contact.steps.push(step);
        true
    }

    /// When a contact that is under way here began.
    pub(super) fn began(&self, number: ContactNo) -> Option<Time> {
        let Whereabouts::UnderWay(place) = self.place(number) else { return None };
        self.under_way.get(place as usize)?.steps.first().map(|step| step.at)
    }

    /// When a contact that rests here ended.
    pub(super) fn rests_since(&self, number: ContactNo) -> Option<Time> {
        let Whereabouts::Resting(place) = self.place(number) else { return None };
        self.resting_at(place)?.ended()
    }

    /// Take out a contact that is under way. It is to [rest](Self::rest) or to be a contact like the others.
    pub(super) fn take_under_way(&mut self, number: ContactNo) -> Option<PlainContact> {
        let Whereabouts::UnderWay(place) = self.place(number) else { return None };
        self.set_place(number, Whereabouts::Elsewhere);
        self.free.push(place);
        self.under_way.get_mut(place as usize).map(std::mem::take)
    }

    /// Take out a contact, to be one like the others.
    pub(super) fn take(&mut self, number: ContactNo) -> Option<Contact> {
        match self.place(number) {
            Whereabouts::Elsewhere => None,
            Whereabouts::UnderWay(_) => self.take_under_way(number).map(PlainContact::into_contact),
            Whereabouts::Resting(_) => self.take_resting(number).map(|contact| contact.contact()),
        }
    }

    fn set_place(&mut self, number: ContactNo, place: Whereabouts) {
        if let Some(slot) = self.index(number).and_then(|index| self.places.get_mut(index)) {
            *slot = place;
        }
    }

    /// Keep what is left of a contact that was under way.
    pub(super) fn rest(&mut self, number: ContactNo, contact: BriefContact) {
        let place = u32::try_from(self.resting.len()).unwrap_or(u32::MAX).wrapping_add(self.first_resting);
        self.set_place(number, Whereabouts::Resting(place));
        // There are many: twice as many places as are in use would be wasted.
        if self.resting.len() == self.resting.capacity() {
            self.resting.reserve_exact(self.resting.len() / 8 + 16);
        }
        self.resting.push_back(Some(contact));
    }

    /// A contact that rests here.
    pub(super) fn resting_mut(&mut self, number: ContactNo) -> Option<&mut BriefContact> {
        let Whereabouts::Resting(place) = self.place(number) else { return None };
        self.resting.get_mut(place.wrapping_sub(self.first_resting) as usize)?.as_mut()
    }

    fn take_resting(&mut self, number: ContactNo) -> Option<BriefContact> {
        let Whereabouts::Resting(place) = self.place(number) else { return None };
        self.set_place(number, Whereabouts::Elsewhere);
        self.resting.get_mut(place.wrapping_sub(self.first_resting) as usize)?.take()
    }

    /// Drop a contact that rests.
    pub(super) fn forget(&mut self, number: ContactNo) {
        self.take_resting(number);
        while self.resting.pop_front_if(|first| first.is_none()).is_some() {
            self.first_resting = self.first_resting.wrapping_add(1);
        }
        while self.places.pop_front_if(|first| matches!(first, Whereabouts::Elsewhere)).is_some() {
            self.first += 1;
        }
    }

    /// Forget the ids of contacts that are here no more.
    pub(super) fn forget_ids(&mut self) {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.retain(|known| !matches!(self.place(self.number(known.number)), Whereabouts::Elsewhere));
        self.numbers = numbers;
    }

    /// Pass each visit to `each`, of all contacts at rest of which something is from `from` on.
    pub(super) fn for_each_visit(&self, from: Time, each: &mut dyn FnMut(&QueueVisit)) {
        let recent = self.resting.iter().flatten().filter(|contact| contact.last_instant() >= from);
        recent.for_each(|contact| each(&contact.visit()));
    }

    /// All contacts.
    pub(super) fn contacts(&self) -> impl Iterator<Item = Contact> {
        let under_way = self.places.iter().filter_map(|place| match place {
            Whereabouts::UnderWay(place) => self.under_way.get(*place as usize),
            Whereabouts::Elsewhere | Whereabouts::Resting(_) => None,
        });
        let unsettled = |contact: &PlainContact| {
            let PlainContact { id, origin, stage, steps } = contact;
            PlainContact { id: id.clone(), origin: *origin, stage: *stage, steps: steps.clone() }.into_contact()
        };
        under_way.map(unsettled).chain(self.resting.iter().flatten().map(BriefContact::contact))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use crate::clock::{Span, Time};
    use crate::engine::{Engine, Settings};
    use crate::event::{Channel, Event, EventKind, LeftReason, Offer, Step};
    use crate::kpi::{CATALOGUE, Dim, Every, Period, Query, Slice};
    use crate::text::Label;

    /// A call: seconds after the one before, its id, customer, queue and rings, its end, agent, wait and talk.
    type Call = (i64, (u8, u8, u8, i64), (u8, u8, i64, i64));

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let gap = prop_oneof![8 => 0..40_i64, 2 => 40..9_000_i64, 1 => 9_000..300_000_i64];
        let call = (gap, (0..60_u8, 0..4_u8, 0..2_u8, 0..3_i64), (0..9_u8, 0..3_u8, 0..30_i64, 0..300_i64));
        prop::collection::vec(call, 1..100)
    }

    fn label(kind: &str, number: u8) -> Label {
        Label::new(&format!("{kind}{number}"))
    }

    /// The events of the calls, and of some of them what is odd: they come twice, in another order, late or not at all.
    fn events(calls: &[Call], odd: &[(Index, u8, i64)]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut joined = 1_772_438_400;
        for (gap, (id, customer, queue, rings), (end, agent, wait, talk)) in calls {
            joined += gap;
            let (agent, queue) = (label("agent", *agent), label("queue", *queue));
            let mut say = |seconds: i64, step: Step| {
                let kind = EventKind::Contact { contact: label("c", *id), queue: Some(queue.clone()), step };
                events.push(Event { at: Time::from_unix(seconds), origin: "log".into(), id: None, kind });
            };
            let customer = (*customer > 0).then(|| label("customer", *customer));
            say(
                joined,
                Step::Offered(Offer { customer, position: Some(2), ..Offer::new(queue.clone(), Channel::Voice) }),
            );
            let no_answer = Step::RingNoAnswer { agent: agent.clone(), ring: None };
            (0..*rings).for_each(|ring| say(joined + wait * ring / 3, no_answer.clone()));
            let wait_s = Some(Span::seconds(*wait));
            if *end > 2 {
                say(joined + wait, Step::Answered { agent: agent.clone(), wait: wait_s });
            }
            let talk_s = Some(Span::seconds(*talk));
            let completed = Step::Completed { agent: Some(agent.clone()), ended_by: None, talk: talk_s, hold: None };
            match end {
                0 => say(joined + wait, Step::Abandoned { wait: None, position: None }),
                1 => say(joined + wait, Step::Left { reason: LeftReason::Timeout, wait: wait_s }),
                2 | 3 => {}
                4 => {
                    say(joined + wait, Step::Held);
                    say(joined + wait + talk, completed);
                }
                5 => {
                    say(joined + wait + talk, completed);
                    say(joined + wait + 40 * talk, Step::Resolved { resolved: true, reason: None });
                }
                _ => say(joined + wait + talk, completed),
            }
        }
        events.sort_by_key(|event| event.at);
        for (place, what, number) in odd {
            let Some(index) = (!events.is_empty()).then(|| place.index(events.len())) else { break };
            let event = events[index].clone();
            let next = (index + 1).min(events.len() - 1);
            match what {
                0 => events.insert((index + 9).min(events.len()), event),
                1 => events.swap(index, next),
                2 => events[index].at = event.at - Span::seconds(*number),
                3 => events[index].at = event.at + Span::seconds(*number * 20),
                4 => events.insert(index, Event { kind: EventKind::Restarted, ..event }),
                _ => _ = events.remove(index),
            }
        }
        events
    }

    /// All figures, where contacts are plain as long as they can be, or never.
    fn answer(events: &[Event], plain: bool, by: &[Dim], every: Option<Every>) -> String {
        let mut engine = Engine::new(Settings { keep: None, ..Settings::default() });
        engine.count_only(by, every);
        let mut outcomes = Vec::new();
        for event in events {
            outcomes.push(engine.apply(event));
            if let EventKind::Contact { contact, .. } = &event.kind
                && let Some(number) = engine.plain_contacts.find(contact.as_str()).filter(|_| !plain)
            {
                engine.end_plain(number);
            }
            engine.advance(engine.newest());
        }
        let (now, contradictions) = (engine.newest(), engine.contradictions());
        let over = Period::Range(engine.oldest().unwrap_or(now), now + Span(1));
        let kpis = CATALOGUE.iter().map(|kpi| kpi.id).collect();
        let query = Query { of: Slice::TOTAL, by: by.to_vec(), over, every, kpis, formula: None };
        format!("{outcomes:?} {contradictions:?} {:#?}", engine.ask(&query, now))
    }

    proptest! {
        #[test]
        fn figures_do_not_depend_on_which_contacts_are_plain(
            calls in calls(),
            odd in prop::collection::vec((any::<Index>(), 0..6_u8, 0..20_000_i64), 0..12),
        ) {
            let events = events(&calls, &odd);
            for (by, every) in [
                (vec![Dim::Queue], None),
                (vec![Dim::Queue, Dim::Agent], None),
                (vec![Dim::Agent], Some(Every::Days(1))),
            ] {
                prop_assert_eq!(answer(&events, true, &by, every), answer(&events, false, &by, every));
            }
        }
    }
}
