//! A source that runs on its own thread.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::board::Health;
use crate::clock::Clock;
use crate::source::Message;
use crate::text::{Label, Text};

/// A source that runs on its own thread.
#[derive(Debug)]
pub struct Running {
    thread: JoinHandle<()>,
    stop: CancellationToken,
}

impl Running {
    /// Run `work` as source number `index` on a thread named after it, until it ends or `stop` is cancelled. A panic
    /// in it is the end of this source alone, and is said on the board.
    pub(super) fn start(
        index: usize,
        name: &Label,
        clock: Clock,
        to: Sender<Message>,
        stop: CancellationToken,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let thread = thread::Builder::new().name(format!("source {name}")).spawn(move || {
            if panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
                let reason = Text::fixed("a mistake in floorwatch ended this source: restart it; the log tells more");
                let at = clock.now();
                // The floor may have gone as well.
                let _ = to.blocking_send(Message::Health {
                    source: index,
                    health: Health::Down,
                    reason,
                    at,
                    next_try: None,
                });
            }
        })?;
        Ok(Self { thread, stop })
    }

    /// Ask it to stop. It does at once, or as soon as its last message is taken.
    pub fn stop(&self) {
        self.stop.cancel();
        self.thread.thread().unpark();
    }

    /// There is something for it to see: it need not wait any longer.
    pub(super) fn wake(&self) {
        self.thread.thread().unpark();
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Stop it and wait until it has ended. Its messages must be taken, or their receiver dropped, meanwhile.
    pub fn join(self) {
        self.stop();
        if self.thread.join().is_err() {
            tracing::error!("a source ended in a panic");
        }
    }
}
