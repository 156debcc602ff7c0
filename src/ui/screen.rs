//! Takes over the terminal, and restores it however the program ends.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, kill_current_process_group};

use crate::ui::pace::Pace;
use crate::ui::tty;

/// Whether the terminal is taken over at the moment.
static OURS: AtomicBool = AtomicBool::new(false);
/// The thread that draws. If it panics, the terminal is restored; if another thread panics, the screen stays.
static DRAWING: OnceLock<ThreadId> = OnceLock::new();

/// The most columns or rows, and the most cells, of a terminal that is drawn on. Whoever set a larger size did so by
/// mistake, and a frame of it could take all memory.
const MAX_SIDE: u16 = 2_000;
const MAX_CELLS: u32 = 1_000_000;

/// How long a stop may take to reach all threads.
const STOPPING: Duration = Duration::from_millis(50);

/// Enables mouse mode 1000 (buttons and wheel) in the decimal encoding 1006. crossterm's command also reports all
/// motion, which is not needed here.
const ENABLE_MOUSE: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");

/// Asks for the terminal's background (`OSC 11`), whether it knows synchronized output (`DECRQM`), and whether it keeps
/// an unusual 24-bit colour when that is set (`DECRQSS`). The answers are inputs like any other; nothing waits for them.
const QUESTIONS: Print<&str> = Print("\x1b]11;?\x1b\\\x1b[?2026$p\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m");

/// Collects a frame, which is then written at once, or not at all.
#[derive(Clone, Debug, Default)]
struct FrameOut(Rc<RefCell<Vec<u8>>>);

impl Write for FrameOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Nothing is written before the frame is complete.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while it is taken over.
pub struct Screen {
    /// `None` once the terminal is closed: nothing must be written to it any more.
    terminal: Option<Terminal<CrosstermBackend<FrameOut>>>,
    mouse: bool,
    /// Whether to ask the terminal what it can do when it is taken over.
    asks: bool,
    /// Whether it knows synchronized output.
    synchronized: bool,
    /// The frame that is being drawn.
    frame: FrameOut,
    /// What was written last.
    last: Vec<u8>,
    pace: Pace,
}

/// Whether an error means that the terminal is closed (EIO, ENXIO).
#[must_use]
pub fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::IO, Errno::NXIO, Errno::BADF].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| gone.contains(&code)) || error.kind() == io::ErrorKind::BrokenPipe
}

fn is_drawable(size: Size) -> bool {
    size.width.max(size.height) <= MAX_SIDE && u32::from(size.width) * u32::from(size.height) <= MAX_CELLS
}

impl Screen {
    /// Take over the terminal. `colours` says whether it has any; if so, it is asked for its background and how it takes them.
    ///
    /// # Errors
    /// If standard output is not a terminal, or raw mode cannot be set.
    pub fn enter(mouse: bool, colours: bool) -> io::Result<Self> {
        // Checked because raw mode only concerns standard input.
        if !io::stdout().is_terminal() {
            return Err(io::Error::other("standard output is redirected"));
        }
        let (columns, rows) = crossterm::terminal::size()?;
        if !is_drawable(Size::new(columns, rows)) {
            return Err(io::Error::other(format!("it says that it has {columns} columns and {rows} rows")));
        }
        DRAWING.get_or_init(|| std::thread::current().id());
        hook();
        // crossterm writes broken sequences under NO_COLOR; the themes omit colours themselves.
        crossterm::style::force_color_output(true);
        // The Linux console knows no query, and older ones print it.
        let asks = colours && std::env::var("TERM").is_ok_and(|term| term != "linux");
        take_over(mouse, asks)?;
        let frame = FrameOut::default();
        let terminal = Terminal::new(CrosstermBackend::new(frame.clone()));
        let mut screen =
            Self { terminal: None, mouse, asks, synchronized: false, frame, last: Vec::new(), pace: Pace::default() };
        screen.terminal = Some(terminal?);
        screen.clear()?;
        Ok(screen)
    }

