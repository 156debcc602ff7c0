//! Posts a message over HTTP, and decides by the answer whether it was accepted, may be retried, or is refused.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::answer::{self, ReportedError};
use super::failure::Failure;
use super::settings::TargetKind;
use crate::clock::Clock;
use crate::net::Fault;
use crate::net::http::{Address, Client, RequestSecret, display_url, status_fault};
use crate::net::tls::Tls;
use crate::text::Text;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer's body is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// How much of a refusal is quoted.
const MAX_QUOTED_CHARS: usize = 500;

/// An HTTP client for one address. It is rebuilt after a failure, so that a changed secret is read.
pub(super) struct Post {
    client: Client,
    url: Url,
    headers: HeaderMap,
}

/// The body of a request.
pub(super) struct PostBody {
    /// The `Content-Type`.
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// A secret inside the body, which is removed from quoted error answers.
    pub(super) secret: Option<String>,
}

impl PostBody {
    pub(super) fn json(value: &serde_json::Value) -> Self {
        Self { kind: "application/json", text: value.to_string(), secret: None }
    }
}

impl Post {
    pub(super) fn new(
        address: &Address,
        secret: RequestSecret<'_>,
        tls: &Tls,
        headers: HeaderMap,
    ) -> Result<Self, Fault> {
        let url = address.url().clone();
        let client = Client::new(address, secret, tls, REQUEST_TIMEOUT).map_err(|fault| hide(fault, &url))?;
        Ok(Self { client, url, headers })
    }

    /// Post `body`. Returns the status of the answer of one that accepts it.
    pub(super) async fn send(&self, kind: TargetKind, body: PostBody, clock: &Clock) -> Result<String, Failure> {
        let request = self
            .client
            .request(Method::POST, self.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static(body.kind))
            .headers(self.headers.clone())
            .body(body.text);
        let answer = self.client.send_once(request).await.map_err(|fault| Failure::Retry(hide(fault, &self.url)))?;
        let status = answer.status();
        let whose = shown(&self.url);
        if status.is_redirection() {
            return Err(Failure::Permanent(format!("{whose} sends us elsewhere ({status}): correct the address")));
        }
        let fault = status_fault(status, answer.headers(), &whose, clock.now());
        if answer::is_transient(status.as_u16().into()) {
            return Err(Failure::Retry(fault));
        }
        let said = self
            .client
            .read_body(answer, MAX_ANSWER_BYTES)
            .await
            .map(|said| String::from_utf8_lossy(&said).into_owned());
        if !status.is_success() {
            let said = self.quoted(&said.unwrap_or_default(), body.secret.as_deref());
            return Err(Failure::Permanent(format!("{}{said}", fault.reason)));
        }
        let said = match said {
            Ok(said) => said,
            // Nothing that its body could say was waited for.
            Err(_) if kind == TargetKind::Webhook => return Ok(status.to_string()),
            Err(fault) => return Err(Failure::Retry(hide(fault, &self.url))),
        };
        answer::check(kind, &said).map_err(|ReportedError { transient, after }| {
            let said = self.quoted(&said, body.secret.as_deref());
            let why = format!("{whose} answers {status}, but says that the message was not accepted{said}");
            if transient { Failure::Retry(Fault { after, ..Fault::transient(why) }) } else { Failure::Permanent(why) }
        })?;
        Ok(status.to_string())
    }

    /// An answer in quotes, for a reason. It may quote the body or the path, both of which can hold a secret.
    fn quoted(&self, said: &str, secret: Option<&str>) -> String {
        let path = Some(self.url.path()).filter(|path| path.len() > 1);
        let hidden = [secret, path].into_iter().flatten().filter(|secret| !secret.is_empty());
        let said = hidden.fold(said.to_owned(), |said, secret| said.replace(secret, "…"));
        let said = Text::new(&said.chars().take(MAX_QUOTED_CHARS).collect::<String>());
        if said.is_empty() { String::new() } else { format!(" (\"{said}\")") }
    }
}

/// The address without path and query: the path of a webhook is a secret.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_path("");
    display_url(&bare).trim_end_matches('/').to_owned()
}

fn hide(mut fault: Fault, url: &Url) -> Fault {
    fault.reason = fault.reason.replace(&display_url(url), &shown(url));
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_webhook_is_never_said() {
        let url: Url = "https://hooks.example.com/services/T0/B0/abc?x=1".parse().unwrap();
        assert_eq!(shown(&url), "https://hooks.example.com");
        let fault = hide(Fault::transient(format!("{} stopped answering", display_url(&url))), &url);
        assert_eq!(fault.reason, "https://hooks.example.com stopped answering");
    }
}
