//! A live Asterisk: its manager interface (AMI), and queue_log beside it where that file can be read.
//!
//! The source keeps one connection on which Asterisk sends the events of queues and agents. It asks for all queues
//! (`QueueStatus`) when it connects and once a minute; polling more often has overloaded phone systems.
//! `packet` and `connection` speak the protocol, `queue_status`, `members`, `calls` and `translate` make events of it,
//! `merge` combines them with those of the log, and `session` drives it all.

mod calls;
mod connection;
mod member_names;
mod members;
mod merge;
mod packet;
mod queue_status;
mod remarks;
mod session;
mod translate;

use std::path::PathBuf;

use serde::Deserialize;

use crate::net::tcp;
use crate::net::tls::Tls;
use crate::secret::Secret;
use crate::source::format::queue_log::{AgentAliases, SiteNames, Verbs};
pub use connection::Login;
pub(in crate::source) use session::AsteriskSession;

/// The keys of a source of the kind `asterisk`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the manager interface, `host:port`.
    pub address: String,
    /// The account in manager.conf. `read = agent,system,user` and an empty `write` are enough for it.
    pub user: String,
    /// The account's secret.
    pub secret: Secret,
    /// How the account logs in.
    #[serde(default)]
    pub login: Login,
    /// TLS settings; plain TCP when absent.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The path of Asterisk's queue_log, where this machine can read it: it contains the day so far, and how exactly each
    /// call ended.
    #[serde(default)]
    pub queue_log: Option<PathBuf>,
    /// The verbs that the dialplan writes to queue_log, which are also the fields of the `UserEvent`s it sends.
    #[serde(default)]
    pub verbs: Verbs,
    /// Other names of agents, in queue_log and of members. The names of members with other interfaces are learned.
    #[serde(default)]
    pub agent_aliases: AgentAliases,
    /// The channel variable that carries the intent. It must be one of manager.conf's `channelvars`.
    #[serde(default = "default_intent")]
    pub intent: String,
}

fn default_intent() -> String {
    "INTENT".to_owned()
}

impl Settings {
    /// The centre's own words in queue_log.
    #[must_use]
    pub fn site(&self) -> SiteNames {
        SiteNames { verbs: self.verbs.clone(), agents: self.agent_aliases.clone() }
    }

    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !tcp::is_address(&self.address) {
            return Err((
                "address",
                format!("{} is no address: write host:port, as in pbx.example:5038", self.address),
            ));
        }
        if self.user.is_empty() || self.user.contains(['\r', '\n']) {
            return Err(("user", "name the account in manager.conf".to_owned()));
        }
        if self.intent.is_empty() || self.intent.contains(['=', ',', '\r', '\n']) {
            return Err(("intent", "name one of manager.conf's channelvars".to_owned()));
        }
        if self.tls.as_ref().is_some_and(|tls| tls.allow_plain_http) {
            return Err((
                "tls",
                "has `allow_plain_http`, which is for addresses with http://: without `tls` nothing is encrypted"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// Decode and translate what a peer may send. `bytes` are two portions; the first byte says where they part.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    use crate::clock::{Span, Time};
    use crate::text::Label;

    let Some((at, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len().min(usize::from(*at)));
    let mut decoder = packet::AmiDecoder::default();
    let mut translator = translate::AmiTranslator::new(Label::fixed("pbx"), SiteNames::default(), default_intent());
    let (mut now, mut events) = (Time::from_unix(1_772_438_400), Vec::new());
    for portion in [first, second] {
        decoder.push(portion, |packet| {
            now = now + Span::SECOND;
            let _ = translator.translate(&packet, now, &mut events);
        });
    }
    translator.advance(now + Span::DAY, &mut events);
}

#[cfg(test)]
mod tests;
