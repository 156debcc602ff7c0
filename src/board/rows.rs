//! Rows of a board, which boards share: the next board has the same rows but for those that changed. And how rows are
//! made from the engine's queues and contacts.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::board::{ContactRow, QueueRow};
use crate::engine::{ContactNow, QueueNow};
use crate::text::Label;

/// A list of rows that are shared with other lists. A copy costs little, and a row that is changed is copied first.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    rows: Vec<Arc<T>>,
    /// The places of rows by id, found when one is first looked up.
    places: OnceLock<FxHashMap<Label, usize>>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: PartialEq> PartialEq for Rows<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<T> Rows<T> {
    /// The rows.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.rows.iter().map(AsRef::as_ref)
    }

    /// The number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keep the rows that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.places = OnceLock::new();
        self.rows.retain(|row| keep(row));
    }
}

impl Rows<QueueRow> {
    /// The queue with an id.
    #[must_use]
    pub fn find(&self, id: &Label) -> Option<&QueueRow> {
        let index = || self.iter().zip(0..).map(|(row, place)| (row.id.clone(), place)).collect();
        let place = self.places.get_or_init(index).get(id)?;
        self.rows.get(*place).map(AsRef::as_ref)
    }
}

impl<T: Clone> Rows<T> {
    /// The rows, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places = OnceLock::new();
        self.rows.iter_mut().map(Arc::make_mut)
    }
}

impl<T> From<Vec<Arc<T>>> for Rows<T> {
    fn from(rows: Vec<Arc<T>>) -> Self {
        Self { rows, places: OnceLock::new() }
    }
}

impl<T> From<Rows<T>> for Vec<Arc<T>> {
    fn from(rows: Rows<T>) -> Self {
        rows.rows
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

/// The names of the sources are not known to the engine, and stay empty.
impl From<QueueNow> for QueueRow {
    fn from(queue: QueueNow) -> Self {
        let QueueNow { id, name, channel, service_level, bands, live, .. } = queue;
        Self { id, name, channel, service_level, bands, sources: Vec::new(), live }
    }
}

impl From<ContactNow> for ContactRow {
    fn from(contact: ContactNow) -> Self {
        Self {
            contact: contact.contact,
            queue: contact.queue,
            channel: contact.channel,
            intent: contact.intent,
            customer: contact.customer,
            agent: contact.agent,
            offered: contact.joined,
            ended: contact.ended,
            outcome: contact.outcome,
            wait: contact.wait,
            talk: contact.talk,
            hold: contact.hold,
            acw: contact.acw,
            csat: contact.csat,
            repeat: contact.repeat,
        }
    }
}
