//! The life of a contact: its steps in order of time, and the visits they make.
//!
//! A contact's visits are a function of the set of its steps, not of the order in which they came: a step that
//! comes late is put where it belongs and the visits are made anew. In order, a step only moves one visit on.

use smallvec::SmallVec;

use super::facts::Count;
use super::visit::{Extra, Stage, Timing, Visit};
use crate::clock::{Span, Time};
use crate::event::LeftReason;
use crate::text::Label;

/// A step with names as numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Move {
    Classified {
        intent: u32,
    },
    Identified {
        customer: u32,
    },
    Offered(Joining),
    Ringing {
        agent: u32,
    },
    RingCanceled {
        agent: u32,
    },
    RingNoAnswer {
        agent: u32,
    },
    Answered {
        agent: u32,
        wait: Option<Span>,
    },
    Responded,
    Held,
    Resumed,
    Left {
        reason: LeftReason,
        wait: Option<Span>,
    },
    Abandoned {
        wait: Option<Span>,
    },
    Transferred {
        agent: u32,
        to_queue: u32,
        talk: Option<Span>,
    },
    Completed {
        agent: u32,
        talk: Option<Span>,
        hold: Option<Span>,
    },
    Wrapped {
        agent: u32,
        acw: Option<Span>,
    },
    Disposition {
        resolved: bool,
    },
    Reopened,
    Score {
        count: Count,
        arg: u8,
        value: i64,
    },
    /// The source's system started anew, or the contact outlived its time.
    Lost,
}

/// What is known on joining.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Joining {
    pub(super) channel: u8,
    pub(super) intent: u32,
    pub(super) customer: u32,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
    pub(super) auth_steps: Option<u32>,
    pub(super) untimed: bool,
}

impl Move {
    /// What comes first of two steps in one instant.
    const fn rank(&self) -> u8 {
        match self {
            Self::Classified { .. } | Self::Identified { .. } => 0,
            Self::Offered(_) => 1,
            Self::Ringing { .. } => 2,
            Self::RingCanceled { .. } | Self::RingNoAnswer { .. } => 3,
            Self::Answered { .. } => 4,
            Self::Responded => 5,
            Self::Held => 6,
            Self::Resumed => 7,
            Self::Left { .. } | Self::Abandoned { .. } => 8,
            Self::Transferred { .. } => 9,
            Self::Completed { .. } => 10,
            Self::Wrapped { .. } => 11,
            Self::Disposition { .. } | Self::Reopened | Self::Score { .. } => 12,
            Self::Lost => 13,
        }
    }

    /// Whether it only adds to what is known and never opens or ends a visit.
    const fn is_annotation(&self) -> bool {
        matches!(self.rank(), 0 | 11 | 12)
    }
}

/// A step of a contact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) at: Time,
    /// The queue it is about, where the source says so.
    pub(super) queue: u32,
    pub(super) what: Move,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It moved a visit.
    Yes,
    /// It fits no visit: it contradicts what is known.
    OutOfPlace,
}

/// A contact: all its visits.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) id: Label,
    /// Whose contact it is, for restarts.
    pub(super) origin: u32,
    /// In order of time; let go once all visits have been over for a while.
    pub(super) steps: Vec<Step>,
    pub(super) visits: SmallVec<[Visit; 1]>,
    /// These many visits are settled: steps no longer change them.
    pub(super) settled: usize,
    /// It has changed since its facts were last written.
    pub(super) changed: bool,
    /// Said of the contact before, or outside, any visit: the next one takes it over.
    intent: u32,
    customer: u32,
    /// The same when the settled visits were settled.
    settled_intent: u32,
    settled_customer: u32,
}

/// Which visit a step is about.
enum Route {
    /// An existing one.
    At(usize),
    /// A new one, which the step itself opens.
    Join,
    /// One that was never seen to join, because the source came late. It counts as offered from here.
    Unseen,
    /// One of which no more is known than this step.
    Remark,
    /// None yet: it is kept for the next one.
    Later,
    /// None.
    Nowhere,
}

impl Call {
    /// Whether any visit is still open.
    pub(super) fn is_open(&self) -> bool {
        self.visits.iter().any(|v| v.stage.is_open())
    }

    /// A contact of which nothing is known yet.
    pub(super) fn new(id: Label, origin: u32) -> Self {
        Self { id, origin, ..Self::default() }
    }

    /// Whether a step only adds to visits that are settled: it needs no place among the steps.
    pub(super) fn is_afterthought(&self, step: &Step) -> bool {
        let later = self.visits.iter().skip(self.settled).any(|visit| visit.joined <= step.at);
        self.settled > 0 && !later && step.what.is_annotation()
    }

    /// Whether its visits can be settled: none of them may yet turn out otherwise when what is missing comes.
    pub(super) fn is_whole(&self) -> bool {
        self.visits
            .iter()
            .all(|visit| visit.timing != Timing::FromAnswer && !matches!(visit.stage, Stage::Lost { .. } | Stage::Void))
    }

