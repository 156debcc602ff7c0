//! One delivery attempt, whatever the kind of target: it builds the body, and posts it or runs the command.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::message::AlertMessage;
use super::post::{Post, PostBody};
use super::settings::{Transport, Webhook};
use super::{alertmanager, command, pagerduty, slack, teams, template};
use crate::alert::Episode;
use crate::clock::Clock;
use crate::net::Fault;

/// Sends messages to one target.
pub(super) struct Sender {
    transport: Arc<Transport>,
    clock: Clock,
    stop: CancellationToken,
    /// The HTTP client. It is dropped after a failure, so that the next attempt reads the secrets again.
    post: Option<Post>,
}

impl Sender {
    pub(super) fn new(transport: Transport, clock: Clock, stop: CancellationToken) -> Self {
        Self { transport: Arc::new(transport), clock, stop, post: None }
    }

    /// Send `message` once. Returns a short description of the answer, such as `200 OK`.
    pub(super) async fn send(&mut self, message: &AlertMessage, episode: &Episode) -> Result<String, Failure> {
        let transport = Arc::clone(&self.transport);
        let body = match &*transport {
            Transport::Command(_) => return self.run(message.clone()).await,
            Transport::Slack(_) => PostBody::json(&slack::body(message)),
            Transport::Teams(_) => PostBody::json(&teams::body(message)),
            Transport::PagerDuty(own) => {
                let key = own.routing_key.read().map_err(Fault::from)?;
                let key = key.expose_secret();
                PostBody { secret: Some(key.to_owned()), ..PostBody::json(&pagerduty::body(message, key)) }
            }
            Transport::Webhook(own) => own_body(own, message),
            Transport::Alertmanager(_) => {
                PostBody::json(&Value::Array(alertmanager::alerts(message, episode, self.clock.now())))
            }
        };
        self.post(body).await
    }

    /// Post the active alerts to Alertmanager again, before they expire there.
    pub(super) async fn repeat(&mut self, alerts: Vec<Value>) -> Result<String, Failure> {
        self.post(PostBody::json(&Value::Array(alerts))).await
    }

    async fn run(&self, message: AlertMessage) -> Result<String, Failure> {
        let (transport, stop) = (Arc::clone(&self.transport), self.stop.clone());
        let work = move || match &*transport {
            Transport::Command(own) => command::run(&own.command, &message, &stop),
            _ => Err(Failure::Permanent("it is no command".to_owned())),
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(Failure::Permanent(format!("a mistake in floorwatch: {error}"))))
    }

    async fn post(&mut self, body: PostBody) -> Result<String, Failure> {
        let post = match self.post.take() {
            Some(post) => post,
            None => self.transport.post()?,
        };
        let sent = post.send(self.transport.kind(), body, &self.clock).await;
        if sent.is_ok() {
            self.post = Some(post);
        }
        sent
    }
}

impl Transport {
    fn post(&self) -> Result<Post, Fault> {
        let Some((address, secret, tls)) = self.endpoint()? else {
            return Err(Fault::needs_change("a command has no address"));
        };
        let headers = match self {
            Self::Webhook(own) => own.header_map().map_err(Fault::needs_change)?,
            _ => HeaderMap::new(),
        };
        Post::new(&address, secret, tls, headers)
    }
}

fn own_body(own: &Webhook, message: &AlertMessage) -> PostBody {
    match (&own.json, &own.text) {
        (Some(json), _) => PostBody::json(&json.fill(message)),
        (None, Some(text)) => {
            PostBody { kind: "text/plain; charset=utf-8", text: template::text(text, message), secret: None }
        }
        (None, None) => PostBody::json(&serde_json::to_value(message).unwrap_or_default()),
    }
}
