//! The current state, kept while events change it: open visits by queue, agents' states, and the rows of agents and of
//! waiting contacts. Only what changed is counted again, so that a board costs little however large the floor is.
//!
//! [`Engine::flush`](super::Engine) reports the contacts that changed, and `Engine::agent_record` the agents. An agent's
//! state that is announced to end is counted again at that time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Engine;
use super::agent_times::TimesSince;
use super::contact_store::ContactNo;
use super::facts::CellKey;
use super::interner::{AgentNo, Interner, NameNo, QueueNo, ReasonNo};
use super::live::{AgentRow, QueuePause, QueueRow, WaitingRow};
use super::repeats::VisitNo;
use super::rows::Rows;
use super::served_queues::{Activity, QueueActivities};
use super::timeline::RunningTimes;
use super::visit::{QueueVisit, VisitStage};
use crate::clock::{Span, Time};
use crate::event::AgentState;
use crate::kpi::{AgentTimes, Live};
use crate::text::Label;

/// How many starts of windows agents' times are kept for.
const MAX_STARTS: usize = 4;

/// The current state of a floor.
#[derive(Debug, Default)]
pub(super) struct CurrentState {
    /// The instant that it was brought up to date for; `None` where everything has to be counted anew.
    at: Option<Time>,
    /// What was counted of each open contact.
    visits: FxHashMap<ContactNo, SmallVec<[OpenVisit; 1]>>,
    /// By queue number, and of all queues and agents together.
    queues: Vec<QueueState>,
    all: QueueState,
    /// By agent number.
    agents: Vec<CountedAgent>,
    /// The agents to be counted again.
    changed: Vec<AgentNo>,
    /// When the states of agents end that are announced to.
    ends: BTreeSet<(Time, AgentNo)>,
    /// When to look whether the states of agents have lapsed, once for each.
    lapses: BTreeSet<(Time, AgentNo)>,
    /// The waiting contacts by when they joined, id, and number of the visit.
    waiting: BTreeMap<(Time, Label, usize), Arc<WaitingRow>>,
    /// The agents of whom any state is known, by name unless `unsorted`, and the number of each.
    rows: Rows<AgentRow>,
    row_agents: Vec<AgentNo>,
    unsorted: bool,
    /// Agents' times since the starts of windows that were asked for, the last first.
    starts: Vec<TimesSince>,
    /// The queues by name as they were last listed; of each its number, and how many origins it had.
    pub(super) queue_rows: (Rows<QueueRow>, Vec<(QueueNo, usize)>),
    /// By queue number, the mean handling times that these rows were made with.
    pub(super) queue_handling: Vec<Option<Span>>,
    /// The version of the sources' names in these rows.
    pub(super) sources_version: u64,
}

/// An open visit as it was counted.
#[derive(Debug)]
pub(super) struct OpenVisit {
    number: VisitNo,
    cell: CellKey,
    joined: Time,
    /// See [`QueueVisit::since`].
    since: Option<Time>,
    /// On an asynchronous channel.
    asynchronous: bool,
    /// When the first response is due, if it is and was not given.
    response_due: Option<Time>,
    ringing: AgentNo,
    /// The row of a waiting contact, or the conversation of its agent.
    stage: OpenStage,
}

#[derive(Debug)]
enum OpenStage {
    Waiting(Arc<WaitingRow>),
    Talking(AgentNo, Conversation),
}

/// When a conversation began, its contact and the queue; the newest one is shown.
type Conversation = (Option<Time>, Label, Label);

/// What is open in a queue, and who serves it.
#[derive(Debug, Default)]
struct QueueState {
    /// The visits that wait, by when they joined.
    waiting: BTreeSet<(Time, VisitNo)>,
    in_progress: i64,
    backlog: i64,
    /// The asynchronous visits without a response, by when it is due.
    unanswered: BTreeSet<(Time, VisitNo)>,
    staff: Staff,
    /// Whether anything was counted since [`CurrentState::takes_changes`].
    changed: bool,
}

/// Numbers of agents.
#[derive(Debug, Default)]
struct Staff {
    /// By state, in the order of [`AgentState::ALL`].
    states: [i64; AgentState::ALL.len()],
    /// Of the paused ones, by reason.
    paused: BTreeMap<ReasonNo, i64>,
}

