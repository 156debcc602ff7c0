//! What the screen takes over of the configuration, and of what the terminal says of itself, also while it is shown.

use super::action::{Action, KeyError, Keymap};
use super::glyphs::GlyphSet;
use super::input::UserInput;
use super::settings::KeyLock;
use super::theme::{Depth, Tone};
use super::{App, Error, Settings};
use crate::language::text;
use crate::text::Text;

/// The actions of a screen in public on which passers-by may look around.
const VIEW: [Action; 10] = {
    use Action::{Agents, Alerts, Intents, Kiosk, Live, Overview, Queue, Trends, Window, WindowBack};
    [Overview, Queue, Intents, Agents, Alerts, Trends, Kiosk, Live, Window, WindowBack]
};

/// What the configuration says by now.
#[derive(Debug)]
pub struct ScreenChange {
    /// The settings; `None` where they cannot be read.
    pub settings: Option<Box<Settings>>,
    /// What is wrong with it, or waits for a restart: it stands on the screen until the next change.
    pub remark: Option<Text>,
}

/// The keys, as far as the screen has any.
pub(super) fn keymap(settings: &Settings) -> Result<Keymap, KeyError> {
    Ok(match Keymap::new(&settings.keys)? {
        keymap if settings.lock == KeyLock::All => keymap.only(&[]),
        // A wall has one page.
        keymap if settings.kiosk.only && settings.lock == KeyLock::View => keymap.only(&[]),
        keymap if settings.kiosk.only => keymap.only(&[Action::Quit]),
        keymap if settings.lock == KeyLock::View => keymap.only(&VIEW),
        keymap => keymap,
    })
}

impl App {
    /// Take in what the terminal says of itself; returns whether the input is that.
    pub(super) fn terminal_says(&mut self, input: &UserInput) -> bool {
        match *input {
            UserInput::Background { light } => self.dirty |= light != std::mem::replace(&mut self.light, light),
            UserInput::SynchronizedOutput => self.screen.synchronize(),
            // SSH does not pass on more than 256 of them. Fewer colours, or a number in the configuration, are a wish.
            UserInput::TrueColour if self.settings.colours.is_none() && self.depth == Depth::Many => {
                (self.depth, self.dirty) = (Depth::True, true);
            }
            UserInput::TrueColour => {}
            _ => return false,
        }
        true
    }

    /// Take over other settings. What was chosen by keys stays, unless the settings say something new about it.
    pub(super) fn change(&mut self, change: ScreenChange) -> Result<(), Error> {
        self.dirty = true;
        self.ui.remark = change.remark;
        let Some(new) = change.settings else { return Ok(()) };
        self.ui.show_toast(text!("toast-read-again"), Tone::Good);
        let before = std::mem::replace(&mut self.settings, *new);
        self.settings.hint_seen.clone_from(&before.hint_seen);
        self.settings.views.clone_from(&before.views);
        let new = &self.settings;
        if *new == before {
            return Ok(());
        }
        // The configuration has been checked, so its keys are sound.
        self.keymap = keymap(new)?;
        // What the terminal answered about its colours still holds.
        if new.colours != before.colours {
            self.depth = new.colours.unwrap_or_else(Depth::detect);
        }
        self.glyphs = GlyphSet::of(new.ascii);
        self.ui.themes.clone_from(&new.themes);
        if new.theme != before.theme {
            self.ui.palette = new.theme;
        }
        if (new.window, new.formula) != (before.window, before.formula) {
            (self.ui.window, self.ui.formula) = (new.window, new.formula);
        }
        if new.mouse != before.mouse {
            self.ui.mouse = new.mouse;
            self.screen.mouse(new.mouse)?;
            self.reader.mouse(new.mouse);
        }
        Ok(())
    }
}
