//! The page of live contacts: who waits, whose phone rings, who talks and who is on hold, the longest first.
//!
//! ```text
//! ─ Live contacts 57 ─────────────────── 12 waiting · 1 ringing · 40 talking · 4 on hold ─
//!   State        For    Left   Queue      Free     Agent       About           …
//! ▸ ○ waiting    5:41  ‼-3:41  Outages    none     –           no power
//!   ▸ ringing    0:52    1:08  Billing    2 free   Dora Abel   refund
//! ```
//!
//! Who waits has the time that is left until the queue's limit; it is negative once that is past.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustc_hash::FxHashSet;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, staffing};
use crate::board::{ContactRow, QueueRow};
use crate::event::AgentState;
use crate::kpi::{Bands, Dim, Figure, KpiId, Verdict};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols, float};
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// A contact that is going on.
pub struct LiveItem<'a> {
    ctx: Ctx<'a>,
    row: Cow<'a, ContactRow>,
    queue: Option<&'a QueueRow>,
    stale: bool,
}

/// What a contact does, in the order of the title.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LiveState {
    Waiting,
    Ringing,
    Talking,
    OnHold,
}

impl LiveState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Ringing, Self::Talking, Self::OnHold];

    fn of(row: &ContactRow) -> Self {
        match row {
            _ if row.on_hold => Self::OnHold,
            _ if row.ringing.is_some() => Self::Ringing,
            _ if row.outcome.as_str() == "waiting" => Self::Waiting,
            _ => Self::Talking,
        }
    }

    /// The word in exports.
    const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::OnHold => "on hold",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Waiting => text!("live-waiting"),
            Self::Ringing => text!("live-ringing"),
            Self::Talking => text!("live-talking"),
            Self::OnHold => text!("live-on-hold"),
        }
    }

    /// The columns of the longest.
    fn columns() -> u16 {
        Self::ALL.into_iter().map(|state| cols(state.word().width()) + 2).max().unwrap_or(0)
    }

    /// Its sign and tone.
    const fn sign(self) -> (&'static str, Tone) {
        match self {
            Self::Waiting => ("○", Tone::Strong),
            Self::Ringing => ("▸", Tone::Accent),
            Self::Talking => ("●", Tone::Text),
            Self::OnHold => ("=", Tone::Muted),
        }
    }
}

impl<'a> LiveItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "state",
            "column-state",
            10,
            |c| SortKey::Text(c.state().key()),
            |c, _| {
                let (sign, tone) = c.state().sign();
                TableCell::new(format!("{sign} {}", c.state().word()), tone)
            },
        )
        .least(LiveState::columns),
        Column::<Self>::number(
            "state_s",
            "column-for",
            7,
            |c| SortKey::number(c.seconds()),
            |c, _| TableCell::maybe(c.seconds().map(crate::kpi::format::duration), Tone::Text),
        )
        .kpi(KpiId::LongestWait),
        Column::<Self>::number("left_s", "column-left", 8, |c| SortKey::number(c.left()), |c, _| c.left_cell())
            .kpi(KpiId::LongestWait),
        Column::<Self>::text(
            "queue",
            "column-queue",
            17,
            |c| SortKey::label(&c.row.queue),
            |c, _| TableCell::label(c.queue.map_or(&c.row.queue, |queue| &queue.name), Tone::Text),
        )
        .grow(8),
        Column::<Self>::text("free", "column-free", 11, |c| SortKey::number(c.free().map(float)), |c, _| c.free_cell()),
        Column::<Self>::text(
            "agent",
            "column-agent",
            14,
            |c| SortKey::label(c.agent()),
            |c, _| TableCell::label(c.agent().map(|agent| c.ctx.agent_name(agent)), Tone::Text),
        )
        .grow(10)
        .rank(1),
        Column::<Self>::label("intent", "column-about", 14, Tone::Text, |c| Some(&c.row.intent)).grow(9).rank(2),
        Column::<Self>::label("customer", "column-who", 16, Tone::Text, |c| Some(&c.row.customer)).grow(8).rank(3),
        Column::<Self>::number(
            "since_joining_s",
            "column-here",
            7,
            |c| SortKey::number(c.ctx.board.at.since(c.row.offered).as_secs_f64()),
            |c, _| TableCell::new(format::span(c.ctx.board.at.since(c.row.offered)), Tone::Muted),
        )
        .rank(4),
        Column::<Self>::text(
            "channel",
            "column-channel",
            8,
            |c| SortKey::Text(c.row.channel.key()),
            |c, _| TableCell::new(language::channel(c.row.channel), Tone::Muted),
        )
        .rank(5),
        Column::<Self>::label("contact", "column-contact", 12, Tone::Muted, |c| Some(&c.row.contact)).grow(12).rank(6),
    ];

    fn state(&self) -> LiveState {
        LiveState::of(&self.row)
    }

    /// Whether nobody has answered it.
    fn waits(&self) -> bool {
        matches!(self.state(), LiveState::Waiting | LiveState::Ringing)
    }

    fn seconds(&self) -> Option<f64> {
        Some(self.ctx.board.at.since(self.row.since?).as_secs_f64())
    }

    /// The agent who has it, or whose phone rings.
    fn agent(&self) -> Option<&Label> {
        self.row.ringing.as_ref().or(Some(&self.row.agent)).filter(|agent| !agent.is_empty())
    }

    fn limits(&self) -> Bands {
        self.ctx.contact_limits(&self.row.queue, self.row.channel)
    }

    /// The seconds that are left until the first limit of who waits.
    fn left(&self) -> Option<f64> {
        let limits = self.limits();
        Some(limits.warning.or(limits.critical).filter(|_| self.waits())? - self.seconds()?)
    }

    fn left_cell(&self) -> TableCell {
        let Some((left, seconds)) = self.left().zip(self.seconds()) else { return TableCell::none() };
        let verdict = self.limits().verdict(KpiId::LongestWait.def().better, &Figure::gauge(seconds, 1), 0, false);
        let time = crate::kpi::format::duration(left);
        if verdict > Verdict::Good {
            TableCell::new(format!("{}{time}", glyphs::sign(verdict)), Tone::of(verdict))
        } else {
            TableCell::new(time, Tone::Text)
        }
    }

    /// How many agents who serve its queue are free, for who waits; `None` where no source says so.
    fn free(&self) -> Option<i64> {
        let live = &self.queue.filter(|_| self.waits())?.live;
        let known = live.unserved.is_some() || live.agents.iter().any(|n| *n > 0);
        if known { staffing::count(live, AgentState::Available) } else { None }
    }

    fn free_cell(&self) -> TableCell {
        let unserved = self.queue.and_then(|queue| queue.live.unserved).unwrap_or(0) > 0;
        match self.free() {
            None => TableCell::none(),
            Some(1..) if self.row.ringing.is_some() => TableCell::new(text!("live-ringing"), Tone::Muted),
            Some(free @ 1..) => TableCell::new(text!("live-free", count = free), Tone::Good),
            Some(_) if unserved => TableCell::new(text!("live-nobody"), Tone::Warning),
            Some(_) => TableCell::new(text!("live-all-busy"), Tone::Muted),
        }
    }
}