/// An agent as it was counted.
#[derive(Debug, Default)]
struct CountedAgent {
    counted: Option<Activity>,
    queues: QueueActivities,
    /// How many contacts ring it.
    ringing: usize,
    conversations: SmallVec<[Conversation; 1]>,
    /// How its times go on.
    running: RunningTimes,
    /// Whether it is in `changed`.
    changed: bool,
    /// Whether it is in `lapses`.
    may_lapse: bool,
    /// Its place in `rows` while they are sorted.
    place: Option<usize>,
}

impl Staff {
    fn count(&mut self, (state, reason): Activity, sign: i64) {
        for (known, n) in AgentState::ALL.iter().zip(&mut self.states) {
            *n += if *known == state { sign } else { 0 };
        }
        if state == AgentState::Paused {
            let n = self.paused.entry(reason).or_default();
            *n += sign;
            if *n == 0 {
                self.paused.remove(&reason);
            }
        }
    }
}

impl QueueState {
    fn live(&self, now: Time, reasons: &Interner<ReasonNo>) -> Live {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut pause_reasons: Vec<_> =
            self.staff.paused.iter().map(|(reason, n)| (reasons.label(*reason), *n)).collect();
        pause_reasons.sort_unstable();
        Live {
            waiting: count(self.waiting.len()),
            longest_wait: self.waiting.first().map(|(joined, _)| now.since(*joined)),
            estimated_wait: None,
            unserved: None,
            oldest_callback: None,
            in_progress: self.in_progress,
            agents: self.staff.states,
            pause_reasons,
            backlog: self.backlog,
            aged_backlog: count(self.unanswered.iter().take_while(|(due, _)| *due < now).count()),
        }
    }

    fn count_staff(&mut self, activity: Activity, sign: i64) {
        self.staff.count(activity, sign);
        self.changed = true;
    }

    fn count(&mut self, visit: &OpenVisit, sign: i64) {
        self.changed = true;
        let change = |set: &mut BTreeSet<_>, at| {
            _ = if sign > 0 { set.insert((at, visit.number)) } else { set.remove(&(at, visit.number)) }
        };
        match visit.stage {
            OpenStage::Waiting(_) => change(&mut self.waiting, visit.joined),
            OpenStage::Talking(..) => self.in_progress += sign,
        }
        self.backlog += if visit.asynchronous { sign } else { 0 };
        if let Some(due) = visit.response_due {
            change(&mut self.unanswered, due);
        }
    }
}

impl CurrentState {
    /// Note that an agent may have changed.
    pub(super) fn mark_agent(&mut self, agent: AgentNo) {
        if self.at.is_some() && agent.is_known() {
            let entry = slot(&mut self.agents, agent.index());
            if !std::mem::replace(&mut entry.changed, true) {
                self.changed.push(agent);
            }
        }
    }

    /// The queues in which contacts wait, and how many do.
    pub(super) fn waited_for(&self) -> impl Iterator<Item = (QueueNo, i64)> {
        let waiting = |state: &QueueState| i64::try_from(state.waiting.len()).unwrap_or(i64::MAX);
        let queues = (0..).map(QueueNo::new).zip(self.queues.iter().map(waiting));
        queues.filter(|(_, waiting)| *waiting > 0)
    }

    /// The instant that it was brought up to date for; `None` where everything has to be counted anew.
    pub(super) const fn at(&self) -> Option<Time> {
        self.at
    }

    /// What is open.
    pub(super) fn open_visits(&self) -> impl Iterator<Item = &OpenVisit> {
        self.visits.values().flatten()
    }

    /// Whether any agent of a queue takes its contacts, now or after the present one; `None` where only agents might of whom
    /// it is not known what they do.
    pub(super) fn is_served(&self, queue: QueueNo) -> Option<bool> {
        let staff = self.queues.get(queue.index()).map(|state| &state.staff);
        let mut states = AgentState::ALL.into_iter().zip(staff.into_iter().flat_map(|staff| staff.states));
        let served = states.clone().any(|(state, n)| state.is_staffed() && state != AgentState::Paused && n > 0);
        let is_known = served || !states.any(|(state, n)| state == AgentState::Unknown && n > 0);
        is_known.then_some(served)
    }

