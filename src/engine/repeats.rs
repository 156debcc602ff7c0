//! Finds first contacts, repeats and channel switches in each customer's contacts about one topic.
//!
//! The definitions are those of `fcr`, `repeat_rate` and `channel_switch_rate` in docs/kpis.md.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::contact_store::ContactNo;
use super::interner::{CustomerNo, IntentNo, QueueNo};
use super::visit::RepeatStatus;
use crate::clock::{Span, Time};
use crate::event::Channel;

/// The topic of a contact: the intent, or the queue if the intent is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) customer: CustomerNo,
    pub(super) intent: IntentNo,
    /// `UNKNOWN` if the intent is known.
    pub(super) queue: QueueNo,
}

/// Identifies a visit: the contact, and the index among its visits.
pub(super) type VisitNo = (ContactNo, usize);

/// The data of a visit from which its repeat status is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TopicVisit {
    pub(super) joined: Time,
    pub(super) visit: VisitNo,
    pub(super) channel: Channel,
    pub(super) handled: bool,
    pub(super) transferred: bool,
}

/// The visits whose status changes, with their new status.
pub(super) type StatusChanges = SmallVec<[(VisitNo, RepeatStatus); 2]>;

/// The topics of all known customers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Repeats {
    topics: FxHashMap<Topic, TopicVisits>,
    /// Visits that joined before this have been dropped.
    dropped_before: Option<Time>,
}

/// The visits of one topic, by joining time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct TopicVisits {
    by_joining: SmallVec<[Entry; 1]>,
    /// A bit for each channel used so far. With only one, no switch is possible.
    channels: u8,
}

/// One visit of a topic. 24 bytes, because there are as many as visits within `fcr_window`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    joined: Time,
    contact: ContactNo,
    index: u16,
    channel: Channel,
    handled: bool,
    transferred: bool,
    status: RepeatStatus,
}

impl Entry {
    fn new(visit: &TopicVisit, status: RepeatStatus) -> Self {
        let TopicVisit { joined, visit: (contact, index), channel, handled, transferred } = *visit;
        Self { joined, contact, index: u16::try_from(index).unwrap_or(u16::MAX), channel, handled, transferred, status }
    }

    fn visit(&self) -> VisitNo {
        (self.contact, usize::from(self.index))
    }
}

impl Repeats {
    /// Replace `old` by `new` (`None`: there was, or is, no such visit). Returns the visits whose status changes by
    /// that.
    pub(super) fn replace(
        &mut self,
        topic: Topic,
        old: Option<TopicVisit>,
        new: Option<TopicVisit>,
        window: Span,
    ) -> StatusChanges {
        let mut changes = StatusChanges::new();
        let complete_from = self.dropped_before.map_or(Time(i64::MIN), |at| at + window);
        let visits = self.topics.entry(topic).or_default();
        let mut kept = RepeatStatus::default();
        let mut gap = None;
        if let Some(index) = old.and_then(|old| visits.position(&old).ok()) {
            kept = visits.by_joining.remove(index).status;
            gap = Some(index);
        }
        if let Some(new) = new {
            visits.channels |= 1 << new.channel as u8;
            let index = visits.position(&new).unwrap_or_else(|index| index);
            visits.by_joining.insert(index, Entry::new(&new, kept));
            if gap.is_some_and(|gap| gap != index) {
                visits.update_around(gap.unwrap_or(index), Some(index), window, complete_from, &mut changes);
            }
            visits.update_around(index, Some(index), window, complete_from, &mut changes);
        } else if let Some(gap) = gap {
            visits.update_around(gap, None, window, complete_from, &mut changes);
        }
        if visits.by_joining.is_empty() {
            self.topics.remove(&topic);
        }
        changes
    }

    /// Drop the visits that joined before `at`, which no window reaches any more.
    pub(super) fn drop_before(&mut self, at: Time) {
        self.dropped_before = self.dropped_before.max(Some(at));
        self.topics.retain(|_, visits| {
            visits.by_joining.retain(|entry| entry.joined >= at);
            !visits.by_joining.is_empty()
        });
        self.topics.shrink_to(self.topics.len() + self.topics.len() / 4);
    }

    /// The customers known here, some more than once.
    pub(super) fn customers(&self) -> impl Iterator<Item = CustomerNo> {
        self.topics.keys().map(|topic| topic.customer)
    }
}

impl TopicVisits {
    fn position(&self, entry: &TopicVisit) -> Result<usize, usize> {
        self.by_joining.binary_search_by_key(&(entry.joined, entry.visit), |e| (e.joined, e.visit()))
    }

