//! The terminal that keys come from, read on a thread of its own.
//!
//! Whether a key came alone is told by when bytes were there to be read, and drawing on a slow line takes its time: the
//! thread that draws can't say. And a thread that waits for bytes alone notices a terminal that has gone whatever the
//! board is doing.

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

/// The most keys that wait to be taken; the terminal keeps the rest.
const MAX_WAITING: usize = 1024;
/// The most bytes of one read: what a terminal of Linux holds.
const READ_BYTES: usize = 4096;
/// Input that was on its way is over when none came for so long.
const DISCARD_GAP: Duration = Duration::from_millis(20);
/// Input is discarded for no longer than this.
const DISCARD_LIMIT: Duration = Duration::from_millis(200);

/// Standard input where that is a terminal, as it is in `floorwatch < file` the process's own terminal.
fn open() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        Ok(File::options().read(true).write(true).open("/dev/tty")?.into())
    }
}

/// What is done at the terminal, until it is dropped.
#[derive(Debug)]
pub struct TerminalReader {
    inputs: mpsc::Receiver<UserInput>,
    mouse: Arc<AtomicBool>,
    /// Closing it ends the thread.
    _stop: PipeWriter,
}

impl TerminalReader {
    /// Begin to read. `mouse`: whether reports of the mouse were asked for.
    ///
    /// # Errors
    /// Where there is no terminal to read, or no thread to be had.
    pub fn start(mouse: bool) -> io::Result<Self> {
        let tty = open()?;
        let (stopped, stop) = io::pipe()?;
        let mouse = Arc::new(AtomicBool::new(mouse));
        let (to, inputs) = mpsc::channel(MAX_WAITING);
        let asked = Arc::clone(&mouse);
        std::thread::Builder::new().name("terminal".into()).spawn(move || read(&tty, &stopped, &asked, &to))?;
        Ok(Self { inputs, mouse, _stop: stop })
    }

    /// The next thing that is done; `None` once the terminal has gone.
    pub async fn next(&mut self) -> Option<UserInput> {
        self.inputs.recv().await
    }

    /// The next thing that was done already.
    pub fn try_next(&mut self) -> Option<UserInput> {
        self.inputs.try_recv().ok()
    }

    /// Reports of the mouse were asked for, or are no more.
    pub fn mouse(&self, on: bool) {
        self.mouse.store(on, Ordering::Relaxed);
    }
}

/// Read until the terminal has gone or nobody wants to know any more.
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
            // There was nothing to be read at the deadline, whatever the time is by now.
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
                        // The terminal is empty: what came before the read is known.
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

/// Throw away what was typed and what is on its way: reports of the mouse, say, that would come to the shell as text.
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
