//! One line of queue_log, split into fields, with the verb located.

use std::ops::Range;

use crate::clock::{Span, Time};
use crate::source::format::lines::is_printable;
use crate::source::format::queue_log::verb::Verb;

/// More fields than any verb has; any further ones stay together in the last.
const MAX_FIELDS: usize = 24;
/// Room for these and for those of the word that goes past them.
const FIELD_PLACES: usize = 32;

/// A longer name or id may have to be shortened.
pub(super) const MAX_PLAIN_BYTES: usize = 64;

/// The fields of a line, split at `|`.
#[derive(Clone, Debug)]
pub(super) struct LogFields<'a> {
    line: &'a [u8],
    /// The same as text, where the line is printable ASCII: nothing in it needs cleaning.
    plain: Option<&'a str>,
    /// Where each field begins in the line, and where one after the last would.
    starts: [u32; FIELD_PLACES],
    count: usize,
}

impl<'a> LogFields<'a> {
    /// Split a line (which may be known to be printable ASCII, then as `text`), eight bytes at a time: this is done for
    /// every line of months of logs.
    #[expect(clippy::cast_possible_truncation, reason = "a line is at most 64 KiB long")]
    pub(super) fn split(line: &'a [u8], text: Option<&'a str>) -> Self {
        let plain = text.or_else(|| if is_printable(line) { std::str::from_utf8(line).ok() } else { None });
        let mut fields = Self { line, plain, starts: [0; FIELD_PLACES], count: 1 };
        let (words, rest) = line.as_chunks::<8>();
        let (mut at, mut count) = (1, 1);
        let mut split = |word: u64| {
            let mut bars = if count < MAX_FIELDS { bytes_equal(word, b'|') } else { 0 };
            while bars != 0 {
                // Never out of range: a word has at most eight.
                if let Some(start) = fields.starts.get_mut(count % FIELD_PLACES) {
                    *start = at + bars.trailing_zeros() / 8;
                }
                count += 1;
                bars &= bars - 1;
            }
            at += 8;
        };
        for word in words {
            split(u64::from_le_bytes(*word));
        }
        split(last_word(line, rest));
        fields.count = count.min(MAX_FIELDS);
        if let Some(end) = fields.starts.get_mut(fields.count) {
            *end = line.len() as u32 + 1;
        }
        fields
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The field at `index`, from 0; empty if there is none.
    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        self.join(index, index + 1)
    }

    /// The fields `from..to` as one slice, with the `|` between them.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        self.line.get(self.range(from, to)).unwrap_or_default()
    }

    /// The fields `from..to` as text without spaces around it, where it needs no cleaning and no shortening.
    pub(super) fn plain(&self, from: usize, to: usize) -> Option<&'a str> {
        let text = self.plain?.get(self.range(from, to))?;
        let spaces = matches!(text.as_bytes(), [b' ', ..] | [.., b' ']);
        (!spaces && text.len() <= MAX_PLAIN_BYTES).then_some(text)
    }

    fn range(&self, from: usize, to: usize) -> Range<usize> {
        let to = to.min(self.count);
        match (self.starts.get(from), self.starts.get(to)) {
            (Some(start), Some(end)) if from < to => *start as usize..*end as usize - 1,
            _ => 0..0,
        }
    }
}

/// The last bytes of a line, of which there are fewer than eight, with spaces behind them.
pub(super) fn last_word(line: &[u8], rest: &[u8]) -> u64 {
    const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
    match line.last_chunk::<8>() {
        // Without a loop: the last eight bytes of the line are shifted until only these remain.
        Some(last) if !rest.is_empty() => {
            let bits = 8 * rest.len();
            u64::from_le_bytes(*last) >> (64 - bits) | SPACES << bits
        }
        _ => rest.iter().rev().fold(SPACES, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The highest bit of each byte of `word` that equals `byte`.
pub(super) const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const LOW_BITS: u64 = u64::from_le_bytes([0x7f; 8]);
    let differs = word ^ u64::from_le_bytes([byte; 8]);
    !((differs & LOW_BITS).wrapping_add(LOW_BITS) | differs | LOW_BITS)
}

/// A name as it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoggedName<'a> {
    /// It needs no cleaning.
    Plain(&'a str),
    /// It may need it.
    Raw(&'a [u8]),
}

impl<'a> LoggedName<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Plain(text) => text.as_bytes(),
            Self::Raw(bytes) => bytes,
        }
    }

    pub(super) fn is_nobody(self) -> bool {
        matches!(self.bytes(), [] | b"NONE")
    }
}

