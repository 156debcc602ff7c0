//! Who waits in a queue, the oldest first.

use rustc_hash::FxHashSet;

use super::Ctx;
use crate::board::WaitingRow;
use crate::kpi::{Bands, Dim, KpiId};
use crate::text::Label;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::theme::Tone;

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::kpi("Waits", "waits_s", KpiId::LongestWait, 7, 0),
    Column::text("About", "intent", 15, 7, 1),
    Column::text("Rings", "ringing", 10, 12, 2),
    Column::text("Who", "customer", 16, 8, 3),
    Column::number("Pos", "position", 4, 4),
    Column::number("Prio", "priority", 4, 6),
    Column::text("Channel", "channel", 8, 0, 7),
    Column::text("Contact", "contact", 12, 12, 8),
];

/// The waiting contacts of the page's queue.
pub struct Waiting<'a> {
    ctx: Ctx<'a>,
    rows: Vec<&'a WaitingRow>,
    /// Queues that stand still.
    still: FxHashSet<&'a Label>,
}

impl<'a> Waiting<'a> {
    /// Of the page's queue, or of all.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        let queue = ctx.ui.slice().get(Dim::Queue);
        let rows = ctx.board.waiting.iter().filter(|row| queue.is_none_or(|queue| row.queue == *queue)).collect();
        Self { ctx, rows, still: ctx.still_queues() }
    }

    fn row(&self, row: usize) -> Option<&'a WaitingRow> {
        self.rows.get(row).copied()
    }

    fn waits(&self, row: &WaitingRow) -> f64 {
        self.ctx.board.at.since(row.since).as_secs_f64()
    }
}

impl Grid for Waiting<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, row: usize) -> Label {
        self.row(row).map(|row| row.contact.clone()).unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        self.row(row).is_some_and(|r| [&r.contact, &r.intent, &r.customer].iter().any(|text| grid::holds(text, word)))
    }

    fn stands_still(&self, row: usize) -> bool {
        self.row(row).is_some_and(|row| self.still.contains(&row.queue))
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        let Some(row) = self.row(row) else { return Key::Missing };
        match column {
            0 => Key::Number(self.waits(row)),
            1 => Key::label(&row.intent),
            2 => row.ringing.as_ref().map_or(Key::Missing, Key::label),
            3 => Key::label(&row.customer),
            4 => row.position.map_or(Key::Missing, |p| Key::Number(f64::from(p))),
            5 => row.priority.map_or(Key::Missing, |p| Key::Number(f64::from(p))),
            6 => Key::Text(row.channel.key()),
            _ => Key::label(&row.contact),
        }
    }

    fn badness(&self, row: usize) -> f64 {
        self.row(row).map_or(0.0, |row| self.waits(row))
    }

    fn cell(&self, row: usize, column: usize, _: u16) -> Cell {
        let Some(row) = self.row(row) else { return Cell::none() };
        let text = |label: &Label| if label.is_empty() { Cell::none() } else { Cell::label(label) };
        match column {
            0 => {
                let kpi = KpiId::LongestWait.def();
                let figure = crate::kpi::Figure::gauge(self.waits(row), 1);
                // Nobody sits by the phone while an email waits: it is late by its channel's own target.
                let target = row.channel.response_target().as_secs_f64();
                let bands = if row.channel.is_asynchronous() {
                    Bands::lines(target, target, 2.0 * target)
                } else {
                    self.ctx.bands(kpi.id)
                };
                let verdict = bands.verdict(kpi.better, &figure, 0, false);
                let late = verdict > crate::kpi::Verdict::Good;
                let sign = if late { glyphs::sign(verdict) } else { "" };
                let tone = if late { Tone::of(verdict) } else { Tone::Text };
                Cell::new(format!("{sign}{}", crate::kpi::format::duration(self.waits(row))), tone)
            }
            1 => text(&row.intent),
            2 => match &row.ringing {
                Some(agent) => Cell::new(self.ctx.agent_name(agent).to_string(), Tone::Accent),
                None => Cell::none(),
            },
            3 => text(&row.customer),
            4 => row.position.map_or_else(Cell::none, |p| Cell::new(p.to_string(), Tone::Text)),
            5 => row.priority.map_or_else(Cell::none, |p| Cell::new(p.to_string(), Tone::Text)),
            6 => Cell::new(row.channel.key(), Tone::Muted),
            _ => Cell::new(row.contact.as_str().to_owned(), Tone::Muted),
        }
    }
}

/// How long the oldest of them waits, for the rule of the panel.
#[must_use]
pub fn about(ctx: Ctx<'_>) -> String {
    // Of those that somebody sees: nobody knows how long the others have waited.
    let waiting = Waiting::new(ctx);
    let seen = (0..waiting.len()).find(|row| !waiting.stands_still(*row));
    seen.and_then(|row| waiting.row(row))
        .map_or_else(String::new, |row| format!("oldest {}", format::span(ctx.board.at.since(row.since))))
}
