//! The contacts in memory: those that may still change as they are, those at rest packed into a few bytes each.
//!
//! Contacts have numbers in the order of the first event about each. A number outlives its contact's time in memory:
//! a contact that was [forgotten](ContactStore::forget) may be [put back](ContactStore::put_back) when the archive
//! still has it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::contact::brief::BriefContact;
use super::dedup::RecentHashes;
use super::interner::{AgentNo, NameNo, OriginNo, QueueNo};
use super::visit::QueueVisit;
use crate::clock::Time;
use crate::text::Label;

/// Places of contacts that have left memory are kept up to so many, beside those of the others.
const MAX_EMPTY_SLOTS: usize = 10_000;

/// The number of a contact, in the order of the first event about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct ContactNo(pub(super) u64);

/// A contact, or the place of one.
#[derive(Debug, Serialize, Deserialize)]
enum Slot {
    Open(Box<Contact>),
    /// At rest; [`pack`] wrote it.
    Packed(Box<[u8]>),
    /// At rest, with one ordinary visit.
    Brief(BriefContact),
    Empty,
}

/// Where a contact's visits were. `None` means that it has to be looked at: there are several, or it is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ContactPlace {
    queue: QueueNo,
    /// Of visits that nobody has answered, the one of unknown agents.
    agent: Option<AgentNo>,
}

impl ContactPlace {
    fn of(contact: &Contact) -> Self {
        let Some(first) = contact.visits.first() else { return Self::default() };
        let all = |is_same: &dyn Fn(&QueueVisit) -> bool| contact.visits.iter().all(is_same);
        Self {
            queue: if all(&|visit| visit.queue == first.queue) { first.queue } else { QueueNo::UNKNOWN },
            agent: all(&|visit| visit.agent == first.agent).then_some(first.agent),
        }
    }

    /// Whether a visit may have been in a queue.
    pub(super) fn may_be_in(self, queue: QueueNo) -> bool {
        !self.queue.is_known() || self.queue == queue
    }

    /// Whether a visit may have been with an agent that is wanted.
    pub(super) fn may_be_with(self, is_wanted: impl Fn(AgentNo) -> bool) -> bool {
        self.agent.is_none_or(is_wanted)
    }
}

/// All contacts in memory.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ContactStore {
    /// The contacts from number `first` on.
    slots: VecDeque<Slot>,
    /// Where the visits of each of those were, so that those of a queue or an agent are found among a million without
    /// unpacking each.
    #[serde(skip)]
    places: VecDeque<ContactPlace>,
    first: u64,
    /// Contacts with lower numbers that were put back.
    older: FxHashMap<ContactNo, Slot>,
    /// By the hash of the id; where two ids have the same one, the second takes the next free place.
    #[serde(skip)]
    numbers: FxHashMap<u64, ContactNo>,
    /// Packed contacts that the archive is about to store, and that have not changed since.
    leaving: FxHashSet<ContactNo>,
    /// The ids of contacts that have left memory for the archive within the last days.
    away: RecentHashes,
    /// Contacts to use again.
    #[serde(skip)]
    #[expect(clippy::vec_box, reason = "they are moved into slots")]
    spare: Vec<Box<Contact>>,
}

