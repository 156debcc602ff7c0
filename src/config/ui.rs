//! `[ui]`: the screen.

use std::path::PathBuf;

use super::section::Section;
use crate::kpi::{Formula, Window};
use crate::text::Label;

/// How the screen looks and behaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ui {
    /// The colours.
    pub theme: Theme,
    /// Only ASCII: `None` finds out from the locale.
    pub ascii: Option<bool>,
    /// Whether the mouse is caught (then the terminal's own selection needs Shift).
    pub mouse: bool,
    /// The window shown first.
    pub window: Window,
    /// The service level's formula shown first, where not the floor's.
    pub formula: Option<Formula>,
    /// Where `e` writes; the current folder where absent.
    pub export_dir: Option<PathBuf>,
    /// Keys of the user's own: action and the keys that do it.
    pub keys: Vec<(Label, Vec<String>)>,
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own palette.
    #[default]
    Terminal,
    /// Bright on dark.
    Dark,
    /// Dark on light.
    Light,
    /// Okabe and Ito's colours, told apart with any eyes.
    ColourBlind,
}

impl Theme {
    /// All of them, in the order that `T` steps through, with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("terminal", Self::Terminal),
        ("dark", Self::Dark),
        ("light", Self::Light),
        ("colour-blind", Self::ColourBlind),
    ];

    /// From its name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, theme)| theme)
    }
}

impl Ui {
    pub(super) fn read(&mut self, mut section: Section<'_>) {
        if let Some(theme) = section.choice("theme", &Theme::ALL) {
            self.theme = theme;
        }
        self.ascii = section.flag("ascii");
        if let Some(mouse) = section.flag("mouse") {
            self.mouse = mouse;
        }
        if let Some(window) = section.choice("window", &Window::ALL.map(|window| (window.key(), window))) {
            self.window = window;
        }
        self.formula = section.choice("formula", &Formula::ALL.map(|formula| (formula.key(), formula)));
        self.export_dir = section.raw_text("export_dir").map(PathBuf::from);
        let keys = section.section("keys");
        self.keys = keys
            .keys()
            .into_iter()
            .filter_map(|action| keys.texts(&action).map(|keys| (Label::new(&action), keys)))
            .collect();
        section.done();
    }
}
