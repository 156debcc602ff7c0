//! The reply to `QueueStatus`: every queue, its members, and who waits in it.
//!
//! Entries hold the caller's name as it came, line ends included: a caller can write lines, and whole frames, into
//! the reply. The lines that Asterisk writes itself stand before and after the name, and the last of them is the id
//! we gave the question, which no caller knows. So an entry without it is a broken one, and everything up to the
//! frame that ends in it is the caller's.

use super::frame::Frame;
use crate::clock::Span;
use crate::source::names::id_label;
use crate::text::Label;

/// More than any floor has; what comes after is left out.
const MOST: usize = 50_000;

/// What a member of a queue does, as said by an event or a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) queue: Label,
    pub(super) interface: Label,
    /// The agent: the member's name, or the interface where he has none.
    pub(super) name: Label,
    /// The device's state, 0–8; `None` where the event doesn't say.
    pub(super) status: Option<u8>,
    pub(super) paused: Option<bool>,
    pub(super) reason: Option<Label>,
    /// Whether he is in a call of this queue; versions before 13 don't say.
    pub(super) in_call: Option<bool>,
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) contact: Label,
    pub(super) queue: Label,
    pub(super) number: Vec<u8>,
    pub(super) position: Option<u32>,
    pub(super) priority: Option<i32>,
    pub(super) wait: Option<Span>,
}

/// A reply.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    /// The queues and their service level thresholds in seconds, 0 for none.
    pub(super) queues: Vec<(Label, f64)>,
    /// How many calls each queue says it has had since its counters began. No figure is made of it.
    pub(super) counted: Vec<(Label, i64)>,
    pub(super) members: Vec<Member>,
    pub(super) entries: Vec<Entry>,
}

/// What a frame was to a reply that is being collected.
#[derive(Debug, PartialEq)]
pub(super) enum Taken {
    /// Something else.
    Not,
    /// A part of it.
    Part,
    /// Its end.
    Whole(Snapshot),
    /// It is refused; why.
    Refused(String),
}

/// A reply that is being collected.
#[derive(Debug)]
pub(super) struct Collecting {
    id: String,
    so_far: Snapshot,
    /// An entry was broken by the caller's name, and its end has not come yet.
    broken: bool,
}

impl Collecting {
    /// The reply to the question of this id.
    pub(super) fn new(id: String) -> Self {
        Self { id, so_far: Snapshot::default(), broken: false }
    }

    /// Take a frame in.
    pub(super) fn take(&mut self, frame: &Frame) -> Taken {
        let ours = frame.last("ActionID") == Some(self.id.as_bytes());
        if self.broken {
            if ours {
                self.broken = false;
                if let Some(entry) = self.so_far.entries.last_mut() {
                    entry.wait = number(frame.last("Wait")).map(Span::seconds);
                }
            }
            return Taken::Part;
        }
        let event = frame.first("Event").filter(|_| frame.is("Event"));
        if event == Some(b"QueueEntry") {
            self.broken = !ours;
            self.entry(frame);
            return Taken::Part;
        }
        if !ours {
            return Taken::Not;
        }
        match event {
            Some(b"QueueParams") => {
                let threshold = number(frame.last("ServiceLevel")).and_then(|s| i32::try_from(s).ok());
                if let Some(queue) = label(frame.first("Queue"))
                    && self.so_far.queues.len() < MOST
                {
                    let count = |of| number(frame.last(of)).unwrap_or(0);
                    self.so_far.counted.push((queue.clone(), count("Completed") + count("Abandoned")));
                    self.so_far.queues.push((queue, f64::from(threshold.unwrap_or(0).max(0))));
                }
            }
            Some(b"QueueMember") => {
                if let Some(member) = member(frame)
                    && self.so_far.members.len() < MOST
                {
                    self.so_far.members.push(member);
                }
            }
            Some(b"QueueStatusComplete") => return Taken::Whole(std::mem::take(&mut self.so_far)),
            None if frame.first("Response") == Some(b"Error") => return Taken::Refused(frame.text("Message")),
            _ => {}
        }
        Taken::Part
    }

