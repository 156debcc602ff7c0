//! Responses that are compressed although the request asked for `identity`, and those in another charset than UTF-8.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::net::Fault;

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not encoded.
    Identity,
    /// Compressed with gzip.
    Gzip,
}

impl Encoding {
    /// The encoding that the headers of a response from `whose` state.
    ///
    /// # Errors
    /// If it is not supported.
    pub(super) fn of(headers: &HeaderMap, whose: &str) -> Result<Self, Fault> {
        let values: Vec<_> =
            headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?")).collect();
        let written = values.join(", ");
        let encodings: Vec<&str> = (written.split(',').map(str::trim))
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
            .collect();
        match encodings.as_slice() {
            [] => Ok(Self::Identity),
            [one] if one.eq_ignore_ascii_case("gzip") || one.eq_ignore_ascii_case("x-gzip") => Ok(Self::Gzip),
            _ => Err(unasked(whose, &written)),
        }
    }
}

/// The fault for a response with an encoding that was not asked for.
pub(super) fn unasked(whose: &str, encoding: &str) -> Fault {
    Fault::needs_change(format!(
        "{whose} sends its answer with Content-Encoding: {encoding}, though identity was asked for: switch its compression off"
    ))
}

/// Decompress `packed`; `None` if that gives more than `most` bytes.
///
/// # Errors
/// If it is not gzip, or incomplete.
pub(super) fn inflate(packed: &[u8], most: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    let past = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed).take(past).read_to_end(&mut body)?;
    Ok((body.len() <= most).then_some(body))
}

/// The body in UTF-8, where its byte order mark or the `headers` tell what else it is in. A body that is UTF-8 stays, whatever
/// they say.
pub(super) fn to_utf8(body: Vec<u8>, headers: &HeaderMap) -> Vec<u8> {
    if std::str::from_utf8(&body).is_ok() {
        return body;
    }
    let by_mark = encoding_rs::Encoding::for_bom(&body).map(|(encoding, _)| encoding);
    match by_mark.or_else(|| stated_charset(headers)) {
        Some(encoding) if encoding != encoding_rs::UTF_8 => encoding.decode(&body).0.into_owned().into_bytes(),
        _ => body,
    }
}

/// The charset of `Content-Type: text/plain; charset=…`.
fn stated_charset(headers: &HeaderMap) -> Option<&'static encoding_rs::Encoding> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let parameters = kind.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    encoding_rs::Encoding::for_label(charsets.next()?.1.trim().trim_matches('"').as_bytes())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::net::FaultKind;

    #[test]
    fn gzip_is_read_and_others_are_named() {
        for (written, expected) in [
            (&[][..], Some(Encoding::Identity)),
            (&["identity"], Some(Encoding::Identity)),
            (&["GZIP"], Some(Encoding::Gzip)),
            (&["identity, x-gzip"], Some(Encoding::Gzip)),
            (&["br"], None),
            (&["gzip", "gzip"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in written {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            match Encoding::of(&headers, "http://h/x") {
                Ok(found) => assert_eq!(Some(found), expected, "{written:?}"),
                Err(fault) => {
                    assert_eq!(None, expected, "{written:?}");
                    assert!(
                        fault.kind == FaultKind::NeedsChange && fault.reason.contains(&written.join(", ")),
                        "{fault:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_charset_is_what_the_body_shows_or_the_server_says() {
        for (kind, body, expected) in [
            ("application/json; charset=ISO-8859-1", &b"\"St\xf6rung\""[..], Some("\"Störung\"")),
            ("application/json;Charset=\"windows-1251\"", b"\xc4\xe0", Some("Да")),
            // A server that says so of all its answers.
            ("application/json; charset=iso-8859-1", "\"Störung\"".as_bytes(), Some("\"Störung\"")),
            ("application/json", b"\xff\xfe\"\0\xf6\0\"\0", Some("\"ö\"")),
            ("application/json", b"\xf6", None),
            ("application/json; charset=utf-8", b"\xf6", None),
            ("application/json; charset=none", b"\xf6", None),
        ] {
            let headers = [(CONTENT_TYPE, HeaderValue::from_str(kind).unwrap())].into_iter().collect();
            let found = to_utf8(body.to_vec(), &headers);
            assert_eq!(std::str::from_utf8(&found).ok(), expected, "{kind}");
        }
    }

    #[test]
    fn no_more_is_inflated_than_is_allowed() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(inflate(&packed, 1 << 20).unwrap().map(|body| body.len()), Some(1 << 20));
        assert_eq!(inflate(&packed, (1 << 20) - 1).unwrap(), None);
        assert!(inflate(&packed[..packed.len() / 2], 1 << 20).is_err());
        assert!(inflate(b"{\"queues\": []}", 1 << 20).is_err());
    }
}
