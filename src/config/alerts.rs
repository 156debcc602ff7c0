//! `[alerts]` and `[[alert]]`: the settings of all rules, and the rules in force.

use super::Config;
use super::section::Section;
use crate::alert::{self, MuteLength, RuleTable};

/// Read the settings that hold for all rules, and the rules in force.
pub(super) fn read(config: &mut Config, root: &mut Section<'_>) {
    let mut section = root.section("alerts");
    let settings = &mut config.alerts;
    settings.min_samples = config.floor.rules.min_samples;
    match section.span("expiry").map(MuteLength::new) {
        Some(Ok(expiry)) => settings.expiry = expiry,
        Some(Err(error)) => section.complain("expiry", &format!("is out of range: {error}")),
        None => {}
    }
    if let Some(span) = section.span("clear_for") {
        settings.clear_for = span;
    }
    if let Some(worsening) = section.number("worsening") {
        if worsening < 0.0 {
            section.complain("worsening", "is a share and can't be negative; `0.2` is a fifth");
        }
        settings.worsening = worsening;
    }
    section.done();

    let mut written: Vec<RuleTable> = Vec::new();
    for (place, table) in root.list("alert") {
        written.push(table);
        match alert::rules(&written) {
            Ok(rules) => config.rules = rules,
            Err(error) => {
                root.complain_at(place, "alert", &format!("is wrong: {error}"));
                written.pop();
            }
        }
    }
}
