//! Checks that the documents agree with the program: parts that are made from a table are compared with it, and names
//! in the documents must exist.
//!
//! Run with `UPDATE_DOCS=1` to write the generated parts again.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono_tz::Tz;
use clap::CommandFactory;
use floorwatch::alert::{self, Rule};
use floorwatch::cli::Cli;
use floorwatch::clock::Time;
use floorwatch::config::Config;
use floorwatch::kpi::{Better, CATALOGUE, Formula, Kpi, KpiGroup, Unit};
use floorwatch::notify::TargetKind;
use floorwatch::source::SourceKind;
use floorwatch::source::format::contact_events;
use floorwatch::source::tally::InputTally;
use floorwatch::ui::action::{ACTIONS, ActionGroup};
use utoipa::openapi::path::Operation;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// Every Markdown file for readers of the project.
fn documents() -> Vec<String> {
    let mut documents: Vec<_> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(Into::into).into();
    for file in fs::read_dir(root().join("docs")).unwrap() {
        documents.push(format!("docs/{}", file.unwrap().file_name().to_string_lossy()));
    }
    documents
}

/// The part of a document between `<!-- name -->` and `<!-- /name -->`.
fn part<'a>(document: &str, text: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (_, rest) = text.split_once(&open).unwrap_or_else(|| panic!("{document} lacks {open}"));
    rest.split_once(&close).unwrap_or_else(|| panic!("{document} lacks {close}")).0
}

/// Compare a part of a document with what it should be, or write it with `UPDATE_DOCS=1`.
fn assert_part(document: &str, name: &str, expected: &str) {
    // Tests run concurrently, and two of them may write the same document.
    static WRITING: Mutex<()> = Mutex::new(());
    let _guard = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let text = read(document);
    let found = part(document, &text, name);
    let expected = format!("\n{}\n\n", expected.trim());
    if found == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "{document}: the part `{name}` is out of step; run `UPDATE_DOCS=1 cargo test --test it docs::`"
    );
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let whole = |inner: &str| format!("{open}{inner}{close}");
    fs::write(root().join(document), text.replace(&whole(found), &whole(&expected))).unwrap();
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Percent => "%",
        Unit::Seconds => "s",
        Unit::Score => "score",
        Unit::Points => "points",
        Unit::PerHour => "an hour",
        Unit::Money => "amount",
        Unit::Flag => "yes or no",
    }
}

