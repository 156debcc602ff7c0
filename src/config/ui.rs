//! `[ui]`: the screen.

use std::path::PathBuf;

use super::section::Section;
use super::themes::{self, OwnTheme};
use crate::alert::Hours;
use crate::kpi::{Formula, Window};
use crate::language;
use crate::ui::action::Keymap;
use crate::ui::bell::Ring;
use crate::ui::kiosk::KioskPage;
use crate::ui::settings::Settings;
use crate::ui::theme::{Depth, Palette};

const COLOURS: [(&str, Depth); 4] =
    [("truecolor", Depth::True), ("256", Depth::Many), ("16", Depth::Few), ("none", Depth::None)];

const HOURS: &str = "a list of hours in quotes, such as `[\"mon-fri 08:00-18:00\"]`";

/// Reads the settings of the screen. `themes` are those in files.
pub(super) fn read(settings: &mut Settings, mut section: Section<'_>, themes: &[OwnTheme]) {
    let name = section.raw_text("theme");
    let own = themes::read(section.section("own_theme")).map(|colours| ("own".to_owned(), colours));
    let sound = themes.iter().filter_map(|(name, read)| Some((name.clone(), *read.as_ref().ok()?)));
    settings.themes = own.into_iter().chain(sound).collect();
    let broken = |wanted: &str| themes.iter().find(|(name, read)| name == wanted && read.is_err());
    match name.as_deref().map(|name| (name, Palette::find(name, &settings.themes))) {
        None => {}
        Some((_, Ok(theme))) => settings.theme = theme,
        Some(("own", Err(_))) => section.complain("theme", "is `own`, but there is no [ui.own_theme]"),
        Some((name, Err(words))) => match broken(name) {
            Some((_, Err(error))) => section.complain("theme", &format!("can't be used: {}", error.in_one_line())),
            _ => section.complain("theme", &format!("is wrong: {words}, and files `themes/NAME.toml` beside this one")),
        },
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
}
