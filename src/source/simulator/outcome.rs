//! What follows from a contact: its resolution, a repeat contact, a survey, a quality evaluation.

use super::Simulator;
use super::agents::AgentId;
use super::contacts::{RepeatAttempt, SimulatedContact};
use super::schedule::{DelayedStep, SimAction};
use super::world;
use crate::clock::Span;
use crate::event::{Channel, LeftReason, Scored, Step, Survey};
use crate::text::Label;

/// The share of customers who answer a survey.
const SURVEY_SHARE: f64 = 0.175;
/// The share of contacts whose quality is evaluated.
const EVALUATION_SHARE: f64 = 0.035;
/// The share of contacts to which the agent gives a disposition (resolved or not).
const DISPOSITION_SHARE: f64 = 0.88;
/// How often a customer gets in touch about the same issue at most.
const MAX_ATTEMPTS: u32 = 4;
/// The share of outage contacts that are resolved: the agent cannot repair the service.
const OUTAGE_RESOLVED_SHARE: f64 = 0.38;

fn hours(n: f64) -> f64 {
    n * 3_600.0
}

impl Simulator {
    /// Draw the outcome of a completed contact and schedule what follows from it. `after` is the time that after-contact
    /// work will take; the step returned is the agent's disposition, recorded at the end of it.
    pub(super) fn outcome(&mut self, contact: &SimulatedContact, agent: AgentId, after: Span) -> Option<Step> {
        let skill = self.roster[agent].skill;
        let able = if contact.outage { OUTAGE_RESOLVED_SHARE } else { contact.intent.resolved + skill };
        let resolved = self.rng.chance(able);
        if !resolved && contact.attempt < MAX_ATTEMPTS && self.rng.chance(if contact.outage { 0.62 } else { 0.95 }) {
            self.schedule_repeat(contact, after);
        }
        self.schedule_survey(contact, skill, resolved, after);
        if self.rng.chance(EVALUATION_SHARE) {
            self.schedule_evaluation(contact, skill, resolved);
        }
        if resolved && self.rng.chance(0.03) {
            let later = self.rng.span(hours(0.6), hours(16.0));
            self.schedule_step(contact, after + later, Step::Reopened);
        }
        if !self.rng.chance(DISPOSITION_SHARE) {
            return None;
        }
        // Agents sometimes record an issue as resolved that is not.
        let recorded = resolved || self.rng.chance(0.25);
        let reason = if recorded { None } else { self.rng.pick(&world::OPEN_REASONS).map(Label::fixed) };
        Some(Step::Resolved { resolved: recorded, reason })
    }

    fn schedule_step(&mut self, contact: &SimulatedContact, after: Span, step: Step) {
        let delayed = DelayedStep { contact: contact.label.clone(), queue: contact.queue, step };
        self.schedule.add(self.now + after, SimAction::Follows(Box::new(delayed)));
    }

    /// The same customer will get in touch about the same issue: soon, later that day or the next day, and one in five
    /// through another channel.
    fn schedule_repeat(&mut self, contact: &SimulatedContact, after: Span) {
        let later = if contact.outage {
            self.rng.span(hours(0.1), hours(0.5))
        } else if self.rng.chance(0.75) {
            self.rng.span(hours(0.2), hours(5.0))
        } else {
            self.rng.span(hours(18.0), hours(30.0))
        };
        let queue = if self.rng.chance(0.2) { contact.queue.spec().other_channel } else { contact.queue };
        self.schedule_attempt(contact, queue, queue.spec().channel, after + later);
    }

    fn schedule_attempt(&mut self, contact: &SimulatedContact, queue: world::QueueId, channel: Channel, after: Span) {
        let attempt = RepeatAttempt {
            customer: contact.customer,
            queue,
            channel,
            intent: contact.intent,
            attempt: contact.attempt + 1,
            outage: contact.outage,
        };
        self.schedule.add(self.now + after, SimAction::Returns(Box::new(attempt)));
    }

    /// A customer who left the queue is called back, tries again, tries another channel, or does nothing.
    pub(super) fn schedule_attempt_after_leaving(&mut self, contact: &SimulatedContact, left: Option<LeftReason>) {
        let (queue, other_channel) = (contact.queue, contact.queue.spec().other_channel);
        if left == Some(LeftReason::Callback) {
            let later = self.rng.span(hours(0.2), hours(1.0));
            self.schedule_attempt(contact, queue, Channel::Callback, later);
        } else if contact.attempt < MAX_ATTEMPTS && self.rng.chance(0.4) {
            let later = self.rng.span(120.0, 1_500.0);
            let queue = if self.rng.chance(0.25) { other_channel } else { queue };
            self.schedule_attempt(contact, queue, queue.spec().channel, later);
        }
    }

    fn schedule_survey(&mut self, contact: &SimulatedContact, skill: f64, resolved: bool, after: Span) {
        if !self.rng.chance(SURVEY_SHARE) {
            return;
        }
        // `mood` is about the score on the scale 1–5. A wait weighs relative to what customers expect of the channel.
        let written = contact.channel.is_asynchronous();
        let expected = if written { 2.0 * contact.queue.spec().threshold_s } else { 130.0 };
        let wait = (contact.waited.as_secs_f64() / expected).min(1.5);
        let transfers = 0.5 * f64::from(contact.transfers);
        let again = 0.2 * f64::from(contact.attempt - 1);
        let open = if resolved { 0.0 } else { 1.15 };
        let mood = self.rng.normal(4.96 + 2.0 * skill - wait - transfers - again - open, 0.62);
        let csat = mood.round().clamp(1.0, 5.0);
        let effort = self.rng.normal(2.1 + 0.7 * wait + transfers + 0.9 * open, 0.9);
        let recommend = self.rng.normal(2.05_f64.mul_add(mood, -0.35), 1.2).round().clamp(0.0, 10.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–10")]
        let recommend = recommend as u8;
        let comment = if csat >= 5.0 && self.rng.chance(0.08) {
            self.rng.pick(&world::POSITIVE_COMMENTS)
        } else if csat <= 2.0 && self.rng.chance(0.35) {
            self.rng.pick(&world::NEGATIVE_COMMENTS)
        } else {
            None
        };
        let survey = Survey {
            csat: Some(Scored { score: csat, min: 1.0, max: 5.0 }),
            ces: self.rng.chance(0.7).then(|| Scored { score: effort.round().clamp(1.0, 7.0), min: 1.0, max: 7.0 }),
            ces_higher_is_easier: false,
            nps: self.rng.chance(0.55).then_some(recommend),
            resolved: self.rng.chance(0.8).then_some(resolved),
            comment: comment.map(Label::fixed),
        };
        let later = self.rng.lognormal(420.0, 1.0);
        self.schedule_step(contact, after + later, Step::Survey(survey));
    }

    fn schedule_evaluation(&mut self, contact: &SimulatedContact, skill: f64, resolved: bool) {
        let Some((evaluator, leniency)) = self.rng.pick(&world::EVALUATORS) else { return };
        let open = if resolved { 0.0 } else { 4.0 };
        let score = self.rng.normal(87.0 + 60.0 * skill + leniency - open, 5.5).round().clamp(40.0, 100.0);
        let failures = if score < 84.0 { self.rng.pick(&world::FAILURES) } else { None };
        let failures = failures.map(Label::fixed).into_iter().collect();
        let later = self.rng.span(hours(0.2), hours(4.0));
        self.schedule_step(contact, later, Step::Quality { evaluator: Label::fixed(evaluator), score, failures });
    }
}
