//! What people do about an episode: acknowledge, snooze, note, undo. None of it changes the firing state. It ends with
//! the episode, at its own time, or when things get worse.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::{
    Acknowledgement, Actor, Episode, HistoryEntry, HistoryKind, LapsedMute, MuteLength, Severity, Snooze, State, judge,
};
use crate::clock::Time;
use crate::kpi::Unit;
use crate::kpi::format::age;
use crate::text::{Label, Text};

/// A person's command about one episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertCommand {
    /// The episode's id.
    pub episode: u64,
    /// The version of the episode that the person saw.
    pub version: u32,
    /// The person.
    pub who: Actor,
    /// What to do.
    pub act: AlertAction,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertAction {
    /// Tell others that somebody deals with it.
    Acknowledge {
        /// A note to keep with it.
        note: Option<Text>,
        /// How long the acknowledgement lasts; the configured expiry when `None`.
        lasts: Option<MuteLength>,
    },
    /// Add a note to the history of the episode.
    Note(Text),
    /// Take back one's own acknowledgement or snooze.
    Undo,
    /// Mute it for a while.
    Snooze(MuteLength),
}

/// Why a command was refused. The message is for the person who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandRefusal {
    /// Somebody else has acknowledged or snoozed it already.
    #[error("{0} was first")]
    Taken(Label),
    /// It has resolved.
    #[error("it has already resolved")]
    Over,
    /// No episode has this id.
    #[error("there is no alert {0}")]
    Unknown(u64),
    /// It is only pending.
    #[error("it has not fired yet")]
    Early,
    /// The acknowledgement or snooze to undo belongs to somebody else.
    #[error("{0} has it: only {0} can take that back")]
    Theirs(Label),
    /// There is no acknowledgement or snooze to undo.
    #[error("there is nothing to undo")]
    Nothing,
    /// The episode has changed since the version in the command.
    #[error("it has changed meanwhile: look again")]
    Changed,
    /// This board cannot write the journal; it holds who can.
    #[error("this board is read-only: {0}")]
    ReadOnly(Text),
    /// No item of a worklist has this number.
    #[error("there is no item {0}")]
    UnknownItem(u64),
    /// No annotation has this number.
    #[error("there is no annotation {0}")]
    UnknownAnnotation(u64),
    /// The item is closed, and not by a person; it holds why.
    #[error("it is over: {0}")]
    Closed(Text),
    /// The command does not fit what it is for; it holds what would.
    #[error("{0}")]
    Unfit(Text),
    /// The journal could not store it; it holds why.
    #[error("it could not be kept: {0}")]
    NotKept(Text),
}

/// Execute a command on an active episode.
///
/// Of two people who act at once, the second one's version is old. An acknowledgement still succeeds if nobody holds
/// the episode, because dealing with it is right whatever the figure has done since. A snooze does not: it would mute
/// something that the person has not seen.
pub(super) fn execute(
    episode: &mut Episode,
    command: &AlertCommand,
    expiry: MuteLength,
    now: Time,
) -> Result<(), CommandRefusal> {
    let up_to_date = command.version == episode.version;
    let who = &command.who;
    let value = episode.figure.value;
    let entry = |kind, text| HistoryEntry::new(now, kind, value).by(who).with_text(text);
    match &command.act {
        AlertAction::Acknowledge { note, lasts } => {
            check_holder(episode, who, up_to_date)?;
            (episode.snoozed, episode.lapsed) = (None, None);
            episode.acknowledged = Some(Acknowledgement {
                who: who.clone(),
                at: now,
                until: now + lasts.unwrap_or(expiry).span(),
                value,
                severity: episode.severity,
                note: note.clone(),
            });
            episode.state = State::Acknowledged;
            episode.record(entry(HistoryKind::Acknowledged, note.clone()));
        }
        AlertAction::Snooze(length) => {
            check_holder(episode, who, up_to_date)?;
            if !up_to_date {
                return Err(CommandRefusal::Changed);
            }
            let text = Text::new(&format!("for {}", age(length.span().as_secs())));
            (episode.acknowledged, episode.lapsed) = (None, None);
            episode.snoozed = Some(Snooze { who: who.clone(), at: now, until: now + length.span() });
            episode.state = State::Snoozed;
            episode.record(entry(HistoryKind::Snoozed, Some(text)));
        }
        AlertAction::Note(text) if is_repeated(episode, command, text) => {}
        AlertAction::Note(text) => episode.record(entry(HistoryKind::Noted, Some(text.clone()))),
        AlertAction::Undo => {
            let holder = holder(episode).ok_or(CommandRefusal::Nothing)?;
            if holder.name != who.name {
                return Err(CommandRefusal::Theirs(holder.name.clone()));
            }
            unmute(episode, entry(HistoryKind::Undone, None));
        }
    }
    Ok(())
}

