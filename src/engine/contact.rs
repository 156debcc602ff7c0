//! A contact: its steps in order of time, and the visits that follow from them.
//!
//! The visits are a function of the set of steps, not of the order in which these arrive: a step that arrives late
//! is inserted where it belongs and the visits are computed anew. A step that arrives in order changes one visit.

pub(super) mod brief;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::facts::Measure;
use super::interner::{AgentNo, CustomerNo, IntentNo, NameNo, OriginNo};
use super::transition::{ContactStep, JoinDetails, Transition};
use super::visit::{AddedFact, QueueVisit, VisitStage, VisitTiming};
use crate::clock::{Span, Time};
use crate::event::LeftReason;
use crate::text::Label;

/// The most rings of one agent at one instant that are told apart.
const MAX_EQUAL_RINGS: usize = 8;
/// The most steps of one contact, and the most facts added to one visit. A call that rings all agents
/// of a queue for hours has some ten thousand.
const MAX_STEPS: usize = 50_000;
/// The most visits of one contact: each step may look through all of them. A call that two full queues pass to each other
/// all day has some hundred.
const MAX_VISITS: usize = 1_000;
/// How many steps may be applied anew for steps of one contact that come out of order: each of those costs as many as there
/// are. A long call has ten thousand steps, of which a few come late.
const MAX_REPLAYED_STEPS: usize = 1_000_000;

/// Two sources that tell of one join give it times by their own clocks, or cut to whole seconds, that differ by no more.
const MAX_JOIN_DIFFERENCE: Span = Span::seconds(5);

/// Why a step changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unused {
    /// The same step is known.
    Known,
    /// It fits no visit: it contradicts what is known. Or there are too many steps or visits.
    OutOfPlace,
}

/// A contact and all its visits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Contact {
    pub(super) id: Label,
    /// The source that it belongs to: a restart there loses it.
    pub(super) origin: OriginNo,
    /// In order of time.
    pub(super) steps: Vec<ContactStep>,
    pub(super) visits: SmallVec<[QueueVisit; 1]>,
    /// Whether all visits have been over for a while: it is packed as soon as its facts are written.
    pub(super) settled: bool,
    /// Whether the contact has changed since its facts were last written.
    pub(super) changed: bool,
    /// Whether the visits are still to be computed: a standing query does that once it is over.
    #[serde(skip)]
    pub(super) deferred: bool,
    /// How many steps were applied anew for steps that came out of order.
    #[serde(skip)]
    replayed: usize,
    /// Known of the contact as a whole; the next visit starts with it.
    intent: IntentNo,
    customer: CustomerNo,
}

/// The visit that a step is about.
enum Route {
    /// The visit at this index.
    Existing(usize),
    /// A new visit, which the step itself opens.
    Join,
    /// A new visit whose beginning was not seen, because the source began later. It counts as offered.
    JoinUnseen,
    /// A new visit of which only this step is known. It does not count as offered.
    RemarkOnly,
    /// The next visit: the step's intent or customer is kept for it.
    NextVisit,
    /// No visit: the step is out of place.
    None,
}

impl Contact {
    /// When it ended, or was last heard of; `None` where a visit is open.
    pub(super) fn ended(&self) -> Option<Time> {
        let visits = self.visits.iter().map(|visit| visit.ended.unwrap_or(visit.joined));
        let last = visits.max().or_else(|| Some(self.steps.last()?.at)).unwrap_or_default();
        (!self.is_open()).then_some(last)
    }

