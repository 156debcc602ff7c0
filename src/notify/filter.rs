//! Decides whether a target is to be told something about an episode, and with which kind of message.

use super::NoticeKind;
use super::settings::CommonSettings;
use crate::alert::{Episode, HistoryEntry, HistoryKind, Severity, State};
use crate::clock::Span;
use crate::journal::LastDelivery;

/// A target hears of a flapping alert at most once in this time.
pub(super) const FLAPPING_INTERVAL: Span = Span(15 * Span::MINUTE.0);

/// The message that tells a target what is new about an episode, and whether it repeats an earlier `firing`; `None` if
/// the target is not to be notified. `told` is the last message about this episode that the target got: what has
/// happened since is compared with it, be that one entry or many.
///
/// A target hears of the end of an episode exactly if it has heard of its beginning, so that an incident that was opened
/// is closed.
pub(super) fn message_kind(
    episode: &Episode,
    common: &CommonSettings,
    told: Option<&LastDelivery>,
) -> Option<(NoticeKind, bool)> {
    // The target is notified of the inhibiting alert instead.
    if episode.inhibited_by.is_some() || !common.is_about(episode) {
        return None;
    }
    let seen = told.map_or(0, |told| usize::try_from(told.entry).unwrap_or(0) + 1);
    let (before, new) = episode.trail.split_at_checked(seen)?;
    let has = |kinds: &[HistoryKind]| new.iter().any(|entry| kinds.contains(&entry.kind));
    let wants = |what| common.on.contains(&what);
    let knows = told.is_some();
    // A target that does not subscribe to `firing` gets the other kinds without it.
    let needs_firing = !knows && wants(NoticeKind::Firing);
    let what = match episode.state {
        State::Insufficient | State::Pending => None,
        State::Resolved if !has(&[HistoryKind::Resolved]) => None,
        State::Resolved => (!needs_firing && (knows || !was_hidden(episode))).then_some(NoticeKind::Resolved),
        _ if needs_firing => Some(NoticeKind::Firing),
        state => {
            let muted = state != State::Firing;
            let acknowledged = muted && has(&[HistoryKind::Acknowledged, HistoryKind::Snoozed]);
            let worse = episode.severity == Severity::Critical && has(&[HistoryKind::Worsened]);
            // The rise to critical that ended the acknowledgement was already sent as `worsening`.
            let broken_by_rise = new.first().is_some_and(|entry| is_break_by_rise(before.last(), entry));
            let back = new.get(usize::from(broken_by_rise)..)?.iter().any(|entry| ends_mute(entry.kind));
            let candidates = [
                (acknowledged, NoticeKind::Acknowledged),
                (worse, NoticeKind::Worsening),
                (back && !muted, NoticeKind::Firing),
            ];
            candidates.into_iter().find(|(holds, what)| *holds && wants(*what)).map(|(_, what)| what)
        }
    }?;
    let bad_enough = episode.severity >= common.severity || knows && what == NoticeKind::Resolved;
    (bad_enough && wants(what)).then_some((what, knows && what == NoticeKind::Firing))
}

/// Whether a message is subject to [`FLAPPING_INTERVAL`].
pub(super) fn is_rate_limited(episode: &Episode, what: NoticeKind) -> bool {
    episode.flapping && matches!(what, NoticeKind::Firing | NoticeKind::Worsening)
}

const fn ends_mute(kind: HistoryKind) -> bool {
    matches!(kind, HistoryKind::Broken | HistoryKind::Expired | HistoryKind::Undone)
}

fn is_break_by_rise(before: Option<&HistoryEntry>, entry: &HistoryEntry) -> bool {
    entry.kind == HistoryKind::Broken
        && before.is_some_and(|before| before.kind == HistoryKind::Worsened && before.at == entry.at)
}

/// Whether an episode was still inhibited when it was resolved.
fn was_hidden(episode: &Episode) -> bool {
    let mut kinds = episode.trail.iter().rev().map(|entry| entry.kind);
    kinds.find(|kind| matches!(kind, HistoryKind::Inhibited | HistoryKind::Released)) == Some(HistoryKind::Inhibited)
}

#[cfg(test)]
mod tests;
