//! A contact that is over, with one ordinary visit, as nearly all are: without encoding, and in about as few bytes. Its steps
//! follow from what is kept, so that a late one finds them as if it had come in time.

mod plain_course;

use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use super::Contact;
use crate::clock::{Span, Time};
use crate::engine::facts::Measure;
use crate::engine::interner::{AgentNo, CustomerNo, IntentNo, NameNo, OriginNo, QueueNo};
use crate::engine::transition::{ContactStep, JoinDetails, Transition};
use crate::engine::visit::{QueueVisit, RareFields, RepeatStatus, VisitStage, VisitTiming};
use crate::event::Channel;
use crate::text::Label;

/// A length in whole milliseconds plus one; zero where there is none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Millis(u32);

/// What the steps gave, where what is kept follows from their times otherwise; a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Given(u8);

impl Given {
    const QUEUE: u8 = 1;
    const WAIT: u8 = 1 << 1;
    const TALK: u8 = 1 << 2;
    const HOLD: u8 = 1 << 3;
    const ENDING_AGENT: u8 = 1 << 4;
    const ACW: u8 = 1 << 5;

    /// What the steps of a visit gave.
    fn of(steps: &[ContactStep]) -> Self {
        let mut given = Self::default();
        for step in steps {
            given.note(step);
        }
        given
    }

    /// Note what a step gave.
    fn note(&mut self, step: &ContactStep) {
        let mut note = |given: bool, bit: u8| self.0 |= if given { bit } else { 0 };
        match step.transition {
            Transition::Answered { wait, .. } | Transition::Abandoned { wait } | Transition::Left { wait, .. } => {
                note(step.queue.is_known(), Self::QUEUE);
                note(wait.is_some(), Self::WAIT);
            }
            Transition::Completed { agent, talk, hold } => {
                note(agent.is_known(), Self::ENDING_AGENT);
                note(talk.is_some(), Self::TALK);
                note(hold.is_some(), Self::HOLD);
            }
            Transition::Transferred { agent, talk, .. } => {
                note(agent.is_known(), Self::ENDING_AGENT);
                note(talk.is_some(), Self::TALK);
            }
            Transition::Wrapped { acw, .. } => note(acw.is_some(), Self::ACW),
            _ => {}
        }
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// The contact. What is counted from is the time of joining.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::engine) struct BriefContact {
    pub(in crate::engine) id: Label,
    pub(in crate::engine) joined: Time,
    origin: OriginNo,
    queue: QueueNo,
    intent: IntentNo,
    pub(in crate::engine) customer: CustomerNo,
    agent: AgentNo,
    answered: Millis,
    ended: Millis,
    wait: Millis,
    talk: Millis,
    hold: Millis,
    acw_ended: Millis,
    acw: Millis,
    /// Plus one; zero where it is not known.
    position: u16,
    channel: Channel,
    stage: VisitStage,
    timing: VisitTiming,
    pub(in crate::engine) repeat_status: RepeatStatus,
    /// When the intent and the customer became known after the offer.
    classified: Millis,
    identified: Millis,
    given: Given,
    /// What it leaves is still to be counted.
    #[serde(skip)]
    pub(in crate::engine) uncounted: bool,
    /// Of one contact in ten, which an agent did not answer at first.
    rare: Option<Box<RareFields>>,
}

impl Millis {
    fn of(span: Option<Span>) -> Option<Self> {
        let Some(Span(micros)) = span else { return Some(Self(0)) };
        let whole = u32::try_from(micros / 1000).ok().filter(|_| micros % 1000 == 0)?;
        Some(Self(whole.checked_add(1)?))
    }