    /// Draw a frame. Terminals that said that they know synchronized output show it at once or not at all. Nothing is drawn while the terminal
    /// claims to be larger than any is.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        if !is_drawable(terminal.size()?) {
            return Ok(());
        }
        if !self.synchronized {
            terminal.draw(view)?;
            return self.send();
        }
        queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = terminal.draw(view).map(|_| ());
        // The end of the update is sent even if drawing failed.
        let ended = queue!(terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended)?;
        self.send()
    }

    /// Have the terminal show each frame at once, which it said that it can.
    pub const fn synchronize(&mut self) {
        self.synchronized = true;
    }

    /// Write what was collected. Frames are differences, so one that is the same as the last one changes nothing; it is
    /// not written.
    fn send(&mut self) -> io::Result<()> {
        let frame = self.frame.0.take();
        if frame == self.last {
            return Ok(());
        }
        let (began, mut out) = (Instant::now(), io::stdout());
        out.write_all(&frame)?;
        out.flush()?;
        let ended = Instant::now();
        self.pace.wrote(frame.len(), began, ended);
        self.last = frame;
        Ok(())
    }

    /// Spare the line: draw new data only as often as a small number of bytes a second allows.
    pub const fn spare_the_line(&mut self) {
        self.pace.low_bandwidth = true;
    }

    /// How long to wait until new data may be drawn.
    pub fn wait_for_data(&self) -> Duration {
        self.pace.wait_for_data(Instant::now())
    }

    /// Note that a second has passed. Returns the bytes that the terminal was sent in the mean second.
    pub fn second(&mut self) -> f64 {
        self.pace.second()
    }

    /// How long to wait until a slow line has taken what was drawn.
    pub fn wait(&self) -> Duration {
        self.pace.wait(Instant::now())
    }

    /// Draw the next frame in full.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn clear(&mut self) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        // `Terminal::clear` queries the cursor position, and waits two seconds if the terminal does not answer. A
        // resize to the same size clears as well, without a query.
        let size = terminal.size()?;
        self.last.clear();
        if is_drawable(size) { terminal.resize(size.into()) } else { Ok(()) }
    }

    /// Capture or release the mouse.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        if on {
            queue!(terminal.backend_mut(), ENABLE_MOUSE)?;
        } else {
            queue!(terminal.backend_mut(), DisableMouseCapture)?;
        }
        self.last.clear();
        self.send()
    }

    /// Ring the terminal's bell.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn ring(&mut self) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        queue!(terminal.backend_mut(), Print('\x07'))?;
        self.last.clear();
        self.send()
    }

    /// Put a text on the clipboard of the user's own terminal, also through SSH (OSC 52). A terminal that does not allow it
    /// ignores it.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        queue!(terminal.backend_mut(), Print(format_args!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text))))?;
        self.last.clear();
        self.send()
    }

    /// Restore the terminal, stop until the shell continues this process, and take the terminal over again.
    ///
    /// # Errors
    /// If the terminal cannot be taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // STOP rather than TSTP, which would only reach our own handler. The whole process group is stopped, as the
        // terminal would do it.
        kill_current_process_group(Signal::STOP)?;
        // The stop reaches this thread shortly after the call returns. Take the terminal over only after that.
        std::thread::sleep(STOPPING);
        self.resume()
    }

    /// Take over the terminal again after another program has used it.
    ///
    /// # Errors
    /// If the terminal cannot be taken over.
    pub fn resume(&mut self) -> io::Result<()> {
        take_over(self.mouse, self.asks)?;
        self.clear()
    }

    /// The terminal is closed or about to be: restore what can still be restored, and draw nothing any more.
    pub fn abandon(&mut self) {
        restore();
        // Dropping it would write to the terminal, and print an error if that fails.
        std::mem::forget(self.terminal.take());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take_over(mouse: bool, asks: bool) -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(out, ENABLE_MOUSE)?;
    }
    if asks {
        execute!(out, QUESTIONS)?;
    }
    Ok(())
}

/// Restore the terminal. Every step is tried even if one before has failed. Calling this twice is harmless.
pub fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(out, EndSynchronizedUpdate);
    let _ = execute!(out, DisableMouseCapture);
    let _ = execute!(out, DisableBracketedPaste);
    let _ = execute!(out, ResetColor, LeaveAlternateScreen, Show);
    tty::discard_input();
    let _ = disable_raw_mode();
}

/// Install a panic hook. A panic of the drawing thread restores the terminal before the message is printed. A panic of
/// another thread goes to the log, because the screen is still in use.
fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let drawing = DRAWING.get().is_some_and(|id| *id == std::thread::current().id());
            if drawing || !OURS.load(Ordering::SeqCst) {
                restore();
                before(info);
            } else {
                let trace = std::backtrace::Backtrace::force_capture();
                tracing::error!(panic = %info, %trace, "a worker thread panicked");
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_terminal_is_told_from_other_errors() {
        assert!(is_gone(&io::Error::from_raw_os_error(5)));
        assert!(is_gone(&io::Error::from_raw_os_error(6)));
        assert!(!is_gone(&io::Error::from(io::ErrorKind::Interrupted)));
    }
}
