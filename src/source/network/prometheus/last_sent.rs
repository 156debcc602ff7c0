//! Remembers the figures that were sent last, so that only changed and disappeared ones are sent again, and each once a
//! minute, so that trends have a value wherever there was one.

use std::collections::BTreeMap;

use super::answer::QueryResult;
use super::backfill::Chunk;
use crate::clock::Time;
use crate::event::{Event, EventKind};
use crate::kpi::KpiId;
use crate::text::Label;

/// The figures that were sent last, and when; `None` for a figure that is only known from a backfill.
#[derive(Debug, Default)]
pub(super) struct LastSent {
    known: BTreeMap<(Label, KpiId), Option<(Time, f64)>>,
}

impl LastSent {
    pub(super) fn has_kpi(&self, kpi: KpiId) -> bool {
        self.known.keys().any(|(_, known)| *known == kpi)
    }

    /// The events to send for the results at `at`: changed and disappeared figures, and each once a minute.
    pub(super) fn changes(&mut self, found: &[(KpiId, QueryResult)], at: Time, origin: &Label) -> Vec<Event> {
        let mut now = BTreeMap::new();
        for (kpi, found) in found {
            for series in &found.series {
                if let Some((_, value)) = series.points.last().filter(|(_, value)| value.is_finite()) {
                    now.insert((series.queue.clone(), *kpi), *value);
                }
            }
        }
        let mut figures: BTreeMap<Label, Vec<(Label, f64)>> = BTreeMap::new();
        let mut say = |queue: &Label, kpi: KpiId, value| {
            figures.entry(queue.clone()).or_default().push((Label::fixed(kpi.def().key), value));
        };
        self.known.retain(|key, last_sent| {
            let stays = now.contains_key(key);
            if !stays && last_sent.is_some() {
                say(&key.0, key.1, f64::NAN);
            }
            stays
        });
        for (key, value) in now {
            let old = self.known.get(&key).copied().flatten();
            #[expect(clippy::float_cmp, reason = "what is the same to the last bit is no news")]
            if old.is_none_or(|(last_sent, old)| old != value || last_sent.minute() != at.minute()) {
                say(&key.0, key.1, value);
                self.known.insert(key, Some((at, value)));
            }
        }
        figures.into_iter().map(|(queue, figures)| observed(at, origin, queue, figures)).collect()
    }

    /// The events of a backfilled chunk, in the order of time.
    pub(super) fn backfill(&mut self, found: &[(KpiId, QueryResult)], chunk: &Chunk, origin: &Label) -> Vec<Event> {
        let mut figures: BTreeMap<(Time, Label), Vec<(Label, f64)>> = BTreeMap::new();
        for (kpi, found) in found {
            for series in &found.series {
                self.known.entry((series.queue.clone(), *kpi)).or_insert(None);
                for (at, value) in series.points.iter().filter(|(at, value)| *at > chunk.after && value.is_finite()) {
                    let figure = (Label::fixed(kpi.def().key), *value);
                    figures.entry((*at, series.queue.clone())).or_default().push(figure);
                }
            }
        }
        figures.into_iter().map(|((at, queue), figures)| observed(at, origin, queue, figures)).collect()
    }

    /// NaN for the figures of the backfill that no longer exist.
    pub(super) fn disappeared(&mut self, at: Time, origin: &Label) -> Vec<Event> {
        let mut figures: BTreeMap<Label, Vec<(Label, f64)>> = BTreeMap::new();
        self.known.retain(|(queue, kpi), last_sent| {
            if last_sent.is_none() {
                let figure = (Label::fixed(kpi.def().key), f64::NAN);
                figures.entry(queue.clone()).or_default().push(figure);
            }
            last_sent.is_some()
        });
        figures.into_iter().map(|(queue, figures)| observed(at, origin, queue, figures)).collect()
    }
}

fn observed(at: Time, origin: &Label, queue: Label, figures: Vec<(Label, f64)>) -> Event {
    Event {
        at,
        origin: origin.clone(),
        id: None,
        kind: EventKind::Observed { queue, window: None, figures, quotients: Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Series;
    use super::super::backfill::chunks;
    use super::*;
    use crate::clock::Span;

    fn at(seconds: i64) -> Time {
        Time::from_unix(1_772_528_400 + seconds)
    }

    fn found(values: &[(&str, KpiId, f64)]) -> Vec<(KpiId, QueryResult)> {
        let one = |(queue, kpi, value): &(&str, KpiId, f64)| {
            let series = vec![Series { queue: (*queue).into(), points: vec![(at(0), *value)] }];
            (*kpi, QueryResult { series, remark: None })
        };
        values.iter().map(one).collect()
    }

    fn said(events: &[Event]) -> Vec<String> {
        let figures = |event: &Event| match &event.kind {
            EventKind::Observed { queue, figures, .. } => {
                let figures: Vec<_> = figures.iter().map(|(kpi, value)| format!("{kpi}={value}")).collect();
                format!("{queue} {}", figures.join(" "))
            }
            other => panic!("{other:?}"),
        };
        events.iter().map(figures).collect()
    }

    #[test]
    fn what_changed_what_is_gone_and_each_once_a_minute_is_news() {
        let (mut last_sent, origin) = (LastSent::default(), Label::fixed("metrics"));
        let mut say =
            |seconds, values: &[(&str, KpiId, f64)]| said(&last_sent.changes(&found(values), at(seconds), &origin));
        let (waiting, asa) = (KpiId::Waiting, KpiId::Asa);
        let first = [("a", waiting, 3.0), ("b", waiting, 0.0), ("a", asa, f64::NAN)];
        assert_eq!(say(0, &first), ["a waiting=3", "b waiting=0"]);
        assert_eq!(say(15, &first), [""; 0]);
        assert_eq!(say(30, &[("a", waiting, 4.0), ("b", waiting, 0.0)]), ["a waiting=4"]);
        assert_eq!(say(60, &[("a", waiting, 4.0), ("b", waiting, 0.0)]), ["a waiting=4", "b waiting=0"]);
        assert_eq!(say(75, &[("a", waiting, f64::INFINITY)]), ["a waiting=NaN", "b waiting=NaN"]);
        assert_eq!(say(90, &[]), [""; 0]);
    }

    #[test]
    fn the_past_is_told_once_and_what_it_had_and_now_has_not_is_gone() {
        let (mut last_sent, origin) = (LastSent::default(), Label::fixed("metrics"));
        last_sent.changes(&found(&[("a", KpiId::Waiting, 3.0)]), at(300), &origin);
        let chunk = &chunks(at(30), at(300), Span::MINUTE)[0];
        let points = vec![(at(0), 1.0), (at(60), 2.0), (at(120), f64::NAN)];
        let series = ["a", "b"].map(|queue| Series { queue: queue.into(), points: points.clone() });
        let past = [(KpiId::Waiting, QueryResult { series: series.into(), remark: None })];
        let events = last_sent.backfill(&past, chunk, &origin);
        assert_eq!(said(&events), ["a waiting=2", "b waiting=2"]);
        assert!(events.iter().all(|event| event.at == at(60)));
        assert_eq!(said(&last_sent.disappeared(at(300), &origin)), ["b waiting=NaN"]);
        assert_eq!(said(&last_sent.disappeared(at(300), &origin)), [""; 0]);
    }
}
