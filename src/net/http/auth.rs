//! Credentials in headers.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::net::Fault;
use crate::secret::Secret;

/// The key `auth`: credentials for an HTTP server. Secrets are read again for each connection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "AuthTable")]
pub enum Auth {
    /// `{ bearer = SECRET }`: a token.
    Bearer(Secret),
    /// `{ user = "…", password = SECRET }`.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// `{ header = "X-Api-Key", value = SECRET }`.
    Header {
        /// The header's name.
        name: String,
        /// The header's value.
        value: Secret,
    },
}

/// The table in the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthTable {
    bearer: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    header: Option<String>,
    value: Option<Secret>,
}

/// Why the table is not valid.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error(
        "auth is one of {{ bearer = SECRET }}, {{ user = \"…\", password = SECRET }} or {{ header = \"…\", value = SECRET }}"
    )]
    Form,
    #[error("a user's name can't hold a colon")]
    User,
    #[error("that can't be a header's name: letters, digits and - are meant")]
    Name,
}

impl TryFrom<AuthTable> for Auth {
    type Error = AuthError;

    fn try_from(written: AuthTable) -> Result<Self, AuthError> {
        match written {
            AuthTable { bearer: Some(token), user: None, password: None, header: None, value: None } => {
                Ok(Self::Bearer(token))
            }
            AuthTable { bearer: None, user: Some(user), password: Some(password), header: None, value: None } => {
                if user.contains(':') { Err(AuthError::User) } else { Ok(Self::Basic { user, password }) }
            }
            AuthTable { bearer: None, user: None, password: None, header: Some(name), value: Some(value) } => {
                HeaderName::try_from(&name).map_err(|_| AuthError::Name)?;
                Ok(Self::Header { name, value })
            }
            _ => Err(AuthError::Form),
        }
    }
}

impl Auth {
    /// The header with the credentials. The secret is read now.
    pub(super) fn header(&self) -> Result<(HeaderName, HeaderValue), Fault> {
        let unfit =
            || Fault::needs_change("the secret holds characters that no HTTP header can carry: is it the right one?");
        let (name, value) = match self {
            Self::Bearer(token) => {
                (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {}", token.read()?.expose_secret())))
            }
            Self::Basic { user, password } => {
                let pair = format!("{user}:{}", password.read()?.expose_secret());
                (AUTHORIZATION, HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair))))
            }
            Self::Header { name, value } => {
                let name = HeaderName::try_from(name).map_err(|_| unfit())?;
                (name, HeaderValue::try_from(value.read()?.expose_secret()))
            }
        };
        let mut value = value.map_err(|_| unfit())?;
        // Keeps the value out of debug output.
        value.set_sensitive(true);
        Ok((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::FaultKind;

    #[derive(Deserialize)]
    struct AuthConfig {
        auth: Auth,
    }

    fn parse(text: &str) -> Result<Auth, String> {
        toml::from_str::<AuthConfig>(text).map(|table| table.auth).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn it_has_three_forms_and_a_secret_never_stands_in_it() {
        let token = || Secret::Env("TOKEN".into());
        assert_eq!(parse(r#"auth = { bearer = { env = "TOKEN" } }"#), Ok(Auth::Bearer(token())));
        let basic = Auth::Basic { user: "desk".into(), password: token() };
        assert_eq!(parse(r#"auth = { user = "desk", password = { env = "TOKEN" } }"#), Ok(basic));
        let header = Auth::Header { name: "X-Api-Key".into(), value: token() };
        assert_eq!(parse(r#"auth = { header = "X-Api-Key", value = { env = "TOKEN" } }"#), Ok(header));
        assert!(parse(r#"auth = { bearer = "abc" }"#).unwrap_err().contains("doesn't stand in the configuration"));
        assert!(parse(r#"auth = { user = "desk" }"#).unwrap_err().contains("auth is one of"));
        assert!(parse(r#"auth = { beerer = { env = "TOKEN" } }"#).unwrap_err().contains("beerer"));
        assert!(parse(r#"auth = { header = "X Key", value = { env = "TOKEN" } }"#).unwrap_err().contains("name"));
    }

    #[test]
    fn a_header_hides_its_secret() {
        // A variable that is set in every test.
        let (name, value) = Auth::Bearer(Secret::Env("PATH".into())).header().unwrap();
        assert_eq!(name, AUTHORIZATION);
        assert!(value.is_sensitive() && format!("{value:?}") == "Sensitive");
        let fault = Auth::Bearer(Secret::Env("FLOORWATCH_TEST_NOT_SET".into())).header().unwrap_err();
        assert!(fault.kind == FaultKind::NeedsChange && fault.reason.contains("not set"), "{fault:?}");
    }
}
