//! Tones of text, and the style of each in every palette and colour depth.
//!
//! Severity is shown by sign, word and place first; colour only repeats it. Without colours the tones differ by bold,
//! reverse and underline.

mod colours;
#[cfg(test)]
mod terminals;

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};
use termprofile::TermProfile;

use crate::kpi::Verdict;
use crate::language::text;
use crate::text::Label;
use colours::{BRIGHT, COLOUR_BLIND, DARK, HIGH_CONTRAST, LIGHT, nearest};
pub use colours::{Colours, contrast, shown};

/// How a piece of text is meant, whatever the palette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Plain text.
    #[default]
    Text,
    /// Secondary: labels, ages, headings of columns.
    Muted,
    /// Barely visible: rules, empty scales and the dash of what is not known. No words.
    Faint,
    /// Emphasis among plain text.
    Strong,
    /// The title of a panel.
    Heading,
    /// The title of the focused panel.
    Focus,
    /// Keys that can be pressed; the drill trail.
    Accent,
    /// On target.
    Good,
    /// Past the warning limit.
    Warning,
    /// Past the critical limit: bright ink on a filled ground, because red ink is the faintest of all colours.
    Critical,
    /// A warning as a filled badge.
    WarningFill,
    /// The selected row.
    Selected,
    /// Data that is old.
    Stale,
}

impl Tone {
    /// The tone that a verdict is shown in.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::None => Self::Text,
            Verdict::FewSamples => Self::Muted,
            Verdict::Good => Self::Good,
            Verdict::Warning => Self::Warning,
            Verdict::Critical => Self::Critical,
        }
    }
}

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// Dark or light, after the terminal's background; the terminal's own colours where it has sixteen.
    #[default]
    Auto,
    /// The terminal's own sixteen colours and background.
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// The colours of Okabe and Ito, which people with any kind of colour vision can tell apart.
    ColourBlind,
    /// White and saturated colours on black.
    HighContrast,
    /// The colours of a theme that the configuration defines.
    Own(Colours),
}

impl Palette {
    /// The built-in palettes, in the order of the theme key.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Dark, Self::Light, Self::HighContrast, Self::ColourBlind, Self::Terminal];

    /// The name in the configuration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::ColourBlind => "colour-blind",
            Self::HighContrast => "high-contrast",
            Self::Own(_) => "own",
        }
    }

    /// The palettes whose colours are given, which an own one can be based on, with these.
    pub const DEFINED: [(&str, Colours); 4] =
        [("dark", DARK), ("light", LIGHT), ("high-contrast", HIGH_CONTRAST), ("colour-blind", COLOUR_BLIND)];

    /// All palettes by name: the built-in ones, then those of the configuration.
    pub fn named(own: &[(String, Colours)]) -> impl Iterator<Item = (&str, Self)> {
        let built_in = Self::ALL.into_iter().map(|palette| (palette.key(), palette));
        built_in.chain(own.iter().map(|(name, colours)| (name.as_str(), Self::Own(*colours))))
    }

    /// The palette of a name, or what is wrong with the name.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn find(name: &str, own: &[(String, Colours)]) -> Result<Self, String> {
        let found = Self::named(own).find(|(other, _)| *other == name).map(|(_, palette)| palette);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::named(own).map(|(name, _)| name).collect();
            text!("prompt-no-theme", name = Label::new(name), all = names.join(", "))
        })
    }
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Depth {
    /// 24-bit colours.
    #[serde(rename = "truecolor")]
    True,
    /// 256 colours.
    #[serde(rename = "256")]
    Many,
    /// Sixteen colours.
    #[serde(rename = "16")]
    Few,
    /// No colours: `NO_COLOR` is set, or the terminal has none.
    #[serde(rename = "none")]
    None,
}

impl Depth {
    /// The depth that the environment states; `NO_COLOR` is honoured.
    #[must_use]
    pub fn detect() -> Self {
        let term = std::env::var("TERM").unwrap_or_default();
        if term == "dumb" || term.starts_with("vt") {
            return Self::None;
        }
        match TermProfile::detect(&std::io::stdout(), termprofile::DetectorSettings::default()) {
            TermProfile::TrueColor => Self::True,
            TermProfile::Ansi256 => Self::Many,
            TermProfile::Ansi16 => Self::Few,
            TermProfile::NoColor | TermProfile::NoTty => Self::None,
        }
    }
}

/// A palette at a colour depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The palette.
    pub palette: Palette,
    /// The depth.
    pub depth: Depth,
    /// Whether the terminal's background is light. It is seen where a palette does not paint its own.
    pub light: bool,
}

/// Whether `COLORFGBG`, which some terminals set, states a light background. Most terminals answer a query instead (see
/// `Screen::enter`); without either, the background is taken to be dark.
#[must_use]
pub fn is_light_by_environment() -> bool {
    let colours = std::env::var("COLORFGBG").unwrap_or_default();
    matches!(colours.rsplit(';').next(), Some("7" | "15"))
}

