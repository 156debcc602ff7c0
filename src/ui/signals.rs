//! The signals that a screen heeds, and what becomes of them where the screen itself can't hear.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, getpgid, getpgrp, getppid, getsid};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the screen may take to leave once it was told to.
const STUCK: Duration = Duration::from_secs(3);

/// A terminal that takes nothing any more (Ctrl-S, a line that hangs) holds the drawing thread, which then hears no
/// signal: whoever wants the program to end gets that, if not the screen's last words.
pub(super) async fn leave_anyway(mut signals: Signals) {
    while !matches!(signals.next().await, Signalled::Leave | Signalled::Hangup) {}
    tokio::time::sleep(STUCK).await;
    tracing::error!("the terminal takes nothing: leaving it as it is");
    // Modes can be set where nothing can be written.
    let _ = crossterm::terminal::disable_raw_mode();
    std::process::exit(128 + rustix::process::Signal::TERM.as_raw());
}

/// The signals that a screen heeds.
pub(super) struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    resume: Signal,
    resize: Signal,
}

/// A signal, by what it means here.
pub(super) enum Signalled {
    Leave,
    Hangup,
    Stop,
    Resume,
    Resize,
}

/// Whether a shell could continue this process once it is stopped: a process of our session that has not our process
/// group, as parent of ours or of one between. The kernel does not stop a group that has none (an orphaned one) on
/// SIGTSTP; on SIGSTOP it would, for good.
pub(super) fn can_be_continued() -> bool {
    let group = getpgrp();
    let mut parent = getppid();
    while let Some(process) = parent {
        match getpgid(Some(process)) {
            Ok(other) if other == group => parent = parent_of(process),
            Ok(_) => return getsid(Some(process)).is_ok_and(|session| getsid(None) == Ok(session)),
            Err(_) => return false,
        }
    }
    false
}

/// The parent of another process, where the system says it in `/proc`.
fn parent_of(process: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // The name may hold anything; after it come the state and the parent.
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        use rustix::process::Signal as Number;
        let numbered = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: numbered(Number::TSTP)?,
            resume: numbered(Number::CONT)?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hangup.recv() => Signalled::Hangup,
            _ = self.terminate.recv() => Signalled::Leave,
            _ = self.interrupt.recv() => Signalled::Leave,
            _ = self.stop.recv() => Signalled::Stop,
            _ = self.resume.recv() => Signalled::Resume,
            _ = self.resize.recv() => Signalled::Resize,
        }
    }
}
