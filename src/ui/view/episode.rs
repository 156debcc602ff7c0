//! One alert in words: its meaning, the instruction, and its history.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Ctx, overlay};
use crate::alert::{Episode, State};
use crate::clock::Time;
use crate::text::{Label, fit};
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::theme::Tone;

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
        (Some(kpi), Some(value)) => kpi.def().show_value(value, e.figure.n),
        _ => "–".to_owned(),
    }
}

/// Draw the meaning, the instruction and the history of an episode; returns the rows it took.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, e: &Episode) -> u16 {
    let clock = |at| format::clock(at, ctx.zone());
    let verdict = glyphs::of_severity(e.severity);
    let mut lines = vec![(format!("{} {}", glyphs::sign(verdict), e.text), Tone::of(verdict))];
    if !e.action.is_empty() {
        lines.push((format!("→ {}", e.action), Tone::Strong));
    }
    let since = clock(e.since);
    let figures = match e.kpi {
        None => format!("since {since}"),
        Some(_) => format!(
            "{}, {}: now {}, {} {} since {since}, worst {}, n {}",
            ctx.slice_name(&e.slice),
            e.window.words(),
            value(e, e.figure.value),
            if e.above { "above" } else { "below" },
            value(e, e.limit),
            value(e, e.worst),
            e.figure.n
        ),
    };
    lines.push((figures, Tone::Muted));
    for entry in e.trail.iter().rev() {
        let who = entry.who.as_ref().map_or_else(String::new, |who| format!(" by {} ({})", who.name, who.from));
        let text = entry.text.as_ref().map_or_else(String::new, |text| format!(": {text}"));
        let value = entry.value.map_or_else(String::new, |v| format!(" at {}", value(e, Some(v))));
        lines.push((format!("{} {}{who}{value}{text}", clock(entry.at), entry.kind), Tone::Text));
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    overlay::lines(buffer, inner, ctx.theme, &lines, 0);
    cols(overlay::height(&lines, usize::from(inner.width))).min(area.height)
}

/// Draw the choice of how long to snooze an episode.
pub fn snooze(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, id: u64) {
    let text = ctx.board.alerts.iter().find(|e| e.id == id).map_or("", |e| e.text.as_str());
    let choice = "1: 5 min   2: 15 min   3: 30 min   4: 1 h";
    let inner = overlay::frame(buffer, area, ctx.theme, "Be quiet about it for", (choice.width() + 4, 4));
    let width = usize::from(inner.width);
    buffer.set_stringn(inner.x, inner.y, fit(text, width), width, ctx.theme.style(Tone::Muted));
    buffer.set_stringn(inner.x, inner.y + 1, choice, width, ctx.theme.style(Tone::Strong));
}
