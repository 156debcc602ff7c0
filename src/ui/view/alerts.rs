//! Alerts: their lists, and the page with active ones, acknowledged ones and history.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overlay};
use crate::alert::{self, Episode, State};
use crate::text::{Label, fit};
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::panel;

/// The columns of the rail.
pub const RAIL: &[Column] = &[
    Column::text("", "severity", 6, 0, 0),
    Column::text("What", "text", 24, 110, 0),
    Column::number("", "more", 3, 1),
    Column::number("For", "for_s", 4, 2),
];
/// The columns of the active ones.
pub const ACTIVE: &[Column] = &[
    Column::text("", "severity", 6, 0, 0),
    Column::text("What", "text", 40, 70, 0),
    Column::number("Now", "value", 7, 1),
    Column::number("Line", "line", 7, 3),
    Column::number("Worst", "worst", 7, 4),
    Column::number("For", "for_s", 5, 1),
    Column::text("State", "state", 10, 10, 2),
];
/// The columns of those that somebody has taken.
pub const HELD: &[Column] = &[
    Column::text("", "severity", 6, 0, 0),
    Column::text("What", "text", 36, 70, 0),
    Column::number("Now", "value", 7, 2),
    Column::number("At ack", "value_at", 7, 4),
    Column::text("By", "by", 10, 6, 0),
    Column::number("Since", "since", 6, 3),
    Column::number("Ends in", "ends_in_s", 7, 0),
    Column::text("Note", "note", 10, 30, 5),
];
/// The columns of those that are over.
pub const PAST: &[Column] = &[
    Column::text("Over", "resolved", 12, 0, 0),
    Column::text("", "severity", 6, 0, 1),
    Column::text("What", "text", 36, 70, 0),
    Column::number("Lasted", "lasted_s", 7, 2),
    Column::number("Worst", "worst", 7, 3),
    Column::text("Taken by", "by", 10, 8, 4),
];

/// Some of the episodes.
pub struct Alerts<'a> {
    ctx: Ctx<'a>,
    kind: Panel,
    /// Each with how many more there are of its cause.
    pub(super) rows: Vec<(&'a Episode, usize)>,
}

impl<'a> Alerts<'a> {
    /// The rail: what nobody has taken and then what somebody has, one line a cause (a queue, a source); the worst
    /// stands for the rest.
    #[must_use]
    pub fn rail(ctx: Ctx<'a>) -> Self {
        let alerts = &ctx.board.alerts;
        let row = |line: alert::AlertGroup| Some((alerts.get(line.lead)?, line.others.len()));
        let rows = alert::lines(alerts).into_iter().filter_map(row).filter(|(lead, _)| lead.inhibited_by.is_none());
        Self { ctx, kind: Panel::Rail, rows: rows.collect() }
    }

    /// Those that nobody has taken, and those on the way.
    #[must_use]
    pub fn active(ctx: Ctx<'a>) -> Self {
        let rows = ctx.board.alerts.iter().filter(|e| matches!(e.state, State::Firing | State::Pending));
        Self { ctx, kind: Panel::Active, rows: rows.map(|e| (e, 0)).collect() }
    }

    /// Those that somebody has taken.
    #[must_use]
    pub fn held(ctx: Ctx<'a>) -> Self {
        Self { ctx, kind: Panel::Held, rows: ctx.board.alerts.iter().filter(|e| taken(e)).map(|e| (e, 0)).collect() }
    }

    /// Those that are over.
    #[must_use]
    pub fn past(ctx: Ctx<'a>) -> Self {
        Self { ctx, kind: Panel::Past, rows: ctx.data.history().iter().map(|e| (e, 0)).collect() }
    }

    fn episode(&self, row: usize) -> Option<&'a Episode> {
        self.rows.get(row).map(|row| row.0)
    }

    fn column(&self, column: usize) -> &'static str {
        self.columns().get(column).map_or("", |column| column.key)
    }

    fn seconds(&self, e: &Episode) -> f64 {
        let end = e.resolved.unwrap_or(self.ctx.board.at);
        end.since(e.fired.unwrap_or(e.since)).as_secs_f64()
    }
}

