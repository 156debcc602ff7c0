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
    let mut there = BTreeSet::new();
    collect_keys(document, &mut there);
    let mut absent: Vec<&str> = paths.flat_map(JmesPath::keys).collect();
    absent.retain(|key| !PSEUDO_KEYS.contains(key) && !there.contains(key));
    absent.sort_unstable();
    absent.dedup();
    let in_other_case = |key: &str| there.iter().copied().find(|other| other.eq_ignore_ascii_case(key));
    if !has_rows {
        absent.retain(|key| in_other_case(key).is_some());
    }
    let rest = absent.len().saturating_sub(MAX_NAMED_KEYS);
    let named = absent.iter().take(MAX_NAMED_KEYS).map(|key| {
        let near = in_other_case(key).or_else(|| suggest::nearest(key, there.iter().copied()));
        near.map_or_else(
            || format!("no `{}`", short(key)),
            |near| format!("no `{}`, but `{}`", short(key), short(near)),
        )
    });
    let named = named.collect::<Vec<_>>().join(", ");
    if named.is_empty() {
        return None;
    }
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let keys: Vec<_> = there.iter().take(MAX_NAMED_KEYS).map(|key| format!("`{}`", short(key))).collect();
    let others = if there.len() > MAX_NAMED_KEYS { ", …" } else { "" };
    Some(format!("there is {named}{more} (the keys there are {}{others})", keys.join(", ")))
}

/// Keys that are made for paths: `{ outer, row }`, and the item of `each`.
const PSEUDO_KEYS: [&str; 3] = ["outer", "row", "each"];

fn short(key: &str) -> String {
    key.chars().take(MAX_KEY_CHARS).collect()
}

/// Collect the keys of all objects in a value. Its depth was limited when it was parsed.
fn collect_keys<'a>(value: &'a Variable, into: &mut BTreeSet<&'a str>) {
    match value {
        Variable::Array(items) => items.iter().for_each(|item| collect_keys(item, into)),
        Variable::Object(object) => {
            for (key, item) in object {
                if into.len() < MAX_KEYS {
                    into.insert(key);
                }
                collect_keys(item, into);
            }
        }
        _ => {}
    }
}
