//! The floor and its journal: restoring the state on start, recording what happens, and following the floor of another
//! process until that ends.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::handle::{CommandSubject, FloorCommand};
use super::role::{JournalRole, NotifierHandle, Persistence, StartNotifier, StartSources, UnkeptCommand, holder};
use super::{Feed, Floor};
use crate::alert::{Alerts, CommandRefusal, Episode};
use crate::board::Keeper;
use crate::clock::{Span, Time};
use crate::engine::ApplyOutcome;
use crate::event::Event;
use crate::journal::{self, Batch, CommandOutcome, Journal, Loaded, OpenedJournal, Unreadable};
use crate::kpi::{Dim, Slice};
use crate::source::{MAX_REFUSALS, Receipt};
use crate::text::Text;

/// How long the notifier may take to end on shutdown. What it could not deliver by then it delivers after the next start.
const NOTIFIER_TIMEOUT: Duration = Duration::from_millis(700);

/// What rows of the journal are called that can't be read.
pub(super) const EVENTS: &str = "events";
pub(super) const OPEN_ALERTS: &str = "open alerts";
pub(super) const ENDED_ALERTS: &str = "ended alerts";
pub(super) const ITEMS: &str = "items of worklists";
pub(super) const ANNOTATIONS: &str = "annotations";

/// What to say about rows that can't be read; `None` where there are none.
pub(super) fn unreadable_remark(what: &str, unreadable: &Unreadable) -> Option<Text> {
    let Unreadable { rows, first } = unreadable;
    let first = first.as_ref()?;
    Some(Text::new(&format!("{rows} {what} of the journal can't be read and are left out; {first}")))
}

impl Floor {
    /// Restore the state from the journal; then start the sources, or follow the floor that writes it.
    pub(super) fn start(&mut self) {
        let JournalRole::Opened(keeping) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        self.keeper = Keeper::Loading;
        self.publish();
        let Persistence { opened, path, settings, start, tell, forward } = *keeping;
        let started = match opened {
            OpenedJournal::Writer(journal) => self.load(journal, start, tell),
            OpenedJournal::Follower(follower) => self.follow(follower, (path, settings), (start, tell), forward),
        };
        if let Err(error) = started {
            tracing::error!("the journal: {error}");
            self.keeper = Keeper::Failed(Text::of_files(&error.to_string()));
        }
        self.dirty = true;
    }

    pub(super) fn load(
        &mut self,
        journal: Journal,
        start: StartSources,
        tell: StartNotifier,
    ) -> Result<(), journal::Error> {
        let restored = self.restored(journal.reader(), || journal.archive())?;
        self.restore_worklist(journal.reader())?;
        self.restore_annotations(journal.reader())?;
        let loaded = self.replay(&journal, restored)?;
        self.loaded(&loaded);
        self.become_writer(journal, start, tell)
    }

    /// Set the remarks that result from a load.
    pub(super) fn loaded(&mut self, loaded: &Loaded) {
        let Loaded { events, unreadable, future, .. } = loaded;
        tracing::info!(events, unreadable = unreadable.rows, future, "the journal was read");
        self.passed_over = *future > 0;
        self.set_unreadable(EVENTS, unreadable.clone());
        if self.passed_over {
            let why = "are more than a day in the future and are not counted: the clock was wrong then, or is now";
            self.remark_journal(&format!("{future} events of the journal {why}"));
        }
    }

    /// Say how many rows of a kind can't be read.
    pub(super) fn set_unreadable(&mut self, what: &'static str, rows: Unreadable) {
        let before = self.unreadable.get(what).map_or(0, |before| before.rows);
        // One line in the log each time their number has doubled.
        if rows.rows.checked_ilog2() > before.checked_ilog2()
            && let Some(remark) = unreadable_remark(what, &rows)
        {
            tracing::warn!("{remark}");
        }
        self.unreadable.insert(what, rows);
    }

    fn remark_journal(&mut self, remark: &str) {
        tracing::warn!("{remark}");
        self.journal_remarks.push(Text::new(remark));
    }

    /// The wall clock was set by `by`. If that is a matter of days, count the journal's events anew, so that none is
    /// skipped or counted because of a wrong clock.
    pub(super) fn reload_after(&mut self, by: Span) {
        if by > -Span::DAY && !(self.passed_over && by > Span::ZERO) {
            return;
        }
        if !matches!(self.role, JournalRole::Writer(_)) {
            return;
        }
        let JournalRole::Writer(journal) = std::mem::replace(&mut self.role, JournalRole::None) else { return };
        let loaded = journal.flush().and_then(|()| {
            self.restore_worklist(journal.reader())?;
            let restored = self.rebuilt(journal.reader(), journal.archive()?)?;
            self.replay(&journal, restored)
        });
        self.role = JournalRole::Writer(journal);
        match loaded {
            Ok(loaded) => {
                self.journal_remarks.clear();
                self.loaded(&loaded);
            }
            Err(error) => tracing::error!("the journal: {error}"),
        }
    }

