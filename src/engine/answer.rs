//! Answering questions: figures from tallies, what stands now, and agents' times.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::facts::Cell;
use super::live::ContactNow;
use super::view::{Key, View};
use super::{Engine, live};
use crate::clock::{Span, Time};
use crate::kpi::{
    AgentTimes, Answer, AnswerRow, Bands, CountingRules, Dim, Every, Figure, KpiId, KpiInputs, Live, Period, Query,
    Slice, Tally, Window,
};
use crate::text::Label;

/// How many questions' tallies are kept up to date; the one asked longest ago goes first.
const KEPT: usize = 64;

/// What makes two questions share their tallies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cut {
    of: Slice,
    by: Vec<Dim>,
    over: Period,
    every: Option<Every>,
    /// Of the same hours so many days before; 0 for the question itself.
    days_before: u32,
}

/// The views kept.
#[derive(Debug, Default)]
pub(super) struct Views {
    kept: FxHashMap<Cut, (u64, View)>,
    asked: u64,
}

impl Views {
    fn take(&mut self, cut: &Cut) -> View {
        self.kept.remove(cut).map(|(_, view)| view).unwrap_or_default()
    }

    fn put(&mut self, cut: Cut, view: View) {
        self.asked += 1;
        if self.kept.len() >= KEPT
            && let Some(oldest) = self.kept.iter().min_by_key(|(_, (asked, _))| *asked).map(|(cut, _)| cut.clone())
        {
            self.kept.remove(&oldest);
        }
        self.kept.insert(cut, (self.asked, view));
    }
}

/// What else than its tally a figure may need, gathered once for all rows.
struct Beside {
    live: Option<(Live, FxHashMap<[u32; 2], Live>)>,
    times: Option<(AgentTimes, FxHashMap<[u32; 2], AgentTimes>)>,
    baseline: Option<(Tally, FxHashMap<[u32; 2], Tally>)>,
    /// What sources computed themselves.
    observed: FxHashMap<(Key, KpiId), f64>,
}

impl Engine {
    /// The figures asked for, as they stand at `now`.
    pub fn ask(&mut self, query: &Query, now: Time) -> Answer {
        self.write_up();
        let range = match query.over {
            Period::Window(window) => window.range(now, &self.settings.calendar),
            Period::Range(from, to) => from..to,
        };
        let cut =
            Cut { of: query.of.clone(), by: query.by.clone(), over: query.over, every: query.every, days_before: 0 };
        let view = self.refreshed(&cut, &range);
        let beside = self.beside(query, &range, now);
        let mut rules = self.settings.rules.clone();
        if let Some(formula) = query.formula {
            rules.formula = formula;
        }
        let rows = self.rows(query, &view, &beside, &rules, now);
        let total = self.figures(query, &Slice::TOTAL, &view.total, &beside, None, &rules, now);
        self.views.put(cut, view);
        Answer { at: now, from: range.start, to: range.end, total, rows }
    }

    /// Contacts of a slice that joined or ended within a time, the newest first.
    pub fn contacts(
        &mut self,
        of: &Slice,
        over: Period,
        now: Time,
        only_abandoned: bool,
        limit: usize,
    ) -> Vec<ContactNow> {
        self.write_up();
        let range = match over {
            Period::Window(window) => window.range(now, &self.settings.calendar),
            Period::Range(from, to) => from..to,
        };
        let Some(of) = self.numbers(of) else { return Vec::new() };
        let within = |visit: &super::visit::Visit| {
            let ended = visit.ended.is_none_or(|ended| range.contains(&ended));
            (range.contains(&visit.joined) || ended) && visit.joined < range.end
        };
        let wanted = |visit: &super::visit::Visit| {
            let cell = Cell { queue: visit.queue, intent: visit.intent, agent: visit.agent, channel: visit.channel };
            let abandoned = visit.stage == super::visit::Stage::Abandoned;
            visit.counted && (abandoned || !only_abandoned) && self.holds(&of, &cell) && within(visit)
        };
        let mut out: Vec<ContactNow> = self
            .calls
            .newest_first()
            .flat_map(|call| call.visits.iter().rev().map(move |visit| (call, visit)))
            .filter(|(_, visit)| wanted(visit))
            .take(limit)
            .map(|(call, visit)| self.contact_now(call, visit))
            .collect();
        out.sort_by_key(|contact| std::cmp::Reverse(contact.joined));
        out
    }

