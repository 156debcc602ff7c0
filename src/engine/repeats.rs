//! Who came back: first contacts, repeats and channel switches, from each customer's history of one intent.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::visit::History;
use crate::clock::{Span, Time};

/// A customer's contacts about one thing: the intent, or the queue where no intent is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) customer: u32,
    pub(super) intent: u32,
    /// 0 where the intent is known.
    pub(super) queue: u32,
}

/// What matters of a visit here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) joined: Time,
    /// Tells visits apart, in the order they were first seen.
    pub(super) visit: (u64, usize),
    pub(super) channel: u8,
    pub(super) handled: bool,
    pub(super) transferred: bool,
}

/// What a change of one entry does to the thread's visits: the new history of each that changed.
pub(super) type Changes = SmallVec<[((u64, usize), History); 2]>;

/// Every known customer's threads.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    threads: FxHashMap<Thread, List>,
}

/// One thread's visits by joining time.
#[derive(Debug, Default)]
struct List {
    entries: SmallVec<[(Entry, History); 1]>,
    /// The channels ever used, a bit each: with one alone nobody has switched.
    channels: u8,
}

impl Repeats {
    /// A visit's entry changes from `old` to `new`; say whose history that changes.
    pub(super) fn set(&mut self, thread: Thread, old: Option<Entry>, new: Option<Entry>, window: Span) -> Changes {
        let mut changes = Changes::new();
        let list = self.threads.entry(thread).or_default();
        let mut kept = History::default();
        let mut gap = None;
        if let Some(place) = old.and_then(|old| list.place(&old).ok()) {
            kept = list.entries.remove(place).1;
            gap = Some(place);
        }
        if let Some(new) = new {
            list.channels |= 1 << new.channel;
            let place = list.place(&new).unwrap_or_else(|place| place);
            list.entries.insert(place, (new, kept));
            if gap.is_some_and(|gap| gap != place) {
                list.judge_around(gap.unwrap_or(place), window, &mut changes);
            }
            list.judge_around(place, window, &mut changes);
        } else if let Some(gap) = gap {
            list.judge_around(gap, window, &mut changes);
        }
        if list.entries.is_empty() {
            self.threads.remove(&thread);
        }
        changes
    }

    /// Forget visits that joined before `at`; their history no longer matters to anybody.
    pub(super) fn forget_before(&mut self, at: Time) {
        self.threads.retain(|_, list| {
            list.entries.retain(|(entry, _)| entry.joined >= at);
            !list.entries.is_empty()
        });
    }
}

impl List {
    fn place(&self, entry: &Entry) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&(entry.joined, entry.visit), |(e, _)| (e.joined, e.visit))
    }

    /// Judge anew the entry at `place` and those that a change there can reach: the one before (it has a successor
    /// now), the next one, and those after it up to the first that was handled, which shields the rest. Where
    /// several channels are in use, a day's worth.
    fn judge_around(&mut self, place: usize, window: Span, changes: &mut Changes) {
        let Some(start) = self.entries.get(place).or(self.entries.last()).map(|(e, _)| e.joined) else { return };
        let switching = self.channels.count_ones() > 1;
        let mut shielded = false;
        for at in place.saturating_sub(1)..self.entries.len() {
            let Some((entry, before)) = self.entries.get(at).copied() else { break };
            let apart = entry.joined - start;
            let reached = at <= place + 1 || (!shielded && apart <= window) || (switching && apart <= Span::DAY);
            if !reached {
                break;
            }
            let now = judge(&self.entries, at, &entry, window, switching);
            if now != before {
                if let Some(slot) = self.entries.get_mut(at) {
                    slot.1 = now;
                }
                changes.push((entry.visit, now));
            }
            shielded |= at > place && entry.handled;
        }
    }
}

/// The definitions of kpis.md. All between joining times; exactly the window apart is within.
fn judge(list: &[(Entry, History)], place: usize, entry: &Entry, window: Span, switching: bool) -> History {
    let earlier = || list.iter().take(place).map(|(e, _)| e).rev();
    let near = |e: &&Entry, span: Span| entry.joined - e.joined <= span;
    let first = entry.handled && !earlier().take_while(|e| near(e, window)).any(|e| e.handled);
    let again = list.get(place + 1).is_some_and(|(next, _)| next.joined - entry.joined <= window);
    History {
        repeat: earlier().next().is_some_and(|e| near(&e, window)),
        switched: switching && earlier().take_while(|e| near(e, Span::DAY)).any(|e| e.channel != entry.channel),
        first: first.then_some(!again && !entry.transferred),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREAD: Thread = Thread { customer: 1, intent: 1, queue: 0 };
    const WEEK: Span = Span(7 * Span::DAY.0);

    fn entry(visit: u64, hours: i64, handled: bool) -> Entry {
        Entry { joined: Time(hours * Span::HOUR.0), visit: (visit, 0), channel: 0, handled, transferred: false }
    }

    fn all(entries: &[Entry]) -> Vec<History> {
        let mut repeats = Repeats::default();
        let mut out = vec![History::default(); entries.len()];
        for entry in entries {
            for ((visit, _), history) in repeats.set(THREAD, None, Some(*entry), WEEK) {
                out[usize::try_from(visit).unwrap()] = history;
            }
        }
        out
    }

    #[test]
    fn a_further_contact_makes_the_first_one_unresolved_even_unhandled() {
        let got = all(&[entry(0, 0, true), entry(1, 24, false)]);
        assert_eq!(got[0].first, Some(false));
        assert_eq!((got[1].first, got[1].repeat), (None, true));
    }

    #[test]
    fn exactly_the_window_apart_is_within_and_one_hour_more_is_not() {
        assert_eq!(all(&[entry(0, 0, true), entry(1, 168, true)])[1].first, None);
        let got = all(&[entry(0, 0, true), entry(1, 169, true)]);
        assert_eq!((got[0].first, got[1].first), (Some(true), Some(true)));
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
        repeats.set(THREAD, None, Some(entry(0, 0, false)), WEEK);
        let changes = repeats.set(THREAD, None, Some(entry(1, 1, true)), WEEK);
        assert_eq!(changes[0].1.first, Some(true));
        let changes = repeats.set(THREAD, Some(entry(0, 0, false)), Some(entry(0, 0, true)), WEEK);
        assert!(changes.contains(&((0, 0), History { first: Some(false), ..History::default() })));
        assert!(changes.contains(&((1, 0), History { repeat: true, ..History::default() })));
    }
}
