//! The table of queues, the worst first.

use rustc_hash::FxHashMap;

use super::{Ctx, series};
use crate::alert::State;
use crate::board::{Health, QueueRow};
use crate::kpi::{Dim, Figure, KpiId, Slice, Verdict};
use crate::text::Label;
use crate::ui::ask;
use crate::ui::data::Figures;
use crate::ui::format;
use crate::ui::glyphs;
use crate::ui::grid::{self, Cell, Column, Grid, Key};
use crate::ui::theme::Tone;
use crate::ui::widget::trend;

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::text("Queue", "queue", 13, 22, 0),
    Column::text("", "status", 7, 0, 1),
    Column::kpi("Wait", "waiting", KpiId::Waiting, 4, 0),
    Column::kpi("Longest", "longest_wait_s", KpiId::LongestWait, 8, 0),
    Column::kpi("Svc lvl", "service_level", KpiId::ServiceLevel, 7, 0),
    Column::kpi("Abandon", "abandonment_rate", KpiId::AbandonmentRate, 7, 2),
    Column::kpi("ASA", "asa_s", KpiId::Asa, 6, 3),
    Column::kpi("Offered", "offered", KpiId::Offered, 7, 5),
    Column::kpi("Avail", "agents", KpiId::AgentsAvailable, 6, 4),
    Column::kpi("Trend", "trend", KpiId::ServiceLevel, 8, 7),
    Column::kpi("AHT", "aht_s", KpiId::Aht, 6, 8),
    Column::kpi("Talking", "in_progress", KpiId::InProgress, 7, 9),
    Column::kpi("Answered", "answered", KpiId::Answered, 8, 10),
    Column::kpi("Hung up", "abandoned", KpiId::Abandoned, 7, 11),
    Column::kpi("Wait p90", "answer_p90_s", KpiId::AnswerP90, 8, 12),
    Column::kpi("Occup.", "occupancy", KpiId::Occupancy, 6, 13),
    Column::kpi("FCR", "fcr", KpiId::Fcr, 6, 14),
    Column::kpi("CSAT", "csat", KpiId::Csat, 6, 15),
    Column::kpi("Transfer", "transfer_rate", KpiId::TransferRate, 8, 16),
];
const STATUS: usize = 1;
const TREND: usize = 9;

/// The queues there are.
pub fn rows(ctx: Ctx<'_>) -> impl Iterator<Item = &QueueRow> {
    ctx.board.queues.iter().filter(|queue| !queue.id.is_empty())
}

/// The queues.
pub struct Queues<'a> {
    ctx: Ctx<'a>,
    figures: Option<&'a Figures>,
    courses: Option<&'a Figures>,
    alerts: FxHashMap<&'a Label, (Verdict, bool)>,
    /// Contacts that never were in a queue (self-service) are none of them.
    rows: Vec<&'a QueueRow>,
    /// The sources whose figures stand still, and how they do.
    troubles: FxHashMap<&'a Label, Health>,
}

impl<'a> Queues<'a> {
    /// Of a board.
    #[must_use]
    pub fn new(ctx: Ctx<'a>) -> Self {
        let mut alerts: FxHashMap<&Label, (Verdict, bool)> = FxHashMap::default();
        for episode in &ctx.board.alerts {
            let taken = matches!(episode.state, State::Acknowledged | State::Snoozed);
            if let (Some(queue), true) = (episode.slice.get(Dim::Queue), taken || episode.state == State::Firing) {
                let entry = alerts.entry(queue).or_insert((Verdict::None, true));
                entry.0 = entry.0.max(glyphs::of_severity(episode.severity));
                entry.1 &= taken;
            }
        }
        Self {
            ctx,
            figures: ctx.data.figures(ask::queues(ctx.ui)),
            courses: ctx.data.figures(ask::queue_courses(ctx.ui)),
            alerts,
            rows: rows(ctx).collect(),
            troubles: ctx.troubles().into_iter().map(|source| (&source.name, source.health)).collect(),
        }
    }

