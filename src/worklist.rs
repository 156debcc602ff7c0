//! Worklists: what somebody still has to do about a customer, such as calling back whoever hung up.
//!
//! An item is derived from what happened ([`crate::engine::VisitReport`]); what people do about it is kept beside that. An
//! item ends when somebody is done with it, by itself when the matter is settled, or when it is too old.
//!
//! ```text
//! VisitReport ──▶ Worklist::take    ──▶ changed items ──▶ journal
//! WorkCommand ──▶ Worklist::execute ──▶ changed item  ──▶ journal, then the reply
//! ```
//!
//! There is one open item for each customer, queue and kind, however often it happened. A report may come again, also after
//! a restart: what an item is made of says which visits it has taken already.

mod commands;
mod item;
mod kind;
mod query;
mod settings;
mod taking;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::alert::CommandRefusal;
use crate::clock::{Span, Time};
use crate::engine::Engine;
use crate::text::Label;

pub use commands::{WorkAction, WorkCommand};
pub use item::{Claim, Closing, Occasion, OccasionKind, WorkEntry, WorkEvent, WorkItem, WorkState};
pub use kind::{Outcome, WorkKind};
pub use query::{WorkAnswer, WorkCounts, WorkQuery};
pub use settings::Settings;

/// The most items in memory. Beyond that, those that are closed are forgotten, and then the oldest ones end.
const MAX_ITEMS: usize = 20_000;

/// What an item is about: of a kind, there is one that is open for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct WorkKey {
    kind: WorkKind,
    /// The customer, or else the contact.
    subject: Label,
    queue: Label,
}

/// A visit that an item is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct VisitKey {
    kind: WorkKind,
    contact: Label,
    joined: Time,
}

/// All items in memory: the open ones, and those that were closed while what they are about is not too old.
#[derive(Debug)]
pub struct Worklist {
    settings: Settings,
    items: BTreeMap<u64, WorkItem>,
    /// The newest item about each.
    newest: FxHashMap<WorkKey, u64>,
    visits: FxHashMap<VisitKey, u64>,
    of_customer: FxHashMap<Label, SmallVec<[u64; 2]>>,
    next_id: u64,
    /// What happened before this is too old.
    horizon: Time,
    /// See [`Worklist::follow_reading`].
    is_reading: bool,
    /// The items that have changed since [`Worklist::take_changed`].
    changed: BTreeSet<u64>,
}

