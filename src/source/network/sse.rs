//! A source that subscribes to a stream of server-sent events, each of which holds contact events.
//!
//! The stream is parsed by `crate::net::sse` rather than by a crate: the crates that exist end the stream at the
//! first byte that is not UTF-8, and hold an event in memory however long it is.

use std::convert::Infallible;
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::clock::{Span, Time};
use crate::net::Fault;
use crate::net::http::{self, Address, Auth, Client, display_url, explain};
use crate::net::sse::{SseBlock, SseParser};
use crate::net::tls::Tls;
use crate::source::format::body::{self, BodyFormat};
use crate::source::network::clock_skew::ClockSkew;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;

/// The maximum time until the response begins.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest `retry` that a server can ask for.
const MAX_RETRY_INTERVAL: Duration = Duration::from_mins(1);
/// The header that tells the server which event was received last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The event types that only show that the server is alive.
const KEEPALIVE_EVENTS: [&str; 4] = ["ping", "heartbeat", "keepalive", "keep-alive"];

/// The keys of a source that is a stream of server-sent events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the stream.
    pub url: Address,
    /// The credentials.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Which certificates are trusted.
    #[serde(default)]
    pub tls: Tls,
    /// The connection is considered dead after this many seconds without a byte; 0 means never.
    #[serde(default = "heartbeat")]
    pub heartbeat_s: u64,
}

const fn heartbeat() -> u64 {
    25
}

impl Settings {
    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        http::check_protection(&self.url, self.auth.as_ref().into(), &self.tls).map_err(|wrong| ("url", wrong))
    }
}

/// How far the stream has been read. It is stored in the journal as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct StreamCursor {
    /// The id of the last event; `None` if the server sends no ids.
    id: Option<String>,
    /// When the last event arrived.
    at: Option<Time>,
}

/// A subscription to a stream.
pub(crate) struct SseSession {
    settings: Settings,
    cursor: StreamCursor,
    /// The server's `retry`: the minimum time before a reconnect.
    retry: Option<Duration>,
    skew: ClockSkew,
}

impl SseSession {
    /// A session that continues from `cursor`, as the journal stored it.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let cursor = cursor.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { settings, cursor, retry: None, skew: ClockSkew::default() }
    }
}

impl Session for SseSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let Err(fault) = self.follow(reporter).await;
        match self.retry {
            Some(retry) => Fault { after: Some(fault.after.map_or(retry, |after| after.max(retry))), ..fault },
            None => fault,
        }
    }
}

