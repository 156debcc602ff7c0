//! Events that are pushed: an HTTP endpoint that answers only once they are in the journal.
//!
//! `POST /v1/events` takes the wire format: one event (`application/cloudevents+json`), an array of them
//! (`application/cloudevents-batch+json`), lines (`application/x-ndjson`) or any of these by what the body looks like
//! (`application/json`). What is answered:
//!
//! - 200: `{"accepted", "duplicates", "ignored", "rejected_count", "rejected": [{"line", "reason"}]}`. What was
//!   accepted is on the disk. What was rejected (the first hundred are listed, by line or place in the array, from 1)
//!   is not taken however often it is sent; the rest of its batch is. Events of a type that floorwatch doesn't know
//!   are ignored.
//! - 422: the same, where there was nothing good at all.
//! - 401, 403, 408, 413, 415: nothing was taken, and `{"error"}` says why.
//! - 429 and 503, with `Retry-After`: send it again. An event is counted once, however often it comes.
//!
//! `GET /healthz` answers 200 as long as the endpoint is open.
//!
//! It speaks plain HTTP, and so is open to this machine alone unless the configuration says otherwise: for other
//! machines put a reverse proxy that does TLS before it.

pub(crate) mod intake;
mod push_auth;
mod tokens;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use crate::clock::Span;
use crate::net::Fault;
use crate::secret::Secret;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use intake::{Intake, PushProgress, REQUEST_TIMEOUT};
use push_auth::PushAuth;
use tokens::AcceptedTokens;

/// So many connections are served at once; the rest are sent away.
const MAX_CONNECTIONS: usize = 256;
/// What those are told.
const FULL_RESPONSE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// A connection is closed after its request when it is so old; nobody holds one for ever.
const MAX_CONNECTION_AGE: Duration = Duration::from_mins(5);
/// The head of a request is no longer than this.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// How often the tokens are read anew.
const TOKEN_RELOAD_INTERVAL: Duration = Duration::from_secs(5);
/// With no sockets left, so long until the next try.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// Larger bodies belong into a file.
const MAX_BODY_LIMIT_KB: u32 = 32 * 1024;

/// The keys of an endpoint that events are pushed to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it listens: an IP address and a port.
    #[serde(default = "loopback")]
    pub address: String,
    /// The bearer token that senders must name; where it lies there may be several, one a line, each of 16 characters
    /// or more. Read anew every few seconds. Without it everybody on this machine may push.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Allow an address that other machines can reach, although requests and their token are not encrypted.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The largest body in KiB, up to 32768.
    #[serde(default = "one_mib")]
    pub max_body_kb: u32,
    /// So many events a second are taken, in the long run.
    #[serde(default = "ten_thousand")]
    pub max_events_per_s: u32,
    /// After so many seconds without an event the source is stale; 0 for never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u64,
}

fn loopback() -> String {
    "127.0.0.1:8310".to_owned()
}

const fn one_mib() -> u32 {
    1024
}

const fn ten_thousand() -> u32 {
    10_000
}

const fn five_minutes() -> u64 {
    300
}

impl Settings {
    /// Whether what is written can work, and is safe.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let Some(address) = self.socket_address() else {
            let wrong = format!("can't be `{}`: write an IP address and a port, `{}`", self.address, loopback());
            return Err(("address", wrong));
        };
        if !address.ip().to_canonical().is_loopback() {
            if self.token.is_none() {
                let wrong =
                    "is reached from other machines, so `token` must say who may push: set it, or listen on 127.0.0.1";
                return Err(("address", wrong.to_owned()));
            }
            if !self.allow_plain_http {
                let wrong = "is reached from other machines, and the token would travel unencrypted: listen on 127.0.0.1 behind a reverse proxy that does TLS, or set `allow_plain_http = true` where something else protects the way";
                return Err(("address", wrong.to_owned()));
            }
        }
        if self.max_body_kb == 0 || self.max_body_kb > MAX_BODY_LIMIT_KB {
            return Err(("max_body_kb", format!("must be 1 to {MAX_BODY_LIMIT_KB}")));
        }
        if self.max_events_per_s == 0 {
            return Err(("max_events_per_s", "must be 1 or more".to_owned()));
        }
        Ok(())
    }

    fn socket_address(&self) -> Option<SocketAddr> {
        self.address.parse().ok().filter(|address: &SocketAddr| address.port() != 0)
    }

    fn tokens(&self) -> Result<Option<AcceptedTokens>, Fault> {
        self.token.as_ref().map(AcceptedTokens::read).transpose()
    }

    /// What the owner should know of requests that were refused, and of the way that they come.
    fn remark(&self, refused: u64) -> String {
        let mut words = Vec::new();
        if self.socket_address().is_some_and(|address| !address.ip().to_canonical().is_loopback()) {
            words.push("requests and their token come unencrypted (allow_plain_http)".to_owned());
        }
        if refused > 0 {
            words.push(format!("requests refused for a wrong token: {refused}"));
        }
        words.join("; ")
    }
}

/// The endpoint, while it is open.
pub(in crate::source) struct ListenSession(pub(in crate::source) Settings);

impl Session for ListenSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let settings = &self.0;
        if let Err((key, wrong)) = settings.check() {
            return Fault::lasting(format!("{key} {wrong}"));
        }
        let tokens = match settings.tokens() {
            Ok(tokens) => tokens,
            Err(fault) => return fault,
        };
        let listener = match TcpListener::bind(&settings.address).await {
            Ok(listener) => listener,
            Err(error) => return bind_fault(&error, &settings.address),
        };
        let intake = Intake::new(reporter.shared(), settings.max_body_kb, settings.max_events_per_s);
        serve(settings, &listener, &Arc::new(PushAuth::new(intake, tokens)), reporter).await
    }
}

