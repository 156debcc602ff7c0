//! Why a connection to a source broke, in words that say what to do.

use std::time::Duration;

/// Why a connection broke, or never came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Why, and what to do about it.
    pub(crate) reason: String,
    /// It won't mend by itself: somebody must change something.
    pub(crate) lasting: bool,
    /// The other side asks to be left alone for so long.
    pub(crate) after: Option<Duration>,
}

impl Fault {
    /// Something that may be over in a moment.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), lasting: false, after: None }
    }

    /// Something that somebody must mend.
    pub(crate) fn lasting(reason: impl Into<String>) -> Self {
        Self { lasting: true, ..Self::new(reason) }
    }

    /// The other side asks to be left alone for so long.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self { after: Some(wait), ..self }
    }

    /// How long to wait, where `usual` is how long it would be for a fault of no special kind.
    pub(super) fn wait(&self, usual: Duration, lasting: Duration, most: Duration) -> Duration {
        let least = if self.lasting { lasting } else { Duration::ZERO };
        usual.max(least).max(self.after.unwrap_or_default()).min(most)
    }
}

impl From<crate::secret::Error> for Fault {
    fn from(error: crate::secret::Error) -> Self {
        Self::lasting(error.to_string())
    }
}
