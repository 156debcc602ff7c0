//! The contacts in memory, in blocks that never move: adding a contact never copies the others, and old ones are
//! dropped a block at a time.

use std::collections::VecDeque;

use super::contact::Contact;

/// The number of a contact, in the order of the first event about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ContactNo(pub(super) u64);

/// All contacts in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct ContactStore {
    blocks: VecDeque<Vec<Contact>>,
    /// The number of the first block kept.
    first_block: u64,
    next: u64,
}

const CONTACTS_PER_BLOCK: u64 = 1024;

impl ContactStore {
    /// Add a contact.
    pub(super) fn push(&mut self, contact: Contact) -> ContactNo {
        let number = self.next;
        if number.is_multiple_of(CONTACTS_PER_BLOCK) {
            self.blocks.push_back(Vec::with_capacity(usize::try_from(CONTACTS_PER_BLOCK).unwrap_or_default()));
        }
        if let Some(block) = self.blocks.back_mut() {
            block.push(contact);
        }
        self.next += 1;
        ContactNo(number)
    }

    /// The block of a contact and its index there; `None` if the block has been dropped.
    fn position(&self, ContactNo(number): ContactNo) -> Option<(usize, usize)> {
        let block = usize::try_from((number / CONTACTS_PER_BLOCK).checked_sub(self.first_block)?).ok()?;
        Some((block, usize::try_from(number % CONTACTS_PER_BLOCK).ok()?))
    }

    pub(super) fn get(&self, number: ContactNo) -> Option<&Contact> {
        let (block, index) = self.position(number)?;
        self.blocks.get(block)?.get(index)
    }

    pub(super) fn get_mut(&mut self, number: ContactNo) -> Option<&mut Contact> {
        let (block, index) = self.position(number)?;
        self.blocks.get_mut(block)?.get_mut(index)
    }

    /// All contacts, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Contact> {
        self.blocks.iter().rev().flat_map(|block| block.iter().rev())
    }

    /// Drop the oldest blocks in which `is_old` holds for every contact, and return what they held.
    pub(super) fn drop_old(&mut self, is_old: impl Fn(&Contact) -> bool) -> Vec<(ContactNo, Contact)> {
        let mut dropped = Vec::new();
        while self.blocks.len() > 1 && self.blocks.front().is_some_and(|block| block.iter().all(&is_old)) {
            let block = self.blocks.pop_front().unwrap_or_default();
            dropped.extend((self.first_block * CONTACTS_PER_BLOCK..).map(ContactNo).zip(block));
            self.first_block += 1;
        }
        dropped
    }
}
