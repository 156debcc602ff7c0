//! The current state: waiting contacts, conversations, agents' states.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contact::Contact;
use super::facts::Measure;
use super::groups::{Grouped, ResolvedSlice};
use super::interner::{AgentNo, DimValue, NameNo, QueueNo};
use super::rows::{FoundRow, Rows};
use super::view::Group;
use super::visit::{QueueVisit, VisitStage};
use super::{Engine, QueueRecord};
use crate::clock::{Span, Time};
use crate::event::{AgentState, Channel};
use crate::kpi::{Bands, Dim, KpiId, Live};
use crate::text::Label;

/// The live state of a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueRow {
    /// The id, as in slices.
    pub id: Label,
    /// The display name.
    pub name: Label,
    /// The channel.
    pub channel: Channel,
    /// The service level's answer time T.
    pub service_level: Span,
    /// The bands of the KPIs for which it has others than the catalogue.
    #[serde(rename = "lines")]
    pub bands: Vec<(KpiId, Bands)>,
    /// The names of the sources that report on it; empty when unknown.
    #[serde(default)]
    pub sources: Vec<Label>,
    /// The live figures.
    pub live: Live,
}

/// Which sources' events name which origins.
#[derive(Clone, Copy)]
pub struct SourceNames<'a> {
    /// Changes when the names do.
    pub version: u64,
    /// The names of the sources whose events name one of these origins.
    pub of: &'a dyn Fn(&[Label]) -> Vec<Label>,
}

impl SourceNames<'_> {
    /// Sources with the names of their origins.
    pub const ORIGINS: Self = SourceNames { version: 0, of: &<[Label]>::to_vec };
}

/// The live state of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentRow {
    /// The id, as in slices.
    pub id: Label,
    /// The display name.
    pub name: Label,
    /// The team; empty when unknown.
    pub team: Label,
    /// What the agent is doing.
    pub state: AgentState,
    /// The reason of a pause; empty when unknown.
    pub reason: Label,
    /// When the agent entered this state.
    pub since: Time,
    /// The queue of the current contact.
    pub queue: Option<Label>,
    /// The current contact.
    pub contact: Option<Label>,
    /// The queues that the agent serves; empty when no source reports it.
    pub queues: Vec<Label>,
    /// The pauses in some of these queues alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<QueuePause>,
    /// The agent's skills; empty when no source names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<Label>,
    /// How many contacts the agent has at a time at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

/// The pause of an agent in one queue, who takes contacts of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuePause {
    /// The queue.
    pub queue: Label,
    /// The reason; empty when unknown.
    pub reason: Label,
}

impl FoundRow for QueueRow {
    fn id(&self) -> &Label {
        &self.id
    }
}

impl FoundRow for AgentRow {
    fn id(&self) -> &Label {
        &self.id
    }
}

/// A waiting contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingRow {
    /// The contact's id.
    pub contact: Label,
    /// The queue.
    pub queue: Label,
    /// The channel.
    pub channel: Channel,
    /// What it is about; empty when unknown.
    pub intent: Label,
    /// The customer; empty when unknown.
    pub customer: Label,
    /// When it joined the queue.
    pub since: Time,
    /// Its position in the queue when it joined, from 1.
    pub position: Option<u32>,
    /// The priority, where the source reports one.
    pub priority: Option<i32>,
    /// The agent whose phone rings for it.
    pub ringing: Option<Label>,
}

/// One visit of a contact to a queue: waiting, in progress or over.
#[derive(Clone, Debug)]
pub struct ContactNow {
    /// The contact's id.
    pub contact: Label,
    /// The queue joined.
    pub queue: Label,
    /// The intent; empty where unknown.
    pub intent: Label,
    /// The customer; empty where unknown.
    pub customer: Label,
    /// The agent who answered; empty where none has.
    pub agent: Label,
    /// The agent being rung, while it waits.
    pub ringing: Option<Label>,
    /// The channel of the contact.
    pub channel: Channel,
    /// When it joined the queue.
    pub joined: Time,
    /// Since when it waits, talks or is on hold; `None` where that is not known, and once it has ended.
    pub since: Option<Time>,
    /// Whether it is on hold.
    pub on_hold: bool,
    /// When it left the queue unanswered, or the conversation ended.
    pub ended: Option<Time>,
    /// `waiting`, `talking`, `handled`, `transferred`, `abandoned`, `left: REASON` or `unknown`.
    pub outcome: Label,
    /// Its position in the queue on joining, from 1.
    pub position: Option<u32>,
    /// Its priority, as the source gives it.
    pub priority: Option<i32>,
    /// The wait; `None` while it lasts and where it is unknown.
    pub wait: Option<Span>,
    /// Talk time without hold; `None` while it lasts and where it is unknown.
    pub talk: Option<Span>,
    /// Time on hold so far.
    pub hold: Span,
    /// After-contact work; zero where none is known.
    pub acw: Span,
    /// The last satisfaction score, on a scale of 1–5.
    pub csat: Option<f64>,
    /// Whether it repeats an earlier contact of the customer within `fcr_window`.
    pub repeat: bool,
}

