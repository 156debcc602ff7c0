//! The book of episodes: those that are open, those just over, and what has changed since the journal was told.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use super::phase::Ending;
use super::{AlertAction, AlertCommand, CommandRefusal, Episode, HistoryEntry, Severity, State, commands};
use crate::clock::{Span, Time};
use crate::kpi::{Figure, KpiId, Slice, Window};
use crate::text::{Label, Text};

/// How many that are over are kept at hand, for commands that come late.
const RECENT: usize = 500;

/// What is new about a slice: the parts of an episode that come from its rule and figure.
pub(super) struct EpisodeSeed {
    pub(super) rule: Label,
    pub(super) kpi: Option<KpiId>,
    pub(super) source: Option<Label>,
    pub(super) slice: Slice,
    pub(super) window: Window,
    pub(super) above: bool,
    pub(super) action: Text,
    /// Since when it is past the line.
    pub(super) since: Time,
}

/// What a figure says just now.
pub(super) struct Sample {
    pub(super) figure: Figure,
    pub(super) line: Option<f64>,
    pub(super) text: Text,
    /// What to do about it, where that is no more what the rule says.
    pub(super) action: Option<Text>,
}

#[derive(Debug, Default)]
pub(super) struct Episodes {
    next: u64,
    open: FxHashMap<u64, Episode>,
    recent: VecDeque<Episode>,
    changed: BTreeSet<u64>,
}

impl Episodes {
    /// Ids below `next` have been given out before.
    pub(super) fn continue_from(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    pub(super) fn open(&mut self, news: EpisodeSeed, severity: Severity) -> u64 {
        let id = self.next.max(1);
        self.next = id + 1;
        let episode = Episode {
            id,
            version: 0,
            rule: news.rule,
            kpi: news.kpi,
            source: news.source,
            slice: news.slice,
            window: news.window,
            severity,
            state: State::Pending,
            since: news.since,
            fired: None,
            resolved: None,
            figure: Figure::default(),
            worst: None,
            line: None,
            above: news.above,
            acknowledged: None,
            snoozed: None,
            flapping: false,
            inhibited_by: None,
            text: Text::default(),
            action: news.action,
            trail: Vec::new(),
        };
        self.open.insert(id, episode);
        id
    }

    /// One that was open before a restart.
    pub(super) fn resume(&mut self, episode: Episode) {
        self.continue_from(episode.id + 1);
        self.open.insert(episode.id, episode);
    }

    /// It never fired: there is nothing to keep.
    pub(super) fn drop(&mut self, id: u64) {
        self.open.remove(&id);
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Episode> {
        self.open.get_mut(&id)
    }

    pub(super) fn episodes(&self) -> impl Iterator<Item = &Episode> {
        self.open.values()
    }

    pub(super) fn mark(&mut self, id: u64) {
        self.changed.insert(id);
    }

    /// See how the figure stands; no change of state, so the version stays.
    pub(super) fn look(&mut self, id: u64, look: Sample) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if let Some(value) = look.figure.value {
            let above = episode.above;
            let worse = |worst: f64| if above { value > worst } else { value < worst };
            if episode.worst.is_none_or(worse) {
                episode.worst = Some(value);
            }
        }
        episode.figure = look.figure;
        episode.line = look.line;
        episode.text = look.text;
        if let Some(action) = look.action {
            episode.action = action;
        }
    }

    pub(super) fn fire(&mut self, id: u64, severity: Severity, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        episode.severity = severity;
        episode.state = State::Firing;
        episode.fired = Some(now);
        let text = Text::fixed(severity.key());
        episode.note(HistoryEntry::new(now, "fired", episode.figure.value).saying(Some(text)));
        self.changed.insert(id);
    }

    pub(super) fn turn(&mut self, id: u64, severity: Severity, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        let what = if severity > episode.severity { "worsened" } else { "eased" };
        episode.severity = severity;
        episode.note(HistoryEntry::new(now, what, episode.figure.value));
        self.changed.insert(id);
    }

    pub(super) fn flap(&mut self, id: u64, flapping: bool, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if !episode.is_active() || episode.flapping == flapping {
            return;
        }
        episode.flapping = flapping;
        episode.note(HistoryEntry::new(now, if flapping { "flapping" } else { "settled" }, episode.figure.value));
        self.changed.insert(id);
    }

    pub(super) fn inhibit(&mut self, id: u64, cause: Option<&Text>, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if episode.inhibited_by.as_ref() == cause {
            return;
        }
        let what = if cause.is_some() { "inhibited" } else { "released" };
        episode.inhibited_by = cause.cloned();
        episode.note(HistoryEntry::new(now, what, episode.figure.value).saying(cause.cloned()));
        if episode.is_active() {
            self.changed.insert(id);
        }
    }

    pub(super) fn resolve(&mut self, id: u64, ending: Ending, now: Time) {
        let why = match ending {
            Ending::Recovered => None,
            Ending::NoData => Some(Text::fixed("no data")),
            Ending::Asleep => Some(Text::fixed("outside of its hours")),
        };
        self.close(id, why, now);
    }

    pub(super) fn close(&mut self, id: u64, why: Option<Text>, now: Time) {
        let Some(mut episode) = self.open.remove(&id) else { return };
        episode.state = State::Resolved;
        episode.resolved = Some(now);
        episode.inhibited_by = None;
        episode.note(HistoryEntry::new(now, "resolved", episode.figure.value).saying(why));
        self.changed.insert(id);
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(episode);
    }

    /// What has changed since this was last asked, by id.
    pub(super) fn take_changed(&mut self) -> Vec<Episode> {
        let changed = std::mem::take(&mut self.changed);
        let find = |id: &u64| {
            self.open.get(id).or_else(|| self.recent.iter().rev().find(|episode| episode.id == *id)).cloned()
        };
        changed.iter().filter_map(find).collect()
    }

    pub(super) fn tell(&mut self, command: &AlertCommand, expiry: Span, now: Time) -> Result<Episode, CommandRefusal> {
        let id = command.episode;
        if let Some(episode) = self.open.get_mut(&id) {
            if !episode.is_active() {
                return Err(CommandRefusal::Early);
            }
            commands::tell(episode, command, expiry, now)?;
            return Ok(episode.clone());
        }
        let Some(episode) = self.recent.iter_mut().find(|episode| episode.id == id) else {
            return Err(if id > 0 && id < self.next { CommandRefusal::Over } else { CommandRefusal::Unknown(id) });
        };
        match &command.act {
            AlertAction::Note(text) => {
                episode.note(HistoryEntry::new(now, "noted", None).by(&command.who).saying(Some(text.clone())));
                Ok(episode.clone())
            }
            AlertAction::Acknowledge { note, .. } => {
                // It is written down and fires nothing: whoever pressed the key was there.
                episode.note(HistoryEntry::new(now, "late", None).by(&command.who).saying(note.clone()));
                self.changed.insert(id);
                Err(CommandRefusal::Over)
            }
            AlertAction::Undo | AlertAction::Snooze(_) => Err(CommandRefusal::Over),
        }
    }
}
