//! The documents say what the program does: what can be generated is compared with its table.
//!
//! Run with `UPDATE_DOCS=1` to write the generated parts anew.

use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use floorwatch::kpi::{Better, CATALOGUE, Formula, Kpi, KpiGroup, Unit};
use floorwatch::ui::action::{ACTIONS, Place};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compare the part of a document between `<!-- name -->` and `<!-- /name -->` with what it should be.
fn hold(document: &str, name: &str, expected: &str) {
    // Tests run side by side; two that write one document must not.
    static WRITING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).unwrap_or_else(|| panic!("{document} lacks {open}")) + open.len();
    let end = start + text[start..].find(&close).unwrap_or_else(|| panic!("{document} lacks {close}"));
    if text[start..end] == *expected {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{expected}{}", &text[..start], &text[end..])).unwrap();
        return;
    }
    panic!("{document}: the part `{name}` is out of step; run `UPDATE_DOCS=1 cargo test --test docs`");
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Percent => "%",
        Unit::Seconds => "s",
        Unit::Score => "score",
        Unit::Points => "points",
        Unit::PerHour => "an hour",
        Unit::Flag => "yes or no",
    }
}

fn lines(kpi: &Kpi) -> String {
    let bands = kpi.bands;
    let sign = if kpi.better == Better::Higher { "<" } else { ">" };
    let mut parts = Vec::new();
    if let (Some(low), Some(high)) = (bands.low, bands.high) {
        parts.push(format!("{low} to {high}"));
    }
    if let Some(target) = bands.target {
        parts.push(format!("aim {target}"));
    }
    if let Some(warning) = bands.warning {
        parts.push(format!("warning {sign} {warning}"));
    }
    if let Some(critical) = bands.critical {
        parts.push(format!("critical {sign} {critical}"));
    }
    parts.join(", ")
}

#[test]
fn the_readme_s_kpi_table_is_the_catalogue() {
    let mut expected = String::new();
    for (group, title) in [
        (KpiGroup::Live, "Live"),
        (KpiGroup::Accessibility, "Accessibility"),
        (KpiGroup::Efficiency, "Efficiency"),
        (KpiGroup::Resolution, "Resolution"),
        (KpiGroup::Experience, "Experience"),
        (KpiGroup::Quality, "Quality and balance"),
    ] {
        writeln!(expected, "\n**{title}**\n\n| id | name | unit | formula | lines |\n|---|---|---|---|---|").unwrap();
        for kpi in CATALOGUE.iter().filter(|kpi| kpi.group == group) {
            let (key, name, formula) = (kpi.key, kpi.name, kpi.formula);
            writeln!(expected, "| `{key}` | {name} | {} | {formula} | {} |", unit(kpi.unit), lines(kpi)).unwrap();
        }
    }
    expected.push('\n');
    hold("README.md", "kpis", &expected);
}

#[test]
fn the_readme_s_service_levels_are_the_six() {
    let mut expected = String::from("\n| name | formula |\n|---|---|\n");
    for formula in Formula::ALL {
        writeln!(expected, "| `{}` | {} |", formula.key(), formula.words()).unwrap();
    }
    expected.push('\n');
    hold("README.md", "service-levels", &expected);
}

#[test]
fn the_readme_s_keys_are_the_action_table() {
    let mut expected = String::new();
    for place in Place::ALL {
        writeln!(expected, "\n**{}**\n\n| keys | action | what it does |\n|---|---|---|", place.heading()).unwrap();
        for entry in ACTIONS.iter().filter(|entry| entry.place == place) {
            let keys: Vec<_> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            writeln!(expected, "| {} | `{}` | {} |", keys.join(" "), entry.name, entry.help).unwrap();
        }
    }
    expected.push('\n');
    hold("README.md", "keys", &expected);
}

#[test]
fn the_changelog_names_this_version() {
    let text = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(text.contains(&format!("## [{}]", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    for document in ["README.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for after in text.split("](").skip(1) {
            let target = after.split([')', '#']).next().unwrap_or("");
            let outside = target.is_empty() || target.contains("://");
            assert!(outside || root().join(target).exists(), "{document}: {target} isn't there");
        }
    }
}

#[test]
fn continuous_integration_runs_the_readme_s_test_command() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(readme.contains("cargo test\n"));
    assert!(script.contains("\ncargo test"));
}
