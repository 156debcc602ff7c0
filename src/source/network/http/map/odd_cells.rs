//! What is odd in a row that is read all the same.

use crate::source::rejection::RejectionReason;

/// The odd cells of a row. An agent or contact whose capacity or priority cannot be read is there all the same.
#[derive(Debug, Default)]
pub(super) struct OddCells(Vec<RejectionReason>);

impl OddCells {
    /// What the optional cell of `key` holds; nothing where it is odd, which is noted.
    pub(super) fn leave_out<T: Default>(&mut self, key: &str, found: Result<T, RejectionReason>) -> T {
        found.unwrap_or_else(|reason| {
            self.note(reason.about(key));
            T::default()
        })
    }

    pub(super) fn note(&mut self, reason: RejectionReason) {
        self.0.push(reason);
    }

    pub(super) fn take(self) -> Vec<RejectionReason> {
        self.0
    }
}
