//! The manager interface and queue_log as one account of the day, in which nothing is told twice.
//!
//! The log knows best how a call ended, and it holds what happened while the connection was down. So the steps of
//! calls come from the log; the interface's own account of a step waits for the log's and gives way to it. Where the
//! log falls behind or isn't there, the interface's account is taken, and the log's is dropped when it comes.

use std::collections::VecDeque;
use std::mem::Discriminant;

use rustc_hash::{FxHashMap, FxHashSet};

use super::status::Snapshot;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind, LeftReason, Offer, Step};
use crate::text::Label;

/// How long the interface's account of a step waits for the log's.
const GRACE: Span = Span(3_000_000);
/// The same where the log has said something at that time, and only in whole seconds.
const LONG_GRACE: Span = Span(10_000_000);
/// How long a step of the log is kept in mind for the interface's account of it.
const KEPT: Span = Span::MINUTE;
/// The most steps that the log is still to tell of, and the most calls that are kept in mind.
const MOST: usize = 50_000;
/// Replies that don't know a call, so far apart, make it a lost one.
const LOST_AFTER: Span = Span(50_000_000);

/// Which step of which call it is. A step may come several times; the accounts of it are matched in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    contact: Label,
    queue: Option<Label>,
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Offered,
    Answered,
    /// Over without an answer.
    Gone,
    /// The conversation is over.
    Handled,
    NoAnswer(Label),
    /// A centre's own word.
    Own(Discriminant<Step>),
}

fn key(event: &Event) -> Option<Key> {
    let EventKind::Contact { contact, queue, step } = &event.kind else { return None };
    let part = match step {
        Step::Offered(_) => Part::Offered,
        Step::Answered { .. } => Part::Answered,
        Step::Abandoned { .. } | Step::Left { .. } => Part::Gone,
        Step::Completed { .. } | Step::Transferred { .. } => Part::Handled,
        Step::RingNoAnswer { agent, .. } => Part::NoAnswer(agent.clone()),
        Step::Identified { .. } | Step::Resolved { .. } | Step::Survey(_) | Step::Quality { .. } => {
            Part::Own(std::mem::discriminant(step))
        }
        _ => return None,
    };
    // A centre's own words are matched whichever queue they name.
    let queue = queue.clone().filter(|_| !matches!(part, Part::Own(_)));
    Some(Key { contact: contact.clone(), queue, part })
}

/// What the interface knows of a caller who joins and the log doesn't: what he wants.
fn intent(event: &Event) -> Option<Event> {
    let EventKind::Contact { contact, queue, step: Step::Offered(Offer { intent: Some(intent), .. }) } = &event.kind
    else {
        return None;
    };
    let step = Step::Classified { intent: intent.clone() };
    let kind = EventKind::Contact { contact: contact.clone(), queue: queue.clone(), step };
    Some(Event { at: event.at, origin: event.origin.clone(), id: None, kind })
}

/// Steps told by one side that the other is yet to tell of.
#[derive(Debug, Default)]
struct Told {
    counts: FxHashMap<Key, u32>,
    order: VecDeque<(Time, Key)>,
}

impl Told {
    fn add(&mut self, key: Key, now: Time) {
        *self.counts.entry(key.clone()).or_default() += 1;
        self.order.push_back((now, key));
        if self.order.len() > MOST {
            self.drop_first();
        }
    }

    /// Whether it had been told; once.
    fn take(&mut self, key: &Key) -> bool {
        let Some(count) = self.counts.get_mut(key) else { return false };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(key);
        }
        if let Some(place) = self.order.iter().position(|(_, other)| other == key) {
            self.order.remove(place);
        }
        true
    }

    fn expire(&mut self, before: Time) {
        while self.order.front().is_some_and(|(at, _)| *at < before) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, key)) = self.order.pop_front()
            && let Some(count) = self.counts.get_mut(&key)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&key);
            }
        }
    }
}

/// How the log does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Log {
    /// None is wanted.
    #[default]
    Unused,
    /// It tells what happens as it happens.
    Current,
    /// It tells it later than the interface.
    Behind,
    /// It can't be read.
    Absent,
}

/// A call that is open by what has been told.
#[derive(Debug)]
struct Open {
    queue: Label,
    agent: Option<Label>,
    /// Since when replies don't know it.
    missing: Option<Time>,
}

/// Puts the two accounts together.
#[derive(Debug, Default)]
pub(super) struct Merge {
    pub(super) log: Log,
    /// The newest time the log has told of.
    newest: Time,
    /// The interface's account, waiting for the log's.
    waiting: VecDeque<(Time, Key, Event)>,
    /// Told from the log.
    from_log: Told,
    /// Told from the interface.
    from_interface: Told,
    open: FxHashMap<Label, Vec<Open>>,
}

impl Merge {
    /// What the log tells, `now` by the clock that it is written with. Whether it is to be passed on.
    pub(super) fn log_tells(&mut self, event: &Event, now: Time) -> bool {
        self.newest = self.newest.max(event.at);
        if self.log == Log::Behind && self.newest + GRACE >= now {
            self.log = Log::Current;
        }
        let Some(key) = key(event) else {
            self.note(event);
            return true;
        };
        if self.from_interface.take(&key) {
            // The interface can't tell who hung up from who was sent away; the log can.
            let EventKind::Contact { step: Step::Left { reason, .. }, .. } = &event.kind else { return false };
            return *reason != LeftReason::Key;
        }
        if let Some(place) = self.waiting.iter().position(|(_, other, _)| *other == key) {
            self.waiting.remove(place);
        } else if event.at + KEPT >= now {
            self.from_log.add(key, now);
        }
        self.note(event);
        true
    }

