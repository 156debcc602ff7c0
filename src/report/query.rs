//! From an engine that has taken everything in to a report.

use super::{InputSummary, Report, ReportSettings};
use crate::clock::{Span, Time};
use crate::engine::{ApplyOutcome, Engine};
use crate::kpi::{Dim, Every, KpiId, Period, Query, Slice};

/// What a report is asked to be about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    /// The start; the first event where absent.
    pub from: Option<Time>,
    /// The end, exclusive; just past the last event where absent.
    pub to: Option<Time>,
    /// The dimensions of the rows' keys, up to two.
    pub by: Vec<Dim>,
    /// The steps of the rows.
    pub every: Option<Every>,
    /// Which figures.
    pub kpis: Vec<KpiId>,
}

impl InputSummary {
    /// An event was taken in; this became of it.
    pub const fn count(&mut self, outcome: ApplyOutcome) {
        self.events += 1;
        match outcome {
            ApplyOutcome::Counted => {}
            ApplyOutcome::Late => self.late += 1,
            ApplyOutcome::Duplicate => self.duplicates += 1,
            ApplyOutcome::OutOfPlace => self.out_of_place += 1,
        }
    }
}

impl Report {
    /// The report on what an engine has taken in. `first` is the first event's time; the end of the recording is the
    /// engine's newest event, and that is "now": nothing after it is known.
    #[must_use]
    pub fn of(engine: &mut Engine, asked: &ReportQuery, first: Option<Time>, input: InputSummary) -> Self {
        let now = engine.newest();
        engine.advance(now);
        // A contact whose join was not seen joined before the first event.
        let first = first.map(|first| engine.oldest().map_or(first, |oldest| oldest.min(first)));
        let from = asked.from.or(first).unwrap_or(now);
        let to = asked.to.unwrap_or(now + Span(1)).max(from);
        let query = Query {
            of: Slice::TOTAL,
            by: asked.by.clone(),
            over: Period::Range(from, to),
            every: asked.every,
            kpis: asked.kpis.clone(),
            formula: None,
        };
        let answer = engine.ask(&query, now);
        // Without keys and steps the total says it all.
        let rows = if asked.by.is_empty() && asked.every.is_none() { Vec::new() } else { answer.rows };
        Self {
            from,
            to,
            settings: ReportSettings::from(engine.settings()),
            calendar: *engine.calendar(),
            input,
            by: query.by,
            every: query.every,
            kpis: query.kpis,
            total: answer.total,
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Channel, Event, EventKind, Offer, Step};
    use crate::text::Label;

    fn contact(at: i64, contact: &str, step: Step) -> Event {
        let kind = EventKind::Contact { contact: Label::new(contact), queue: Some("billing".into()), step };
        Event { at: Time::from_unix(1_772_442_000 + at), origin: "test".into(), id: None, kind }
    }

    fn offer() -> Step {
        let queue = "billing".into();
        Step::Offered(Offer {
            queue,
            channel: Channel::Voice,
            intent: None,
            customer: None,
            priority: None,
            position: None,
            auth_steps: None,
            untimed: false,
        })
    }

    fn day() -> (Engine, Option<Time>, InputSummary) {
        let mut engine = Engine::new(crate::engine::Settings { keep: None, ..Default::default() });
        let mut input = InputSummary::default();
        let events = [
            contact(0, "a", offer()),
            contact(12, "a", Step::Answered { agent: "ann".into(), wait: None }),
            contact(20, "b", offer()),
            contact(60, "b", Step::Abandoned { wait: None, position: None }),
            contact(72, "a", Step::Completed { agent: None, ended_by: None, talk: None, hold: None }),
        ];
        for event in &events {
            input.count(engine.apply(event));
        }
        (engine, Some(events[0].at), input)
    }

    #[test]
    fn a_recording_s_figures_reach_from_its_first_event_to_its_last() {
        let (mut engine, first, input) = day();
        let asked = ReportQuery {
            by: vec![Dim::Queue],
            kpis: vec![KpiId::Offered, KpiId::Asa, KpiId::ServiceLevel],
            ..ReportQuery::default()
        };
        let report = Report::of(&mut engine, &asked, first, input);
        assert_eq!(report.input.events, 5);
        let values = |figures: &[crate::kpi::Figure]| figures.iter().map(|figure| figure.value).collect::<Vec<_>>();
        assert_eq!(values(&report.total), [Some(2.0), Some(12.0), Some(50.0)]);
        assert_eq!(report.rows.len(), 1);
        assert_eq!(values(&report.rows[0].figures), values(&report.total));
    }

    #[test]
    fn a_report_on_nothing_is_empty() {
        let asked = ReportQuery { kpis: vec![KpiId::Offered], ..ReportQuery::default() };
        let report = Report::of(&mut Engine::default(), &asked, None, InputSummary::default());
        assert!(report.rows.is_empty());
        assert_eq!(report.total.len(), 1);
    }
}
