//! A source that polls an HTTP endpoint: for contact events since a cursor, or for a vendor's own figures, which a
//! [`Map`] turns into KPIs.

mod last_figures;
mod map;
mod page;
mod path;
mod settings;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{RequestBuilder, StatusCode, Url};
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock::{Span, Time};
use crate::net::Fault;
use crate::net::http::{self, Client, display_url, protection_remark};
use crate::source::network::clock_skew::ClockSkew;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::source::rejection::RejectionReason;
use last_figures::LastFigures;
pub use map::{Map, QueueSelector};
pub use page::CursorSettings;
pub use path::JmesPath;
pub use settings::{Method, Settings};

/// A poll stops after this many pages; the rest is fetched by the next poll.
const MAX_PAGES_PER_POLL: usize = 200;
/// The minimum pause between two polls, even if the server is slower than the interval.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// A session that polls one endpoint.
pub(crate) struct HttpSession {
    settings: Settings,
    /// Where the next page of events begins.
    cursor: Option<String>,
    /// The validators of the last answer, for a conditional request.
    cached: Option<CacheValidators>,
    last_figures: LastFigures,
    /// The time of the figures, as given by the last answer.
    figures_at: Option<Time>,
    /// The rows or events of the last answer that were rejected. Each is reported once, not at every poll.
    last_rejected: BTreeSet<(u64, RejectionReason)>,
    skew: ClockSkew,
}

/// The headers with which a server can answer that nothing has changed since.
struct CacheValidators {
    url: Url,
    validators: Vec<(HeaderName, HeaderValue)>,
}

impl HttpSession {
    /// A session that continues from `cursor`, as the journal stored it.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let cursor = cursor.filter(|_| settings.cursor.is_some()).map(str::to_owned);
        Self {
            settings,
            cursor,
            cached: None,
            last_figures: LastFigures::default(),
            figures_at: None,
            last_rejected: BTreeSet::new(),
            skew: ClockSkew::default(),
        }
    }
}

impl Session for HttpSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let Err(fault) = self.poll_repeatedly(reporter).await;
        fault
    }
}