/// The parts of a line. A queue's or agent's name that contains `|` is whole again.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogEntry<'a> {
    /// The fields of the queue's name and of the agent's: the first, and the one after the last.
    queue: (usize, usize),
    agent: (usize, usize),
    pub(super) verb: Verb,
    /// The verb as written.
    pub(super) word: &'a [u8],
    pub(super) fields: &'a LogFields<'a>,
    /// The index of the first data field, and of the one after the last.
    first: usize,
    end: usize,
}

impl<'a> LogEntry<'a> {
    /// Locate the verb: the fifth field, unless a `|` in the queue's or agent's name has moved it.
    pub(super) fn find(fields: &'a LogFields<'a>, lookup: impl Fn(&[u8]) -> Option<Verb>) -> Self {
        let word = fields.get(4);
        let at = |index: usize, verb: Verb| {
            // With NONE as the agent, the `|` belongs to the queue's name.
            let (queue, agent) = if index > 4 && fields.get(index - 1) == b"NONE" {
                ((2, index - 1), (index - 1, index))
            } else {
                ((2, 3), (3, index))
            };
            let first = index + 1;
            let mut end = fields.count();
            // Some programs write a bar too many after a text.
            while matches!(verb, Verb::Custom(_) | Verb::Pause) && end > first && fields.get(end - 1).is_empty() {
                end -= 1;
            }
            LogEntry { queue, agent, verb, word: fields.get(index), fields, first, end }
        };
        if let Some(verb) = lookup(word) {
            return at(4, verb);
        }
        if fields.get(3) != b"NONE" {
            for index in 5..fields.count() {
                if let Some(verb) = lookup(fields.get(index)) {
                    let found = at(index, verb);
                    if found.is_likely() {
                        return found;
                    }
                }
            }
        }
        at(4, Verb::Unknown)
    }

    /// Whether the data fit the verb. Only checked for a verb after the fifth field, where the word could be part of
    /// someone's note.
    fn is_likely(&self) -> bool {
        match self.verb {
            Verb::Connect
            | Verb::Abandon
            | Verb::CompleteCaller
            | Verb::CompleteAgent
            | Verb::RingNoAnswer
            | Verb::RingCanceled
            | Verb::ExitEmpty
            | Verb::ExitWithTimeout
            | Verb::Withdraw
            | Verb::WrapUpStart => seconds(self.data(0)).is_some(),
            Verb::BlindTransfer | Verb::AttendedTransfer => seconds(self.data_from_end(2)).is_some(),
            Verb::EnterQueue | Verb::ExitWithKey => self.data_count() >= 2,
            Verb::Unknown => false,
            Verb::Refused(_) => self.agent().bytes() == b"NONE",
            _ => true,
        }
    }

