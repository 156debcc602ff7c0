//! `[alerts]` and `[[alert]]`: when a figure is news.

use super::Config;
use super::section::Section;
use crate::alert::{self, Rule, Written};
use crate::engine;
use crate::kpi::Better;

/// Read what holds for all rules, and the rules in force. The floor's own lines must have been read before.
pub(super) fn read(config: &mut Config, root: &mut Section<'_>) {
    let mut section = root.section("alerts");
    let alarms = &mut config.alarms;
    alarms.min_samples = config.floor.rules.min_samples;
    for (key, target) in [("expiry", &mut alarms.expiry), ("clear_for", &mut alarms.clear_for)] {
        if let Some(span) = section.span(key) {
            *target = span;
        }
    }
    if let Some(worsening) = section.number("worsening") {
        if worsening < 0.0 {
            section.complain("worsening", "is a share and can't be negative; `0.2` is a fifth");
        }
        alarms.worsening = worsening;
    }
    section.done();

    let mut written: Vec<Written> = Vec::new();
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
    let Config { rules, floor, .. } = config;
    let untouched = |rule: &&mut Rule| written.iter().all(|written| written.name != rule.name);
    rules.iter_mut().filter(untouched).for_each(|rule| follow_targets(rule, floor));
}

/// A built-in rule that nobody has rewritten goes by the floor's lines: what is red on the board is what alerts.
fn follow_targets(rule: &mut Rule, floor: &engine::Settings) {
    let Some(kpi) = rule.kpi else { return };
    let Some(bands) = floor.targets.get(&kpi) else { return };
    if rule.against.is_none() && matches!(kpi.def().better, Better::Higher | Better::Lower) {
        rule.warning = bands.warning.or(rule.warning);
        rule.critical = bands.critical.or(rule.critical);
    }
}
