//! Plain lines: of a call, in printable ASCII, with one of the commonest verbs and nothing odd in any field. Nearly all
//! lines of a log are. They are read in place and say the same as when they are read with care.

use std::ops::Range;

use crate::clock::{Span, Time};
use crate::event::{Channel, EndedBy, Event, EventKind, Offer, Step};
use crate::source::format::lines::is_printable;
use crate::source::format::queue_log::fields::{
    MAX_PLAIN_BYTES, bytes_equal, epoch, integer, last_word, milliseconds, seconds,
};

/// The fields of a plain line end at so many bars at most.
const MAX_BARS: usize = 8;

/// A plain line.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainLine<'a> {
    pub(super) at: Time,
    contact: &'a str,
    queue: &'a str,
    verb: PlainVerb<'a>,
}

/// What happened, with the agent.
#[derive(Clone, Copy, Debug)]
enum PlainVerb<'a> {
    EnterQueue { customer: Option<&'a str>, position: Option<u32> },
    Connect { agent: &'a str, wait: Option<Span> },
    Complete { agent: &'a str, by: EndedBy, talk: Option<Span> },
    Abandon { wait: Option<Span>, position: Option<u32> },
    RingNoAnswer { agent: &'a str, ring: Option<Span> },
}

/// The fields of a line.
struct PlainFields<'a> {
    text: &'a str,
    bars: [u32; MAX_BARS],
    count: usize,
}

impl<'a> PlainFields<'a> {
    /// `None` if there are more than a plain line has.
    #[expect(clippy::cast_possible_truncation, reason = "a line is at most 64 KiB long")]
    fn split(text: &'a str) -> Option<Self> {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        // Those that are missing end at the end of the line.
        let (mut bars, mut count) = ([text.len() as u32; MAX_BARS], 0);
        let mut split = |at: u32, word: u64| {
            let mut found = bytes_equal(word, b'|');
            while found != 0 {
                *bars.get_mut(count)? = at + found.trailing_zeros() / 8;
                count += 1;
                found &= found - 1;
            }
            Some(())
        };
        for (at, word) in (0..).step_by(8).zip(words) {
            split(at, u64::from_le_bytes(*word))?;
        }
        split(8 * words.len() as u32, last_word(text.as_bytes(), rest))?;
        Some(Self { text, bars, count: count + 1 })
    }

    /// Where the field at `index` is, from 0.
    fn range(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.bars.get(before).map(|bar| *bar as usize + 1));
        let end = self.bars.get(index).map_or(self.text.len(), |bar| *bar as usize);
        start.map_or(0..0, |start| start..end)
    }

    /// The field at `index`; empty if there is none.
    fn get(&self, index: usize) -> &'a [u8] {
        self.text.as_bytes().get(self.range(index)).unwrap_or_default()
    }

    /// The same, if it is a name that needs no cleaning and no shortening.
    fn name(&self, index: usize) -> Option<&'a str> {
        let name = self.text.get(self.range(index))?;
        let is_odd = matches!(name.as_bytes(), [] | [b' ', ..] | [.., b' '] | b"NONE");
        (!is_odd && name.len() <= MAX_PLAIN_BYTES).then_some(name)
    }

    /// The data field at `index`, from 0.
    fn data(&self, index: usize) -> &'a [u8] {
        self.get(5 + index)
    }
}

impl<'a> PlainLine<'a> {
    /// Read a line, which may be known to be printable ASCII, then as `text`. `None` if it is not plain.
    pub(super) fn read(line: &'a [u8], text: Option<&'a str>) -> Option<Self> {
        let text = match text {
            Some(text) => text,
            None if is_printable(line) => std::str::from_utf8(line).ok()?,
            None => return None,
        };
        let fields = PlainFields::split(text)?;
        let verb = match fields.get(4) {
            b"CONNECT" => PlainVerb::Connect { agent: fields.name(3)?, wait: seconds(fields.data(0)) },
            b"COMPLETECALLER" => Self::complete(&fields, EndedBy::Customer)?,
            b"COMPLETEAGENT" => Self::complete(&fields, EndedBy::Agent)?,
            // With more fields, one of them has a bar in it, or there is the caller's name.
            b"ENTERQUEUE" if fields.count == 8 => PlainVerb::EnterQueue {
                customer: customer(&fields)?,
                position: position(fields.data(2)).filter(|position| *position > 0),
            },
            b"ABANDON" => PlainVerb::Abandon { wait: seconds(fields.data(2)), position: position(fields.data(0)) },
            b"RINGNOANSWER" => PlainVerb::RingNoAnswer { agent: fields.name(3)?, ring: milliseconds(fields.data(0)) },
            _ => return None,
        };
        let at = epoch(fields.get(0))?;
        Some(Self { at, contact: fields.name(1)?, queue: fields.name(2)?, verb })
    }

    fn complete(fields: &PlainFields<'a>, by: EndedBy) -> Option<PlainVerb<'a>> {
        Some(PlainVerb::Complete { agent: fields.name(3)?, by, talk: seconds(fields.data(1)) })
    }

    /// The agent whom the call rings or reaches.
    pub(super) const fn called(&self) -> Option<&'a str> {
        match self.verb {
            PlainVerb::Connect { agent, .. } | PlainVerb::RingNoAnswer { agent, .. } => Some(agent),
            PlainVerb::EnterQueue { .. } | PlainVerb::Complete { .. } | PlainVerb::Abandon { .. } => None,
        }
    }

    /// Its event, with the names that `name` makes.
    pub(super) fn event<N: Clone>(&self, origin: N, name: impl Fn(&'a str) -> N) -> Event<N> {
        let queue = name(self.queue);
        let step = match self.verb {
            PlainVerb::EnterQueue { customer, position } => Step::Offered(Offer {
                customer: customer.map(&name),
                position,
                ..Offer::new(queue.clone(), Channel::Voice)
            }),
            PlainVerb::Connect { agent, wait } => Step::Answered { agent: name(agent), wait },
            PlainVerb::Complete { agent, by, talk } => {
                Step::Completed { agent: Some(name(agent)), ended_by: Some(by), talk, hold: None }
            }
            PlainVerb::Abandon { wait, position } => Step::Abandoned { wait, position },
            PlainVerb::RingNoAnswer { agent, ring } => Step::RingNoAnswer { agent: name(agent), ring },
        };
        let kind = EventKind::Contact { contact: name(self.contact), queue: Some(queue), step };
        Event { at: self.at, origin, id: None, kind }
    }
}

/// The caller's number; the outer `None` if it is to be read with care.
#[expect(clippy::option_option, reason = "a number may be missing, and it may be an odd one")]
fn customer<'a>(fields: &PlainFields<'a>) -> Option<Option<&'a str>> {
    if fields.get(6).is_empty() {
        return Some(None);
    }
    let number = fields.name(6)?;
    let is_number = matches!(number.as_bytes(), [b'+' | b'1'..=b'9', ..]);
    is_number.then_some(Some(number))
}

fn position(field: &[u8]) -> Option<u32> {
    integer(field).and_then(|position| u32::try_from(position).ok())
}
