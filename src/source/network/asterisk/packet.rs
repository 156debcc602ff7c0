//! Cuts the bytes of the manager interface (AMI) into packets, which end at a blank line.
//!
//! A packet is a list of `key: value` lines, not a map, because keys repeat. Whatever the peer sends (lines without an
//! end, garbage, gigabytes of anything), the decoder holds no more memory than one packet of the largest size.

/// The longest line that is kept; the rest of a longer line is dropped.
const MAX_LINE_BYTES: usize = 8 * 1024;
/// The lines of a packet that are kept; the ones after them are dropped.
const MAX_PACKET_LINES: usize = 1024;
/// The bytes of a packet that are kept; the lines after them are dropped.
const MAX_PACKET_BYTES: usize = 256 * 1024;

/// One AMI packet: an event, or the response to an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AmiPacket {
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

impl AmiPacket {
    /// The first value of `key`, compared without regard to case. Use it for keys that Asterisk writes before
    /// anything that a caller can forge.
    pub(super) fn first(&self, key: &str) -> Option<&[u8]> {
        self.lines.iter().find(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, value)| value.as_slice())
    }

    /// The last value of `key`. Use it for keys that Asterisk writes after anything that a caller can forge.
    pub(super) fn last(&self, key: &str) -> Option<&[u8]> {
        self.lines.iter().rfind(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, value)| value.as_slice())
    }

    /// The last value of the first of `keys` that has one: versions of Asterisk name the same thing differently.
    pub(super) fn last_of(&self, keys: &[&str]) -> Option<&[u8]> {
        keys.iter().find_map(|key| self.last(key))
    }

    /// All lines, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// Whether the first line has this key, which tells a `Response` from an `Event`.
    pub(super) fn is(&self, key: &str) -> bool {
        self.lines.first().is_some_and(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes()))
    }

    /// The first value of `key` as text, for messages; empty where there is none.
    pub(super) fn text(&self, key: &str) -> String {
        String::from_utf8_lossy(self.first(key).unwrap_or_default()).into_owned()
    }

    #[cfg(test)]
    pub(super) fn of(lines: &[(&str, &str)]) -> Self {
        Self { lines: lines.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect() }
    }
}

/// Decodes a byte stream into packets, in whatever portions the bytes arrive.
#[derive(Debug, Default)]
pub(super) struct AmiDecoder {
    /// The greeting, once it is complete: the only line that belongs to no packet.
    banner: Option<Vec<u8>>,
    /// The line that has not ended yet, up to [`MAX_LINE_BYTES`] of it.
    line: Vec<u8>,
    packet: AmiPacket,
    /// The bytes of `packet` so far.
    packet_bytes: usize,
}

impl AmiDecoder {
    /// The first line of the connection, once it is complete or longer than any banner.
    pub(super) fn banner(&self) -> Option<&[u8]> {
        self.banner.as_deref().or_else(|| (self.line.len() >= MAX_LINE_BYTES).then_some(self.line.as_slice()))
    }