fn limits(kpi: &Kpi) -> String {
    let bands = kpi.bands;
    let sign = if kpi.better == Better::Higher { "<" } else { ">" };
    let mut parts = Vec::new();
    if let (Some(low), Some(high)) = (bands.low, bands.high) {
        parts.push(format!("{low} to {high}"));
    }
    if let Some(target) = bands.target {
        parts.push(format!("target {target}"));
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
fn the_kpi_tables_are_the_catalogue() {
    let mut expected = String::new();
    for (group, title) in [
        (KpiGroup::Live, "Live"),
        (KpiGroup::Accessibility, "Accessibility"),
        (KpiGroup::Efficiency, "Efficiency"),
        (KpiGroup::Resolution, "Resolution"),
        (KpiGroup::Experience, "Experience"),
        (KpiGroup::Quality, "Quality and balance"),
    ] {
        writeln!(expected, "\n## {title}\n\n| id | name | unit | formula | limits |\n|---|---|---|---|---|").unwrap();
        for kpi in CATALOGUE.iter().filter(|kpi| kpi.group == group) {
            let (key, name, formula) = (kpi.key, kpi.name, kpi.formula);
            writeln!(expected, "| `{key}` | {name} | {} | {formula} | {} |", unit(kpi.unit), limits(kpi)).unwrap();
        }
        writeln!(expected, "\n| id | of | why it matters | what to do |\n|---|---|---|---|").unwrap();
        for kpi in CATALOGUE.iter().filter(|kpi| kpi.group == group) {
            writeln!(expected, "| `{}` | {} | {} | {} |", kpi.key, kpi.role().key(), kpi.why, kpi.action).unwrap();
        }
    }
    assert_part("docs/kpis.md", "kpis", &expected);
}

#[test]
fn the_service_levels_are_the_six() {
    let mut expected = String::from("| name | formula |\n|---|---|\n");
    for formula in Formula::ALL {
        writeln!(expected, "| `{}` | {} |", formula.key(), formula.words()).unwrap();
    }
    assert_part("docs/kpis.md", "service-levels", &expected);
}

#[test]
fn the_keys_are_the_action_table() {
    let mut expected = String::new();
    for group in ActionGroup::ALL {
        writeln!(expected, "\n## {}\n\n| keys | action | what it does |\n|---|---|---|", group.heading()).unwrap();
        for entry in ACTIONS.iter().filter(|entry| entry.group == group) {
            let keys: Vec<_> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
            writeln!(expected, "| {} | `{}` | {} |", keys.join(" "), entry.name, entry.action.help()).unwrap();
        }
    }
    assert_part("docs/keys.md", "keys", &expected);
}

#[test]
fn the_rules_are_the_built_in_ones() {
    let level = |level: Option<f64>| level.map_or_else(String::new, |level| level.to_string());
    let mut expected =
        String::from("| rule | KPI | of each | window | warning | critical |\n|---|---|---|---|---|---|\n");
    for rule in alert::built_in() {
        let Rule { name, kpi, each, window, warning, critical, .. } = rule;
        let Some(kpi) = kpi else {
            let (warning, critical) = if name.as_str() == alert::SOURCE_STALE {
                ("stale or degraded", "down")
            } else {
                ("ever new names or open contacts", "")
            };
            writeln!(expected, "| {name} | | source | | {warning} | {critical} |").unwrap();
            continue;
        };
        let each = each.map_or("whole floor", |dim| dim.key());
        let window = if kpi.def().group == KpiGroup::Live { "now" } else { window.key() };
        let (key, warning, critical) = (kpi.def().key, level(warning), level(critical));
        writeln!(expected, "| {name} | `{key}` | {each} | {window} | {warning} | {critical} |").unwrap();
    }
    assert_part("docs/alerts-and-notifications.md", "rules", &expected);
}

#[test]
fn the_endpoints_are_those_of_the_openapi_description() {
    let mut expected = String::from("| endpoint | what it does |\n|---|---|\n");
    for (path, item) in floorwatch::hub::openapi().paths.paths {
        for (method, operation) in [("GET", item.get), ("POST", item.post)] {
            let Some(Operation { summary, .. }) = operation else { continue };
            writeln!(expected, "| `{method} {path}` | {} |", summary.unwrap_or_default().replace('\n', " ")).unwrap();
        }
    }
    assert_part("docs/api.md", "endpoints", &expected);
}

/// The example configuration with every key enabled: a heading and a block of TOML for each section.
fn example_by_section() -> String {
    let example = read("config.example.toml");
    let mut out = String::new();
    let (_, keys) = example.split_once("\n\n").unwrap();
    for section in format!("# --- The centre ---\n{keys}").split("# --- ").skip(1) {
        let (title, lines) = section.split_once('\n').unwrap();
        writeln!(out, "\n## {}\n\n```toml", title.trim_matches(['-', ' '])).unwrap();
        for line in lines.trim().lines() {
            let is_key = line.starts_with('#') && !line.starts_with("# ");
            writeln!(out, "{}", if is_key { &line[1..] } else { line }).unwrap();
        }
        out.push_str("```\n");
    }
    out
}

#[test]
fn the_configuration_is_described_by_the_example() {
    assert_part("docs/configuration.md", "example", &example_by_section());
}

#[test]
fn every_kind_of_source_and_target_is_described() {
    let (sources, targets) = (read("docs/sources.md"), read("docs/alerts-and-notifications.md"));
    for (kind, _) in SourceKind::WORDS {
        assert!(sources.contains(&format!("`{kind}`")), "docs/sources.md lacks `{kind}`");
    }
    for (kind, _) in TargetKind::WORDS {
        assert!(targets.contains(&format!("| `{kind}` |")), "docs/alerts-and-notifications.md lacks `{kind}`");
    }
}

#[test]
fn every_command_is_described() {
    let (readme, commands) = (read("README.md"), read("docs/commands.md"));
    for command in Cli::command().get_subcommands() {
        let words = format!("`floorwatch {}", command.get_name());
        assert!(readme.contains(&words), "README.md lacks {words}`");
        assert!(commands.contains(&words), "docs/commands.md lacks {words}`");
    }
}

#[test]
fn the_wire_format_s_examples_show_every_type_and_field() {
    let document = "docs/wire-format.md";
    let text = read(document);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let latest = Time::parse_rfc3339("2027-01-01T00:00:00Z").unwrap();
    let mut shown = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with(r#"{"specversion""#)) {
        let mut tally = InputTally::default();
        let event = contact_events::parse(line.as_bytes(), latest, &mut tally);
        assert!(matches!(event, Ok(Some(_))), "{line}: {event:?}");
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let kind = json["type"].as_str().unwrap().trim_start_matches("floorwatch.");
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{kind}` |")));
        let row = row.unwrap_or_else(|| panic!("{document}: no row for {kind}"));
        for field in json["data"].as_object().unwrap().keys() {
            let is_kpi = kind == "queue.observed" && CATALOGUE.iter().any(|kpi| kpi.key == field);
            assert!(is_kpi || row.contains(&format!("`{field}`")), "{document}: {kind} lacks `{field}`");
        }
        shown.insert(kind.to_owned());
    }
    assert_eq!(
        shown,
        contact_events::KNOWN_TYPES.iter().map(|name| (*name).to_owned()).collect(),
        "{document}: one example of each"
    );
    assert_eq!(rows.len(), contact_events::KNOWN_TYPES.len(), "{document}: one row for each type");
}

#[test]
fn the_example_configurations_are_sound() {
    let files = fs::read_dir(root().join("examples/config")).unwrap();
    for path in files.map(|file| file.unwrap().path()) {
        if let Err(error) = Config::load(&path, Ok(Tz::UTC)) {
            panic!("{error}");
        }
    }
}

#[test]
fn the_changelog_names_this_version() {
    assert!(read("CHANGELOG.md").contains(&format!("## [{}]", env!("CARGO_PKG_VERSION"))));
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    for document in documents() {
        let folder = root().join(&document);
        let folder = folder.parent().unwrap();
        for after in read(&document).split("](").skip(1) {
            let link = after.split(')').next().unwrap_or("");
            if link.contains("://") {
                continue;
            }
            let (path, section) = link.split_once('#').unwrap_or((link, ""));
            let path = if path.is_empty() { root().join(&document) } else { folder.join(path) };
            assert!(path.exists(), "{document}: {link} isn't there");
            if !section.is_empty() {
                let target = fs::read_to_string(&path).unwrap();
                let mut headings = target.lines().filter_map(|line| line.strip_prefix('#'));
                let found = headings.any(|heading| anchor(heading.trim_start_matches('#')) == section);
                assert!(found, "{document}: {link} names no heading");
            }
        }
    }
}

#[test]
fn continuous_integration_runs_the_readme_s_test_command() {
    assert!(read("README.md").contains("\ncargo test\n"));
    assert!(read(".ci/run").contains("\ncargo test"));
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// Every name that is defined in `src`.
fn definitions() -> BTreeSet<String> {
    let mut files = Vec::new();
    source_files(&root().join("src"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            for pair in words.windows(2) {
                if matches!(pair[0], "struct" | "enum" | "trait" | "type" | "fn" | "const" | "mod" | "static") {
                    names.insert(pair[1].to_owned());
                }
            }
        }
    }
    names
}

/// The code spans of a text, outside of code blocks.
fn code_spans(text: &str) -> Vec<&str> {
    let blocks = text.split("```").step_by(2);
    blocks.flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_architecture_names_files_types_and_functions_that_exist() {
    let document = "ARCHITECTURE.md";
    let text = read(document);
    let defined = definitions();
    let mut wrong = Vec::new();
    for span in code_spans(&text) {
        let is_path =
            ["src/", "tests/", "docs/", "benches/", "examples/", "assets/"].iter().any(|at| span.starts_with(at));
        if is_path {
            if !span.contains("NAME") && !root().join(span).exists() {
                wrong.push(span);
            }
            continue;
        }
        // `Type`, `Type::function` and `function()` must be defined in the crate.
        let is_type = span.starts_with(|c: char| c.is_ascii_uppercase()) && span.contains(|c: char| c.is_lowercase());
        let is_identifier = |part: &str| part.chars().all(|c| c.is_alphanumeric() || c == '_');
        let bare = span.trim_end_matches("()");
        let mut parts = bare.split("::").peekable();
        if (is_type || span.ends_with("()")) && bare.split("::").all(is_identifier) {
            let known = |part: &str| defined.contains(part);
            let missing = match (is_type, parts.next(), parts.next()) {
                (true, Some(name), Some(item)) if item.starts_with(|c: char| c.is_lowercase()) => {
                    !known(name) || !known(item)
                }
                (_, Some(first), Some(item)) if !is_type => !known(first) || !known(item),
                (_, Some(name), _) => !known(name),
                _ => false,
            };
            if missing {
                wrong.push(span);
            }
        }
    }
    assert!(wrong.is_empty(), "{document} names what does not exist: {wrong:?}");
    let rows = part(document, &text, "glossary").lines().filter(|line| line.starts_with("| **"));
    assert!(rows.count() > 20, "{document}: the glossary has a row for each term");
}

#[test]
fn every_promise_names_tests_that_exist() {
    let text = read("docs/promises.md");
    let exists = |span: &&str| {
        let (file, name) = span.split_once("::").unwrap_or_default();
        let files = [format!("tests/it/{file}.rs"), format!("src/{file}/tests.rs"), format!("src/{file}.rs")];
        let definition = format!("fn {name}(");
        files.iter().any(|file| fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains(&definition)))
    };
    let tests: Vec<_> = code_spans(&text).into_iter().filter(|span| span.contains("::")).collect();
    let missing: Vec<_> = tests.iter().filter(|span| !exists(span)).collect();
    assert!(tests.len() > 20 && missing.is_empty(), "docs/promises.md names tests that do not exist: {missing:?}");
}
