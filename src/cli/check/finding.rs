//! What a check has found about one source or file.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::first_rows::describe;
use crate::board::Health;
use crate::clock::{Span, Time};
use crate::engine::{self, Engine};
use crate::event::{self, Event, Step};
use crate::source::SourceKind;
use crate::source::file::read::{self, Options};
use crate::text::{Label, Text};

/// What a check has found about one source or file; unknown values are null in JSON.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Finding {
    pub(super) name: Text,
    pub(super) kind: Label,
    pub(super) ok: bool,
    /// The last state of a live source.
    pub(super) health: Option<Health>,
    /// Why the check failed, and what to do about it.
    pub(super) reason: Option<Text>,
    /// What a look at the other side found, beside its events; absent for most kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<Text>,
    /// A remark that is no failure.
    pub(super) remark: Option<Text>,
    /// How far the clock of the source is ahead of this machine's; negative if it is behind.
    #[serde(rename = "clock_ahead_s", serialize_with = "seconds")]
    pub(super) clock_ahead: Option<Span>,
    /// How long the source took to be live.
    #[serde(rename = "took_s", serialize_with = "seconds")]
    pub(super) took: Option<Span>,
    pub(super) queues: BTreeSet<Label>,
    #[serde(serialize_with = "len")]
    pub(super) agents: BTreeSet<Label>,
    pub(super) events: u64,
    /// The times of the first and the last event.
    pub(super) from: Option<Time>,
    pub(super) to: Option<Time>,
    /// The number of lines or events that were rejected.
    pub(super) set_aside: u64,
    /// The number of steps that contradict what is known of their contact.
    pub(super) out_of_place: u64,
    /// What contradicts its contact, and the first rejections with their reasons, at most [`MAX_REJECTIONS`].
    pub(super) rejections: Vec<Text>,
    /// The first rows as they were read, of a source that is polled; at most [`MAX_FIRST_ROWS`] of a kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) first_rows: Vec<Text>,
}

/// How many rejections are listed.
const MAX_REJECTIONS: usize = 20;
/// How many rows of each kind are shown as they were read.
const MAX_FIRST_ROWS: usize = 4;

impl Finding {
    /// A finding that knows nothing yet.
    pub(super) fn about(name: Text, kind: Label) -> Self {
        Self { name, kind, ..Self::default() }
    }

    /// The finding of a failed check.
    pub(super) fn fails(self, reason: &str) -> Self {
        Self { ok: false, reason: Some(Text::new(reason)), ..self }
    }

    /// Reads a file from its beginning to its end.
    pub(super) fn of_file(mut self, path: &Path, options: &Options) -> Self {
        let mut reader = match read::open(&[path.to_owned()], options) {
            Ok(reader) => reader,
            Err(error) => return self.fails(&error.to_string()),
        };
        self.ok = true;
        if let Some(format) = reader.inputs().first().and_then(|input| input.format) {
            let kind = Label::fixed(SourceKind::File(format).word());
            if self.kind.is_empty() {
                self.kind = kind;
            } else if self.kind != kind {
                let words = format!("what is in it looks like kind = \"{kind}\", not {}", self.kind);
                return self.fails(&words);
            }
        }
        let mut engine = Engine::new(engine::Settings { keep: None, ..engine::Settings::default() });
        engine.count_only(&[], None);
        reader.for_each(&mut |event| {
            self.count(&event);
            engine.apply(&event);
            engine.advance(engine.newest());
        });
        let contradictions = engine.contradictions();
        self.out_of_place = contradictions.iter().map(|steps| steps.count).sum();
        let tally = reader.tally();
        self.set_aside = tally.rejected;
        if self.events == 0 && tally.rejected > 0 {
            self = self.fails("no line of it could be read as an event");
        }
        let remarks: Vec<String> = tally.all_remarks().collect();
        if self.remark.is_none() && !remarks.is_empty() {
            self.remark = Some(Text::new(&remarks.join("; ")));
        }
        for steps in contradictions {
            self.list(&format!("contradicts its contact: {steps} at {}", steps.at));
        }
        for rejection in tally.incomplete.iter().chain(&tally.rejections) {
            self.reject(rejection);
        }
        self
    }

    pub(super) fn reject(&mut self, rejection: &crate::source::Rejection) {
        self.list(&format!("{}:{}: {}", rejection.place, rejection.line, rejection.reason));
    }

    fn list(&mut self, words: &str) {
        if self.rejections.len() < MAX_REJECTIONS {
            self.rejections.push(Text::new(words));
        }
    }

    /// Shows a row as it was read, if it is one of the first.
    pub(super) fn show_row(&mut self, event: &Event) {
        let Some(words) = describe(event) else { return };
        let kind = |row: &str| row.split(' ').next().map(str::to_owned);
        if self.first_rows.iter().filter(|row| kind(row.as_str()) == kind(&words)).count() < MAX_FIRST_ROWS {
            self.first_rows.push(Text::new(&words));
        }
    }

    /// Counts an event and notes its queues and agents.
    pub(super) fn count(&mut self, event: &Event) {
        self.events += 1;
        self.from = Some(self.from.map_or(event.at, |from| from.min(event.at)));
        self.to = Some(self.to.map_or(event.at, |to| to.max(event.at)));
        match &event.kind {
            event::EventKind::Contact { queue, step, .. } => {
                self.queues.extend(queue.clone());
                self.step(step);
            }
            event::EventKind::AgentState { agent, .. } => self.agent(agent),
            event::EventKind::AgentQueues { agent, queues } => {
                self.agent(agent);
                self.queues.extend(queues.iter().map(|membership| membership.queue.clone()));
            }
            event::EventKind::AgentProfile(profile) => {
                self.agent(&profile.agent);
                self.queues.extend(profile.queues.iter().cloned());
            }
            event::EventKind::QueueProfile(profile) => self.queue(&profile.queue),
            event::EventKind::Observed { queue, .. } => self.queue(queue),
            event::EventKind::SelfService(_) | event::EventKind::Restarted | event::EventKind::Missed { .. } => {}
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Offered(offer) => self.queue(&offer.queue),
            Step::Ringing { agent }
            | Step::RingCanceled { agent }
            | Step::RingNoAnswer { agent, .. }
            | Step::Answered { agent, .. }
            | Step::Responded { agent }
            | Step::Wrapped { agent, .. }
            | Step::Completed { agent: Some(agent), .. }
            | Step::Transferred { agent: Some(agent), .. } => self.agent(agent),
            _ => {}
        }
    }

    fn queue(&mut self, queue: &Label) {
        if !self.queues.contains(queue) {
            self.queues.insert(queue.clone());
        }
    }

    fn agent(&mut self, agent: &Label) {
        if !self.agents.contains(agent) {
            self.agents.insert(agent.clone());
        }
    }
}

#[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
fn seconds<S: Serializer>(span: &Option<Span>, serializer: S) -> Result<S::Ok, S::Error> {
    span.map(Span::as_secs_f64).serialize(serializer)
}

fn len<S: Serializer>(names: &BTreeSet<Label>, serializer: S) -> Result<S::Ok, S::Error> {
    names.len().serialize(serializer)
}
