//! Tells a list that is empty from one whose keys are others than those that the mapping looks for.
//!
//! A vendor who renames a key, or writes it in other letters, would leave a board that is empty and seems well.

use std::collections::{BTreeMap, BTreeSet};

use jmespath::{Rcvar, Variable};

use crate::source::network::http::path::JmesPath;
use crate::text::suggest;

/// So many different keys of a document are looked at.
const MAX_KEYS: usize = 5_000;
/// So many keys are named in a message, each up to so many characters.
const MAX_NAMED_KEYS: usize = 8;
const MAX_KEY_CHARS: usize = 40;

/// What an answer told of each thing that the mapping reads from it.
#[derive(Debug, Default)]
pub(super) struct Finds(BTreeMap<&'static str, Find>);

#[derive(Debug, Default)]
struct Find {
    /// Whether anything was found.
    is_found: bool,
    /// Which keys were looked for in vain, in the first document where some were.
    missing: Option<String>,
}

impl Finds {
    /// Note what a document told of `what`: how many rows it had, and whether any of them held something at the `paths`.
    pub(super) fn note<'a>(
        &mut self,
        what: &'static str,
        (rows, is_found): (usize, bool),
        paths: impl Iterator<Item = &'a JmesPath>,
        document: &Rcvar,
    ) {
        let find = self.0.entry(what).or_default();
        find.is_found |= is_found;
        if !find.is_found && find.missing.is_none() {
            find.missing = missing_keys(paths, document, rows > 0);
        }
    }

    /// What was looked for in vain, where there was something to be found.
    pub(super) fn nothing_found(&self) -> Option<String> {
        let vain = self.0.iter().filter(|(_, find)| !find.is_found);
        let words =
            vain.filter_map(|(what, find)| Some(format!("nothing is found of its {what}: {}", find.missing.as_ref()?)));
        let words = words.collect::<Vec<_>>().join("; ");
        (!words.is_empty()).then_some(words)
    }
}

/// The keys that `paths` look for and a document lacks, with those that it has in their place. `None` if it has them all; and
/// where it `has_rows` not, also if it has none that differ in the case of their letters alone.
pub(super) fn missing_keys<'a>(
    paths: impl Iterator<Item = &'a JmesPath>,
    document: &Rcvar,
    has_rows: bool,
) -> Option<String> {
    let (mut absent, in_other_case) = absent_keys(paths, document);
    if !has_rows {
        absent.retain(|key| in_other_case.contains_key(key));
    }
    if absent.is_empty() {
        return None;
    }
    let mut there = BTreeSet::new();
    visit_keys(document, &mut |key| _ = there.len() < MAX_KEYS && there.insert(key));
    let named = absent.iter().take(MAX_NAMED_KEYS).map(|key| {
        let near = in_other_case.get(key).copied().or_else(|| suggest::nearest(key, there.iter().copied()));
        let near = near.map_or(String::new(), |near| format!(", but `{}`", short(near)));
        format!("no `{}`{near}", short(key))
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let rest = absent.len().saturating_sub(MAX_NAMED_KEYS);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let keys: Vec<_> = there.iter().take(MAX_NAMED_KEYS).map(|key| format!("`{}`", short(key))).collect();
    let others = if there.len() > MAX_NAMED_KEYS { ", …" } else { "" };
    let keys = if keys.is_empty() {
        "it has no keys at all".to_owned()
    } else {
        format!("the keys there are {}{others}", keys.join(", "))
    };
    Some(format!("there is {named}{more} ({keys})"))
}

/// Whether a document has all the keys of one of these paths, which begin at the rows that `lists` find.
pub(super) fn has_any<'a>(
    mut paths: impl Iterator<Item = &'a JmesPath> + Clone,
    lists: impl Iterator<Item = &'a JmesPath>,
    document: &Rcvar,
) -> bool {
    let (absent, _) = absent_keys(lists.chain(paths.clone()), document);
    paths.any(|path| path.keys().is_disjoint(&absent))
}

/// The keys that `paths` look for and a document lacks, and of these the ones that it has with letters of another case.
fn absent_keys<'a, 'd>(
    paths: impl Iterator<Item = &'a JmesPath>,
    document: &'d Rcvar,
) -> (BTreeSet<&'a str>, BTreeMap<&'a str, &'d str>) {
    let (mut wanted, mut made) = (BTreeSet::new(), BTreeSet::from(PSEUDO_KEYS));
    for path in paths {
        wanted.extend(path.keys());
        made.extend(path.made_keys());
    }
    let mut absent = &wanted - &made;
    let mut in_other_case = BTreeMap::new();
    visit_keys(document, &mut |there| {
        if !absent.remove(there) {
            let same = |key: &&&str| key.eq_ignore_ascii_case(there);
            in_other_case.extend(absent.iter().find(same).map(|key| (*key, there)));
        }
    });
    (absent, in_other_case)
}

/// Keys that are made for paths: `{ outer, row }`, and the item of `each`.
const PSEUDO_KEYS: [&str; 3] = ["outer", "row", "each"];

fn short(key: &str) -> String {
    key.chars().take(MAX_KEY_CHARS).collect()
}

/// Visit the keys of all objects in a value. Its depth was limited when it was parsed.
fn visit_keys<'a>(value: &'a Variable, visit: &mut impl FnMut(&'a str)) {
    match value {
        Variable::Array(items) => items.iter().for_each(|item| visit_keys(item, visit)),
        Variable::Object(object) => {
            for (key, item) in object {
                visit(key);
                visit_keys(item, visit);
            }
        }
        _ => {}
    }
}
