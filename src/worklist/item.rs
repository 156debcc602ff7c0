//! One item: what it is about, who has it, and its history.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Outcome, WorkKind};
use crate::alert::Actor;
use crate::clock::{Span, Time};
use crate::event::Channel;
use crate::kpi::format::duration;
use crate::text::{Label, Text};

/// The most visits that an item is made of; further ones are not taken.
const MAX_OCCASIONS: usize = 100;
/// The most entries of a history. Beyond that, the second oldest is dropped.
const MAX_ENTRIES: usize = 100;

/// One thing to do about a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkItem {
    /// Unique in the journal, from 1.
    pub id: u64,
    /// Rises with every change. Commands carry it, so that of two commands given at once only one succeeds.
    pub version: u32,
    /// What is to be done.
    pub kind: WorkKind,
    /// The customer; empty where unknown.
    pub customer: Label,
    /// The newest contact.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The channel of the newest contact.
    pub channel: Channel,
    /// What the newest contact was about; empty where unknown.
    pub intent: Label,
    /// The agent who had the newest contact; empty where nobody had.
    pub agent: Label,
    /// Why it is on the list, in words: `hung up after 1:12`.
    pub why: Text,
    /// When it happened first.
    pub since: Time,
    /// When it should be done.
    pub due: Time,
    /// The visits that it is made of, and the customer's and our attempts since, in order of time.
    pub occasions: Vec<Occasion>,
    /// How often somebody tried in vain.
    pub attempts: u32,
    /// The current state.
    pub state: WorkState,
    /// Who has it, or had it when it was closed.
    pub claim: Option<Claim>,
    /// How it was closed; `None` while it is not.
    pub closed: Option<Closing>,
    /// The last note.
    pub note: Option<Text>,
    /// What happened to it, oldest first.
    pub trail: Vec<WorkEntry>,
}

/// The state of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Nobody has it.
    Open,
    /// Somebody has it.
    Claimed,
    /// Somebody is done with it.
    Done,
    /// It has ended by itself.
    Ended,
}

/// Somebody has an item, until it is closed or the time is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// Who has it.
    pub who: Actor,
    /// Since when.
    pub at: Time,
    /// Until when.
    pub until: Time,
}

/// How an item was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Closing {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub at: Time,
    /// By whom; `None` where it ended by itself.
    pub who: Option<Actor>,
}

/// What a visit is to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OccasionKind {
    /// The customer hung up; the value is the wait in seconds.
    HungUp,
    /// The customer asked to be called back; the value is the wait in seconds.
    AskedBack,
    /// The customer called again, and has not been answered so far.
    CalledAgain,
    /// The customer was called back, and has not answered so far.
    CalledBack,
    /// The customer's satisfaction; the value is the score, 1–5.
    Satisfaction,
    /// How likely the customer is to recommend the company; the value is the answer, 0–10.
    Recommendation,
    /// The contact was opened again.
    Reopened,
    /// The conversation is over; the value is the handling time in seconds.
    Handled,
}

/// A visit that an item is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Occasion {
    /// What it is.
    #[serde(rename = "what")]
    pub kind: OccasionKind,
    /// The contact.
    pub contact: Label,
    /// When the contact joined the queue.
    pub joined: Time,
    /// When it happened.
    pub at: Time,
    /// See [`OccasionKind`]; `None` where unknown.
    pub value: Option<f64>,
}

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkEvent {
    /// It came onto the list.
    Opened,
    /// It happened again.
    Repeated,
    /// The customer called again.
    CalledAgain,
    /// The customer was called back by the telephone system.
    CalledBack,
    /// Somebody took it.
    Claimed,
    /// The claim ran out.
    Released,
    /// Somebody wrote a note.
    Noted,
    /// Somebody tried in vain.
    Attempted,
    /// It was closed.
    Closed,
    /// Somebody took back what they had done.
    Undone,
}

/// One entry of the history of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkEntry {
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub what: WorkEvent,
    /// The person; `None` if it was not done by one.
    pub who: Option<Actor>,
    /// A note, or details.
    pub text: Option<Text>,
    /// How it was closed.
    pub outcome: Option<Outcome>,
    /// The version of the item that this made.
    pub version: u32,
}

impl OccasionKind {
    /// Whether it is a reason for the item, and not only an attempt since.
    #[must_use]
    pub const fn is_reason(self) -> bool {
        !matches!(self, Self::CalledAgain | Self::CalledBack)
    }
}

impl Occasion {
    /// What happened, in words.
    fn words(&self) -> Text {
        let value = self.value.unwrap_or_default();
        let after = self.value.map_or_else(String::new, |seconds| format!(" after {}", duration(seconds)));
        Text::new(&match self.kind {
            OccasionKind::HungUp => format!("hung up{after}"),
            OccasionKind::AskedBack => format!("asked to be called back{after}"),
            OccasionKind::CalledAgain => "called again".to_owned(),
            OccasionKind::CalledBack => "called back".to_owned(),
            OccasionKind::Satisfaction => format!("satisfied {value:.0} of 5"),
            OccasionKind::Recommendation => format!("recommends {value:.0} of 10"),
            OccasionKind::Reopened => "opened again".to_owned(),
            OccasionKind::Handled => format!("over{after}"),
        })
    }
}

