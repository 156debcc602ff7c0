//! The words of supervisors for figures. `?` has the field's own names.

use crate::kpi::KpiId;

/// The word for a KPI on tiles, in the heads of columns and in lists of alerts.
#[must_use]
pub fn of(kpi: KpiId) -> &'static str {
    match kpi {
        KpiId::Waiting => "waiting",
        KpiId::LongestWait => "longest wait",
        KpiId::ServiceLevel => "in time",
        KpiId::AbandonmentRate => "hung up",
        KpiId::AgentsAvailable => "agents free",
        KpiId::Aht => "handling",
        KpiId::Csat => "satisfied",
        KpiId::Ces => "effort",
        KpiId::RepeatRate => "repeats",
        KpiId::TransferRate => "transferred",
        KpiId::Offered => "offered",
        other => other.def().short,
    }
}

/// The same with a capital, for titles.
#[must_use]
pub fn title(kpi: KpiId) -> String {
    let word = of(kpi);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