    /// The state of a queue.
    pub(super) fn live_of(&self, queue: QueueNo, now: Time, reasons: &Interner<ReasonNo>) -> Live {
        self.queues.get(queue.index()).map_or_else(Live::default, |state| state.live(now, reasons))
    }

    /// Whether the state of a queue may be another than when this was last called: something was counted, or time passes for
    /// somebody who waits.
    pub(super) fn takes_changes(&mut self, queue: QueueNo) -> bool {
        let state = self.queues.get_mut(queue.index());
        state.is_some_and(|state| {
            std::mem::take(&mut state.changed) || !state.waiting.is_empty() || !state.unanswered.is_empty()
        })
    }

    /// The state of the whole floor.
    pub(super) fn live_of_all(&self, now: Time, reasons: &Interner<ReasonNo>) -> Live {
        self.all.live(now, reasons)
    }

    /// The agents of whom any state is known, by name.
    pub(super) const fn agent_rows(&self) -> &Rows<AgentRow> {
        &self.rows
    }

    /// The times of an agent from the start that was counted last until now.
    pub(super) fn times_of(&self, agent: AgentNo) -> AgentTimes {
        let before = self.starts.first().and_then(|times| *times.before.get(agent.index())?);
        let running = self.agents.get(agent.index()).map(|counted| counted.running);
        let times = running.zip(before).zip(self.at);
        times.map_or_else(AgentTimes::default, |((running, before), now)| running.since(before, now))
    }

    /// The same of all agents together.
    pub(super) fn times_of_all(&self) -> AgentTimes {
        let sum = self.starts.first().map(|times| times.sum);
        sum.zip(self.at).map_or_else(AgentTimes::default, |(sum, now)| sum.at(now))
    }

    /// The contacts waiting, the oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Arc<WaitingRow>> {
        self.waiting.values()
    }

    /// Count all anew when it is needed next.
    pub(super) fn forget(&mut self) {
        self.at = None;
    }

    /// Make the rows of queues anew when they are needed next: they hold their limits.
    pub(super) fn forget_limits(&mut self) {
        self.queue_rows = <_>::default();
    }

    fn count_visit(&mut self, visit: &OpenVisit, sign: i64) {
        slot(&mut self.queues, visit.cell.queue.index()).count(visit, sign);
        self.all.count(visit, sign);
        if visit.ringing.is_known() {
            let agent = slot(&mut self.agents, visit.ringing.index());
            agent.ringing = if sign > 0 { agent.ringing + 1 } else { agent.ringing.saturating_sub(1) };
            self.mark_agent(visit.ringing);
        }
        let index = visit.number.1;
        match &visit.stage {
            OpenStage::Waiting(row) => {
                let key = (visit.joined, row.contact.clone(), index);
                _ = if sign > 0 { self.waiting.insert(key, Arc::clone(row)) } else { self.waiting.remove(&key) };
            }
            OpenStage::Talking(agent, conversation) => {
                let entry = slot(&mut self.agents, agent.index());
                if sign > 0 {
                    entry.conversations.push(conversation.clone());
                } else if let Some(place) = entry.conversations.iter().position(|known| known == conversation) {
                    entry.conversations.swap_remove(place);
                }
                self.mark_agent(*agent);
            }
        }
    }

    /// Set the row of an agent, or remove it.
    fn set_row(&mut self, agent: AgentNo, row: Option<AgentRow>) {
        let known = self.agents.get(agent.index()).and_then(|entry| entry.place);
        match (known, row) {
            (None, None) => {}
            (Some(place), Some(row)) => {
                let known = self.rows.get(place);
                self.unsorted |= known.is_none_or(|known| known.name != row.name);
                if known != Some(&row) {
                    self.rows.set(place, row);
                }
            }
            (None, Some(row)) => {
                let place = self.row_agents.len();
                slot(&mut self.agents, agent.index()).place = Some(place);
                self.row_agents.push(agent);
                self.rows.set(place, row);
                self.unsorted = true;
            }
            (Some(place), None) => {
                self.row_agents.remove(place);
                self.rows.remove(place);
                slot(&mut self.agents, agent.index()).place = None;
                self.place_rows();
            }
        }
    }

    fn place_rows(&mut self) {
        for (place, agent) in self.row_agents.iter().enumerate() {
            if let Some(entry) = self.agents.get_mut(agent.index()) {
                entry.place = Some(place);
            }
        }
    }
}

