//! The order of alerts by urgency, and the grouping of those with one cause.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::{Episode, State, sources};
use crate::kpi::Slice;
use crate::text::Text;

/// Episodes with a common cause, shown as one line. Both fields are indices into the list that was grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertGroup {
    /// The most urgent one, which is shown.
    pub lead: usize,
    /// The others, which are counted (`+2`).
    pub others: Vec<usize>,
}

/// The sort key of urgency. First firing episodes, then pending, acknowledged and snoozed ones, last the inhibited
/// ones. Within each, critical before warning, then the oldest, then the one furthest past its limit.
pub(super) fn rank(episode: &Episode) -> impl Ord + use<> {
    let attention = match episode.state {
        _ if episode.inhibited_by.is_some() => 4,
        State::Firing => 0,
        State::Pending => 1,
        State::Acknowledged => 2,
        State::Snoozed => 3,
        State::Insufficient | State::Resolved => 5,
    };
    (attention, Reverse(episode.severity), episode.fired.unwrap_or(episode.since), Reverse(excess(episode)), episode.id)
}

/// How far past its limit an episode was when it fired, in hundredths of the limit. The current excess would make
/// lines change places while somebody reads them.
fn excess(episode: &Episode) -> i64 {
    let fired = episode.trail.iter().find_map(|entry| entry.value).or(episode.figure.value);
    let (Some(value), Some(limit)) = (fired, episode.limit) else { return 0 };
    let share = (value - limit).abs() / limit.abs().max(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is enough for an order")]
    let hundredths = (100.0 * share) as i64;
    hundredths
}

/// Sort episodes by urgency: firing, pending, acknowledged, snoozed, and inhibited ones last.
pub fn sort(episodes: &mut [Episode]) {
    episodes.sort_by_cached_key(rank);
}

/// The ids of the active episodes of the same slice, or of the same source, as `of`; `of` is one of them if active.
#[must_use]
pub fn related(episodes: &[Episode], of: &Episode) -> Vec<u64> {
    let belongs = |other: &&Episode| other.is_active() && other.slice == of.slice && other.source == of.source;
    episodes.iter().filter(belongs).map(|episode| episode.id).collect()
}

/// Group the active episodes by cause, the most urgent first: one group for each slice, and one for each source in
/// trouble, which includes everything that it inhibits. Pending episodes are left out.
#[must_use]
pub fn group_by_cause(episodes: &[Episode]) -> Vec<AlertGroup> {
    #[derive(PartialEq, Eq, Hash)]
    enum Cause<'a> {
        Slice(&'a Slice),
        Source(Text),
    }
    let mut order: Vec<usize> = (0..episodes.len()).collect();
    order.sort_by_cached_key(|at| episodes.get(*at).map(rank));
    let mut index: FxHashMap<Cause<'_>, usize> = FxHashMap::default();
    let mut groups: Vec<AlertGroup> = Vec::new();
    for at in order {
        let Some(episode) = episodes.get(at).filter(|episode| episode.is_active()) else { continue };
        let cause = match (&episode.source, &episode.inhibited_by) {
            (Some(source), _) => Cause::Source(sources::cause(&episode.rule, source, episode.severity)),
            (None, Some(cause)) => Cause::Source(cause.clone()),
            (None, None) => Cause::Slice(&episode.slice),
        };
        if let Some(group) = index.get(&cause).and_then(|at| groups.get_mut(*at)) {
            group.others.push(at);
        } else {
            index.insert(cause, groups.len());
            groups.push(AlertGroup { lead: at, others: Vec::new() });
        }
    }
    groups
}
