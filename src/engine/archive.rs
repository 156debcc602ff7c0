//! What leaves memory: segments of closed days, and contacts that are over. The archive has them.
//!
//! The engine does no I/O. It hands over what is to be stored together with a [checkpoint](super::checkpoint), and
//! keeps it in memory until [`Archive::stored`] says that the checkpoint is in the file.

use crate::clock::Time;

/// The number of a segment; later ones have higher numbers.
pub type SegmentId = u64;

/// Where the engine reads what it no longer keeps in memory.
pub trait Archive: std::fmt::Debug + Send {
    /// The number of the newest checkpoint stored; 0 where there is none.
    fn stored(&self) -> u64;

    /// The bytes of a segment.
    fn segment(&self, id: SegmentId) -> Option<Vec<u8>>;

    /// The contacts whose ids have this hash.
    fn contacts_by_id(&self, id_hash: u64) -> Vec<ArchivedContact>;

    /// The contact with this number.
    fn contact(&self, number: u64) -> Option<ArchivedContact>;

    /// Call `each` with the contacts that ended at `from` or later, the newest first, until it returns `false`. It begins
    /// behind the contact with the end and number `before`.
    fn each_contact(&self, from: Time, before: (Time, u64), each: &mut dyn FnMut(ArchivedContact) -> bool);
}

/// A segment for the archive.
#[derive(Clone, Debug)]
pub struct ArchivedSegment {
    /// Its number.
    pub id: SegmentId,
    /// The start of its business day.
    pub day: Time,
    /// The instant of its first fact.
    pub first: Time,
    /// The instant of its last fact.
    pub last: Time,
    /// The facts.
    pub bytes: std::sync::Arc<[u8]>,
}

/// A contact for the archive.
#[derive(Clone, Debug)]
pub struct ArchivedContact {
    /// Its number.
    pub number: u64,
    /// The hash of its id.
    pub id_hash: u64,
    /// When it ended.
    pub ended: Time,
    /// The contact.
    pub bytes: Vec<u8>,
}

/// A state of the engine from which it can continue, and what has left memory with it. All of it is stored in one
/// transaction or not at all.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// Its number.
    pub number: u64,
    /// The state.
    pub state: Vec<u8>,
    /// New segments.
    pub segments: Vec<ArchivedSegment>,
    /// Contacts to add or replace.
    pub contacts: Vec<ArchivedContact>,
    /// The archive's contacts and the segments from this day on are not of this engine: they are removed first.
    pub replaces_from: Option<Time>,
}