impl Engine {
    pub(super) fn open_visits(&self) -> impl Iterator<Item = (&Contact, &QueueVisit)> {
        self.open_contacts
            .iter()
            .filter_map(|number| self.contacts.get(*number))
            .flat_map(|contact| contact.visits.iter().filter(|v| v.stage.is_open()).map(move |v| (contact, v)))
    }

    /// The agents that a waiting contact rings.
    fn ringing(&self) -> FxHashSet<AgentNo> {
        self.open_visits().map(|(_, visit)| visit.ringing).filter(|agent| agent.is_known()).collect()
    }

    /// The current state of a slice, in total and of each group. An agent may be part of the slice, and of no group.
    pub(super) fn live_by_group(&self, now: Time, of: Option<&ResolvedSlice>, by: &[Dim]) -> Grouped<Live> {
        let mut live = Grouped::<Live>::default();
        let Some(of) = of else { return live };
        for (_, visit) in self.open_visits() {
            let Some(group) = self.group_of(Some(of), by, &visit.cell()) else { continue };
            let is_served = self.is_served(visit.queue);
            count_contact(&mut live.total, visit, is_served, now);
            count_contact(live.groups.entry(group).or_default(), visit, is_served, now);
        }
        let ringing = self.ringing();
        for (agent, record) in (0..).map(AgentNo::new).zip(&self.agent_records).skip(1) {
            if self.agent_groups(agent, of, &[]).is_empty() {
                continue;
            }
            let own = record.timeline.activity(now, ringing.contains(&agent), self.settings.agent_ttl);
            let count = |live: &mut Live, queue: Option<QueueNo>| {
                let (state, reason) = self.activity_in(agent, own, queue);
                let reason = (state == AgentState::Paused).then(|| self.reasons.label(reason));
                count_agent(live, state, reason.as_ref());
            };
            count(&mut live.total, Self::queue_of_group(of, &[], Group::default()));
            for group in self.agent_groups(agent, of, by) {
                count(live.groups.entry(group).or_default(), Self::queue_of_group(of, by, group));
            }
        }
        live
    }

    /// Whether anybody serves a queue, as the current state has it; `None` where no source says who does, or whether they are there.
    fn is_served(&self, queue: QueueNo) -> Option<bool> {
        let record = self.queue_records.get(queue.index())?;
        if record.knows_agents { self.current.is_served(queue) } else { None }
    }

    /// The current state, of all queues together and of each that is `wanted`, or of each.
    pub(super) fn live_by_queue(&self, now: Time, wanted: Option<&FxHashSet<DimValue>>) -> Grouped<Live> {
        let of_queue = |queue: QueueNo| ([queue.value(), DimValue::default()], self.live_of(queue, now));
        let queues = (0..)
            .map(QueueNo::new)
            .take(self.queues.len())
            .filter(|queue| wanted.is_none_or(|wanted| wanted.contains(&queue.value())));
        let count = wanted.map_or(self.queues.len(), FxHashSet::len);
        let mut groups = FxHashMap::with_capacity_and_hasher(count, FxBuildHasher);
        groups.extend(queues.map(of_queue));
        Grouped { total: self.live_of_all(now), groups }
    }

    /// The current state of a queue.
    fn live_of(&self, queue: QueueNo, now: Time) -> Live {
        let mut live = self.current.live_of(queue, now, &self.reasons);
        let is_served = self.is_served(queue).filter(|_| live.waiting > 0);
        live.unserved = is_served.map(|is_served| if is_served { 0 } else { live.waiting });
        live.oldest_callback = self.oldest_callbacks.get(&queue).copied();
        live
    }

    /// Take over since when the oldest call-back of each queue is open: a worklist knows it.
    pub fn set_oldest_callbacks(&mut self, oldest: &FxHashMap<Label, Time>) {
        let known = oldest.iter().filter_map(|(queue, since)| Some((self.queues.find(queue.as_str())?, *since)));
        self.oldest_callbacks = known.collect();
    }

