//! Asterisk's queue_log: one line in, the events it tells out.
//!
//! `epoch|call id|queue|agent|VERB|data…`, in every layout that versions and distributions have had. What a line
//! can't tell by itself is little: which queues an agent was added to, and which calls have just left because
//! nobody was there.

mod fields;
mod verb;

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::clock::{Span, Time};
use crate::event::{
    AgentState, Channel, EndedBy, Event, EventKind, LeftReason, Offer, Scored, Step, Survey, TransferKind,
};
use crate::source::names::{Names, id_label};
use crate::source::tally::InputTally;
use crate::text::Label;
use fields::{LogEntry, LogFields, epoch, integer, milliseconds, seconds};
use verb::Verb;
pub use verb::{Meaning, Verbs};

/// Before this it isn't a time but an unset clock: the year 1970.
const UNSET_CLOCK: Time = Time::from_unix(86_400 * 365);
/// How many exits of calls from deserted queues are kept in mind.
const EXITS: usize = 16;

/// Turns lines into events.
#[derive(Debug)]
pub struct QueueLogParser {
    origin: Label,
    verbs: Verbs,
    names: Names,
    memory: QueueLogMemory,
    /// The calls that left a deserted queue last: a LEAVEEMPTY that follows is the same exit.
    exits: VecDeque<(Label, Label)>,
}

/// What a parser must know again after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueLogMemory {
    /// The queues each agent was added to while the log was read.
    #[serde(skip_serializing_if = "FxHashMap::is_empty")]
    members: FxHashMap<Label, Vec<Label>>,
}

impl QueueLogParser {
    /// A parser whose events come from `origin`.
    #[must_use]
    pub fn new(origin: Label, verbs: Verbs) -> Self {
        Self { origin, verbs, names: Names::default(), memory: QueueLogMemory::default(), exits: VecDeque::new() }
    }

    /// What it must know again after a restart.
    #[must_use]
    pub const fn memory(&self) -> &QueueLogMemory {
        &self.memory
    }

    /// Let it know again what it knew.
    pub fn remember(&mut self, memory: QueueLogMemory) {
        self.memory = memory;
    }

