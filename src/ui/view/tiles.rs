//! The tiles of a page: what is so this minute, as large as the rest of the page allows, and below it one line of what
//! moves by the day. A figure of that line that is past its limit gets a tile.
//!
//! ```text
//! Waiting        Longest wait ‼ CRIT   In time  ‼ CRIT   Hung up       Agents free
//! 37             12:57                 25.8%             29.7%         6
//! 241 offered ▂▅ Text messages         ≥80%, today 80.3% ≤3%, …        of 42, 5 paused
//! today: ASA 0:31 (not judged: mixed channels) · handling 4:54 · FCR 81.4% (81% open) · satisfied 82.7% ±3
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::series::{self, Bin};
use super::{Ctx, staffing};
use crate::board::QueueRow;
use crate::event::AgentState;
use crate::kpi::{Bands, Dim, Figure, KpiId, Live, Slice, Verdict, Window};
use crate::language::{self, ShownFigure as _, text};
use crate::ui::answers::Figures;
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::queries;
use crate::ui::state::{LIVE_TILES, Panel, TILES};
use crate::ui::theme::Tone;
use crate::ui::widget::tile::{HUGE, LARGE, Tile};
use crate::ui::words;

/// More tiles than those of this minute are shown only if they are so wide, which large digits need.
const LEAST_WIDTH: u16 = 20;

/// Draw the tiles at the top of `area`, leaving at least `below` rows where that is possible; returns the rows they
/// took.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, below: u16, drawn: &mut Drawn) -> u16 {
    let slice = ctx.ui.slice();
    let day = ctx.answers.figures(queries::day(ctx.ui, slice)).filter(|_| !ctx.reading());
    let (now, slow) = TILES.split_at(LIVE_TILES.unsigned_abs());
    let staffed = live(ctx, slice).agents.iter().sum::<i64>() > 0;
    // Where no source tells of agents, nothing is said about them.
    let mut shown: Vec<usize> =
        (0..now.len()).filter(|at| staffed || now.get(*at) != Some(&KpiId::AgentsAvailable)).collect();
    let most = usize::from(area.width / LEAST_WIDTH).max(shown.len());
    let verdict = |at: &usize| {
        let figure = day.zip(TILES.get(*at)).and_then(|(day, kpi)| day.total(*kpi));
        figure.map_or(Verdict::None, |figure| figure.verdict)
    };
    let mut bad: Vec<usize> = (now.len()..TILES.len()).filter(|at| verdict(at) >= Verdict::Warning).collect();
    bad.sort_by_key(|at| std::cmp::Reverse(verdict(at)));
    bad.truncate(most - shown.len());
    bad.sort_unstable();
    shown.extend(bad);
    let width = area.width / cols(shown.len()).max(1);
    let height = height(width, area.height.saturating_sub(below));
    let series = ctx.answers.figures(queries::course(ctx.ui, slice));
    let bins = series.map(|figures| series::bins(ctx, figures, None, slice, queries::steps(ctx.ui.window).1));
    let course = series.zip(bins.as_deref());
    for (column, at) in (0..).zip(&shown) {
        let place = Rect { x: area.x + column * width, width, height, ..area };
        if let Some(kpi) = TILES.get(*at) {
            one(buffer, place, ctx, (*at, *kpi), day.filter(|_| slow.contains(kpi)), course);
            drawn.note(place, ClickTarget::Tile(*at));
        }
    }
    let rest: Vec<usize> = (now.len()..TILES.len()).filter(|at| !shown.contains(at)).collect();
    let place = Rect { y: area.y + height, height: 1, ..area };
    height + if area.height > height { line(buffer, place, ctx, day, &rest, drawn) } else { 0 }
}

/// How high tiles of a width are, where there are so many rows for them.
fn height(width: u16, free: u16) -> u16 {
    match width {
        40.. if free >= 3 * HUGE => HUGE,
        LEAST_WIDTH.. if free >= LARGE + 4 => LARGE + 1,
        LEAST_WIDTH.. if free >= LARGE + 2 => LARGE,
        _ if free >= 8 => 4,
        _ => 3,
    }
}

