//! Where contacts are kept: in blocks that never move, so that a million more costs nothing to the old.

use std::collections::VecDeque;

use super::calls::Call;

/// All contacts in the order of their first step.
#[derive(Debug, Default)]
pub(super) struct Calls {
    blocks: VecDeque<Vec<Call>>,
    /// The number of the first block kept.
    first: u64,
    next: u64,
}

/// Contacts in a block.
const BLOCK: u64 = 1024;

impl Calls {
    /// Keep a contact; its number.
    pub(super) fn push(&mut self, call: Call) -> u64 {
        let id = self.next;
        if id.is_multiple_of(BLOCK) {
            self.blocks.push_back(Vec::with_capacity(usize::try_from(BLOCK).unwrap_or_default()));
        }
        if let Some(block) = self.blocks.back_mut() {
            block.push(call);
        }
        self.next += 1;
        id
    }

    fn place(&self, id: u64) -> Option<(usize, usize)> {
        let block = usize::try_from((id / BLOCK).checked_sub(self.first)?).ok()?;
        Some((block, usize::try_from(id % BLOCK).ok()?))
    }

    pub(super) fn get(&self, id: u64) -> Option<&Call> {
        let (block, place) = self.place(id)?;
        self.blocks.get(block)?.get(place)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Call> {
        let (block, place) = self.place(id)?;
        self.blocks.get_mut(block)?.get_mut(place)
    }

    /// All of them, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Call> {
        self.blocks.iter().rev().flat_map(|block| block.iter().rev())
    }

    /// Forget the oldest blocks of which `old` holds for every contact; what is forgotten.
    pub(super) fn forget(&mut self, old: impl Fn(&Call) -> bool) -> Vec<(u64, Call)> {
        let mut gone = Vec::new();
        while self.blocks.len() > 1 && self.blocks.front().is_some_and(|block| block.iter().all(&old)) {
            let block = self.blocks.pop_front().unwrap_or_default();
            gone.extend((self.first * BLOCK..).zip(block));
            self.first += 1;
        }
        gone
    }
}