    /// Read one line; its events go to `each`. Times after `latest` are refused. Empty lines say nothing.
    ///
    /// # Errors
    /// Why the line is set aside and what to do about it.
    pub fn line(
        &mut self,
        line: &[u8],
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), &'static str> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let fields = LogFields::split(line);
        if fields.count() < 5 {
            return Err("not a queue_log line: fewer than five fields between bars");
        }
        let at = epoch(fields.get(0)).ok_or("no time in Unix seconds at the beginning of the line")?;
        if at < UNSET_CLOCK {
            return Err("the time is in 1970: set the clock of the machine that writes it");
        }
        if at > latest {
            return Err("the time is more than a day ahead: compare the clocks of both machines");
        }
        let entry = LogEntry::find(fields, |word| self.verbs.lookup(word));
        let mut emit = |origin: &Label, kind| each(Event { at, origin: origin.clone(), id: None, kind });
        match entry.verb {
            Verb::Ignored | Verb::Unknown => tally.unknown(&String::from_utf8_lossy(entry.word)),
            Verb::QueueStart => emit(&self.origin, EventKind::Restarted),
            Verb::Pause | Verb::Unpause | Verb::LogIn | Verb::LogOff | Verb::AddMember | Verb::RemoveMember => {
                if let Some(kind) = self.agent(&entry)? {
                    emit(&self.origin, kind);
                }
            }
            Verb::WrapUpStart => {
                let agent = self.agent_name(&entry)?;
                let acw = seconds(entry.data(0)).ok_or("WRAPUPSTART without its seconds")?;
                if let Ok(contact) = call(fields.get(1)) {
                    let (queue, step) = (self.queue(&entry), Step::Wrapped { agent: agent.clone(), acw: Some(acw) });
                    emit(&self.origin, EventKind::Contact { contact, queue, step });
                }
                let state = AgentState::AfterContact;
                emit(&self.origin, EventKind::AgentState { agent, state, reason: None, lasts: Some(acw) });
            }
            Verb::Refused(reason) => {
                let contact = call(fields.get(1))?;
                let queue = self.queue(&entry).ok_or("no queue")?;
                if entry.word == b"LEAVEEMPTY" && self.had_just_left(&contact, &queue) {
                    return Ok(());
                }
                let offer = offer(queue.clone(), None, None);
                let steps = [Step::Offered(offer), Step::Left { reason, wait: Some(Span::ZERO) }];
                for step in steps {
                    emit(
                        &self.origin,
                        EventKind::Contact { contact: contact.clone(), queue: Some(queue.clone()), step },
                    );
                }
            }
            _ => {
                let contact = call(fields.get(1))?;
                let queue = self.queue(&entry);
                if let Some(step) = self.step(&entry, &contact, queue.as_ref())? {
                    emit(&self.origin, EventKind::Contact { contact, queue, step });
                }
            }
        }
        Ok(())
    }

    /// A step in the life of a call; `None` where it says nothing.
    fn step(
        &mut self,
        entry: &LogEntry<'_>,
        contact: &Label,
        queue: Option<&Label>,
    ) -> Result<Option<Step>, &'static str> {
        let left = |reason, wait| Ok(Some(Step::Left { reason, wait }));
        let completed = |agent, by| {
            let talk = seconds(entry.data(1));
            Ok(Some(Step::Completed { agent, ended_by: Some(by), talk, hold: None }))
        };
        match entry.verb {
            Verb::EnterQueue => {
                let queue = queue.ok_or("ENTERQUEUE without a queue")?;
                let (number, position) = caller(entry);
                Ok(Some(Step::Offered(offer(queue.clone(), customer(number), position))))
            }
            Verb::Connect => {
                let agent = self.agent_name(entry)?;
                Ok(Some(Step::Answered { agent, wait: seconds(entry.data(0)) }))
            }
            Verb::Abandon => {
                let position = integer(entry.data(0)).and_then(|p| u32::try_from(p).ok());
                Ok(Some(Step::Abandoned { wait: seconds(entry.data(2)), position }))
            }
            Verb::ExitEmpty => {
                if let Some(queue) = queue {
                    self.exits.truncate(EXITS - 1);
                    self.exits.push_front((contact.clone(), queue.clone()));
                }
                left(LeftReason::Empty, seconds(entry.data(2)))
            }
            Verb::ExitWithTimeout => left(LeftReason::Timeout, seconds(entry.data(2))),
            Verb::ExitWithKey => left(LeftReason::Key, seconds(entry.data(3))),
            Verb::Withdraw => left(LeftReason::Withdrawn, seconds(entry.data(2))),
            // The agent hung up on the announcement, or no common codec was found: the call is over, and it
            // neither was answered nor did the caller hang up.
            Verb::Dropped => left(LeftReason::Withdrawn, None),
            Verb::RingNoAnswer => {
                let agent = self.agent_name(entry)?;
                Ok(Some(Step::RingNoAnswer { agent, ring: milliseconds(entry.data(0)) }))
            }
            Verb::RingCanceled => Ok(Some(Step::RingCanceled { agent: self.agent_name(entry)? })),
            Verb::CompleteCaller => completed(self.agent_name(entry).ok(), EndedBy::Customer),
            Verb::CompleteAgent => completed(self.agent_name(entry).ok(), EndedBy::Agent),
            Verb::BlindTransfer | Verb::AttendedTransfer => Ok(Some(transferred(entry, self.agent_name(entry).ok()))),
            Verb::Custom(meaning) => self.custom(meaning, entry),
            _ => Ok(None),
        }
    }

    /// A state that the line gives an agent; `None` where it changes nothing.
    fn agent(&mut self, entry: &LogEntry<'_>) -> Result<Option<EventKind>, &'static str> {
        let agent = self.agent_name(entry)?;
        let text = entry.text();
        let mut reason = None;
        let state = match entry.verb {
            Verb::Pause => {
                reason = (!text.is_empty()).then(|| self.names.get(text));
                AgentState::Paused
            }
            Verb::LogOff => {
                self.memory.members.remove(&agent);
                AgentState::Offline
            }
            Verb::AddMember => {
                if let Some(queue) = self.queue(entry) {
                    let queues = self.memory.members.entry(agent.clone()).or_default();
                    if !queues.contains(&queue) {
                        queues.push(queue);
                    }
                }
                if text == b"PAUSED" { AgentState::Paused } else { AgentState::Available }
            }
            Verb::RemoveMember => {
                let queue = self.queue(entry);
                if let Some(queues) = self.memory.members.get_mut(&agent) {
                    queues.retain(|other| Some(other) != queue.as_ref());
                    if !queues.is_empty() {
                        return Ok(None);
                    }
                    self.memory.members.remove(&agent);
                }
                AgentState::Offline
            }
            _ => AgentState::Available,
        };
        Ok(Some(EventKind::AgentState { agent, state, reason, lasts: None }))
    }

    /// What a centre's own line tells.
    fn custom(&mut self, meaning: Meaning, entry: &LogEntry<'_>) -> Result<Option<Step>, &'static str> {
        let survey = |survey| Ok(Some(Step::Survey(survey)));
        let text = entry.text();
        if text.is_empty() {
            return Err("a verb of the centre's own without its value");
        }
        match meaning {
            Meaning::Intent => Ok(Some(Step::Classified { intent: self.names.get(text) })),
            Meaning::Customer => Ok(customer(text).map(|customer| Step::Identified { customer })),
            Meaning::Resolved => {
                let resolved =
                    yes_or_no(entry.data(0)).ok_or("neither yes nor no: write yes, no, true, false, 1 or 0")?;
                let reason = entry.join(1, usize::MAX).trim_ascii();
                Ok(Some(Step::Resolved { resolved, reason: (!reason.is_empty()).then(|| self.names.get(reason)) }))
            }
            Meaning::Csat => survey(Survey { csat: Some(scored(entry, 5.0)?), ..Survey::default() }),
            Meaning::Ces => survey(Survey { ces: Some(scored(entry, 7.0)?), ..Survey::default() }),
            Meaning::Nps => {
                let score =
                    integer(entry.data(0)).and_then(|score| u8::try_from(score).ok()).filter(|&score| score <= 10);
                survey(Survey { nps: Some(score.ok_or("NPS is a whole number from 0 to 10")?), ..Survey::default() })
            }
            Meaning::Quality => {
                let score = number(entry.back(1)).filter(|score| (0.0..=100.0).contains(score));
                let score = score.ok_or("a quality score is a number from 0 to 100, after the evaluator")?;
                let evaluator = entry.join(0, entry.data_count().saturating_sub(1)).trim_ascii();
                let evaluator = if evaluator.is_empty() { Label::fixed("unknown") } else { self.names.get(evaluator) };
                Ok(Some(Step::Quality { evaluator, score, failures: Vec::new() }))
            }
        }
    }

    /// The agent of a line that must have one.
    fn agent_name(&mut self, entry: &LogEntry<'_>) -> Result<Label, &'static str> {
        let agent = entry.agent.trim_ascii();
        if agent.is_empty() || agent == b"NONE" {
            return Err("no agent, and this verb is about one");
        }
        let agent = self.names.get(agent);
        if agent.is_empty() { Err("the agent's name holds nothing that can be shown") } else { Ok(agent) }
    }

    fn queue(&mut self, entry: &LogEntry<'_>) -> Option<Label> {
        let queue = entry.queue.trim_ascii();
        (!queue.is_empty() && queue != b"NONE").then(|| self.names.get(queue)).filter(|queue| !queue.is_empty())
    }

    /// Whether this exit has been told of already; once, for the next one is another.
    fn had_just_left(&mut self, contact: &Label, queue: &Label) -> bool {
        let place = self.exits.iter().position(|(call, of)| call == contact && of == queue);
        place.map(|place| self.exits.remove(place)).is_some()
    }
}

/// A call's id.
fn call(field: &[u8]) -> Result<Label, &'static str> {
    let field = field.trim_ascii();
    if field.is_empty() || field == b"NONE" {
        return Err("no call id, and this verb is about a call");
    }
    let id = id_label(field);
    if id.is_empty() { Err("the call id holds nothing that can be shown") } else { Ok(id) }
}

fn offer(queue: Label, customer: Option<Label>, position: Option<u32>) -> Offer {
    Offer {
        queue,
        channel: Channel::Voice,
        intent: None,
        customer,
        priority: None,
        position,
        auth_steps: None,
        untimed: false,
    }
}

/// The caller's number and position of an ENTERQUEUE: `url|number|position`, and a name behind them where the
/// log is told to write it. A name never holds a bar, a number may.
fn caller<'a>(entry: &LogEntry<'a>) -> (&'a [u8], Option<u32>) {
    let position = |index: usize| {
        let position = integer(entry.data(index)).and_then(|p| u32::try_from(p).ok());
        position.filter(|&p| p > 0)
    };
    let count = entry.data_count();
    let index = match count {
        0..=2 => None,
        3 => Some(2),
        4 => [2, 3].into_iter().find(|&index| position(index).is_some()),
        // The name comes last, so the place before it is asked first.
        _ => [count - 2, count - 1, 2].into_iter().find(|&index| position(index).is_some()),
    };
    match index {
        Some(index) => (entry.join(1, index), position(index)),
        None => (entry.data(1), None),
    }
}

