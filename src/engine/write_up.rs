//! Writing up what contacts have given: facts, agents' conversations, customers' histories.
//!
//! Contacts change as events come; what they give is written when somebody looks. So a contact that changes ten
//! times between two looks is written once, and a report writes each contact once.

use super::Engine;
use super::agents::Said;
use super::facts::{Cell, Fact};
use super::repeats::{Entry, Thread};
use super::visit::{History, Stage, Trace, Traces, Visit};
use crate::clock::Time;

/// What else than facts hangs on a visit: his conversation on the agent's line, and the customer's history.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Ties {
    talk: Option<(u32, Time)>,
    talk_end: Option<(u32, Time)>,
    wrap_end: Option<(u32, Time)>,
    entry: Option<(Thread, Entry)>,
}

/// What a visit gave before or after a change.
#[derive(Debug)]
pub(super) struct Trail {
    cell: Cell,
    traces: Traces,
    ties: Ties,
}

impl Engine {
    /// Remember that a contact changes, and what it has given so far.
    pub(super) fn mark(&mut self, id: u64) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.changed {
            return;
        }
        call.changed = true;
        let mut before = Vec::new();
        if call.visits.iter().any(|visit| visit.written) {
            let given = |(place, visit): (usize, &Visit)| visit.written.then(|| trail(visit, id, place));
            before = call.visits.iter().enumerate().map(given).collect();
        }
        self.changed.push((id, before));
    }

    /// Write up what has changed: customers' histories first, then facts. Everything that reads figures, agents or
    /// histories does this before; so a contact that changes ten times between two looks is written once.
    pub(super) fn write_up(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        for (id, before) in &changed {
            let visits = self.calls.get(*id).map_or(0, |call| call.visits.len());
            for place in 0..visits.max(before.len()) {
                let old = before.get(place).and_then(Option::as_ref).and_then(|trail| trail.ties.entry);
                let visit = self.calls.get(*id).and_then(|call| call.visits.get(place));
                let new = visit.and_then(|visit| ties(visit, *id, place).entry);
                if old != new {
                    self.remember(old, new);
                }
            }
        }
        // Others whose history changed have been marked meanwhile.
        changed.append(&mut self.changed);
        for (id, before) in changed {
            let visits = self.calls.get(id).map_or(0, |call| call.visits.len());
            let mut before = before.into_iter();
            for place in 0..visits.max(before.len()) {
                let before = before.next().flatten();
                self.reconcile(id, place, before.as_ref());
            }
            if let Some(call) = self.calls.get_mut(id) {
                call.changed = false;
            }
        }
    }

    /// Bring facts and the agent's line from what a visit gave before to what it gives now.
    fn reconcile(&mut self, id: u64, place: usize, before: Option<&Trail>) {
        let visit = self.calls.get_mut(id).and_then(|call| call.visits.get_mut(place));
        let now = visit.map(|visit| {
            visit.written = true;
            trail(visit, id, place)
        });
        let now = now.as_ref();
        let (cell_before, cell_now) = (before.map(|t| t.cell), now.map(|t| t.cell));
        let (old, new) = (before.map_or(&[][..], |t| &t.traces), now.map_or(&[][..], |t| &t.traces));
        let same = if cell_before == cell_now { old.iter().zip(new).take_while(|(a, b)| a == b).count() } else { 0 };
        self.write(old.get(same..).unwrap_or_default(), cell_before.unwrap_or_default(), -1);
        self.write(new.get(same..).unwrap_or_default(), cell_now.unwrap_or_default(), 1);
        let (old, new) = (before.map(|t| t.ties).unwrap_or_default(), now.map(|t| t.ties).unwrap_or_default());
        if let (Some((agent, _)), Some(cell)) = (new.talk, cell_now) {
            self.serves(agent, cell.queue);
        }
        self.talk(old.talk, new.talk, Said::TalkStarts);
        self.talk(old.talk_end, new.talk_end, Said::TalkEnds);
        self.talk(old.wrap_end, new.wrap_end, Said::WrapEnds);
    }

    fn write(&mut self, traces: &[Trace], cell: Cell, sign: i8) {
        let usual = if traces.is_empty() { 0 } else { self.cells.id(cell) };
        for trace in traces {
            let number =
                if trace.agent == cell.agent { usual } else { self.cells.id(Cell { agent: trace.agent, ..cell }) };
            let Trace { at, count, arg, value, .. } = *trace;
            self.minutes.push(at, Fact { offset: 0, cell: number, count, arg, sign, value });
        }
    }

    fn talk(&mut self, old: Option<(u32, Time)>, new: Option<(u32, Time)>, said: Said) {
        if old == new {
            return;
        }
        if let Some((agent, at)) = old {
            self.agent_by_id(agent).line.unsay(at, said);
        }
        if let Some((agent, at)) = new {
            self.agent_by_id(agent).line.say(at, said);
        }
    }

    /// Without a profile, an agent serves the queues he has answered.
    fn serves(&mut self, agent: u32, queue: u32) {
        let facts = self.agent_by_id(agent);
        if facts.profile.is_none() && queue != 0 && !facts.queues.contains(&queue) {
            facts.queues.push(queue);
        }
    }

    fn remember(&mut self, old: Option<(Thread, Entry)>, new: Option<(Thread, Entry)>) {
        let window = self.settings.rules.fcr_window;
        let mut changes = match (old, new) {
            (Some((from, old)), Some((to, new))) if from == to => self.repeats.set(to, Some(old), Some(new), window),
            (old, new) => {
                let mut changes =
                    old.map(|(thread, entry)| self.repeats.set(thread, Some(entry), None, window)).unwrap_or_default();
                if let (Some((_, entry)), None) = (old, new) {
                    self.rewrite(entry.visit, History::default());
                }
                if let Some((thread, entry)) = new {
                    // It comes into the other thread with a clean slate; its own history says so.
                    self.rewrite(entry.visit, History::default());
                    changes.extend(self.repeats.set(thread, None, Some(entry), window));
                }
                changes
            }
        };
        for (visit, history) in changes.drain(..) {
            self.rewrite(visit, history);
        }
    }

    /// Give a visit another history.
    fn rewrite(&mut self, (id, place): (u64, usize), history: History) {
        self.mark(id);
        if let Some(visit) = self.calls.get_mut(id).and_then(|call| call.visits.get_mut(place)) {
            visit.history = history;
        }
    }
}

