//! `[hub]`: where the board finds a hub, or how its own floor is offered to other boards.

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
