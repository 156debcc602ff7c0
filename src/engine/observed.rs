//! Figures that sources computed themselves: the newest of each, and its course over the last days.

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::view::Key;
use crate::clock::{Span, Time};
use crate::kpi::{Calendar, Dim, KpiId, Live, Period, Query};

/// The longest course kept, one value a minute: three days. Two are kept for long (`Engine::forget`); what comes in
/// between two looks is held by this.
const LONGEST: usize = 3 * 24 * 60;

/// What is older says nothing about now.
const FRESH: Span = Span::HOUR;

/// Agents by state, in the order of [`AgentState::ALL`](crate::event::AgentState::ALL).
const AGENTS: [KpiId; 6] = [
    KpiId::AgentsOnContact,
    KpiId::AgentsRinging,
    KpiId::AgentsAfterContact,
    KpiId::AgentsAvailable,
    KpiId::AgentsPaused,
    KpiId::AgentsOffline,
];
/// What can stand in a queue's row; agents too.
const LIVE: [KpiId; 12] = {
    use KpiId::{AgedBacklog, Backlog, EstimatedWait, InProgress, LongestWait, Waiting};
    let [a, b, c, d, e, f] = AGENTS;
    [Waiting, LongestWait, EstimatedWait, InProgress, Backlog, AgedBacklog, a, b, c, d, e, f]
};

/// All of them, by queue.
#[derive(Debug, Default)]
pub(super) struct Observed {
    lines: FxHashMap<(u32, KpiId), Line>,
}

/// One figure of one queue.
#[derive(Debug, Default)]
struct Line {
    /// When it was last spoken of, and what it was; `None` where the source had none any more.
    newest: (Time, Option<f64>),
    /// The newest value of every minute that has one, in the order of time.
    course: VecDeque<(Time, f64)>,
}

impl Observed {
    /// A source says a figure; one that is not a number says that there is none any more.
    pub(super) fn say(&mut self, queue: u32, kpi: KpiId, at: Time, value: f64) {
        let value = Some(value).filter(|value| value.is_finite());
        let line = self.lines.entry((queue, kpi)).or_default();
        if at >= line.newest.0 {
            line.newest = (at, value);
        }
        let Some(value) = value else { return };
        let place = line.course.partition_point(|(other, _)| other.minute() < at.minute());
        match line.course.get_mut(place) {
            Some(same) if same.0.minute() == at.minute() => {
                if at >= same.0 {
                    *same = (at, value);
                }
            }
            _ => line.course.insert(place, (at, value)),
        }
        if line.course.len() > LONGEST {
            line.course.pop_front();
        }
    }

    /// Let go of what is older.
    pub(super) fn forget_before(&mut self, oldest: Time) {
        self.lines.retain(|_, line| {
            let old = line.course.partition_point(|(at, _)| *at < oldest);
            line.course.drain(..old);
            line.newest.0 >= oldest
        });
    }

    /// The figures of each row of an answer: in one piece the newest, in steps the newest of each. Only rows that are
    /// a queue have any: of two queues' means or percentages nobody can make one.
    pub(super) fn of_rows(
        &self,
        query: &Query,
        of: Option<&[(Dim, u32)]>,
        range: &Range<Time>,
        calendar: &Calendar,
    ) -> FxHashMap<(Key, KpiId), f64> {
        let mut found = FxHashMap::default();
        let only = match (of, query.by.as_slice()) {
            (Some([]), [Dim::Queue]) => None,
            (Some([(Dim::Queue, queue)]), []) => Some(*queue),
            _ => return found,
        };
        // Every line has the same minutes, more or less.
        let mut steps: FxHashMap<Time, i64> = FxHashMap::default();
        for (&(queue, kpi), line) in &self.lines {
            if only.is_some_and(|only| only != queue) || !query.kpis.contains(&kpi) {
                continue;
            }
            let group = if only.is_some() { [0, 0] } else { [queue, 0] };
            match query.every {
                None => {
                    if let Some(value) = line.within(query.over, range) {
                        found.insert(((group, 0), kpi), value);
                    }
                }
                Some(every) => {
                    for (at, value) in line.course.iter().filter(|(at, _)| range.contains(at)) {
                        let step = *steps.entry(at.minute()).or_insert_with(|| calendar.bucket(every, *at).0);
                        found.insert(((group, step), kpi), *value);
                    }
                }
            }
        }
        found
    }

