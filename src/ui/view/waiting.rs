//! The table of waiting contacts, the oldest first.

use super::Ctx;
use crate::board::WaitingRow;
use crate::kpi::{Bands, Dim, Figure, KpiId, Verdict};
use crate::text::Label;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::theme::Tone;

/// A contact that waits in a queue.
pub struct WaitingItem<'a> {
    ctx: Ctx<'a>,
    row: &'a WaitingRow,
    stale: bool,
}

impl<'a> WaitingItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::number("waits_s", "Waits", 7, |w| SortKey::Number(w.seconds()), |w, _| w.wait())
            .kpi(KpiId::LongestWait),
        Column::<Self>::label("intent", "About", 15, Tone::Text, |w| Some(&w.row.intent)).grow(7).rank(1),
        Column::<Self>::text(
            "ringing",
            "Rings",
            10,
            |w| SortKey::label(w.row.ringing.as_ref()),
            |w, _| TableCell::label(w.row.ringing.as_ref().map(|agent| w.ctx.agent_name(agent)), Tone::Accent),
        )
        .grow(12)
        .rank(2),
        Column::<Self>::label("customer", "Who", 16, Tone::Text, |w| Some(&w.row.customer)).grow(8).rank(3),
        Column::<Self>::number(
            "position",
            "Pos",
            4,
            |w| SortKey::number(w.row.position.map(f64::from)),
            |w, _| TableCell::maybe(w.row.position.map(|position| position.to_string()), Tone::Text),
        )
        .rank(4),
        Column::<Self>::number(
            "priority",
            "Prio",
            4,
            |w| SortKey::number(w.row.priority.map(f64::from)),
            |w, _| TableCell::maybe(w.row.priority.map(|priority| priority.to_string()), Tone::Text),
        )
        .rank(6),
        Column::<Self>::text(
            "channel",
            "Channel",
            8,
            |w| SortKey::Text(w.row.channel.key()),
            |w, _| TableCell::new(w.row.channel.key(), Tone::Muted),
        )
        .rank(7),
        Column::<Self>::label("contact", "Contact", 12, Tone::Muted, |w| Some(&w.row.contact)).grow(12).rank(8),
    ];

    fn seconds(&self) -> f64 {
        self.ctx.board.at.since(self.row.since).as_secs_f64()
    }

    fn wait(&self) -> TableCell {
        let kpi = KpiId::LongestWait.def();
        let channel = self.row.channel;
        let bands = if channel.is_asynchronous() {
            // Nobody waits at the phone for an email. It is late by the response target of its channel.
            let target = channel.response_target().as_secs_f64();
            Bands::limits(target, target, 2.0 * target)
        } else {
            self.ctx.bands(kpi.id)
        };
        let verdict = bands.verdict(kpi.better, &Figure::gauge(self.seconds(), 1), 0, false);
        let time = crate::kpi::format::duration(self.seconds());
        if verdict > Verdict::Good {
            TableCell::new(format!("{}{time}", glyphs::sign(verdict)), Tone::of(verdict))
        } else {
            TableCell::new(time, Tone::Text)
        }
    }
}

impl TableRow for WaitingItem<'_> {
    fn id(&self) -> Label {
        self.row.contact.clone()
    }

    fn contains(&self, word: &str) -> bool {
        [&self.row.contact, &self.row.intent, &self.row.customer].into_iter().any(|label| contains(label, word))
    }

    fn urgency(&self) -> f64 {
        self.seconds()
    }

    fn is_stale(&self) -> bool {
        self.stale
    }
}

/// The waiting contacts of the page's queue, or of all queues.
#[must_use]
pub fn table<'a>(ctx: Ctx<'a>) -> TableModel<'a, WaitingItem<'a>> {
    let queue = ctx.ui.slice().get(Dim::Queue);
    let stale = ctx.silent_queues();
    let rows = ctx.board.waiting.iter().filter(|row| queue.is_none_or(|queue| row.queue == *queue));
    let item = |row: &'a WaitingRow| WaitingItem { ctx, row, stale: stale.contains(&row.queue) };
    TableModel { columns: WaitingItem::COLUMNS, rows: rows.map(item).collect() }
}

/// How long the oldest contact has waited, for the title of the panel: `oldest 5:41`.
#[must_use]
pub fn oldest(ctx: Ctx<'_>) -> String {
    // How long the contacts of silent sources have waited is unknown.
    let waiting = table(ctx);
    let oldest = waiting.rows.iter().find(|item| !item.stale);
    oldest.map_or_else(String::new, |item| format!("oldest {}", format::span(ctx.board.at.since(item.row.since))))
}
