//! Responses that are compressed although the request asked for `identity`.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

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
