//! Finds first contacts, repeats and channel switches in each customer's contacts about one topic.
//!
//! The definitions are those of `fcr`, `repeat_rate` and `channel_switch_rate` in docs/kpis.md.

use std::hash::BuildHasher;

use hashbrown::{HashTable, hash_table};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use super::contact_store::ContactNo;
use super::interner::{CustomerNo, IntentNo, NameNo, QueueNo};
use super::visit::RepeatStatus;
use crate::clock::{Span, Time};
use crate::event::Channel;

/// The most visits that space is reserved for while a checkpoint is read.
const MAX_RESERVED: usize = 4_000_000;

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
///
/// Nearly all have one visit within `fcr_window`: these are kept without a list, for there may be millions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Repeats {
    single: SingleVisits,
    several: FxHashMap<Topic, TopicVisits>,
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

/// One visit of a topic, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The time of joining, and in the low bits what [`bits`] names.
    joined: i64,
    /// The number of the contact, and in the low 16 bits the index of the visit.
    visit: u64,
}

/// What the low bits of [`Entry::joined`] hold. Times fit beside them up to the year 2541.
mod bits {
    pub(super) const CHANNEL: i64 = 7;
    pub(super) const HANDLED: i64 = 1 << 3;
    pub(super) const TRANSFERRED: i64 = 1 << 4;
    pub(super) const REPEAT: i64 = 1 << 5;
    pub(super) const SWITCHED: i64 = 1 << 6;
    pub(super) const FIRST: i64 = 1 << 7;
    pub(super) const RESOLVED: i64 = 1 << 8;
    pub(super) const STATUS: i64 = REPEAT | SWITCHED | FIRST | RESOLVED;
    pub(super) const COUNT: u32 = 9;
}

impl Entry {
    fn new(visit: &TopicVisit, status: RepeatStatus) -> Self {
        let TopicVisit { joined, visit: (ContactNo(contact), index), channel, handled, transferred } = *visit;
        let flag = |set: bool, bit: i64| if set { bit } else { 0 };
        let joined = joined.0.clamp(i64::MIN >> bits::COUNT, i64::MAX >> bits::COUNT) << bits::COUNT
            | channel as i64
            | flag(handled, bits::HANDLED)
            | flag(transferred, bits::TRANSFERRED);
        let index = u64::from(u16::try_from(index).unwrap_or(u16::MAX));
        Self { joined, visit: contact << 16 | index }.with(status)
    }

    const fn has(self, bit: i64) -> bool {
        self.joined & bit != 0
    }

    const fn joined(self) -> Time {
        Time(self.joined >> bits::COUNT)
    }

    const fn visit(self) -> VisitNo {
        (ContactNo(self.visit >> 16), (self.visit & 0xffff) as usize)
    }

    const fn status(self) -> RepeatStatus {
        let first_resolved = if self.has(bits::FIRST) { Some(self.has(bits::RESOLVED)) } else { None };
        RepeatStatus { repeat: self.has(bits::REPEAT), switched: self.has(bits::SWITCHED), first_resolved }
    }

    fn with(self, status: RepeatStatus) -> Self {
        let flag = |set: bool, bit: i64| if set { bit } else { 0 };
        let status = flag(status.repeat, bits::REPEAT)
            | flag(status.switched, bits::SWITCHED)
            | flag(status.first_resolved.is_some(), bits::FIRST)
            | flag(status.first_resolved == Some(true), bits::RESOLVED);
        Self { joined: self.joined & !bits::STATUS | status, ..self }
    }
}

/// The topics with one visit. The key is a part of the entry, so that each takes 24 bytes.
#[derive(Debug, Default)]
struct SingleVisits(HashTable<SingleVisit>);

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SingleVisit {
    customer: CustomerNo,
    /// Twice the intent's number, or that of the queue plus one.
    about: u32,
    entry: Entry,
}

impl SingleVisit {
    fn new(topic: Topic, entry: Entry) -> Self {
        Self { customer: topic.customer, about: Self::about(topic), entry }
    }

    fn about(topic: Topic) -> u32 {
        if topic.intent.is_known() { topic.intent.number() << 1 } else { topic.queue.number() << 1 | 1 }
    }

    fn hash(&self) -> u64 {
        FxBuildHasher.hash_one((self.customer, self.about))
    }

    fn is_about(&self, topic: Topic) -> bool {
        (self.customer, self.about) == (topic.customer, Self::about(topic))
    }
}

impl SingleVisits {
    fn take(&mut self, topic: Topic) -> Option<Entry> {
        let hash = FxBuildHasher.hash_one((topic.customer, SingleVisit::about(topic)));
        let found = self.0.find_entry(hash, |single| single.is_about(topic)).ok()?;
        Some(found.remove().0.entry)
    }

    fn insert(&mut self, single: SingleVisit) {
        self.0.insert_unique(single.hash(), single, SingleVisit::hash);
    }
}