    fn span(self) -> Option<Span> {
        Some(Span(i64::from(self.0.checked_sub(1)?) * 1000))
    }
}

/// A position plus one, or zero where it is not known; `None` if it is too high.
fn position(position: Option<u32>) -> Option<u16> {
    position.map_or(Some(0), |position| u16::try_from(position.checked_add(1)?).ok())
}

impl BriefContact {
    /// `None` where its steps would not be the same afterwards, but for rings that nobody missed. Otherwise its id and rare
    /// fields are taken.
    pub(in crate::engine) fn of(contact: &mut Contact) -> Option<Self> {
        let Contact { id, origin, steps, visits, changed: false, .. } = contact else { return None };
        let [visit] = visits.as_mut_slice() else { return None };
        let told =
            |is_it: fn(&Transition) -> bool| steps.iter().find(|step| is_it(&step.transition)).map(|step| step.at);
        let classified = told(|transition| matches!(transition, Transition::Classified { .. }));
        let identified = told(|transition| matches!(transition, Transition::Identified { .. }));
        if !(visit.counted && visit.written && !visit.ringing.is_known()) {
            return None;
        }
        let since = |at: Option<Time>| Millis::of(at.map(|at| at - visit.joined));
        let mut brief = Self {
            joined: visit.joined,
            origin: *origin,
            queue: visit.queue,
            intent: visit.intent,
            customer: visit.customer,
            agent: visit.agent,
            answered: since(visit.answered)?,
            ended: since(visit.ended)?,
            wait: Millis::of(visit.wait)?,
            talk: Millis::of(visit.talk)?,
            hold: Millis::of(Some(visit.hold))?,
            acw_ended: since(visit.acw.map(|(at, _)| at))?,
            acw: Millis::of(visit.acw.map(|(_, lasted)| lasted))?,
            position: position(visit.position)?,
            channel: visit.channel,
            stage: visit.stage,
            timing: visit.timing,
            repeat_status: visit.repeat_status,
            classified: since(classified)?,
            identified: since(identified)?,
            given: Given::of(steps),
            uncounted: false,
            // The last, so that nothing is taken where there is no brief contact.
            rare: visit.rare.take(),
            id: std::mem::take(id),
        };
        let is_kept = |step: &&ContactStep| {
            !matches!(step.transition, Transition::Ringing { .. } | Transition::RingCanceled { .. })
        };
        let kept = steps.iter().filter(is_kept);
        let rebuilt = brief.steps();
        let is_same =
            rebuilt.len() == kept.clone().count() && kept.zip(&rebuilt).all(|(one, other)| one.is_same(other));
        if !is_same {
            visit.rare = brief.rare.take();
            *id = brief.id;
            return None;
        }
        Some(brief)
    }

    pub(in crate::engine) fn ended(&self) -> Option<Time> {
        self.at(self.ended)
    }

    /// When its last fact was.
    pub(in crate::engine) fn last_instant(&self) -> Time {
        let last = self.joined + self.acw_ended.span().max(self.ended.span()).unwrap_or_default();
        self.rare.as_ref().map_or(last, |rare| last.max(rare.last_instant()))
    }

    fn at(&self, after: Millis) -> Option<Time> {
        after.span().map(|span| self.joined + span)
    }

    pub(in crate::engine) fn visit(&self) -> QueueVisit {
        let at = |after: Millis| self.at(after);
        QueueVisit {
            queue: self.queue,
            intent: self.intent,
            customer: self.customer,
            agent: self.agent,
            ringing: AgentNo::UNKNOWN,
            channel: self.channel,
            stage: self.stage,
            timing: self.timing,
            counted: true,
            position: self.position.checked_sub(1).map(u32::from),
            joined: self.joined,
            answered: at(self.answered),
            ended: at(self.ended),
            wait: self.wait.span(),
            talk: self.talk.span(),
            hold: self.hold.span().unwrap_or_default(),
            acw: at(self.acw_ended).zip(self.acw.span()),
            repeat_status: self.repeat_status,
            written: true,
            rare: self.rare.clone(),
        }
    }

    /// The steps, in order.
    fn steps(&self) -> Vec<ContactStep> {
        let visit = self.visit();
        let rare = visit.rare();
        let given = |bit: u8| self.given.has(bit);
        let queue = if given(Given::QUEUE) { visit.queue } else { QueueNo::UNKNOWN };
        let ending_agent = if given(Given::ENDING_AGENT) { visit.agent } else { AgentNo::UNKNOWN };
        let wait = visit.wait.filter(|_| given(Given::WAIT));
        let talk = visit.talk.filter(|_| given(Given::TALK));
        let offer = JoinDetails {
            channel: visit.channel,
            intent: if self.classified.0 == 0 { visit.intent } else { IntentNo::UNKNOWN },
            customer: if self.identified.0 == 0 { visit.customer } else { CustomerNo::UNKNOWN },
            position: visit.position,
            priority: rare.priority,
            auth_steps: rare.auth_steps,
            untimed: visit.timing == VisitTiming::Untimed,
            sampled: visit.timing == VisitTiming::Sampled,
        };
        let mut steps = Vec::with_capacity(3 + rare.added_facts.len());
        steps.push(ContactStep::new(visit.joined, visit.queue, Transition::Offered(offer)));
        let mut add = |at: Option<Time>, transition: Transition| {
            steps.extend(at.map(|at| ContactStep::new(at, queue, transition)));
        };
        add(self.at(self.classified), Transition::Classified { intent: visit.intent });
        add(self.at(self.identified), Transition::Identified { customer: visit.customer });
        for added in &rare.added_facts {
            let transition = match (added.measure, added.agent) {
                (Measure::RingNoAnswer, Some(agent)) if added.arg == 0 => Transition::RingNoAnswer { agent },
                (Measure::RingNoAnswer, Some(agent)) => Transition::NeverRang { agent },
                (Measure::Reopened, _) => Transition::Reopened,
                (measure, _) => Transition::Score { measure, arg: added.arg, value: added.value },
            };
            add(Some(added.at), transition);
        }
        add(visit.answered, Transition::Answered { agent: visit.agent, wait });
        add(rare.responded, Transition::Responded);
        let ending = match visit.stage {
            VisitStage::Completed => {
                let hold = Some(visit.hold).filter(|_| given(Given::HOLD));
                Some(Transition::Completed { agent: ending_agent, talk, hold })
            }
            VisitStage::Transferred => {
                Some(Transition::Transferred { agent: ending_agent, to_queue: QueueNo::UNKNOWN, talk })
            }
            VisitStage::Abandoned => Some(Transition::Abandoned { wait }),
            VisitStage::Left(reason) => Some(Transition::Left { reason, wait }),
            // A contact with another is not brief.
            VisitStage::Waiting | VisitStage::Talking | VisitStage::Lost { .. } | VisitStage::Void => None,
        };
        if let Some(ending) = ending {
            add(visit.ended, ending);
        }
        if let Some((at, acw)) = visit.acw {
            let acw = Some(acw).filter(|_| given(Given::ACW));
            add(Some(at), Transition::Wrapped { agent: visit.agent, acw });
        }
        if let Some((at, resolved)) = rare.disposition {
            add(Some(at), Transition::Disposition { resolved });
        }
        steps.sort_by_key(ContactStep::order);
        steps
    }

