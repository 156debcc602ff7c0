//! Exports: the rows and columns of the focused panel or today's figures of every queue as CSV and as JSON, and the
//! hand-over of the shift as Markdown and as HTML.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use crate::board::Board;
use crate::clock::Time;
use crate::kpi::{Answer, AnswerRow, Dim, Query};
use crate::language::text;
use crate::report::handover::Handover;
use crate::text::{Label, csv_safe};
use crate::ui::grid::{Grid, SortKey};
use crate::ui::state::Panel;
use crate::ui::view::{self, Ctx};

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The page has no list.
    #[error("there is nothing to export on this page")]
    Nothing,
    /// The floor has not answered.
    #[error("the floor has not answered: nothing is written; try again")]
    NoAnswer,
    /// A file can't be written; holds its path.
    #[error("{0}: {1}; set `ui.export_dir` to a directory that can be written to")]
    File(PathBuf, io::Error),
}

/// An export, ready to be written.
#[derive(Debug)]
pub struct Export {
    /// The name of its files without the ending.
    name: String,
    /// The files by their ending.
    files: [(&'static str, Vec<u8>); 2],
    /// What it is, in words.
    what: ExportedThing,
}

/// Export the focused panel, or the first panel of the page if the tiles have the focus.
///
/// # Errors
/// [`ExportError::Nothing`] where the panel has no list.
pub fn of_panel(ctx: Ctx<'_>) -> Result<Export, ExportError> {
    let panel = match ctx.ui.focus() {
        Panel::Tiles => ctx.ui.page().panels().first().copied().unwrap_or(Panel::Queues),
        Panel::TrendSlices => Panel::Trends,
        panel => panel,
    };
    let grid = view::grid(panel, ctx).ok_or(ExportError::Nothing)?;
    let list = ctx.ui.lists.get(&panel).ok_or(ExportError::Nothing)?;
    let page = ctx.ui.page().key();
    let rows: Vec<usize> = list.order.iter().map(|row| *row as usize).filter(|row| *row < grid.row_count()).collect();
    Ok(Export {
        name: named(page, ctx.board.at, ctx.zone()),
        files: [("csv", csv(grid.as_ref(), &rows)), ("json", json(grid.as_ref(), &rows, ctx))],
        what: ExportedThing::Rows(rows.len()),
    })
}

/// An answer with a row for each queue, under the keys of the KPIs. Queues in which nothing happened have a row too.
#[must_use]
pub fn of_queues(query: &Query, answer: &Answer, board: &Board, zone: Tz) -> Export {
    let figures: FxHashMap<&Label, &AnswerRow> =
        answer.rows.iter().filter_map(|row| Some((row.key.get(Dim::Queue)?, row))).collect();
    let values = |id: &Label| {
        let figures = figures.get(id).map(|row| row.figures.as_slice()).unwrap_or_default();
        (0..query.kpis.len()).map(|at| figures.get(at).and_then(|figure| figure.value)).collect::<Vec<Option<f64>>>()
    };
    let keys = || query.kpis.iter().map(|kpi| kpi.def().key);
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory doesn't fail.
    let _ = writer.write_record(["id", "queue"].into_iter().chain(keys()));
    let mut rows: Vec<Value> = Vec::new();
    for queue in board.queues.iter() {
        let values = values(&queue.id);
        let names = [&queue.id, &queue.name].map(|name| csv_safe(name.as_str()).into_owned());
        let cells = values.iter().map(|value| value.map_or_else(String::new, plain));
        let _ = writer.write_record(names.into_iter().chain(cells));
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(queue.id));
        object.insert("queue".to_owned(), json!(queue.name));
        object.extend(keys().zip(values).map(|(key, value)| (key.to_owned(), json!(value))));
        rows.push(Value::Object(object));
    }
    let what = ExportedThing::QueuesToday(rows.len());
    let whole = json!({ "at": answer.at, "from": answer.from, "title": board.title, "rows": rows });
    let csv = writer.into_inner().unwrap_or_default();
    Export { name: named("today", answer.at, zone), files: [("csv", csv), ("json", pretty(&whole))], what }
}

/// The hand-over of a shift.
#[must_use]
pub fn of_handover(handover: &Handover, zone: Option<Tz>) -> Export {
    Export {
        name: named("handover", handover.at(), zone.unwrap_or(handover.zone())),
        files: [("md", handover.markdown(zone).into_bytes()), ("html", handover.html(zone).into_bytes())],
        what: ExportedThing::Handover,
    }
}

/// The name of a file: what it has, and when it was made.
fn named(what: &str, at: Time, zone: Tz) -> String {
    format!("floorwatch-{what}-{}", at.to_chrono().with_timezone(&zone).format("%Y%m%d-%H%M%S"))
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut out = serde_json::to_vec_pretty(value).unwrap_or_default();
    out.push(b'\n');
    out
}

fn csv(grid: &dyn Grid, rows: &[usize]) -> Vec<u8> {
    let heads = grid.heads();
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory doesn't fail.
    let _ = writer.write_record(std::iter::once("id").chain(heads.iter().map(|head| head.key)));
    for row in rows {
        let id = grid.id(*row);
        let mut record = vec![csv_safe(id.as_str()).into_owned()];
        for column in 0..heads.len() {
            grid.with_sort_key(*row, column, &mut |key| {
                record.push(match key {
                    SortKey::Missing => String::new(),
                    SortKey::Number(value) => plain(value),
                    SortKey::Text(text) => csv_safe(text).into_owned(),
                });
            });
        }
        let _ = writer.write_record(&record);
    }
    writer.into_inner().unwrap_or_default()
}

/// A whole number without decimals, any other with three.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn json(grid: &dyn Grid, rows: &[usize], ctx: Ctx<'_>) -> Vec<u8> {
    let heads = grid.heads();
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut object = Map::new();
            object.insert("id".to_owned(), json!(grid.id(*row)));
            for (at, head) in heads.iter().enumerate() {
                grid.with_sort_key(*row, at, &mut |key| {
                    let value = match key {
                        SortKey::Missing => Value::Null,
                        SortKey::Number(value) => json!(value),
                        SortKey::Text(text) => json!(text),
                    };
                    object.insert(head.key.to_owned(), value);
                });
            }
            Value::Object(object)
        })
        .collect();
    let whole = json!({
        "at": ctx.board.at,
        "title": ctx.board.title,
        "of": ctx.ui.slice(),
        "window": ctx.ui.window,
        "formula": ctx.ui.formula.unwrap_or(ctx.board.rules.formula),
        "rows": rows,
    });
    pretty(&whole)
}

