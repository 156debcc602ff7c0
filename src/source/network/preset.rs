//! Presets of vendors: the keys of a source by a name, from the program's assets or from the user's own folder. A source
//! gives the parameters, and completes and changes single keys.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::text::suggest::suggestion;

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

/// The keys of the preset `name` with a source's own keys, which win. `folder` has the user's own presets; they come before
/// those of the program.
///
/// # Errors
/// If there is no such preset, it lacks a parameter, or the keys together cannot be read.
pub(super) fn read<T: DeserializeOwned>(
    name: &str,
    built_in: &[(&str, &str)],
    own: Table,
    folder: Option<&Path>,
) -> Result<T, String> {
    let in_folder = folder.map(|folder| folder.join(format!("{name}.toml")));
    let is_name = !name.contains(['/', '\\', '.']);
    let written = in_folder.filter(|path| is_name && path.is_file()).map(std::fs::read_to_string);
    let text = if let Some(text) = written {
        text.map_err(|error| format!("can't be read: {error}"))?
    } else {
        let names = built_in.iter().map(|(name, _)| *name);
        let known = built_in.iter().find(|(known, _)| *known == name);
        let unknown = || format!("is no preset{}", suggestion(name, names.clone()));
        known.ok_or_else(unknown)?.1.to_owned()
    };
    let preset: Table = text.parse().map_err(|error: toml::de::Error| format!("is no TOML: {}", error.message()))?;
    complete(preset, own)
}

/// The keys of a preset with a source's own keys.
///
/// # Errors
/// As [`read`].
pub(super) fn complete<T: DeserializeOwned>(mut preset: Table, mut own: Table) -> Result<T, String> {
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
    T::deserialize(merged).map_err(|error| error.message().to_owned())
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