/// A place in a table, which grows to have it.
fn slot<T: Default>(table: &mut Vec<T>, index: usize) -> &mut T {
    if table.len() <= index {
        table.resize_with(index + 1, T::default);
    }
    #[expect(clippy::indexing_slicing, reason = "resized just above")]
    &mut table[index]
}

impl OpenVisit {
    fn new(number: VisitNo, visit: &QueueVisit, stage: OpenStage) -> Self {
        let asynchronous = visit.channel.is_asynchronous();
        let owes = asynchronous && visit.rare().responded.is_none();
        Self {
            number,
            cell: visit.cell(),
            joined: visit.joined,
            since: visit.since(),
            asynchronous,
            response_due: owes.then(|| visit.joined + visit.channel.response_target()),
            ringing: visit.ringing,
            stage,
        }
    }

    pub(super) const fn number(&self) -> VisitNo {
        self.number
    }

    pub(super) const fn cell(&self) -> &CellKey {
        &self.cell
    }

    /// The contact's id.
    pub(super) fn contact(&self) -> &Label {
        match &self.stage {
            OpenStage::Waiting(row) => &row.contact,
            OpenStage::Talking(_, (_, contact, _)) => contact,
        }
    }

    /// Its place among others: first those who wait for somebody to pick up, then the conversations, then what waits for an
    /// answer in hours; of each the one that is in its state for longest.
    pub(super) const fn order(&self) -> (u8, Option<Time>) {
        let kind = match self.stage {
            OpenStage::Waiting(_) if self.asynchronous => 2,
            OpenStage::Waiting(_) => 0,
            OpenStage::Talking(..) => 1,
        };
        (kind, self.since)
    }
}