/// Draw a tile: of the figures of the day if there are any, or else of this minute.
fn one(
    buffer: &mut Buffer,
    place: Rect,
    ctx: Ctx<'_>,
    (at, kpi): (usize, KpiId),
    of_day: Option<&Figures>,
    course: Option<(&Figures, &[Bin<'_>])>,
) {
    let slice = ctx.ui.slice();
    let totals = of_day.or_else(|| ctx.answers.figures(queries::totals(ctx.ui, slice)));
    // While a floor still reads its past, its figures are not right yet.
    let asked = totals.and_then(|figures| figures.total(kpi)).filter(|_| !ctx.reading());
    let of = if kpi == KpiId::Waiting { KpiId::Offered } else { kpi };
    let trend = course.map(|(figures, bins)| series::points(figures, bins, of)).unwrap_or_default();
    let (own, bands, words) = match kpi {
        KpiId::Waiting => {
            let offered = totals.and_then(|figures| figures.total(KpiId::Offered)).and_then(|figure| figure.value);
            let words = offered.map(|n| text!("tile-offered", count = language::count(n)));
            (Some(Figure::count(live(ctx, slice).waiting)), Bands::NONE, words.into_iter().collect())
        }
        KpiId::LongestWait => {
            let (figure, queue) = longest_wait(ctx, slice);
            (Some(figure), Bands::NONE, queue.into_iter().collect())
        }
        KpiId::AgentsAvailable => (Some(free(live(ctx, slice))), Bands::NONE, others(live(ctx, slice))),
        _ => {
            let words = of_day.map_or_else(|| today(ctx, kpi), |_| Some(over(ctx).to_owned()));
            (None, ctx.bands_of(kpi, slice), words.into_iter().collect())
        }
    };
    let tile = Tile {
        name: words::title(kpi),
        kpi: kpi.def(),
        figure: own.as_ref().filter(|_| !ctx.unknown()).or(asked),
        bands,
        words,
        trend: &trend,
        without: &ctx.missing_sources(slice),
        selected: ctx.ui.focus() == Panel::Tiles && ctx.ui.tile == at,
        stale: ctx.is_silent(slice),
        glyphs: ctx.glyphs,
    };
    tile.draw(buffer, place, ctx.theme);
}

/// The present state of the page's queue, or of the floor.
fn live<'a>(ctx: Ctx<'a>, slice: &Slice) -> &'a Live {
    let queue = slice.get(Dim::Queue).and_then(|id| ctx.board.queues.find(id));
    queue.map_or(&ctx.board.total, |queue| &queue.live)
}

/// The wait that is furthest past the limits of its own queue, because an email may wait for hours; and of a floor, the
/// queue that has it.
fn longest_wait(ctx: Ctx<'_>, slice: &Slice) -> (Figure, Option<String>) {
    let id = slice.get(Dim::Queue);
    let queues = ctx.board.queues.iter().filter(|queue| id.is_none_or(|id| queue.id == *id));
    // How much of its limit a wait has used up; of queues without limits, none.
    let used = |queue: &QueueRow| {
        let limits = ctx.wait_limits(queue);
        let wait = queue.live.longest_wait?.as_secs_f64();
        Some((wait / limits.warning.or(limits.critical).unwrap_or(f64::INFINITY), wait))
    };
    let waits = queues.filter_map(|queue| Some((used(queue)?, queue)));
    let worst = waits.max_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    worst.map_or_else(
        || (Figure::unknown(text!("nobody-waits")), None),
        |(_, queue)| (ctx.longest_wait(queue), id.is_none().then(|| queue.name.to_string())),
    )
}

/// The number of agents who are free: a warning where there is none, and somebody waits.
fn free(live: &Live) -> Figure {
    let count = staffing::count(live, AgentState::Available);
    let figure = count.map_or_else(|| Figure::unknown(text!("agents-unknown")), Figure::count);
    let verdict = if count == Some(0) && live.waiting > 0 { Verdict::Warning } else { Verdict::None };
    Figure { verdict, ..figure }
}