impl Theme {
    /// The style of a tone.
    #[must_use]
    pub fn style(self, tone: Tone) -> Style {
        match (self.depth, self.colours()) {
            (Depth::None, _) => plain(tone),
            (_, Some(colours)) => self.coloured(tone, &colours),
            // The sixteen colours differ from terminal to terminal; what is critical must not.
            (Depth::True | Depth::Many, None) if tone == Tone::Critical => self.coloured(tone, &DARK),
            _ => self.named(tone),
        }
    }

    /// The colours that the palette defines; `None` if the terminal's own are used.
    fn colours(self) -> Option<Colours> {
        match self.palette {
            _ if !matches!(self.depth, Depth::True | Depth::Many) => None,
            Palette::Terminal => None,
            Palette::Auto if self.light => Some(LIGHT),
            Palette::Auto | Palette::Dark => Some(DARK),
            Palette::Light => Some(LIGHT),
            Palette::ColourBlind => Some(COLOUR_BLIND),
            Palette::HighContrast => Some(HIGH_CONTRAST),
            Palette::Own(colours) => Some(colours),
        }
    }

    /// The style of bars and blocks in a tone: what is critical has the colour of its ground. Bars need less contrast
    /// than text.
    #[must_use]
    pub fn bar(self, tone: Tone) -> Style {
        match (tone, self.style(tone).bg) {
            (Tone::Critical, Some(ground)) => Style::new().fg(ground),
            (Tone::Critical, None) => self.style(Tone::Warning),
            (Tone::Muted, None) if self.depth != Depth::None && self.colours().is_none() => {
                Style::new().fg(Color::DarkGray)
            }
            _ => self.style(tone),
        }
    }

    /// The style that fills the screen before anything is drawn.
    #[must_use]
    pub fn base(self) -> Style {
        self.style(Tone::Text)
    }

    /// The style of a page behind a box.
    #[must_use]
    pub fn behind(self) -> Style {
        let base = self.base();
        let quiet = self.style(Tone::Muted).remove_modifier(Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED);
        base.bg.map_or(quiet, |ground| quiet.bg(ground))
    }

    /// What a selected row has over its whole width: the palette's colour for it, or else the terminal's own ink and ground
    /// exchanged, since other inks would make a ground of many colours.
    #[must_use]
    pub fn selected_row(self) -> Style {
        let selected = self.style(Tone::Selected);
        if self.colours().is_some() {
            return selected;
        }
        selected.fg(Color::Reset).bg(Color::Reset).remove_modifier(Modifier::DIM)
    }

    fn coloured(self, tone: Tone, colours: &Colours) -> Style {
        let [ground, text, muted, faint, heading, accent, good, warning, critical, selection, ink] = colours.0;
        let on = |rgb: u32| Style::new().fg(self.colour(rgb));
        match tone {
            Tone::Text => on(text).bg(self.colour(ground)),
            Tone::Muted => on(muted),
            Tone::Faint => on(faint),
            Tone::Strong => on(text).add_modifier(Modifier::BOLD),
            Tone::Heading => on(heading),
            Tone::Focus => on(accent).add_modifier(Modifier::BOLD),
            Tone::Accent => on(accent),
            Tone::Good => on(good),
            Tone::Warning => on(warning).add_modifier(Modifier::BOLD),
            Tone::Critical => on(BRIGHT).bg(self.colour(critical)).add_modifier(Modifier::BOLD),
            Tone::WarningFill => on(ink).bg(self.colour(warning)).add_modifier(Modifier::BOLD),
            Tone::Selected => Style::new().bg(self.colour(selection)),
            Tone::Stale => on(muted).add_modifier(Modifier::ITALIC),
        }
    }

    /// Styles in the sixteen named colours, which follow the terminal's own palette. Those are chosen that can be read
    /// in the palettes of xterm, VGA, GNOME and VS Code: bright ones on a dark background, and on a light one only red,
    /// blue and black.
    fn named(self, tone: Tone) -> Style {
        let on = |fg: Color| Style::new().fg(fg);
        let by = |dark: Color, light: Color| on(if self.light { light } else { dark });
        let (good, critical) = match self.palette {
            Palette::ColourBlind => (Color::Cyan, Color::Magenta),
            _ => (Color::Green, Color::Red),
        };
        match tone {
            Tone::Text => on(Color::Reset).bg(Color::Reset),
            Tone::Muted => by(Color::Gray, Color::Reset),
            Tone::Faint => on(Color::DarkGray).add_modifier(Modifier::DIM),
            Tone::Strong => on(Color::Reset).add_modifier(Modifier::BOLD),
            Tone::Heading => on(Color::Reset),
            Tone::Focus => by(Color::Cyan, Color::Blue).add_modifier(Modifier::BOLD),
            Tone::Accent => by(Color::Cyan, Color::Blue),
            Tone::Good => by(good, Color::Reset),
            Tone::Warning => by(Color::LightYellow, Color::Red).add_modifier(Modifier::BOLD),
            Tone::Critical => on(Color::White).bg(critical).add_modifier(Modifier::BOLD),
            Tone::WarningFill => on(Color::Black).bg(Color::LightYellow),
            Tone::Selected => Style::new().add_modifier(Modifier::REVERSED),
            Tone::Stale => by(Color::Gray, Color::Reset).add_modifier(Modifier::ITALIC),
        }
    }

