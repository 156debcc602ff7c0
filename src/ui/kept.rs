//! What the screen keeps of long lists between boards. A board has tens of thousands of agents, of which few have changed
//! since the one before: only these are looked at again.

use std::cell::{Ref, RefCell};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::board::{AgentRow, Arrangement, Board, FoundRow, Rows};
use crate::clock::Time;
use crate::event::AgentState;
use crate::text::Label;

/// How many agents are in each state, in the order of [`AgentState::ALL`].
pub type Counts = [usize; AgentState::ALL.len()];

/// What is kept.
#[derive(Debug, Default)]
pub struct Kept {
    agents: RefCell<KeptAgents>,
    queues: RefCell<KeptIds>,
}

impl Kept {
    /// The agents of a board.
    pub fn agents(&self, board: &Board) -> Ref<'_, KeptAgents> {
        self.agents.borrow_mut().update(&board.agents);
        self.agents.borrow()
    }

    /// The places of the agents of a board who serve a queue or have a contact of it.
    pub fn agents_of_queue(&self, board: &Board, queue: &Label) -> Vec<usize> {
        let mut kept = self.agents.borrow_mut();
        kept.update(&board.agents);
        kept.by_queue.get_or_insert_with(|| AgentsByQueue::new(&board.agents)).of(queue)
    }

    /// The ids of its queues.
    pub fn queue_ids(&self, board: &Board) -> Arc<[Label]> {
        Arc::clone(self.queues.borrow_mut().update(&board.queues))
    }
}

/// The ids of a list, which are the same for many boards.
#[derive(Debug, Default)]
struct KeptIds {
    arrangement: Arrangement,
    ids: Arc<[Label]>,
}

impl KeptIds {
    fn update<T: FoundRow>(&mut self, rows: &Rows<T>) -> &Arc<[Label]> {
        let arrangement = rows.arrangement();
        if self.arrangement != arrangement {
            self.ids = rows.iter().map(|row| row.id().clone()).collect();
            self.arrangement = arrangement;
        }
        &self.ids
    }
}

/// The agents of the newest board, in its order, as columns.
#[derive(Debug, Default)]
pub struct KeptAgents {
    rows: Rows<AgentRow>,
    ids: Arc<[Label]>,
    names: Vec<Label>,
    states: Vec<KeptState>,
    /// The number of each team by name.
    team_numbers: FxHashMap<Label, usize>,
    /// The teams by number.
    teams: Vec<(Label, Counts)>,
    /// `None` until it is first needed.
    by_queue: Option<AgentsByQueue>,
}

/// The queues that agents have to do with.
#[derive(Debug, Default)]
struct AgentsByQueue {
    /// The number of each queue by id.
    numbers: FxHashMap<Label, usize>,
    /// By queue number, the places of the agents who serve it.
    servers: Vec<Vec<usize>>,
    /// By place, the number of the queue of the agent's contact.
    contacts: Vec<Option<usize>>,
}

impl AgentsByQueue {
    fn new(rows: &Rows<AgentRow>) -> Self {
        let mut new = Self::default();
        rows.iter().enumerate().for_each(|(place, row)| new.set(place, None, row));
        new
    }

    /// Take in the agent at a place, whose row was `before`.
    fn set(&mut self, place: usize, before: Option<&AgentRow>, row: &AgentRow) {
        let contact = row.queue.as_ref().map(|queue| self.number(queue));
        match self.contacts.get_mut(place) {
            Some(known) => *known = contact,
            None => self.contacts.push(contact),
        }
        // Nearly always they are the same.
        if before.is_some_and(|before| before.queues == row.queues) {
            return;
        }
        for queue in before.into_iter().flat_map(|before| &before.queues) {
            self.servers_of(queue).retain(|other| *other != place);
        }
        for queue in &row.queues {
            self.servers_of(queue).push(place);
        }
    }

    fn number(&mut self, queue: &Label) -> usize {
        let next = self.servers.len();
        let number = *self.numbers.entry(queue.clone()).or_insert(next);
        if number == next {
            self.servers.push(Vec::new());
        }
        number
    }

    fn servers_of(&mut self, queue: &Label) -> &mut Vec<usize> {
        let number = self.number(queue);
        #[expect(clippy::indexing_slicing, reason = "each number has its place")]
        &mut self.servers[number]
    }

    fn of(&self, queue: &Label) -> Vec<usize> {
        let Some(number) = self.numbers.get(queue) else { return Vec::new() };
        let with_contact = self.contacts.iter().enumerate().filter(|(_, of)| **of == Some(*number));
        let servers = self.servers.get(*number).into_iter().flatten().copied();
        servers.chain(with_contact.map(|(place, _)| place)).collect()
    }
}

/// What an agent does.
#[derive(Clone, Copy, Debug)]
pub struct KeptState {
    /// The state.
    pub state: AgentState,
    /// Since when.
    pub since: Time,
    /// The number of the team.
    team: usize,
}

