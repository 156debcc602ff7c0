//! What the pages of the kiosk are drawn with: labels, large figures and rows whose sizes are shares of the screen's
//! height, so that a larger screen shows the same in rounder letters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::kpi::Verdict;
use crate::text::fit;
use crate::ui::format::{clauses, cols};
use crate::ui::glyphs::GlyphSet;
use crate::ui::theme::{Depth, Theme, Tone};
use crate::ui::view::Ctx;
use crate::ui::widget::lettering::{self, Size};

/// Labels take this share of the height at least, in percent: 25 mm of a screen that is read from six metres.
pub const LABEL: u16 = 4;
/// The figures above the list take this share.
pub const HERO: u16 = 15;

/// The sizes at a height of the screen.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The half rows of a dot of labels; 0 where plain text is high enough.
    label: u16,
    /// The half rows of a dot of heroes.
    hero: u16,
}

impl Scale {
    /// The sizes for a screen of `height` rows.
    #[must_use]
    pub fn of(height: u16, glyphs: GlyphSet) -> Self {
        let [label, hero] = [LABEL, HERO].map(|percent| dot(height, percent, glyphs));
        Self { label, hero: hero.max(1) }
    }

    /// The size of labels; `None` for plain text.
    #[must_use]
    pub fn label(self) -> Option<Size> {
        (self.label > 0).then(|| Size::square(self.label))
    }

    /// The columns of a margin and the rows of a gap.
    #[must_use]
    pub fn unit(self) -> u16 {
        self.label.max(1)
    }

    /// The columns beside what is written.
    #[must_use]
    pub fn margin(self) -> u16 {
        if self.label == 0 { 1 } else { 2 * self.label }
    }

    /// The columns before the names of a list.
    #[must_use]
    pub fn indent(self) -> u16 {
        if self.label == 0 { 4 } else { 6 * self.label }
    }

    /// The rows of a line of labels.
    #[must_use]
    pub fn line(self) -> u16 {
        if self.label == 0 { 1 } else { 3 * self.label }
    }

    /// The rows of a list's headings. The ground of a figure that is drawn begins above it, so that its ink has an edge.
    fn heading(self) -> u16 {
        1 + self.label.min(1)
    }

    /// The rows from one line of a list to the next.
    #[must_use]
    pub fn pitch(self) -> u16 {
        if self.label == 0 { 1 } else { 4 * self.label }
    }

    /// The half rows of a dot of heroes.
    #[must_use]
    pub const fn hero(self) -> u16 {
        self.hero
    }

    /// The rows of the heroes with their labels and captions.
    fn hero_rows(self) -> u16 {
        let pad = 1 - self.hero % 2;
        self.line() + self.unit() + Size::square(self.hero).rows() + pad + 1
    }
}

/// The half rows of a dot of letters that are `percent` of the height high, in five dots; 0 where plain text will do. Whole rows
/// alone make few sizes: of these the nearest is taken, be it a little lower, since larger ones leave no room.
fn dot(height: u16, percent: u16, glyphs: GlyphSet) -> u16 {
    /// The heights of plain text, and of letters whose dots are a row high, in hundredths of a row.
    const PLAIN: u32 = 100;
    const ROW: u32 = 5 * PLAIN;
    let wanted = u32::from(height) * u32::from(percent);
    let halves = if wanted <= PLAIN {
        0
    } else if Size::square(1).is_drawn_with(glyphs) {
        wanted.div_ceil(ROW / 2)
    } else {
        let rows = wanted / ROW;
        let (below, above) = (PLAIN.max(rows * ROW), (rows + 1) * ROW);
        // By how many times they differ, `above` is nearer.
        let is_above = wanted * wanted > below * above;
        2 * (rows + u32::from(is_above))
    };
    u16::try_from(halves).unwrap_or(u16::MAX)
}

/// A large figure.
pub struct Hero {
    /// What it is, in a word or two.
    pub label: &'static str,
    /// The figure.
    pub text: String,
    /// What it is about, for those who come near.
    pub about: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// A line of a list.
pub struct WallLine {
    /// The mark before the name.
    pub mark: Verdict,
    /// The name.
    pub name: String,
    /// What makes it bad, where no figure shows that. It is left out where there is no room.
    pub cause: Option<String>,
    /// The figures with their verdicts.
    pub cells: Vec<(String, Verdict)>,
    /// Whether it is quiet: it is old, or somebody deals with it.
    pub quiet: bool,
    /// Whether its data is old.
    pub old: bool,
}

/// A column of a list: its heading, and the widest figure that is usual.
pub type LineColumn = (&'static str, &'static str);

/// Where the kiosk draws.
pub struct Pane<'a, 'b> {
    /// The cells.
    pub buffer: &'b mut Buffer,
    /// What is drawn.
    pub ctx: Ctx<'a>,
    /// The sizes.
    pub scale: Scale,
    /// Whether all data is old, so that everything is drawn grey.
    pub old: bool,
}

impl Pane<'_, '_> {
    /// The style of a tone. Grey is never so dark that it is not read from afar, but for old data.
    #[must_use]
    pub fn style(&self, tone: Tone) -> Style {
        let theme = self.ctx.theme;
        match tone {
            _ if self.old => theme.style(Tone::Faint),
            Tone::Muted if theme.depth == Depth::Few => theme.style(Tone::Text),
            tone => theme.style(tone),
        }
    }

