//! A Prometheus server as a source: one query per KPI, a label of its result names the queue.
//!
//! The current values are queried every few seconds. What happened since the last run is backfilled with range
//! queries, up to a day back, so that trends have no gap.

mod answer;
mod backfill;
mod last_sent;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::clock::{Span, Time};
use crate::event::{Event, EventKind};
use crate::kpi::KpiId;
use crate::net::Fault;
use crate::net::http::{self, Address, Auth, Client};
use crate::net::tls::Tls;
use crate::source::network::clock_skew::ClockSkew;
use crate::source::network::reporter::Reporter;
use crate::source::network::session::Session;
use answer::{QueryError, QueryResult};
use backfill::Chunk;
use last_sent::LastSent;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_CONCURRENT_QUERIES: usize = 4;
/// Backfilling takes no longer than this, because current values are not queried meanwhile.
const BACKFILL_TIMEOUT: Duration = Duration::from_mins(1);
/// A server whose clock is further ahead than this is a fault.
const MAX_CLOCK_OFFSET: Span = Span::DAY;

/// The keys of a source that is a Prometheus server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server's address, to which `/api/v1/query` is appended.
    pub url: Address,
    /// The credentials.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Which certificates are trusted.
    #[serde(default)]
    pub tls: Tls,
    /// The query interval in seconds.
    #[serde(default = "fifteen_seconds")]
    pub every_s: u32,
    /// The step of backfill queries, in seconds.
    #[serde(default = "one_minute")]
    pub step_s: u32,
    /// The label that names the queue.
    #[serde(default = "queue")]
    pub queue_label: String,
    /// A query per KPI. Its result must be in the KPI's unit (seconds; percentages from 0 to 100) and have one value
    /// per queue: `sum by (queue) (…)`.
    pub kpis: BTreeMap<KpiId, String>,
    /// Factors on results, by KPI: 100 for a percentage that comes as 0 to 1.
    #[serde(default)]
    pub scale: BTreeMap<KpiId, f64>,
}

const fn fifteen_seconds() -> u32 {
    15
}

const fn one_minute() -> u32 {
    60
}

fn queue() -> String {
    "queue".to_owned()
}

impl Settings {
    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The first key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        http::check_protection(&self.url, self.auth.as_ref().into(), &self.tls).map_err(|wrong| ("url", wrong))?;
        if self.kpis.is_empty() {
            return Err(("kpis", "names no query: write { waiting = \"sum by (queue) (…)\" }".to_owned()));
        }
        if let Some((kpi, _)) = self.kpis.iter().find(|(_, query)| query.trim().is_empty()) {
            return Err(("kpis", format!("has no query for `{}`", kpi.def().key)));
        }
        if let Some(kpi) = self.scale.keys().find(|kpi| !self.kpis.contains_key(kpi)) {
            return Err(("scale", format!("has `{}`, of which `kpis` has no query", kpi.def().key)));
        }
        if let Some((kpi, _)) = self.scale.iter().find(|(_, factor)| !factor.is_finite() || **factor == 0.0) {
            return Err(("scale", format!("of `{}` must be a number other than 0", kpi.def().key)));
        }
        if self.queue_label.trim().is_empty() {
            return Err(("queue_label", "is empty: it is the name of the label that names the queue".to_owned()));
        }
        if !(1..=3600).contains(&self.every_s) {
            return Err(("every_s", "must be 1 to 3600".to_owned()));
        }
        if !(15..=3600).contains(&self.step_s) {
            return Err(("step_s", "must be 15 to 3600".to_owned()));
        }
        Ok(())
    }
}

/// A session that queries one server.
pub(crate) struct PrometheusSession {
    settings: Settings,
    /// The time up to which figures are known, by the server's clock; from the cursor at first.
    until: Option<Time>,
    last_sent: LastSent,
    skew: ClockSkew,
    /// The remark that was reported last.
    remark: String,
}

/// The results of all queries at one instant.
struct QueryRound {
    /// The time of the results, by the server's clock.
    at: Time,
    found: Vec<(KpiId, QueryResult)>,
    /// The queries that the server refused, with its reasons.
    refused: Vec<(KpiId, String)>,
}

