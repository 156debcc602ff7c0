//! What contacts are about: volume, handling time against its bounds, resolution, satisfaction.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Ctx, queue};
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Verdict};
use crate::text::Label;
use crate::ui::ask;
use crate::ui::data::Figures;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::{bands, panel};

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::text("Intent", "intent", 14, 18, 0),
    Column::text("", "status", 6, 0, 1),
    Column::kpi("Offered", "offered", KpiId::Offered, 7, 1),
    Column::kpi("Share", "share", KpiId::Offered, 5, 8),
    Column::kpi("AHT", "aht_s", KpiId::Aht, 7, 0),
    Column { grow: 12, ..Column::kpi("low ─ high", "gauge", KpiId::Aht, 11, 4) },
    Column::kpi("FCR", "fcr", KpiId::Fcr, 6, 1),
    Column::kpi("open", "fcr_open", KpiId::Fcr, 5, 8),
    Column::kpi("Repeats", "repeat_rate", KpiId::RepeatRate, 7, 3),
    Column::kpi("CSAT", "csat", KpiId::Csat, 6, 2),
    Column::kpi("±", "csat_interval", KpiId::Csat, 4, 7),
    Column::kpi("Transfer", "transfer_rate", KpiId::TransferRate, 8, 6),
    Column::kpi("Trap", "speed_trap", KpiId::SpeedTrap, 6, 8),
    Column::kpi("Svc lvl", "service_level", KpiId::ServiceLevel, 7, 10),
    Column::kpi("Abandon", "abandonment_rate", KpiId::AbandonmentRate, 7, 11),
    Column::kpi("ACW", "acw_s", KpiId::Acw, 6, 12),
    Column::kpi("Handled", "handled", KpiId::Handled, 7, 13),
];
const STATUS: usize = 1;
const SHARE: usize = 3;
const GAUGE: usize = 5;
const OPEN: usize = 7;
const INTERVAL: usize = 10;

/// The intents of the page's slice.
pub struct Intents<'a> {
    ctx: Ctx<'a>,
    figures: Option<&'a Figures>,
}

impl<'a> Intents<'a> {
    /// Of the page's slice.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        Self { ctx, figures: ctx.data.figures(ask::intents(ctx.ui, ctx.ui.slice())) }
    }

    fn row(&self, row: usize) -> Option<&'a AnswerRow> {
        self.figures?.answer.rows.get(row)
    }

    fn figure(&self, row: &'a AnswerRow, kpi: KpiId) -> Option<&'a Figure> {
        self.figures?.of(row, kpi)
    }

    /// Handling time, judged by the bounds of the configuration where the answer brings no verdict.
    fn handling(&self, row: &'a AnswerRow) -> Option<Figure> {
        let mut figure = self.figure(row, KpiId::Aht)?.clone();
        if figure.verdict == Verdict::None {
            let kpi = KpiId::Aht.def();
            figure.verdict = self.bounds(row).verdict(kpi.better, &figure, self.ctx.board.rules.min_samples, true);
        }
        Some(figure)
    }

    fn bounds(&self, row: &AnswerRow) -> crate::kpi::Bands {
        let intent = row.key.get(Dim::Intent).map_or("", Label::as_str);
        self.ctx.settings.handling_time.get(intent).copied().unwrap_or_else(|| self.ctx.bands(KpiId::Aht))
    }

    fn verdict(&self, row: &'a AnswerRow) -> Verdict {
        use KpiId::{AbandonmentRate, Asa, Csat, Fcr, ServiceLevel, SpeedTrap};
        let judged = [Fcr, Csat, SpeedTrap, ServiceLevel, AbandonmentRate, Asa];
        let worst = judged.into_iter().filter_map(|kpi| self.figure(row, kpi)).map(|f| f.verdict).max();
        worst.unwrap_or(Verdict::None).max(self.handling(row).map_or(Verdict::None, |f| f.verdict))
    }

    fn share(&self, row: &'a AnswerRow) -> Option<f64> {
        let all: f64 = self.figures?.total(KpiId::Offered)?.value.filter(|all| *all > 0.0)?;
        Some(100.0 * self.figure(row, KpiId::Offered)?.value? / all)
    }
}

