//! The band at the top of the kiosk: data that is old or missing, an alert that nobody has taken, or in a thin line who has
//! taken one and what is fine again.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pane::{self, Pane};
use super::{duration, minutes};
use crate::alert::{Episode, State};
use crate::board::{Health, Keeper, SourceRow};
use crate::clock::Span;
use crate::kpi::{Dim, Kpi, KpiId, Unit};
use crate::language::{self, ShownFigure as _, text};
use crate::ui::format::clauses;
use crate::ui::kiosk::{Subject, calling};
use crate::ui::theme::Tone;
use crate::ui::view::Ctx;
use crate::ui::widget::lettering::{self, Size};
use crate::ui::words;

/// From this age on, data is old.
const OLD: Span = Span::seconds(30);

/// The age of the data: how long the floor, or the one that it follows, has been silent or out of reach.
#[must_use]
pub fn age(ctx: Ctx<'_>) -> Span {
    let now = ctx.ui.kiosk.now;
    let since = [ctx.cut_off().map(|cut_off| cut_off.since), ctx.board.silent_since];
    since.into_iter().flatten().fold(now.since(ctx.board.at), |age, since| age.max(now.since(since)))
}

/// Whether all data is old: it is of a while ago, or no source sends any more.
#[must_use]
pub fn is_old(ctx: Ctx<'_>) -> bool {
    let followed = || ctx.board.sources.iter().filter(|source| source.health != Health::Ended);
    age(ctx) >= OLD || followed().next().is_some() && followed().all(|source| source.is_silent(ctx.board.at))
}

/// Whether no board with data has come yet.
#[must_use]
pub fn is_nothing_there(ctx: Ctx<'_>) -> bool {
    ctx.board.queues.is_empty() && (ctx.cut_off().is_some() || matches!(ctx.board.keeper, Keeper::Loading))
}

/// The text of a band.
struct Band {
    /// What it says.
    text: String,
    /// What else it says, at the right, where there is room.
    right: String,
    /// For those who come near.
    about: String,
    tone: Tone,
    /// Whether it is as large as the figures.
    huge: bool,
    /// Whether its frame is inverted now.
    inverted: bool,
}

impl Band {
    const fn new(text: String, about: String, tone: Tone) -> Self {
        Self { text, right: String::new(), about, tone, huge: false, inverted: false }
    }
}

/// Draw the band; returns its rows with the gap below.
pub fn draw(pane: &mut Pane<'_, '_>, area: Rect) -> u16 {
    let ctx = pane.ctx;
    let bands: Vec<Band> = old(ctx).into_iter().chain(gone(ctx)).collect();
    // While all data is old, alerts are, too.
    let are_alerts_old = bands.first().is_some_and(|band| band.huge);
    let calling: Vec<&Episode> = calling(ctx.board).filter(|_| !are_alerts_old).collect();
    let turn = ctx.ui.kiosk.turn(bands.len() + calling.len());
    if let Some(band) = bands.get(turn) {
        return filled(pane, area, band);
    }
    let number = turn - bands.len();
    if let Some(episode) = calling.get(number) {
        return filled(pane, area, &alert(ctx, episode, (number + 1, calling.len())));
    }
    let lines: Vec<(String, Tone)> = taken(ctx).chain(recovered(ctx)).collect();
    let Some((text, tone)) = lines.get(ctx.ui.kiosk.turn(lines.len())) else { return 0 };
    let style = pane.style(*tone);
    let margin = pane.scale.margin();
    pane.label(area.x + margin, area.y, text, area.width.saturating_sub(2 * margin), style);
    pane.scale.line() + pane.scale.unit()
}

fn filled(pane: &mut Pane<'_, '_>, area: Rect, band: &Band) -> u16 {
    let (scale, theme) = (pane.scale, pane.ctx.theme);
    let style = theme.style(band.tone);
    let margin = scale.margin();
    let room = area.width.saturating_sub(2 * margin);
    let huge = Size::widest(scale.hero(), |size| lettering::width(&band.text, size).is_some_and(|width| width <= room));
    let pad = if band.huge || scale.label().is_some() { scale.unit() } else { 0 };
    let rows = if band.huge { huge.rows() + pad } else { scale.line() };
    let block = Rect { height: pad + rows + 1, ..area };
    pane.fill(block, style);
    let (x, y) = (area.x + margin, area.y + pad);
    if band.huge {
        lettering::draw(pane.buffer, x, y, &band.text, huge, style);
    } else {
        let (text, right) = (pane.width(&band.text), pane.width(&band.right));
        pane.label(x, y, &band.text, room, style);
        if text + right + 3 * scale.unit() <= room {
            pane.label_before(x + room, y, &band.right, style);
        }
    }
    let foot = block.bottom() - 1;
    pane.caption(x, foot, &clauses(&band.about, usize::from(room)), room, style);
    if band.inverted {
        frame(pane, block, margin, pane::inverted(theme, band.tone));
    }
    block.height + scale.unit()
}

fn frame(pane: &mut Pane<'_, '_>, block: Rect, margin: u16, style: Style) {
    let edge = margin / 2 + margin % 2;
    let side = |x: u16| Rect { x, width: edge, ..block };
    for part in [
        Rect { height: 1, ..block },
        Rect { y: block.bottom() - 1, height: 1, ..block },
        side(block.x),
        side(block.right().saturating_sub(edge)),
    ] {
        // Where there is no room above the text, the frame is below it and at the sides.
        if part.width < block.width || part.y > block.y || pane.scale.label().is_some() {
            pane.fill(part, style);
        }
    }
}

