//! Sources: translate what systems say into events.
//!
//! Each kind of source is a file or a folder: `format` turns bytes into records and records into events, without I/O;
//! `file` reads files once or follows them; `network` holds the sources that are reached over a network, each a session
//! in the shared loop of `network::session`, which reconnects for ever; `simulator` invents a contact centre.
//! Every source runs on a thread of its own and sends [`Message`]s to the floor: events, rejected input, and its own
//! health.

pub mod agent_names;
mod caller_number;
pub mod file;
pub mod format;
mod ids;
pub mod network;
mod prefix;
mod rejection;
mod running;
pub mod settings;
pub mod simulator;
pub mod tally;

pub use rejection::{Rejection, RejectionReason};
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
use network::{asterisk, freeswitch, http, listen, prometheus, queue_log_sql, session, sse};

/// A message from a source to the floor. `source` is the source's index in the configuration.
#[derive(Debug)]
pub enum Message {
    /// Events, in the order in which they were read.
    Events {
        /// The source's index.
        source: usize,
        /// The events.
        events: Vec<Event>,
        /// How far the source has been read once these events are stored, as text that only the source understands. The
        /// journal stores it in the same transaction as the events, so that none is lost or counted twice.
        cursor: Option<String>,
        /// Where to send the outcome once the events are on disk; for a source whose client waits for it.
        receipt: Option<oneshot::Sender<Receipt>>,
    },
    /// A line or event was rejected.
    Rejected {
        /// The source's index.
        source: usize,
        /// What was rejected, and why.
        rejection: Rejection,
    },
    /// The health of the source.
    Health {
        /// The source's index.
        source: usize,
        /// The health.
        health: Health,
        /// The reason in words. When the source is live, it is how it learns of changes, or empty.
        reason: Text,
        /// The time since which the source is in this health.
        at: Time,
        /// The time of the next attempt to connect; `None` if the source is not waiting for one.
        next_try: Option<Time>,
    },
    /// The offset of the source's clock.
    Clock {
        /// The source's index.
        source: usize,
        /// How far its clock is ahead of ours; negative if it is behind.
        ahead: Span,
    },
    /// Something that the owner of the source should know and that is not an error.
    Remark {
        /// The source's index.
        source: usize,
        /// The remark.
        remark: Text,
    },
}

/// What a source adds to its events: its index and name, and how its events are normalized.
#[derive(Clone, Debug)]
pub(crate) struct SourceIdentity {
    /// The source's index in the configuration.
    pub(crate) index: usize,
    pub(crate) name: Label,
    /// A prefix for the ids of queues, agents and contacts.
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

/// How many refused events a receipt names.
pub const MAX_REFUSALS: usize = 100;

/// The outcome of a batch of events, for a client that waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of events that were new.
    pub taken: usize,
    /// The number of events that had arrived before.
    pub duplicates: usize,
    /// The number of events that name more queues, agents or intents than one source may have.
    pub refused: usize,
    /// The first [`MAX_REFUSALS`] of those: the position in the batch, from 0, and the reason.
    pub refusals: Vec<(usize, Text)>,
    /// Whether the new events are on disk; if not, the reason.
    pub stored: Result<(), Text>,
}

/// Why a source can't be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The columns do not fit its tables.
    #[error("source {name}: {error}")]
    Columns {
        /// The source's name.
        name: Label,
        /// The cause.
        error: Box<csv::ColumnsError>,
    },
    /// The system provides no thread.
    #[error("source {name}: cannot start: {error}")]
    Thread {
        /// The source's name.
        name: Label,
        /// The cause.
        error: std::io::Error,
    },
}

/// Start the source that `settings` describe, as source number `index`. It continues from `cursor`, the last one that
/// the journal stored for it, or from its beginning.
///
/// # Errors
/// If its columns cannot work, or no thread can be started.
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
        Connector::QueueLogSql(keys) => {
            let table = queue_log_sql::SqlSession::new((**keys).clone(), settings.name(), cursor);
            session::start(identity, clock, to, table).map_err(thread)
        }
        Connector::Asterisk(keys) => {
            let connection = asterisk::AsteriskSession::new(settings, keys, &clock, cursor)?;
            session::start(identity, clock, to, connection).map_err(thread)
        }
    }
}
