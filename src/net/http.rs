//! HTTP, the same for every source that asks for something: who is asked, with what credentials, how long it may
//! take, how much may come, and every way to fail in words.
//!
//! A `Client` is for one connection of the shared loop: secrets and certificates are read when it is made, so a new
//! token is taken up as soon as the old one is refused.

mod address;
mod auth;
mod explain;

use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use reqwest::header::{CONTENT_LENGTH, LOCATION, TRANSFER_ENCODING};
use reqwest::{Method, Request, RequestBuilder, Response, StatusCode, Url, redirect};
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::Time;
use crate::net::Fault;
use crate::net::tls::Tls;

pub use address::Address;
pub use auth::Auth;
pub(crate) use explain::{date, explain, place, refusal};

/// How long name, connection and handshake may take together.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection on which nothing happens is asked for a sign of life after so long, …
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// … again after each so long, …
const KEEP_ALIVE_AGAIN: Duration = Duration::from_secs(5);
/// … and is dead after so many without an answer: 25 s in all.
const KEEP_ALIVE_PROBES: u32 = 3;
/// How often in a row another address may be named.
const REDIRECTS: usize = 5;
/// More than any answer that is meant: 16 MiB.
pub(crate) const MOST: usize = 16 * 1024 * 1024;

/// What goes along to another host: nothing that opens doors.
const HARMLESS: [HeaderName; 5] =
    [ACCEPT, CONTENT_TYPE, IF_NONE_MATCH, IF_MODIFIED_SINCE, HeaderName::from_static("last-event-id")];

/// What asks over HTTP, for one connection of the shared loop.
pub(crate) struct Client {
    inner: reqwest::Client,
    /// Who gets the credentials.
    home: Url,
    credentials: Option<(HeaderName, HeaderValue)>,
    /// How long an answer may take to begin, and then to come whole.
    patience: Duration,
}

impl Client {
    /// A client for `address` that shows `auth` to nobody else. An answer may take `patience` to begin; so may its
    /// body, where it is read by [`Client::body`].
    ///
    /// # Errors
    /// Where a secret or the certificates can't be read.
    pub(crate) fn new(address: &Address, auth: Option<&Auth>, tls: &Tls, patience: Duration) -> Result<Self, Fault> {
        Self::build(address, auth, tls, patience, |builder| builder)
    }

    /// A client for whoever listens at a socket of this machine; `address` stands for it and is not looked for.
    ///
    /// # Errors
    /// Where there can be none.
    pub(crate) fn over_socket(address: &Address, path: &Path, patience: Duration) -> Result<Self, Fault> {
        Self::build(address, None, &Tls::default(), patience, |builder| builder.unix_socket(path))
    }

    fn build(
        address: &Address,
        auth: Option<&Auth>,
        tls: &Tls,
        patience: Duration,
        way: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Fault> {
        let home = address.url().clone();
        let config = tls.config()?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .user_agent(concat!("floorwatch/", env!("CARGO_PKG_VERSION")))
            // Followed here, where it is known what may go along.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE_AGAIN)
            .tcp_keepalive_retries(KEEP_ALIVE_PROBES);
        if address.is_here() {
            builder = builder.no_proxy();
        }
        let inner = way(builder).build().map_err(|error| explain(&error, &home))?;
        let credentials = auth.map(Auth::read).transpose()?;
        Ok(Self { inner, home, credentials, patience })
    }

    /// A question to the address that the client is for.
    pub(crate) fn get(&self) -> RequestBuilder {
        self.request(Method::GET, self.home.clone())
    }

    /// A question to any address; only at home do credentials go along.
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner.request(method, url)
    }

