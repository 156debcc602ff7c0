//! The page of alerts: active, acknowledged and resolved ones.
//!
//! ```text
//! ─ Active 3 ──────────────────────────────────────────────── ─ What to do ───────────────────
//!          Where      What           Now  Limit    For          a takes Outages: longest wait   w why …
//! ▸ ‼ CRIT Outages    longest wait  5:41  > 5:00    6m          → open more lines, …
//! ─ Acknowledged, the oldest first 1 ────────────────────────  now: 5:41, above 5:00 since …
//! ─ Over 4 ──────────────────────────────────────────────────  10:35:37 fired at 5:41
//! ```
//!
//! On narrow screens the explanation is below the lists.

use std::cell::OnceCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use super::{Ctx, episode};
use crate::alert::{self, Episode, HistoryKind, State};
use crate::clock::Span;
use crate::language::{self, text};
use crate::text::{Label, Text};
use crate::ui::drawn::Drawn;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// An episode on one of the lists.
pub struct AlertItem<'a> {
    ctx: Ctx<'a>,
    /// The episode.
    pub episode: &'a Episode,
    /// How many other episodes with the same cause it stands for.
    others: usize,
    urgency: f64,
    /// There may be thousands, of which a screen shows some: the words are made when they are needed.
    words: OnceCell<[String; 2]>,
}

impl<'a> AlertItem<'a> {
    fn new(ctx: Ctx<'a>, episode: &'a Episode, others: usize, urgency: f64) -> Self {
        Self { ctx, episode, others, urgency, words: OnceCell::new() }
    }

    /// Whom it is about, and what is wrong.
    fn words(&self) -> [&str; 2] {
        let words = || [episode::who(self.ctx, self.episode), episode::what(self.ctx, self.episode)];
        self.words.get_or_init(words).each_ref().map(String::as_str)
    }

    fn who(&self) -> &str {
        let [who, _] = self.words();
        who
    }

    fn what(&self) -> &str {
        let [_, what] = self.words();
        what
    }

    const SEVERITY: Column<Self> = Column::<Self>::text(
        "severity",
        "",
        6,
        |a| SortKey::Text(a.episode.severity.key()),
        |a, _| TableCell::new(glyphs::badge(glyphs::of_severity(a.episode.severity)), a.tone()),
    );
    const WHO: Column<Self> = Column::<Self>::text(
        "of",
        "column-where",
        14,
        |a| SortKey::Text(a.who()),
        |a, _| TableCell::new(a.who().to_owned(), if a.is_loud() { Tone::Strong } else { Tone::Muted }),
    )
    .grow(16);
    const WHAT: Column<Self> = Column::<Self>::text(
        "what",
        "column-what",
        14,
        |a| SortKey::Text(a.what()),
        |a, _| TableCell::new(a.what().to_owned(), if a.is_loud() { Tone::Text } else { Tone::Muted }),
    )
    .grow(22);
    const LIMIT: Column<Self> = Column::<Self>::text(
        "line",
        "column-limit",
        8,
        |a| SortKey::number(a.episode.limit),
        |a, _| TableCell::new(episode::limit(a.episode), Tone::Muted),
    );
    const VALUE: Column<Self> = Column::<Self>::number(
        "value",
        "column-now",
        7,
        |a| SortKey::number(a.episode.figure.value),
        |a, _| {
            let tone = if episode::is_past(a.episode) { a.tone() } else { Tone::Muted };
            TableCell::new(episode::value_in_column(a.episode, a.episode.figure.value), tone)
        },
    );
    const WORST: Column<Self> = Column::<Self>::number(
        "worst",
        "column-worst",
        7,
        |a| SortKey::number(a.episode.worst),
        |a, _| a.value(a.episode.worst),
    );
    const AGE: Column<Self> = Column::<Self>::number(
        "for_s",
        "column-for",
        5,
        |a| SortKey::Number(a.duration().as_secs_f64()),
        |a, _| TableCell::new(format::age(a.duration()), Tone::Muted),
    );