/// The hash of a contact's id, which finds it in memory and in the archive.
pub(super) fn id_hash(id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

/// How many contacts that are packed now are kept for others to come, with the room for their steps.
const MAX_SPARE: usize = 256;
/// The room for steps that such a contact may have.
const MAX_SPARE_STEPS: usize = 16;

fn pack(contact: &Contact) -> Option<Box<[u8]>> {
    postcard::to_allocvec(contact).ok().map(Vec::into_boxed_slice)
}

fn unpack(bytes: &[u8]) -> Option<Contact> {
    postcard::from_bytes(bytes).ok()
}

impl Slot {
    /// The contact's id.
    fn id(&self) -> Option<Label> {
        match self {
            Self::Open(contact) => Some(contact.id.clone()),
            Self::Packed(bytes) => postcard::take_from_bytes::<Label>(bytes).ok().map(|(id, _)| id),
            Self::Brief(contact) => Some(contact.id.clone()),
            Self::Empty => None,
        }
    }

    /// Whether the contact has an id, which is the first thing that [`pack`] writes.
    fn has_id(&self, id: &str) -> bool {
        match self {
            Self::Open(contact) => contact.id.as_str() == id,
            Self::Brief(contact) => contact.id.as_str() == id,
            Self::Packed(bytes) => postcard::take_from_bytes::<&str>(bytes).is_ok_and(|(packed, _)| packed == id),
            Self::Empty => false,
        }
    }

    fn contact(&self) -> Option<Cow<'_, Contact>> {
        match self {
            Self::Open(contact) => Some(Cow::Borrowed(contact)),
            Self::Packed(bytes) => unpack(bytes).map(Cow::Owned),
            Self::Brief(contact) => Some(Cow::Owned(contact.contact())),
            Self::Empty => None,
        }
    }
}