    fn colour(self, rgb: u32) -> Color {
        let [_, r, g, b] = rgb.to_be_bytes();
        if self.depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(nearest(r, g, b)) }
    }
}

/// Styles without colours: bold, reverse, underline.
fn plain(tone: Tone) -> Style {
    let with = |modifier: Modifier| Style::new().add_modifier(modifier);
    match tone {
        Tone::Text | Tone::Good | Tone::Accent => Style::new(),
        Tone::Muted | Tone::Faint => with(Modifier::DIM),
        Tone::Stale => with(Modifier::DIM | Modifier::ITALIC),
        Tone::Strong | Tone::Warning => with(Modifier::BOLD),
        Tone::Heading => with(Modifier::UNDERLINED),
        Tone::Focus | Tone::WarningFill => with(Modifier::BOLD | Modifier::UNDERLINED),
        Tone::Critical | Tone::Selected => with(Modifier::BOLD | Modifier::REVERSED),
    }
}

#[cfg(test)]
mod tests {
    use super::terminals::SIXTEEN;
    use super::*;

    #[test]
    fn without_colours_nothing_is_coloured() {
        for tone in [Tone::Text, Tone::Critical, Tone::Warning, Tone::Selected] {
            for palette in Palette::ALL {
                let style = Theme { palette, depth: Depth::None, light: false }.style(tone);
                assert_eq!((style.fg, style.bg), (None, None), "{tone:?}");
            }
        }
    }

    /// A terminal: its sixteen colours, and its own ink and background.
    type Terminal = ([u32; 16], u32, u32);

    /// A colour as that terminal shows it; `own` is what it shows for no colour.
    fn rgb(colour: Color, sixteen: &[u32; 16], own: u32) -> u32 {
        match colour {
            Color::Reset => own,
            Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
            Color::Indexed(at) => shown(at),
            Color::Black => sixteen[0],
            Color::Red => sixteen[1],
            Color::Green => sixteen[2],
            Color::Blue => sixteen[4],
            Color::Magenta => sixteen[5],
            Color::Cyan => sixteen[6],
            Color::Gray => sixteen[7],
            Color::LightYellow => sixteen[11],
            Color::White => sixteen[15],
            other => panic!("{other}"),
        }
    }

    /// Every theme on dark and light backgrounds.
    fn themes() -> impl Iterator<Item = (Theme, Terminal)> {
        const DEPTHS: [Depth; 3] = [Depth::True, Depth::Many, Depth::Few];
        let terminals = SIXTEEN.into_iter().flat_map(|sixteen| {
            let dark = [0, 0x17_1421, 0x1e_1e1e].map(|ground| (false, (sixteen, sixteen[7], ground)));
            dark.into_iter().chain([(true, (sixteen, 0, 0xff_ffff))])
        });
        terminals.flat_map(|(light, terminal)| {
            let themes =
                Palette::ALL.into_iter().flat_map(move |palette| DEPTHS.map(|depth| Theme { palette, depth, light }));
            themes.map(move |theme| (theme, terminal))
        })
    }

    #[test]
    fn text_can_be_read_in_every_theme_on_dark_and_light_backgrounds() {
        const TEXT: [Tone; 10] = [
            Tone::Text,
            Tone::Muted,
            Tone::Strong,
            Tone::Heading,
            Tone::Focus,
            Tone::Accent,
            Tone::Good,
            Tone::Warning,
            Tone::WarningFill,
            Tone::Stale,
        ];
        for (theme, (sixteen, ink, ground)) in themes() {
            let on = |colour: Option<Color>, own| rgb(colour.unwrap_or(Color::Reset), &sixteen, own);
            let page = on(theme.base().bg, ground);
            for tone in TEXT {
                let style = theme.style(tone);
                let filled = style.bg.filter(|colour| *colour != Color::Reset);
                let selected = theme.style(Tone::Selected).bg.filter(|_| filled.is_none());
                for under in
                    [Some(on(filled, page)), selected.map(|colour| on(Some(colour), page))].into_iter().flatten()
                {
                    let ratio = contrast(on(style.fg, ink), under);
                    assert!(ratio >= 4.5, "{theme:?} on {ground:06x}, {tone:?}: {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn what_is_critical_is_bright_on_a_filled_ground_in_every_theme() {
        for (theme, (sixteen, ink, ground)) in themes() {
            let style = theme.style(Tone::Critical);
            let ratio = contrast(rgb(style.fg.unwrap(), &sixteen, ink), rgb(style.bg.unwrap(), &sixteen, ground));
            // VS Code's bright white is grey on its sixteen colours; it raises the contrast to 4.5 by itself.
            let least = if sixteen == SIXTEEN[3] && theme.depth == Depth::Few { 3.5 } else { 4.5 };
            assert!(ratio >= least, "{theme:?}: {ratio:.2}");
            assert!(theme.style(Tone::Warning).bg.is_none(), "a warning is weaker: ink only");
        }
    }
}