/// Whether somebody has taken an episode.
pub(super) fn taken(episode: &Episode) -> bool {
    matches!(episode.state, State::Acknowledged | State::Snoozed)
}

/// A value in the unit of the episode's KPI.
fn show(e: &Episode, value: Option<f64>) -> String {
    match (e.kpi, value) {
        (Some(kpi), Some(value)) => kpi.def().show_value(value, e.figure.n),
        _ => "–".to_owned(),
    }
}

/// Who holds an episode, and until when.
fn holder(e: &Episode) -> Option<(&Label, crate::clock::Time, crate::clock::Time)> {
    match (&e.snoozed, &e.acknowledged) {
        (Some(snooze), _) => Some((&snooze.who.name, snooze.at, snooze.until)),
        (None, Some(ack)) => Some((&ack.who.name, ack.at, ack.until)),
        (None, None) => None,
    }
}

impl Grid for Alerts<'_> {
    fn columns(&self) -> &'static [Column] {
        super::columns(self.kind)
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, row: usize) -> Label {
        self.episode(row).map(|e| Label::new(&e.id.to_string())).unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        self.episode(row).is_some_and(|e| grid::holds(&e.text, word) || grid::holds(&e.rule, word))
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        let Some(e) = self.episode(row) else { return Key::Missing };
        match self.column(column) {
            "severity" => Key::Text(e.severity.key()),
            "text" => Key::Text(e.text.as_str()),
            "value" => Key::figure(Some(&e.figure)),
            "line" => e.line.map_or(Key::Missing, Key::Number),
            "worst" => e.worst.map_or(Key::Missing, Key::Number),
            "for_s" | "lasted_s" => Key::Number(self.seconds(e)),
            "by" => holder(e).map_or(Key::Missing, |h| Key::label(h.0)),
            "since" => holder(e).map_or(Key::Missing, |h| Key::Number(format::float(h.1.0))),
            "ends_in_s" => holder(e).map_or(Key::Missing, |h| Key::Number(h.2.since(self.ctx.board.at).as_secs_f64())),
            "resolved" => e.resolved.map_or(Key::Missing, |at| Key::Number(format::float(at.0))),
            "value_at" => e.acknowledged.as_ref().and_then(|a| a.value).map_or(Key::Missing, Key::Number),
            "note" => e.acknowledged.as_ref().and_then(|a| a.note.as_ref()).map_or(Key::Missing, Key::label),
            "more" => Key::Number(self.rows.get(row).map_or(0.0, |r| format::float(i64::try_from(r.1).unwrap_or(0)))),
            _ => Key::Missing,
        }
    }

    fn badness(&self, row: usize) -> f64 {
        let Some(e) = self.episode(row) else { return 0.0 };
        match self.kind {
            // The oldest acknowledgement first: that is the one most likely forgotten.
            Panel::Held => holder(e).map_or(0.0, |h| -format::float(h.1.0)),
            Panel::Past => e.resolved.map_or(0.0, |at| format::float(at.0)),
            // The board has the worst first; what is taken, on the way or hidden by a cause comes after.
            _ => match e.state {
                _ if e.inhibited_by.is_some() => 0.0,
                State::Firing => 2.0,
                _ => 1.0,
            },
        }
    }

    fn cell(&self, row: usize, column: usize, _: u16) -> Cell {
        let Some(e) = self.episode(row) else { return Cell::none() };
        let verdict = glyphs::of_severity(e.severity);
        let quiet = taken(e) || self.kind == Panel::Past || e.state == State::Pending || e.inhibited_by.is_some();
        let tone = if quiet { Tone::Muted } else { Tone::of(verdict) };
        match self.column(column) {
            "severity" => Cell::new(format!("{} {}", glyphs::sign(verdict), glyphs::word(verdict)), tone),
            // The rail has no room for a column that is mostly empty: who has taken it stands before its words.
            "text" => match holder(e) {
                Some((name, _, until)) if self.kind == Panel::Rail => {
                    let sign = if e.snoozed.is_some() { "zz" } else { "ack" };
                    let left = format::left(until.since(self.ctx.board.at));
                    Cell::new(format!("{sign} {name} {left} · {}", e.text), Tone::Muted)
                }
                _ => Cell::new(e.text.as_str().to_owned(), if quiet { Tone::Muted } else { Tone::Text }),
            },
            "more" => match self.rows.get(row) {
                Some((_, more)) if *more > 0 => Cell::new(format!("+{more}"), Tone::Strong),
                _ => Cell::new("", Tone::Muted),
            },
            "value" => Cell::new(show(e, e.figure.value), tone),
            "line" => Cell::new(show(e, e.line), Tone::Muted),
            "worst" => Cell::new(show(e, e.worst), Tone::Muted),
            "value_at" => Cell::new(show(e, e.acknowledged.as_ref().and_then(|a| a.value)), Tone::Muted),
            "for_s" => Cell::new(format::age(crate::clock::Span::seconds(whole(self.seconds(e)))), Tone::Muted),
            "lasted_s" => Cell::new(crate::kpi::format::duration(self.seconds(e)), Tone::Muted),
            "by" => match holder(e) {
                Some((name, ..)) => Cell::new(name.as_str().to_owned(), Tone::Accent),
                None if self.kind == Panel::Past => past_holder(e),
                None => Cell::new(if e.flapping { "comes and goes" } else { "" }, Tone::Muted),
            },
            "since" => {
                holder(e).map_or_else(Cell::none, |h| Cell::new(format::minute(h.1, self.ctx.zone()), Tone::Muted))
            }
            "ends_in_s" => match holder(e) {
                Some((_, _, until)) => {
                    let left = until.since(self.ctx.board.at);
                    Cell::new(format::left(left), if left.as_secs() < 60 { Tone::Warning } else { Tone::Text })
                }
                None => Cell::none(),
            },
            "note" => {
                let note = e.acknowledged.as_ref().and_then(|a| a.note.as_ref());
                let last =
                    e.trail.iter().rev().find(|entry| entry.what.as_str() == "noted").and_then(|n| n.text.as_ref());
                last.or(note).map_or_else(Cell::none, Cell::label)
            }
            "state" => Cell::new(state_words(e), Tone::Muted),
            "resolved" => {
                e.resolved.map_or_else(Cell::none, |at| Cell::new(format::day_minute(at, self.ctx.zone()), Tone::Muted))
            }
            _ => Cell::none(),
        }
    }
}

