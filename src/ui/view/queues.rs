//! The table of queues, the worst first.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::change::{ArrivalChange, ArrivalChanges};
use super::{Ctx, episode, series};
use crate::alert::Episode;
use crate::board::{Health, QueueRow};
use crate::event::AgentState;
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Slice, Verdict};
use crate::language::{self, text};
use crate::text::Label;
use crate::ui::answers::Figures;
use crate::ui::glyphs;
use crate::ui::grid::{Column, LongTable, RowSource, SortKey, TableCell, TableRow, contains};
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::widget::trend;
use crate::ui::words;

/// The figures that decide how a queue is rated.
const JUDGED: [KpiId; 3] = [KpiId::AbandonmentRate, KpiId::ServiceLevel, KpiId::Asa];

/// A queue of the board.
pub struct QueueItem<'a> {
    shown: Rc<QueuesShown<'a>>,
    queue: &'a QueueRow,
    /// Its figures in each of the answers.
    figures: [Option<&'a AnswerRow>; 2],
    /// The worst of the queue's alerts.
    alert: Option<&'a Episode>,
    /// Whether somebody has acknowledged or snoozed all of its alerts.
    acknowledged: bool,
    /// The best state among its sources, if all of them are silent.
    silent: Option<Health>,
}

/// What all queues of a table have in common.
struct QueuesShown<'a> {
    ctx: Ctx<'a>,
    /// The figures; then those that queues are rated and sorted by, where the first are of the rows on the screen only.
    answers: [Option<&'a Figures>; 2],
    series: Option<&'a Figures>,
    /// The arrivals against the usual ones.
    changes: ArrivalChanges<'a>,
    silent_sources: FxHashMap<&'a Label, Health>,
}

