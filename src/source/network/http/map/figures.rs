//! The figures of queues, as rows have them.

use crate::clock::{Span, Time};
use crate::kpi::figure::MAX_OBSERVED;
use crate::kpi::{KpiId, Unit};
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// A figure of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MappedFigure {
    Value(f64),
    Quotient(f64, f64),
}

/// The figures of a queue, from one or more rows.
#[derive(Debug)]
pub(super) struct QueueFigures {
    pub(super) queue: Label,
    pub(super) figures: Vec<(KpiId, MappedFigure)>,
}

impl QueueFigures {
    pub(super) fn add(
        &mut self,
        id: KpiId,
        found: Result<MappedFigure, RejectionReason>,
    ) -> Result<(), RejectionReason> {
        let figure = validate(id, found?)?;
        if self.figures.iter().any(|(known, _)| *known == id) {
            return Err(RejectionReason::new("another row has it as well, choose one with `rows`", &self.queue));
        }
        self.figures.push((id, figure));
        Ok(())
    }
}

/// The age in seconds of something that began at `at`; 0 if `at` is after `now`, which happens when clocks differ a
/// little.
pub(super) fn age(now: Time, at: Time) -> f64 {
    Span::as_secs_f64(now.since(at))
}

/// Check that a figure is possible for this KPI.
fn validate(id: KpiId, figure: MappedFigure) -> Result<MappedFigure, RejectionReason> {
    let unit = id.def().unit;
    let negative = matches!(unit, Unit::Count | Unit::Seconds | Unit::Percent | Unit::PerHour);
    let (value, is_too_much) = match figure {
        MappedFigure::Value(value) => (value, value > 100.0),
        MappedFigure::Quotient(numerator, denominator) => (numerator.min(denominator), numerator > denominator),
    };
    let largest = match figure {
        MappedFigure::Value(value) => value.abs(),
        MappedFigure::Quotient(numerator, denominator) => numerator.abs().max(denominator.abs()),
    };
    match unit {
        _ if largest > MAX_OBSERVED => Err(RejectionReason::new("larger than any centre", format!("{largest:e}"))),
        _ if negative && value < 0.0 => Err(RejectionReason::new("below 0, it is taken as unknown", value)),
        Unit::Percent if is_too_much => match figure {
            MappedFigure::Value(value) => Err(RejectionReason::new("over 100, set its `scale`", value)),
            MappedFigure::Quotient(part, whole) => {
                Err(RejectionReason::new("a part that is larger than the whole", format!("{part} of {whole}")))
            }
        },
        _ => Ok(figure),
    }
}
