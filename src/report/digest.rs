//! The digest: what a week, a month or a quarter showed, against the ones before, and what to do about it.
//!
//! A [`DigestPeriod`] says which questions are to be put to a floor, [`DigestData`] holds what it answered, and
//! `src/report/digest/sections.rs` makes a document of it. A change is told from chance by [`crate::kpi::control`].

mod data;
mod period;
mod sections;
#[cfg(test)]
mod tests;
mod trend;

use super::{html, markdown};

pub use data::{Digest, DigestData};
pub use period::{Cadence, DigestPeriod};

impl Digest {
    /// The digest as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::document(&sections::document(self))
    }

    /// The digest as one HTML page without references to other files.
    #[must_use]
    pub fn html(&self) -> String {
        html::document(&sections::document(self))
    }
}
