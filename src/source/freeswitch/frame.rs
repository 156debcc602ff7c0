//! FreeSWITCH's event socket, from bytes to frames: a block of header lines, and a body where one is announced.
//!
//! It takes bytes in any portions. Nothing is set aside for a body before its bytes have come, and what would grow
//! without end is refused.

use super::fields::Fields;

/// More than any header block has.
const LONGEST_HEAD: usize = 64 * 1024;
/// More than a list of ten thousand agents has.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It asks who we are.
    AuthRequest,
    /// The answer to a command that has no output.
    Reply,
    /// The output of an `api` command.
    Response,
    /// An event.
    Event,
    /// It is about to close the connection.
    Disconnect,
    /// Its access list keeps us out.
    Rejection,
    /// Anything else.
    Other,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    head: Vec<u8>,
    /// Empty where none was announced.
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// Its header lines.
    pub(super) fn head(&self) -> Fields<'_> {
        Fields::new(&self.head)
    }

    /// What it is.
    pub(super) fn kind(&self) -> Kind {
        match self.head().raw("Content-Type").unwrap_or_default() {
            b"auth/request" => Kind::AuthRequest,
            b"command/reply" => Kind::Reply,
            b"api/response" => Kind::Response,
            b"text/event-plain" => Kind::Event,
            b"text/disconnect-notice" => Kind::Disconnect,
            b"text/rude-rejection" => Kind::Rejection,
            _ => Kind::Other,
        }
    }
}

/// Why no frame can come of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The header block doesn't end.
    #[error("sends a header without an end")]
    Head,
    /// The length of a body is none.
    #[error("announces a body whose length is no number")]
    Length,
    /// The body would be too long.
    #[error("announces a body of over 16 MiB")]
    Body,
}

/// Bytes that have come and are no frame yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    /// No header block ends before here.
    searched: usize,
    /// A header block whose body is still to come, and how long that is.
    head: Option<(Vec<u8>, usize)>,
}

impl Decoder {
    /// These came next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if all of it is there.
    ///
    /// # Errors
    /// [`Trouble`] where what came can't be a frame; the connection is of no use then.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Trouble> {
        let (head, length) = match self.head.take() {
            Some(known) => known,
            None => match self.next_head()? {
                Some(head) => {
                    let length = body_length(&head)?;
                    (head, length)
                }
                None => return Ok(None),
            },
        };
        if self.bytes.len() < length {
            self.head = Some((head, length));
            return Ok(None);
        }
        let body = self.bytes.drain(..length).collect();
        Ok(Some(Frame { head, body }))
    }

    /// Cut a whole header block off. It ends with an empty line.
    fn next_head(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        if self.searched == 0 {
            let blank = self.bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            self.bytes.drain(..blank);
        }
        let rest = self.bytes.get(self.searched..).unwrap_or_default();
        let end = memchr::memchr_iter(b'\n', rest).find_map(|at| match rest.get(at + 1..).unwrap_or_default() {
            [b'\n', ..] => Some((at, 2)),
            [b'\r', b'\n', ..] => Some((at, 3)),
            _ => None,
        });
        let length = end.map_or(self.bytes.len(), |(at, _)| self.searched + at);
        if length > LONGEST_HEAD {
            return Err(Trouble::Head);
        }
        let Some((_, blank)) = end else {
            // The last two bytes may be the beginning of the end.
            self.searched = self.bytes.len().saturating_sub(2);
            return Ok(None);
        };
        let head = self.bytes.drain(..length).collect();
        self.bytes.drain(..blank);
        self.searched = 0;
        Ok(Some(head))
    }
}

fn body_length(head: &[u8]) -> Result<usize, Trouble> {
    let Some(length) = Fields::new(head).raw("Content-Length") else { return Ok(0) };
    let length = std::str::from_utf8(length).ok().and_then(|text| text.parse::<u64>().ok()).ok_or(Trouble::Length)?;
    usize::try_from(length).ok().filter(|length| *length <= LONGEST_BODY).ok_or(Trouble::Body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Kind::{AuthRequest, Disconnect, Event, Rejection, Reply, Response};
    use super::*;

    const TALK: &str = "Content-Type: auth/request\n\n\
        Content-Type: command/reply\nReply-Text: +OK accepted\n\n\
        Content-Length: 9\nContent-Type: text/event-plain\n\nA: b\n\nx\ny\
        Content-Type: api/response\r\nContent-Length: 4\r\n\r\n+OK\n\n\n\
        Content-Type: text/rude-rejection\nContent-Length: 0\n\n\
        Content-Type: text/disconnect-notice\nContent-Length: 3\n\nbye";

    fn all(decoder: &mut Decoder) -> Vec<Frame> {
        std::iter::from_fn(|| decoder.next().unwrap()).collect()
    }

    #[test]
    fn a_talk_is_frames_wherever_it_is_cut() {
        let mut decoder = Decoder::default();
        decoder.push(TALK.as_bytes());
        let whole = all(&mut decoder);
        let kinds: Vec<_> = whole.iter().map(Frame::kind).collect();
        assert_eq!(kinds, [AuthRequest, Reply, Event, Response, Rejection, Disconnect]);
        assert_eq!(whole[1].head().raw("reply-text"), Some(&b"+OK accepted"[..]));
        assert_eq!((&whole[2].body[..], &whole[3].body[..]), (&b"A: b\n\nx\ny"[..], &b"+OK\n"[..]));
        for cut in 0..=TALK.len() {
            let (before, after) = TALK.as_bytes().split_at(cut);
            let mut decoder = Decoder::default();
            decoder.push(before);
            let mut frames = all(&mut decoder);
            decoder.push(after);
            frames.extend(all(&mut decoder));
            assert_eq!(frames, whole, "cut at {cut}");
        }
        let mut dripped = Vec::new();
        let mut decoder = Decoder::default();
        for byte in TALK.as_bytes() {
            decoder.push(&[*byte]);
            dripped.extend(all(&mut decoder));
        }
        assert_eq!(dripped, whole);
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let trouble = |bytes: &[u8]| {
            let mut decoder = Decoder::default();
            decoder.push(bytes);
            decoder.next().unwrap_err()
        };
        assert_eq!(trouble(&vec![b'x'; LONGEST_HEAD + 1]), Trouble::Head);
        assert_eq!(trouble(b"Content-Length: 1073741824\n\n"), Trouble::Body);
        assert_eq!(trouble(b"Content-Length: -1\n\n"), Trouble::Length);
        assert_eq!(trouble(b"Content-Length: 99999999999999999999999\n\n"), Trouble::Length);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_portions_are_taken_or_refused(portions in prop::collection::vec(
            prop_oneof![prop::collection::vec(any::<u8>(), 0..200), Just(b"\n\n".to_vec()), Just(b"Content-Length: 7\n".to_vec())],
            0..40,
        )) {
            let mut decoder = Decoder::default();
            for portion in portions {
                decoder.push(&portion);
                while let Ok(Some(frame)) = decoder.next() {
                    frame.kind();
                }
            }
        }
    }
}