    fn queue(&self, row: usize) -> Option<&'a QueueRow> {
        self.rows.get(row).copied()
    }

    fn figure(&self, queue: &QueueRow, kpi: KpiId) -> Option<&'a Figure> {
        self.figures?.at(queue.id.as_str(), kpi)
    }

    /// The worst of its core figures, its oldest wait and its alerts; and whether somebody has taken them all.
    fn verdict(&self, queue: &QueueRow) -> (Verdict, bool) {
        let core = [KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa];
        let figures = core.into_iter().filter_map(|kpi| self.figure(queue, kpi)).map(|f| f.verdict).max();
        let (alert, taken) = self.alerts.get(&queue.id).copied().unwrap_or((Verdict::None, false));
        let worst = figures.unwrap_or(Verdict::None).max(self.longest(queue).verdict).max(alert);
        (worst, taken)
    }

    /// How the sources of a queue do, where it stands still with them.
    fn still(&self, queue: &QueueRow) -> Option<Health> {
        if self.troubles.is_empty() || queue.sources.iter().any(|name| !self.troubles.contains_key(name)) {
            return None;
        }
        queue.sources.iter().filter_map(|name| self.troubles.get(name)).copied().min()
    }

    fn longest(&self, queue: &QueueRow) -> Figure {
        let Some(wait) = queue.live.longest_wait else { return Figure::default() };
        let figure = Figure::gauge(wait.as_secs_f64(), queue.live.waiting);
        let kpi = KpiId::LongestWait.def();
        let verdict = match self.figure(queue, KpiId::LongestWait).map(|f| f.verdict) {
            Some(verdict @ (Verdict::Good | Verdict::Warning | Verdict::Critical)) => verdict,
            _ => self.ctx.bands(kpi.id).verdict(kpi.better, &figure, 0, false),
        };
        Figure { verdict, ..figure }
    }
}

impl Grid for Queues<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, row: usize) -> Label {
        self.queue(row).map(|queue| queue.id.clone()).unwrap_or_default()
    }

    fn holds(&self, row: usize, word: &str) -> bool {
        self.queue(row)
            .is_some_and(|q| grid::holds(&q.name, word) || grid::holds(&q.id, word) || q.channel.key() == word)
    }

    fn stands_still(&self, row: usize) -> bool {
        self.queue(row).is_some_and(|queue| self.still(queue).is_some())
    }

    fn key(&self, row: usize, column: usize) -> Key<'_> {
        let Some(queue) = self.queue(row) else { return Key::Missing };
        match (column, COLUMNS.get(column).and_then(|c| c.kpi)) {
            (0, _) => Key::label(&queue.name),
            (STATUS, _) => Key::Text(self.still(queue).map_or(glyphs::word(self.verdict(queue).0), Health::key)),
            (_, Some(KpiId::Waiting)) => Key::Number(format::float(queue.live.waiting)),
            (_, Some(KpiId::InProgress)) => Key::Number(format::float(queue.live.in_progress)),
            (_, Some(KpiId::LongestWait)) => {
                queue.live.longest_wait.map_or(Key::Missing, |w| Key::Number(w.as_secs_f64()))
            }
            (_, Some(KpiId::AgentsAvailable)) => Key::Number(format::float(available(queue))),
            (_, Some(kpi)) => Key::figure(self.figure(queue, kpi)),
            _ => Key::Missing,
        }
    }

    fn badness(&self, row: usize) -> f64 {
        let Some(queue) = self.queue(row) else { return 0.0 };
        // Nobody knows how it does: after what is known to be bad, before what is known to be well.
        if self.still(queue).is_some() {
            return 1e5;
        }
        let (verdict, taken) = self.verdict(queue);
        let level = match verdict {
            Verdict::Critical => 1e9,
            Verdict::Warning => 1e6,
            _ => 0.0,
        };
        let figures = [KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa];
        let weight: f64 = figures.into_iter().map(|kpi| grid::weight(self.figure(queue, kpi))).sum();
        let wait = queue.live.longest_wait.map_or(0.0, crate::clock::Span::as_secs_f64);
        // Whole minutes: rows that change places every second can't be read.
        (if taken { level / 2.0 } else { level }) + weight * 1e3 + (wait / 60.0).floor().min(60.0)
    }

    fn cell(&self, row: usize, column: usize, width: u16) -> Cell {
        let Some(queue) = self.queue(row) else { return Cell::none() };
        let Some(health) = self.still(queue) else { return self.shown(queue, column, width) };
        match (column, COLUMNS.get(column).and_then(|c| c.kpi)) {
            (STATUS, _) => Cell::new(format!("{} {}", glyphs::MISSING, health.key()), Tone::Strong),
            // How long somebody has waited that nobody sees is not known.
            (_, Some(KpiId::LongestWait)) => Cell::none(),
            _ => self.shown(queue, column, width),
        }
    }
}