    /// Whether it is over as far as is known, and its facts are written.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.changed && !self.deferred && !self.is_open()
    }

    /// Replace the numbers of its customers.
    pub(super) fn for_each_customer(&mut self, mut each: impl FnMut(&mut CustomerNo)) {
        each(&mut self.customer);
        for step in &mut self.steps {
            if let Transition::Identified { customer } | Transition::Offered(JoinDetails { customer, .. }) =
                &mut step.transition
            {
                each(customer);
            }
        }
        self.visits.iter_mut().for_each(|visit| each(&mut visit.customer));
    }

    /// Whether any visit is still open.
    pub(super) fn is_open(&self) -> bool {
        self.visits.iter().any(|v| v.stage.is_open())
    }

    /// A contact without any steps.
    pub(super) fn new(id: Label, origin: OriginNo) -> Self {
        Self { id, origin, ..Self::default() }
    }

    /// Begin anew as another contact.
    pub(super) fn reuse(&mut self, id: Label, origin: OriginNo) {
        let steps = std::mem::take(&mut self.steps);
        *self = Self { steps, ..Self::new(id, origin) };
        self.steps.clear();
    }

    /// Insert a step at its place in time. Returns `true` if that is the end, so that it can be applied without a
    /// [replay](Self::replay).
    ///
    /// # Errors
    /// If there are too many steps, or too many of them out of order, or if the same step is known: a line that a log
    /// holds twice counts once.
    pub(super) fn insert(&mut self, step: ContactStep) -> Result<bool, Unused> {
        if self.steps.last().is_none_or(|last| last.order() < step.order()) && self.steps.len() < MAX_STEPS {
            self.steps.push(step);
            return Ok(true);
        }
        let index = self.steps.iter().rposition(|known| known.order() <= step.order()).map_or(0, |p| p + 1);
        let before = self.steps.iter().take(index).rev().take_while(|known| known.order() == step.order());
        // A dead phone is rung several times in what a source calls one instant.
        let most = if matches!(step.transition, Transition::RingNoAnswer { .. } | Transition::NeverRang { .. }) {
            MAX_EQUAL_RINGS
        } else {
            1
        };
        // Losses end visits: there are no more of them than of these.
        if step.transition != Transition::Lost {
            if before.filter(|known| known.is_same(&step)).count() >= most {
                return Err(Unused::Known);
            }
            if self.steps.len() >= MAX_STEPS || self.replayed >= MAX_REPLAYED_STEPS && index < self.steps.len() {
                return Err(Unused::OutOfPlace);
            }
        }
        let in_order = index == self.steps.len();
        self.replayed += if in_order { 0 } else { self.steps.len() };
        self.steps.insert(index, step);
        Ok(in_order)
    }

    /// Move the steps since the first open visit began by `by`. A [replay](Self::replay) is to follow.
    pub(super) fn shift(&mut self, by: Span) {
        let open = self.visits.iter().filter(|visit| visit.stage.is_open()).map(|visit| visit.joined);
        let Some(from) = open.min() else { return };
        for step in self.steps.iter_mut().filter(|step| step.at >= from) {
            step.at = step.at + by;
        }
        self.steps.sort_by_key(ContactStep::order);
    }

    /// Compute the visits anew from the steps.
    pub(super) fn replay(&mut self) {
        let kept: Vec<_> = self.visits.drain(..).map(|v| (v.repeat_status, v.written)).collect();
        (self.intent, self.customer) = (IntentNo::UNKNOWN, CustomerNo::UNKNOWN);
        // The steps stay where they are: an answer looks for the transfer before it.
        for place in 0..self.steps.len() {
            let Some(step) = self.steps.get(place).copied() else { break };
            // A step that does not fit yet may fit once an earlier one has arrived.
            let contradicts = self.apply(&step).is_err();
            if let Some(step) = self.steps.get_mut(place) {
                step.contradicts = contradicts;
            }
        }
        for (visit, (repeat_status, written)) in self.visits.iter_mut().zip(kept) {
            visit.repeat_status = repeat_status;
            visit.written = written;
        }
    }

    /// Apply the last step.
    ///
    /// # Errors
    /// If it fits no visit.
    pub(super) fn apply_last(&mut self) -> Result<(), Unused> {
        let Some(step) = self.steps.last().copied() else { return Ok(()) };
        let applied = self.apply(&step);
        if let Some(step) = self.steps.last_mut() {
            step.contradicts = applied.is_err();
        }
        applied
    }

    /// The steps that contradict what is known, as contact events name them, and when they happened.
    pub(super) fn contradictions(&self) -> impl Iterator<Item = (&'static str, Time)> {
        let contradicting = self.steps.iter().filter(|step| step.contradicts);
        contradicting.filter_map(|step| Some((step.transition.claim()?, step.at)))
    }

    /// Apply one step to the visits.
    pub(super) fn apply(&mut self, step: &ContactStep) -> Result<(), Unused> {
        if let Transition::Offered(joining) = step.transition
            && let Some(place) = self.visits.iter().rposition(|visit| is_same_join(visit, step, &joining))
        {
            // What was seen in a list gives way to a source that sees all of it.
            if !joining.sampled && self.visits.get(place).is_some_and(|v| v.timing == VisitTiming::Sampled) {
                self.apply_to(place, step);
            }
            return Ok(());
        }
        let index = match self.route(step) {
            Route::Existing(index) => index,
            Route::Join | Route::JoinUnseen | Route::RemarkOnly if self.visits.len() >= MAX_VISITS => {
                return Err(Unused::OutOfPlace);
            }
            Route::Join => {
                self.visits.push(QueueVisit::default());
                self.visits.len() - 1
            }
            Route::JoinUnseen => {
                let visit = QueueVisit { counted: true, ..self.unseen_visit(step) };
                self.visits.push(visit);
                self.visits.len() - 1
            }
            Route::RemarkOnly => {
                let visit = QueueVisit { stage: VisitStage::Void, ..self.unseen_visit(step) };
                self.visits.push(visit);
                self.visits.len() - 1
            }
            Route::NextVisit => {
                match step.transition {
                    Transition::Classified { intent } => self.intent = intent,
                    Transition::Identified { customer } => self.customer = customer,
                    _ => {}
                }
                return Ok(());
            }
            // A source may tell of an answer again once it knows the time better. The earlier one counts.
            Route::None if self.repeats_answer(step) || self.repeats_end(step) => return Ok(()),
            Route::None => return Err(Unused::OutOfPlace),
        };
        self.apply_to(index, step);
        Ok(())
    }

    /// Apply one step to the visit that it is about.
    fn apply_to(&mut self, index: usize, step: &ContactStep) {
        if !step.queue.is_known() {
            self.annotate_all(step);
        }
        let (intent, customer) = (self.intent, self.customer);
        if let Some(visit) = self.visits.get_mut(index) {
            match step.transition {
                Transition::Classified { intent } => self.intent = intent,
                Transition::Identified { customer } => self.customer = customer,
                Transition::Offered(joining) => {
                    *visit = joined(step, &joining);
                    visit.intent = joining.intent.or(intent);
                    visit.customer = customer.or(joining.customer);
                }
                _ => {}
            }
            advance(visit, step);
        }
    }

    /// Whether the agent of an answer is known to have answered before.
    fn repeats_answer(&self, step: &ContactStep) -> bool {
        let Transition::Answered { agent, .. } = step.transition else { return false };
        self.visits.iter().any(|visit| visit.agent == agent && visit.answered.is_some())
    }

    /// Whether the end of a conversation is known: a source may tell of it when the agent hangs up, and again after the
    /// after-contact work.
    fn repeats_end(&self, step: &ContactStep) -> bool {
        let Transition::Completed { agent, .. } = step.transition else { return false };
        agent.is_known() && self.visits.iter().any(|visit| visit.agent == agent && visit.stage.is_handled())
    }

    /// Apply what is known of the contact as a whole to every visit.
    fn annotate_all(&mut self, step: &ContactStep) {
        for visit in &mut self.visits {
            match step.transition {
                Transition::Classified { intent } => visit.intent = intent,
                Transition::Identified { customer } => visit.customer = customer,
                _ => return,
            }
        }
    }

    /// A visit whose beginning was not seen, as far as this step and the earlier visits tell.
    fn unseen_visit(&self, step: &ContactStep) -> QueueVisit {
        let last = self.visits.last();
        let wait = match step.transition {
            Transition::Answered { wait, .. } | Transition::Abandoned { wait } | Transition::Left { wait, .. } => wait,
            _ => None,
        };
        let sent_to = self.steps.iter().rev().find_map(|s| match s.transition {
            Transition::Transferred { to_queue, .. } if s.at <= step.at && to_queue.is_known() => Some(to_queue),
            _ => None,
        });
        QueueVisit {
            queue: step.queue.or(sent_to.unwrap_or_default()).or(last.map(|v| v.queue).unwrap_or_default()),
            channel: last.map(|v| v.channel).unwrap_or_default(),
            intent: self.intent.or(last.map(|v| v.intent).unwrap_or_default()),
            customer: self.customer.or(last.map(|v| v.customer).unwrap_or_default()),
            joined: step.at - wait.unwrap_or(Span::ZERO),
            ..QueueVisit::default()
        }
    }

    /// Which of the visits a step is about.
    fn route(&self, step: &ContactStep) -> Route {
        let visits = self.visits.as_slice();
        // Nearly all contacts have one visit, whose steps follow each other.
        if let [visit] = visits
            && visit.queue == step.queue
            && step.transition.follows(visit.stage)
        {
            return Route::Existing(0);
        }
        let fits = |v: &QueueVisit| v.stage != VisitStage::Void && (!step.queue.is_known() || v.queue == step.queue);
        let newest = |stage: VisitStage| visits.iter().rposition(|v| fits(v) && v.stage == stage);
        let oldest = |stage: VisitStage| visits.iter().position(|v| fits(v) && v.stage == stage);
        let any = || visits.iter().rposition(fits);
        let last_stage = visits.iter().rfind(|v| fits(v)).map(|v| v.stage);
        let was_sent_on = matches!(last_stage, None | Some(VisitStage::Transferred));
        let (found, otherwise) = match step.transition {
            Transition::Offered(_) => (None, Route::Join),
            Transition::Ringing { .. } | Transition::RingCanceled { .. } => (newest(VisitStage::Waiting), Route::None),
            Transition::RingNoAnswer { .. } | Transition::NeverRang { .. } => (any(), Route::RemarkOnly),
            Transition::Answered { .. } => {
                let is_unseen = was_sent_on || matches!(last_stage, Some(VisitStage::Lost { .. }));
                (newest(VisitStage::Waiting), if is_unseen { Route::JoinUnseen } else { Route::None })
            }
            Transition::Abandoned { .. } => {
                (newest(VisitStage::Waiting), if was_sent_on { Route::JoinUnseen } else { Route::None })
            }
            Transition::Left { .. } if was_sent_on => (oldest(VisitStage::Waiting), Route::JoinUnseen),
            // Some sources call every unanswered end an abandon; another source's reason is more precise.
            Transition::Left { .. } => {
                (oldest(VisitStage::Waiting).or_else(|| newest(VisitStage::Abandoned)), Route::None)
            }
            Transition::Held | Transition::Resumed => (newest(VisitStage::Talking), Route::None),
            Transition::Responded => {
                let has_none = |index: &usize| visits.get(*index).is_some_and(|v| v.rare().responded.is_none());
                (any().filter(has_none), Route::None)
            }
            // Of two agents who have the contact, each ends the own conversation.
            Transition::Completed { agent, .. }
                if agent.is_known() && visits.iter().any(|v| fits(v) && v.agent == agent) =>
            {
                let is_own = |v: &QueueVisit| fits(v) && v.agent == agent && v.stage == VisitStage::Talking;
                (visits.iter().position(is_own), Route::None)
            }
            Transition::Completed { .. } | Transition::Transferred { .. } => {
                let found = oldest(VisitStage::Talking).or_else(|| newest(VisitStage::Waiting));
                (found, if last_stage.is_none() { Route::RemarkOnly } else { Route::None })
            }
            Transition::Wrapped { agent, .. } => {
                let of_agent = |v: &QueueVisit| fits(v) && v.agent == agent && v.acw.is_none();
                (visits.iter().rposition(of_agent).or_else(any), Route::RemarkOnly)
            }
            Transition::Classified { .. } | Transition::Identified { .. } => (any(), Route::NextVisit),
            Transition::Disposition { .. } | Transition::Reopened | Transition::Score { .. } => {
                let answered = visits.iter().rposition(|v| fits(v) && v.agent.is_known());
                (answered.or_else(any), Route::RemarkOnly)
            }
            Transition::Lost => (visits.iter().position(|v| fits(v) && v.stage.is_open()), Route::None),
        };
        found.map_or(otherwise, Route::Existing)
    }
}

