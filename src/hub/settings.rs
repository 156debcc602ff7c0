//! The `[hub]` table of the configuration: the hub to connect to, and the hub that this program runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::access::{Right, Token};
use crate::net::http::Address;
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

    /// Check that the settings can work and are safe.
    ///
    /// # Errors
    /// The first key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err(("certificate", "and `key` go together: give both, or neither".to_owned()));
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
