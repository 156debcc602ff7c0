//! Making a report from an engine to which all events have been applied.

use super::{InputSummary, Report, ReportSettings};
use crate::clock::{Span, Time};
use crate::engine::{self, ApplyOutcome, Engine};
use crate::event::{Event, EventSink, PlainEvent};
use crate::kpi::{Answer, Dim, Every, KpiId, Period, Query, Slice};

/// Applies the events of a report's input while they are read.
#[derive(Debug)]
pub struct ReportIntake<'a> {
    engine: &'a mut Engine,
    /// What was read.
    pub input: InputSummary,
    /// The time of the oldest event.
    pub first: Option<Time>,
}

impl<'a> ReportIntake<'a> {
    /// One that applies to `engine`.
    pub fn new(engine: &'a mut Engine) -> Self {
        Self { engine, input: InputSummary::default(), first: None }
    }

    /// Apply an event.
    pub fn apply(&mut self, event: &Event) {
        let outcome = self.engine.apply(event);
        self.note(event.at, outcome);
    }

    fn note(&mut self, at: Time, outcome: ApplyOutcome) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.input.count(outcome);
        self.engine.advance(self.engine.newest());
    }
}

impl EventSink for ReportIntake<'_> {
    fn take(&mut self, event: Event) {
        self.apply(&event);
    }

    fn takes_plain(&self) -> bool {
        true
    }

    fn take_plain(&mut self, event: &PlainEvent<'_>) {
        let outcome = self.engine.apply_plain(event);
        self.note(event.at, outcome);
    }
}

/// What a report shall be about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportQuery {
    /// The start; `None` for the first event.
    pub from: Option<Time>,
    /// The end, exclusive; `None` for just after the last event.
    pub to: Option<Time>,
    /// The dimensions of the rows, at most two.
    pub by: Vec<Dim>,
    /// The steps that the rows are cut into; `None` for the whole period at once.
    pub every: Option<Every>,
    /// The KPIs, in the order of the report.
    pub kpis: Vec<KpiId>,
}

impl InputSummary {
    /// Count an event that has been applied.
    pub const fn count(&mut self, outcome: ApplyOutcome) {
        self.events += 1;
        match outcome {
            // Whether a step fits is known once all are there.
            ApplyOutcome::Counted | ApplyOutcome::OutOfPlace => {}
            ApplyOutcome::Late => self.late += 1,
            ApplyOutcome::Duplicate => self.duplicates += 1,
        }
    }
}

impl Report {
    /// The report on the events applied to an engine, of which `first` is the time of the oldest. "Now" is the newest
    /// event's time: nothing after it is known.
    #[must_use]
    pub fn of(engine: &mut Engine, wanted: &ReportQuery, first: Option<Time>, mut input: InputSummary) -> Self {
        let now = engine.newest();
        engine.finish(now);
        input.contradictions = engine.contradictions();
        input.out_of_place = input.contradictions.iter().map(|steps| steps.count).sum();
        let too_late = engine.came_too_late();
        if too_late > 0 {
            input.remarks.push(format!(
                "{too_late} of the contacts, or what they are about, came more than 3 days late, or are known by a remark alone \
                 (a survey's answer, say): what was known before may have been forgotten, so that they may count twice, and \
                 first contacts and repeats among them may be wrong"
            ));
        }
        // A contact whose join was not seen joined before the first event: its wait says when.
        let first = first.map(|first| engine.oldest().map_or(first, |oldest| oldest.min(first)));
        let from = wanted.from.or(first).unwrap_or(now);
        let to = wanted.to.unwrap_or(now + Span(1)).max(from);
        let query = Query {
            of: Slice::TOTAL,
            by: wanted.by.clone(),
            over: Period::Range(from, to),
            every: wanted.every,
            kpis: wanted.kpis.clone(),
            formula: None,
        };
        let answer = engine.ask(&query, now);
        Self::of_answer(answer, query, engine.settings(), input)
    }

    /// The report that an answer makes, whose figures were counted by `settings`.
    #[must_use]
    pub fn of_answer(answer: Answer, query: Query, settings: &engine::Settings, input: InputSummary) -> Self {
        let rows = if query.by.is_empty() && query.every.is_none() { Vec::new() } else { answer.rows };
        Self {
            from: answer.from,
            to: answer.to,
            settings: ReportSettings::from(settings),
            calendar: settings.calendar,
            input,
            by: query.by,
            every: query.every,
            kpis: query.kpis,
            total: answer.total,
            rows,
            annotations: Vec::new(),
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
        Step::Offered(Offer::new(queue, Channel::Voice))
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
    fn without_bounds_a_report_covers_the_first_event_to_the_last() {
        let (mut engine, first, input) = day();
        let wanted = ReportQuery {
            by: vec![Dim::Queue],
            kpis: vec![KpiId::Offered, KpiId::Asa, KpiId::ServiceLevel],
            ..ReportQuery::default()
        };
        let report = Report::of(&mut engine, &wanted, first, input);
        assert_eq!(report.input.events, 5);
        let values = |figures: &[crate::kpi::Figure]| figures.iter().map(|figure| figure.value).collect::<Vec<_>>();
        assert_eq!(values(&report.total), [Some(2.0), Some(12.0), Some(50.0)]);
        assert_eq!(report.rows.len(), 1);
        assert_eq!(values(&report.rows[0].figures), values(&report.total));
    }

    #[test]
    fn what_contradicts_its_contact_is_counted_by_kind_with_an_example() {
        let (mut engine, first, mut input) = day();
        let answer = || Step::Answered { agent: "bo".into(), wait: None };
        // The last one comes before the offer that it belongs to.
        for event in [contact(80, "b", answer()), contact(90, "a", answer()), contact(120, "b", answer())] {
            input.count(engine.apply(&event));
        }
        assert_eq!(engine.contradictions()[0].count, 3);
        assert_eq!(engine.apply(&contact(110, "b", offer())), ApplyOutcome::Counted);
        assert_eq!(engine.apply(&contact(110, "b", offer())), ApplyOutcome::Duplicate);
        let wanted = ReportQuery { kpis: vec![KpiId::Answered], ..ReportQuery::default() };
        let report = Report::of(&mut engine, &wanted, first, input);
        assert_eq!(report.total[0].value, Some(2.0));
        assert_eq!(report.input.out_of_place, 2);
        let [steps] = report.input.contradictions.as_slice() else { panic!("{:?}", report.input.contradictions) };
        assert_eq!(
            (steps.origin.as_str(), steps.step, steps.count, steps.contact.as_str()),
            ("test", "answered", 2, "b")
        );
        let notes = report.render(crate::report::Format::Table, 100);
        assert!(notes.contains("2 out of place") && notes.contains("2 answered, such as of b at "), "{notes}");
        let json = report.render(crate::report::Format::Json, 100);
        assert!(json.contains(r#""contact": "b""#), "{json}");
    }

    #[test]
    fn a_report_on_no_events_has_no_rows() {
        let wanted = ReportQuery { kpis: vec![KpiId::Offered], ..ReportQuery::default() };
        let report = Report::of(&mut Engine::default(), &wanted, None, InputSummary::default());
        assert!(report.rows.is_empty());
        assert_eq!(report.total.len(), 1);
    }
}
