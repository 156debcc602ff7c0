//! Sources: whatever a system says, turned into events.
//!
//! One file or folder a kind of source: bytes → records (pure) → events (pure). A source runs on its own thread
//! and sends [`Message`]s; how it does is said the same way as what it saw. What is reached over a network is a
//! session inside the shared loop of `link`, which makes the connection anew for ever.

mod caller_number;
pub mod file;
pub mod format;
mod ids;
pub mod network;
mod prefix;
mod running;
pub mod settings;
pub mod simulator;
pub mod tally;

pub use running::Running;
pub use settings::{Connector, FileSettings, Settings, SourceKind};
pub use tally::InputTally;

use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use crate::board::Health;
use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::text::{Label, Text};
use file::follow;
use format::csv;
use network::{asterisk, freeswitch, http, listen, prometheus, session, sse};

/// What a source tells the floor. `source` is its index in the configuration.
#[derive(Debug)]
pub enum Message {
    /// Things that happened, in the order they were read.
    Events {
        /// Which source.
        source: usize,
        /// What.
        events: Vec<Event>,
        /// How far the source has been read once these are kept: text that means something only to the source.
        /// The journal keeps it in the same transaction as the events, so that none is lost or counted twice.
        cursor: Option<String>,
        /// Told once they are on the disk, by a source whose other side waits for that.
        kept: Option<oneshot::Sender<Receipt>>,
    },
    /// A line was set aside.
    Rejected {
        /// Which source.
        source: usize,
        /// Where and why.
        rejection: Rejection,
    },
    /// How the source does.
    Health {
        /// Which source.
        source: usize,
        /// How.
        health: Health,
        /// Why, in words; empty where all is well.
        reason: Text,
        /// Since when.
        at: Time,
        /// When it will try again, where it waits for that.
        next_try: Option<Time>,
    },
    /// How far its clock is ahead of ours.
    Clock {
        /// Which source.
        source: usize,
        /// So far; behind, where negative.
        ahead: Span,
    },
    /// Something its owner should know and that is no fault.
    Remark {
        /// Which source.
        source: usize,
        /// What.
        remark: Text,
    },
}

/// What the events of a source carry: its number and name, and how they are to be normalized.
#[derive(Clone, Debug)]
pub(crate) struct SourceIdentity {
    /// The source's index in the configuration.
    pub(crate) index: usize,
    pub(crate) name: Label,
    /// Put before every queue, agent and contact.
    pub(crate) prefix: Option<Label>,
    /// Whether event times are corrected by the offset of the source's clock.
    pub(crate) correct_clock: bool,
}

impl SourceIdentity {
    pub(crate) fn new(index: usize, settings: &Settings) -> Self {
        let Settings { prefix, correct_clock, .. } = settings;
        Self { index, name: settings.name(), prefix: prefix.clone(), correct_clock: *correct_clock }
    }
}

/// What became of events that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// These many were new.
    pub taken: usize,
    /// These many had come before.
    pub duplicates: usize,
    /// These many name more queues, agents or intents than one source may.
    pub refused: usize,
    /// Whether they are on the disk, or why not.
    pub kept: Result<(), Text>,
}

/// Why a source can't be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// Its columns can't work.
    #[error("source {name}: {error}")]
    Columns {
        /// Which source.
        name: Label,
        /// Why.
        error: Box<csv::ColumnsError>,
    },
    /// There is no thread for it.
    #[error("source {name}: cannot start: {error}")]
    Thread {
        /// Which source.
        name: Label,
        /// Why.
        error: std::io::Error,
    },
}

/// Start the source that `settings` describe. It goes on from `cursor` (the last one that was kept of it), or from
/// its beginning, and sends what it sees as source number `index`.
///
/// # Errors
/// Where its columns can't work, or no thread can be started.
pub fn spawn(
    index: usize,
    settings: &Settings,
    clock: Clock,
    cursor: Option<&str>,
    to: Sender<Message>,
) -> Result<Running, SpawnError> {
    let thread = |error| SpawnError::Thread { name: settings.name(), error };
    let identity = SourceIdentity::new(index, settings);
    match &settings.connector {
        Connector::File(file) => follow::spawn(index, settings, file, clock, cursor, to),
        Connector::Listen(keys) => {
            session::start(identity, clock, to, listen::ListenSession((**keys).clone())).map_err(thread)
        }
        Connector::Sse(keys) => {
            let stream = sse::SseSession::new((**keys).clone(), cursor);
            session::start(identity, clock, to, stream).map_err(thread)
        }
        Connector::Http(keys) => {
            session::start(identity, clock, to, http::HttpSession::new((**keys).clone(), cursor)).map_err(thread)
        }
        Connector::FreeSwitch(keys) => {
            let connection = freeswitch::FreeSwitchSession::new((**keys).clone(), settings.name(), cursor);
            session::start(identity, clock, to, connection).map_err(thread)
        }
        Connector::Prometheus(keys) => {
            let connection = prometheus::PrometheusSession::new((**keys).clone(), cursor);
            session::start(identity, clock, to, connection).map_err(thread)
        }
        Connector::Asterisk(keys) => {
            let connection = asterisk::AsteriskSession::new(settings, keys, &clock, cursor)?;
            session::start(identity, clock, to, connection).map_err(thread)
        }
    }
}

/// Something that could not be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file's name as given, or the source's.
    pub place: Label,
    /// The line, from 1.
    pub line: u64,
    /// Why, and what to do about it.
    pub reason: Text,
}
