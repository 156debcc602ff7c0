//! Contacts of a standing query whose course is plain: they join a queue, ring agents, and are answered and ended, or
//! leave; each step after the one before. Nearly all are. Each is [brief](BriefContact) from its first step on.
//!
//! A step that is anything else makes it a [`Contact`] like the others, with the steps that it had.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::contact::Contact;
use super::contact::brief::BriefContact;
use super::contact_store::ContactNo;
use super::interner::hash_of;
use super::transition::ContactStep;
use super::visit::QueueVisit;
use crate::clock::Time;

/// The contacts.
#[derive(Debug, Default)]
pub(super) struct PlainContacts {
    /// By their ids; some of these contacts are here no more.
    numbers: HashTable<IdHash>,
    /// Those from number `first` on; `None` where one is elsewhere.
    contacts: VecDeque<Option<BriefContact>>,
    first: u64,
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
    fn new(ContactNo(number): ContactNo, id: &str) -> Self {
        Self { number: number as u32, hash: (hash_of(id) >> 32) as u32 }
    }

    /// A hash of the half that is known.
    fn hash(self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl PlainContacts {
    #[inline]
    fn index(&self, ContactNo(number): ContactNo) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    /// A contact that is here.
    #[inline]
    pub(super) fn get(&self, number: ContactNo) -> Option<&BriefContact> {
        self.contacts.get(self.index(number)?)?.as_ref()
    }

    /// The same, to change it.
    #[inline]
    pub(super) fn get_mut(&mut self, number: ContactNo) -> Option<&mut BriefContact> {
        let index = self.index(number)?;
        self.contacts.get_mut(index)?.as_mut()
    }

    /// The number of which `low` is the low half.
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    #[inline]
    fn number(&self, low: u32) -> ContactNo {
        ContactNo(self.first + u64::from(low.wrapping_sub(self.first as u32)))
    }

    /// The number of a contact that is here.
    pub(super) fn find(&self, id: &str) -> Option<ContactNo> {
        if self.numbers.is_empty() {
            return None;
        }
        let wanted = IdHash::new(ContactNo(0), id);
        let is_it = |known: &IdHash| {
            known.hash == wanted.hash
                && self.get(self.number(known.number)).is_some_and(|known| known.id.as_str() == id)
        };
        self.numbers.find(wanted.hash(), is_it).map(|known| self.number(known.number))
    }

    /// Add a contact, whose number is higher than all before.
    pub(super) fn begin(&mut self, number: ContactNo, contact: BriefContact) {
        if self.contacts.is_empty() {
            self.first = number.0;
        }
        let Some(index) = self.index(number) else { return };
        if self.numbers.len() == self.numbers.capacity() {
            self.forget_ids();
        }
        let entry = IdHash::new(number, contact.id.as_str());
        self.numbers.insert_unique(entry.hash(), entry, |known| known.hash());
        // There are many: twice as many places as are in use would be wasted.
        if index >= self.contacts.capacity() {
            self.contacts.reserve_exact(index - self.contacts.len() + self.contacts.len() / 8 + 16);
        }
        // Of the numbers in between, the contacts are elsewhere.
        self.contacts.resize_with(index, || None);
        self.contacts.push_back(Some(contact));
    }

    /// Forget the ids of contacts that are here no more, and make room for others: so many that each is looked at a few times.
    fn forget_ids(&mut self) {
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.retain(|known| self.get(self.number(known.number)).is_some());
        numbers.reserve(numbers.len() / 4 + 16, |known| known.hash());
        self.numbers = numbers;
    }

    /// Add a step to a contact, if it is here and goes on with it as plainly as it began.
    pub(super) fn step(&mut self, number: ContactNo, step: &ContactStep) -> bool {
        self.get_mut(number).is_some_and(|contact| contact.take(step))
    }

    /// Take out a contact, to be one like the others.
    pub(super) fn take(&mut self, number: ContactNo) -> Option<Contact> {
        let index = self.index(number)?;
        let contact = self.contacts.get_mut(index)?.take()?;
        Some(contact.contact())
    }

    /// Drop the contacts that were counted and over before `at`, so that what joins under their ids is another contact.
    pub(super) fn forget_before(&mut self, at: Time) {
        let is_over = |contact: &BriefContact| !contact.uncounted && contact.ended().is_some_and(|ended| ended < at);
        for contact in &mut self.contacts {
            contact.take_if(|contact| is_over(contact));
        }
        while self.contacts.pop_front_if(|first| first.is_none()).is_some() {
            self.first += 1;
        }
    }

    /// Pass each visit to `each`, of all counted contacts of which something is from `from` on.
    pub(super) fn for_each_visit(&self, from: Time, each: &mut dyn FnMut(&QueueVisit)) {
        let counted = self.all().filter(|contact| !contact.uncounted && contact.last_instant() >= from);
        counted.for_each(|contact| each(&contact.visit()));
    }

    /// All contacts.
    pub(super) fn all(&self) -> impl Iterator<Item = &BriefContact> {
        self.contacts.iter().flatten()
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