/// A customer by number or id; numbers that are withheld are nobody.
pub(super) fn customer(number: &[u8]) -> Option<Label> {
    const WITHHELD: [&str; 20] = [
        "anonymous",
        "unknown",
        "private",
        "restricted",
        "withheld",
        "unavailable",
        "asterisk",
        "none",
        "null",
        "blocked",
        "no number",
        "not available",
        "nobody",
        "hidden",
        "private number",
        "unknown number",
        "unknown caller",
        "no caller id",
        "n/a",
        "-",
    ];
    let number = number.trim_ascii();
    if number.first().is_some_and(|&byte| byte.is_ascii_digit() || byte == b'+') {
        // A number of nothing but noughts is what some exchanges give for none.
        let none = number.iter().all(|byte| *byte == b'0');
        return Some(id_label(number)).filter(|_| !none);
    }
    // `"Anonymous" <anonymous>`, `anonymous@anonymous.invalid`
    let bare = number.iter().rposition(|byte| *byte == b'<').and_then(|at| number.get(at + 1..)).unwrap_or(number);
    let bare = bare.strip_suffix(b">").unwrap_or(bare);
    let bare = bare.split(|byte| *byte == b'@').next().unwrap_or(bare).trim_ascii();
    if bare.is_empty() || WITHHELD.iter().any(|word| bare.eq_ignore_ascii_case(word.as_bytes())) {
        return None;
    }
    Some(id_label(number)).filter(|label| !label.is_empty())
}

