//! Export: the rows and columns of the focused panel, written as CSV and as JSON.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::text::csv_safe;
use crate::ui::grid::{Grid, SortKey};
use crate::ui::state::Panel;
use crate::ui::view::{self, Ctx};

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The page has no list.
    #[error("there is nothing to export on this page")]
    Nothing,
    /// A file can't be written; holds its path.
    #[error("{0}: {1}; set `ui.export_dir` to a directory that can be written to")]
    File(PathBuf, io::Error),
}

/// An export, ready to be written.
#[derive(Debug)]
pub struct Export {
    name: String,
    csv: Vec<u8>,
    json: Vec<u8>,
    rows: usize,
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
    let page = ctx.ui.page().name().to_lowercase();
    let at = ctx.board.at.to_chrono().with_timezone(&ctx.zone());
    let rows: Vec<usize> = list.order.iter().map(|row| *row as usize).filter(|row| *row < grid.row_count()).collect();
    Ok(Export {
        name: format!("floorwatch-{page}-{}", at.format("%Y%m%d-%H%M%S")),
        csv: csv(grid.as_ref(), &rows),
        json: json(grid.as_ref(), &rows, ctx),
        rows: rows.len(),
    })
}

fn csv(grid: &dyn Grid, rows: &[usize]) -> Vec<u8> {
    let heads = grid.heads();
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory doesn't fail.
    let _ = writer.write_record(std::iter::once("id").chain(heads.iter().map(|head| head.key)));
    for row in rows {
        let id = grid.id(*row);
        let mut record = vec![csv_safe(id.as_str()).into_owned()];
        record.extend((0..heads.len()).map(|column| match grid.sort_key(*row, column) {
            SortKey::Missing => String::new(),
            SortKey::Number(value) => plain(value),
            SortKey::Text(text) => csv_safe(text).into_owned(),
        }));
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
                let value = match grid.sort_key(*row, at) {
                    SortKey::Missing => Value::Null,
                    SortKey::Number(value) => json!(value),
                    SortKey::Text(text) => json!(text),
                };
                object.insert(head.key.to_owned(), value);
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
    let mut out = serde_json::to_vec_pretty(&whole).unwrap_or_default();
    out.push(b'\n');
    out
}

impl Export {
    /// Write both files, readable by their owner only. Returns the message to show.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<String, ExportError> {
        let file = |name: &str, ending: &str| directory.join(format!("{name}.{ending}"));
        // An existing file, or a broken link, is never overwritten: then the name gets another second.
        let is_free = |name: &String| ["csv", "json"].iter().all(|e| file(name, e).symlink_metadata().is_err());
        let numbered = (2..100).map(|count| format!("{}-{count}", self.name));
        let name = std::iter::once(self.name.clone()).chain(numbered).find(is_free);
        let name = name.unwrap_or_else(|| self.name.clone());
        for (ending, bytes) in [("csv", &self.csv), ("json", &self.json)] {
            let path = file(&name, ending);
            let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let written = opened.and_then(|mut file| file.write_all(bytes));
            written.map_err(|error| ExportError::File(path, error))?;
        }
        let path = directory.join(&name);
        Ok(format!("{} rows in {}.csv and .json", self.rows, path.display()))
    }
}
