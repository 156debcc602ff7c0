//! Contacts, the newest first: the end of every drill, and the list to call back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Ctx;
use crate::board::ContactRow;
use crate::clock::Span;
use crate::floor::handle::ContactFilter;
use crate::text::Label;
use crate::ui::ask::{self, Want};
use crate::ui::drawn::Drawn;
use crate::ui::format;
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::text("Joined", "offered", 8, 0, 0),
    Column::text("Outcome", "outcome", 11, 3, 0),
    Column::number("Wait", "wait_s", 7, 0),
    Column::text("Who", "customer", 14, 8, 1),
    Column::text("Queue", "queue", 17, 6, 2),
    Column::text("About", "intent", 14, 9, 3),
    Column::text("Agent", "agent", 11, 12, 4),
    Column::number("Talk", "talk_s", 7, 5),
    Column::number("Hold", "hold_s", 6, 8),
    Column::number("ACW", "acw_s", 6, 8),
    Column::number("CSAT", "csat", 4, 7),
    Column::text("Repeat", "repeat", 6, 0, 6),
    Column::text("Channel", "channel", 8, 0, 9),
    Column::text("Contact", "contact", 12, 24, 10),
];

/// The contacts of the page's slice.
pub struct ContactList<'a> {
    ctx: Ctx<'a>,
    rows: &'a [ContactRow],
}

impl<'a> ContactList<'a> {
    /// Of the page's slice.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        let contacts = ask::contacts(ctx.ui, ctx.ui.slice(), ctx.ui.place().only);
        Self { ctx, rows: ctx.data.contacts(contacts).unwrap_or_default() }
    }
}

impl Grid for ContactList<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, row: usize) -> Label {
        self.rows.get(row).map(|row| row.contact.clone()).unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        let Some(r) = self.rows.get(row) else { return false };
        [&r.contact, &r.customer, &r.queue, &r.intent, &r.agent, &r.outcome].iter().any(|text| grid::holds(text, word))
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        let Some(row) = self.rows.get(row) else { return Key::Missing };
        let seconds = |span: Option<Span>| span.map_or(Key::Missing, |span| Key::Number(span.as_secs_f64()));
        match column {
            0 => Key::Number(format::float(row.offered.0)),
            1 => Key::label(&row.outcome),
            2 => seconds(row.wait),
            3 => Key::label(&row.customer),
            4 => Key::label(&row.queue),
            5 => Key::label(&row.intent),
            6 => Key::label(&row.agent),
            7 => seconds(row.talk),
            8 => seconds(Some(row.hold)),
            9 => seconds(Some(row.acw)),
            10 => row.csat.map_or(Key::Missing, Key::Number),
            11 => Key::Text(if row.repeat { "yes" } else { "no" }),
            12 => Key::Text(row.channel.key()),
            _ => Key::label(&row.contact),
        }
    }

    fn badness(&self, row: usize) -> f64 {
        self.rows.get(row).map_or(0.0, |row| format::float(row.offered.0))
    }

    fn cell(&self, row: usize, column: usize, _: u16) -> Cell {
        let Some(row) = self.rows.get(row) else { return Cell::none() };
        let text = |label: &Label| if label.is_empty() { Cell::none() } else { Cell::label(label) };
        let span = |span: Option<Span>| match span {
            Some(span) if span > Span::ZERO => Cell::new(format::span(span), Tone::Text),
            _ => Cell::none(),
        };
        match column {
            0 => Cell::new(format::clock(row.offered, self.ctx.zone()), Tone::Muted),
            1 => {
                let tone = match row.outcome.as_str() {
                    // Where all have hung up it is no news of any of them.
                    "abandoned" if self.ctx.ui.place().only == ContactFilter::Abandoned => Tone::Muted,
                    "abandoned" => Tone::Warning,
                    "waiting" | "talking" => Tone::Accent,
                    _ => Tone::Text,
                };
                Cell::new(row.outcome.as_str().to_owned(), tone)
            }
            2 => row.wait.map_or_else(Cell::none, |wait| Cell::new(format::span(wait), Tone::Text)),
            3 => text(&row.customer),
            4 => text(self.ctx.queue_name(&row.queue)),
            5 => text(&row.intent),
            6 if row.agent.is_empty() => Cell::none(),
            6 => text(self.ctx.agent_name(&row.agent)),
            7 => span(row.talk),
            8 => span(Some(row.hold)),
            9 => span(Some(row.acw)),
            10 => row.csat.map_or_else(Cell::none, |score| Cell::new(format!("{score:.0}"), Tone::Text)),
            11 => Cell::new(if row.repeat { "again" } else { "" }, Tone::Warning),
            12 => Cell::new(row.channel.key(), Tone::Muted),
            _ => Cell::new(row.contact.as_str().to_owned(), Tone::Muted),
        }
    }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let place = ctx.ui.place();
    let contacts = ask::contacts(ctx.ui, &place.slice, place.only);
    let later = ctx.ui.frozen.is_some() && ctx.data.is_later(&Want::Contacts(contacts.clone()), ctx.board.seq);
    let known = ctx.data.contacts(contacts);
    let (what, empty) = match place.only {
        ContactFilter::All => ("Contacts", "no contact in this time"),
        ContactFilter::Abandoned => ("To call back: who hung up", "nobody hung up in this time"),
    };
    let name =
        if place.slice.is_total() { what.to_owned() } else { format!("{what}, {}", ctx.slice_name(&place.slice)) };
    let count = match known {
        None => "…".to_owned(),
        Some(rows) if rows.len() >= ask::CONTACTS => format!("{} · the newest {}", ctx.ui.window.key(), rows.len()),
        Some(rows) => format!("{} · {}", ctx.ui.window.key(), rows.len()),
    };
    let count = if later { format!("{count} · after the freeze") } else { count };
    let inner = panel::panel(buffer, area, ctx.theme, &name, &count, true);
    super::table(buffer, inner, ctx, Panel::Contacts, if known.is_none() { "…" } else { empty }, drawn);
}
