//! Asterisk's queue_log: one line in, its events out.
//!
//! A line is `epoch|call id|queue|agent|VERB|data…`; the layouts of all Asterisk versions and of common distributions
//! are understood. See <https://docs.asterisk.org/Configuration/Applications/Queue-Logs/>. Three facts span lines and are
//! remembered: the queues to which an agent was added, who is paused, and the calls that have just left an empty queue.

mod aliases;
mod fields;
mod plain_line;
mod verb;

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::clock::{Span, Time};
use crate::event::{
    AgentState, Channel, EndedBy, Event, EventKind, EventSink, LeftReason, Offer, PlainStep, Scored, SinkTo, Step,
    Survey, TransferKind,
};
use crate::source::agent_names::CalledAgents;
use crate::source::caller_number::{customer, plain_customer};
use crate::source::format::limits::EARLIEST_TIME;
use crate::source::ids::{LabelCache, id_label};
use crate::source::tally::InputTally;
use crate::text::Label;
pub use aliases::AgentAliases;
use fields::{LogEntry, LogFields, LoggedName, epoch, integer, milliseconds, number, seconds, yes_or_no};
use verb::Verb;
pub use verb::{Meaning, Verbs};

/// How many of the last EXITEMPTY lines are remembered.
const MAX_EMPTY_EXITS: usize = 16;
/// How many agents are remembered who are paused, or logged in; no floor has more.
const MAX_REMEMBERED: usize = 50_000;
/// So many bytes of a label are stored without an allocation.
const MAX_COPIED_BYTES: usize = 23;

/// What a centre's own words in its queue_log mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteNames {
    /// Its own verbs.
    pub verbs: Verbs,
    /// Its agents' other names.
    pub agents: AgentAliases,
}

impl From<Verbs> for SiteNames {
    fn from(verbs: Verbs) -> Self {
        Self { verbs, agents: AgentAliases::default() }
    }
}

impl Extend<Self> for SiteNames {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, all: T) {
        for Self { verbs, agents } in all {
            self.verbs.0.extend(verbs.0);
            self.agents.extend(agents);
        }
    }
}

/// Parses queue_log lines into events.
#[derive(Debug)]
pub struct QueueLogParser {
    origin: Label,
    site: SiteNames,
    names: LabelCache,
    memory: QueueLogMemory,
    /// Lines are read apart from those before them.
    apart: bool,
    /// The calls that left an empty queue last, with the queue: some versions write LEAVEEMPTY for the same exit again.
    empty_exits: VecDeque<(Label, Label)>,
    /// Agents whom calls have rung or reached.
    called: CalledAgents,
}

/// The state of a parser that must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueLogMemory {
    /// The queues to which each agent was added: removal from the last one makes the agent offline.
    #[serde(skip_serializing_if = "FxHashMap::is_empty")]
    members: FxHashMap<Label, Vec<Label>>,
    /// The agents who are paused.
    #[serde(skip_serializing_if = "FxHashSet::is_empty")]
    paused: FxHashSet<Label>,
    /// The agents who are logged in by a call of their own, which ends with Asterisk.
    #[serde(skip_serializing_if = "FxHashSet::is_empty")]
    on_line: FxHashSet<Label>,
}

impl QueueLogParser {
    /// A parser whose events carry `origin`; `site` are the centre's own words.
    #[must_use]
    pub fn new(origin: Label, site: impl Into<SiteNames>) -> Self {
        Self {
            origin,
            site: site.into(),
            names: LabelCache::default(),
            memory: QueueLogMemory::default(),
            apart: false,
            empty_exits: VecDeque::new(),
            called: CalledAgents::default(),
        }
    }

    /// A parser for lines read apart from those before them: it refuses those whose meaning depends on these.
    pub(crate) fn apart(&self) -> Self {
        Self { apart: true, ..Self::new(self.origin.clone(), self.site.clone()) }
    }

    /// The state to store with the position in the log.
    #[must_use]
    pub const fn memory(&self) -> &QueueLogMemory {
        &self.memory
    }

    /// Continue with the state of an earlier parser.
    pub fn restore(&mut self, memory: QueueLogMemory) {
        self.memory = memory;
    }

