//! Plain lines: of a call, in printable ASCII, with one of the commonest verbs and nothing odd in any field. Nearly all
//! lines of a log are. They are read in place and say the same as when they are read with care.

use std::ops::Range;

use crate::event::{EndedBy, PlainEvent, PlainStep};
use crate::source::format::lines::is_printable;
use crate::source::format::queue_log::fields::{
    MAX_PLAIN_BYTES, bytes_equal, epoch, integer, last_word, milliseconds, seconds,
};
use crate::text::{Label, PlainName};

/// The fields of a plain line end at so many bars at most.
const MAX_BARS: usize = 8;

/// The fields of a line, which are taken one after another.
struct PlainFields<'a> {
    text: &'a str,
    /// Where the fields end; those that are missing, at the end of the line.
    ends: [u32; MAX_BARS + 1],
    /// Where the next field begins, and its place among them.
    start: usize,
    place: usize,
}

impl<'a> PlainFields<'a> {
    /// `None` if there are more than a plain line has.
    #[expect(clippy::cast_possible_truncation, reason = "a line is at most 64 KiB long")]
    #[inline]
    fn split(text: &'a str) -> Option<Self> {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let (mut ends, mut count) = ([text.len() as u32; MAX_BARS + 1], 0);
        let mut split = |at: u32, word: u64| {
            let mut found = bytes_equal(word, b'|');
            while found != 0 {
                *ends.get_mut(count).filter(|_| count < MAX_BARS)? = at + found.trailing_zeros() / 8;
                count += 1;
                found &= found - 1;
            }
            Some(())
        };
        for (at, word) in (0..).step_by(8).zip(words) {
            split(at, u64::from_le_bytes(*word))?;
        }
        split(8 * words.len() as u32, last_word(text.as_bytes(), rest))?;
        Some(Self { text, ends, start: 0, place: 0 })
    }

    /// Where the next field is; behind the text if there is none.
    #[inline]
    fn range(&mut self) -> Range<usize> {
        let end = self.ends.get(self.place).map_or(self.text.len(), |end| *end as usize);
        self.place += 1;
        let start = std::mem::replace(&mut self.start, end + 1);
        start..end
    }

    /// The next field; empty if there is none.
    #[inline]
    fn next(&mut self) -> &'a [u8] {
        let range = self.range();
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    /// The same, if it is a name that needs no cleaning and no shortening.
    #[inline]
    fn name(&mut self) -> Option<PlainName<'a>> {
        let range = self.range();
        let name = self.text.get(range)?;
        let is_odd = matches!(name.as_bytes(), [] | [b' ', ..] | [.., b' '] | b"NONE");
        (!is_odd && name.len() <= MAX_PLAIN_BYTES).then(|| PlainName::new(name))
    }

    /// Whether the field taken last was the last one.
    const fn have_just_ended(&self) -> bool {
        self.start == self.text.len() + 1
    }
}

/// Read a line, which may be known to be printable ASCII, then as `text`. `None` if it is not plain.
pub(super) fn read<'a>(line: &'a [u8], text: Option<&'a str>, origin: &'a Label) -> Option<PlainEvent<'a>> {
    let text = match text {
        Some(text) => text,
        None if is_printable(line) => std::str::from_utf8(line).ok()?,
        None => return None,
    };
    let mut fields = PlainFields::split(text)?;
    let at = epoch(fields.next())?;
    let (contact, queue) = (fields.name()?, fields.name()?);
    // Not all verbs are about one.
    let agent = fields.name();
    let step = match fields.next() {
        b"CONNECT" => PlainStep::Answered { agent: agent?, wait: seconds(fields.next()) },
        b"COMPLETECALLER" => completed(agent?, EndedBy::Customer, &mut fields),
        b"COMPLETEAGENT" => completed(agent?, EndedBy::Agent, &mut fields),
        b"ENTERQUEUE" => {
            fields.next();
            let customer = customer(&mut fields)?;
            let position = position(fields.next()).filter(|position| *position > 0);
            // With more fields, one of them has a bar in it, or there is the caller's name.
            if !fields.have_just_ended() {
                return None;
            }
            PlainStep::Offered { customer, position }
        }
        b"ABANDON" => {
            let position = position(fields.next());
            fields.next();
            PlainStep::Abandoned { wait: seconds(fields.next()), position }
        }
        b"RINGNOANSWER" => PlainStep::RingNoAnswer { agent: agent?, ring: milliseconds(fields.next()) },
        _ => return None,
    };
    Some(PlainEvent { at, origin, contact, queue, step })
}

fn completed<'a>(agent: PlainName<'a>, ended_by: EndedBy, fields: &mut PlainFields<'a>) -> PlainStep<PlainName<'a>> {
    fields.next();
    PlainStep::Completed { agent, ended_by, talk: seconds(fields.next()) }
}

/// The caller's number; the outer `None` if it is to be read with care.
#[expect(clippy::option_option, reason = "a number may be missing, and it may be an odd one")]
fn customer<'a>(fields: &mut PlainFields<'a>) -> Option<Option<PlainName<'a>>> {
    match fields.text.as_bytes().get(fields.start..)? {
        [] | [b'|', ..] => {
            fields.next();
            Some(None)
        }
        [b'+' | b'1'..=b'9', ..] => fields.name().map(Some),
        _ => None,
    }
}

fn position(field: &[u8]) -> Option<u32> {
    integer(field).and_then(|position| u32::try_from(position).ok())
}
