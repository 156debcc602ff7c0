//! Decides whether a target is notified of an entry of an episode's history, and with which kind of message.

use super::NoticeKind;
use super::settings::CommonSettings;
use crate::alert::{Episode, HistoryEntry, HistoryKind, State};
use crate::clock::Span;
use crate::journal::{LastDelivery, Notice};

/// A target hears of a flapping alert at most once in this time.
pub(super) const FLAPPING_INTERVAL: Span = Span(15 * Span::MINUTE.0);

/// What kind of message a notice is for a target, and whether it repeats an earlier `firing`; `None` if the target is not
/// to be notified. `told` is the last message about this episode that the target got.
///
/// A target hears of the end of an episode exactly if it has heard of its beginning, so that an incident that was opened
/// is closed.
pub(super) fn message_kind(
    notice: &Notice,
    common: &CommonSettings,
    told: Option<&LastDelivery>,
) -> Option<(NoticeKind, bool)> {
    let episode = &notice.episode;
    let mut back = episode.trail.iter().rev();
    let (entry, before) = (back.next()?, back.next());
    // The target is notified of the inhibiting alert instead.
    if episode.inhibited_by.is_some() || !common.is_about(episode) {
        return None;
    }
    let firing = episode.state == State::Firing;
    let knows = told.is_some();
    // A target that does not subscribe to `firing` gets the other kinds without it.
    let knows_enough = knows || !common.on.contains(&NoticeKind::Firing);
    let what = match entry.kind {
        HistoryKind::Fired => NoticeKind::Firing,
        HistoryKind::Worsened if knows => NoticeKind::Worsening,
        // So far the alert was below the target's severity, inhibited, or flapping.
        HistoryKind::Worsened | HistoryKind::Released | HistoryKind::Settled if firing && !knows => NoticeKind::Firing,
        HistoryKind::Acknowledged | HistoryKind::Snoozed if knows_enough => NoticeKind::Acknowledged,
        // The rise to critical that ended the acknowledgement was already sent as `worsening`.
        HistoryKind::Broken if told.is_some_and(|told| told.entry + 1 == notice.entry && is_rise(before, entry)) => {
            return None;
        }
        HistoryKind::Broken | HistoryKind::Expired | HistoryKind::Undone if firing => NoticeKind::Firing,
        HistoryKind::Resolved if knows || knows_enough && !was_hidden(episode) => NoticeKind::Resolved,
        _ => return None,
    };
    let bad_enough = episode.severity >= common.severity || knows && what == NoticeKind::Resolved;
    (bad_enough && common.on.contains(&what)).then_some((what, knows && what == NoticeKind::Firing))
}

/// Whether a message is subject to [`FLAPPING_INTERVAL`].
pub(super) fn is_rate_limited(notice: &Notice, what: NoticeKind) -> bool {
    notice.episode.flapping && matches!(what, NoticeKind::Firing | NoticeKind::Worsening)
}

fn is_rise(before: Option<&HistoryEntry>, entry: &HistoryEntry) -> bool {
    before.is_some_and(|before| before.kind == HistoryKind::Worsened && before.at == entry.at)
}

/// Whether an episode was still inhibited when it was resolved.
fn was_hidden(episode: &Episode) -> bool {
    let mut kinds = episode.trail.iter().rev().map(|entry| entry.kind);
    kinds.find(|kind| matches!(kind, HistoryKind::Inhibited | HistoryKind::Released)) == Some(HistoryKind::Inhibited)
}

#[cfg(test)]
mod tests;