impl WorkItem {
    /// Whom or what it is about: the customer, or else the contact.
    #[must_use]
    pub fn subject(&self) -> &Label {
        if self.customer.is_empty() { &self.contact } else { &self.customer }
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Whether it should have been done by `now`, and is not.
    #[must_use]
    pub fn is_overdue(&self, now: Time) -> bool {
        !self.is_closed() && now > self.due
    }

    /// What happened that is a reason for it, in order of time.
    pub fn reasons(&self) -> impl DoubleEndedIterator<Item = &Occasion> {
        self.occasions.iter().filter(|occasion| occasion.kind.is_reason())
    }

    /// When it happened last.
    #[must_use]
    pub fn last(&self) -> Time {
        self.reasons().next_back().map_or(self.since, |occasion| occasion.at)
    }

    /// When the customer called again after it happened last, if nobody has answered since.
    #[must_use]
    pub fn called_again(&self) -> Option<Time> {
        let last = self.last();
        let calls = self.occasions.iter().rev().filter(|occasion| occasion.kind == OccasionKind::CalledAgain);
        calls.map(|occasion| occasion.at).find(|at| *at > last)
    }

    /// How often somebody or the telephone system tried to reach the customer.
    #[must_use]
    pub fn tries(&self) -> usize {
        let calls = self.occasions.iter().filter(|occasion| occasion.kind == OccasionKind::CalledBack).count();
        calls + usize::try_from(self.attempts).unwrap_or(usize::MAX)
    }

    /// Whoever has it.
    #[must_use]
    pub fn holder(&self) -> Option<&Actor> {
        self.claim.as_ref().filter(|_| self.state == WorkState::Claimed).map(|claim| &claim.who)
    }

    /// Set an occasion, in place of what was known of the same visit; returns whether that changes anything.
    pub(super) fn set_occasion(&mut self, occasion: Occasion) -> bool {
        let is_same = |known: &Occasion| (&known.contact, known.joined) == (&occasion.contact, occasion.joined);
        let before = self.occasions.iter().position(is_same);
        if before.is_some_and(|place| self.occasions.get(place) == Some(&occasion)) {
            return false;
        }
        let before = before.map(|place| self.occasions.remove(place));
        if before.is_none() && self.occasions.len() >= MAX_OCCASIONS {
            return false;
        }
        let (event, at) = match occasion.kind {
            OccasionKind::CalledAgain => (WorkEvent::CalledAgain, occasion.at),
            OccasionKind::CalledBack => (WorkEvent::CalledBack, occasion.at),
            _ if self.trail.is_empty() => (WorkEvent::Opened, occasion.at),
            _ => (WorkEvent::Repeated, occasion.at),
        };
        let (kind, text) = (occasion.kind, occasion.words());
        let place = self.occasions.partition_point(|known| known.at <= occasion.at);
        self.occasions.insert(place, occasion);
        self.follow_occasions();
        if before.is_some_and(|before| before.kind == kind) {
            // The same with another time or value.
            self.version = self.version.saturating_add(1);
        } else {
            self.record(WorkEntry::new(at, event).with_text(Some(text)));
        }
        true
    }

    /// Remove what was known of a visit.
    pub(super) fn remove_occasion(&mut self, contact: &Label, joined: Time) {
        self.occasions.retain(|known| (&known.contact, known.joined) != (contact, joined));
        self.follow_occasions();
        self.version = self.version.saturating_add(1);
    }

    fn follow_occasions(&mut self) {
        let Some(first) = self.reasons().next().map(|first| first.at) else { return };
        let within = self.due - self.since;
        (self.since, self.due) = (first, first + within);
        let last = self.reasons().next_back().map(|last| (last.words(), last.contact.clone()));
        if let Some((why, contact)) = last {
            (self.why, self.contact) = (why, contact);
        }
    }

    /// Close it.
    pub(super) fn close(&mut self, at: Time, outcome: Outcome, who: Option<&Actor>, note: Option<&Text>) {
        self.closed = Some(Closing { outcome, at, who: who.cloned() });
        self.state = if who.is_some() { WorkState::Done } else { WorkState::Ended };
        self.record(
            WorkEntry { outcome: Some(outcome), ..WorkEntry::new(at, WorkEvent::Closed).by(who) }
                .with_text(note.cloned()),
        );
    }

    /// Let the claim run out; returns whether it does.
    pub(super) fn expire_claim(&mut self, now: Time) -> bool {
        let has_expired = self.claim.as_ref().is_some_and(|claim| now >= claim.until);
        if self.state != WorkState::Claimed || !has_expired {
            return false;
        }
        let name = self.claim.take().map(|claim| Text::from(claim.who.name));
        self.state = WorkState::Open;
        self.record(WorkEntry::new(now, WorkEvent::Released).with_text(name));
        true
    }

    /// Move a claim that lasts; returns whether there is one.
    pub(super) fn shift_claim(&mut self, by: Span) -> bool {
        let Some(claim) = self.claim.as_mut().filter(|_| self.state == WorkState::Claimed) else { return false };
        (claim.at, claim.until) = (claim.at + by, claim.until + by);
        true
    }

    /// A claim that began later than `now` begins now: the clock was ahead then. Returns whether there is one.
    pub(super) fn begin_claim_by(&mut self, now: Time) -> bool {
        let ahead = self.claim.as_ref().map(|claim| claim.at - now).filter(|ahead| *ahead > Span::ZERO);
        ahead.is_some_and(|ahead| self.shift_claim(-ahead))
    }

    /// Append to the history; this makes a new version.
    pub(super) fn record(&mut self, entry: WorkEntry) {
        self.version = self.version.saturating_add(1);
        if self.trail.len() >= MAX_ENTRIES {
            self.trail.remove(1);
        }
        self.trail.push(WorkEntry { version: self.version, ..entry });
    }
}

impl WorkEntry {
    pub(super) const fn new(at: Time, what: WorkEvent) -> Self {
        Self { at, what, who: None, text: None, outcome: None, version: 0 }
    }

    pub(super) fn by(mut self, who: Option<&Actor>) -> Self {
        self.who = who.cloned();
        self
    }

    pub(super) fn with_text(mut self, text: Option<Text>) -> Self {
        self.text = text;
        self
    }
}
