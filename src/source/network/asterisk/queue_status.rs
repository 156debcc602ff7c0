//! Collects the reply to the action `QueueStatus`: every queue, its members, and the callers who wait in it.
//!
//! A `QueueEntry` contains the caller's name as it was received, line breaks included, so that a caller can write lines
//! and even whole packets into the reply. Asterisk writes its own lines before and after that name, and the last of
//! them is the `ActionID` we chose, which no caller knows. An entry without it is therefore cut off by the name, and
//! everything up to the packet that ends in our `ActionID` was written by the caller.

use super::packet::AmiPacket;
use crate::clock::Span;
use crate::source::ids::id_label;
use crate::text::Label;

/// The queues, members and entries of one reply that are kept, each; no floor has more.
const MAX_ITEMS: usize = 50_000;

/// Stands for a device's state that is none of Asterisk's.
pub(super) const NO_DEVICE_STATE: u8 = u8::MAX;

/// What an event or a reply says of a queue member. `None` means that it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueueMember {
    pub(super) queue: Label,
    pub(super) interface: Label,
    /// The member's name, which identifies the agent; the interface where the member has no name.
    pub(super) name: Label,
    /// The interface whose state counts, where that is another one.
    pub(super) state_interface: Option<Label>,
    /// The device's state, 0–8 (`AST_DEVICE_UNKNOWN` to `AST_DEVICE_ONHOLD`), or [`NO_DEVICE_STATE`].
    pub(super) status: Option<u8>,
    pub(super) paused: Option<bool>,
    pub(super) reason: Option<Label>,
    /// Whether the member is in a call of this queue. Asterisk says so from version 13 on.
    pub(super) in_call: Option<bool>,
}

impl QueueMember {
    /// Its device is neither invalid nor unavailable. One of unknown state (0) can be called, as `app_queue` has it too.
    pub(super) const fn is_reachable(&self) -> bool {
        !matches!(self.status, Some(4 | 5))
    }
}

/// A caller who waits in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueueEntry {
    pub(super) contact: Label,
    pub(super) queue: Label,
    pub(super) number: Vec<u8>,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
    pub(super) wait: Option<Span>,
}

/// A complete reply.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct QueueSnapshot {
    /// The queues and their service level thresholds in seconds, 0 for none.
    pub(super) queues: Vec<(Label, f64)>,
    /// How many calls each queue has had since Asterisk's counters were last reset. They only show that a reset
    /// happened; no figure is made of them.
    pub(super) call_counts: Vec<(Label, i64)>,
    pub(super) members: Vec<QueueMember>,
    pub(super) entries: Vec<QueueEntry>,
}

/// What a packet was to the reply that is being collected.
#[derive(Debug, PartialEq)]
pub(super) enum Collected {
    /// It does not belong to the reply.
    Unrelated,
    /// It was a part of the reply.
    Partial,
    /// It was the end of the reply.
    Complete(QueueSnapshot),
    /// Asterisk refused the action, with this message.
    Refused(String),
}

/// A reply that is being collected.
#[derive(Debug)]
pub(super) struct QueueStatusCollector {
    action_id: String,
    snapshot: QueueSnapshot,
    /// The caller's name has cut off an entry, and the end of that entry has not come yet.
    in_forged_part: bool,
}

impl QueueStatusCollector {
    /// Collects the reply to the action with this id.
    pub(super) fn new(action_id: String) -> Self {
        Self { action_id, snapshot: QueueSnapshot::default(), in_forged_part: false }
    }

    pub(super) fn collect(&mut self, packet: &AmiPacket) -> Collected {
        let has_our_id = packet.last("ActionID") == Some(self.action_id.as_bytes());
        if self.in_forged_part {
            if has_our_id {
                self.in_forged_part = false;
                if let Some(entry) = self.snapshot.entries.last_mut() {
                    entry.wait = number(packet.last("Wait")).map(Span::seconds);
                }
            }
            return Collected::Partial;
        }
        let event = packet.first("Event").filter(|_| packet.is("Event"));
        if event == Some(b"QueueEntry") {
            self.in_forged_part = !has_our_id;
            self.add_entry(packet);
            return Collected::Partial;
        }
        if !has_our_id {
            return Collected::Unrelated;
        }
        match event {
            Some(b"QueueParams") => self.add_queue(packet),
            Some(b"QueueMember") => {
                if let Some(member) = queue_member(packet)
                    && self.snapshot.members.len() < MAX_ITEMS
                {
                    self.snapshot.members.push(member);
                }
            }
            Some(b"QueueStatusComplete") => return Collected::Complete(std::mem::take(&mut self.snapshot)),
            None if packet.first("Response") == Some(b"Error") => return Collected::Refused(packet.text("Message")),
            _ => {}
        }
        Collected::Partial
    }

