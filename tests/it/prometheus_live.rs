//! Runs the Prometheus source against a real server, and against a stub with every fault.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{Engine, SourceNames};
use floorwatch::event::{Event, EventKind};
use floorwatch::kpi::{Dim, Every, KpiId, Period, Query, Slice};
use floorwatch::source::network::prometheus;
use floorwatch::source::{Connector, Message, Running, Settings};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_mins(1);

/// What a floor would know of the source.
#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    cursor: Option<String>,
    health: Vec<(Health, String, Option<Span>)>,
    remarks: Vec<String>,
    ahead: Vec<Span>,
}

impl Seen {
    /// The value of a figure that was reported last; `NaN` if it has disappeared.
    fn newest(&self, queue: &str, kpi: &str) -> Option<f64> {
        self.course(queue, kpi).into_iter().max_by_key(|(at, _)| *at).map(|(_, value)| value)
    }

    /// All values that were reported of a figure, in that order.
    fn course(&self, queue: &str, kpi: &str) -> Vec<(Time, f64)> {
        let said = |event: &Event| match &event.kind {
            EventKind::Observed { queue: of, figures, .. } if of.as_str() == queue => {
                figures.iter().find(|(name, _)| name.as_str() == kpi).map(|(_, value)| (event.at, *value))
            }
            _ => None,
        };
        self.events.iter().filter_map(said).collect()
    }
}

/// A running source.
struct Source {
    seen: Arc<Mutex<Seen>>,
    running: Running,
}

