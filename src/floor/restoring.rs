//! Restoring the engine from a journal, and the checkpoints that make that quick.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::Floor;
use super::progress::JournalProgress;
use super::role::JournalRole;
use super::work::MAX_PENDING_REPORTS;
use crate::annotation::Annotations;
use crate::board::Keeper;
use crate::clock::{Span, Time};
use crate::engine::{self, Archive, Checkpoint, Engine};
use crate::event::Event;
use crate::journal::{self, Batch, Journal, Loaded, PendingCheckpoint, Reader};
use crate::text::Text;

/// With a quarter of [`Engine::events_per_checkpoint`], one is made so long after the last, for a quick restart.
const MIN_CHECKPOINT_INTERVAL: Duration = Duration::from_mins(2);
/// With fewer events, one is made after this time.
const MAX_CHECKPOINT_INTERVAL: Duration = Duration::from_hours(1);

/// The engine to go on with.
pub(super) struct Restored {
    pub(super) engine: Engine,
    /// The number of the newest event that it contains.
    pub(super) newest_event: i64,
    /// The times of the later events that it needs.
    pub(super) needs: Range<Time>,
}

/// The floor of a journal as it was at the last event, and what people say of it: the file is only read. `None` where there
/// is none.
///
/// # Errors
/// When the file cannot be read.
pub fn read_journal(
    path: &Path,
    settings: &engine::Settings,
    now: Time,
) -> Result<Option<(Engine, Annotations)>, journal::Error> {
    let Some(reader) = Reader::of(path)? else { return Ok(None) };
    let Restored { mut engine, newest_event, needs } = restored(settings, now, &reader, || reader.archive())?;
    reader.load_after(newest_event, needs, |event, _| {
        engine.apply(&event);
        engine.advance(event.at);
    })?;
    engine.caught_up(now);
    let (annotations, _) = reader.annotations()?;
    Ok(Some((engine, Annotations::restored(annotations, 1))))
}

/// Where all events are read that the engine does not contain: however old they are, a source told of them once.
fn any_time(now: Time) -> Range<Time> {
    Time(i64::MIN)..now + Span::DAY
}

/// The engine as the last checkpoint has it; else an empty one beside the archive's segments of the days whose
/// events are no longer there.
fn restored(
    settings: &engine::Settings,
    now: Time,
    reader: &Reader,
    archive: impl Fn() -> Result<Box<dyn Archive>, journal::Error>,
) -> Result<Restored, journal::Error> {
    if let Some(restored) = from_checkpoint(settings, now, reader, &archive)? {
        return Ok(restored);
    }
    rebuilt(settings, now, reader, archive()?)
}

/// The engine as the last checkpoint has it; `None` where there is none, or one that cannot be used.
fn from_checkpoint(
    settings: &engine::Settings,
    now: Time,
    reader: &Reader,
    archive: impl Fn() -> Result<Box<dyn Archive>, journal::Error>,
) -> Result<Option<Restored>, journal::Error> {
    let Some(checkpoint) = reader.checkpoint()? else { return Ok(None) };
    let engine = Engine::restore(settings, &checkpoint.state, archive()?);
    if engine.is_none() {
        tracing::info!("the checkpoint is damaged, or of another version or other settings: it is not used");
    }
    Ok(engine.map(|engine| Restored { engine, newest_event: checkpoint.event, needs: any_time(now) }))
}

/// An empty engine beside the archive's segments of the days whose events are no longer there.
fn rebuilt(
    settings: &engine::Settings,
    now: Time,
    reader: &Reader,
    archive: Box<dyn Archive>,
) -> Result<Restored, journal::Error> {
    let mut engine = Engine::new(settings.clone());
    let segments = reader.segments()?;
    let mut needs = any_time(now);
    let from = match reader.oldest_event()? {
        _ if segments.is_empty() => needs.start,
        // The segments have the days before those of the windows of boards, and the day that the oldest event is of is not
        // whole.
        Some(oldest) => {
            let longest = Span(31 * Span::DAY.0);
            needs.start = now - settings.keep.unwrap_or(longest).min(longest) - settings.rules.fcr_window;
            engine.calendar().day_start(oldest.max(needs.start) + Span(25 * Span::HOUR.0), 0)
        }
        None => Time(i64::MAX),
    };
    engine.begin_beside(archive, segments, from);
    Ok(Restored { engine, newest_event: 0, needs })
}