impl SseSession {
    async fn follow(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, heartbeat_s } = &self.settings;
        let secret = auth.as_ref().into();
        let client = Client::new(url, secret, tls, ANSWER_TIMEOUT)?.paced(None);
        let remark = http::protection_remark(url, secret, tls);
        if !remark.is_empty() {
            reporter.report_remark(&remark).await;
        }
        let mut request = client.get().header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-store");
        let id = self.cursor.id.as_deref().filter(|id| !id.is_empty());
        // An id that cannot be sent in a header is ignored.
        let id = id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let resumes = id.is_some();
        if let Some(id) = id {
            request = request.header(LAST_EVENT_ID, id);
        }
        let mut response = client.send(request, || reporter.now()).await?;
        is_stream(&response)?;
        self.skew.update(response.headers(), reporter).await;
        if !resumes {
            if let Some(at) = self.cursor.at {
                reporter.extend_disconnection(at);
            }
            reporter.report_gap().await;
        }
        reporter.report_live().await;
        let server = response.url().clone();
        let heartbeat = Duration::from_secs(*heartbeat_s);
        let (mut blocks, mut number) = (SseParser::default(), 0);
        loop {
            let bytes = if heartbeat.is_zero() {
                response.chunk().await
            } else {
                timeout(heartbeat, response.chunk()).await.map_err(|_| {
                    Fault::transient(format!(
                        "nothing has come for {} s: the connection is dead (heartbeat_s says how long is too long)",
                        heartbeat.as_secs()
                    ))
                })?
            };
            let Some(bytes) = bytes.map_err(|error| explain(&error, &server))? else {
                return Err(Fault::transient(format!("{} ended the stream", display_url(&server))));
            };
            reporter.record_activity();
            let mut found = Vec::new();
            blocks.push(&bytes, &mut |block| found.push(block));
            self.process(found, &mut number, reporter).await;
        }
    }

    /// Process blocks in the order of the stream. `number` counts all blocks of the connection.
    async fn process(&mut self, found: Vec<SseBlock>, number: &mut u64, reporter: &mut Reporter) {
        let latest = reporter.now() + Span::DAY;
        let (mut events, mut news) = (Vec::new(), false);
        for block in found {
            *number += 1;
            if let Some(id) = block.id {
                news |= self.cursor.id.as_ref() != Some(&id);
                self.cursor.id = Some(id);
            }
            if let Some(milliseconds) = block.retry {
                self.retry = Some(Duration::from_millis(milliseconds).min(MAX_RETRY_INTERVAL));
            }
            let name = format!("{}, event", reporter.name());
            if block.too_long {
                reporter
                    .reject(&name, *number, format!("longer than {} KiB", crate::net::sse::MAX_BLOCK_BYTES / 1024))
                    .await;
                continue;
            }
            let Some(data) = block.data.filter(|data| !data.trim_ascii().is_empty()) else { continue };
            if block.kind.is_some_and(|kind| KEEPALIVE_EVENTS.contains(&kind.as_str())) {
                continue;
            }
            let read = body::parse(&data, BodyFormat::ByContent, latest);
            for (_, reason) in read.rejected {
                reporter.reject(&name, *number, reason).await;
            }
            news |= !read.events.is_empty();
            events.extend(read.events);
        }
        if news {
            self.cursor.at = Some(reporter.now());
            reporter.send_events(events, serde_json::to_string(&self.cursor).ok()).await;
        }
    }
}

/// Check that a response is a stream of events. The fault says what it is instead.
fn is_stream(response: &Response) -> Result<(), Fault> {
    let server = display_url(response.url());
    if response.status() == StatusCode::NO_CONTENT {
        return Err(Fault::needs_change(format!(
            "{server} answers 204 No Content: it wants nobody to subscribe; take the source out, or correct the address"
        )));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("nothing said");
    http::is_plain(response)?;
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        return Ok(());
    }
    Err(Fault::needs_change(format!("{server} is no stream of events but {essence}: correct the address")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_needs_an_address_and_nothing_unknown() {
        let settings: Settings = toml::from_str(r#"url = "https://h/events""#).unwrap();
        assert_eq!((settings.heartbeat_s, &settings.auth, &settings.tls), (25, &None, &Tls::default()));
        assert!(toml::from_str::<Settings>(r#"url = "h/events""#).unwrap_err().message().contains("web address"));
        assert!(toml::from_str::<Settings>("heartbeat_s = 5").unwrap_err().message().contains("url"));
        assert!(toml::from_str::<Settings>("url = \"https://h\"\nheartbeat = 5").is_err());
    }

    #[test]
    fn a_secret_for_another_machine_needs_https_or_leave() {
        let check = |keys: &str| {
            let auth = "auth = { user = 'desk', password = { env = 'P' } }";
            toml::from_str::<Settings>(&format!("{keys}\n{auth}")).unwrap().check()
        };
        assert_eq!(check("url = 'https://h/events'"), Ok(()));
        let (key, wrong) = check("url = 'http://h/events'").unwrap_err();
        assert!(key == "url" && wrong.contains("allow_plain_http = true"), "{wrong}");
        assert_eq!(check("url = 'http://h/events'\ntls = { allow_plain_http = true }"), Ok(()));
    }

    #[test]
    fn a_cursor_that_cannot_be_read_is_none() {
        let settings: Settings = toml::from_str(r#"url = "https://h/events""#).unwrap();
        let known = SseSession::new(settings.clone(), Some(r#"{"id":"7","at":"2026-03-02T09:00:00Z"}"#));
        assert_eq!(known.cursor.id.as_deref(), Some("7"));
        assert_eq!(SseSession::new(settings, Some("offset 7")).cursor, StreamCursor::default());
    }
}
