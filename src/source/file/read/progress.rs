//! How far recordings have been read, for whoever watches from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far recordings have been read. Clones are of the same reading.
#[derive(Clone, Debug, Default)]
pub struct ReadProgress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    lines: AtomicU64,
    bytes: AtomicU64,
    /// Zero where it is not known.
    expected_bytes: AtomicU64,
}

impl ReadProgress {
    /// How many lines have been decoded.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.0.lines.load(Ordering::Relaxed)
    }

    /// How many bytes have been read, as they are on the disk, and of how many. `None` where an input has no size.
    #[must_use]
    pub fn bytes(&self) -> Option<(u64, u64)> {
        let expected = self.0.expected_bytes.load(Ordering::Relaxed);
        (expected > 0).then(|| (self.0.bytes.load(Ordering::Relaxed), expected))
    }

    /// Count what has been read.
    pub(crate) fn count(&self, lines: u64, bytes: u64) {
        self.0.lines.fetch_add(lines, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Say how many bytes there are in all; `None` if that is not known.
    pub(crate) fn expect_bytes(&self, bytes: Option<u64>) {
        self.0.expected_bytes.store(bytes.unwrap_or(0), Ordering::Relaxed);
    }
}
