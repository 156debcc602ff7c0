//! The page of contacts, the newest first: the end of every drill.
//!
//! ```text
//! ─ Contacts, Billing ───────────────────────────────────────────────────────── today · 41 ─
//!   Joined   Outcome       Wait Who               Queue            About           …
//! ▸ 10:41:30 abandoned     1:12 +44 20 7946 0113  Billing          bill too high
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Ctx;
use crate::board::ContactRow;
use crate::clock::Span;
use crate::kpi::Period;
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::drawn::Drawn;
use crate::ui::format;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries::{self, Question};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// A contact of the page's slice.
pub struct ContactItem<'a> {
    ctx: Ctx<'a>,
    row: &'a ContactRow,
}

impl<'a> ContactItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "offered",
            "column-joined",
            8,
            |c| SortKey::integer(c.row.offered.0),
            |c, _| TableCell::new(format::clock(c.row.offered, c.ctx.zone()), Tone::Muted),
        )
        .least(language::clock_width),
        Column::<Self>::text("outcome", "column-outcome", 11, |c| SortKey::label(&c.row.outcome), |c, _| c.outcome())
            .grow(3),
        Column::<Self>::number(
            "wait_s",
            "column-waited",
            7,
            |c| seconds(c.row.wait),
            |c, _| TableCell::maybe(c.row.wait.map(format::span), Tone::Text),
        ),
        Column::<Self>::label("customer", "column-who", 14, Tone::Text, |c| Some(&c.row.customer)).grow(4).rank(1),
        Column::<Self>::text(
            "queue",
            "column-queue",
            17,
            |c| SortKey::label(&c.row.queue),
            |c, _| TableCell::label(c.ctx.queue_name(&c.row.queue), Tone::Text),
        )
        .grow(6)
        .rank(2),
        Column::<Self>::label("intent", "column-about", 14, Tone::Text, |c| Some(&c.row.intent)).grow(9).rank(3),
        Column::<Self>::text(
            "agent",
            "column-agent",
            11,
            |c| SortKey::label(&c.row.agent),
            |c, _| {
                let agent = Some(&c.row.agent).filter(|agent| !agent.is_empty());
                TableCell::label(agent.map(|agent| c.ctx.agent_name(agent)), Tone::Text)
            },
        )
        .grow(12)
        .rank(4),
        Column::<Self>::number("talk_s", "column-talk", 7, |c| seconds(c.row.talk), |c, _| duration(c.row.talk))
            .rank(5),
        Column::<Self>::number(
            "hold_s",
            "column-hold",
            6,
            |c| seconds(Some(c.row.hold)),
            |c, _| duration(Some(c.row.hold)),
        )
        .rank(8),
        Column::<Self>::number(
            "acw_s",
            "column-acw",
            6,
            |c| seconds(Some(c.row.acw)),
            |c, _| duration(Some(c.row.acw)),
        )
        .rank(8),
        Column::<Self>::number(
            "csat",
            "column-csat",
            4,
            |c| SortKey::number(c.row.csat),
            |c, _| TableCell::maybe(c.row.csat.map(|score| format!("{score:.0}")), Tone::Text),
        )
        .rank(7),
        Column::<Self>::text(
            "repeat",
            "column-repeat",
            8,
            |c| SortKey::Text(if c.row.repeat { "yes" } else { "no" }),
            |c, _| TableCell::new(if c.row.repeat { text!("contact-again") } else { "" }, Tone::Warning),
        )
        .rank(6),
        Column::<Self>::text(
            "channel",
            "column-channel",
            8,
            |c| SortKey::Text(c.row.channel.key()),
            |c, _| TableCell::new(language::channel(c.row.channel), Tone::Muted),
        )
        .rank(9),
        Column::<Self>::label("contact", "column-contact", 12, Tone::Muted, |c| Some(&c.row.contact)).grow(24).rank(10),
    ];

    fn outcome(&self) -> TableCell {
        let tone = match self.row.outcome.as_str() {
            "abandoned" => Tone::Warning,
            "waiting" | "talking" => Tone::Accent,
            _ => Tone::Text,
        };
        TableCell::new(language::outcome(self.row.outcome.as_str()), tone)
    }
}

fn seconds<'a>(span: Option<Span>) -> SortKey<'a> {
    SortKey::number(span.map(Span::as_secs_f64))
}

/// How long something took; a dash for no time at all.
fn duration(span: Option<Span>) -> TableCell {
    TableCell::maybe(span.filter(|span| *span > Span::ZERO).map(format::span), Tone::Text)
}

impl TableRow for ContactItem<'_> {
    fn id(&self) -> Label {
        self.row.contact.clone()
    }

    fn contains(&self, word: &str) -> bool {
        let r = self.row;
        [&r.contact, &r.customer, &r.queue, &r.intent, &r.agent, &r.outcome].iter().any(|label| contains(label, word))
    }

    fn urgency(&self) -> f64 {
        format::float(self.row.offered.0)
    }
}

/// The contacts of the page's slice.
#[must_use]
pub fn table(ctx: Ctx<'_>) -> TableModel<'_, ContactItem<'_>> {
    let contacts = ctx.answers.contacts(queries::contacts(ctx.ui, &ctx.ui.location()));
    let rows = contacts.unwrap_or_default().iter().map(|row| ContactItem { ctx, row });
    TableModel { columns: ContactItem::COLUMNS, rows: rows.collect() }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let location = ctx.ui.location();
    let contacts = queries::contacts(ctx.ui, &location);
    let later = ctx.ui.frozen.is_some() && ctx.answers.is_later(&Question::Contacts(contacts.clone()), ctx.board.seq);
    let known = ctx.answers.contacts(contacts);
    let name = if location.slice.is_total() {
        text!("contacts-title").to_owned()
    } else {
        format!("{}, {}", text!("contacts-title"), ctx.slice_name(&location.slice))
    };
    let over = match location.over {
        Some(Period::Range(from, to)) => {
            format!("{}–{}", ctx.short_time(from), format::minute(to, ctx.zone()))
        }
        _ => language::window_key(queries::contact_window(ctx.ui)).to_owned(),
    };
    let count = match known {
        None => "…".to_owned(),
        Some(rows) if rows.len() >= queries::MAX_CONTACTS => {
            format!("{over} · {}", text!("contacts-newest", count = ctx.count(Panel::Contacts)))
        }
        Some(_) => format!("{over} · {}", ctx.count(Panel::Contacts)),
    };
    let count = if later { format!("{count} · {}", text!("after-freeze")) } else { count };
    let inner = panel::panel(buffer, area, ctx.theme, &name, &count, true);
    super::table(
        buffer,
        inner,
        ctx,
        Panel::Contacts,
        if known.is_none() { "…" } else { text!("contacts-none") },
        drawn,
    );
}
