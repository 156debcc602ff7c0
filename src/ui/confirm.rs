//! The message at the foot about commands that were carried out: of several at once, how many and which.

use crate::alert::{AlertAction, CommandRefusal, Episode, HistoryKind};
use crate::annotation::AnnotationAction;
use crate::floor::{CommandOutcome, FloorCommand};
use crate::language::{self, text};
use crate::ui::theme::Tone;
use crate::ui::view::Ctx;
use crate::ui::view::episode;
use crate::worklist::WorkAction;

/// What was done of commands, and in which tone to say so; `None` where nothing is known of any.
#[must_use]
pub(super) fn confirmation(
    ctx: Ctx<'_>,
    results: &[(FloorCommand, Result<CommandOutcome, CommandRefusal>)],
) -> Option<(String, Tone)> {
    let refused: Vec<&CommandRefusal> = results.iter().filter_map(|(_, result)| result.as_ref().err()).collect();
    let done: Vec<&CommandOutcome> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    let (what, then) = match &results.first()?.0 {
        FloorCommand::Alert(command) => match &command.act {
            AlertAction::Acknowledge { .. } => {
                (language::history(HistoryKind::Acknowledged), text!("toast-then-acknowledged"))
            }
            AlertAction::Note(_) => (language::history(HistoryKind::Noted), ""),
            AlertAction::Undo => (language::history(HistoryKind::Undone), ""),
            AlertAction::Snooze(_) => (language::history(HistoryKind::Snoozed), text!("toast-then-snoozed")),
        },
        FloorCommand::Work(command) => match &command.act {
            WorkAction::Claim { .. } => (text!("work-claimed"), text!("toast-then-claimed")),
            WorkAction::Note(_) => (language::history(HistoryKind::Noted), ""),
            WorkAction::Undo => (language::history(HistoryKind::Undone), ""),
            WorkAction::Done { outcome, .. } => {
                (language::keyed("work-outcome", outcome.key()), text!("toast-then-snoozed"))
            }
        },
        FloorCommand::Annotation(command) => match &command.act {
            AnnotationAction::Write(_) => (text!("annotation-written"), ""),
            AnnotationAction::Remove(_) => (text!("annotation-removed"), ""),
        },
    };
    Some(match (done.as_slice(), refused.as_slice()) {
        ([], [refusal, ..]) => (language::refusal(refusal), Tone::Warning),
        ([CommandOutcome::Episode(one)], []) => {
            let sentence = language::sentence(one, &ctx.slice_name(&one.slice));
            (format!("{what}: {sentence}{then}"), Tone::Good)
        }
        ([CommandOutcome::Item(one)], []) => {
            (format!("{what}: {}, {}{then}", one.subject(), ctx.queue_name(&one.queue)), Tone::Good)
        }
        ([CommandOutcome::Annotation(one)], []) => {
            (format!("{what}: {}", ctx.annotation(one, ctx.board.at)), Tone::Good)
        }
        (all, refused) => {
            let episodes: Vec<&Episode> = all.iter().filter_map(|kept| kept.as_episode()).collect();
            let names = names(ctx, &episodes);
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
