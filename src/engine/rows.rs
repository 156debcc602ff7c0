//! Rows of a board, which boards share: the next board has the same rows but for those that changed.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::Label;

/// A change of one row copies the pointers to so many.
const ROWS_PER_CHUNK: usize = 32;

/// A list of rows that are shared with other lists. A copy costs little, and copies what is changed first.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// All but the last have [`ROWS_PER_CHUNK`] rows.
    chunks: Vec<Arc<Vec<Arc<T>>>>,
    /// The places of rows by id, found when one is first looked up. Copies share them while no row has another place.
    places: Arc<OnceLock<FxHashMap<Label, usize>>>,
}

/// Which rows of a list are at which places. Those of two lists are equal where one is a copy of the other, and no row was
/// added, removed or moved since.
#[derive(Clone, Debug, Default)]
pub struct Arrangement(Arc<OnceLock<FxHashMap<Label, usize>>>);

impl PartialEq for Arrangement {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A row that can be found.
pub trait FoundRow {
    /// Its id.
    fn id(&self) -> &Label;
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: PartialEq> PartialEq for Rows<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T> Rows<T> {
    /// The rows.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.shared().map(AsRef::as_ref)
    }

    fn shared(&self) -> impl DoubleEndedIterator<Item = &Arc<T>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        let full = self.chunks.len().saturating_sub(1);
        full * ROWS_PER_CHUNK + self.chunks.last().map_or(0, |chunk| chunk.len())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The row at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.chunks.get(place / ROWS_PER_CHUNK)?.get(place % ROWS_PER_CHUNK).map(AsRef::as_ref)
    }

    /// Remove the row at a place.
    pub(super) fn remove(&mut self, place: usize) {
        let others = self.shared().enumerate().filter(|(other, _)| *other != place);
        *self = others.map(|(_, row)| Arc::clone(row)).collect::<Vec<_>>().into();
    }

    /// Sort the rows, and with them what `keys` has of each.
    pub(super) fn sort_with<K>(&mut self, keys: &mut Vec<K>, order: impl Fn(&(K, Arc<T>), &(K, Arc<T>)) -> Ordering) {
        let mut rows: Vec<_> = std::mem::take(keys).into_iter().zip(self.shared().cloned()).collect();
        rows.sort_by(order);
        let sorted: (_, Vec<_>) = rows.into_iter().unzip();
        (*keys, *self) = (sorted.0, sorted.1.into());
    }

    /// Keep the rows that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        *self = self.shared().filter(|row| keep(row)).cloned().collect::<Vec<_>>().into();
    }
}

impl<T: FoundRow> Rows<T> {
    /// The place of the row with an id.
    #[must_use]
    pub fn place(&self, id: &Label) -> Option<usize> {
        let index = || self.iter().zip(0..).map(|(row, place)| (row.id().clone(), place)).collect();
        self.places.get_or_init(index).get(id).copied()
    }

    /// The row with an id.
    #[must_use]
    pub fn find(&self, id: &Label) -> Option<&T> {
        self.get(self.place(id)?)
    }

    /// Replace the row at a place, or add it at the end. Copies keep theirs.
    pub fn set(&mut self, place: usize, row: T) {
        if self.get(place).is_none_or(|known| known.id() != row.id()) {
            self.places = Arc::default();
        }
        let chunk = place / ROWS_PER_CHUNK;
        if chunk == self.chunks.len() {
            self.chunks.push(Arc::new(Vec::with_capacity(ROWS_PER_CHUNK)));
        }
        let Some(chunk) = self.chunks.get_mut(chunk).map(Arc::make_mut) else { return };
        match chunk.get_mut(place % ROWS_PER_CHUNK) {
            Some(known) => *known = Arc::new(row),
            None => chunk.push(Arc::new(row)),
        }
    }

    /// Which rows are at which places, to be compared with that of another list.
    #[must_use]
    pub fn arrangement(&self) -> Arrangement {
        Arrangement(Arc::clone(&self.places))
    }

    /// The rows that are others than in `last`, each with its place; `None` where rows have been added, removed or moved.
    pub fn changed_since<'a>(&'a self, last: &'a Self) -> Option<impl Iterator<Item = (usize, &'a T)>> {
        if !Arc::ptr_eq(&self.places, &last.places) {
            return None;
        }
        let chunks = self.chunks.iter().zip(&last.chunks).zip((0..).step_by(ROWS_PER_CHUNK));
        let changed = chunks.filter(|((own, other), _)| !Arc::ptr_eq(own, other));
        let rows = changed.flat_map(|((own, other), first)| (first..).zip(own.iter().zip(other.iter())));
        let others = rows.filter(|(_, (own, other))| !Arc::ptr_eq(own, other));
        Some(others.map(|(place, (own, _))| (place, own.as_ref())))
    }
}

impl<T: Clone> Rows<T> {
    /// The rows, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places = Arc::default();
        self.chunks.iter_mut().flat_map(|chunk| Arc::make_mut(chunk).iter_mut()).map(Arc::make_mut)
    }
}

impl<T> From<Vec<Arc<T>>> for Rows<T> {
    fn from(rows: Vec<Arc<T>>) -> Self {
        let mut rows = rows.into_iter();
        let chunk = || Some(rows.by_ref().take(ROWS_PER_CHUNK).collect()).filter(|chunk: &Vec<_>| !chunk.is_empty());
        Self { chunks: std::iter::from_fn(chunk).map(Arc::new).collect(), places: Arc::default() }
    }
}

impl<T> From<Rows<T>> for Vec<Arc<T>> {
    fn from(rows: Rows<T>) -> Self {
        rows.shared().cloned().collect()
    }
}

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        rows.into_iter().map(Arc::new).collect::<Vec<_>>().into()
    }
}

impl<T: Serialize> Serialize for Rows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct ListedRow(Label, Label);

    impl FoundRow for ListedRow {
        fn id(&self) -> &Label {
            &self.0
        }
    }

    proptest! {
        #[test]
        fn lists_that_share_rows_change_by_themselves(
            changes in proptest::collection::vec((0..200_usize, 0..4_u8, 0..3_u8), 1..300),
        ) {
            let (mut rows, mut plain, mut next) = (Rows::default(), Vec::<ListedRow>::new(), 0);
            for (place, queue, what) in changes {
                let before = (rows.clone(), plain.clone());
                let queue: Label = format!("q{queue}").as_str().into();
                if what == 0 || plain.is_empty() {
                    next += 1;
                    let row = ListedRow(format!("a{next}").as_str().into(), queue.clone());
                    rows.set(plain.len(), row.clone());
                    plain.push(row);
                } else if what == 1 {
                    let place = place % plain.len();
                    let row = ListedRow(plain[place].0.clone(), queue.clone());
                    rows.set(place, row.clone());
                    plain[place] = row;
                } else {
                    rows.remove(place % plain.len());
                    plain.remove(place % plain.len());
                }
                for (rows, plain) in [(&rows, &plain), (&before.0, &before.1)] {
                    prop_assert!(rows.iter().eq(plain) && rows.len() == plain.len());
                    if let Some(row) = plain.get(place) {
                        prop_assert_eq!(rows.place(&row.0), Some(place));
                    }
                }
                if let Some(others) = rows.changed_since(&before.0) {
                    let changed: Vec<_> = others.collect();
                    prop_assert_eq!(plain.len(), before.1.len());
                    for (place, (row, last)) in plain.iter().zip(&before.1).enumerate() {
                        prop_assert!(row.0 == last.0 && (row == last || changed.contains(&(place, row))));
                    }
                }
            }
        }
    }
}
