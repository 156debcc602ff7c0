//! Limits to begin with, by the kind of business and the kind of issue: what is right for a subscription is wrong for
//! debt collection. A centre's own history is better, and `[targets]` wins.

use super::{Bands, KpiId};

/// A kind of business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Business customers: few, known, with high expectations of the relation.
    B2b,
    /// Consumers.
    Retail,
    /// Debt collection: customers do not call gladly, and come back by agreement.
    Collections,
    /// Technical support: issues take long, and some need a second contact.
    Technical,
}

impl Profile {
    /// The names in the configuration.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("b2b", Self::B2b),
        ("retail", Self::Retail),
        ("collections", Self::Collections),
        ("technical", Self::Technical),
    ];

    /// The limits that differ from the catalogue's. Those of NPS are the ranges of docs/kpis.md for business customers
    /// (30–50) and consumers (50–70): below the range is a warning, its top the target.
    #[must_use]
    pub const fn targets(self) -> &'static [(KpiId, Bands)] {
        const fn nps(low: f64, high: f64) -> (KpiId, Bands) {
            (KpiId::Nps, Bands { target: Some(high), warning: Some(low), ..Bands::NONE })
        }
        match self {
            Self::B2b => &const { [nps(30.0, 50.0)] },
            Self::Retail => &const { [nps(50.0, 70.0)] },
            Self::Collections => {
                &const {
                    [
                        (KpiId::Csat, Bands::limits(70.0, 70.0, 60.0)),
                        (KpiId::CsatMean, Bands::limits(3.8, 3.5, 3.0)),
                        (KpiId::Ces, Bands::limits(3.5, 3.5, 4.5)),
                        (KpiId::Fcr, Bands::limits(65.0, 60.0, 50.0)),
                    ]
                }
            }
            Self::Technical => {
                &const {
                    [
                        nps(30.0, 50.0),
                        (KpiId::Fcr, Bands::limits(75.0, 70.0, 65.0)),
                        (KpiId::Asa, Bands::limits(30.0, 45.0, 90.0)),
                        (KpiId::Ces, Bands::limits(3.5, 3.5, 4.5)),
                    ]
                }
            }
        }
    }
}

/// A kind of issue that customers have; it says how long handling takes as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum IssueKind {
    Password,
    Billing,
    Technical,
    Dispute,
}

impl IssueKind {
    /// The names in the configuration.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("password", Self::Password),
        ("billing", Self::Billing),
        ("technical", Self::Technical),
        ("dispute", Self::Dispute),
    ];

    /// The bounds of the average handling time, in seconds: 2–3, 5–7, 8–12 and 10–15 minutes.
    #[must_use]
    pub const fn handling_time(self) -> Bands {
        match self {
            Self::Password => Bands::between(120.0, 180.0),
            Self::Billing => Bands::between(300.0, 420.0),
            Self::Technical => Bands::between(480.0, 720.0),
            Self::Dispute => Bands::between(600.0, 900.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::Better;

    #[test]
    fn limits_of_profiles_come_in_the_order_of_their_kpi() {
        for (kpi, bands) in Profile::WORDS.iter().flat_map(|(_, profile)| profile.targets()) {
            let mut limits: Vec<f64> = [bands.critical, bands.warning, bands.target].into_iter().flatten().collect();
            if kpi.def().better == Better::Lower {
                limits.reverse();
            }
            assert!(limits.is_sorted(), "{}: {limits:?}", kpi.def().key);
        }
    }
}