    /// The columns of a label.
    #[must_use]
    pub fn width(&self, text: &str) -> u16 {
        let large = self.scale.label().and_then(|size| lettering::width(&lettering::fold(text), size));
        large.unwrap_or_else(|| cols(text.to_uppercase().width()))
    }

    /// Draw a label in at most `room` columns; plain where it holds what has no large form.
    pub fn label(&mut self, x: u16, y: u16, text: &str, room: u16, style: Style) {
        let folded = lettering::fold(text);
        let large = self.scale.label().filter(|size| lettering::width(&folded, *size).is_some());
        if let Some(size) = large {
            lettering::draw(self.buffer, x, y, &lettering::fit(&folded, size, room), size, style);
        } else {
            let text = text.to_uppercase();
            let room = usize::from(room);
            let y = y + (self.scale.line() - 1) / 2;
            self.buffer.set_stringn(x, y, fit(&text, room), room, style);
        }
    }

    /// Draw a label that ends before column `right`.
    pub fn label_before(&mut self, right: u16, y: u16, text: &str, style: Style) {
        let width = self.width(text);
        self.label(right.saturating_sub(width), y, text, width, style);
    }

    /// Draw plain text, for those who come near.
    pub fn caption(&mut self, x: u16, y: u16, text: &str, room: u16, style: Style) {
        let room = usize::from(room);
        self.buffer.set_stringn(x, y, fit(text, room), room, style);
    }

