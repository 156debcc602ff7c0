//! The contacts and the agents' states of the sample floor.

use super::{INTENTS, QUEUES, mix, now};
use crate::board::{Board, ContactRow, StatePeriod};
use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::floor::handle::{ContactFilter, ContactQuery};
use crate::kpi::Dim;
use crate::text::Label;

/// The sample floor's contacts.
#[must_use]
pub(in crate::ui) fn contacts(contacts: &ContactQuery, board: &Board) -> Vec<ContactRow> {
    if contacts.only == ContactFilter::Live {
        return live(contacts, board);
    }
    let row = |n: i64| {
        let queue = QUEUES[usize::try_from(mix(&[n, 3]) % 10).unwrap()];
        let abandoned = n % 5 == 0;
        let outcome = if abandoned {
            "abandoned"
        } else {
            ["handled", "transferred", "talking"][usize::try_from(n % 3).unwrap()]
        };
        ContactRow {
            contact: Label::new(&format!("1772448{n:03}.{}", n * 3)),
            queue: contacts.of.get(Dim::Queue).cloned().unwrap_or_else(|| Label::new(queue.0)),
            channel: queue.2,
            intent: Label::new(INTENTS[usize::try_from(n % 9).unwrap()]),
            customer: Label::new(&format!("+44 20 7946 {:04}", mix(&[n]) % 10_000)),
            agent: if abandoned { Label::default() } else { Label::new(&format!("agent{}", n % 24)) },
            offered: now() - Span::seconds(n * 47),
            since: (outcome == "talking").then(|| now() - Span::seconds(n * 40)),
            on_hold: false,
            ringing: None,
            ended: (outcome != "talking").then(|| now() - Span::seconds(n * 40)),
            outcome: Label::new(outcome),
            wait: Some(Span::seconds(5 + mix(&[n, 9]) % 200)),
            talk: (!abandoned).then(|| Span::seconds(60 + mix(&[n, 8]) % 400)),
            hold: Span::seconds(if n % 4 == 0 { 25 } else { 0 }),
            acw: Span::seconds(if abandoned { 0 } else { 42 }),
            csat: (n % 7 == 1).then_some(4.0),
            repeat: n % 6 == 0,
        }
    };
    (1..60).map(row).collect()
}

/// A morning of an agent: in the day's first calls, a coffee break, then calls again.
#[must_use]
pub(in crate::ui) fn states() -> Vec<StatePeriod> {
    use AgentState::{AfterContact, Available, Offline, OnContact, Paused};
    let at = |minutes: i64| Time(now().0 - minutes * Span::MINUTE.0);
    let course =
        [(642, Offline), (160, Available), (150, OnContact), (100, AfterContact), (92, Paused), (75, OnContact)];
    let ends = course.iter().skip(1).map(|(minutes, _)| at(*minutes)).chain([now()]);
    let reason = |state| if state == Paused { "coffee" } else { "" };
    let period = |((minutes, state), until): ((i64, AgentState), Time)| StatePeriod {
        state,
        reason: reason(state).into(),
        since: at(minutes),
        until,
    };
    course.into_iter().zip(ends).map(period).collect()
}

/// The contacts that are going on: the waiting ones of the board, and one for each agent who talks.
fn live(contacts: &ContactQuery, board: &Board) -> Vec<ContactRow> {
    let waiting = board.waiting.iter().map(ContactRow::from);
    let talking = board.agents.iter().filter(|agent| agent.state == AgentState::OnContact).map(|agent| ContactRow {
        contact: agent.contact.clone().unwrap_or_default(),
        queue: agent.queue.clone().unwrap_or_default(),
        agent: agent.id.clone(),
        since: Some(agent.since),
        on_hold: agent.since.0 % 3 == 0,
        ringing: None,
        outcome: Label::fixed("talking"),
        ..ContactRow::from(board.waiting.get(0).unwrap())
    });
    let queue = contacts.of.get(Dim::Queue);
    waiting.chain(talking).filter(|row| queue.is_none_or(|queue| row.queue == *queue)).take(contacts.limit).collect()
}
