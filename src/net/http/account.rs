//! What all sources of this program share that use one account of a server: its access token, and how fast its requests
//! may follow each other.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::time::{Instant, sleep_until};

use super::rate_headers::asked_pause;
use crate::clock::Time;
use crate::net::Fault;

/// A longer pause than this is not waited for: the session ends and says why, and begins again after it.
const MAX_SILENT_PAUSE: Duration = Duration::from_secs(5);
/// A pause is never believed to be longer.
const MAX_PAUSE: Duration = Duration::from_hours(1);
/// A token that is refused is replaced no more often.
const MIN_RENEWAL_INTERVAL: Duration = Duration::from_mins(1);

/// An account of a server.
#[derive(Debug, Default)]
pub(super) struct HttpAccount {
    /// The tokens in use, by the rights that they were requested for; locked while one is requested.
    pub(super) tokens: tokio::sync::Mutex<HashMap<String, AccessToken>>,
    pace: Mutex<RequestPace>,
}

/// An access token, as the header with it.
#[derive(Clone, Debug)]
pub(super) struct AccessToken {
    pub(super) header: HeaderValue,
    /// When it is to be renewed; `None` for a token without an end.
    pub(super) renew: Option<Instant>,
}

#[derive(Debug, Default)]
struct RequestPace {
    /// The time between two requests.
    interval: Duration,
    /// When the next request may be made.
    next: Option<Instant>,
    /// Until when the server wants no request.
    paused_until: Option<Instant>,
    /// When a token was last replaced because it was refused.
    replaced: Option<Instant>,
}

impl HttpAccount {
    /// The account of that name, which is one for the whole program. There are as many as the configuration names.
    pub(super) fn named(name: String) -> Arc<Self> {
        static ACCOUNTS: LazyLock<Mutex<HashMap<String, Arc<HttpAccount>>>> = LazyLock::new(Mutex::default);
        let mut accounts = ACCOUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(name).or_default())
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, RequestPace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Make no more than this many requests per second; of several limits the lowest holds.
    pub(super) fn limit(&self, per_second: f64) {
        let interval = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(MAX_PAUSE).min(MAX_PAUSE);
        let mut pace = self.pace();
        pace.interval = pace.interval.max(interval);
    }

    /// Wait until a request may be made.
    ///
    /// # Errors
    /// If the server asked for a pause that is not over soon.
    pub(super) async fn turn(&self) -> Result<(), Fault> {
        let at = {
            let (mut pace, now) = (self.pace(), Instant::now());
            let pause = pace.paused_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
            if pause > MAX_SILENT_PAUSE {
                let seconds = pause.as_secs().max(1);
                return Err(Fault::transient(format!(
                    "the account has used up its requests: the server wants none for {seconds} s (poll less often, every_s, or ask for a higher limit)"
                ))
                .after(pause));
            }
            let at = pace.next.map_or(now, |next| next.max(now)).max(now + pause);
            pace.next = Some(at + pace.interval);
            at
        };
        sleep_until(at).await;
        Ok(())
    }

    /// Whether a token that was refused may be replaced now. A server may refuse every token, and is not to be asked for ever
    /// more of them.
    pub(super) fn may_replace_token(&self) -> bool {
        let (mut pace, now) = (self.pace(), Instant::now());
        let may = pace.replaced.is_none_or(|last| now.duration_since(last) >= MIN_RENEWAL_INTERVAL);
        if may {
            pace.replaced = Some(now);
        }
        may
    }

    /// Obey the limits in a response that came at `now`. A server that is overloaded is no matter of the account.
    pub(super) fn note(&self, status: StatusCode, headers: &HeaderMap, now: Time) {
        if status.is_server_error() {
            return;
        }
        if let Some(pause) = asked_pause(status, headers, now).filter(|pause| !pause.is_zero()) {
            let until = Instant::now() + pause.min(MAX_PAUSE);
            let mut pace = self.pace();
            pace.paused_until = Some(pace.paused_until.map_or(until, |known| known.max(until)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_of_one_account_follow_each_other_at_its_pace() {
        let (one, two) = (HttpAccount::named("pace".into()), HttpAccount::named("pace".into()));
        one.limit(10.0);
        two.limit(5.0);
        let began = Instant::now();
        for account in [&one, &two, &one, &two, &one] {
            account.turn().await.unwrap();
        }
        assert_eq!(began.elapsed().as_millis(), 800);
        HttpAccount::named("another".into()).turn().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 800);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_replaced_once_a_minute_and_an_overloaded_server_pauses_no_account() {
        let account = HttpAccount::default();
        assert!(account.may_replace_token() && !account.may_replace_token());
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(account.may_replace_token());
        let headers = [(reqwest::header::RETRY_AFTER, HeaderValue::from_static("90"))].into_iter().collect();
        account.note(StatusCode::SERVICE_UNAVAILABLE, &headers, Time::default());
        account.turn().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_is_waited_for_and_a_long_one_is_told() {
        let account = HttpAccount::default();
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().unwrap());
        account.note(StatusCode::TOO_MANY_REQUESTS, &headers, Time::default());
        let began = Instant::now();
        account.turn().await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 3);
        headers.insert("retry-after", "90".parse().unwrap());
        account.note(StatusCode::TOO_MANY_REQUESTS, &headers, Time::default());
        let fault = account.turn().await.unwrap_err();
        assert!(fault.reason.contains("none for 90 s") && fault.after == Some(Duration::from_secs(90)), "{fault:?}");
        tokio::time::sleep(Duration::from_secs(90)).await;
        account.turn().await.unwrap();
    }
}
