//! Represents names as small numbers, so that contacts and facts are small and comparisons are cheap.
//!
//! Each kind of name (queues, agents, intents, …) has its own [`Interner`] and its own number type, so that a queue's
//! number cannot be confused with an agent's.

use std::hash::BuildHasher;
use std::marker::PhantomData;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize, Serializer};

use crate::event::Channel;
use crate::text::short_key::ShortKey;
use crate::text::{Label, Name};

/// The number of a name of one kind.
pub(super) trait NameNo: Copy + Default + Eq {
    /// Stands for the empty name: not known, or nobody.
    const UNKNOWN: Self;

    fn new(number: u32) -> Self;

    fn number(self) -> u32;

    /// The index in a table with a row per name. Row 0 is that of [`Self::UNKNOWN`].
    fn index(self) -> usize {
        self.number() as usize
    }

    fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }

    /// This number, or `other` where this one is unknown.
    fn or(self, other: Self) -> Self {
        if self.is_known() { self } else { other }
    }

    /// The number as a value of its dimension.
    fn value(self) -> DimValue {
        DimValue(self.number())
    }
}

/// A value of the dimension that a query names: the number of a queue, an intent, an agent, a team or a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DimValue(u32);

impl DimValue {
    /// No value: its name is not known, or there is no dimension.
    pub(super) const NONE: Self = Self(0);

    /// The index in a table with a row per value of the dimension.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The name's number, if the dimension is that of `N`.
    pub(super) fn name<N: NameNo>(self) -> N {
        N::new(self.0)
    }

    /// The channel, if the dimension is the channel.
    pub(super) fn channel(self) -> Channel {
        Channel::ALL.get(self.index()).copied().unwrap_or_default()
    }
}

impl From<Channel> for DimValue {
    fn from(channel: Channel) -> Self {
        Self(channel as u32)
    }
}

macro_rules! name_numbers {
    ($($no:ident),*) => {$(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub(super) struct $no(u32);

        impl NameNo for $no {
            const UNKNOWN: Self = Self(0);

            fn new(number: u32) -> Self {
                Self(number)
            }

            fn number(self) -> u32 {
                self.0
            }
        }
    )*};
}

name_numbers!(QueueNo, IntentNo, AgentNo, TeamNo, CustomerNo, EvaluatorNo, OriginNo, ReasonNo);

/// While there are no more names than this, those asked for lately are found without a look at the names themselves.
const MAX_RECENT: usize = 1024;

/// A table of the names of one kind. Numbers are given in the order of first use, and reused only after
/// [`Interner::retain`].
#[derive(Debug, Deserialize)]
#[serde(from = "Vec<Label>", bound = "")]
pub(super) struct Interner<N> {
    /// The numbers of all names but the empty one. A table of the names themselves would take six times the room, and there
    /// may be a million customers.
    numbers: HashTable<u32>,
    labels: Vec<Label>,
    /// Numbers without a name.
    free: Vec<u32>,
    /// The numbers of short names that were asked for lately, each at a place that follows from its hash.
    recent: Vec<(ShortKey, u32)>,
    /// By number, the rank in alphabetical order; recomputed when names have been added since.
    ranks: Vec<u32>,
    kind: PhantomData<N>,
}

impl<N> Default for Interner<N> {
    fn default() -> Self {
        Self::from(vec![Label::fixed("")])
    }
}

impl<N> From<Vec<Label>> for Interner<N> {
    fn from(labels: Vec<Label>) -> Self {
        let mut numbers = HashTable::with_capacity(labels.len());
        let mut free = Vec::new();
        for (number, label) in (0..).zip(&labels).skip(1) {
            if label.is_empty() {
                free.push(number);
            } else {
                numbers.insert_unique(hash_of(label.as_str()), number, |other| hash_of_number(&labels, *other));
            }
        }
        Self { numbers, labels, free, recent: Vec::new(), ranks: Vec::new(), kind: PhantomData }
    }
}

impl<N> Serialize for Interner<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.labels.serialize(serializer)
    }
}

pub(super) fn hash_of(name: &str) -> u64 {
    // Nearly all are short.
    ShortKey::of(name.as_bytes()).map_or_else(|| FxBuildHasher.hash_one(name), |key| FxBuildHasher.hash_one(key))
}

/// The hash of the name with a number.
fn hash_of_number(labels: &[Label], number: u32) -> u64 {
    labels.get(number as usize).map_or(0, |label| hash_of(label.as_str()))
}

