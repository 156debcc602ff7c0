//! A tile: one figure with its verdict, target, samples and trend.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::lettering::{self, Size};
use super::trend::{self, TrendPoint};
use crate::kpi::{Bands, Better, Figure, Kpi, Verdict};
use crate::text::fit;
use crate::ui::format::{self, cols};
use crate::ui::glyphs::{self, GlyphSet};
use crate::ui::theme::{Theme, Tone};

/// What a tile shows.
pub struct Tile<'a> {
    /// The KPI.
    pub kpi: &'a Kpi,
    /// Its figure; `None` while it is being asked for.
    pub figure: Option<&'a Figure>,
    /// Target and limits.
    pub bands: Bands,
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
        let verdict = figure.verdict;
        let tone = if self.stale {
            Tone::Stale
        } else {
            match verdict {
                Verdict::Good | Verdict::None if figure.is_known() => Tone::Strong,
                Verdict::None => Tone::Muted,
                other => Tone::of(other),
            }
        };
        let bar = if self.selected {
            Tone::Focus
        } else if self.stale {
            Tone::Faint
        } else {
            bar_tone(verdict)
        };
        for y in area.top()..area.bottom() {
            buffer.set_string(area.x, y, if self.selected { "█" } else { "▌" }, theme.style(bar));
        }
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
        let width = usize::from(inner.width);
        let name = if self.kpi.name.width() <= width { self.kpi.name } else { self.kpi.short };
        let name_tone = if self.selected { Tone::Focus } else { Tone::Muted };
        buffer.set_stringn(inner.x, inner.y, fit(name, width), width, theme.style(name_tone));

        let value = if self.figure.is_none() { "…".to_owned() } else { self.kpi.show(figure) };
        let fits = |size: Size| {
            size.is_drawn_with(self.glyphs)
                && area.height >= 2 + size.rows()
                && lettering::width(&value, size).is_some_and(|w| w + 7 <= inner.width)
        };
        // All tiles of a page have the same height, and so digits of the same size if their values fit.
        let size = [(Size::HUGE, HUGE), (Size::LARGE, LARGE)].into_iter().find(|(s, h)| area.height >= *h && fits(*s));
        let after = if let Some((size, _)) = size {
            lettering::draw(buffer, inner.x, inner.y + 1, &value, size, theme.style(tone));
            inner.y + 1 + size.rows()
        } else {
            buffer.set_stringn(inner.x, inner.y + 1, &value, width, theme.style(tone));
            inner.y + 2
        };
        self.badge(buffer, inner, after - 1, cols(value.width()), verdict, size.is_some(), theme);
        self.foot(buffer, inner, after, area.bottom(), figure, theme);
    }

    #[expect(clippy::too_many_arguments, reason = "one place calls it, with what it has just worked out")]
    fn badge(&self, buffer: &mut Buffer, inner: Rect, y: u16, value: u16, verdict: Verdict, large: bool, theme: Theme) {
        let (sign, mut word) = (glyphs::sign(verdict), glyphs::word(verdict));
        if verdict == Verdict::Good && self.figure.is_some_and(|figure| self.misses_target(figure)) {
            word = "fair";
        }
        if word.is_empty() || self.figure.is_none() {
            return;
        }
        // The last verdict of old data is not an alarm any more.
        let (sign, word, verdict) =
            if self.stale { (glyphs::MISSING, "old", Verdict::None) } else { (sign, word, verdict) };
        let tone = match verdict {
            _ if self.stale => Tone::Stale,
            Verdict::Critical => Tone::CriticalFill,
            Verdict::Warning => Tone::WarningFill,
            _ => Tone::Muted,
        };
        let free = if large { inner.width } else { inner.width.saturating_sub(value + 1) };
        let filled = matches!(verdict, Verdict::Warning | Verdict::Critical);
        let text = match (filled, free) {
            (true, 8..) => format!(" {sign} {word} "),
            (_, 6..) => format!("{sign} {word}"),
            _ => sign.to_owned(),
        };
        let x = inner.right().saturating_sub(cols(text.width()));
        buffer.set_stringn(x, y, &text, usize::from(inner.width), theme.style(tone));
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
    fn foot(&self, buffer: &mut Buffer, inner: Rect, y: u16, bottom: u16, figure: &Figure, theme: Theme) {
        if y >= bottom {
            return;
        }
        let width = usize::from(inner.width);
        let two_rows = y + 1 < bottom;
        let (words, missing) = self.foot_words(figure, width, two_rows);
        buffer.set_stringn(inner.x, y, &words, width, theme.style(Tone::Muted));
        buffer.set_style(Rect { y, height: 1, width: missing.min(inner.width), ..inner }, theme.style(Tone::Strong));
        if !figure.is_known() {
            return;
        }
        let (arrow, good) = trend::direction(self.trend, self.kpi.better);
        let tone = match good {
            Some(false) if !self.stale => Tone::Warning,
            _ => Tone::Muted,
        };
        let room = width.saturating_sub(if two_rows { 2 } else { words.width() + 3 });
        let room = room.min(self.trend.len().max(1)).min(96);
        let line = trend::line(self.trend, room);
        let (x, row) = if two_rows { (inner.x, y + 1) } else { (inner.right().saturating_sub(cols(room) + 2), y) };
        buffer.set_stringn(x, row, &line, room, theme.style(Tone::Muted));
        buffer.set_string(x + cols(room) + 1, row, arrow, theme.style(tone));
    }

    /// The words of the foot: missing sources, target, interval and samples, as far as there is room; or why the figure is
    /// unknown. Returns also how many columns at the beginning are about missing sources.
    fn foot_words(&self, figure: &Figure, width: usize, two_rows: bool) -> (String, u16) {
        // A known figure without a verdict has no target here, for example because the slice mixes voice and email.
        let judged = !figure.is_known() || figure.verdict != Verdict::None;
        let target = judged.then(|| format::target(self.kpi, &self.bands)).flatten();
        let aim = target.as_ref().map_or(0, |target| target.width() + 1);
        let mut words = self.missing(if two_rows { width } else { width.saturating_sub(aim + MIN_TREND_WIDTH + 3) });
        let missing = cols(words.width());
        let room = if two_rows { width } else { width.saturating_sub(7) };
        let mut add = |text: String| {
            if !text.is_empty() && words.width() + text.width() < room {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(&text);
            }
        };
        add(target.unwrap_or_default());
        if self.figure.is_none() {
            return (words, missing);
        }
        if figure.is_known() {
            add(format::interval(self.kpi, figure));
            if self.kpi.sampled {
                let samples = format::float(i64::try_from(figure.n).unwrap_or(0));
                add(format!("n {}", crate::kpi::format::count(samples)));
            }
            if let Some(open) = figure.provisional.filter(|p| *p >= 0.5) {
                add(format!("{open:.0}% open"));
            }
        } else if let Some(reason) = &figure.reason {
            return (fit(reason.as_str(), width).into_owned(), 0);
        }
        (words, missing)
    }
}

const fn bar_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Critical => Tone::Critical,
        Verdict::Warning => Tone::Warning,
        _ => Tone::Faint,
    }
}
