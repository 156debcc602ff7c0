//! Recognizes events that have been applied before: the same event may arrive twice, from two connections or after a
//! restart.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::clock::{Span, Time};
use crate::text::Label;

/// The ids of the events seen, as 64-bit hashes. Where nothing calls [`RecentHashes::rotate`] (reports), an id is
/// remembered until the end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Dedup(pub(super) RecentHashes);

impl Dedup {
    /// Remember an id; `false` if it has been seen before.
    pub(super) fn first_time(&mut self, origin: &str, id: &Label) -> bool {
        let mut hasher = DefaultHasher::new();
        (origin, id.as_str()).hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}

/// Hashes in two generations, each remembered for at least a day.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RecentHashes {
    recent: FxHashSet<u64>,
    older: FxHashSet<u64>,
    rotated_at: Time,
}

impl RecentHashes {
    /// Remember a hash; `false` if it is known.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        !self.older.contains(&hash) && self.recent.insert(hash)
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.recent.contains(&hash) || self.older.contains(&hash)
    }

    /// Forget the older generation once the recent one is a day old.
    pub(super) fn rotate(&mut self, now: Time) {
        if self.rotated_at == Time(0) {
            self.rotated_at = now;
        } else if now.since(self.rotated_at) >= Span::DAY {
            self.rotated_at = now;
            self.older = std::mem::take(&mut self.recent);
            self.older.shrink_to_fit();
        }
    }
}
