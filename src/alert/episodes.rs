//! All episodes in memory: the open ones and those that resolved lately. It also tracks which of them the journal has
//! yet to store.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use super::phase::Ending;
use super::{
    AlertAction, AlertCommand, CommandRefusal, Episode, HistoryEntry, HistoryKind, MuteLength, Severity, State,
    commands,
};
use crate::clock::{Span, Time};
use crate::kpi::{Figure, KpiId, Slice, Window};
use crate::text::{Label, Text};

/// How many resolved episodes are kept for late commands.
const MAX_RECENT: usize = 500;

/// The parts of a new episode that come from its rule and slice.
pub(super) struct EpisodeSeed {
    pub(super) rule: Label,
    pub(super) kpi: Option<KpiId>,
    pub(super) source: Option<Label>,
    pub(super) slice: Slice,
    pub(super) window: Window,
    pub(super) above: bool,
    pub(super) action: Text,
    /// When the figure went past the limit.
    pub(super) since: Time,
}

/// The parts of an episode that follow the figure from one evaluation to the next.
pub(super) struct Sample {
    pub(super) figure: Figure,
    pub(super) limit: Option<f64>,
    pub(super) text: Text,
    /// `Some` where the advice depends on the state and not only on the rule.
    pub(super) action: Option<Text>,
}

#[derive(Debug, Default)]
pub(super) struct Episodes {
    next_id: u64,
    open: FxHashMap<u64, Episode>,
    recent: VecDeque<Episode>,
    /// Ids of the episodes that changed since [`Episodes::take_changed`].
    changed: BTreeSet<u64>,
}

impl Episodes {
    /// Give new episodes ids of at least `next`.
    pub(super) fn reserve_ids_below(&mut self, next: u64) {
        self.next_id = self.next_id.max(next);
    }

    /// Change what open episodes have of their rule.
    pub(super) fn change_rule(&mut self, ids: impl Iterator<Item = u64>, change: impl Fn(&mut Episode)) {
        for id in ids {
            let Some(episode) = self.open.get_mut(&id) else { continue };
            change(episode);
            // A pending one is not kept.
            if episode.is_active() {
                self.changed.insert(id);
            }
        }
    }

    /// Begin a pending episode; returns its id.
    pub(super) fn open(&mut self, seed: EpisodeSeed, severity: Severity) -> u64 {
        let id = self.next_id.max(1);
        self.next_id = id + 1;
        let episode = Episode {
            id,
            version: 0,
            rule: seed.rule,
            kpi: seed.kpi,
            source: seed.source,
            slice: seed.slice,
            window: seed.window,
            severity,
            state: State::Pending,
            since: seed.since,
            fired: None,
            resolved: None,
            figure: Figure::default(),
            worst: None,
            limit: None,
            above: seed.above,
            acknowledged: None,
            snoozed: None,
            lapsed: None,
            flapping: false,
            inhibited_by: None,
            text: Text::default(),
            action: seed.action,
            trail: Vec::new(),
        };
        self.open.insert(id, episode);
        id
    }

    /// Continue an episode that was open before a restart.
    pub(super) fn resume(&mut self, episode: Episode) {
        self.reserve_ids_below(episode.id + 1);
        self.open.insert(episode.id, episode);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Episode> {
        self.open.get(&id).or_else(|| self.recent.iter().find(|episode| episode.id == id))
    }

    /// Revert what a command changed.
    pub(super) fn take_back(&mut self, before: Episode, after: &Episode, now: Time) {
        let id = before.id;
        let recent = self.recent.iter_mut().find(|episode| episode.id == id);
        let Some(episode) = self.open.get_mut(&id).or(recent) else { return };
        if episode.version == after.version {
            (episode.state, episode.version, episode.trail) = (before.state, before.version, before.trail);
            (episode.acknowledged, episode.snoozed) = (before.acknowledged, before.snoozed);
            episode.lapsed = before.lapsed;
        } else if episode.is_active() && commands::holder(episode).is_some() && commands::holder(&before).is_none() {
            // The episode has changed since. The history then says that the command did not last.
            let why = Some(Text::fixed("it could not be kept"));
            commands::unmute(episode, HistoryEntry::new(now, HistoryKind::Undone, None).with_text(why));
            self.changed.insert(id);
        }
    }

    /// The wall clock was set by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        for (id, episode) in &mut self.open {
            episode.shift(by);
            if episode.is_active() {
                self.changed.insert(*id);
            }
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Episode> {
        self.open.values_mut()
    }

    /// Forget an episode that never fired.
    pub(super) fn discard(&mut self, id: u64) {
        self.open.remove(&id);
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Episode> {
        self.open.get_mut(&id)
    }

    /// An episode that is open or resolved lately.
    pub(super) fn find(&self, id: u64) -> Option<&Episode> {
        self.open.get(&id).or_else(|| self.recent.iter().rev().find(|episode| episode.id == id))
    }

    /// The open episodes, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Episode> {
        self.open.values()
    }

    pub(super) fn mark_changed(&mut self, id: u64) {
        self.changed.insert(id);
    }

    /// Take over the latest sample. This is no change of state, so the version stays and nothing is journaled.
    pub(super) fn update(&mut self, id: u64, sample: Sample) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if let Some(value) = sample.figure.value {
            let above = episode.above;
            let is_worse = |worst: f64| if above { value > worst } else { value < worst };
            if episode.worst.is_none_or(is_worse) {
                episode.worst = Some(value);
            }
        }
        episode.figure = sample.figure;
        episode.limit = sample.limit;
        episode.text = sample.text;
        if let Some(action) = sample.action {
            episode.action = action;
        }
    }

