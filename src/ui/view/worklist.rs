//! The page of the worklist: what there is to do about customers, the oldest first, and who has it.
//!
//! ```text
//! ─ To do: call-backs, Billing ──────────────── 12 open, 3 late · 2 claimed · 31 done, 8 answered ─
//!   Who               Why         Waited Again  Due     Who has it     Queue     About
//! ▸ +44 20 7946 0113  hung up 2×    1:12 10:31  12m late ann, 9m       Billing   bill too high
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overlay};
use crate::language::{self, text};
use crate::text::{Label, fit};
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, float};
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries::{self, Question};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;
use crate::worklist::{OccasionKind, Outcome, WorkAnswer, WorkCounts, WorkItem, WorkKind, WorkState};

/// An item of the page.
pub struct WorkRow<'a> {
    ctx: Ctx<'a>,
    item: &'a WorkItem,
    place: usize,
}

impl<'a> WorkRow<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "customer",
            "column-who",
            14,
            |row| SortKey::label(row.item.subject()),
            |row, _| {
                let unknown = row.item.customer.is_empty();
                let known = TableCell::label(&row.item.customer, row.tone());
                if unknown { TableCell::new(text!("work-not-known"), Tone::Muted) } else { known }
            },
        )
        .grow(5),
        Column::<Self>::text("why", "column-why", 12, |row| SortKey::Text(row.item.why.as_str()), Self::why).grow(9),
        Column::<Self>::text(
            "since",
            "column-since",
            6,
            |row| SortKey::integer(row.item.since.0),
            |row, _| TableCell::new(row.ctx.short_time(row.item.since), Tone::Muted),
        )
        .least(language::day_minute_width)
        .rank(6),
        Column::<Self>::text(
            "last",
            "column-last",
            6,
            |row| SortKey::integer(row.item.last().0),
            |row, _| {
                let again = row.item.reasons().nth(1).is_some();
                TableCell::maybe(again.then(|| row.ctx.short_time(row.item.last())), Tone::Muted)
            },
        )
        .least(language::day_minute_width)
        .rank(8),
        Column::<Self>::number(
            "wait_s",
            "column-waited-before",
            6,
            |row| SortKey::number(row.waited()),
            |row, _| TableCell::maybe(row.waited().map(crate::kpi::format::duration), Tone::Text),
        )
        .rank(4),
        Column::<Self>::text(
            "called_again",
            "column-again",
            6,
            |row| row.item.called_again().map_or(SortKey::Missing, |at| SortKey::integer(at.0)),
            |row, _| TableCell::maybe(row.item.called_again().map(|at| row.ctx.short_time(at)), Tone::Accent),
        )
        .rank(3),
        Column::<Self>::number(
            "tries",
            "column-tried",
            5,
            |row| SortKey::integer(i64::try_from(row.item.tries()).unwrap_or(0)),
            |row, _| TableCell::maybe((row.item.tries() > 0).then(|| format!("{}×", row.item.tries())), Tone::Text),
        )
        .rank(7),
        Column::<Self>::number("due", "column-due", 10, |row| SortKey::integer(row.item.due.0), |row, _| row.due()),
        Column::<Self>::text(
            "holder",
            "column-holder",
            15,
            |row| row.item.holder().map_or(SortKey::Missing, |who| SortKey::label(&who.name)),
            |row, _| row.holder(),
        )
        .grow(10),
        Column::<Self>::text(
            "queue",
            "column-queue",
            12,
            |row| SortKey::label(&row.item.queue),
            |row, _| TableCell::label(row.ctx.queue_name(&row.item.queue), Tone::Text),
        )
        .grow(12)
        .rank(2),
        Column::<Self>::label("intent", "column-about", 12, Tone::Text, |row| Some(&row.item.intent)).grow(6).rank(5),
        Column::<Self>::text(
            "agent",
            "column-agent",
            12,
            |row| SortKey::label(&row.item.agent),
            |row, _| {
                let agent = Some(&row.item.agent).filter(|agent| !agent.is_empty());
                TableCell::label(agent.map(|agent| row.ctx.agent_name(agent)), Tone::Text)
            },
        )
        .grow(6)
        .rank(10),
        Column::<Self>::text(
            "note",
            "column-note",
            14,
            |row| row.item.note.as_ref().map_or(SortKey::Missing, |note| SortKey::Text(note.as_str())),
            |row, width| {
                let note = row.item.note.as_ref().map(|note| fit(note.as_str(), usize::from(width)).into_owned());
                TableCell::maybe(note, Tone::Text)
            },
        )
        .grow(14)
        .rank(9),
    ];

    const fn tone(&self) -> Tone {
        if self.item.is_closed() { Tone::Muted } else { Tone::Text }
    }

    /// What happened, and how often.
    fn why(&self, width: u16) -> TableCell {
        let last = self.item.reasons().next_back().map(|last| last.kind);
        let word = match last {
            Some(OccasionKind::HungUp) => text!("work-hung-up"),
            Some(OccasionKind::AskedBack) => text!("work-asked-back"),
            _ => &language::work_reason(self.item),
        };
        let times = self.item.reasons().count();
        let text = if times > 1 { format!("{word} {times}×") } else { word.to_string() };
        TableCell::new(fit(&text, usize::from(width)).into_owned(), self.tone())
    }

    /// How long the customer waited before the last hang-up, in seconds.
    fn waited(&self) -> Option<f64> {
        let last = self.item.reasons().next_back()?;
        last.value.filter(|_| matches!(last.kind, OccasionKind::HungUp | OccasionKind::AskedBack))
    }

    fn due(&self) -> TableCell {
        let (now, due) = (self.ctx.board.at, self.item.due);
        if self.item.is_closed() {
            TableCell::none()
        } else if self.item.is_overdue(now) {
            TableCell::new(text!("work-due-since", time = format::age(now.since(due))), Tone::Warning)
        } else {
            TableCell::new(text!("work-in", time = format::age(due.since(now))), Tone::Text)
        }
    }

    /// Who has it and for how long, or how it was closed.
    fn holder(&self) -> TableCell {
        if let Some(closing) = &self.item.closed {
            let time = self.ctx.short_time(closing.at);
            let who = closing.who.as_ref().map_or_else(String::new, |who| format!(" {}", who.name));
            let tone = if closing.outcome.is_contact() { Tone::Good } else { Tone::Muted };
            return TableCell::new(
                format!("{} {time}{who}", language::keyed("work-outcome", closing.outcome.key())),
                tone,
            );
        }
        let claim = self.item.claim.as_ref().filter(|_| self.item.state == WorkState::Claimed);
        TableCell::maybe(
            claim.map(|claim| format!("{}, {}", claim.who.name, format::age(claim.until.since(self.ctx.board.at)))),
            Tone::Strong,
        )
    }
}