    /// Become the writer of the journal: restore alerts and history, and start the notifier and the sources.
    pub(super) fn become_writer(
        &mut self,
        journal: Journal,
        mut start: StartSources,
        tell: StartNotifier,
    ) -> Result<(), journal::Error> {
        if let Some(damage) = journal.damage().cloned() {
            self.remark_journal(damage.as_str());
        }
        let reader = journal.reader();
        let ((active, unreadable), next_id) = (reader.active()?, reader.next_id()?);
        let (history, unreadable_history) = reader.history(super::MAX_HISTORY)?;
        for (source, origin) in reader.origins()? {
            self.sources.add_origin(&source, origin);
        }
        let cursors = reader.cursors()?;
        let (last, now) = (journal.last_written(), self.now());
        self.evaluator.restore(active, next_id, last, now);
        if now < last {
            let remark = format!("the clock is behind the journal, which was last written at {last}: alerts hold");
            tracing::warn!(%now, "{remark}");
            self.clock_remark = Some((last, Text::new(&remark)));
        }
        self.history = history.into();
        self.set_unreadable(OPEN_ALERTS, unreadable);
        self.set_unreadable(ENDED_ALERTS, unreadable_history);
        self.notifier = tell(journal.outbox()?);
        self.role = JournalRole::Writer(Box::new(journal));
        self.keeper = Keeper::Us;
        match start(&cursors) {
            Ok(messages) => self.feed = Feed::Sources(messages),
            Err(error) => self.keeper = Keeper::Failed(error),
        }
        Ok(())
    }

    /// Apply the events of a message, and record them with the cursor of their source.
    pub(super) fn process_events(
        &mut self,
        source: usize,
        mut events: Vec<Event>,
        cursor: Option<String>,
        receipt: Option<oneshot::Sender<Receipt>>,
        now: Time,
    ) {
        let received = events.len();
        let (mut seen, mut refused, mut refusals) = (0, 0, Vec::new());
        let sources = &mut self.sources;
        let engine = &mut self.engine;
        events.retain(|event| {
            seen += 1;
            if let Err(reason) = sources.admit(source, engine, event, now) {
                refused += 1;
                if refusals.len() < MAX_REFUSALS {
                    refusals.push((seen - 1, reason));
                }
                return false;
            }
            let outcome = engine.apply(event);
            sources.count_event(source, &event.origin, event.at, outcome, now);
            sources.note_begun(source, event);
            outcome != ApplyOutcome::Duplicate
        });
        engine.advance(now);
        self.since_checkpoint += events.len() as u64;
        let (taken, duplicates) = (events.len(), received - events.len() - refused);
        if let (JournalRole::Writer(journal), Some(name)) = (&self.role, self.sources.name(source)) {
            let cursors = cursor.map(|cursor| (name.clone(), cursor)).into_iter().collect();
            let batch = Batch { events: vec![(name.clone(), events)], cursors, ..Batch::default() };
            match receipt {
                None => journal.record(batch),
                Some(receipt) => journal.record_and_notify(batch, move |stored| {
                    // The source may no longer wait for the receipt.
                    drop(receipt.send(Receipt { taken, duplicates, refused, refusals, stored }));
                }),
            }
        } else if let Some(receipt) = receipt {
            drop(receipt.send(Receipt { taken, duplicates, refused, refusals, stored: Ok(()) }));
        }
    }

    /// Record episodes that have changed.
    pub(super) fn record_episodes(&mut self, changed: Vec<Episode>) {
        for episode in &changed {
            self.dirty = true;
            if episode.resolved.is_some() {
                self.add_to_history(episode.clone());
            }
        }
        if let JournalRole::Writer(journal) = &self.role
            && !changed.is_empty()
        {
            journal.record(Batch { episodes: changed, ..Batch::default() });
        }
    }

    /// Execute a command, or forward it to the writer. The reply is sent when the changed episode is on the disk.
    pub(super) fn execute(
        &mut self,
        command: &FloorCommand,
        now: Time,
        reply: oneshot::Sender<Result<CommandOutcome, CommandRefusal>>,
    ) {
        let before = self.kept(command.subject());
        let result = match &self.role {
            JournalRole::Follower(following) => {
                let (sender, forwarded) = oneshot::channel();
                if (following.forward)(command.clone(), sender).is_some() {
                    let holder = holder(&following.follower);
                    tokio::spawn(async move {
                        drop(reply.send(forwarded.await.unwrap_or(Err(CommandRefusal::ReadOnly(holder)))));
                    });
                    return;
                }
                Err(CommandRefusal::ReadOnly(holder(&following.follower)))
            }
            _ => self.carry_out(command, now),
        };
        self.dirty = true;
        if let Ok(CommandOutcome::Episode(episode)) = &result
            && episode.resolved.is_some()
        {
            self.add_to_history(Episode::clone(episode));
        }
        // Whoever looks at a board after the reply sees what it confirms.
        if result.is_ok() {
            self.publish();
        }
        // Sending the reply fails when the caller no longer waits, which is fine.
        match (result, &self.role) {
            (Ok(after), JournalRole::Writer(journal)) => {
                let unkept = self.unkept.0.clone();
                journal.execute(after.clone(), move |stored| match stored {
                    Err(why) => drop(unkept.send(UnkeptCommand { before, after, why, reply })),
                    Ok(()) => drop(reply.send(Ok(after))),
                });
            }
            (result, _) => drop(reply.send(result)),
        }
    }