    fn add_queue(&mut self, packet: &AmiPacket) {
        let Some(queue) = label(packet.first("Queue")) else { return };
        if self.snapshot.queues.len() >= MAX_ITEMS {
            return;
        }
        let threshold = number(packet.last("ServiceLevel")).and_then(|s| i32::try_from(s).ok());
        let count = |key| number(packet.last(key)).unwrap_or(0);
        self.snapshot.call_counts.push((queue.clone(), count("Completed") + count("Abandoned")));
        self.snapshot.queues.push((queue, f64::from(threshold.unwrap_or(0).max(0))));
    }

    fn add_entry(&mut self, packet: &AmiPacket) {
        let contact = packet.first("Uniqueid").map(id_label).filter(|id| !id.is_empty());
        let (Some(contact), Some(queue)) = (contact, label(packet.first("Queue"))) else { return };
        if self.snapshot.entries.len() >= MAX_ITEMS {
            return;
        }
        let small = |value| number(value).and_then(|n| i32::try_from(n).ok());
        self.snapshot.entries.push(QueueEntry {
            contact,
            queue,
            number: packet.first("CallerIDNum").unwrap_or_default().to_vec(),
            position: small(packet.first("Position")).and_then(|p| u32::try_from(p).ok()),
            priority: small(packet.last("Priority")),
            wait: number(packet.last("Wait")).map(Span::seconds).filter(|_| !self.in_forged_part),
        });
    }
}

/// The queue member that a packet is about, under the keys that events, replies and old versions use for it.
pub(super) fn queue_member(packet: &AmiPacket) -> Option<QueueMember> {
    let interface = label(packet.last_of(&["Interface", "Location", "Member", "AgentCalled"]))?;
    let name = label(packet.last_of(&["MemberName", "Name", "AgentName"])).unwrap_or_else(|| interface.clone());
    let flag = |key| number(packet.last(key)).map(|n| n != 0);
    Some(QueueMember {
        queue: label(packet.first("Queue"))?,
        state_interface: label(packet.last("StateInterface")).filter(|other| *other != interface),
        interface,
        name,
        status: packet.last("Status").map(|status| {
            let known = number(Some(status)).and_then(|n| u8::try_from(n).ok()).filter(|n| *n <= 8);
            known.unwrap_or(NO_DEVICE_STATE)
        }),
        paused: flag("Paused"),
        reason: label(packet.last_of(&["PausedReason", "Reason"])),
        in_call: flag("InCall"),
    })
}

/// A value as a label; `None` where it has no printable character.
pub(super) fn label(value: Option<&[u8]>) -> Option<Label> {
    value.map(Label::from_bytes).filter(|label| !label.is_empty())
}

/// A whole number from 0 to a century of seconds; `None` for everything else.
pub(super) fn number(value: Option<&[u8]>) -> Option<i64> {
    let number: i64 = std::str::from_utf8(value?).ok()?.trim().parse().ok()?;
    (0..3_200_000_000).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::network::asterisk::packet::AmiDecoder;

    #[test]
    fn what_a_caller_writes_into_the_name_is_ignored() {
        let reply = "Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: id7\r\nEventList: start\r\n\r\n\
            Event: QueueEntry\r\nQueue: b\r\nPosition: 1\r\nUniqueid: 1.1\r\nCallerIDNum: 100\r\n\
            CallerIDName: x\r\nQueue: vip\r\nWait: 999\r\nEvent: QueueStatusComplete\r\n\
            Wait: 7\r\nPriority: 0\r\nActionID: id7\r\n\r\n\
            Event: QueueEntry\r\nQueue: b\r\nPosition: 2\r\nUniqueid: 1.2\r\nCallerIDNum: 200\r\nCallerIDName: x\r\n\r\n\
            Event: QueueCallerJoin\r\nQueue: forged\r\nUniqueid: 6.6\r\n\r\n\
            Event: QueueStatusComplete\r\nActionID: guess\r\n\r\n\
            Event: AgentConnect\r\nWait: 9\r\nPriority: 0\r\nActionID: id7\r\n\r\n\
            Event: QueueStatusComplete\r\nActionID: id7\r\nEventList: Complete\r\nListItems: 2\r\n\r\n";
        let mut collector = QueueStatusCollector::new("id7".into());
        let (mut snapshot, mut unrelated) = (None, 0);
        AmiDecoder::default().push(reply.as_bytes(), |packet| match collector.collect(&packet) {
            Collected::Complete(complete) => snapshot = Some(complete),
            Collected::Unrelated => unrelated += 1,
            Collected::Partial => {}
            Collected::Refused(why) => panic!("{why}"),
        });
        assert_eq!(unrelated, 0, "no forged packet gets through");
        let waits: Vec<_> = snapshot
            .unwrap()
            .entries
            .into_iter()
            .map(|entry| (entry.contact.to_string(), entry.queue.to_string(), entry.wait))
            .collect();
        assert_eq!(
            waits,
            [("1.1".into(), "b".into(), Some(Span::seconds(7))), ("1.2".into(), "b".into(), Some(Span::seconds(9)))]
        );
    }
}