    pub(super) fn fire(&mut self, id: u64, severity: Severity, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        episode.severity = severity;
        episode.state = State::Firing;
        episode.fired = Some(now);
        let text = Text::fixed(severity.key());
        episode.record(HistoryEntry::new(now, HistoryKind::Fired, episode.figure.value).with_text(Some(text)));
        self.changed.insert(id);
    }

    pub(super) fn set_severity(&mut self, id: u64, severity: Severity, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        let kind = if severity > episode.severity { HistoryKind::Worsened } else { HistoryKind::Eased };
        episode.severity = severity;
        episode.record(HistoryEntry::new(now, kind, episode.figure.value));
        self.changed.insert(id);
    }

    pub(super) fn set_flapping(&mut self, id: u64, flapping: bool, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if !episode.is_active() || episode.flapping == flapping {
            return;
        }
        let kind = if flapping { HistoryKind::Flapping } else { HistoryKind::Settled };
        episode.flapping = flapping;
        episode.record(HistoryEntry::new(now, kind, episode.figure.value));
        self.changed.insert(id);
    }

    /// Hide an episode behind a cause, or show it again if `cause` is `None`.
    pub(super) fn set_inhibited(&mut self, id: u64, cause: Option<&Text>, now: Time) {
        let Some(episode) = self.open.get_mut(&id) else { return };
        if episode.inhibited_by.as_ref() == cause {
            return;
        }
        let kind = if cause.is_some() { HistoryKind::Inhibited } else { HistoryKind::Released };
        episode.inhibited_by = cause.cloned();
        episode.record(HistoryEntry::new(now, kind, episode.figure.value).with_text(cause.cloned()));
        if episode.is_active() {
            self.changed.insert(id);
        }
    }

    pub(super) fn end(&mut self, id: u64, ending: Ending, now: Time) {
        let reason = match ending {
            Ending::Recovered => None,
            Ending::NoData => Some(Text::fixed("no data")),
            Ending::Asleep => Some(Text::fixed("outside of its hours")),
        };
        self.resolve(id, reason, now);
    }

    /// Resolve an episode, for a reason other than recovery where `reason` is given.
    pub(super) fn resolve(&mut self, id: u64, reason: Option<Text>, now: Time) {
        let Some(mut episode) = self.open.remove(&id) else { return };
        episode.state = State::Resolved;
        episode.resolved = Some(now);
        episode.inhibited_by = None;
        episode.record(HistoryEntry::new(now, HistoryKind::Resolved, episode.figure.value).with_text(reason));
        self.changed.insert(id);
        if self.recent.len() >= MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(episode);
    }

    /// The episodes that changed since the last call, by id.
    pub(super) fn take_changed(&mut self) -> Vec<Episode> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|id| self.find(*id).cloned()).collect()
    }

    /// Execute a command; returns the changed episode, which the caller journals. On an episode that has resolved, a
    /// note is still accepted, and an acknowledgement is refused but recorded: the person was there.
    pub(super) fn execute(
        &mut self,
        command: &AlertCommand,
        expiry: MuteLength,
        now: Time,
    ) -> Result<Episode, CommandRefusal> {
        let id = command.episode;
        if let Some(episode) = self.open.get_mut(&id) {
            if !episode.is_active() {
                return Err(CommandRefusal::Early);
            }
            commands::execute(episode, command, expiry, now)?;
            return Ok(episode.clone());
        }
        let Some(episode) = self.recent.iter_mut().find(|episode| episode.id == id) else {
            return Err(if id > 0 && id < self.next_id { CommandRefusal::Over } else { CommandRefusal::Unknown(id) });
        };
        let entry = |kind, text| HistoryEntry::new(now, kind, None).by(&command.who).with_text(text);
        match &command.act {
            AlertAction::Note(text) => {
                if !commands::is_repeated(episode, command, text) {
                    episode.record(entry(HistoryKind::Noted, Some(text.clone())));
                }
                Ok(episode.clone())
            }
            AlertAction::Acknowledge { note, .. } => {
                episode.record(entry(HistoryKind::Late, note.clone()));
                self.changed.insert(id);
                Err(CommandRefusal::Over)
            }
            AlertAction::Undo | AlertAction::Snooze(_) => Err(CommandRefusal::Over),
        }
    }
}
