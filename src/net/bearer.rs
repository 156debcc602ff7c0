//! Bearer tokens (RFC 6750).

use axum::http::{HeaderMap, header};

/// The bearer token that a request names, without surrounding spaces; `None` if it has no `Authorization` header.
///
/// A header of another scheme, or without a token, gives an empty token: it is wrong, rather than absent.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("bearer ".len()).unwrap_or_default();
    Some(if scheme.eq_ignore_ascii_case(b"bearer ") { token.trim_ascii() } else { b"" })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_token_is_what_stands_behind_the_scheme() {
        for (value, token) in [
            (&b"Bearer abc"[..], &b"abc"[..]),
            (b"bearer abc", b"abc"),
            (b"BEARER  abc ", b"abc"),
            (b"Bearer a b", b"a b"),
            (b"Bearer \xff", b"\xff"),
            (b"Bearer ", b""),
            (b"Bearer", b""),
            (b"Basic abc", b""),
            (b"abc", b""),
            (b"", b""),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())]);
            assert_eq!(bearer_token(&headers), Some(token), "{value:?}");
        }
        assert_eq!(bearer_token(&HeaderMap::new()), None);
    }
}
