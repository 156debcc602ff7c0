//! The words of supervisors for figures. `?` has the trade's own names.

use crate::kpi::KpiId;
use crate::language;

/// The word for a KPI on tiles, in the heads of columns and in lists of alerts.
#[must_use]
pub fn of(kpi: KpiId) -> &'static str {
    &language::kpi(kpi).word
}

/// The same with a capital, for titles.
#[must_use]
pub fn title(kpi: KpiId) -> String {
    let word = of(kpi);
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