    /// The current state of the whole floor.
    fn live_of_all(&self, now: Time) -> Live {
        let mut live = self.current.live_of_all(now, &self.reasons);
        for (queue, waiting) in self.current.waited_for() {
            if let Some(is_served) = self.is_served(queue) {
                *live.unserved.get_or_insert(0) += if is_served { 0 } else { waiting };
            }
        }
        live.oldest_callback = self.oldest_callbacks.values().min().copied();
        live
    }

    /// The expected wait of a contact that joins a queue now (docs/kpis.md, `estimated_wait`): the contacts ahead of it,
    /// times the mean handling time of the last hour, divided by the agents serving the queue. `None` where nothing
    /// was handled in the last hour.
    pub(super) fn estimated_wait(live: &Live, handling: Option<Span>) -> Option<Span> {
        let [on_contact, ringing, after, available, ..] = live.agents;
        let serving = (on_contact + ringing + after + available).max(1);
        let ahead = (live.waiting + 1 - available).max(0);
        Some(Span(handling?.0 * ahead / serving))
    }

    /// All queues, sorted by name. Where no event is known of one, it shows what a source observed in the last hour.
    pub fn queues_now(&mut self, now: Time, sources: SourceNames<'_>) -> Rows<QueueRow> {
        self.update_current(now);
        let handling = self.mean_handling(now);
        let (mut rows, mut places) = std::mem::take(&mut self.current.queue_rows);
        let relinked = std::mem::replace(&mut self.current.sources_version, sources.version) != sources.version;
        places.extend(
            (0..).map(|number| (QueueNo::new(number), 0)).take(self.queue_records.len()).skip(places.len() + 1),
        );
        let mut unsorted = false;
        let handling_before = std::mem::replace(&mut self.current.queue_handling, handling);
        let observes = !self.observed.live_queues().is_empty();
        for (place, (queue, origins)) in places.iter_mut().enumerate() {
            let Some(record) = self.queue_records.get(queue.index()) else { continue };
            let mean = |handling: &[Option<Span>]| handling.get(queue.index()).copied().flatten();
            let handling = mean(&self.current.queue_handling);
            let before = rows.get(place);
            let callback = self.oldest_callbacks.get(queue).copied();
            let changes = self.current.takes_changes(*queue)
                || observes
                || handling != mean(&handling_before)
                || before.is_some_and(|before| before.live.oldest_callback != callback);
            let live = if let Some(before) = before.filter(|_| !changes) {
                Cow::Borrowed(&before.live)
            } else {
                let mut live = self.live_of(*queue, now);
                if !self.observed.fill_live(*queue, &mut live, now) {
                    live.estimated_wait = Self::estimated_wait(&live, handling);
                }
                Cow::Owned(live)
            };
            let (channel, service_level) = (record.channel.unwrap_or_default(), self.limits.service_level(*queue));
            let name = record.profile.as_ref().and_then(|profile| profile.name.as_ref());
            let named = before.filter(|row| row.name == *name.unwrap_or(&row.id));
            let same = named.filter(|row| !relinked && (row.channel, row.service_level) == (channel, service_level));
            let row = match same.filter(|_| *origins == record.origins.len()) {
                Some(row) if row.live == *live => continue,
                Some(QueueRow { id, name, bands, sources, .. }) => {
                    let (id, name, bands, sources) = (id.clone(), name.clone(), bands.clone(), sources.clone());
                    QueueRow { id, name, channel, service_level, bands, sources, live: live.into_owned() }
                }
                None => {
                    let id = self.queues.label(*queue);
                    let bands = self.own_bands(Some(&id));
                    let sources = (sources.of)(&self.origins_of(record));
                    let name = name.cloned().unwrap_or_else(|| id.clone());
                    QueueRow { id, name, channel, service_level, bands, sources, live: live.into_owned() }
                }
            };
            unsorted |= named.is_none();
            *origins = record.origins.len();
            rows.set(place, row);
        }
        if unsorted {
            rows.sort_with(&mut places, |((a, _), x), ((b, _), y)| (&x.name, a).cmp(&(&y.name, b)));
        }
        self.current.queue_rows = (rows.clone(), places);
        rows
    }

    /// The queues, and the sources that report on each in the order of their first event.
    pub fn queue_origins(&self) -> impl Iterator<Item = (&Label, Vec<Label>)> {
        self.queues.labels().zip(&self.queue_records).skip(1).map(|(id, record)| (id, self.origins_of(record)))
    }

    fn origins_of(&self, record: &QueueRecord) -> Vec<Label> {
        record.origins.iter().map(|origin| self.origins.label(*origin)).collect()
    }