    /// Parse one line and pass its events to `each`. Empty lines give none. Events and unknown verbs are counted in
    /// `tally`.
    ///
    /// # Errors
    /// Why the line is rejected and what to do about it: it is malformed, or its time is later than `latest`.
    pub fn parse_line(
        &mut self,
        line: &[u8],
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn FnMut(Event),
    ) -> Result<(), &'static str> {
        self.parse(line, None, latest, tally, &mut SinkTo(each))
    }

    /// The same for a line that may be known to be `text`.
    #[inline]
    pub(crate) fn parse(
        &mut self,
        line: &[u8],
        text: Option<&str>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), &'static str> {
        if self.site.agents.is_empty()
            && let Some(plain) = plain_line::read(line, text, &self.origin)
            && (EARLIEST_TIME..=latest).contains(&plain.at)
        {
            tally.events += 1;
            if let PlainStep::Answered { agent, .. } | PlainStep::RingNoAnswer { agent, .. } = &plain.step {
                self.called.note(agent.as_ref(), &mut tally.agents);
            }
            each.take_plain(&plain);
            return Ok(());
        }
        self.parse_with_care(line, text, latest, tally, each)
    }

    /// The same for a line that is not plain.
    fn parse_with_care(
        &mut self,
        line: &[u8],
        text: Option<&str>,
        latest: Time,
        tally: &mut InputTally,
        each: &mut dyn EventSink,
    ) -> Result<(), &'static str> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let fields = LogFields::split(line, text);
        if fields.count() < 5 {
            return Err("not a queue_log line: fewer than five fields between bars");
        }
        let at = epoch(fields.get(0)).ok_or("no time in Unix seconds at the beginning of the line")?;
        if at < EARLIEST_TIME {
            return Err("the time is in 1970: set the clock of the machine that writes it");
        }
        if at > latest {
            return Err("the time is more than a day ahead: compare the clocks of both machines");
        }
        let entry = LogEntry::find(&fields, |word| self.site.verbs.lookup(word));
        if self.apart && entry.needs_memory() {
            return Err("it depends on the lines before it");
        }
        let mut events = 0;
        let mut emit = |origin: &Label, kind| {
            events += 1;
            each.take(Event { at, origin: origin.clone(), id: None, kind });
        };
        match entry.verb {
            Verb::Ignored | Verb::Unknown => tally.unknown(&String::from_utf8_lossy(entry.word)),
            Verb::QueueStart => {
                emit(&self.origin, EventKind::Restarted);
                for (agent, state) in self.memory.restart() {
                    emit(&self.origin, EventKind::AgentState { agent, state, reason: None, lasts: None });
                }
            }
            Verb::Pause | Verb::Unpause | Verb::LogIn | Verb::LogOff | Verb::AddMember | Verb::RemoveMember => {
                let kind = self.agent_state(&entry)?;
                if let (Verb::AddMember, Some(EventKind::AgentState { agent, .. })) = (entry.verb, &kind) {
                    tally.agents.note_added(agent.as_str());
                }
                if let Some(kind) = kind {
                    emit(&self.origin, kind);
                }
            }
            Verb::WrapUpStart => {
                let agent = self.agent_name(&entry)?;
                let acw = seconds(entry.data(0)).ok_or("WRAPUPSTART without its seconds")?;
                if let Ok(contact) = call_id(&fields) {
                    let (queue, step) = (self.queue(&entry), Step::Wrapped { agent: agent.clone(), acw: Some(acw) });
                    emit(&self.origin, EventKind::Contact { contact, queue, step });
                }
                let state = AgentState::AfterContact;
                emit(&self.origin, EventKind::AgentState { agent, state, reason: None, lasts: Some(acw) });
            }
            Verb::Refused(reason) => {
                let contact = call_id(&fields)?;
                let queue = self.queue(&entry).ok_or("no queue")?;
                if entry.word == b"LEAVEEMPTY" && self.take_empty_exit(&contact, &queue) {
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
                let contact = call_id(&fields)?;
                let queue = self.queue(&entry);
                if let Some(step) = self.step(&entry, &contact, queue.as_ref())? {
                    if let Step::Answered { agent, .. } | Step::RingNoAnswer { agent, .. } = &step {
                        self.called.note(agent.as_str(), &mut tally.agents);
                    }
                    // Nearly all events come from here. They are made in the place that they are passed in.
                    events = 1;
                    let kind = EventKind::Contact { contact, queue, step };
                    each.take(Event { at, origin: self.origin.clone(), id: None, kind });
                }
            }
        }
        tally.events += events;
        Ok(())
    }

    /// The step of a line about a call; `None` if the line changes nothing.
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
                let customer = match number {
                    LoggedName::Plain(text) => plain_customer(text),
                    LoggedName::Raw(bytes) => customer(bytes),
                };
                Ok(Some(Step::Offered(offer(queue.clone(), customer, position))))
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
                    self.empty_exits.truncate(MAX_EMPTY_EXITS - 1);
                    self.empty_exits.push_front((contact.clone(), queue.clone()));
                }
                left(LeftReason::Empty, seconds(entry.data(2)))
            }
            Verb::ExitWithTimeout => left(LeftReason::Timeout, seconds(entry.data(2))),
            Verb::ExitWithKey => left(LeftReason::Key, seconds(entry.data(3))),
            Verb::Withdraw => left(LeftReason::Withdrawn, seconds(entry.data(2))),
            // No common codec was found. The call was not answered, and the caller did not hang up either.
            Verb::SysCompat => left(LeftReason::Withdrawn, None),
            // The agent hung up before the caller was put through. The caller waits on, and the next agent is rung.
            Verb::AgentDump => Ok(Some(Step::RingNoAnswer { agent: self.agent_name(entry)?, ring: None })),
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

    /// The agent's state after the line; `None` if the line does not change it.
    fn agent_state(&mut self, entry: &LogEntry<'_>) -> Result<Option<EventKind>, &'static str> {
        let agent = self.agent_name(entry)?;
        let text = entry.text();
        let mut reason = None;
        let state = match entry.verb {
            Verb::Pause => {
                reason = (!text.is_empty()).then(|| self.names.get(text));
                AgentState::Paused
            }
            Verb::LogIn => {
                self.memory.note_login(&agent, entry.word == b"AGENTLOGIN");
                AgentState::Available
            }
            Verb::LogOff => {
                self.memory.members.remove(&agent);
                self.memory.note_login(&agent, false);
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
        self.memory.note_pause(&agent, state == AgentState::Paused);
        Ok(Some(EventKind::AgentState { agent, state, reason, lasts: None }))
    }

    /// The step of a line with one of the site's own verbs.
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
                let score = number(entry.data_from_end(1)).filter(|score| (0.0..=100.0).contains(score));
                let score = score.ok_or("a quality score is a number from 0 to 100, after the evaluator")?;
                let evaluator = entry.join(0, entry.data_count().saturating_sub(1)).trim_ascii();
                let evaluator = if evaluator.is_empty() { Label::fixed("unknown") } else { self.names.get(evaluator) };
                Ok(Some(Step::Quality { evaluator, score, failures: Vec::new() }))
            }
        }
    }

    /// The agent of a line whose verb requires one.
    fn agent_name(&mut self, entry: &LogEntry<'_>) -> Result<Label, &'static str> {
        let agent = entry.agent();
        if agent.is_nobody() {
            return Err("no agent, and this verb is about one");
        }
        let agent = self.name(agent);
        if agent.is_empty() {
            return Err("the agent's name holds nothing that can be shown");
        }
        Ok(self.site.agents.agent(&agent).unwrap_or(agent))
    }

    fn queue(&mut self, entry: &LogEntry<'_>) -> Option<Label> {
        let queue = entry.queue();
        (!queue.is_nobody()).then(|| self.name(queue)).filter(|queue| !queue.is_empty())
    }

    fn name(&mut self, name: LoggedName<'_>) -> Label {
        match name {
            // Copying so few bytes costs less than finding them.
            LoggedName::Plain(text) if text.len() <= MAX_COPIED_BYTES => Label::plain(text),
            name => self.names.get(name.bytes()),
        }
    }

    /// Whether an EXITEMPTY has reported this exit already. Forgets it, so that a later exit counts again.
    fn take_empty_exit(&mut self, contact: &Label, queue: &Label) -> bool {
        let found = self.empty_exits.iter().position(|(call, of)| call == contact && of == queue);
        found.and_then(|index| self.empty_exits.remove(index)).is_some()
    }
}

