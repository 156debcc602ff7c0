//! Addresses of HTTP servers.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::explain::display_url;
use crate::net::tcp::is_loopback;

/// An `http` or `https` address. It is shown without its query, which may contain secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// The address as a URL.
    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }

    /// The host, as `host`, or `host:port` if the port is not the scheme's default.
    pub(crate) fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether the host is this machine: no proxy is used then, and nobody else can read requests.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(self.0.host_str().unwrap_or_default())
    }

    /// The address of an API's `path` below this base address: `http://host/base` and `api/v1/query` give
    /// `http://host/base/api/v1/query`.
    pub(crate) fn under(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        Self(url)
    }
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be parsed.
    #[error("that is no web address: write https://host/path")]
    Unreadable,
    /// It has another scheme.
    #[error("a web address begins with https:// or http://")]
    Scheme,
    /// It contains a user name or password.
    #[error(r#"a name and password don't stand in the address: write auth = {{ user = "…", password = {{ env = "NAME" }} }}"#)]
    Credentials,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text.trim()).map_err(|_| AddressError::Unreadable)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::Unreadable);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display_url(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