    /// What stands now in a queue of which nothing is known but what a source observed; whether it is such a one.
    pub(super) fn stand_in(&self, queue: u32, live: &mut Live, now: Time) -> bool {
        let newest = |kpi| self.lines.get(&(queue, kpi)).map(|line: &Line| line.newest);
        let value = |kpi| newest(kpi).filter(|(at, _)| now.since(*at) <= FRESH)?.1;
        if *live != Live::default() || !LIVE.iter().any(|kpi| value(*kpi).is_some()) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and counts are small")]
        let count = |kpi| value(kpi).map_or(0, |value| value.round() as i64);
        let span = |kpi| value(kpi).and_then(Span::from_secs_f64);
        live.waiting = count(KpiId::Waiting);
        live.longest_wait = span(KpiId::LongestWait);
        live.estimated_wait = span(KpiId::EstimatedWait);
        live.in_progress = count(KpiId::InProgress);
        live.backlog = count(KpiId::Backlog);
        live.aged_backlog = count(KpiId::AgedBacklog);
        live.agents = AGENTS.map(count);
        true
    }
}

impl Line {
    /// The newest value within a time. A window has no end: a source's clock may be ahead of ours.
    fn within(&self, over: Period, range: &Range<Time>) -> Option<f64> {
        match over {
            Period::Window(_) => self.newest.1.filter(|_| self.newest.0 >= range.start),
            Period::Range(..) => {
                let values = self.course.iter().rev().skip_while(|(at, _)| *at >= range.end);
                values.take_while(|(at, _)| *at >= range.start).map(|(_, value)| *value).next()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, Settings};
    use crate::event::{AgentState, Event, EventKind, Step};
    use crate::kpi::{Answer, Every, Slice, Verdict};

    fn at(minutes: i64) -> Time {
        Time::from_unix(1_772_528_400) + Span(minutes * Span::MINUTE.0)
    }

    fn course(observed: &Observed) -> Vec<(Time, f64)> {
        observed.lines[&(1, KpiId::Asa)].course.iter().copied().collect()
    }

    #[test]
    fn a_course_has_one_value_a_minute_in_whatever_order_they_come() {
        let mut observed = Observed::default();
        for (minute, value) in [(5, 5.0), (1, 1.0), (3, 3.0), (2, f64::NAN), (4, f64::INFINITY)] {
            observed.say(1, KpiId::Asa, at(minute), value);
        }
        observed.say(1, KpiId::Asa, at(3) + Span::SECOND, 3.5);
        observed.say(1, KpiId::Asa, at(3), 9.0);
        assert_eq!(course(&observed), [(at(1), 1.0), (at(3) + Span::SECOND, 3.5), (at(5), 5.0)]);
        assert_eq!(observed.lines[&(1, KpiId::Asa)].newest, (at(5), Some(5.0)));
        observed.say(1, KpiId::Asa, at(6), f64::NAN);
        assert_eq!(observed.lines[&(1, KpiId::Asa)].newest, (at(6), None));
        observed.forget_before(at(3));
        assert_eq!(course(&observed).len(), 2);
        observed.forget_before(at(7));
        assert!(observed.lines.is_empty());
    }

    #[test]
    fn a_course_is_bounded_however_much_comes() {
        let mut observed = Observed::default();
        for minute in 0..10_000 {
            observed.say(1, KpiId::Asa, at(minute), 1.0);
        }
        let course = course(&observed);
        assert_eq!((course.len(), course[0].0), (LONGEST, at(10_000 - 4320)));
    }

    fn says(minute: i64, queue: &str, figures: &[(&str, f64)]) -> Event {
        let figures = figures.iter().map(|(name, value)| ((*name).into(), *value)).collect();
        let kind = EventKind::Observed { queue: queue.into(), window: None, figures };
        // As the journal keeps it and gives it back.
        let event = Event { at: at(minute), origin: "metrics".into(), id: None, kind };
        serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap()
    }

    fn ask(engine: &mut Engine, of: Slice, by: &[Dim], every: Option<Every>, over: (i64, i64)) -> Answer {
        let over = Period::Range(at(over.0), at(over.1));
        let kpis = vec![KpiId::Waiting, KpiId::Asa];
        engine.ask(&Query { of, by: by.to_vec(), over, every, kpis, formula: None }, at(60))
    }

    /// Queue, start of the step in minutes, and the values that the source gave itself.
    fn seen(answer: &Answer) -> Vec<(String, i64, [Option<f64>; 2])> {
        let own = |row: &crate::kpi::AnswerRow, place: usize| row.figures.get(place).filter(|f| f.observed)?.value;
        let start = |row: &crate::kpi::AnswerRow| row.start.map_or(-1, |start| (start - at(0)).0 / Span::MINUTE.0);
        answer.rows.iter().map(|row| (row.key.to_string(), start(row), [own(row, 0), own(row, 1)])).collect()
    }

    fn floor() -> Engine {
        let mut engine = Engine::new(Settings::default());
        for event in [
            says(1, "billing", &[("waiting", 3.0), ("asa", 12.0), ("no such", 1.0)]),
            says(4, "billing", &[("waiting", 5.0)]),
            says(4, "sales", &[("waiting", 0.0)]),
            says(11, "billing", &[("waiting", 7.0)]),
            says(31, "billing", &[("asa", 70.0)]),
        ] {
            engine.apply(&event);
        }
        engine
    }

    #[test]
    fn a_trend_has_the_newest_value_of_each_step_marked_as_the_source_s() {
        let mut engine = floor();
        let every = Some(Every::Minutes(5));
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], every, (0, 60));
        let expected = [(0, [Some(5.0), Some(12.0)]), (10, [Some(7.0), None]), (30, [None, Some(70.0)])];
        let expected = expected.map(|(start, values)| ("all queues".to_owned(), start, values));
        assert_eq!(seen(&answer), expected);
        assert!(answer.total.iter().all(|figure| !figure.observed));
        let answer = ask(&mut engine, Slice::TOTAL, &[Dim::Queue], every, (2, 11));
        let expected = [("billing".to_owned(), 0, [Some(5.0), None]), ("sales".to_owned(), 0, [Some(0.0), None])];
        assert_eq!(seen(&answer), expected);
        // Nobody can make one figure of two queues'.
        assert_eq!(seen(&ask(&mut engine, Slice::TOTAL, &[], every, (0, 60))), []);
        assert_eq!(seen(&ask(&mut engine, Slice::TOTAL, &[Dim::Intent], None, (0, 60))), []);
    }

