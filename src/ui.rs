//! The screen: an event loop over signals, input, boards, task results and a timer. Each event changes the state; the
//! loop draws when something has changed.
//!
//! The screen knows a floor by its [`Handle`] alone. The result of a key is drawn at once, new data at most ten times a
//! second. Queries run on tasks of their own, so that the screen never waits for the floor.

pub mod action;
pub mod alone;
pub mod answers;
pub mod bell;
mod changing;
mod commands;
pub mod complete;
mod confirm;
pub mod drawn;
pub mod export;
pub mod format;
pub mod glyphs;
pub mod going;
pub mod grid;
pub mod input;
pub mod kept;
pub mod kiosk;
pub mod locator;
mod meant;
pub mod mouse;
mod pace;
pub mod page;
pub mod plain;
pub mod prompt;
pub mod queries;
pub mod screen;
pub mod settings;
mod signals;
pub mod state;
mod tasks;
pub mod theme;
pub mod trends;
pub mod tty;
mod update;
pub mod view;
pub mod views;
pub mod widget;
pub mod words;
pub mod worklist;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::alert::Actor;
use crate::board::Board;
use crate::clock::Span;
use crate::floor::{FloorClosed, Handle};
use crate::language::{self, text};
use action::{KeyError, Keymap};
use answers::Answers;
use bell::Bell;
pub use changing::ScreenChange;
use changing::keymap;
use confirm::confirmation;
use drawn::Drawn;
use export::{Export, ExportError};
use glyphs::GlyphSet;
use input::UserInput;
use kiosk::KioskPage;
use queries::Question;
use screen::Screen;
pub use settings::{KeyLock, Settings};
pub(crate) use signals::terminal_is_gone;
use signals::{Signalled, Signals, can_be_continued, leave_anyway};
use state::{Effect, Page, Ui};
use tasks::{TaskResult, Tasks};
use theme::{Depth, Theme, Tone};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tty::TerminalReader;
use view::Ctx;

