//! The worklist and annotations in lines.

use super::Plain;
use crate::alert::CommandRefusal;
use crate::annotation::{AnnotationAction, AnnotationCommand, AnnotationDraft};
use crate::board::Board;
use crate::floor::{FloorClosed, FloorCommand};
use crate::kpi::Slice;
use crate::kpi::format::age;
use crate::language::{self, text};
use crate::text::Text;
use crate::ui::format;
use crate::worklist::{WorkAction, WorkCommand, WorkItem, WorkKind, WorkQuery};

/// The most items that are said at once: those of the longest wait.
const MAX_ITEMS: usize = 20;
/// The most items that one with a number is sought among.
const MAX_SOUGHT: usize = 10_000;

/// Why a command did nothing.
pub(super) fn refused(refusal: &CommandRefusal) -> String {
    text!("plain-refused", reason = language::refusal(refusal))
}

impl Plain {
    /// Whom to call back, a line each, the oldest first.
    pub(super) async fn todo(&self, board: &Board) -> Result<Vec<String>, FloorClosed> {
        let query = WorkQuery { kind: Some(WorkKind::Callback), limit: MAX_ITEMS, ..WorkQuery::default() };
        let Some(answer) = self.handle.worklist(query).await? else {
            return Ok(vec![text!("work-too-old").to_owned()]);
        };
        if answer.items.is_empty() {
            return Ok(vec![text!("work-no-callback").to_owned()]);
        }
        let counts =
            text!("work-counts", open = answer.counts.open.to_string(), claimed = answer.counts.claimed.to_string());
        Ok(std::iter::once(counts).chain(answer.items.iter().map(|item| self.item(board, item))).collect())
    }

    /// An item in one line.
    fn item(&self, board: &Board, item: &WorkItem) -> String {
        let queue = board.queues.find(&item.queue).map_or(&item.queue, |queue| &queue.name);
        let due = match (item.holder(), item.is_overdue(board.at)) {
            (Some(holder), _) => format!("{} {}", text!("work-claimed"), holder.name),
            (None, true) => text!("work-due-since", time = age(board.at.since(item.due).as_secs())),
            (None, false) => text!("work-in", time = age(item.due.since(board.at).as_secs())),
        };
        let since = format::minute(item.since, self.zone(board));
        let (id, who, why) = (item.id.to_string(), item.subject(), language::work_reason(item));
        format!("{id}: {who}, {queue}, {since} {why}, {due}.")
    }

    /// Do something about an item.
    pub(super) async fn work(&self, board: &Board, item: u64, act: WorkAction) -> Result<Vec<String>, FloorClosed> {
        let query = WorkQuery { closed: true, limit: MAX_SOUGHT, ..WorkQuery::default() };
        let answer = self.handle.worklist(query).await?.unwrap_or_default();
        let Some(known) = answer.items.iter().find(|known| known.id == item) else {
            return Ok(vec![refused(&CommandRefusal::UnknownItem(item))]);
        };
        let command = WorkCommand { item, version: known.version, who: self.who.clone(), act };
        Ok(vec![match self.handle.work(command).await? {
            Ok(item) if item.is_closed() => text!("plain-item-done", id = item.id.to_string()),
            Ok(item) => self.item(board, &item),
            Err(refusal) => refused(&refusal),
        }])
    }

    /// Say what has happened on the floor now.
    pub(super) async fn annotate(&self, board: &Board, text: Text) -> Result<Vec<String>, FloorClosed> {
        let draft = AnnotationDraft { of: Slice::TOTAL, at: board.at, until: None, text };
        let act = AnnotationAction::Write(draft);
        let command = FloorCommand::Annotation(AnnotationCommand { who: self.who.clone(), act });
        Ok(vec![match self.handle.command(command).await? {
            Ok(kept) => {
                let text = kept.annotation().map(|said| said.text).unwrap_or_default();
                format!("{} {}: {text}", format::clock(board.at, self.zone(board)), text!("plain-annotated"))
            }
            Err(refusal) => refused(&refusal),
        }])
    }
}
