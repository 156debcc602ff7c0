//! Times in which nothing was seen of a source.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Span, Time};
use crate::engine::Gap;
use crate::text::Label;

/// Trends go no further back.
const SHOWN: Span = Span(31 * Span::DAY.0);
/// What lies closer together is one gap: a source that comes and goes.
const CLOSE: Span = Span(30 * Span::SECOND.0);
/// So many are shown at most, the newest: whoever has more has another problem.
const MOST: usize = 500;

/// A time in which nothing was seen of a source: what happened then is in no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GapRow {
    /// The source.
    pub source: Label,
    /// From when.
    pub since: Time,
    /// Until when.
    pub until: Time,
}

impl GapRow {
    /// The gaps that trends can show, oldest first; those of a source that are close together are one.
    #[must_use]
    pub fn shown(gaps: &[Gap], now: Time) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        let mut newest_first: Vec<&Gap> = gaps.iter().filter(|gap| now.since(gap.until) <= SHOWN).collect();
        newest_first.sort_by_key(|gap| std::cmp::Reverse(gap.until));
        for gap in newest_first {
            let close = |row: &&mut Self| row.source == gap.origin && row.since.since(gap.until) <= CLOSE;
            // The last row of the source is the one that this gap may touch.
            if let Some(row) = rows.iter_mut().rfind(|row| row.source == gap.origin).filter(close) {
                row.since = row.since.min(gap.since);
            } else if rows.len() < MOST {
                rows.push(Self { source: gap.origin.clone(), since: gap.since, until: gap.until });
            } else {
                break;
            }
        }
        rows.sort_by_key(|row| row.since);
        rows
    }

    /// How much of the time from one instant to another lies in it.
    #[must_use]
    pub fn within(&self, from: Time, to: Time) -> Span {
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
    fn gaps_that_touch_are_one_and_old_ones_are_left_out() {
        let now = Time::from_unix(40 * 86_400);
        let at = |seconds: i64| 40 * 86_400 - seconds;
        let told = [
            gap("pbx", at(40 * 86_400), at(35 * 86_400)),
            gap("pbx", at(900), at(800)),
            gap("crm", at(850), at(700)),
            gap("pbx", at(790), at(600)),
            gap("pbx", at(300), at(200)),
        ];
        let rows: Vec<_> =
            GapRow::shown(&told, now).into_iter().map(|g| (g.source, now.since(g.since), now.since(g.until))).collect();
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
        let within = |from, to| row.within(Time::from_unix(from), Time::from_unix(to)).as_secs();
        assert_eq!(
            [within(0, 150), within(120, 150), within(190, 400), within(200, 400), within(0, 100)],
            [50, 30, 10, 0, 0]
        );
    }
}
