//! A visit: one contact in one queue, from joining to its end, and the facts that it leaves.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::facts::{CellKey, Measure, NO_BAND, UNKNOWN};
use super::interner::{AgentNo, CustomerNo, IntentNo, NameNo, QueueNo};
use crate::clock::{Span, Time};
use crate::event::{Channel, LeftReason};
use crate::kpi::tally::position_band;

/// The stage of a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum VisitStage {
    /// In queue.
    #[default]
    Waiting,
    /// With an agent.
    Talking,
    /// The conversation ended.
    Completed,
    /// Transferred away.
    Transferred,
    /// The caller hung up while waiting.
    Abandoned,
    /// Left the queue unanswered.
    Left(LeftReason),
    /// Closed without a known end, while waiting or not.
    Lost { waiting: bool },
    /// Only an annotation is known (a survey's answer, say): neither its beginning nor its end was seen.
    Void,
}

impl VisitStage {
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Talking)
    }

    pub(super) const fn is_handled(self) -> bool {
        matches!(self, Self::Completed | Self::Transferred)
    }
}

/// Which durations of a visit can be computed as differences of event times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum VisitTiming {
    /// All of them: the beginning of the visit was seen.
    Whole,
    /// Those after the answer: the visit began before the source did.
    #[default]
    FromAnswer,
    /// None: the source's times are not precise, and a duration that it does not give is unknown.
    Untimed,
    /// None, and nothing is counted: the source sees only some contacts, and of these not how they end.
    Sampled,
}

/// One contact in one queue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct QueueVisit {
    pub(super) queue: QueueNo,
    pub(super) intent: IntentNo,
    pub(super) customer: CustomerNo,
    /// The agent who answered; unknown before.
    pub(super) agent: AgentNo,
    /// The agent being rung; unknown for nobody.
    pub(super) ringing: AgentNo,
    pub(super) channel: Channel,
    pub(super) stage: VisitStage,
    pub(super) timing: VisitTiming,
    /// Whether it counts as offered and answered. `false` where only its end was seen.
    pub(super) counted: bool,
    pub(super) position: Option<u32>,
    pub(super) joined: Time,
    pub(super) answered: Option<Time>,
    /// When waiting or the conversation ended.
    pub(super) ended: Option<Time>,
    /// The wait; `None` while it lasts and where it is not known.
    pub(super) wait: Option<Span>,
    pub(super) talk: Option<Span>,
    pub(super) hold: Span,
    /// When after-contact work ended, and how long it took.
    pub(super) acw: Option<(Time, Span)>,
    pub(super) repeat_status: RepeatStatus,
    /// Whether its facts have been written.
    pub(super) written: bool,
    /// Boxed, because there are many visits and few have any of these fields.
    pub(super) rare: Option<Box<RareFields>>,
}

/// Fields that few visits have, kept apart so that the others stay small.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RareFields {
    pub(super) priority: Option<i32>,
    pub(super) auth_steps: Option<u32>,
    pub(super) responded: Option<Time>,
    pub(super) held_since: Option<Time>,
    /// When a disposition was given, and whether it said "resolved".
    pub(super) disposition: Option<(Time, bool)>,
    pub(super) added_facts: Vec<AddedFact>,
}

impl RareFields {
    /// When the last fact of these was.
    pub(super) fn last_instant(&self) -> Time {
        let added = self.added_facts.iter().map(|added| added.at);
        added.chain(self.responded).chain(self.disposition.map(|(at, _)| at)).max().unwrap_or_default()
    }
}

static NO_RARE_FIELDS: RareFields = RareFields {
    priority: None,
    auth_steps: None,
    responded: None,
    held_since: None,
    disposition: None,
    added_facts: Vec::new(),
};

/// How a visit relates to the customer's other contacts about the same topic (see `repeats`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RepeatStatus {
    /// It repeats an earlier one within `fcr_window`.
    pub(super) repeat: bool,
    /// The customer used another channel in the 24 h before.
    pub(super) switched: bool,
    /// `Some` if it is a first contact: whether it counts as resolved so far.
    pub(super) first_resolved: Option<bool>,
}

