//! Which events have come before.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustc_hash::FxHashSet;

use crate::clock::{Span, Time};
use crate::text::Label;

/// The ids of events seen, as 64-bit hashes in two generations: an id is remembered for at least a day after it
/// came, and for ever where nothing turns the generations (reports).
#[derive(Debug, Default)]
pub(super) struct Dedup {
    recent: FxHashSet<u64>,
    older: FxHashSet<u64>,
    turned: Time,
}

impl Dedup {
    /// Remember an id; `false` where it had been seen.
    pub(super) fn first_time(&mut self, origin: &Label, id: &Label) -> bool {
        let mut hasher = DefaultHasher::new();
        (origin.as_str(), id.as_str()).hash(&mut hasher);
        let hash = hasher.finish();
        !self.older.contains(&hash) && self.recent.insert(hash)
    }

    /// Let the older generation go once the recent one has lasted a day.
    pub(super) fn turn(&mut self, now: Time) {
        if self.turned == Time(0) {
            self.turned = now;
        } else if now.since(self.turned) >= Span::DAY {
            self.turned = now;
            self.older = std::mem::take(&mut self.recent);
        }
    }
}
