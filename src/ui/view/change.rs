//! What has come in the last hour, against what comes usually in this hour of this weekday; or, where no such day is
//! kept, against the three hours of today before.

use super::Ctx;
use crate::kpi::{Dim, KpiId, Slice};
use crate::language::{self, text};
use crate::ui::answers::Figures;
use crate::ui::glyphs;
use crate::ui::grid::{SortKey, TableCell};
use crate::ui::queries::{self, WEEKS};
use crate::ui::theme::Tone;
use crate::ui::trends::model::expected_of;

/// The answers for all values of a dimension.
pub struct ArrivalChanges<'a> {
    hour: Option<&'a Figures>,
    /// The same hour of earlier weeks, as far as anything is kept of them.
    weeks: Vec<&'a Figures>,
    /// Today before, and its length in hours.
    before: Option<(&'a Figures, f64)>,
}

/// Those of one value.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArrivalChange {
    /// The arrivals of the last hour.
    pub hour: Option<f64>,
    usual: Option<f64>,
}

impl<'a> ArrivalChanges<'a> {
    /// The changes of the parts of a slice.
    #[must_use]
    pub fn new(ctx: Ctx<'a>, of: &Slice, by: Dim) -> Self {
        let kept = |figures: &&Figures| count(figures, None) > 0.0;
        let weeks =
            (1..=WEEKS).filter_map(|week| ctx.answers.figures(queries::hour_before(ctx.ui, ctx.board, of, by, week)));
        let before = queries::hours_before(ctx.ui, ctx.board, of, by);
        let before = before.and_then(|(query, hours)| Some((ctx.answers.figures(query).filter(kept)?, hours)));
        Self {
            hour: ctx.answers.figures(queries::last_hour(ctx.ui, of, by)),
            weeks: weeks.filter(kept).collect(),
            before,
        }
    }

    /// The change of one value.
    #[must_use]
    pub fn of(&self, value: &str) -> ArrivalChange {
        let weeks = self.weeks.iter().map(|week| count(week, Some(value)));
        let of_today = || self.before.map(|(before, hours)| count(before, Some(value)) / hours);
        let usual = expected_of(&weeks.collect::<Vec<_>>()).or_else(of_today);
        ArrivalChange { hour: self.hour.map(|hour| count(hour, Some(value))), usual }
    }

    /// What it is compared with, for the title of a panel.
    #[must_use]
    pub fn against(&self, ctx: Ctx<'_>) -> Option<String> {
        let day = || language::time(ctx.board.at, ctx.zone(), "%A");
        match (self.weeks.len(), self.before) {
            (0, None) => None,
            (0, Some((_, hours))) => Some(text!("usual-hours", hours = format!("{hours:.0}"))),
            (1, _) => Some(text!("usual-last", day = day())),
            (n, _) => Some(text!("usual-days", count = n, day = day())),
        }
    }
}

/// The arrivals of one value or of all; of what has no row, none came.
fn count(figures: &Figures, value: Option<&str>) -> f64 {
    let figure = value.map_or_else(|| figures.total(KpiId::Offered), |value| figures.at(value, KpiId::Offered));
    figure.and_then(|figure| figure.value).unwrap_or(0.0)
}

impl ArrivalChange {
    /// How many times the usual has come; 1 where the difference may be chance.
    #[must_use]
    pub fn factor(self) -> Option<f64> {
        let (hour, usual) = (self.hour?, self.usual?);
        let chance = (hour - usual).abs() < 2.5 * (usual + 1.0).sqrt();
        Some(if chance { 1.0 } else { hour / usual.max(0.5) })
    }

    /// By how many contacts the last hour differs from the usual.
    #[must_use]
    pub fn surplus(self) -> Option<f64> {
        Some(self.hour? - self.usual?)
    }

    /// The cell of the factor: only what is no chance has a number.
    #[must_use]
    pub fn cell(self) -> TableCell {
        match self.factor() {
            None => TableCell::none(),
            Some(1.0) => TableCell::new(glyphs::GOOD, Tone::Faint),
            Some(factor) if factor >= 10.0 => TableCell::new(format!("×{factor:.0}"), Tone::Warning),
            Some(factor) => TableCell::new(
                format!("×{}", language::decimal(factor, 1)),
                if factor > 1.0 { Tone::Warning } else { Tone::Text },
            ),
        }
    }

    /// What the factor is sorted by.
    #[must_use]
    pub fn sort_key(self) -> SortKey<'static> {
        SortKey::number(self.factor())
    }

    /// The cell of the last hour.
    #[must_use]
    pub fn hour_cell(self) -> TableCell {
        TableCell::maybe(self.hour.map(language::count), Tone::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_chance_has_a_factor() {
        let cell = |hour, usual| ArrivalChange { hour: Some(hour), usual: Some(usual) }.cell().text.to_string();
        assert_eq!(cell(54.0, 4.0), "×14");
        assert_eq!(cell(30.0, 12.0), "×2.5");
        assert_eq!(cell(1.0, 0.25), "·", "one contact is chance");
        assert_eq!(cell(12.0, 10.0), "·");
        assert_eq!(cell(3.0, 40.0), "×0.1");
        assert_eq!(ArrivalChange { hour: Some(4.0), usual: None }.cell(), TableCell::none());
    }
}
