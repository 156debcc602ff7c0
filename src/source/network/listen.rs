//! A source that events are pushed to: an HTTP endpoint that answers only after the events are in the journal.
//!
//! `POST /v1/events` accepts the wire format: one event (`application/cloudevents+json`), an array of events
//! (`application/cloudevents-batch+json`), one event per line (`application/x-ndjson`), or any of these, recognized by
//! the body (`application/json`). The answers:
//!
//! - 200: `{"accepted", "duplicates", "ignored", "rejected_count", "rejected": [{"line", "reason"}]}`. The accepted
//!   events are on the disk. Rejected events (the first hundred are listed, by line or position in the array, from 1)
//!   are rejected each time they are sent; the rest of the batch is accepted. Events of a type that floorwatch does not
//!   know are ignored.
//! - 422: the same body, if no event could be accepted.
//! - 401, 403, 408, 413, 415: nothing was accepted, and `{"error"}` says why.
//! - 429 and 503, with `Retry-After`: send it again. An event is counted once, however often it is sent.
//!
//! Amazon Data Firehose wraps events in a batch, and has an answer of its own.
//!
//! With a mapping ([`EventMap`]) the body holds a vendor's events, which may be signed. What of these is not read is still
//! answered with 200, because the vendor would only send the same again.
//!
//! `GET /healthz` answers 200 while the endpoint is open.
//!
//! The endpoint speaks plain HTTP, so by default only this machine can reach it. For other machines, put a reverse
//! proxy that does TLS in front of it.

mod event_map;
mod firehose;
pub(crate) mod intake;
mod preset;
mod push_auth;
mod signature;
mod tokens;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clock::Span;
use crate::net::Fault;
use crate::net::server::{Accept, ConnectionLimits, Connections, HttpServer, NewConnection};
use crate::net::server::{share_of_address, widen_queue};
use crate::secret::Secret;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::text::Label;
pub use event_map::{EventMap, EventRule};
use intake::{Intake, PushProgress};
use push_auth::{PushAuth, PushSecrets};
pub use signature::{Signature, SignatureScheme};
use tokens::AcceptedTokens;

/// How many connections are served. A sender counts as known once it has sent a valid token.
const CONNECTION_LIMITS: ConnectionLimits =
    ConnectionLimits { total: 512, per_caller: 256, strangers: 384, strangers_per_peer: 128 };
/// A connection of this age is closed after its current request, so that no sender holds one for ever.
const MAX_CONNECTION_AGE: Duration = Duration::from_mins(5);
/// How often the tokens are read again.
const TOKEN_RELOAD_INTERVAL: Duration = Duration::from_secs(5);
/// The largest value of `max_body_kb`. More events than that belong in a file.
const MAX_BODY_LIMIT_KB: u32 = 32 * 1024;

/// The keys of a source of the kind `listen`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address to listen at: an IP address and a port.
    #[serde(default = "loopback")]
    pub address: String,
    /// The bearer token that senders must send. There may be several, one per line, each of 16 characters or more. They
    /// are read again every few seconds. Without a token everybody on this machine may push.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Allow an address that other machines can reach, although requests and their tokens are not encrypted.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The largest body, in KiB: 1 to 32768.
    #[serde(default = "one_mib")]
    pub max_body_kb: u32,
    /// How many events per second are accepted on average.
    #[serde(default = "ten_thousand")]
    pub max_events_per_s: u32,
    /// After how many seconds without an event the source is stale; 0 for never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u64,
    /// How requests are signed, where they are.
    #[serde(default)]
    pub signature: Option<Signature>,
    /// How to read the events of a vendor, in place of contact events.
    #[serde(default)]
    pub events: Option<EventMap>,
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
    /// Check that the values can work and are safe.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let Some(address) = self.socket_address() else {
            let wrong = format!("can't be `{}`: write an IP address and a port, `{}`", self.address, loopback());
            return Err(("address", wrong));
        };
        if !address.ip().to_canonical().is_loopback() {
            if self.token.is_none() && self.signature.is_none() {
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
        self.signature.as_ref().map_or(Ok(()), |own| own.check().map_err(|wrong| ("signature", wrong)))?;
        self.events.as_ref().map_or(Ok(()), |map| map.check().map_err(|wrong| ("events", wrong)))
    }

    fn socket_address(&self) -> Option<SocketAddr> {
        self.address.parse().ok().filter(|address: &SocketAddr| address.port() != 0)
    }

    fn secrets(&self) -> Result<PushSecrets, Fault> {
        let read = |secret: Option<&Secret>| secret.map(AcceptedTokens::read).transpose();
        let signing = self.signature.as_ref().map(|signature| &signature.secret);
        Ok(PushSecrets { tokens: read(self.token.as_ref())?, signing: read(signing)? })
    }

    /// The remark on the source: whether requests are unencrypted, how many were refused, and what is not read.
    fn remark(&self, refused: u64, unknown: String) -> String {
        let mut words = Vec::new();
        if self.socket_address().is_some_and(|address| !address.ip().to_canonical().is_loopback()) {
            words.push("requests and their token come unencrypted (allow_plain_http)".to_owned());
        }
        if refused > 0 {
            let what = if self.signature.is_some() { "signature or token" } else { "token" };
            words.push(format!("requests refused for a wrong {what}: {refused}"));
        }
        words.extend(Some(unknown).filter(|unknown| !unknown.is_empty()));
        words.join("; ")
    }
}

/// The endpoint.
pub(in crate::source) struct ListenSession(pub(in crate::source) Settings);