impl QueueLogMemory {
    fn note_pause(&mut self, agent: &Label, is_paused: bool) {
        note(&mut self.paused, agent, is_paused);
    }

    fn note_login(&mut self, agent: &Label, is_on_line: bool) {
        note(&mut self.on_line, agent, is_on_line);
    }

    /// What a start of Asterisk makes of the agents. It forgets the pauses of the members of its configuration, and keeps
    /// those of members who were added. The calls by which agents were logged in are gone.
    fn restart(&mut self) -> Vec<(Label, AgentState)> {
        let Self { members, paused, on_line } = self;
        let gone = std::mem::take(on_line);
        paused.retain(|agent| !gone.contains(agent));
        let free = paused.extract_if(|agent| !members.contains_key(agent)).map(|agent| (agent, AgentState::Available));
        let mut changed: Vec<(Label, AgentState)> = free.collect();
        changed.extend(gone.into_iter().map(|agent| (agent, AgentState::Offline)));
        changed.sort_unstable();
        changed
    }
}

fn note(agents: &mut FxHashSet<Label>, agent: &Label, is_so: bool) {
    if !is_so {
        agents.remove(agent);
    } else if agents.len() < MAX_REMEMBERED {
        agents.insert(agent.clone());
    }
}

fn call_id(fields: &LogFields<'_>) -> Result<Label, &'static str> {
    if let Some(id) = fields.plain(1, 2).filter(|id| !id.is_empty() && *id != "NONE") {
        return Ok(Label::plain(id));
    }
    let field = fields.get(1).trim_ascii();
    if field.is_empty() || field == b"NONE" {
        return Err("no call id, and this verb is about a call");
    }
    let id = id_label(field);
    if id.is_empty() { Err("the call id holds nothing that can be shown") } else { Ok(id) }
}

fn offer(queue: Label, customer: Option<Label>, position: Option<u32>) -> Offer {
    Offer { customer, position, ..Offer::new(queue, Channel::Voice) }
}

/// The caller's number and position of an ENTERQUEUE line: `url|number|position`, followed by the caller's name if
/// Asterisk is configured to log it. The number can contain `|`, the name cannot.
fn caller<'a>(entry: &LogEntry<'a>) -> (LoggedName<'a>, Option<u32>) {
    let position = |index: usize| {
        let position = integer(entry.data(index)).and_then(|p| u32::try_from(p).ok());
        position.filter(|&p| p > 0)
    };
    let count = entry.data_count();
    let index = match count {
        0..=2 => None,
        3 => Some(2),
        4 => [2, 3].into_iter().find(|&index| position(index).is_some()),
        // With a name at the end, the position is the field before it.
        _ => [count - 2, count - 1, 2].into_iter().find(|&index| position(index).is_some()),
    };
    match index {
        Some(index) => (entry.data_name(1, index), position(index)),
        None => (entry.data_name(1, 2), None),
    }
}

