//! The queues that an agent serves, and what each of them knows of the agent.
//!
//! A source that knows the members of its queues names all queues of an agent at once. Where no source knows them, an
//! agent serves the queues of a profile, or without one those whose contacts the agent has answered.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::interner::{AgentNo, NameNo, OriginNo, QueueNo, ReasonNo};
use super::{AgentRecord, Engine, QueueRecord};
use crate::event::{AgentState, Membership};
use crate::text::Label;

/// What an agent is doing, with the reason of a pause.
pub(super) type Activity = (AgentState, ReasonNo);

/// An agent's queues, each with what the agent is doing as far as that queue goes.
pub(super) type QueueActivities = SmallVec<[(QueueNo, Activity); 4]>;

/// The queues of one agent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ServedQueues(Vec<ServedQueue>);

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ServedQueue {
    queue: QueueNo,
    /// The source that says so; unknown for what a profile or an answered contact says.
    origin: OriginNo,
    /// What keeps the agent from the contacts of this queue alone.
    state: Option<Activity>,
}

impl ServedQueues {
    /// Replace what `origin` says.
    fn replace(&mut self, origin: OriginNo, queues: impl Iterator<Item = (QueueNo, Option<Activity>)>) {
        self.0.retain(|served| served.origin != origin);
        self.0.extend(queues.map(|(queue, state)| ServedQueue { queue, origin, state }));
    }

    /// The agent has answered a contact of a queue.
    fn learn(&mut self, queue: QueueNo) {
        if !self.0.iter().any(|served| served.queue == queue) {
            self.0.push(ServedQueue { queue, origin: OriginNo::UNKNOWN, state: None });
        }
    }

    /// The queues of an agent who is doing `own`, each with what the agent is doing there.
    pub(super) fn activities(&self, own: Activity, queues: &[QueueRecord]) -> QueueActivities {
        let mut out = QueueActivities::new();
        for served in &self.0 {
            let knows_agents = queues.get(served.queue.index()).is_some_and(|queue| queue.knows_agents);
            if served.origin.is_known() != knows_agents || out.iter().any(|(queue, _)| *queue == served.queue) {
                continue;
            }
            let there =
                served.state.filter(|(state, _)| own.0 == AgentState::Available || *state == AgentState::Offline);
            out.push((served.queue, there.unwrap_or(own)));
        }
        out
    }
}

impl AgentRecord {
    /// The queues served.
    pub(super) fn queues(&self, queues: &[QueueRecord]) -> impl Iterator<Item = QueueNo> {
        self.queues.activities((AgentState::Available, ReasonNo::UNKNOWN), queues).into_iter().map(|(queue, _)| queue)
    }

    /// An agent without a profile serves the queues whose contacts the agent has answered.
    pub(super) fn learn_queue(&mut self, queue: QueueNo) {
        if self.profile.is_none() && queue.is_known() {
            self.queues.learn(queue);
        }
    }
}

impl Engine {
    /// A profile names the queues of an agent; none where it does not say.
    pub(super) fn profile_queues(&mut self, agent: &Label, queues: &[Label]) {
        let queues: Vec<_> = queues.iter().map(|queue| (self.intern_queue(queue, OriginNo::UNKNOWN), None)).collect();
        let record = self.agent_record_by_name(agent);
        if !queues.is_empty() {
            record.queues.replace(OriginNo::UNKNOWN, queues.into_iter());
        }
    }

    /// The source `origin` names all queues that an agent serves.
    pub(super) fn agent_queues(&mut self, agent: &Label, queues: &[Membership], origin: OriginNo) {
        if self.staffing_origins.insert(origin) {
            for record in self.queue_records.iter_mut().filter(|record| record.origins.contains(&origin)) {
                record.knows_agents = true;
            }
            self.current.forget();
        }
        let mut known = Vec::with_capacity(queues.len());
        for Membership { queue, state, reason } in queues {
            let queue = self.intern_queue(queue, origin);
            let reason = self.reasons.intern_optional(reason.as_ref());
            known.push((queue, state.map(|state| (state, reason))));
        }
        self.agent_record_by_name(agent).queues.replace(origin, known.into_iter());
    }

