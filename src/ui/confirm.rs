//! The message at the foot about commands that were carried out: of several at once, how many and which.

use crate::alert::{AlertAction, AlertCommand, CommandRefusal, Episode};
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
    let (what, then) = match &results.first()?.0.act {
        AlertAction::Acknowledge { .. } => ("acknowledged", " · n note, z snooze, u undo"),
        AlertAction::Note(_) => ("noted", ""),
        AlertAction::Undo => ("undone", ""),
        AlertAction::Snooze(_) => ("snoozed", " · u undo"),
    };
    Some(match (done.as_slice(), refused.as_slice()) {
        ([], [refusal, ..]) => (refusal.to_string(), Tone::Warning),
        ([one], []) => (format!("{what}: {}{then}", one.text), Tone::Good),
        (all, refused) => {
            let names = names(ctx, all);
            let words = format!("{what} {}: {names}", all.len());
            match refused.first() {
                None => (words, Tone::Good),
                Some(refusal) => (format!("{words}; not {}: {refusal}", refused.len()), Tone::Warning),
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
