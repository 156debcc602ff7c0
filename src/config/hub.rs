//! `[hub]`: where the board looks for a floor, or how its own is offered to others.

use super::section::Section;
use crate::hub::Settings;

pub(super) fn read(section: &Section<'_>) -> Settings {
    if !section.is_there() {
        return Settings::default();
    }
    let Some(settings) = section.rest::<Settings>(serde::Deserialize::deserialize) else { return Settings::default() };
    if let Err((key, wrong)) = settings.check() {
        section.complain(key, &wrong);
    }
    settings
}