/// Whether a step tells again of a join: by the clock of another source, or because one of both sees it in a list that is asked
/// for now and then.
fn is_same_join(visit: &QueueVisit, step: &ContactStep, joining: &JoinDetails) -> bool {
    let is_near = (visit.joined - step.at).0.abs() <= MAX_JOIN_DIFFERENCE.0;
    let is_told_of = match (visit.timing == VisitTiming::Sampled, joining.sampled) {
        (true, false) => visit.stage == VisitStage::Waiting,
        (false, true) => true,
        (false, false) | (true, true) => is_near,
    };
    visit.queue == step.queue && visit.stage.is_open() && is_told_of
}

/// A visit that begins with a step.
pub(super) fn joined(step: &ContactStep, joining: &JoinDetails) -> QueueVisit {
    let mut visit = QueueVisit {
        queue: step.queue,
        channel: joining.channel,
        intent: joining.intent,
        customer: joining.customer,
        position: joining.position,
        joined: step.at,
        timing: joining.timing(),
        counted: true,
        ..QueueVisit::default()
    };
    if joining.priority.is_some() || joining.auth_steps.is_some() {
        let rare = visit.rare_mut();
        (rare.priority, rare.auth_steps) = (joining.priority, joining.auth_steps);
    }
    visit
}

/// Apply one step to one visit.
pub(super) fn advance(visit: &mut QueueVisit, step: &ContactStep) {
    let at = step.at;
    let add_fact = |visit: &mut QueueVisit, measure, arg, value, agent| {
        let facts = &mut visit.rare_mut().added_facts;
        if facts.len() < MAX_STEPS {
            // Most visits that have any have one.
            facts.reserve_exact(usize::from(facts.is_empty()));
            facts.push(AddedFact { at, measure, arg, value, agent });
        }
    };
    match step.transition {
        Transition::Offered(_) => {}
        Transition::Classified { intent } => visit.intent = intent,
        Transition::Identified { customer } => visit.customer = customer,
        Transition::Ringing { agent } => visit.ringing = agent,
        Transition::RingCanceled { .. } => visit.ringing = AgentNo::UNKNOWN,
        Transition::RingNoAnswer { agent } | Transition::NeverRang { agent } => {
            visit.ringing = AgentNo::UNKNOWN;
            let never_rang = matches!(step.transition, Transition::NeverRang { .. });
            add_fact(visit, Measure::RingNoAnswer, u8::from(never_rang), 0, Some(agent));
        }
        Transition::Answered { agent, wait } => visit.answer(at, agent, wait),
        Transition::Responded => visit.rare_mut().responded = Some(at),
        Transition::Held => _ = visit.rare_mut().held_since.get_or_insert(at),
        Transition::Resumed => visit.resume(at),
        Transition::Left { reason, wait } => visit.end_wait(at, wait, VisitStage::Left(reason)),
        Transition::Abandoned { wait } => visit.end_wait(at, wait, VisitStage::Abandoned),
        // The contact was sent on before it was answered: routing did that, not an agent.
        Transition::Transferred { .. } if visit.stage == VisitStage::Waiting => {
            visit.end_wait(at, None, VisitStage::Left(LeftReason::Overflow));
        }
        Transition::Transferred { agent, talk, .. } => {
            visit.set_agent_if_unknown(agent);
            visit.finish(at, talk, None, VisitStage::Transferred);
        }
        Transition::Completed { .. } if visit.stage == VisitStage::Waiting => visit.lose(at),
        Transition::Completed { agent, talk, hold } => {
            visit.set_agent_if_unknown(agent);
            visit.finish(at, talk, hold, VisitStage::Completed);
        }
        Transition::Wrapped { agent, acw } => {
            let ended = visit.ended.or(visit.answered);
            visit.set_agent_if_unknown(agent);
            if let Some(acw) = acw.or_else(|| ended.map(|ended| at.since(ended))) {
                visit.acw = Some((at, acw));
            }
        }
        Transition::Disposition { resolved } => visit.rare_mut().disposition = Some((at, resolved)),
        Transition::Reopened => add_fact(visit, Measure::Reopened, 0, 0, None),
        Transition::Score { measure, arg, value } => add_fact(visit, measure, arg, value, None),
        Transition::Lost => visit.lose(at),
    }
}