    /// Decode `bytes`, and call `on_packet` for each packet that ends in them.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut on_packet: impl FnMut(AmiPacket)) {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            bytes = rest.get(1..).unwrap_or_default();
            self.append_to_line(line);
            if let Some(packet) = self.end_line() {
                on_packet(packet);
            }
        }
        self.append_to_line(bytes);
    }

    fn append_to_line(&mut self, part: &[u8]) {
        // One byte more than the limit, so that the CR of the longest line is distinguished from an overlong line.
        let room = (MAX_LINE_BYTES + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    /// Take the line that has ended into the packet. A blank line completes the packet and returns it.
    fn end_line(&mut self) -> Option<AmiPacket> {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let line = line.get(..MAX_LINE_BYTES).unwrap_or(line);
        if self.banner.is_none() {
            self.banner = Some(line.to_vec());
            self.line.clear();
            return None;
        }
        if line.is_empty() {
            self.line.clear();
            self.packet_bytes = 0;
            let packet = std::mem::take(&mut self.packet);
            return (!packet.lines.is_empty()).then_some(packet);
        }
        if self.packet.lines.len() < MAX_PACKET_LINES && self.packet_bytes + line.len() <= MAX_PACKET_BYTES {
            // A key may contain a colon (`ChanVariable(Local/x;1): …`), but then no space follows that colon.
            let cut = memchr::memmem::find(line, b": ").map(|at| (at, at + 2));
            let cut = cut.or_else(|| memchr::memchr(b':', line).map(|at| (at, at + 1)));
            // A line without a colon is the rest of a value that contained a line break. No such value is read.
            if let Some((key, value)) = cut
                && let (Some(key), Some(value)) = (line.get(..key), line.get(value..))
            {
                self.packet_bytes += line.len();
                self.packet.lines.push((key.to_vec(), value.to_vec()));
            }
        }
        self.line.clear();
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(parts: &[&[u8]]) -> Vec<AmiPacket> {
        let mut decoder = AmiDecoder::default();
        let mut out = Vec::new();
        for part in parts {
            decoder.push(part, |packet| out.push(packet));
        }
        out
    }

    const SESSION: &[u8] = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n\r\n\
        Event: QueueCallerJoin\r\nChanVariable: INTENT=refund: now\r\nChanVariable: CALLREF=\r\nEmpty:\r\n\r\n\
        Event: LineFeedsOnly\nName: J\xe9r\xf4me\n\nEvent: unfinished\r\n";

    #[test]
    fn packets_end_at_blank_lines_and_keys_repeat() {
        let all = decode(&[SESSION]);
        assert_eq!(all.len(), 3);
        assert!(all[0].is("response") && all[1].is("EVENT"));
        let intents: Vec<_> = all[1].lines().filter(|(key, _)| *key == b"ChanVariable").map(|(_, v)| v).collect();
        assert_eq!(intents, [b"INTENT=refund: now".as_slice(), b"CALLREF="]);
        assert_eq!(all[1].first("empty"), Some(b"".as_slice()));
        assert_eq!(all[2].first("Name"), Some(b"J\xe9r\xf4me".as_slice()));
    }

    #[test]
    fn packets_do_not_depend_on_where_the_network_cuts() {
        let whole = decode(&[SESSION]);
        for at in 0..=SESSION.len() {
            assert_eq!(decode(&[&SESSION[..at], &SESSION[at..]]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = SESSION.chunks(1).collect();
        assert_eq!(decode(&bytes), whole);
    }

    #[test]
    fn an_endless_line_and_an_endless_packet_stay_small() {
        let mut decoder = AmiDecoder::default();
        decoder.push(b"Asterisk Call Manager/11.0.0\r\n", |_| {});
        let megabyte = vec![b'A'; 1 << 20];
        for _ in 0..64 {
            decoder.push(&megabyte, |_| {});
        }
        assert!(decoder.line.capacity() <= 4 * MAX_LINE_BYTES);
        decoder.push(b"\r\n", |_| {});
        for _ in 0..100_000 {
            decoder.push(b"Key: value that repeats for ever and ever\r\n", |_| {});
        }
        assert!(decoder.packet.lines.len() <= MAX_PACKET_LINES && decoder.packet_bytes <= MAX_PACKET_BYTES);
        let mut ended = 0;
        decoder.push(b"\r\nEvent: Next\r\n\r\n", |packet| {
            ended += 1;
            assert!(ended == 1 || packet.is("Event"));
        });
        assert_eq!(ended, 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_give_the_same_packets_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..400),
            at in any::<proptest::sample::Index>(),
        ) {
            let at = at.index(bytes.len() + 1);
            prop_assert_eq!(decode(&[&bytes[..at], &bytes[at..]]), decode(&[&bytes]));
        }
    }
}
