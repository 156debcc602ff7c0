//! The page of intents, which are what contacts are about: volume, handling time against its limits, resolution,
//! satisfaction.
//!
//! ```text
//! ─ Intents of all queues ─────────────────────────────────────────────── today · 3s old ─
//!   Intent                 Offered     AHT  low ─ high      FCR  Repeats   CSAT  …
//! ▸ bill too high   ‼ CRIT     412  ▲ 7:45  ├───────┤ ●   71.2%    12.1%   4.1
//! ─ Arrivals, bill too high ───────────────────────────────────────── today, by half hour ─
//!       40 ▂▃▅▇█▆▅                       (where the table leaves at least ten rows free)
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use unicode_width::UnicodeWidthStr;

use super::change::{ArrivalChange, ArrivalChanges};
use super::{Ctx, arrivals};
use crate::kpi::{AnswerRow, Bands, Dim, Figure, KpiId, Verdict};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::answers::Figures;
use crate::ui::drawn::Drawn;
use crate::ui::format::{self, cols};
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries;
use crate::ui::state::Panel;
use crate::ui::theme::Tone;
use crate::ui::widget::{bands, panel};
use crate::ui::words;

/// So many times the usual, by more than chance, puts an intent on top.
const SURGE: f64 = 2.0;

/// A cause in more columns is left out: the numbers beside it matter more.
const MAX_CAUSE_COLUMNS: u16 = 14;

/// The figures that, with the handling time, decide how an intent is rated.
const JUDGED: [KpiId; 6] =
    [KpiId::Fcr, KpiId::Csat, KpiId::SpeedTrap, KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa];

/// The columns of the longest words for a cause, with the sign.
fn cause_width() -> u16 {
    let words = JUDGED.into_iter().chain([KpiId::Aht]).map(|kpi| cols(words::of(kpi).width()) + 2);
    words.max().unwrap_or(0).max(glyphs::badge_width()).min(MAX_CAUSE_COLUMNS)
}

/// An intent of the page's slice.
pub struct IntentItem<'a> {
    ctx: Ctx<'a>,
    figures: &'a Figures,
    row: &'a AnswerRow,
    /// Its arrivals against the usual ones.
    change: ArrivalChange,
}

