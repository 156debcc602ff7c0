//! A settled contact with one ordinary visit, as nearly all are: without encoding, and in about as few bytes.

use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use super::Contact;
use crate::clock::{Span, Time};
use crate::engine::interner::{AgentNo, CustomerNo, IntentNo, NameNo, OriginNo, QueueNo};
use crate::engine::visit::{QueueVisit, RareFields, RepeatStatus, VisitStage, VisitTiming};
use crate::event::Channel;
use crate::text::Label;

/// A length in whole milliseconds plus one; zero where there is none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Millis(u32);

/// The contact. What is counted from is the time of joining.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::engine) struct BriefContact {
    pub(in crate::engine) id: Label,
    joined: Time,
    origin: OriginNo,
    queue: QueueNo,
    intent: IntentNo,
    customer: CustomerNo,
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
    /// Whether the intent and the customer are known of the contact, and not only of the visit.
    of_contact: (bool, bool),
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

impl BriefContact {
    /// `None` where the contact is not as simple. Otherwise its id and rare fields are taken.
    pub(in crate::engine) fn of(contact: &mut Contact) -> Option<Self> {
        let [visit] = contact.visits.as_mut_slice() else { return None };
        let settled = contact.settled == 1 && contact.steps.is_empty() && !contact.changed;
        let (intent, customer) = (contact.intent, contact.customer);
        let same = (!intent.is_known() || intent == visit.intent)
            && (!customer.is_known() || customer == visit.customer)
            && (contact.settled_intent, contact.settled_customer) == (intent, customer);
        if !(settled && same) {
            return None;
        }
        let known = (intent.is_known(), customer.is_known());
        Self::of_visit(&mut contact.id, contact.origin, visit, known)
    }

    /// The same of a contact with one visit, and whether its intent and customer are known of the contact.
    pub(in crate::engine) fn of_visit(
        id: &mut Label,
        origin: OriginNo,
        visit: &mut QueueVisit,
        of_contact: (bool, bool),
    ) -> Option<Self> {
        if !(visit.counted && visit.written && !visit.ringing.is_known()) {
            return None;
        }
        let since = |at: Option<Time>| Millis::of(at.map(|at| at - visit.joined));
        Some(Self {
            joined: visit.joined,
            origin,
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
            position: visit.position.map_or(Some(0), |position| u16::try_from(position.checked_add(1)?).ok())?,
            channel: visit.channel,
            stage: visit.stage,
            timing: visit.timing,
            repeat_status: visit.repeat_status,
            of_contact,
            // The last, so that nothing is taken where there is no brief contact.
            rare: visit.rare.take(),
            id: std::mem::take(id),
        })
    }

    pub(in crate::engine) fn ended(&self) -> Option<Time> {
        self.ended.span().map(|span| self.joined + span)
    }

    /// When its last fact was.
    pub(in crate::engine) fn last_instant(&self) -> Time {
        let last = self.joined + self.acw_ended.span().max(self.ended.span()).unwrap_or_default();
        self.rare.as_ref().map_or(last, |rare| last.max(rare.last_instant()))
    }

    pub(in crate::engine) fn visit(&self) -> QueueVisit {
        let at = |after: Millis| after.span().map(|span| self.joined + span);
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

    pub(in crate::engine) fn contact(&self) -> Contact {
        let (knows_intent, knows_customer) = self.of_contact;
        let intent = if knows_intent { self.intent } else { IntentNo::UNKNOWN };
        let customer = if knows_customer { self.customer } else { CustomerNo::UNKNOWN };
        Contact {
            id: self.id.clone(),
            origin: self.origin,
            steps: Vec::new(),
            visits: smallvec![self.visit()],
            settled: 1,
            changed: false,
            deferred: false,
            replayed: 0,
            intent,
            customer,
            settled_intent: intent,
            settled_customer: customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::transition::{ContactStep, JoinDetails, Transition};

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
        for (at, transition) in steps {
            contact.apply(&ContactStep::new(at, queue, transition)).unwrap();
        }
        contact.visits[0].written = true;
        contact.settle();
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
