//! Posts a message over HTTP, and decides by the answer whether it was accepted, may be retried, or is refused.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::failure::Failure;
use crate::clock::Clock;
use crate::net::Fault;
use crate::net::http::{Address, Auth, Client, display_url, status_fault};
use crate::net::tls::Tls;
use crate::text::Text;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of a refusal's body is read, for the reason in it.
const MAX_REASON_BYTES: usize = 4096;

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
    pub(super) fn new(address: &Address, auth: Option<&Auth>, tls: &Tls, headers: HeaderMap) -> Result<Self, Fault> {
        let url = address.url().clone();
        let client = Client::new(address, auth, tls, REQUEST_TIMEOUT).map_err(|fault| hide(fault, &url))?;
        Ok(Self { client, url, headers })
    }

    /// Post `body`. Returns the status of the answer.
    pub(super) async fn send(&self, body: PostBody, clock: &Clock) -> Result<String, Failure> {
        let request = self
            .client
            .request(Method::POST, self.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static(body.kind))
            .headers(self.headers.clone())
            .body(body.text);
        let answer = self.client.send_once(request).await.map_err(|fault| Failure::Retry(hide(fault, &self.url)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(status.to_string());
        }
        let whose = shown(&self.url);
        if status.is_redirection() {
            return Err(Failure::Permanent(format!("{whose} sends us elsewhere ({status}): correct the address")));
        }
        let fault = status_fault(status, answer.headers(), &whose, clock.now());
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            return Err(Failure::Retry(fault));
        }
        let why = self.client.read_body(answer, MAX_REASON_BYTES).await.unwrap_or_default();
        let mut why = String::from_utf8_lossy(&why).into_owned();
        // The answer may quote the body or the path, both of which can hold a secret.
        let path = self.url.path();
        let secrets = [body.secret.as_deref().unwrap_or_default(), if path.len() > 1 { path } else { "" }];
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            why = why.replace(secret, "…");
        }
        let why = Text::new(&why);
        let why = if why.is_empty() { String::new() } else { format!(" (\"{why}\")") };
        Err(Failure::Permanent(format!("{}{why}", fault.reason)))
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
        let fault = hide(Fault::new(format!("{} stopped answering", display_url(&url))), &url);
        assert_eq!(fault.reason, "https://hooks.example.com stopped answering");
    }
}