    /// The handled contacts of the last hour by queue, for the expected wait.
    pub(super) fn handled_last_hour(&mut self, now: Time) -> FxHashMap<u32, Tally> {
        let over = Period::Window(Window::H1);
        let range = Window::H1.range(now, &self.settings.calendar);
        let cut = Cut { of: Slice::TOTAL, by: vec![Dim::Queue], over, every: None, days_before: 0 };
        let view = self.refreshed(&cut, &range);
        // Only the sums are needed; the bags of waits stay where they are.
        let sums = |t: &Tally| Tally { talk: t.talk, hold: t.hold, acw: t.acw, handle: t.handle, ..Tally::default() };
        let out = view.keys.iter().zip(&view.tallies).map(|((group, _), tally)| (group[0], sums(tally))).collect();
        self.views.put(cut, view);
        out
    }

    /// The numbers of a slice's values; `None` where a value has never been seen.
    pub(super) fn numbers(&self, of: &Slice) -> Option<Vec<(Dim, u32)>> {
        of.parts()
            .map(|(dim, label)| {
                let id = match dim {
                    Dim::Queue => self.queues.find(label.as_str()),
                    Dim::Intent => self.intents.find(label.as_str()),
                    Dim::Agent => self.agents.find(label.as_str()),
                    Dim::Team => self.teams.find(label.as_str()),
                    Dim::Channel => crate::event::Channel::parse(label.as_str()).map(|c| c as u32),
                };
                id.map(|id| (*dim, id))
            })
            .collect()
    }

    fn value(&self, dim: Dim, cell: &Cell) -> u32 {
        match dim {
            Dim::Queue => cell.queue,
            Dim::Intent => cell.intent,
            Dim::Agent => cell.agent,
            Dim::Channel => u32::from(cell.channel),
            Dim::Team => self.agent_facts.get(cell.agent as usize).map_or(0, |agent| agent.team),
        }
    }

    fn holds(&self, of: &[(Dim, u32)], cell: &Cell) -> bool {
        of.iter().all(|(dim, id)| self.value(*dim, cell) == *id)
    }

    fn group(&self, of: Option<&[(Dim, u32)]>, by: &[Dim], cell: &Cell) -> Option<[u32; 2]> {
        if !self.holds(of?, cell) {
            return None;
        }
        let at = |place: usize| by.get(place).map_or(0, |dim| self.value(*dim, cell));
        Some([at(0), at(1)])
    }

    fn refreshed(&mut self, cut: &Cut, range: &Range<Time>) -> View {
        let mut view = self.views.take(cut);
        let of = self.numbers(&cut.of);
        let grouping = |cell: &Cell| self.group(of.as_deref(), &cut.by, cell);
        let open_ended = matches!(cut.over, Period::Window(_)) && cut.days_before == 0;
        // A value that is new to the floor gives the slice its number only now.
        let epoch = self.epoch << 1 | u64::from(of.is_some());
        view.refresh(
            range,
            open_ended,
            cut.every,
            &self.minutes,
            self.cells.all(),
            &grouping,
            &self.lines,
            &self.settings.calendar,
            epoch,
        );
        view
    }