    /// The columns of the rail. Who has an alert is more than its limit, and stands in its place.
    pub const RAIL: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "severity",
            "",
            2,
            |a| SortKey::Text(a.episode.severity.key()),
            |a, _| TableCell::new(glyphs::sign(glyphs::of_severity(a.episode.severity)), a.tone()),
        ),
        Self::WHO,
        Self::WHAT,
        Self::VALUE.width(6),
        Column::<Self>::text(
            "line",
            "column-limit",
            13,
            |a| SortKey::number(a.episode.limit),
            |a, _| a.limit_or_holder(),
        )
        .grow(8),
        Self::AGE.width(4).rank(1),
        Column::<Self>::number(
            "more",
            "",
            3,
            |a| SortKey::integer(i64::try_from(a.others).unwrap_or(0)),
            |a, _| match a.others {
                0 => TableCell::new("", Tone::Muted),
                others => TableCell::new(format!("+{others}"), Tone::Muted),
            },
        )
        .rank(2),
    ];

    /// The columns of the active alerts.
    pub const ACTIVE: &'a [Column<Self>] = &[
        Self::SEVERITY,
        Self::WHO,
        Self::WHAT,
        Self::VALUE,
        Self::LIMIT.rank(1),
        Self::WORST.rank(4),
        Self::AGE.rank(1),
        Column::<Self>::text(
            "state",
            "column-state",
            10,
            |_| SortKey::Missing,
            |a, _| TableCell::new(a.state(), Tone::Muted),
        )
        .grow(10)
        .rank(2),
    ];

    /// The columns of the alerts that are acknowledged or snoozed.
    pub const HELD: &'a [Column<Self>] = &[
        Self::SEVERITY.rank(5),
        Self::WHO,
        Self::WHAT,
        Self::VALUE.rank(2),
        Column::<Self>::number(
            "value_at",
            "column-value-at-ack",
            7,
            |a| SortKey::number(a.value_at_ack()),
            |a, _| a.value(a.value_at_ack()),
        )
        .rank(4),
        Column::<Self>::label("by", "column-by", 10, Tone::Accent, |a| Some(episode::hold(a.episode)?.who)).grow(6),
        Column::<Self>::number(
            "since",
            "column-since",
            6,
            |a| SortKey::number(a.held_since()),
            |a, _| {
                let hold = episode::hold(a.episode);
                TableCell::maybe(hold.map(|hold| format::minute(hold.since, a.ctx.zone())), Tone::Muted)
            },
        )
        .least(language::minute_width)
        .rank(3),
        Column::<Self>::number(
            "ends_in_s",
            "column-ends-in",
            7,
            |a| SortKey::number(a.left().map(Span::as_secs_f64)),
            |a, _| {
                let soon = a.left().is_some_and(|left| left.as_secs() < 60);
                TableCell::maybe(a.left().map(format::left), if soon { Tone::Warning } else { Tone::Text })
            },
        ),
        Column::<Self>::text(
            "note",
            "column-note",
            10,
            |a| a.note().map_or(SortKey::Missing, |note| SortKey::Text(note.as_str())),
            |a, _| {
                let last = a.episode.trail.iter().rev().find(|entry| entry.kind == HistoryKind::Noted);
                let note = last.and_then(|entry| entry.text.as_ref()).or(a.note());
                TableCell::maybe(note.map(ToString::to_string), Tone::Text)
            },
        )
        .grow(30)
        .rank(5),
    ];

    /// The columns of the resolved alerts.
    pub const PAST: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "resolved",
            "column-over",
            12,
            |a| SortKey::number(a.resolved()),
            |a, _| TableCell::maybe(a.episode.resolved.map(|at| format::day_minute(at, a.ctx.zone())), Tone::Muted),
        )
        .least(language::day_minute_width),
        Self::SEVERITY.rank(1),
        Self::WHO,
        Self::WHAT,
        Self::WORST,
        Self::LIMIT.rank(3),
        Column::<Self>::number(
            "lasted_s",
            "column-lasted",
            7,
            |a| SortKey::Number(a.duration().as_secs_f64()),
            |a, _| TableCell::new(format::span(a.duration()), Tone::Muted),
        )
        .rank(2),
        Column::<Self>::text(
            "by",
            "column-ack-by",
            10,
            |a| SortKey::label(episode::hold(a.episode).map(|hold| hold.who)),
            |a, _| a.past_holder(),
        )
        .grow(8)
        .rank(4),
    ];

    /// Whether somebody should act on it now.
    fn is_loud(&self) -> bool {
        self.episode.state == State::Firing && self.episode.inhibited_by.is_none()
    }

    fn tone(&self) -> Tone {
        if self.is_loud() { Tone::of(glyphs::of_severity(self.episode.severity)) } else { Tone::Muted }
    }

    /// Who has it and for how much longer; or else its limit, or how bad it was if it recovers.
    fn limit_or_holder(&self) -> TableCell {
        let e = self.episode;
        if let Some((hold, left)) = episode::hold(e).zip(self.left()) {
            let sign = if e.snoozed.is_some() { text!("alert-snoozed-short") } else { text!("alert-taken-short") };
            return TableCell::new(format!("{sign} {} {}", hold.who, format::left(left)), Tone::Accent);
        }
        let words = if episode::is_past(e) {
            episode::limit(e)
        } else {
            text!("alert-was", value = episode::value_in_column(e, e.worst))
        };
        TableCell::new(words, Tone::Muted)
    }

    fn value(&self, value: Option<f64>) -> TableCell {
        TableCell::new(episode::value_in_column(self.episode, value), Tone::Muted)
    }

    fn state(&self) -> String {
        match (&self.episode.inhibited_by, self.episode.state) {
            (Some(cause), _) => text!("alert-hidden", cause = language::cause(cause)),
            (None, State::Pending) => text!("alert-pending").to_owned(),
            (None, _) if self.episode.flapping => text!("alert-flapping").to_owned(),
            (None, _) if !episode::is_past(self.episode) => text!("alert-recovers").to_owned(),
            (None, _) => text!("alert-new").to_owned(),
        }
    }

    /// How long it has lasted, or did last.
    fn duration(&self) -> Span {
        let e = self.episode;
        e.resolved.unwrap_or(self.ctx.board.at).since(e.fired.unwrap_or(e.since))
    }

    fn held_since(&self) -> Option<f64> {
        Some(format::float(episode::hold(self.episode)?.since.0))
    }

    /// The time left until the acknowledgement or snooze ends.
    fn left(&self) -> Option<Span> {
        Some(episode::hold(self.episode)?.until.since(self.ctx.board.at))
    }

    fn value_at_ack(&self) -> Option<f64> {
        self.episode.acknowledged.as_ref()?.value
    }

    fn note(&self) -> Option<&'a Text> {
        self.episode.acknowledged.as_ref()?.note.as_ref()
    }

    fn resolved(&self) -> Option<f64> {
        Some(format::float(self.episode.resolved?.0))
    }

    fn past_holder(&self) -> TableCell {
        if let Some(hold) = episode::hold(self.episode) {
            return TableCell::label(hold.who, Tone::Accent);
        }
        let last = self.episode.trail.iter().rev().find(|entry| entry.kind == HistoryKind::Acknowledged);
        match last.and_then(|entry| entry.who.as_ref()) {
            Some(who) => TableCell::label(&who.name, Tone::Text),
            None => TableCell::new(text!("alert-nobody"), Tone::Muted),
        }
    }
}

