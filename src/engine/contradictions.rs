//! Steps that fit nothing: those that contradict what is known of their contact (an answer after the end, say). They are
//! kept, since one may fit once an earlier step has arrived, and are counted as long as they do not.

use std::collections::BTreeMap;
use std::fmt;

use super::Engine;
use super::contact::Contact;
use super::contact_store::ContactNo;
use super::interner::OriginNo;
use crate::clock::{Span, Time};
use crate::text::Label;

/// Between what several sources tell of one contact lies no more time.
const MAX_SPAN_OF_AN_ID: Span = Span(4 * Span::HOUR.0);
/// What is said of ids that two sources count for themselves.
const SHARED_ID: &str = "joins under ids that another source gave to other contacts (give one of both a `prefix`)";

/// The steps of one kind from one source that contradict their contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The origin of the events.
    pub origin: Label,
    /// The kind of step, as contact events name it, or what is odd about it.
    pub step: &'static str,
    /// How many there are.
    pub count: u64,
    /// The contact of one of them, or of one that fits by now.
    pub contact: Label,
    /// When that one happened.
    pub at: Time,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, such as of {}", self.count, self.step, self.contact)
    }
}

/// The steps that fit nothing, by source and kind: how many, and one of them.
#[derive(Debug, Default)]
pub(super) struct Contradictions(BTreeMap<(OriginNo, &'static str), Counted>);

#[derive(Debug)]
struct Counted {
    count: u64,
    contact: Label,
    at: Time,
}

impl Contradictions {
    /// Compute the visits of a contact anew, and count the steps that fit nothing then.
    pub(super) fn replay(&mut self, contact: &mut Contact) {
        self.take_back(contact);
        contact.replay();
        contact.contradictions().for_each(|one| self.count(contact, one));
    }

    /// Count one of them.
    pub(super) fn count(&mut self, contact: &Contact, (step, at): (&'static str, Time)) {
        self.count_from(contact.origin, contact, (step, at));
    }

    /// A contact joins, as `origin` says, under an id that another source has used. Hours apart, these are two contacts.
    pub(super) fn note_join(&mut self, origin: OriginNo, contact: &Contact, at: Time) {
        let is_apart = |joined: Time| (at - joined).0.abs() > MAX_SPAN_OF_AN_ID.0;
        let mut joined = contact.visits.iter().map(|visit| visit.joined).peekable();
        if contact.origin != origin && joined.peek().is_some() && joined.all(is_apart) {
            self.count_from(origin, contact, (SHARED_ID, at));
        }
    }

    fn count_from(&mut self, origin: OriginNo, contact: &Contact, (step, at): (&'static str, Time)) {
        let counted = self.0.entry((origin, step));
        counted.or_insert_with(|| Counted { count: 0, contact: contact.id.clone(), at }).count += 1;
    }

    /// Take back what was counted of a contact.
    fn take_back(&mut self, contact: &Contact) {
        for (step, _) in contact.contradictions() {
            let key = (contact.origin, step);
            if let Some(counted) = self.0.get_mut(&key) {
                // Those from before a restart were not counted.
                counted.count = counted.count.saturating_sub(1);
                if counted.count == 0 {
                    self.0.remove(&key);
                }
            }
        }
    }
}

impl Engine {
    /// The steps that contradict what is known of their contacts, by source and kind. They are in no figure. Those from
    /// before a restart of the program are not among them.
    pub fn contradictions(&mut self) -> Vec<Contradiction> {
        self.end_all_deferral();
        let steps = |(key, counted): (&(OriginNo, &'static str), &Counted)| Contradiction {
            origin: self.origins.label(key.0),
            step: key.1,
            count: counted.count,
            contact: counted.contact.clone(),
            at: counted.at,
        };
        self.contradictions.0.iter().map(steps).collect()
    }

    /// Compute the visits of a contact anew.
    pub(super) fn replay(&mut self, number: ContactNo) {
        if let Some(contact) = self.contacts.get_mut(number) {
            self.contradictions.replay(contact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;
    use crate::event::{Channel, Event, EventKind, Offer, Step};

    #[test]
    fn an_end_that_its_agent_tells_twice_is_no_contradiction_and_ends_no_other_conversation() {
        let start = Time::from_unix(1_772_528_400);
        let mut engine = Engine::new(Settings::default());
        let mut tell = |seconds: i64, step: Step| {
            let kind = EventKind::Contact { contact: "c1".into(), queue: None, step };
            engine.apply(&Event { at: start + Span::seconds(seconds), origin: "cloud".into(), id: None, kind });
            (engine.total_now(start + Span::seconds(seconds + 1)).in_progress, engine.contradictions().len())
        };
        let answered = |agent: &str| Step::Answered { agent: agent.into(), wait: None };
        let completed = |agent: Option<&str>| Step::Completed {
            agent: agent.map(Label::from),
            ended_by: None,
            talk: None,
            hold: None,
        };
        tell(0, Step::Offered(Offer::new("sales".into(), Channel::Voice)));
        tell(3, answered("ann"));
        tell(10, Step::Offered(Offer::new("vip".into(), Channel::Voice)));
        assert_eq!(tell(12, answered("bo")), (2, 0));
        assert_eq!(tell(13, completed(Some("ann"))), (1, 0));
        assert_eq!(tell(20, completed(Some("ann"))), (1, 0));
        assert_eq!(tell(30, completed(Some("bo"))), (0, 0));
        assert_eq!(tell(31, completed(None)), (0, 1));
    }

    #[test]
    fn ids_that_two_sources_count_for_themselves_are_said() {
        let start = Time::from_unix(1_772_528_400);
        let mut engine = Engine::new(Settings::default());
        let mut offer = |origin: &str, hours: i64| {
            let step = Step::Offered(Offer::new("sales".into(), Channel::Voice));
            let kind = EventKind::Contact { contact: "4711".into(), queue: None, step };
            engine.apply(&Event { at: start + Span(hours * Span::HOUR.0), origin: origin.into(), id: None, kind });
            engine.contradictions().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(offer("pbx", 0).is_empty());
        // A call that is passed on to another site, and a ticket that comes back in the source that it is of.
        assert!(offer("site-2", 1).is_empty());
        assert!(offer("pbx", 9).is_empty());
        let said = offer("chat", 20);
        assert!(said.len() == 1 && said[0].starts_with("1 joins under ids that another source"), "{said:?}");
    }

    #[test]
    fn rings_from_before_the_join_are_no_contradiction() {
        let joined = Time::from_unix(1_772_528_400);
        let mut engine = Engine::new(Settings::default());
        let ring = |seconds| (joined - Span::seconds(seconds), Step::Ringing { agent: "ann".into() });
        let steps = [
            (joined, Step::Offered(Offer::new("sales".into(), Channel::Voice))),
            ring(2),
            ring(1),
            ring(1),
            (joined + Span::seconds(3), Step::Answered { agent: "ann".into(), wait: None }),
        ];
        for (at, step) in steps {
            let kind = EventKind::Contact { contact: "c1".into(), queue: Some("sales".into()), step };
            engine.apply(&Event { at, origin: "pbx".into(), id: None, kind });
        }
        assert_eq!(engine.contradictions(), []);
        let live = engine.total_now(joined + Span::seconds(4));
        assert_eq!((live.waiting, live.in_progress), (0, 1));
    }
}
