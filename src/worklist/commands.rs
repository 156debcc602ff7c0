//! What people do about an item: claim, note, close, undo.

use serde::{Deserialize, Serialize};

use super::item::{Claim, WorkEntry, WorkEvent, WorkItem, WorkState};
use super::{Outcome, Settings};
use crate::alert::{Actor, CommandRefusal, MuteLength};
use crate::clock::Time;
use crate::text::Text;

/// A person's command about one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkCommand {
    /// The item's number.
    pub item: u64,
    /// The version of the item that the person saw.
    pub version: u32,
    /// The person.
    pub who: Actor,
    /// What to do.
    pub act: WorkAction,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkAction {
    /// Tell others that one has it.
    Claim {
        /// A note to keep with it.
        note: Option<Text>,
        /// How long the claim lasts; as configured when `None`.
        lasts: Option<MuteLength>,
    },
    /// Add a note.
    Note(Text),
    /// Close it, or note an attempt in vain.
    Done {
        /// How.
        outcome: Outcome,
        /// A note to keep with it.
        note: Option<Text>,
    },
    /// Take back what one did last.
    Undo,
}

impl WorkItem {
    /// Carry out a command. `has_newer` says whether there is a newer item about the same.
    ///
    /// A command that is sent again, because its reply was lost, is recognized by what is in the history since the
    /// version that its author saw, and changes nothing.
    pub(super) fn execute(
        &mut self,
        command: &WorkCommand,
        settings: &Settings,
        has_newer: bool,
        now: Time,
    ) -> Result<(), CommandRefusal> {
        let who = &command.who;
        if let Some(note) = command.act.note()
            && note.is_empty()
        {
            return Err(CommandRefusal::Unfit(Text::fixed("the note has nothing that can be seen")));
        }
        match &command.act {
            WorkAction::Note(text) => {
                if !self.has_since(command, |entry| entry.what == WorkEvent::Noted && entry.text.as_ref() == Some(text))
                {
                    self.write(now, who, Some(text));
                }
            }
            WorkAction::Claim { note, lasts } => {
                self.check_open()?;
                self.check_holder(who)?;
                if self.has_since(command, |entry| entry.what == WorkEvent::Claimed) {
                    return Ok(());
                }
                let until = now + lasts.unwrap_or(settings.claim).span();
                self.claim = Some(Claim { who: who.clone(), at: now, until });
                self.state = WorkState::Claimed;
                self.record(WorkEntry::new(now, WorkEvent::Claimed).by(Some(who)));
                self.write(now, who, note.as_ref());
            }
            WorkAction::Done { outcome, note } => return self.finish(command, *outcome, note.as_ref(), settings, now),
            WorkAction::Undo => return self.undo(command, has_newer, now),
        }
        Ok(())
    }

    fn finish(
        &mut self,
        command: &WorkCommand,
        outcome: Outcome,
        note: Option<&Text>,
        settings: &Settings,
        now: Time,
    ) -> Result<(), CommandRefusal> {
        let who = &command.who;
        let words = self.kind.outcomes();
        if !words.contains(&outcome) {
            let words: Vec<_> = words.iter().map(|outcome| outcome.key()).collect();
            let why = format!("such an item is closed with one of: {}", words.join(", "));
            return Err(CommandRefusal::Unfit(Text::new(&why)));
        }
        if self.has_since(command, |entry| entry.outcome == Some(outcome)) {
            return Ok(());
        }
        self.check_open()?;
        self.check_holder(who)?;
        if command.version != self.version && self.holder().is_none() {
            return Err(CommandRefusal::Changed);
        }
        if note.is_some() {
            self.write(now, who, note);
        }
        if outcome == Outcome::NotReached {
            self.attempts = self.attempts.saturating_add(1);
            if self.attempts < settings.attempts {
                self.claim = None;
                self.state = WorkState::Open;
                let entry = WorkEntry::new(now, WorkEvent::Attempted).by(Some(who));
                self.record(WorkEntry { outcome: Some(outcome), ..entry });
                return Ok(());
            }
        }
        self.close(now, outcome, Some(who), None);
        Ok(())
    }

