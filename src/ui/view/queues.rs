//! The table of queues, the worst first.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use super::change::{ArrivalChange, ArrivalChanges};
use super::{Ctx, episode, series};
use crate::alert::{Episode, State};
use crate::board::{Health, QueueRow};
use crate::event::AgentState;
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Slice, Verdict};
use crate::text::Label;
use crate::ui::answers::Figures;
use crate::ui::glyphs;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries;
use crate::ui::theme::Tone;
use crate::ui::widget::trend;
use crate::ui::words;

/// The figures that decide how a queue is rated.
const JUDGED: [KpiId; 3] = [KpiId::AbandonmentRate, KpiId::ServiceLevel, KpiId::Asa];

/// A queue of the board.
pub struct QueueItem<'a> {
    ctx: Ctx<'a>,
    queue: &'a QueueRow,
    /// Its figures; then those that queues are rated and sorted by, where the first are of the rows on the screen only.
    figures: [Option<(&'a Figures, &'a AnswerRow)>; 2],
    series: Option<&'a Figures>,
    /// The worst of the queue's alerts.
    alert: Option<&'a Episode>,
    /// Its arrivals against the usual ones.
    change: ArrivalChange,
    /// Whether somebody has acknowledged or snoozed all of its alerts.
    acknowledged: bool,
    /// The best state among its sources, if all of them are silent.
    silent: Option<Health>,
}

impl<'a> QueueItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text("queue", "Queue", 13, |q| SortKey::label(&q.queue.name), |q, _| q.name()).grow(22),
        Column::<Self>::text("status", "", 7, |q| SortKey::Text(q.status_key()), Self::status).grow(9),
        Column::<Self>::number("waiting", "Wait", 4, |q| SortKey::integer(q.queue.live.waiting), |q, _| q.waiting())
            .kpi(KpiId::Waiting),
        Column::<Self>::number(
            "longest_wait_s",
            "Longest",
            8,
            |q| SortKey::number(q.wait_seconds()),
            |q, _| q.longest_wait(),
        )
        .kpi(KpiId::LongestWait),
        Column::<Self>::figure("service_level", "In time", 7, KpiId::ServiceLevel),
        Column::<Self>::figure("abandonment_rate", "Hung up", 7, KpiId::AbandonmentRate),
        Column::<Self>::figure("asa_s", "ASA", 6, KpiId::Asa),
        Column::<Self>::figure("offered", "Offered", 7, KpiId::Offered).rank(5),
        Column::<Self>::number(
            "last_hour",
            "Last h",
            6,
            |q| SortKey::number(q.change.hour),
            |q, _| q.change.hour_cell(),
        )
        .kpi(KpiId::Offered)
        .rank(6),
        Column::<Self>::number("change", "×usual", 7, |q| q.change.sort_key(), |q, _| q.change.cell())
            .kpi(KpiId::Offered)
            .rank(4),
        Column::<Self>::number("agents", "Free", 6, |q| SortKey::integer(q.available()), |q, _| q.agents())
            .kpi(KpiId::AgentsAvailable)
            .rank(4),
        Column::<Self>::number("trend", "Trend", 8, |q| SortKey::number(q.value(KpiId::ServiceLevel)), Self::trend)
            .kpi(KpiId::ServiceLevel)
            .rank(7),
        Column::<Self>::figure("aht_s", "AHT", 6, KpiId::Aht).rank(8),
        Column::<Self>::number(
            "in_progress",
            "Talking",
            7,
            |q| SortKey::integer(q.queue.live.in_progress),
            |q, _| TableCell::new(q.queue.live.in_progress.to_string(), Tone::Text),
        )
        .kpi(KpiId::InProgress)
        .rank(9),
        Column::<Self>::figure("answered", "Answered", 8, KpiId::Answered).rank(10),
        Column::<Self>::figure("abandoned", "Hung up n", 9, KpiId::Abandoned).rank(11),
        Column::<Self>::figure("answer_p90_s", "Wait p90", 8, KpiId::AnswerP90).rank(12),
        Column::<Self>::figure("occupancy", "Occup.", 6, KpiId::Occupancy).rank(13),
        Column::<Self>::figure("fcr", "FCR", 6, KpiId::Fcr).rank(14),
        Column::<Self>::figure("csat", "CSAT", 6, KpiId::Csat).rank(15),
        Column::<Self>::figure("transfer_rate", "Transfer", 8, KpiId::TransferRate).rank(16),
    ];

    fn value(&self, kpi: KpiId) -> Option<f64> {
        self.figure(kpi)?.value
    }

    fn wait_seconds(&self) -> Option<f64> {
        Some(self.queue.live.longest_wait?.as_secs_f64())
    }

    pub(super) fn judged_wait(&self) -> Figure {
        self.ctx.longest_wait(self.queue)
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
            Some(health) => TableCell::new(format!("{} {}", glyphs::MISSING, health.key()), Tone::Strong),
            None if self.is_alarming() && self.acknowledged => {
                TableCell::new(format!("{} ack", glyphs::sign(self.verdict())), Tone::Muted)
            }
            None => TableCell { text: self.cause(width), ..TableCell::verdict(self.verdict()) },
        }
    }

    /// What makes the row bad, after the sign: the worst of its figures, or the alert that is worse than all of them; the
    /// verdict where there is no room for it.
    fn cause(&self, width: u16) -> Cow<'static, str> {
        let verdict = self.verdict();
        let worst = |kpi: &KpiId| self.figure(*kpi).is_some_and(|figure| figure.verdict == verdict);
        let words = match self.alert.filter(|_| verdict > self.verdict_of_figures()) {
            _ if verdict < Verdict::Warning => Vec::new(),
            Some(e) => {
                let what = episode::what(self.ctx, e);
                vec![format!("{what} {}", episode::value(e, e.figure.value)), what]
            }
            None if self.judged_wait().verdict == verdict => vec![words::of(KpiId::LongestWait).to_owned()],
            None => JUDGED.iter().filter(|kpi| worst(kpi)).map(|kpi| words::of(*kpi).to_owned()).collect(),
        };
        let words = words.into_iter().map(|words| format!("{} {words}", glyphs::sign(verdict)));
        let fitting = words.into_iter().find(|words| words.width() <= usize::from(width));
        fitting.unwrap_or_else(|| glyphs::badge(verdict)).into()
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
        let Some(figures) = self.series else { return TableCell::none() };
        let every = queries::steps(self.ctx.ui.window).1;
        let bins = series::bins(self.ctx, figures, Some(&self.queue.id), &Slice::TOTAL, every);
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
        self.figures.into_iter().flatten().find_map(|(figures, row)| figures.of(row, kpi))
    }

    fn is_stale(&self) -> bool {
        self.silent.is_some()
    }
}