    /// What the interface tells; to be passed on at once where it is given back.
    pub(super) fn interface_tells(&mut self, mut event: Event, now: Time) -> Option<Event> {
        if self.log == Log::Unused {
            return Some(event);
        }
        if let EventKind::Contact { .. } = event.kind {
            // The log has whole seconds: what happened before something it tells must not seem to come after it.
            event.at = Time(event.at.0 - event.at.0.rem_euclid(Span::SECOND.0));
        }
        if let EventKind::Contact { step: Step::Lost, .. } = event.kind {
            // What the log has told is held against the replies here.
            return None;
        }
        let Some(key) = key(&event) else {
            self.note(&event);
            return Some(event);
        };
        if self.from_log.take(&key) || (key.part == Part::Offered && self.is_waiting(&key)) {
            return intent(&event);
        }
        let waits = self.log == Log::Current || matches!(key.part, Part::Own(_));
        if waits && self.waiting.len() < MOST {
            let intent = intent(&event);
            self.waiting.push_back((now, key, event));
            return intent;
        }
        Some(self.pass(key, event, now))
    }

    /// Let time pass: what has waited long enough for the log goes on without it.
    pub(super) fn let_pass(&mut self, now: Time, out: &mut Vec<Event>) {
        self.from_log.expire(now - KEPT);
        let mut kept = VecDeque::new();
        for (at, key, event) in std::mem::take(&mut self.waiting) {
            let waited = now.since(at);
            let own = matches!(key.part, Part::Own(_));
            // The log is past that moment, and has told what there was to tell.
            let past = self.newest >= at + Span::SECOND;
            let patience = if self.newest + Span(2_000_000) >= at { LONG_GRACE } else { GRACE };
            if own && waited >= GRACE {
                out.push(self.pass(key, event, now));
            } else if !own && waited >= GRACE && past && self.log == Log::Current {
                tracing::debug!(?key, "the log does not tell of it");
            } else if !own && (self.log != Log::Current || waited >= patience) {
                if self.log == Log::Current {
                    self.log = Log::Behind;
                }
                out.push(self.pass(key, event, now));
            } else {
                kept.push_back((at, key, event));
            }
        }
        self.waiting = kept;
    }

    /// Whether something waits for time to pass.
    pub(super) fn is_undecided(&self) -> bool {
        !self.waiting.is_empty() || !self.from_log.order.is_empty()
    }

    /// Hold the calls told of against a reply: what two of them don't know is over.
    pub(super) fn reconcile(
        &mut self,
        snapshot: &Snapshot,
        may_talk: impl Fn(&Label, &Label) -> Option<bool>,
        (origin, now): (&Label, Time),
        out: &mut Vec<Event>,
    ) {
        let waiting: FxHashSet<(&Label, &Label)> = snapshot.entries.iter().map(|e| (&e.contact, &e.queue)).collect();
        let mut lost = Vec::new();
        self.open.retain(|contact, visits| {
            visits.retain_mut(|visit| {
                let there = match &visit.agent {
                    None => waiting.contains(&(contact, &visit.queue)),
                    Some(agent) => may_talk(&visit.queue, agent).unwrap_or(false),
                };
                let since = *visit.missing.get_or_insert(now);
                if there {
                    visit.missing = None;
                } else if now.since(since) >= LOST_AFTER {
                    lost.push((contact.clone(), visit.queue.clone()));
                    return false;
                }
                true
            });
            !visits.is_empty()
        });
        lost.sort_unstable();
        for (contact, queue) in lost {
            let kind = EventKind::Contact { contact, queue: Some(queue), step: Step::Lost };
            out.push(Event { at: now, origin: origin.clone(), id: None, kind });
        }
    }

    fn pass(&mut self, key: Key, event: Event, now: Time) -> Event {
        self.from_interface.add(key, now);
        self.note(&event);
        event
    }

    fn is_waiting(&self, key: &Key) -> bool {
        let visits = self.open.get(&key.contact).into_iter().flatten();
        visits.into_iter().any(|visit| visit.agent.is_none() && Some(&visit.queue) == key.queue.as_ref())
    }

    /// Keep in mind which calls are open.
    fn note(&mut self, event: &Event) {
        let (contact, queue, step) = match &event.kind {
            EventKind::Contact { contact, queue: Some(queue), step } => (contact, queue, step),
            EventKind::Restarted => {
                self.open.clear();
                return;
            }
            _ => return,
        };
        match step {
            Step::Offered(_) if self.open.len() < MOST => {
                let open = Open { queue: queue.clone(), agent: None, missing: None };
                self.open.entry(contact.clone()).or_default().push(open);
            }
            Step::Answered { agent, .. } => {
                let mut visits = self.open.get_mut(contact).into_iter().flatten();
                if let Some(visit) = visits.find(|visit| visit.queue == *queue && visit.agent.is_none()) {
                    (visit.agent, visit.missing) = (Some(agent.clone()), None);
                }
            }
            Step::Abandoned { .. } | Step::Left { .. } => self.close(contact, queue, false),
            Step::Completed { .. } | Step::Transferred { .. } => self.close(contact, queue, true),
            _ => {}
        }
    }

    fn close(&mut self, contact: &Label, queue: &Label, talking: bool) {
        let Some(visits) = self.open.get_mut(contact) else { return };
        let place = visits.iter().position(|visit| visit.queue == *queue && visit.agent.is_some() == talking);
        if let Some(place) = place {
            visits.remove(place);
        }
        if visits.is_empty() {
            self.open.remove(contact);
        }
    }
}
