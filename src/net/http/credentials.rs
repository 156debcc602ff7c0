//! Adds credentials to requests.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, Url};
use secrecy::{ExposeSecret, SecretString};

use super::account::HttpAccount;
use super::auth::Auth;
use super::aws::AwsSigner;
use super::oauth::OAuthClient;
use crate::clock::Clock;
use crate::net::Fault;

/// Credentials whose secrets have been read.
pub(super) enum Credentials {
    None,
    Header(HeaderName, HeaderValue),
    /// A parameter of the address.
    Query(String, SecretString),
    Token(OAuthClient),
    Aws(AwsSigner),
}

impl Credentials {
    /// Read the secrets of `auth`.
    pub(super) fn read(auth: Option<&Auth>) -> Result<Self, Fault> {
        let Some(auth) = auth else { return Ok(Self::None) };
        match auth {
            Auth::Bearer(token) => Self::header(AUTHORIZATION, &format!("Bearer {}", token.read()?.expose_secret())),
            Auth::Basic { user, password } => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.read()?.expose_secret()));
                Self::header(AUTHORIZATION, &format!("Basic {pair}"))
            }
            Auth::Header { name, value } => {
                Self::header(HeaderName::try_from(name).map_err(|_| unfit())?, value.read()?.expose_secret())
            }
            Auth::Query { name, value } => Ok(Self::Query(name.clone(), value.read()?)),
            Auth::OAuth(client) => Ok(Self::Token((**client).clone())),
            Auth::Aws(key) => Ok(Self::Aws(AwsSigner::read(key)?)),
        }
    }

    fn header(name: HeaderName, value: &str) -> Result<Self, Fault> {
        let mut value = HeaderValue::try_from(value).map_err(|_| unfit())?;
        // Keeps the value out of debug output.
        value.set_sensitive(true);
        Ok(Self::Header(name, value))
    }

    /// Add the credentials to a request to the server that they are for. `client` and `patience` serve to get a token.
    pub(super) async fn add_to(
        &self,
        request: &mut Request,
        account: &HttpAccount,
        client: &reqwest::Client,
        patience: Duration,
    ) -> Result<(), Fault> {
        // Tokens and signatures end by the time of the world, not by that of a floor that is replayed.
        let now = || Clock::System.now();
        match self {
            Self::None => {}
            Self::Header(name, value) => _ = request.headers_mut().insert(name, value.clone()),
            Self::Query(name, value) => {
                self.remove_from(request.url_mut());
                request.url_mut().query_pairs_mut().append_pair(name, value.expose_secret());
            }
            Self::Token(oauth) => {
                let header = oauth.header(account, client, patience, now()).await?;
                request.headers_mut().insert(AUTHORIZATION, header);
            }
            Self::Aws(signer) => signer.sign(request, now())?,
        }
        Ok(())
    }

    /// Remove the credentials from an address that may have them: a server repeats them where it sends us on.
    pub(super) fn remove_from(&self, url: &mut Url) {
        let Self::Query(name, _) = self else { return };
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(known, _)| known != name)
            .map(|(n, v)| (n.into_owned(), v.into_owned()))
            .collect();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
    }

    /// A request with `header` was refused. Returns whether there can be other credentials, so that it is worth another
    /// try.
    pub(super) async fn renew(&self, account: &HttpAccount, header: Option<&HeaderValue>) -> bool {
        let (Self::Token(_), Some(header)) = (self, header) else { return false };
        OAuthClient::forget(account, header).await
    }
}

fn unfit() -> Fault {
    Fault::needs_change("the secret holds characters that no HTTP header can carry: is it the right one?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::FaultKind;
    use crate::secret::Secret;

    #[test]
    fn a_header_hides_its_secret() {
        // A variable that is set in every test.
        let read = |name: &str| Credentials::read(Some(&Auth::Bearer(Secret::Env(name.into()))));
        let Ok(Credentials::Header(name, value)) = read("PATH") else { panic!() };
        assert_eq!(name, AUTHORIZATION);
        assert!(value.is_sensitive() && format!("{value:?}") == "Sensitive");
        let fault = read("FLOORWATCH_TEST_NOT_SET").err().unwrap();
        assert!(fault.kind == FaultKind::NeedsChange && fault.reason.contains("not set"), "{fault:?}");
    }

    #[test]
    fn a_parameter_with_a_secret_is_taken_out_of_an_address() {
        let credentials = Credentials::Query("key".into(), SecretString::from("hunter2"));
        let removed = |text: &str| {
            let mut url: Url = text.parse().unwrap();
            credentials.remove_from(&mut url);
            url.to_string()
        };
        assert_eq!(removed("https://h/x?key=hunter2"), "https://h/x");
        assert_eq!(removed("https://h/x?a=%C3%A9&key=hunter2&b"), "https://h/x?a=%C3%A9&b=");
    }
}
