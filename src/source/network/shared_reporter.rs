//! Reports to the floor from many tasks at once, such as the requests that push events.

use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::source::prefix::normalize_events;
use crate::source::{Message, Receipt, Rejection, RejectionReason, SourceIdentity};
use crate::text::Label;

/// Sends the messages of one source to the floor. Clones are cheap and may be used concurrently; the health of the
/// source is reported by the session's own [`Reporter`](super::reporter::Reporter) alone.
#[derive(Clone, Debug)]
pub(crate) struct SharedReporter {
    source: SourceIdentity,
    clock: Clock,
    to: Sender<Message>,
    stop: CancellationToken,
}

impl SharedReporter {
    pub(crate) fn new(source: SourceIdentity, clock: Clock, to: Sender<Message>) -> Self {
        Self { source, clock, to, stop: CancellationToken::new() }
    }

    /// The index of the source in the configuration.
    pub(super) const fn index(&self) -> usize {
        self.source.index
    }

    pub(super) const fn name(&self) -> &Label {
        &self.source.name
    }

    /// Cancelled when the floor is gone; cancelling it stops the source.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The steady clock, for measuring lengths of time.
    pub(crate) fn steady(&self) -> Time {
        self.clock.steady()
    }

    /// Correct the times of events by the offset of the source's clock, whether that is configured or not.
    pub(super) const fn correct_clock(&mut self) {
        self.source.correct_clock = true;
    }

    /// Apply the source's prefix to `events`, and correct their times where that is configured. `ahead` is the offset
    /// of the sender's clock.
    pub(super) fn normalize(&self, events: &mut [Event], ahead: Span) {
        let ahead = if self.source.correct_clock { ahead } else { Span::ZERO };
        normalize_events(events, self.source.prefix.as_ref(), ahead);
    }

    /// Send `events`, timed by a clock that is `ahead` of ours, and wait until the journal has written them to disk.
    /// `None` when the floor has ended.
    pub(crate) async fn send_durably(&self, mut events: Vec<Event>, ahead: Span) -> Option<Receipt> {
        self.normalize(&mut events, ahead);
        let (sender, receipt) = oneshot::channel();
        self.send(Message::Events { source: self.index(), events, cursor: None, receipt: Some(sender) }).await?;
        receipt.await.ok()
    }

    /// Report an input that was set aside; `line` is its position in its batch, from 1.
    pub(crate) async fn reject(&self, line: u64, reason: RejectionReason) {
        let rejection = Rejection { place: self.name().clone(), line, reason };
        // When the floor has ended, nothing counts rejections any more.
        let _ = self.send(Message::Rejected { source: self.index(), rejection }).await;
    }

    /// Send one message, waiting while the floor is busy. `None` when the floor has ended; the source then stops.
    pub(super) async fn send(&self, message: Message) -> Option<()> {
        let sent = self.to.send(message).await;
        if sent.is_err() {
            self.stop.cancel();
        }
        sent.ok()
    }
}
