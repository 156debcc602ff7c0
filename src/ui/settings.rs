//! The `[ui]` table of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::kpi::{Formula, Window};
use crate::ui::bell::Ring;
use crate::ui::kiosk::KioskSettings;
use crate::ui::locator::ViewLocator;
use crate::ui::theme::{Colours, Depth, Palette};

/// How the screen looks and which keys it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The palette.
    pub theme: Palette,
    /// The themes of the configuration by name, in the order of the theme key.
    pub themes: Vec<(String, Colours)>,
    /// How many colours to use; detected from the terminal if absent: `truecolor`, `256`, `16`, `none`.
    pub colours: Option<Depth>,
    /// Whether to draw with ASCII only; detected from the locale if absent.
    pub ascii: Option<bool>,
    /// The language, such as `de` or `de-CH`; `None` follows the environment.
    pub language: Option<String>,
    /// The country by whose custom numbers and times are written, such as `en-US`; `None` follows the environment, or else
    /// the language.
    pub locale: Option<String>,
    /// The window of time at the start: short, because an outage hides behind the rest of the day.
    pub window: Window,
    /// The service-level formula at the start; the formula of the counting rules if absent.
    pub formula: Option<Formula>,
    /// Whether the mouse is captured at the start.
    pub mouse: bool,
    /// Whether the floor is told in plain lines instead of being drawn.
    pub plain: bool,
    /// Whether new data are drawn less often, to spare a slow line.
    pub low_bandwidth: bool,
    /// Which keys a screen in public has; it has no mouse.
    pub lock: KeyLock,
    /// The severities that the terminal's bell rings for.
    pub bell: Ring,
    /// The directory of exports; the current directory if absent.
    pub export_dir: Option<PathBuf>,
    /// The time zone of the screen; the centre's if absent.
    pub zone: Option<Tz>,
    /// Action name → keys.
    pub keys: BTreeMap<String, Vec<String>>,
    /// How long an agent may be in a state before it is marked.
    pub too_long: TooLong,
    /// How the wall behaves.
    pub kiosk: KioskSettings,
    /// Where it is remembered that the hint of the first start was seen; no hint is shown if absent.
    #[serde(skip)]
    pub hint_seen: Option<PathBuf>,
    /// The file of the saved views; none are saved if absent.
    #[serde(skip)]
    pub views: Option<PathBuf>,
    /// The view at the start; the overview if absent.
    #[serde(skip)]
    pub at: Option<ViewLocator>,
}

/// Which keys there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLock {
    /// All.
    #[default]
    Open,
    /// Those that choose the page and the window.
    View,
    /// None.
    All,
}

/// How many seconds an agent may be in each state before it is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TooLong {
    /// The agent's phone rings.
    pub ringing: i64,
    /// The agent is with a contact.
    pub on_contact: i64,
    /// The agent does after-contact work.
    pub after_contact: i64,
    /// The agent is paused.
    pub paused: i64,
}

impl Default for TooLong {
    fn default() -> Self {
        Self { ringing: 20, on_contact: 1200, after_contact: 180, paused: 1200 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Palette::Auto,
            themes: Vec::new(),
            colours: None,
            ascii: None,
            language: None,
            locale: None,
            window: Window::M30,
            formula: None,
            mouse: false,
            plain: false,
            low_bandwidth: false,
            lock: KeyLock::Open,
            bell: Ring::default(),
            export_dir: None,
            zone: None,
            keys: BTreeMap::new(),
            too_long: TooLong::default(),
            kiosk: KioskSettings::default(),
            hint_seen: None,
            views: None,
            at: None,
        }
    }
}