/// A fact that does not follow from the course of the visit: a survey's answer, an evaluation, an unanswered ring.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct AddedFact {
    pub(super) at: Time,
    pub(super) measure: Measure,
    pub(super) arg: u8,
    pub(super) value: i64,
    /// The agent it is about; `None` for the one who answered.
    pub(super) agent: Option<AgentNo>,
}

/// A fact of a visit, before it has a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VisitFact {
    pub(super) at: Time,
    pub(super) measure: Measure,
    pub(super) arg: u8,
    pub(super) value: i64,
    pub(super) agent: AgentNo,
}

/// The facts of one visit.
pub(super) type VisitFacts = SmallVec<[VisitFact; 8]>;

fn micros(span: Option<Span>) -> i64 {
    span.map_or(UNKNOWN, |span| span.0)
}

impl QueueVisit {
    pub(super) fn rare(&self) -> &RareFields {
        self.rare.as_deref().unwrap_or(&NO_RARE_FIELDS)
    }

    pub(super) fn rare_mut(&mut self) -> &mut RareFields {
        self.rare.get_or_insert_default()
    }

    /// Since when it waits, or is held, or the conversation lasts; `None` where it is over.
    pub(super) fn since(&self) -> Option<Time> {
        match self.stage {
            VisitStage::Waiting => Some(self.joined),
            VisitStage::Talking => self.rare().held_since.or(self.answered),
            _ => None,
        }
    }

    /// End the hold, if there is one.
    pub(super) fn resume(&mut self, at: Time) {
        if let Some(since) = self.rare.as_mut().and_then(|rare| rare.held_since.take()) {
            self.hold = self.hold + at.since(since);
        }
    }

    /// The wait that ends at `at`: the source's own duration wins over the difference of the times.
    fn wait_until(&self, at: Time, given: Option<Span>) -> Option<Span> {
        given.or_else(|| (self.timing == VisitTiming::Whole).then(|| at.since(self.joined)))
    }

    /// End the visit unanswered.
    pub(super) fn end_wait(&mut self, at: Time, given: Option<Span>, stage: VisitStage) {
        self.wait = self.wait_until(at, given);
        self.ended = Some(at);
        self.ringing = AgentNo::UNKNOWN;
        self.stage = stage;
    }

    /// An agent answers.
    pub(super) fn answer(&mut self, at: Time, agent: AgentNo, given: Option<Span>) {
        self.wait = self.wait_until(at, given);
        self.answered = Some(at);
        self.agent = agent;
        self.ringing = AgentNo::UNKNOWN;
        self.stage = VisitStage::Talking;
    }

    /// Set the agent, unless the answer was seen.
    pub(super) fn set_agent_if_unknown(&mut self, agent: AgentNo) {
        self.agent = self.agent.or(agent);
    }

    /// End the conversation. `talk` and `hold` are the source's own durations, where it gives them.
    pub(super) fn finish(&mut self, at: Time, talk: Option<Span>, hold: Option<Span>, stage: VisitStage) {
        self.resume(at);
        if let Some(hold) = hold {
            self.hold = hold;
        }
        let timed = self.answered.filter(|_| !matches!(self.timing, VisitTiming::Untimed | VisitTiming::Sampled));
        // A source that stamps answer and end with one instant, and gives no talk time, does not know it.
        let lasted = timed.map(|answered| at.since(answered)).filter(|lasted| *lasted > Span::ZERO);
        self.talk = talk.or_else(|| lasted.map(|all| Span((all.0 - self.hold.0).max(0))));
        self.ended = Some(at);
        self.stage = stage;
    }

    /// Close the visit, whose end was not seen.
    pub(super) fn lose(&mut self, at: Time) {
        let waiting = self.stage == VisitStage::Waiting;
        self.ended = Some(at);
        self.ringing = AgentNo::UNKNOWN;
        self.stage = VisitStage::Lost { waiting };
    }

    /// Its cell. A fact about another agent is counted in a cell of that agent.
    pub(super) const fn cell(&self) -> CellKey {
        CellKey { queue: self.queue, intent: self.intent, agent: self.agent, channel: self.channel }
    }