    /// The queue's name.
    pub(super) fn queue(&self) -> LoggedName<'a> {
        self.name(self.queue)
    }

    /// The agent's name.
    pub(super) fn agent(&self) -> LoggedName<'a> {
        self.name(self.agent)
    }

    fn name(&self, (from, to): (usize, usize)) -> LoggedName<'a> {
        match self.fields.plain(from, to) {
            Some(text) => LoggedName::Plain(text),
            None => LoggedName::Raw(self.fields.join(from, to).trim_ascii()),
        }
    }

    /// Whether its meaning depends on lines before it, or that of a later one on it: an agent leaves the last of several
    /// queues, a restart ends the pauses, or a call leaves an empty queue once more.
    pub(super) fn needs_memory(&self) -> bool {
        match self.verb {
            Verb::AddMember
            | Verb::RemoveMember
            | Verb::LogIn
            | Verb::LogOff
            | Verb::Pause
            | Verb::Unpause
            | Verb::QueueStart
            | Verb::ExitEmpty => true,
            Verb::Refused(_) => self.word == b"LEAVEEMPTY",
            _ => false,
        }
    }

    /// The number of data fields after the verb.
    pub(super) const fn data_count(&self) -> usize {
        self.end.saturating_sub(self.first)
    }

    /// The data field at `index`, from 0; empty if there is none.
    pub(super) fn data(&self, index: usize) -> &'a [u8] {
        self.fields.get(self.first + index)
    }

    /// The data field at `index` from the end, from 1; empty if there is none.
    pub(super) fn data_from_end(&self, index: usize) -> &'a [u8] {
        match self.end.checked_sub(index) {
            Some(index) if index >= self.first => self.fields.get(index),
            _ => &[],
        }
    }

    /// The data fields `from..to` as one name.
    pub(super) fn data_name(&self, from: usize, to: usize) -> LoggedName<'a> {
        self.name((self.first + from, self.first.saturating_add(to).min(self.end)))
    }

    /// The data fields `from..to` as one slice.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        self.fields.join(self.first + from, self.first.saturating_add(to).min(self.end))
    }

    /// All data fields as one slice, trimmed.
    pub(super) fn text(&self) -> &'a [u8] {
        self.join(0, usize::MAX).trim_ascii()
    }
}

/// An unsigned whole number of at most 18 digits.
#[inline]
pub(super) fn integer(field: &[u8]) -> Option<u64> {
    digits(field).or_else(|| digits(field.trim_ascii()))
}

#[inline]
fn digits(field: &[u8]) -> Option<u64> {
    if field.is_empty() || field.len() > 18 {
        return None;
    }
    field.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + u64::from(digit))
    })
}

/// A duration in whole seconds below ten years; `None` for anything else, including the negative values that a clock
/// that was set back produces.
pub(super) fn seconds(field: &[u8]) -> Option<Span> {
    integer(field).filter(|&s| s < 315_360_000).and_then(|s| i64::try_from(s).ok()).map(Span::seconds)
}

/// A duration in whole milliseconds below ten years.
pub(super) fn milliseconds(field: &[u8]) -> Option<Span> {
    integer(field).filter(|&ms| ms < 315_360_000_000).and_then(|ms| i64::try_from(ms * 1000).ok()).map(Span)
}

/// Unix seconds with an optional fraction, of which six digits are used.
#[inline]
pub(super) fn epoch(field: &[u8]) -> Option<Time> {
    // What nearly every line begins with: ten digits.
    if let Ok(&[a, b, c, d, e, f, g, h, tens @ b'0'..=b'9', ones @ b'0'..=b'9']) = <&[u8; 10]>::try_from(field)
        && let Some(hundreds) = eight_digits([a, b, c, d, e, f, g, h])
    {
        return Some(Time::from_unix(hundreds * 100 + i64::from(tens - b'0') * 10 + i64::from(ones - b'0')));
    }
    precise_epoch(field.trim_ascii())
}

/// The same for a number that is not ten digits.
fn precise_epoch(field: &[u8]) -> Option<Time> {
    let (whole, fraction) = match field.iter().position(|&b| b == b'.') {
        Some(at) => (field.get(..at)?, field.get(at + 1..)?),
        None => (field, [].as_slice()),
    };
    if whole.len() > 12 {
        return None;
    }
    let mut micros = 0;
    let mut step = 100_000;
    for byte in fraction {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        micros += i64::from(digit) * step;
        step /= 10;
    }
    let whole = i64::try_from(integer(whole)?).ok()?;
    Some(Time(whole * 1_000_000 + micros))
}

