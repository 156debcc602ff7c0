//! How long contacts are handled, and what that costs by the rates of the configuration.

use super::KpiInputs;
use super::figure::{Figure, float};
use crate::clock::Span;
use crate::text::Text;

pub(super) const NO_HANDLED: &str = "no handled contacts in this window";
const NO_TALK: &str = "no source gives the talk times of the contacts in this window";
const NO_COST: &str = "no cost is configured: see [cost]";
/// Seconds in an hour.
pub(super) const HOUR_S: f64 = 3600.0;

/// A mean per handled contact. Contacts whose handling time is not known do not count.
fn per_handled(r: &KpiInputs<'_>, micros: i64) -> Figure {
    let known = r.tally.handle.n;
    let empty = if r.tally.handled > 0 { NO_TALK } else { NO_HANDLED };
    Figure::ratio(1.0, Span(micros).as_secs_f64(), float(known), known, empty)
}

pub(super) fn aht(r: &KpiInputs<'_>) -> Figure {
    let t = r.tally;
    let figure = per_handled(r, t.talk + t.hold + t.handle_acw);
    let note = match (r.evidence.holds, r.evidence.wraps) {
        (true, true) => return figure,
        (true, false) => "no source tells of after-contact work: it is in only as far as talk times contain it",
        (false, true) => "no source tells of calls on hold: they are in only as far as talk times contain them",
        (false, false) => {
            "no source tells of hold or after-contact work: they are in only as far as talk times contain them"
        }
    };
    if figure.is_known() { figure.with_note(Text::fixed(note)) } else { figure }
}

pub(super) fn talk(r: &KpiInputs<'_>) -> Figure {
    per_handled(r, r.tally.talk)
}

pub(super) fn hold(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.holds {
        return Figure::unknown("no source tells of calls on hold");
    }
    per_handled(r, r.tally.hold)
}

pub(super) fn acw(r: &KpiInputs<'_>) -> Figure {
    if !r.evidence.wraps {
        return Figure::unknown("no source tells of after-contact work");
    }
    per_handled(r, r.tally.handle_acw)
}

/// The handling time in hours by its rate, and each contact by its own. Contacts whose handling time is unknown count with
/// the mean of the others.
pub(super) fn cost_per_contact(r: &KpiInputs<'_>) -> Figure {
    let Some(cost) = r.rules.cost else { return Figure::unknown(NO_COST) };
    let handling = aht(r);
    let Some(mean) = handling.value else { return handling };
    let value = mean / HOUR_S * cost.agent_hour + cost.contact;
    Figure { value: Some(value), numerator: None, denominator: None, low: None, high: None, ..handling }
}

pub(super) fn cost(r: &KpiInputs<'_>) -> Figure {
    let each = cost_per_contact(r);
    Figure { value: each.value.map(|each| each * float(r.tally.handled)), ..each }
}
