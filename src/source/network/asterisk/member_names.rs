//! Who is behind an interface: queue_log adds members to queues by interface, and names them otherwise when they take calls.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::queue_status::QueueMember;
use crate::clock::Time;
use crate::text::Label;

/// The most interfaces that are known; no floor has more.
const MAX_INTERFACES: usize = 50_000;

/// The names of members by their interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct MemberNames(FxHashMap<Label, MemberName>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MemberName {
    name: Label,
    /// Since when; `None` if the interface is not known to have had another name before. A phone of everybody is thus nobody's
    /// in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
}

impl MemberNames {
    /// Learn the names of `members` at `now`. An interface that has two at once has none.
    pub(super) fn learn<'a>(&mut self, members: impl IntoIterator<Item = &'a QueueMember>, now: Time) {
        let mut names: BTreeMap<&Label, FxHashSet<&Label>> = BTreeMap::new();
        for member in members {
            for interface in std::iter::once(&member.interface).chain(&member.state_interface) {
                if *interface != member.name {
                    names.entry(interface).or_default().insert(&member.name);
                }
            }
        }
        for (interface, names) in names {
            let mut names = names.into_iter();
            let (Some(name), None) = (names.next(), names.next()) else {
                self.0.remove(interface);
                continue;
            };
            let known = self.0.get(interface);
            if known.map_or(self.0.len() < MAX_INTERFACES, |known| known.name != *name) {
                let since = known.map(|_| now);
                self.0.insert(interface.clone(), MemberName { name: name.clone(), since });
            }
        }
    }

    /// The name of the member behind an interface at `at`.
    pub(super) fn at(&self, interface: &Label, at: Time) -> Option<&Label> {
        self.0.get(interface).filter(|known| known.since.is_none_or(|since| since <= at)).map(|known| &known.name)
    }

    /// Those to store, `max` at most: whose members are there again is learned again.
    pub(super) fn to_saved(&self, max: usize) -> Self {
        Self(self.0.iter().take(max).map(|(interface, name)| (interface.clone(), name.clone())).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(queue: &str, interface: &str, name: &str, state_interface: Option<&str>) -> QueueMember {
        QueueMember {
            queue: queue.into(),
            interface: interface.into(),
            name: name.into(),
            state_interface: state_interface.map(Label::from),
            status: None,
            paused: None,
            reason: None,
            in_call: None,
        }
    }

    #[test]
    fn the_name_of_an_interface_is_that_of_its_member() {
        let mut names = MemberNames::default();
        let learned = [
            member("sales", "Local/101@agents/n", "Ann", Some("PJSIP/101")),
            member("vip", "Local/101@agents/n", "Ann", Some("PJSIP/101")),
            member("sales", "PJSIP/102", "PJSIP/102", None),
            // One phone under two names, and a name that only one of its queues has.
            member("sales", "PJSIP/103", "Cid", None),
            member("vip", "PJSIP/103", "Dan", None),
            member("sales", "PJSIP/104", "PJSIP/104", None),
            member("vip", "PJSIP/104", "Eve", None),
        ];
        names.learn(&learned, Time(5));
        let name =
            |names: &MemberNames, interface: &str, at| names.at(&interface.into(), Time(at)).map(Label::to_string);
        for (interface, expected) in [
            ("Local/101@agents/n", Some("Ann")),
            ("PJSIP/101", Some("Ann")),
            ("PJSIP/102", None),
            ("PJSIP/103", None),
            ("PJSIP/104", Some("Eve")),
        ] {
            assert_eq!(name(&names, interface, 0).as_deref(), expected, "{interface}");
        }
        // Somebody else sits down at the phone.
        names.learn(&[member("sales", "PJSIP/101", "Bob", None)], Time(9));
        assert_eq!(name(&names, "PJSIP/101", 8), None);
        assert_eq!(name(&names, "PJSIP/101", 9).as_deref(), Some("Bob"));
        let stored = serde_json::to_string(&names).unwrap();
        assert_eq!(serde_json::from_str::<MemberNames>(&stored).unwrap(), names);
    }
}