impl Worklist {
    /// A worklist without items.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            items: BTreeMap::new(),
            newest: FxHashMap::default(),
            visits: FxHashMap::default(),
            of_customer: FxHashMap::default(),
            next_id: 1,
            horizon: Time(i64::MIN),
            is_reading: false,
            changed: BTreeSet::new(),
        }
    }

    /// Go by other settings from now on.
    pub fn change_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// How long items stay.
    #[must_use]
    pub const fn keep(&self) -> Span {
        self.settings.keep
    }

    /// Go on with the items of a journal, in which no item has had the number `next_id` or a higher one.
    pub fn restore(&mut self, items: Vec<WorkItem>, next_id: u64, now: Time) {
        *self = Self { next_id: next_id.max(1), ..Self::new(self.settings.clone()) };
        for mut item in items {
            if item.begin_claim_by(now) {
                self.changed.insert(item.id);
            }
            self.put(item);
        }
    }

    /// Put an item that another floor has changed.
    pub fn put(&mut self, item: WorkItem) {
        self.next_id = self.next_id.max(item.id.saturating_add(1));
        self.index(&item);
        self.items.insert(item.id, item);
    }

    fn index(&mut self, item: &WorkItem) {
        let newest = self.newest.entry(key_of(item)).or_default();
        *newest = item.id.max(*newest);
        // A customer's later call may be a reason for another item, in another queue.
        for occasion in item.reasons() {
            self.visits.insert(visit_of(item.kind, occasion), item.id);
        }
        if !item.customer.is_empty() {
            let of_customer = self.of_customer.entry(item.customer.clone()).or_default();
            if !of_customer.contains(&item.id) {
                of_customer.push(item.id);
            }
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(item) = self.items.remove(&id) else { return };
        let key = key_of(&item);
        if self.newest.get(&key) == Some(&id) {
            self.newest.remove(&key);
        }
        for occasion in item.reasons() {
            self.visits.remove(&visit_of(item.kind, occasion));
        }
        if let Some(of_customer) = self.of_customer.get_mut(&item.customer) {
            of_customer.retain(|other| *other != id);
            if of_customer.is_empty() {
                self.of_customer.remove(&item.customer);
            }
        }
    }

    /// The item with a number.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<&WorkItem> {
        self.items.get(&id)
    }

    /// The items that have changed since the last call, by number.
    pub fn take_changed(&mut self) -> Vec<WorkItem> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|id| self.items.get(id).cloned()).collect()
    }

    /// Take what an engine reports, and let time pass.
    pub fn follow(&mut self, engine: &mut Engine, now: Time) {
        self.is_reading = false;
        self.take_reports(engine, now);
    }

    /// The same while the engine still reads the events of a journal: what a contact has not come to yet ends no item.
    pub fn follow_reading(&mut self, engine: &mut Engine, now: Time) {
        self.is_reading = true;
        self.take_reports(engine, now);
    }

    fn take_reports(&mut self, engine: &mut Engine, now: Time) {
        self.advance(now, engine.newest());
        for report in engine.take_visit_reports() {
            self.take(&report, now);
        }
    }

    /// Let claims run out, and items end that are too old: by the newest event, since a clock can be wrong.
    pub fn advance(&mut self, now: Time, newest_event: Time) {
        let horizon = newest_event.min(now) - self.settings.keep;
        self.horizon = self.horizon.max(horizon);
        let mut old = Vec::new();
        for item in self.items.values_mut() {
            if item.expire_claim(now) {
                self.changed.insert(item.id);
            }
            if item.last() < self.horizon {
                if item.is_closed() {
                    old.push(item.id);
                } else {
                    item.close(now, Outcome::Expired, None, None);
                    self.changed.insert(item.id);
                }
            }
        }
        // What has changed is stored first.
        old.retain(|id| !self.changed.contains(id));
        for id in old {
            self.forget(id);
        }
    }

    /// The wall clock was set forward by `by`: claims keep their length.
    pub fn shift(&mut self, by: Span) {
        for item in self.items.values_mut() {
            if item.shift_claim(by) {
                self.changed.insert(item.id);
            }
        }
    }

    /// Carry out a command; returns the changed item, which the caller stores.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn execute(&mut self, command: &WorkCommand, now: Time) -> Result<WorkItem, CommandRefusal> {
        let id = command.item;
        let item = self.items.get_mut(&id).ok_or(CommandRefusal::UnknownItem(id))?;
        let has_newer = self.newest.get(&key_of(item)).is_some_and(|newest| *newest != id);
        item.execute(command, &self.settings, has_newer, now)?;
        Ok(item.clone())
    }

    /// Undo a command that could not be stored, whatever has happened to the item since.
    pub fn take_back(&mut self, before: &WorkItem, after: &WorkItem) {
        if let Some(item) = self.items.get_mut(&after.id) {
            item.take_back(before, after);
            self.changed.insert(item.id);
        }
    }

    /// Make room: forget what was closed first, and end the oldest one where all are open.
    fn make_room(&mut self, now: Time) {
        if self.items.len() < MAX_ITEMS {
            return;
        }
        let is_settled = |item: &&WorkItem| item.is_closed() && !self.changed.contains(&item.id);
        match self.items.values().find(is_settled).map(|item| item.id) {
            Some(id) => self.forget(id),
            None => {
                if let Some(item) = self.items.values_mut().find(|item| !item.is_closed()) {
                    item.close(now, Outcome::Expired, None, None);
                    self.changed.insert(item.id);
                }
            }
        }
    }
}

fn key_of(item: &WorkItem) -> WorkKey {
    WorkKey { kind: item.kind, subject: item.subject().clone(), queue: item.queue.clone() }
}

fn visit_of(kind: WorkKind, occasion: &Occasion) -> VisitKey {
    VisitKey { kind, contact: occasion.contact.clone(), joined: occasion.joined }
}

#[cfg(test)]
mod tests;
