//! An address that is asked at an interval: for contact events since a cursor, or for a vendor's own figures, which
//! [`Map`] makes KPIs of.

mod map;
mod page;
mod path;
mod settings;
mod told;

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
use crate::net::http::{self, Client, place};
use crate::net::tls;
use crate::source::network::clock_skew::Skew;
use crate::source::network::session::{Link, Session};
pub use map::{Map, Queue};
pub use page::Cursor;
pub use path::Path;
pub use settings::{Method, Settings};
use told::Told;

/// However much there is to fetch, the other side is left in peace after so many pages; the rest comes next time.
const MOST_PAGES: usize = 200;
/// The other side is left in peace for so long between two questions, however slow it was.
const PAUSE: Duration = Duration::from_secs(1);

/// What is asked at an interval.
pub(crate) struct Poll {
    settings: Settings,
    /// Where the next page of events begins.
    cursor: Option<String>,
    /// What was last answered, where the server can tell whether that is still so.
    known: Option<Known>,
    /// The figures that were told last.
    told: Told,
    /// When the figures were taken, by the last answer that said so.
    taken: Option<Time>,
    /// What was set aside of the last answer: it is told once, not at every poll.
    complaints: BTreeSet<(u64, String)>,
    skew: Skew,
}

/// An answer that the server can tell to be unchanged.
struct Known {
    url: Url,
    validators: Vec<(HeaderName, HeaderValue)>,
}

impl Poll {
    /// Go on from `cursor`, the journal's.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let cursor = cursor.filter(|_| settings.cursor.is_some()).map(str::to_owned);
        Self {
            settings,
            cursor,
            known: None,
            told: Told::default(),
            taken: None,
            complaints: BTreeSet::new(),
            skew: Skew::default(),
        }
    }
}

impl Session for Poll {
    async fn run(&mut self, link: &mut Link) -> Fault {
        let Err(fault) = self.poll(link).await;
        fault
    }
}

