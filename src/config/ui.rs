//! `[ui]`: the screen.

use std::path::PathBuf;

use super::section::Section;
use crate::alert::Hours;
use crate::engine;
use crate::kpi::{Formula, Window};
use crate::language;
use crate::ui::action::Keymap;
use crate::ui::bell::Ring;
use crate::ui::kiosk::KioskPage;
use crate::ui::settings::Settings;
use crate::ui::theme::{Colours, Depth, Palette};

const COLOURS: [(&str, Depth); 4] =
    [("truecolor", Depth::True), ("256", Depth::Many), ("16", Depth::Few), ("none", Depth::None)];

const HOURS: &str = "a list of hours in quotes, such as `[\"mon-fri 08:00-18:00\"]`";

/// Reads the settings of the screen. Targets and limits are copied from `floor`, which must have been read before.
pub(super) fn read(settings: &mut Settings, mut section: Section<'_>, floor: &engine::Settings) {
    if let Some(theme) = section.choice("theme", &Palette::ALL.map(|palette| (palette.key(), palette))) {
        settings.theme = theme;
    }
    settings.own_theme = read_theme(section.section("own_theme"));
    if settings.theme == Palette::Own && settings.own_theme.is_none() {
        section.complain("theme", "is `own`, but there is no [ui.own_theme]");
    }
    settings.colours = section.choice("colours", &COLOURS);
    settings.ascii = section.flag("ascii");
    for (key, tag) in [("language", &mut settings.language), ("locale", &mut settings.locale)] {
        *tag = section.raw_text(key).filter(|tag| tag != "auto");
        if let Some(Err(error)) = tag.as_deref().map(|tag| language::check(tag, &super::languages())) {
            section.complain(key, &format!("is wrong: {error}"));
        }
    }
    if let Some(plain) = section.flag("plain") {
        settings.plain = plain;
    }
    if let Some(low_bandwidth) = section.flag("low_bandwidth") {
        settings.low_bandwidth = low_bandwidth;
    }
    if let Some(mouse) = section.flag("mouse") {
        settings.mouse = mouse;
    }
    if let Some(bell) = section.choice("bell", &Ring::WORDS) {
        settings.bell = bell;
    }
    if let Some(window) = section.choice("window", &Window::ALL.map(|window| (window.key(), window))) {
        settings.window = window;
    }
    settings.formula = section.choice("formula", &Formula::ALL.map(|formula| (formula.key(), formula)));
    settings.export_dir = section.raw_text("export_dir").map(PathBuf::from);
    if let Some(name) = section.raw_text("timezone") {
        match super::zone(&name) {
            Ok(zone) => settings.zone = Some(zone),
            Err(what) => section.complain("timezone", &what),
        }
    }
    let mut long = section.section("too_long");
    let too_long = &mut settings.too_long;
    for (key, target) in [
        ("ringing", &mut too_long.ringing),
        ("on_contact", &mut too_long.on_contact),
        ("after_contact", &mut too_long.after_contact),
        ("paused", &mut too_long.paused),
    ] {
        if let Some(span) = long.span(key) {
            *target = span.as_secs();
        }
    }
    long.done();
    let mut kiosk = section.section("kiosk");
    if let Some(rotate) = kiosk.span("rotate") {
        if !KioskPage::is_readable(rotate) {
            kiosk.complain("rotate", KioskPage::TOO_SHORT);
        }
        settings.kiosk.rotate = rotate;
    }
    if let Some(pages) = kiosk.choices("pages", &KioskPage::WORDS) {
        if pages.is_empty() {
            kiosk.complain("pages", "is empty: name a page, or leave the key out");
        }
        settings.kiosk.pages = pages;
    }
    if let Some(names) = kiosk.flag("names") {
        settings.kiosk.names = names;
    }
    for text in kiosk.typed::<Vec<String>>("hours", HOURS).unwrap_or_default() {
        match Hours::parse(&text) {
            Ok(hours) => settings.kiosk.hours.push(hours),
            Err(error) => kiosk.complain("hours", &format!("is wrong: {error}")),
        }
    }
    kiosk.done();
    let keys = section.section("keys");
    settings.keys =
        keys.keys().into_iter().filter_map(|action| keys.texts(&action).map(|keys| (action, keys))).collect();
    if let Err(error) = Keymap::new(&settings.keys) {
        section.complain("keys", &format!("is wrong: {error}"));
    }
    section.done();
    settings.targets.clone_from(&floor.targets);
    settings.handling_time = floor.intents.iter().map(|(intent, bands)| (intent.to_string(), *bands)).collect();
}

/// The user's own theme: the colours of another one, and those that differ.
fn read_theme(mut section: Section<'_>) -> Option<Colours> {
    let base = section.choice("based_on", &Palette::DEFINED);
    let is_there = !section.keys().is_empty();
    let mut colours = base.unwrap_or(Palette::DEFINED[0].1);
    for (place, key) in Colours::KEYS.into_iter().enumerate() {
        let Some(text) = section.raw_text(key) else { continue };
        match rgb(&text) {
            Some(rgb) => colours.set(place, rgb),
            None => section.complain(key, "must be a colour such as `\"#63b3ed\"`"),
        }
    }
    if is_there {
        colours.unreadable().into_iter().for_each(|(key, what)| section.complain(key, &what));
    }
    section.done();
    is_there.then_some(colours)
}

/// A colour as `#rrggbb`.
fn rgb(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}