    /// Compute anew the status of the visit at `index` and of those that a change there can affect: the one before,
    /// which has another successor now; the next one; those after it up to the first that was handled, behind which
    /// nothing changes; and, where several channels are in use, all of the following day.
    ///
    /// What came before a visit that joined before `complete_from` may have been dropped: it stays as it was known
    /// then, but for the visit at `new`, which is compared with what is left.
    fn update_around(
        &mut self,
        index: usize,
        new: Option<usize>,
        window: Span,
        complete_from: Time,
        changes: &mut StatusChanges,
    ) {
        let Some(start) = self.by_joining.get(index).or(self.by_joining.last()).map(|e| e.joined) else { return };
        let switching = self.channels.count_ones() > 1;
        let mut shielded = false;
        for at in index.saturating_sub(1)..self.by_joining.len() {
            let Some(entry) = self.by_joining.get(at).copied() else { break };
            let apart = entry.joined - start;
            let reached = at <= index + 1 || (!shielded && apart <= window) || (switching && apart <= Span::DAY);
            if !reached {
                break;
            }
            let mut now = status(&self.by_joining, at, &entry, window, switching);
            if entry.joined < complete_from && new == Some(at) {
                now.repeat |= entry.status.repeat;
                now.switched |= entry.status.switched;
            } else if entry.joined < complete_from {
                let first_resolved = entry
                    .status
                    .first_resolved
                    .map(|_| !comes_again(&self.by_joining, at, window) && !entry.transferred);
                now = RepeatStatus { first_resolved, ..entry.status };
            }
            if now != entry.status {
                if let Some(slot) = self.by_joining.get_mut(at) {
                    slot.status = now;
                }
                changes.push((entry.visit(), now));
            }
            shielded |= at > index && entry.handled;
        }
    }
}

/// Whether the customer came again within the window after the visit at `index`.
fn comes_again(visits: &[Entry], index: usize, window: Span) -> bool {
    let next = visits.get(index + 1).zip(visits.get(index));
    next.is_some_and(|(next, entry)| next.joined - entry.joined <= window)
}

/// The status of one visit. Distances are between joining times; exactly the window apart counts as within it.
fn status(visits: &[Entry], index: usize, entry: &Entry, window: Span, switching: bool) -> RepeatStatus {
    let earlier = || visits.iter().take(index).rev();
    let near = |e: &&Entry, span: Span| entry.joined - e.joined <= span;
    let first = entry.handled && !earlier().take_while(|e| near(e, window)).any(|e| e.handled);
    RepeatStatus {
        repeat: earlier().next().is_some_and(|e| near(&e, window)),
        switched: switching && earlier().take_while(|e| near(e, Span::DAY)).any(|e| e.channel != entry.channel),
        first_resolved: first.then_some(!comes_again(visits, index, window) && !entry.transferred),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::interner::NameNo;

    const TOPIC: Topic = Topic { customer: CustomerNo::UNKNOWN, intent: IntentNo::UNKNOWN, queue: QueueNo::UNKNOWN };
    const WEEK: Span = Span(7 * Span::DAY.0);

    fn entry(visit: u64, hours: i64, handled: bool) -> TopicVisit {
        TopicVisit {
            joined: Time(hours * Span::HOUR.0),
            visit: (ContactNo(visit), 0),
            channel: Channel::Voice,
            handled,
            transferred: false,
        }
    }

    fn all(entries: &[TopicVisit]) -> Vec<RepeatStatus> {
        let mut repeats = Repeats::default();
        let mut out = vec![RepeatStatus::default(); entries.len()];
        for entry in entries {
            for ((ContactNo(visit), _), status) in repeats.replace(TOPIC, None, Some(*entry), WEEK) {
                out[usize::try_from(visit).unwrap()] = status;
            }
        }
        out
    }

    #[test]
    fn a_further_contact_makes_the_first_one_unresolved_even_unhandled() {
        let got = all(&[entry(0, 0, true), entry(1, 24, false)]);
        assert_eq!(got[0].first_resolved, Some(false));
        assert_eq!((got[1].first_resolved, got[1].repeat), (None, true));
    }

    #[test]
    fn exactly_the_window_apart_is_within_and_one_hour_more_is_not() {
        assert_eq!(all(&[entry(0, 0, true), entry(1, 168, true)])[1].first_resolved, None);
        let got = all(&[entry(0, 0, true), entry(1, 169, true)]);
        assert_eq!((got[0].first_resolved, got[1].first_resolved), (Some(true), Some(true)));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let entries = [entry(0, 0, true), entry(1, 10, true), entry(2, 200, true), entry(3, 201, false)];
        let forward = all(&entries);
        let mut shuffled = entries;
        shuffled.reverse();
        assert_eq!(all(&shuffled), forward);
    }

    #[test]
    fn a_handled_contact_stops_being_the_first_when_an_earlier_one_is_handled_after_all() {
        let mut repeats = Repeats::default();
        repeats.replace(TOPIC, None, Some(entry(0, 0, false)), WEEK);
        let changes = repeats.replace(TOPIC, None, Some(entry(1, 1, true)), WEEK);
        assert_eq!(changes[0].1.first_resolved, Some(true));
        let changes = repeats.replace(TOPIC, Some(entry(0, 0, false)), Some(entry(0, 0, true)), WEEK);
        assert!(
            changes.contains(&(
                (ContactNo(0), 0),
                RepeatStatus { first_resolved: Some(false), ..RepeatStatus::default() }
            ))
        );
        assert!(changes.contains(&((ContactNo(1), 0), RepeatStatus { repeat: true, ..RepeatStatus::default() })));
    }
}