impl KeptAgents {
    fn update(&mut self, rows: &Rows<AgentRow>) {
        let last = std::mem::replace(&mut self.rows, rows.clone());
        if let Some(changed) = rows.changed_since(&last) {
            for (place, row) in changed {
                self.set(place, row);
                if let Some(by_queue) = &mut self.by_queue {
                    by_queue.set(place, last.get(place), row);
                }
            }
        } else {
            let ids = rows.iter().map(|row| row.id.clone()).collect();
            *self = Self { rows: rows.clone(), ids, ..Self::default() };
            for (row, place) in rows.iter().zip(0..) {
                self.set(place, row);
            }
        }
    }

    /// Take in the agent at a place, which is there already or the next one.
    fn set(&mut self, place: usize, row: &AgentRow) {
        let state = KeptState { state: row.state, since: row.since, team: self.team(&row.team) };
        self.count(state, true);
        match self.states.get_mut(place) {
            Some(known) => {
                let before = std::mem::replace(known, state);
                self.count(before, false);
            }
            None => self.states.push(state),
        }
        match self.names.get_mut(place) {
            Some(name) if *name == row.name => {}
            Some(name) => *name = row.name.clone(),
            None => self.names.push(row.name.clone()),
        }
    }

    fn team(&mut self, name: &Label) -> usize {
        if let Some(number) = self.team_numbers.get(name) {
            return *number;
        }
        self.team_numbers.insert(name.clone(), self.teams.len());
        self.teams.push((name.clone(), Counts::default()));
        self.teams.len() - 1
    }

    /// Count an agent in the team, or take one out.
    fn count(&mut self, of: KeptState, is_new: bool) {
        let counts = self.teams.get_mut(of.team).map(|(_, counts)| counts);
        let place = AgentState::ALL.iter().position(|state| *state == of.state);
        if let Some(count) = counts.zip(place).and_then(|(counts, place)| counts.get_mut(place)) {
            *count = if is_new { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// The ids.
    #[must_use]
    pub const fn ids(&self) -> &Arc<[Label]> {
        &self.ids
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[Label] {
        &self.names
    }

    /// What each of them does.
    #[must_use]
    pub fn states(&self) -> &[KeptState] {
        &self.states
    }

    /// How many of each team are in each state, by the team's name.
    #[must_use]
    pub fn teams(&self) -> Vec<(Label, Counts)> {
        let mut teams: Vec<_> =
            self.teams.iter().filter(|(_, counts)| counts.iter().any(|count| *count > 0)).cloned().collect();
        teams.sort_unstable();
        teams
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agent(number: u8, state: u8, team: u8, since: i64) -> AgentRow {
        AgentRow {
            id: format!("a{number}").as_str().into(),
            name: format!("Agent {number}").as_str().into(),
            team: format!("team {team}").as_str().into(),
            state: AgentState::ALL[usize::from(state)],
            reason: Label::default(),
            since: Time(since),
            queue: (since % 2 == 0).then(|| format!("q{team}").as_str().into()),
            contact: None,
            queues: (0..state % 3).map(|queue| format!("q{queue}").as_str().into()).collect(),
            pauses: Vec::new(),
            skills: Vec::new(),
            capacity: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_a_look_at_all_gives(
            changes in proptest::collection::vec((0..90_u8, 0..6_u8, 0..4_u8, 0..9_i64), 1..120),
        ) {
            let (kept, mut board) = (Kept::default(), Board::default());
            for (number, state, team, since) in changes {
                let row = agent(number, state, team, since);
                let place = board.agents.place(&row.id).unwrap_or(board.agents.len());
                board.agents.set(place, row);
                if since % 3 == 0 {
                    continue;
                }
                for queue in ["q0", "q1", "q2", "q3", "none"].map(Label::from) {
                    let has_to_do = |a: &AgentRow| a.queue.as_ref() == Some(&queue) || a.queues.contains(&queue);
                    let expected: Vec<usize> = (0..).zip(board.agents.iter()).filter(|(_, a)| has_to_do(a)).map(|(place, _)| place).collect();
                    let mut found = kept.agents_of_queue(&board, &queue);
                    found.sort_unstable();
                    found.dedup();
                    prop_assert_eq!(found, expected);
                }
                let new = Kept::default();
                let (kept, new) = (kept.agents(&board), new.agents(&board));
                prop_assert_eq!(kept.teams(), new.teams());
                prop_assert_eq!(kept.names(), new.names());
                prop_assert_eq!(kept.ids(), new.ids());
                let ids: Vec<_> = board.agents.iter().map(|row| row.id.clone()).collect();
                prop_assert_eq!(&ids[..], &kept.ids()[..]);
                let states = |kept: &KeptAgents| kept.states().iter().map(|s| (s.state, s.since)).collect::<Vec<_>>();
                prop_assert_eq!(states(&kept), board.agents.iter().map(|a| (a.state, a.since)).collect::<Vec<_>>());
            }
        }
    }
}
