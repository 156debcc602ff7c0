//! The message at the foot about commands that were carried out: of several at once, how many and which.

use crate::alert::{AlertAction, AlertCommand, CommandRefusal, Episode, HistoryKind};
use crate::language::{self, text};
use crate::ui::theme::Tone;
use crate::ui::view::Ctx;
use crate::ui::view::episode;

/// What was done of commands, and in which tone to say so; `None` where nothing is known of any.
#[must_use]
pub(super) fn confirmation(
    ctx: Ctx<'_>,
    results: &[(AlertCommand, Result<Episode, CommandRefusal>)],
) -> Option<(String, Tone)> {
    let done: Vec<&Episode> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let refused: Vec<&CommandRefusal> = results.iter().filter_map(|(_, result)| result.as_ref().err()).collect();
    let (kind, then) = match &results.first()?.0.act {
        AlertAction::Acknowledge { .. } => (HistoryKind::Acknowledged, text!("toast-then-acknowledged")),
        AlertAction::Note(_) => (HistoryKind::Noted, ""),
        AlertAction::Undo => (HistoryKind::Undone, ""),
        AlertAction::Snooze(_) => (HistoryKind::Snoozed, text!("toast-then-snoozed")),
    };
    let what = language::history(kind);
    Some(match (done.as_slice(), refused.as_slice()) {
        ([], [refusal, ..]) => (language::refusal(refusal), Tone::Warning),
        ([one], []) => {
            let sentence = language::sentence(one, &ctx.slice_name(&one.slice));
            (format!("{what}: {sentence}{then}"), Tone::Good)
        }
        (all, refused) => {
            let names = names(ctx, all);
            let words = format!("{what} {}: {names}", all.len());
            match refused.first() {
                None => (words, Tone::Good),
                Some(refusal) => {
                    let not = text!("toast-not", count = refused.len(), reason = language::refusal(refusal));
                    (format!("{words}; {not}"), Tone::Warning)
                }
            }
        }
    })
}

/// The alerts by name, the place once: `Outages: longest wait, hung up`.
#[must_use]
pub(super) fn names(ctx: Ctx<'_>, episodes: &[&Episode]) -> String {
    let place = episodes.first().map_or_else(String::new, |first| episode::who(ctx, first));
    let what: Vec<String> = episodes.iter().map(|e| episode::what(ctx, e)).collect();
    format!("{place}: {}", what.join(", "))
}
