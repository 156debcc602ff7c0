//! The HTTP client of sources, notifications and boards: authentication, redirects, timeouts, size limits, and a
//! `Fault` that says what to do for every way to fail.
//!
//! A `Client` lives for one session. Secrets and certificates are read when it is built, so a new token is used as
//! soon as the old one is refused.

mod account;
mod address;
mod auth;
mod aws;
mod credentials;
mod encoding;
mod explain;
mod oauth;
mod protection;
mod rate_headers;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use reqwest::{Method, Request, RequestBuilder, Response, StatusCode, Url, redirect};
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::{Clock, Time};
use crate::net::Fault;
use crate::net::tls::Tls;
use crate::text::strip_bom;

use account::HttpAccount;
pub use address::Address;
pub use auth::Auth;
pub(crate) use aws::hex;
use credentials::Credentials;
use encoding::Encoding;
pub(crate) use explain::{display_url, explain, status_fault};
pub(crate) use protection::{RequestSecret, check_protection, protection_remark};
pub(crate) use rate_headers::parse_http_date;

/// For name resolution, connection and TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An idle connection is probed after this time, every [`KEEPALIVE_INTERVAL`], and is considered dead after
/// [`KEEPALIVE_PROBES`] probes without an answer: 25 s in all.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_PROBES: u32 = 3;
const MAX_REDIRECTS: usize = 5;
/// The limit for bodies that a source reads into memory.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The only headers that are sent to another server than the client's. None of them is a credential.
const CROSS_ORIGIN_HEADERS: [HeaderName; 6] =
    [ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, IF_NONE_MATCH, IF_MODIFIED_SINCE, HeaderName::from_static("last-event-id")];

/// An HTTP client for one session with one server.
pub(crate) struct Client {
    inner: reqwest::Client,
    /// Only this server receives the credentials.
    base: Url,
    credentials: Credentials,
    account: Arc<HttpAccount>,
    /// Whether the limits of the account are obeyed here; otherwise the caller does.
    is_paced: bool,
    /// Whether the server keeps the connection of the last response, which a further request goes over.
    keeps_connection: AtomicBool,
    /// For a response to begin, and again for its body.
    timeout_after: Duration,
}

impl Client {
    /// A client for `address`, which alone receives the credentials in `secret`. A response must begin within
    /// `timeout_after`; a body read with [`Client::read_body`] has the same time again.
    ///
    /// # Errors
    /// If the secret or the certificates cannot be read, or the secret would travel unencrypted and the configuration
    /// does not allow that.
    pub(crate) fn new(
        address: &Address,
        secret: RequestSecret<'_>,
        tls: &Tls,
        timeout_after: Duration,
    ) -> Result<Self, Fault> {
        check_protection(address, secret, tls)
            .map_err(|wrong| Fault::needs_change(format!("{} {wrong}", display_url(address.url()))))?;
        let auth = if let RequestSecret::Header(auth) = secret { Some(auth) } else { None };
        Self::build(address, auth, tls, timeout_after, |builder| builder)
    }

