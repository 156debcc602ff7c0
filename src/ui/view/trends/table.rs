//! The page of trends as tables: the series, which an export writes, and the slices that the charts can be about.

use std::cell::OnceCell;

use crate::alert::Severity;
use crate::board::QueueRow;
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Slice, Verdict};
use crate::language::text;
use crate::text::Label;
use crate::ui::format;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries::{self, trends};
use crate::ui::theme::Tone;
use crate::ui::trends::keys::{intent_id, queue_id, slice_id};
use crate::ui::trends::model::TrendStep;
use crate::ui::view::Ctx;
use crate::ui::view::trends::picture::TrendPicture;

/// The steps back from the present in which a queue's service level makes it one of the worst.
const RECENT_STEPS: usize = 8;

/// A step of the series.
pub struct TrendItem<'a> {
    step: TrendStep<'a>,
    from: String,
    to: String,
}

/// A column with the value of a KPI that a step is compared with.
macro_rules! before {
    ($key:literal, $kpi:expr) => {
        Column::number($key, "", 8, |t: &Self| SortKey::number(t.step.before($kpi)), |_, _| TableCell::none())
    };
}

impl<'a> TrendItem<'a> {
    /// The columns.
    pub const COLUMNS: &'a [Column<Self>] = &[
        Column::<Self>::text("from", "column-from", 20, |t| SortKey::Text(&t.from), |_, _| TableCell::none()),
        Column::<Self>::text("to", "column-to", 20, |t| SortKey::Text(&t.to), |_, _| TableCell::none()),
        Column::<Self>::figure("offered", "column-offered", 8, KpiId::Offered),
        Column::<Self>::number(
            "expected",
            "column-expected",
            8,
            |t| SortKey::number(t.step.expected),
            |_, _| TableCell::none(),
        ),
        Column::<Self>::number(
            "staffed",
            "column-staffed",
            8,
            |t| SortKey::number(t.step.staffed),
            |_, _| TableCell::none(),
        ),
        Column::<Self>::figure("service_level", "column-in-time", 8, KpiId::ServiceLevel),
        Column::<Self>::figure("abandonment_rate", "column-hung-up", 8, KpiId::AbandonmentRate),
        Column::<Self>::figure("asa_s", "column-asa", 8, KpiId::Asa),
        Column::<Self>::figure("aht_s", "column-aht", 8, KpiId::Aht),
        Column::<Self>::figure("fcr", "column-fcr", 8, KpiId::Fcr),
        Column::<Self>::figure("csat", "column-csat", 8, KpiId::Csat),
        before!("offered_before", KpiId::Offered),
        before!("service_level_before", KpiId::ServiceLevel),
        before!("abandonment_rate_before", KpiId::AbandonmentRate),
        before!("asa_s_before", KpiId::Asa),
        before!("aht_s_before", KpiId::Aht),
        before!("fcr_before", KpiId::Fcr),
        before!("csat_before", KpiId::Csat),
    ];
}

impl TableRow for TrendItem<'_> {
    fn id(&self) -> Label {
        Label::new(&self.from)
    }

    fn contains(&self, _word: &str) -> bool {
        // The filter of the page is about queues.
        true
    }

    fn urgency(&self) -> f64 {
        -format::float(self.step.start.0)
    }

    fn figure(&self, kpi: KpiId) -> Option<&Figure> {
        self.step.figure(kpi)
    }
}

/// The series, oldest first.
#[must_use]
pub fn series(ctx: Ctx<'_>) -> TableModel<'_, TrendItem<'_>> {
    let picture = TrendPicture::new(ctx);
    let time = |at| picture.time(at, "%Y-%m-%dT%H:%M:%S%:z");
    let item = |step: &TrendStep<'_>| (time(step.start), time(step.end));
    let times: Vec<_> = picture.model.steps.iter().map(item).collect();
    let rows = picture.model.steps.into_iter().zip(times).map(|(step, (from, to))| TrendItem { step, from, to });
    TableModel { columns: TrendItem::COLUMNS, rows: rows.collect() }
}

/// A slice that the charts can be about.
pub struct TrendSlice<'a> {
    of: SliceOf<'a>,
    urgency: f64,
    name: OnceCell<String>,
}

