//! The signals that the screen handles, also when it is blocked.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the screen may take to end after a signal.
const STUCK: Duration = Duration::from_secs(3);

/// End the program when the drawing thread does not. A terminal that accepts no output (Ctrl-S, a dead line) blocks
/// that thread, so that it handles no signal.
pub(super) async fn leave_anyway(mut signals: Signals) {
    while !matches!(signals.next().await, Signalled::Leave | Signalled::Hangup) {}
    tokio::time::sleep(STUCK).await;
    tracing::error!("the terminal takes nothing: leaving it as it is");
    // Modes can be set even if nothing can be written.
    let _ = crossterm::terminal::disable_raw_mode();
    std::process::exit(128 + rustix::process::Signal::TERM.as_raw());
}

/// The signals that the screen handles.
pub(super) struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    resume: Signal,
    resize: Signal,
}

/// A signal, by its meaning for the screen.
pub(super) enum Signalled {
    Leave,
    Hangup,
    Stop,
    Resume,
    Resize,
    /// The configuration is read again, elsewhere.
    Reload,
}

/// Whether the terminal is no longer there, which is what SIGHUP means then.
pub(crate) fn terminal_is_gone() -> bool {
    use rustix::stdio::{stderr, stdin, stdout};
    let is_gone = |end| rustix::termios::tcgetattr(end).err() == Some(rustix::io::Errno::IO);
    [stdin(), stdout(), stderr()].into_iter().any(is_gone)
}

/// Whether a shell could continue this process once it is stopped: whether some ancestor is in our session but not in
/// our process group. The kernel does not stop a group without one (an orphaned group) on SIGTSTP, but SIGSTOP would
/// stop it for good.
pub(super) fn can_be_continued() -> bool {
    process_ids("self").is_some_and(|own| has_shell(own, |process| process_ids(&process.to_string())))
}

/// The ids of a process's parent, process group and session. In a container an id is 0 if the process that it names is
/// outside, so these are not [`rustix::process::Pid`]s, which are never 0.
#[derive(Clone, Copy)]
struct ProcessIds {
    parent: i32,
    group: i32,
    session: i32,
}

fn has_shell(own: ProcessIds, ids_of: impl Fn(i32) -> Option<ProcessIds>) -> bool {
    let mut parent = own.parent;
    while parent != 0 {
        match ids_of(parent) {
            Some(ids) if ids.group == own.group => parent = ids.parent,
            Some(ids) => return ids.session == own.session,
            None => return false,
        }
    }
    false
}

/// The ids of a process according to `/proc`; `None` if they are not known.
#[cfg(target_os = "linux")]
fn process_ids(process: &str) -> Option<ProcessIds> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name can contain anything. After it come the state, the parent, the group and the session.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut numbers = fields.split_whitespace().skip(1).map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(ProcessIds { parent: next()?, group: next()?, session: next()? })
}

/// Elsewhere the system tells less: of another process not its parent.
#[cfg(not(target_os = "linux"))]
fn process_ids(process: &str) -> Option<ProcessIds> {
    use rustix::process::{Pid, getpgid, getppid, getsid};
    let number = Pid::as_raw;
    let other = process.parse().ok().and_then(Pid::from_raw);
    let parent = if other.is_none() { number(getppid()) } else { 0 };
    Some(ProcessIds { parent, group: number(getpgid(other).ok()), session: number(getsid(other).ok()) })
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        use rustix::process::Signal as Number;
        let numbered = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: numbered(Number::TSTP)?,
            resume: numbered(Number::CONT)?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hangup.recv() => if terminal_is_gone() { Signalled::Hangup } else { Signalled::Reload },
            _ = self.terminate.recv() => Signalled::Leave,
            _ = self.interrupt.recv() => Signalled::Leave,
            _ = self.quit.recv() => Signalled::Leave,
            _ = self.stop.recv() => Signalled::Stop,
            _ = self.resume.recv() => Signalled::Resume,
            _ = self.resize.recv() => Signalled::Resize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(parent: i32, group: i32, session: i32) -> ProcessIds {
        ProcessIds { parent, group, session }
    }

    #[test]
    fn a_shell_is_the_first_parent_of_another_group_in_the_same_session() {
        // A shell (10), `sh -c` (20) in its group with us (30).
        let parents = |process| Some(if process == 20 { ids(10, 20, 10) } else { ids(1, 10, 10) });
        assert!(has_shell(ids(20, 20, 10), parents));
        // `ssh -t host floorwatch`: the parent is the server, of another session.
        assert!(!has_shell(ids(9, 30, 30), |_| Some(ids(1, 9, 9))));
        // In a container, group and session of the parent may be outside: their numbers are 0.
        assert!(!has_shell(ids(9, 30, 30), |_| Some(ids(0, 0, 0))));
        assert!(!has_shell(ids(9, 0, 0), |_| Some(ids(0, 0, 0))));
        assert!(!has_shell(ids(0, 1, 1), |_| None));
    }

    #[test]
    fn the_numbers_of_this_process_are_known() {
        let own = process_ids("self").unwrap();
        assert_eq!(u32::try_from(own.parent).ok(), Some(std::os::unix::process::parent_id()));
    }
}
