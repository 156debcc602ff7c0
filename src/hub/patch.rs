//! Changes from one board to the next as a JSON patch (RFC 6902), made of the rows that changed.
//!
//! A board of a large floor has tens of thousands of rows, most of which it shares with the board before. So neither
//! side compares or builds whole documents: [`diff`] writes the changed rows, and [`apply`] sets them.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use serde_json::value::RawValue;

use crate::alert::Episode;
use crate::annotation::Annotation;
use crate::board::{AgentRow, Board, FoundRow, QueueRow, Rows, WaitingRow};
use crate::clock::Time;
use crate::kpi::Live;
use crate::text::Label;

/// The deepest place in a board that a change may name; a board's own are less than half as deep.
const MAX_PATH_TOKENS: usize = 32;

/// Where a queue's row has its live figures.
const LIVE: &str = "/live";
/// Of these, what changes with every board while somebody waits.
const LONGEST_WAIT: &str = "/live/longest_wait";

/// The changes from one state to the next.
#[derive(Debug, Default)]
pub struct StateChanges {
    /// The patch as JSON.
    pub json: String,
    /// Whether nothing but the time has changed.
    pub only_time: bool,
}

/// A row of a board.
trait Row: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What rows of a board are mostly ordered by. Two rows with the same place are the same row.
    type Place<'a>: Ord
    where
        Self: 'a;

    fn place(&self) -> Self::Place<'_>;

    /// Write what has changed since `before` of the row at `path`.
    fn write_change(&self, _before: &Self, path: &dyn Display, out: &mut PatchText) -> serde_json::Result<()> {
        out.write("replace", path, Some(self))
    }

    /// Set a part that [`Self::write_change`] names; `false` where it is none of these.
    fn set_part(&mut self, _part: &str, _value: &str) -> serde_json::Result<bool> {
        Ok(false)
    }
}

impl Row for QueueRow {
    type Place<'a> = (&'a Label, &'a Label);

