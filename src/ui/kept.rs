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
            queue: None,
            contact: None,
            queues: Vec::new(),
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