impl<'a> QueueItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text("queue", "column-queue", 13, |q| SortKey::label(&q.queue.name), |q, _| q.name()).grow(22),
        Column::<Self>::text("status", "", 7, |q| SortKey::Text(q.status_key()), Self::status).grow(9),
        Column::<Self>::number(
            "waiting",
            "column-waiting",
            4,
            |q| SortKey::integer(q.queue.live.waiting),
            |q, _| q.waiting(),
        )
        .kpi(KpiId::Waiting),
        Column::<Self>::number(
            "longest_wait_s",
            "column-longest",
            8,
            |q| SortKey::number(q.wait_seconds()),
            |q, _| q.longest_wait(),
        )
        .kpi(KpiId::LongestWait),
        Column::<Self>::figure("service_level", "column-in-time", 7, KpiId::ServiceLevel),
        Column::<Self>::figure("abandonment_rate", "column-hung-up", 7, KpiId::AbandonmentRate),
        Column::<Self>::figure("asa_s", "column-asa", 6, KpiId::Asa),
        Column::<Self>::figure("offered", "column-offered", 7, KpiId::Offered).rank(5),
        Column::<Self>::number(
            "last_hour",
            "column-last-hour",
            6,
            |q| SortKey::number(q.change().hour),
            |q, _| q.change().hour_cell(),
        )
        .kpi(KpiId::Offered)
        .rank(6),
        Column::<Self>::number("change", "column-usual", 7, |q| q.change().sort_key(), |q, _| q.change().cell())
            .kpi(KpiId::Offered)
            .rank(4),
        Column::<Self>::number("agents", "column-free", 6, |q| SortKey::integer(q.available()), |q, _| q.agents())
            .kpi(KpiId::AgentsAvailable)
            .rank(4),
        Column::<Self>::number(
            "trend",
            "column-trend",
            8,
            |q| SortKey::number(q.value(KpiId::ServiceLevel)),
            Self::trend,
        )
        .kpi(KpiId::ServiceLevel)
        .rank(7),
        Column::<Self>::figure("aht_s", "column-aht", 6, KpiId::Aht).rank(8),
        Column::<Self>::number(
            "in_progress",
            "column-talking",
            7,
            |q| SortKey::integer(q.queue.live.in_progress),
            |q, _| TableCell::new(q.queue.live.in_progress.to_string(), Tone::Text),
        )
        .kpi(KpiId::InProgress)
        .rank(9),
        Column::<Self>::figure("answered", "column-answered", 8, KpiId::Answered).rank(10),
        Column::<Self>::figure("abandoned", "column-hung-up-count", 9, KpiId::Abandoned).rank(11),
        Column::<Self>::figure("answer_p90_s", "column-wait-p90", 8, KpiId::AnswerP90).rank(12),
        Column::<Self>::figure("occupancy", "column-occupancy", 6, KpiId::Occupancy).rank(13),
        Column::<Self>::figure("fcr", "column-fcr", 6, KpiId::Fcr).rank(14),
        Column::<Self>::figure("csat", "column-csat", 6, KpiId::Csat).rank(15),
        Column::<Self>::figure("transfer_rate", "column-transfer", 8, KpiId::TransferRate).rank(16),
    ];

    fn change(&self) -> ArrivalChange {
        self.shown.changes.of(self.queue.id.as_str())
    }

    fn value(&self, kpi: KpiId) -> Option<f64> {
        self.figure(kpi)?.value
    }

    fn wait_seconds(&self) -> Option<f64> {
        Some(self.queue.live.longest_wait?.as_secs_f64())
    }

    pub(super) fn judged_wait(&self) -> Figure {
        self.shown.ctx.longest_wait(self.queue)
    }

    /// The worst of the judged figures, which all have a column that is never dropped, and the longest wait.
    fn verdict_of_figures(&self) -> Verdict {
        let figures = JUDGED.into_iter().filter_map(|kpi| self.figure(kpi)).map(|f| f.verdict).max();
        figures.unwrap_or(Verdict::None).max(self.judged_wait().verdict)
    }

    /// The same, or the severity of the queue's alerts if that is worse.
    pub(super) fn verdict(&self) -> Verdict {
        self.verdict_of_figures().max(self.alert_verdict())
    }

    fn alert_verdict(&self) -> Verdict {
        self.alert.map_or(Verdict::None, |episode| glyphs::of_severity(episode.severity))
    }

    /// The queue.
    pub(super) const fn queue(&self) -> &'a QueueRow {
        self.queue
    }

    /// Whether somebody deals with all of its alerts.
    pub(super) const fn is_taken(&self) -> bool {
        self.acknowledged
    }

    pub(super) fn is_alarming(&self) -> bool {
        self.verdict() >= Verdict::Warning
    }

    fn available(&self) -> i64 {
        self.queue.live.agents_in(AgentState::Available)
    }

    fn name(&self) -> TableCell {
        let loud = self.is_alarming() && !self.acknowledged;
        TableCell::new(self.queue.name.to_string(), if loud { Tone::Strong } else { Tone::Text })
    }

    fn status_key(&self) -> &'static str {
        self.silent.map_or_else(|| glyphs::word(self.verdict()), Health::key)
    }

    /// The verdict; where no column shows what caused it, the alert that did, as far as it fits.
    fn status(&self, width: u16) -> TableCell {
        match self.silent {
            Some(health) => {
                let word = language::keyed("health", health.key());
                TableCell::new(format!("{} {word}", glyphs::MISSING), Tone::Strong)
            }
            None if self.is_alarming() && self.acknowledged => {
                TableCell::new(format!("{} {}", glyphs::sign(self.verdict()), text!("queues-taken")), Tone::Muted)
            }
            None => TableCell::cause(self.verdict(), self.causes(), width),
        }
    }

    /// What makes the row bad, in words: the alert that is worse than all of its figures, or else the worst of these.
    pub(super) fn causes(&self) -> Vec<String> {
        let verdict = self.verdict();
        let worst = |kpi: &KpiId| self.figure(*kpi).is_some_and(|figure| figure.verdict == verdict);
        match self.alert.filter(|_| verdict > self.verdict_of_figures()) {
            Some(e) => {
                let what = episode::what(self.shown.ctx, e);
                vec![format!("{what} {}", episode::value(e, e.figure.value)), what]
            }
            None if self.judged_wait().verdict == verdict => vec![words::of(KpiId::LongestWait).to_owned()],
            None => JUDGED.iter().filter(|kpi| worst(kpi)).map(|kpi| words::of(*kpi).to_owned()).collect(),
        }
    }

    fn waiting(&self) -> TableCell {
        let waiting = self.queue.live.waiting;
        TableCell::new(waiting.to_string(), if waiting == 0 { Tone::Muted } else { Tone::Strong })
    }

    fn longest_wait(&self) -> TableCell {
        // While the sources are silent, the present waits are not known.
        if self.silent.is_some() {
            return TableCell::none();
        }
        TableCell::figure(KpiId::LongestWait, Some(&self.judged_wait()))
    }

    fn agents(&self) -> TableCell {
        let (available, staffed) = (self.available(), self.queue.live.staffed());
        // Of so many more it is not known whether they are there.
        let unknown = self.queue.live.agents_in(AgentState::Unknown);
        if unknown > 0 {
            return TableCell::new(format!("{available}/{staffed}+{unknown}?"), Tone::Muted);
        }
        let tone = match (available, staffed, self.queue.live.waiting) {
            (0, _, 1..) => Tone::Warning,
            (0, 0, _) => Tone::Muted,
            _ => Tone::Text,
        };
        TableCell::new(format!("{available}/{staffed}"), tone)
    }

    fn trend(&self, width: u16) -> TableCell {
        let Some(figures) = self.shown.series else { return TableCell::none() };
        let every = queries::steps(self.shown.ctx.ui.window).1;
        let bins = series::bins(self.shown.ctx, figures, Some(&self.queue.id), &Slice::TOTAL, every);
        let points = series::points(figures, &bins, KpiId::ServiceLevel);
        TableCell::new(trend::line(&points, usize::from(width)), Tone::Muted)
    }
}

