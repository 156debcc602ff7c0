//! Whether requests are protected on their way: secrets that would travel unencrypted, and certificates that are not
//! checked.

use super::{Address, Auth};
use crate::net::tls::{Tls, UNCHECKED_REMARK};

/// The secret that requests carry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestSecret<'a> {
    /// None.
    None,
    /// One that the client adds.
    Header(&'a Auth),
    /// One in the address or in the body.
    Inside,
}

impl<'a> From<Option<&'a Auth>> for RequestSecret<'a> {
    fn from(auth: Option<&'a Auth>) -> Self {
        auth.map_or(Self::None, Self::Header)
    }
}

impl<'a> RequestSecret<'a> {
    /// The addresses that the secret is sent to: `address`, and where tokens are requested.
    fn receivers(self, address: &'a Address) -> impl Iterator<Item = &'a Address> {
        let token = if let Self::Header(auth) = self { auth.token_address() } else { None };
        [Some(address), token].into_iter().flatten()
    }
}

/// What the board shows while a secret is sent unencrypted.
const UNENCRYPTED_REMARK: &str =
    "the token or password travels unencrypted (allow_plain_http): whoever is on the way can read it";

/// Words in the name of a query parameter whose value is a secret: `access_token`, `X-Api-Key`, `sig`.
const SECRET_WORDS: [&str; 12] =
    ["token", "key", "apikey", "accesskey", "secret", "password", "passwd", "pwd", "pass", "sig", "signature", "auth"];
/// The last word of such a name, where its words are told by capitals: `accessToken`.
const SECRET_ENDS: [&str; 4] = ["Token", "Key", "Secret", "Password"];

/// Whether the query of `address` contains a secret, as far as the names of its parameters tell.
fn names_a_secret(address: &Address) -> bool {
    let is_secret = |name: &str| {
        let word = |word: &str| SECRET_WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret));
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(word) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
    };
    address.url().query_pairs().any(|(name, value)| !value.is_empty() && is_secret(&name))
}

/// Whether requests to `address` that carry `secret` can be read on their way: they go to another machine, without TLS.
fn is_exposed(address: &Address, secret: RequestSecret<'_>) -> bool {
    let has_secret = !matches!(secret, RequestSecret::None) || names_a_secret(address);
    has_secret && address.url().scheme() == "http" && !address.is_loopback()
}

/// Check that no secret travels unencrypted to another machine, unless the configuration allows it.
///
/// # Errors
/// What is wrong with the address, and the remedy.
pub(crate) fn check_protection(address: &Address, secret: RequestSecret<'_>, tls: &Tls) -> Result<(), String> {
    let exposed = secret.receivers(address).find(|address| is_exposed(address, secret));
    let Some(address) = exposed.filter(|_| !tls.allow_plain_http) else { return Ok(()) };
    Err(format!(
        "leads to another machine ({}) by http://, so the token or password would travel unencrypted: write https://, or tls = {{ allow_plain_http = true }} where something else protects the way",
        address.host()
    ))
}

/// What the board and `check` show while requests to `address` are not protected; empty if they are.
pub(crate) fn protection_remark(address: &Address, secret: RequestSecret<'_>, tls: &Tls) -> String {
    let unencrypted =
        secret.receivers(address).any(|address| is_exposed(address, secret)).then_some(UNENCRYPTED_REMARK);
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
            ("http://10.0.0.5/x?queue=a&access_token=s3", RequestSecret::None, true),
            ("http://10.0.0.5/x?X-Api-Key=s3", RequestSecret::None, true),
            ("http://10.0.0.5/x?apiKey=s3", RequestSecret::None, true),
            ("http://10.0.0.5/x?SIG=s3", RequestSecret::None, true),
            ("https://10.0.0.5/x?token=s3", RequestSecret::None, false),
            ("http://localhost/x?token=s3", RequestSecret::None, false),
            ("http://10.0.0.5/x?keyboard=s3&monkey=a&token=", RequestSecret::None, false),
            ("http://[::ffff:127.0.0.1]/x", RequestSecret::Inside, false),
        ] {
            let address: Address = address.parse().unwrap();
            assert_eq!(check_protection(&address, secret, &Tls::default()).is_err(), exposed, "{address}");
            assert_eq!(check_protection(&address, secret, &allowed), Ok(()), "{address}");
            assert_eq!(protection_remark(&address, secret, &allowed).contains("unencrypted"), exposed, "{address}");
        }
        let oauth = |at: &str| {
            let keys = format!("oauth2 = {{ token_url = '{at}', client = 'c', secret = {{ env = 'S' }} }}");
            toml::from_str::<Auth>(&keys).unwrap()
        };
        let api: Address = "https://h/api".parse().unwrap();
        for (at, exposed) in
            [("https://login.example/t", false), ("http://login.example/t", true), ("http://[::1]/t", false)]
        {
            let auth = oauth(at);
            assert_eq!(check_protection(&api, RequestSecret::Header(&auth), &Tls::default()).is_err(), exposed, "{at}");
        }
        let address: Address = "https://h".parse().unwrap();
        let unchecked = Tls { danger_accept_any_certificate: true, ..Tls::default() };
        assert_eq!(protection_remark(&address, RequestSecret::None, &unchecked), UNCHECKED_REMARK);
    }
}