fn past_holder(e: &Episode) -> Cell {
    let who =
        e.trail.iter().rev().find(|entry| entry.what.as_str() == "acknowledged").and_then(|entry| entry.who.as_ref());
    who.map_or_else(|| Cell::new("nobody", Tone::Faint), |who| Cell::new(who.name.as_str().to_owned(), Tone::Text))
}

#[expect(clippy::cast_possible_truncation, reason = "as is saturates")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

fn state_words(e: &Episode) -> String {
    match (&e.inhibited_by, e.state) {
        (Some(cause), _) => format!("hidden: {cause}"),
        (None, State::Pending) => "on the way".to_owned(),
        (None, _) if e.flapping => "comes and goes".to_owned(),
        (None, _) => "new".to_owned(),
    }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let wide = area.width >= 130;
    let side = if wide { (area.width / 3).min(90) } else { 0 };
    let below = if wide { 0 } else { (area.height / 4).clamp(6, 9).min(area.height / 3) };
    let lists = Rect { width: area.width - side, height: area.height - below, ..area };
    let count = |panel: Panel| cols(ctx.ui.lists.get(&panel).map_or(0, |list| list.order.len()));
    // Each list takes the rows it needs; what is too much is taken from the history first.
    let third = (lists.height / 3).max(3);
    // A list that is empty says so in one line.
    let least = |panel: Panel| if count(panel) == 0 { 2 } else { 3 };
    let held = (count(Panel::Held) + 2).clamp(least(Panel::Held), third);
    let past = least(Panel::Past) + u16::from(lists.height >= 20);
    let active = (count(Panel::Active) + 2).clamp(5, lists.height.saturating_sub(held + past).max(5));
    let mut y = lists.y;
    let rest = lists.height.saturating_sub(held + active);
    for (panel, name, empty, height) in [
        (Panel::Active, "Active", "· no alert is active", active),
        (Panel::Held, "Taken, the oldest first", "nobody has taken an alert", held),
        (Panel::Past, "Over", "no alert has ended yet", rest),
    ] {
        let room = Rect { y, height: height.min(lists.bottom().saturating_sub(y)), ..lists };
        let focus = ctx.ui.focus() == panel;
        let inner = panel::panel(buffer, room, ctx.theme, name, &count(panel).to_string(), focus);
        super::table(buffer, inner, ctx, panel, empty, drawn);
        y += room.height;
    }
    let room = if wide {
        Rect { x: lists.right() + 1, width: side - 1, ..area }
    } else {
        Rect { y: lists.bottom(), height: below, ..area }
    };
    let history = ctx.data.history();
    let selected = if ctx.ui.focus() == Panel::Past {
        let id = ctx.ui.lists.get(&Panel::Past).and_then(|list| list.current());
        history.iter().find(|e| id.is_some_and(|id| id.as_str() == e.id.to_string()))
    } else {
        ctx.ui.episode(ctx.board)
    };
    let inner = panel::panel(buffer, room, ctx.theme, "What it means, what to do", "", false);
    match selected {
        Some(e) => {
            detail(buffer, inner, ctx, e);
        }
        None => panel::say(buffer, inner, ctx.theme, "nothing is selected"),
    }
}

