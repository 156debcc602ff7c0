//! The colours of a palette, and whether text in them can be read.

use serde::{Deserialize, Serialize};

/// The least contrast of text to its background: level AA of the Web Content Accessibility Guidelines.
const MIN_CONTRAST: f64 = 4.5;

/// A palette's colours, each 0xRRGGBB, in the order of [`Colours::KEYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Colours(pub(super) [u32; 11]);

impl Colours {
    /// The key of each colour in the configuration. `critical` is the ground of what is critical; `badge` the ink on the
    /// ground of a warning.
    pub const KEYS: [&str; 11] = [
        "background",
        "text",
        "muted",
        "faint",
        "heading",
        "accent",
        "good",
        "warning",
        "critical",
        "selection",
        "badge",
    ];

    /// Set the colour at a place of [`Self::KEYS`].
    pub fn set(&mut self, place: usize, rgb: u32) {
        if let Some(colour) = self.0.get_mut(place) {
            *colour = rgb;
        }
    }

    /// The colours of text that cannot be read well, each by its key and with what is wrong.
    #[must_use]
    pub fn unreadable(&self) -> Vec<(&'static str, String)> {
        let [ground, text, muted, _, heading, accent, good, warning, critical, selection, badge] = self.0;
        let inks = [
            ("text", text),
            ("muted", muted),
            ("heading", heading),
            ("accent", accent),
            ("good", good),
            ("warning", warning),
        ];
        let on_page = inks.map(|(key, ink)| (key, ink, "background", ground));
        let on_row = inks.map(|(key, ink)| (key, ink, "selection", selection));
        let filled = [("critical", critical, "the white ink on it", BRIGHT), ("badge", badge, "warning", warning)];
        let pairs = on_page.into_iter().chain(on_row).chain(filled);
        let words = |(key, ink, other, ground): (&'static str, u32, &str, u32)| {
            // A terminal of 256 colours shows others, which must be readable too.
            let [near_ink, near_ground] = [ink, ground].map(in_256_colours);
            let (ratio, near) = (contrast(ink, ground), contrast(near_ink, near_ground));
            let what = if ratio < MIN_CONTRAST {
                format!("has a contrast of {ratio:.1} to {other} (#{ground:06x})")
            } else if near < MIN_CONTRAST {
                let shown = format!("#{near_ink:06x} on #{near_ground:06x}");
                format!("has a contrast of {near:.1} to {other} where there are 256 colours ({shown})")
            } else {
                return None;
            };
            let remedy = if light(ink) > light(ground) { "lighter" } else { "darker" };
            Some((key, format!("{what}: at least {MIN_CONTRAST} is needed, so make it {remedy}")))
        };
        pairs.filter_map(words).collect()
    }
}

pub(super) const DARK: Colours = Colours([
    0x0010_1419,
    0x00d5_dae1,
    0x0095_9fad,
    0x003a_434f,
    0x009f_c1e8,
    0x0063_b3ed,
    0x006f_bf8b,
    0x00ff_c24b,
    0x00c6_2828,
    0x0023_3143,
    0x0010_1419,
]);
pub(super) const LIGHT: Colours = Colours([
    0x00fb_fbf9,
    0x0020_262d,
    0x0059_636e,
    0x00c9_ced4,
    0x0023_4f83,
    0x0009_58a0,
    0x001d_6336,
    0x0087_4b00,
    0x00b4_1d14,
    0x00dc_e8f5,
    0x00ff_ffff,
]);
pub(super) const COLOUR_BLIND: Colours = Colours([
    0x0012_1417,
    0x00dd_e0e4,
    0x0095_9ca6,
    0x0041_4851,
    0x0056_b4e9,
    0x0056_b4e9,
    0x0056_b4e9,
    0x00f0_e442,
    0x00b3_4700,
    0x0024_3344,
    0x0012_1417,
]);
pub(super) const HIGH_CONTRAST: Colours = Colours([
    0x0000_0000,
    0x00ff_ffff,
    0x00d0_d0d0,
    0x0080_8080,
    0x00ff_ffff,
    0x005f_d7ff,
    0x005f_ff87,
    0x00ff_ff00,
    0x00b0_0000,
    0x0000_0087,
    0x0000_0000,
]);

/// The ink on the ground of what is critical, in every palette.
pub(super) const BRIGHT: u32 = 0x00ff_ffff;

/// The contrast of two colours, as WCAG 2 defines it: from 1 to 21.
#[must_use]
pub fn contrast(a: u32, b: u32) -> f64 {
    (light(a) / light(b)).max(light(b) / light(a))
}

/// How light a colour is, with what a screen reflects.
fn light(rgb: u32) -> f64 {
    let part = |byte: u8| {
        let v = f64::from(byte) / 255.0;
        if v <= 0.039_28 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let [_, r, g, b] = rgb.to_be_bytes();
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) + 0.05
}

/// The levels of red, green and blue that 256 colours have.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// What a terminal of 256 colours shows in place of a colour.
fn in_256_colours(rgb: u32) -> u32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    shown(nearest(r, g, b))
}

/// The colour of an index of a 256-colour terminal, from 16 on.
#[must_use]
pub fn shown(index: u8) -> u32 {
    let level = |n: u8| LEVELS.get(usize::from(n % 6)).copied().unwrap_or_default();
    if let 232.. = index {
        return u32::from(8 + 10 * (index - 232)) * 0x0001_0101;
    }
    let at = index.saturating_sub(16);
    u32::from_be_bytes([0, level(at / 36), level(at / 6), level(at)])
}

/// The nearest of the 216 colours and 24 greys of a 256-colour terminal.
pub(super) fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let level = |n: u8| (0..6u8).zip(LEVELS).min_by_key(|(_, level)| level.abs_diff(n)).unwrap_or((0, 0));
    let distance = |x: u8, y: u8, z: u8| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x, r) + square(y, g) + square(z, b)
    };
    let (red, green, blue) = (level(r), level(g), level(b));
    let mean = u8::try_from((u16::from(r) + u16::from(g) + u16::from(b)) / 3).unwrap_or(u8::MAX);
    let step = (mean.saturating_sub(3) / 10).min(23);
    let grey = 8 + 10 * step;
    if distance(grey, grey, grey) < distance(red.1, green.1, blue.1) {
        232 + step
    } else {
        16 + 36 * red.0 + 6 * green.0 + blue.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_and_primaries_are_near() {
        assert_eq!(nearest(255, 0, 0), 196);
        assert_eq!(nearest(8, 8, 8), 232);
        assert_eq!(nearest(255, 255, 255), 231);
    }
}
