//! The `[hub]` table of the configuration: the hub to connect to, and the hub that this program runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::access::{Right, Token};
use crate::net::http::{Address, RequestSecret, check_protection, protection_remark};
use crate::net::tls::Tls;
use crate::secret::Secret;

/// The `[hub]` table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The hub whose floor the board shows; without it, the board runs a floor of its own.
    pub url: Option<Address>,
    /// The token by which the hub identifies this board.
    pub token: Option<Secret>,
    /// How the hub's certificate is verified.
    pub tls: Tls,
    /// The address at which `floorwatch hub` listens: an IP address and a port.
    pub listen: ListenAddress,
    /// The path of the hub's certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// The path of the certificate's private key, PEM. Only its owner may be able to read it.
    pub key: Option<PathBuf>,
    /// The path of the socket at which other users of this machine reach the floor; see [`super::socket`].
    pub socket: Option<PathBuf>,
    /// Whether other users of this machine can reach the floor.
    pub share: Share,
    /// The group whose members can connect to the socket.
    pub group: Option<String>,
    /// The tokens of callers over the network.
    #[serde(rename = "tokens")]
    pub tokens: Vec<Token>,
}

/// The address at which a hub listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ListenAddress(pub SocketAddr);

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 7070)))
    }
}

/// Whether other users of this machine can reach the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Share(pub bool);

impl Default for Share {
    fn default() -> Self {
        Self(true)
    }
}

impl Settings {
    /// Whether any token allows sending events.
    #[must_use]
    pub fn takes_events(&self) -> bool {
        self.tokens.iter().any(|token| token.role.may(Right::Ingest))
    }

    /// The address of the hub that this program connects to, and the secret that it sends there.
    fn client_secret(&self) -> Option<(&Address, RequestSecret<'_>)> {
        let secret = if self.token.is_some() { RequestSecret::Inside } else { RequestSecret::None };
        self.url.as_ref().map(|address| (address, secret))
    }

    /// What `check` shows while the connection to the hub `url` is not protected; `None` if it is.
    #[must_use]
    pub fn protection_remark(&self) -> Option<String> {
        let (address, secret) = self.client_secret()?;
        let remark = protection_remark(address, secret, &self.tls);
        (!remark.is_empty()).then(|| format!("the hub: {remark}"))
    }

    /// Check that the settings can work and are safe.
    ///
    /// # Errors
    /// The first key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err(("certificate", "and `key` go together: give both, or neither".to_owned()));
        }
        if let Some((address, secret)) = self.client_secret() {
            check_protection(address, secret, &self.tls).map_err(|wrong| ("url", wrong))?;
        }
        if !self.listen.0.ip().to_canonical().is_loopback() {
            if self.tokens.is_empty() {
                let why = "is reached from other machines, so tokens must say who may do what: make one with `floorwatch hub token NAME ROLE`, or listen on 127.0.0.1";
                return Err(("listen", why.to_owned()));
            }
            if self.certificate.is_none() {
                let why = "is reached from other machines, and tokens would travel unencrypted: give `certificate` and `key`, or listen on 127.0.0.1 behind a proxy that does TLS";
                return Err(("listen", why.to_owned()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_another_machine_needs_https_or_leave() {
        let settings = |keys: &str| toml::from_str::<Settings>(keys).unwrap();
        let plain = "url = 'http://hub.example:7070'\n";
        let token = "token = { env = 'T' }\n";
        assert_eq!(settings(plain).check(), Ok(()));
        let (key, wrong) = settings(&format!("{plain}{token}")).check().unwrap_err();
        assert!(key == "url" && wrong.contains("hub.example:7070") && wrong.contains("allow_plain_http"), "{wrong}");
        let allowed = settings(&format!("{plain}{token}tls = {{ allow_plain_http = true }}"));
        assert_eq!(allowed.check(), Ok(()));
        assert!(allowed.protection_remark().unwrap().contains("unencrypted"));
        assert_eq!(settings(&format!("url = 'http://localhost:7070'\n{token}")).protection_remark(), None);
    }
}