impl HttpSession {
    async fn poll_repeatedly(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, patience_s, requests_per_second, .. } = &self.settings;
        let secret = auth.as_ref().into();
        let client = Client::new(url, secret, tls, Duration::from_secs(*patience_s))?.paced(*requests_per_second);
        let remark = protection_remark(url, secret, tls);
        if !remark.is_empty() {
            reporter.report_remark(&remark).await;
        }
        // After a reconnect the floor needs all figures again, even unchanged ones.
        self.last_figures.reset();
        loop {
            let next = Instant::now() + with_jitter(Duration::from_secs(self.settings.every_s));
            self.poll_once(&client, reporter).await?;
            sleep(MIN_PAUSE).await;
            sleep_until(next).await;
        }
    }

    /// One poll: fetch all pages that there are.
    async fn poll_once(&mut self, client: &Client, reporter: &mut Reporter) -> Result<(), Fault> {
        for _ in 0..MAX_PAGES_PER_POLL {
            let url = self.request_url();
            let request = self.request(client, url.clone())?;
            let response = client.send(request, || reporter.now()).await?;
            self.skew.update(response.headers(), reporter).await;
            if response.status() == StatusCode::NOT_MODIFIED {
                break;
            }
            let (headers, server) = (response.headers().clone(), display_url(response.url()));
            let body = client.read_body(response, http::MAX_BODY_BYTES).await?;
            let more = match &self.settings.map {
                Some(_) => self.process_figures(&body, &server, reporter).await?,
                None => self.process_events(&body, &headers, &server, reporter).await?,
            };
            // Set only now, so that an answer that can't be parsed is requested in full again.
            self.cached = CacheValidators::of(url, &headers);
            if !more {
                break;
            }
        }
        self.report_health(reporter).await;
        Ok(())
    }

    /// The URL of the next request, with the cursor as its parameter.
    fn request_url(&self) -> Url {
        let mut url = self.settings.url.url().clone();
        if let (Some(CursorSettings { parameter, .. }), Some(cursor)) = (&self.settings.cursor, &self.cursor) {
            let others: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| name != parameter)
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(others).append_pair(parameter, cursor);
        }
        url
    }

    fn request(&self, client: &Client, url: Url) -> Result<RequestBuilder, Fault> {
        let method = match self.settings.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/x-ndjson;q=0.9, */*;q=0.1"));
        if self.settings.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let known = self.cached.as_ref().filter(|known| self.settings.method == Method::Get && known.url == url);
        if let Some(known) = known {
            headers.extend(known.validators.iter().cloned());
        }
        headers.extend(self.settings.header_map().map_err(Fault::needs_change)?);
        let request = client.request(method, url).headers(headers);
        Ok(match &self.settings.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
    }

    /// Process an answer with contact events. Returns whether another page follows.
    async fn process_events(
        &mut self,
        body: &[u8],
        headers: &HeaderMap,
        server: &str,
        reporter: &mut Reporter,
    ) -> Result<bool, Fault> {
        let latest = reporter.now() + Span::DAY;
        let page = page::parse(body, headers, self.settings.cursor.as_ref(), latest)
            .map_err(|what| malformed(server, &what))?;
        self.report_rejected(page.rejected, reporter).await;
        let moved = page.cursor.is_some() && page.cursor != self.cursor;
        if moved {
            self.cursor = page.cursor;
        }
        reporter.send_events(page.events, self.cursor.clone().filter(|_| moved)).await;
        // Without a new cursor, the same page would be requested forever.
        Ok(page.more && moved)
    }

    /// Process an answer with a vendor's figures. There is never another page.
    async fn process_figures(&mut self, body: &[u8], server: &str, reporter: &mut Reporter) -> Result<bool, Fault> {
        let Some(map) = &self.settings.map else { return Ok(false) };
        let text = std::str::from_utf8(body).map_err(|_| malformed(server, "no UTF-8"))?;
        let reading =
            map.read(text, reporter.source_now(), reporter.name()).map_err(|what| malformed(server, &what))?;
        self.report_rejected(reading.rejected, reporter).await;
        self.figures_at = reading.at;
        let at = reading.events.first().map_or_else(|| reporter.source_now(), |event| event.at);
        let now = reporter.now();
        let changes = self.last_figures.changes(reading.events, at, reporter.name(), now);
        reporter.send_events(changes, None).await;
        Ok(false)
    }

    /// Report rejected rows or events, except those that the last answer had as well.
    async fn report_rejected(&mut self, rejected: Vec<(u64, RejectionReason)>, reporter: &mut Reporter) {
        let place = format!("{}, answer", reporter.name());
        let rejected: BTreeSet<_> = rejected.into_iter().collect();
        for (number, wrong) in rejected.difference(&self.last_rejected) {
            reporter.reject(&place, *number, wrong.clone()).await;
        }
        self.last_rejected = rejected;
    }

    /// Report the source as live, or as stale when its figures are too old.
    async fn report_health(&self, reporter: &mut Reporter) {
        if self.settings.map.is_some() {
            // The endpoint has no past figures, so the time without a connection is a gap.
            reporter.report_gap().await;
        }
        let patience = self.settings.map.as_ref().map_or(0, |map| map.stale_after_s);
        let age = self.figures_at.map(|taken| reporter.source_now().since(taken));
        match (age, i64::try_from(patience)) {
            (Some(age), Ok(patience)) if patience > 0 && age > Span::seconds(patience) => {
                reporter.record_activity();
                reporter.report_stale(&format!("it answers, but its figures are over {patience} s old")).await;
            }
            _ => reporter.report_live().await,
        }
    }
}

impl CacheValidators {
    fn of(url: Url, headers: &HeaderMap) -> Option<Self> {
        let validators: Vec<_> = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
            .into_iter()
            .filter_map(|(given, asked)| Some((asked, headers.get(given)?.clone())))
            .collect();
        (!validators.is_empty()).then_some(Self { url, validators })
    }
}

fn malformed(server: &str, what: &str) -> Fault {
    Fault::transient(format!("what {server} answers is {what}"))
}

/// `every`, 10 % more or less, so that many boards don't poll at the same instant.
fn with_jitter(every: Duration) -> Duration {
    // The keys of a `RandomState` are random.
    let chance = RandomState::new().build_hasher().finish() % 2001;
    every.mul_f64(0.9 + f64::from(u16::try_from(chance).unwrap_or_default()) / 10_000.0)
}

/// Read `bytes` as each kind of answer: a page of events, and a document of figures.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    use std::sync::LazyLock;

    use crate::text::Label;

    static MAP: LazyLock<Option<Map>> = LazyLock::new(|| {
        let table = r#"
            rows = "rows || @.data[].{queue: n, waiting: w, since: s}"
            queue = "queue"
            at = "at"
            kpis = { waiting = "waiting", service_level = "sl" }
            since = { longest_wait = "since" }
            scale = { service_level = 100 }
        "#;
        toml::from_str(table).ok()
    });
    static CURSOR: LazyLock<Option<CursorSettings>> =
        LazyLock::new(|| toml::from_str("parameter = 'since'\npointer = '/next'").ok());
    let now = Time::from_unix(1_800_000_000);
    drop(page::parse(bytes, &HeaderMap::new(), None, now));
    drop(page::parse(bytes, &HeaderMap::new(), CURSOR.as_ref(), now));
    if let (Ok(text), Some(map)) = (std::str::from_utf8(bytes), &*MAP) {
        drop(map.read(text, now, &Label::fixed("vendor")));
    }
}

/// Compile an expression, and search a document of every JSON type with it.
#[cfg(any(test, fuzzing))]
pub fn fuzz_jmespath(text: &str) {
    let document = r#"{"a": [{"b": 1, "c": "x"}, {"b": -2.5, "c": null}], "d": {"e": [[1], [2, 3]]}, "f": true}"#;
    if let (Ok(path), Ok(document)) = (JmesPath::compile(text), jmespath::Variable::from_json(document)) {
        let document = jmespath::Rcvar::new(document);
        drop((path.number(&document), path.text(&document), path.time(&document)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_a_tenth_more_or_less() {
        let every = Duration::from_secs(100);
        let all: Vec<Duration> = (0..200).map(|_| with_jitter(every)).collect();
        assert!(all.iter().all(|wait| (90.0..=110.1).contains(&wait.as_secs_f64())), "{all:?}");
        assert!(all.iter().min() < all.iter().max());
    }

    #[test]
    fn the_cursor_takes_its_parameter_s_place() {
        let settings: Settings = toml::from_str(
            "url = \"https://h/e?since=0&of=%C3%A9\"\ncursor = { parameter = \"since\", pointer = \"/next\" }",
        )
        .unwrap();
        assert_eq!(HttpSession::new(settings.clone(), None).request_url().query(), Some("since=0&of=%C3%A9"));
        assert_eq!(HttpSession::new(settings, Some("a&b")).request_url().query(), Some("of=%C3%A9&since=a%26b"));
    }
}
