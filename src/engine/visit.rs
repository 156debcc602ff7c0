//! A visit: one join of one queue by one contact, from offered to its end, and the facts it leaves.

use smallvec::SmallVec;

use super::facts::{Count, NO_BAND, UNKNOWN};
use crate::clock::{Span, Time};
use crate::event::LeftReason;
use crate::kpi::tally::position_band;

/// How a visit stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// In queue.
    #[default]
    Waiting,
    /// With an agent.
    Talking,
    /// The conversation ended.
    Completed,
    /// Transferred away.
    Transferred,
    /// Hung up while waiting.
    Abandoned,
    /// Left the queue unanswered.
    Left(LeftReason),
    /// Closed without a known end, while waiting or not.
    Lost { waiting: bool },
    /// Nothing is known but what was said about it (a survey's answer, say).
    Void,
}

impl Stage {
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Talking)
    }

    pub(super) const fn is_handled(self) -> bool {
        matches!(self, Self::Completed | Self::Transferred)
    }
}

/// What of a visit can be measured where durations are not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Timing {
    /// Its join was seen: the wait, and all that follows.
    Whole,
    /// The source came after the join: what follows the answer.
    #[default]
    FromAnswer,
    /// Its source gives durations or nothing.
    Nothing,
}

/// One join of one queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Visit {
    pub(super) queue: u32,
    pub(super) intent: u32,
    pub(super) customer: u32,
    /// Who answered; 0 before.
    pub(super) agent: u32,
    /// Who is being rung; 0 for nobody.
    pub(super) ringing: u32,
    pub(super) channel: u8,
    pub(super) stage: Stage,
    pub(super) timing: Timing,
    /// It counts as offered (and answered). Not where all that was seen is its end.
    pub(super) counted: bool,
    pub(super) position: Option<u32>,
    pub(super) joined: Time,
    pub(super) answered: Option<Time>,
    /// When waiting or the conversation ended.
    pub(super) ended: Option<Time>,
    /// The wait that ended, where known.
    pub(super) wait: Option<Span>,
    pub(super) talk: Option<Span>,
    pub(super) hold: Span,
    /// After-contact work and when it ended.
    pub(super) acw: Option<(Time, Span)>,
    /// As the customer's history has it (see `repeats`).
    pub(super) history: History,
    /// Its facts have been written.
    pub(super) written: bool,
    /// What most visits don't have: they are many, and shall be small.
    pub(super) rare: Option<Box<Rare>>,
}

/// What only some visits have.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    pub(super) priority: Option<i32>,
    pub(super) auth_steps: Option<u32>,
    pub(super) responded: Option<Time>,
    pub(super) held_since: Option<Time>,
    /// The disposition and when it was given.
    pub(super) disposition: Option<(Time, bool)>,
    /// What else was counted of it.
    pub(super) extras: Vec<Extra>,
}

static NOTHING_RARE: Rare =
    Rare { priority: None, auth_steps: None, responded: None, held_since: None, disposition: None, extras: Vec::new() };

/// What a customer's history says of a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// It repeats an earlier one within the window.
    pub(super) repeat: bool,
    /// The customer had used another channel within 24 h.
    pub(super) switched: bool,
    /// It is a first contact, and whether it is resolved so far.
    pub(super) first: Option<bool>,
}

/// Something else to count: a survey's answer, an evaluation, a ring that nobody took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extra {
    pub(super) at: Time,
    pub(super) count: Count,
    pub(super) arg: u8,
    pub(super) value: i64,
    /// Another agent than the one who answered.
    pub(super) agent: Option<u32>,
}

/// A fact before it has a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) at: Time,
    pub(super) count: Count,
    pub(super) arg: u8,
    pub(super) value: i64,
    pub(super) agent: u32,
}

/// The facts of one visit.
pub(super) type Traces = SmallVec<[Trace; 8]>;

fn micros(span: Option<Span>) -> i64 {
    span.map_or(UNKNOWN, |span| span.0)
}

