//! What stands now: waiting contacts, conversations, agents' states.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};

use super::Engine;
use super::facts::Cell;
use super::visit::{Stage, Visit};
use crate::clock::{Span, Time};
use crate::event::{AgentState, Channel};
use crate::kpi::{Bands, CATALOGUE, Dim, KpiId, Live, Tally};
use crate::text::Label;

/// A queue now.
#[derive(Clone, Debug)]
pub struct QueueNow {
    /// Its id.
    pub id: Label,
    /// The name to show.
    pub name: Label,
    /// Its channel.
    pub channel: Channel,
    /// Its service level's threshold T.
    pub service_level: Span,
    /// The lines it is judged by, where they differ from the catalogue's.
    pub lines: Vec<(KpiId, Bands)>,
    /// Who tells of it, the first first.
    pub origins: Vec<Label>,
    /// What stands now.
    pub live: Live,
}

/// An agent now.
#[derive(Clone, Debug)]
pub struct AgentNow {
    /// Its id.
    pub id: Label,
    /// The name to show.
    pub name: Label,
    /// The team.
    pub team: Label,
    /// The state.
    pub state: AgentState,
    /// Why.
    pub reason: Label,
    /// Since when.
    pub since: Time,
    /// The contact in hand and its queue.
    pub contact: Option<(Label, Label)>,
    /// The queues served.
    pub queues: Vec<Label>,
}

/// A contact that is waiting, in progress or over.
#[derive(Clone, Debug)]
pub struct ContactNow {
    /// Its id.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The intent; empty where unknown.
    pub intent: Label,
    /// The customer; empty where unknown.
    pub customer: Label,
    /// The agent; empty where none.
    pub agent: Label,
    /// The agent being rung.
    pub ringing: Option<Label>,
    /// The channel.
    pub channel: Channel,
    /// When it joined.
    pub joined: Time,
    /// When it was over.
    pub ended: Option<Time>,
    /// How it stands or ended.
    pub outcome: Label,
    /// Its place on joining.
    pub position: Option<u32>,
    /// Its priority.
    pub priority: Option<i32>,
    /// The wait that ended.
    pub wait: Option<Span>,
    /// Talk time.
    pub talk: Option<Span>,
    /// Time on hold.
    pub hold: Span,
    /// After-contact work.
    pub acw: Span,
    /// Satisfaction on 1–5.
    pub csat: Option<f64>,
    /// It repeats an earlier one.
    pub repeat: bool,
}

/// Which groups of a question something belongs to.
pub(super) type Groups = SmallVec<[[u32; 2]; 4]>;

impl Engine {
    pub(super) fn open_visits(&self) -> impl Iterator<Item = (&super::calls::Call, &Visit)> {
        self.open
            .iter()
            .filter_map(|id| self.calls.get(*id))
            .flat_map(|call| call.visits.iter().filter(|v| v.stage.is_open()).map(move |v| (call, v)))
    }

    /// Agents that a waiting contact rings.
    fn ringing(&self) -> FxHashSet<u32> {
        self.open_visits().map(|(_, visit)| visit.ringing).filter(|agent| *agent != 0).collect()
    }

    /// What stands now by group, and in all groups together. `agents` tells the groups an agent belongs to.
    pub(super) fn lives(
        &self,
        now: Time,
        contacts: &dyn Fn(&Cell) -> Option<[u32; 2]>,
        agents: &dyn Fn(u32) -> Groups,
    ) -> (Live, FxHashMap<[u32; 2], Live>) {
        let mut total = Live::default();
        let mut groups: FxHashMap<[u32; 2], Live> = FxHashMap::default();
        for (_, visit) in self.open_visits() {
            let cell = Cell { queue: visit.queue, intent: visit.intent, agent: visit.agent, channel: visit.channel };
            let Some(group) = contacts(&cell) else { continue };
            for live in [&mut total, groups.entry(group).or_default()] {
                count_contact(live, visit, now);
            }
        }
        let ringing = self.ringing();
        for (id, agent) in (0u32..).zip(&self.agent_facts).skip(1) {
            let in_groups = agents(id);
            if in_groups.is_empty() {
                continue;
            }
            let (state, reason) = agent.line.state(now).map_or((AgentState::Offline, 0), |(s, r, _)| (s, r));
            let state = if ringing.contains(&id) { rung(state) } else { state };
            let reason = (state == AgentState::Paused).then(|| self.reasons.label(reason));
            count_agent(&mut total, state, reason.as_ref());
            for group in in_groups {
                count_agent(groups.entry(group).or_default(), state, reason.as_ref());
            }
        }
        (total, groups)
    }