    fn place(&self) -> Self::Place<'_> {
        (&self.name, &self.id)
    }

    /// Mostly only the live figures change.
    fn write_change(&self, before: &Self, path: &dyn Display, out: &mut PatchText) -> serde_json::Result<()> {
        let Self { id, name, channel, service_level, bands, sources, live } = self;
        let same = (id, name, channel, service_level)
            == (&before.id, &before.name, &before.channel, &before.service_level)
            && (bands, sources) == (&before.bands, &before.sources);
        if same && *live == (Live { longest_wait: live.longest_wait, ..before.live.clone() }) {
            return out.write("replace", &format_args!("{path}{LONGEST_WAIT}"), Some(&live.longest_wait));
        }
        if same {
            return out.write("replace", &format_args!("{path}{LIVE}"), Some(live));
        }
        out.write("replace", path, Some(self))
    }

    fn set_part(&mut self, part: &str, value: &str) -> serde_json::Result<bool> {
        match part {
            LIVE => self.live = serde_json::from_str(value)?,
            LONGEST_WAIT => self.live.longest_wait = serde_json::from_str(value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Row for AgentRow {
    type Place<'a> = (&'a Label, &'a Label);

    fn place(&self) -> Self::Place<'_> {
        (&self.name, &self.id)
    }
}

impl Row for WaitingRow {
    type Place<'a> = (Time, &'a Label, &'a Label);

    fn place(&self) -> Self::Place<'_> {
        (self.since, &self.contact, &self.queue)
    }
}

impl Row for Episode {
    type Place<'a> = u64;

    fn place(&self) -> u64 {
        self.id
    }
}

impl Row for Annotation {
    type Place<'a> = u64;

    fn place(&self) -> u64 {
        self.id
    }
}

/// A patch that is being written.
#[derive(Default)]
struct PatchText(Vec<u8>);

impl PatchText {
    fn write<T: Serialize + ?Sized>(
        &mut self,
        operation: &str,
        path: &dyn Display,
        value: Option<&T>,
    ) -> serde_json::Result<()> {
        use std::io::Write as _;

        let separator = if self.0.is_empty() { '[' } else { ',' };
        // No part of a path needs an escape.
        write!(self.0, "{separator}{{\"op\":\"{operation}\",\"path\":\"{path}\"").map_err(serde::ser::Error::custom)?;
        if let Some(value) = value {
            self.0.extend_from_slice(b",\"value\":");
            serde_json::to_writer(&mut self.0, value)?;
        }
        self.0.push(b'}');
        Ok(())
    }

    /// Write the changes of a list. Rows that keep their order are compared, and the others removed and added: whatever
    /// the order, that makes the new list of the old one.
    fn write_rows<'a, T: Row + 'a>(
        &mut self,
        list: &str,
        before: impl Iterator<Item = &'a T>,
        after: impl Iterator<Item = &'a T>,
    ) -> serde_json::Result<()> {
        let (mut before, mut after) = (before.peekable(), after.peekable());
        let mut index = 0_usize;
        loop {
            let path = format_args!("/{list}/{index}");
            let order = match (before.peek(), after.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                // Most rows are shared.
                (Some(old), Some(new)) if std::ptr::eq(*old, *new) => std::cmp::Ordering::Equal,
                (Some(old), Some(new)) => old.place().cmp(&new.place()),
            };
            match order {
                std::cmp::Ordering::Less => {
                    before.next();
                    self.write::<()>("remove", &path, None)?;
                }
                std::cmp::Ordering::Greater => {
                    self.write("add", &path, after.next())?;
                    index += 1;
                }
                std::cmp::Ordering::Equal => {
                    if let (Some(old), Some(new)) = (before.next(), after.next())
                        && !std::ptr::eq(old, new)
                        && old != new
                    {
                        new.write_change(old, &path, self)?;
                    }
                    index += 1;
                }
            }
        }
    }
}

/// The changes from one board to the next.
///
/// # Errors
/// If a part of a board can't be written as JSON.
pub fn diff(before: &Board, after: &Board) -> serde_json::Result<StateChanges> {
    let mut out = PatchText::default();
    out.write_rows("queues", before.queues.iter(), after.queues.iter())?;
    out.write_rows("agents", before.agents.iter(), after.agents.iter())?;
    out.write_rows("waiting", before.waiting.iter(), after.waiting.iter())?;
    out.write_rows("alerts", before.alerts.iter(), after.alerts.iter())?;
    out.write_rows("annotations", before.annotations.iter(), after.annotations.iter())?;
    let same_rows = out.0.is_empty();
    let [old, new] = [before, after].map(|board| serde_json::to_value(board.without_rows()));
    let others = json_patch::diff(&old?, &new?);
    for operation in &others.0 {
        out.0.push(if out.0.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(&mut out.0, operation)?;
    }
    out.0.extend_from_slice(if out.0.is_empty() { b"[]" } else { b"]" });
    let json = String::from_utf8(out.0).map_err(serde::ser::Error::custom)?;
    Ok(StateChanges { json, only_time: same_rows && is_only_time(&others) })
}

/// Whether a patch changes nothing but when the document was made.
pub(super) fn is_only_time(patch: &json_patch::Patch) -> bool {
    patch.iter().all(|operation| matches!(operation.path().as_str(), "/at" | "/seq" | "/to" | "/from"))
}

/// An operation of a patch. Copies could double a board with each operation; no hub sends them, nor moves and tests.
#[derive(Deserialize)]
struct Operation<'a> {
    op: OperationKind,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OperationKind {
    Add,
    Remove,
    Replace,
}

/// Why a patch can't be applied.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is not JSON, or no patch that a hub sends.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It does not fit the board.
    #[error(transparent)]
    Patch(#[from] json_patch::PatchError),
    /// A path is malformed.
    #[error("a path of it is none: `{0}`")]
    Path(String),
    /// A row is named that the board does not have.
    #[error("it names a row that is not there: `{0}`")]
    Row(String),
}

/// Apply a patch to a board. After an error the board is of no use.
///
/// # Errors
/// If it is not a patch that a hub makes of this board.
pub fn apply(board: &mut Board, json: &[u8]) -> Result<(), PatchError> {
    let operations: Vec<Operation<'_>> = serde_json::from_slice(json)?;
    let mut queues = SharedRows::from(std::mem::take(&mut board.queues));
    let mut agents = SharedRows::from(std::mem::take(&mut board.agents));
    let mut waiting: Vec<Arc<WaitingRow>> = std::mem::take(&mut board.waiting).into();
    let mut annotations: Vec<Arc<Annotation>> = std::mem::take(&mut board.annotations).into();
    let before = std::mem::take(&mut board.alerts);
    let mut alerts: Option<Vec<Arc<Episode>>> = None;
    let mut others = Vec::new();
    for operation in &operations {
        let path = operation.path.as_ref();
        if path.split('/').count() > MAX_PATH_TOKENS {
            return Err(PatchError::Path(path.chars().take(MAX_PATH_TOKENS).collect()));
        }
        match path.strip_prefix('/').and_then(|path| path.split_once('/')) {
            Some(("queues", row)) => operation.change::<QueueRow>(&mut queues, row)?,
            Some(("agents", row)) => operation.change::<AgentRow>(&mut agents, row)?,
            Some(("waiting", row)) => operation.change::<WaitingRow>(&mut waiting, row)?,
            Some(("annotations", row)) => operation.change::<Annotation>(&mut annotations, row)?,
            Some(("alerts", row)) => {
                let all = || before.iter().cloned().map(Arc::new).collect();
                operation.change::<Episode>(alerts.get_or_insert_with(all), row)?;
            }
            _ => others.push(operation.of(path)?),
        }
    }
    if !others.is_empty() {
        let mut value = serde_json::to_value(&*board)?;
        json_patch::patch(&mut value, &others)?;
        *board = serde_json::from_value(value)?;
    }
    (board.queues, board.agents, board.waiting) = (queues.into(), agents.into(), waiting.into());
    board.annotations = annotations.into();
    let changed = |alerts: Vec<_>| alerts.into_iter().map(Arc::unwrap_or_clone).collect();
    board.alerts = alerts.map_or(before, changed);
    Ok(())
}

/// Rows that a patch changes.
trait ChangedRows<T> {
    fn row(&self, index: usize) -> Option<&T>;

    /// Replace a row that is there.
    fn replace(&mut self, index: usize, row: T);

    /// The rows as a list, to be added to and removed from.
    fn list(&mut self) -> &mut Vec<Arc<T>>;
}

impl<T> ChangedRows<T> for Vec<Arc<T>> {
    fn row(&self, index: usize) -> Option<&T> {
        self.get(index).map(AsRef::as_ref)
    }

    fn replace(&mut self, index: usize, row: T) {
        if let Some(slot) = self.get_mut(index) {
            *slot = Arc::new(row);
        }
    }

    fn list(&mut self) -> &mut Self {
        self
    }
}

/// Rows of which most stay as they are. They are a list only once some are added or removed, which is rare.
struct SharedRows<T> {
    rows: Rows<T>,
    list: Option<Vec<Arc<T>>>,
}

impl<T> From<Rows<T>> for SharedRows<T> {
    fn from(rows: Rows<T>) -> Self {
        Self { rows, list: None }
    }
}

impl<T> From<SharedRows<T>> for Rows<T> {
    fn from(SharedRows { rows, list }: SharedRows<T>) -> Self {
        list.map_or(rows, Into::into)
    }
}

impl<T: FoundRow> ChangedRows<T> for SharedRows<T> {
    fn row(&self, index: usize) -> Option<&T> {
        self.list.as_ref().map_or_else(|| self.rows.get(index), |list| list.row(index))
    }

    fn replace(&mut self, index: usize, row: T) {
        match &mut self.list {
            Some(list) => list.replace(index, row),
            None => self.rows.set(index, row),
        }
    }

    fn list(&mut self) -> &mut Vec<Arc<T>> {
        let Self { rows, list } = self;
        list.get_or_insert_with(|| std::mem::take(rows).into())
    }
}

impl Operation<'_> {
    fn value<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.value.map_or("null", RawValue::get))
    }

    /// The same operation in general, at `path`.
    fn of(&self, path: &str) -> Result<PatchOperation, PatchError> {
        let path = PointerBuf::parse(path).map_err(|_| PatchError::Path(path.to_owned()))?;
        Ok(match self.op {
            OperationKind::Add => PatchOperation::Add(AddOperation { path, value: self.value()? }),
            OperationKind::Remove => PatchOperation::Remove(RemoveOperation { path }),
            OperationKind::Replace => PatchOperation::Replace(ReplaceOperation { path, value: self.value()? }),
        })
    }

    /// Change the row, or a part of it, at `path` within a list.
    fn change<T: Row>(&self, rows: &mut impl ChangedRows<T>, path: &str) -> Result<(), PatchError> {
        let missing = || PatchError::Row(self.path.to_string());
        let (index, part) = path.find('/').map_or((path, ""), |slash| path.split_at(slash));
        let index = if index == "-" { rows.list().len() } else { index.parse().map_err(|_| missing())? };
        match (self.op, part) {
            (OperationKind::Add, "") if index <= rows.list().len() => {
                rows.list().insert(index, Arc::new(self.value()?));
            }
            (OperationKind::Remove, "") if index < rows.list().len() => drop(rows.list().remove(index)),
            (OperationKind::Add | OperationKind::Remove, "") => return Err(missing()),
            _ => {
                let known = rows.row(index).ok_or_else(missing)?;
                let row = if part.is_empty() { self.value()? } else { self.changed_part(known, part)? };
                rows.replace(index, row);
            }
        }
        Ok(())
    }

    /// A row in which the part at `path` is changed.
    fn changed_part<T: Row>(&self, row: &T, path: &str) -> Result<T, PatchError> {
        if let (OperationKind::Replace, Some(value)) = (self.op, self.value) {
            let mut changed = row.clone();
            if changed.set_part(path, value.get())? {
                return Ok(changed);
            }
        }
        let mut value = serde_json::to_value(row)?;
        json_patch::patch(&mut value, &[self.of(path)?])?;
        Ok(serde_json::from_value(value)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::clock::Span;
    use crate::event::{AgentState, Channel};

    fn queue((name, waiting, sources): (u8, i64, bool)) -> QueueRow {
        QueueRow {
            id: format!("q{}", name / 2).as_str().into(),
            name: format!("Queue {name}").as_str().into(),
            channel: Channel::Voice,
            service_level: Span::seconds(20),
            bands: Vec::new(),
            sources: sources.then(|| "pbx".into()).into_iter().collect(),
            live: Live { waiting: waiting / 2, longest_wait: Some(Span(waiting)), ..Live::default() },
        }
    }

    fn agent((name, state): (u8, usize)) -> AgentRow {
        let id: Label = format!("a{name}").as_str().into();
        AgentRow {
            name: id.clone(),
            id,
            team: "north".into(),
            state: AgentState::ALL[state],
            reason: Label::default(),
            since: Time(0),
            queue: None,
            contact: None,
            queues: Vec::new(),
            pauses: Vec::new(),
            skills: Vec::new(),
            capacity: None,
        }
    }

    fn waiting((contact, since): (u8, i64)) -> WaitingRow {
        WaitingRow {
            contact: format!("c{contact}").as_str().into(),
            queue: "q".into(),
            channel: Channel::Voice,
            intent: Label::default(),
            customer: Label::default(),
            since: Time(since),
            position: None,
            priority: None,
            ringing: None,
        }
    }

    fn annotation(id: u8) -> Annotation {
        Annotation {
            id: u64::from(id / 2),
            version: 1,
            of: crate::kpi::Slice::TOTAL,
            at: Time(0),
            until: None,
            text: format!("{id}").as_str().into(),
            who: crate::alert::Actor { name: Label::default(), from: Label::default() },
            removed: false,
        }
    }

    fn boards() -> impl Strategy<Value = Board> {
        let queues = proptest::collection::vec((0..8_u8, 0..3_i64, any::<bool>()).prop_map(queue), 0..8);
        let agents = proptest::collection::vec((0..8_u8, 0..3_usize).prop_map(agent), 0..8);
        let waits = proptest::collection::vec((0..8_u8, 0..3_i64).prop_map(waiting), 0..8);
        // Rows come in order, as those of a floor, or in any order.
        let said = proptest::collection::btree_set((0..8_u8).prop_map(|id| 2 * (id / 2) + id % 2), 0..4);
        let parts = (queues, agents, waits, said, 0..4_u64, any::<bool>());
        parts.prop_map(|(mut queues, mut agents, mut waits, said, seq, sorted)| {
            if sorted {
                queues.sort_by(|a, b| a.place().cmp(&b.place()));
                agents.sort_by(|a, b| a.place().cmp(&b.place()));
                waits.sort_by(|a, b| a.place().cmp(&b.place()));
            }
            let (queues, agents, waiting) = (Rows::from_iter(queues), Rows::from_iter(agents), Rows::from_iter(waits));
            let annotations = said.into_iter().map(annotation).collect();
            Board {
                seq,
                queues,
                agents,
                waiting,
                annotations,
                title: format!("{}", seq / 2).as_str().into(),
                ..Board::default()
            }
        })
    }

    proptest! {
        #[test]
        fn the_changes_make_the_next_board_of_the_last(before in boards(), after in boards()) {
            let changes = diff(&before, &after).unwrap();
            let mut applied = before.clone();
            apply(&mut applied, changes.json.as_bytes()).unwrap();
            prop_assert_eq!(&applied, &after);
            // Other readers take it for what it is, a JSON patch.
            let mut value = serde_json::to_value(&before).unwrap();
            json_patch::patch(&mut value, &serde_json::from_str::<json_patch::Patch>(&changes.json).unwrap()).unwrap();
            prop_assert_eq!(value, serde_json::to_value(&after).unwrap());
            prop_assert_eq!(changes.only_time, Board { seq: after.seq, at: after.at, ..before } == after);
        }

        #[test]
        fn a_change_of_any_part_of_a_row_is_applied(before in boards(), after in boards()) {
            // Hubs of other versions change the parts of rows.
            let patch = json_patch::diff(&serde_json::to_value(&before).unwrap(), &serde_json::to_value(&after).unwrap());
            let mut applied = before;
            apply(&mut applied, serde_json::to_string(&patch).unwrap().as_bytes()).unwrap();
            prop_assert_eq!(applied, after);
        }
    }

    #[test]
    fn a_change_that_no_hub_sends_is_refused() {
        let apply = |operation| {
            let mut board = Board { queues: Rows::from_iter([queue((1, 1, true))]), ..Board::default() };
            apply(&mut board, json!([operation]).to_string().as_bytes())
        };
        assert!(apply(json!({"op": "replace", "path": "/queues/0/name", "value": "a"})).is_ok());
        assert!(apply(json!({"op": "replace", "path": "/queues/1/name", "value": "a"})).is_err());
        assert!(apply(json!({"op": "remove", "path": "/queues/-"})).is_err());
        assert!(apply(json!({"op": "add", "path": "/queues/2", "value": {}})).is_err());
        assert!(apply(json!({"op": "copy", "from": "", "path": "/title"})).is_err());
        assert!(apply(json!({"op": "add", "path": "/a".repeat(MAX_PATH_TOKENS + 1), "value": 1})).is_err());
    }
}
