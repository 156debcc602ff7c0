//! A `[[notify]]` table of the configuration: a target, what it is notified of, and how it is reached.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer};

use super::template::Template;
use super::{NoticeKind, alertmanager, pagerduty};
use crate::alert::{Episode, Severity};
use crate::kpi::Dim;
use crate::net::Fault;
use crate::net::http::{Address, Auth, RequestSecret, check_protection, protection_remark};
use crate::net::tls::Tls;
use crate::secret::Secret;
use crate::text::{Label, Patterns};

/// A `[[notify]]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The name in the journal and on the board; the kind's word when absent.
    pub name: Option<Label>,
    /// The keys that every kind has.
    pub common: CommonSettings,
    /// The kind of target, with its own keys.
    pub transport: Transport,
}

/// The keys that every kind of target has: what it is notified of.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonSettings {
    /// The changes it is notified of.
    pub on: Vec<NoticeKind>,
    /// The lowest severity.
    pub severity: Severity,
    /// Only alerts of these queues; empty: all alerts, including those about sources and the whole floor.
    pub queues: Patterns,
    /// Only alerts of these rules; empty: all.
    pub rules: Patterns,
    /// The address of the board, linked in every message.
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
    /// Whether the queue and the rule of an episode match; the severity is not considered.
    pub(super) fn is_about(&self, episode: &Episode) -> bool {
        let queue = episode.slice.get(Dim::Queue);
        (self.queues.is_empty() || queue.is_some_and(|queue| self.queues.contains(queue)))
            && self.rules.contains(&episode.rule)
    }
}

/// How a target is reached, and which protocol it speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Transport {
    /// A Slack incoming webhook.
    Slack(ChatWebhook),
    /// A Teams workflow with a webhook trigger.
    Teams(ChatWebhook),
    /// PagerDuty's Events API v2.
    PagerDuty(PagerDuty),
    /// Any other webhook.
    Webhook(Box<Webhook>),
    /// A program on this machine.
    Command(CommandTarget),
    /// Alertmanager's API v2.
    Alertmanager(Alertmanager),
}

/// The value of the key `kind`.
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

/// An incoming webhook, whose address is the credential.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatWebhook {
    /// Where the address is stored; it is a secret.
    pub url: Secret,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// A PagerDuty service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDuty {
    /// The integration key of a service.
    pub routing_key: Secret,
    /// The address for events; that of the US service region when absent.
    pub url: Option<Address>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// A webhook with a free body: the message as JSON, or a template.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address, or where a secret one is stored.
    pub url: WebhookAddress,
    /// The credentials.
    pub auth: Option<Auth>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
    /// Further headers. They must not hold secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as JSON, with `{field}` in its strings.
    pub json: Option<Template>,
    /// The body as plain text, with `{field}` in it.
    pub text: Option<String>,
}

/// A program on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandTarget {
    /// The absolute path of the program, and its arguments. No shell is involved.
    pub command: Vec<String>,
}

/// An Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alertmanager {
    /// The base address, to which `/api/v2/alerts` is appended.
    pub url: Address,
    /// The credentials.
    pub auth: Option<Auth>,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: Tls,
}

/// The address of a webhook, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAddress {
    /// An address in the configuration.
    Open(Address),
    /// Where a secret address is stored.
    Hidden(Secret),
}

impl WebhookAddress {
    /// The address, read from where it is stored.
    fn read(&self) -> Result<Address, Fault> {
        match self {
            Self::Open(address) => Ok(address.clone()),
            Self::Hidden(secret) => read(secret),
        }
    }
}

fn read(secret: &Secret) -> Result<Address, Fault> {
    let text = secret.read()?;
    text.expose_secret().parse().map_err(|wrong| Fault::needs_change(format!("the secret is no address: {wrong}")))
}

impl<'de> Deserialize<'de> for WebhookAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct StoredAddress {
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
            Hidden(StoredAddress),
        }
        let wrong = || {
            serde::de::Error::custom(
                r#"the address lies in one place: { env = "NAME" }, { file = "/path" } or { credential = "name" }"#,
            )
        };
        match WrittenAddress::deserialize(deserializer)? {
            WrittenAddress::Open(text) => text.parse().map(Self::Open).map_err(serde::de::Error::custom),
            WrittenAddress::Hidden(StoredAddress { env: Some(name), file: None, credential: None }) => {
                Ok(Self::Hidden(Secret::Env(name)))
            }
            WrittenAddress::Hidden(StoredAddress { env: None, file: Some(path), credential: None }) => {
                Ok(Self::Hidden(Secret::File(path)))
            }
            WrittenAddress::Hidden(StoredAddress { env: None, file: None, credential: Some(name) })
                if !name.contains('/') =>
            {
                Ok(Self::Hidden(Secret::Credential(name)))
            }
            WrittenAddress::Hidden(_) => Err(wrong()),
        }
    }
}