/// The band about data that is old as a whole, or not there yet.
fn old(ctx: Ctx<'_>) -> Option<Band> {
    let reason = ctx.cut_off().map(|cut_off| {
        let next = ctx.time_to_next_try(cut_off.next_try).map_or_else(String::new, |next| format!("; {next}"));
        format!("{}{next}", cut_off.reason)
    });
    if is_nothing_there(ctx) {
        let about = reason.filter(|words| !words.is_empty());
        let about = about.unwrap_or_else(|| text!("kiosk-reading").to_owned());
        return Some(Band::new(text!("kiosk-no-data-yet").to_owned(), about, Tone::WarningFill));
    }
    let age = Some(age(ctx)).filter(|age| *age >= OLD)?;
    let about = reason.unwrap_or_else(|| text!("kiosk-silent").to_owned());
    let text = lettering::fold(&text!("kiosk-data-old", age = minutes(age)));
    Some(Band { huge: true, ..Band::new(text, about, Tone::WarningFill) })
}

/// The band about a source that is gone.
fn gone(ctx: Ctx<'_>) -> Option<Band> {
    let silent = ctx.silent_sources();
    let worst: &&SourceRow = silent.first()?;
    let head = text!("kiosk-no-data-from", source = worst.name, more = silent.len() - 1);
    let next = ctx.time_to_next_try(worst.next_try).map_or_else(String::new, |next| format!("; {next}"));
    let about = format!("{}{next}", text!("kiosk-as-of-then", reason = worst.reason));
    let band = Band::new(head, about, Tone::WarningFill);
    Some(Band { right: text!("since", time = ctx.short_time(worst.since)), ..band })
}

/// The band of an alert that nobody has taken.
fn alert(ctx: Ctx<'_>, episode: &Episode, (number, count): (usize, usize)) -> Band {
    let age = episode.fired.map_or(Span::ZERO, |fired| ctx.ui.kiosk.now.since(fired));
    let since = ctx.short_time(episode.since);
    let mut about = text!("kiosk-since", time = since, age = minutes(age).to_lowercase());
    let text = match episode.kpi.map(KpiId::def) {
        Some(kpi) => {
            if let Some(limit) = episode.limit {
                about = format!("{about}, {}", text!("kiosk-limit", limit = value(kpi, limit)));
            }
            about = format!("{about}, {}", language::window(episode.window));
            format!("{} {}", name(ctx, &Subject::of(episode)), phrase(kpi, episode))
        }
        None => name(ctx, &Subject::of(episode)),
    };
    if !episode.action.is_empty() {
        about = format!("{about}: {}", language::action(episode));
    }
    if count > 1 {
        about = text!("kiosk-alert-of", number = number, count = count, about = about);
    }
    let inverted = ctx.ui.kiosk.is_inverted(episode.fired);
    Band { right: text!("kiosk-nobody-yet").to_owned(), inverted, ..Band::new(text, about, Tone::Critical) }
}

/// Who has taken which critical alert.
fn taken(ctx: Ctx<'_>) -> impl Iterator<Item = (String, Tone)> {
    let critical = |e: &&Episode| e.severity == crate::alert::Severity::Critical && e.inhibited_by.is_none();
    let taken = ctx.board.alerts.iter().filter(critical).filter(|episode| episode.state == State::Acknowledged);
    taken.filter_map(move |episode| {
        let by = episode.acknowledged.as_ref()?;
        let left = minutes(by.until.since(ctx.ui.kiosk.now));
        let what = name(ctx, &Subject::of(episode));
        Some((text!("kiosk-has-it", alert = what, who = by.who.name, left = left), Tone::Warning))
    })
}

fn recovered(ctx: Ctx<'_>) -> impl Iterator<Item = (String, Tone)> {
    ctx.ui.kiosk.recovered().map(move |subject| (text!("kiosk-fine-again", what = name(ctx, subject)), Tone::Good))
}

/// What an alert is about. A wall names no agents unless the configuration wants it.
fn name(ctx: Ctx<'_>, subject: &Subject) -> String {
    match &subject.source {
        Some(source) => source.to_string(),
        None if subject.slice.get(Dim::Agent).is_some() && !ctx.settings.kiosk.names => {
            text!("kiosk-an-agent").to_owned()
        }
        None => ctx.slice_name(&subject.slice),
    }
}

/// A figure in the words of the floor: `49% hung up`.
fn phrase(kpi: &Kpi, episode: &Episode) -> String {
    let words = match kpi.id {
        KpiId::LongestWait => text!("kiosk-wait"),
        KpiId::Asa => text!("kiosk-to-answer"),
        KpiId::AgentsAvailable => text!("kiosk-free"),
        other => words::of(other),
    };
    episode.figure.value.map_or_else(|| words.to_owned(), |figure| format!("{} {words}", value(kpi, figure)))
}

fn value(kpi: &Kpi, value: f64) -> String {
    match kpi.unit {
        Unit::Percent => language::percent(value, 0),
        Unit::Seconds => Span::from_secs_f64(value).map_or_else(String::new, duration),
        _ => kpi.shown_value(value, 0).replace(text!("number-group"), ""),
    }
}
