//! Every text that is used exists in every language with the same arguments, and every text that exists is used.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use floorwatch::alert::{HistoryKind, Severity};
use floorwatch::board::Health;
use floorwatch::event::{AgentState, Channel, LeftReason};
use floorwatch::kpi::{CATALOGUE, Dim, Formula, Grade, KpiRole, Window};
use floorwatch::report::digest::Cadence;
use floorwatch::ui::action::ACTIONS;
use floorwatch::ui::page::Page;
use floorwatch::worklist::WorkKind;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(tag: &str) -> String {
    fs::read_to_string(root().join("assets/languages").join(format!("{tag}.ftl"))).unwrap()
}

/// The tags of the files that are built in.
fn tags() -> Vec<String> {
    let files = fs::read_dir(root().join("assets/languages")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// The ids of a file with the arguments of each.
fn texts(tag: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut texts: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in read(tag).lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            texts.push((id.to_owned(), BTreeSet::new()));
        }
        let names = line
            .split('$')
            .skip(1)
            .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>());
        if let Some((_, known)) = texts.last_mut() {
            known.extend(names);
        }
    }
    texts
}

/// The files of the source whose texts people read.
fn sources() -> Vec<(PathBuf, String)> {
    fn visit(folder: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, out);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                out.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    visit(&root().join("src"), &mut out);
    out
}

/// The first quoted text after each place of `before`, and what follows it.
fn quoted_after<'t>(text: &'t str, before: &str) -> Vec<(&'t str, &'t str)> {
    let quoted = |(at, found): (usize, &str)| {
        let rest = text.get(at + found.len()..)?.trim_start().strip_prefix('"')?;
        rest.split_once('"')
    };
    text.match_indices(before).filter_map(quoted).collect()
}

/// The names of the arguments of a call of `text!`, from what follows its id.
fn given(rest: &str) -> BTreeSet<String> {
    let mut depth = 0;
    let mut in_text = false;
    let end = rest.char_indices().find(|(_, c)| {
        in_text ^= *c == '"';
        depth +=
            i32::from(!in_text && matches!(c, '(' | '[' | '{')) - i32::from(!in_text && matches!(c, ')' | ']' | '}'));
        depth < 0
    });
    let call = rest.get(..end.map_or(0, |(at, _)| at)).unwrap_or_default();
    let mut depth = 0;
    let parts = call.split(|c| {
        depth += i32::from(matches!(c, '(' | '[' | '{')) - i32::from(matches!(c, ')' | ']' | '}'));
        c == ',' && depth == 0
    });
    let name = |part: &str| part.split_once('=').map(|(name, _)| name.trim().to_owned());
    parts.filter_map(name).filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect()
}

/// The keys of each family of ids that is looked up by key.
fn families() -> Vec<(&'static str, Vec<&'static str>)> {
    let windows = Window::ALL.map(Window::key).to_vec();
    let states = AgentState::ALL.map(AgentState::key).to_vec();
    let dims = Dim::ALL.map(Dim::key).to_vec();
    let healths = [Health::Connecting, Health::Live, Health::Ended, Health::Degraded, Health::Stale, Health::Down];
    let grades = [Grade::WorldClass, Grade::Excellent, Grade::Good, Grade::Standard, Grade::Problem, Grade::Audit];
    let closings = ["reached", "not_reached", "no_need", "reviewed", "answered", "withdrawn", "expired"].to_vec();
    let mut outcomes = vec!["waiting", "talking", "handled", "transferred", "abandoned", "unknown"];
    outcomes.extend(LeftReason::ALL.map(LeftReason::key));
    vec![
        ("window", windows.clone()),
        ("window-key", windows.clone()),
        ("over", windows),
        ("dim", dims.iter().copied().chain(["start"]).collect()),
        ("no", dims),
        ("channel", Channel::ALL.map(Channel::key).to_vec()),
        ("state", states.clone()),
        ("state-short", states),
        ("role", [KpiRole::Customer, KpiRole::Efficiency, KpiRole::Supporting].map(KpiRole::key).to_vec()),
        ("grade", grades.map(Grade::key).to_vec()),
        ("health", healths.map(Health::key).to_vec()),
        ("verdict", vec!["few", "ok", "WARN", "CRIT"]),
        ("severity", vec![Severity::Warning.key(), Severity::Critical.key()]),
        ("formula", Formula::ALL.map(Formula::key).to_vec()),
        ("history", HistoryKind::ALL.map(HistoryKind::key).to_vec()),
        ("page", Page::ALL.map(Page::key).to_vec()),
        ("why-each", vec!["queue", "intent", "agent"]),
        ("driver-mix", vec!["queue", "intent", "agent"]),
        ("outcome", outcomes),
        (
            "audit-input",
            "waits states customers responses resolutions satisfaction effort recommendation quality"
                .split(' ')
                .collect(),
        ),
        ("digest", Cadence::ALL.map(Cadence::key).to_vec()),
        ("alert-state", vec!["firing", "acknowledged", "snoozed"]),
        ("help", ACTIONS.iter().map(|entry| entry.name).collect()),
        ("work-kind", WorkKind::WORDS.map(|(key, _)| key).to_vec()),
        ("work-outcome", closings),
        ("action", Vec::new()),
    ]
}

