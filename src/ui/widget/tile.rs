//! A tile: one figure with its verdict, target, samples and trend.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::lettering::{self, Size};
use super::trend::{self, TrendPoint};
use crate::kpi::{Bands, Better, Figure, Kpi, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::text::fit;
use crate::ui::format::{self, cols};
use crate::ui::glyphs::{self, GlyphSet};
use crate::ui::theme::{Theme, Tone};

/// What a tile shows.
pub struct Tile<'a> {
    /// The title.
    pub name: String,
    /// The KPI.
    pub kpi: &'a Kpi,
    /// Its figure; `None` while it is being asked for.
    pub figure: Option<&'a Figure>,
    /// Target and limits.
    pub bands: Bands,
    /// What else belongs to the figure, the most important first.
    pub words: Vec<String>,
    /// Its values over time, oldest first.
    pub trend: &'a [TrendPoint],
    /// The sources that are missing from it, in wordings from long to short.
    pub without: &'a [String],
    /// Whether it is the selected one.
    pub selected: bool,
    /// Whether its data is old.
    pub stale: bool,
    /// The signs that the terminal can show.
    pub glyphs: GlyphSet,
}

/// The columns that text leaves for the trend.
const MIN_TREND_WIDTH: usize = 4;
/// The height of a tile with large digits, in rows.
pub const LARGE: u16 = 2 + Size::LARGE.rows();
/// The height of a tile with huge digits and the trend on a row of its own, in rows.
pub const HUGE: u16 = 3 + Size::HUGE.rows();