/// What the other agents do: `of 42`, `5 paused`.
fn others(live: &Live) -> Vec<String> {
    let states = [
        (AgentState::Paused, text!("tile-paused")),
        (AgentState::OnContact, text!("tile-talking")),
        (AgentState::AfterContact, text!("tile-after-call")),
        (AgentState::Unknown, text!("tile-unknown")),
    ];
    let states = states.into_iter().map(|(state, word)| (live.agents_in(state), word)).filter(|(count, _)| *count > 0);
    std::iter::once(text!("of-count", count = live.staffed().to_string()))
        .chain(states.map(|(count, word)| format!("{count} {word}")))
        .collect()
}

/// The day's figure beside that of a shorter window.
fn today(ctx: Ctx<'_>, kpi: KpiId) -> Option<String> {
    let day = ctx.answers.figures(queries::day(ctx.ui, ctx.ui.slice())).filter(|_| ctx.ui.window < Window::Today)?;
    let figure = day.total(kpi).filter(|figure| figure.is_known())?;
    Some(text!("tile-today", value = kpi.def().shown(figure)))
}

/// The time of the figures that move by the day.
fn over(ctx: Ctx<'_>) -> &'static str {
    language::window(ctx.ui.window.max(Window::Today))
}

/// Draw the figures of the day that need no tile; returns the rows that they took. A figure that is not known is left out.
fn line(
    buffer: &mut Buffer,
    area: Rect,
    ctx: Ctx<'_>,
    day: Option<&Figures>,
    tiles: &[usize],
    drawn: &mut Drawn,
) -> u16 {
    let Some(day) = day else { return 1 };
    let stale = ctx.is_silent(ctx.ui.slice());
    let ink = |tone: Tone| ctx.theme.style(if stale && tone != Tone::Focus { Tone::Stale } else { tone });
    let lead = format!("{}:", over(ctx));
    let mut x = area.x + 1;
    let mut first = true;
    for at in tiles {
        let Some(kpi) = TILES.get(*at).copied() else { continue };
        let Some(figure) = day.total(kpi).filter(|figure| figure.is_known()) else { continue };
        let bad = figure.verdict >= Verdict::Warning;
        let sign = if bad { glyphs::sign(figure.verdict) } else { "" };
        let value = format!("{sign}{}", kpi.def().shown(figure));
        let more = more(ctx, kpi, figure);
        let name = if first { lead.as_str() } else { "·" };
        let needed = cols(name.width() + words::of(kpi).width() + value.width() + more.width()) + 3;
        if x + needed > area.right() {
            break;
        }
        let from = x;
        let selected = ctx.ui.focus() == Panel::Tiles && ctx.ui.tile == *at;
        let tone = if bad { Tone::of(figure.verdict) } else { Tone::Text };
        let parts = [
            (name, Tone::Muted),
            (words::of(kpi), if selected { Tone::Focus } else { Tone::Muted }),
            (value.as_str(), tone),
            (more.as_str(), Tone::Muted),
        ];
        for (text, tone) in parts.into_iter().filter(|(text, _)| !text.is_empty()) {
            buffer.set_string(x, area.y, text, ink(tone));
            x += cols(text.width()) + 1;
        }
        drawn.note(Rect { x: from, width: x - from, ..area }, ClickTarget::Tile(*at));
        first = false;
    }
    u16::from(!first)
}

/// What belongs to a figure of the line: how sure it is, or why it is not judged.
fn more(ctx: Ctx<'_>, kpi: KpiId, figure: &Figure) -> String {
    if ctx.is_mixed(kpi, ctx.ui.slice(), figure) {
        return text!("tile-mixed").to_owned();
    }
    match figure.provisional.filter(|open| *open >= 0.5) {
        Some(open) => format!("({})", text!("tile-open", share = language::percent(open, 0))),
        None => format::interval(kpi.def(), figure),
    }
}