impl Source {
    fn start(address: &str, keys: &str, cursor: Option<&str>) -> Self {
        let keys: prometheus::Settings = toml::from_str(&format!("url = 'http://{address}'\n{keys}")).unwrap();
        assert_eq!(keys.check(), Ok(()));
        let settings = Settings::from(Connector::Prometheus(Box::new(keys)));
        let (to, mut messages) = mpsc::channel(64);
        let running = floorwatch::source::spawn(0, &settings, Clock::System, cursor, to).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let counted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                let mut seen = counted.lock().unwrap();
                match message {
                    Message::Events { events, cursor, .. } => {
                        seen.events.extend(events);
                        seen.cursor = cursor.or(seen.cursor.take());
                    }
                    Message::Health { health, reason, at, next_try, .. } => {
                        seen.health.push((health, reason.to_string(), next_try.map(|next| next - at)));
                    }
                    Message::Remark { remark, .. } => seen.remarks.push(remark.to_string()),
                    Message::Clock { ahead, .. } => seen.ahead.push(ahead),
                    Message::Rejected { .. } => {}
                }
            }
        });
        Self { seen, running }
    }

    async fn wait(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(&self.seen.lock().unwrap()) {
            let seen = self.seen.lock().unwrap();
            assert!(Instant::now() < end, "waited in vain for {what}: {:?} {:?}", seen.health, seen.remarks);
            drop(seen);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn wait_live(&self) {
        self.wait("live", |seen| seen.health.last().is_some_and(|(health, ..)| *health == Health::Live)).await;
    }

    /// Wait until the source is down: the reason, and the time until the next attempt.
    async fn wait_down(&self) -> (String, Span) {
        self.wait("down", |seen| seen.health.last().is_some_and(|(health, ..)| *health == Health::Down)).await;
        let (_, reason, wait) = self.seen.lock().unwrap().health.last().unwrap().clone();
        (reason, wait.unwrap())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.running.stop();
    }
}

/// Serve `router` on a free port.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

// --- A real one -----------------------------------------------------------------------------------------------------

/// The scraped metrics: lines of the exposition format.
type Metrics = Arc<Mutex<String>>;

/// A Prometheus from Debian's package, with a data folder of its own.
struct Real {
    child: Child,
    address: String,
}

impl Real {
    async fn start(folder: &Path, address: &str) -> Self {
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let real = Self { child, address: address.to_owned() };
        let end = Instant::now() + PATIENCE;
        let client = client();
        while !client
            .get(format!("http://{address}/-/ready"))
            .send()
            .await
            .is_ok_and(|response| response.status() == StatusCode::OK)
        {
            assert!(Instant::now() < end, "{}", fs::read_to_string(folder.join("log")).unwrap());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        real
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> reqwest::Client {
    // The process's default crypto provider is set by the first test that gets here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Three hours of values up to twenty minutes ago, one per minute.
fn write_past(folder: &Path, start: i64) {
    let mut text = String::from("# TYPE queue_waiting gauge\n# TYPE queue_answered_in_time gauge\n");
    let series = [("queue_waiting", 1), ("queue_answered_in_time", 100)];
    for (name, divisor) in series {
        if name == "queue_answered_in_time" {
            text = text.replace("# TYPE queue_answered_in_time gauge\n", "");
            text.push_str("# TYPE queue_answered_in_time gauge\n");
        }
        for queue in ["billing", "gone"] {
            for minute in 0..160 {
                let (value, at) = (f64::from(minute) / f64::from(divisor), start + i64::from(minute) * 60);
                writeln!(text, "{name}{{queue=\"{queue}\"}} {value} {at}").unwrap();
            }
        }
    }
    text.push_str("# EOF\n");
    fs::write(folder.join("past"), text).unwrap();
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([folder.join("past"), folder.join("data")])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_one_is_followed_and_what_was_missed_is_fetched() {
    if !["prometheus", "promtool"].iter().all(|name| Command::new(name).arg("--version").output().is_ok()) {
        println!("skipped: there is no prometheus here (Debian: apt-get install prometheus)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let start = (Clock::System.now() - Span(3 * Span::HOUR.0)).minute();
    write_past(folder, start.0 / 1_000_000);
    let metrics: Metrics = Arc::default();
    let set = |text: &str| text.clone_into(&mut metrics.lock().unwrap());
    set("queue_waiting{queue=\"billing\"} 7\nqueue_waiting{queue=\"sales\"} NaN\n\
         queue_answered_in_time{queue=\"billing\"} 0.75\n");
    let exposed = |State(metrics): State<Metrics>| async move { metrics.lock().unwrap().clone() };
    let target = serve(Router::new().route("/metrics", get(exposed)).with_state(Arc::clone(&metrics))).await;
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
         scrape_configs: [{{ job_name: floor, static_configs: [{{ targets: ['{target}'] }}] }}]\n"
    );
    fs::write(folder.join("prometheus.yml"), config).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let real = Real::start(folder, &address).await;
    assert_eq!(real.address, address);

    let keys = "every_s = 1\nkpis = { waiting = 'sum by (queue) (queue_waiting)', \
                service_level = 'sum by (queue) (queue_answered_in_time)' }\nscale = { service_level = 100 }";
    let source = Source::start(&address, keys, None);
    source.wait_live().await;
    source.wait("the figures", |seen| seen.newest("billing", "service_level") == Some(75.0)).await;
    assert_eq!(source.seen.lock().unwrap().newest("billing", "waiting"), Some(7.0));
    // The past, with a value per minute, in the order of time.
    source.wait("the past", |seen| seen.course("gone", "waiting").last().is_some_and(|(_, v)| v.is_nan())).await;
    {
        let seen = source.seen.lock().unwrap();
        let past = seen.course("gone", "waiting");
        // In Prometheus, a value is the current one for five minutes.
        for (minute, (at, value)) in past.iter().take(160).enumerate() {
            let minute = u32::try_from(minute).unwrap();
            assert_eq!((*at, *value), (start + Span(i64::from(minute) * Span::MINUTE.0), f64::from(minute)));
        }
        assert!((160..=165).contains(&(past.len() - 1)), "{}", past.len());
        assert!(seen.newest("sales", "waiting").is_none(), "no number is no figure");
    }
    // Changed values are reported, and those that are no longer scraped disappear.
    set("queue_waiting{queue=\"billing\"} 9\nqueue_waiting{queue=\"sales\"} 2\n");
    source.wait("the change", |seen| seen.newest("billing", "waiting") == Some(9.0)).await;
    source.wait("the queue that is new", |seen| seen.newest("sales", "waiting") == Some(2.0)).await;
    let is_gone = |seen: &Seen| seen.newest("billing", "service_level").is_some_and(f64::is_nan);
    source.wait("the figure that is gone", is_gone).await;

    // The floor shows a trend of the source's own figures without a gap.
    let mut engine = Engine::new(floorwatch::engine::Settings::default());
    for event in &source.seen.lock().unwrap().events {
        engine.apply(event);
    }
    let now = Clock::System.now();
    let query = Query {
        of: Slice::of(Dim::Queue, "billing".into()),
        by: Vec::new(),
        over: Period::Range(start, start + Span(160 * Span::MINUTE.0)),
        every: Some(Every::Minutes(10)),
        kpis: vec![KpiId::Waiting, KpiId::ServiceLevel],
        formula: None,
    };
    let trend = engine.ask(&query, now);
    assert!((16..=17).contains(&trend.rows.len()), "{}", trend.rows.len());
    assert!(trend.rows.iter().all(|row| row.figures.iter().all(|f| f.observed && f.value.is_some())));
    let queues = engine.queues_now(now, SourceNames::ORIGINS);
    assert_eq!(queues.find(&"billing".into()).unwrap().live.waiting, 9);

    // The server is killed, which is reported, and comes back.
    drop(real);
    source.wait("word of its death", |seen| seen.health.last().unwrap().1.contains("connection refused")).await;
    let real = Real::start(folder, &address).await;
    source.wait_live().await;
    source.wait("new figures", |seen| seen.newest("sales", "waiting") == Some(2.0)).await;

    // The program ends and continues where it was: nothing is reported twice, and nothing is missing.
    let cursor = start + Span(100 * Span::MINUTE.0);
    let again = Source::start(&real.address, keys, Some(&cursor.to_string()));
    again
        .wait("the rest of the past", |seen| seen.course("gone", "waiting").last().is_some_and(|(_, v)| v.is_nan()))
        .await;
    let past = again.seen.lock().unwrap().course("gone", "waiting");
    assert_eq!(past[0], (cursor + Span::MINUTE, 101.0));
    again
        .wait("a cursor", |seen| {
            seen.cursor.as_ref().is_some_and(|at| now - Time::parse_rfc3339(at).unwrap() < Span::MINUTE)
        })
        .await;

    // A query that the server rejects does not affect the others.
    let wrong = keys.replace("kpis = {", "kpis = { asa = 'sum by (', ");
    let source = Source::start(&real.address, &wrong, None);
    source.wait_live().await;
    source
        .wait("the remark", |seen| {
            seen.remarks.iter().any(|r| r.contains("`asa` is refused") && r.contains("parse error"))
        })
        .await;
}

// --- One that fails -------------------------------------------------------------------------------------------------

/// A stub that answers everything in the same way.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Answer>>);

#[derive(Clone, Default)]
struct Answer {
    status: u16,
    body: String,
    headers: Vec<(&'static str, &'static str)>,
    /// The requests so far: path and query.
    asked: Vec<String>,
    authorization: Option<String>,
}

async fn reply(State(script): State<Script>, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let mut answer = script.0.lock().unwrap();
    answer.asked.push(format!("{}?{}", uri.path(), query.unwrap_or_default()));
    answer.authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body.clone()).into_response();
    for (name, value) in &answer.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

impl Script {
    async fn serve(status: u16, body: &str) -> (Self, String) {
        let script = Self::default();
        script.say(status, body);
        let address = serve(Router::new().fallback(reply).with_state(script.clone())).await;
        (script, address)
    }

    fn say(&self, status: u16, body: &str) {
        let mut answer = self.0.lock().unwrap();
        (answer.status, answer.body) = (status, body.to_owned());
    }
}

const WAITING: &str = "every_s = 1\nkpis = { waiting = 'queue_waiting' }";

/// A vector with the present value of one queue.
fn good(value: &str) -> String {
    at(Clock::System.now(), value)
}

fn at(time: Time, value: &str) -> String {
    let at = time.0 / 1_000_000;
    format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"queue":"a"}},"value":[{at},"{value}"]}}]}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_is_told_in_words() {
    let error = |kind: &str, words: &str| format!(r#"{{"status":"error","errorType":"{kind}","error":"{words}"}}"#);
    let cases = [
        (401, "no".to_owned(), true, "401 Unauthorized: check the token or password"),
        (403, "no".to_owned(), true, "check the token"),
        (404, "404 page not found".to_owned(), true, "correct the address"),
        (
            400,
            error("bad_data", "1:3: parse error: \\u001b[2J"),
            true,
            "`waiting` is refused, correct it in the configuration: 1:3: parse error: ·[2J",
        ),
        (422, error("execution", "many-to-many matching not allowed"), true, "many-to-many matching"),
        (400, "<html>".to_owned(), true, "does not understand"),
        (429, String::new(), false, "we ask too often"),
        (500, error("internal", "boom"), false, "(boom)"),
        (
            503,
            error("timeout", "query timed out"),
            false,
            "503 Service Unavailable: it is overloaded or being serviced (query timed out)",
        ),
        (200, "<html>Log in</html>".to_owned(), true, "does not answer as Prometheus does"),
        (200, error("bad_data", "odd"), true, "odd"),
        (200, " ".repeat(17 << 20), true, "over 16 MiB"),
        (200, good("1").replace("\"vector\"", "\"scalar\""), true, "a scalar, not a value a queue"),
        (200, at(Clock::System.now() + Span(2 * Span::DAY.0), "1"), true, "more than a day ahead"),
    ];
    for (status, body, lasting, words) in cases {
        let (script, address) = Script::serve(status, &body).await;
        let source = Source::start(&address, WAITING, None);
        let (reason, wait) = source.wait_down().await;
        assert!(reason.contains(words), "{status}: {reason}");
        assert!(reason.chars().all(|c| !c.is_control()), "{reason}");
        assert_eq!(wait > Span::seconds(29), lasting, "{status}: {reason}");
        assert!(source.seen.lock().unwrap().events.is_empty());
        if !lasting {
            script.say(200, &good("4"));
            source.wait_live().await;
            assert_eq!(source.seen.lock().unwrap().newest("a", "waiting"), Some(4.0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_told_and_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let source = Source::start(&address, WAITING, None);
    let (reason, _) = source.wait_down().await;
    assert!(reason.contains("nobody listens at"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_never_answers_is_found_within_half_a_minute() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let start = Instant::now();
    let source = Source::start(&address, WAITING, None);
    let (reason, _) = source.wait_down().await;
    assert!(reason.contains("no answer from"), "{reason}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_beside_the_figures_is_remarked() {
    let (script, address) = Script::serve(200, &good("1")).await;
    script.0.lock().unwrap().headers = vec![("date", "Mon, 02 Mar 2026 09:00:00 GMT")];
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "s3cret").unwrap();
    fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let keys = format!("{WAITING}\nauth = {{ bearer = {{ file = '{}' }} }}", token.display());
    let source = Source::start(&format!("{address}/base/?tenant=x"), &keys, None);
    source.wait_live().await;
    source.wait("the clock", |seen| !seen.ahead.is_empty()).await;
    source
        .wait("the past to be asked for", |_| script.0.lock().unwrap().asked.iter().any(|a| a.contains("range")))
        .await;
    {
        let answer = script.0.lock().unwrap();
        assert_eq!(answer.authorization.as_deref(), Some("Bearer s3cret"));
        assert_eq!(answer.asked[0], "/base/api/v1/query?tenant=x&query=queue_waiting");
        let range = answer.asked.iter().find(|asked| asked.contains("range")).unwrap();
        assert!(range.starts_with("/base/api/v1/query_range?tenant=x&query=queue_waiting&start=2"), "{range}");
        assert!(range.ends_with("&step=60s"), "{range}");
    }
    let warned = good("1").replace("\"success\",", "\"success\",\"warnings\":[\"one store is away\"],");
    script.say(200, &warned);
    source.wait("the warning", |seen| seen.remarks.contains(&"waiting: one store is away".to_owned())).await;
    script.say(200, &good("1"));
    source.wait("the all-clear", |seen| seen.remarks.last() == Some(&String::new())).await;
    script.say(200, r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#);
    source
        .wait("stale", |seen| {
            seen.health
                .last()
                .is_some_and(|(health, reason, _)| *health == Health::Stale && reason.contains("no query has a result"))
        })
        .await;
    assert!(source.seen.lock().unwrap().newest("a", "waiting").unwrap().is_nan());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_a_day_or_cannot_be_fetched_is_a_gap() {
    let (script, address) = Script::serve(200, &good("1")).await;
    let missed = |seen: &Seen| -> Vec<(Time, Time)> {
        let gap = |event: &Event| match event.kind {
            EventKind::Missed { since } => Some((since, event.at)),
            _ => None,
        };
        seen.events.iter().filter_map(gap).collect()
    };
    let long_ago = Clock::System.now().minute() - Span(3 * Span::DAY.0);
    let source = Source::start(&address, WAITING, Some(&long_ago.to_string()));
    source.wait("the gap", |seen| !missed(seen).is_empty()).await;
    let (since, at) = missed(&source.seen.lock().unwrap())[0];
    assert_eq!(since, long_ago);
    assert!(((at - since) - Span(2 * Span::DAY.0)).0.abs() < Span(2 * Span::MINUTE.0).0, "{at}");
    // The gap is told before the rest is asked for.
    source.wait("what is within a day", |_| script.0.lock().unwrap().asked.len() > 1).await;

    // Current values are available, past ones are not.
    let refusing = Router::new()
        .route("/api/v1/query", get(async || good("5")))
        .route("/api/v1/query_range", get(async || (StatusCode::SERVICE_UNAVAILABLE, "busy")));
    let hour_ago = Clock::System.now().minute() - Span::HOUR;
    let source = Source::start(&serve(refusing).await, WAITING, Some(&hour_ago.to_string()));
    source.wait("the gap", |seen| missed(seen).first().is_some_and(|(since, _)| *since == hour_ago)).await;
    source.wait_live().await;
    assert_eq!(source.seen.lock().unwrap().newest("a", "waiting"), Some(5.0));
}