    /// The groups an agent belongs to: for a question by queue, each queue served; none for one that cuts by what
    /// agents have no part in (intents, channels).
    pub(super) fn agent_groups(&self, agent: u32, of: &[(Dim, u32)], by: &[Dim]) -> Groups {
        let Some(facts) = self.agent_facts.get(agent as usize) else { return Groups::new() };
        let values = |dim: Dim| -> SmallVec<[u32; 4]> {
            match dim {
                Dim::Queue => facts.queues.iter().copied().collect(),
                Dim::Agent => smallvec![agent],
                Dim::Team => smallvec![facts.team],
                Dim::Intent | Dim::Channel => SmallVec::new(),
            }
        };
        if !of.iter().all(|(dim, id)| values(*dim).contains(id)) {
            return Groups::new();
        }
        match by {
            [] => smallvec![[0, 0]],
            [one] => values(*one).iter().map(|v| [*v, 0]).collect(),
            [one, two, ..] => {
                let (ones, twos) = (values(*one), values(*two));
                ones.iter().flat_map(|a| twos.iter().map(|b| [*a, *b])).collect()
            }
        }
    }

    /// The expected wait of a contact joining a queue now: so many have to be served first, by so many agents, each
    /// taking the mean handling time of the last hour. `None` where nothing was handled to go by.
    pub(super) fn estimated_wait(live: &Live, last_hour: Option<&Tally>) -> Option<Span> {
        let tally = last_hour.filter(|t| t.handle.n > 0)?;
        let [on_contact, ringing, after, available, ..] = live.agents;
        let serving = (on_contact + ringing + after + available).max(1);
        let ahead = (live.waiting + 1 - available).max(0);
        Some(Span((tally.talk + tally.hold + tally.acw) / tally.handle.n * ahead / serving))
    }

    /// The queues now, by name.
    pub fn queues_now(&mut self, now: Time) -> Vec<QueueNow> {
        self.write_up();
        let contacts = |cell: &Cell| Some([cell.queue, 0]);
        let (_, mut groups) = self.lives(now, &contacts, &|agent| self.agent_groups(agent, &[], &[Dim::Queue]));
        let handled = self.handled_last_hour(now);
        let mut out: Vec<QueueNow> = (1u32..)
            .zip(self.queue_facts.iter().skip(1))
            .map(|(id, facts)| {
                let name = self.queues.label(id);
                let mut live = groups.remove(&[id, 0]).unwrap_or_default();
                if !self.observed.stand_in(id, &mut live, now) {
                    live.estimated_wait = Self::estimated_wait(&live, handled.get(&id));
                }
                QueueNow {
                    lines: self.own_lines(&name),
                    name: facts.profile.as_ref().and_then(|p| p.name.clone()).unwrap_or_else(|| name.clone()),
                    id: name,
                    channel: channel(facts.channel.unwrap_or(0)),
                    service_level: self.lines.service_level(id),
                    origins: facts.origins.iter().map(|origin| self.origins.label(*origin)).collect(),
                    live,
                }
            })
            .collect();
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out
    }

    /// The lines of a queue that aren't the catalogue's.
    fn own_lines(&self, queue: &Label) -> Vec<(KpiId, Bands)> {
        let lines = CATALOGUE.iter().map(|kpi| (kpi, self.bands(kpi.id, Some(queue), None)));
        lines.filter(|(kpi, bands)| *bands != kpi.bands).map(|(kpi, bands)| (kpi.id, bands)).collect()
    }

    /// The whole floor now.
    pub fn total_now(&mut self, now: Time) -> Live {
        self.write_up();
        self.lives(now, &|_| Some([0, 0]), &|_| smallvec![[0, 0]]).0
    }

