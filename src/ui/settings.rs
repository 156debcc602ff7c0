//! The `[ui]` table of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::kpi::{Bands, Formula, KpiId, Window};
use crate::ui::bell::Ring;
use crate::ui::theme::{Depth, Palette};

/// How the screen looks and which keys it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The palette: `terminal`, `dark`, `light`, `colour-blind`.
    pub theme: Palette,
    /// How many colours, where the terminal isn't to be asked: `truecolor`, `256`, `16`, `none`.
    pub colours: Option<Depth>,
    /// Plain ASCII, where the terminal isn't to be asked.
    pub ascii: Option<bool>,
    /// The window at the start.
    pub window: Window,
    /// The service-level formula at the start, where not the counting rules' own.
    pub formula: Option<Formula>,
    /// Whether the mouse is captured at the start.
    pub mouse: bool,
    /// Whether keys do nothing: a wall that nobody is to touch.
    pub locked: bool,
    /// What the terminal's bell rings for.
    pub bell: Ring,
    /// Where exports go; the current directory where absent.
    pub export_dir: Option<PathBuf>,
    /// The time zone shown, where not the centre's.
    pub zone: Option<Tz>,
    /// Action name → keys.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The lines that tiles and `?` show, where not the catalogue's: KPI → lines.
    pub targets: BTreeMap<KpiId, Bands>,
    /// The bounds of handling time in seconds: intent → `low`, `high`.
    pub handling_time: BTreeMap<String, Bands>,
    /// When an agent has been in a state for too long.
    pub too_long: TooLong,
}

/// The seconds in a state from which it is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TooLong {
    /// Being rung.
    pub ringing: i64,
    /// With a contact.
    pub on_contact: i64,
    /// In after-contact work.
    pub after_contact: i64,
    /// Paused.
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
            theme: Palette::Terminal,
            colours: None,
            ascii: None,
            window: Window::Today,
            formula: None,
            mouse: false,
            locked: false,
            bell: Ring::default(),
            export_dir: None,
            zone: None,
            keys: BTreeMap::new(),
            targets: BTreeMap::new(),
            handling_time: BTreeMap::new(),
            too_long: TooLong::default(),
        }
    }
}