impl Queues<'_> {
    /// A cell of a queue whose sources do well.
    fn shown(&self, queue: &QueueRow, column: usize, width: u16) -> Cell {
        let (verdict, taken) = self.verdict(queue);
        match (column, COLUMNS.get(column).and_then(|c| c.kpi)) {
            (0, _) => {
                let tone = match verdict {
                    Verdict::Warning | Verdict::Critical if !taken => Tone::Strong,
                    _ => Tone::Text,
                };
                Cell::new(queue.name.as_str().to_owned(), tone)
            }
            (STATUS, _) => match verdict {
                Verdict::Warning | Verdict::Critical if taken => {
                    Cell::new(format!("{} taken", glyphs::sign(verdict)), Tone::Muted)
                }
                Verdict::Warning | Verdict::Critical => {
                    Cell::new(format!("{} {}", glyphs::sign(verdict), glyphs::word(verdict)), Tone::of(verdict))
                }
                Verdict::Good => Cell::new("· ok", Tone::Muted),
                _ => Cell::new(format!("{} {}", glyphs::sign(verdict), glyphs::word(verdict)), Tone::Muted),
            },
            (TREND, _) => {
                let Some(figures) = self.courses else { return Cell::none() };
                let every = ask::steps(self.ctx.ui.window).1;
                let bins = series::bins(self.ctx, figures, Some(&queue.id), &Slice::TOTAL, every);
                let points = series::points(figures, &bins, KpiId::ServiceLevel);
                Cell::new(trend::line(&points, usize::from(width)), Tone::Muted)
            }
            (_, Some(KpiId::Waiting)) => {
                let tone = if queue.live.waiting == 0 { Tone::Muted } else { Tone::Strong };
                Cell::new(queue.live.waiting.to_string(), tone)
            }
            (_, Some(KpiId::InProgress)) => Cell::new(queue.live.in_progress.to_string(), Tone::Text),
            (_, Some(KpiId::LongestWait)) if queue.live.longest_wait.is_none() => Cell::none(),
            (_, Some(KpiId::LongestWait)) => Cell::figure(KpiId::LongestWait, Some(&self.longest(queue))),
            (_, Some(KpiId::AgentsAvailable)) => {
                let (available, staffed) = (available(queue), staffed(queue));
                let tone = match (available, staffed, queue.live.waiting) {
                    (0, _, 1..) => Tone::Warning,
                    (0, 0, _) => Tone::Muted,
                    _ => Tone::Text,
                };
                Cell::new(format!("{available}/{staffed}"), tone)
            }
            (_, Some(kpi)) => Cell::figure(kpi, self.figure(queue, kpi)),
            _ => Cell::none(),
        }
    }
}

fn available(queue: &QueueRow) -> i64 {
    agents_in(queue, crate::event::AgentState::Available)
}

fn agents_in(queue: &QueueRow, state: crate::event::AgentState) -> i64 {
    let at = crate::event::AgentState::ALL.iter().position(|s| *s == state);
    at.and_then(|at| queue.live.agents.get(at)).copied().unwrap_or(0)
}

fn staffed(queue: &QueueRow) -> i64 {
    queue.live.agents.iter().sum::<i64>() - agents_in(queue, crate::event::AgentState::Offline)
}
