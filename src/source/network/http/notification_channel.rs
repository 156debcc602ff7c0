//! Follows a channel of notifications: makes it, subscribes, and makes the next one before the server closes it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::notifications::{ChannelNotice, NotificationSettings, Topics};
use crate::clock::Span;
use crate::net::http::{Client, display_url};
use crate::net::proxy::TunnelProxy;
use crate::net::tcp::{self, CONNECT_TIMEOUT, NetStream};
use crate::net::tls::Tls;
use crate::net::{Backoff, Fault};
use crate::source::network::shared_reporter::SharedReporter;

/// The largest message.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// The largest answer about a channel.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// A channel of Genesys Cloud lives for a day; the next one is made in time.
const RENEWAL_INTERVAL: Duration = Duration::from_hours(23);
/// Asks whether the channel is there.
const PING: &str = r#"{"message":"ping"}"#;

/// What the channel and the polls tell each other.
#[derive(Debug, Default)]
pub(super) struct ChannelState {
    topics: watch::Sender<Topics>,
    mode: watch::Sender<ChannelMode>,
    /// The requests that are to be made anew.
    changed: Mutex<BTreeSet<usize>>,
    news: Notify,
}

/// How the source learns of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum ChannelMode {
    /// There is no channel yet.
    #[default]
    Beginning,
    /// By a channel of so many topics; so many had no room.
    Notified { topics: usize, left_out: usize },
    /// By polling, for this reason.
    Away(String),
}

impl ChannelMode {
    pub(super) const fn is_notified(&self) -> bool {
        matches!(self, Self::Notified { .. })
    }

    /// The remark on the source.
    pub(super) fn in_words(&self, every_s: u64) -> String {
        match self {
            Self::Beginning => String::new(),
            Self::Notified { topics, left_out } => {
                let rest =
                    if *left_out > 0 { format!("; {left_out} had no room and are polled") } else { String::new() };
                format!("told of changes by a channel of {topics} topics{rest}")
            }
            Self::Away(reason) => {
                format!("polled every {every_s} s, since there is no channel of notifications: {reason}")
            }
        }
    }
}

impl ChannelState {
    /// Subscribe to these topics from now on.
    pub(super) fn set_topics(&self, topics: Topics) {
        self.topics.send_if_modified(|known| {
            let is_new = *known != topics;
            *known = topics;
            is_new
        });
    }

    pub(super) fn mode(&self) -> ChannelMode {
        self.mode.borrow().clone()
    }

    fn set_mode(&self, mode: ChannelMode) {
        self.mode.send_replace(mode);
        self.news.notify_one();
    }

    fn note(&self, requests: impl IntoIterator<Item = usize>) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).extend(requests);
        self.news.notify_one();
    }

    /// Wait until something has changed, or the mode has.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// The requests that are to be made anew; each is told once.
    pub(super) fn take_changed(&self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A channel, and the websocket that it is.
struct OpenChannel {
    id: String,
    socket: WebSocketStream<Box<dyn NetStream>>,
    opened: Instant,
}

/// The answer to the request for a channel.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelAnswer {
    id: String,
    connect_uri: String,
}

/// What a channel is made with.
pub(super) struct ChannelMaker<'a> {
    pub(super) client: &'a Client,
    pub(super) base: &'a Url,
    pub(super) tls: &'a Tls,
    pub(super) settings: &'a NotificationSettings,
    pub(super) reporter: SharedReporter,
}

