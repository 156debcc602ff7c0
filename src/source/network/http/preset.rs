//! Vendors' servers by name: the requests and mappings in assets/presets/http, and those that a user has put into a
//! folder. A source names one (`preset = "genesys-cloud"`), gives its parameters, and changes single keys.

use std::path::Path;

use toml::Table;

use super::settings::Settings;
use crate::source::network::preset;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../assets/presets/http/", $name, ".toml")))),*]
    };
}

/// The presets of the program: name and text.
pub(super) const BUILT_IN: &[(&str, &str)] = built_in![
    "3cx",
    "amazon-connect",
    "chatwoot",
    "five9",
    "genesys-cloud",
    "nice-cxone",
    "twilio-taskrouter",
    "zendesk-chat",
    "zendesk-talk",
];

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

    const PRESET: &str = r#"
        url = "https://api.${region}/v2"
        auth = { oauth2 = { token_url = "https://login.${region}/token" } }
        every_s = 15
        request = [{ name = "queues", path = "/q?ids=${ids}&size=${size}", keep = { ids = "a" } }]
        [parameters]
        region = { about = "the region, such as example.de" }
        size = { about = "rows of a page", default = 100 }
    "#;

    fn read(own: &str) -> Result<Settings, String> {
        preset::complete(PRESET.parse().unwrap(), own.parse().unwrap())
    }

    #[test]
    fn a_source_gives_parameters_and_changes_single_keys() {
        let client = "auth = { oauth2 = { client = 'c', secret = { env = 'S' } } }\nparameters = { region = 'x.de' }";
        let settings = read(&format!("every_s = 30\n{client}")).unwrap();
        assert_eq!(settings.url.to_string(), "https://api.x.de/v2");
        assert_eq!(settings.every_s, 30);
        assert_eq!(settings.request[0].path.as_deref(), Some("/q?ids=${ids}&size=100"));
        let token_address = |settings: &Settings| format!("{:?}", settings.auth);
        assert!(token_address(&settings).contains("https://login.x.de/token"));
        let other = read("auth = { bearer = { env = 'T' } }\nparameters = { region = 'x.de' }").unwrap();
        assert!(token_address(&other).contains("Bearer"));
    }

    #[test]
    fn what_is_missing_or_unknown_is_told() {
        assert!(read("").unwrap_err().contains("needs parameters.region: the region, such as"));
        let said = read("parameters = { region = 'x', sise = 3 }").unwrap_err();
        assert!(said.contains("`sise`") && said.contains("`size`"), "{said}");
        assert!(read("parameters = { region = 'x' }").unwrap_err().contains("client"));
        let said = Settings::of_preset("genesys", Table::new(), None).unwrap_err();
        assert!(said.contains("genesys-cloud"), "{said}");
    }

    #[test]
    fn every_preset_of_the_program_is_listed_and_one_of_the_user_s_comes_first() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/presets/http");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), BUILT_IN.len());
        let own = tempfile::tempdir().unwrap();
        std::fs::write(own.path().join("3cx.toml"), "url = 'https://h/own'").unwrap();
        let settings = Settings::of_preset("3cx", Table::new(), Some(own.path())).unwrap();
        assert_eq!(settings.url.to_string(), "https://h/own");
        let outside = Settings::of_preset("../3cx", Table::new(), Some(own.path()));
        assert!(outside.unwrap_err().contains("is no preset"));
    }
}
