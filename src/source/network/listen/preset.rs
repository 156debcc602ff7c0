//! Vendors' events by name: the mappings in assets/presets/listen, and those that a user has put into a folder. A source names
//! one (`preset = "twilio-event-streams"`), gives its secrets, and changes single keys.

use std::path::Path;

use toml::Table;

use super::Settings;
use crate::source::network::preset;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../assets/presets/listen/", $name, ".toml")))),*]
    };
}

/// The presets of the program: name and text.
pub(super) const BUILT_IN: &[(&str, &str)] =
    built_in!["amazon-connect-events", "twilio-event-streams", "zendesk-events"];

impl Settings {
    /// The settings of the preset `name` with a source's own keys, which win. `folder` has the user's own presets; they
    /// come before those of the program.
    ///
    /// # Errors
    /// If there is no such preset, it lacks a parameter, or the keys together cannot be read.
    pub fn of_preset(name: &str, own: Table, folder: Option<&Path>) -> Result<Self, String> {
        preset::read(name, BUILT_IN, own, folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_listed_and_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/presets/listen");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), BUILT_IN.len());
        let signed = "signature = { secret = { env = 'S' }, url = 'https://floor.example.com/v1/events' }";
        for (name, _) in BUILT_IN {
            let own = if *name == "amazon-connect-events" { "token = { env = 'T' }" } else { signed };
            let settings =
                Settings::of_preset(name, own.parse().unwrap(), None).unwrap_or_else(|why| panic!("{name} {why}"));
            assert_eq!(settings.check(), Ok(()), "{name}");
        }
        let said = Settings::of_preset("twilio", Table::new(), None).unwrap_err();
        assert!(said.contains("twilio-event-streams"), "{said}");
    }
}