impl ChannelMaker<'_> {
    /// Keep a channel open for ever. Meanwhile `state` has what it tells.
    pub(super) async fn follow(&self, state: &ChannelState) -> Infallible {
        let mut topics = state.topics.subscribe();
        let mut backoff = Backoff::default();
        loop {
            // Fails if the sender is gone, and that is in `state`.
            let _ = topics.wait_for(|topics| !topics.is_empty()).await;
            let began = self.reporter.steady();
            let Err(fault) = self.run(state, &mut topics).await;
            let lasted = if state.mode().is_notified() { self.reporter.steady().since(began) } else { Span::ZERO };
            tracing::warn!(source = %self.reporter.name(), "no channel of notifications: {}", fault.reason);
            state.set_mode(ChannelMode::Away(fault.reason.clone()));
            sleep(backoff.after(&fault, lasted)).await;
        }
    }

    /// Follow channels, one after the other, until one breaks.
    async fn run(&self, state: &ChannelState, topics: &mut watch::Receiver<Topics>) -> Result<Infallible, Fault> {
        let mut channel = self.open(state, topics).await?;
        let quiet = Duration::from_secs(self.settings.heartbeat_s);
        let mut is_asked = false;
        loop {
            let is_old = channel.opened.elapsed() >= RENEWAL_INTERVAL;
            let message = tokio::select! {
                message = timeout(quiet, channel.socket.next()), if !is_old => message,
                Ok(()) = topics.changed(), if !is_old => {
                    self.subscribe(&channel.id, state, topics).await?;
                    continue;
                }
                else => {
                    channel = self.open(state, topics).await?;
                    continue;
                }
            };
            let text = match message {
                Err(_) if is_asked => {
                    return Err(Fault::transient(format!("nothing has come by it for {} s", 2 * quiet.as_secs())));
                }
                Err(_) => {
                    is_asked = true;
                    channel.socket.send(Message::text(PING)).await.map_err(|error| broken(&error))?;
                    continue;
                }
                Ok(Some(Ok(Message::Text(text)))) => text,
                Ok(Some(Ok(Message::Close(_))) | None) => return Err(Fault::transient("the server closed it")),
                Ok(Some(Ok(_))) => {
                    is_asked = false;
                    continue;
                }
                Ok(Some(Err(error))) => return Err(broken(&error)),
            };
            is_asked = false;
            let is_closing = match ChannelNotice::read(text.as_str(), &topics.borrow()) {
                ChannelNotice::Heartbeat => false,
                ChannelNotice::Changed(requests) => {
                    state.note(requests.iter().copied());
                    false
                }
                ChannelNotice::Closing => true,
                ChannelNotice::Refused(reason) => return Err(Fault::transient(reason)),
            };
            if is_closing {
                // The next one is there before this one is dropped.
                channel = self.open(state, topics).await?;
            }
        }
    }

    /// Make a channel, connect to it and subscribe.
    async fn open(&self, state: &ChannelState, topics: &mut watch::Receiver<Topics>) -> Result<OpenChannel, Fault> {
        let url = self.url(&self.settings.path)?;
        let answer = self.send(Method::POST, url.clone(), String::new()).await?;
        let ChannelAnswer { id, connect_uri } = serde_json::from_slice(&answer)
            .map_err(|_| Fault::transient(format!("what {} answers is no channel", display_url(&url))))?;
        let opened = Instant::now();
        let socket = self.connect(&connect_uri).await?;
        let channel = OpenChannel { id, socket, opened };
        self.subscribe(&channel.id, state, topics).await?;
        Ok(channel)
    }

    /// Connect to a websocket. Its address is a secret: it is not shown.
    async fn connect(&self, uri: &str) -> Result<WebSocketStream<Box<dyn NetStream>>, Fault> {
        let wrong = |what: &str| Fault::transient(format!("the address of the channel {what}"));
        let url = Url::parse(uri).map_err(|_| wrong("is none"))?;
        let host = url.host_str().ok_or_else(|| wrong("has no host"))?;
        let tls = match url.scheme() {
            "wss" => Some(self.tls),
            "ws" if tcp::is_loopback(host) => None,
            _ => return Err(wrong("is not encrypted (wss)")),
        };
        let address = format!("{host}:{}", url.port_or_known_default().unwrap_or(443));
        let proxy = if tls.is_some() { TunnelProxy::of_environment(&address)? } else { None };
        let stream = match proxy {
            Some(proxy) => tcp::secure(proxy.tunnel(&address, self.tls).await?, &address, self.tls).await?,
            None => tcp::connect(&address, tls).await?,
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let shaken = timeout(CONNECT_TIMEOUT, client_async_with_config(uri, stream, Some(config))).await;
        let shaken = shaken.map_err(|_| Fault::transient(format!("{address} does not answer as a websocket")))?;
        shaken.map(|(socket, _)| socket).map_err(|error| broken(&error))
    }

    /// Subscribe to the topics of now, in place of all others. What has changed meanwhile is not known, so that everything
    /// is asked for anew.
    async fn subscribe(
        &self,
        id: &str,
        state: &ChannelState,
        topics: &mut watch::Receiver<Topics>,
    ) -> Result<(), Fault> {
        let newest = topics.borrow_and_update().clone();
        let url = self.url(&format!("{}/{id}/subscriptions", self.settings.path))?;
        self.send(Method::PUT, url, newest.body()).await?;
        state.note(newest.all());
        state.set_mode(ChannelMode::Notified { topics: newest.len(), left_out: newest.left_out });
        Ok(())
    }

    async fn send(&self, method: Method, url: Url, body: String) -> Result<Vec<u8>, Fault> {
        let request = self.client.request(method, url).header(CONTENT_TYPE, "application/json").body(body);
        let response = self.client.send(request, || self.reporter.now()).await?;
        self.client.read_body(response, MAX_ANSWER_BYTES).await
    }

    fn url(&self, path: &str) -> Result<Url, Fault> {
        let below = format!("{}/{}", self.base.as_str().trim_end_matches('/'), path.trim_start_matches('/'));
        Url::parse(&below).map_err(|error| Fault::needs_change(format!("notifications.path is none: {error}")))
    }
}

/// The fault for a websocket that broke.
fn broken(error: &tokio_tungstenite::tungstenite::Error) -> Fault {
    Fault::transient(format!("the websocket broke ({error})"))
}
