//! Vendors' servers by name: the requests and mappings in assets/presets/http, and those that a user has put into a
//! folder. A source names one (`preset = "genesys-cloud"`), gives its parameters, and changes single keys.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::settings::Settings;
use crate::text::suggest::suggestion;

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
    "genesys-cloud",
    "twilio-taskrouter",
    "zendesk-chat",
    "zendesk-talk",
];

/// The keys that tell the forms of `auth` apart.
const AUTH_FORMS: [&str; 6] = ["bearer", "user", "header", "query", "oauth2", "aws"];

/// A value that a source gives to its preset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetParameter {
    /// What it is, for the message where it is missing.
    about: String,
    /// The value without one of the source's own.
    default: Option<Value>,
}

impl Settings {
    /// The settings of the preset `name` with a source's own keys, which win. `folder` has the user's own presets; they
    /// come before those of the program.
    ///
    /// # Errors
    /// If there is no such preset, it lacks a parameter, or the keys together cannot be read.
    pub fn of_preset(name: &str, own: Table, folder: Option<&Path>) -> Result<Self, String> {
        let in_folder = folder.map(|folder| folder.join(format!("{name}.toml")));
        let is_name = !name.contains(['/', '\\', '.']);
        let written = in_folder.filter(|path| is_name && path.is_file()).map(std::fs::read_to_string);
        let text = if let Some(text) = written {
            text.map_err(|error| format!("can't be read: {error}"))?
        } else {
            let names = BUILT_IN.iter().map(|(name, _)| *name);
            let known = BUILT_IN.iter().find(|(known, _)| *known == name);
            let unknown = || format!("is no preset{}", suggestion(name, names.clone()));
            known.ok_or_else(unknown)?.1.to_owned()
        };
        let preset: Table =
            text.parse().map_err(|error: toml::de::Error| format!("is no TOML: {}", error.message()))?;
        Self::read(preset, own)
    }

    fn read(mut preset: Table, mut own: Table) -> Result<Self, String> {
        let parameters = parameters(preset.remove("parameters"), own.remove("parameters"))?;
        // Credentials of another form take the place of the preset's; the same form is completed.
        let form = |table: &Table| {
            let auth = table.get("auth")?.as_table()?;
            AUTH_FORMS.into_iter().find(|form| auth.contains_key(*form))
        };
        if form(&own).is_some_and(|own| form(&preset) != Some(own)) {
            preset.remove("auth");
        }
        merge(&mut preset, own);
        let mut merged = Value::Table(preset);
        fill(&mut merged, &parameters);
        Self::deserialize(merged).map_err(|error| error.message().to_owned())
    }
}

/// The value of each parameter of a preset, as text.
fn parameters(wanted: Option<Value>, given: Option<Value>) -> Result<BTreeMap<String, String>, String> {
    let wanted: BTreeMap<String, PresetParameter> = match wanted {
        Some(wanted) => wanted.try_into().map_err(|error| format!("has parameters that are none: {error}"))?,
        None => BTreeMap::new(),
    };
    let mut given = match given {
        Some(Value::Table(given)) => given,
        None => Table::new(),
        Some(_) => return Err("has `parameters`, which is a table: parameters = { … }".to_owned()),
    };
    let mut values = BTreeMap::new();
    for (name, PresetParameter { about, default }) in &wanted {
        let value = given.remove(name).or_else(|| default.clone());
        let value = value.ok_or_else(|| format!("needs parameters.{name}: {about}"))?;
        values.insert(
            name.clone(),
            match value {
                Value::String(text) => text,
                Value::Array(items) => serde_json::to_string(&items).map_err(|error| error.to_string())?,
                other => other.to_string(),
            },
        );
    }
    match given.keys().next() {
        Some(unknown) => {
            Err(format!("has no parameter `{unknown}`{}", suggestion(unknown, wanted.keys().map(String::as_str))))
        }
        None => Ok(values),
    }
}

/// Put the keys of `own` over those of `into`, table by table.
fn merge(into: &mut Table, own: Table) {
    for (key, value) in own {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(known)), Value::Table(own)) => merge(known, own),
            (_, value) => _ = into.insert(key, value),
        }
    }
}

/// Replace the parameters in all texts of a value; other `${…}` are those of requests.
fn fill(value: &mut Value, parameters: &BTreeMap<String, String>) {
    match value {
        Value::String(text) if text.contains("${") => {
            for (name, value) in parameters {
                *text = text.replace(&format!("${{{name}}}"), value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, parameters)),
        Value::Table(table) => table.iter_mut().for_each(|(_, item)| fill(item, parameters)),
        _ => {}
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
        Settings::read(PRESET.parse().unwrap(), own.parse().unwrap())
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
