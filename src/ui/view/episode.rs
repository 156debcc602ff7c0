//! One alert in words: its meaning, the instruction, and its history.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overlay};
use crate::alert::{Episode, State};
use crate::clock::{Span, Time};
use crate::kpi::{Dim, KpiGroup, KpiId, Unit};
use crate::language::{self, ShownFigure as _, text};
use crate::text::{Label, fit};
use crate::ui::action::Action;
use crate::ui::format::{self, cols};
use crate::ui::theme::Tone;
use crate::ui::words;

/// The snooze or acknowledgement that holds an episode.
pub struct Hold<'a> {
    /// The name of the person.
    pub who: &'a Label,
    /// When it was given.
    pub since: Time,
    /// When it ends.
    pub until: Time,
}

/// What holds an episode: its snooze, or else its acknowledgement.
#[must_use]
pub fn hold(e: &Episode) -> Option<Hold<'_>> {
    match (&e.snoozed, &e.acknowledged) {
        (Some(snooze), _) => Some(Hold { who: &snooze.who.name, since: snooze.at, until: snooze.until }),
        (None, Some(ack)) => Some(Hold { who: &ack.who.name, since: ack.at, until: ack.until }),
        (None, None) => None,
    }
}

/// Whether an episode is acknowledged or snoozed.
#[must_use]
pub const fn is_held(e: &Episode) -> bool {
    matches!(e.state, State::Acknowledged | State::Snoozed)
}

/// A value in the unit of the episode's KPI; a dash without one.
#[must_use]
pub fn value(e: &Episode, value: Option<f64>) -> String {
    match (e.kpi, value) {
        (Some(kpi), Some(value)) => kpi.def().shown_value(value, e.figure.n),
        _ => "–".to_owned(),
    }
}

/// A value as a column has room for: hours without seconds.
fn briefly(kpi: KpiId, value: f64, n: u64) -> String {
    let long = Span::from_secs_f64(value).filter(|span| kpi.def().unit == Unit::Seconds && *span >= Span::HOUR);
    long.map_or_else(|| kpi.def().shown_value(value, n), format::age)
}

/// The same in a column, where all percentages have a decimal: they are compared with a limit.
#[must_use]
pub fn value_in_column(e: &Episode, value: Option<f64>) -> String {
    e.kpi.zip(value).map_or_else(|| "–".to_owned(), |(kpi, value)| briefly(kpi, value, u64::MAX))
}

/// Whom an episode is about: the queue, or whatever else its slice is, or the source.
#[must_use]
pub fn who(ctx: Ctx<'_>, e: &Episode) -> String {
    e.source.as_ref().map_or_else(|| ctx.slice_name(&e.slice), ToString::to_string)
}

/// What is wrong: the figure, with its window where that is not the one on the screen; of a source, what it does.
#[must_use]
pub fn what(ctx: Ctx<'_>, e: &Episode) -> String {
    match (e.kpi, &e.source) {
        (Some(kpi), _) if is_named_without_window(ctx, kpi, e) => words::of(kpi).to_owned(),
        (Some(kpi), _) => format!("{}, {}", words::of(kpi), language::window_key(e.window)),
        (None, Some(source)) => language::source_state(e, source),
        (None, None) => e.text.to_string(),
    }
}

/// Both in one: `Support chat: hung up`.
#[must_use]
pub fn name(ctx: Ctx<'_>, e: &Episode) -> String {
    let mut name = String::new();
    write_name(ctx, e, &mut name);
    name
}

/// The same, added to `out`.
pub fn write_name(ctx: Ctx<'_>, e: &Episode, out: &mut String) {
    let queue = e.slice.get(Dim::Queue).filter(|_| e.source.is_none() && e.slice.parts().count() == 1);
    match queue {
        Some(queue) if !queue.is_empty() => out.push_str(ctx.queue_name(queue).as_str()),
        _ => out.push_str(&who(ctx, e)),
    }
    out.push_str(": ");
    match e.kpi {
        Some(kpi) if is_named_without_window(ctx, kpi, e) => out.push_str(words::of(kpi)),
        _ => out.push_str(&what(ctx, e)),
    }
}

/// Several in one: `Support chat, Claims: hung up; Sales: in time`.
#[must_use]
pub fn names(ctx: Ctx<'_>, episodes: &[&Episode]) -> String {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for e in episodes {
        let what = what(ctx, e);
        match groups.iter_mut().find(|group| group.0 == what) {
            Some((_, of)) => of.push(who(ctx, e)),
            None => groups.push((what, vec![who(ctx, e)])),
        }
    }
    let words = groups.into_iter().map(|(what, of)| format!("{}: {what}", of.join(", ")));
    words.collect::<Vec<_>>().join("; ")
}

/// Whether the window of its figure is that on the screen, or does not matter.
fn is_named_without_window(ctx: Ctx<'_>, kpi: KpiId, e: &Episode) -> bool {
    kpi.def().group == KpiGroup::Live || e.window == ctx.ui.window
}