impl PrometheusSession {
    /// A session that continues from `cursor`, as the journal stored it.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let until = cursor.and_then(|text| Time::parse_rfc3339(text).ok());
        Self { settings, until, last_sent: LastSent::default(), skew: ClockSkew::default(), remark: String::new() }
    }

    async fn follow(&mut self, reporter: &mut Reporter) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, every_s, .. } = &self.settings;
        let client = Client::new(url, auth.as_ref().into(), tls, ANSWER_TIMEOUT)?;
        let protection = http::protection_remark(url, auth.as_ref().into(), tls);
        if self.remark.is_empty() && !protection.is_empty() {
            // Before the first round, so that it is shown even if the connection fails.
            reporter.report_remark(&protection).await;
            self.remark = protection;
        }
        let mut tick = interval(Duration::from_secs(u64::from(*every_s)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let since = self.until;
        let mut caught_up = false;
        loop {
            tick.tick().await;
            let round = self.query_now(&client, reporter).await?;
            let at = round.at;
            // The cursor moves only after the time before it has been backfilled.
            self.report(round, caught_up, reporter).await;
            if !caught_up {
                caught_up = true;
                self.catch_up(&client, since, at, reporter).await;
            }
        }
    }

    /// Run every query for the current values.
    async fn query_now(&mut self, client: &Client, reporter: &mut Reporter) -> Result<QueryRound, Fault> {
        let Self { settings, skew, .. } = self;
        let now = reporter.now();
        let answers = run_queries(settings, client, None, now).await?;
        let mut round = QueryRound { at: Time(i64::MIN), found: Vec::new(), refused: Vec::new() };
        for QueryAnswer { kpi, headers, answer } in answers {
            skew.update(&headers, reporter).await;
            match answer {
                Ok(found) => {
                    let newest = found.series.iter().filter_map(|series| series.points.last()).map(|(at, _)| *at);
                    round.at = newest.fold(round.at, Time::max);
                    round.found.push((kpi, found));
                }
                Err(why) => round.refused.push((kpi, why)),
            }
        }
        if round.at > now + MAX_CLOCK_OFFSET {
            let address = &settings.url;
            return Err(Fault::needs_change(format!("the clock of {address} is more than a day ahead: set it right")));
        }
        if round.found.is_empty()
            && let Some((kpi, why)) = round.refused.first()
        {
            return Err(Fault::needs_change(refused_query(*kpi, why)));
        }
        round.at = if round.at.0 == i64::MIN { now } else { round.at };
        Ok(round)
    }

    /// Send the results of a round to the floor. `known` is whether the time before it has been backfilled: only then
    /// may the cursor move.
    async fn report(&mut self, round: QueryRound, known: bool, reporter: &mut Reporter) {
        let empty = round.found.iter().all(|(_, found)| found.series.is_empty());
        let remark = self.remarks(&round);
        if remark != self.remark {
            reporter.report_remark(&remark).await;
            self.remark = remark;
        }
        let events = self.last_sent.changes(&round.found, round.at, reporter.name());
        if events.is_empty() {
            reporter.record_activity();
        } else {
            let cursor = known.then(|| round.at.to_string());
            self.until = if known { Some(round.at) } else { self.until };
            reporter.send_events(events, cursor).await;
        }
        if empty {
            reporter.report_stale("Prometheus answers, but no query has a result: are the metrics scraped?").await;
        } else {
            reporter.report_live().await;
        }
    }

    /// The remarks on all queries, for the owner of the source.
    fn remarks(&self, round: &QueryRound) -> String {
        let Settings { url, auth, tls, .. } = &self.settings;
        let protection = http::protection_remark(url, auth.as_ref().into(), tls);
        let mut words: Vec<String> = Some(protection).filter(|remark| !remark.is_empty()).into_iter().collect();
        words.extend(round.refused.iter().map(|(kpi, why)| refused_query(*kpi, why)));
        for (kpi, found) in &round.found {
            if let Some(remark) = &found.remark {
                words.push(format!("{}: {remark}", kpi.def().key));
            } else if found.series.is_empty() && !self.last_sent.has_kpi(*kpi) {
                words.push(format!("{}: the query has no result", kpi.def().key));
            }
        }
        words.join("; ")
    }

    /// Backfill the time from `since` to `until`, a day at most. What can't be fetched becomes a gap; the session goes
    /// on, because the current values are known.
    async fn catch_up(&mut self, client: &Client, since: Option<Time>, until: Time, reporter: &mut Reporter) {
        let from = since.unwrap_or(Time(i64::MIN)).max(until - Span::DAY);
        if let Some(since) = since.filter(|since| *since < from) {
            report_gap(since, from, reporter).await;
        }
        let step = Span::seconds(i64::from(self.settings.step_s));
        let end = Instant::now() + BACKFILL_TIMEOUT;
        for chunk in backfill::chunks(from, until, step) {
            let answers = if Instant::now() < end {
                run_queries(&self.settings, client, Some(&chunk), reporter.now()).await
            } else {
                Err(Fault::transient("it takes too long"))
            };
            match answers {
                Ok(answers) => {
                    // Refused queries were reported with the current values already.
                    let found = answers.into_iter().filter_map(|answer| Some((answer.kpi, answer.answer.ok()?)));
                    let found: Vec<_> = found.collect();
                    let events = self.last_sent.backfill(&found, &chunk, reporter.name());
                    self.until = Some(chunk.end);
                    reporter.send_events(events, Some(chunk.end.to_string())).await;
                }
                Err(fault) => {
                    tracing::warn!(source = %reporter.name(), "what was missed can't be fetched: {}", fault.reason);
                    report_gap(chunk.after, until, reporter).await;
                    break;
                }
            }
        }
        // Queues of the backfill that no longer exist.
        let events = self.last_sent.disappeared(until, reporter.name());
        self.until = Some(until);
        reporter.send_events(events, Some(until.to_string())).await;
    }
}

