//! Steps that fit nothing: those that contradict what is known of their contact (an answer after the end, say). They are
//! kept, since one may fit once an earlier step has arrived, and are counted as long as they do not.

use std::collections::BTreeMap;

use super::Engine;
use super::contact::Contact;
use super::contact_store::ContactNo;
use super::interner::OriginNo;
use crate::clock::Time;
use crate::text::Label;

/// The steps of one kind from one source that contradict their contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfPlaceSteps {
    /// The origin of the events.
    pub origin: Label,
    /// The kind of step, as contact events name it.
    pub step: &'static str,
    /// How many there are.
    pub count: u64,
    /// The contact of one of them, or of one that fits by now.
    pub contact: Label,
    /// When that one happened.
    pub at: Time,
}

/// The steps that fit nothing, by source and kind: how many, and one of them.
#[derive(Debug, Default)]
pub(super) struct Misfits(BTreeMap<(OriginNo, &'static str), Counted>);

#[derive(Debug)]
struct Counted {
    count: u64,
    contact: Label,
    at: Time,
}

impl Misfits {
    /// Count the steps of a contact that fit nothing.
    fn add(&mut self, contact: &Contact) {
        contact.misfits().for_each(|misfit| self.count(contact, misfit));
    }

    /// Count one of them.
    pub(super) fn count(&mut self, contact: &Contact, (step, at): (&'static str, Time)) {
        let counted = self.0.entry((contact.origin, step));
        counted.or_insert_with(|| Counted { count: 0, contact: contact.id.clone(), at }).count += 1;
    }

    /// Take back what was counted of a contact.
    fn take_back(&mut self, contact: &Contact) {
        for (step, _) in contact.misfits() {
            let key = (contact.origin, step);
            if let Some(counted) = self.0.get_mut(&key) {
                counted.count -= 1;
                if counted.count == 0 {
                    self.0.remove(&key);
                }
            }
        }
    }
}

impl Engine {
    /// The steps that contradict what is known of their contacts, by source and kind. They are in no figure. Those from
    /// before a restart of the program are not among them.
    pub fn out_of_place(&mut self) -> Vec<OutOfPlaceSteps> {
        self.end_all_deferral();
        let steps = |(key, counted): (&(OriginNo, &'static str), &Counted)| OutOfPlaceSteps {
            origin: self.origins.label(key.0),
            step: key.1,
            count: counted.count,
            contact: counted.contact.clone(),
            at: counted.at,
        };
        self.misfits.0.iter().map(steps).collect()
    }

    /// Compute the visits of a contact anew.
    pub(super) fn replay(&mut self, number: ContactNo) {
        if let Some(contact) = self.contacts.get_mut(number) {
            self.misfits.take_back(contact);
            contact.replay();
            self.misfits.add(contact);
        }
    }
}