/// Whether the same note was already written after the version that its author saw. A reply may be lost on its way, and
/// then the client sends the command again.
pub(super) fn is_repeated(episode: &Episode, command: &AlertCommand, text: &Text) -> bool {
    let seen = usize::try_from(command.version).unwrap_or(usize::MAX);
    episode.trail.iter().skip(seen).any(|entry| {
        let by_author = entry.who.as_ref().is_some_and(|who| who.name == command.who.name);
        entry.kind == HistoryKind::Noted && by_author && entry.text.as_ref() == Some(text)
    })
}

/// The person whose acknowledgement or snooze is in force.
pub(super) fn holder(episode: &Episode) -> Option<&Actor> {
    let acknowledged = episode.acknowledged.as_ref().map(|ack| &ack.who);
    acknowledged.or_else(|| episode.snoozed.as_ref().map(|snooze| &snooze.who))
}

/// Whether `who` may acknowledge or snooze. The holder may renew, and anybody may take over a snoozed episode, but
/// only on the current version.
fn check_holder(episode: &Episode, who: &Actor, up_to_date: bool) -> Result<(), CommandRefusal> {
    match holder(episode) {
        None => Ok(()),
        Some(holder) if up_to_date && (holder.name == who.name || episode.snoozed.is_some()) => Ok(()),
        Some(holder) => Err(CommandRefusal::Taken(holder.name.clone())),
    }
}

/// End the acknowledgement or snooze: the episode needs attention again.
pub(super) fn unmute(episode: &mut Episode, entry: HistoryEntry) {
    episode.acknowledged = None;
    episode.snoozed = None;
    episode.state = State::Firing;
    episode.record(entry);
}

/// End an acknowledgement or snooze that has expired or that things have outgrown; returns whether one ended. One that
/// was `restored` after a restart is remembered as lapsed. `rule` is `None` for an alert about a source; `worsening` is
/// the share from the settings.
pub(super) fn expire(episode: &mut Episode, rule: Option<&Rule>, worsening: f64, now: Time, restored: bool) -> bool {
    let Some(entry) = ending(episode, rule, worsening, now) else { return false };
    if restored {
        let (acknowledged, snoozed) = (episode.acknowledged.take(), episode.snoozed.take());
        episode.lapsed = Some(LapsedMute { at: now, acknowledged, snoozed });
    }
    unmute(episode, entry);
    true
}

/// Let an acknowledgement or snooze hold again that ended at a time that is still to come: the clock was ahead then, or
/// is behind now. Returns whether one does.
pub(super) fn reinstate(episode: &mut Episode, rule: Option<&Rule>, worsening: f64, now: Time) -> bool {
    let Some(lapsed) = episode.lapsed.clone().filter(|lapsed| now < lapsed.at) else { return false };
    (episode.acknowledged, episode.snoozed) = (lapsed.acknowledged, lapsed.snoozed);
    let Some(who) = holder(episode).cloned().filter(|_| ending(episode, rule, worsening, now).is_none()) else {
        (episode.acknowledged, episode.snoozed) = (None, None);
        return false;
    };
    let is_snooze = episode.snoozed.is_some();
    let (state, kind) = if is_snooze {
        (State::Snoozed, HistoryKind::Snoozed)
    } else {
        (State::Acknowledged, HistoryKind::Acknowledged)
    };
    (episode.state, episode.lapsed) = (state, None);
    let why = Text::fixed("it holds on: the clock was wrong when it ended");
    episode.record(HistoryEntry::new(now, kind, episode.figure.value).by(&who).with_text(Some(why)));
    true
}

