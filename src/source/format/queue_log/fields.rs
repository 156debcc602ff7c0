//! One line of queue_log, split into fields, with the verb located.

use crate::clock::{Span, Time};
use crate::source::format::queue_log::verb::Verb;

/// More fields than any verb has; any further ones stay together in the last.
const MAX_FIELDS: usize = 24;

/// The fields of a line, split at `|`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogFields<'a> {
    line: &'a [u8],
    /// Where each field begins in the line.
    starts: [u32; MAX_FIELDS],
    count: usize,
}

impl<'a> LogFields<'a> {
    pub(super) fn split(line: &'a [u8]) -> Self {
        let mut fields = Self { line, starts: [0; MAX_FIELDS], count: 1 };
        for at in memchr::memchr_iter(b'|', line) {
            let Some(start) = fields.starts.get_mut(fields.count) else { break };
            #[expect(clippy::cast_possible_truncation, reason = "a line is at most 64 KiB long")]
            {
                *start = at as u32 + 1;
            }
            fields.count += 1;
        }
        fields
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    fn start(&self, index: usize) -> usize {
        self.starts.get(index).map_or(self.line.len(), |&start| start as usize)
    }

    /// The field at `index`, from 0; empty if there is none.
    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        self.join(index, index + 1)
    }

    /// The fields `from..to` as one slice, with the `|` between them.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        let to = to.min(self.count);
        if from >= to {
            return &[];
        }
        let end = if to == self.count { self.line.len() } else { self.start(to) - 1 };
        self.line.get(self.start(from)..end).unwrap_or_default()
    }
}

/// The parts of a line. A queue's or agent's name that contains `|` is whole again.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogEntry<'a> {
    pub(super) queue: &'a [u8],
    pub(super) agent: &'a [u8],
    pub(super) verb: Verb,
    /// The verb as written.
    pub(super) word: &'a [u8],
    fields: LogFields<'a>,
    first: usize,
}

impl<'a> LogEntry<'a> {
    /// Locate the verb: the fifth field, unless a `|` in the queue's or agent's name has moved it.
    pub(super) fn find(fields: LogFields<'a>, lookup: impl Fn(&[u8]) -> Option<Verb>) -> Self {
        let word = fields.get(4);
        let at = |index: usize, verb: Verb| {
            // With NONE as the agent, the `|` belongs to the queue's name.
            let (queue, agent) = if index > 4 && fields.get(index - 1) == b"NONE" {
                (fields.join(2, index - 1), fields.get(index - 1))
            } else {
                (fields.get(2), fields.join(3, index))
            };
            LogEntry { queue, agent, verb, word: fields.get(index), fields, first: index + 1 }
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
            Verb::Refused(_) => self.agent == b"NONE",
            _ => true,
        }
    }

    /// The number of data fields after the verb.
    pub(super) const fn data_count(&self) -> usize {
        self.fields.count().saturating_sub(self.first)
    }

    /// The data field at `index`, from 0; empty if there is none.
    pub(super) fn data(&self, index: usize) -> &'a [u8] {
        self.fields.get(self.first + index)
    }

    /// The data field at `index` from the end, from 1; empty if there is none.
    pub(super) fn data_from_end(&self, index: usize) -> &'a [u8] {
        match self.fields.count().checked_sub(index) {
            Some(index) if index >= self.first => self.fields.get(index),
            _ => &[],
        }
    }

    /// The data fields `from..to` as one slice.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        self.fields.join(self.first + from, self.first.saturating_add(to))
    }

    /// All data fields as one slice, trimmed.
    pub(super) fn text(&self) -> &'a [u8] {
        self.join(0, usize::MAX).trim_ascii()
    }
}

/// An unsigned whole number of at most 18 digits.
pub(super) fn integer(field: &[u8]) -> Option<u64> {
    let field = field.trim_ascii();
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
pub(super) fn epoch(field: &[u8]) -> Option<Time> {
    let field = field.trim_ascii();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str) -> LogEntry<'_> {
        LogEntry::find(LogFields::split(line.as_bytes()), Verb::parse)
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
        assert_eq!(epoch(b"2026-03-02 09:00:00"), None);
    }

    #[test]
    fn a_bar_in_a_name_moves_the_verb() {
        let entry = find("1|2.3|q|pipe|name|CONNECT|10|4.5|1");
        assert_eq!(
            (entry.verb, entry.agent, entry.data(0)),
            (Verb::Connect, b"pipe|name".as_slice(), b"10".as_slice())
        );
        let entry = find("1|2.3|left|right|NONE|ENTERQUEUE||100|1");
        assert_eq!(
            (entry.verb, entry.queue, entry.agent),
            (Verb::EnterQueue, b"left|right".as_slice(), b"NONE".as_slice())
        );
    }

    #[test]
    fn a_verb_in_the_data_of_another_line_is_not_the_verb() {
        assert_eq!(find("1|2.3|q|NONE|INFO|REFUSED|FULL").verb, Verb::Ignored);
        assert_eq!(find("1|2.3|q|NONE|NOTE|FULL|CONNECT").verb, Verb::Unknown);
        assert_eq!(find("1|2.3|q|Ann|NOTE|CONNECT|later").verb, Verb::Unknown);
    }

    #[test]
    fn more_fields_than_any_verb_has_stay_together() {
        let line = format!("1|2.3|q|Ann|PAUSE{}", "|x".repeat(100));
        assert_eq!(find(&line).text().len(), 199);
    }
}
