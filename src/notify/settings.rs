//! One `[[notify]]` table of the configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer};

use super::NoticeKind;
use super::template::Template;
use crate::alert::{Episode, Patterns, Severity};
use crate::kpi::Dim;
use crate::net::Fault;
use crate::net::http::{Address, Auth};
use crate::net::tls::Tls;
use crate::secret::Secret;
use crate::text::Label;

/// One `[[notify]]` table: who is told, of what, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What it is called in the journal and on the board; its kind when absent.
    pub name: Option<Label>,
    /// What holds for every kind.
    pub common: CommonSettings,
    /// How it is reached, and what it speaks.
    pub transport: Transport,
}

/// What a target is told of.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonSettings {
    /// These transitions.
    pub on: Vec<NoticeKind>,
    /// Alerts this bad or worse.
    pub severity: Severity,
    /// Of these queues; empty: of everything, alerts about sources and the whole floor too.
    pub queues: Patterns,
    /// Of these rules.
    pub rules: Patterns,
    /// Where the board can be looked at: a link in every message.
    pub board_url: Option<Address>,
}

impl Default for CommonSettings {
    fn default() -> Self {
        Self {
            on: NoticeKind::WORDS.iter().map(|(_, what)| *what).collect(),
            severity: Severity::Warning,
            queues: Patterns::default(),
            rules: Patterns::default(),
            board_url: None,
        }
    }
}

impl CommonSettings {
    /// Whether an episode is one of those that the target is told of, its severity aside.
    pub(super) fn is_about(&self, episode: &Episode) -> bool {
        let queue = episode.slice.get(Dim::Queue);
        (self.queues.is_empty() || queue.is_some_and(|queue| self.queues.contains(queue)))
            && self.rules.contains(&episode.rule)
    }
}

/// How a target is reached, and what it speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Transport {
    /// A Slack incoming webhook.
    Slack(ChatWebhook),
    /// A Teams workflow that waits for a webhook.
    Teams(ChatWebhook),
    /// PagerDuty's Events API v2.
    PagerDuty(PagerDuty),
    /// Any other webhook.
    Webhook(Box<Webhook>),
    /// A program of this machine.
    Command(CommandTarget),
    /// Alertmanager's API v2.
    Alertmanager(Alertmanager),
}

/// The word of `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in Transport")]
pub enum TargetKind {
    Slack,
    Teams,
    PagerDuty,
    Webhook,
    Command,
    Alertmanager,
}

/// A webhook whose address is what lets one in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatWebhook {
    /// Where the address lies. Whoever has it may post.
    pub url: Secret,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// PagerDuty.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDuty {
    /// The integration key of a service.
    pub routing_key: Secret,
    /// Where events go; that of the US service region when absent.
    pub url: Option<Address>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// Any other webhook: what is told goes there as JSON, or as a template says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address, or where it lies.
    pub url: WebhookAddress,
    /// Who we are.
    pub auth: Option<Auth>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
    /// Further headers; none of them a secret.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON, with `{field}` in its strings.
    pub json: Option<Template>,
    /// The body as plain text, with `{field}` in it.
    pub text: Option<String>,
}

/// A program of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandTarget {
    /// The program, by its whole path, and its arguments. No shell reads them.
    pub command: Vec<String>,
}

/// Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alertmanager {
    /// What stands before `/api/v2/alerts`.
    pub url: Address,
    /// Who we are.
    pub auth: Option<Auth>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// An address, or where one lies that is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAddress {
    /// One that may be seen.
    Open(Address),
    /// One that may not.
    Hidden(Secret),
}

impl WebhookAddress {
    /// The address itself.
    pub(super) fn read(&self) -> Result<Address, Fault> {
        match self {
            Self::Open(address) => Ok(address.clone()),
            Self::Hidden(secret) => read(secret),
        }
    }
}

impl ChatWebhook {
    /// The address itself.
    pub(super) fn read(&self) -> Result<Address, Fault> {
        read(&self.url)
    }
}

fn read(secret: &Secret) -> Result<Address, Fault> {
    let text = secret.read()?;
    text.expose_secret().parse().map_err(|wrong| Fault::lasting(format!("the secret is no address: {wrong}")))
}

