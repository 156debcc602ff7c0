//! `[worklist]`: which items there are, and what becomes of them.

use super::section::Section;
use crate::alert::MuteLength;
use crate::clock::Span;
use crate::worklist::{Settings, WorkKind};

/// The longest time that items stay: those of some days are a list that is read, not one that is worked.
const MAX_KEEP: Span = Span(7 * Span::DAY.0);
/// The most attempts.
const MAX_ATTEMPTS: u64 = 20;

/// Reads the settings of the worklists.
pub(super) fn read(settings: &mut Settings, mut section: Section<'_>) {
    if let Some(kinds) = section.choices("kinds", &WorkKind::WORDS) {
        settings.kinds = kinds;
    }
    match section.span("claim").map(MuteLength::new) {
        Some(Ok(claim)) => settings.claim = claim,
        Some(Err(error)) => section.complain("claim", &format!("is out of range: {error}")),
        None => {}
    }
    for (key, span, least) in [
        ("due", &mut settings.due, Span::MINUTE),
        ("keep", &mut settings.keep, Span::HOUR),
        ("handling", &mut settings.handling, Span::MINUTE),
    ] {
        match section.span(key) {
            Some(given) if given >= least && given <= MAX_KEEP => *span = given,
            Some(_) => {
                section.complain(key, &format!("must be {} up to 7 days", crate::kpi::format::age(least.as_secs())));
            }
            None => {}
        }
    }
    if let Some(wait) = section.span("least_wait") {
        settings.least_wait = wait;
    }
    match section.count("attempts") {
        Some(attempts @ 1..=MAX_ATTEMPTS) => settings.attempts = u32::try_from(attempts).unwrap_or(1),
        Some(_) => section.complain("attempts", "must be between 1 and 20"),
        None => {}
    }
    for (key, limit, range) in [("csat", &mut settings.csat, 1.0..=5.0), ("nps", &mut settings.nps, 0.0..=10.0)] {
        match section.number(key) {
            Some(given) if range.contains(&given) => *limit = given,
            Some(_) => section.complain(key, &format!("must be between {} and {}", range.start(), range.end())),
            None => {}
        }
    }
    section.done();
}