    #[test]
    fn in_one_piece_it_is_the_newest_of_that_time_and_judged_whatever_is_behind_it() {
        let mut engine = floor();
        let answer = ask(&mut engine, Slice::TOTAL, &[Dim::Queue], None, (0, 11));
        let expected = [("billing", [Some(5.0), Some(12.0)]), ("sales", [Some(0.0), None])];
        let expected = expected.map(|(queue, values)| (queue.to_owned(), -1, values));
        assert_eq!(seen(&answer), expected);
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], None, (0, 60));
        assert_eq!((answer.total[1].value, answer.total[1].verdict), (Some(70.0), Verdict::Critical));
    }

    #[test]
    fn what_a_source_no_longer_has_is_gone_from_now_and_stays_in_the_trend() {
        let mut engine = floor();
        let rows = |engine: &mut Engine| -> Vec<i64> {
            engine.queues_now(at(60)).iter().map(|queue| queue.live.waiting).collect()
        };
        assert_eq!(rows(&mut engine), [7, 0]);
        engine.apply(&says(50, "billing", &[("waiting", f64::NAN)]));
        // An older one that is fetched later changes nothing now.
        engine.apply(&says(40, "billing", &[("waiting", 9.0)]));
        assert_eq!(rows(&mut engine), [0, 0]);
        let query = Query {
            of: Slice::TOTAL,
            by: vec![Dim::Queue],
            over: Period::Window(crate::kpi::Window::Today),
            every: None,
            kpis: vec![KpiId::Asa],
            formula: None,
        };
        assert_eq!(seen(&engine.ask(&query, at(60))), [("billing".to_owned(), -1, [Some(70.0), None])]);
        let billing = Slice::of(Dim::Queue, "billing".into());
        let answer = ask(&mut engine, billing, &[], Some(Every::Minutes(30)), (0, 60));
        assert_eq!(seen(&answer).iter().map(|(_, _, v)| v[0]).collect::<Vec<_>>(), [Some(7.0), Some(9.0)]);
    }

    #[test]
    fn what_is_counted_here_wins() {
        let mut engine = floor();
        let contact = |step| EventKind::Contact { contact: "c".into(), queue: Some("billing".into()), step };
        let steps = [Step::Answered { agent: "Ann".into(), wait: Some(Span::seconds(4)) }];
        for step in steps {
            engine.apply(&Event { at: at(12), origin: "pbx".into(), id: None, kind: contact(step) });
        }
        let state =
            EventKind::AgentState { agent: "Ann".into(), state: AgentState::Available, reason: None, lasts: None };
        engine.apply(&Event { at: at(1), origin: "pbx".into(), id: None, kind: state });
        let billing = Slice::of(Dim::Queue, "billing".into());
        let total = ask(&mut engine, billing, &[], None, (0, 60)).total;
        assert_eq!((total[1].value, total[1].observed), (Some(4.0), false));
    }
}