impl TableRow for QueueItem<'_> {
    fn id(&self) -> Label {
        self.queue.id.clone()
    }

    fn contains(&self, word: &str) -> bool {
        contains(&self.queue.name, word) || contains(&self.queue.id, word) || self.queue.channel.key() == word
    }

    fn urgency(&self) -> f64 {
        // The state of a silent queue is unknown: it comes after queues known to be bad and before queues known to be
        // good.
        if self.silent.is_some() {
            return 1e5;
        }
        let judged = JUDGED.map(|kpi| self.figure(kpi).map_or(Verdict::None, |figure| figure.verdict));
        let level = match judged.into_iter().fold(self.judged_wait().verdict.max(self.alert_verdict()), Verdict::max) {
            Verdict::Critical => 1e9,
            Verdict::Warning => 1e6,
            _ => 0.0,
        };
        let weight = |verdict| match verdict {
            Verdict::Critical => 100.0,
            Verdict::Warning => 10.0,
            _ => 0.0,
        };
        // Only whole minutes count, because rows that change places every second cannot be read.
        let minutes = (self.wait_seconds().unwrap_or(0.0) / 60.0).floor().min(60.0);
        (if self.acknowledged { level / 2.0 } else { level }) + judged.map(weight).iter().sum::<f64>() * 1e3 + minutes
    }

    fn figure(&self, kpi: KpiId) -> Option<&Figure> {
        let answers = self.shown.answers.iter().zip(self.figures);
        answers.filter_map(|(figures, row)| (*figures).zip(row)).find_map(|(figures, row)| figures.of(row, kpi))
    }

    fn is_stale(&self) -> bool {
        self.silent.is_some()
    }
}

/// All queues of the board.
pub struct AllQueues<'a> {
    shown: Rc<QueuesShown<'a>>,
}

/// A table of all queues.
pub type QueueTable<'a> = LongTable<'a, AllQueues<'a>>;

/// The table of all queues.
#[must_use]
pub fn table(ctx: Ctx<'_>) -> QueueTable<'_> {
    let answers = [queries::queues(ctx.ui), queries::queue_verdicts(ctx.ui)].map(|query| ctx.answers.figures(query));
    of_answers(ctx, answers, ctx.answers.figures(queries::queue_courses(ctx.ui)))
}

/// The queues as the wall shows them.
#[must_use]
pub fn kiosk(ctx: Ctx<'_>) -> QueueTable<'_> {
    of_answers(ctx, [ctx.answers.figures(queries::kiosk_queues(ctx.ui)), None], None)
}

fn of_answers<'a>(ctx: Ctx<'a>, answers: [Option<&'a Figures>; 2], series: Option<&'a Figures>) -> QueueTable<'a> {
    let silent_sources = ctx.silent_sources().into_iter().map(|source| (&source.name, source.health)).collect();
    let changes = ArrivalChanges::new(ctx, &Slice::TOTAL, Dim::Queue);
    let shown = Rc::new(QueuesShown { ctx, answers, series, changes, silent_sources });
    LongTable { columns: QueueItem::COLUMNS, rows: AllQueues { shown } }
}

impl<'a> RowSource for AllQueues<'a> {
    type Row = QueueItem<'a>;

    fn row_count(&self) -> usize {
        self.shown.ctx.board.queues.len()
    }

    fn row(&self, at: usize) -> Option<QueueItem<'a>> {
        let QueuesShown { ctx, answers, silent_sources, .. } = &*self.shown;
        let queue = ctx.board.queues.get(at)?;
        let alerts = ctx.board.alerts.of_queue(&queue.id);
        let silent = !silent_sources.is_empty() && queue.sources.iter().all(|name| silent_sources.contains_key(name));
        Some(QueueItem {
            shown: Rc::clone(&self.shown),
            queue,
            figures: answers.map(|figures| figures?.row(queue.id.as_str())),
            alert: alerts.worst.and_then(|worst| ctx.board.alerts.get(worst)),
            acknowledged: alerts.are_held,
            silent: queue.sources.iter().filter(|_| silent).filter_map(|name| silent_sources.get(name)).copied().min(),
        })
    }

    fn ids(&self) -> Arc<[Label]> {
        let ctx = self.shown.ctx;
        ctx.ui.kept.queue_ids(ctx.board)
    }
}
