//! Lines that are typed while the floor is told in lines, and whether anybody reads.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use tokio::sync::mpsc;

/// How soon a further line follows in what is pasted or sent by a program, also over a slow line; nobody types that fast.
const PASTED_WITHIN: Duration = Duration::from_millis(300);
/// How often a program in the background looks whether it is in front.
const FOREGROUND_CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The longest line, as long as that of a terminal.
const MAX_TYPED_BYTES: usize = 4096;

/// A line that was typed, and whether it came alone, as what a person types does.
pub(super) struct TypedLine {
    pub(super) text: String,
    pub(super) alone: bool,
}

/// The lines that are typed, if a terminal is there to type on; they end when it goes.
pub(super) fn lines() -> io::Result<Option<mpsc::Receiver<TypedLine>>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let (to, typed) = mpsc::channel(1);
    std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
        let (mut pending, mut was_alone, mut portion) = (Vec::new(), true, [0; MAX_TYPED_BYTES]);
        loop {
            let is_there = is_readable(FOREGROUND_CHECK_INTERVAL);
            // A program in the background that reads would be stopped, and the floor with it.
            if tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp()) {
                std::thread::sleep(FOREGROUND_CHECK_INTERVAL);
                continue;
            }
            if !is_there {
                continue;
            }
            // Not by the standard library's buffer, in which further lines could hide.
            match rustix::io::read(io::stdin(), &mut portion) {
                Ok(0) => return,
                Ok(read) => pending.extend_from_slice(portion.get(..read).unwrap_or_default()),
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
            }
            let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else {
                if pending.len() > MAX_TYPED_BYTES {
                    pending.clear();
                }
                continue;
            };
            let whole: Vec<u8> = pending.drain(..=end).collect();
            let text = String::from_utf8_lossy(&whole);
            let more = !pending.is_empty() || is_readable(PASTED_WITHIN);
            let alone = was_alone && !more && text.lines().count() == 1;
            was_alone = !more;
            for line in text.lines() {
                if to.blocking_send(TypedLine { text: line.to_owned(), alone }).is_err() {
                    return;
                }
            }
        }
    })?;
    Ok(Some(typed))
}

/// Whether something can be read within a while; also if the terminal has gone.
fn is_readable(within: Duration) -> bool {
    let stdin = io::stdin();
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(within.subsec_nanos()) };
    poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0)
}

/// Whether the other end of the pipe, if the standard output is one, has been closed.
pub(super) fn is_reader_gone() -> bool {
    let stdout = io::stdout();
    let mut waited = [PollFd::new(&stdout, PollFlags::empty())];
    let looked = poll(&mut waited, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    looked.is_ok() && waited.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::NVAL))
}
