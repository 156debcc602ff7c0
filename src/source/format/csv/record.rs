//! A contact as a row describes it, or several rows, and its events.

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, Offer, Step, Survey, TransferKind};
use crate::text::Label;

use super::outcome::RowOutcome;

/// A contact, as a row describes it.
#[derive(Debug)]
pub(super) struct ContactRecord {
    pub(super) contact: Label,
    pub(super) offered: Time,
    pub(super) offer: Offer,
    pub(super) outcome: RowOutcome,
    pub(super) agent: Label,
    /// Whether an agent is named, or no column could name one.
    pub(super) has_agent: bool,
    pub(super) wait: Option<Span>,
    pub(super) talk: Option<Span>,
    pub(super) hold: Option<Span>,
    pub(super) acw: Option<Span>,
    pub(super) transferred: bool,
    pub(super) resolved: Option<bool>,
    pub(super) survey: Survey,
    pub(super) quality: Option<f64>,
    pub(super) evaluator: Label,
}

fn sum(a: Option<Span>, b: Option<Span>) -> Option<Span> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

impl ContactRecord {
    /// Whether it was answered by nobody who has a name: by a menu, an announcement or a mailbox.
    fn is_unnamed_answer(&self) -> bool {
        self.outcome == RowOutcome::Answered && !self.has_agent
    }

    /// Whether nobody talked though it was answered: an agent who was offered it did not take it, where another part was
    /// answered.
    fn is_empty_answer(&self) -> bool {
        self.outcome == RowOutcome::Answered && self.talk == Some(Span::ZERO)
    }

    /// Add a later part of the same contact. The first agent who answered is the contact's; another one makes it
    /// transferred. One who was never answered ended as the last part did. A menu before the queue is no part of the wait, and where an
    /// agent can be named, no other part answers.
    pub(super) fn add(&mut self, mut later: Self) {
        if self.is_unnamed_answer() {
            self.outcome = RowOutcome::Unknown;
            if self.wait.is_none_or(|wait| wait == Span::ZERO) {
                std::mem::swap(self, &mut later);
                self.offer.customer = self.offer.customer.take().or(later.offer.customer);
                self.offer.intent = self.offer.intent.take().or(later.offer.intent);
                return;
            }
        } else if later.is_unnamed_answer() {
            later.outcome = RowOutcome::Ignored;
        }
        match (self.outcome, later.outcome) {
            (RowOutcome::Answered, RowOutcome::Answered) if self.is_empty_answer() == later.is_empty_answer() => {
                self.transferred |= later.agent != self.agent;
                self.talk = sum(self.talk, later.talk);
                self.hold = sum(self.hold, later.hold);
                self.acw = sum(self.acw, later.acw);
            }
            (RowOutcome::Answered, RowOutcome::Answered) if self.is_empty_answer() => self.end_as(&later),
            (RowOutcome::Answered, _) | (_, RowOutcome::Ignored) => {}
            _ => self.end_as(&later),
        }
        self.transferred |= later.transferred;
        self.resolved = later.resolved.or(self.resolved);
        self.quality = self.quality.or(later.quality);
        if self.survey == Survey::default() {
            self.survey = later.survey;
        }
        self.offer.customer = self.offer.customer.take().or(later.offer.customer);
        self.offer.intent = self.offer.intent.take().or(later.offer.intent);
    }

    /// Take over how a later part ended.
    fn end_as(&mut self, later: &Self) {
        self.outcome = later.outcome;
        self.agent = later.agent.clone();
        self.has_agent = later.has_agent;
        // Some tables give the wait of the whole contact in each of its rows.
        let is_same = self.wait == later.wait && self.offer.queue == later.offer.queue;
        let before = later.offered - self.offered;
        self.wait = if is_same { later.wait } else { later.wait.map(|wait| before + wait) };
        (self.talk, self.hold, self.acw) = (later.talk, later.hold, later.acw);
    }

    /// Pass the contact's events to `each`, in the order of their times.
    pub(super) fn emit(self, origin: &Label, each: &mut dyn FnMut(Event)) {
        let Self { contact, offered, offer, agent, wait, talk, hold, acw, .. } = self;
        let queue = offer.queue.clone();
        let mut emit = |at, step| {
            let kind = EventKind::Contact { contact: contact.clone(), queue: Some(queue.clone()), step };
            each(Event { at, origin: origin.clone(), id: None, kind });
        };
        emit(offered, Step::Offered(offer));
        let mut at = offered + wait.unwrap_or_default();
        match self.outcome {
            RowOutcome::Abandoned => emit(at, Step::Abandoned { wait, position: None }),
            RowOutcome::Unknown | RowOutcome::ByAgent | RowOutcome::Ignored => emit(at, Step::Lost),
            RowOutcome::Left(reason) => emit(at, Step::Left { reason, wait }),
            RowOutcome::Answered => {
                emit(at, Step::Answered { agent: agent.clone(), wait });
                at = at + talk.unwrap_or_default();
                if let Some(hold) = hold.filter(|_| self.transferred) {
                    // The event of a transfer has no field for the time on hold, so it is reported by events of its own.
                    emit(at, Step::Held);
                    emit(at + hold, Step::Resumed);
                }
                at = at + hold.unwrap_or_default();
                if self.transferred {
                    let kind = TransferKind::Blind;
                    emit(
                        at,
                        Step::Transferred { agent: None, kind, to_queue: None, to_agent: None, to_number: None, talk },
                    );
                } else {
                    emit(at, Step::Completed { agent: None, ended_by: None, talk, hold });
                }
                if acw.is_some() {
                    at = at + acw.unwrap_or_default();
                    emit(at, Step::Wrapped { agent, acw });
                }
            }
        }
        if let Some(resolved) = self.resolved {
            emit(at, Step::Resolved { resolved, reason: None });
        }
        if self.survey != Survey::default() {
            emit(at, Step::Survey(self.survey));
        }
        if let Some(score) = self.quality {
            emit(at, Step::Quality { evaluator: self.evaluator, score, failures: Vec::new() });
        }
    }
}