impl Poll {
    async fn poll(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, patience_s, .. } = &self.settings;
        if tls.danger_accept_any_certificate {
            link.remark(tls::UNCHECKED).await;
        }
        let client = Client::new(url, auth.as_ref(), tls, Duration::from_secs(*patience_s))?;
        // Even the same figures are news to a board that has been away.
        self.told.anew();
        loop {
            let next = Instant::now() + by_chance(Duration::from_secs(self.settings.every_s));
            self.ask(&client, link).await?;
            sleep(PAUSE).await;
            sleep_until(next).await;
        }
    }

    /// Ask once, for all that there is.
    async fn ask(&mut self, client: &Client, link: &mut Link) -> Result<(), Fault> {
        for _ in 0..MOST_PAGES {
            let url = self.url();
            let request = self.request(client, url.clone())?;
            let response = client.send(request, || link.now()).await?;
            self.skew.look(response.headers(), link).await;
            if response.status() == StatusCode::NOT_MODIFIED {
                break;
            }
            let (headers, whose) = (response.headers().clone(), place(response.url()));
            let body = client.body(response, http::MOST).await?;
            let more = match &self.settings.map {
                Some(_) => self.figures(&body, &whose, link).await?,
                None => self.events(&body, &headers, &whose, link).await?,
            };
            // Only now: what was not understood is asked for again.
            self.known = Known::of(url, &headers);
            if !more {
                break;
            }
        }
        self.say_how_it_is(link).await;
        Ok(())
    }

    /// The address with the cursor in it.
    fn url(&self) -> Url {
        let mut url = self.settings.url.url().clone();
        if let (Some(Cursor { parameter, .. }), Some(cursor)) = (&self.settings.cursor, &self.cursor) {
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
        let known = self.known.as_ref().filter(|known| self.settings.method == Method::Get && known.url == url);
        if let Some(known) = known {
            headers.extend(known.validators.iter().cloned());
        }
        headers.extend(self.settings.header_map().map_err(Fault::lasting)?);
        let request = client.request(method, url).headers(headers);
        Ok(match &self.settings.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
    }

    /// An answer with contact events; whether there is more.
    async fn events(&mut self, body: &[u8], headers: &HeaderMap, whose: &str, link: &mut Link) -> Result<bool, Fault> {
        let latest = link.now() + Span::DAY;
        let page =
            page::read(body, headers, self.settings.cursor.as_ref(), latest).map_err(|what| unread(whose, &what))?;
        self.complain(page.rejected, link).await;
        let moved = page.cursor.is_some() && page.cursor != self.cursor;
        if moved {
            self.cursor = page.cursor;
        }
        link.events(page.events, self.cursor.clone().filter(|_| moved)).await;
        // A server that has more but no way to it would be asked the same for ever.
        Ok(page.more && moved)
    }

    /// An answer with a vendor's figures.
    async fn figures(&mut self, body: &[u8], whose: &str, link: &mut Link) -> Result<bool, Fault> {
        let Some(map) = &self.settings.map else { return Ok(false) };
        let text = std::str::from_utf8(body).map_err(|_| unread(whose, "no UTF-8"))?;
        let reading = map.read(text, link.their_now(), link.name()).map_err(|what| unread(whose, &what))?;
        self.complain(reading.rejected, link).await;
        self.taken = reading.at;
        let at = reading.events.first().map_or_else(|| link.their_now(), |event| event.at);
        let now = link.now();
        let news = self.told.news(reading.events, at, link.name(), now);
        link.events(news, None).await;
        Ok(false)
    }

    /// Set aside what is wrong, unless it was so in the last answer.
    async fn complain(&mut self, rejected: Vec<(u64, String)>, link: &mut Link) {
        let place = format!("{}, answer", link.name());
        let rejected: BTreeSet<_> = rejected.into_iter().collect();
        for (number, wrong) in rejected.difference(&self.complaints) {
            link.reject(&place, *number, wrong).await;
        }
        self.complaints = rejected;
    }

    /// The source is there; what it says may be old.
    async fn say_how_it_is(&self, link: &mut Link) {
        if self.settings.map.is_some() {
            // Figures of the time in between are nowhere to be had.
            link.missed().await;
        }
        let patience = self.settings.map.as_ref().map_or(0, |map| map.stale_after_s);
        let age = self.taken.map(|taken| link.their_now().since(taken));
        match (age, i64::try_from(patience)) {
            (Some(age), Ok(patience)) if patience > 0 && age > Span::seconds(patience) => {
                link.hear();
                link.stale(&format!("it answers, but its figures are over {patience} s old")).await;
            }
            _ => link.live().await,
        }
    }
}

impl Known {
    fn of(url: Url, headers: &HeaderMap) -> Option<Self> {
        let validators: Vec<_> = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
            .into_iter()
            .filter_map(|(given, asked)| Some((asked, headers.get(given)?.clone())))
            .collect();
        (!validators.is_empty()).then_some(Self { url, validators })
    }
}

/// What `whose` answers is none of what is meant.
fn unread(whose: &str, what: &str) -> Fault {
    Fault::new(format!("what {whose} answers is {what}"))
}

/// A tenth more or less, so that a hundred boards don't ask in the same instant.
fn by_chance(every: Duration) -> Duration {
    // Its keys are made of chance.
    let chance = RandomState::new().build_hasher().finish() % 2001;
    every.mul_f64(0.9 + f64::from(u16::try_from(chance).unwrap_or_default()) / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_a_tenth_more_or_less() {
        let every = Duration::from_secs(100);
        let all: Vec<Duration> = (0..200).map(|_| by_chance(every)).collect();
        assert!(all.iter().all(|wait| (90.0..=110.1).contains(&wait.as_secs_f64())), "{all:?}");
        assert!(all.iter().min() < all.iter().max());
    }

    #[test]
    fn the_cursor_takes_its_parameter_s_place() {
        let settings: Settings = toml::from_str(
            "url = \"https://h/e?since=0&of=%C3%A9\"\ncursor = { parameter = \"since\", pointer = \"/next\" }",
        )
        .unwrap();
        assert_eq!(Poll::new(settings.clone(), None).url().query(), Some("since=0&of=%C3%A9"));
        assert_eq!(Poll::new(settings, Some("a&b")).url().query(), Some("of=%C3%A9&since=a%26b"));
    }
}
