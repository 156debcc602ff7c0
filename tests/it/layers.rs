//! Checks the structure of the crate: imports only point down, no two files import each other, and no file is too long.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms that it may import. A room may always import itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("clock", &["text"]),
    ("secret", &[]),
    ("staffing", &[]),
    ("net", &["secret", "text", "clock"]),
    ("event", &["text", "clock"]),
    ("kpi", &["event", "text", "clock"]),
    ("engine", &["kpi", "event", "text", "clock"]),
    ("alert", &["engine", "kpi", "event", "text", "clock"]),
    ("annotation", &["alert", "engine", "kpi", "text", "clock"]),
    ("worklist", &["alert", "engine", "kpi", "event", "text", "clock"]),
    ("language", &["worklist", "alert", "kpi", "event", "text", "clock"]),
    ("board", &["annotation", "alert", "engine", "kpi", "event", "text", "clock"]),
    ("journal", &["annotation", "worklist", "alert", "engine", "kpi", "event", "text", "clock"]),
    ("source", &["net", "board", "kpi", "event", "secret", "text", "clock"]),
    ("notify", &["net", "source", "journal", "board", "alert", "engine", "kpi", "event", "secret", "text", "clock"]),
    (
        "floor",
        &["source", "journal", "board", "annotation", "worklist", "alert", "engine", "kpi", "event", "text", "clock"],
    ),
    (
        "hub",
        &[
            "net",
            "source",
            "floor",
            "board",
            "annotation",
            "worklist",
            "alert",
            "engine",
            "kpi",
            "event",
            "secret",
            "text",
            "clock",
        ],
    ),
    (
        "report",
        &[
            "language",
            "source",
            "floor",
            "board",
            "annotation",
            "worklist",
            "alert",
            "engine",
            "kpi",
            "event",
            "text",
            "clock",
        ],
    ),
    (
        "ui",
        &[
            "report",
            "language",
            "floor",
            "board",
            "annotation",
            "worklist",
            "alert",
            "kpi",
            "staffing",
            "event",
            "text",
            "clock",
        ],
    ),
    (
        "config",
        &[
            "ui",
            "hub",
            "report",
            "language",
            "notify",
            "net",
            "source",
            "floor",
            "journal",
            "board",
            "annotation",
            "worklist",
            "alert",
            "engine",
            "kpi",
            "event",
            "text",
            "clock",
        ],
    ),
    (
        "app",
        &[
            "config",
            "ui",
            "hub",
            "report",
            "language",
            "notify",
            "net",
            "source",
            "floor",
            "journal",
            "board",
            "annotation",
            "worklist",
            "alert",
            "engine",
            "kpi",
            "event",
            "text",
            "clock",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "config",
            "ui",
            "hub",
            "report",
            "language",
            "net",
            "source",
            "floor",
            "journal",
            "board",
            "annotation",
            "worklist",
            "alert",
            "engine",
            "kpi",
            "event",
            "text",
            "clock",
        ],
    ),
];

/// The most lines of code in a file, without its unit tests.
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

/// The room of a file: `kpi.rs` and `kpi/bands.rs` both belong to `kpi`.
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

/// All paths that a `use` tree names: `a::{b, c::{d, e}}` gives `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((stem, group)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let mut depth = 0;
    let items = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    items
        .filter(|item| !item.trim().is_empty())
        .flat_map(|item| expand(&format!("{}{}", stem.trim(), item.trim())))
        .collect()
}

/// The module of a file: `kpi/bands.rs` is `["kpi", "bands"]`.
fn module(file: &Path) -> Vec<String> {
    file.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}

/// The module that a path in `from` refers to: the longest prefix of it that is a file.
fn resolve(from: &[String], path: &str, modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut full = from.to_vec();
    for (n, part) in path.split("::").enumerate() {
        match part.trim() {
            "crate" if n == 0 => full.clear(),
            "self" if n == 0 => {}
            "super" => drop(full.pop()),
            part => full.push(part.to_owned()),
        }
    }
    while !full.is_empty() && !modules.contains(&full) {
        full.pop();
    }
    (!full.is_empty() && full != from).then_some(full)
}

/// The modules that each module refers to, in `use` and in paths that begin with `crate::` or `super::`.
fn named_by_module() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let files: Vec<_> = sources().into_iter().map(|(file, text)| (module(&file), text)).collect();
    let modules: BTreeSet<_> = files.iter().map(|(module, _)| module.clone()).collect();
    let of = |(module, text): (Vec<String>, String)| {
        let code = code(&text).collect::<Vec<_>>().join(" ");
        let code = code.as_str();
        let imports =
            code.split("use ").skip(1).filter_map(|after| after.split_once(';')).flat_map(|(tree, _)| expand(tree));
        let inline = ["crate::", "super::"].into_iter().flat_map(|start| {
            let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
            code.match_indices(start)
                .map(move |(at, _)| code[at..].split(ends).next().unwrap_or("").to_owned())
                .collect::<Vec<_>>()
        });
        let relative = |path: &String| ["crate", "self", "super"].contains(&path.split("::").next().unwrap_or(""));
        let named =
            imports.filter(relative).chain(inline).filter_map(|path| resolve(&module, &path, &modules)).collect();
        (module, named)
    };
    files.into_iter().filter(|(module, _)| !module.iter().any(|part| part == "tests")).map(of).collect()
}

/// Whether `to` can be reached from `from` through references between modules.
fn reaches(from: &[String], to: &[String], named: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for other in named.get(module).into_iter().flatten() {
            if other == to {
                return true;
            }
            if seen.insert(other) {
                next.push(other);
            }
        }
    }
    false
}

#[test]
fn no_two_files_need_each_other() {
    let named = named_by_module();
    let circles: Vec<_> =
        named.keys().filter(|module| reaches(module, module, &named)).map(|module| module.join("::")).collect();
    assert!(circles.is_empty(), "these files are parts of circles of imports: {circles:?}");
}

#[test]
fn a_type_name_means_one_thing() {
    let starts = ["struct ", "enum ", "trait "];
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources() {
        for line in text.lines() {
            // Without `pub` or `pub(in crate::source)`.
            let line = match line.trim_start().strip_prefix("pub") {
                Some(rest) if rest.starts_with('(') => rest.split_once(") ").map_or("", |(_, rest)| rest),
                Some(rest) => rest.trim_start(),
                None => line.trim_start(),
            };
            if let Some(rest) = starts.iter().find_map(|start| line.strip_prefix(start)) {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                defined.entry(name).or_default().push(file.display().to_string());
            }
        }
    }
    // The module before the name tells these apart.
    let may_repeat = ["Settings", "Error", "Args"];
    defined.retain(|name, files| files.len() > 1 && !may_repeat.contains(&name.as_str()));
    assert!(defined.is_empty(), "defined more than once: {defined:?}");
}