/// Write a new file, readable by its owner only. Where it can't be written whole, nothing is left of it: a part would look
/// like the whole.
///
/// # Errors
/// If there is such a file already, or it can't be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // What a network's disk could not take may be told only here.
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| _ = fs::remove_file(path))
}

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExportedThing {
    Rows(usize),
    QueuesToday(usize),
    Handover,
}

impl ExportedThing {
    fn words(self) -> String {
        match self {
            Self::Rows(count) => text!("export-rows", count = count),
            Self::QueuesToday(count) => text!("export-queues", count = count),
            Self::Handover => text!("export-handover").to_owned(),
        }
    }
}

impl ExportError {
    /// The error in the reader's language.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Nothing => text!("export-nothing").to_owned(),
            Self::NoAnswer => text!("export-no-answer").to_owned(),
            Self::File(path, error) => {
                text!("export-file", path = path.display().to_string(), error = error.to_string())
            }
        }
    }
}

impl Export {
    /// Write both files, readable by their owner only. Returns the message to show.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<String, ExportError> {
        let file = |name: &str, ending: &str| directory.join(format!("{name}.{ending}"));
        // An existing file, or a broken link, is never overwritten: then the name gets another second.
        let is_free =
            |name: &String| self.files.iter().all(|(ending, _)| file(name, ending).symlink_metadata().is_err());
        let numbered = (2..100).map(|count| format!("{}-{count}", self.name));
        let name = std::iter::once(self.name.clone()).chain(numbered).find(is_free);
        let name = name.unwrap_or_else(|| self.name.clone());
        let mut written = Vec::new();
        for (ending, bytes) in &self.files {
            let path = file(&name, ending);
            if let Err(error) = write_new(&path, bytes) {
                // One of two would look like all of it.
                for path in &written {
                    _ = fs::remove_file(path);
                }
                return Err(ExportError::File(path, error));
            }
            written.push(path);
        }
        let (path, [(first, _), (second, _)]) = (directory.join(&name), &self.files);
        let (what, path) = (self.what.words(), path.display().to_string());
        Ok(text!("export-written", what = what, path = path, first = *first, second = *second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_whole_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let files = [("csv", b"a".to_vec()), ("there/is/no/such/folder", b"b".to_vec())];
        let export = Export { name: "today".to_owned(), files, what: ExportedThing::Rows(1) };
        let error = export.write(directory.path()).unwrap_err().to_string();
        assert!(error.contains("such/folder: No such file"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
