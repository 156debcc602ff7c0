//! Keys that change something for others count only if they came alone.
//!
//! Text that is pasted over a page by mistake, and what a terminal sends by itself, arrive in one piece; a key that
//! somebody presses does not. All other keys are handled at once.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::board::Board;
use crate::language::text;
use crate::ui::action::Keymap;
use crate::ui::drawn::Drawn;
use crate::ui::input::UserInput;
use crate::ui::prompt::{self, Prompt, PromptCommand, PromptKind};
use crate::ui::state::{Effect, Overlay, Ui};
use crate::ui::theme::Tone;

impl Ui {
    /// Handle one input.
    pub fn handle_input(
        &mut self,
        input: &UserInput,
        keymap: &Keymap,
        board: &Arc<Board>,
        drawn: &Drawn,
    ) -> Option<Effect> {
        self.hint &= !matches!(input, UserInput::Key { .. } | UserInput::Mouse(_) | UserInput::Paste(_));
        match input {
            UserInput::Key { key, first } if self.must_be_alone(key, keymap, board) => {
                if *first {
                    self.held = Some(*key);
                } else {
                    self.not_alone();
                }
            }
            UserInput::Key { key, .. } => return self.key(key, keymap, board, drawn),
            UserInput::Alone => {
                let key = self.held.take()?;
                return self.key(&key, keymap, board, drawn);
            }
            UserInput::NotAlone => {
                if self.held.take().is_some() {
                    self.not_alone();
                }
            }
            // Mouse reports that were not requested are left from an earlier program.
            UserInput::Mouse(event) if self.mouse => self.mouse(event, board, drawn),
            UserInput::Mouse(_)
            | UserInput::Background { .. }
            | UserInput::TrueColour
            | UserInput::SynchronizedOutput => {}
            UserInput::Paste(text) => self.paste(text),
        }
        None
    }

    /// Whether a key would change something for others in the present state of the screen.
    fn must_be_alone(&self, key: &KeyEvent, keymap: &Keymap, board: &Board) -> bool {
        match (&self.prompt, &self.overlay) {
            (Some(prompt), _) => key.code == KeyCode::Enter && prompt.must_be_alone(board),
            (None, Some(Overlay::Snooze(_))) => matches!(key.code, KeyCode::Char(_) | KeyCode::Enter),
            (None, _) => keymap.action(key).is_some_and(|action| action.entry().alone),
        }
    }

    fn not_alone(&mut self) {
        self.show_toast(text!("toast-several-keys"), Tone::Muted);
    }

    /// Pasted text goes into the line that is being typed; without one it is ignored.
    fn paste(&mut self, text: &str) {
        match &mut self.prompt {
            Some(prompt) => prompt.insert(text),
            None => self.show_toast(text!("toast-pasted"), Tone::Muted),
        }
        self.follow_filter();
    }
}

impl Prompt {
    /// Whether Enter would change something for others.
    fn must_be_alone(&self, board: &Board) -> bool {
        match self.kind {
            PromptKind::Filter => false,
            PromptKind::Note(_) | PromptKind::Annotation(_) => true,
            PromptKind::Command => match prompt::read(self.line(), board.at, &board.calendar) {
                Ok(PromptCommand::Do(action)) => action.entry().alone,
                Ok(
                    PromptCommand::Replay(_)
                    | PromptCommand::Annotate { .. }
                    | PromptCommand::Save(_)
                    | PromptCommand::Forget(_),
                ) => true,
                Ok(
                    PromptCommand::Theme(_)
                    | PromptCommand::Window(_)
                    | PromptCommand::Formula(_)
                    | PromptCommand::View(_),
                )
                | Err(_) => false,
            },
        }
    }
}
