//! The floor, its worklists and annotations: what visits mean for the worklists, and storing what has changed.

use super::Floor;
use super::persistence::{ANNOTATIONS, ITEMS};
use super::role::JournalRole;
use crate::annotation::Annotations;
use crate::clock::Time;
use crate::engine::Engine;
use crate::journal::{self, Batch, Journal, Reader};

/// With so many reports of visits pending, they are taken before the next evaluation.
pub(super) const MAX_PENDING_REPORTS: usize = 10_000;

impl Floor {
    /// Visits that joined before this are too old for a worklist.
    pub(super) fn reported_from(&self) -> Time {
        self.now() - self.worklist.keep()
    }

    /// Let the engine report visits. A recording is not of today.
    pub(super) fn begin_reports(&mut self) {
        self.engine.report_visits(Time(i64::MIN));
    }

    /// Take the items that a journal holds.
    pub(super) fn restore_worklist(&mut self, reader: &Reader) -> Result<(), journal::Error> {
        let since = self.reported_from();
        let (items, unreadable) = reader.items(since)?;
        self.worklist.restore(items, reader.next_item_id()?, self.now());
        self.set_unreadable(ITEMS, unreadable);
        Ok(())
    }

    /// Take the annotations that a journal holds.
    pub(super) fn restore_annotations(&mut self, reader: &Reader) -> Result<(), journal::Error> {
        let (annotations, unreadable) = reader.annotations()?;
        self.annotations = Annotations::restored(annotations, reader.next_annotation_id()?);
        self.set_unreadable(ANNOTATIONS, unreadable);
        Ok(())
    }

    /// Take what the engine reports, and let time pass for the items. While another floor writes the journal, that floor
    /// does so.
    pub(super) fn follow_visits(&mut self) {
        if matches!(self.role, JournalRole::Follower(_)) {
            return;
        }
        let now = self.now();
        self.worklist.follow(&mut self.engine, now);
        self.record_items();
    }

    /// The same, if many reports are pending.
    pub(super) fn follow_visits_if_due(&mut self) {
        if self.engine.pending_visit_reports() >= MAX_PENDING_REPORTS {
            self.follow_visits();
        }
    }

    /// Take what an engine reports that reads a journal, up to its end if `whole`, and store there what that changes.
    pub(super) fn follow_visits_of(&mut self, engine: &mut Engine, journal: &Journal, whole: bool) {
        let now = self.now();
        if whole {
            self.worklist.follow(engine, now);
        } else {
            self.worklist.follow_reading(engine, now);
        }
        journal.record(Batch { items: self.worklist.take_changed(), ..Batch::default() });
    }

    /// Store the items that have changed.
    pub(super) fn record_items(&mut self) {
        let items = self.worklist.take_changed();
        if items.is_empty() {
            return;
        }
        self.dirty = true;
        if let JournalRole::Writer(journal) = &self.role {
            journal.record(Batch { items, ..Batch::default() });
        }
    }
}
