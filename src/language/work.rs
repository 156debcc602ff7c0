//! Items of worklists in the reader's language.

use super::{duration, text};
use crate::worklist::{OccasionKind, WorkItem};

/// Why an item is on its list: `hung up after 1:12`.
#[must_use]
pub fn work_reason(item: &WorkItem) -> String {
    let Some(last) = item.reasons().next_back() else { return item.why.to_string() };
    let (kind, value) = (last.kind, last.value);
    let score = || format!("{:.0}", value.unwrap_or_default());
    match (kind, value.map(duration)) {
        (OccasionKind::HungUp, Some(wait)) => text!("work-why-hung-up", wait = wait),
        (OccasionKind::HungUp, None) => text!("work-hung-up").to_owned(),
        (OccasionKind::AskedBack, Some(wait)) => text!("work-why-asked-back", wait = wait),
        (OccasionKind::AskedBack, None) => text!("work-asked-back").to_owned(),
        (OccasionKind::Satisfaction, _) => text!("work-why-satisfied", score = score()),
        (OccasionKind::Recommendation, _) => text!("work-why-recommends", score = score()),
        (OccasionKind::Reopened, _) => text!("work-why-reopened").to_owned(),
        (OccasionKind::Handled, Some(time)) => text!("work-why-handled", time = time),
        // Attempts are no reasons.
        (OccasionKind::Handled | OccasionKind::CalledAgain | OccasionKind::CalledBack, _) => item.why.to_string(),
    }
}