impl Floor {
    /// See [`restored`].
    pub(super) fn restored(
        &self,
        reader: &Reader,
        archive: impl Fn() -> Result<Box<dyn Archive>, journal::Error>,
    ) -> Result<Restored, journal::Error> {
        restored(&self.settings.engine, self.now(), reader, archive)
    }

    /// See [`from_checkpoint`].
    pub(super) fn restored_from_checkpoint(
        &self,
        reader: &Reader,
        archive: impl Fn() -> Result<Box<dyn Archive>, journal::Error>,
    ) -> Result<Option<Restored>, journal::Error> {
        from_checkpoint(&self.settings.engine, self.now(), reader, archive)
    }

    /// See [`rebuilt`].
    pub(super) fn rebuilt(&self, reader: &Reader, archive: Box<dyn Archive>) -> Result<Restored, journal::Error> {
        rebuilt(&self.settings.engine, self.now(), reader, archive)
    }

    /// Apply the events of a journal that this process writes, with checkpoints on the way.
    pub(super) fn replay(&mut self, journal: &Journal, restored: Restored) -> Result<Loaded, journal::Error> {
        let Restored { mut engine, newest_event, needs } = restored;
        let mut events = 0;
        engine.report_visits(self.reported_from());
        let mut progress = JournalProgress::after(newest_event, journal.reader())?;
        let loaded = journal.load_after(newest_event, needs, |event: Event, seq| {
            engine.apply(&event);
            engine.advance(event.at);
            events += 1;
            self.show_progress(progress.note(seq));
            let is_due = events >= engine.events_per_checkpoint();
            if is_due || engine.pending_visit_reports() >= MAX_PENDING_REPORTS {
                self.follow_visits_of(&mut engine, journal, false);
            }
            if is_due && let Some(checkpoint) = engine.checkpoint() {
                events = 0;
                record(journal, PendingCheckpoint::at(checkpoint, seq));
            }
        })?;
        engine.caught_up(self.now());
        self.follow_visits_of(&mut engine, journal, true);
        self.change_engine(engine);
        self.reading = None;
        self.since_checkpoint = events;
        Ok(loaded)
    }

    /// Show how far a long reading of the journal has come, where there is something new to say and nothing else to show.
    pub(super) fn show_progress(&mut self, words: Option<Text>) {
        if words.is_some() && self.keeper == Keeper::Loading {
            self.reading = words;
            self.publish();
        }
    }

    /// Make a checkpoint, if it is time.
    pub(super) fn make_checkpoint_if_due(&mut self) {
        let (events, elapsed) = (self.engine.events_per_checkpoint(), self.last_checkpoint.elapsed());
        let due = self.since_checkpoint >= events / 4 && elapsed >= MIN_CHECKPOINT_INTERVAL
            || self.since_checkpoint > 0 && elapsed >= MAX_CHECKPOINT_INTERVAL
            || self.since_checkpoint >= events;
        if due {
            self.make_checkpoint();
        }
    }

    /// Make a checkpoint, unless the last one is still being stored.
    pub(super) fn make_checkpoint(&mut self) {
        // Events that were passed over must be looked at again.
        if !matches!(self.role, JournalRole::Writer(_)) || self.passed_over || self.since_checkpoint == 0 {
            return;
        }
        // What is in a checkpoint is not reported again.
        self.follow_visits();
        let JournalRole::Writer(journal) = &self.role else { return };
        if let Some(checkpoint) = self.engine.checkpoint() {
            let Checkpoint { number, state, segments, contacts, .. } = &checkpoint;
            let (bytes, segments, contacts) = (state.len(), segments.len(), contacts.len());
            tracing::debug!(number, bytes, segments, contacts, "checkpoint");
            record(journal, PendingCheckpoint::now(checkpoint));
            self.since_checkpoint = 0;
            self.last_checkpoint = tokio::time::Instant::now();
        }
    }
}

fn record(journal: &Journal, checkpoint: PendingCheckpoint) {
    journal.record(Batch { checkpoint: Some(Box::new(checkpoint)), ..Batch::default() });
}
