//! Faults of HTTP requests, with reasons that say what to do.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};

use super::CONNECT_TIMEOUT;
use super::rate_headers::asked_pause;
use crate::clock::Time;
use crate::net::Fault;
use crate::net::backoff::MAX_RETRY_AFTER;
use crate::net::tcp;
use crate::net::tls;

/// How long a server is left alone that is asked too often and does not say for how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(10);
/// The most bytes of a path that are shown: a server can send us on to one of any length.
const MAX_SHOWN_PATH_BYTES: usize = 200;

/// An address as it may be shown: without user name, password, query and fragment.
pub(crate) fn display_url(url: &Url) -> String {
    let Some(host) = url.host_str() else { return format!("{}:…", url.scheme()) };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    // A path is ASCII.
    let (path, rest) = url.path().split_at_checked(MAX_SHOWN_PATH_BYTES).unwrap_or((url.path(), ""));
    let cut = if rest.is_empty() { "" } else { "…" };
    format!("{}://{host}{port}{path}{cut}", url.scheme())
}

/// The fault for an error of a request to `url`.
pub(crate) fn explain(error: &reqwest::Error, url: &Url) -> Fault {
    let whose = display_url(url);
    if let Some(fault) = tls::explain(error, &whose) {
        return fault;
    }
    let host = url.host_str().unwrap_or_default();
    let address = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    if error.is_dns() {
        return Fault::transient(format!("{host} is not known ({}): check the name and the DNS", root(error)));
    }
    if error.is_timeout() {
        return Fault::transient(if error.is_connect() {
            format!("no answer from {address} within {} s: is the way there open?", CONNECT_TIMEOUT.as_secs())
        } else {
            format!("{whose} stopped answering")
        });
    }
    let broken = io_error(error);
    if broken.is_none_or(|error| error.kind() == io::ErrorKind::UnexpectedEof) && (error.is_body() || error.is_decode())
    {
        return Fault::transient(format!("{whose} broke off in the middle of its answer"));
    }
    if let Some(error) = broken {
        return tcp::explain(error, &address);
    }
    if error.is_connect() {
        return Fault::transient(format!("cannot connect to {address}: {}", root(error)));
    }
    if error.is_builder() {
        return Fault::needs_change(format!("cannot ask {whose}: {}", root(error)));
    }
    Fault::transient(format!("{whose} gave no answer: {}", root(error)))
}

/// The text of the innermost cause. Errors of reqwest itself are not shown, because they contain the address with its
/// query.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = tls::cause_of(cause) {
        cause = next;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "no reason is known".to_owned(),
        None => cause.to_string(),
    }
}

/// The I/O error that caused `error`, if it has a specific kind.
fn io_error(error: &reqwest::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<io::Error>()
            && !matches!(found.kind(), io::ErrorKind::Other | io::ErrorKind::InvalidData)
        {
            return Some(found);
        }
        cause = tls::cause_of(error);
    }
    None
}

/// The fault for a status that is no success. `whose` names the server in it.
pub(crate) fn status_fault(status: StatusCode, headers: &HeaderMap, whose: &str, now: Time) -> Fault {
    let said = format!("{whose} answers {status}");
    let fault = match status.as_u16() {
        204 => Fault::needs_change(format!("{said}: it has nothing for us")),
        300..=399 => Fault::needs_change(format!("{said} but not where to go: correct the address")),
        401 => Fault::needs_change(format!("{said}: check the token or password (auth)")),
        403 => Fault::needs_change(format!("{said}: check the token (auth), and what it has the right to")),
        404 => Fault::needs_change(format!("{said}: correct the address")),
        405 => Fault::needs_change(format!("{said}: it wants another method")),
        407 => Fault::needs_change(format!("{said}: the proxy wants to know who we are")),
        408 | 425 => Fault::transient(format!("{said}: it was too slow for itself")),
        410 => Fault::needs_change(format!("{said}: what was there is gone for good; correct the address")),
        429 => Fault::transient(format!("{said}: we ask too often")),
        503 => Fault::transient(format!("{said}: it is overloaded or being serviced")),
        500.. => Fault::transient(format!("{said}: it has a fault of its own")),
        _ => Fault::needs_change(format!("{said}: it does not understand what we ask")),
    };
    match asked_pause(status, headers, now).filter(|wait| !wait.is_zero()) {
        Some(wait) => {
            // What is shown is what is done.
            let (longest, seconds) = (MAX_RETRY_AFTER.as_secs(), wait.as_secs());
            let asks = if wait > MAX_RETRY_AFTER {
                format!("for longer than {longest} s, and is asked again after that")
            } else {
                format!("for {seconds} s")
            };
            let reason = format!("{}; it asks to be left alone {asks}", fault.reason);
            Fault { reason, ..fault }.after(wait.min(MAX_RETRY_AFTER))
        }
        None if status == StatusCode::TOO_MANY_REQUESTS => {
            let seconds = DEFAULT_PAUSE.as_secs();
            let reason = format!("{} (it does not say until when: asked again in {seconds} s or more)", fault.reason);
            Fault { reason, ..fault }.after(DEFAULT_PAUSE)
        }
        None => fault,
    }
}
