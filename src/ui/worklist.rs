//! What the page of the worklist shows.

mod keys;

use crate::worklist::WorkKind;

/// What the page shows, and what was done on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkChoice {
    /// The kind of the items.
    pub kind: WorkKind,
    /// The item that was closed last, which undo means until the selection is moved.
    closed: Option<u64>,
}
