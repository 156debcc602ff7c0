//! What comes of a contact: resolved or not, a survey, an evaluation, the customer back again.

use super::Simulator;
use super::agents::AgentId;
use super::contacts::{RepeatAttempt, SimulatedContact};
use super::schedule::{DelayedStep, SimAction};
use super::world;
use crate::clock::Span;
use crate::event::{Channel, LeftReason, Scored, Step, Survey};
use crate::text::Label;

/// The share of customers who answer a survey.
const SURVEYED: f64 = 0.175;
/// The share of contacts whose quality is evaluated.
const EVALUATED: f64 = 0.035;
/// The share that an agent gives a disposition.
const DISPOSED: f64 = 0.88;
/// How often a customer tries for the same thing, at most.
const ATTEMPTS: u32 = 4;
/// The share resolved of what an outage brings: an agent can say sorry, and little else.
const RESOLVED_IN_OUTAGE: f64 = 0.38;

fn hours(n: f64) -> f64 {
    n * 3_600.0
}

impl Simulator {
    /// Draw what comes of a contact that has just been completed; the rest is said on wrapping up, after
    /// `after`, or later.
    pub(super) fn outcome(&mut self, contact: &SimulatedContact, agent: AgentId, after: Span) -> Option<Step> {
        let skill = self.roster[agent].skill;
        let able = if contact.outage { RESOLVED_IN_OUTAGE } else { contact.intent.resolved + skill };
        let resolved = self.rng.chance(able);
        if !resolved && contact.attempt < ATTEMPTS && self.rng.chance(if contact.outage { 0.62 } else { 0.95 }) {
            self.expect_back(contact, after);
        }
        self.expect_survey(contact, skill, resolved, after);
        if self.rng.chance(EVALUATED) {
            self.expect_evaluation(contact, skill, resolved);
        }
        if resolved && self.rng.chance(0.03) {
            let later = self.rng.span(hours(0.6), hours(16.0));
            self.follow(contact, after + later, Step::Reopened);
        }
        if !self.rng.chance(DISPOSED) {
            return None;
        }
        // Agents are a little more sure than they should be.
        let said = resolved || self.rng.chance(0.25);
        let reason = if said { None } else { self.rng.pick(&world::OPEN_REASONS).map(Label::fixed) };
        Some(Step::Resolved { resolved: said, reason })
    }

    fn follow(&mut self, contact: &SimulatedContact, after: Span, step: Step) {
        let followed = DelayedStep { contact: contact.label.clone(), queue: contact.queue, step };
        self.schedule.add(self.now + after, SimAction::Follows(Box::new(followed)));
    }

    /// The same customer about the same thing: soon, later in the day or on the next, some another way.
    fn expect_back(&mut self, contact: &SimulatedContact, after: Span) {
        let later = if contact.outage {
            self.rng.span(hours(0.1), hours(0.5))
        } else if self.rng.chance(0.75) {
            self.rng.span(hours(0.2), hours(5.0))
        } else {
            self.rng.span(hours(18.0), hours(30.0))
        };
        let queue = if self.rng.chance(0.2) { contact.queue.row().other_way } else { contact.queue };
        self.come_again(contact, queue, queue.row().channel, after + later);
    }

    fn come_again(&mut self, contact: &SimulatedContact, queue: world::QueueId, channel: Channel, after: Span) {
        let back = RepeatAttempt {
            customer: contact.customer,
            queue,
            channel,
            intent: contact.intent,
            attempt: contact.attempt + 1,
            outage: contact.outage,
        };
        self.schedule.add(self.now + after, SimAction::Returns(Box::new(back)));
    }

    /// Whoever gave up is called back, tries again, tries another way, or doesn't.
    pub(super) fn after_giving_up(&mut self, contact: &SimulatedContact, left: Option<LeftReason>) {
        let (queue, other_way) = (contact.queue, contact.queue.row().other_way);
        if left == Some(LeftReason::Callback) {
            let later = self.rng.span(hours(0.2), hours(1.0));
            self.come_again(contact, queue, Channel::Callback, later);
        } else if contact.attempt < ATTEMPTS && self.rng.chance(0.4) {
            let later = self.rng.span(120.0, 1_500.0);
            let queue = if self.rng.chance(0.25) { other_way } else { queue };
            self.come_again(contact, queue, queue.row().channel, later);
        }
    }

    fn expect_survey(&mut self, contact: &SimulatedContact, skill: f64, resolved: bool, after: Span) {
        if !self.rng.chance(SURVEYED) {
            return;
        }
        // What the customer feels, about on the scale 1–5. Waiting an hour for an email's answer is no annoyance yet.
        let written = contact.channel.is_asynchronous();
        let patience = if written { 2.0 * contact.queue.row().threshold_s } else { 130.0 };
        let wait = (contact.waited.as_secs_f64() / patience).min(1.5);
        let transfers = 0.5 * f64::from(contact.transfers);
        let again = 0.2 * f64::from(contact.attempt - 1);
        let open = if resolved { 0.0 } else { 1.15 };
        let mood = self.rng.normal(4.88 + 2.0 * skill - wait - transfers - again - open, 0.62);
        let csat = mood.round().clamp(1.0, 5.0);
        let effort = self.rng.normal(2.1 + 0.7 * wait + transfers + 0.9 * open, 0.9);
        let recommend = self.rng.normal(2.05_f64.mul_add(mood, -0.35), 1.2).round().clamp(0.0, 10.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–10")]
        let recommend = recommend as u8;
        let comment = if csat >= 5.0 && self.rng.chance(0.08) {
            self.rng.pick(&world::PRAISE)
        } else if csat <= 2.0 && self.rng.chance(0.35) {
            self.rng.pick(&world::BLAME)
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
        self.follow(contact, after + later, Step::Survey(survey));
    }

    fn expect_evaluation(&mut self, contact: &SimulatedContact, skill: f64, resolved: bool) {
        let Some((evaluator, mildness)) = self.rng.pick(&world::EVALUATORS) else { return };
        let open = if resolved { 0.0 } else { 4.0 };
        let score = self.rng.normal(87.0 + 60.0 * skill + mildness - open, 5.5).round().clamp(40.0, 100.0);
        let failures = if score < 84.0 { self.rng.pick(&world::FAILURES) } else { None };
        let failures = failures.map(Label::fixed).into_iter().collect();
        let later = self.rng.span(hours(0.2), hours(4.0));
        self.follow(contact, later, Step::Quality { evaluator: Label::fixed(evaluator), score, failures });
    }
}
