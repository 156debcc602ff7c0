//! Interner as small numbers. Zero is always the empty name: not known.

use rustc_hash::FxHashMap;

use crate::text::Label;

/// A table of names. Numbers are given in the order of first use and are never taken back.
#[derive(Debug)]
pub(super) struct Interner {
    ids: FxHashMap<Label, u32>,
    labels: Vec<Label>,
    /// By number, the place in alphabetical order; made anew when names have come since.
    ranks: Vec<u32>,
}

impl Default for Interner {
    fn default() -> Self {
        let empty = Label::fixed("");
        Self { ids: FxHashMap::from_iter([(empty.clone(), 0)]), labels: vec![empty], ranks: Vec::new() }
    }
}

impl Interner {
    /// The number of a name, given to it now if it is new.
    pub(super) fn id(&mut self, label: &Label) -> u32 {
        if let Some(id) = self.ids.get(label) {
            return *id;
        }
        let id = u32::try_from(self.labels.len()).unwrap_or(0);
        self.labels.push(label.clone());
        self.ids.insert(label.clone(), id);
        id
    }

    /// The same for a name that may be missing.
    pub(super) fn maybe(&mut self, label: Option<&Label>) -> u32 {
        label.map_or(0, |label| self.id(label))
    }

    /// The number of a name that has been seen.
    pub(super) fn find(&self, label: &str) -> Option<u32> {
        self.ids.get(label).copied()
    }

    /// The name of a number.
    pub(super) fn label(&self, id: u32) -> Label {
        self.labels.get(id as usize).cloned().unwrap_or_default()
    }

    /// By number, its place in alphabetical order.
    pub(super) fn ranks(&mut self) -> &[u32] {
        if self.ranks.len() != self.labels.len() {
            let mut order: Vec<u32> = (0..).take(self.labels.len()).collect();
            order.sort_by_cached_key(|id| self.label(*id));
            self.ranks = vec![0; order.len()];
            for (rank, id) in (0..).zip(order) {
                if let Some(slot) = self.ranks.get_mut(id as usize) {
                    *slot = rank;
                }
            }
        }
        &self.ranks
    }

    /// How many there are, the empty one included.
    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }
}
