//! One attempt to tell a target, whatever its kind.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::message::AlertMessage;
use super::post::{Post, PostBody};
use super::settings::{Transport, Webhook};
use super::{alertmanager, command, pagerduty, slack, teams, template};
use crate::alert::Episode;
use crate::clock::Clock;
use crate::net::Fault;

/// Why an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may be tried again.
    Again(Fault),
    /// It would be refused again; why.
    Never(String),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Again(fault)
    }
}

/// What sends messages to a target.
pub(super) struct Sender {
    transport: Arc<Transport>,
    clock: Clock,
    stop: CancellationToken,
    /// While all is well.
    post: Option<Post>,
}

impl Sender {
    pub(super) fn new(transport: Transport, clock: Clock, stop: CancellationToken) -> Self {
        Self { transport: Arc::new(transport), clock, stop, post: None }
    }

    /// Try once; the answer in a few words.
    pub(super) async fn tell(&mut self, message: &AlertMessage, episode: &Episode) -> Result<String, Failure> {
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

    /// Tell Alertmanager what lasts.
    pub(super) async fn repeat(&mut self, alerts: Vec<Value>) -> Result<String, Failure> {
        self.post(PostBody::json(&Value::Array(alerts))).await
    }

    async fn run(&self, message: AlertMessage) -> Result<String, Failure> {
        let (transport, stop) = (Arc::clone(&self.transport), self.stop.clone());
        let work = move || match &*transport {
            Transport::Command(own) => command::run(&own.command, &message, &stop),
            _ => Err(Failure::Never("it is no command".to_owned())),
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(Failure::Never(format!("a mistake in floorwatch: {error}"))))
    }

    async fn post(&mut self, body: PostBody) -> Result<String, Failure> {
        let post = match self.post.take() {
            Some(post) => post,
            None => self.transport.post()?,
        };
        let sent = post.send(body, &self.clock).await;
        if sent.is_ok() {
            self.post = Some(post);
        }
        sent
    }
}

impl Transport {
    fn post(&self) -> Result<Post, Fault> {
        let none = HeaderMap::new();
        match self {
            Self::Slack(hook) | Self::Teams(hook) => Post::new(&hook.read()?, None, &hook.tls, none),
            Self::PagerDuty(own) => {
                let usual = || pagerduty::ADDRESS.parse().map_err(|wrong| Fault::lasting(format!("{wrong}")));
                let address = own.url.clone().map_or_else(usual, Ok)?;
                Post::new(&address, None, &own.tls, none)
            }
            Self::Webhook(own) => {
                let headers = own.header_map().map_err(Fault::lasting)?;
                Post::new(&own.url.read()?, own.auth.as_ref(), &own.tls, headers)
            }
            Self::Alertmanager(own) => Post::new(&own.url.under(alertmanager::PATH), own.auth.as_ref(), &own.tls, none),
            Self::Command(_) => Err(Fault::lasting("a command has no address")),
        }
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
