//! AWS Signature Version 4: proves with two headers that a request comes from the holder of a secret key, which is
//! never sent. The rules are those of "Authenticating Requests (AWS Signature Version 4)" in the IAM User Guide.

use std::collections::BTreeMap;
use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::clock::Time;
use crate::net::Fault;
use crate::secret::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const SESSION_TOKEN: &str = "x-amz-security-token";

/// What stays as it is in paths and queries: letters, digits and these (RFC 3986, unreserved).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The table `auth = { aws = { … } }`: an access key of AWS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsKey {
    /// The access key's id, `AKIA…`.
    pub key_id: String,
    /// The secret access key.
    pub secret: Secret,
    /// The session token that belongs to a temporary key.
    #[serde(default)]
    pub session_token: Option<Secret>,
    /// The region of the service, such as `eu-west-2`.
    pub region: String,
    /// The service's name in signatures, such as `connect`.
    pub service: String,
}

/// Signs requests with a key that has been read.
pub(super) struct AwsSigner {
    key: AwsKey,
    secret: SecretString,
    session_token: Option<HeaderValue>,
}

impl AwsSigner {
    /// Read the secrets of `key`.
    pub(super) fn read(key: &AwsKey) -> Result<Self, Fault> {
        let session_token = key.session_token.as_ref().map(|token| {
            let mut value = HeaderValue::try_from(token.read()?.expose_secret())
                .map_err(|_| Fault::needs_change("the session token of AWS holds characters that no header carries"))?;
            value.set_sensitive(true);
            Ok::<_, Fault>(value)
        });
        Ok(Self { key: key.clone(), secret: key.secret.read()?, session_token: session_token.transpose()? })
    }

    /// Add the headers of a signature that was made at `now`. AWS accepts it for five minutes.
    pub(super) fn sign(&self, request: &mut Request, now: Time) -> Result<(), Fault> {
        let unfit = || Fault::needs_change("the access key of AWS holds characters that no header carries");
        let date = now.to_chrono().format("%Y%m%dT%H%M%SZ").to_string();
        let url = request.url();
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut headers = BTreeMap::from([("host", host), (DATE, date.clone())]);
        if let Some(kind) = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
            headers.insert("content-type", kind.to_owned());
        }
        if let Some(token) = self.session_token.as_ref().and_then(|token| token.to_str().ok()) {
            headers.insert(SESSION_TOKEN, token.to_owned());
        }
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let signable = Signable {
            method: request.method().as_str(),
            path: url.path(),
            query: url.query().unwrap_or_default(),
            headers,
            body,
        };
        let mut authorization = HeaderValue::try_from(self.authorization(&signable, &date)).map_err(|_| unfit())?;
        authorization.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(DATE, HeaderValue::try_from(date).map_err(|_| unfit())?);
        if let Some(token) = &self.session_token {
            headers.insert(SESSION_TOKEN, token.clone());
        }
        headers.insert(AUTHORIZATION, authorization);
        Ok(())
    }

    /// The header `Authorization` of a request at `date`, as `20150830T123600Z`.
    fn authorization(&self, request: &Signable<'_>, date: &str) -> String {
        let AwsKey { key_id, region, service, .. } = &self.key;
        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let canonical = hex(digest::digest(&digest::SHA256, request.canonical().as_bytes()).as_ref());
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{canonical}");
        let first = format!("AWS4{}", self.secret.expose_secret());
        let parts = [day, region, service, "aws4_request", &to_sign];
        let signature = parts.iter().fold(first.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
        let (signed, signature) = (request.signed_headers(), hex(&signature));
        format!("{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }
}

/// What of a request is signed.
struct Signable<'a> {
    method: &'a str,
    /// The path as it is sent. AWS encodes it once more, except for S3.
    path: &'a str,
    query: &'a str,
    /// By name in lower case.
    headers: BTreeMap<&'a str, String>,
    body: &'a [u8],
}

impl Signable<'_> {
    fn signed_headers(&self) -> String {
        self.headers.keys().copied().collect::<Vec<_>>().join(";")
    }

    /// The request in the one form that both sides sign.
    fn canonical(&self) -> String {
        let path = utf8_percent_encode(self.path, RESERVED_IN_PATH);
        let encode = |text: &str| {
            let plain = percent_decode_str(text).decode_utf8_lossy();
            utf8_percent_encode(&plain, RESERVED).to_string()
        };
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let mut pairs: Vec<(String, String)> = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        pairs.sort_unstable();
        let query: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = self.headers.iter().fold(String::new(), |mut text, (name, value)| {
            let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            _ = writeln!(text, "{name}:{value}");
            text
        });
        let body = hex(digest::digest(&digest::SHA256, self.body).as_ref());
        format!("{}\n{path}\n{}\n{headers}\n{}\n{body}", self.method, query.join("&"), self.signed_headers())
    }
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        body: String,
        #[serde(default)]
        sign_body: bool,
        token: Option<String>,
        signature: String,
    }

    fn signer() -> AwsSigner {
        let secret = Secret::Env("UNUSED".into());
        let key = AwsKey {
            key_id: "AKIDEXAMPLE".into(),
            secret,
            session_token: None,
            region: "us-east-1".into(),
            service: "service".into(),
        };
        let secret = SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        AwsSigner { key, secret, session_token: None }
    }

    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/fixtures/aws_sigv4.json")).unwrap();
        assert_eq!(vectors.len(), 20);
        for vector in &vectors {
            let (path, query) = vector.target.split_once('?').unwrap_or((&vector.target, ""));
            let mut headers: BTreeMap<String, String> = BTreeMap::new();
            for (name, value) in &vector.headers {
                let all = headers.entry(name.to_ascii_lowercase()).or_default();
                *all = if all.is_empty() { value.clone() } else { format!("{all},{value}") };
            }
            headers.insert("x-amz-date".into(), "20150830T123600Z".into());
            if vector.sign_body {
                let sum = hex(digest::digest(&digest::SHA256, vector.body.as_bytes()).as_ref());
                headers.insert("x-amz-content-sha256".into(), sum);
            }
            headers.extend(vector.token.clone().map(|token| ("x-amz-security-token".to_owned(), token)));
            let request = Signable {
                method: &vector.method,
                path,
                query,
                headers: headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
                body: vector.body.as_bytes(),
            };
            let header = signer().authorization(&request, "20150830T123600Z");
            assert!(header.ends_with(&vector.signature), "{}: {header}", vector.name);
        }
    }

    #[test]
    fn a_request_carries_its_signature_and_the_token_of_the_session() {
        let client =
            reqwest::Client::builder().tls_backend_preconfigured(crate::net::tls::Tls::default().config().unwrap());
        let mut request = client
            .build()
            .unwrap()
            .post("https://connect.eu-west-2.amazonaws.com/metrics/current/i-1")
            .body("{}")
            .build()
            .unwrap();
        let token = Some(HeaderValue::from_static("session"));
        AwsSigner { session_token: token, ..signer() }.sign(&mut request, Time::from_unix(1_440_938_160)).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("x-amz-date").as_str(), header("x-amz-security-token").as_str()),
            ("20150830T123600Z", "session")
        );
        assert!(header("authorization").contains("SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="));
        assert!(request.headers()["authorization"].is_sensitive());
    }
}