    /// The agents now, by name. Those who were never anything but offline are left out.
    pub fn agents_now(&mut self, now: Time) -> Vec<AgentNow> {
        self.write_up();
        let mut hands: FxHashMap<u32, (Label, Label)> = FxHashMap::default();
        for (call, visit) in self.open_visits().filter(|(_, v)| v.stage == Stage::Talking) {
            hands.insert(visit.agent, (call.id.clone(), self.queues.label(visit.queue)));
        }
        let ringing = self.ringing();
        let mut out: Vec<AgentNow> = (1u32..)
            .zip(self.agent_facts.iter().skip(1))
            .filter_map(|(id, facts)| {
                let (state, reason, since) = facts.line.state(now)?;
                let state = if ringing.contains(&id) { rung(state) } else { state };
                let name = self.agents.label(id);
                Some(AgentNow {
                    name: facts.profile.as_ref().and_then(|p| p.name.clone()).unwrap_or_else(|| name.clone()),
                    id: name,
                    team: self.teams.label(facts.team),
                    state,
                    reason: self.reasons.label(reason),
                    since,
                    contact: hands.remove(&id),
                    queues: facts.queues.iter().map(|q| self.queues.label(*q)).collect(),
                })
            })
            .collect();
        out.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        out
    }

    /// Contacts waiting, oldest first.
    pub fn waiting_now(&self) -> Vec<ContactNow> {
        let mut out: Vec<ContactNow> = self
            .open_visits()
            .filter(|(_, v)| v.stage == Stage::Waiting)
            .map(|(call, visit)| self.contact_now(call, visit))
            .collect();
        out.sort_by(|a, b| (a.joined, &a.contact).cmp(&(b.joined, &b.contact)));
        out
    }

    pub(super) fn contact_now(&self, call: &super::calls::Call, visit: &Visit) -> ContactNow {
        use super::facts::Count;
        let csat = visit.rare().extras.iter().rev().find(|e| e.count == Count::Csat);
        #[expect(clippy::cast_precision_loss, reason = "a score in millionths")]
        let csat = csat.map(|e| e.value as f64 / 1e6);
        ContactNow {
            contact: call.id.clone(),
            queue: self.queues.label(visit.queue),
            intent: self.intents.label(visit.intent),
            customer: self.customers.label(visit.customer),
            agent: self.agents.label(visit.agent),
            ringing: (visit.ringing != 0).then(|| self.agents.label(visit.ringing)),
            channel: channel(visit.channel),
            joined: visit.joined,
            ended: visit.ended,
            outcome: outcome(visit.stage),
            position: visit.position,
            priority: visit.rare().priority,
            wait: visit.wait,
            talk: visit.talk,
            hold: visit.hold,
            acw: visit.acw.map_or(Span::ZERO, |(_, acw)| acw),
            csat,
            repeat: visit.history.repeat,
        }
    }
}

pub(super) fn channel(number: u8) -> Channel {
    Channel::ALL.get(usize::from(number)).copied().unwrap_or_default()
}

/// An agent who would be free is being rung; whoever is busy or away stays so.
const fn rung(state: AgentState) -> AgentState {
    match state {
        AgentState::Available => AgentState::Ringing,
        busy => busy,
    }
}

fn outcome(stage: Stage) -> Label {
    match stage {
        Stage::Waiting => Label::fixed("waiting"),
        Stage::Talking => Label::fixed("talking"),
        Stage::Completed => Label::fixed("handled"),
        Stage::Transferred => Label::fixed("transferred"),
        Stage::Abandoned => Label::fixed("abandoned"),
        Stage::Left(reason) => Label::new(&format!("left: {}", reason.key())),
        Stage::Lost { .. } | Stage::Void => Label::fixed("unknown"),
    }
}

fn count_contact(live: &mut Live, visit: &Visit, now: Time) {
    let age = now.since(visit.joined);
    if visit.stage == Stage::Waiting {
        live.waiting += 1;
        live.longest_wait = live.longest_wait.max(Some(age));
    } else {
        live.in_progress += 1;
    }
    let channel = channel(visit.channel);
    if channel.is_asynchronous() {
        live.backlog += 1;
        if age > channel.response_target() && visit.rare().responded.is_none() {
            live.aged_backlog += 1;
        }
    }
}

fn count_agent(live: &mut Live, state: AgentState, reason: Option<&Label>) {
    for (known, n) in AgentState::ALL.iter().zip(&mut live.agents) {
        *n += i64::from(*known == state);
    }
    if let Some(reason) = reason {
        match live.pause_reasons.binary_search_by(|(r, _)| r.cmp(reason)) {
            Ok(at) => {
                if let Some((_, n)) = live.pause_reasons.get_mut(at) {
                    *n += 1;
                }
            }
            Err(at) => live.pause_reasons.insert(at, (reason.clone(), 1)),
        }
    }
}
