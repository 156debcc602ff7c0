//! Parses header lines, `Name: value`, as the event socket (ESL) writes them.

use std::borrow::Cow;

use crate::text::Label;

/// A block of header lines, up to the first empty line. Names are compared without regard to case.
#[derive(Clone, Copy, Debug)]
pub(super) struct EslHeaders<'a>(&'a [u8]);

impl<'a> EslHeaders<'a> {
    pub(super) const fn new(block: &'a [u8]) -> Self {
        Self(block)
    }

    /// The value as it was sent, without surrounding white space.
    pub(super) fn raw(&self, name: &str) -> Option<&'a [u8]> {
        let mut rest = self.0;
        loop {
            let line;
            (line, rest) = memchr::memchr(b'\n', rest).map_or((rest, &[][..]), |end| rest.split_at(end));
            if line.trim_ascii_end().is_empty() {
                return None;
            }
            if let Some((word, value)) = line.split_at_checked(name.len())
                && let [b':', value @ ..] = value
                && word.eq_ignore_ascii_case(name.as_bytes())
            {
                return Some(value.trim_ascii());
            }
            rest = rest.strip_prefix(b"\n")?;
        }
    }

    /// The decoded value of an event's header, where `%XX` stands for a byte and `_undef_` for no value.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let value = self.raw(name).filter(|value| !value.is_empty() && *value != b"_undef_")?;
        Some(if value.contains(&b'%') { Cow::Owned(percent_decode(value)) } else { Cow::Borrowed(value) })
    }

    /// The decoded value as a label; `None` where it has no printable character.
    pub(super) fn label(&self, name: &str) -> Option<Label> {
        self.get(name).map(|value| Label::from_bytes(&value)).filter(|label| !label.is_empty())
    }

    /// The decoded value as a whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        number(&self.get(name)?)
    }
}

/// Parses a whole number.
pub(super) fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn percent_decode(value: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [byte, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (byte, after)
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_decoded_and_undefined_ones_are_none() {
        let block = "Event-Subclass: callcenter%3A%3Ainfo\r\nCC-Queue: support%40default\nCC-Count: 3\n\
            CC-Member-CID-Name: _undef_\nCC-Member-DNIS:\nodd: 100%\nname: caf%C3%A9%20%e9\n\nCC-Late: 1\n";
        let headers = EslHeaders::new(block.as_bytes());
        assert_eq!(headers.get("Event-Subclass").as_deref(), Some(&b"callcenter::info"[..]));
        assert_eq!(headers.label("cc-queue").unwrap().as_str(), "support@default");
        assert_eq!(headers.number("CC-Count"), Some(3));
        for none in ["CC-Member-CID-Name", "CC-Member-DNIS", "CC-Late", "CC", "CC-Queue: support"] {
            assert_eq!(headers.get(none), None, "{none}");
        }
        assert_eq!(headers.get("odd").as_deref(), Some(&b"100%"[..]));
        assert_eq!(headers.label("name").unwrap().as_str(), "café \u{fffd}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_headers_or_none(block in prop::collection::vec(any::<u8>(), 0..400), name in "[A-Za-z-]{0,12}") {
            let headers = EslHeaders::new(&block);
            headers.label(&name);
            headers.number(&name);
        }
    }
}