impl Engine {
    /// Bring the current state up to date. Time that goes back is rare, and everything is counted anew then.
    pub(super) fn update_current(&mut self, now: Time) {
        self.flush();
        // Those that were only named count as offline.
        if self.agent_records.len() < self.agents.len()
            && let Ok(last) = u32::try_from(self.agents.len() - 1)
        {
            self.agent_record(AgentNo::new(last));
        }
        if self.current.at.is_none_or(|at| now < at) {
            self.current = CurrentState { at: Some(now), ..CurrentState::default() };
            let open: Vec<ContactNo> = self.open_contacts.iter().copied().collect();
            for number in open {
                self.count_open_contact(number);
            }
            for number in 1..self.agent_records.len() {
                self.current.mark_agent(AgentNo::new(u32::try_from(number).unwrap_or(0)));
            }
        }
        self.current.at = Some(now);
        while let Some((_, agent)) = self.current.ends.first().copied().filter(|(end, _)| *end <= now) {
            self.current.ends.pop_first();
            self.current.mark_agent(agent);
        }
        while let Some((_, agent)) = self.current.lapses.first().copied().filter(|(at, _)| *at <= now) {
            self.current.lapses.pop_first();
            slot(&mut self.current.agents, agent.index()).may_lapse = false;
            self.current.mark_agent(agent);
        }
        for agent in std::mem::take(&mut self.current.changed) {
            self.count_agent(agent, now);
        }
        let current = &mut self.current;
        if std::mem::take(&mut current.unsorted) {
            current.rows.sort_with(&mut current.row_agents, |(_, a), (_, b)| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            current.place_rows();
        }
    }

    /// Count the open visits of a contact that changed.
    pub(super) fn count_open_contact(&mut self, number: ContactNo) {
        if self.current.at.is_none() {
            return;
        }
        for visit in self.current.visits.remove(&number).unwrap_or_default() {
            self.current.count_visit(&visit, -1);
        }
        let contact = self.contacts.get(number).filter(|contact| contact.is_open());
        let visits =
            contact.into_iter().flat_map(|contact| contact.visits.iter().enumerate().map(move |v| (contact, v)));
        let open: SmallVec<[OpenVisit; 1]> = visits
            .filter(|(_, (_, visit))| visit.stage.is_open())
            .map(|(contact, (index, visit))| {
                let stage = if visit.stage == VisitStage::Waiting {
                    OpenStage::Waiting(Arc::new(self.contact_now(contact, visit).into()))
                } else {
                    let conversation = (visit.answered, contact.id.clone(), self.queues.label(visit.queue));
                    OpenStage::Talking(visit.agent, conversation)
                };
                OpenVisit::new((number, index), visit, stage)
            })
            .collect();
        for visit in &open {
            self.current.count_visit(visit, 1);
        }
        if !open.is_empty() {
            self.current.visits.insert(number, open);
        }
    }

    /// Bring agents' times since `start` up to date, for [`CurrentState::times_of`] and [`CurrentState::times_of_all`].
    pub(super) fn count_times_since(&mut self, start: Time) {
        let Self { current, agent_records, .. } = self;
        let known = current.starts.iter().position(|times| times.start == start);
        let new = || TimesSince { start, before: vec![None], ..TimesSince::default() };
        let mut times = known.map_or_else(new, |place| current.starts.remove(place));
        times.uncounted.extend((0..).map(AgentNo::new).take(agent_records.len()).skip(times.before.len()));
        times.before.resize(agent_records.len(), None);
        for agent in std::mem::take(&mut times.uncounted) {
            let (record, counted) = (agent_records.get(agent.index()), current.agents.get(agent.index()));
            let (Some(record), Some(counted)) = (record, counted) else { continue };
            let before = record.timeline.totals_at(start);
            times.sum.count(&counted.running, before, 1);
            *slot(&mut times.before, agent.index()) = Some(before);
        }
        current.starts.insert(0, times);
        current.starts.truncate(MAX_STARTS);
    }

    /// Count an agent's state, and make the agent's row.
    fn count_agent(&mut self, agent: AgentNo, now: Time) {
        let Self { current, agent_records, queue_records, agents, teams, queues, reasons, settings, .. } = self;
        let counted = slot(&mut current.agents, agent.index());
        counted.changed = false;
        let Some(record) = agent_records.get_mut(agent.index()) else { return };
        let changed_from = record.timeline.take_changed_from();
        let known = record.timeline.activity(now, counted.ringing > 0, settings.agent_ttl);
        let served = record.queues.activities(known, queue_records);
        let before = counted.counted.replace(known);
        let served_before = std::mem::replace(&mut counted.queues, served.clone());
        if before != Some(known) {
            if let Some(before) = before {
                current.all.count_staff(before, -1);
            }
            current.all.count_staff(known, 1);
        }
        if served_before != served {
            for (all, sign) in [(&served_before, -1), (&served, 1)] {
                all.iter()
                    .for_each(|(queue, there)| slot(&mut current.queues, queue.index()).count_staff(*there, sign));
            }
        }
        let running = record.timeline.running_times(now);
        let before = std::mem::replace(&mut counted.running, running);
        current.starts.iter_mut().for_each(|times| times.change(agent, &before, &running, changed_from));
        current.ends.extend(record.timeline.next_change(now).map(|at| (at, agent)));
        let lapses_at = record.timeline.lapses_at(now, settings.agent_ttl).filter(|at| *at > now && !counted.may_lapse);
        counted.may_lapse |= lapses_at.is_some();
        current.lapses.extend(lapses_at.map(|at| (at, agent)));
        let newest = counted.conversations.iter().max_by(|(a, x, _), (b, y, _)| (a, x).cmp(&(b, y)));
        let (contact, queue) = newest.map(|(_, contact, queue)| (contact.clone(), queue.clone())).unzip();
        let row = record.timeline.state_unless_lapsed(now, settings.agent_ttl).map(|(.., since)| {
            let (id, profile) = (agents.label(agent), record.profile.as_ref());
            AgentRow {
                name: profile.and_then(|profile| profile.name.clone()).unwrap_or_else(|| id.clone()),
                skills: profile.map(|profile| profile.skills.clone()).unwrap_or_default(),
                capacity: profile.and_then(|profile| profile.capacity),
                id,
                team: teams.label(record.team),
                state: known.0,
                reason: reasons.label(known.1),
                since,
                queue,
                contact,
                queues: served.iter().map(|(queue, _)| queues.label(*queue)).collect(),
                pauses: served
                    .iter()
                    .filter(|(_, there)| there.0 == AgentState::Paused && known.0 != AgentState::Paused)
                    .map(|(queue, (_, reason))| QueuePause {
                        queue: queues.label(*queue),
                        reason: reasons.label(*reason),
                    })
                    .collect(),
            }
        });
        current.set_row(agent, row);
    }
}

#[cfg(test)]
mod tests;
