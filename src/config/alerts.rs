//! `[alerts]` and `[[alert]]`: when a figure is news.

use super::Config;
use super::section::Section;
use crate::alert::{self, RuleTable};

/// Read what holds for all rules, and the rules in force.
pub(super) fn read(config: &mut Config, root: &mut Section<'_>) {
    let mut section = root.section("alerts");
    let settings = &mut config.alerts;
    settings.min_samples = config.floor.rules.min_samples;
    for (key, target) in [("expiry", &mut settings.expiry), ("clear_for", &mut settings.clear_for)] {
        if let Some(span) = section.span(key) {
            *target = span;
        }
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
