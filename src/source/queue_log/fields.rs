//! One line of queue_log, split into its fields.

use crate::clock::{Span, Time};
use crate::source::queue_log::verb::Verb;

/// More fields than any verb has; what comes after stays together in the last.
const MOST: usize = 24;

/// A line split at `|`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogFields<'a> {
    line: &'a [u8],
    /// Where each field begins in the line.
    starts: [u32; MOST],
    count: usize,
}

impl<'a> LogFields<'a> {
    pub(super) fn split(line: &'a [u8]) -> Self {
        let mut fields = Self { line, starts: [0; MOST], count: 1 };
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

    /// The field at `index`; empty where there is none.
    pub(super) fn get(&self, index: usize) -> &'a [u8] {
        self.join(index, index + 1)
    }

    /// The fields `from..to` as one, with the `|` between them.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        let to = to.min(self.count);
        if from >= to {
            return &[];
        }
        let end = if to == self.count { self.line.len() } else { self.start(to) - 1 };
        self.line.get(self.start(from)..end).unwrap_or_default()
    }
}

/// Where the entry of a line stand, once a name with `|` in it is put together again.
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
    /// Find the verb: the fifth field, unless a `|` in the queue's or agent's name moved it.
    pub(super) fn find(fields: LogFields<'a>, lookup: impl Fn(&[u8]) -> Option<Verb>) -> Self {
        let word = fields.get(4);
        let at = |index: usize, verb: Verb| {
            // The agent of a line about a caller who is still waiting is NONE: then the queue's name was broken.
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

    /// Whether what follows a verb found further on is what that verb has, so that a word in somebody's note
    /// isn't taken for one.
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
            Verb::BlindTransfer | Verb::AttendedTransfer => seconds(self.back(2)).is_some(),
            Verb::EnterQueue | Verb::ExitWithKey => self.data_count() >= 2,
            Verb::Unknown => false,
            Verb::Refused(_) => self.agent == b"NONE",
            _ => true,
        }
    }

    /// How many data fields there are after the verb.
    pub(super) const fn data_count(&self) -> usize {
        self.fields.count().saturating_sub(self.first)
    }

    /// The data field at `index`, from 0; empty where there is none.
    pub(super) fn data(&self, index: usize) -> &'a [u8] {
        self.fields.get(self.first + index)
    }

    /// The data field so many from the end, from 1.
    pub(super) fn back(&self, places: usize) -> &'a [u8] {
        match self.fields.count().checked_sub(places) {
            Some(index) if index >= self.first => self.fields.get(index),
            _ => &[],
        }
    }

    /// The data fields `from..to` as one.
    pub(super) fn join(&self, from: usize, to: usize) -> &'a [u8] {
        self.fields.join(self.first + from, self.first.saturating_add(to))
    }

    /// All data fields as one.
    pub(super) fn text(&self) -> &'a [u8] {
        self.join(0, usize::MAX).trim_ascii()
    }
}

/// An unsigned whole number, as queue_log writes it.
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

/// A length of time in seconds, at most ten years; `None` where the field is something else, negative values
/// included (a clock that was set back).
pub(super) fn seconds(field: &[u8]) -> Option<Span> {
    integer(field).filter(|&s| s < 315_360_000).and_then(|s| i64::try_from(s).ok()).map(Span::seconds)
}

/// A length of time in milliseconds.
pub(super) fn milliseconds(field: &[u8]) -> Option<Span> {
    integer(field).filter(|&ms| ms < 315_360_000_000).and_then(|ms| i64::try_from(ms * 1000).ok()).map(Span)
}

/// Unix seconds, with a fraction of up to six digits that count.
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
    fn a_bar_in_the_agents_name_moves_the_verb() {
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
    fn a_verb_in_a_note_is_no_verb() {
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
