//! Bytes to frames: what the manager interface says, cut at its blank lines.
//!
//! A frame is a list of `key: value` lines, not a map: keys repeat. Whatever comes (lines without an end, garbage,
//! a gigabyte of anything) takes up no more memory than one frame of the greatest size.

/// The longest line kept, in bytes; the rest of a longer one is thrown away.
const LINE: usize = 8 * 1024;
/// The most lines of a frame; those after it are thrown away.
const LINES: usize = 1024;
/// The most bytes of a frame.
const FRAME: usize = 256 * 1024;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Frame {
    /// The first value of `key`, whatever its case. It is the true one where what comes before it can't be forged.
    pub(super) fn first(&self, key: &str) -> Option<&[u8]> {
        self.lines.iter().find(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, value)| value.as_slice())
    }

    /// The last value of `key`: the true one where what comes after it can't be forged.
    pub(super) fn last(&self, key: &str) -> Option<&[u8]> {
        self.lines.iter().rfind(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, value)| value.as_slice())
    }

    /// The first of `keys` that has a value: versions call the same thing by different names.
    pub(super) fn either(&self, keys: &[&str]) -> Option<&[u8]> {
        keys.iter().find_map(|key| self.last(key))
    }

    /// All lines, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// Whether its first line is this key, so that it is a response, or an event.
    pub(super) fn is(&self, key: &str) -> bool {
        self.lines.first().is_some_and(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes()))
    }

    /// A value as text, for messages.
    pub(super) fn text(&self, key: &str) -> String {
        String::from_utf8_lossy(self.first(key).unwrap_or_default()).into_owned()
    }

    #[cfg(test)]
    pub(super) fn of(lines: &[(&str, &str)]) -> Self {
        Self { lines: lines.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect() }
    }
}

/// Cuts what comes into frames, wherever the network cut it.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The banner, once it has come: the one line that is no part of a frame.
    banner: Option<Vec<u8>>,
    /// The line that has not ended yet, up to [`LINE`] bytes of it.
    line: Vec<u8>,
    frame: Frame,
    /// Bytes of the frame so far.
    size: usize,
}

impl Frames {
    /// The first line of the connection, once it is whole or longer than any banner.
    pub(super) fn banner(&self) -> Option<&[u8]> {
        self.banner.as_deref().or_else(|| (self.line.len() >= LINE).then_some(self.line.as_slice()))
    }

    /// Take `bytes` in; each frame that ends in them goes to `each`.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame)) {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            bytes = rest.get(1..).unwrap_or_default();
            self.keep(line);
            if let Some(frame) = self.end_line() {
                each(frame);
            }
        }
        self.keep(bytes);
    }

    fn keep(&mut self, part: &[u8]) {
        // One byte over, so that a line's CR is told from a line that is too long.
        let room = (LINE + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(part.get(..room).unwrap_or(part));
    }

    /// A line has ended; the frame, where it was the blank one behind it.
    fn end_line(&mut self) -> Option<Frame> {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let line = line.get(..LINE).unwrap_or(line);
        if self.banner.is_none() {
            self.banner = Some(line.to_vec());
            self.line.clear();
            return None;
        }
        if line.is_empty() {
            self.line.clear();
            self.size = 0;
            let frame = std::mem::take(&mut self.frame);
            return (!frame.lines.is_empty()).then_some(frame);
        }
        if self.frame.lines.len() < LINES && self.size + line.len() <= FRAME {
            // A colon may stand in a key (`ChanVariable(Local/x;1): …`), but then no space follows it.
            let cut = memchr::memmem::find(line, b": ").map(|at| (at, at + 2));
            let cut = cut.or_else(|| memchr::memchr(b':', line).map(|at| (at, at + 1)));
            // What is no header is the rest of a value that had a line's end in it: nobody asks for it.
            if let Some((key, value)) = cut
                && let (Some(key), Some(value)) = (line.get(..key), line.get(value..))
            {
                self.size += line.len();
                self.frame.lines.push((key.to_vec(), value.to_vec()));
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

    fn frames(parts: &[&[u8]]) -> Vec<Frame> {
        let mut frames = Frames::default();
        let mut out = Vec::new();
        for part in parts {
            frames.push(part, |frame| out.push(frame));
        }
        out
    }

    const TALK: &[u8] = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n\r\n\
        Event: QueueCallerJoin\r\nChanVariable: INTENT=refund: now\r\nChanVariable: CALLREF=\r\nEmpty:\r\n\r\n\
        Event: LineFeedsOnly\nName: J\xe9r\xf4me\n\nEvent: unfinished\r\n";

    #[test]
    fn frames_end_at_blank_lines_and_keys_repeat() {
        let all = frames(&[TALK]);
        assert_eq!(all.len(), 3);
        assert!(all[0].is("response") && all[1].is("EVENT"));
        let intents: Vec<_> = all[1].lines().filter(|(key, _)| *key == b"ChanVariable").map(|(_, v)| v).collect();
        assert_eq!(intents, [b"INTENT=refund: now".as_slice(), b"CALLREF="]);
        assert_eq!(all[1].first("empty"), Some(b"".as_slice()));
        assert_eq!(all[2].first("Name"), Some(b"J\xe9r\xf4me".as_slice()));
    }

    #[test]
    fn it_makes_no_difference_where_the_network_cuts() {
        let whole = frames(&[TALK]);
        for at in 0..=TALK.len() {
            assert_eq!(frames(&[&TALK[..at], &TALK[at..]]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = TALK.chunks(1).collect();
        assert_eq!(frames(&bytes), whole);
    }

    #[test]
    fn a_line_that_never_ends_and_a_frame_that_never_ends_stay_small() {
        let mut frames = Frames::default();
        frames.push(b"Asterisk Call Manager/11.0.0\r\n", |_| {});
        let lump = vec![b'A'; 1 << 20];
        for _ in 0..64 {
            frames.push(&lump, |_| {});
        }
        assert!(frames.line.capacity() <= 4 * LINE);
        frames.push(b"\r\n", |_| {});
        for _ in 0..100_000 {
            frames.push(b"Key: value that repeats for ever and ever\r\n", |_| {});
        }
        assert!(frames.frame.lines.len() <= LINES && frames.size <= FRAME);
        let mut ended = 0;
        frames.push(b"\r\nEvent: Next\r\n\r\n", |frame| {
            ended += 1;
            assert!(ended == 1 || frame.is("Event"));
        });
        assert_eq!(ended, 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_give_the_same_frames_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), any::<u8>()], 0..400),
            at in any::<proptest::sample::Index>(),
        ) {
            let at = at.index(bytes.len() + 1);
            prop_assert_eq!(frames(&[&bytes[..at], &bytes[at..]]), frames(&[&bytes]));
        }
    }
}