/// The step of a transfer line. It ends in `hold|talk|original position`, whatever precedes them (LINK has one field
/// more, an extension can contain `|`); Asterisk 1.4 wrote no position.
fn transferred(entry: &LogEntry<'_>, agent: Option<Label>) -> Step {
    let count = entry.data_count();
    let blind = entry.verb == Verb::BlindTransfer;
    let talk = match count {
        0..=3 => None,
        4 => seconds(entry.data(3)),
        _ => seconds(entry.data_from_end(2)),
    };
    let kind = if blind { TransferKind::Blind } else { TransferKind::Attended };
    let to_number =
        blind.then(|| entry.data(0).trim_ascii()).filter(|number| !number.is_empty()).map(Label::from_bytes);
    Step::Transferred { agent, kind, to_queue: None, to_agent: None, to_number, talk }
}

/// A survey score `score|max`; `default_max` is the scale if the second field is not a number.
fn scored(entry: &LogEntry<'_>, default_max: f64) -> Result<Scored, &'static str> {
    let score = number(entry.data(0)).ok_or("a survey's score that is no number")?;
    let max = number(entry.data(1)).unwrap_or(default_max);
    if max <= 1.0 {
        return Err("a survey's scale goes from 1 to more than 1");
    }
    if !(1.0..=max).contains(&score) {
        return Err("a survey's score outside its scale: write score|max");
    }
    Ok(Scored { score, min: 1.0, max })
}

#[cfg(test)]
mod tests;