    /// Ask, and go where one is sent. What it gives is an answer that may be read: 2xx or 304; `now` is for answers
    /// that say when to come back.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn send(&self, request: RequestBuilder, now: impl Fn() -> Time) -> Result<Response, Fault> {
        let response = self.reach(request).await?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        Err(refusal(status, response.headers(), &place(response.url()), now()))
    }

    /// The same, but an answer that refuses is one as well: for whoever can read in its body why.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn reach(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let mut request = request.build().map_err(|error| explain(&error, &self.home))?;
        let mut been = vec![request.url().clone()];
        loop {
            let url = request.url().clone();
            let at_home = url.origin() == self.home.origin();
            self.show_credentials(&mut request, at_home);
            let (method, headers, body) = (
                request.method().clone(),
                request.headers().clone(),
                request.body().and_then(|b| b.as_bytes()).map(<[u8]>::to_vec),
            );
            let response = timeout(self.patience, self.inner.execute(request)).await;
            let response = response
                .map_err(|_| {
                    Fault::new(format!("no answer from {} within {} s", place(&url), self.patience.as_secs()))
                })?
                .map_err(|error| explain(&error, &url))?;
            let status = response.status();
            if status.is_success() || status == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            if !at_home && self.credentials.is_some() && matches!(status.as_u16(), 401 | 403) {
                return Err(Fault::lasting(format!(
                    "{} sends us on to {}, where the credentials do not go: put that address into the configuration",
                    place(&self.home),
                    place(&url)
                )));
            }
            let Some(next) = sent_on(&response) else { return Ok(response) };
            self.may_go(&url, &next, &been)?;
            been.push(next.clone());
            request = again(status, method, next, headers, body);
        }
    }

    /// Ask once, and go nowhere one is sent: for what is told rather than asked. Every answer is one.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn once(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let mut request = request.build().map_err(|error| explain(&error, &self.home))?;
        let url = request.url().clone();
        self.show_credentials(&mut request, url.origin() == self.home.origin());
        let late = |_| Fault::new(format!("no answer from {} within {} s", place(&url), self.patience.as_secs()));
        let response = timeout(self.patience, self.inner.execute(request)).await.map_err(late)?;
        response.map_err(|error| explain(&error, &url))
    }

    fn show_credentials(&self, request: &mut Request, at_home: bool) {
        let headers = request.headers_mut();
        if !at_home {
            let others: Vec<_> = headers.keys().filter(|name| !HARMLESS.contains(name)).cloned().collect();
            for name in others {
                headers.remove(name);
            }
        } else if let Some((name, value)) = &self.credentials {
            headers.insert(name, value.clone());
        }
    }

    /// Whether to go from `url` on to `next`, having been to `been`.
    fn may_go(&self, url: &Url, next: &Url, been: &[Url]) -> Result<(), Fault> {
        let (home, next_place) = (place(&self.home), place(next));
        let wrong = if been.contains(next) {
            format!("{home} sends us round in a circle (back to {next_place})")
        } else if been.len() > REDIRECTS {
            format!("{home} sends us on more than {REDIRECTS} times, last to {next_place}")
        } else if !matches!(next.scheme(), "http" | "https") {
            format!("{home} sends us on to {next_place}, which is no web address")
        } else if url.scheme() == "https" && next.scheme() == "http" {
            format!("{home} sends us on to {next_place}, which is not encrypted")
        } else {
            return Ok(());
        };
        Err(Fault::lasting(format!("{wrong}: correct the address in the configuration, or the server")))
    }

    /// The body of an answer, at most `most` bytes of it in memory.
    ///
    /// # Errors
    /// Where more comes, it breaks off, or it takes too long.
    pub(crate) async fn body(&self, mut response: Response, most: usize) -> Result<Vec<u8>, Fault> {
        let url = response.url().clone();
        let too_long = || {
            let size = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
            Fault::lasting(format!("the answer of {} is over {size} long: ask it for less", place(&url)))
        };
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(too_long());
        }
        let until = Instant::now() + self.patience;
        let mut body = Vec::new();
        loop {
            let late = |_| {
                let seconds = self.patience.as_secs();
                Fault::new(format!(
                    "the answer of {} had not come whole after {seconds} s: it is too slow",
                    place(&url)
                ))
            };
            let chunk = timeout_at(until, response.chunk()).await.map_err(late)?;
            let Some(chunk) = chunk.map_err(|error| explain(&error, &url))? else { return Ok(body) };
            if body.len() + chunk.len() > most {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// Where an answer sends us on to, without a name or password in it.
fn sent_on(response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut next = response.url().join(location).ok()?;
    // An address that can't have them has none.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    next.set_fragment(None);
    Some(next)
}

/// The same question elsewhere. Only 307 and 308 promise that it stays the same where it had a body.
fn again(status: StatusCode, method: Method, next: Url, headers: HeaderMap, body: Option<Vec<u8>>) -> Request {
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