    fn carry_out(&mut self, command: &FloorCommand, now: Time) -> Result<CommandOutcome, CommandRefusal> {
        match command {
            FloorCommand::Alert(command) => {
                self.evaluator.execute(command, now).map(|episode| CommandOutcome::Episode(Box::new(episode)))
            }
            FloorCommand::Work(command) => {
                self.worklist.execute(command, now).map(|item| CommandOutcome::Item(Box::new(item)))
            }
            FloorCommand::Annotation(command) => {
                self.annotations.execute(command).map(|said| CommandOutcome::Annotation(Box::new(said)))
            }
        }
    }

    /// What a command is about, as it stands.
    fn kept(&self, subject: CommandSubject) -> Option<CommandOutcome> {
        match subject {
            CommandSubject::Alert(id) => {
                self.evaluator.episode(id).cloned().map(|episode| CommandOutcome::Episode(Box::new(episode)))
            }
            CommandSubject::Item(id) => {
                self.worklist.find(id).cloned().map(|item| CommandOutcome::Item(Box::new(item)))
            }
            CommandSubject::Annotation(id) => {
                self.annotations.find(id?).cloned().map(|said| CommandOutcome::Annotation(Box::new(said)))
            }
        }
    }

    /// The slice that an alert, an item or an annotation belongs to.
    pub(super) fn slice_of(&self, subject: CommandSubject) -> Option<Slice> {
        match subject {
            CommandSubject::Alert(id) => {
                self.evaluator.find(id).or_else(|| self.found_elsewhere(id)).map(|episode| episode.slice.clone())
            }
            CommandSubject::Item(id) => self.worklist.find(id).map(|item| Slice::of(Dim::Queue, item.queue.clone())),
            CommandSubject::Annotation(id) => self.annotations.find(id?).map(|said| said.of.clone()),
        }
    }

    /// Revert a command that the journal could not store. Nobody must rely on it, and it must not be stored later, when
    /// its author has perhaps given it again.
    pub(super) fn take_back(&mut self, unkept: UnkeptCommand, now: Time) {
        let UnkeptCommand { before, after, why, reply } = unkept;
        match (before, &after) {
            (Some(CommandOutcome::Episode(before)), CommandOutcome::Episode(after)) => {
                let changed = self.evaluator.take_back(*before, after, now);
                self.record_episodes(changed);
            }
            (Some(CommandOutcome::Item(before)), CommandOutcome::Item(after)) => {
                self.worklist.take_back(&before, after);
                self.record_items();
            }
            (before, CommandOutcome::Annotation(after)) => {
                self.annotations.take_back(before.and_then(CommandOutcome::annotation), after);
            }
            // A command makes of a thing another version of it.
            (_, CommandOutcome::Episode(_) | CommandOutcome::Item(_)) => {}
        }
        self.dirty = true;
        drop(reply.send(Err(CommandRefusal::NotKept(why))));
    }

    /// An episode that the evaluator does not have: one of the followed floor, or of the history.
    pub(super) fn found_elsewhere(&self, id: u64) -> Option<&Episode> {
        let followed = match &self.role {
            JournalRole::Follower(following) => following.episodes.as_slice(),
            _ => &[],
        };
        followed.iter().chain(&self.history).find(|episode| episode.id == id)
    }

    /// The episodes to show: the evaluator's, or those of the followed floor.
    pub(super) fn episodes(&self) -> Alerts {
        match &self.role {
            JournalRole::Follower(following) => {
                let mut episodes = following.episodes.clone();
                crate::alert::sort(&mut episodes);
                episodes.into()
            }
            _ => self.evaluator.active(),
        }
    }

    /// Who writes the journal, or why it cannot be written.
    pub(super) fn current_keeper(&self) -> Keeper {
        match &self.role {
            JournalRole::Writer(journal) => journal.failure().map_or_else(|| self.keeper.clone(), Keeper::Failed),
            _ => self.keeper.clone(),
        }
    }

    /// Stop the notifier and write what is pending.
    pub(super) async fn shutdown(&mut self) {
        if let Some(NotifierHandle { stop, ended, .. }) = self.notifier.take() {
            stop.cancel();
            // What is not delivered in time is delivered after the next start.
            drop(timeout(NOTIFIER_TIMEOUT, ended).await);
        }
        let flush = |role: &JournalRole| {
            if let JournalRole::Writer(journal) = role
                && let Err(error) = journal.flush()
            {
                tracing::error!("the journal: {error}");
            }
        };
        // A checkpoint on its way would be in the way of the last one.
        flush(&self.role);
        self.make_checkpoint();
        flush(&self.role);
    }
}
