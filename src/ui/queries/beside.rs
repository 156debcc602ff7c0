//! The questions for what stands beside a figure in the box that tells why.

use super::query;
use crate::board::Board;
use crate::clock::Span;
use crate::kpi::{Dim, KpiId, Period, Query, Slice, Window};
use crate::ui::state::Ui;

/// Speed.
pub const SPEED: [KpiId; 2] = [KpiId::Aht, KpiId::Asa];
/// What speed is for.
pub const RESOLUTION: [KpiId; 3] = [KpiId::Fcr, KpiId::RepeatRate, KpiId::Csat];

/// What stands beside a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The customers' patience, and the position in the queue.
    Patience,
    /// Speed, and whether contacts were resolved.
    Speed,
    /// Quality and satisfaction of each team.
    Quality,
}

impl Beside {
    /// What stands beside a KPI; `None` where it stands alone.
    #[must_use]
    pub const fn of(kpi: KpiId) -> Option<Self> {
        use KpiId as K;
        match kpi {
            K::AbandonmentRate | K::Abandoned | K::TimeToAbandon | K::Patience | K::AbandonmentByPosition => {
                Some(Self::Patience)
            }
            K::Aht | K::Asa | K::Fcr | K::RepeatRate | K::SpeedTrap | K::ContactsPerHour => Some(Self::Speed),
            K::Csat | K::QualityScore | K::QualityGap => Some(Self::Quality),
            _ => None,
        }
    }
}

/// Patience, and abandonment by position.
#[must_use]
pub fn patience(ui: &Ui, of: &Slice, window: Window) -> Query {
    let kpis = [KpiId::Patience, KpiId::AbandonmentByPosition];
    Query { over: Period::Window(window), ..query(ui, of, None, &kpis) }
}

/// Speed and what it is for over the last seven days, or the seven days so many weeks before.
#[must_use]
pub fn speed(ui: &Ui, board: &Board, of: &Slice, weeks: i64) -> Query {
    let kpis: Vec<KpiId> = SPEED.into_iter().chain(RESOLUTION).chain([KpiId::SpeedTrap]).collect();
    let over = if weeks == 0 {
        Period::Window(Window::D7)
    } else {
        // By whole half hours, so that the answer lasts.
        let range = Window::D7.range(board.calendar.half_hour(board.at), &board.calendar);
        let by = Span(weeks * 7 * Span::DAY.0);
        Period::Range(range.start - by, range.end - by)
    };
    Query { over, ..query(ui, of, None, &kpis) }
}

/// Quality and satisfaction by team over the last thirty days.
#[must_use]
pub fn quality_of_teams(ui: &Ui, of: &Slice) -> Query {
    let kpis = [KpiId::QualityScore, KpiId::Csat];
    Query { over: Period::Window(Window::D30), ..query(ui, of, Some(Dim::Team), &kpis) }
}

/// All questions for what stands beside a KPI.
pub(super) fn questions(ui: &Ui, board: &Board, of: &Slice, kpi: KpiId, window: Window) -> Vec<Query> {
    match Beside::of(kpi) {
        None => Vec::new(),
        Some(Beside::Patience) => vec![patience(ui, of, window)],
        Some(Beside::Speed) => [0, 1].map(|weeks| speed(ui, board, of, weeks)).into(),
        Some(Beside::Quality) => vec![quality_of_teams(ui, of)],
    }
}