    /// Fill an area.
    pub fn fill(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Fill the ground of letters, and some more above where that is free: a heading there is left as it is.
    fn ground(&mut self, area: Rect, style: Style) {
        self.fill(area, style);
        let above = Rect { y: area.y.saturating_sub(1), height: area.y.min(1), ..area }.intersection(self.buffer.area);
        let is_free = above.positions().all(|at| self.buffer.cell(at).is_some_and(|cell| cell.symbol() == " "));
        match self.scale.label {
            _ if !is_free => {}
            0 => {}
            1 => {
                let half = Style { fg: style.bg.or(style.fg), ..Style::new() };
                for at in above.positions() {
                    if let Some(cell) = self.buffer.cell_mut(at) {
                        cell.set_symbol("▄").set_style(half);
                    }
                }
            }
            _ => self.fill(above, style),
        }
    }

    /// The style of a figure by its verdict, and whether its ground is filled: what is bad is an area, because ink is not
    /// seen from afar.
    fn judged(&self, verdict: Verdict, fine: Tone) -> (Style, bool) {
        let tone = match verdict {
            _ if self.old => return (self.style(fine), false),
            Verdict::Critical => Tone::Critical,
            // Without colours only one ground can be told from the screen's own.
            Verdict::Warning if self.ctx.theme.depth == Depth::None => return (self.style(Tone::Warning), false),
            Verdict::Warning => Tone::WarningFill,
            _ => return (self.style(fine), false),
        };
        (self.style(tone), true)
    }

    /// Draw large figures side by side; returns the rows they took.
    pub fn heroes(&mut self, area: Rect, heroes: &[Hero]) -> u16 {
        let scale = self.scale;
        // With plain labels, on the smallest screens, every column counts.
        let (left, apart) = (scale.margin(), scale.unit());
        // Room for two digits, so that nothing moves when a figure gets its second one.
        let figure = |hero: &Hero, size| {
            let least = if hero.text.contains(':') { "88:88" } else { "88" };
            lettering::width(&hero.text, size).max(lettering::width(least, size)).unwrap_or(0)
        };
        let width = |hero: &Hero, size| figure(hero, size).max(self.width(hero.label)) + left + 2 * apart;
        let total = |heroes: &[Hero], size| heroes.iter().map(|hero| width(hero, size)).sum::<u16>();
        // On a screen that is too narrow for its height, the last are left out.
        let mut heroes = heroes;
        let narrowest = Size::widest(scale.hero, |_| false);
        while let Some((_, rest)) = heroes.split_last().filter(|_| total(heroes, narrowest) > area.width) {
            heroes = rest;
        }
        let size = Size::widest(scale.hero, |size| total(heroes, size) <= area.width);
        let spare = area.width.saturating_sub(total(heroes, size)) / cols(heroes.len()).max(1);
        let widths: Vec<u16> = heroes.iter().map(|hero| width(hero, size) + spare).collect();
        let mut x = area.x;
        for (hero, width) in heroes.iter().zip(widths) {
            let (style, filled) = self.judged(hero.verdict, Tone::Strong);
            let block = Rect { x, width: width.saturating_sub(apart), height: scale.hero_rows(), ..area };
            let quiet = if filled { style } else { self.style(Tone::Muted) };
            if filled {
                self.ground(block, style);
            }
            let room = block.width.saturating_sub(left);
            // Without colours, bold digits alone do not warn.
            let is_plain = hero.verdict == Verdict::Warning && self.ctx.theme.depth == Depth::None && !self.old;
            if is_plain {
                // In the margin, so that the label keeps its room.
                self.label(x, area.y, "!", left, style);
            }
            self.label(x + left, area.y, hero.label, room, quiet);
            let y = area.y + scale.line() + scale.unit();
            lettering::draw(self.buffer, x + left, y, &hero.text, size, style);
            let about = clauses(&hero.about, usize::from(room));
            self.caption(x + left, area.y + scale.hero_rows() - 1, &about, room, quiet);
            x += width;
        }
        scale.hero_rows()
    }

    /// How many lines fit into an area below their headings.
    #[must_use]
    pub fn line_count(&self, area: Rect) -> usize {
        let gap = self.scale.pitch() - self.scale.line();
        usize::from((area.height.saturating_sub(self.scale.heading()) + gap) / self.scale.pitch())
    }

    /// Draw lines with their headings, as many as fit.
    pub fn lines(&mut self, area: Rect, title: &str, columns: &[LineColumn], lines: &[WallLine]) {
        if self.line_count(area) == 0 {
            return;
        }
        let unit = self.scale.unit();
        let apart = if self.scale.label == 0 { 3 } else { 4 * unit };
        let indent = self.scale.indent();
        let mut right = area.right() - unit;
        let mut places = Vec::with_capacity(columns.len());
        for (heading, widest) in columns.iter().rev() {
            places.push(right);
            right = right.saturating_sub(self.width(widest).max(cols(heading.width())) + apart);
        }
        places.reverse();
        let muted = self.style(Tone::Muted);
        self.caption(area.x + indent, area.y, title, right.saturating_sub(area.x + indent), muted);
        for ((heading, _), right) in columns.iter().zip(&places) {
            let width = cols(heading.width());
            self.caption(right.saturating_sub(width), area.y, heading, width, muted);
        }
        let mut y = area.y + self.scale.heading();
        for line in lines.iter().take(self.line_count(area)) {
            let was_old = self.old;
            self.old |= line.old;
            self.line(Rect { y, height: self.scale.line(), ..area }, line, indent, right, &places);
            self.old = was_old;
            y += self.scale.pitch();
        }
    }

    fn line(&mut self, area: Rect, line: &WallLine, indent: u16, right: u16, places: &[u16]) {
        let unit = self.scale.unit();
        let (style, filled) = self.judged(if line.quiet { Verdict::None } else { line.mark }, Tone::Muted);
        let mark = match line.mark {
            Verdict::Critical => "‼",
            Verdict::Warning => "!",
            _ => "",
        };
        if filled {
            let width = if self.scale.label == 0 { 3 } else { 5 * unit };
            self.ground(Rect { width, ..area }, style);
        }
        self.label(area.x + unit, area.y, mark, 3 * unit, style);
        let name = self.style(if line.quiet { Tone::Muted } else { Tone::Strong });
        let room = right.saturating_sub(area.x + indent);
        let full = line.cause.as_ref().map(|cause| format!("{}: {cause}", line.name));
        let full = full.filter(|full| self.width(full) <= room);
        self.label(area.x + indent, area.y, full.as_ref().unwrap_or(&line.name), room, name);
        for ((text, verdict), right) in line.cells.iter().zip(places) {
            let (style, filled) = self.judged(*verdict, Tone::Muted);
            if filled {
                let left = right.saturating_sub(self.width(text) + unit);
                self.ground(Rect { x: left, width: right + unit - left, ..area }, style);
            }
            self.label_before(*right, area.y, text, style);
        }
    }
}

/// A theme's style with ground and ink exchanged.
#[must_use]
pub fn inverted(theme: Theme, tone: Tone) -> Style {
    let style = theme.style(tone);
    if style.add_modifier.contains(Modifier::REVERSED) {
        style.remove_modifier(Modifier::REVERSED)
    } else {
        style.add_modifier(Modifier::REVERSED)
    }
}
