//! Access tokens by OAuth 2.0: requested with the client's secret (client credentials, RFC 6749, 4.4) or with that and a
//! user's password (4.3), used until shortly before they end, and shared by all sources of the account that want the same
//! rights.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::account::{AccessToken, HttpAccount};
use super::explain::{display_url, explain, status_fault};
use super::{Address, read_body};
use crate::clock::Time;
use crate::net::Fault;
use crate::secret::Secret;
use crate::text::Text;

/// The longest answer with a token.
const MAX_TOKEN_BYTES: usize = 64 * 1024;
/// The longest reason of a server that is shown.
const MAX_REASON_CHARS: usize = 160;
/// A token is renewed this long before it ends, or in the last tenth of its life if that is shorter.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// A token is not used for longer, whatever the server says.
const MAX_TOKEN_LIFE: Duration = Duration::from_hours(24);

/// The table `auth = { oauth2 = { … } }`: a client that gets access tokens with its secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthClient {
    /// Where tokens are requested.
    pub token_url: Address,
    /// The client's id.
    pub client: String,
    /// The client's secret.
    pub secret: Secret,
    /// The user in whose name tokens are requested, such as the id of an access key; the client's own name when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password, or the secret of the access key.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The rights that the token shall have, separated by spaces, if the server wants to know.
    #[serde(default)]
    pub scope: Option<String>,
    /// Whether id and secret are sent in the body; otherwise in a header, as the standard prefers.
    #[serde(default)]
    pub secret_in_body: bool,
    /// Further parameters of the request, such as `audience`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// What a server answers to a request for a token.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    token_type: Option<String>,
    /// A number of seconds, which some servers write as a text.
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
    error_description: Option<String>,
}

impl OAuthClient {
    /// The header with a token that is valid now: the account's, or a new one.
    ///
    /// # Errors
    /// If the server gives none.
    pub(super) async fn header(
        &self,
        account: &HttpAccount,
        client: &reqwest::Client,
        patience: Duration,
        now: Time,
    ) -> Result<HeaderValue, Fault> {
        // Of several sources that find no token, one requests it.
        let mut known = account.tokens.lock().await;
        // A token for another user, or for other rights, is none for these.
        let rights = format!("{:?} {:?} {:?}", self.user, self.scope, self.parameters);
        if let Some(token) = known.get(&rights).filter(|token| token.renew.is_none_or(|at| Instant::now() < at)) {
            return Ok(token.header.clone());
        }
        known.remove(&rights);
        let token = self.request(client, patience, now).await?;
        let header = token.header.clone();
        known.insert(rights, token);
        Ok(header)
    }

    /// The server has refused the token in `header`: forget it, unless it has been replaced meanwhile. Returns whether there
    /// is another one, or may be.
    pub(super) async fn forget(account: &HttpAccount, header: &HeaderValue) -> bool {
        let mut tokens = account.tokens.lock().await;
        let is_known = tokens.values().any(|token| token.header == *header);
        if is_known && !account.may_replace_token() {
            return false;
        }
        tokens.retain(|_, token| token.header != *header);
        true
    }

    async fn request(&self, client: &reqwest::Client, patience: Duration, now: Time) -> Result<AccessToken, Fault> {
        let (url, secret) = (self.token_url.url(), self.secret.read()?);
        let whose = display_url(url);
        let password = self.password.as_ref().map(Secret::read).transpose()?;
        let mut form = match (&self.user, &password) {
            (Some(user), Some(password)) => {
                vec![("grant_type", "password"), ("username", user), ("password", password.expose_secret())]
            }
            _ => vec![("grant_type", "client_credentials")],
        };
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        form.extend(self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if self.secret_in_body {
            form.extend([("client_id", self.client.as_str()), ("client_secret", secret.expose_secret())]);
        }
        let mut body = reqwest::Url::clone(url);
        body.query_pairs_mut().clear().extend_pairs(form);
        let request = client.post(url.clone()).header(ACCEPT, "application/json");
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.query().unwrap_or_default().to_owned());
        let request = if self.secret_in_body { request } else { request.header(AUTHORIZATION, self.basic(&secret)?) };
        let late = |_| Fault::transient(format!("no answer from {whose} within {} s", patience.as_secs()));
        let response = timeout(patience, request.send()).await.map_err(late)?.map_err(|error| explain(&error, url))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = read_body(response, MAX_TOKEN_BYTES, patience).await?;
        let answer: Option<TokenAnswer> = serde_json::from_slice(&answer).ok();
        let said = answer.as_ref().and_then(|answer| {
            let parts = [answer.error.as_deref(), answer.error_description.as_deref()];
            let said = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
            // A server may repeat what it was sent.
            let secrets = [Some(&secret), password.as_ref()].into_iter().flatten();
            let written = secrets.map(ExposeSecret::expose_secret).flat_map(|s| [in_form(s), s.to_owned()]);
            let sent: Vec<String> = [self.pair(&secret)].into_iter().chain(written).collect();
            let shown = sent.iter().filter(|sent| !sent.is_empty()).fold(said, |said, sent| said.replace(sent, "…"));
            let said = shown.chars().take(MAX_REASON_CHARS).collect::<String>();
            Some(Text::new(&said)).filter(|said| !said.is_empty())
        });
        if matches!(status.as_u16(), 400 | 401 | 403) {
            let said = said.map_or_else(|| status.to_string(), |said| said.to_string());
            let what =
                if password.is_some() { "client, secret, user and password" } else { "client, secret and scope" };
            return Err(Fault::needs_change(format!(
                "{whose} gives the client {} no token ({said}): check {what} in auth.oauth2",
                Text::new(&self.client)
            )));
        }
        if status.is_redirection() {
            return Err(Fault::needs_change(format!(
                "{whose} answers {status}, which leads elsewhere and gives no token: secrets are sent to token_url alone, so check that it is the address for programs and not that of a page"
            )));
        }
        if !status.is_success() {
            return Err(status_fault(status, &headers, &whose, now));
        }
        let no_token =
            || Fault::needs_change(format!("{whose} answers without an access_token: is it the right token_url?"));
        let answer = answer.ok_or_else(no_token)?;
        if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(Fault::needs_change(format!(
                "{whose} gives a token that is no bearer token: only those are known"
            )));
        }
        let token = answer.access_token.filter(|token| !token.is_empty()).ok_or_else(no_token)?;
        let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| no_token())?;
        header.set_sensitive(true);
        let seconds = answer.expires_in.and_then(|life| life.as_f64().or_else(|| life.as_str()?.trim().parse().ok()));
        // Some write 0 for a token without an end; one that has ended already would be asked for with every request.
        let life = seconds.filter(|seconds| *seconds > 0.0);
        let life = life.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let used =
            life.map(|life| life.min(MAX_TOKEN_LIFE)).map(|life| life.saturating_sub(RENEW_BEFORE.min(life / 10)));
        Ok(AccessToken { header, renew: used.map(|used| Instant::now() + used) })
    }

    /// Id and secret as they stand in a header; both are encoded as in a form (RFC 6749, 2.3.1).
    fn pair(&self, secret: &SecretString) -> String {
        BASE64_STANDARD.encode(format!("{}:{}", in_form(&self.client), in_form(secret.expose_secret())))
    }

    /// The header with id and secret.
    fn basic(&self, secret: &SecretString) -> Result<HeaderValue, Fault> {
        let value = HeaderValue::try_from(format!("Basic {}", self.pair(secret)));
        let mut value = value.map_err(|_| Fault::needs_change("the client's id or secret is unfit for a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn in_form(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string()
}

const FORM: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');