impl ContactStore {
    /// Add a contact without any steps.
    pub(super) fn push(&mut self, id: Label, origin: OriginNo) -> ContactNo {
        let number = ContactNo(self.first + self.slots.len() as u64);
        self.register(id.as_str(), number);
        let contact = match self.spare.pop() {
            Some(mut contact) => {
                contact.reuse(id, origin);
                contact
            }
            None => Box::new(Contact::new(id, origin)),
        };
        // There are many: twice as many places as are in use would be wasted.
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(self.slots.len() / 8 + 16);
        }
        self.slots.push_back(Slot::Open(contact));
        self.places.push_back(ContactPlace::default());
        number
    }

    /// The number of a contact that is kept elsewhere.
    pub(super) fn reserve(&mut self) -> ContactNo {
        let number = ContactNo(self.first + self.slots.len() as u64);
        if self.slots.is_empty() {
            self.first += 1;
        } else {
            self.slots.push_back(Slot::Empty);
            self.places.push_back(ContactPlace::default());
        }
        number
    }

    /// Add a contact that was forgotten, or kept elsewhere.
    pub(super) fn put_back(&mut self, number: ContactNo, contact: Contact) {
        self.register(contact.id.as_str(), number);
        let slot = Slot::Open(Box::new(contact));
        match self.slot_mut(number) {
            Some(empty) => *empty = slot,
            None => _ = self.older.insert(number, slot),
        }
    }

    fn register(&mut self, id: &str, number: ContactNo) {
        let mut hash = id_hash(id);
        let is_of_another = |slot: &Slot| !matches!(slot, Slot::Empty) && !slot.has_id(id);
        while self.numbers.get(&hash).is_some_and(|other| self.slot(*other).is_some_and(is_of_another)) {
            hash = hash.wrapping_add(1);
        }
        self.numbers.insert(hash, number);
    }

    /// The number of a contact in memory.
    pub(super) fn find(&self, id: &str) -> Option<ContactNo> {
        if self.numbers.is_empty() {
            return None;
        }
        let mut hash = id_hash(id);
        loop {
            let number = *self.numbers.get(&hash)?;
            match self.slot(number) {
                Some(slot) if slot.has_id(id) => return Some(number),
                Some(Slot::Empty) | None => return None,
                Some(_) => hash = hash.wrapping_add(1),
            }
        }
    }

    fn index(&self, ContactNo(number): ContactNo) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn slot(&self, number: ContactNo) -> Option<&Slot> {
        self.index(number).map_or_else(|| self.older.get(&number), |index| self.slots.get(index))
    }

    fn slot_mut(&mut self, number: ContactNo) -> Option<&mut Slot> {
        match self.index(number) {
            Some(index) => self.slots.get_mut(index),
            None => self.older.get_mut(&number),
        }
    }

    /// Whether a contact is in memory.
    pub(super) fn contains(&self, number: ContactNo) -> bool {
        self.slot(number).is_some_and(|slot| !matches!(slot, Slot::Empty))
    }

    /// A contact that is not packed: those that are open or have changed are not.
    pub(super) fn get(&self, number: ContactNo) -> Option<&Contact> {
        match self.slot(number)? {
            Slot::Open(contact) => Some(contact),
            Slot::Packed(_) | Slot::Brief(_) | Slot::Empty => None,
        }
    }

    /// A contact, to change it.
    pub(super) fn get_mut(&mut self, number: ContactNo) -> Option<&mut Contact> {
        if !self.leaving.is_empty() {
            self.leaving.remove(&number);
        }
        let slot = self.slot_mut(number)?;
        match slot {
            Slot::Packed(bytes) => {
                *slot = unpack(bytes).map_or(Slot::Empty, |contact| Slot::Open(Box::new(contact)));
            }
            Slot::Brief(contact) => *slot = Slot::Open(Box::new(contact.contact())),
            Slot::Open(_) | Slot::Empty => {}
        }
        match slot {
            Slot::Open(contact) => Some(contact),
            Slot::Packed(_) | Slot::Brief(_) | Slot::Empty => None,
        }
    }

    /// Take out a contact that is not packed, for a short time.
    pub(super) fn take(&mut self, number: ContactNo) -> Option<Box<Contact>> {
        let slot = self.slot_mut(number).filter(|slot| matches!(slot, Slot::Open(_)))?;
        match std::mem::replace(slot, Slot::Empty) {
            Slot::Open(contact) => Some(contact),
            Slot::Packed(_) | Slot::Brief(_) | Slot::Empty => None,
        }
    }

    /// Put back a contact that was taken out.
    pub(super) fn put(&mut self, number: ContactNo, contact: Box<Contact>) {
        if let Some(slot) = self.slot_mut(number) {
            *slot = Slot::Open(contact);
        }
    }

    /// Put back a contact that was taken out, packed if it is at rest.
    pub(super) fn put_packed(&mut self, number: ContactNo, mut contact: Box<Contact>) {
        if !contact.is_at_rest() {
            return self.put(number, contact);
        }
        let brief = BriefContact::of(&mut contact).map(Slot::Brief);
        let Some(packed) = brief.or_else(|| pack(&contact).map(Slot::Packed)) else {
            return self.put(number, contact);
        };
        if let Some(slot) = self.slot_mut(number) {
            *slot = packed;
        }
        if self.spare.len() < MAX_SPARE && contact.steps.capacity() <= MAX_SPARE_STEPS {
            self.spare.push(contact);
        }
    }

    /// Pack a contact, if it is at rest.
    pub(super) fn pack(&mut self, number: ContactNo) {
        if let Some(contact) = self.take(number) {
            self.put_packed(number, contact);
        }
    }

    /// Pack a contact, if it is settled and at rest.
    pub(super) fn pack_settled(&mut self, number: ContactNo) {
        if self.get(number).is_some_and(|contact| contact.settled) {
            self.pack(number);
        }
    }

    /// A contact's visits have changed: note where they were.
    pub(super) fn note_place(&mut self, number: ContactNo) {
        let Some(noted) = self.get(number).map(ContactPlace::of) else { return };
        if let Some(place) = self.index(number).and_then(|index| self.places.get_mut(index)) {
            *place = noted;
        }
    }

    /// The contacts whose place is wanted, the newest first, and after them those that were put back.
    pub(super) fn newest_first(
        &self,
        is_wanted: impl Fn(ContactPlace) -> bool,
    ) -> impl Iterator<Item = Cow<'_, Contact>> {
        let mut older: Vec<_> = self.older.iter().collect();
        older.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(**number));
        let places = self.places.iter().enumerate().rev();
        let wanted = places.filter(move |(_, place)| is_wanted(**place));
        let newer = wanted.filter_map(|(index, _)| self.slots.get(index));
        newer.chain(older.into_iter().map(|(_, slot)| slot)).filter_map(Slot::contact)
    }

    /// Pass each visit to `each`, of all contacts of which something is from `from` on.
    pub(super) fn for_each_visit(&self, from: Time, each: &mut dyn FnMut(&QueueVisit)) {
        for slot in self.slots.iter().chain(self.older.values()) {
            match slot {
                Slot::Brief(contact) if contact.last_instant() < from => {}
                Slot::Brief(contact) => each(&contact.visit()),
                slot => slot.contact().iter().flat_map(|contact| &contact.visits).for_each(&mut *each),
            }
        }
    }

    /// The packed contacts, and when each ended.
    pub(super) fn packed(&self) -> Vec<(Time, ContactNo)> {
        let slots = (self.first..).map(ContactNo).zip(&self.slots);
        let older = self.older.iter().map(|(number, slot)| (*number, slot));
        let packed = slots.chain(older).filter(|(_, slot)| matches!(slot, Slot::Packed(_) | Slot::Brief(_)));
        packed.filter_map(|(number, slot)| Some((slot.contact()?.ended()?, number))).collect()
    }

    /// When a packed contact ended; `None` where it is not packed.
    pub(super) fn rests_since(&self, number: ContactNo) -> Option<Time> {
        match self.slot(number)? {
            Slot::Brief(contact) => contact.ended(),
            Slot::Packed(bytes) => unpack(bytes)?.ended(),
            Slot::Open(_) | Slot::Empty => None,
        }
    }

    /// A copy of a contact.
    pub(super) fn copy(&self, number: ContactNo) -> Option<Contact> {
        self.slot(number)?.contact().map(Cow::into_owned)
    }

    /// Whether a contact with this id may have left memory for the archive within the last day.
    pub(super) fn may_be_away(&self, id: &str) -> bool {
        self.away.contains(id_hash(id))
    }

    /// The archive is about to store a packed contact.
    pub(super) fn mark_leaving(&mut self, number: ContactNo) {
        self.leaving.insert(number);
    }

    /// The archive has stored the contacts that were leaving, and it is `now`: forget those that have not changed since.
    /// Returns how many.
    pub(super) fn forget_leaving(&mut self, now: Time) -> usize {
        let leaving = std::mem::take(&mut self.leaving);
        self.away.rotate(now);
        for number in &leaving {
            if let Some(id) = self.slot(*number).and_then(Slot::id) {
                self.away.insert(id_hash(id.as_str()));
            }
            self.forget(*number);
        }
        // A contact that stays open for long must not keep the places of all that came after it.
        let in_use = self.slots.iter().filter(|slot| !matches!(slot, Slot::Empty)).count();
        while self.slots.len() > in_use + MAX_EMPTY_SLOTS
            && let Some(slot) = self.slots.pop_front()
        {
            self.places.pop_front();
            if !matches!(slot, Slot::Empty) {
                self.older.insert(ContactNo(self.first), slot);
            }
            self.first += 1;
        }
        self.slots.shrink_to(self.slots.len() + self.slots.len() / 4);
        self.numbers.shrink_to(self.numbers.len() + self.numbers.len() / 4);
        leaving.len()
    }

    /// Drop a contact.
    pub(super) fn forget(&mut self, number: ContactNo) {
        let Some(slot) = self.slot_mut(number) else { return };
        let dropped = std::mem::replace(slot, Slot::Empty);
        if let Some(id) = dropped.id() {
            let hash = id_hash(id.as_str());
            if self.numbers.get(&hash) == Some(&number) {
                self.numbers.remove(&hash);
            }
        }
        self.older.remove(&number);
        while let Some(Slot::Empty) = self.slots.front() {
            self.slots.pop_front();
            self.places.pop_front();
            self.first += 1;
        }
    }

    /// After a checkpoint was read: drop the contacts that the archive had got with it, and find the others by their
    /// ids again.
    pub(super) fn restored(&mut self, now: Time) {
        self.places = self.slots.iter().map(|_| ContactPlace::default()).collect();
        self.forget_leaving(now);
        let slots = (self.first..).map(ContactNo).zip(&self.slots);
        let all = slots.chain(self.older.iter().map(|(number, slot)| (*number, slot)));
        let ids: Vec<_> = all.filter_map(|(number, slot)| Some((number, slot.id()?))).collect();
        self.numbers.reserve(ids.len());
        for (number, id) in ids {
            self.register(id.as_str(), number);
        }
    }
}