impl TableRow for WorkRow<'_> {
    fn id(&self) -> Label {
        Label::new(&self.item.id.to_string())
    }

    fn contains(&self, word: &str) -> bool {
        let item = self.item;
        let holder = item.holder().map(|who| &who.name);
        let labels = [&item.customer, &item.contact, &item.queue, &item.intent, &item.agent].into_iter().chain(holder);
        let mut texts = std::iter::once(&item.why).chain(&item.note);
        labels.into_iter().any(|label| contains(label, word))
            || texts.any(|text| text.as_str().to_lowercase().contains(&word.to_lowercase()))
    }

    /// The floor has them in order: what is open first, the oldest first.
    fn urgency(&self) -> f64 {
        -float(i64::try_from(self.place).unwrap_or(i64::MAX))
    }
}

/// The answer to the page's question.
fn answer(ctx: Ctx<'_>) -> Option<&WorkAnswer> {
    ctx.answers.worklist(queries::worklist(ctx.ui))?.as_ref()
}

/// The items of the page.
#[must_use]
pub fn table(ctx: Ctx<'_>) -> TableModel<'_, WorkRow<'_>> {
    let items = answer(ctx).map_or(&[][..], |answer| &answer.items);
    let rows = items.iter().enumerate().map(|(place, item)| WorkRow { ctx, item, place });
    TableModel { columns: WorkRow::COLUMNS, rows: rows.collect() }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let kind = ctx.ui.worklist.kind;
    let slice = ctx.ui.slice();
    let of = if slice.is_total() { String::new() } else { format!(", {}", ctx.slice_name(slice)) };
    let known = ctx.answers.worklist(queries::worklist(ctx.ui));
    let mut counts = answer(ctx).map_or_else(|| "…".to_owned(), |answer| counts(&answer.counts, area.width));
    if !ctx.ui.filter.is_empty() {
        counts = format!("{} · {counts}", ctx.count(Panel::Worklist));
    }
    let question = Question::Worklist(queries::worklist(ctx.ui));
    if ctx.ui.frozen.is_some() && ctx.answers.is_later(&question, ctx.board.seq) {
        counts = format!("{counts} · {}", text!("after-freeze"));
    }
    let inner = panel::panel(
        buffer,
        area,
        ctx.theme,
        &format!("{}{of}", text!("work-title", kind = language::keyed("work-kind", kind.key()))),
        &counts,
        true,
    );
    let items = answer(ctx).map_or(&[][..], |answer| &answer.items);
    drawn.items.extend(items.iter().map(|item| (item.id, item.version)));
    let empty = match known {
        None => "…",
        Some(None) => text!("work-too-old"),
        Some(Some(_)) => match kind {
            WorkKind::Callback => text!("work-no-callback"),
            _ => text!("work-nothing"),
        },
    };
    super::table(buffer, inner, ctx, Panel::Worklist, empty, drawn);
}

/// How many there are, for the title of a page that is `width` columns wide.
fn counts(counts: &WorkCounts, width: u16) -> String {
    /// Whoever has fewer is not told how the closed ones were closed.
    const MIN_COLUMNS_OF_CLOSED: u16 = 100;
    let WorkCounts { open, claimed, overdue, done, ended, .. } = counts;
    let mut words = text!("work-counts", open = open, claimed = claimed);
    if *overdue > 0 {
        words = format!("{words}, {}", text!("work-late", count = overdue));
    }
    if width < MIN_COLUMNS_OF_CLOSED {
        return words;
    }
    format!("{words} · {}", text!("work-closed", done = done, ended = ended))
}

/// Draw the choice of the word with which an item is closed.
pub fn outcomes(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, id: u64) {
    let item = answer(ctx).and_then(|answer| answer.items.iter().find(|item| item.id == id));
    let about = item.map_or_else(String::new, |item| {
        format!("{}, {}: {}", item.subject(), ctx.queue_name(&item.queue), language::work_reason(item))
    });
    let words = ctx.ui.worklist.kind.outcomes().iter().zip(1..).map(|(outcome, digit)| choice(digit, *outcome));
    let words = words.collect::<Vec<_>>().join("   ");
    let inner = overlay::frame(buffer, area, ctx.theme, text!("work-how"), (words.width().max(40) + 4, 2));
    let width = usize::from(inner.width);
    buffer.set_stringn(inner.x, inner.y, fit(&about, width), width, ctx.theme.style(Tone::Muted));
    buffer.set_stringn(inner.x, inner.y + 1, words, width, ctx.theme.style(Tone::Strong));
}

fn choice(digit: usize, outcome: Outcome) -> String {
    format!("{digit}: {}", language::keyed("work-outcome", outcome.key()))
}