impl Grid for Intents<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.figures.map_or(0, |f| f.answer.rows.len())
    }

    fn id(&self, row: usize) -> Label {
        self.row(row).and_then(|row| row.key.get(Dim::Intent)).cloned().unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        grid::holds(&self.id(row), word)
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        let Some(row) = self.row(row) else { return Key::Missing };
        match (column, COLUMNS.get(column).and_then(|c| c.kpi)) {
            (0, _) => row.key.get(Dim::Intent).map_or(Key::Missing, Key::label),
            (STATUS, _) => Key::Text(glyphs::word(self.verdict(row))),
            (SHARE, _) => self.share(row).map_or(Key::Missing, Key::Number),
            (OPEN, _) => self.figure(row, KpiId::Fcr).and_then(|f| f.provisional).map_or(Key::Missing, Key::Number),
            (INTERVAL, _) => match self.figure(row, KpiId::Csat).and_then(|f| Some(f.high? - f.low?)) {
                Some(width) => Key::Number(width / 2.0),
                None => Key::Missing,
            },
            (_, Some(kpi)) => Key::figure(self.figure(row, kpi)),
            _ => Key::Missing,
        }
    }

    fn badness(&self, row: usize) -> f64 {
        let Some(row) = self.row(row) else { return 0.0 };
        let level = match self.verdict(row) {
            Verdict::Critical => 2e9,
            Verdict::Warning => 1e9,
            _ => 0.0,
        };
        level + self.figure(row, KpiId::Offered).and_then(|f| f.value).unwrap_or(0.0)
    }

    fn cell(&self, row: usize, column: usize, width: u16) -> Cell {
        let Some(row) = self.row(row) else { return Cell::none() };
        match (column, COLUMNS.get(column).and_then(|c| c.kpi)) {
            (0, _) => match row.key.get(Dim::Intent) {
                Some(intent) if !intent.is_empty() => Cell::label(intent),
                _ => Cell::new("not known", Tone::Muted),
            },
            (STATUS, _) => match self.verdict(row) {
                verdict @ (Verdict::Warning | Verdict::Critical) => {
                    Cell::new(format!("{} {}", glyphs::sign(verdict), glyphs::word(verdict)), Tone::of(verdict))
                }
                verdict => Cell::new(format!("{} {}", glyphs::sign(verdict), glyphs::word(verdict)), Tone::Muted),
            },
            (SHARE, _) => self.share(row).map_or_else(Cell::none, |s| Cell::new(format!("{s:.0}%"), Tone::Muted)),
            (4, _) => Cell::figure(KpiId::Aht, self.handling(row).as_ref()),
            (GAUGE, _) => {
                let mean = self.figures.and_then(|f| f.total(KpiId::Aht)).and_then(|f| f.value);
                let (Some(mean), Some(figure)) = (mean, self.handling(row)) else { return Cell::none() };
                let Some(value) = figure.value else { return Cell::none() };
                let bounds = self.bounds(row);
                let most = bounds.high.map_or(2.0 * mean, |high| (1.5 * high).max(2.0 * mean));
                // Without bounds of its own the whole scale is drawn, so that long and short still show.
                let (low, high) = if bounds.low.or(bounds.high).is_some() {
                    (bounds.low, bounds.high)
                } else {
                    (Some(0.0), Some(most))
                };
                let tone = if figure.verdict == Verdict::Warning { Tone::Warning } else { Tone::Muted };
                Cell::new(bands::gauge(value, low, high, most, usize::from(width)), tone)
            }
            (OPEN, _) => match self.figure(row, KpiId::Fcr).and_then(|f| f.provisional) {
                Some(open) => Cell::new(format!("{open:.0}%"), Tone::Muted),
                None => Cell::none(),
            },
            (INTERVAL, _) => {
                let text = self.figure(row, KpiId::Csat).map(|f| format::interval(KpiId::Csat.def(), f));
                text.filter(|t| !t.is_empty()).map_or_else(Cell::none, |text| Cell::new(text, Tone::Muted))
            }
            // That there is no trap is no news.
            (_, Some(KpiId::SpeedTrap)) if self.figure(row, KpiId::SpeedTrap).and_then(|f| f.value) == Some(0.0) => {
                Cell::new(glyphs::GOOD, Tone::Faint)
            }
            (_, Some(kpi)) => Cell::figure(kpi, self.figure(row, kpi)),
            _ => Cell::none(),
        }
    }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let figures = ctx.data.figures(ask::intents(ctx.ui, ctx.ui.slice()));
    let about = ctx.about_many(figures.map(|f| &f.answer));
    let name = if ctx.ui.slice().is_total() {
        "Intents of all queues".to_owned()
    } else {
        format!("Intents of {}", ctx.slice_name(ctx.ui.slice()))
    };
    // What the table leaves free shows the course of the selected intent.
    let needed = figures.map_or(0, |f| cols(f.answer.rows.len())) + 4;
    let chart = match area.height.saturating_sub(needed) {
        spare @ 10.. => spare.min(16),
        _ => 0,
    };
    let of = ctx.ui.selected_slice(ctx.board);
    queue::day(buffer, Rect { y: area.bottom() - chart, height: chart, ..area }, ctx, &of);
    let area = Rect { height: area.height - chart, ..area };
    let inner = panel::panel(buffer, area, ctx.theme, &name, &about, true);
    super::table(buffer, inner, ctx, Panel::Intents, "no contact of this time says what it is about", drawn);
}