    /// The contact. Where it is still to be counted, its visits are to be computed as well.
    pub(in crate::engine) fn contact(&self) -> Contact {
        if self.uncounted {
            return Contact { steps: self.steps(), deferred: true, ..Contact::new(self.id.clone(), self.origin) };
        }
        let (is_classified, is_identified) = (self.classified.0 != 0, self.identified.0 != 0);
        Contact {
            steps: self.steps(),
            visits: smallvec![self.visit()],
            settled: true,
            intent: if is_classified { self.intent } else { IntentNo::UNKNOWN },
            customer: if is_identified { self.customer } else { CustomerNo::UNKNOWN },
            ..Contact::new(self.id.clone(), self.origin)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contact(micros: [i64; 5], position: Option<u32>, (named, rung): (bool, bool), ending: u8) -> Contact {
        let mut contact = Contact::new(Label::new("a call"), OriginNo::new(3));
        let joined = Time(1_772_438_400_000_000 + micros[0]);
        let (agent, queue) = (AgentNo::new(7), QueueNo::new(9));
        let joining = JoinDetails { customer: CustomerNo::new(5), position, ..JoinDetails::default() };
        let mut steps = vec![(joined, Transition::Offered(joining))];
        if named {
            steps.push((joined, Transition::Classified { intent: IntentNo::new(2) }));
        }
        if rung {
            steps.push((joined, Transition::RingNoAnswer { agent: AgentNo::new(8) }));
        }
        let answered = joined + Span(micros[1]);
        let ended = answered + Span(micros[2]);
        if ending == 0 {
            steps.push((answered, Transition::Abandoned { wait: None }));
        } else {
            steps.push((answered, Transition::Answered { agent, wait: None }));
            steps.push((ended, Transition::Completed { agent, talk: Some(Span(micros[3])), hold: None }));
        }
        if ending == 2 {
            steps.push((ended + Span(micros[4]), Transition::Wrapped { agent, acw: None }));
        }
        steps.sort_by_key(|(at, transition)| (*at, transition.rank()));
        for (at, transition) in steps {
            contact.insert(ContactStep::new(at, queue, transition)).unwrap();
            contact.apply_last().unwrap();
        }
        contact.visits[0].written = true;
        contact.settled = true;
        contact
    }

    proptest! {
        #[test]
        fn a_brief_contact_comes_back_as_it_was(
            micros in prop::array::uniform5(prop_oneof![3 => (0..900_000_i64).prop_map(|ms| ms * 1000), 1 => 0..9_000_000_i64]),
            position in prop::option::of(0..70_000_u32),
            known in any::<(bool, bool)>(),
            ending in 0..3_u8,
        ) {
            let contact = contact(micros, position, known, ending);
            let whole = micros[1..].iter().all(|micros| micros % 1000 == 0);
            let brief = BriefContact::of(&mut contact.clone());
            if whole && position.is_none_or(|position| position < 65_535) {
                prop_assert!(brief.is_some());
            }
            if let Some(brief) = brief {
                let bytes = |contact: &Contact| postcard::to_allocvec(contact).unwrap();
                prop_assert_eq!(bytes(&brief.contact()), bytes(&contact));
                let mut last = Time::default();
                brief.visit().for_each_fact(|fact| last = last.max(fact.at));
                prop_assert_eq!(brief.last_instant(), last);
            }
        }
    }
}
