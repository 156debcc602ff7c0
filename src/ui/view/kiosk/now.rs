//! The pages of the kiosk about queues: what stands now with the worst queues below it, and the queues that are next
//! worst.

use ratatui::layout::Rect;

use super::duration;
use super::pane::{Hero, LineColumn, Pane, WallLine};
use crate::board::QueueRow;
use crate::clock::Span;
use crate::event::AgentState;
use crate::kpi::{Figure, KpiId, Verdict};
use crate::language::text;
use crate::ui::glyphs;
use crate::ui::grid::TableRow;
use crate::ui::queries;
use crate::ui::view::Ctx;
use crate::ui::view::queues::QueueItem;
use crate::ui::view::staffing;

/// Draw what stands now above the worst queues; returns how many of the queues are shown.
pub fn draw(pane: &mut Pane<'_, '_>, area: Rect, queues: &[QueueItem<'_>], wrong: usize) -> usize {
    let heroes = heroes(pane.ctx, queues);
    // What a source that is gone had reported is in these figures.
    let was_old = pane.old;
    pane.old |= !pane.ctx.silent_sources().is_empty();
    let taken = pane.heroes(area, &heroes) + pane.scale.unit();
    pane.old = was_old;
    let below = Rect { y: area.y + taken, height: area.height.saturating_sub(taken), ..area };
    list(pane, below, queues, wrong, 0)
}

/// Draw queues from number `first` on: those that are wrong, or if none is the others; returns up to which.
pub fn list(pane: &mut Pane<'_, '_>, area: Rect, queues: &[QueueItem<'_>], wrong: usize, first: usize) -> usize {
    let count = pane.line_count(area);
    let shown = if wrong > 0 { wrong } else { queues.len() };
    let last = shown.min(first + count);
    let title = match (wrong, first) {
        (0, _) if last < shown => text!("kiosk-queues-of", first = first + 1, last = last, all = shown),
        (0, _) => text!("kiosk-queues").to_owned(),
        (_, 0) => text!("kiosk-queues-worst").to_owned(),
        _ => text!("kiosk-queues-worst-of", first = first + 1, last = last),
    };
    let percent = if area.width >= 140 * pane.scale.unit() || pane.scale.label().is_none() { "100%" } else { "100" };
    let columns: [LineColumn; 4] = [
        (text!("kiosk-waiting"), "888"),
        (text!("kiosk-longest"), "88:88"),
        (text!("kiosk-in-time-share"), percent),
        (text!("kiosk-hung-up-share"), percent),
    ];
    let sign = percent.ends_with('%');
    let lines: Vec<WallLine> = queues.iter().take(last).skip(first).map(|item| line(item, sign)).collect();
    pane.lines(area, &title, &columns, &lines);
    last
}

fn line(item: &QueueItem<'_>, sign: bool) -> WallLine {
    let queue = item.queue();
    let wait = item.judged_wait();
    let rate = |kpi| {
        let figure = item.figure(kpi);
        let text = figure.and_then(|figure| figure.value).map(|v| format!("{v:.0}{}", if sign { "%" } else { "" }));
        (text.unwrap_or_else(|| "–".to_owned()), figure.map_or(Verdict::None, |figure| figure.verdict))
    };
    let cells = vec![
        (queue.live.waiting.to_string(), Verdict::None),
        (queue.live.longest_wait.map_or_else(|| "–".to_owned(), duration), wait.verdict),
        rate(KpiId::ServiceLevel),
        rate(KpiId::AbandonmentRate),
    ];
    let old = item.is_stale();
    // What no column shows stands beside the name.
    let is_shown = cells.iter().any(|(_, verdict)| *verdict >= item.verdict());
    let is_missing = item.verdict() >= Verdict::Warning && !is_shown && !old;
    let cause = if is_missing { item.causes().pop() } else { None };
    WallLine { mark: item.verdict(), name: queue.name.to_string(), cause, cells, quiet: item.is_taken() || old, old }
}

fn heroes(ctx: Ctx<'_>, queues: &[QueueItem<'_>]) -> Vec<Hero> {
    let live = &ctx.board.total;
    let with = queues.iter().filter(|item| item.queue().live.waiting > 0).count();
    let waiting = Hero {
        label: text!("kiosk-waiting"),
        text: live.waiting.to_string(),
        about: text!("kiosk-in-queues", count = with),
        verdict: Verdict::None,
    };
    vec![waiting, longest(ctx, queues), in_time(ctx), free(ctx)]
}

/// The longest wait, of the queue that is nearest to its limit or furthest past it.
fn longest(ctx: Ctx<'_>, queues: &[QueueItem<'_>]) -> Hero {
    let limit = |queue: &QueueRow| {
        let own = queue.bands.iter().find(|(kpi, _)| *kpi == KpiId::LongestWait).map(|(_, bands)| *bands);
        let bands = own.unwrap_or_else(|| ctx.bands(KpiId::LongestWait));
        bands.critical.or(bands.warning)
    };
    let mut worst: Option<(f64, Span, &QueueItem<'_>)> = None;
    for item in queues {
        let Some(wait) = item.queue().live.longest_wait else { continue };
        let share = wait.as_secs_f64() / limit(item.queue()).unwrap_or(f64::INFINITY).max(1.0);
        if worst.is_none_or(|(most, longest, _)| (share, wait) > (most, longest)) {
            worst = Some((share, wait, item));
        }
    }
    let (text, about, verdict) = match worst {
        Some((_, wait, item)) => {
            let limit = limit(item.queue()).and_then(Span::from_secs_f64).map(duration);
            let limit = limit.map_or_else(String::new, |limit| format!(", {}", text!("kiosk-limit", limit = limit)));
            (duration(wait), format!("{}{limit}", item.queue().name), item.judged_wait().verdict)
        }
        None => ("0:00".to_owned(), text!("nobody-waits").to_owned(), Verdict::None),
    };
    Hero { label: text!("kiosk-longest"), text, about, verdict }
}

fn in_time(ctx: Ctx<'_>) -> Hero {
    // While a floor still reads its past, its figures are not right yet.
    let figures = ctx.answers.figures(queries::kiosk_queues(ctx.ui)).filter(|_| !ctx.reading());
    let figure: Option<&Figure> = figures.and_then(|figures| figures.total(KpiId::ServiceLevel));
    let aim = ctx
        .bands(KpiId::ServiceLevel)
        .target
        .map_or_else(String::new, |aim| text!("kiosk-aim", aim = format!("{aim:.0}")));
    Hero {
        label: text!("kiosk-in-time"),
        text: figure.and_then(|figure| figure.value).map_or_else(|| "–".to_owned(), |value| format!("{value:.0}")),
        about: text!("kiosk-last-30", aim = aim),
        verdict: figure.map_or(Verdict::None, |figure| figure.verdict),
    }
}

fn free(ctx: Ctx<'_>) -> Hero {
    let live = &ctx.board.total;
    let free = staffing::count(live, AgentState::Available);
    let unknown = live.agents_in(AgentState::Unknown);
    let unknown = if unknown > 0 { text!("why-and-unknown", count = unknown) } else { String::new() };
    Hero {
        label: text!("kiosk-free-label"),
        text: free.map_or_else(|| glyphs::MISSING.to_owned(), |free| free.to_string()),
        about: text!(
            "kiosk-here",
            count = live.staffed(),
            paused = live.agents_in(AgentState::Paused),
            unknown = unknown
        ),
        verdict: if free == Some(0) && live.waiting > 0 { Verdict::Warning } else { Verdict::None },
    }
}
