//! Runs the program in a pseudo-terminal, with an emulator that shows what a user would see.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_floorwatch");
/// The longest time that anything may take on a busy machine; it does not measure the program's speed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pause after which each key counts as alone, on a busy machine too.
pub(crate) const PAUSE: Duration = Duration::from_millis(150);
/// The keys that count only when they come alone.
const LONE_KEYS: &str = "aAnuzeExqy \x03\x1a.,<>";

/// The output of the program so far.
pub(crate) struct Seen {
    pub(crate) emulator: vt100::Parser,
    pub(crate) bytes: Vec<u8>,
}

/// A terminal with a program in it.
pub(crate) struct Board {
    child: Box<dyn Child + Send + Sync>,
    /// `None` once it is closed.
    terminal: Option<Terminal>,
    pub(crate) seen: Arc<Mutex<Seen>>,
    held: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
}

/// The ends of a pseudo-terminal.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Keeps the terminal open after the program ends, so that its last output is still read.
    _slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
}

/// The number of rows or columns of an emulator.
fn size(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

/// A text with one blank where it has several.
pub(crate) fn squeezed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl Board {
    /// Run a command in a terminal of 140 × 44.
    pub(crate) fn run(command: CommandBuilder) -> Self {
        let (rows, columns) = (44, 140);
        let pty_size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let PtyPair { master, slave } = native_pty_system().openpty(pty_size).unwrap();
        let child = slave.spawn_command(command).unwrap();
        let mut output = master.try_clone_reader().unwrap();
        let keyboard = master.take_writer().unwrap();
        let seen = Arc::new(Mutex::new(Seen {
            emulator: vt100::Parser::new(size(rows), size(columns), 0),
            bytes: Vec::new(),
        }));
        let held = Arc::new(AtomicBool::new(false));
        let closed = Arc::new(AtomicBool::new(false));
        let (to, paused, ended) = (Arc::clone(&seen), Arc::clone(&held), Arc::clone(&closed));
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(n @ 1..) = output.read(&mut buffer) {
                let mut seen = to.lock().unwrap();
                seen.emulator.process(&buffer[..n]);
                seen.bytes.extend_from_slice(&buffer[..n]);
                drop(seen);
                while paused.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(10));
                }
                if ended.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let terminal = Some(Terminal { master, _slave: slave, keyboard });
        Self { child, terminal, seen, held, closed }
    }

    /// Stop reading from the terminal, so that it fills up, or continue.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    /// Send bytes in one write.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let keyboard = &mut self.terminal.as_mut().unwrap().keyboard;
        keyboard.write_all(bytes.as_ref()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Type as a person would: with a pause before each key that counts only when it comes alone, and before Enter.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        for part in keys.split_inclusive('\r') {
            let text = part.trim_end_matches('\r');
            if text.len() == 1 && LONE_KEYS.contains(text) {
                thread::sleep(PAUSE);
            }
            self.send(text);
            if part.ends_with('\r') {
                thread::sleep(PAUSE);
                self.send("\r");
            }
        }
    }

    /// Type, and wait until the screen shows `text`.
    pub(crate) fn press(&mut self, keys: &str, text: &str) {
        self.type_keys(keys);
        self.wait_for(text);
    }

    /// The screen's text.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().unwrap().emulator.screen().contents()
    }

    /// The first line that holds `text`.
    pub(crate) fn line(&self, text: &str) -> Option<String> {
        self.screen().lines().find(|line| line.contains(text)).map(str::to_owned)
    }

    /// Wait until the screen shows `text`, in a table with any number of blanks between its words.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |seen| {
            let shown = seen.emulator.screen().contents();
            shown.contains(text) || squeezed(&shown).contains(text)
        });
    }

    /// Wait until the screen no longer shows `text`.
    pub(crate) fn wait_without(&self, text: &str) {
        self.wait_until(&format!("no {text}"), |seen| !seen.emulator.screen().contents().contains(text));
    }

    /// Wait until `done`. If that never happens, the panic message names `what`.
    pub(crate) fn wait_until(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(&self.seen.lock().unwrap()) {
            assert!(Instant::now() < end, "waited in vain for: {what}; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process that was started.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap()).unwrap()
    }

    /// Kill the process (`kill -9`).
    pub(crate) fn kill(mut self) {
        kill_process(self.pid(), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Wait until the process ends; its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Resize the terminal.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        self.seen.lock().unwrap().emulator.screen_mut().set_size(size(rows), size(cols));
        self.terminal.as_ref().unwrap().master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// The terminal's local modes, as bits: whether lines are edited and echoed.
    pub(crate) fn modes(&self) -> u32 {
        self.terminal.as_ref().unwrap().master.get_termios().unwrap().local_flags.bits()
    }

    /// Close the terminal, as closing its window does. The program must draw once more for the reader to end.
    pub(crate) fn close(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        self.send("f");
        self.terminal = None;
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.held.store(false, Ordering::Relaxed);
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// A floor on disk: a configuration, growing source files, a journal.
pub(crate) struct Floor {
    folder: TempDir,
}

impl Floor {
    /// A floor without any events. `own` is added to its configuration.
    pub(crate) fn new(own: &str) -> Self {
        let floor = Self { folder: tempfile::tempdir().unwrap() };
        let mut text = String::new();
        write!(
            text,
            r#"
title = "Test floor"
timezone = "{}"
[ui]
window = "today"
export_dir = "{}"
[journal]
path = "{}"
[[source]]
name = "pbx"
kind = "queue_log"
path = "{}"
[[source]]
name = "chat"
kind = "events"
path = "{}"
[[alert]]
name = "Busy"
kpi = "offered"
each = "total"
window = "today"
when = "above"
warning = 0.5
for = 0
min_samples = 0
worsening = 1000000
{own}
"#,
            noon(),
            floor.path("").display(),
            floor.path("state/journal.db").display(),
            floor.path("queue_log").display(),
            floor.path("chat.ndjson").display(),
        )
        .unwrap();
        fs::write(floor.path("config.toml"), text).unwrap();
        for source in ["queue_log", "chat.ndjson"] {
            fs::write(floor.path(source), "").unwrap();
        }
        floor
    }

    /// A file of the floor.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command with this floor's configuration and an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// Set the environment in which all programs run.
    pub(crate) fn settle(&self, command: &mut CommandBuilder) {
        command.env_clear();
        command.cwd(self.folder.path());
        let settings = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("USER", "ann"),
        ];
        for (name, value) in settings {
            command.env(name, value);
        }
        command.env("HOME", self.folder.path());
        command.env("FLOORWATCH_CONFIG", self.path("config.toml"));
    }

    /// Open the board.
    pub(crate) fn open(&self) -> Board {
        Board::run(self.command(&[]))
    }

    /// Add lines to a source.
    pub(crate) fn append(&self, source: &str, text: &str) {
        append(&self.path(source), text);
    }
}

/// Add text to a file.
pub(crate) fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// The queue_log lines of step `n`: a call joins, the one before is answered, and the one before that ends. Some calls
/// are always open.
pub(crate) fn step(n: u32) -> String {
    let now = now().timestamp();
    let mut text = format!("{now}|c{n}|billing|NONE|ENTERQUEUE||0123{n}|1\n");
    if let Some(n) = n.checked_sub(1) {
        writeln!(text, "{now}|c{n}|billing|Ann|CONNECT|1|x|1").unwrap();
    }
    if let Some(n) = n.checked_sub(2) {
        writeln!(text, "{now}|c{n}|billing|Ann|COMPLETECALLER|1|1|1").unwrap();
    }
    text
}

/// A time zone in which it is about noon, so that "today" does not begin or end during a test.
pub(crate) fn noon() -> String {
    use chrono::Timelike;
    match i64::from(now().hour()) - 12 {
        0 => "Etc/GMT".to_owned(),
        late => format!("Etc/GMT{late:+}"),
    }
}

/// The present time in UTC.
pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    floorwatch::clock::Clock::System.now().to_chrono()
}