    fn beside(&mut self, query: &Query, range: &Range<Time>, now: Time) -> Beside {
        let asks = |ids: &[KpiId]| query.kpis.iter().any(|kpi| ids.contains(kpi));
        let live_asked = query.kpis.iter().any(|kpi| kpi.def().group == crate::kpi::KpiGroup::Live);
        let baseline = asks(&[KpiId::SpeedTrap]).then(|| self.baseline(query, range, now)).flatten();
        let handled = if asks(&[KpiId::EstimatedWait]) { self.handled_last_hour(now) } else { FxHashMap::default() };
        let of = self.numbers(&query.of);
        let live = live_asked.then(|| {
            let contacts = |cell: &Cell| self.group(of.as_deref(), &query.by, cell);
            let agents =
                |agent| of.as_ref().map_or_else(live::Groups::new, |of| self.agent_groups(agent, of, &query.by));
            let (mut total, mut groups) = self.lives(now, &contacts, &agents);
            if query.by.first() == Some(&Dim::Queue) && query.by.len() == 1 {
                for (group, live) in &mut groups {
                    live.estimated_wait = Self::estimated_wait(live, handled.get(&group[0]));
                }
            }
            if let Some([(Dim::Queue, queue)]) = of.as_deref() {
                total.estimated_wait = Self::estimated_wait(&total, handled.get(queue));
            }
            (total, groups)
        });
        let times = asks(&[KpiId::Occupancy, KpiId::ContactsPerHour])
            .then(|| self.times(of.as_deref(), &query.by, range, now))
            .flatten();
        let observed = self.observed.of_rows(query, of.as_deref(), range, &self.settings.calendar);
        Beside { live, times, baseline, observed }
    }

    /// Agents' times, all together and by group. `None` where the question's slice is one that time can't be told
    /// apart by; no groups where its rows are.
    fn times(
        &self,
        of: Option<&[(Dim, u32)]>,
        by: &[Dim],
        range: &Range<Time>,
        now: Time,
    ) -> Option<(AgentTimes, FxHashMap<[u32; 2], AgentTimes>)> {
        let of = of?;
        let splits = |dim: &Dim| matches!(dim, Dim::Agent | Dim::Team);
        if !of.iter().all(|(dim, _)| splits(dim)) {
            return None;
        }
        let grouped = by.iter().all(splits);
        let to = range.end.min(now);
        let mut total = AgentTimes::default();
        let mut groups: FxHashMap<[u32; 2], AgentTimes> = FxHashMap::default();
        let add = |sum: &mut AgentTimes, times: AgentTimes| {
            sum.staffed = sum.staffed + times.staffed;
            sum.available = sum.available + times.available;
            sum.known = true;
        };
        for (id, agent) in (0u32..).zip(&self.agent_facts).skip(1) {
            let times = agent.line.times(range.start, to);
            if !times.known || self.agent_groups(id, of, &[]).is_empty() {
                continue;
            }
            add(&mut total, times);
            if grouped {
                for group in self.agent_groups(id, of, by) {
                    add(groups.entry(group).or_default(), times);
                }
            }
        }
        Some((total, groups))
    }

    /// The same hours of the previous four weeks, or of the previous day where nothing older is known.
    fn baseline(
        &mut self,
        query: &Query,
        range: &Range<Time>,
        now: Time,
    ) -> Option<(Tally, FxHashMap<[u32; 2], Tally>)> {
        if query.every.is_some() {
            return None;
        }
        let oldest = self.minutes.oldest()?;
        let end = range.end.min(now.minute() + Span::MINUTE);
        let weeks: Vec<u32> = (1..=4)
            .map(|week| week * 7)
            .filter(|days| range.start - Span(i64::from(*days) * Span::DAY.0) >= oldest)
            .collect();
        let days = if weeks.is_empty() { vec![1] } else { weeks };
        let mut total = Tally::default();
        let mut groups: FxHashMap<[u32; 2], Tally> = FxHashMap::default();
        for days_before in days {
            let back = Span(i64::from(days_before) * Span::DAY.0);
            let range = range.start - back..end - back;
            if range.end <= oldest {
                continue;
            }
            let cut = Cut { of: query.of.clone(), by: query.by.clone(), over: query.over, every: None, days_before };
            let view = self.refreshed(&cut, &range);
            total.add(&view.total);
            for ((group, _), tally) in view.keys.iter().zip(&view.tallies) {
                groups.entry(*group).or_default().add(tally);
            }
            self.views.put(cut, view);
        }
        Some((total, groups))
    }