impl Visit {
    /// What only some visits have.
    pub(super) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NOTHING_RARE)
    }

    /// The same, to be changed.
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Take it off hold, if it is.
    pub(super) fn resume(&mut self, at: Time) {
        if let Some(since) = self.rare.as_mut().and_then(|rare| rare.held_since.take()) {
            self.hold = self.hold + at.since(since);
        }
    }

    /// End a wait at `at`: the given duration wins over the difference of the times.
    pub(super) fn end_wait(&mut self, at: Time, given: Option<Span>, stage: Stage) {
        self.wait = given.or_else(|| (self.timing == Timing::Whole).then(|| at.since(self.joined)));
        self.ended = Some(at);
        self.ringing = 0;
        self.stage = stage;
    }

    /// An agent takes it.
    pub(super) fn answer(&mut self, at: Time, agent: u32, given: Option<Span>) {
        self.wait = given.or_else(|| (self.timing == Timing::Whole).then(|| at.since(self.joined)));
        self.answered = Some(at);
        self.agent = agent;
        self.ringing = 0;
        self.stage = Stage::Talking;
    }

    /// The agent, where the answer was not seen.
    pub(super) fn know_agent(&mut self, agent: u32) {
        if self.agent == 0 {
            self.agent = agent;
        }
    }

    /// The agent has finished with it.
    pub(super) fn finish(&mut self, at: Time, talk: Option<Span>, hold: Option<Span>, stage: Stage) {
        self.resume(at);
        if let Some(hold) = hold {
            self.hold = hold;
        }
        let lasted = self.answered.filter(|_| self.timing != Timing::Nothing).map(|answered| at.since(answered));
        self.talk = talk.or_else(|| lasted.map(|all| Span((all.0 - self.hold.0).max(0))));
        self.ended = Some(at);
        self.stage = stage;
    }

    /// Close it without a known end.
    pub(super) fn lose(&mut self, at: Time) {
        let waiting = self.stage == Stage::Waiting;
        self.ended = Some(at);
        self.ringing = 0;
        self.stage = Stage::Lost { waiting };
    }

    /// The facts it leaves, in a fixed order.
    pub(super) fn traces(&self, out: &mut Traces) {
        out.clear();
        let mut say = |at: Time, count: Count, arg: u8, value: i64| {
            out.push(Trace { at, count, arg, value, agent: self.agent });
        };
        let band = self.position.map_or(NO_BAND, |p| u8::try_from(position_band(p)).unwrap_or(NO_BAND));
        let ended = self.ended.unwrap_or(self.joined);
        if self.counted {
            self.traces_of_the_join(&mut say);
            if let Some(at) = self.answered {
                say(at, Count::Answered, band, micros(self.wait));
            }
        }
        match self.stage {
            Stage::Abandoned => say(ended, Count::Abandoned, band, micros(self.wait)),
            Stage::Left(reason) => {
                let reason = LeftReason::ALL.iter().position(|r| *r == reason).unwrap_or(0);
                let arg = u8::try_from(reason).unwrap_or(0) | band << 4;
                say(ended, Count::Left, arg, micros(self.wait));
            }
            Stage::Lost { waiting } => say(ended, Count::UnknownEnd, u8::from(waiting), 0),
            Stage::Completed | Stage::Transferred => {
                let handling = self.talk.map(|talk| talk + self.hold);
                say(ended, Count::Handled, 0, micros(handling));
                if self.hold.0 != 0 && handling.is_some() {
                    say(ended, Count::Hold, 0, self.hold.0);
                }
                if self.stage == Stage::Transferred {
                    say(ended, Count::Transferred, 0, 0);
                }
                if let Some(resolved) = self.history.first {
                    say(ended, Count::First, u8::from(resolved), self.joined.0);
                }
            }
            Stage::Waiting | Stage::Talking | Stage::Void => {}
        }
        if let Some((at, acw)) = self.acw {
            let whole = self.stage.is_handled() && self.talk.is_some();
            say(at, Count::AfterContact, u8::from(whole), acw.0);
        }
        let rare = self.rare();
        if let Some(at) = rare.responded {
            say(at, Count::Responded, 0, at.since(self.joined).0);
        }
        if let Some((at, resolved)) = rare.disposition {
            say(at, Count::Disposition, u8::from(resolved), 0);
        }
        for extra in &rare.extras {
            let agent = extra.agent.unwrap_or(self.agent);
            out.push(Trace { at: extra.at, count: extra.count, arg: extra.arg, value: extra.value, agent });
        }
    }

    fn traces_of_the_join(&self, say: &mut impl FnMut(Time, Count, u8, i64)) {
        say(self.joined, Count::Offered, 0, 0);
        if self.customer != 0 {
            say(self.joined, Count::KnownCustomer, u8::from(self.history.switched), 0);
        }
        if self.history.repeat {
            say(self.joined, Count::Repeat, 0, 0);
        }
        if let Some(steps) = self.rare().auth_steps {
            say(self.joined, Count::AuthSteps, 0, i64::from(steps) * 1_000_000);
        }
    }
}
