//! The questions of the wall, whatever the window of the other pages.

use super::{Question, half_hours, query};
use crate::kpi::{Dim, KpiId, Period, Query, Slice, Window};
use crate::ui::state::Ui;
use crate::worklist::{WorkKind, WorkQuery};

pub(super) fn questions(ui: &Ui) -> Vec<Question> {
    vec![Question::Figures(kiosk_queues(ui)), Question::Figures(kiosk_day(ui)), Question::Worklist(kiosk_work())]
}

/// What it shows of each queue and of all: the last half hour.
#[must_use]
pub fn kiosk_queues(ui: &Ui) -> Query {
    let kpis = [KpiId::ServiceLevel, KpiId::AbandonmentRate];
    Query { over: Period::Window(Window::M30), ..query(ui, &Slice::TOTAL, Some(Dim::Queue), &kpis) }
}

/// The day so far.
#[must_use]
pub fn kiosk_day(ui: &Ui) -> Query {
    half_hours(ui, &Slice::TOTAL, KpiId::ServiceLevel)
}

/// How many call-backs are late: the counts alone.
#[must_use]
pub fn kiosk_work() -> WorkQuery {
    WorkQuery { kind: Some(WorkKind::Callback), limit: 0, ..WorkQuery::default() }
}