    fn rows(
        &mut self,
        query: &Query,
        view: &View,
        beside: &Beside,
        rules: &CountingRules,
        now: Time,
    ) -> Vec<AnswerRow> {
        if query.by.is_empty() && query.every.is_none() {
            return Vec::new();
        }
        let empty = Tally::default();
        let mut rows: Vec<(Key, &Tally)> =
            view.keys.iter().copied().zip(&view.tallies).filter(|(_, tally)| !tally.is_empty()).collect();
        if query.every.is_none()
            && let Some((_, groups)) = &beside.live
        {
            let counted: rustc_hash::FxHashSet<[u32; 2]> = rows.iter().map(|((group, _), _)| *group).collect();
            let standing = groups.iter().filter(|(_, live)| shows(live));
            rows.extend(standing.filter(|(g, _)| !counted.contains(*g)).map(|(group, _)| ((*group, 0), &empty)));
        }
        if !beside.observed.is_empty() {
            let known: rustc_hash::FxHashSet<Key> = rows.iter().map(|(key, _)| *key).collect();
            let mut more: Vec<Key> =
                beside.observed.keys().map(|(key, _)| *key).filter(|k| !known.contains(k)).collect();
            more.sort_unstable();
            more.dedup();
            rows.extend(more.into_iter().map(|key| (key, &empty)));
        }
        let ranks = query.by.iter().map(|dim| self.ranks(*dim)).collect::<Vec<_>>();
        let rank = |place: usize, id: u32| ranks.get(place).and_then(|r| r.get(id as usize)).copied().unwrap_or(id);
        rows.sort_unstable_by_key(|(([a, b], step), _)| (rank(0, *a), rank(1, *b), *step));
        rows.into_iter()
            .map(|((group, step), tally)| {
                let key = self.key(&query.by, group);
                let figures = self.figures(query, &key, tally, beside, Some((group, step)), rules, now);
                AnswerRow { key, start: query.every.map(|_| Time(step)), figures }
            })
            .collect()
    }

    fn ranks(&mut self, dim: Dim) -> Vec<u32> {
        match dim {
            Dim::Queue => self.queues.ranks().to_vec(),
            Dim::Intent => self.intents.ranks().to_vec(),
            Dim::Agent => self.agents.ranks().to_vec(),
            Dim::Team => self.teams.ranks().to_vec(),
            Dim::Channel => Vec::new(),
        }
    }

    fn key(&self, by: &[Dim], group: [u32; 2]) -> Slice {
        by.iter().zip(group).fold(Slice::TOTAL, |slice, (dim, id)| {
            let label = match dim {
                Dim::Queue => self.queues.label(id),
                Dim::Intent => self.intents.label(id),
                Dim::Agent => self.agents.label(id),
                Dim::Team => self.teams.label(id),
                Dim::Channel => Label::fixed(live::channel(u8::try_from(id).unwrap_or(0)).key()),
            };
            slice.and(*dim, label)
        })
    }