/// Whether the value is past the limit now: an episode also lasts while its figure recovers.
#[must_use]
pub fn is_past(e: &Episode) -> bool {
    let past = |(value, limit): (f64, f64)| if e.above { value > limit } else { value < limit };
    e.figure.value.zip(e.limit).is_none_or(past)
}

/// The limit with how the value stands to it: `> 8%`, or `≤ 8%` while the figure recovers; empty without one. What is over
/// is told by its worst value, which was past the limit.
#[must_use]
pub fn limit(e: &Episode) -> String {
    let Some((kpi, limit)) = e.kpi.zip(e.limit).filter(|(kpi, _)| kpi.def().unit != Unit::Flag) else {
        return String::new();
    };
    let sign = match (e.above, e.resolved.is_some() || is_past(e)) {
        (true, true) => ">",
        (false, true) => "<",
        (true, false) => "≤",
        (false, false) => "≥",
    };
    format!("{sign} {}", briefly(kpi, limit, 0))
}

/// The keys for an episode: what the first one does is named before it is pressed. No row ends between a key and its word.
#[must_use]
pub fn keys(ctx: Ctx<'_>, e: &Episode) -> String {
    let key = |action| ctx.keymap.key(action);
    let take = match hold(e) {
        None => key(Action::Acknowledge).map(|key| text!("alert-key-takes", key = key, alert = name(ctx, e))),
        Some(hold) => {
            let undo = |key| text!("alert-key-undo", who = hold.who, alert = name(ctx, e), key = key);
            key(Action::Undo).map(undo)
        }
    };
    // The others that one key takes with it are counted before it is pressed.
    let together = ctx.ui.taken_together(ctx.board);
    let with = (together.len() > 1 && together.iter().any(|other| other.id == e.id) && hold(e).is_none())
        .then(|| key(Action::AcknowledgeAll).map(|key| text!("alert-key-all", key = key, count = together.len())));
    let others = [Action::Why, Action::Note, Action::Snooze];
    let others = others.into_iter().filter_map(|action| Some(format!("{} {}", key(action)?, action.word())));
    take.into_iter()
        .chain(with.flatten())
        .chain(others)
        .map(|pair| pair.replace(' ', "\u{a0}"))
        .collect::<Vec<_>>()
        .join("   ")
}

/// Draw the meaning, the instruction and the history of an episode; returns the rows it took.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, e: &Episode) -> u16 {
    let clock = |at| format::clock(at, ctx.zone());
    let mut lines = match e.resolved {
        None => vec![(keys(ctx, e), Tone::Accent)],
        Some(_) => vec![(name(ctx, e), Tone::Strong)],
    };
    if !e.action.is_empty() {
        lines.push((format!("→ {}", language::action(e)), Tone::Strong));
    }
    let since = clock(e.since);
    let figures = match e.kpi {
        None => text!("since", time = since),
        Some(kpi) => {
            let limit = e.limit.map_or_else(String::new, |limit| kpi.def().shown_value(limit, 0));
            let (now, worst) = (value(e, e.figure.value), value(e, e.worst));
            let over = if kpi.def().group == KpiGroup::Live { text!("now") } else { language::window(e.window) };
            match e.resolved {
                Some(_) => {
                    let past = language::side(e.above);
                    text!("alert-was-past", over = over, past = past, limit = limit, since = since, worst = worst)
                }
                None if is_past(e) => {
                    let past = format!("{} {limit}", language::side(e.above));
                    text!("alert-is-past", over = over, now = now, past = past, since = since, worst = worst)
                }
                None => {
                    let clear = format!("{} {limit}", language::side(!e.above));
                    text!("alert-clears", over = over, now = now, worst = worst, clear = clear)
                }
            }
        }
    };
    lines.push((figures, Tone::Muted));
    for entry in e.trail.iter().rev() {
        let who =
            entry.who.as_ref().map_or_else(String::new, |who| text!("alert-entry-by", who = who.name, from = who.from));
        let text = entry
            .text
            .as_ref()
            .map_or_else(String::new, |text| format!(": {}", language::history_text(entry.kind, text)));
        let value = entry.value.map_or_else(String::new, |v| text!("alert-entry-at", value = value(e, Some(v))));
        lines.push((format!("{} {}{who}{value}{text}", clock(entry.at), language::history(entry.kind)), Tone::Text));
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
    cols(overlay::height(&lines, usize::from(inner.width))).min(area.height)
}

/// Draw the choice of how long to snooze an episode.
pub fn snooze(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, id: u64) {
    let text = ctx.board.alerts.iter().find(|e| e.id == id).map_or_else(String::new, |e| name(ctx, e));
    let choice = text!("snooze-choice");
    let inner = overlay::frame(buffer, area, ctx.theme, text!("snooze-title"), (choice.width() + 4, 4));
    let width = usize::from(inner.width);
    buffer.set_stringn(inner.x, inner.y, fit(&text, width), width, ctx.theme.style(Tone::Muted));
    buffer.set_stringn(inner.x, inner.y + 1, choice, width, ctx.theme.style(Tone::Strong));
}
