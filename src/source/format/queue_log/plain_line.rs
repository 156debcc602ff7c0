//! Plain lines: of a call, in printable ASCII, with one of the commonest verbs and nothing odd in any field. Nearly all
//! lines of a log are. They are read in place and say the same as when they are read with care.

use std::ops::Range;

use crate::event::{EndedBy, PlainEvent, PlainStep};
use crate::source::format::lines::is_printable;
use crate::source::format::queue_log::fields::{
    MAX_PLAIN_BYTES, bytes_equal, epoch, integer, last_word, milliseconds, seconds,
};
use crate::text::{Label, PlainName};

/// The fields of a line, which are taken one after another.
struct PlainFields<'a> {
    text: &'a str,
    /// Where the next field begins; past the end of the text where there is none.
    start: usize,
    /// Where the eight bytes are that were looked at last, and in which of them bars are still to be taken.
    at: usize,
    bars: u64,
}

impl<'a> PlainFields<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, start: 0, at: 0, bars: bars(text.as_bytes(), 0) }
    }

    /// Where the next field is; behind the text if there is none.
    #[inline]
    fn range(&mut self) -> Range<usize> {
        let bytes = self.text.as_bytes();
        while self.bars == 0 && self.at < bytes.len() {
            self.at += 8;
            self.bars = bars(bytes, self.at);
        }
        let end = (self.at + self.bars.trailing_zeros() as usize / 8).min(bytes.len());
        self.bars &= self.bars.wrapping_sub(1);
        let start = std::mem::replace(&mut self.start, end + 1);
        start..end
    }

    /// The next field; empty if there is none.
    #[inline]
    fn next(&mut self) -> &'a [u8] {
        let range = self.range();
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    /// The name in a range, if it needs no cleaning and no shortening.
    #[inline]
    fn name(&self, range: Range<usize>) -> Option<PlainName<'a>> {
        let name = self.text.get(range)?;
        let is_odd = matches!(name.as_bytes(), [] | [b' ', ..] | [.., b' '] | b"NONE");
        (!is_odd && name.len() <= MAX_PLAIN_BYTES).then(|| PlainName::new(name))
    }

    /// Whether the field taken last was the last one.
    const fn have_just_ended(&self) -> bool {
        self.start == self.text.len() + 1
    }
}

/// In which of the eight bytes from `at` on bars are, as [`bytes_equal`] tells.
#[inline]
fn bars(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    let word = rest.first_chunk::<8>().map_or_else(|| last_word(bytes, rest), |word| u64::from_le_bytes(*word));
    bytes_equal(word, b'|')
}

/// Read a line, which may be known to be printable ASCII, then as `text`. `None` if it is not plain.
pub(super) fn read<'a>(line: &'a [u8], text: Option<&'a str>, origin: &'a Label) -> Option<PlainEvent<'a>> {
    let text = match text {
        Some(text) => text,
        None if is_printable(line) => std::str::from_utf8(line).ok()?,
        None => return None,
    };
    let mut fields = PlainFields::new(text);
    let mut ranges = [const { 0..0 }; 5];
    ranges.iter_mut().for_each(|range| *range = fields.range());
    let [time, contact, queue, agent, verb] = ranges;
    let at = epoch(text.as_bytes().get(time)?)?;
    let (contact, queue) = (fields.name(contact)?, fields.name(queue)?);
    // Not all verbs are about one.
    let agent = fields.name(agent);
    let step = match text.as_bytes().get(verb)? {
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

fn completed<'a>(agent: PlainName<'a>, ended_by: EndedBy, fields: &mut PlainFields<'a>) -> PlainStep<'a> {
    fields.next();
    PlainStep::Completed { agent, ended_by, talk: seconds(fields.next()) }
}

/// The caller's number; the outer `None` if it is to be read with care.
#[expect(clippy::option_option, reason = "a number may be missing, and it may be an odd one")]
fn customer<'a>(fields: &mut PlainFields<'a>) -> Option<Option<PlainName<'a>>> {
    let range = fields.range();
    match fields.text.as_bytes().get(range.clone())? {
        [] => Some(None),
        [b'+' | b'1'..=b'9', ..] => fields.name(range).map(Some),
        _ => None,
    }
}

fn position(field: &[u8]) -> Option<u32> {
    integer(field).and_then(|position| u32::try_from(position).ok())
}
