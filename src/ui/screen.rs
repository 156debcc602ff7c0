//! The terminal: taken over whole, and given back whole, however the program ends.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, kill_current_process_group};

use crate::ui::tty;

/// Whether the terminal is ours at the moment.
static OURS: AtomicBool = AtomicBool::new(false);
/// The thread that draws: when it panics the terminal is given back, when another does the screen stays.
static DRAWING: OnceLock<ThreadId> = OnceLock::new();

/// A frame goes out in one write: a full screen in colours is some 25 KB.
const BUFFER: usize = 64 * 1024;

/// How long a stop may take to reach every thread.
const STOPPING: Duration = Duration::from_millis(50);

/// Asks for presses of the buttons and the wheel (1000), in decimal (1006). Not for every motion, as crossterm's command
/// does: nothing here heeds them.
const ENABLE_MOUSE: Print<&str> = Print("\x1b[?1000h\x1b[?1006h");

type Out = BufWriter<Stdout>;

/// The terminal while it is ours.
pub struct Screen {
    /// `None` once the terminal has gone: nothing may be written to it any more.
    terminal: Option<Terminal<CrosstermBackend<Out>>>,
    mouse: bool,
}

/// Whether an error says that the terminal itself has gone (EIO, ENXIO): there is nobody to draw for.
#[must_use]
pub fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::IO, Errno::NXIO, Errno::BADF].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| gone.contains(&code)) || error.kind() == io::ErrorKind::BrokenPipe
}

impl Screen {
    /// Take the terminal over.
    ///
    /// # Errors
    /// Where standard output is no terminal, or won't be put into raw mode.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        // Raw mode would be had without: it is asked of standard input.
        if !io::stdout().is_terminal() {
            return Err(io::Error::other("standard output is redirected"));
        }
        DRAWING.get_or_init(|| std::thread::current().id());
        hook();
        // crossterm writes broken sequences under NO_COLOR; our themes leave colours out by themselves.
        crossterm::style::force_color_output(true);
        take(mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(BUFFER, io::stdout())));
        let mut screen = Self { terminal: None, mouse };
        screen.terminal = Some(terminal?);
        screen.clear()?;
        Ok(screen)
    }

    /// Draw a frame, whole or not at all where the terminal knows synchronized output.
    ///
    /// # Errors
    /// Where the terminal can't be written to.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = terminal.draw(view).map(|_| ());
        // The end goes out even when drawing failed halfway.
        let ended = queue!(terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended).and_then(|()| Write::flush(terminal.backend_mut()))
    }

    /// Have the next frame drawn in full.
    ///
    /// # Errors
    /// Where the terminal can't be written to.
    pub fn clear(&mut self) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        // `Terminal::clear` asks where the cursor is, and waits for two seconds where nobody answers. A resize to the
        // same size clears as well, and asks nothing.
        let size = terminal.size()?;
        terminal.resize(size.into())
    }

    /// Capture the mouse, or let it go.
    ///
    /// # Errors
    /// Where the terminal can't be written to.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        if on {
            execute!(terminal.backend_mut(), ENABLE_MOUSE)
        } else {
            execute!(terminal.backend_mut(), DisableMouseCapture)
        }
    }

    /// Ring the terminal's bell.
    ///
    /// # Errors
    /// Where the terminal can't be written to.
    pub fn ring(&mut self) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        execute!(terminal.backend_mut(), Print('\x07'))
    }

    /// Give the terminal back, stop until the shell says to go on, and take it over again.
    ///
    /// # Errors
    /// Where the terminal can't be taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // STOP and not TSTP: that one would only come back to us. The whole group, as the terminal would do it.
        kill_current_process_group(Signal::STOP)?;
        // The stop reaches this thread a moment after the call returns; taking the terminal back must wait for it.
        std::thread::sleep(STOPPING);
        self.resume()
    }

    /// Take the terminal over again after something else has had it.
    ///
    /// # Errors
    /// Where it can't be.
    pub fn resume(&mut self) -> io::Result<()> {
        take(self.mouse)?;
        self.clear()
    }

    /// The terminal has gone, or is about to: whatever can still be given back is, and nothing is drawn any more.
    pub fn abandon(&mut self) {
        restore();
        // Dropping it would write to the terminal, and complain aloud when that fails.
        std::mem::forget(self.terminal.take());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(out, ENABLE_MOUSE)?;
    }
    Ok(())
}

/// Give the terminal back. Every step is done even when the one before failed; twice does no harm.
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

/// A panic of the drawing thread gives the terminal back before it is told; one of another thread goes to the log
/// and leaves the screen, which would otherwise be drawn on over the shell.
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