    fn undo(&mut self, command: &WorkCommand, has_newer: bool, now: Time) -> Result<(), CommandRefusal> {
        let who = &command.who;
        if self.has_since(command, |entry| entry.what == WorkEvent::Undone) {
            return Ok(());
        }
        let last = self.trail.iter().rev().find(|entry| {
            matches!(entry.what, WorkEvent::Claimed | WorkEvent::Attempted | WorkEvent::Closed | WorkEvent::Undone)
        });
        let attempt = last.is_some_and(|last| last.outcome == Some(Outcome::NotReached));
        let author = match (&self.closed, self.holder()) {
            (Some(closing), _) => closing.who.as_ref(),
            (None, Some(holder)) => Some(holder),
            (None, None) => last.filter(|_| attempt).and_then(|last| last.who.as_ref()),
        };
        let author = author.ok_or(CommandRefusal::Nothing)?;
        if author.name != who.name {
            return Err(CommandRefusal::Theirs(author.name.clone()));
        }
        if self.is_closed() || self.holder().is_none() {
            if self.is_closed() && has_newer {
                return Err(CommandRefusal::Closed(Text::fixed("it happened again: there is a newer item")));
            }
            self.attempts = self.attempts.saturating_sub(u32::from(attempt));
            self.closed = None;
            self.claim = self.claim.take().filter(|claim| claim.until > now);
        } else {
            self.claim = None;
        }
        self.state = if self.claim.is_some() { WorkState::Claimed } else { WorkState::Open };
        self.record(WorkEntry::new(now, WorkEvent::Undone).by(Some(who)));
        Ok(())
    }

    /// Whether the author of a command has made such an entry since the version that they saw.
    fn has_since(&self, command: &WorkCommand, is_such: impl Fn(&WorkEntry) -> bool) -> bool {
        let since = self.trail.iter().rev().take_while(|entry| entry.version > command.version);
        let own = since.filter(|entry| entry.who.as_ref().is_some_and(|who| who.name == command.who.name));
        own.into_iter().any(is_such)
    }

    fn check_open(&self) -> Result<(), CommandRefusal> {
        let Some(closing) = &self.closed else { return Ok(()) };
        Err(match &closing.who {
            Some(who) => CommandRefusal::Taken(who.name.clone()),
            None => CommandRefusal::Closed(Text::fixed(match closing.outcome {
                Outcome::Answered => "the customer called again and was answered",
                Outcome::Reached => "the customer was called back and answered",
                Outcome::Withdrawn => "it turned out not to be so",
                _ => "it is too old",
            })),
        })
    }

    fn check_holder(&self, who: &Actor) -> Result<(), CommandRefusal> {
        match self.holder() {
            Some(holder) if holder.name != who.name => Err(CommandRefusal::Taken(holder.name.clone())),
            _ => Ok(()),
        }
    }

    fn write(&mut self, now: Time, who: &Actor, note: Option<&Text>) {
        if let Some(note) = note {
            self.note = Some(note.clone());
            self.record(WorkEntry::new(now, WorkEvent::Noted).by(Some(who)).with_text(Some(note.clone())));
        }
    }

    /// Undo a command that made `after` of `before`, whatever happened since.
    pub(super) fn take_back(&mut self, before: &Self, after: &Self) {
        let made = |entry: &WorkEntry| entry.version > before.version && entry.version <= after.version;
        self.trail.retain(|entry| !made(entry));
        let Self { attempts, state, claim, closed, note, .. } = before.clone();
        (self.attempts, self.state, self.claim, self.closed, self.note) = (attempts, state, claim, closed, note);
        self.version = self.version.saturating_add(1);
    }
}

impl WorkAction {
    const fn note(&self) -> Option<&Text> {
        match self {
            Self::Note(note) => Some(note),
            Self::Claim { note, .. } | Self::Done { note, .. } => note.as_ref(),
            Self::Undo => None,
        }
    }
}
