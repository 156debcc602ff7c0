//! Judging the alert rules, once a second. The answers to their questions are made one after the other; where the floor is so
//! large that these take long, in several ticks, at least one in each. So a rule sees a figure a few ticks later at most, and
//! nobody else waits.

use std::time::Duration;

use tokio::time::Instant;

use super::role::JournalRole;
use super::{ASSUMED_PAST, EVALUATION_INTERVAL, Floor};
use crate::alert::EvaluationContext;
use crate::kpi::{Answer, Dim, Slice};

/// What takes longer goes on with the next tick.
const MAX_PORTION: Duration = Duration::from_millis(2);

/// Answers to the rules' questions.
#[derive(Debug, Default)]
pub(super) struct JudgingUnderWay {
    /// Those to the first questions.
    answers: Vec<Answer>,
}

impl Floor {
    /// Evaluate the alert rules, if it is time to, or go on with it.
    pub(super) fn evaluate_if_due(&mut self) {
        if self.judging.answers.is_empty() {
            if self.last_evaluation.elapsed() < EVALUATION_INTERVAL {
                return;
            }
            self.last_evaluation = Instant::now();
            self.follow_visits();
            self.engine.set_oldest_callbacks(&self.worklist.oldest_callbacks());
        }
        self.evaluate(MAX_PORTION);
    }

    /// Evaluate all of them now.
    pub(super) fn evaluate_alerts(&mut self) {
        self.judging = JudgingUnderWay::default();
        self.evaluate(Duration::MAX);
    }

    /// Evaluate every alert rule, unless another floor does or sources are still reading what they missed. After `portion` that
    /// is left to the next call.
    fn evaluate(&mut self, portion: Duration) {
        let (now, began) = (self.now(), Instant::now());
        let JudgingUnderWay { mut answers } = std::mem::take(&mut self.judging);
        if matches!(self.role, JournalRole::Follower(_)) || !self.sources.are_caught_up(now, &self.mode) {
            return;
        }
        for (query, at) in self.evaluator.queries().iter().zip(0..).skip(answers.len()) {
            answers.push(self.engine.ask_where(query, now, &self.evaluator.needed(at, now)));
            if began.elapsed() >= portion {
                self.judging = JudgingUnderWay { answers };
                return;
            }
        }
        let states = self.sources.states(self.engine.queue_origins(), now);
        let engine = &self.engine;
        let bands = |kpi, slice: &Slice| engine.bands(kpi, slice.get(Dim::Queue), slice.get(Dim::Intent));
        let context = EvaluationContext { bands: &bands, name: &|slice| engine.name(slice) };
        let mut changed = Vec::new();
        if !std::mem::replace(&mut self.evaluated, true) {
            // A figure over a window that is past its limit at the first evaluation has been so for a while.
            let past = now - ASSUMED_PAST;
            let since = self.sources.begun(&self.mode).unwrap_or(now).clamp(past, now);
            changed = self.evaluator.presume(&answers, &states, context, (past, since));
        }
        changed.extend(self.evaluator.evaluate(&answers, &states, context, now));
        self.record_episodes(changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alerts, built_in};
    use crate::board::Mode;
    use crate::clock::{Clock, Span, Time};
    use crate::event::{Channel, Event, EventKind, Offer, Step};
    use crate::floor::{Feed, Settings};

    /// The alerts of a floor where somebody has waited for long, and in how many portions they were found.
    fn found(portion: Duration) -> (Alerts, usize) {
        let clock = Clock::manual(Time::from_unix(1_780_000_000));
        let settings = Settings {
            title: "test".into(),
            engine: crate::engine::Settings::default(),
            rules: built_in(),
            alerts: crate::alert::Settings::default(),
            worklist: crate::worklist::Settings::default(),
            sources: Vec::new(),
        };
        let (mut floor, _) = Floor::new(settings, clock.clone(), Mode::Live, Feed::Nothing);
        let step = Step::Offered(Offer::new("sales".into(), Channel::Voice));
        let kind = EventKind::Contact { contact: "c1".into(), queue: None, step };
        floor.engine.apply(&Event { at: clock.now() - Span::seconds(400), origin: "pbx".into(), id: None, kind });
        let mut portions = 0;
        while !floor.evaluated {
            floor.evaluate(portion);
            portions += 1;
        }
        assert!(floor.judging.answers.is_empty());
        (floor.evaluator.active(), portions)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_judged_in_portions_is_judged_as_it_is_at_once() {
        let (at_once, one) = found(Duration::MAX);
        let (in_portions, many) = found(Duration::ZERO);
        assert_eq!(at_once.iter().map(|alert| alert.rule.as_str()).collect::<Vec<_>>(), ["longest wait"]);
        assert_eq!((in_portions, one), (at_once, 1));
        assert!(many > 3, "{many} portions");
    }
}
