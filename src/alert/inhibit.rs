//! Which slices cannot be trusted because their sources are in trouble.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Reception, SourceState};
use crate::kpi::{Dim, Slice};
use crate::text::{Label, Text};

/// The sources in trouble, by what they make untrustworthy. While a slice is inhibited, missing data does not resolve
/// its episodes.
#[derive(Debug, Default)]
pub(super) struct Inhibitors {
    /// Queues all of whose sources are in trouble.
    queues: FxHashMap<Label, Inhibitor>,
    /// Set when every source is in trouble: then no slice can be trusted.
    all: Option<Inhibitor>,
}

/// A source in trouble.
#[derive(Clone, Debug, Default)]
pub(super) struct Inhibitor {
    /// The cause to show in place of the slice's own episodes. `None` until the source's own alert fires: until then
    /// nothing is hidden, so that every problem always has a line on the board.
    pub(super) shown: Option<Text>,
}

impl Inhibitors {
    /// `shown` returns the cause to show for a source whose own alert fires. A queue of which a healthy source reports
    /// as well is not inhibited: a queue whose surveys are late still has its calls.
    pub(super) fn new(sources: &[SourceState], shown: impl Fn(&SourceState) -> Option<Text>) -> Self {
        let (mut healthy, mut troubled) = (Vec::new(), Vec::new());
        for source in sources {
            let shown = shown(source);
            if shown.is_some() || !matches!(source.reception, Reception::Good | Reception::Connecting) {
                troubled.push((source, Inhibitor { shown }));
            } else {
                healthy.push(source);
            }
        }
        let mut inhibitors = Self::default();
        let trusted: FxHashSet<&Label> = healthy.iter().flat_map(|source| &source.queues).collect();
        for (source, inhibitor) in &troubled {
            for queue in source.queues.iter().filter(|queue| !trusted.contains(queue)) {
                let known = inhibitors.queues.entry(queue.clone()).or_default();
                if known.shown.is_none() {
                    known.shown.clone_from(&inhibitor.shown);
                }
            }
        }
        if healthy.is_empty() {
            let first = troubled.iter().find(|(_, inhibitor)| inhibitor.shown.is_some()).or_else(|| troubled.first());
            inhibitors.all = first.map(|(_, inhibitor)| inhibitor.clone());
        }
        inhibitors
    }

    /// What inhibits a slice; `None` when its figures can be trusted.
    pub(super) fn get(&self, slice: &Slice) -> Option<&Inhibitor> {
        let queue = slice.get(Dim::Queue).and_then(|queue| self.queues.get(queue));
        queue.or(self.all.as_ref())
    }
}
