//! Checks the signatures with which vendors sign what they push.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use ring::{digest, hmac};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::tokens::AcceptedTokens;
use crate::clock::{Span, Time};
use crate::net::http::hex;
use crate::net::tcp;
use crate::secret::Secret;

/// The longest `max_age_s`.
const MAX_AGE_S: u32 = 3600;
/// The parameter of the address in which Twilio sends the hash of the body.
const BODY_HASH_PARAMETER: &str = "bodySHA256";

/// The key `signature`: how requests are signed, and with which secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Whose way of signing it is.
    pub scheme: SignatureScheme,
    /// The secret of the signatures. There may be several, one per line. They are read again every few seconds.
    pub secret: Secret,
    /// The address at which the vendor reaches this source, where the signature covers it.
    #[serde(default)]
    pub url: Option<String>,
    /// How old a signature may be in seconds, where it is dated: 1 to 3600.
    #[serde(default = "five_minutes")]
    pub max_age_s: u32,
}

const fn five_minutes() -> u32 {
    300
}

/// A vendor's way of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureScheme {
    /// `X-Twilio-Signature`: HMAC-SHA1 of the address, which has a hash of the body. It has no date.
    Twilio,
    /// `X-Zendesk-Webhook-Signature`: HMAC-SHA256 of date and body.
    Zendesk,
}

impl Signature {
    /// Check what can be checked without a request.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let url = self.url.as_deref().map(Url::parse);
        match (self.scheme, url) {
            (SignatureScheme::Twilio, None) => Err(
                "of Twilio covers the address of the sink: write it as `url`, such as https://floor.example.com/v1/events"
                    .to_owned(),
            ),
            (_, Some(Err(_))) => Err("has a `url` that is no web address".to_owned()),
            (_, Some(Ok(url))) if url.query().is_some() || url.fragment().is_some() => {
                Err("has a `url` with a query: write it without, since each request brings its own".to_owned())
            }
            _ if !(1..=MAX_AGE_S).contains(&self.max_age_s) => Err(format!("has `max_age_s`, which is 1 to {MAX_AGE_S}")),
            _ => Ok(()),
        }
    }

    /// Check the signature of a request that arrived at `now`.
    ///
    /// # Errors
    /// Why it is refused, without anything secret.
    pub(super) fn verify(
        &self,
        parts: &Parts,
        body: &[u8],
        secrets: &AcceptedTokens,
        now: Time,
    ) -> Result<(), &'static str> {
        match self.scheme {
            SignatureScheme::Twilio => {
                let signature = decoded(&parts.headers, "x-twilio-signature")?;
                let query = parts.uri.query().unwrap_or_default();
                let hash = query.split('&').find_map(|pair| pair.strip_prefix(BODY_HASH_PARAMETER)?.strip_prefix('='));
                let hash = hash.ok_or("the address lacks the hash of the body (bodySHA256)")?;
                let expected = hex(digest::digest(&digest::SHA256, body).as_ref());
                if hash.to_ascii_lowercase().as_bytes().ct_ne(expected.as_bytes()).into() {
                    return Err("the body is not the one that was signed");
                }
                let is_by = |address: String| {
                    let signed = format!("{address}?{query}");
                    is_signed(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secrets, signed.as_bytes(), &signature)
                };
                let [address, other] = addresses(self.url.as_deref().unwrap_or_default());
                is_by(address).or_else(|_| is_by(other))
            }
            SignatureScheme::Zendesk => {
                let signature = decoded(&parts.headers, "x-zendesk-webhook-signature")?;
                let date = parts.headers.get("x-zendesk-webhook-signature-timestamp");
                let date = date.and_then(|date| date.to_str().ok()).ok_or("the signature has no date")?;
                let signed = [date.as_bytes(), body].concat();
                is_signed(hmac::HMAC_SHA256, secrets, &signed, &signature)?;
                let at = Time::parse_rfc3339(date).map_err(|_| "the date of the signature is none")?;
                if (now - at).0.abs() > Span::seconds(i64::from(self.max_age_s)).0 {
                    return Err("the signature is too old, or the clocks differ");
                }
                Ok(())
            }
        }
    }
}

/// The forms in which Twilio signs an address: as it is written, and with or without the port that its scheme implies.
fn addresses(url: &str) -> [String; 2] {
    let other = url.split_once("://").and_then(|(scheme, rest)| {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = if scheme == "https" { ":443" } else { ":80" };
        let authority = match authority.strip_suffix(port) {
            Some(host) => host.to_owned(),
            None if tcp::is_address(authority) => return None,
            None => format!("{authority}{port}"),
        };
        Some(format!("{scheme}://{authority}{path}"))
    });
    [url.to_owned(), other.unwrap_or_else(|| url.to_owned())]
}

/// Whether one of the secrets made the signature. The comparison takes the same time whatever differs.
fn is_signed(
    algorithm: hmac::Algorithm,
    secrets: &AcceptedTokens,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), &'static str> {
    let is_by = |secret: &str| hmac::verify(&hmac::Key::new(algorithm, secret.as_bytes()), signed, signature).is_ok();
    if secrets.any(is_by) { Ok(()) } else { Err("the signature is wrong") }
}

/// The signature in a header, which is Base64.
fn decoded(headers: &HeaderMap, name: &str) -> Result<Vec<u8>, &'static str> {
    let value = headers.get(name).ok_or("the request is not signed")?;
    BASE64_STANDARD.decode(value.as_bytes()).map_err(|_| "the signature is not Base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_with_the_port_of_its_scheme() {
        let other = |url: &str| addresses(url)[1].clone();
        assert_eq!(other("https://h.example/v1/events"), "https://h.example:443/v1/events");
        assert_eq!(other("https://h.example:443/v1/events"), "https://h.example/v1/events");
        assert_eq!(other("https://h.example:8443/v1/events"), "https://h.example:8443/v1/events");
        assert_eq!(other("http://h.example"), "http://h.example:80");
    }
}
