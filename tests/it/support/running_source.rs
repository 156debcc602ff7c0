//! Runs a source, and collects what it reports to the floor.

use std::time::{Duration, Instant};

use floorwatch::board::Health;
use floorwatch::clock::Clock;
use floorwatch::event::{Event, EventKind};
use floorwatch::source::{self, Connector, Message, Running, Settings};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver};

/// The longest time that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often to check a condition that no message announces.
const LOOK: Duration = Duration::from_millis(50);

/// A running source, and everything that it has reported.
pub(crate) struct RunningSource {
    running: Option<Running>,
    from: Receiver<Message>,
    runtime: Runtime,
    /// How many reports of health have been examined.
    looked: usize,
    pub(crate) events: Vec<Event>,
    /// The last cursor that was reported.
    pub(crate) cursor: Option<String>,
    /// The reports of health with their reasons, in order.
    pub(crate) health: Vec<(Health, String)>,
    /// The rejected events, by number and reason.
    pub(crate) rejected: Vec<(u64, String)>,
    pub(crate) remarks: Vec<String>,
    /// The reported offset of its clock, in seconds.
    pub(crate) ahead: Option<f64>,
}

impl RunningSource {
    /// Start the source that `keys` (TOML) describe.
    pub(crate) fn start(kind: source::SourceKind, keys: &str) -> Self {
        Self::resume(kind, keys, None)
    }

    /// Start the source from a cursor of the journal.
    pub(crate) fn resume(kind: source::SourceKind, keys: &str, cursor: Option<&str>) -> Self {
        Self::spawn(Connector::read(kind, toml::Deserializer::parse(keys).unwrap()).unwrap(), cursor)
    }

    /// Start a source whose keys have been read.
    pub(crate) fn of(connector: Connector) -> Self {
        Self::spawn(connector, None)
    }

    fn spawn(connector: Connector, cursor: Option<&str>) -> Self {
        connector.check().unwrap();
        let settings = Settings { name: Some("peer".into()), ..Settings::from(connector) };
        let (to, from) = mpsc::channel(64);
        let running = source::spawn(0, &settings, Clock::System, cursor, to).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (events, health, rejected, remarks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            running: Some(running),
            from,
            runtime,
            looked: 0,
            events,
            cursor: None,
            health,
            rejected,
            remarks,
            ahead: None,
        }
    }

    /// Receive messages until `enough`.
    pub(crate) fn until(&mut self, enough: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the condition never holds; {}", self.summary());
            // The condition may depend on the server alone, so it is also checked without a message.
            let message = self.runtime.block_on(async { tokio::time::timeout(LOOK, self.from.recv()).await });
            match message {
                Ok(Some(message)) => self.take(message),
                Ok(None) => panic!("the source has ended; {}", self.summary()),
                Err(_) => {}
            }
        }
    }

    /// Wait until the source is in this health, for a reason that contains `words`, after what was waited for before.
    pub(crate) fn until_health(&mut self, health: Health, words: &str) {
        let from = self.looked;
        let fits = move |source: &Self| {
            let mut since = source.health.iter().skip(from);
            since.position(|(now, reason)| *now == health && reason.contains(words))
        };
        self.until(|source| fits(source).is_some());
        self.looked = from + fits(self).unwrap_or_default() + 1;
    }

    /// The contacts that events are about, in order.
    pub(crate) fn contacts(&self) -> Vec<&str> {
        self.events.iter().filter_map(contact_of).collect()
    }

    /// The number of gaps.
    pub(crate) fn gaps(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.kind, EventKind::Missed { .. })).count()
    }

    /// The last figures of a queue.
    pub(crate) fn figures(&self, of: &str) -> Vec<(&str, f64)> {
        let figures = self.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Observed { queue, figures, .. } if queue.as_str() == of => Some(figures),
            _ => None,
        });
        figures.map(|figures| figures.iter().map(|(key, value)| (key.as_str(), *value)).collect()).unwrap_or_default()
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Events { events, cursor, .. } => {
                self.events.extend(events);
                self.cursor = cursor.or(self.cursor.take());
            }
            Message::Rejected { rejection, .. } => {
                self.rejected.push((rejection.line, rejection.reason.to_string()));
            }
            Message::Health { health, reason, .. } => self.health.push((health, reason.as_str().to_owned())),
            Message::Clock { ahead, .. } => self.ahead = Some(ahead.as_secs_f64()),
            Message::Remark { remark, .. } => self.remarks.push(remark.as_str().to_owned()),
        }
    }

    fn summary(&self) -> String {
        format!("health {:?}, {} events, rejected {:?}", self.health, self.events.len(), self.rejected)
    }
}

impl Drop for RunningSource {
    fn drop(&mut self) {
        self.from.close();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }
}

fn contact_of(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::Contact { contact, .. } => Some(contact.as_str()),
        _ => None,
    }
}

/// A contact event in the wire format; the contact's id is that of the event.
pub(crate) fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"floorwatch.contact.offered","time":"2026-03-02T09:00:00Z","data":{{"contact":"{id}","queue":"billing"}}}}"#
    )
}
