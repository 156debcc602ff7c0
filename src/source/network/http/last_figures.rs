//! Remembers the figures that were sent last, so that only changed and disappeared ones are sent again.

use std::collections::BTreeMap;

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind};
use crate::text::Label;

/// Unchanged figures are repeated at this interval: rare enough for the journal, and at least once a minute, so that
/// trends have a value wherever there was one.
const REPEAT_INTERVAL: Span = Span(30_000_000);

/// Values, and quotients as numerator and denominator.
type Figures = Vec<(Label, f64, Option<f64>)>;

/// The figures that were sent last, by queue.
#[derive(Debug, Default)]
pub(super) struct LastFigures {
    known: BTreeMap<Label, Figures>,
    /// The newest time that figures of a queue counted for.
    times: BTreeMap<Label, Time>,
    /// When they were sent; `None` when everything must be sent again.
    at: Option<Time>,
}

impl LastFigures {
    /// Send everything again the next time.
    pub(super) fn reset(&mut self) {
        self.at = None;
    }

    /// The events to send at `now`, given the current figures as `events`. A figure that has disappeared is sent as
    /// NaN. Empty when nothing changed and no repetition is due.
    pub(super) fn changes(&mut self, mut events: Vec<Event>, origin: &Label, now: Time) -> Vec<Event> {
        let mut found: BTreeMap<Label, Figures> = BTreeMap::new();
        for event in &events {
            if let EventKind::Observed { queue, figures, quotients, .. } = &event.kind {
                let all = found.entry(queue.clone()).or_default();
                all.extend(figures.iter().map(|(key, value)| (key.clone(), *value, None)));
                all.extend(quotients.iter().map(|(key, part, whole)| (key.clone(), *part, Some(*whole))));
                let newest = self.times.entry(queue.clone()).or_insert(event.at);
                *newest = event.at.max(*newest);
            }
        }
        if found == self.known && self.at.is_some_and(|at| now.since(at) < REPEAT_INTERVAL) {
            return Vec::new();
        }
        for (queue, known) in &self.known {
            let there = found.get(queue);
            let gone = |key: &Label| there.is_none_or(|figures| figures.iter().all(|(other, ..)| other != key));
            let figures: Vec<(Label, f64)> =
                known.iter().filter(|(key, ..)| gone(key)).map(|(key, ..)| (key.clone(), f64::NAN)).collect();
            if !figures.is_empty() {
                let kind = EventKind::Observed { queue: queue.clone(), window: None, figures, quotients: Vec::new() };
                // Not earlier than the value that it takes away, and not later than the next one.
                let at = self.times.get(queue).copied().unwrap_or(now);
                events.push(Event { at, origin: origin.clone(), id: None, kind });
            }
        }
        self.times.retain(|queue, _| found.contains_key(queue));
        self.known = found;
        self.at = Some(now);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(queue: &str, figures: &[(&str, f64)]) -> Event {
        let figures = figures.iter().map(|(key, value)| ((*key).into(), *value)).collect();
        let kind = EventKind::Observed { queue: queue.into(), window: None, figures, quotients: Vec::new() };
        Event { at: Time::default(), origin: Label::default(), id: None, kind }
    }

    #[test]
    fn what_is_the_same_is_told_seldom_and_what_is_gone_is_told_once() {
        let mut last = LastFigures::default();
        let mut news = |events: &[Event], second: i64, anew: bool| {
            if anew {
                last.reset();
            }
            let now = Time::from_unix(second);
            let news = last.changes(events.to_vec(), &Label::default(), now);
            // That which is no number equals nothing.
            news.iter().map(|event| format!("{:?}", event.kind)).collect::<Vec<_>>().join("\n")
        };
        let (both, one) = (says("a", &[("waiting", 1.0), ("longest_wait", 9.0)]), says("a", &[("waiting", 1.0)]));
        assert!(news(&[both.clone(), says("b", &[("waiting", 2.0)])], 0, false).contains("9.0"));
        assert_eq!(news(&[both.clone(), says("b", &[("waiting", 2.0)])], 10, false), "");
        let last = news(std::slice::from_ref(&one), 20, false);
        assert_eq!((last.matches("NaN").count(), last.lines().count()), (2, 3), "{last}");
        assert_eq!(news(std::slice::from_ref(&one), 30, false), "");
        assert_eq!(news(std::slice::from_ref(&one), 31, true).lines().count(), 1);
        assert_eq!(news(&[one], 61, false).lines().count(), 1);
    }
}