    /// The bands of a queue, or else of the floor, that are not the catalogue's.
    #[must_use]
    pub fn own_bands(&self, queue: Option<&Label>) -> Vec<(KpiId, Bands)> {
        let own = queue.and_then(|queue| self.settings.queues.get(queue));
        let own = own.into_iter().flat_map(|own| own.targets.keys());
        // The channel decides about those of waits.
        let by_channel = [KpiId::Asa, KpiId::LongestWait, KpiId::Frt];
        let may_differ: BTreeSet<KpiId> = self.settings.targets.keys().chain(own).chain(&by_channel).copied().collect();
        let bands = may_differ.into_iter().map(|kpi| (kpi, self.bands(kpi, queue, None)));
        bands.filter(|(kpi, bands)| *bands != kpi.def().bands).collect()
    }

    /// The current state of the whole floor.
    ///
    /// Contacts that sources only counted are added. Agents are not: one who serves two queues is counted in both.
    pub fn total_now(&mut self, now: Time) -> Live {
        self.update_current(now);
        let mut total = self.live_of_all(now);
        for queue in self.observed.live_queues() {
            let mut live = self.live_of(queue, now);
            if self.observed.fill_live(queue, &mut live, now) {
                total.waiting += live.waiting;
                total.longest_wait = total.longest_wait.max(live.longest_wait);
                total.in_progress += live.in_progress;
                total.backlog += live.backlog;
                total.aged_backlog += live.aged_backlog;
            }
        }
        total
    }

    /// All agents of whom any state is known, sorted by name.
    pub fn agents_now(&mut self, now: Time) -> Rows<AgentRow> {
        self.update_current(now);
        self.current.agent_rows().clone()
    }

    /// The contacts waiting, the oldest first.
    pub fn waiting_now(&mut self, now: Time) -> Rows<WaitingRow> {
        self.update_current(now);
        self.current.waiting().cloned().collect::<Vec<_>>().into()
    }

    pub(super) fn contact_now(&self, contact: &Contact, visit: &QueueVisit) -> ContactNow {
        let csat = visit.rare().added_facts.iter().rev().find(|e| e.measure == Measure::Csat);
        #[expect(clippy::cast_precision_loss, reason = "a score in millionths")]
        let csat = csat.map(|e| e.value as f64 / 1e6);
        ContactNow {
            contact: contact.id.clone(),
            queue: self.queues.label(visit.queue),
            intent: self.intents.label(visit.intent),
            customer: self.customers.label(visit.customer),
            agent: self.agents.label(visit.agent),
            ringing: visit.ringing.is_known().then(|| self.agents.label(visit.ringing)),
            channel: visit.channel,
            joined: visit.joined,
            since: visit.since(),
            on_hold: visit.rare().held_since.is_some(),
            ended: visit.ended,
            outcome: outcome(visit.stage),
            position: visit.position,
            priority: visit.rare().priority,
            wait: visit.wait,
            talk: visit.talk,
            hold: visit.hold,
            acw: visit.acw.map_or(Span::ZERO, |(_, acw)| acw),
            csat,
            repeat: visit.repeat_status.repeat,
        }
    }
}

impl From<ContactNow> for WaitingRow {
    fn from(contact: ContactNow) -> Self {
        let ContactNow { contact, queue, channel, intent, customer, joined, position, priority, ringing, .. } = contact;
        Self { contact, queue, channel, intent, customer, since: joined, position, priority, ringing }
    }
}

fn outcome(stage: VisitStage) -> Label {
    match stage {
        VisitStage::Waiting => Label::fixed("waiting"),
        VisitStage::Talking => Label::fixed("talking"),
        VisitStage::Completed => Label::fixed("handled"),
        VisitStage::Transferred => Label::fixed("transferred"),
        VisitStage::Abandoned => Label::fixed("abandoned"),
        VisitStage::Left(reason) => Label::new(&format!("left: {}", reason.key())),
        VisitStage::Lost { .. } | VisitStage::Void => Label::fixed("unknown"),
    }
}

fn count_contact(live: &mut Live, visit: &QueueVisit, is_served: Option<bool>, now: Time) {
    let age = now.since(visit.joined);
    if visit.stage == VisitStage::Waiting {
        live.waiting += 1;
        if let Some(is_served) = is_served {
            *live.unserved.get_or_insert(0) += i64::from(!is_served);
        }
        live.longest_wait = live.longest_wait.max(Some(age));
    } else {
        live.in_progress += 1;
    }
    if visit.channel.is_asynchronous() {
        live.backlog += 1;
        if age > visit.channel.response_target() && visit.rare().responded.is_none() {
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
