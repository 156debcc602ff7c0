//! The page of trends as tables: the series, which an export writes, and the slices that the charts can be about.

use rustc_hash::FxHashMap;

use crate::alert::{Severity, State};
use crate::kpi::{AnswerRow, Dim, Figure, KpiId, Slice, Verdict};
use crate::text::Label;
use crate::ui::format;
use crate::ui::grid::{Column, SortKey, TableCell, TableModel, TableRow, contains};
use crate::ui::queries::{self, trends};
use crate::ui::theme::Tone;
use crate::ui::trends::keys::slice_id;
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
        Column::<Self>::text("from", "From", 20, |t| SortKey::Text(&t.from), |_, _| TableCell::none()),
        Column::<Self>::text("to", "To", 20, |t| SortKey::Text(&t.to), |_, _| TableCell::none()),
        Column::<Self>::figure("offered", "Offered", 8, KpiId::Offered),
        Column::<Self>::number(
            "expected",
            "Expected",
            8,
            |t| SortKey::number(t.step.expected),
            |_, _| TableCell::none(),
        ),
        Column::<Self>::number("staffed", "Staffed", 8, |t| SortKey::number(t.step.staffed), |_, _| TableCell::none()),
        Column::<Self>::figure("service_level", "In time", 8, KpiId::ServiceLevel),
        Column::<Self>::figure("abandonment_rate", "Hung up", 8, KpiId::AbandonmentRate),
        Column::<Self>::figure("asa_s", "ASA", 8, KpiId::Asa),
        Column::<Self>::figure("aht_s", "AHT", 8, KpiId::Aht),
        Column::<Self>::figure("fcr", "FCR", 8, KpiId::Fcr),
        Column::<Self>::figure("csat", "CSAT", 8, KpiId::Csat),
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
pub struct TrendSlice {
    id: Label,
    name: String,
    urgency: f64,
}

impl TrendSlice {
    /// The only column, which is not drawn as a table.
    pub const COLUMNS: &'static [Column<Self>] = &[Column::<Self>::text(
        "name",
        "Name",
        20,
        |s| SortKey::Text(&s.name),
        |s, _| TableCell::new(s.name.clone(), Tone::Text),
    )];
}

impl TableRow for TrendSlice {
    fn id(&self) -> Label {
        self.id.clone()
    }

    fn contains(&self, word: &str) -> bool {
        // With a filter, the first queue or intent that contains its word comes first.
        !self.id.is_empty() && contains(&self.name, word)
    }

    fn urgency(&self) -> f64 {
        self.urgency
    }
}

/// The slice that the page was opened for, the whole floor, the queues, the worst first, and the intents, the most frequent
/// first, where a word filters them.
#[must_use]
pub fn slices(ctx: Ctx<'_>) -> TableModel<'_, TrendSlice> {
    let own = ctx.ui.slice();
    let row = |of: &Slice, urgency: f64| {
        let urgency = if of == own { f64::INFINITY } else { urgency };
        TrendSlice { id: slice_id(of), name: capital(&ctx.slice_name(of)), urgency }
    };
    let mut rows = vec![row(&Slice::TOTAL, f64::MAX)];
    if own.parts().count() > 1 {
        rows.push(row(own, f64::INFINITY));
    }
    let lines = ctx.answers.figures(trends::queue_lines(ctx.ui));
    // There may be thousands of queues, and as many alerts.
    let mut worst: FxHashMap<&Label, f64> = FxHashMap::default();
    for alert in ctx.board.alerts.iter().filter(|alert| alert.is_active() && alert.state != State::Snoozed) {
        if let Some(queue) = alert.slice.get(Dim::Queue) {
            let weight = if alert.severity == Severity::Critical { 1e6 } else { 1e3 };
            let known = worst.entry(queue).or_default();
            *known = known.max(weight);
        }
    }
    for queue in ctx.board.queues.iter().filter(|queue| !queue.id.is_empty()) {
        let of = Slice::of(Dim::Queue, queue.id.clone());
        let recent = lines.map(|lines| lines.rows(Some(queue.id.as_str()))).unwrap_or_default();
        let recent = recent.iter().rev().take(RECENT_STEPS).filter_map(|step: &AnswerRow| step.figures.first());
        let bad = recent.map(|figure| match figure.verdict {
            Verdict::Critical => 10.0,
            Verdict::Warning => 1.0,
            _ => 0.0,
        });
        rows.push(row(&of, 1.0 + worst.get(&queue.id).copied().unwrap_or(0.0) + bad.sum::<f64>()));
    }
    let intents = ctx.answers.figures(queries::last_hour(ctx.ui, &Slice::TOTAL, Dim::Intent));
    // Intents have no line of their own: they are found by the filter.
    let intents = intents.filter(|_| !ctx.ui.filter.is_empty());
    for intent in intents.map(|intents| intents.rows(None)).unwrap_or_default() {
        let value = intent.figures.first().and_then(|figure| figure.value).unwrap_or(0.0);
        if intent.key.get(Dim::Intent).is_some_and(|intent| !intent.is_empty()) {
            rows.push(row(&intent.key, -1.0 / (1.0 + value)));
        }
    }
    TableModel { columns: TrendSlice::COLUMNS, rows }
}

/// The name of the slice of a row.
#[must_use]
pub fn slice_name(ctx: Ctx<'_>, id: &Label) -> String {
    match id.as_str().split_at_checked(1) {
        None => "All queues".to_owned(),
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