impl Serialize for SingleVisits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for SingleVisits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Singles;

        impl<'de> Visitor<'de> for Singles {
            type Value = SingleVisits;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("visits")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SingleVisits, A::Error> {
                let mut singles = SingleVisits::default();
                // The checksum of a checkpoint is right, so that it says how many there are.
                singles.0.reserve(seq.size_hint().unwrap_or(0).min(MAX_RESERVED), SingleVisit::hash);
                while let Some(single) = seq.next_element()? {
                    singles.insert(single);
                }
                Ok(singles)
            }
        }

        deserializer.deserialize_seq(Singles)
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
        if let (None, Some(new)) = (old, &new)
            && let Some(status) = self.insert_only(topic, new, window)
        {
            changes.extend((status != RepeatStatus::default()).then_some((new.visit, status)));
            return changes;
        }
        let complete_from = self.dropped_before.map_or(Time(i64::MIN), |at| at + window);
        let mut visits = match self.single.take(topic) {
            Some(entry) => {
                TopicVisits { by_joining: SmallVec::from([entry]), channels: 1 << (entry.joined & bits::CHANNEL) }
            }
            None => self.several.remove(&topic).unwrap_or_default(),
        };
        let mut kept = RepeatStatus::default();
        let mut gap = None;
        if let Some(index) = old.and_then(|old| visits.position(&old).ok()) {
            kept = visits.by_joining.remove(index).status();
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
        self.put(topic, visits);
        changes
    }

    /// Add the only visit of a topic, as most are, and return its status; `None` where there are others.
    fn insert_only(&mut self, topic: Topic, visit: &TopicVisit, window: Span) -> Option<RepeatStatus> {
        if self.several.contains_key(&topic) {
            return None;
        }
        let entry = Entry::new(visit, RepeatStatus::default());
        let single = SingleVisit::new(topic, entry);
        let place = self.single.0.entry(single.hash(), |known| known.is_about(topic), SingleVisit::hash);
        let hash_table::Entry::Vacant(place) = place else { return None };
        let status = status(&[entry], 0, entry, window, false);
        place.insert(SingleVisit { entry: entry.with(status), ..single });
        Some(status)
    }

    fn put(&mut self, topic: Topic, visits: TopicVisits) {
        match visits.by_joining.as_slice() {
            [] => {}
            [entry] => self.single.insert(SingleVisit::new(topic, *entry)),
            _ => _ = self.several.insert(topic, visits),
        }
    }

    /// Drop the visits that joined before `at`, which no window reaches any more.
    pub(super) fn drop_before(&mut self, at: Time) {
        self.dropped_before = self.dropped_before.max(Some(at));
        let Self { single: SingleVisits(singles), several, .. } = self;
        singles.retain(|single| single.entry.joined() >= at);
        several.retain(|topic, visits| {
            visits.by_joining.retain(|entry| entry.joined() >= at);
            if let [entry] = visits.by_joining.as_slice() {
                let single = SingleVisit::new(*topic, *entry);
                singles.insert_unique(single.hash(), single, SingleVisit::hash);
            }
            visits.by_joining.len() > 1
        });
        singles.shrink_to(singles.len() + singles.len() / 4, SingleVisit::hash);
        several.shrink_to(several.len() + several.len() / 4);
    }

    /// The customers known here, some more than once.
    pub(super) fn customers(&self) -> impl Iterator<Item = CustomerNo> {
        self.several.keys().map(|topic| topic.customer).chain(self.single.0.iter().map(|single| single.customer))
    }
}

impl TopicVisits {
    fn position(&self, entry: &TopicVisit) -> Result<usize, usize> {
        let entry = Entry::new(entry, RepeatStatus::default());
        self.by_joining.binary_search_by_key(&(entry.joined(), entry.visit), |e| (e.joined(), e.visit))
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
        let Some(start) = self.by_joining.get(index).or(self.by_joining.last()).map(|e| e.joined()) else { return };
        let switching = self.channels.count_ones() > 1;
        let mut shielded = false;
        for at in index.saturating_sub(1)..self.by_joining.len() {
            let Some(entry) = self.by_joining.get(at).copied() else { break };
            let apart = entry.joined() - start;
            let reached = at <= index + 1 || (!shielded && apart <= window) || (switching && apart <= Span::DAY);
            if !reached {
                break;
            }
            let mut now = status(&self.by_joining, at, entry, window, switching);
            let known = entry.status();
            if entry.joined() < complete_from && new == Some(at) {
                now.repeat |= known.repeat;
                now.switched |= known.switched;
            } else if entry.joined() < complete_from {
                let resolved = || !comes_again(&self.by_joining, at, window) && !entry.has(bits::TRANSFERRED);
                now = RepeatStatus { first_resolved: known.first_resolved.map(|_| resolved()), ..known };
            }
            if now != known {
                if let Some(slot) = self.by_joining.get_mut(at) {
                    *slot = entry.with(now);
                }
                changes.push((entry.visit(), now));
            }
            shielded |= at > index && entry.has(bits::HANDLED);
        }
    }
}

/// Whether the customer came again within the window after the visit at `index`.
fn comes_again(visits: &[Entry], index: usize, window: Span) -> bool {
    let next = visits.get(index + 1).zip(visits.get(index));
    next.is_some_and(|(next, entry)| next.joined() - entry.joined() <= window)
}

/// The status of one visit. Distances are between joining times; exactly the window apart counts as within it.
fn status(visits: &[Entry], index: usize, entry: Entry, window: Span, switching: bool) -> RepeatStatus {
    let earlier = || visits.iter().take(index).rev();
    let near = |e: &&Entry, span: Span| entry.joined() - e.joined() <= span;
    let other_channel = |e: &Entry| (e.joined ^ entry.joined) & bits::CHANNEL != 0;
    let first = entry.has(bits::HANDLED) && !earlier().take_while(|e| near(e, window)).any(|e| e.has(bits::HANDLED));
    RepeatStatus {
        repeat: earlier().next().is_some_and(|e| near(&e, window)),
        switched: switching && earlier().take_while(|e| near(e, Span::DAY)).any(other_channel),
        first_resolved: first.then_some(!comes_again(visits, index, window) && !entry.has(bits::TRANSFERRED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