    /// The figures of one row, or of the total where `place` is `None`.
    #[expect(clippy::too_many_arguments, reason = "a row's parts")]
    fn figures(
        &self,
        query: &Query,
        key: &Slice,
        tally: &Tally,
        beside: &Beside,
        place: Option<Key>,
        rules: &CountingRules,
        now: Time,
    ) -> Vec<Figure> {
        let group = place.map(|(group, _)| group);
        let nothing = Live::default();
        let part = |dim: Dim| key.get(dim).or_else(|| query.of.get(dim));
        let live = match (&beside.live, group) {
            (Some((total, _)), None) => total,
            (Some((_, groups)), Some(group)) if query.every.is_none() => groups.get(&group).unwrap_or(&nothing),
            _ => &nothing,
        };
        let times = match (&beside.times, group) {
            (Some((total, _)), None) => Some(total),
            (Some((_, groups)), Some(group)) if query.every.is_none() => groups.get(&group),
            _ => None,
        };
        let baseline = match (&beside.baseline, group) {
            (Some((total, _)), None) => Some(total),
            (Some((_, groups)), Some(group)) => groups.get(&group),
            _ => None,
        };
        let reading = KpiInputs {
            tally,
            live,
            times,
            baseline,
            rules,
            evidence: self.evidence,
            of_agent: part(Dim::Agent).is_some(),
            now,
        };
        let (queue, intent) = (part(Dim::Queue), part(Dim::Intent));
        // A total has some of its own only where it is of one queue.
        let seen_at = place.or_else(|| (query.by.is_empty() && query.every.is_none()).then_some(([0, 0], 0)));
        let seen = |kpi| beside.observed.get(&(seen_at?, kpi)).copied();
        query
            .kpis
            .iter()
            .map(|id| {
                let kpi = id.def();
                let mut figure = (kpi.compute)(&reading);
                if (figure.value.is_none() || tally.offered + tally.answered == 0)
                    && let Some(value) = seen(*id)
                {
                    figure = Figure { value: Some(value), observed: true, ..Figure::default() };
                }
                let bands = self.bands(*id, queue, intent);
                figure.verdict = bands.verdict(kpi.better, &figure, rules.min_samples, kpi.sampled);
                figure
            })
            .collect()
    }

    /// The lines a figure is judged by: the intent's, the queue's, the floor's, the catalogue's.
    #[must_use]
    pub fn bands(&self, kpi: KpiId, queue: Option<&Label>, intent: Option<&Label>) -> Bands {
        let settings = &self.settings;
        let of_intent = match (kpi, intent) {
            (KpiId::Aht, Some(intent)) => settings.intents.get(intent).copied(),
            _ => None,
        };
        let of_queue = queue.and_then(|q| settings.queues.get(q)).and_then(|q| q.targets.get(&kpi)).copied();
        let of_floor = settings.targets.get(&kpi).copied();
        // The usual lines of waits are those of live channels: nobody sits by the phone while an email waits.
        let usual = match kpi {
            KpiId::Asa | KpiId::LongestWait if self.is_asynchronous(queue) => Bands::NONE,
            _ => kpi.def().bands,
        };
        of_intent
            .unwrap_or(Bands::NONE)
            .or(of_queue.unwrap_or(Bands::NONE))
            .or(of_floor.unwrap_or(Bands::NONE))
            .or(usual)
    }

    /// Whether the contacts of a queue wait for hours, or, of no queue, some of the floor's do.
    fn is_asynchronous(&self, queue: Option<&Label>) -> bool {
        let waits = |facts: &super::QueueFacts| facts.channel.is_some_and(|c| live::channel(c).is_asynchronous());
        match queue.and_then(|queue| self.queues.find(queue.as_str())) {
            Some(id) => self.queue_facts.get(id as usize).is_some_and(waits),
            None => self.queue_facts.iter().any(waits),
        }
    }

    /// A slice by the names to show.
    #[must_use]
    pub fn name(&self, slice: &Slice) -> String {
        let shown = |dim: Dim, label: &Label| -> Label {
            let queue =
                || self.queue_facts.get(self.queues.find(label.as_str())? as usize)?.profile.as_ref()?.name.clone();
            let agent =
                || self.agent_facts.get(self.agents.find(label.as_str())? as usize)?.profile.as_ref()?.name.clone();
            let name = match dim {
                Dim::Queue => queue(),
                Dim::Agent => agent(),
                Dim::Intent | Dim::Channel | Dim::Team => None,
            };
            name.unwrap_or_else(|| label.clone())
        };
        slice.parts().fold(Slice::TOTAL, |named, (dim, label)| named.and(*dim, shown(*dim, label))).to_string()
    }
}

/// Whether a group is worth a row for what stands now alone.
fn shows(live: &Live) -> bool {
    live.waiting + live.in_progress + live.agents.iter().sum::<i64>() > 0
}
