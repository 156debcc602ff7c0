//! The page of trends: the time in steps against the same time before, with what was expected, what stood, and why.
//!
//! ```text
//! All queues   today by 30 min   against last Saturday, thin line
//! In time (service level)  25.8%  ‼ CRIT  −59 points on last Saturday     │ Last hour     now  last …
//! 100% │⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀                                                        │ In time     25.8%  84.6%
//!  80% │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌                                                    │ …
//! Hung up …, Arrivals …                                                   │ Week so far …
//!       00:00     03:00     06:00                                         │ What grew most, last hour …
//! notes              ● outage                                             │ …
//! alerts             ▄▄██                                                 │ 15:30–16:00 …
//! staff  ▄▄▄▅▅▆▆▇▇▇▇▇▇                                                    │
//! In time by queue, worst first                     where there is room   │
//! 15:30–16:00  in time 41% (n 187, last Saturday 84%) …                   where there is no right column
//! ```

pub mod chart;
pub mod picture;
pub mod readout;
pub mod side;
pub mod strips;
pub mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};
use unicode_width::UnicodeWidthStr;

use super::Ctx;
use crate::kpi::KpiId;
use crate::language::{self, text};
use crate::ui::drawn::{ClickTarget, Drawn};
use crate::ui::format::cols;
use crate::ui::glyphs::GlyphSet;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::trends::{Comparison, FIGURES, NAME_COLUMNS, SCALE_COLUMNS, SIDE_COLUMNS, WIDE_SCREEN};
use crate::ui::words;
use picture::TrendPicture;

/// A chart has a title and at least this many rows.
const MIN_CHART: u16 = 3;
/// Above three charts, each has at least so many rows.
const ROOMY_CHART: u16 = 12;
/// From this height on there is a line per queue.
const HIGH: u16 = 40;

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let picture = TrendPicture::new(ctx);
    let wide = area.width >= WIDE_SCREEN;
    let [main, right] = Layout::horizontal([Fill(1), Length(if wide { SIDE_COLUMNS } else { 0 })]).areas(area);
    let queues = if area.height >= HIGH { strips::queue_count(&picture).min(area.height / 5) } else { 0 };
    let alerts = u16::from(area.height >= 14);
    let said = u16::from(area.height >= 14 && !picture.annotations().is_empty());
    let staffing = u16::from(area.height >= 18 && strips::knows_staffing(&picture));
    let blank = u16::from(area.height >= 30);
    let so_far = u16::from(!wide && area.height >= 18);
    let readout = if wide { 0 } else { 2 + so_far + blank };
    let lines = if queues > 0 { queues + 1 + blank } else { 0 };
    let [title, charts, axis, said, strip, staff, lines, readout] = Layout::vertical([
        Length(1),
        Fill(1),
        Length(1),
        Length(said),
        Length(alerts),
        Length(staffing),
        Length(lines),
        Length(readout + blank),
    ])
    .areas(main);
    let count = chart_count(charts.height);
    drawn.charts = count;
    let figures = ctx.ui.trends.figures(count);
    let gutter = if queues > 0 { NAME_COLUMNS } else { SCALE_COLUMNS };
    head(buffer, title, &picture, figures);
    for (kpi, area) in figures.iter().zip(split(charts, count)) {
        chart::draw(buffer, area, &picture, *kpi, gutter);
    }
    let steps = Rect { x: axis.x + gutter, width: axis.width.saturating_sub(gutter + 1), ..axis };
    strips::axis(buffer, steps, &picture);
    if !said.is_empty() {
        strips::annotations(buffer, said, &picture, gutter);
    }
    for step in 0..picture.model.steps.len() {
        let columns = Rect { y: charts.y, height: staff.bottom() - charts.y, ..picture.place(steps, step) };
        drawn.note(columns, ClickTarget::Moment(step));
    }
    if alerts > 0 {
        strips::alerts(buffer, strip, &picture, gutter);
    }
    if staffing > 0 {
        strips::staffing(buffer, staff, &picture, gutter);
    }
    if queues > 0 {
        let lines = Rect { y: lines.y + blank, height: lines.height - blank, ..lines };
        strips::queues(buffer, lines, &picture, gutter, drawn);
    }
    if wide {
        side::draw(buffer, right, &picture, figures);
    } else {
        let readout = Rect { y: readout.y + blank, height: readout.height - blank, ..readout };
        let [of_step, of_week] = Layout::vertical([Fill(1), Length(so_far)]).areas(readout);
        readout::draw(buffer, of_step, &picture, figures);
        if !of_week.is_empty() {
            let words = readout::so_far(&picture, of_week.width.saturating_sub(2));
            buffer.set_string(of_week.x + 1, of_week.y, words, ctx.theme.style(Tone::Text));
        }
    }
}

/// How many charts there is room for.
fn chart_count(height: u16) -> usize {
    let least = MIN_CHART + 1;
    let count = (height / least).min(3).max(height / ROOMY_CHART);
    usize::from(count).clamp(1, FIGURES.len())
}

/// The areas of the charts, the higher ones first.
fn split(area: Rect, count: usize) -> Vec<Rect> {
    Layout::vertical(vec![Fill(1); count]).split(area).to_vec()
}

/// Write what the page is about.
fn head(buffer: &mut Buffer, area: Rect, picture: &TrendPicture<'_>, shown: &[KpiId]) {
    let ctx = picture.ctx;
    let name = table::capital(&ctx.slice_name(&picture.of));
    let range = language::window(ctx.ui.trends.range);
    let time = text!("trends-range-by", range = range, step = picture.step_length());
    let mut parts = vec![(name, Tone::Strong)];
    let found = ctx.ui.lists.get(&Panel::TrendSlices).is_none_or(|list| !list.order.is_empty());
    if !found {
        parts.push((text!("trends-unmatched", filter = ctx.ui.filter), Tone::Warning));
    }
    parts.push((time, Tone::Text));
    parts.extend(against(picture).map(|words| (words, Tone::Muted)));
    let rest: Vec<String> =
        FIGURES.iter().filter(|kpi| !shown.contains(kpi)).map(|kpi| words::of(*kpi).to_owned()).collect();
    if let (Some(key), false) = (ctx.keymap.key(crate::ui::action::Action::NextPanel), rest.is_empty()) {
        parts.push((format!("{key}: {}", rest.join(", ")), Tone::Muted));
    }
    let age = picture::age(ctx, picture.figures);
    let right = area.right().saturating_sub(1 + cols(age.width()));
    buffer.set_string(right, area.y, &age, ctx.theme.style(Tone::Muted));
    let mut x = area.x + 1;
    for (text, tone) in parts {
        let width = cols(text.width());
        if x + width >= right {
            break;
        }
        buffer.set_string(x, area.y, &text, ctx.theme.style(tone));
        x += width + 3;
    }
}

/// What the time is compared with, and how that is drawn; or that nothing is known of it.
fn against(picture: &TrendPicture<'_>) -> Option<String> {
    let name = picture.compared()?;
    // Until the answers are there, nobody knows.
    picture.figures?;
    if !picture.has_before() {
        return Some(text!("trends-no-data-of", before = name));
    }
    let line = if picture.ctx.glyphs == GlyphSet::Full { text!("trends-thin-line") } else { text!("trends-dots") };
    Some(match picture.ctx.ui.trends.comparison {
        Comparison::FourWeeks => text!("trends-against", before = name, line = text!("trends-spread")),
        _ => text!("trends-against", before = name, line = line),
    })
}