    /// Let the steps go: from now on only afterthoughts change the visits there are.
    pub(super) fn settle(&mut self) {
        self.settled = self.visits.len();
        self.steps = Vec::new();
        (self.settled_intent, self.settled_customer) = (self.intent, self.customer);
    }

    /// Put a step where it belongs. `true` where it came in order, so that it can simply be taken.
    pub(super) fn insert(&mut self, step: Step) -> bool {
        let key = (step.at, step.what.rank());
        let place = self.steps.iter().rposition(|s| (s.at, s.what.rank()) <= key).map_or(0, |p| p + 1);
        let in_order = place == self.steps.len();
        self.steps.insert(place, step);
        in_order
    }

    /// Make the visits that aren't settled anew from the steps.
    pub(super) fn replay(&mut self) {
        let seen: Vec<_> = self.visits.drain(self.settled..).map(|v| (v.history, v.written)).collect();
        self.intent = self.settled_intent;
        self.customer = self.settled_customer;
        let steps = std::mem::take(&mut self.steps);
        for step in &steps {
            self.take(step, self.settled);
        }
        self.steps = steps;
        for (visit, (history, written)) in self.visits.iter_mut().skip(self.settled).zip(seen) {
            visit.history = history;
            visit.written = written;
        }
    }

    /// Let one step move the visits on, those from number `from` on.
    pub(super) fn take(&mut self, step: &Step, from: usize) -> Taken {
        let place = match self.route(step, from) {
            Route::At(place) => place,
            Route::Join => {
                self.visits.push(Visit::default());
                self.visits.len() - 1
            }
            Route::Unseen => {
                let visit = Visit { counted: true, ..self.unseen(step) };
                self.visits.push(visit);
                self.visits.len() - 1
            }
            Route::Remark => {
                let visit = Visit { stage: Stage::Void, ..self.unseen(step) };
                self.visits.push(visit);
                self.visits.len() - 1
            }
            Route::Later => {
                match step.what {
                    Move::Classified { intent } => self.intent = intent,
                    Move::Identified { customer } => self.customer = customer,
                    _ => {}
                }
                return Taken::Yes;
            }
            Route::Nowhere => return Taken::OutOfPlace,
        };
        if step.queue == 0 {
            self.annotate_all(step);
        }
        let (intent, customer) = (self.intent, self.customer);
        if let Some(visit) = self.visits.get_mut(place) {
            match step.what {
                Move::Classified { intent } => self.intent = intent,
                Move::Identified { customer } => self.customer = customer,
                Move::Offered(joining) => {
                    *visit = Visit {
                        queue: step.queue,
                        channel: joining.channel,
                        intent: if joining.intent == 0 { intent } else { joining.intent },
                        customer: if customer == 0 { joining.customer } else { customer },
                        position: joining.position,
                        joined: step.at,
                        timing: if joining.untimed { Timing::Nothing } else { Timing::Whole },
                        counted: true,
                        ..Visit::default()
                    };
                    if joining.priority.is_some() || joining.auth_steps.is_some() {
                        let rare = visit.rare_mut();
                        (rare.priority, rare.auth_steps) = (joining.priority, joining.auth_steps);
                    }
                }
                _ => {}
            }
            advance(visit, step);
        }
        Taken::Yes
    }

    /// What is said of a contact, and not of one of its visits, holds for all of them.
    fn annotate_all(&mut self, step: &Step) {
        for visit in &mut self.visits {
            match step.what {
                Move::Classified { intent } => visit.intent = intent,
                Move::Identified { customer } => visit.customer = customer,
                _ => return,
            }
        }
    }

    /// A visit that the source came too late to see join.
    fn unseen(&self, step: &Step) -> Visit {
        let last = self.visits.last();
        let wait = match step.what {
            Move::Answered { wait, .. } | Move::Abandoned { wait } | Move::Left { wait, .. } => wait,
            _ => None,
        };
        let sent_to = self.steps.iter().rev().find_map(|s| match s.what {
            Move::Transferred { to_queue, .. } if s.at <= step.at && to_queue != 0 => Some(to_queue),
            _ => None,
        });
        let queue = [step.queue, sent_to.unwrap_or(0), last.map_or(0, |v| v.queue)];
        Visit {
            queue: queue.into_iter().find(|q| *q != 0).unwrap_or(0),
            channel: last.map_or(0, |v| v.channel),
            intent: if self.intent == 0 { last.map_or(0, |v| v.intent) } else { self.intent },
            customer: if self.customer == 0 { last.map_or(0, |v| v.customer) } else { self.customer },
            joined: step.at - wait.unwrap_or(Span::ZERO),
            ..Visit::default()
        }
    }