    /// Pass the facts it leaves to `sink`, in a fixed order.
    #[inline]
    pub(super) fn give_facts(&self, sink: &mut impl FactSink) {
        if self.timing == VisitTiming::Sampled {
            return;
        }
        let fact = |at, measure, arg, value| VisitFact { at, measure, arg, value, agent: self.agent };
        let band = self.position.map_or(NO_BAND, |p| u8::try_from(position_band(p)).unwrap_or(NO_BAND));
        let ended = self.ended.unwrap_or(self.joined);
        if self.counted {
            sink.add(fact(self.joined, Measure::Offered, 0, 0));
            if self.customer.is_known() {
                sink.add(fact(self.joined, Measure::KnownCustomer, u8::from(self.repeat_status.switched), 0));
            }
            if self.repeat_status.repeat {
                sink.add(fact(self.joined, Measure::Repeat, 0, 0));
            }
            if let Some(steps) = self.rare().auth_steps {
                sink.add(fact(self.joined, Measure::AuthSteps, 0, i64::from(steps) * 1_000_000));
            }
            if let Some(at) = self.answered {
                sink.add(fact(at, Measure::Answered, band, micros(self.wait)));
            }
        }
        match self.stage {
            VisitStage::Abandoned => sink.add(fact(ended, Measure::Abandoned, band, micros(self.wait))),
            VisitStage::Left(reason) => {
                let reason = LeftReason::ALL.iter().position(|r| *r == reason).unwrap_or(0);
                let arg = u8::try_from(reason).unwrap_or(0) | band << 4;
                sink.add(fact(ended, Measure::Left, arg, micros(self.wait)));
            }
            VisitStage::Lost { waiting } => sink.add(fact(ended, Measure::UnknownEnd, u8::from(waiting), 0)),
            VisitStage::Completed | VisitStage::Transferred => {
                let handling = self.talk.map(|talk| talk + self.hold);
                sink.add(fact(ended, Measure::Handled, 0, micros(handling)));
                if self.hold.0 != 0 && handling.is_some() {
                    sink.add(fact(ended, Measure::Hold, 0, self.hold.0));
                }
                if self.stage == VisitStage::Transferred {
                    sink.add(fact(ended, Measure::Transferred, 0, 0));
                }
                if let Some(resolved) = self.repeat_status.first_resolved {
                    sink.add(fact(ended, Measure::FirstContact, u8::from(resolved), self.joined.0));
                }
            }
            VisitStage::Waiting | VisitStage::Talking | VisitStage::Void => {}
        }
        if let Some((at, acw)) = self.acw {
            let whole = self.stage.is_handled() && self.talk.is_some();
            sink.add(fact(at, Measure::AfterContact, u8::from(whole), acw.0));
        }
        let Some(rare) = &self.rare else { return };
        if let Some(at) = rare.responded {
            sink.add(fact(at, Measure::Responded, 0, at.since(self.joined).0));
        }
        if let Some((at, resolved)) = rare.disposition {
            sink.add(fact(at, Measure::Disposition, u8::from(resolved), 0));
        }
        rare.added_facts.iter().for_each(|added| sink.add_other(added.of_visit(self.agent)));
    }

    /// Pass the facts it leaves to `each`, in a fixed order.
    pub(super) fn for_each_fact(&self, each: impl FnMut(VisitFact)) {
        self.give_facts(&mut FactsTo(each));
    }
}

/// Takes the facts of a visit.
pub(super) trait FactSink {
    /// Take a fact of its course, about the agent who answered; where this is called, it is known which measure it is.
    fn add(&mut self, fact: VisitFact);

    /// Take one that was added to it, about any agent.
    fn add_other(&mut self, fact: VisitFact);
}

struct FactsTo<F>(F);

impl<F: FnMut(VisitFact)> FactSink for FactsTo<F> {
    fn add(&mut self, fact: VisitFact) {
        (self.0)(fact);
    }

    fn add_other(&mut self, fact: VisitFact) {
        (self.0)(fact);
    }
}

impl AddedFact {
    /// The fact of a visit with an agent.
    fn of_visit(&self, agent: AgentNo) -> VisitFact {
        let Self { at, measure, arg, value, .. } = *self;
        VisitFact { at, measure, arg, value, agent: self.agent.unwrap_or(agent) }
    }
}
