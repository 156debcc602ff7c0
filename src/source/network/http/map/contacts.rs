//! Maps rows of a document to contacts that wait or are with an agent.

use jmespath::Rcvar;
use serde::Deserialize;

use super::names::Names;
use super::odd_cells::OddCells;
use super::selector::{QueueSelector, Since, SourceClock};
use crate::clock::Time;
use crate::event::Channel;
use crate::source::ids::id_label;
use crate::source::network::http::path::JmesPath;
use crate::source::network::http::words::{LiveStage, WordTable};
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// The table `contacts` of a mapping. All paths begin at a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactMap {
    /// The list of contacts in the document; all of them, since who is missing is gone.
    pub rows: JmesPath,
    /// The outer list, where `rows` are lists within its items: paths then begin at `{ outer, row }`.
    #[serde(default)]
    pub within: Option<JmesPath>,
    /// The contact's id.
    pub contact: JmesPath,
    /// The queue, or a constant.
    pub queue: QueueSelector,
    /// Since when the contact is in the queue, or has been.
    #[serde(default)]
    pub since: Option<Since>,
    /// Since when it is with the agent.
    #[serde(default)]
    pub answered: Option<Since>,
    /// The word for where it is on its way. Without it, a contact with an agent talks and one without waits.
    #[serde(default)]
    pub state: Option<JmesPath>,
    /// What these words mean.
    #[serde(default)]
    pub states: WordTable<LiveStage>,
    /// The agent who has it, or whom it rings.
    #[serde(default)]
    pub agent: Option<JmesPath>,
    /// The word for its channel.
    #[serde(default)]
    pub channel: Option<JmesPath>,
    /// What these words mean, where they are not the channels' own names.
    #[serde(default)]
    pub channels: WordTable<Channel>,
    /// Its priority, in the vendor's own numbers.
    #[serde(default)]
    pub priority: Option<JmesPath>,
}

/// What a document says of a contact.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::source::network::http) struct ContactEntry {
    pub(in crate::source::network::http) queue: Label,
    pub(in crate::source::network::http) stage: LiveStage,
    pub(in crate::source::network::http) since: Option<Time>,
    pub(in crate::source::network::http) answered: Option<Time>,
    pub(in crate::source::network::http) agent: Option<Label>,
    pub(in crate::source::network::http) channel: Channel,
    pub(in crate::source::network::http) priority: Option<i32>,
}

impl ContactMap {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.state.is_some() == self.states.is_empty() {
            return Err("contacts: `state` says where the word is, and `states` what it means: write both".to_owned());
        }
        if self.state.is_none() && self.agent.is_some() != self.answered.is_some() && self.answered.is_some() {
            return Err("contacts: `answered` needs the `agent` who answered".to_owned());
        }
        Ok(())
    }

    /// The paths that tell who there is and where; the others need not find anything.
    pub(super) fn paths(&self) -> impl Iterator<Item = &JmesPath> {
        [&self.rows, &self.contact].into_iter().chain(&self.within).chain(self.queue.path()).chain(&self.state)
    }

    /// Read a row; `None` if it is ignored. Who, where and how far is needed: what else is odd goes to `odd`.
    pub(super) fn read(
        &self,
        row: &Rcvar,
        names: &Names,
        clock: SourceClock,
        odd: &mut OddCells,
    ) -> Result<Option<(Label, ContactEntry)>, RejectionReason> {
        let agent = self.agent.as_ref().map_or(Ok(None), |path| path.text(row))?;
        let agent = agent.map(|agent| id_label(agent.as_bytes()));
        let stage = match &self.state {
            Some(path) => {
                let Some(stage) = self.states.read(path, row)? else { return Ok(None) };
                stage
            }
            None if agent.is_some() => LiveStage::Talking,
            None => LiveStage::Waiting,
        };
        if stage > LiveStage::Ringing && agent.is_none() {
            return Err("is with an agent of whom there is nothing: it is not shown".into());
        }
        let channel = self.channel.as_ref().map_or(Ok(Some(Channel::default())), |path| self.read_channel(path, row));
        let channel = channel.unwrap_or_else(|reason| {
            odd.note(reason.about("channel"));
            Some(Channel::default())
        });
        let Some(channel) = channel else { return Ok(None) };
        let id = self.contact.text(row)?;
        let id = id.ok_or_else(|| format!("without a contact: there is nothing at `{}`", self.contact))?;
        let time = |since: &Option<Since>| since.as_ref().map_or(Ok(None), |since| since.time(row, clock));
        let priority = self.priority.as_ref().map_or(Ok(None), |path| path.number(row));
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and priorities are small")]
        let priority = odd.leave_out("priority", priority).map(|number| number as i32);
        let contact = ContactEntry {
            queue: self.queue.read(row, names)?,
            stage,
            since: odd.leave_out("since", time(&self.since)),
            answered: odd.leave_out("answered", time(&self.answered)),
            agent,
            channel,
            priority,
        };
        Ok(Some((id_label(id.as_bytes()), contact)))
    }

    /// The channel of a row; `None` where the row is ignored for it.
    fn read_channel(&self, path: &JmesPath, row: &Rcvar) -> Result<Option<Channel>, RejectionReason> {
        let Some(word) = path.text(row)? else { return Ok(Some(Channel::default())) };
        let unknown = || RejectionReason::new(&format!("`{path}` is a word that `channels` does not have"), &word);
        self.channels.find(&word).map_or_else(|| Channel::parse(&word.to_lowercase()).map(Some).ok_or_else(unknown), Ok)
    }
}

impl ContactEntry {
    /// Add what another list says of the same contact: it is as far as the furthest says.
    pub(in crate::source::network::http) fn learn(&mut self, other: Self) {
        let (ahead, behind) = if other.stage > self.stage { (other, self.clone()) } else { (self.clone(), other) };
        *self = Self {
            since: ahead.since.or(behind.since),
            answered: ahead.answered.or(behind.answered),
            agent: ahead.agent.or(behind.agent),
            priority: ahead.priority.or(behind.priority),
            ..ahead
        };
    }
}