    fn route(&self, step: &Step, from: usize) -> Route {
        let visits = self.visits.get(from..).unwrap_or_default();
        let fits = |v: &Visit| v.stage != Stage::Void && (step.queue == 0 || v.queue == step.queue);
        let newest = |stage: Stage| visits.iter().rposition(|v| fits(v) && v.stage == stage);
        let oldest = |stage: Stage| visits.iter().position(|v| fits(v) && v.stage == stage);
        let known = visits.iter().rev().find(|v| fits(v));
        let found = match step.what {
            Move::Offered(_) => return Route::Join,
            Move::Ringing { .. } | Move::RingCanceled { .. } => newest(Stage::Waiting),
            Move::RingNoAnswer { .. } => {
                return newest_of(visits, fits).map_or(Route::Remark, |place| Route::At(from + place));
            }
            Move::Answered { .. } => match (newest(Stage::Waiting), known.map(|v| v.stage)) {
                (None, None | Some(Stage::Transferred | Stage::Lost { .. })) => return Route::Unseen,
                (found, _) => found,
            },
            Move::Abandoned { .. } | Move::Left { .. } => {
                let left = matches!(step.what, Move::Left { .. });
                match if left { oldest(Stage::Waiting) } else { newest(Stage::Waiting) } {
                    None if matches!(known.map(|v| v.stage), None | Some(Stage::Transferred)) => return Route::Unseen,
                    // Some sources say of every caller who is gone that he hung up, and others know better.
                    None if left => newest(Stage::Abandoned),
                    found => found,
                }
            }
            Move::Held | Move::Resumed => newest(Stage::Talking),
            Move::Responded => visits
                .iter()
                .rposition(fits)
                .filter(|place| visits.get(*place).is_some_and(|visit| visit.rare().responded.is_none())),
            Move::Completed { .. } | Move::Transferred { .. } => match oldest(Stage::Talking) {
                None if known.is_none() => return Route::Remark,
                None => newest(Stage::Waiting),
                found => found,
            },
            Move::Wrapped { agent, .. } => {
                let his = |v: &Visit| fits(v) && v.agent == agent && v.acw.is_none();
                match visits.iter().rposition(his).or_else(|| newest_of(visits, fits)) {
                    None => return Route::Remark,
                    found => found,
                }
            }
            Move::Classified { .. } | Move::Identified { .. } => match newest_of(visits, fits) {
                None => return Route::Later,
                found => found,
            },
            Move::Disposition { .. } | Move::Reopened | Move::Score { .. } => {
                match visits.iter().rposition(|v| fits(v) && v.agent != 0).or_else(|| newest_of(visits, fits)) {
                    None => return Route::Remark,
                    found => found,
                }
            }
            Move::Lost => visits.iter().position(|v| fits(v) && v.stage.is_open()),
        };
        found.map_or(Route::Nowhere, |place| Route::At(from + place))
    }
}

/// The newest visit that fits.
fn newest_of(visits: &[Visit], fits: impl Fn(&Visit) -> bool) -> Option<usize> {
    visits.iter().rposition(fits)
}

/// Move one visit on by one step.
fn advance(visit: &mut Visit, step: &Step) {
    let at = step.at;
    let extra = |visit: &mut Visit, count, arg, value, agent| {
        visit.rare_mut().extras.push(Extra { at, count, arg, value, agent });
    };
    match step.what {
        Move::Offered(_) => {}
        Move::Classified { intent } => visit.intent = intent,
        Move::Identified { customer } => visit.customer = customer,
        Move::Ringing { agent } => visit.ringing = agent,
        Move::RingCanceled { .. } => visit.ringing = 0,
        Move::RingNoAnswer { agent } => {
            visit.ringing = 0;
            extra(visit, Count::RingNoAnswer, 0, 0, Some(agent));
        }
        Move::Answered { agent, wait } => visit.answer(at, agent, wait),
        Move::Responded => visit.rare_mut().responded = Some(at),
        Move::Held => _ = visit.rare_mut().held_since.get_or_insert(at),
        Move::Resumed => visit.resume(at),
        Move::Left { reason, wait } => visit.end_wait(at, wait, Stage::Left(reason)),
        Move::Abandoned { wait } => visit.end_wait(at, wait, Stage::Abandoned),
        // Sent on before anybody answered: the routing did it, no agent.
        Move::Transferred { .. } if visit.stage == Stage::Waiting => {
            visit.end_wait(at, None, Stage::Left(LeftReason::Overflow));
        }
        Move::Transferred { agent, talk, .. } => {
            visit.know_agent(agent);
            visit.finish(at, talk, None, Stage::Transferred);
        }
        Move::Completed { .. } if visit.stage == Stage::Waiting => visit.lose(at),
        Move::Completed { agent, talk, hold } => {
            visit.know_agent(agent);
            visit.finish(at, talk, hold, Stage::Completed);
        }
        Move::Wrapped { agent, acw } => {
            let ended = visit.ended.or(visit.answered);
            visit.know_agent(agent);
            if let Some(acw) = acw.or_else(|| ended.map(|ended| at.since(ended))) {
                visit.acw = Some((at, acw));
            }
        }
        Move::Disposition { resolved } => visit.rare_mut().disposition = Some((at, resolved)),
        Move::Reopened => extra(visit, Count::Reopened, 0, 0, None),
        Move::Score { count, arg, value } => extra(visit, count, arg, value, None),
        Move::Lost => visit.lose(at),
    }
}
