//! Decodes the bytes of FreeSWITCH's event socket (ESL) into frames: a block of header lines, and a body where
//! `Content-Length` announces one.
//!
//! The bytes may arrive in any portions. No memory is reserved for a body before its bytes have come, and what would
//! grow without limit is an error.

use super::headers::EslHeaders;

const MAX_HEAD_BYTES: usize = 64 * 1024;
/// More than a list of ten thousand agents needs.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The kind of a frame, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EslFrameKind {
    /// FreeSWITCH asks for a login.
    AuthRequest,
    /// The answer to a command without output.
    Reply,
    /// The output of an `api` command.
    Response,
    Event,
    /// FreeSWITCH is about to close the connection.
    Disconnect,
    /// The access list does not admit this machine.
    Rejection,
    Other,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EslFrame {
    head: Vec<u8>,
    /// Empty where none was announced.
    pub(super) body: Vec<u8>,
}

impl EslFrame {
    pub(super) fn head(&self) -> EslHeaders<'_> {
        EslHeaders::new(&self.head)
    }

    pub(super) fn kind(&self) -> EslFrameKind {
        match self.head().raw("Content-Type").unwrap_or_default() {
            b"auth/request" => EslFrameKind::AuthRequest,
            b"command/reply" => EslFrameKind::Reply,
            b"api/response" => EslFrameKind::Response,
            b"text/event-plain" => EslFrameKind::Event,
            b"text/disconnect-notice" => EslFrameKind::Disconnect,
            b"text/rude-rejection" => EslFrameKind::Rejection,
            _ => EslFrameKind::Other,
        }
    }
}

/// Why the bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EslDecodeError {
    /// The header block is too long.
    #[error("sends a header without an end")]
    Head,
    /// `Content-Length` is no number.
    #[error("announces a body whose length is no number")]
    Length,
    /// The body is too long.
    #[error("announces a body of over 16 MiB")]
    Body,
}

/// Decodes a byte stream into frames.
#[derive(Debug, Default)]
pub(super) struct EslDecoder {
    /// The bytes that have come and belong to no frame yet.
    bytes: Vec<u8>,
    /// No header block ends before this index.
    searched: usize,
    /// A complete header block, and the length of its body, which is still to come.
    head: Option<(Vec<u8>, usize)>,
}

impl EslDecoder {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if it is complete.
    ///
    /// # Errors
    /// Where the bytes are no frame. The connection is of no use then.
    pub(super) fn next(&mut self) -> Result<Option<EslFrame>, EslDecodeError> {
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
        Ok(Some(EslFrame { head, body }))
    }

    /// Split off a complete header block. It ends at an empty line.
    fn next_head(&mut self) -> Result<Option<Vec<u8>>, EslDecodeError> {
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
        if length > MAX_HEAD_BYTES {
            return Err(EslDecodeError::Head);
        }
        let Some((_, blank)) = end else {
            // The last two bytes may be the beginning of the blank line.
            self.searched = self.bytes.len().saturating_sub(2);
            return Ok(None);
        };
        let head = self.bytes.drain(..length).collect();
        self.bytes.drain(..blank);
        self.searched = 0;
        Ok(Some(head))
    }
}

fn body_length(head: &[u8]) -> Result<usize, EslDecodeError> {
    let Some(length) = EslHeaders::new(head).raw("Content-Length") else { return Ok(0) };
    let length =
        std::str::from_utf8(length).ok().and_then(|text| text.parse::<u64>().ok()).ok_or(EslDecodeError::Length)?;
    usize::try_from(length).ok().filter(|length| *length <= MAX_BODY_BYTES).ok_or(EslDecodeError::Body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::EslFrameKind::{AuthRequest, Disconnect, Event, Rejection, Reply, Response};
    use super::*;

    const SESSION: &str = "Content-Type: auth/request\n\n\
        Content-Type: command/reply\nReply-Text: +OK accepted\n\n\
        Content-Length: 9\nContent-Type: text/event-plain\n\nA: b\n\nx\ny\
        Content-Type: api/response\r\nContent-Length: 4\r\n\r\n+OK\n\n\n\
        Content-Type: text/rude-rejection\nContent-Length: 0\n\n\
        Content-Type: text/disconnect-notice\nContent-Length: 3\n\nbye";

    fn all(decoder: &mut EslDecoder) -> Vec<EslFrame> {
        std::iter::from_fn(|| decoder.next().unwrap()).collect()
    }

    #[test]
    fn frames_do_not_depend_on_where_the_network_cuts() {
        let mut decoder = EslDecoder::default();
        decoder.push(SESSION.as_bytes());
        let whole = all(&mut decoder);
        let kinds: Vec<_> = whole.iter().map(EslFrame::kind).collect();
        assert_eq!(kinds, [AuthRequest, Reply, Event, Response, Rejection, Disconnect]);
        assert_eq!(whole[1].head().raw("reply-text"), Some(&b"+OK accepted"[..]));
        assert_eq!((&whole[2].body[..], &whole[3].body[..]), (&b"A: b\n\nx\ny"[..], &b"+OK\n"[..]));
        for cut in 0..=SESSION.len() {
            let (before, after) = SESSION.as_bytes().split_at(cut);
            let mut decoder = EslDecoder::default();
            decoder.push(before);
            let mut frames = all(&mut decoder);
            decoder.push(after);
            frames.extend(all(&mut decoder));
            assert_eq!(frames, whole, "cut at {cut}");
        }
        let mut dripped = Vec::new();
        let mut decoder = EslDecoder::default();
        for byte in SESSION.as_bytes() {
            decoder.push(&[*byte]);
            dripped.extend(all(&mut decoder));
        }
        assert_eq!(dripped, whole);
    }

    #[test]
    fn what_would_grow_without_limit_is_an_error() {
        let error = |bytes: &[u8]| {
            let mut decoder = EslDecoder::default();
            decoder.push(bytes);
            decoder.next().unwrap_err()
        };
        assert_eq!(error(&vec![b'x'; MAX_HEAD_BYTES + 1]), EslDecodeError::Head);
        assert_eq!(error(b"Content-Length: 1073741824\n\n"), EslDecodeError::Body);
        assert_eq!(error(b"Content-Length: -1\n\n"), EslDecodeError::Length);
        assert_eq!(error(b"Content-Length: 99999999999999999999999\n\n"), EslDecodeError::Length);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_portions_are_decoded_or_an_error(portions in prop::collection::vec(
            prop_oneof![prop::collection::vec(any::<u8>(), 0..200), Just(b"\n\n".to_vec()), Just(b"Content-Length: 7\n".to_vec())],
            0..40,
        )) {
            let mut decoder = EslDecoder::default();
            for portion in portions {
                decoder.push(&portion);
                while let Ok(Some(frame)) = decoder.next() {
                    frame.kind();
                }
            }
        }
    }
}
