//! The first rows of a polled source in words, so that a mapping can be held against what the other side shows.

use crate::event::{Event, EventKind, Step};
use crate::kpi::{Figure, KpiId, Unit};

/// What a row says: the figures of a queue, an agent's state, or a contact; `None` for other events.
pub(super) fn describe(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Observed { queue, figures, quotients, .. } => {
            let plain = figures.iter().filter_map(|(key, value)| {
                let kpi = KpiId::parse(key.as_str())?.def();
                Some(format!("{} {}", kpi.name, kpi.show_value(*value, u64::MAX)))
            });
            let quotients = quotients.iter().filter_map(|(key, part, whole)| {
                let kpi = KpiId::parse(key.as_str())?.def();
                let n = Figure::ratio(1.0, *part, *whole, 0, "").value;
                let factor = if kpi.unit == Unit::Percent { 100.0 } else { 1.0 };
                let value = n.map_or_else(|| "–".to_owned(), |quotient| kpi.show_value(factor * quotient, u64::MAX));
                Some(format!("{} {value} of {whole}", kpi.name))
            });
            Some(format!("queue {queue}: {}", plain.chain(quotients).collect::<Vec<_>>().join(", ")))
        }
        EventKind::AgentState { agent, state, reason, .. } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            Some(format!("agent {agent}: {}{reason} since {}", state.key(), event.at))
        }
        EventKind::AgentProfile(profile) => {
            Some(format!("agent {}: {}", profile.agent, profile.name.as_ref().unwrap_or(&profile.agent)))
        }
        EventKind::Contact { contact, step: Step::Offered(offer), .. } => {
            Some(format!("contact {contact}: {} in {} since {}", offer.channel.key(), offer.queue, event.at))
        }
        EventKind::Contact { contact, step: Step::Answered { agent, .. }, .. } => {
            Some(format!("contact {contact}: with {agent} since {}", event.at))
        }
        _ => None,
    }
}
