//! Whether requests are protected on their way: secrets that would travel unencrypted, and certificates that are not
//! checked.

use super::{Address, Auth};
use crate::net::tls::{Tls, UNCHECKED_REMARK};

/// The secret that requests carry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestSecret<'a> {
    /// None.
    None,
    /// One in a header, which the client adds.
    Header(&'a Auth),
    /// One in the address or in the body.
    Inside,
}

impl<'a> From<Option<&'a Auth>> for RequestSecret<'a> {
    fn from(auth: Option<&'a Auth>) -> Self {
        auth.map_or(Self::None, Self::Header)
    }
}

/// What the board shows while a secret is sent unencrypted.
const UNENCRYPTED_REMARK: &str =
    "the token or password travels unencrypted (allow_plain_http): whoever is on the way can read it";

/// Whether requests to `address` that carry `secret` can be read on their way: they go to another machine, without TLS.
fn is_exposed(address: &Address, secret: RequestSecret<'_>) -> bool {
    !matches!(secret, RequestSecret::None) && address.url().scheme() == "http" && !address.is_loopback()
}

/// Check that no secret travels unencrypted to another machine, unless the configuration allows it.
///
/// # Errors
/// What is wrong with the address, and the remedy.
pub(crate) fn check_protection(address: &Address, secret: RequestSecret<'_>, tls: &Tls) -> Result<(), String> {
    if tls.allow_plain_http || !is_exposed(address, secret) {
        return Ok(());
    }
    Err(format!(
        "leads to another machine ({}) by http://, so the token or password would travel unencrypted: write https://, or tls = {{ allow_plain_http = true }} where something else protects the way",
        address.host()
    ))
}

/// What the board and `check` show while requests to `address` are not protected; empty if they are.
pub(crate) fn protection_remark(address: &Address, secret: RequestSecret<'_>, tls: &Tls) -> String {
    let unencrypted = is_exposed(address, secret).then_some(UNENCRYPTED_REMARK);
    let unchecked = tls.danger_accept_any_certificate.then_some(UNCHECKED_REMARK);
    unencrypted.into_iter().chain(unchecked).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_secret_travels_unencrypted_to_this_machine_alone_unless_that_is_allowed() {
        let token = Auth::Bearer(Secret::Env("TOKEN".into()));
        let allowed = Tls { allow_plain_http: true, ..Tls::default() };
        for (address, secret, exposed) in [
            ("http://10.0.0.5/x", RequestSecret::Header(&token), true),
            ("http://hub.example:7070", RequestSecret::Inside, true),
            ("http://localhost.example.com", RequestSecret::Inside, true),
            ("http://10.0.0.5/x", RequestSecret::None, false),
            ("https://10.0.0.5/x", RequestSecret::Header(&token), false),
            ("http://localhost:9090", RequestSecret::Header(&token), false),
            ("http://127.0.0.2/x", RequestSecret::Header(&token), false),
            ("http://[::1]/x", RequestSecret::Inside, false),
            ("http://[::ffff:127.0.0.1]/x", RequestSecret::Inside, false),
        ] {
            let address: Address = address.parse().unwrap();
            assert_eq!(check_protection(&address, secret, &Tls::default()).is_err(), exposed, "{address}");
            assert_eq!(check_protection(&address, secret, &allowed), Ok(()), "{address}");
            assert_eq!(protection_remark(&address, secret, &allowed).contains("unencrypted"), exposed, "{address}");
        }
        let address: Address = "https://h".parse().unwrap();
        let unchecked = Tls { danger_accept_any_certificate: true, ..Tls::default() };
        assert_eq!(protection_remark(&address, RequestSecret::None, &unchecked), UNCHECKED_REMARK);
    }
}
