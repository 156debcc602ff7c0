//! A brief contact from its first step on, as long as its course is plain: it joins a queue, rings agents, and is answered and
//! ended, or leaves; each step after the one before.

use super::{BriefContact, Given, Millis, position};
use crate::clock::{Span, Time};
use crate::engine::facts::Measure;
use crate::engine::interner::{AgentNo, NameNo, OriginNo};
use crate::engine::transition::{ContactStep, Transition};
use crate::engine::visit::{AddedFact, RepeatStatus, VisitStage, VisitTiming};
use crate::text::Name;

/// A contact that rings more agents in vain is kept like the others.
const MAX_PLAIN_RINGS: usize = 64;

impl BriefContact {
    /// A contact that joins a queue; `None` where the step is another, or says more than such a contact keeps.
    pub(in crate::engine) fn joined(id: &impl Name, origin: OriginNo, step: &ContactStep) -> Option<Self> {
        let Transition::Offered(joining) = step.transition else { return None };
        let is_rare = joining.priority.is_some() || joining.auth_steps.is_some();
        if is_rare || joining.timing() != VisitTiming::Whole || !step.queue.is_known() {
            return None;
        }
        Some(Self {
            id: id.label(),
            joined: step.at,
            origin,
            queue: step.queue,
            intent: joining.intent,
            customer: joining.customer,
            agent: AgentNo::UNKNOWN,
            answered: Millis::default(),
            ended: Millis::default(),
            wait: Millis::default(),
            talk: Millis::default(),
            hold: Millis::default(),
            acw_ended: Millis::default(),
            acw: Millis::default(),
            position: position(joining.position)?,
            channel: joining.channel,
            stage: VisitStage::Waiting,
            timing: VisitTiming::Whole,
            repeat_status: RepeatStatus::default(),
            classified: Millis::default(),
            identified: Millis::default(),
            given: Given(Given::QUEUE),
            uncounted: true,
            rare: None,
        })
    }

    /// Take the next step of a plain course. `false` where it is none, or would not be kept to the microsecond; nothing has
    /// changed then.
    pub(in crate::engine) fn take(&mut self, step: &ContactStep) -> bool {
        let taken = self.uncounted && step.queue == self.queue && self.go_on(step).is_some();
        if taken {
            self.given.note(step);
        }
        taken
    }

    #[inline]
    fn go_on(&mut self, step: &ContactStep) -> Option<()> {
        let after = Millis::of(Some(step.at - self.joined))?;
        match (self.stage, step.transition) {
            (VisitStage::Waiting, Transition::RingNoAnswer { agent }) => self.ring(step.at, agent, 0),
            (VisitStage::Waiting, Transition::NeverRang { agent }) => self.ring(step.at, agent, 1),
            (VisitStage::Waiting, Transition::Answered { agent, wait }) => {
                self.end_wait(step.at, after, wait)?;
                self.answered = after;
                self.agent = agent;
                self.stage = VisitStage::Talking;
                Some(())
            }
            (VisitStage::Waiting, Transition::Abandoned { wait }) => {
                self.end_wait(step.at, after, wait)?;
                self.ended = after;
                self.stage = VisitStage::Abandoned;
                Some(())
            }
            (VisitStage::Waiting, Transition::Left { reason, wait }) => {
                self.end_wait(step.at, after, wait)?;
                self.ended = after;
                self.stage = VisitStage::Left(reason);
                Some(())
            }
            (VisitStage::Talking, Transition::Completed { agent, talk, hold }) if self.is_of(agent) => {
                self.finish(after, talk, hold, VisitStage::Completed)
            }
            (VisitStage::Talking, Transition::Transferred { agent, to_queue, talk })
                if self.is_of(agent) && !to_queue.is_known() =>
            {
                self.finish(after, talk, None, VisitStage::Transferred)
            }
            _ => None,
        }
    }

    /// Whether a conversation of this agent is the contact's.
    fn is_of(&self, agent: AgentNo) -> bool {
        !agent.is_known() || agent == self.agent
    }

    fn rings(&self) -> &[AddedFact] {
        self.rare.as_ref().map_or(&[], |rare| &rare.added_facts)
    }

    fn ring(&mut self, at: Time, agent: AgentNo, arg: u8) -> Option<()> {
        let ring = AddedFact { at, measure: Measure::RingNoAnswer, arg, value: 0, agent: Some(agent) };
        let rings = self.rings();
        let is_known = rings.iter().rev().take_while(|known| known.at == at).any(|known| *known == ring);
        if is_known || rings.len() >= MAX_PLAIN_RINGS || rings.last().is_some_and(|last| last.at > at) {
            return None;
        }
        let rings = &mut self.rare.get_or_insert_default().added_facts;
        // Most contacts that have any have one.
        rings.reserve_exact(usize::from(rings.is_empty()));
        rings.push(ring);
        Some(())
    }

    fn end_wait(&mut self, at: Time, after: Millis, given: Option<Span>) -> Option<()> {
        if self.rings().last().is_some_and(|last| last.at > at) {
            return None;
        }
        self.wait = if given.is_some() { Millis::of(given)? } else { after };
        Some(())
    }

    /// As [`QueueVisit::finish`](crate::engine::visit::QueueVisit::finish).
    fn finish(&mut self, after: Millis, talk: Option<Span>, hold: Option<Span>, stage: VisitStage) -> Option<()> {
        let lasted = after.span()? - self.answered.span()?;
        if lasted < Span::ZERO {
            return None;
        }
        let hold = hold.unwrap_or_default();
        let rest = (lasted > Span::ZERO).then(|| Span((lasted - hold).0.max(0)));
        (self.talk, self.hold) = (Millis::of(talk.or(rest))?, Millis::of(Some(hold))?);
        self.ended = after;
        self.stage = stage;
        Some(())
    }
}
