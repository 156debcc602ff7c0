//! What a KPI is for, and the grades that the field gives its values.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Better, Kpi, KpiGroup, KpiId};

/// What a KPI speaks of. A figure of efficiency is read beside one of customers, never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KpiRole {
    /// What customers feel.
    Customer,
    /// What the work costs.
    Efficiency,
    /// It explains the others, or keeps them honest.
    Supporting,
}

impl KpiRole {
    /// Its name in texts and in JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Efficiency => "efficiency",
            Self::Supporting => "supporting",
        }
    }
}

impl Kpi {
    /// What it speaks of: by its group, except that a number which is not judged supports the others.
    #[must_use]
    pub const fn role(&self) -> KpiRole {
        match (self.group, self.better) {
            (KpiGroup::Efficiency, _) => KpiRole::Efficiency,
            (KpiGroup::Quality, _) | (_, Better::Neutral) => KpiRole::Supporting,
            _ => KpiRole::Customer,
        }
    }
}

/// A word of the field for how good a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Grade {
    WorldClass,
    Excellent,
    Good,
    Standard,
    Problem,
    Audit,
}

impl Grade {
    /// Its key in the texts of a language.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::WorldClass => "world_class",
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Standard => "standard",
            Self::Problem => "problem",
            Self::Audit => "audit",
        }
    }

    /// The grade of a value, in the KPI's unit, by the bands of docs/kpis.md; `None` between the bands, and where the field
    /// has no words for a KPI.
    #[must_use]
    pub fn of(kpi: KpiId, value: f64) -> Option<Self> {
        let grade = match kpi {
            KpiId::Fcr if value > 85.0 => Self::WorldClass,
            KpiId::Fcr if value >= 80.0 => Self::Good,
            KpiId::Fcr if value >= 75.0 => Self::Standard,
            KpiId::Fcr if value < 65.0 => Self::Audit,
            KpiId::Asa if value < 15.0 => Self::Excellent,
            KpiId::Asa if value <= 20.0 => Self::Good,
            KpiId::Asa if value <= 30.0 => Self::Standard,
            KpiId::Asa if value > 45.0 => Self::Problem,
            _ => return None,
        };
        Some(grade)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_those_of_the_definitions() {
        let graded =
            |kpi, values: &[f64]| -> Vec<Option<Grade>> { values.iter().map(|value| Grade::of(kpi, *value)).collect() };
        assert_eq!(
            graded(KpiId::Fcr, &[85.1, 85.0, 80.0, 75.0, 74.9, 65.0, 64.9]),
            [
                Some(Grade::WorldClass),
                Some(Grade::Good),
                Some(Grade::Good),
                Some(Grade::Standard),
                None,
                None,
                Some(Grade::Audit)
            ]
        );
        assert_eq!(
            graded(KpiId::Asa, &[14.9, 15.0, 20.0, 30.0, 31.0, 45.0, 46.0]),
            [
                Some(Grade::Excellent),
                Some(Grade::Good),
                Some(Grade::Good),
                Some(Grade::Standard),
                None,
                None,
                Some(Grade::Problem)
            ]
        );
        assert_eq!(Grade::of(KpiId::Nps, 90.0), None);
    }

    #[test]
    fn figures_of_efficiency_are_never_called_what_customers_feel() {
        let role = |kpi: KpiId| kpi.def().role();
        assert_eq!(role(KpiId::ServiceLevel), KpiRole::Customer);
        assert_eq!(role(KpiId::LongestWait), KpiRole::Customer);
        assert_eq!(role(KpiId::Aht), KpiRole::Efficiency);
        assert_eq!(role(KpiId::Offered), KpiRole::Supporting);
        assert_eq!(role(KpiId::QualityScore), KpiRole::Supporting);
    }
}