/// Why the screen cannot be shown, or not any longer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The terminal can't be read or written, or there is none.
    #[error("the terminal: {0}; floorwatch needs one on standard output (for scripts there is `floorwatch report`)")]
    Terminal(#[from] io::Error),
    /// `ui.keys` of the configuration is wrong.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The floor has ended.
    #[error(transparent)]
    FloorClosed(#[from] FloorClosed),
}

/// New data is drawn at most this often.
const FRAME_INTERVAL: Duration = Duration::from_millis(100);

/// The results of keys that follow each other faster, as of a key that is held, are drawn at most this often.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(50);

/// The most inputs that are handled before the screen is drawn again.
const MAX_BATCH: usize = 1024;

/// Show the floor until the user quits, the terminal is closed, a signal ends the program, or the floor ends.
///
/// Call this on the main thread (`Runtime::block_on`): a panic of that thread restores the terminal, a panic of another
/// one leaves the screen as it is.
///
/// # Errors
/// If there is no terminal, the key map is wrong, or the floor has ended.
pub async fn run(
    handle: Handle,
    settings: Settings,
    who: Actor,
    mut settings_changes: mpsc::Receiver<ScreenChange>,
) -> Result<(), Error> {
    let keymap = keymap(&settings)?;
    let mut signals = Signals::new()?;
    let depth = settings.colours.unwrap_or_else(Depth::detect);
    let mut screen = Screen::enter(settings.mouse, depth != Depth::None)?;
    if settings.low_bandwidth {
        screen.spare_the_line();
    }
    let reader = TerminalReader::start(settings.mouse)?;
    let mut boards = handle.watch();
    let (tasks, mut finished) = Tasks::new(handle);
    let board = boards.borrow_and_update().clone();
    let mut app = App {
        ui: Ui {
            themes: settings.themes.clone(),
            ..Ui::new(who, settings.window, settings.formula, settings.theme, settings.mouse)
        },
        answers: Answers::default(),
        depth,
        light: theme::is_light_by_environment(),
        glyphs: GlyphSet::of(settings.ascii),
        board,
        settings,
        keymap,
        tasks,
        screen,
        reader,
        dirty: true,
        drawn: Drawn::default(),
        drawn_at: Instant::now(),
        key_waits: false,
        keyed_at: Instant::now(),
        heard: Instant::now(),
        bell: Bell::default(),
    };
    if let Some(locator) = app.settings.at.clone() {
        app.ui.go(locator);
    }
    let public = app.settings.lock != KeyLock::Open || app.settings.kiosk.only;
    app.ui.hint = app.settings.hint_seen.as_ref().is_some_and(|file| !public && !file.exists());
    if app.settings.kiosk.only {
        app.ui.kiosk.only = true;
        app.ui.open(Page::Kiosk);
    }
    let last_resort = tokio::spawn(leave_anyway(Signals::new()?));
    let ended = app.run(&mut signals, &mut boards, &mut finished, &mut settings_changes).await;
    last_resort.abort();
    match ended {
        Err(Error::Terminal(error)) if screen::is_gone(&error) => {
            app.screen.abandon();
            Ok(())
        }
        ended => ended,
    }
}

/// The page as files for machines, which are the same in every language.
fn export_of_page(ctx: Ctx<'_>) -> Result<Export, ExportError> {
    language::with(language::english(), || export::of_panel(ctx))
}

/// The state of the event loop.
struct App {
    ui: Ui,
    answers: Answers,
    depth: Depth,
    /// Whether the terminal has a light background, as far as it has said so.
    light: bool,
    glyphs: GlyphSet,
    board: Arc<Board>,
    settings: Settings,
    keymap: Keymap,
    tasks: Tasks,
    screen: Screen,
    reader: TerminalReader,
    /// Whether something has changed since the last frame.
    dirty: bool,
    drawn_at: Instant,
    /// Whether the next frame shows the result of a key, and when the last such frame was drawn.
    key_waits: bool,
    keyed_at: Instant,
    /// Where the last frame drew what, for the mouse and the paging keys.
    drawn: Drawn,
    /// When the newest board arrived.
    heard: Instant,
    bell: Bell,
}

impl App {
    async fn run(
        &mut self,
        signals: &mut Signals,
        boards: &mut watch::Receiver<Arc<Board>>,
        finished: &mut mpsc::Receiver<TaskResult>,
        settings_changes: &mut mpsc::Receiver<ScreenChange>,
    ) -> Result<(), Error> {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.ask();
        self.draw()?;
        loop {
            let wait = self.wait();
            tokio::select! {
                biased;
                signalled = signals.next() => {
                    match signalled {
                        Signalled::Leave => return Ok(()),
                        Signalled::Hangup => {
                            self.screen.abandon();
                            return Ok(());
                        }
                        Signalled::Stop => self.suspend()?,
                        Signalled::Resume => self.screen.resume()?,
                        Signalled::Resize | Signalled::Reload => {}
                    }
                    self.draw_soon()?;
                }
                input = self.reader.next() => {
                    // The input ends when the terminal is closed.
                    let Some(input) = input else {
                        self.screen.abandon();
                        return Ok(());
                    };
                    if self.inputs(input)? {
                        return Ok(());
                    }
                }
                changed = boards.changed() => {
                    changed.map_err(|_| FloorClosed)?;
                    self.board = boards.borrow_and_update().clone();
                    self.heard = Instant::now();
                    self.dirty |= self.ui.frozen.is_none();
                    self.ui.silent = 0;
                }
                Some(change) = settings_changes.recv() => self.change(change)?,
                Some(result) = finished.recv() => {
                    if self.finish(result) {
                        self.draw_soon()?;
                    }
                }
                _ = seconds.tick() => self.tick()?,
                () = tokio::time::sleep(wait), if self.dirty => {
                    self.ask();
                    self.draw()?;
                }
            }
        }
    }

    /// The board to show: the frozen one, or else the newest.
    fn shown(&self) -> Arc<Board> {
        self.ui.frozen.clone().unwrap_or_else(|| Arc::clone(&self.board))
    }

    /// Handle all inputs that have arrived, and draw once if the line is free. Returns whether to quit.
    fn inputs(&mut self, first: UserInput) -> Result<bool, Error> {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(input) = next {
            if self.input(&input)? {
                return Ok(true);
            }
            taken += 1;
            next = if taken < MAX_BATCH { self.reader.try_next() } else { None };
        }
        if self.dirty {
            self.ask();
            self.key_waits = true;
            if self.wait().is_zero() {
                self.draw()?;
            }
        }
        Ok(false)
    }

    /// Handle one input. Returns whether to quit.
    fn input(&mut self, input: &UserInput) -> Result<bool, Error> {
        if self.terminal_says(input) {
            return Ok(false);
        }
        let verdict = matches!(input, UserInput::Alone | UserInput::NotAlone);
        if verdict && self.ui.held.is_none() {
            return Ok(false);
        }
        let board = self.shown();
        let hinted = self.ui.hint;
        let effect = self.ui.handle_input(input, &self.keymap, &board, &self.drawn);
        if let (true, Some(file)) = (hinted && !self.ui.hint, self.settings.hint_seen.take()) {
            Tasks::remember(file);
        }
        // The next key may concern rows that this one has changed.
        self.order();
        self.dirty = true;
        match effect {
            None => {}
            Some(Effect::Quit) => return Ok(true),
            Some(Effect::Suspend) => self.suspend()?,
            Some(Effect::Redraw) => self.screen.clear()?,
            Some(Effect::Mouse(on)) => {
                self.screen.mouse(on)?;
                self.reader.mouse(on);
            }
            Some(Effect::Execute(commands)) => self.tasks.execute(commands),
            Some(Effect::ControlReplay(command)) => self.tasks.control_replay(command),
            Some(Effect::Export) => self.export(),
            Some(Effect::ExportDay) => {
                let query = queries::today_by_queue(&self.ui);
                let zone = self.ctx(&board).zone();
                self.tasks.export_queues(query, board, zone, self.directory());
            }
            Some(Effect::HandOver) => self.tasks.hand_over(self.settings.zone, self.directory()),
            Some(Effect::Copy(text)) => self.screen.copy(&text)?,
            Some(Effect::Views(change)) => self.tasks.change_views(self.settings.views.clone(), change),
        }
        Ok(false)
    }

    /// The folder of what is written.
    fn directory(&self) -> PathBuf {
        self.settings.export_dir.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// Export the page, once there are figures of all rows.
    fn export(&mut self) {
        let board = self.shown();
        let is_partial = |question: &Question| matches!(question, Question::Rows(..));
        if !self.ui.exporting && queries::questions(&self.ui, &board).iter().any(is_partial) {
            self.ui.exporting = true;
            self.ask();
            return;
        }
        self.ui.exporting = false;
        self.tasks.write(export_of_page(self.ctx(&board)), self.directory());
    }

    /// Stop this process until the shell continues it; does nothing if there is no shell.
    fn suspend(&mut self) -> io::Result<()> {
        if self.settings.lock != KeyLock::Open {
            return Ok(());
        }
        if can_be_continued() {
            return self.screen.suspend();
        }
        self.ui.show_toast(text!("toast-no-shell"), Tone::Muted);
        Ok(())
    }

    /// Send the page's queries whose answers are missing or old.
    fn ask(&mut self) {
        let board = self.shown();
        let questions = queries::questions(&self.ui, &board);
        for question in self.answers.due(&questions, self.board.seq, self.ui.frozen.is_some(), Instant::now()) {
            self.tasks.ask(question);
        }
    }

    /// Show the result of a task. Returns whether to draw at once, because the page was waiting for it.
    fn finish(&mut self, result: TaskResult) -> bool {
        self.dirty = true;
        match result {
            TaskResult::Reply(question, reply) => {
                let failed = reply.is_none();
                let first = reply.is_some_and(|reply| self.answers.store(&question, reply, Instant::now()));
                if self.ui.exporting && (failed || self.answers.have(&queries::questions(&self.ui, &self.shown()))) {
                    self.export();
                }
                first
            }
            TaskResult::Commands(results) => {
                let board = self.shown();
                if let Some((words, tone)) = confirmation(self.ctx(&board), &results) {
                    self.ui.show_toast(words, tone);
                }
                true
            }
            TaskResult::Views(read) => {
                self.ui.take_views(read);
                false
            }
            TaskResult::Written(written) => {
                match written {
                    Ok(words) => self.ui.show_toast(words, Tone::Good),
                    Err(error) => self.ui.show_toast(error.words(), Tone::Warning),
                }
                true
            }
        }
    }

    /// Once a second: age the message at the foot, ring the bell, and count the seconds without a board.
    fn tick(&mut self) -> Result<(), Error> {
        self.dirty |= self.ui.page() == Page::Kiosk;
        self.ui.bytes_per_s = self.screen.second();
        let silent = self.heard.elapsed().as_secs();
        if silent >= 5 {
            self.ui.silent = silent;
            self.dirty = true;
        }
        if self.bell.is_due(self.settings.bell, &self.board, Instant::now()) {
            self.screen.ring()?;
        }
        self.ui.taken = self.ui.taken.and_then(|taken| {
            let seconds = taken.seconds.checked_sub(1).filter(|left| *left > 0)?;
            Some(state::Taken { seconds, ..taken })
        });
        if let Some(toast) = &mut self.ui.toast {
            toast.seconds = toast.seconds.saturating_sub(1);
            if toast.seconds == 0 {
                self.ui.toast = None;
                self.dirty = true;
            }
        }
        Ok(())
    }

    fn theme(&self) -> Theme {
        Theme { palette: self.ui.palette, depth: self.depth, light: self.light }
    }

    fn ctx<'a>(&'a self, board: &'a Board) -> Ctx<'a> {
        Ctx {
            ui: &self.ui,
            board,
            answers: &self.answers,
            theme: self.theme(),
            glyphs: self.glyphs,
            keymap: &self.keymap,
            settings: &self.settings,
        }
    }

    /// Sort the lists that have changed, and complete what is being typed.
    fn order(&mut self) {
        let board = self.shown();
        let orders = view::orders(self.ctx(&board));
        let suggestions = complete::suggestions(self.ctx(&board));
        self.ui.lists.extend(orders);
        if let (Some(prompt), Some(suggestions)) = (&mut self.ui.prompt, suggestions) {
            prompt.suggestions = suggestions;
        }
    }

    /// How long to wait until the next frame.
    fn wait(&self) -> Duration {
        let data = FRAME_INTERVAL.saturating_sub(self.drawn_at.elapsed()).max(self.screen.wait_for_data());
        let key = self.key_waits.then(|| KEY_FRAME_INTERVAL.saturating_sub(self.keyed_at.elapsed()));
        key.map_or(data, |key| key.min(data)).max(self.screen.wait())
    }

    /// Draw at once, or as soon as a slow line has taken what was drawn before.
    fn draw_soon(&mut self) -> Result<(), Error> {
        self.dirty = true;
        if self.screen.wait().is_zero() { self.draw() } else { Ok(()) }
    }

    /// Go on with the rotation of the kiosk. Its clock also goes on while no board arrives.
    fn rotate(&mut self) {
        let elapsed = Span(i64::try_from(self.heard.elapsed().as_micros()).unwrap_or(0));
        let (board, drawn) = (&self.board, &self.drawn);
        let is_worth = |page| match page {
            KioskPage::Now | KioskPage::Today => true,
            KioskPage::Queues => drawn.kiosk_more,
            KioskPage::Agents => !board.agents.is_empty(),
        };
        self.ui.kiosk.step(board.at + elapsed, board, &self.settings.kiosk, is_worth);
    }

    fn draw(&mut self) -> Result<(), Error> {
        self.order();
        if self.ui.page() == Page::Kiosk {
            self.rotate();
        }
        let board = self.shown();
        let ctx = Ctx {
            ui: &self.ui,
            board: &board,
            answers: &self.answers,
            theme: self.theme(),
            glyphs: self.glyphs,
            keymap: &self.keymap,
            settings: &self.settings,
        };
        let mut drawn = Drawn::default();
        self.screen.draw(|frame| drawn = view::draw(frame, ctx, &self.drawn))?;
        // What is asked depends on what there is room for.
        self.dirty = std::mem::replace(&mut self.ui.size, drawn.size) != drawn.size;
        self.drawn = drawn;
        self.drawn_at = Instant::now();
        if std::mem::take(&mut self.key_waits) {
            self.keyed_at = self.drawn_at;
        }
        Ok(())
    }
}