#[test]
fn every_language_has_every_text_with_the_same_arguments() {
    let english = texts("en");
    for tag in ["de"] {
        let own = texts(tag);
        for (id, names) in &english {
            let found = own.iter().find(|(of, _)| of == id).unwrap_or_else(|| panic!("{tag}.ftl lacks {id}"));
            assert_eq!(found.1, *names, "{tag}.ftl: the arguments of {id}");
        }
        for kpi in CATALOGUE {
            let key = |end: &str| format!("kpi-{}{end}", kpi.key);
            let has = |end: &str| own.iter().any(|(id, _)| *id == key(end));
            for end in ["", "-short", "-formula", "-why", "-action"] {
                assert!(has(end), "{tag}.ftl lacks {}", key(end));
            }
        }
    }
}

#[test]
fn every_id_is_unique_and_known() {
    let english = texts("en");
    for tag in tags() {
        let own = texts(&tag);
        for (at, (id, _)) in own.iter().enumerate() {
            assert!(!own.iter().take(at).any(|(other, _)| other == id), "{tag}.ftl has {id} twice");
            let known = id.starts_with("kpi-") || english.iter().any(|(other, _)| other == id);
            assert!(known, "{tag}.ftl has {id}, which English has not");
        }
    }
}

#[test]
fn every_text_that_is_used_exists_and_the_other_way_round() {
    let english = texts("en");
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (path, source) in sources() {
        for (id, rest) in quoted_after(&source, "text!(") {
            if path.ends_with("language.rs") {
                continue;
            }
            let text = english.iter().find(|(of, _)| of == id);
            let (_, names) = text.unwrap_or_else(|| panic!("{}: there is no text {id}", path.display()));
            assert_eq!(given(rest), *names, "{}: the arguments of {id}", path.display());
            used.insert(id.to_owned());
        }
        for before in ["keyed(", "find("] {
            for (family, _) in quoted_after(&source, before).into_iter().filter(|_| source.contains("language::")) {
                let known = families().into_iter().any(|(of, _)| of == family);
                assert!(known || !english.iter().any(|(id, _)| id.starts_with(&format!("{family}-"))), "{family}");
            }
        }
        let heads = source.split('"').filter(|part| part.starts_with("column-"));
        used.extend(heads.map(str::to_owned));
    }
    for (family, keys) in families() {
        for key in keys {
            used.insert(format!("{family}-{key}"));
        }
    }
    used.extend(ACTIONS.iter().map(|entry| format!("action-{}", entry.name)));
    let is_known = |id: &String| english.iter().any(|(of, _)| of == id);
    for id in used.iter().filter(|id| !id.starts_with("action-")) {
        assert!(is_known(id), "there is no text {id}");
    }
    let is_used = |id: &str| {
        let of_kpi = || CATALOGUE.iter().any(|kpi| id == format!("kpi-{}-word", kpi.key));
        used.contains(id) || id.starts_with("told-") || of_kpi()
    };
    let unused: Vec<&String> = english.iter().map(|(id, _)| id).filter(|id| !is_used(id)).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

/// The English sentences that floors tell, which a board in another language translates.
fn told() -> Vec<String> {
    let text = read("en");
    let told = text.lines().filter_map(|line| line.strip_prefix("told-")?.split_once(" = "));
    told.map(|(_, sentence)| sentence.to_owned()).collect()
}

#[test]
fn what_a_floor_tells_is_in_its_source() {
    let source: String = sources().into_iter().map(|(_, text)| text).collect();
    for sentence in told() {
        // What is told of a source is made of parts.
        let parts: Vec<&str> = sentence.split(": its figures").collect();
        assert!(parts.iter().all(|part| source.contains(part)), "nothing tells \"{sentence}\"");
    }
}

#[test]
fn every_fixed_sentence_about_alerts_and_work_can_be_told() {
    let told = told();
    let rooms = sources().into_iter().filter(|(path, _)| {
        let path = path.strip_prefix(root().join("src")).unwrap();
        path.starts_with("alert") || path.starts_with("worklist")
    });
    for (path, text) in rooms {
        for (sentence, _) in quoted_after(&text, "Text::fixed(") {
            assert!(told.iter().any(|known| known == sentence), "{}: \"{sentence}\"", path.display());
        }
    }
}

#[test]
fn every_reason_of_an_unknown_figure_can_be_told() {
    let told = told();
    let source = fs::read_to_string(root().join("src/kpi/formula.rs")).unwrap();
    let reasons = source.split('"').filter(|part| part.starts_with("no ") || part.starts_with("nothing to "));
    let unknown = quoted_after(&source, "Figure::unknown(").into_iter().map(|(reason, _)| reason);
    for reason in reasons.chain(unknown) {
        assert!(told.iter().any(|sentence| sentence == reason), "there is no text told-… for \"{reason}\"");
    }
}
