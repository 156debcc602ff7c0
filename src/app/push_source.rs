//! The source of events that are sent to the hub's API.

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Config;
use crate::hub::EventSlot;
use crate::source::Message;
use crate::text::Label;

/// The hub's API as a source of the floor.
pub(super) struct PushSource {
    event_slot: EventSlot,
    /// The source number, after the configured sources.
    index: usize,
    /// The name on the board.
    pub(super) name: Label,
}

impl PushSource {
    /// The source of the configured hub; `None` if no token may send events.
    pub(super) fn of(config: &Config) -> Option<Self> {
        if !config.hub.takes_events() {
            return None;
        }
        let taken = config.sources.iter().any(|source| source.name() == "hub".into());
        let name = Label::fixed(if taken { "hub events" } else { "hub" });
        Some(Self { event_slot: EventSlot::default(), index: config.sources.len(), name })
    }

    /// The kind shown on the board.
    pub(super) const fn kind() -> Label {
        Label::fixed("push")
    }

    /// The slot through which the API reaches the floor.
    pub(super) fn event_slot(&self) -> EventSlot {
        self.event_slot.clone()
    }

    /// Start accepting events and send them to the floor.
    pub(super) fn open(&self, clock: &Clock, to: &mpsc::Sender<Message>) {
        self.event_slot.open(self.index, self.name.clone(), clock.clone(), to);
    }
}
