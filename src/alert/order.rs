//! Which alert comes first, which belong together, and one line for one cause.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::{Episode, Severity, State, judge};
use crate::kpi::Slice;
use crate::text::Text;

/// One line of the rail: the worst of its kind, and the others that it stands for. Places in the list given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertGroup {
    /// The episode shown.
    pub lead: usize,
    /// Those it stands for ("+2").
    pub others: Vec<usize>,
}

/// What comes first: what nobody has taken, the worst before the milder, then what is pending, taken, put off;
/// last what something else stands for. Of equals, the oldest; of those that fired at once, the one furthest past
/// its line.
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

/// How far past its line an episode was when it fired, in hundredths of the line. What it is now would make the lines
/// change places under the eye.
fn excess(episode: &Episode) -> i64 {
    let fired = episode.trail.iter().find_map(|entry| entry.value).or(episode.figure.value);
    let (Some(value), Some(line)) = (fired, episode.line) else { return 0 };
    let share = (value - line).abs() / line.abs().max(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "as saturates, and an order needs no more")]
    let hundredths = (100.0 * share) as i64;
    hundredths
}

/// Put episodes in the order in which they need somebody.
pub fn sort(episodes: &mut [Episode]) {
    episodes.sort_by_cached_key(rank);
}

/// The active episodes that belong to one another: those of the same slice, or the one of a source. By id.
#[must_use]
pub fn group(episodes: &[Episode], of: &Episode) -> Vec<u64> {
    let belongs = |other: &&Episode| other.is_active() && other.slice == of.slice && other.source == of.source;
    episodes.iter().filter(belongs).map(|episode| episode.id).collect()
}

/// The lines of the rail, the worst first: one for each slice with anything active, and one for each source in
/// trouble, which stands for all that it inhibits. Pending episodes have none.
#[must_use]
pub fn lines(episodes: &[Episode]) -> Vec<AlertGroup> {
    #[derive(PartialEq, Eq, Hash)]
    enum Cause<'a> {
        Slice(&'a Slice),
        Source(Text),
    }
    let mut order: Vec<usize> = (0..episodes.len()).collect();
    order.sort_by_cached_key(|at| episodes.get(*at).map(rank));
    let mut places: FxHashMap<Cause<'_>, usize> = FxHashMap::default();
    let mut lines: Vec<AlertGroup> = Vec::new();
    for at in order {
        let Some(episode) = episodes.get(at).filter(|episode| episode.is_active()) else { continue };
        let cause = match (&episode.source, &episode.inhibited_by) {
            (Some(source), _) => Cause::Source(judge::cause(source, episode.severity == Severity::Critical)),
            (None, Some(cause)) => Cause::Source(cause.clone()),
            (None, None) => Cause::Slice(&episode.slice),
        };
        if let Some(line) = places.get(&cause).and_then(|place| lines.get_mut(*place)) {
            line.others.push(at);
        } else {
            places.insert(cause, lines.len());
            lines.push(AlertGroup { lead: at, others: Vec::new() });
        }
    }
    lines
}