async fn serve(settings: &Settings, listener: &TcpListener, auth: &Arc<PushAuth>, reporter: &mut Reporter) -> Fault {
    let router = auth.router();
    let mut progress = auth.intake().progress();
    let mut connections = JoinSet::new();
    let mut known = PushProgress::default();
    let mut refused = 0;
    let mut reported_ahead: Option<Span> = None;
    let mut reload = interval(TOKEN_RELOAD_INTERVAL);
    reload.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let patience = Duration::from_secs(settings.stale_after_s);
    let mut pushed = Instant::now();
    let mut stale = settings.stale_after_s == 0;
    reporter.report_remark(&settings.remark(0)).await;
    reporter.report_live().await;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    connections.spawn(serve_connection(stream, router.clone()));
                }
                // What doesn't fit at once isn't worth waiting for.
                Ok((stream, _)) => drop(stream.try_write(FULL_RESPONSE)),
                Err(error) if is_transient(&error) => {}
                Err(error) if is_exhausted(&error) => {
                    tracing::warn!(source = %reporter.name(), "no more connections: {error}");
                    sleep(ACCEPT_RETRY_INTERVAL).await;
                }
                Err(error) => return Fault::new(format!("{} no longer listens: {error}", settings.address)),
            },
            Some(_) = connections.join_next() => {}
            Ok(()) = progress.changed() => {
                let newest = *progress.borrow_and_update();
                if let Some(ahead) = newest.ahead
                    && reported_ahead.is_none_or(|said| (ahead - said).0.abs() > Span::SECOND.0)
                {
                    reported_ahead = Some(ahead);
                    reporter.report_clock_offset(ahead).await;
                }
                if newest.pushed != known.pushed {
                    pushed = Instant::now();
                    stale = settings.stale_after_s == 0;
                    reporter.report_live().await;
                }
                known = newest;
            }
            () = sleep_until(pushed + patience), if !stale => {
                stale = true;
                reporter.report_stale(&format!("nothing was pushed for {} s", settings.stale_after_s)).await;
            }
            _ = reload.tick() => {
                match settings.tokens() {
                    Ok(Some(tokens)) => auth.change_tokens(tokens),
                    Ok(None) => {}
                    // Those that were good before are: whoever changes the file may be half-way.
                    Err(fault) => tracing::warn!(source = %reporter.name(), "the tokens stay as they are: {}", fault.reason),
                }
                if refused != auth.refused() {
                    refused = auth.refused();
                    reporter.report_remark(&settings.remark(refused)).await;
                }
            }
        }
    }
}

/// Serve one connection until either side has had enough.
async fn serve_connection(stream: TcpStream, router: Router) {
    // Short questions and answers: nothing is to be waited for.
    drop(stream.set_nodelay(true));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // However it ends, the sender knows as much as we do.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(MAX_CONNECTION_AGE) => connection.as_mut().graceful_shutdown(),
    }
    let _ = timeout(3 * REQUEST_TIMEOUT, connection).await;
}

/// Whether an error is of one connection that was never made.
fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Whether the machine has no more sockets or memory for now.
fn is_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let codes = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

/// Why nothing listens at `address`.
fn bind_fault(error: &io::Error, address: &str) -> Fault {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            Fault::new(format!("{address} is in use by another program: end that one, or choose another port"))
        }
        io::ErrorKind::PermissionDenied => {
            Fault::lasting(format!("floorwatch may not listen at {address}: choose a port from 1024 up"))
        }
        io::ErrorKind::AddrNotAvailable => {
            Fault::new(format!("{address} is no address of this machine: listen on one that it has"))
        }
        _ => Fault::new(format!("cannot listen at {address}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn nothing_listens_beyond_this_machine_unless_it_is_safe_or_meant() {
        assert_eq!(settings("").check(), Ok(()));
        for local in ["127.0.0.1:80", "127.8.0.1:8310", "[::1]:8310", "[::ffff:127.0.0.1]:8310"] {
            assert_eq!(settings(&format!("address = '{local}'")).check(), Ok(()), "{local}");
        }
        for open in ["0.0.0.0:8310", "[::]:8310", "10.0.0.7:8310"] {
            let open = format!("address = '{open}'\n");
            let wrong = |more: &str| settings(&format!("{open}{more}")).check().unwrap_err();
            assert!(wrong("").1.contains("set it, or listen on 127.0.0.1"));
            assert!(wrong("allow_plain_http = true").1.contains("`token` must say who may push"));
            assert!(wrong("token = { env = 'T' }").1.contains("a reverse proxy that does TLS"));
            let meant = settings(&format!("{open}token = {{ env = 'T' }}\nallow_plain_http = true"));
            assert_eq!(meant.check(), Ok(()));
            assert!(meant.remark(0).contains("unencrypted"));
        }
        assert_eq!(settings("").remark(0), "");
    }

    #[test]
    fn what_cannot_work_is_named_with_its_key() {
        for (text, key) in [
            ("address = 'localhost:8310'", "address"),
            ("address = '127.0.0.1'", "address"),
            ("address = '127.0.0.1:0'", "address"),
            ("max_body_kb = 0", "max_body_kb"),
            ("max_body_kb = 100000", "max_body_kb"),
            ("max_events_per_s = 0", "max_events_per_s"),
        ] {
            assert_eq!(settings(text).check().unwrap_err().0, key, "{text}");
        }
        assert!(toml::from_str::<Settings>("token = 'hunter2'").is_err());
    }
}
