//! Server-sent events as a source: the other side sends contact events as they happen.
//!
//! The stream is cut into blocks here, not by a crate: those at hand end the stream at the first byte that is not
//! UTF-8, and hold an event however long it is.

use std::convert::Infallible;
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::clock::{Span, Time};
use crate::net::Fault;
use crate::net::http::{Address, Auth, Client, explain, place};
use crate::net::sse::{Block, Blocks};
use crate::net::tls::{self, Tls};
use crate::source::format::body::{self, BodyFormat};
use crate::source::network::clock_skew::Skew;
use crate::source::network::session::{Link, Session};

/// How long the answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);
/// However long the server wants us to wait before we come back.
const LONGEST_RETRY: Duration = Duration::from_mins(1);
/// Where the server is told how far we have come.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The types of events that only say that the server is there.
const SIGNS_OF_LIFE: [&str; 4] = ["ping", "heartbeat", "keepalive", "keep-alive"];

/// The keys of a source that is a stream of server-sent events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the stream is.
    pub url: Address,
    /// How floorwatch shows who it is.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Whom it trusts.
    #[serde(default)]
    pub tls: Tls,
    /// After so many seconds without a byte the connection is dead; 0 for never.
    #[serde(default = "heartbeat")]
    pub heartbeat_s: u64,
}

const fn heartbeat() -> u64 {
    25
}

/// How far the stream has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The id of the last event; `None` where the server gives none.
    id: Option<String>,
    /// When it came.
    at: Option<Time>,
}

/// A stream that is subscribed to.
pub(crate) struct Subscription {
    settings: Settings,
    cursor: Cursor,
    /// How long the server wants us to wait before we come back.
    retry: Option<Duration>,
    skew: Skew,
}

impl Subscription {
    /// Go on from `cursor`, the journal's.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let cursor = cursor.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { settings, cursor, retry: None, skew: Skew::default() }
    }
}

impl Session for Subscription {
    async fn run(&mut self, link: &mut Link) -> Fault {
        let Err(fault) = self.follow(link).await;
        match self.retry {
            Some(retry) => Fault { after: Some(fault.after.map_or(retry, |after| after.max(retry))), ..fault },
            None => fault,
        }
    }
}

impl Subscription {
    async fn follow(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, heartbeat_s } = &self.settings;
        if tls.danger_accept_any_certificate {
            link.remark(tls::UNCHECKED).await;
        }
        let client = Client::new(url, auth.as_ref(), tls, PATIENCE)?;
        let mut request = client.get().header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-store");
        let id = self.cursor.id.as_deref().filter(|id| !id.is_empty());
        // An id that no header can carry is as if there were none.
        let id = id.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let resumes = id.is_some();
        if let Some(id) = id {
            request = request.header(LAST_EVENT_ID, id);
        }
        let mut response = client.send(request, || link.now()).await?;
        is_stream(&response)?;
        self.skew.look(response.headers(), link).await;
        if !resumes {
            if let Some(at) = self.cursor.at {
                link.was_away(at);
            }
            link.missed().await;
        }
        link.live().await;
        let whose = response.url().clone();
        let heartbeat = Duration::from_secs(*heartbeat_s);
        let (mut blocks, mut number) = (Blocks::default(), 0);
        loop {
            let bytes = if heartbeat.is_zero() {
                response.chunk().await
            } else {
                timeout(heartbeat, response.chunk()).await.map_err(|_| {
                    Fault::new(format!(
                        "nothing has come for {} s: the connection is dead (heartbeat_s says how long is too long)",
                        heartbeat.as_secs()
                    ))
                })?
            };
            let Some(bytes) = bytes.map_err(|error| explain(&error, &whose))? else {
                return Err(Fault::new(format!("{} ended the stream", place(&whose))));
            };
            link.hear();
            let mut found = Vec::new();
            blocks.take(&bytes, &mut |block| found.push(block));
            self.take(found, &mut number, link).await;
        }
    }

    /// What blocks say, in the order they came; `number` counts them.
    async fn take(&mut self, found: Vec<Block>, number: &mut u64, link: &mut Link) {
        let latest = link.now() + Span::DAY;
        let (mut events, mut news) = (Vec::new(), false);
        for block in found {
            *number += 1;
            if let Some(id) = block.id {
                news |= self.cursor.id.as_ref() != Some(&id);
                self.cursor.id = Some(id);
            }
            if let Some(milliseconds) = block.retry {
                self.retry = Some(Duration::from_millis(milliseconds).min(LONGEST_RETRY));
            }
            let name = format!("{}, event", link.name());
            if block.too_long {
                link.reject(&name, *number, &format!("longer than {} KiB", crate::net::sse::MOST / 1024)).await;
                continue;
            }
            let Some(data) = block.data.filter(|data| !data.trim_ascii().is_empty()) else { continue };
            if block.kind.is_some_and(|kind| SIGNS_OF_LIFE.contains(&kind.as_str())) {
                continue;
            }
            let read = body::parse(&data, BodyFormat::ByContent, latest);
            for (_, reason) in read.rejected {
                link.reject(&name, *number, &reason).await;
            }
            news |= !read.events.is_empty();
            events.extend(read.events);
        }
        if news {
            self.cursor.at = Some(link.now());
            link.events(events, serde_json::to_string(&self.cursor).ok()).await;
        }
    }
}

/// Whether an answer is a stream of events, and if not, what it is.
fn is_stream(response: &Response) -> Result<(), Fault> {
    let whose = place(response.url());
    if response.status() == StatusCode::NO_CONTENT {
        return Err(Fault::lasting(format!(
            "{whose} answers 204 No Content: it wants nobody to subscribe; take the source out, or correct the address"
        )));
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("nothing said");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        return Ok(());
    }
    Err(Fault::lasting(format!("{whose} is no stream of events but {essence}: correct the address")))
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
    fn a_cursor_that_cannot_be_read_is_none() {
        let settings: Settings = toml::from_str(r#"url = "https://h/events""#).unwrap();
        let known = Subscription::new(settings.clone(), Some(r#"{"id":"7","at":"2026-03-02T09:00:00Z"}"#));
        assert_eq!(known.cursor.id.as_deref(), Some("7"));
        assert_eq!(Subscription::new(settings, Some("offset 7")).cursor, Cursor::default());
    }
}