    /// A client for the Unix socket at `path`. `address` is a placeholder in requests and errors.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub(crate) fn over_socket(address: &Address, path: &Path, timeout_after: Duration) -> Result<Self, Fault> {
        Self::build(address, None, &Tls::default(), timeout_after, |builder| builder.unix_socket(path))
    }

    fn build(
        address: &Address,
        auth: Option<&Auth>,
        tls: &Tls,
        timeout_after: Duration,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Fault> {
        let base = address.url().clone();
        let config = tls.config()?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .user_agent(concat!("floorwatch/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed in `send_any_status`, which knows where they may lead.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE_IDLE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(KEEPALIVE_PROBES);
        if address.is_loopback() {
            builder = builder.no_proxy();
        }
        let inner = configure(builder).build().map_err(|error| explain(&error, &base))?;
        let credentials = Credentials::read(auth)?;
        let holder = auth.map_or_else(String::new, Auth::account);
        let account = HttpAccount::named(format!("{holder} at {}", base.origin().ascii_serialization()));
        Ok(Self {
            inner,
            base,
            credentials,
            account,
            is_paced: false,
            keeps_connection: AtomicBool::new(false),
            timeout_after,
        })
    }

    /// The same client for requests that change nothing: it makes at most so many per second together with all others of its
    /// account, and none while the server wants none.
    pub(crate) fn paced(mut self, per_second: Option<f64>) -> Self {
        self.is_paced = true;
        if let Some(per_second) = per_second {
            self.account.limit(per_second);
        }
        self
    }

    /// A GET request to the client's address.
    pub(crate) fn get(&self) -> RequestBuilder {
        self.request(Method::GET, self.base.clone())
    }

    /// A request to any URL. Credentials are sent only to the server that the client is for.
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        // Without this header the server may choose any encoding (RFC 9110, 12.5.3).
        self.inner.request(method, url).header(ACCEPT_ENCODING, "identity")
    }

    /// Send a request and follow redirects. Returns responses with status 2xx or 304 only; `now` is needed to interpret
    /// a `Retry-After` that is a date.
    ///
    /// # Errors
    /// The fault, with the remedy, if there is no response or it has another status.
    pub(crate) async fn send(&self, request: RequestBuilder, now: impl Fn() -> Time) -> Result<Response, Fault> {
        let response = self.send_any_status(request).await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let whose = display_url(response.url());
        let fault = status_fault(status, response.headers(), &whose, now());
        if status == StatusCode::UNAUTHORIZED && matches!(self.credentials, Credentials::Token(_)) {
            let reason = format!(
                "{whose} answers {status} to a new token: check that url and token_url belong together, and the client's rights (auth.oauth2)"
            );
            return Err(Fault { reason, ..fault });
        }
        Err(fault)
    }

    /// Like [`Client::send`], but returns responses of any status, for callers that read the reason in the body.
    ///
    /// # Errors
    /// The fault, with the remedy, if there is no response.
    pub(crate) async fn send_any_status(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let mut request = request.build().map_err(|error| explain(&error, &self.base))?;
        let mut been = vec![request.url().clone()];
        let mut may_renew = true;
        loop {
            let url = request.url().clone();
            let again = request.try_clone();
            self.set_credentials(&mut request).await?;
            let sent = request.headers().get(AUTHORIZATION).cloned();
            let (method, headers, body) = (
                request.method().clone(),
                request.headers().clone(),
                request.body().and_then(|b| b.as_bytes()).map(<[u8]>::to_vec),
            );
            let response = self.execute(request, &url).await?;
            let status = response.status();
            if status.is_success() || status == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            if is_of_server(&self.base, &url)
                && status == StatusCode::UNAUTHORIZED
                && let Some(again) = again.filter(|_| std::mem::take(&mut may_renew))
                && self.credentials.renew(&self.account, sent.as_ref()).await
            {
                request = again;
                continue;
            }
            let Some(mut next) = redirect_target(&response) else { return Ok(response) };
            check_redirect(&url, &next, &been)?;
            been.push(next.clone());
            self.credentials.remove_from(&mut next);
            request = redirected_request(status, method, next, headers, body);
        }
    }

    /// Send a request without following redirects. Returns responses of any status.
    ///
    /// # Errors
    /// The fault, with the remedy, if there is no response.
    pub(crate) async fn send_once(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let mut request = request.build().map_err(|error| explain(&error, &self.base))?;
        let url = request.url().clone();
        self.set_credentials(&mut request).await?;
        self.execute(request, &url).await
    }

    /// Send one request to `url` and wait until the response begins.
    async fn execute(&self, request: Request, url: &Url) -> Result<Response, Fault> {
        if self.is_paced {
            self.account.turn().await?;
        }
        let late = |_| {
            Fault::transient(format!("no answer from {} within {} s", display_url(url), self.timeout_after.as_secs()))
        };
        // Between two requests the server may have closed the connection, which says nothing of how it does.
        let again =
            request.try_clone().filter(|_| self.is_paced && self.keeps_connection.swap(false, Ordering::Relaxed));
        let mut response = timeout(self.timeout_after, self.inner.execute(request)).await.map_err(late)?;
        if let Some(again) =
            again.filter(|_| response.as_ref().is_err_and(|error| error.is_request() && !error.is_connect()))
        {
            response = timeout(self.timeout_after, self.inner.execute(again)).await.map_err(late)?;
        }
        let response = response.map_err(|error| explain(&error, url))?;
        let closes =
            response.headers().get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
        self.keeps_connection.store(!closes, Ordering::Relaxed);
        if self.is_paced {
            self.account.note(response.status(), response.headers(), Clock::System.now());
        }
        Ok(response)
    }

    async fn set_credentials(&self, request: &mut Request) -> Result<(), Fault> {
        if is_of_server(&self.base, request.url()) {
            return self.credentials.add_to(request, &self.account, &self.inner, self.timeout_after).await;
        }
        let headers = request.headers_mut();
        let others: Vec<_> = headers.keys().filter(|name| !CROSS_ORIGIN_HEADERS.contains(name)).cloned().collect();
        for name in others {
            headers.remove(name);
        }
        Ok(())
    }

    /// Read the body of a response, at most `max_bytes` of it, within the timeout of the client.
    ///
    /// # Errors
    /// Where more comes, it breaks off, or it takes too long.
    pub(crate) async fn read_body(&self, response: Response, max_bytes: usize) -> Result<Vec<u8>, Fault> {
        read_body(response, max_bytes, self.timeout_after).await
    }
}

/// Read the body of a response, at most `max_bytes` of it, within `patience`, without a byte order mark.
async fn read_body(mut response: Response, max_bytes: usize, patience: Duration) -> Result<Vec<u8>, Fault> {
    let url = response.url().clone();
    let too_long = || {
        let size = if max_bytes >= 1 << 20 { format!("{} MiB", max_bytes >> 20) } else { format!("{max_bytes} bytes") };
        Fault::needs_change(format!("the answer of {} is over {size} long: ask it for less", display_url(&url)))
    };
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_long());
    }
    let headers = response.headers().clone();
    let encoding = Encoding::of(&headers, &display_url(&url))?;
    let until = Instant::now() + patience;
    let mut body = Vec::new();
    loop {
        let late = |_| {
            let seconds = patience.as_secs();
            Fault::transient(format!(
                "the answer of {} had not come whole after {seconds} s: it is too slow",
                display_url(&url)
            ))
        };
        let chunk = timeout_at(until, response.chunk()).await.map_err(late)?;
        let Some(chunk) = chunk.map_err(|error| explain(&error, &url))? else { break };
        if body.len() + chunk.len() > max_bytes {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    let mut body = match encoding {
        Encoding::Identity => body,
        Encoding::Gzip => {
            let inflated = encoding::inflate(&body, max_bytes).map_err(|error| {
                Fault::transient(format!(
                    "{} says that its answer is gzip, but it can't be read: {error}",
                    display_url(&url)
                ))
            })?;
            inflated.ok_or_else(too_long)?
        }
    };
    body = encoding::to_utf8(body, &headers);
    body.drain(..body.len() - strip_bom(&body).len());
    Ok(body)
}

/// Check that the body of `response` can be read chunk by chunk.
///
/// # Errors
/// If it is compressed.
pub(crate) fn is_plain(response: &Response) -> Result<(), Fault> {
    let whose = display_url(response.url());
    match Encoding::of(response.headers(), &whose)? {
        Encoding::Identity => Ok(()),
        Encoding::Gzip => Err(encoding::unasked(&whose, "gzip")),
    }
}

/// Check that the redirect from `url` to `next` may be followed; `been` are the addresses visited so far. Only the same
/// server is asked: what another one says would be taken for this one's figures.
fn check_redirect(url: &Url, next: &Url, been: &[Url]) -> Result<(), Fault> {
    let first = been.first().unwrap_or(url);
    let (from, to) = (display_url(first), display_url(next));
    let wrong = if been.contains(next) {
        format!("{from} sends us round in a circle (back to {to})")
    } else if been.len() > MAX_REDIRECTS {
        format!("{from} sends us on more than {MAX_REDIRECTS} times, last to {to}")
    } else if !matches!(next.scheme(), "http" | "https") {
        format!("{from} sends us on to {to}, which is no web address")
    } else if url.scheme() == "https" && next.scheme() == "http" {
        format!("{from} sends us on to {to}, which is not encrypted")
    } else if !is_of_server(first, next) {
        format!("{from} sends us on to another server, {to}, which is not asked")
    } else {
        return Ok(());
    };
    Err(Fault::needs_change(format!("{wrong}: correct `url` in the configuration, or the server")))
}

/// The target of a redirect, without user name and password.
fn redirect_target(response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut next = response.url().join(location).ok()?;
    // These fail only for addresses that cannot have them.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    next.set_fragment(None);
    Some(next)
}

/// Whether `url` is of the server of `base`, or of its encrypted side: `https` where `base` is `http`, both at their default
/// ports. At another port of the same machine there may be anybody.
fn is_of_server(base: &Url, url: &Url) -> bool {
    let is_encrypted = (base.scheme(), base.port(), url.scheme(), url.port()) == ("http", None, "https", None);
    url.origin() == base.origin() || is_encrypted && url.host() == base.host()
}

/// The request to the target of a redirect. Only 307 and 308 keep the method and the body.
fn redirected_request(
    status: StatusCode,
    method: Method,
    next: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
) -> Request {
    let same = matches!(status.as_u16(), 307 | 308) || method == Method::GET;
    let mut request = Request::new(if same { method } else { Method::GET }, next);
    *request.headers_mut() = headers;
    request.headers_mut().remove(CONTENT_LENGTH);
    request.headers_mut().remove(TRANSFER_ENCODING);
    if same {
        *request.body_mut() = body.map(Into::into);
    } else {
        request.headers_mut().remove(CONTENT_TYPE);
    }
    request
}

#[cfg(test)]
mod tests;
