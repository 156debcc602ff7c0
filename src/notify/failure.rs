//! Why a delivery attempt failed, and whether another one can succeed.

use crate::net::Fault;

/// Why a delivery attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A later attempt may succeed.
    Retry(Fault),
    /// The target would refuse the message again, for this reason.
    Permanent(String),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Retry(fault)
    }
}
