//! A Prometheus server as a source: figures that it computes from what it scrapes, one query a KPI.
//!
//! Every few seconds each query is asked for what it gives now; a label of its result names the queue. What happened
//! while nobody asked is fetched in steps, up to a day back, so that trends have no gap.

mod answer;
mod course;
mod told;

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
use crate::net::tls::{self, Tls};
use crate::source::network::clock_skew::Skew;
use crate::source::network::session::{Link, Session};
use answer::{Found, Trouble};
use course::Chunk;
use told::Told;

/// How long an answer may take to begin, and then to come whole.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many queries are asked at once.
const AT_ONCE: usize = 4;
/// What was missed is fetched for so long at most; what stands now is not asked for meanwhile.
const ENOUGH: Duration = Duration::from_mins(1);
/// The server's clock may be so far ahead of ours; more, and what it says is no time.
const AHEAD: Span = Span::DAY;

/// The keys of a source that is a Prometheus server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server: what stands before `/api/v1/query`.
    pub url: Address,
    /// How floorwatch shows who it is.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Whom it trusts.
    #[serde(default)]
    pub tls: Tls,
    /// How often it is asked, in seconds.
    #[serde(default = "fifteen_seconds")]
    pub every_s: u32,
    /// The steps, in seconds, in which what was missed is fetched.
    #[serde(default = "one_minute")]
    pub step_s: u32,
    /// The label that names the queue.
    #[serde(default = "queue")]
    pub queue_label: String,
    /// A query by the id of the KPI that it gives, in the unit of that KPI (seconds; percentages as 0 to 100). A result
    /// has a value a queue: `sum by (queue) (…)`.
    pub kpis: BTreeMap<KpiId, String>,
    /// What a KPI's result is multiplied by: 100 where a percentage comes as 0 to 1.
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
    /// Whether what is written can work.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
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

/// A server that is asked at an interval.
pub(crate) struct Prometheus {
    settings: Settings,
    /// Up to when its figures are known: by its own clock, in this run or an earlier one.
    until: Option<Time>,
    told: Told,
    skew: Skew,
    /// What was last remarked.
    remark: String,
}

/// What one round of questions gave.
struct Round {
    /// When, by the server's clock.
    at: Time,
    found: Vec<(KpiId, Found)>,
    /// Queries that it refused, and why.
    refused: Vec<(KpiId, String)>,
}

impl Prometheus {
    /// Go on from `cursor`, the journal's.
    pub(crate) fn new(settings: Settings, cursor: Option<&str>) -> Self {
        let until = cursor.and_then(|text| Time::parse_rfc3339(text).ok());
        Self { settings, until, told: Told::default(), skew: Skew::default(), remark: String::new() }
    }