    /// What an agent is doing as far as `queue` goes; in general where that is `None`. It is `own` otherwise.
    pub(super) fn activity_in(&self, agent: AgentNo, own: Activity, queue: Option<QueueNo>) -> Activity {
        let record = self.agent_records.get(agent.index());
        let Some((queue, record)) = queue.zip(record) else { return own };
        let activities = record.queues.activities(own, &self.queue_records);
        activities.into_iter().find(|(of, _)| *of == queue).map_or(own, |(_, activity)| activity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Span, Time};
    use crate::engine::Settings;
    use crate::event::{Channel, Event, EventKind, Offer, Step};
    use crate::kpi::{Dim, KpiId, Period, Query, Slice};

    fn at(seconds: i64) -> Time {
        Time::from_unix(1_772_528_400 + seconds)
    }

    /// An engine after these events of one source, a second apart.
    fn engine(origin: &str, kinds: Vec<EventKind>) -> Engine {
        let mut engine = Engine::new(Settings::default());
        apply(&mut engine, origin, kinds);
        engine
    }

    fn apply(engine: &mut Engine, origin: &str, kinds: Vec<EventKind>) {
        for kind in kinds {
            let at = engine.newest().max(at(0)) + Span::SECOND;
            engine.apply(&Event { at, origin: origin.into(), id: None, kind });
        }
    }

    fn serves(agent: &str, queues: &[(&str, Option<AgentState>)]) -> EventKind {
        let membership =
            |(queue, state): &(&str, _)| Membership { queue: (*queue).into(), state: *state, reason: None };
        EventKind::AgentQueues { agent: agent.into(), queues: queues.iter().map(membership).collect() }
    }

    fn state(agent: &str, state: AgentState) -> EventKind {
        EventKind::AgentState { agent: agent.into(), state, reason: None, lasts: None }
    }

    fn step(contact: &str, queue: &str, step: Step) -> EventKind {
        EventKind::Contact { contact: contact.into(), queue: Some(queue.into()), step }
    }

    fn offered(contact: &str, queue: &str) -> EventKind {
        step(contact, queue, Step::Offered(Offer::new(queue.into(), Channel::Voice)))
    }

    const KPIS: [KpiId; 4] =
        [KpiId::AgentsStaffed, KpiId::AgentsAvailable, KpiId::AgentsPaused, KpiId::WaitingUnserved];

    /// Staffed, available, paused, and contacts that wait unserved; by queue, and asked for each queue alone.
    fn by_queue(engine: &mut Engine) -> Vec<(String, [Option<f64>; 4])> {
        let of = |of: Slice, by: Vec<Dim>| Query {
            of,
            by,
            over: Period::Range(at(0), at(600)),
            every: None,
            kpis: KPIS.to_vec(),
            formula: None,
        };
        let values = |figures: &[crate::kpi::Figure]| {
            let mut values = figures.iter().map(|figure| figure.value);
            [(); 4].map(|()| values.next().flatten())
        };
        let rows = engine.ask(&of(Slice::TOTAL, vec![Dim::Queue]), at(500)).rows;
        let rows: Vec<_> =
            rows.into_iter().map(|row| (row.key.get(Dim::Queue).unwrap().to_string(), values(&row.figures))).collect();
        for (queue, figures) in &rows {
            let alone = engine.ask(&of(Slice::of(Dim::Queue, queue.as_str().into()), Vec::new()), at(500)).total;
            assert_eq!(values(&alone), *figures, "{queue}");
        }
        rows
    }

    fn staff(staffed: f64, available: f64, paused: f64) -> [Option<f64>; 4] {
        [Some(staffed), Some(available), Some(paused), Some(0.0)]
    }

    #[test]
    fn five_members_who_never_took_a_call_are_five() {
        let names = ["ann", "bo", "cy", "di", "ed"];
        let mut kinds: Vec<EventKind> = names.iter().map(|name| serves(name, &[("sales", None)])).collect();
        kinds.extend(names.iter().map(|name| state(name, AgentState::Available)));
        assert_eq!(by_queue(&mut engine("pbx", kinds)), [("sales".to_owned(), staff(5.0, 5.0, 0.0))]);
    }

    #[test]
    fn a_pause_in_one_queue_is_one_there_only_and_a_removal_leaves_that_queue_only() {
        let all = [("sales", None), ("vip", Some(AgentState::Paused)), ("night", Some(AgentState::Offline))];
        let mut engine = engine("pbx", vec![serves("ann", &all), state("ann", AgentState::Available)]);
        let night = ("night".to_owned(), staff(0.0, 0.0, 0.0));
        assert_eq!(
            by_queue(&mut engine),
            [night.clone(), ("sales".to_owned(), staff(1.0, 1.0, 0.0)), ("vip".to_owned(), staff(1.0, 0.0, 1.0))]
        );
        apply(&mut engine, "pbx", vec![state("ann", AgentState::OnContact)]);
        let busy = staff(1.0, 0.0, 0.0);
        assert_eq!(by_queue(&mut engine), [night, ("sales".to_owned(), busy), ("vip".to_owned(), busy)]);
        let row = engine.agents_now(at(500)).iter().next().cloned().unwrap();
        assert_eq!(row.queues, [Label::from("sales"), "vip".into(), "night".into()]);
        assert_eq!(row.pauses, [], "who talks takes nothing anyway");
        apply(&mut engine, "pbx", vec![state("ann", AgentState::Available)]);
        let row = engine.agents_now(at(500)).iter().next().cloned().unwrap();
        assert_eq!(row.pauses.iter().map(|pause| pause.queue.as_str()).collect::<Vec<_>>(), ["vip"]);
        apply(&mut engine, "pbx", vec![serves("ann", &all[..1]), state("ann", AgentState::Available)]);
        let queues = by_queue(&mut engine);
        assert_eq!(queues.iter().filter(|(_, figures)| figures[0] == Some(1.0)).count(), 1, "{queues:?}");
    }

    #[test]
    fn contacts_wait_unserved_only_where_it_is_known_who_serves() {
        let wait = |kinds: Vec<EventKind>| engine("pbx", kinds);
        let unserved =
            |engine: &mut Engine| by_queue(engine).into_iter().map(|(_, figures)| figures[3]).next().unwrap();
        let mut known = wait(vec![serves("ann", &[("sales", None)]), offered("c1", "sales"), offered("c2", "sales")]);
        assert_eq!(unserved(&mut known), Some(2.0));
        assert_eq!(known.total_now(at(500)).unserved, Some(2));
        apply(&mut known, "pbx", vec![state("ann", AgentState::Paused)]);
        assert_eq!(unserved(&mut known), Some(2.0), "nobody takes them");
        apply(
            &mut known,
            "pbx",
            vec![serves("ann", &[("sales", Some(AgentState::Paused))]), state("ann", AgentState::Available)],
        );
        assert_eq!(unserved(&mut known), Some(2.0), "nor here, where the only agent takes others");
        apply(&mut known, "pbx", vec![serves("ann", &[("sales", None)])]);
        assert_eq!(unserved(&mut known), Some(0.0), "somebody is there");
        apply(&mut known, "pbx", vec![serves("ann", &[])]);
        assert_eq!(unserved(&mut known), Some(2.0));
        let mut unknown = wait(vec![offered("c1", "sales"), state("ann", AgentState::Offline)]);
        assert_eq!(unserved(&mut unknown), None);
        apply(&mut known, "pbx", vec![serves("ann", &[("sales", None)]), state("ann", AgentState::Unknown)]);
        assert_eq!(unserved(&mut known), None, "she may be there or not");
        let figures = by_queue(&mut known).into_iter().next().unwrap().1;
        assert_eq!(figures, [None; 4], "nor is it known how many are");
        apply(&mut known, "pbx", vec![serves("bo", &[("sales", None)]), state("bo", AgentState::Available)]);
        assert_eq!(by_queue(&mut known)[0].1, [Some(1.0), Some(1.0), None, Some(0.0)]);
    }

    #[test]
    fn who_answered_serves_a_queue_unless_a_source_knows_better() {
        let answer = |agent: &str| {
            let answered = Step::Answered { agent: agent.into(), wait: None };
            vec![offered(agent, "sales"), step(agent, "sales", answered)]
        };
        let mut engine = engine("log", answer("ann"));
        assert_eq!(by_queue(&mut engine)[0].1[0], Some(1.0));
        // Another source that knows members speaks of the same queue, and of an agent of two.
        apply(&mut engine, "pbx", vec![serves("bo", &[("sales", None)]), state("bo", AgentState::Available)]);
        assert_eq!(by_queue(&mut engine)[0].1, staff(1.0, 1.0, 0.0));
        apply(&mut engine, "chat", vec![serves("bo", &[("mail", None)])]);
        let queues = by_queue(&mut engine);
        assert_eq!(queues.iter().map(|(_, figures)| figures[0]).collect::<Vec<_>>(), [Some(1.0), Some(1.0)]);
        let restored = engine.agents_now(at(500) + Span::SECOND);
        assert_eq!(restored.iter().map(|row| row.queues.len()).collect::<Vec<_>>(), [0, 2]);
    }
}
