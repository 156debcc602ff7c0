//! Whether a target is to be told of an entry of a trail, and as what.

use super::NoticeKind;
use super::settings::CommonSettings;
use crate::alert::{Episode, HistoryEntry, HistoryKind, State};
use crate::clock::Span;
use crate::journal::{LastDelivery, Notice};

/// An alert that comes and goes is told so often at most.
pub(super) const FLAPPING: Span = Span(15 * Span::MINUTE.0);

/// What a notice is to a target that was last `told` something of its episode; `None`: nothing that it need know.
/// With it, whether it was told of it before.
///
/// A target is never told of the end of what it was not told of, and always of the end of what it was: an incident
/// that was opened is closed.
pub(super) fn due(notice: &Notice, common: &CommonSettings, told: Option<&LastDelivery>) -> Option<(NoticeKind, bool)> {
    let episode = &notice.episode;
    let mut back = episode.trail.iter().rev();
    let (entry, before) = (back.next()?, back.next());
    // What hides it is told in its place.
    if episode.inhibited_by.is_some() || !common.is_about(episode) {
        return None;
    }
    let firing = episode.state == State::Firing;
    let knows = told.is_some();
    // Whoever isn't told of the beginning can only be told of the rest.
    let knows_enough = knows || !common.on.contains(&NoticeKind::Firing);
    let what = match entry.kind {
        HistoryKind::Fired => NoticeKind::Firing,
        HistoryKind::Worsened if knows => NoticeKind::Worsening,
        // Until now it was not bad enough, was hidden, or came and went too often.
        HistoryKind::Worsened | HistoryKind::Released | HistoryKind::Settled if firing && !knows => NoticeKind::Firing,
        HistoryKind::Acknowledged | HistoryKind::Snoozed if knows_enough => NoticeKind::Acknowledged,
        // What broke it has been told of already, where it was a rise to critical.
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

/// Whether a target need not be told since the alert comes and goes, and it was told of it lately.
pub(super) fn is_held_back(notice: &Notice, what: NoticeKind) -> bool {
    notice.episode.flapping && matches!(what, NoticeKind::Firing | NoticeKind::Worsening)
}

fn is_rise(before: Option<&HistoryEntry>, entry: &HistoryEntry) -> bool {
    before.is_some_and(|before| before.kind == HistoryKind::Worsened && before.at == entry.at)
}

/// Whether an episode that is over was hidden until then.
fn was_hidden(episode: &Episode) -> bool {
    let mut kinds = episode.trail.iter().rev().map(|entry| entry.kind);
    kinds.find(|kind| matches!(kind, HistoryKind::Inhibited | HistoryKind::Released)) == Some(HistoryKind::Inhibited)
}

#[cfg(test)]
mod tests;