    async fn follow(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        let Settings { url, auth, tls, every_s, .. } = &self.settings;
        let client = Client::new(url, auth.as_ref(), tls, PATIENCE)?;
        let mut tick = interval(Duration::from_secs(u64::from(*every_s)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let since = self.until;
        let mut caught_up = false;
        loop {
            tick.tick().await;
            let round = self.ask(&client, link).await?;
            let at = round.at;
            // The cursor stays behind until all before it is known as well.
            self.tell(round, caught_up, link).await;
            if !caught_up {
                caught_up = true;
                self.catch_up(&client, since, at, link).await;
            }
        }
    }

    /// Ask every query for what it gives now.
    async fn ask(&mut self, client: &Client, link: &mut Link) -> Result<Round, Fault> {
        let Self { settings, skew, .. } = self;
        let now = link.now();
        let answers = questions(settings, client, None, now).await?;
        let mut round = Round { at: Time(i64::MIN), found: Vec::new(), refused: Vec::new() };
        for Answered { kpi, headers, answer } in answers {
            skew.look(&headers, link).await;
            match answer {
                Ok(found) => {
                    let newest = found.series.iter().filter_map(|series| series.points.last()).map(|(at, _)| *at);
                    round.at = newest.fold(round.at, Time::max);
                    round.found.push((kpi, found));
                }
                Err(why) => round.refused.push((kpi, why)),
            }
        }
        if round.at > now + AHEAD {
            let address = &settings.url;
            return Err(Fault::lasting(format!("the clock of {address} is more than a day ahead: set it right")));
        }
        if round.found.is_empty()
            && let Some((kpi, why)) = round.refused.first()
        {
            return Err(Fault::lasting(refusal(*kpi, why)));
        }
        round.at = if round.at.0 == i64::MIN { now } else { round.at };
        Ok(round)
    }

    /// Tell the floor what a round gave; `known` is whether all that was before it is known.
    async fn tell(&mut self, round: Round, known: bool, link: &mut Link) {
        let empty = round.found.iter().all(|(_, found)| found.series.is_empty());
        let remark = self.remarks(&round);
        if remark != self.remark {
            link.remark(&remark).await;
            self.remark = remark;
        }
        let events = self.told.news(&round.found, round.at, link.name());
        if events.is_empty() {
            link.hear();
        } else {
            let cursor = known.then(|| round.at.to_string());
            self.until = if known { Some(round.at) } else { self.until };
            link.events(events, cursor).await;
        }
        if empty {
            link.stale("Prometheus answers, but no query has a result: are the metrics scraped?").await;
        } else {
            link.live().await;
        }
    }

    /// What its owner should know, of all queries together.
    fn remarks(&self, round: &Round) -> String {
        let mut words = Vec::new();
        if self.settings.tls.danger_accept_any_certificate {
            words.push(tls::UNCHECKED.to_owned());
        }
        words.extend(round.refused.iter().map(|(kpi, why)| refusal(*kpi, why)));
        for (kpi, found) in &round.found {
            if let Some(remark) = &found.remark {
                words.push(format!("{}: {remark}", kpi.def().key));
            } else if found.series.is_empty() && !self.told.knows(*kpi) {
                words.push(format!("{}: the query has no result", kpi.def().key));
            }
        }
        words.join("; ")
    }

    /// Fetch what happened since `since`, up to `until`, a day at most. What can't be had is a gap, and no reason to
    /// give up: what stands now is known.
    async fn catch_up(&mut self, client: &Client, since: Option<Time>, until: Time, link: &mut Link) {
        let from = since.unwrap_or(Time(i64::MIN)).max(until - Span::DAY);
        if let Some(since) = since.filter(|since| *since < from) {
            gap(since, from, link).await;
        }
        let step = Span::seconds(i64::from(self.settings.step_s));
        let end = Instant::now() + ENOUGH;
        for chunk in course::chunks(from, until, step) {
            let answers = if Instant::now() < end {
                questions(&self.settings, client, Some(&chunk), link.now()).await
            } else {
                Err(Fault::new("it takes too long"))
            };
            match answers {
                Ok(answers) => {
                    // What is refused was remarked when it was asked for now.
                    let found = answers.into_iter().filter_map(|told| Some((told.kpi, told.answer.ok()?)));
                    let found: Vec<_> = found.collect();
                    let events = self.told.past(&found, &chunk, link.name());
                    self.until = Some(chunk.end);
                    link.events(events, Some(chunk.end.to_string())).await;
                }
                Err(fault) => {
                    tracing::warn!(source = %link.name(), "what was missed can't be fetched: {}", fault.reason);
                    gap(chunk.after, until, link).await;
                    break;
                }
            }
        }
        // A queue that was there then and is no longer there now.
        let events = self.told.lost(until, link.name());
        self.until = Some(until);
        link.events(events, Some(until.to_string())).await;
    }
}

impl Session for Prometheus {
    async fn run(&mut self, link: &mut Link) -> Fault {
        let Err(fault) = self.follow(link).await;
        fault
    }
}

/// Nothing is known of the time between the two.
async fn gap(since: Time, at: Time, link: &mut Link) {
    let origin = link.name().clone();
    link.events(vec![Event { at, origin, id: None, kind: EventKind::Missed { since } }], None).await;
}

fn refusal(kpi: KpiId, why: &str) -> String {
    format!("the query for `{}` is refused, correct it in the configuration: {why}", kpi.def().key)
}

/// The answer to one query: what it found, or why this query alone is refused.
struct Answered {
    kpi: KpiId,
    headers: HeaderMap,
    answer: Result<Found, String>,
}

/// Ask every query: for now, or for a piece of the past.
async fn questions(
    settings: &Settings,
    client: &Client,
    chunk: Option<&Chunk>,
    now: Time,
) -> Result<Vec<Answered>, Fault> {
    let mut questions = Vec::new();
    for (kpi, query) in &settings.kpis {
        questions.push(question(settings, client, *kpi, query, chunk, now));
    }
    stream::iter(questions).buffered(AT_ONCE).try_collect().await
}

async fn question(
    settings: &Settings,
    client: &Client,
    kpi: KpiId,
    query: &str,
    chunk: Option<&Chunk>,
    now: Time,
) -> Result<Answered, Fault> {
    let path = if chunk.is_some() { "api/v1/query_range" } else { "api/v1/query" };
    let mut url = settings.url.under(path).url().clone();
    url.query_pairs_mut().append_pair("query", query).extend_pairs(chunk.into_iter().flat_map(Chunk::pairs));
    let response = client.reach(client.request(Method::GET, url)).await?;
    let (status, headers, place) = (response.status(), response.headers().clone(), http::place(response.url()));
    let refused = || http::refusal(status, &headers, &place, now);
    let body = match client.body(response, http::MOST).await {
        Ok(body) => body,
        Err(fault) => return Err(if status.is_success() { fault } else { refused() }),
    };
    let scale = settings.scale.get(&kpi).copied().unwrap_or(1.0);
    let answer = answer::read(&body, &settings.queue_label, scale);
    match (status, answer) {
        (StatusCode::OK, Ok(found)) => Ok(Answered { kpi, headers, answer: Ok(found) }),
        (StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, Err(Trouble::Said(why))) => {
            Ok(Answered { kpi, headers, answer: Err(why) })
        }
        (status, Err(Trouble::Said(why))) if !status.is_success() => {
            let fault = refused();
            Err(Fault { reason: format!("{} ({why})", fault.reason), ..fault })
        }
        (status, _) if !status.is_success() => Err(refused()),
        (_, Err(Trouble::Said(why))) => Err(Fault::new(format!("{place} says: {why}"))),
        (_, Err(Trouble::Form(why))) => {
            Err(Fault::lasting(format!("{place} does not answer as Prometheus does ({why}): correct the address")))
        }
        (status, Ok(_)) => Err(Fault::new(format!("{place} answers {status}, which says nothing"))),
    }
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
