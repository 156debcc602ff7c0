//! The effect of commands: what is typed at the `:` prompt, and the keys of a replay.

use std::sync::Arc;

use crate::board::{Board, Mode};
use crate::floor::handle::ReplayCommand;
use crate::language::text;
use crate::text::Label;
use crate::ui::drawn::Drawn;
use crate::ui::going;
use crate::ui::prompt::{self, PromptCommand};
use crate::ui::state::{Effect, Page, Ui};
use crate::ui::theme::{Palette, Tone};

impl Ui {
    pub(super) fn command(&mut self, text: &str, board: &Arc<Board>, drawn: &Drawn) -> Option<Effect> {
        match prompt::read(text, board.at, &board.calendar) {
            Ok(PromptCommand::Do(action)) => return self.act(action, board, drawn),
            Ok(PromptCommand::Replay(command)) => return self.control_replay(command, board),
            Ok(PromptCommand::Theme(name)) => match Palette::find(&name, &self.themes) {
                Ok(palette) => self.palette = palette,
                Err(words) => self.show_toast(words, Tone::Warning),
            },
            Ok(PromptCommand::Window(window)) => self.window = window,
            Ok(PromptCommand::Annotate { at, until, text }) => {
                return Some(self.annotate(at.unwrap_or(board.at), until, &text));
            }
            Ok(PromptCommand::Formula(formula)) => self.formula = Some(formula),
            Ok(PromptCommand::Save(name)) => return self.save_view(&name),
            Ok(PromptCommand::View(name)) => {
                if !self.open_view(&name) {
                    self.show_toast(text!("views-unknown", name = Label::new(&name)), Tone::Warning);
                }
            }
            Ok(PromptCommand::Forget(name)) => return self.forget_view(&name),
            Err(_) if self.open_view(text) => {}
            // A locator has a sign that no command has.
            Err(_) if text.contains(['/', '?']) || Page::ALL.iter().any(|page| page.key() == text) => {
                match going::read(text) {
                    Ok(locator) => self.go(locator),
                    Err(error) => self.show_toast(error.to_string(), Tone::Warning),
                }
            }
            Err(words) => self.show_toast(words, Tone::Warning),
        }
        None
    }

    pub(super) fn control_replay(&mut self, command: ReplayCommand, board: &Board) -> Option<Effect> {
        match (&board.mode, command) {
            (Mode::Replay { .. }, _) | (Mode::Simulated { .. }, ReplayCommand::Speed(_)) => {
                Some(Effect::ControlReplay(command))
            }
            _ => {
                self.show_toast(text!("toast-only-replay"), Tone::Muted);
                None
            }
        }
    }

    pub(super) fn change_speed(&mut self, factor: f64, board: &Board) -> Option<Effect> {
        let speed = match &board.mode {
            Mode::Live => 1.0,
            Mode::Simulated { speed, .. } | Mode::Replay { speed, .. } => *speed,
        };
        self.control_replay(ReplayCommand::Speed((speed * factor).clamp(0.25, 4096.0)), board)
    }
}
