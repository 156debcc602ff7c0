//! Compares the program's reports with figures that other programs computed from the same recordings.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Reports of the program on some files, each run once.
struct Reports<'a> {
    files: Vec<&'a str>,
    asked: HashMap<Vec<String>, Value>,
}

impl Reports<'_> {
    fn report(&mut self, options: &[String]) -> &Value {
        let files = &self.files;
        self.asked.entry(options.to_vec()).or_insert_with(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
            let mut command = Command::new(env!("CARGO_BIN_EXE_floorwatch"));
            command.env_remove("FLOORWATCH_CONFIG").env("XDG_CONFIG_HOME", "/nonexistent");
            command.arg("report").args(files.iter().map(|file| folder.join(file)));
            let output = command.args(["--format", "json"]).args(options).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        })
    }

    /// A figure by its name in an expected file: `asa`, `service_level/answered`, `service_level@60`.
    fn figure(&mut self, by: Option<(&str, &str)>, name: &str) -> Option<f64> {
        let (name, threshold) = name.split_once('@').map_or((name, None), |(name, at)| (name, Some(at)));
        let (kpi, formula) = name.split_once('/').map_or((name, None), |(kpi, formula)| (kpi, Some(formula)));
        let options = [("--by", by.map(|(by, _)| by)), ("--formula", formula), ("--service-level", threshold)];
        let options = options.iter().filter_map(|(flag, value)| Some([(*flag).to_owned(), (*value)?.to_owned()]));
        let report = self.report(&options.flatten().collect::<Vec<_>>());
        let figures = match by {
            None => report.get("total")?,
            Some((by, key)) => {
                let rows = report.get("rows")?.as_array()?;
                rows.iter().find(|row| row.pointer(&format!("/key/{by}")).is_some_and(|k| k == key))?.get("kpis")?
            }
        };
        figures.get(kpi)?.get("value")?.as_f64()
    }
}

/// Compare a report with an expected file: counts exactly, other figures to `digits` places.
fn hold(folder: &str, files: &[&str], expected: &str, digits: i32) {
    let paths: Vec<String> = files.iter().map(|file| format!("{folder}/{file}")).collect();
    let mut reports = Reports { files: paths.iter().map(String::as_str).collect(), asked: HashMap::new() };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let expected: Value = serde_json::from_slice(&std::fs::read(fixtures.join(expected)).unwrap()).unwrap();
    let mut held = 0;
    let mut check = |by: Option<(&str, &str)>, figures: &Value| {
        for (name, value) in figures.as_object().unwrap() {
            let got = reports.figure(by, name);
            let tolerance = if value.is_u64() { 0.0 } else { 0.51 * 10f64.powi(-digits) };
            let near = got.is_some_and(|got| (got - value.as_f64().unwrap()).abs() <= tolerance);
            assert!(near, "{folder} {by:?} {name}: expected {value}, got {got:?}");
            held += 1;
        }
    };
    check(None, expected.get("total").unwrap());
    for by in ["queue", "agent"] {
        for (key, figures) in expected.get(format!("by_{by}")).and_then(Value::as_object).into_iter().flatten() {
            check(Some((by, key)), figures);
        }
    }
    assert!(held > 10, "{held} figures");
    if let Some(open) = expected.get("contacts_without_end").and_then(Value::as_f64) {
        assert_eq!(reports.figure(None, "unknown_end"), Some(open), "{folder}: contacts without an end");
    }
}

#[test]
fn ten_callers_that_can_be_counted_by_hand() {
    hold("small", &["ten-callers.queue_log"], "ten-callers.expected.json", 6);
}

#[test]
fn logs_that_other_programs_read_wrong() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports/expected.json");
    let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    for (file, figures) in expected.as_object().unwrap() {
        let file = format!("reports/{file}");
        let mut reports = Reports { files: vec![&file], asked: HashMap::new() };
        for (kpi, value) in figures.as_object().unwrap() {
            let got = reports.figure(None, kpi);
            let near = got.is_some_and(|got| (got - value.as_f64().unwrap()).abs() < 0.001);
            assert!(near, "{file} {kpi}: expected {value}, got {got:?}");
        }
    }
}

#[test]
fn a_real_asterisk_on_a_normal_day() {
    hold("asterisk/scenario-a", &["queue_log"], "expected.json", 2);
}

#[test]
fn a_real_asterisk_overloaded() {
    hold("asterisk/scenario-b", &["queue_log"], "expected.json", 2);
}

#[test]
fn a_real_asterisk_restarted_killed_and_full_of_hostile_names() {
    // The order of the rotated files does not matter.
    hold("asterisk/scenario-c", &["queue_log", "queue_log.0"], "expected.json", 2);
    hold("asterisk/scenario-c", &["queue_log.0", "queue_log"], "expected.json", 2);
}
