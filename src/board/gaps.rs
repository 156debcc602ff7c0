//! Times for which a source has no data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Span, Time};
use crate::engine::Gap;
use crate::text::Label;

/// How far back trends go.
const MAX_AGE: Span = Span(31 * Span::DAY.0);
/// Gaps of a source that are closer together are merged into one.
const MERGE_DISTANCE: Span = Span(30 * Span::SECOND.0);
/// The most gaps on a board; the newest are kept.
const MAX_GAPS: usize = 500;

/// A time for which a source has no data. What happened then is missing in every figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapRow {
    /// The source's origin name.
    pub source: Label,
    /// The beginning.
    pub since: Time,
    /// The end.
    pub until: Time,
}

impl GapRow {
    /// The gaps that a trend may show, oldest first; gaps of a source that are close together are merged.
    #[must_use]
    pub fn merge(gaps: &[Gap], now: Time) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        let mut newest_first: Vec<&Gap> = gaps.iter().filter(|gap| now.since(gap.until) <= MAX_AGE).collect();
        newest_first.sort_by_key(|gap| std::cmp::Reverse(gap.until));
        for gap in newest_first {
            let close = |row: &&mut Self| row.source == gap.origin && row.since.since(gap.until) <= MERGE_DISTANCE;
            // Only the last row of the source can be close to this gap.
            if let Some(row) = rows.iter_mut().rfind(|row| row.source == gap.origin).filter(close) {
                row.since = row.since.min(gap.since);
            } else if rows.len() < MAX_GAPS {
                rows.push(Self { source: gap.origin.clone(), since: gap.since, until: gap.until });
            } else {
                break;
            }
        }
        rows.sort_by_key(|row| row.since);
        rows
    }

    /// How much of the time between two instants lies in the gap.
    #[must_use]
    pub fn overlap(&self, from: Time, to: Time) -> Span {
        self.until.min(to).since(self.since.max(from)).max(Span::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(origin: &str, since: i64, until: i64) -> Gap {
        Gap { origin: origin.into(), since: Time::from_unix(since), until: Time::from_unix(until) }
    }

    #[test]
    fn close_gaps_are_merged_and_old_ones_left_out() {
        let now = Time::from_unix(40 * 86_400);
        let at = |seconds: i64| 40 * 86_400 - seconds;
        let gaps = [
            gap("pbx", at(40 * 86_400), at(35 * 86_400)),
            gap("pbx", at(900), at(800)),
            gap("crm", at(850), at(700)),
            gap("pbx", at(790), at(600)),
            gap("pbx", at(300), at(200)),
        ];
        let rows: Vec<_> =
            GapRow::merge(&gaps, now).into_iter().map(|g| (g.source, now.since(g.since), now.since(g.until))).collect();
        let span = Span::seconds;
        assert_eq!(
            rows,
            [
                ("pbx".into(), span(900), span(600)),
                ("crm".into(), span(850), span(700)),
                ("pbx".into(), span(300), span(200))
            ]
        );
    }

    #[test]
    fn a_gap_covers_a_part_of_a_bin() {
        let row = GapRow { source: "pbx".into(), since: Time::from_unix(100), until: Time::from_unix(200) };
        let within = |from, to| row.overlap(Time::from_unix(from), Time::from_unix(to)).as_secs();
        assert_eq!(
            [within(0, 150), within(120, 150), within(190, 400), within(200, 400), within(0, 100)],
            [50, 30, 10, 0, 0]
        );
    }
}