impl<'a> IntentItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text(
            "intent",
            "column-intent",
            14,
            |i| SortKey::label(i.intent()),
            |i, _| match i.intent() {
                Some(intent) if !intent.is_empty() => TableCell::label(intent, Tone::Text),
                _ => TableCell::new(text!("intent-unknown"), Tone::Muted),
            },
        )
        .grow(18),
        Column::<Self>::text(
            "status",
            "",
            9,
            |i| SortKey::Text(glyphs::word(i.verdict())),
            |i, width| TableCell::cause(i.verdict(), i.causes(), width),
        )
        .least(cause_width)
        .rank(1),
        Column::<Self>::figure("offered", "column-offered", 7, KpiId::Offered).rank(1),
        Column::<Self>::number(
            "last_hour",
            "column-last-hour",
            6,
            |i| SortKey::number(i.change.hour),
            |i, _| i.change.hour_cell(),
        )
        .kpi(KpiId::Offered)
        .rank(5),
        Column::<Self>::number("change", "column-usual", 7, |i| i.change.sort_key(), |i, _| i.change.cell())
            .kpi(KpiId::Offered)
            .rank(1),
        Column::<Self>::number("share", "column-share", 5, |i| SortKey::number(i.share()), |i, _| percent(i.share()))
            .kpi(KpiId::Offered)
            .rank(8),
        Column::<Self>::number(
            "aht_s",
            "column-aht",
            7,
            |i| SortKey::number(i.value(KpiId::Aht)),
            |i, _| TableCell::figure(KpiId::Aht, i.handling().as_ref()),
        )
        .kpi(KpiId::Aht),
        Column::<Self>::number(
            "gauge",
            "column-low-high",
            11,
            |i| SortKey::number(i.value(KpiId::Aht)),
            |i, width| i.gauge(width).unwrap_or_else(TableCell::none),
        )
        .kpi(KpiId::Aht)
        .grow(12)
        .rank(4),
        Column::<Self>::figure("fcr", "column-fcr", 6, KpiId::Fcr).rank(1),
        Column::<Self>::number("fcr_open", "column-open", 5, |i| SortKey::number(i.open()), |i, _| percent(i.open()))
            .kpi(KpiId::Fcr)
            .rank(8),
        Column::<Self>::figure("repeat_rate", "column-repeats", 7, KpiId::RepeatRate).rank(3),
        Column::<Self>::figure("csat", "column-csat", 6, KpiId::Csat).rank(2),
        Column::<Self>::number(
            "csat_interval",
            "column-interval",
            4,
            |i| SortKey::number(i.interval()),
            |i, _| {
                let text = i.figure(KpiId::Csat).map(|figure| format::interval(KpiId::Csat.def(), figure));
                TableCell::maybe(text.filter(|text| !text.is_empty()), Tone::Muted)
            },
        )
        .kpi(KpiId::Csat)
        .rank(7),
        Column::<Self>::figure("transfer_rate", "column-transfer", 8, KpiId::TransferRate).rank(6),
        Column::<Self>::number(
            "speed_trap",
            "column-trap",
            6,
            |i| SortKey::number(i.value(KpiId::SpeedTrap)),
            |i, _| {
                match i.value(KpiId::SpeedTrap) {
                    // The absence of a trap needs no number.
                    Some(0.0) => TableCell::new(glyphs::GOOD, Tone::Faint),
                    _ => i.figure_cell(KpiId::SpeedTrap),
                }
            },
        )
        .kpi(KpiId::SpeedTrap)
        .rank(8),
        Column::<Self>::figure("service_level", "column-in-time", 7, KpiId::ServiceLevel).rank(10),
        Column::<Self>::figure("abandonment_rate", "column-hung-up", 7, KpiId::AbandonmentRate).rank(11),
        Column::<Self>::figure("acw_s", "column-acw", 6, KpiId::Acw).rank(12),
        Column::<Self>::figure("handled", "column-handled", 7, KpiId::Handled).rank(13),
    ];

    fn intent(&self) -> Option<&'a Label> {
        self.row.key.get(Dim::Intent)
    }

    fn value(&self, kpi: KpiId) -> Option<f64> {
        self.figure(kpi)?.value
    }

    /// The handling time, judged by the configured limits if the answer has no verdict.
    fn handling(&self) -> Option<Figure> {
        let mut figure = self.figure(KpiId::Aht)?.clone();
        if figure.verdict == Verdict::None {
            let kpi = KpiId::Aht.def();
            figure.verdict = self.limits().verdict(kpi.better, &figure, self.ctx.board.rules.min_samples, true);
        }
        Some(figure)
    }

    fn limits(&self) -> Bands {
        let own = self.intent().and_then(|intent| self.ctx.board.handling_time.get(intent)).copied();
        own.unwrap_or_else(|| self.ctx.bands(KpiId::Aht))
    }

    fn verdict(&self) -> Verdict {
        let figures = JUDGED.into_iter().filter_map(|kpi| self.figure(kpi)).map(|figure| figure.verdict);
        figures.chain(self.handling().map(|figure| figure.verdict)).max().unwrap_or_default()
    }

    /// What makes it bad, in words, because not every screen has a column for it.
    fn causes(&self) -> impl Iterator<Item = String> {
        let verdict = self.verdict();
        let of = |kpi| if kpi == KpiId::Aht { self.handling() } else { self.figure(kpi).cloned() };
        let all = JUDGED.into_iter().chain([KpiId::Aht]);
        let worst = all.filter(move |kpi| of(*kpi).is_some_and(|figure| figure.verdict == verdict));
        worst.map(|kpi| words::of(kpi).to_owned())
    }

    /// Its share of all contacts of the slice, in percent.
    fn share(&self) -> Option<f64> {
        let all = self.figures.total(KpiId::Offered)?.value.filter(|all| *all > 0.0)?;
        Some(100.0 * self.value(KpiId::Offered)? / all)
    }

    /// The share of first contacts whose customers could still come back, in percent.
    fn open(&self) -> Option<f64> {
        self.figure(KpiId::Fcr)?.provisional
    }

    /// Half the width of the satisfaction's confidence interval.
    fn interval(&self) -> Option<f64> {
        let figure = self.figure(KpiId::Csat)?;
        Some((figure.high? - figure.low?) / 2.0)
    }

    /// The handling time on a scale with its limits.
    fn gauge(&self, width: u16) -> Option<TableCell> {
        let mean = self.figures.total(KpiId::Aht)?.value?;
        let figure = self.handling()?;
        let value = figure.value?;
        let limits = self.limits();
        let most = limits.high.map_or(2.0 * mean, |high| (1.5 * high).max(2.0 * mean));
        // Without limits the whole scale is drawn, so that long and short still show.
        let (low, high) =
            if limits.low.or(limits.high).is_some() { (limits.low, limits.high) } else { (Some(0.0), Some(most)) };
        let tone = if figure.verdict == Verdict::Warning { Tone::Warning } else { Tone::Muted };
        Some(TableCell::new(bands::gauge(value, low, high, most, usize::from(width)), tone))
    }
}

