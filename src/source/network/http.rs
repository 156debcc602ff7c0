//! A source that polls an HTTP server: for contact events since a cursor, or for a vendor's own figures and lists, which a
//! [`Map`] turns into KPIs, agents and contacts.

mod last_figures;
mod lists;
mod map;
mod notification_channel;
mod notifications;
mod page;
mod paging;
mod path;
mod polling;
mod preset;
mod request;
mod settings;
mod template;
mod words;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock::Span;
use crate::net::Fault;
use crate::net::http::{self, Client, display_url, protection_remark};
use crate::source::network::clock_skew::ClockSkew;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use crate::source::rejection::RejectionReason;
pub use map::{AgentMap, ContactMap, FigurePath, Map, NameMap, QueueSelector, Since};
use notification_channel::{ChannelMaker, ChannelMode, ChannelState};
pub use notifications::{NotificationSettings, NotifiedTopic};
pub use page::CursorSettings;
pub use paging::Paging;
pub use path::JmesPath;
use polling::{CacheValidators, ListPolling, malformed};
pub use request::{ForEach, Method, RequestSettings};
pub use settings::Settings;
pub use words::{LiveStage, WordTable};

/// A poll for events stops after this many pages; the rest is fetched by the next poll.
const MAX_PAGES_PER_POLL: usize = 200;
/// The minimum pause between two polls, even if the server is slower than the interval.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// A session that polls one server.
pub(crate) struct HttpSession {
    settings: Settings,
    /// The requests for figures and lists; `None` if the server answers with contact events.
    lists: Option<ListPolling>,
    /// Where the next page of events begins.
    cursor: Option<String>,
    /// The validators of the last answer, for a conditional request.
    cached: Option<CacheValidators>,
    /// The events of the last answer that were rejected. Each is reported once, not at every poll.
    last_rejected: BTreeSet<(u64, RejectionReason)>,
    skew: ClockSkew,
}

impl HttpSession {
    /// A session that continues from `cursor`, as the journal stored it.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let lists = ListPolling::new(&settings, cursor);
        let cursor = cursor.filter(|_| settings.cursor.is_some()).map(str::to_owned);
        Self { settings, lists, cursor, cached: None, last_rejected: BTreeSet::new(), skew: ClockSkew::default() }
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
        if let Some(lists) = &mut self.lists {
            lists.begin_session();
            reporter.correct_clock();
        }
        if let (Some(settings), Some(lists)) = (&self.settings.notifications, &mut self.lists) {
            let state = ChannelState::default();
            let base = url.url();
            let maker = ChannelMaker { client: &client, base, tls, settings, reporter: reporter.shared() };
            let polls = poll_when_told(lists, (&client, &mut self.skew), &self.settings, (&state, &remark), reporter);
            return tokio::select! {
                ended = polls => ended,
                never = maker.follow(&state) => match never {},
            };
        }
        loop {
            let next = Instant::now() + with_jitter(Duration::from_secs(self.settings.every_s));
            match &mut self.lists {
                Some(lists) => lists.poll(&client, &mut self.skew, reporter).await?,
                None => self.poll_events(&client, reporter).await?,
            }
            sleep(MIN_PAUSE).await;
            sleep_until(next).await;
        }
    }

    /// One poll: fetch all pages of events that there are.
    async fn poll_events(&mut self, client: &Client, reporter: &mut Reporter) -> Result<(), Fault> {
        let headers = request::header_map(&self.settings.headers).map_err(Fault::needs_change)?;
        for _ in 0..MAX_PAGES_PER_POLL {
            let url = self.request_url();
            let mut headers = headers.clone();
            let is_get = self.settings.method == Method::Get;
            if let Some(known) = self.cached.as_ref().filter(|known| is_get && known.url == url) {
                headers.extend(known.validators.iter().cloned());
            }
            let request =
                polling::request(client, self.settings.method, url.clone(), self.settings.body.clone(), &headers);
            let response = client.send(request, || reporter.now()).await?;
            self.skew.update(response.headers(), reporter).await;
            if response.status() == StatusCode::NOT_MODIFIED {
                break;
            }
            let (headers, server) = (response.headers().clone(), display_url(response.url()));
            let body = client.read_body(response, http::MAX_BODY_BYTES).await?;
            let more = self.process_events(&body, &headers, &server, reporter).await?;
            // Set only now, so that an answer that can't be parsed is requested in full again.
            self.cached = CacheValidators::of(url, &headers);
            if !more {
                break;
            }
        }
        reporter.report_live().await;
        Ok(())
    }

    /// The URL of the next request, with the cursor as its parameter.
    fn request_url(&self) -> Url {
        let mut url = self.settings.url.url().clone();
        if let (Some(CursorSettings { parameter, .. }), Some(cursor)) = (&self.settings.cursor, &self.cursor) {
            paging::set_parameter(&mut url, parameter, cursor);
        }
        url
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

    /// Report rejected events, except those that the last answer had as well.
    async fn report_rejected(&mut self, rejected: Vec<(u64, RejectionReason)>, reporter: &mut Reporter) {
        let place = format!("{}, answer", reporter.name());
        let rejected: BTreeSet<_> = rejected.into_iter().collect();
        for (number, wrong) in rejected.difference(&self.last_rejected) {
            reporter.reject(&place, *number, wrong.clone()).await;
        }
        self.last_rejected = rejected;
    }
}

