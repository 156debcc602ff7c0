//! Faults of connections, with a reason that says what to do.

use std::time::Duration;

/// Whether a fault can end without anybody doing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It may be over by the next attempt.
    Transient,
    /// Somebody must change something first: the configuration, a secret, the other side.
    NeedsChange,
}

/// Why a connection broke or could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The reason, and what to do about it.
    pub(crate) reason: String,
    pub(crate) kind: FaultKind,
    /// How long the other side asks us to wait before the next attempt.
    pub(crate) after: Option<Duration>,
}

impl Fault {
    /// A fault that may be over by the next attempt.
    pub(crate) fn transient(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: FaultKind::Transient, after: None }
    }

    /// A fault that lasts until somebody changes something.
    pub(crate) fn needs_change(reason: impl Into<String>) -> Self {
        Self { kind: FaultKind::NeedsChange, ..Self::transient(reason) }
    }

    /// The same fault, with the wait that the other side asks for.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self { after: Some(wait), ..self }
    }

    /// How long to wait before the next attempt: `usual`, but at least `min_for_change` if something must be changed
    /// first, at least what the other side asks for, and at most `max`.
    pub(super) fn wait(&self, usual: Duration, min_for_change: Duration, max: Duration) -> Duration {
        let min = match self.kind {
            FaultKind::Transient => Duration::ZERO,
            FaultKind::NeedsChange => min_for_change,
        };
        usual.max(min).max(self.after.unwrap_or_default()).min(max)
    }
}

impl From<crate::secret::Error> for Fault {
    fn from(error: crate::secret::Error) -> Self {
        Self::needs_change(error.to_string())
    }
}