impl TableRow for LiveItem<'_> {
    fn id(&self) -> Label {
        self.row.contact.clone()
    }

    fn contains(&self, word: &str) -> bool {
        let r = &self.row;
        let names = [self.queue.map(|queue| &queue.name), self.agent().map(|agent| self.ctx.agent_name(agent))];
        let labels = [&r.contact, &r.customer, &r.queue, &r.intent].into_iter().chain(names.into_iter().flatten());
        let state = self.state().word().to_lowercase();
        state.contains(word)
            || self.state().key().contains(word)
            || labels.into_iter().any(|label| contains(label, word))
    }

    /// As the floor orders them: who waits for somebody to pick up, conversations, what waits for an answer in hours.
    fn urgency(&self) -> f64 {
        let class = match self.waits() {
            true if self.row.channel.is_asynchronous() => 0.0,
            true => 2.0,
            false => 1.0,
        };
        1e9 * class + self.seconds().unwrap_or(0.0)
    }

    fn is_stale(&self) -> bool {
        self.stale
    }
}

/// The contacts of the page's slice that are going on. Until the floor has answered, those that the board knows to wait.
#[must_use]
pub fn table<'a>(ctx: Ctx<'a>) -> TableModel<'a, LiveItem<'a>> {
    let stale: FxHashSet<_> = ctx.silent_queues().into_iter().collect();
    let item = |row: Cow<'a, ContactRow>| {
        let queue = ctx.board.queues.find(&row.queue);
        let stale = stale.contains(&row.queue);
        LiveItem { ctx, row, queue, stale }
    };
    let answer = ctx.answers.contacts(queries::contacts(ctx.ui, &ctx.ui.location()));
    let rows = if let Some(rows) = answer {
        rows.iter().map(Cow::Borrowed).map(item).collect()
    } else {
        let queue = ctx.ui.slice().get(Dim::Queue);
        let waiting = ctx.board.waiting.iter().filter(|row| queue.is_none_or(|queue| row.queue == *queue));
        waiting.take(queries::MAX_CONTACTS).map(|row| item(Cow::Owned(row.into()))).collect()
    };
    TableModel { columns: LiveItem::COLUMNS, rows }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let table = table(ctx);
    let (slice, count) = (ctx.ui.slice(), ctx.count(Panel::Live));
    let name = if slice.is_total() {
        format!("{} {count}", text!("live-title"))
    } else {
        text!("live-title-of", slice = ctx.slice_name(slice), count = count)
    };
    let counts = LiveState::ALL.map(|state| (state, table.rows.iter().filter(|item| item.state() == state).count()));
    let counts = counts.into_iter().filter(|(_, n)| *n > 0).map(|(state, n)| format!("{n} {}", state.word()));
    let mut about = counts.collect::<Vec<_>>().join(" · ");
    if table.rows.len() >= queries::MAX_CONTACTS {
        about = text!("live-first", count = queries::MAX_CONTACTS, about = about);
    }
    let inner = panel::panel(buffer, area, ctx.theme, &name, &about, true);
    super::table_of(buffer, inner, ctx, (Panel::Live, &table), text!("live-nobody-waits"), drawn);
}