impl Session for ListenSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let settings = &self.0;
        if let Err((key, wrong)) = settings.check() {
            return Fault::needs_change(format!("{key} {wrong}"));
        }
        let secrets = match settings.secrets() {
            Ok(secrets) => secrets,
            Err(fault) => return fault,
        };
        let listener = match TcpListener::bind(&settings.address).await {
            Ok(listener) => listener,
            Err(error) => return bind_fault(&error, &settings.address),
        };
        widen_queue(&listener);
        let intake = Intake::new(reporter.shared(), settings.max_body_kb, settings.max_events_per_s);
        let intake = intake.with_map(settings.events.clone());
        let auth = Arc::new(PushAuth::new(intake, settings.signature.clone(), secrets));
        let server = HttpServer {
            router: auth.router(),
            connections: Connections::new(CONNECTION_LIMITS),
            max_connection_age: Some(MAX_CONNECTION_AGE),
        };
        let stop = CancellationToken::new();
        // Dropped with the session, the server closes its connections.
        tokio::select! {
            () = server.serve(PushListener(listener), stop) => Fault::transient(format!("{} no longer listens", settings.address)),
            never = report_progress(settings, &auth, reporter) => match never {},
        }
    }
}

/// Accepts the connections of senders.
struct PushListener(TcpListener);

impl Accept for PushListener {
    type Peer = SocketAddr;

    async fn accept(&mut self) -> io::Result<(NewConnection, SocketAddr)> {
        let (stream, address) = self.0.accept().await?;
        Ok((NewConnection::over_tcp(stream, None), address))
    }

    fn share_of(peer: &SocketAddr) -> Label {
        share_of_address(peer)
    }
}

/// Report what requests bring, and read the tokens again at an interval.
async fn report_progress(settings: &Settings, auth: &PushAuth, reporter: &mut Reporter) -> Infallible {
    let mut progress = auth.intake().progress();
    let mut known = PushProgress::default();
    let mut remark = settings.remark(0, String::new());
    let mut reported_ahead: Option<Span> = None;
    let mut reload = interval(TOKEN_RELOAD_INTERVAL);
    reload.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stale_after = Duration::from_secs(settings.stale_after_s);
    let mut pushed_at = Instant::now();
    let mut stale = settings.stale_after_s == 0;
    reporter.report_remark(&remark).await;
    reporter.report_live().await;
    loop {
        tokio::select! {
            Ok(()) = progress.changed() => {
                let newest = *progress.borrow_and_update();
                if let Some(ahead) = newest.ahead
                    && reported_ahead.is_none_or(|said| (ahead - said).0.abs() > Span::SECOND.0)
                {
                    reported_ahead = Some(ahead);
                    reporter.report_clock_offset(ahead).await;
                }
                if newest.pushed != known.pushed {
                    pushed_at = Instant::now();
                    stale = settings.stale_after_s == 0;
                    reporter.report_live().await;
                }
                known = newest;
            }
            () = sleep_until(pushed_at + stale_after), if !stale => {
                stale = true;
                reporter.report_stale(&format!("nothing was pushed for {} s", settings.stale_after_s)).await;
            }
            _ = reload.tick() => {
                match settings.secrets() {
                    Ok(secrets) => auth.change_secrets(secrets),
                    // The file may be read while somebody is writing it: the tokens of before stay valid.
                    Err(fault) => tracing::warn!(source = %reporter.name(), "the tokens stay as they are: {}", fault.reason),
                }
                let newest = settings.remark(auth.refused(), auth.intake().unknown());
                if newest != remark {
                    remark = newest;
                    reporter.report_remark(&remark).await;
                }
            }
        }
    }
}

/// The fault for an `address` that cannot be listened at.
fn bind_fault(error: &io::Error, address: &str) -> Fault {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            Fault::transient(format!("{address} is in use by another program: end that one, or choose another port"))
        }
        io::ErrorKind::PermissionDenied => {
            Fault::needs_change(format!("floorwatch may not listen at {address}: choose a port from 1024 up"))
        }
        io::ErrorKind::AddrNotAvailable => {
            Fault::transient(format!("{address} is no address of this machine: listen on one that it has"))
        }
        _ => Fault::transient(format!("cannot listen at {address}: {error}")),
    }
}

/// Read `bytes` as an event by each vendor's mapping.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    use std::sync::LazyLock;

    use crate::clock::Time;
    use crate::source::tally::InputTally;

    static MAPS: LazyLock<Vec<EventMap>> = LazyLock::new(|| {
        let events = |(_, preset): &(&str, &str)| preset.parse::<toml::Table>().ok()?.remove("events");
        preset::BUILT_IN.iter().filter_map(events).filter_map(|events| events.try_into().ok()).collect()
    });
    for map in &*MAPS {
        let mut tally = InputTally::default();
        drop(map.read(bytes, Time::from_unix(1_900_000_000), &Label::fixed("vendor"), &mut tally));
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
            assert!(meant.remark(0, String::new()).contains("unencrypted"));
            let signed = "signature = { scheme = 'zendesk', secret = { env = 'S' } }\nallow_plain_http = true";
            assert_eq!(settings(&format!("{open}{signed}")).check(), Ok(()));
        }
        assert_eq!(settings("").remark(0, String::new()), "");
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
            ("signature = { scheme = 'twilio', secret = { env = 'S' } }", "signature"),
            ("signature = { scheme = 'twilio', secret = { env = 'S' }, url = 'https://h/v1/events?a=b' }", "signature"),
            ("signature = { scheme = 'zendesk', secret = { env = 'S' }, max_age_s = 0 }", "signature"),
            ("events = { id = 'id', type = 'type', time = 'time', map = [] }", "events"),
        ] {
            assert_eq!(settings(text).check().unwrap_err().0, key, "{text}");
        }
        assert!(toml::from_str::<Settings>("token = 'hunter2'").is_err());
    }
}
