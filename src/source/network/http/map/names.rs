//! The names of queues and agents by their ids, for vendors whose figures have ids alone.

use std::collections::{BTreeMap, HashMap};

use jmespath::Rcvar;
use serde::Deserialize;

use crate::source::ids::id_label;
use crate::source::network::http::path::JmesPath;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// A list of ids and names in a document.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameMap {
    /// The list; the other paths begin at one of its rows.
    pub rows: JmesPath,
    /// The id.
    pub id: JmesPath,
    /// The name.
    pub name: JmesPath,
}

/// Names by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::source::network::http) struct Names {
    pub(super) queues: HashMap<String, Label>,
    pub(super) agents: HashMap<String, Label>,
    /// Names of queues that the configuration gives: they count more.
    own: HashMap<String, Label>,
}

impl NameMap {
    /// Read a row; returns whether it has an id and a name.
    pub(super) fn read(&self, row: &Rcvar, into: &mut HashMap<String, Label>) -> Result<bool, RejectionReason> {
        let named = self.id.text(row)?.zip(self.name.text(row)?);
        let is_named = named.is_some();
        into.extend(named.map(|(id, name)| (id, id_label(name.as_bytes()))));
        Ok(is_named)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &JmesPath> {
        [&self.rows, &self.id, &self.name].into_iter()
    }
}

impl Names {
    /// The names of queues that the configuration gives.
    pub(in crate::source::network::http) fn configured(names: &BTreeMap<String, Label>) -> Self {
        Self { own: names.iter().map(|(id, name)| (id.clone(), name.clone())).collect(), ..Self::default() }
    }

    /// The name of a queue, or its id where no name is known.
    pub(super) fn queue(&self, id: &str) -> Label {
        self.own.get(id).or_else(|| self.queues.get(id)).cloned().unwrap_or_else(|| id_label(id.as_bytes()))
    }

    /// The name of an agent.
    pub(super) fn agent(&self, id: &str) -> Option<Label> {
        self.agents.get(id).cloned()
    }

    /// Add the names that another document has.
    pub(in crate::source::network::http) fn extend(&mut self, other: &Self) {
        self.queues.extend(other.queues.iter().map(|(id, name)| (id.clone(), name.clone())));
        self.agents.extend(other.agents.iter().map(|(id, name)| (id.clone(), name.clone())));
        self.own.extend(other.own.iter().map(|(id, name)| (id.clone(), name.clone())));
    }
}