/// Move an acknowledgement or snooze that began at a time that is still to come: the clock was ahead then, and it must
/// not last longer for that. Returns whether there was one.
pub(super) fn bring_back(episode: &mut Episode, now: Time) -> bool {
    let mute = match (&mut episode.acknowledged, &mut episode.snoozed) {
        (Some(ack), _) => Some((&mut ack.at, &mut ack.until)),
        (None, Some(snooze)) => Some((&mut snooze.at, &mut snooze.until)),
        (None, None) => None,
    };
    let Some((at, until)) = mute.filter(|(at, _)| **at > now) else { return false };
    (*until, *at) = (now + (*until - *at), now);
    true
}

/// The entry with which an acknowledgement or snooze ends now; `None` while it holds. A rise to critical breaks a snooze
/// as well, because that is not what was muted.
fn ending(episode: &Episode, rule: Option<&Rule>, worsening: f64, now: Time) -> Option<HistoryEntry> {
    let value = episode.figure.value;
    let entry = |kind, text| HistoryEntry::new(now, kind, value).with_text(Some(text));
    let expired = |who: &Actor, what| entry(HistoryKind::Expired, Text::new(&format!("{}'s {what}", who.name)));
    let rise = || entry(HistoryKind::Broken, Text::fixed("warning → critical"));
    if let Some(ack) = &episode.acknowledged {
        if episode.severity > ack.severity {
            Some(rise())
        } else if let (Some(rule), Some(before), Some(value)) = (rule, ack.value, value)
            && is_outgrown(rule, worsening, before, value)
        {
            Some(entry(HistoryKind::Broken, judge::change_text(rule, before, value)))
        } else {
            (now >= ack.until).then(|| expired(&ack.who, "acknowledgement"))
        }
    } else if let Some(snooze) = &episode.snoozed {
        let mut since = episode.trail.iter().rev().take_while(|entry| entry.kind != HistoryKind::Snoozed);
        if episode.severity == Severity::Critical && since.any(|entry| entry.kind == HistoryKind::Worsened) {
            Some(rise())
        } else {
            (now >= snooze.until).then(|| expired(&snooze.who, "snooze"))
        }
    } else {
        None
    }
}

/// Whether a value is so much worse than when it was acknowledged that the acknowledgement no longer covers it. The
/// share refers to the deviation: for an abandonment rate to the 6 % itself, for a service level of 62 % to the missing
/// 38 points.
fn is_outgrown(rule: &Rule, worsening: f64, before: f64, value: f64) -> bool {
    let deviation = match rule.def().map(|def| def.unit) {
        Some(Unit::Percent) if !rule.above => 100.0 - before,
        _ => before,
    };
    let allowed = (deviation.abs() * rule.worsening.unwrap_or(worsening)).max(rule.least_worsening());
    if rule.above { value - before >= allowed } else { before - value >= allowed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::KpiId;

    #[test]
    fn small_changes_do_not_break_an_acknowledgement_and_large_ones_do() {
        for (kpi, before, value, expected) in [
            (KpiId::AbandonmentRate, 6.1, 8.3, true),
            (KpiId::AbandonmentRate, 6.1, 7.9, false),
            (KpiId::AbandonmentRate, 6.1, 2.0, false),
            (KpiId::ServiceLevel, 62.0, 54.0, true),
            (KpiId::ServiceLevel, 62.0, 55.0, false),
            (KpiId::ServiceLevel, 62.0, 90.0, false),
            (KpiId::Asa, 32.0, 41.0, false),
            (KpiId::Asa, 32.0, 42.0, true),
            (KpiId::LongestWait, 130.0, 189.0, false),
            (KpiId::LongestWait, 130.0, 190.0, true),
            (KpiId::SpeedTrap, 1.0, 1.0, false),
        ] {
            let rule = Rule::of("r", kpi);
            assert_eq!(is_outgrown(&rule, 0.2, before, value), expected, "{kpi:?} {before} → {value}");
        }
    }
}
