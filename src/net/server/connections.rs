//! Limits the open connections of each peer and each caller.
//!
//! A connection is a stranger's until a request on it identifies a known caller. Strangers never displace a known
//! caller: the connections of each peer are limited to a small share, and if there is no room for a new connection, the
//! oldest stranger's is closed. A known caller keeps its connections, up to a share of its own; beyond that, a new one takes
//! the place of the one that has waited longest for the caller to read, or to ask. Callers that hold many leave room for those that
//! hold few, and all of them for strangers: any stranger may be a known caller in a moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::answer_body::PORTION_BYTES;
use super::server_stream::PeerWait;
use crate::text::Label;

/// The limits on open connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// Of all peers.
    pub(crate) total: usize,
    /// Of one known caller.
    pub(crate) per_caller: usize,
    /// Of all strangers.
    pub(crate) strangers: usize,
    /// Of the strangers from one address or login.
    pub(crate) strangers_per_peer: usize,
}

/// The large answers that one caller, or one stranger's address, may have under way, in bytes. One of any size is sent.
const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;
/// A caller that holds fewer connections may have one more where others may not.
const FEW_PER_CALLER: usize = 4;

impl ConnectionLimits {
    /// How many known callers can have together, as far as one is concerned that has `held` of them.
    const fn known(self, held: usize) -> usize {
        if held < FEW_PER_CALLER { self.total - self.total.div_ceil(16) } else { self.total / 4 * 3 }
    }
}

/// The open connections of one listener.
#[derive(Debug)]
pub(crate) struct Connections {
    limits: ConnectionLimits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// By number, in the order in which they were opened.
    connections: BTreeMap<u64, OpenConnection>,
}

#[derive(Debug)]
struct OpenConnection {
    peer: Label,
    caller: Option<Label>,
    close: CancellationToken,
    wait: Arc<PeerWait>,
}

/// A place among the open connections, which is freed when this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPlace {
    number: u64,
    connections: Arc<Connections>,
    /// Cancelled when the connection must make room for another one.
    pub(crate) close: CancellationToken,
    /// Since when it waits for its peer.
    pub(super) wait: Arc<PeerWait>,
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.open().connections.len()
    }

    /// A place for a new connection of `peer`; `None` if known callers have all of them.
    pub(crate) fn admit(self: &Arc<Self>, peer: Label) -> Option<ConnectionPlace> {
        let mut open = self.open();
        let of_peer = |connection: &OpenConnection| connection.caller.is_none() && connection.peer == peer;
        open.make_room(self.limits.strangers_per_peer, of_peer);
        open.make_room(self.limits.strangers, |connection| connection.caller.is_none());
        if open.connections.len() >= self.limits.total && !open.close_oldest(|connection| connection.caller.is_none()) {
            return None;
        }
        let (number, close, wait) = (open.next, CancellationToken::new(), Arc::<PeerWait>::default());
        open.next += 1;
        let connection = OpenConnection { peer, caller: None, close: close.clone(), wait: Arc::clone(&wait) };
        open.connections.insert(number, connection);
        drop(open);
        Some(ConnectionPlace { number, connections: Arc::clone(self), close, wait })
    }

    /// Close the oldest stranger's connection, because the system has no room for another one.
    pub(crate) fn close_oldest_stranger(&self) {
        self.open().close_oldest(|connection| connection.caller.is_none());
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Leave room for one more within `limit`.
    fn make_room(&mut self, limit: usize, counts: impl Fn(&OpenConnection) -> bool) {
        if self.connections.values().filter(|connection| counts(connection)).count() >= limit {
            self.close_oldest(counts);
        }
    }

    fn close_oldest(&mut self, counts: impl Fn(&OpenConnection) -> bool) -> bool {
        let oldest = self.connections.iter().find(|(_, connection)| counts(connection)).map(|(number, _)| *number);
        self.close(oldest)
    }

    /// Close the connection of `caller` that has waited longest for it.
    fn close_longest_waiting(&mut self, caller: &Label) -> bool {
        let of_caller = self.connections.iter().filter(|(_, connection)| connection.caller.as_ref() == Some(caller));
        let waiting = of_caller.filter_map(|(number, connection)| Some((connection.wait.since()?, *number)));
        let longest = waiting.min().map(|(_, number)| number);
        self.close(longest)
    }

    fn close(&mut self, number: Option<u64>) -> bool {
        let Some(connection) = number.and_then(|number| self.connections.remove(&number)) else { return false };
        connection.close.cancel();
        true
    }
}

