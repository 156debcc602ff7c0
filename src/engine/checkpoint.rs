//! Checkpoints: the engine's state as bytes, from which it continues after a restart.
//!
//! A checkpoint is only a cache of what the events say, with one exception: the figures of days whose events are no
//! longer kept are in segments alone. A checkpoint of another version, of other settings or with damage is not used;
//! the state is then computed from the events, beside the segments of the days before these.

use super::Engine;
use super::archive::{Archive, ArchivedContact, ArchivedSegment, Checkpoint};
use super::fact_store::SegmentRef;
use super::interner::{NameNo, QueueNo};
use super::settings::Settings;
use crate::clock::Time;

/// Changes with what the bytes mean.
const FORMAT: u32 = 9;

/// About what an event takes in the journal. A larger state is made anew when the events since take as much room.
const EVENT_BYTES: u64 = 128;

/// What the bytes of a state were made with: they are read only by an engine that would make the same.
fn fingerprint(settings: &Settings) -> String {
    let Settings { rules, calendar, lateness, contact_ttl, .. } = settings;
    let counted = (calendar, rules.fcr_window, lateness, contact_ttl);
    format!("{FORMAT} {} {counted:?}", env!("CARGO_PKG_VERSION"))
}

/// glibc maps what is larger than 32 MiB apart from the heap, and gives it back as soon as it is freed. After a smaller
/// state, it would keep as much free memory for itself from then on. What is reserved and not written takes none.
const MAPPED_BYTES: usize = 33 << 20;

/// A checkpoint that was handed over and is not stored yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    number: u64,
    newest_segment: u64,
}

impl Engine {
    /// An engine that continues from the state of a checkpoint; `None` where that is of another version or of other
    /// settings, or damaged.
    #[must_use]
    pub fn restore(settings: &Settings, state: &[u8], archive: Box<dyn Archive>) -> Option<Self> {
        let (body, sum) = state.split_last_chunk::<4>()?;
        let mut crc = flate2::Crc::new();
        crc.update(body);
        if crc.sum() != u32::from_le_bytes(*sum) {
            return None;
        }
        let (made_with, body) = postcard::take_from_bytes::<&str>(body).ok()?;
        if made_with != fingerprint(settings) {
            return None;
        }
        let mut engine: Self = postcard::from_bytes(body).ok()?;
        engine.limits = Self::new(settings.clone()).limits;
        engine.settings = settings.clone();
        engine.state_bytes = state.len();
        let horizon = engine.horizon(engine.advanced_to);
        engine.contacts.restored(horizon);
        for queue in (0..engine.queues.len()).filter_map(|number| u32::try_from(number).ok()).map(QueueNo::new) {
            engine.update_service_level(queue);
        }
        engine.archive = Some(archive);
        engine.archive_is_ours = true;
        Some(engine)
    }

    /// Begin anew beside an archive, whose checkpoint could not be used: its segments of the days before `from` are
    /// taken over, and the facts before `from` that events leave are in them already. [`Engine::caught_up`] ends that.
    pub fn begin_beside(&mut self, archive: Box<dyn Archive>, segments: Vec<ArchivedSegment>, from: Time) {
        self.checkpoints = archive.stored();
        self.archive = Some(archive);
        self.replaces_from = Some(from);
        for ArchivedSegment { id, day, first, last, .. } in segments {
            self.newest_segment = self.newest_segment.max(id);
            if last < from {
                self.facts.add_segment(day, SegmentRef { id, first, last, bytes: None });
            }
        }
        self.facts.ignore_before(Some(from));
    }

    /// All events that were stored have been applied, and it is `now`.
    pub fn caught_up(&mut self, now: Time) {
        self.flush();
        // The clock may have been ahead when the state was stored.
        self.advanced_to = self.advanced_to.min(now);
        self.facts.ignore_before(None);
    }

    /// The days with figures that could not be read.
    pub fn unreadable_days(&self) -> impl Iterator<Item = Time> {
        self.unreadable_days.iter().copied()
    }

    /// The state, and what leaves memory once it is stored; `None` without an archive, and while the last checkpoint is
    /// not stored yet.
    pub fn checkpoint(&mut self) -> Option<Checkpoint> {
        self.release();
        if self.archive.is_none() || self.in_flight.is_some() {
            return None;
        }
        self.flush();
        for number in std::mem::take(&mut self.recalled) {
            self.contacts.pack(number);
        }
        self.checkpoints += 1;
        let contacts = self.leaving_contacts();
        let segment = |(day, segment): (Time, &SegmentRef)| {
            let SegmentRef { id, first, last, bytes } = segment.clone();
            Some(ArchivedSegment { id, day, first, last, bytes: bytes? })
        };
        let segments = self.facts.unstored().filter_map(segment).collect();
        self.in_flight = Some(InFlight { number: self.checkpoints, newest_segment: self.newest_segment });
        let replaces_from = if self.archive_is_ours { None } else { self.replaces_from };
        Some(Checkpoint { number: self.checkpoints, state: self.state(), segments, contacts, replaces_from })
    }

    /// After how many events a checkpoint should be made at the latest: what is over leaves memory with it, but a large
    /// state is not worth writing for a few.
    #[must_use]
    pub fn events_per_checkpoint(&self) -> u64 {
        self.settings.events_per_checkpoint.max(self.state_bytes as u64 / EVENT_BYTES)
    }

    /// The contacts that leave memory with a checkpoint, which are not in use any more: those that ended before
    /// yesterday, and of the others all but the last.
    fn leaving_contacts(&mut self) -> Vec<ArchivedContact> {
        let mut resting = self.contacts.packed();
        let yesterday = self.settings.calendar.day_start(self.horizon(self.advanced_to), 1);
        let mut until = self.archived_before.max(yesterday);
        if let Some(many) = resting.len().checked_sub(self.settings.resting_contacts).filter(|many| *many > 0) {
            let (_, (ended, _), _) = resting.select_nth_unstable(many);
            until = until.max(*ended);
        }
        self.archived_before = until;
        resting.retain(|(ended, _)| *ended < until);
        let mut leaving = Vec::with_capacity(resting.len());
        for (ended, number) in resting {
            let contact = self.contacts.copy(number);
            if let Some(archived) = contact.and_then(|contact| self.archived(number, ended, contact)) {
                self.contacts.mark_leaving(number);
                leaving.push(archived);
            }
        }
        leaving
    }

    fn state(&mut self) -> Vec<u8> {
        // Where the state is about as large as the last one, it need not be moved while it is written.
        let mut state = Vec::with_capacity(MAPPED_BYTES.max(self.state_bytes + self.state_bytes / 16));
        state = postcard::to_extend(fingerprint(&self.settings).as_str(), state).unwrap_or_default();
        state = postcard::to_extend(self, state).unwrap_or_default();
        let mut crc = flate2::Crc::new();
        crc.update(&state);
        state.extend_from_slice(&crc.sum().to_le_bytes());
        self.state_bytes = state.len();
        state
    }

    /// Let go of what the archive has stored by now.
    pub(super) fn release(&mut self) {
        let Some(InFlight { number, newest_segment }) = self.in_flight else { return };
        if self.archive.as_ref().is_some_and(|archive| archive.stored() >= number) {
            self.in_flight = None;
            self.archive_is_ours = true;
            self.facts.release(newest_segment);
            let horizon = self.horizon(self.advanced_to);
            let today = self.settings.calendar.day_start(horizon, 0);
            if self.contacts.forget_leaving(horizon) > 0 && self.customers_forgotten != today {
                self.customers_forgotten = today;
                self.flush();
                self.forget_customers();
            }
        }
    }
}