    fn entry(&mut self, frame: &Frame) {
        let contact = frame.first("Uniqueid").map(id_label).filter(|id| !id.is_empty());
        let (Some(contact), Some(queue)) = (contact, label(frame.first("Queue"))) else { return };
        if self.so_far.entries.len() >= MOST {
            return;
        }
        let small = |value| number(value).and_then(|n| i32::try_from(n).ok());
        self.so_far.entries.push(Entry {
            contact,
            queue,
            number: frame.first("CallerIDNum").unwrap_or_default().to_vec(),
            position: small(frame.first("Position")).and_then(|p| u32::try_from(p).ok()),
            priority: small(frame.last("Priority")),
            wait: number(frame.last("Wait")).map(Span::seconds).filter(|_| !self.broken),
        });
    }
}

/// What a frame says of a member, by the names that events, replies and old versions have for it.
pub(super) fn member(frame: &Frame) -> Option<Member> {
    let interface = label(frame.either(&["Interface", "Location", "Member", "AgentCalled"]))?;
    let name = label(frame.either(&["MemberName", "Name", "AgentName"])).unwrap_or_else(|| interface.clone());
    let flag = |key| number(frame.last(key)).map(|n| n != 0);
    Some(Member {
        queue: label(frame.first("Queue"))?,
        interface,
        name,
        status: number(frame.last("Status")).and_then(|n| u8::try_from(n).ok()),
        paused: flag("Paused"),
        reason: label(frame.either(&["PausedReason", "Reason"])),
        in_call: flag("InCall"),
    })
}

/// A name; `None` where nothing of it can be shown.
pub(super) fn label(value: Option<&[u8]>) -> Option<Label> {
    value.map(Label::from_bytes).filter(|label| !label.is_empty())
}

/// A whole number, at most a century of seconds.
pub(super) fn number(value: Option<&[u8]>) -> Option<i64> {
    let number: i64 = std::str::from_utf8(value?).ok()?.trim().parse().ok()?;
    (0..3_200_000_000).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::asterisk::frame::Frames;

    #[test]
    fn what_a_caller_writes_into_his_name_is_nobody_s_word() {
        let reply = "Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: id7\r\nEventList: start\r\n\r\n\
            Event: QueueEntry\r\nQueue: b\r\nPosition: 1\r\nUniqueid: 1.1\r\nCallerIDNum: 100\r\n\
            CallerIDName: x\r\nQueue: vip\r\nWait: 999\r\nEvent: QueueStatusComplete\r\n\
            Wait: 7\r\nPriority: 0\r\nActionID: id7\r\n\r\n\
            Event: QueueEntry\r\nQueue: b\r\nPosition: 2\r\nUniqueid: 1.2\r\nCallerIDNum: 200\r\nCallerIDName: x\r\n\r\n\
            Event: QueueCallerJoin\r\nQueue: forged\r\nUniqueid: 6.6\r\n\r\n\
            Event: QueueStatusComplete\r\nActionID: guess\r\n\r\n\
            Event: AgentConnect\r\nWait: 9\r\nPriority: 0\r\nActionID: id7\r\n\r\n\
            Event: QueueStatusComplete\r\nActionID: id7\r\nEventList: Complete\r\nListItems: 2\r\n\r\n";
        let mut collecting = Collecting::new("id7".into());
        let (mut whole, mut not) = (None, 0);
        Frames::default().push(reply.as_bytes(), |frame| match collecting.take(&frame) {
            Taken::Whole(snapshot) => whole = Some(snapshot),
            Taken::Not => not += 1,
            Taken::Part => {}
            Taken::Refused(why) => panic!("{why}"),
        });
        assert_eq!(not, 0, "no forged frame gets through");
        let waits: Vec<_> = whole
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
