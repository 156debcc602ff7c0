//! The key `auth`: how a server recognizes us.

use reqwest::header::HeaderName;
use serde::Deserialize;

use super::Address;
use super::aws::AwsKey;
use super::oauth::OAuthClient;
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
    /// `{ query = "api_key", value = SECRET }`: a parameter of the address.
    Query {
        /// The parameter's name.
        name: String,
        /// The parameter's value.
        value: Secret,
    },
    /// `{ oauth2 = { … } }`: access tokens, which the client gets with its secret.
    OAuth(Box<OAuthClient>),
    /// `{ aws = { … } }`: signatures with an access key of AWS.
    Aws(Box<AwsKey>),
}

/// The table in the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthTable {
    bearer: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    header: Option<String>,
    query: Option<String>,
    value: Option<Secret>,
    oauth2: Option<Box<OAuthClient>>,
    aws: Option<Box<AwsKey>>,
}

/// Why the table is not valid.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error(
        "auth is one of {{ bearer = SECRET }}, {{ user = \"…\", password = SECRET }}, {{ header = \"…\", value = SECRET }}, {{ query = \"…\", value = SECRET }}, {{ oauth2 = {{ … }} }} or {{ aws = {{ … }} }}"
    )]
    Form,
    #[error("a user's name can't hold a colon")]
    User,
    #[error("that can't be a header's name: letters, digits and - are meant")]
    Name,
    #[error("oauth2 has a user with a password, or neither: without them the client asks in its own name")]
    Grant,
}

impl TryFrom<AuthTable> for Auth {
    type Error = AuthError;

    fn try_from(written: AuthTable) -> Result<Self, AuthError> {
        let AuthTable { bearer, user, password, header, query, value, oauth2, aws } = written;
        let is_basic = user.is_some() || password.is_some();
        let forms = [bearer.is_some(), is_basic, header.is_some(), query.is_some(), oauth2.is_some(), aws.is_some()];
        let is_named = header.is_some() || query.is_some();
        if forms.into_iter().filter(|given| *given).count() != 1 || is_named != value.is_some() {
            return Err(AuthError::Form);
        }
        let basic = user.zip(password).map(|(user, password)| Self::Basic { user, password });
        let (header, query) = match (header, query, value) {
            (Some(name), None, Some(value)) => (Some(Self::Header { name, value }), None),
            (None, Some(name), Some(value)) => (None, Some(Self::Query { name, value })),
            _ => (None, None),
        };
        let forms = [bearer.map(Self::Bearer), basic, header, query, oauth2.map(Self::OAuth), aws.map(Self::Aws)];
        match forms.into_iter().flatten().next().ok_or(AuthError::Form)? {
            Self::Basic { user, .. } if user.contains(':') => Err(AuthError::User),
            Self::Header { name, .. } if HeaderName::try_from(&name).is_err() => Err(AuthError::Name),
            Self::OAuth(client) if client.user.is_some() != client.password.is_some() => Err(AuthError::Grant),
            auth => Ok(auth),
        }
    }
}

impl Auth {
    /// The account that it is: the same wherever the same credentials are used for the same server.
    pub(super) fn account(&self) -> String {
        match self {
            Self::Bearer(secret) | Self::Header { value: secret, .. } | Self::Query { value: secret, .. } => {
                format!("{secret:?}")
            }
            Self::Basic { user, .. } => user.clone(),
            Self::OAuth(client) => {
                format!("{} {} at {:?}", client.client, client.user.as_deref().unwrap_or_default(), client.token_url)
            }
            Self::Aws(key) => key.key_id.clone(),
        }
    }

    /// Where else than to its server a secret of it is sent.
    pub(super) fn token_address(&self) -> Option<&Address> {
        if let Self::OAuth(client) = self { Some(&client.token_url) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct AuthConfig {
        auth: Auth,
    }

    fn parse(text: &str) -> Result<Auth, String> {
        toml::from_str::<AuthConfig>(text).map(|table| table.auth).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn it_has_several_forms_and_a_secret_never_stands_in_it() {
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
    fn tokens_signatures_and_parameters_have_tables_of_their_own() {
        let read = |text: &str| parse(&format!("auth = {{ {text} }}"));
        let query = read("query = 'api_key', value = { env = 'K' }").unwrap();
        assert_eq!(query, Auth::Query { name: "api_key".into(), value: Secret::Env("K".into()) });
        let oauth =
            "oauth2 = { token_url = 'https://login.example/oauth/token', client = 'c', secret = { env = 'S' } }";
        let Auth::OAuth(client) = read(oauth).unwrap() else { panic!() };
        assert_eq!((client.client.as_str(), client.secret_in_body), ("c", false));
        let aws = "aws = { key_id = 'AKIA', secret = { env = 'S' }, region = 'eu-west-2', service = 'connect' }";
        assert!(matches!(read(aws).unwrap(), Auth::Aws(key) if key.region == "eu-west-2"));
        for wrong in [
            "query = 'api_key'",
            "value = { env = 'K' }",
            "header = 'X-Key', query = 'k', value = { env = 'K' }",
            "bearer = { env = 'T' }, query = 'k', value = { env = 'K' }",
            "bearer = { env = 'T' }, value = { env = 'K' }",
        ] {
            assert!(read(wrong).unwrap_err().contains("auth is one of"), "{wrong}");
        }
        assert!(read("oauth2 = { client = 'c', secret = { env = 'S' } }").unwrap_err().contains("token_url"));
        assert!(
            read(&oauth.replace("client = 'c'", "client = 'c', user = 'k'"))
                .unwrap_err()
                .contains("a user with a password")
        );
        assert!(
            read("aws = { key_id = 'A', secret = 'x', region = 'r', service = 's' }").unwrap_err().contains("secret")
        );
    }
}