impl TableRow for AlertItem<'_> {
    fn id(&self) -> Label {
        Label::new(&self.episode.id.to_string())
    }

    fn contains(&self, word: &str) -> bool {
        let texts = [self.episode.text.as_str(), self.who(), self.what(), self.episode.rule.as_str()];
        texts.iter().any(|text| contains(text, word))
    }

    fn urgency(&self) -> f64 {
        self.urgency
    }
}

/// Alerts that are acknowledged, pending or hidden by a cause come last; the board has the others in order.
fn urgency(episode: &Episode) -> f64 {
    match episode.state {
        _ if episode.inhibited_by.is_some() => 0.0,
        State::Firing => 2.0,
        _ => 1.0,
    }
}

/// The rail: one row per cause (a queue, a source), with the worst alert standing for the others.
#[must_use]
pub fn rail(ctx: Ctx<'_>) -> TableModel<'_, AlertItem<'_>> {
    let alerts = &ctx.board.alerts;
    let item = |group: &alert::AlertGroup| {
        let episode = alerts.get(group.lead).filter(|lead| lead.inhibited_by.is_none())?;
        Some(AlertItem::new(ctx, episode, group.others.len(), urgency(episode)))
    };
    TableModel { columns: AlertItem::RAIL, rows: alerts.groups().iter().filter_map(item).collect() }
}