/// Poll for lists at the source's interval, and what a channel of notifications tells of as soon as it does. `remark` is what
/// the source's remark says besides.
async fn poll_when_told(
    lists: &mut ListPolling,
    (client, skew): (&Client, &mut ClockSkew),
    settings: &Settings,
    (state, remark): (&ChannelState, &str),
    reporter: &mut Reporter,
) -> Result<Infallible, Fault> {
    let mut known = ChannelMode::Beginning;
    reporter.set_manner("");
    loop {
        let next = Instant::now() + with_jitter(Duration::from_secs(settings.every_s));
        let mode = state.mode();
        if mode != known {
            let words = mode.in_words(settings.every_s);
            // That it is told of changes is how it should be; that it is not is worth a remark.
            let (manner, doubt) = if mode.is_notified() { (words.as_str(), "") } else { ("", words.as_str()) };
            reporter.set_manner(manner);
            let remarks: Vec<&str> = [remark, doubt].into_iter().filter(|words| !words.is_empty()).collect();
            reporter.report_remark(&remarks.join("; ")).await;
            lists.set_notified(mode.is_notified());
            known = mode;
        }
        lists.hasten(&state.take_changed());
        lists.poll(client, skew, reporter).await?;
        state.set_topics(lists.topics());
        sleep(MIN_PAUSE).await;
        tokio::select! {
            () = sleep_until(next) => {}
            () = state.news() => {}
        }
    }
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

    use crate::clock::Time;

    static MAP: LazyLock<Option<Map>> = LazyLock::new(|| {
        let table = r#"
            rows = "rows || @.data[].{queue: n, waiting: w, since: s}"
            queue = "queue"
            at = "at"
            kpis = { waiting = "waiting", service_level = { of = ["sl", "waiting"] } }
            since = { longest_wait = "since" }
            scale = { service_level = 100 }
            agents = { rows = "agents || `[]`", agent = "id", state = "s", states = { a = "available" }, since = "since" }
            contacts = { rows = "@.data || `[]`", contact = "n", queue = "queue", since = { ago = "w" } }
        "#;
        toml::from_str(table).ok()
    });
    static CURSOR: LazyLock<Option<CursorSettings>> =
        LazyLock::new(|| toml::from_str("parameter = 'since'\npointer = '/next'").ok());
    let now = Time::from_unix(1_800_000_000);
    drop(page::parse(bytes, &HeaderMap::new(), None, now));
    drop(page::parse(bytes, &HeaderMap::new(), CURSOR.as_ref(), now));
    if let (Ok(document), Some(map)) = (map::parse(bytes), &*MAP) {
        let mut reading = map::Reading::default();
        drop(map.read(&document, now, &map::Names::default(), &mut reading));
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