/// What an episode means, what to do, and what has happened; the rows it took.
pub(super) fn detail(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, e: &Episode) -> u16 {
    let verdict = glyphs::of_severity(e.severity);
    let mut lines = vec![(format!("{} {}", glyphs::sign(verdict), e.text), Tone::of(verdict))];
    if !e.action.is_empty() {
        lines.push((format!("→ {}", e.action), Tone::Strong));
    }
    let way = if e.above { "above" } else { "below" };
    let since = format::clock(e.since, ctx.zone());
    let figures = match e.kpi {
        None => format!("since {since}"),
        Some(_) => format!(
            "{}, {}: now {}, {way} {} since {}, worst {}, n {}",
            ctx.slice_name(&e.slice),
            e.window.words(),
            show(e, e.figure.value),
            show(e, e.line),
            since,
            show(e, e.worst),
            e.figure.n
        ),
    };
    lines.push((figures, Tone::Muted));
    for entry in e.trail.iter().rev() {
        let who = entry.who.as_ref().map_or_else(String::new, |who| format!(" by {} ({})", who.name, who.from));
        let text = entry.text.as_ref().map_or_else(String::new, |text| format!(": {text}"));
        let value = entry.value.map_or_else(String::new, |v| format!(" at {}", show(e, Some(v))));
        lines.push((format!("{} {}{who}{value}{text}", format::clock(entry.at, ctx.zone()), entry.what), Tone::Text));
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
    cols(overlay::height(&lines, usize::from(inner.width))).min(area.height)
}

/// Draw the choice of how long to be quiet.
pub fn snooze(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, id: u64) {
    let text = ctx.board.alerts.iter().find(|e| e.id == id).map_or("", |e| e.text.as_str());
    let choice = "1: 5 min   2: 15 min   3: 30 min   4: 1 h";
    let inner = overlay::frame(buffer, area, ctx.theme, "Be quiet about it for", (choice.width() + 4, 4));
    let width = usize::from(inner.width);
    buffer.set_stringn(inner.x, inner.y, fit(text, width), width, ctx.theme.style(Tone::Muted));
    buffer.set_stringn(inner.x, inner.y + 1, choice, width, ctx.theme.style(Tone::Strong));
}