impl<'de> Deserialize<'de> for WebhookAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct SecretRef {
            env: Option<String>,
            file: Option<PathBuf>,
            credential: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = r#"an address in quotes, or where it lies: { env = "NAME" }, { file = "/path" } or { credential = "name" }"#
        )]
        enum WrittenAddress {
            Open(String),
            Hidden(SecretRef),
        }
        let wrong = || {
            serde::de::Error::custom(
                r#"the address lies in one place: { env = "NAME" }, { file = "/path" } or { credential = "name" }"#,
            )
        };
        match WrittenAddress::deserialize(deserializer)? {
            WrittenAddress::Open(text) => text.parse().map(Self::Open).map_err(serde::de::Error::custom),
            WrittenAddress::Hidden(SecretRef { env: Some(name), file: None, credential: None }) => {
                Ok(Self::Hidden(Secret::Env(name)))
            }
            WrittenAddress::Hidden(SecretRef { env: None, file: Some(path), credential: None }) => {
                Ok(Self::Hidden(Secret::File(path)))
            }
            WrittenAddress::Hidden(SecretRef { env: None, file: None, credential: Some(name) })
                if !name.contains('/') =>
            {
                Ok(Self::Hidden(Secret::Credential(name)))
            }
            WrittenAddress::Hidden(_) => Err(wrong()),
        }
    }
}

impl TargetKind {
    /// Every word that `kind` can be.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("slack", Self::Slack),
        ("teams", Self::Teams),
        ("pagerduty", Self::PagerDuty),
        ("webhook", Self::Webhook),
        ("command", Self::Command),
        ("alertmanager", Self::Alertmanager),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl Transport {
    /// Read the keys of a target of `kind`, those that every target has left out.
    ///
    /// # Errors
    /// The deserializer's: an unknown key, a wrong value, one that is missing.
    pub fn read<'de, D: Deserializer<'de>>(kind: TargetKind, keys: D) -> Result<Self, D::Error> {
        Ok(match kind {
            TargetKind::Slack => Self::Slack(ChatWebhook::deserialize(keys)?),
            TargetKind::Teams => Self::Teams(ChatWebhook::deserialize(keys)?),
            TargetKind::PagerDuty => Self::PagerDuty(PagerDuty::deserialize(keys)?),
            TargetKind::Webhook => Self::Webhook(Box::new(Webhook::deserialize(keys)?)),
            TargetKind::Command => Self::Command(CommandTarget::deserialize(keys)?),
            TargetKind::Alertmanager => Self::Alertmanager(Alertmanager::deserialize(keys)?),
        })
    }

    /// Whether what is written can work at all.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        match self {
            Self::Webhook(webhook) => webhook.check(),
            Self::Command(command) => match command.command.first() {
                Some(program) if Path::new(program).is_absolute() => Ok(()),
                Some(_) => Err(("command", "must begin with a program's whole path, such as `/usr/bin/…`".to_owned())),
                None => Err(("command", "is empty: write `[\"/path/of/a/program\", \"argument\"]`".to_owned())),
            },
            Self::Slack(_) | Self::Teams(_) | Self::PagerDuty(_) | Self::Alertmanager(_) => Ok(()),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> TargetKind {
        match self {
            Self::Slack(_) => TargetKind::Slack,
            Self::Teams(_) => TargetKind::Teams,
            Self::PagerDuty(_) => TargetKind::PagerDuty,
            Self::Webhook(_) => TargetKind::Webhook,
            Self::Command(_) => TargetKind::Command,
            Self::Alertmanager(_) => TargetKind::Alertmanager,
        }
    }
}

impl Webhook {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.json.is_some() && self.text.is_some() {
            return Err(("text", "and `json` are two ways to write one body: give one of them".to_owned()));
        }
        if let Some(text) = &self.text {
            super::template::check(text).map_err(|wrong| ("text", wrong))?;
        }
        self.header_map().map(drop).map_err(|wrong| ("headers", wrong))
    }

    /// The further headers.
    pub(super) fn header_map(&self) -> Result<HeaderMap, String> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let wrong = || format!("has `{}`, which can't be a header", Label::new(name));
            let name = HeaderName::try_from(name).map_err(|_| wrong())?;
            map.insert(name, HeaderValue::try_from(value).map_err(|_| wrong())?);
        }
        Ok(map)
    }
}

impl Settings {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> Label {
        let named = self.name.clone().filter(|name| !name.is_empty());
        named.unwrap_or_else(|| Label::fixed(self.transport.kind().word()))
    }
}
