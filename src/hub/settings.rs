//! `[hub]` of the configuration: where this program looks for a hub, or is one.

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
    /// The hub whose floor the board shows; without it the board has a floor of its own.
    pub url: Option<Address>,
    /// The token that says who this board is.
    pub token: Option<Secret>,
    /// How the hub's certificate is checked.
    pub tls: Tls,
    /// Where `floorwatch hub` listens: an IP address and a port.
    pub listen: ListenAddress,
    /// The hub's certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM, which others may not read.
    pub key: Option<PathBuf>,
    /// The socket at which other users of this machine find the floor; see [`super::socket`].
    pub socket: Option<PathBuf>,
    /// Let other users of this machine find the floor at all.
    pub share: Share,
    /// The group whose members may.
    pub group: Option<String>,
    /// Who may do what over the network.
    #[serde(rename = "tokens")]
    pub tokens: Vec<Token>,
}

/// Where a hub listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ListenAddress(pub SocketAddr);

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 7070)))
    }
}

/// Whether other users of this machine find the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Share(pub bool);

impl Default for Share {
    fn default() -> Self {
        Self(true)
    }
}

impl Settings {
    /// Whether anybody may bring events.
    #[must_use]
    pub fn takes_events(&self) -> bool {
        self.tokens.iter().any(|token| token.role.may(Right::Ingest))
    }

    /// Whether what is written can work, and is safe.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
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
