//! The simulated floor's people who work the list of call-backs and write what happened, so that it looks as it does where that
//! is done.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::alert::Actor;
use crate::annotation::{AnnotationAction, AnnotationCommand, AnnotationDraft};
use crate::board::Board;
use crate::clock::{Span, Time};
use crate::floor::{FloorClosed, FloorCommand, Handle};
use crate::kpi::Slice;
use crate::text::{Label, Text};
use crate::worklist::{Outcome, WorkAction, WorkCommand, WorkItem, WorkQuery};

/// How often they look at the list, in the floor's time.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest time between two looks.
const MIN_LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How long the floor takes to have its past on the list.
const SETTLING_TIME: Duration = Duration::from_millis(1_500);
/// On a slow machine some of it comes later: so often they look at it after that time again.
const SETTLING_LOOKS: usize = 8;
/// Call-backs that were due so long before the start have mostly been made by then.
const MADE_BEFORE: Span = Span(45 * Span::MINUTE.0);
/// No call-back waits for longer than about this: the floor is one where the list is worked.
const MADE_AT_LAST: Span = Span(90 * Span::MINUTE.0);
/// So long before the start a mailing went out.
const MAILED_BEFORE: Span = Span(2 * Span::HOUR.0);
/// How many of them make calls at a time.
const CALLERS: u64 = 2;
/// The most items they look at.
const MAX_ITEMS: usize = 2_000;

/// Work the list until `stop`. Time passes `speed` times as fast as usual.
pub(super) async fn work(handle: Handle, speed: f64, stop: CancellationToken) {
    let interval = LOOK_INTERVAL.div_f64(speed.max(0.01)).max(MIN_LOOK_INTERVAL);
    let working = async {
        let mut boards = handle.watch();
        let begun = boards.wait_for(|board| is_caught_up(board)).await.map(|board| board.at);
        let Ok(begun) = begun else { return };
        // What has just come is on the list a moment later.
        tokio::time::sleep(SETTLING_TIME).await;
        // The floor may end at any moment, and then so does this.
        let _ = annotate(&handle, begun).await;
        for looks in 0_usize.. {
            if make_past_calls(&handle, begun).await.is_err() || look(&handle).await.is_err() {
                return;
            }
            tokio::time::sleep(if looks < SETTLING_LOOKS { SETTLING_TIME.min(interval) } else { interval }).await;
        }
    };
    stop.run_until_cancelled(working).await;
}

fn is_caught_up(board: &Board) -> bool {
    board.seq > 1 && !board.sources.iter().any(|source| source.is_catching_up(board.at, &board.mode))
}

async fn items(handle: &Handle) -> Result<Vec<WorkItem>, FloorClosed> {
    let query = WorkQuery { limit: MAX_ITEMS, ..WorkQuery::default() };
    Ok(handle.worklist(query).await?.unwrap_or_default().items)
}

/// Close what was due before the start, but for some.
async fn make_past_calls(handle: &Handle, begun: Time) -> Result<(), FloorClosed> {
    let past = |item: &WorkItem| {
        item.since < begun - MADE_AT_LAST || item.since < begun - MADE_BEFORE && !draw(item, 1).is_multiple_of(12)
    };
    for item in items(handle).await?.iter().filter(|item| past(item)) {
        act(handle, item, WorkAction::Done { outcome: outcome(item), note: None }).await?;
    }
    Ok(())
}

/// Write what happened before the start.
async fn annotate(handle: &Handle, begun: Time) -> Result<(), FloorClosed> {
    let text = Text::fixed("mailing about the new prices");
    let draft = AnnotationDraft { of: Slice::TOTAL, at: begun - MAILED_BEFORE, until: None, text };
    let who = Actor { name: Label::fixed("Marketing"), from: Label::fixed("simulated") };
    let command = AnnotationCommand { who, act: AnnotationAction::Write(draft) };
    drop(handle.command(FloorCommand::Annotation(command)).await?);
    Ok(())
}

/// Close what was claimed a while ago, and claim the oldest item now and then.
async fn look(handle: &Handle) -> Result<(), FloorClosed> {
    let now = handle.watch().borrow().at;
    let items = items(handle).await?;
    let ours = |item: &&WorkItem| item.holder().is_some_and(|holder| *holder == who(handle, item));
    let mut calls = 0;
    for item in items.iter().filter(ours) {
        let lasts = Span::seconds(40 + i64::try_from(draw(item, 2) % 120).unwrap_or(0));
        if item.claim.as_ref().is_some_and(|claim| now.since(claim.at) > lasts) {
            act(handle, item, WorkAction::Done { outcome: outcome(item), note: None }).await?;
        } else {
            calls += 1;
        }
    }
    let is_due = |item: &WorkItem| item.since < now - MADE_AT_LAST || !draw(item, 3).is_multiple_of(4);
    let next = items.iter().find(|item| item.holder().is_none() && is_due(item));
    let is_taken = |item: &&WorkItem| calls < CALLERS && draw(item, now.0.cast_unsigned() >> 24).is_multiple_of(3);
    if let Some(item) = next.filter(is_taken) {
        act(handle, item, WorkAction::Claim { note: None, lasts: None }).await?;
    }
    Ok(())
}

async fn act(handle: &Handle, item: &WorkItem, act: WorkAction) -> Result<(), FloorClosed> {
    let who = who(handle, item);
    // Where somebody at the board was first, that is fine.
    drop(handle.work(WorkCommand { item: item.id, version: item.version, who, act }).await?);
    Ok(())
}

/// Whoever takes an item: one of the agents.
fn who(handle: &Handle, item: &WorkItem) -> Actor {
    let board = handle.watch().borrow().clone();
    let count = u64::try_from(board.agents.len()).unwrap_or(1).max(1);
    let place = usize::try_from(draw(item, 4) % count).unwrap_or(0);
    let name = board.agents.get(place).map_or_else(Label::default, |agent| agent.name.clone());
    Actor { name, from: Label::fixed("simulated") }
}

fn outcome(item: &WorkItem) -> Outcome {
    let words = item.kind.outcomes();
    let usual = words.first().copied().unwrap_or(Outcome::NoNeed);
    match draw(item, 5) % 10 {
        0..7 => usual,
        7 | 8 => words.get(1).copied().unwrap_or(usual),
        _ => Outcome::NoNeed,
    }
}

/// A number that is as good as random, and the same for the same item.
fn draw(item: &WorkItem, salt: u64) -> u64 {
    let mixed = (item.id ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}
