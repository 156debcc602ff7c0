//! The worklist of the sample floor.

use super::{INTENTS, QUEUES, mix, now};
use crate::alert::Actor;
use crate::board::Board;
use crate::clock::{Span, Time};
use crate::text::{Label, Text};
use crate::worklist::{
    Claim, Closing, Occasion, OccasionKind, Outcome, WorkAnswer, WorkCounts, WorkItem, WorkQuery, WorkState,
};

/// The sample floor's items: of 24, two are claimed and the last four are closed.
#[must_use]
pub(in crate::ui) fn worklist(query: &WorkQuery, board: &Board) -> WorkAnswer {
    let who = |name: &str| Actor { name: Label::new(name), from: "desk4 pts/2".into() };
    let item = |n: i64| {
        let queue = QUEUES[usize::try_from(mix(&[n, 3]) % 10).unwrap()];
        let ago = |minutes: i64| Time(now().0 - minutes * Span::MINUTE.0);
        let hung_up = |at: Time, contact: i64| Occasion {
            kind: OccasionKind::HungUp,
            contact: Label::new(&format!("1772448{contact:03}")),
            joined: at - Span::seconds(90),
            at,
            value: Some(90.0),
        };
        let since = ago(200 - 8 * n);
        let mut occasions = vec![hung_up(since, n)];
        if n % 5 == 1 {
            occasions.push(hung_up(since + Span::MINUTE, n + 100));
        }
        if n % 7 == 3 {
            let kind = OccasionKind::CalledAgain;
            occasions.push(Occasion { kind, value: None, ..hung_up(now() - Span::MINUTE, n + 200) });
        }
        let closed = (n >= 20).then(|| Closing {
            outcome: if n % 2 == 0 { Outcome::Reached } else { Outcome::Answered },
            at: ago(24 - n),
            who: (n % 2 == 0).then(|| who("bo")),
        });
        let claim = (n == 0 || n == 2).then(|| Claim {
            who: who(if n == 0 { "ann" } else { "bo" }),
            at: ago(3),
            until: now() + Span::seconds(720),
        });
        let state = match (&closed, &claim) {
            (Some(closing), _) if closing.who.is_some() => WorkState::Done,
            (Some(_), _) => WorkState::Ended,
            (None, Some(_)) => WorkState::Claimed,
            (None, None) => WorkState::Open,
        };
        WorkItem {
            id: u64::try_from(n + 1).unwrap(),
            version: 3,
            kind: query.kind.unwrap_or_default(),
            customer: if n % 9 == 4 {
                Label::default()
            } else {
                Label::new(&format!("+44 20 7946 {:04}", mix(&[n]) % 10_000))
            },
            contact: Label::new(&format!("1772448{n:03}")),
            queue: query.queue.clone().unwrap_or_else(|| Label::new(queue.0)),
            channel: queue.2,
            intent: Label::new(INTENTS[usize::try_from(n % 9).unwrap()]),
            agent: Label::default(),
            why: "hung up after 1:30".into(),
            since,
            due: since + Span(2 * Span::HOUR.0),
            occasions,
            attempts: u32::from(n % 6 == 2),
            state,
            claim,
            closed,
            note: (n % 4 == 1).then(|| Text::new("asked for a call after four in the afternoon")),
            trail: Vec::new(),
        }
    };
    let items: Vec<WorkItem> = (0..24).map(item).collect();
    let overdue = items.iter().filter(|item| item.is_overdue(board.at)).count();
    let counts = WorkCounts {
        open: 18,
        claimed: 2,
        overdue: u64::try_from(overdue).unwrap(),
        done: 2,
        ended: 2,
        kept: 4,
        oldest: items.first().map(|item| item.since),
    };
    WorkAnswer { at: board.at, counts, items }
}
