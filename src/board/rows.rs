//! Rows of a board, which boards share: the next board has the same rows but for those that changed. And how rows are
//! made from the engine's queues and contacts.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::board::{ContactRow, QueueRow};
use crate::engine::{ContactNow, QueueNow};

/// A list of rows that are shared with other lists. A copy costs little, and a row that is changed is copied first.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<T>(Vec<Arc<T>>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rows<T> {
    /// The rows.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The rows as they are shared.
    #[must_use]
    pub fn shared(&self) -> &[Arc<T>] {
        &self.0
    }

    /// The number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keep the rows that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|row| keep(row));
    }
}

impl<T: Clone> Rows<T> {
    /// The rows, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(Arc::make_mut)
    }
}

impl<T> From<Vec<Arc<T>>> for Rows<T> {
    fn from(rows: Vec<Arc<T>>) -> Self {
        Self(rows)
    }
}

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().map(Arc::new).collect())
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
