//! What the engine counts by.

use std::collections::BTreeMap;

use crate::clock::Span;
use crate::kpi::{Bands, Calendar, CountingRules, KpiId};
use crate::text::Label;

/// What the engine counts by. The defaults are those of kpis.md.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Formula, exclusions, method and window of FCR, `min_samples`.
    pub rules: CountingRules,
    /// Time zone and start of the business day.
    pub calendar: Calendar,
    /// The service level's threshold T, where a queue has none of its own.
    pub service_level: Span,
    /// T is this for every queue, whatever profiles and settings say.
    pub service_level_forced: bool,
    /// Abandoned sooner than this is a short abandon.
    pub short_abandon: Span,
    /// How far out of order events may come before they are called late.
    pub lateness: Span,
    /// A contact on a live channel without an end is closed as unknown after this.
    pub contact_ttl: Span,
    /// How long figures are kept; `None` keeps everything (reports).
    pub keep: Option<Span>,
    /// Lines that differ from the catalogue's.
    pub targets: BTreeMap<KpiId, Bands>,
    /// What differs by queue.
    pub queues: BTreeMap<Label, QueueSettings>,
    /// The bounds of handling time by intent, in seconds.
    pub intents: BTreeMap<Label, Bands>,
}

/// What differs in one queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueSettings {
    /// The service level's threshold T.
    pub service_level: Option<Span>,
    /// Lines that differ from the floor's.
    pub targets: BTreeMap<KpiId, Bands>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: CountingRules::default(),
            calendar: Calendar::default(),
            service_level: Span::seconds(20),
            service_level_forced: false,
            short_abandon: Span::seconds(5),
            lateness: Span::seconds(120),
            contact_ttl: Span(12 * Span::HOUR.0),
            keep: Some(Span(31 * Span::DAY.0)),
            targets: BTreeMap::new(),
            queues: BTreeMap::new(),
            intents: BTreeMap::new(),
        }
    }
}
