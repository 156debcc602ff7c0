//! A handle to a source that runs on its own thread.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::board::Health;
use crate::clock::Clock;
use crate::source::Message;
use crate::text::{Label, Text};

/// A handle to a source that runs on its own thread.
#[derive(Debug)]
pub struct Running {
    thread: JoinHandle<()>,
    stop: CancellationToken,
}

impl Running {
    /// Run `work` as source number `index` on a thread that is named after the source, until `work` returns. Cancelling
    /// `stop` asks it to return. A panic ends this source alone and is shown on the board.
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
                // Fails if the floor has ended too.
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

    /// Ask the source to stop. It does so at once, or as soon as the floor has received its last message.
    pub fn stop(&self) {
        self.stop.cancel();
        self.thread.thread().unpark();
    }

    /// Wake the source if it sleeps between two polls, because there is something new to read.
    pub(super) fn wake(&self) {
        self.thread.thread().unpark();
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Stop the source and wait for its thread. Meanwhile the floor must receive its messages, or drop their receiver.
    pub fn join(self) {
        self.stop();
        if self.thread.join().is_err() {
            tracing::error!("a source ended in a panic");
        }
    }
}
