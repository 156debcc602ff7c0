//! Reads the terminal's input on a thread of its own.
//!
//! Whether a key came alone depends on when its bytes could be read. The drawing thread cannot tell, because drawing on
//! a slow line takes time. A thread that only waits for bytes also notices at once when the terminal is closed.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use crate::ui::input::{Decoder, UserInput};

/// The most inputs that wait to be handled; further bytes stay in the terminal's buffer.
const MAX_WAITING: usize = 1024;
/// The most bytes of one read: the size of the terminal's buffer on Linux.
const READ_BYTES: usize = 4096;
/// Discarding ends when no input has come for this long.
const DISCARD_GAP: Duration = Duration::from_millis(20);
/// Discarding takes at most this long.
const DISCARD_LIMIT: Duration = Duration::from_millis(200);

/// Open the terminal: standard input if it is one, else (`floorwatch < file`) the controlling terminal.
fn open() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        Ok(File::options().read(true).write(true).open("/dev/tty")?.into())
    }
}

/// The inputs at the terminal. Dropping it ends the thread.
#[derive(Debug)]
pub struct TerminalReader {
    inputs: mpsc::Receiver<UserInput>,
    mouse: Arc<AtomicBool>,
    /// Closing it ends the thread.
    _stop: PipeWriter,
}

impl TerminalReader {
    /// Start the thread. `mouse` says whether mouse reports were requested.
    ///
    /// # Errors
    /// If there is no terminal, or no thread can be started.
    pub fn start(mouse: bool) -> io::Result<Self> {
        let tty = open()?;
        let (stopped, stop) = io::pipe()?;
        let mouse = Arc::new(AtomicBool::new(mouse));
        let (to, inputs) = mpsc::channel(MAX_WAITING);
        let asked = Arc::clone(&mouse);
        std::thread::Builder::new().name("terminal".into()).spawn(move || read(&tty, &stopped, &asked, &to))?;
        Ok(Self { inputs, mouse, _stop: stop })
    }

    /// The next input; `None` once the terminal is closed.
    pub async fn next(&mut self) -> Option<UserInput> {
        self.inputs.recv().await
    }

    /// The next input that has already come.
    pub fn try_next(&mut self) -> Option<UserInput> {
        self.inputs.try_recv().ok()
    }

    /// Note whether mouse reports are requested.
    pub fn mouse(&self, on: bool) {
        self.mouse.store(on, Ordering::Relaxed);
    }
}

/// Read until the terminal is closed or the receiver is dropped.
fn read(tty: &OwnedFd, stopped: &PipeReader, mouse: &AtomicBool, to: &mpsc::Sender<UserInput>) {
    let mut decoder = Decoder::new(Instant::now());
    let mut buffer = [0; READ_BYTES];
    let mut inputs = Vec::new();
    loop {
        let deadline = decoder.deadline();
        let wait = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let mut fds = [PollFd::new(tty, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        let ready = poll(&mut fds, wait.as_ref());
        let [_, stopped_now] = fds.map(|fd| !fd.revents().is_empty());
        match ready {
            Err(Errno::INTR) => {}
            Err(_) => return,
            Ok(_) if stopped_now => return,
            // Nothing could be read at the deadline, whatever the time is now.
            Ok(0) => {
                if let Some(at) = deadline {
                    decoder.idle(at, &mut inputs);
                }
            }
            Ok(_) => {
                let before = Instant::now();
                match rustix::io::read(tty, &mut buffer) {
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Ok(0) | Err(_) => return,
                    Ok(count) => {
                        decoder.mouse = mouse.load(Ordering::Relaxed);
                        decoder.read(buffer.get(..count).unwrap_or_default(), Instant::now(), &mut inputs);
                        // The buffer is empty, so everything that came before this read is known.
                        if count < READ_BYTES {
                            decoder.idle(before, &mut inputs);
                        }
                    }
                }
            }
        }
        for input in inputs.drain(..) {
            if to.blocking_send(input).is_err() {
                return;
            }
        }
    }
}

/// Discard input that was typed or is on its way, such as mouse reports, which would otherwise reach the shell as text.
pub fn discard_input() {
    let Ok(tty) = open() else { return };
    let gap = Timespec::try_from(DISCARD_GAP).ok();
    let end = Instant::now() + DISCARD_LIMIT;
    while Instant::now() < end {
        let mut fds = [PollFd::new(&tty, PollFlags::IN)];
        if !matches!(poll(&mut fds, gap.as_ref()), Ok(1..)) || tcflush(&tty, QueueSelector::IFlush).is_err() {
            return;
        }
    }
}
