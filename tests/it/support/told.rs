//! A source as the board sees it: started, and what it tells collected.

use std::time::{Duration, Instant};

use floorwatch::board::Health;
use floorwatch::clock::Clock;
use floorwatch::event::{Event, EventKind};
use floorwatch::source::{self, Connector, Message, Running, Settings};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often is looked whether that has come which no message tells.
const LOOK: Duration = Duration::from_millis(50);

/// A source that runs, and everything it has told.
pub(crate) struct Told {
    running: Option<Running>,
    from: Receiver<Message>,
    runtime: Runtime,
    /// How many words of health were looked at.
    looked: usize,
    pub(crate) events: Vec<Event>,
    /// The last cursor that was to be kept.
    pub(crate) cursor: Option<String>,
    /// How it did: the words, in order.
    pub(crate) health: Vec<(Health, String)>,
    /// What was set aside.
    pub(crate) rejected: Vec<(u64, String)>,
    pub(crate) remarks: Vec<String>,
    /// How far its clock is ahead, in seconds.
    pub(crate) ahead: Option<f64>,
}

impl Told {
    /// Start the source that `keys` (TOML) describe.
    pub(crate) fn start(kind: source::SourceKind, keys: &str) -> Self {
        Self::resume(kind, keys, None)
    }

    /// The same, from where the journal says it was left.
    pub(crate) fn resume(kind: source::SourceKind, keys: &str, cursor: Option<&str>) -> Self {
        let connector = Connector::read(kind, toml::Deserializer::parse(keys).unwrap()).unwrap();
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

    /// Take what it tells until `enough`.
    pub(crate) fn until(&mut self, enough: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "that is never told; {}", self.summary());
            // What is waited for may be told by the other side alone.
            let message = self.runtime.block_on(async { tokio::time::timeout(LOOK, self.from.recv()).await });
            match message {
                Ok(Some(message)) => self.take(message),
                Ok(None) => panic!("the source has ended; {}", self.summary()),
                Err(_) => {}
            }
        }
    }

    /// Until it is in such health for a reason that holds `words`, after what was waited for before.
    pub(crate) fn until_health(&mut self, health: Health, words: &str) {
        let from = self.looked;
        let fits = move |told: &Self| {
            let mut since = told.health.iter().skip(from);
            since.position(|(now, reason)| *now == health && reason.contains(words))
        };
        self.until(|told| fits(told).is_some());
        self.looked = from + fits(self).unwrap_or_default() + 1;
    }

    /// The contacts that events are about, in order.
    pub(crate) fn contacts(&self) -> Vec<&str> {
        self.events.iter().filter_map(contact_of).collect()
    }

    /// How many times something was missed.
    pub(crate) fn gaps(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.kind, EventKind::Missed { .. })).count()
    }

    /// The figures last told of a queue.
    pub(crate) fn figures(&self, of: &str) -> Vec<(&str, f64)> {
        let told = self.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Observed { queue, figures, .. } if queue.as_str() == of => Some(figures),
            _ => None,
        });
        told.map(|figures| figures.iter().map(|(key, value)| (key.as_str(), *value)).collect()).unwrap_or_default()
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Events { events, cursor, .. } => {
                self.events.extend(events);
                self.cursor = cursor.or(self.cursor.take());
            }
            Message::Rejected { rejection, .. } => {
                self.rejected.push((rejection.line, rejection.reason.as_str().to_owned()));
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

impl Drop for Told {
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

/// A contact event on the wire, of a contact named as its id.
pub(crate) fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"floorwatch.contact.offered","time":"2026-03-02T09:00:00Z","data":{{"contact":"{id}","queue":"billing"}}}}"#
    )
}
