//! `[[source]]`: the keys that every source has; [`Connector::read`] reads those of its kind.

use serde::Deserialize;

use super::section::Section;
use crate::source::{Connector, Settings, SourceKind};

pub(super) fn read(root: &mut Section<'_>) -> Vec<Settings> {
    root.tables("source").into_iter().filter_map(read_source).collect()
}

fn read_source(mut section: Section<'_>) -> Option<Settings> {
    let name = section.text("name");
    let prefix = section.text("prefix").filter(|prefix| !prefix.is_empty());
    let correct_clock = section.flag("correct_clock").unwrap_or_default();
    if !section.has("kind") {
        section.complain("kind", &format!("is missing: it is one of {}", words()));
        return None;
    }
    let kind = section.choice("kind", SourceKind::WORDS)?;
    let has_presets = matches!(kind, SourceKind::Http | SourceKind::Listen);
    let preset = if has_presets && section.has("preset") { section.raw_text("preset") } else { None };
    let connector = match preset {
        None => section.rest(|keys| Connector::read(kind, keys))?,
        Some(preset) => {
            let keys = section.rest(toml::Table::deserialize)?;
            let folder = super::presets(kind.word());
            let connector = match kind {
                SourceKind::Listen => Connector::of_listen_preset(&preset, keys, folder.as_deref()),
                _ => Connector::of_preset(&preset, keys, folder.as_deref()),
            };
            connector.map_err(|wrong| section.complain("preset", &wrong)).ok()?
        }
    };
    if let Err((key, wrong)) = connector.check() {
        section.complain(key, &wrong);
    }
    Some(Settings { name, prefix, correct_clock, connector })
}

fn words() -> String {
    SourceKind::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}