/// The number that eight digits are: pairs are joined, then pairs of pairs, all in one word.
fn eight_digits(digits: [u8; 8]) -> Option<i64> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const HIGH_HALVES: u64 = u64::from_le_bytes([0xf0; 8]);
    let word = u64::from_le_bytes(digits);
    let above_nine = word.wrapping_add(u64::from_le_bytes([6; 8]));
    if word & HIGH_HALVES != ZEROS || above_nine & HIGH_HALVES != ZEROS {
        return None;
    }
    let ones = word - ZEROS;
    let pairs = (ones.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    i64::try_from(fours.wrapping_mul(1 + (10_000 << 32)) >> 32).ok()
}

/// A finite number.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A yes or no in one of the usual spellings; `None` for any other word.
pub(super) fn yes_or_no(word: &[u8]) -> Option<bool> {
    let word = word.trim_ascii();
    let is_one_of = |words: &[&str]| words.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    if is_one_of(&["yes", "y", "true", "1", "resolved", "solved"]) {
        Some(true)
    } else if is_one_of(&["no", "n", "false", "0", "unresolved", "unsolved"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str) -> LogEntry<'_> {
        LogEntry::find(Box::leak(Box::new(LogFields::split(line.as_bytes(), None))), Verb::parse)
    }

    #[test]
    fn numbers_are_read_strictly() {
        assert_eq!(integer(b"0042"), Some(42));
        for wrong in ["", "-1", "1.5", "99999999999999999999", "x"] {
            assert_eq!(integer(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(epoch(b"1795430755"), Some(Time::from_unix(1_795_430_755)));
        assert_eq!(epoch(b"1795430755.25"), Some(Time(1_795_430_755_250_000)));
        assert_eq!(epoch(b"1795430755.1234567"), Some(Time(1_795_430_755_123_456)));
        for wrong in ["2026-03-02 09:00:00", "179543075*", "1795/30755", "17954:0755", "1795430\u{fa}5"] {
            assert_eq!(epoch(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_bar_in_a_name_moves_the_verb() {
        let entry = find("1|2.3|q|pipe|name|CONNECT|10|4.5|1");
        assert_eq!(
            (entry.verb, entry.agent().bytes(), entry.data(0)),
            (Verb::Connect, b"pipe|name".as_slice(), b"10".as_slice())
        );
        let entry = find("1|2.3|left|right|NONE|ENTERQUEUE||100|1");
        assert_eq!(
            (entry.verb, entry.queue().bytes(), entry.agent().bytes()),
            (Verb::EnterQueue, b"left|right".as_slice(), b"NONE".as_slice())
        );
    }

    #[test]
    fn a_verb_in_the_data_of_another_line_is_not_the_verb() {
        assert_eq!(find("1|2.3|q|NONE|INFO|REFUSED|FULL").verb, Verb::Ignored);
        assert_eq!(find("1|2.3|q|NONE|NOTE|FULL|CONNECT").verb, Verb::Unknown);
        assert_eq!(find("1|2.3|q|Ann|NOTE|CONNECT|later").verb, Verb::Unknown);
    }

    proptest::proptest! {
        #[test]
        fn fields_are_what_splitting_gives(line in "[|a-c\u{7b}-\u{7e}\u{fc}]{0,90}") {
            let expected: Vec<&[u8]> = line.as_bytes().splitn(MAX_FIELDS, |&b| b == b'|').collect();
            let fields = LogFields::split(line.as_bytes(), None);
            let found: Vec<&[u8]> = (0..fields.count()).map(|index| fields.get(index)).collect();
            proptest::prop_assert_eq!(found, expected);
        }

        #[test]
        fn times_are_what_parsing_the_number_gives(seconds in 0_i64..100_000_000_000) {
            proptest::prop_assert_eq!(epoch(seconds.to_string().as_bytes()), Some(Time::from_unix(seconds)));
        }
    }

    #[test]
    fn more_fields_than_any_verb_has_stay_together() {
        let line = format!("1|2.3|q|Ann|PAUSE{}", "|x".repeat(100));
        assert_eq!(find(&line).text().len(), 199);
    }
}