impl ConnectionPlace {
    /// Record that the connection is a known caller's; `false` if this caller, or all of them together, have their share
    /// already, and none of the caller's waits for it.
    pub(crate) fn identify(&self, caller: &Label) -> bool {
        let mut open = self.connections.open();
        let of_caller = |connection: &OpenConnection| connection.caller.as_ref() == Some(caller);
        match open.connections.get(&self.number) {
            None => return false,
            Some(connection) if of_caller(connection) => return true,
            Some(_) => {}
        }
        let held = open.connections.values().filter(|connection| of_caller(connection)).count();
        let known = open.connections.values().filter(|connection| connection.caller.is_some()).count();
        let limits = self.connections.limits;
        let has_room = held < limits.per_caller && known < limits.known(held);
        if !has_room && !open.close_longest_waiting(caller) {
            return false;
        }
        if let Some(connection) = open.connections.get_mut(&self.number) {
            connection.caller = Some(caller.clone());
        }
        true
    }

    /// Record that an answer of so many bytes is sent; `false` if too much of the caller's earlier ones is unread.
    pub(super) fn may_send(&self, bytes: usize) -> bool {
        if bytes <= PORTION_BYTES {
            return true;
        }
        let open = self.connections.open();
        let Some(own) = open.connections.get(&self.number) else { return true };
        let is_same =
            |other: &&OpenConnection| other.caller == own.caller && (own.caller.is_some() || other.peer == own.peer);
        let unread: usize = open.connections.values().filter(is_same).map(|other| other.wait.unread_bytes()).sum();
        let may = unread == 0 || unread.saturating_add(bytes) <= MAX_UNREAD_BYTES;
        if may {
            self.wait.set_unread_bytes(bytes);
        }
        may
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.connections.open().connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    fn peer(host: u8) -> Label {
        Label::new(&format!("10.0.0.{host}"))
    }

    #[test]
    fn strangers_make_room_for_others_and_known_callers_keep_theirs() {
        let limits = ConnectionLimits { total: 8, per_caller: 3, strangers: 6, strangers_per_peer: 2 };
        let connections = Connections::new(limits);
        let ann: Vec<_> = (0..3).map(|_| connections.admit(peer(1)).unwrap()).collect();
        assert!(ann[0].close.is_cancelled(), "a third stranger from one address closes the first");
        assert!(ann[1..].iter().all(|place| place.identify(&"ann".into()) && !place.close.is_cancelled()));
        let crowd: Vec<_> = (2..40).map(|host| connections.admit(peer(host)).unwrap()).collect();
        assert_eq!(connections.count(), 8);
        assert_eq!(crowd.iter().filter(|place| !place.close.is_cancelled()).count(), 6);
        let more = connections.admit(peer(50)).unwrap();
        assert!(more.identify(&"ann".into()) && more.identify(&"ann".into()));
        let fourth = connections.admit(peer(51)).unwrap();
        assert!(!fourth.identify(&"ann".into()), "ann has her share");
        assert!(fourth.identify(&"bob".into()));
        // What she does not read is bounded, but one answer of any size is sent.
        assert!(
            ann[1].may_send(2 * MAX_UNREAD_BYTES)
                && !more.may_send(MAX_UNREAD_BYTES)
                && fourth.may_send(MAX_UNREAD_BYTES)
        );
        ann[1].wait.set_unread_bytes(0);
        assert!(more.may_send(MAX_UNREAD_BYTES) && !ann[1].may_send(MAX_UNREAD_BYTES));
        // Of her own connections, the one that has waited longest for her makes room.
        let now = Instant::now();
        ann[1].wait.set_stalled(Some(now));
        more.wait.set_stalled(Some(now - Duration::from_secs(1)));
        let board = connections.admit(peer(52)).unwrap();
        assert!(board.identify(&"ann".into()));
        assert!(more.close.is_cancelled() && !ann[1].close.is_cancelled());
        drop((ann, crowd, more, fourth, board));
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn callers_with_many_connections_leave_room_for_others() {
        let limits = ConnectionLimits { total: 64, per_caller: 32, strangers: 32, strangers_per_peer: 8 };
        let connections = Connections::new(limits);
        let mut places = Vec::new();
        let mut known = |caller: &str| {
            let taken: Vec<_> = (0..64).map(|_| connections.admit(peer(1)).unwrap()).collect();
            let taken = taken.into_iter().filter(|place| place.identify(&caller.into()));
            let before = places.len();
            places.extend(taken);
            places.len() - before
        };
        // Of strangers, eight are open at a time.
        let many: Vec<usize> = (0..5).map(|_| known("ann")).collect();
        assert_eq!(many, [8, 8, 8, 8, 0]);
        assert_eq!((0..5).map(|_| known("bob")).sum::<usize>(), 16);
        assert_eq!((known("cid"), known("dan"), known("eve"), known("fay")), (4, 4, 4, 0));
        assert!(connections.admit(peer(2)).is_some());
    }
}
