//! The plan of the house, held by a test: imports only point down, and no file grows past reading.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every room, and the rooms it may import. A room may always import itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("clock", &["text"]),
    ("secret", &[]),
    ("net", &["secret", "text", "clock"]),
    ("event", &["text", "clock"]),
    ("kpi", &["event", "text", "clock"]),
    ("engine", &["kpi", "event", "text", "clock"]),
    ("alert", &["engine", "kpi", "event", "text", "clock"]),
    ("board", &["alert", "engine", "kpi", "event", "text", "clock"]),
    ("journal", &["alert", "engine", "kpi", "event", "text", "clock"]),
    ("source", &["net", "board", "kpi", "event", "secret", "text", "clock"]),
    ("notify", &["net", "source", "journal", "board", "alert", "engine", "kpi", "event", "secret", "text", "clock"]),
    ("floor", &["source", "journal", "board", "alert", "engine", "kpi", "event", "text", "clock"]),
    ("hub", &["net", "source", "floor", "board", "alert", "engine", "kpi", "event", "secret", "text", "clock"]),
    ("report", &["source", "floor", "board", "alert", "engine", "kpi", "event", "text", "clock"]),
    ("ui", &["floor", "board", "alert", "kpi", "event", "text", "clock"]),
    (
        "config",
        &[
            "ui", "hub", "report", "notify", "net", "source", "floor", "journal", "board", "alert", "engine", "kpi",
            "event", "text", "clock",
        ],
    ),
    (
        "app",
        &[
            "config", "ui", "hub", "report", "notify", "net", "source", "floor", "journal", "board", "alert", "engine",
            "kpi", "event", "text", "clock",
        ],
    ),
    (
        "cli",
        &[
            "app", "config", "ui", "hub", "report", "net", "source", "floor", "journal", "board", "alert", "engine",
            "kpi", "event", "text", "clock",
        ],
    ),
];

/// The most lines of code in a file, its unit tests not counted.
const LONGEST: usize = 450;

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn sources() -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    rust_files(&src)
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.strip_prefix(&src).unwrap().to_owned(), text)
        })
        .collect()
}

/// The room a file belongs to: `kpi.rs` and `kpi/bands.rs` are both `kpi`.
fn room(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file, without blank lines, comments and the unit tests at its end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or("")
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
}

/// The names that follow `crate::` on a line; braces directly after it (`crate::{a, b}`) too.
fn imports(line: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    line.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list.split(',').map(|item| name(item.trim())).collect(),
            None => vec![name(after)],
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn imports_only_point_down() {
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let room = room(&file);
        if matches!(room.as_str(), "main" | "lib") {
            continue;
        }
        let Some(allowed) = rooms.get(room.as_str()) else {
            wrong.push(format!("{} is in no room of this test's table", file.display()));
            continue;
        };
        for line in code(&text) {
            for import in imports(line) {
                if import != room && rooms.contains_key(import.as_str()) && !allowed.contains(&import.as_str()) {
                    wrong.push(format!("{} must not import crate::{import}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(file, _)| !file.ends_with("tests.rs"))
        .map(|(file, text)| (code(&text).count(), file))
        .filter(|(lines, _)| *lines > LONGEST)
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:?}");
}

#[test]
fn modules_are_files_by_their_name() {
    let old: Vec<_> = sources().into_iter().map(|(file, _)| file).filter(|file| file.ends_with("mod.rs")).collect();
    assert!(old.is_empty(), "{old:?}");
}