fn trail(visit: &Visit, id: u64, place: usize) -> Trail {
    let mut traces = Traces::new();
    visit.traces(&mut traces);
    let cell = Cell { queue: visit.queue, intent: visit.intent, agent: visit.agent, channel: visit.channel };
    Trail { cell, traces, ties: ties(visit, id, place) }
}

fn ties(visit: &Visit, id: u64, place: usize) -> Ties {
    let talk = visit.answered.filter(|_| visit.agent != 0).map(|at| (visit.agent, at));
    let talk_end = talk.and_then(|(agent, _)| visit.ended.map(|at| (agent, at)));
    let wrap_end = talk.and_then(|(agent, _)| visit.acw.map(|(at, _)| (agent, at)));
    let known = visit.customer != 0 && (visit.counted || visit.stage.is_handled()) && visit.stage != Stage::Void;
    let entry = known.then(|| {
        let queue = if visit.intent == 0 { visit.queue } else { 0 };
        let thread = Thread { customer: visit.customer, intent: visit.intent, queue };
        let entry = Entry {
            joined: visit.joined,
            visit: (id, place),
            channel: visit.channel,
            handled: visit.stage.is_handled(),
            transferred: visit.stage == Stage::Transferred,
        };
        (thread, entry)
    });
    Ties { talk, talk_end, wrap_end, entry }
}