impl Tile<'_> {
    /// Draw the tile, with large digits where there is room.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: Theme) {
        if area.width < 8 || area.height < 2 {
            return;
        }
        let unknown = Figure::default();
        let figure = self.figure.unwrap_or(&unknown);
        // The last verdict of old data is not an alarm any more.
        let verdict = if self.stale { Verdict::None } else { figure.verdict };
        let filled = verdict == Verdict::Critical;
        let ink = |tone: Tone| theme.style(if filled { Tone::Critical } else { tone });
        if filled {
            let ground = Rect { width: area.width - 1, ..area };
            buffer.set_style(ground, theme.style(Tone::Critical));
        }
        let tone = match verdict {
            _ if self.stale => Tone::Stale,
            Verdict::Good | Verdict::None if figure.is_known() => Tone::Strong,
            Verdict::None => Tone::Muted,
            other => Tone::of(other),
        };
        let bar = if self.selected { Tone::Focus } else { bar_tone(verdict) };
        if self.selected || !filled {
            for y in area.top()..area.bottom() {
                buffer.set_string(area.x, y, if self.selected { "█" } else { "▌" }, theme.style(bar));
            }
        }
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
        let width = usize::from(inner.width);
        let badge = self.badge(figure, width.saturating_sub(self.name.width() + 1));
        let fits = self.name.width() + badge.width() + usize::from(!badge.is_empty()) <= width;
        let name = if fits { self.name.as_str() } else { language::kpi(self.kpi.id).short.as_str() };
        let name_tone = if self.selected { Tone::Focus } else { Tone::Muted };
        let room = width.saturating_sub(if badge.is_empty() { 0 } else { badge.width() + 1 });
        buffer.set_stringn(inner.x, inner.y, fit(name, room), room, ink(name_tone));
        let x = inner.right().saturating_sub(cols(badge.width()));
        let badge_tone = match verdict {
            _ if self.stale => Tone::Stale,
            Verdict::Warning => Tone::WarningFill,
            _ => Tone::Muted,
        };
        buffer.set_stringn(x, inner.y, &badge, width, ink(badge_tone));

        let value = if self.figure.is_none() { "…".to_owned() } else { self.kpi.shown(figure) };
        let fits = |size: Size| {
            size.is_drawn_with(self.glyphs)
                && area.height >= 2 + size.rows()
                && lettering::width(&value, size).is_some_and(|wide| wide <= inner.width)
        };
        // All tiles of a page have the same height, and so digits of the same size if their values fit.
        let size = [(Size::HUGE, HUGE), (Size::LARGE, LARGE)].into_iter().find(|(s, h)| area.height >= *h && fits(*s));
        let after = if let Some((size, _)) = size {
            lettering::draw(buffer, inner.x, inner.y + 1, &value, size, ink(tone));
            inner.y + 1 + size.rows()
        } else {
            buffer.set_stringn(inner.x, inner.y + 1, &value, width, ink(tone));
            inner.y + 2
        };
        self.foot(buffer, Rect { y: after, height: area.bottom().saturating_sub(after), ..inner }, figure, &ink);
    }

    /// Sign and word of the verdict, as far as they fit into `room` columns.
    fn badge(&self, figure: &Figure, room: usize) -> String {
        let (sign, word) = match figure.verdict {
            _ if self.figure.is_none() => return String::new(),
            Verdict::None => return String::new(),
            _ if self.stale => (glyphs::MISSING, text!("verdict-old")),
            Verdict::Good if self.misses_target(figure) => (glyphs::GOOD, text!("tile-below-aim")),
            verdict => (glyphs::sign(verdict), glyphs::shown_word(verdict)),
        };
        let filled = !self.stale && figure.verdict >= Verdict::Warning;
        let wordings = [format!(" {sign} {word} "), format!("{sign} {word}"), sign.to_owned()];
        let mut fitting = wordings.into_iter().skip(usize::from(!filled)).filter(|text| text.width() <= room);
        fitting.next().unwrap_or_else(|| sign.to_owned())
    }

    /// The longest wording of what is missing that fits into `room` columns, or else the shortest.
    fn missing(&self, room: usize) -> String {
        let fits = self.without.iter().find(|words| words.width() <= room);
        fits.or(self.without.last()).cloned().unwrap_or_default()
    }

    /// Whether a figure that isn't past its warning limit still misses the target.
    fn misses_target(&self, figure: &Figure) -> bool {
        match (figure.value, self.bands.target, self.kpi.better) {
            (Some(value), Some(target), Better::Higher) => value < target,
            (Some(value), Some(target), Better::Lower) => value > target,
            _ => false,
        }
    }

    /// Draw target, samples and trend: on one row, or on two if there are two.
    fn foot(&self, buffer: &mut Buffer, area: Rect, figure: &Figure, ink: &impl Fn(Tone) -> Style) {
        if area.height == 0 {
            return;
        }
        let width = usize::from(area.width);
        let trend = figure.is_known() && self.trend.iter().any(|point| point.value.is_some());
        let two_rows = area.height > 1;
        let (words, rest, missing) = self.foot_words(figure, width, two_rows || !trend);
        buffer.set_stringn(area.x, area.y, &words, width, ink(Tone::Muted));
        buffer.set_style(Rect { height: 1, width: missing.min(area.width), ..area }, ink(Tone::Strong));
        if !trend {
            if two_rows {
                buffer.set_stringn(area.x, area.y + 1, fit(&rest, width), width, ink(Tone::Muted));
            }
            return;
        }
        let (arrow, good) = trend::direction(self.trend, self.kpi.better);
        let tone = match good {
            Some(false) if !self.stale => Tone::Warning,
            _ => Tone::Muted,
        };
        let room = width.saturating_sub(if two_rows { 2 } else { words.width() + 3 });
        let room = room.min(self.trend.len().max(1)).min(96);
        if room < MIN_TREND_WIDTH.min(self.trend.len()) {
            return;
        }
        let line = trend::line(self.trend, room);
        let (x, row) =
            if two_rows { (area.x, area.y + 1) } else { (area.right().saturating_sub(cols(room) + 2), area.y) };
        buffer.set_stringn(x, row, &line, room, ink(Tone::Muted));
        buffer.set_string(x + cols(room) + 1, row, arrow, ink(tone));
    }

    /// The words of the foot: missing sources, target, what else belongs to the figure, interval and samples, as far as
    /// there is room, and the rest of them; or why the figure is unknown. Returns also how many columns at the beginning
    /// are about missing sources.
    fn foot_words(&self, figure: &Figure, width: usize, whole: bool) -> (String, String, u16) {
        if let (false, Some(reason)) = (figure.is_known(), &figure.reason) {
            return (fit(language::told(reason.as_str()), width).into_owned(), String::new(), 0);
        }
        // A known figure without a verdict has no target here, for example because the slice mixes voice and email.
        let judged = !figure.is_known() || figure.verdict != Verdict::None;
        let target = judged.then(|| format::target(self.kpi, &self.bands)).flatten();
        let aim = target.as_ref().map_or(0, |target| target.width() + 2);
        let mut words = self.missing(if whole { width } else { width.saturating_sub(aim + MIN_TREND_WIDTH + 3) });
        let missing = cols(words.width());
        let mut all: Vec<String> = target.into_iter().chain(self.words.iter().cloned()).collect();
        if figure.is_known() {
            all.push(format::interval(self.kpi, figure));
            if self.kpi.sampled && figure.knows_samples() {
                all.push(text!("of-count", count = language::plain_count(figure.n)));
            }
            all.extend(
                figure
                    .provisional
                    .filter(|open| *open >= 0.5)
                    .map(|open| text!("tile-open", share = language::percent(open, 0))),
            );
        }
        let mut rest = String::new();
        for text in all.into_iter().filter(|text| !text.is_empty()) {
            let fits = |line: &String| line.width() + text.width() + if line.is_empty() { 0 } else { 2 } <= width;
            let line = match (rest.is_empty() && fits(&words), fits(&rest)) {
                (true, _) => &mut words,
                (false, true) => &mut rest,
                (false, false) => continue,
            };
            line.push_str(if line.is_empty() { "" } else { ", " });
            line.push_str(&text);
        }
        (words, rest, missing)
    }
}

const fn bar_tone(verdict: Verdict) -> Tone {
    if matches!(verdict, Verdict::Warning) { Tone::Warning } else { Tone::Faint }
}