fn percent(value: Option<f64>) -> TableCell {
    TableCell::maybe(value.map(|value| language::percent(value, 0)), Tone::Muted)
}

impl TableRow for IntentItem<'_> {
    fn id(&self) -> Label {
        self.intent().cloned().unwrap_or_default()
    }

    fn contains(&self, word: &str) -> bool {
        self.intent().is_some_and(|intent| contains(intent, word))
    }

    fn urgency(&self) -> f64 {
        let level = match self.verdict() {
            Verdict::Critical => 2e9,
            Verdict::Warning => 1e9,
            _ => 0.0,
        };
        // What comes in far larger numbers than usual is what most people ask about now.
        let surge = self.change.factor().filter(|factor| *factor >= SURGE).map_or(0.0, |factor| 3e9 + 1e6 * factor);
        surge + level + self.value(KpiId::Offered).unwrap_or(0.0)
    }

    fn figure(&self, kpi: KpiId) -> Option<&Figure> {
        self.figures.of(self.row, kpi)
    }
}

/// The intents of the page's slice.
#[must_use]
pub fn table<'a>(ctx: Ctx<'a>) -> TableModel<'a, IntentItem<'a>> {
    let figures = ctx.answers.figures(queries::intents(ctx.ui, ctx.ui.slice()));
    let changes = ArrivalChanges::new(ctx, ctx.ui.slice(), Dim::Intent);
    let item = |figures: &'a Figures, row: &'a AnswerRow| {
        let change = changes.of(row.key.get(Dim::Intent).map_or("", Label::as_str));
        IntentItem { ctx, figures, row, change }
    };
    let rows =
        figures.into_iter().flat_map(|figures| figures.answer.rows.iter().map(|row| item(figures, row))).collect();
    TableModel { columns: IntentItem::COLUMNS, rows }
}

/// Draw the page.
pub fn draw(buffer: &mut Buffer, area: Rect, ctx: Ctx<'_>, drawn: &mut Drawn) {
    let figures = ctx.answers.figures(queries::intents(ctx.ui, ctx.ui.slice()));
    let against = ArrivalChanges::new(ctx, ctx.ui.slice(), Dim::Intent)
        .against(ctx)
        .map_or_else(String::new, |s| format!(" · {s}"));
    let about = format!("{}{against}", ctx.about_many(figures.map(|f| &f.answer)));
    let (slice, count) = (ctx.slice_name(ctx.ui.slice()), ctx.count(Panel::Intents));
    let name = text!("intents-title", slice = slice, count = count);
    // Rows that the table leaves free show the arrivals of the selected intent.
    let needed = figures.map_or(0, |f| cols(f.answer.rows.len())) + 4;
    let spare = area.height.saturating_sub(needed);
    let chart = if spare >= 10 { spare.min(16) } else { 0 };
    let [list, chart] = Layout::vertical([Constraint::Fill(1), Constraint::Length(chart)]).areas(area);
    arrivals::draw(buffer, chart, ctx, &ctx.ui.selected_slice(ctx.board));
    let inner = panel::panel(buffer, list, ctx.theme, &name, &about, true);
    super::table(buffer, inner, ctx, Panel::Intents, text!("intents-none"), drawn);
}