impl Session for PrometheusSession {
    async fn run(&mut self, reporter: &mut Reporter) -> Fault {
        let Err(fault) = self.follow(reporter).await;
        fault
    }
}

/// Report that nothing is known of the time from `since` to `at`.
async fn report_gap(since: Time, at: Time, reporter: &mut Reporter) {
    let origin = reporter.name().clone();
    reporter.send_events(vec![Event { at, origin, id: None, kind: EventKind::Missed { since } }], None).await;
}

fn refused_query(kpi: KpiId, why: &str) -> String {
    format!("the query for `{}` is refused, correct it in the configuration: {why}", kpi.def().key)
}

/// The answer to one query: its result, or why the server refused this query.
struct QueryAnswer {
    kpi: KpiId,
    headers: HeaderMap,
    answer: Result<QueryResult, String>,
}

/// Run every query, for the current values or for `chunk` of the past.
async fn run_queries(
    settings: &Settings,
    client: &Client,
    chunk: Option<&Chunk>,
    now: Time,
) -> Result<Vec<QueryAnswer>, Fault> {
    let mut queries = Vec::new();
    for (kpi, query) in &settings.kpis {
        queries.push(run_query(settings, client, *kpi, query, chunk, now));
    }
    stream::iter(queries).buffered(MAX_CONCURRENT_QUERIES).try_collect().await
}

async fn run_query(
    settings: &Settings,
    client: &Client,
    kpi: KpiId,
    query: &str,
    chunk: Option<&Chunk>,
    now: Time,
) -> Result<QueryAnswer, Fault> {
    let path = if chunk.is_some() { "api/v1/query_range" } else { "api/v1/query" };
    let mut url = settings.url.under(path).url().clone();
    url.query_pairs_mut().append_pair("query", query).extend_pairs(chunk.into_iter().flat_map(Chunk::parameters));
    let response = client.send_any_status(client.request(Method::GET, url)).await?;
    let (status, headers, place) = (response.status(), response.headers().clone(), http::display_url(response.url()));
    let refused = || http::status_fault(status, &headers, &place, now);
    let body = match client.read_body(response, http::MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(fault) => return Err(if status.is_success() { fault } else { refused() }),
    };
    let scale = settings.scale.get(&kpi).copied().unwrap_or(1.0);
    let answer = answer::parse(&body, &settings.queue_label, scale);
    match (status, answer) {
        (StatusCode::OK, Ok(found)) => Ok(QueryAnswer { kpi, headers, answer: Ok(found) }),
        (
            StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY,
            Err(QueryError::Reported(why)),
        ) => Ok(QueryAnswer { kpi, headers, answer: Err(why) }),
        (status, Err(QueryError::Reported(why))) if !status.is_success() => {
            let fault = refused();
            Err(Fault { reason: format!("{} ({why})", fault.reason), ..fault })
        }
        (status, _) if !status.is_success() => Err(refused()),
        (_, Err(QueryError::Reported(why))) => Err(Fault::transient(format!("{place} says: {why}"))),
        (_, Err(QueryError::Malformed(why))) => {
            Err(Fault::needs_change(format!("{place} does not answer as Prometheus does ({why}): correct the address")))
        }
        (status, Ok(_)) => Err(Fault::transient(format!("{place} answers {status}, which says nothing"))),
    }
}

/// Read `bytes` as the answer to a query.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    drop(answer::parse(bytes, "queue", 100.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> Result<Settings, String> {
        let text = format!("url = 'http://127.0.0.1:9090'\n{more}");
        toml::from_str(&text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn queries_are_by_the_catalogue_s_ids() {
        let settings = parse("kpis = { waiting = 'a', asa = 'b' }\nscale = { asa = 0.001 }").unwrap();
        assert_eq!(settings.check(), Ok(()));
        assert_eq!((settings.every_s, settings.step_s, settings.queue_label.as_str()), (15, 60, "queue"));
        let wrong = parse("kpis = { waitin = 'a' }").unwrap_err();
        assert!(wrong.contains("no KPI is called `waitin`; did you mean `waiting`?"), "{wrong}");
    }

    #[test]
    fn what_cannot_work_is_named_with_its_key() {
        for (text, key) in [
            ("kpis = {}", "kpis"),
            ("kpis = { asa = ' ' }", "kpis"),
            ("kpis = { asa = 'a' }\nscale = { waiting = 2 }", "scale"),
            ("kpis = { asa = 'a' }\nscale = { asa = 0 }", "scale"),
            ("kpis = { asa = 'a' }\nscale = { asa = nan }", "scale"),
            ("kpis = { asa = 'a' }\nqueue_label = ' '", "queue_label"),
            ("kpis = { asa = 'a' }\nevery_s = 0", "every_s"),
            ("kpis = { asa = 'a' }\nstep_s = 1", "step_s"),
        ] {
            assert_eq!(parse(text).unwrap().check().unwrap_err().0, key, "{text}");
        }
    }
}
