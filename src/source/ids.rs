//! Makes labels of names and ids from outside.

use std::hash::Hasher;

use rustc_hash::FxHashMap;

use crate::text::Label;
use crate::text::short_key::ShortKey;

/// The number of names that are cached. No floor has more; beyond it the cache is cleared.
const MAX_LABELS: usize = 8192;

/// A cache of labels by the bytes they were made of, so that a name is cleaned only once.
#[derive(Debug, Default)]
pub(crate) struct LabelCache {
    short: FxHashMap<ShortKey, Label>,
    long: FxHashMap<Box<[u8]>, Label>,
}

impl LabelCache {
    /// The label of a name.
    pub(crate) fn get(&mut self, bytes: &[u8]) -> Label {
        let key = ShortKey::of(bytes);
        let known = key.map_or_else(|| self.long.get(bytes), |key| self.short.get(&key));
        if let Some(label) = known {
            return label.clone();
        }
        if self.short.len() + self.long.len() >= MAX_LABELS {
            *self = Self::default();
        }
        let label = Label::from_bytes(bytes);
        match key {
            Some(key) => _ = self.short.insert(key, label.clone()),
            None => _ = self.long.insert(bytes.into(), label.clone()),
        }
        label
    }
}

/// The label of an id. A label has a maximum length. Two long ids must not become equal when they are cut, so a cut one
/// ends in a hash of the whole id.
pub(crate) fn id_label(bytes: &[u8]) -> Label {
    let label = Label::from_bytes(bytes);
    if bytes.len() <= 64 || !label.as_str().ends_with('…') {
        return label;
    }
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    let head: String = label.as_str().chars().take(40).collect();
    Label::new(&format!("{head}…{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_stay_apart() {
        let (one, two) = (format!("{}1", "x".repeat(90)), format!("{}2", "x".repeat(90)));
        assert_ne!(id_label(one.as_bytes()), id_label(two.as_bytes()));
        assert_eq!(id_label(one.as_bytes()), id_label(one.as_bytes()));
        assert_eq!(id_label(b"1795430755.0").as_str(), "1795430755.0");
    }

    #[test]
    fn a_name_is_the_same_however_often_it_is_asked_for() {
        let mut names = LabelCache::default();
        let once = names.get("サポート 日本".as_bytes());
        assert_eq!(names.get("サポート 日本".as_bytes()), once);
        assert_eq!(once.as_str(), "サポート 日本");
    }
}