/// The alerts that are new or pending.
#[must_use]
pub fn active(ctx: Ctx<'_>) -> TableModel<'_, AlertItem<'_>> {
    let active = ctx.board.alerts.iter().filter(|e| matches!(e.state, State::Firing | State::Pending));
    let item = |episode| AlertItem::new(ctx, episode, 0, urgency(episode));
    TableModel { columns: AlertItem::ACTIVE, rows: active.map(item).collect() }
}

/// The acknowledged and snoozed alerts, the oldest first, because those are most likely forgotten.
#[must_use]
pub fn held(ctx: Ctx<'_>) -> TableModel<'_, AlertItem<'_>> {
    let held = ctx.board.alerts.iter().filter(|e| episode::is_held(e));
    let urgency = |e| episode::hold(e).map_or(0.0, |hold| -format::float(hold.since.0));
    let item = |episode| AlertItem::new(ctx, episode, 0, urgency(episode));
    TableModel { columns: AlertItem::HELD, rows: held.map(item).collect() }
}

/// The resolved alerts, the newest first.
#[must_use]
pub fn past(ctx: Ctx<'_>) -> TableModel<'_, AlertItem<'_>> {
    let urgency = |e: &Episode| e.resolved.map_or(0.0, |at| format::float(at.0));
    let item = |episode| AlertItem::new(ctx, episode, 0, urgency(episode));
    TableModel { columns: AlertItem::PAST, rows: ctx.answers.history().iter().map(item).collect() }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let [lists, room] = if area.width >= 130 {
        let side = (area.width / 3).min(90) - 1;
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]).spacing(1).areas(area)
    } else {
        let below = (area.height / 4).clamp(6, 9).min(area.height / 3);
        Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]).areas(area)
    };
    let count = |panel: Panel| ctx.row_count(panel);
    // Each list gets the rows that it needs. If there are not enough, the history is cut first. An empty list needs one
    // row for its message.
    let third = (lists.height / 3).max(3);
    let least = |panel: Panel| if count(panel) == 0 { 2 } else { 3 };
    let held = (count(Panel::Held) + 2).clamp(least(Panel::Held), third);
    let past = least(Panel::Past) + u16::from(lists.height >= 20);
    let active = (count(Panel::Active) + 2).clamp(5, lists.height.saturating_sub(held + past).max(5));
    let rooms: [Rect; 3] =
        Layout::vertical([Constraint::Length(active), Constraint::Length(held), Constraint::Fill(1)]).areas(lists);
    for ((panel, name, empty), room) in [
        (Panel::Active, text!("alerts-active"), text!("alerts-none")),
        (Panel::Held, text!("alerts-held"), text!("alerts-none-held")),
        (Panel::Past, text!("alerts-past"), text!("alerts-none-past")),
    ]
    .into_iter()
    .zip(rooms)
    {
        let focus = ctx.ui.focus() == panel;
        let inner = panel::panel(buffer, room, ctx.theme, name, &ctx.count(panel), focus);
        super::table(buffer, inner, ctx, panel, empty, drawn);
    }
    let selected = if ctx.ui.focus() == Panel::Past {
        let id = ctx.ui.lists.get(&Panel::Past).and_then(|list| list.current());
        ctx.answers.history().iter().find(|e| id.is_some_and(|id| id.as_str() == e.id.to_string()))
    } else {
        ctx.ui.episode(ctx.board)
    };
    let inner = panel::panel(buffer, room, ctx.theme, text!("alerts-about"), "", false);
    match selected {
        Some(e) => {
            episode::draw(buffer, inner, ctx, e);
        }
        None => panel::message(buffer, inner, ctx.theme, text!("alerts-nothing-selected")),
    }
}
