//! Polls for figures and lists: makes the requests that are due, page by page, and reports what has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use chrono_tz::Tz;
use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{RequestBuilder, StatusCode, Url};
use rustc_hash::FxHasher;
use tokio::time::Instant;

use super::last_figures::LastFigures;
use super::lists::{Listed, Lists};
use super::map::{self, Map, Names, Reading, SourceClock};
use super::notifications::{NotificationSettings, Topics};
use super::paging::PageRef;
use super::request::{Method, RequestSettings, header_map};
use super::settings::Settings;
use super::template::{Variables, time_variables};
use crate::clock::{Span, Time};
use crate::net::http::{self, Client, display_url};
use crate::net::{Backoff, Fault};
use crate::source::network::clock_skew::ClockSkew;
use crate::source::network::reporter::Reporter;
use crate::source::rejection::RejectionReason;

/// A list is read to at most so many pages, and all lists of a request to so many pages and bytes.
const MAX_PAGES: u64 = 100;
const MAX_ALL_PAGES: u64 = 1000;
const MAX_LIST_BYTES: usize = 64 * 1024 * 1024;

/// What a request told last stands for so many of its intervals after it has begun to fail: a server that hiccups takes
/// nothing off the board.
const INTERVALS_HELD: u32 = 3;

/// The headers with which a server can answer that nothing has changed since.
#[derive(Debug)]
pub(super) struct CacheValidators {
    pub(super) url: Url,
    pub(super) validators: Vec<(HeaderName, HeaderValue)>,
}

impl CacheValidators {
    pub(super) fn of(url: Url, headers: &HeaderMap) -> Option<Self> {
        let validators: Vec<_> = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
            .into_iter()
            .filter_map(|(given, asked)| Some((asked, headers.get(given)?.clone())))
            .collect();
        (!validators.is_empty()).then_some(Self { url, validators })
    }
}