/// A transfer. The tail is `hold|talk|original position`, whatever stands before it (LINK has one field more, an
/// extension may hold a bar); 1.4 wrote no position.
fn transferred(entry: &LogEntry<'_>, agent: Option<Label>) -> Step {
    let count = entry.data_count();
    let blind = entry.verb == Verb::BlindTransfer;
    let talk = match count {
        0..=3 => None,
        4 => seconds(entry.data(3)),
        _ => seconds(entry.back(2)),
    };
    let kind = if blind { TransferKind::Blind } else { TransferKind::Attended };
    let to_number =
        blind.then(|| entry.data(0).trim_ascii()).filter(|number| !number.is_empty()).map(Label::from_bytes);
    Step::Transferred { agent, kind, to_queue: None, to_agent: None, to_number, talk }
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// `score|max`, max only where it is a number.
fn scored(entry: &LogEntry<'_>, usual: f64) -> Result<Scored, &'static str> {
    let score = number(entry.data(0)).ok_or("a survey's score that is no number")?;
    let max = number(entry.data(1)).unwrap_or(usual);
    if max <= 1.0 {
        return Err("a survey's scale goes from 1 to more than 1");
    }
    if !(1.0..=max).contains(&score) {
        return Err("a survey's score outside its scale: write score|max");
    }
    Ok(Scored { score, min: 1.0, max })
}

pub(crate) fn yes_or_no(word: &[u8]) -> Option<bool> {
    let word = word.trim_ascii();
    let is_one_of = |words: &[&str]| words.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    if is_one_of(&["yes", "y", "true", "1", "resolved", "solved"]) {
        Some(true)
    } else if is_one_of(&["no", "n", "false", "0", "unresolved", "unsolved"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
