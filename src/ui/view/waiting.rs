//! The table of waiting contacts, the oldest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::Ctx;
use crate::board::WaitingRow;
use crate::kpi::{Dim, Figure, KpiId, Verdict};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::theme::Tone;

/// A contact that waits in a queue.
pub struct WaitingItem<'a> {
    ctx: Ctx<'a>,
    row: &'a WaitingRow,
    /// The place in the line of its queue now, from 1.
    place: u32,
    stale: bool,
}

impl<'a> WaitingItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::number("waits_s", "column-waits", 7, |w| SortKey::Number(w.seconds()), |w, _| w.wait())
            .kpi(KpiId::LongestWait),
        Column::<Self>::label("intent", "column-about", 15, Tone::Text, |w| Some(&w.row.intent)).grow(7).rank(1),
        Column::<Self>::text(
            "ringing",
            "column-rings",
            10,
            |w| SortKey::label(w.row.ringing.as_ref()),
            |w, _| TableCell::label(w.row.ringing.as_ref().map(|agent| w.ctx.agent_name(agent)), Tone::Accent),
        )
        .grow(12)
        .rank(2),
        Column::<Self>::label("customer", "column-who", 16, Tone::Text, |w| Some(&w.row.customer)).grow(8).rank(3),
        Column::<Self>::number(
            "place",
            "column-place",
            4,
            |w| SortKey::number(f64::from(w.place)),
            |w, _| TableCell::new(w.place.to_string(), Tone::Text),
        )
        .rank(4),
        Column::<Self>::number(
            "position",
            "column-joined-at",
            6,
            |w| SortKey::number(w.row.position.map(f64::from)),
            |w, _| TableCell::maybe(w.row.position.map(|position| position.to_string()), Tone::Muted),
        )
        .rank(5),
        Column::<Self>::number(
            "priority",
            "column-priority",
            4,
            |w| SortKey::number(w.row.priority.map(f64::from)),
            |w, _| TableCell::maybe(w.row.priority.map(|priority| priority.to_string()), Tone::Text),
        )
        .rank(6),
        Column::<Self>::text(
            "channel",
            "column-channel",
            8,
            |w| SortKey::Text(w.row.channel.key()),
            |w, _| TableCell::new(language::channel(w.row.channel), Tone::Muted),
        )
        .rank(7),
        Column::<Self>::label("contact", "column-contact", 12, Tone::Muted, |w| Some(&w.row.contact)).grow(12).rank(8),
    ];

    fn seconds(&self) -> f64 {
        self.ctx.board.at.since(self.row.since).as_secs_f64()
    }

    fn wait(&self) -> TableCell {
        let kpi = KpiId::LongestWait.def();
        let bands = self.ctx.contact_limits(&self.row.queue, self.row.channel);
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
    let rows: Vec<&WaitingRow> = rows.collect();
    let places = places(&rows);
    let item = |(row, place): (&'a WaitingRow, u32)| WaitingItem { ctx, row, place, stale: stale.contains(&row.queue) };
    TableModel { columns: WaitingItem::COLUMNS, rows: rows.into_iter().zip(places).map(item).collect() }
}

/// The places of contacts in the lines of their queues, from 1: those of a higher priority come first, and then the older
/// ones. `rows` are in the order of age.
fn places(rows: &[&WaitingRow]) -> Vec<u32> {
    let rank = |row: &WaitingRow| Reverse(row.priority.unwrap_or(0));
    let mut lines: FxHashMap<&Label, BTreeMap<Reverse<i32>, (u32, u32)>> = FxHashMap::default();
    for row in rows {
        lines.entry(&row.queue).or_default().entry(rank(row)).or_default().0 += 1;
    }
    let place = |row: &&WaitingRow| {
        let Some(line) = lines.get_mut(&row.queue) else { return 1 };
        let before: u32 = line.range(..rank(row)).map(|(_, (all, _))| all).sum();
        let (_, placed) = line.entry(rank(row)).or_default();
        *placed += 1;
        before + *placed
    };
    rows.iter().map(place).collect()
}

/// How long the oldest contact has waited, for the title of the panel: `oldest 5:41`.
#[must_use]
pub fn oldest(ctx: Ctx<'_>) -> String {
    // How long the contacts of silent sources have waited is unknown.
    let waiting = table(ctx);
    let oldest = waiting.rows.iter().find(|item| !item.stale);
    oldest.map_or_else(String::new, |item| {
        text!("waiting-oldest", span = format::span(ctx.board.at.since(item.row.since)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::event::Channel;

    #[test]
    fn the_place_in_line_is_that_of_the_queue_by_priority_and_age() {
        let row = |(n, queue, priority): (i64, &str, Option<i32>)| WaitingRow {
            contact: Label::new(&n.to_string()),
            queue: queue.into(),
            channel: Channel::Voice,
            intent: Label::default(),
            customer: Label::default(),
            since: Time(n),
            position: Some(9),
            priority,
            ringing: None,
        };
        let rows = [
            (1, "sales", None),
            (2, "vip", None),
            (3, "sales", Some(5)),
            (4, "sales", Some(0)),
            (5, "sales", Some(5)),
            (6, "vip", Some(-1)),
        ];
        let rows = rows.map(row);
        assert_eq!(places(&rows.each_ref()), [3, 1, 1, 4, 2, 2]);
    }
}