impl<N: NameNo> Interner<N> {
    /// The number of a name; a new name gets the next one.
    pub(super) fn intern(&mut self, name: &impl Name) -> N {
        let text = name.as_ref();
        if text.is_empty() {
            return N::UNKNOWN;
        }
        let Some(key) = ShortKey::of(text.as_bytes()).filter(|_| self.labels.len() <= MAX_RECENT) else {
            return self.intern_hashed(name, hash_of(text));
        };
        let hash = FxBuildHasher.hash_one(key);
        if self.recent.is_empty() {
            self.recent.resize(MAX_RECENT, Default::default());
        }
        let place = usize::try_from(hash % MAX_RECENT as u64).unwrap_or(0);
        if let Some((_, number)) = self.recent.get(place).filter(|(known, _)| *known == key) {
            return N::new(*number);
        }
        let number = self.intern_hashed(name, hash);
        if let Some(slot) = self.recent.get_mut(place) {
            *slot = (key, number.number());
        }
        number
    }

    fn intern_hashed(&mut self, name: &impl Name, hash: u64) -> N {
        let text = name.as_ref();
        if let Some(number) = self.find_by(hash, |known| known.as_str() == text) {
            return number;
        }
        let label = name.label();
        let number = if let Some(number) = self.free.pop() {
            if let Some(slot) = self.labels.get_mut(number as usize) {
                *slot = label;
            }
            number
        } else {
            let number = u32::try_from(self.labels.len()).unwrap_or(0);
            if self.labels.len() == self.labels.capacity() {
                self.labels.reserve_exact(self.labels.len() / 8 + 4);
            }
            self.labels.push(label);
            number
        };
        let Self { numbers, labels, .. } = self;
        numbers.insert_unique(hash, number, |other| hash_of_number(labels, *other));
        N::new(number)
    }

    /// Forget the names whose numbers are not in use any more.
    pub(super) fn retain(&mut self, used: impl Fn(N) -> bool) {
        let Self { numbers, labels, free, recent, .. } = self;
        recent.clear();
        numbers.retain(|number| {
            let stays = used(N::new(*number));
            if !stays && let Some(label) = labels.get_mut(*number as usize) {
                *label = Label::default();
                free.push(*number);
            }
            stays
        });
        numbers.shrink_to(numbers.len(), |number| hash_of_number(labels, *number));
    }

    /// The number of a name that is mostly the same as the one before, `last`.
    pub(super) fn intern_repeated(&mut self, name: &impl Name, last: N) -> N {
        // Mostly it is even at the same place, as long names and those of the program are.
        let is_same = |known: &Label| std::ptr::eq(known.as_str(), name.as_ref()) || known.as_str() == name.as_ref();
        if self.labels.get(last.index()).is_some_and(is_same) { last } else { self.intern(name) }
    }

    /// The number of a name that may be missing.
    pub(super) fn intern_optional(&mut self, name: Option<&impl Name>) -> N {
        name.map_or(N::UNKNOWN, |name| self.intern(name))
    }

    /// The number of a name that has been seen before.
    pub(super) fn find(&self, label: &str) -> Option<N> {
        if label.is_empty() { Some(N::UNKNOWN) } else { self.find_by(hash_of(label), |known| known.as_str() == label) }
    }

    fn find_by(&self, hash: u64, is_it: impl Fn(&Label) -> bool) -> Option<N> {
        let number = self.numbers.find(hash, |number| self.labels.get(*number as usize).is_some_and(&is_it));
        number.copied().map(N::new)
    }

    /// All names, by number.
    pub(super) fn labels(&self) -> impl Iterator<Item = &Label> {
        self.labels.iter()
    }

    /// The name of a number.
    pub(super) fn label(&self, number: N) -> Label {
        self.labels.get(number.index()).cloned().unwrap_or_default()
    }

    /// By number, the rank in alphabetical order.
    pub(super) fn ranks(&mut self) -> &[u32] {
        if self.ranks.len() != self.labels.len() {
            let mut order: Vec<(&Label, usize)> = self.labels.iter().zip(0..).collect();
            order.sort_unstable();
            self.ranks = vec![0; order.len()];
            for (rank, (_, number)) in (0..).zip(order) {
                if let Some(slot) = self.ranks.get_mut(number) {
                    *slot = rank;
                }
            }
        }
        &self.ranks
    }

    /// How many numbers have a name, that of the empty one included.
    pub(super) const fn in_use(&self) -> usize {
        self.labels.len() - self.free.len()
    }

    /// How many names there are, the empty one included.
    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }
}