/// Which slice it is. There may be thousands of queues, and few of them are on the screen.
enum SliceOf<'a> {
    /// With its id and its name.
    Named(Label, String),
    Queue(&'a QueueRow),
    Intent(&'a Label),
}

impl<'a> TrendSlice<'a> {
    /// The only column, which is not drawn as a table.
    pub const COLUMNS: &'a [Column<Self>] = &[Column::<Self>::text(
        "name",
        "column-name",
        20,
        |s| SortKey::Text(s.name()),
        |s, _| TableCell::new(s.name().to_owned(), Tone::Text),
    )];

    /// The name, with a capital.
    fn name(&self) -> &str {
        self.name.get_or_init(|| {
            capital(match &self.of {
                SliceOf::Named(_, name) => name,
                SliceOf::Queue(queue) => queue.name.as_str(),
                SliceOf::Intent(intent) => intent.as_str(),
            })
        })
    }
}

impl TableRow for TrendSlice<'_> {
    fn id(&self) -> Label {
        match &self.of {
            SliceOf::Named(id, _) => id.clone(),
            SliceOf::Queue(queue) => queue_id(&queue.id),
            SliceOf::Intent(intent) => intent_id(intent),
        }
    }

    fn contains(&self, word: &str) -> bool {
        // With a filter, the first queue or intent that contains its word comes first.
        !matches!(&self.of, SliceOf::Named(id, _) if id.is_empty()) && contains(&self.name(), word)
    }

    fn urgency(&self) -> f64 {
        self.urgency
    }
}

/// The slice that the page was opened for, the whole floor, the queues, the worst first, and the intents, the most frequent
/// first, where a word filters them.
#[must_use]
pub fn slices<'a>(ctx: Ctx<'a>) -> TableModel<'a, TrendSlice<'a>> {
    let own = ctx.ui.slice();
    let own_parts: Vec<_> = own.parts().collect();
    let row = |of: SliceOf<'a>, urgency: f64| {
        let is_own = match (&of, own_parts.as_slice()) {
            (SliceOf::Queue(queue), [(Dim::Queue, id)]) => queue.id == *id,
            (SliceOf::Intent(intent), [(Dim::Intent, id)]) => *intent == id,
            _ => false,
        };
        TrendSlice { of, urgency: if is_own { f64::INFINITY } else { urgency }, name: OnceCell::new() }
    };
    let named = |of: &Slice| SliceOf::Named(slice_id(of), ctx.slice_name(of));
    let mut rows = vec![row(named(&Slice::TOTAL), if own.is_total() { f64::INFINITY } else { f64::MAX })];
    if own_parts.len() > 1 {
        rows.push(row(named(own), f64::INFINITY));
    }
    let lines = ctx.answers.figures(trends::queue_lines(ctx.ui));
    for queue in ctx.board.queues.iter() {
        let worst = match ctx.board.alerts.of_queue(&queue.id).severity {
            Some(Severity::Critical) => 1e6,
            Some(Severity::Warning) => 1e3,
            None => 0.0,
        };
        let recent = lines.map(|lines| lines.rows(Some(queue.id.as_str()))).unwrap_or_default();
        let recent = recent.iter().rev().take(RECENT_STEPS).filter_map(|step: &AnswerRow| step.figures.first());
        let bad = recent.map(|figure| match figure.verdict {
            Verdict::Critical => 10.0,
            Verdict::Warning => 1.0,
            _ => 0.0,
        });
        rows.push(row(SliceOf::Queue(queue), 1.0 + worst + bad.sum::<f64>()));
    }
    let intents = ctx.answers.figures(queries::last_hour(ctx.ui, &Slice::TOTAL, Dim::Intent));
    // Intents have no line of their own: they are found by the filter.
    let intents = intents.filter(|_| !ctx.ui.filter.is_empty());
    for intent in intents.map(|intents| intents.rows(None)).unwrap_or_default() {
        let value = intent.figures.first().and_then(|figure| figure.value).unwrap_or(0.0);
        if let Some(intent) = intent.key.get(Dim::Intent).filter(|intent| !intent.is_empty()) {
            rows.push(row(SliceOf::Intent(intent), -1.0 / (1.0 + value)));
        }
    }
    TableModel { columns: TrendSlice::COLUMNS, rows }
}

/// The name of the slice of a row.
#[must_use]
pub fn slice_name(ctx: Ctx<'_>, id: &Label) -> String {
    match id.as_str().split_at_checked(1) {
        None => text!("queue-all").to_owned(),
        Some(("q", queue)) => ctx.value_name(Dim::Queue, &Label::new(queue)),
        Some(("i", intent)) => ctx.value_name(Dim::Intent, &Label::new(intent)),
        Some(_) => ctx.slice_name(ctx.ui.slice()),
    }
}

/// The name with a capital, for titles.
#[must_use]
pub fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
