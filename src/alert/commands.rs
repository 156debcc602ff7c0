//! What people do about an episode: take it, put it off, say something. It lies over the firing state and never
//! changes it; it ends with the episode, by itself at its time, or when things get worse.

use super::judge;
use super::rule::Rule;
use super::{
    Acknowledgement, Actor, AlertAction, AlertCommand, CommandRefusal, Episode, HistoryEntry, Severity, Snooze, State,
};
use crate::clock::{Span, Time};
use crate::kpi::Unit;
use crate::kpi::format::age;
use crate::text::Text;

/// The shortest and the longest that an acknowledgement or snooze may last.
const LEAST: Span = Span::MINUTE;
const MOST: Span = Span::DAY;

/// Do what a command says to an episode that has fired and is not over.
///
/// The version tells what its giver saw. Of two people at once the second one's is old: an acknowledgement still
/// holds if nobody has the episode yet, since taking it is right whatever the figure did meanwhile; a snooze does
/// not, since it would hide something not seen.
pub(super) fn tell(
    episode: &mut Episode,
    command: &AlertCommand,
    expiry: Span,
    now: Time,
) -> Result<(), CommandRefusal> {
    let seen = command.version == episode.version;
    let who = &command.who;
    match &command.act {
        AlertAction::Acknowledge { note, lasts } => {
            may_take(episode, who, seen)?;
            let until = now + lasts.unwrap_or(expiry).clamp(LEAST, MOST);
            episode.snoozed = None;
            episode.acknowledged = Some(Acknowledgement {
                who: who.clone(),
                at: now,
                until,
                value: episode.figure.value,
                severity: episode.severity,
                note: note.clone(),
            });
            episode.state = State::Acknowledged;
            episode.note(HistoryEntry::new(now, "acknowledged", episode.figure.value).by(who).saying(note.clone()));
        }
        AlertAction::Snooze(span) => {
            may_take(episode, who, seen)?;
            if !seen {
                return Err(CommandRefusal::Changed);
            }
            episode.acknowledged = None;
            let span = (*span).clamp(LEAST, MOST);
            let until = now + span;
            episode.snoozed = Some(Snooze { who: who.clone(), at: now, until });
            episode.state = State::Snoozed;
            let text = Text::new(&format!("for {}", age(span.as_secs())));
            episode.note(HistoryEntry::new(now, "snoozed", episode.figure.value).by(who).saying(Some(text)));
        }
        AlertAction::Note(text) => {
            episode.note(HistoryEntry::new(now, "noted", episode.figure.value).by(who).saying(Some(text.clone())));
        }
        AlertAction::Undo => {
            let holder = holder(episode).ok_or(CommandRefusal::Nothing)?;
            if holder.name != who.name {
                return Err(CommandRefusal::Theirs(holder.name.clone()));
            }
            release(episode, HistoryEntry::new(now, "undone", episode.figure.value).by(who));
        }
    }
    Ok(())
}

/// Who has it.
fn holder(episode: &Episode) -> Option<&Actor> {
    let acknowledged = episode.acknowledged.as_ref().map(|ack| &ack.who);
    acknowledged.or_else(|| episode.snoozed.as_ref().map(|snooze| &snooze.who))
}

/// Whoever has it may renew it, having seen it; a snooze that was seen may be ended by taking the episode.
fn may_take(episode: &Episode, who: &Actor, seen: bool) -> Result<(), CommandRefusal> {
    match holder(episode) {
        None => Ok(()),
        Some(holder) if seen && (holder.name == who.name || episode.snoozed.is_some()) => Ok(()),
        Some(holder) => Err(CommandRefusal::Taken(holder.name.clone())),
    }
}

/// Let go of it: it is news again.
pub(super) fn release(episode: &mut Episode, entry: HistoryEntry) {
    episode.acknowledged = None;
    episode.snoozed = None;
    episode.state = State::Firing;
    episode.note(entry);
}

/// End what has run out, and break what things have outgrown; says whether it did. A rise to critical breaks a
/// snooze too: it is not what was put off. `rule`: `None` for an alert about a source.
pub(super) fn settle(episode: &mut Episode, rule: Option<&Rule>, worsening: f64, now: Time) -> bool {
    let value = episode.figure.value;
    let broken = |text: Text| HistoryEntry::new(now, "broken", value).saying(Some(text));
    let rise = || Text::fixed("warning → critical");
    let entry = if let Some(ack) = &episode.acknowledged {
        let by_name = |what| Text::new(&format!("{}'s {what}", ack.who.name));
        if episode.severity > ack.severity {
            broken(rise())
        } else if let (Some(rule), Some(before), Some(value)) = (rule, ack.value, value)
            && outgrown(rule, worsening, before, value)
        {
            broken(judge::change(rule, before, value))
        } else if now >= ack.until {
            HistoryEntry::new(now, "expired", value).saying(Some(by_name("acknowledgement")))
        } else {
            return false;
        }
    } else if let Some(snooze) = &episode.snoozed {
        let mut since = episode.trail.iter().rev().take_while(|entry| entry.what.as_str() != "snoozed");
        if episode.severity == Severity::Critical && since.any(|entry| entry.what.as_str() == "worsened") {
            broken(rise())
        } else if now >= snooze.until {
            let text = Text::new(&format!("{}'s snooze", snooze.who.name));
            HistoryEntry::new(now, "expired", value).saying(Some(text))
        } else {
            return false;
        }
    } else {
        return false;
    };
    release(episode, entry);
    true
}

/// Whether a value is so much worse than at the acknowledgement that it is another matter. The share is one of
/// what is wrong: of an abandonment of 6 %, or of the 38 points that a service level of 62 % lacks.
fn outgrown(rule: &Rule, worsening: f64, before: f64, value: f64) -> bool {
    let wrong = match rule.def().map(|def| def.unit) {
        Some(Unit::Percent) if !rule.above => 100.0 - before,
        _ => before,
    };
    let allowed = (wrong.abs() * rule.worsening.unwrap_or(worsening)).max(rule.least_worsening());
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
            assert_eq!(outgrown(&rule, 0.2, before, value), expected, "{kpi:?} {before} → {value}");
        }
    }
}