impl TargetKind {
    /// Every kind with its word.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("slack", Self::Slack),
        ("teams", Self::Teams),
        ("pagerduty", Self::PagerDuty),
        ("webhook", Self::Webhook),
        ("command", Self::Command),
        ("alertmanager", Self::Alertmanager),
    ];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl Transport {
    /// Deserialize the keys of a target of `kind`; `keys` must not contain those of [`CommonSettings`].
    ///
    /// # Errors
    /// An unknown or missing key, or a wrong value.
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

    /// Check what the deserializer cannot.
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
        }?;
        // A secret address that cannot be read now is reported when it is used.
        match self.endpoint() {
            Ok(Some((address, secret, tls))) => check_protection(&address, secret, tls).map_err(|wrong| ("url", wrong)),
            _ => Ok(()),
        }
    }

    /// The address that messages are posted to, the secret they carry, and the TLS settings; `None` for a command.
    ///
    /// # Errors
    /// If a secret address cannot be read.
    pub(super) fn endpoint(&self) -> Result<Option<(Address, RequestSecret<'_>, &Tls)>, Fault> {
        Ok(Some(match self {
            // Whoever knows the address can post.
            Self::Slack(hook) | Self::Teams(hook) => (read(&hook.url)?, RequestSecret::Inside, &hook.tls),
            // The routing key is in the body.
            Self::PagerDuty(own) => {
                let usual = || pagerduty::ADDRESS.parse().map_err(|wrong| Fault::needs_change(format!("{wrong}")));
                (own.url.clone().map_or_else(usual, Ok)?, RequestSecret::Inside, &own.tls)
            }
            Self::Webhook(own) => {
                let secret = match &own.url {
                    WebhookAddress::Hidden(_) if own.auth.is_none() => RequestSecret::Inside,
                    _ => own.auth.as_ref().into(),
                };
                (own.url.read()?, secret, &own.tls)
            }
            Self::Alertmanager(own) => (own.url.under(alertmanager::PATH), own.auth.as_ref().into(), &own.tls),
            Self::Command(_) => return Ok(None),
        }))
    }

    /// The kind of target.
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
    /// What the board and `check` show while messages to the target are not protected on their way; `None` if they are.
    #[must_use]
    pub fn protection_remark(&self) -> Option<String> {
        let (address, secret, tls) = self.transport.endpoint().ok()??;
        let remark = protection_remark(&address, secret, tls);
        (!remark.is_empty()).then(|| format!("notifications to {}: {remark}", self.name()))
    }

    /// The name, or the word of the kind if none is configured.
    #[must_use]
    pub fn name(&self) -> Label {
        let named = self.name.clone().filter(|name| !name.is_empty());
        named.unwrap_or_else(|| Label::fixed(self.transport.kind().word()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_for_another_machine_needs_https_or_leave() {
        let folder = tempfile::tempdir().unwrap();
        let secret = |name: &str, url: &str| {
            let path = folder.path().join(name);
            fs::write(&path, url).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            format!("url = {{ file = '{}' }}", path.display())
        };
        let (plain, here) = (secret("plain", "http://hooks.example/abc"), secret("here", "http://127.0.0.1:1/abc"));
        let open = "url = 'http://hooks.example/abc'";
        for (kind, keys, refused) in [
            (TargetKind::Slack, plain.clone(), true),
            (TargetKind::Slack, here, false),
            (TargetKind::Slack, "url = { env = 'FLOORWATCH_TEST_NOT_SET' }".to_owned(), false),
            (TargetKind::Teams, plain.clone(), true),
            (TargetKind::PagerDuty, format!("{open}\nrouting_key = {{ env = 'K' }}"), true),
            (TargetKind::PagerDuty, "routing_key = { env = 'K' }".to_owned(), false),
            (TargetKind::Webhook, open.to_owned(), false),
            (TargetKind::Webhook, plain, true),
            (TargetKind::Webhook, format!("{open}\nauth = {{ bearer = {{ env = 'T' }} }}"), true),
            (TargetKind::Alertmanager, open.to_owned(), false),
            (TargetKind::Alertmanager, format!("{open}\nauth = {{ bearer = {{ env = 'T' }} }}"), true),
        ] {
            let read = |keys: &str| Transport::read(kind, toml::Deserializer::parse(keys).unwrap()).unwrap();
            match read(&keys).check() {
                Ok(()) => assert!(!refused, "{keys}"),
                Err((key, wrong)) => {
                    assert!(refused && key == "url" && !wrong.contains("abc"), "{keys}: {wrong}");
                }
            }
            let allowed = read(&format!("{keys}\ntls = {{ allow_plain_http = true }}"));
            assert_eq!(allowed.check(), Ok(()), "{keys}");
            let target = Settings { name: None, common: CommonSettings::default(), transport: allowed };
            assert_eq!(target.protection_remark().is_some(), refused, "{keys}");
        }
    }
}
