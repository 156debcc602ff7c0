//! A way to the floor for many at once, beside the one of the session itself.

use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::session::as_told;
use crate::clock::{Clock, Span, Time};
use crate::event::Event;
use crate::source::{Message, Receipt, Rejection};
use crate::text::{Label, Text};

/// What many at once say to the floor with. Clones are cheap. How the source does is said by its session alone.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    pub(super) index: usize,
    pub(super) name: Label,
    pub(super) prefix: Option<Label>,
    pub(super) correct_clock: bool,
    pub(super) clock: Clock,
    pub(super) to: Sender<Message>,
    pub(super) stop: CancellationToken,
}

impl Outlet {
    /// The way of source number `index` to the floor, for what has no session.
    pub(crate) fn new(index: usize, name: Label, clock: Clock, to: Sender<Message>) -> Self {
        Self { index, name, prefix: None, correct_clock: false, clock, to, stop: CancellationToken::new() }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The steady clock: lengths of time are measured with it.
    pub(crate) fn steady(&self) -> Time {
        self.clock.steady()
    }

    /// Tell the floor what happened, by a clock that is so far ahead of ours, and wait until the journal has it on
    /// the disk; what became of it. `None` where the floor is gone.
    pub(crate) async fn keep(&self, mut events: Vec<Event>, ahead: Span) -> Option<Receipt> {
        as_told(&mut events, self.prefix.as_ref(), if self.correct_clock { ahead } else { Span::ZERO });
        let (kept, told) = oneshot::channel();
        self.tell(Message::Events { source: self.index, events, cursor: None, kept: Some(kept) }).await?;
        told.await.ok()
    }

    /// Something could not be taken in; `line` is its place among what came together, from 1.
    pub(crate) async fn reject(&self, line: u64, reason: &str) {
        let rejection = Rejection { place: self.name.clone(), line, reason: Text::new(reason) };
        // Where the floor is gone there is nobody to count it.
        let _ = self.tell(Message::Rejected { source: self.index, rejection }).await;
    }

    async fn tell(&self, message: Message) -> Option<()> {
        let told = self.to.send(message).await;
        if told.is_err() {
            // The floor is gone, and with it all reason to go on.
            self.stop.cancel();
        }
        told.ok()
    }
}
