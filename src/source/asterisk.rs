//! A live Asterisk: its manager interface (AMI), and queue_log beside it where that can be read.
//!
//! One connection with the events of queues and agents, one question for all queues at its beginning and once a
//! minute. Polling more often has taken phone systems down, and nothing here does.

mod agents;
mod calls;
mod frame;
mod merge;
mod remarks;
mod session;
mod status;
mod translate;
mod wire;

use std::path::PathBuf;

use serde::Deserialize;

use crate::secret::Secret;
use crate::source::net;
use crate::source::queue_log::Verbs;
use crate::source::tls::Tls;
pub(super) use session::Asterisk;
pub use wire::Login;

/// The keys of a source that is an Asterisk.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where its manager interface listens, `host:port`.
    pub address: String,
    /// The account in manager.conf: `read = agent,system,user` and an empty `write` are enough.
    pub user: String,
    /// The account's secret.
    pub secret: Secret,
    /// How the secret is shown.
    #[serde(default)]
    pub login: Login,
    /// Speak TLS; plain TCP when absent.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Its queue_log, where it can be read here: the day so far, and how exactly each call ended.
    #[serde(default)]
    pub queue_log: Option<PathBuf>,
    /// The names of a centre's own verbs in queue_log, and of the fields of its `UserEvent`s.
    #[serde(default)]
    pub verbs: Verbs,
    /// The channel variable that carries the intent, one of manager.conf's `channelvars`.
    #[serde(default = "intent")]
    pub intent: String,
}

fn intent() -> String {
    "INTENT".to_owned()
}

impl Settings {
    /// Whether what is written can work at all.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !net::is_address(&self.address) {
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
        Ok(())
    }
}

#[cfg(test)]
mod tests;