/// The queues of the board. Contacts that were never in a queue (self-service) have an entry without an id, which is
/// left out.
pub fn queues(ctx: Ctx<'_>) -> impl Iterator<Item = &QueueRow> {
    ctx.board.queues.iter().filter(|queue| !queue.id.is_empty())
}

/// The table of all queues.
#[must_use]
pub fn table(ctx: Ctx<'_>) -> TableModel<'_, QueueItem<'_>> {
    let answers = [queries::queues(ctx.ui), queries::queue_verdicts(ctx.ui)].map(|query| ctx.answers.figures(query));
    of_answers(ctx, answers, ctx.answers.figures(queries::queue_courses(ctx.ui)))
}

/// The queues as the wall shows them.
#[must_use]
pub fn kiosk(ctx: Ctx<'_>) -> TableModel<'_, QueueItem<'_>> {
    of_answers(ctx, [ctx.answers.figures(queries::kiosk_queues(ctx.ui)), None], None)
}

fn of_answers<'a>(
    ctx: Ctx<'a>,
    answers: [Option<&'a Figures>; 2],
    series: Option<&'a Figures>,
) -> TableModel<'a, QueueItem<'a>> {
    let mut alerts: FxHashMap<&Label, (&Episode, bool)> = FxHashMap::default();
    for episode in ctx.board.alerts.iter() {
        let acknowledged = matches!(episode.state, State::Acknowledged | State::Snoozed);
        if let (Some(queue), true) = (episode.slice.get(Dim::Queue), acknowledged || episode.state == State::Firing) {
            let (worst, all) = alerts.entry(queue).or_insert((episode, true));
            if episode.severity > worst.severity {
                *worst = episode;
            }
            *all &= acknowledged;
        }
    }
    let silent_sources: FxHashMap<&Label, Health> =
        ctx.silent_sources().into_iter().map(|source| (&source.name, source.health)).collect();
    let silent = |queue: &QueueRow| {
        let silent = !silent_sources.is_empty() && queue.sources.iter().all(|name| silent_sources.contains_key(name));
        queue.sources.iter().filter(|_| silent).filter_map(|name| silent_sources.get(name)).copied().min()
    };
    let changes = ArrivalChanges::new(ctx, &Slice::TOTAL, Dim::Queue);
    let item = |queue: &'a QueueRow| {
        let change = changes.of(queue.id.as_str());
        let (alert, acknowledged) = alerts.get(&queue.id).map_or((None, false), |(worst, all)| (Some(*worst), *all));
        let row = |figures: &'a Figures| Some((figures, figures.row(queue.id.as_str())?));
        let figures = answers.map(|figures| figures.and_then(row));
        QueueItem { ctx, queue, figures, series, alert, change, acknowledged, silent: silent(queue) }
    };
    TableModel { columns: QueueItem::COLUMNS, rows: queues(ctx).map(item).collect() }
}