/// The headers of every request with this method and body.
pub(super) fn request(
    client: &Client,
    method: Method,
    url: Url,
    body: Option<String>,
    more: &HeaderMap,
) -> RequestBuilder {
    let method = match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/x-ndjson;q=0.9, */*;q=0.1"));
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.extend(more.clone());
    let request = client.request(method, url).headers(headers);
    match body {
        Some(body) => request.body(body),
        None => request,
    }
}

/// The fault of an answer that is not what was asked for.
pub(super) fn malformed(server: &str, what: &str) -> Fault {
    Fault::transient(format!("what {server} answers is {what}"))
}

/// The requests of a source, and what they have told so far.
#[derive(Debug)]
pub(super) struct ListPolling {
    base: Url,
    headers: HeaderMap,
    every: Duration,
    zone: Option<Tz>,
    requests: Vec<PolledRequest>,
    /// Names that the configuration gives.
    own_names: Names,
    notifications: Option<NotificationSettings>,
    /// Whether a channel tells what has changed.
    is_notified: bool,
    figures: LastFigures,
    lists: Lists,
    /// The rows of the last answers that were rejected. Each is reported once, not at every poll.
    last_rejected: BTreeSet<(String, u64, RejectionReason)>,
}

/// A request with its last answer.
#[derive(Debug)]
struct PolledRequest {
    settings: RequestSettings,
    headers: HeaderMap,
    /// When it is made again; `None` before the first answer.
    due: Option<Instant>,
    cached: Option<CacheValidators>,
    answer: Option<ListAnswer>,
    /// Since when it fails, and why it failed last; `None` while it is answered.
    failing: Option<(Instant, Fault)>,
    backoff: Backoff,
}

/// What all pages of an answer say.
#[derive(Debug, Default)]
struct ListAnswer {
    reading: Reading,
    kept: Variables,
    /// Nothing was left out.
    is_whole: bool,
}

impl ListPolling {
    /// The polling that `settings` describe, which continues from the lists in `cursor`. `None` if the source answers with
    /// contact events.
    pub(super) fn new(settings: &Settings, cursor: Option<&str>) -> Option<Self> {
        let requests = settings.requests();
        if requests.is_empty() {
            return None;
        }
        // What cannot be a header was refused when the configuration was checked.
        let headers = |of: &BTreeMap<String, String>| header_map(of).unwrap_or_default();
        let polled = |settings: RequestSettings| {
            let headers = headers(&settings.headers);
            PolledRequest {
                settings,
                headers,
                due: None,
                cached: None,
                answer: None,
                failing: None,
                backoff: Backoff::default(),
            }
        };
        Some(Self {
            base: settings.url.url().clone(),
            headers: headers(&settings.headers),
            every: Duration::from_secs(settings.every_s),
            zone: settings.timezone,
            requests: requests.into_iter().map(polled).collect(),
            own_names: Names::configured(&settings.queue_names),
            notifications: settings.notifications.clone(),
            is_notified: false,
            figures: LastFigures::default(),
            lists: cursor.map(Lists::restored).unwrap_or_default(),
            last_rejected: BTreeSet::new(),
        })
    }

    /// A new connection: the floor needs all figures again, even unchanged ones, and what failed may be well.
    pub(super) fn begin_session(&mut self) {
        self.figures.reset();
        self.requests.iter_mut().filter(|request| request.failing.is_some()).for_each(|request| request.due = None);
    }

    /// The topics that a channel is to tell of, as far as the lists are known.
    pub(super) fn topics(&self) -> Topics {
        let mut topics = Topics::default();
        for wanted in self.notifications.iter().flat_map(|notifications| &notifications.topic) {
            let Some(request) = self.requests.iter().position(|request| request.settings.name == wanted.request) else {
                continue;
            };
            let kept = self.requests.iter().filter_map(|request| request.answer.as_ref()?.kept.get(&wanted.of));
            for id in kept.filter_map(|items| items.as_array()).flatten().filter_map(|id| id.as_str()) {
                topics.add(wanted.topic.replace("${id}", id), request);
            }
        }
        topics
    }

    /// Whether a channel tells what has changed from now on; if it no longer does, everything is asked for at once.
    pub(super) fn set_notified(&mut self, is_notified: bool) {
        self.is_notified = is_notified;
        if !is_notified {
            self.requests.iter_mut().for_each(PolledRequest::hasten);
        }
    }

    /// Make these requests at the next poll.
    pub(super) fn hasten(&mut self, requests: &BTreeSet<usize>) {
        for index in requests {
            if let Some(request) = self.requests.get_mut(*index) {
                request.hasten();
            }
        }
    }

    /// The interval of a request: a longer one where a channel tells what has changed.
    fn interval(&self, request: &RequestSettings) -> Duration {
        let own = request.every_s.map_or(self.every, Duration::from_secs);
        let told = self.notifications.as_ref().filter(|_| self.is_notified);
        let told = told.filter(|settings| settings.topic.iter().any(|topic| topic.request == request.name));
        told.map_or(own, |settings| own.max(Duration::from_secs(settings.every_s)))
    }

    /// Make the requests that are due, and report what has changed. Each of them fails alone.
    ///
    /// # Errors
    /// Why the first one fails, if none is well.
    pub(super) async fn poll(
        &mut self,
        client: &Client,
        skew: &mut ClockSkew,
        reporter: &mut Reporter,
    ) -> Result<(), Fault> {
        // Those that fail come last: what the others tell need not wait until a server gives up.
        for is_failing in [false, true] {
            let due: Vec<usize> = (0..self.requests.len()).filter(|index| self.is_due(*index, is_failing)).collect();
            for index in &due {
                self.ask(*index, client, skew, reporter).await;
            }
            let is_news = !is_failing || !due.is_empty();
            if is_news && self.requests.iter().any(PolledRequest::is_well) {
                self.report(reporter).await;
            }
        }
        let is_any_well = self.requests.iter().any(PolledRequest::is_well);
        let fault = self.requests.iter().find_map(|request| request.failing.as_ref().map(|(_, fault)| fault.clone()));
        fault.filter(|_| !is_any_well).map_or(Ok(()), Err)
    }

    fn is_due(&self, index: usize, is_failing: bool) -> bool {
        let due = |request: &&PolledRequest| request.due.is_none_or(|due| Instant::now() >= due);
        // With those that fail come those that have waited for one of them.
        let is_turn =
            |request: &PolledRequest| request.failing.is_some() == is_failing || is_failing && request.answer.is_none();
        self.requests.get(index).filter(due).is_some_and(is_turn)
    }

    /// Make a request, unless it needs what an earlier one has not told yet.
    async fn ask(&mut self, index: usize, client: &Client, skew: &mut ClockSkew, reporter: &mut Reporter) {
        let every = self.requests.get(index).map_or(self.every, |request| self.interval(&request.settings));
        let (before, rest) = self.requests.split_at_mut(index);
        let Some(request) = rest.first_mut() else { return };
        let (mut variables, mut names) = (time_variables(reporter.source_now(), self.zone), Names::default());
        for answer in before.iter().filter_map(|request| request.answer.as_ref()) {
            variables.extend(answer.kept.clone());
            names.extend(&answer.reading.names);
        }
        if !request.settings.variables().all(|name| variables.contains_key(name)) {
            return;
        }
        // Names that were known stay known until the new ones have come.
        names.extend(&request.answer.as_ref().map(|answer| answer.reading.names.clone()).unwrap_or_default());
        names.extend(&self.own_names);
        let (base, headers, zone) = (&self.base, &self.headers, self.zone);
        let place = Place { base, headers, variables: &variables, names: &names, zone };
        match request.ask(client, &place, skew, reporter).await {
            Ok(answer) => {
                request.answer = answer.or(request.answer.take());
                (request.failing, request.backoff) = (None, Backoff::default());
                // Not later than the poll after next, however long this one takes.
                request.due = Some(Instant::now() + every.saturating_sub(self.every / 2));
            }
            Err(fault) => {
                let (fault, now) = (Fault { reason: request.about(&fault.reason), ..fault }, Instant::now());
                tracing::warn!(source = %reporter.name(), "{}", fault.reason);
                request.due = Some(now + request.backoff.after(&fault, Span::ZERO));
                let was_well = request.is_well();
                let since = request.failing.take().map_or(now, |(since, _)| since);
                request.failing = Some((since, fault));
                if was_well {
                    self.probe();
                }
            }
        }
    }

    /// A request that was well has failed: whether the server answers at all is known soon, by those that are one request
    /// each; if none of them is well, by the others.
    fn probe(&mut self) {
        let is_simple = |request: &PolledRequest| request.settings.each.is_none();
        let by_simple = self.requests.iter().any(|request| request.is_well() && is_simple(request));
        let probes = self.requests.iter_mut().filter(|request| !by_simple || is_simple(request));
        probes.for_each(PolledRequest::hasten);
    }

    /// Report what has changed since the last poll.
    async fn report(&mut self, reporter: &mut Reporter) {
        let origin = reporter.name().clone();
        let (mut all, mut events, mut rejected) = (Reading::default(), Vec::new(), BTreeSet::new());
        let (mut all_agents, mut all_contacts) = (true, true);
        for request in &self.requests {
            let map = request.settings.map.as_ref();
            let answer = request.answer.as_ref().filter(|_| !request.is_outdated(self.interval(&request.settings)));
            // Who is in none of the rows because their keys are unknown is not gone.
            let is_whole = answer.is_some_and(|answer| answer.is_whole && answer.reading.nothing_found().is_none());
            all_agents &= is_whole || map.is_none_or(|map| map.agents.is_none());
            all_contacts &= is_whole || map.is_none_or(|map| map.contacts.is_none());
            let Some(answer) = answer else { continue };
            let window = map.and_then(|map| map.window.as_ref());
            events.extend(answer.reading.events(window, &origin));
            all.add_lists(&answer.reading);
            let name = &request.settings.name;
            let place = if name.is_empty() { format!("{origin}, answer") } else { format!("{origin}, {name}") };
            rejected.extend(answer.reading.rejected.iter().map(|(row, reason)| (place.clone(), *row, reason.clone())));
        }
        for (place, number, reason) in rejected.difference(&self.last_rejected) {
            reporter.reject(place, *number, reason.clone()).await;
        }
        self.last_rejected = rejected;
        // The floor has no past figures of it, so the time without a connection is a gap.
        reporter.report_gap().await;
        let mut changes = self.figures.changes(events, &origin, reporter.now());
        let was_full = self.lists.is_full();
        let unread = &all.unread;
        let agents = Listed { rows: &all.agents, unread, is_whole: all_agents };
        let contacts = Listed { rows: &all.contacts, unread, is_whole: all_contacts };
        let (of_lists, is_changed) = self.lists.update(&agents, &contacts, (reporter.source_now(), &origin));
        changes.extend(of_lists);
        if self.lists.is_full() && !was_full {
            let reason =
                "so many new contacts within an hour that no more are taken: check the `contact` of the mapping";
            reporter.reject(origin.as_str(), 0, reason).await;
        }
        reporter.send_events(changes, if is_changed { self.lists.cursor() } else { None }).await;
        let now = reporter.source_now();
        let troubles: Vec<_> = self.requests.iter().map(|request| (request, request.trouble(now))).collect();
        let words = troubles.iter().filter_map(|(_, trouble)| trouble.clone()).collect::<Vec<_>>().join("; ");
        // Contacts that wait cannot be unknown: where they stand still, the source does. So it does where nothing that is shown
        // is current.
        let tells = |request: &PolledRequest| request.settings.map.as_ref().is_some_and(Map::tells);
        let stands_still = |request: &PolledRequest| {
            request.answer.is_some() && request.settings.map.as_ref().is_some_and(|map| map.contacts.is_some())
        };
        let is_stale = troubles.iter().any(|(request, trouble)| trouble.is_some() && stands_still(request))
            || troubles.iter().all(|(request, trouble)| trouble.is_some() || !tells(request));
        match words.as_str() {
            "" => reporter.report_live().await,
            words if is_stale => reporter.report_stale(words).await,
            words => reporter.report_degraded(words).await,
        }
    }
}

/// What a request is made with.
struct Place<'a> {
    base: &'a Url,
    headers: &'a HeaderMap,
    variables: &'a Variables,
    names: &'a Names,
    /// Of times without a zone of their own.
    zone: Option<Tz>,
}

impl PolledRequest {
    /// Make it at the next poll, unless it fails: then it waits for its turn.
    fn hasten(&mut self) {
        if self.failing.is_none() {
            self.due = None;
        }
    }

    /// Whether it was answered when it was last made.
    const fn is_well(&self) -> bool {
        self.answer.is_some() && self.failing.is_none()
    }

    /// Whether it has failed for so long that what it told is no longer known; `every` is its interval.
    fn is_outdated(&self, every: Duration) -> bool {
        self.failing.as_ref().is_some_and(|(since, _)| since.elapsed() > every * INTERVALS_HELD)
    }

    /// What is wrong with it: it fails, or its answer has nothing of what is looked for, or figures older than theirs may be.
    fn trouble(&self, now: Time) -> Option<String> {
        if let Some((_, fault)) = &self.failing {
            return Some(fault.reason.clone());
        }
        let reading = &self.answer.as_ref()?.reading;
        let limit = self.settings.map.as_ref().and_then(|map| i64::try_from(map.stale_after_s).ok()).unwrap_or(0);
        let is_old = limit > 0 && reading.at.is_some_and(|taken| now.since(taken) > Span::seconds(limit));
        let age = || is_old.then(|| format!("its figures are over {limit} s old"));
        let what = reading.nothing_found().or_else(age)?;
        Some(format!("it answers, but {}", self.about(&what)))
    }

    /// Words with the name of the request that they are about.
    fn about(&self, words: &str) -> String {
        let name = &self.settings.name;
        if name.is_empty() { words.to_owned() } else { format!("{name}: {words}") }
    }

    /// Ask for all pages of all parts. `None` if nothing has changed since the last answer.
    async fn ask(
        &mut self,
        client: &Client,
        place: &Place<'_>,
        skew: &mut ClockSkew,
        reporter: &mut Reporter,
    ) -> Result<Option<ListAnswer>, Fault> {
        let (parts, all_parts) = self.settings.parts(place.variables);
        let mut answer = ListAnswer::default();
        let mut cut = (!all_parts).then(|| TOO_LONG.to_owned());
        // What a request keeps is known, even if it is nothing.
        answer.kept.extend(self.settings.keep.keys().map(|name| (name.clone(), serde_json::Value::Array(Vec::new()))));
        let (mut bytes, mut all_pages) = (0, 0);
        for variables in &parts {
            let (mut page, mut index) = (PageRef::First, 0);
            // Servers that do not understand which page is wanted give the same one again and again.
            let (mut asked, mut last_body) = (Vec::new(), None);
            loop {
                if all_pages >= MAX_ALL_PAGES {
                    cut = Some(TOO_LONG.to_owned());
                    break;
                }
                all_pages += 1;
                let (url, body) =
                    self.settings.page_request(place.base, variables, &page).map_err(Fault::needs_change)?;
                let may_cache = self.settings.page.is_none() && self.settings.each.is_none();
                let mut headers = place.headers.clone();
                headers.extend(self.headers.clone());
                if let Some(known) =
                    self.cached.as_ref().filter(|known| may_cache && known.url == url && body.is_none())
                {
                    headers.extend(known.validators.iter().cloned());
                }
                let request = request(client, self.settings.method, url.clone(), body, &headers);
                let response = client.send(request, || reporter.now()).await?;
                skew.update(response.headers(), reporter).await;
                if response.status() == StatusCode::NOT_MODIFIED {
                    return Ok(None);
                }
                if response.status() == StatusCode::NO_CONTENT {
                    // Many servers answer so for a list that is empty.
                    self.cached = None;
                    break;
                }
                let (headers, server) = (response.headers().clone(), display_url(response.url()));
                let body = client.read_body(response, http::MAX_BODY_BYTES).await?;
                bytes += body.len();
                let wrong = |what: String| malformed(&server, &what);
                answer.reading.rejected.extend(map::flaws(&body).map(|remark| (0, remark.into())));
                let document = self.settings.with_item(map::parse(&body).map_err(wrong)?, variables);
                let listed = answer.listed();
                if let Some(map) = &self.settings.map {
                    let clock = SourceClock { now: reporter.source_now(), zone: place.zone };
                    map.read(&document, clock, place.names, &mut answer.reading).map_err(wrong)?;
                }
                self.settings.keep_values(&document, &mut answer.kept).map_err(wrong)?;
                let is_kept = |value: &serde_json::Value| value.as_array().is_none_or(|items| !items.is_empty());
                let is_found = answer.kept.values().any(is_kept);
                answer.reading.note_list("lists for other requests", is_found, self.settings.keep.values(), &document);
                // Set only now, so that an answer that can't be read is requested in full again.
                self.cached = if may_cache { CacheValidators::of(url.clone(), &headers) } else { None };
                let next = match &self.settings.page {
                    Some(paging) => {
                        let wrong = |what: String| Fault::transient(format!("{server}: {what}"));
                        let next = paging.next(index, &url, &headers, &document).map_err(wrong)?;
                        answer.reading.note_list("next page", next.is_some(), paging.paths(), &document);
                        next
                    }
                    None => None,
                };
                let has_rows = answer.listed() > listed;
                let is_again = last_body.replace(hash(&body)) == last_body && has_rows;
                let Some(next) = next.filter(|next| *next != page || is_again) else { break };
                index += 1;
                if is_again || asked.contains(&next) {
                    cut = Some(format!(
                        "page {index} of the list is one that came before, so the rest of it is not known: `page` has to name the parameter, or the path of the next page, as the server has it"
                    ));
                    break;
                }
                if index >= MAX_PAGES || bytes >= MAX_LIST_BYTES {
                    cut = Some(TOO_LONG.to_owned());
                    break;
                }
                asked.push(std::mem::replace(&mut page, next));
            }
        }
        answer.is_whole = cut.is_none() && !answer.reading.is_cut;
        answer.reading.rejected.extend(cut.map(|reason| (0, reason.into())));
        Ok(Some(answer))
    }
}

/// What is said of a list that is too long.
const TOO_LONG: &str = "the list goes on after 100 pages or 500 parts and is not read to its end: ask for longer pages, or for fewer items";

fn hash(body: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    body.hash(&mut hasher);
    hasher.finish()
}

impl ListAnswer {
    /// How many rows, and values for other requests, there are.
    fn listed(&self) -> usize {
        let kept = self.kept.values().filter_map(|value| Some(value.as_array()?.len()));
        self.reading.listed + kept.sum::<usize>()
    }
}
