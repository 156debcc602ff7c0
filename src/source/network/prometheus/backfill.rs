//! Splits the time to backfill into chunks that are queried one after the other.

use crate::clock::{Span, Time};

/// The longest chunk. The values of all queues in one chunk are in memory at once.
const MAX_CHUNK: Span = Span(4 * Span::HOUR.0);

/// One chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Values up to this time are known already.
    pub(super) after: Time,
    start: Time,
    /// The time of the last step.
    pub(super) end: Time,
    step: Span,
}

impl Chunk {
    /// The query parameters of a range query.
    pub(super) fn parameters(&self) -> [(&'static str, String); 3] {
        let step = format!("{}s", self.step.as_secs());
        [("start", self.start.to_string()), ("end", self.end.to_string()), ("step", step)]
    }
}

/// The chunks between `from` and `until`, in whole steps. The first one begins up to a step before `from`, so that a
/// figure that has disappeared since is noticed.
pub(super) fn chunks(from: Time, until: Time, step: Span) -> Vec<Chunk> {
    let whole = |at: Time| Time(at.0.div_euclid(step.0) * step.0);
    let mut chunks = Vec::new();
    let (mut start, last) = (whole(from), whole(until - Span(1)));
    let length = Span((MAX_CHUNK.0 / step.0).max(1) * step.0);
    while start < last {
        let end = last.0.min(start.0 + length.0);
        chunks.push(Chunk { after: start.max(from), start, end: Time(end), step });
        start = Time(end);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix(1_772_528_400 + seconds)
    }

    #[test]
    fn pieces_meet_and_none_is_long() {
        let day = chunks(at(-86_400), at(0), Span::MINUTE);
        assert_eq!(day.len(), 6);
        assert_eq!((day[0].after, day[0].start), (at(-86_400), at(-86_400)));
        assert!(day.windows(2).all(|pair| pair[0].end == pair[1].start && pair[1].after == pair[1].start));
        assert_eq!(day[5].end, at(-60));
        assert_eq!(day[5].parameters()[2], ("step", "60s".to_owned()));
        assert_eq!(day[5].parameters()[1], ("end", "2026-03-03T08:59:00Z".to_owned()));
    }

    #[test]
    fn nothing_is_fetched_where_nothing_is_missed() {
        assert_eq!(chunks(at(5), at(20), Span::MINUTE), []);
        assert_eq!(chunks(at(0), at(60), Span::MINUTE), []);
        assert_eq!(chunks(at(60), at(0), Span::MINUTE), []);
        let short = chunks(at(50), at(130), Span::MINUTE);
        assert_eq!((short.len(), short[0].after, short[0].start, short[0].end), (1, at(50), at(0), at(120)));
    }
}
