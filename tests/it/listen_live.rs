//! Runs the push source: its answers, many senders at once, hostile senders, and that confirmed events are stored.

use crate::support::board;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::event::Event;
use floorwatch::journal::{Journal, OpenedJournal};
use floorwatch::source::network::listen;
use floorwatch::source::{Connector, Message, Receipt, Running, Settings};
use floorwatch::text::{Label, Text};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";
const TOKEN: &str = "correct-horse-battery-staple";
const PATIENCE: Duration = Duration::from_secs(30);

/// An event that is new to every journal.
fn event(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"floorwatch.contact.offered","time":"{}","data":{{"contact":"c-{id}","queue":"billing"}}}}"#,
        Clock::System.now()
    )
}

/// A local address on which nothing listens.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A client that pushes events.
fn client() -> Client {
    // The process's default crypto provider is set by the first test that gets here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// What a floor would know of the source.
#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    ids: BTreeSet<Label>,
    health: Vec<(Health, String)>,
    rejected: Vec<(u64, String)>,
    remarks: Vec<String>,
    ahead: Vec<Span>,
    /// Why the journal stores nothing.
    broken: Option<Text>,
    /// The floor confirms nothing.
    silent: bool,
}

/// An endpoint, and a floor that counts what the endpoint reports.
struct Endpoint {
    address: String,
    seen: Arc<Mutex<Seen>>,
    client: Client,
    running: Option<Running>,
    _folder: TempDir,
    token_file: PathBuf,
}

impl Endpoint {
    /// Open an endpoint with these keys; `{token}` stands for the path of the token.
    async fn open(keys: &str) -> Self {
        Self::with(keys, Clock::System, &free_address(), |_| {}).await
    }

    async fn with(keys: &str, clock: Clock, address: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let endpoint = Self::start(keys, clock, address, change);
        endpoint.wait("live", |seen| seen.health.iter().any(|(health, _)| *health == Health::Live)).await;
        endpoint
    }

    fn start(keys: &str, clock: Clock, address: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        fs::write(&token_file, format!("{TOKEN}\n")).unwrap();
        fs::set_permissions(&token_file, Permissions::from_mode(0o600)).unwrap();
        let token = format!("{{ file = '{}' }}", token_file.display());
        let keys = format!("address = '{address}'\n{}", keys.replace("{token}", &token));
        let keys: listen::Settings = toml::from_str(&keys).unwrap();
        assert_eq!(keys.check(), Ok(()));
        let mut settings = Settings::from(Connector::Listen(Box::new(keys)));
        change(&mut settings);
        let (to, messages) = mpsc::channel(64);
        let running = floorwatch::source::spawn(0, &settings, clock, None, to).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        tokio::spawn(count(messages, Arc::clone(&seen)));
        Self {
            address: address.to_owned(),
            seen,
            client: client(),
            running: Some(running),
            _folder: folder,
            token_file,
        }
    }

    async fn wait(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(&self.seen.lock().unwrap()) {
            assert!(Instant::now() < end, "waited in vain for {what}: {:?}", self.seen.lock().unwrap().health);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn post(&self, form: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let url = format!("http://{}/v1/events", self.address);
        self.client.post(url).header("content-type", form).bearer_auth(TOKEN).body(body)
    }

    async fn push(&self, form: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        answer(self.post(form, body).send().await.unwrap()).await
    }

    /// Check that other senders' events are still accepted.
    async fn assert_alive(&self, id: &str) {
        let (status, said) = self.push(ONE, event(id)).await;
        assert_eq!((status, &said["accepted"]), (200, &Value::from(1)), "{said}");
    }

    fn events(&self) -> usize {
        self.seen.lock().unwrap().events.len()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// Act as the floor: count each event once, and confirm that it is stored.
async fn count(mut messages: mpsc::Receiver<Message>, seen: Arc<Mutex<Seen>>) {
    // The receipts that are never sent.
    let mut waiting = Vec::new();
    while let Some(message) = messages.recv().await {
        let mut seen = seen.lock().unwrap();
        match message {
            Message::Events { events, receipt: sender, .. } => {
                let came = events.len();
                let new: Vec<_> = events.into_iter().filter(|e| seen.ids.insert(e.id.clone().unwrap())).collect();
                let (taken, duplicates) = (new.len(), came - new.len());
                seen.events.extend(new);
                let why = seen.broken.clone();
                let receipt =
                    Receipt { taken, duplicates, refused: 0, refusals: Vec::new(), stored: why.map_or(Ok(()), Err) };
                let sender = sender.unwrap();
                if seen.silent { waiting.push(sender) } else { drop(sender.send(receipt)) }
            }
            Message::Rejected { rejection, .. } => {
                seen.rejected.push((rejection.line, rejection.reason.to_string()));
            }
            Message::Health { health, reason, .. } => seen.health.push((health, reason.to_string())),
            Message::Clock { ahead, .. } => seen.ahead.push(ahead),
            Message::Remark { remark, .. } => seen.remarks.push(remark.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_a_batch_and_lines_are_taken_and_answered() {
    let endpoint = Endpoint::open("").await;
    let (status, said) = endpoint.push(ONE, event("1")).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(
        said,
        serde_json::json!({"accepted": 1, "duplicates": 0, "ignored": 0, "rejected_count": 0, "rejected": []})
    );
    let (status, said) = endpoint.push(BATCH, format!("[{},{}]", event("1"), event("2"))).await;
    assert_eq!((status, &said["accepted"], &said["duplicates"]), (200, &1.into(), &1.into()));
    let lines = format!("{}\n\n{}\nrubbish\n", event("3"), event("4").replace("contact.offered", "weather.report"));
    let (status, said) = endpoint.push(LINES, lines).await;
    assert_eq!((status, &said["accepted"], &said["ignored"]), (200, &1.into(), &1.into()));
    assert_eq!((&said["rejected_count"], &said["rejected"][0]["line"]), (&1.into(), &4.into()), "{said}");
    assert_eq!(said["rejected"][0]["reason"], "not a JSON object: one event a line");
    let (status, said) = endpoint.push("application/json; charset=utf-8", format!("[{}]", event("5"))).await;
    assert_eq!((status, &said["accepted"]), (200, &1.into()));
    assert_eq!(endpoint.push(BATCH, "[]").await.0, 200);
    let ids: Vec<_> = endpoint.seen.lock().unwrap().events.iter().map(|e| e.id.clone().unwrap()).collect();
    assert_eq!(ids, ["1", "2", "3", "5"].map(Label::new));
    endpoint.wait("the rejection", |seen| seen.rejected.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_answered_with_why() {
    let endpoint = Endpoint::open("max_body_kb = 64").await;
    // No valid event at all.
    for (form, body) in
        [(ONE, "{}"), (ONE, ""), (BATCH, "{}"), (BATCH, "[1,"), (LINES, "a\nb"), (ONE, "\u{0}\u{1b}[2J")]
    {
        let (status, said) = endpoint.push(form, body).await;
        assert_eq!(status, 422, "{body}");
        assert!(said["rejected"][0]["reason"].is_string() && said["accepted"] == 0, "{said}");
    }
    let (status, said) = endpoint.push(LINES, "x\n".repeat(3000)).await;
    assert_eq!((status, &said["rejected_count"]), (422, &3000.into()));
    assert_eq!(said["rejected"].as_array().unwrap().len(), 100);

    for form in ["text/plain", "application/xml", "application/json; charset=latin1", ""] {
        let response = endpoint.post(form, event("1")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{form}");
        assert!(response.headers()["accept-post"].to_str().unwrap().contains(BATCH));
    }
    let packed = endpoint.post(ONE, event("1")).header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let page = endpoint.post(ONE, event("1")).header("origin", "http://evil.example").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FORBIDDEN);

    assert_eq!(endpoint.push(LINES, "\n".repeat(64 * 1024)).await.0, 200);
    assert_eq!(endpoint.push(LINES, "\n".repeat(64 * 1024 + 1)).await.0, 413);
    let chunks = futures_util::stream::iter((0..65).map(|_| Ok::<_, std::io::Error>("\n".repeat(1024))));
    assert_eq!(endpoint.push(LINES, reqwest::Body::wrap_stream(chunks)).await.0, 413);

    let get = |path: &str| endpoint.client.get(format!("http://{}{path}", endpoint.address)).send();
    assert_eq!(get("/healthz").await.unwrap().status(), 200);
    assert_eq!(get("/v1/events").await.unwrap().status(), 405);
    assert_eq!(get("/").await.unwrap().status(), 404);
    assert_eq!(endpoint.events(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_names_the_token_may_push_and_a_new_one_is_taken_up() {
    let endpoint = Endpoint::open("token = {token}").await;
    endpoint.assert_alive("1").await;
    let url = format!("http://{}/v1/events", endpoint.address);
    let bare = |id| endpoint.client.post(&url).header("content-type", ONE).body(event(id));
    let wrong = [
        bare("2"),
        bare("2").bearer_auth("wrong"),
        bare("2").bearer_auth(format!("{TOKEN}x")),
        bare("2").basic_auth("desk", Some(TOKEN)),
        // The token is checked before anything else.
        bare("2").header("content-type", "text/plain").body("x".repeat(3_000_000)),
    ];
    for request in wrong {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"floorwatch\"");
        assert!(!response.text().await.unwrap().contains(TOKEN));
    }
    assert_eq!(endpoint.events(), 1);
    endpoint.wait("the owner to be told", |seen| seen.remarks.iter().any(|r| r.contains("wrong token: 5"))).await;

    fs::write(&endpoint.token_file, "another-token-of-good-length\n").unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        let response = bare("3").bearer_auth("another-token-of-good-length").send().await.unwrap();
        if response.status() == 200 {
            break;
        }
        assert!(Instant::now() < end, "the new token is not taken up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(endpoint.push(ONE, event("4")).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_allowed_is_told_when_to_come_back() {
    let clock = Clock::manual(Clock::System.now());
    let endpoint = Endpoint::with("max_events_per_s = 10", clock.clone(), &free_address(), |_| {}).await;
    let batch: Vec<_> = (0..35).map(|n| event(&n.to_string())).collect();
    assert_eq!(endpoint.push(LINES, batch.join("\n")).await.0, 200);
    let refused = endpoint.post(ONE, event("x")).send().await.unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"3".parse().unwrap())
    );
    clock.set(clock.now() + Span::seconds(3));
    endpoint.assert_alive("x").await;
    assert_eq!(endpoint.events(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_does_not_keep_is_not_answered_with_success() {
    let endpoint = Endpoint::open("").await;
    endpoint.seen.lock().unwrap().broken = Some("the disk is full".into());
    let response = endpoint.post(ONE, event("1")).send().await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    assert_eq!(answer(response).await.1["error"], "the journal can't keep it: the disk is full");
    {
        let mut seen = endpoint.seen.lock().unwrap();
        (seen.broken, seen.silent) = (None, true);
    }
    let (status, said) = endpoint.push(ONE, event("2")).await;
    assert_eq!((status, &said["error"]), (503, &"the journal took too long".into()));
    // In the end, each event was counted once.
    endpoint.seen.lock().unwrap().silent = false;
    let (status, said) = endpoint.push(LINES, format!("{}\n{}", event("1"), event("2"))).await;
    assert_eq!((status, &said["duplicates"]), (200, &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_stale_when_nothing_comes_and_live_when_something_does() {
    let endpoint = Endpoint::open("stale_after_s = 1").await;
    endpoint
        .wait("stale", |seen| seen.health.last() == Some(&(Health::Stale, "nothing was pushed for 1 s".into())))
        .await;
    // A rejected body is not a sign of life.
    assert_eq!(endpoint.push(ONE, "{}").await.0, 422);
    endpoint.assert_alive("1").await;
    endpoint.wait("live again", |seen| seen.health.iter().filter(|(h, _)| *h == Health::Live).count() == 2).await;
    let healths: Vec<_> = endpoint.seen.lock().unwrap().health.iter().map(|(health, _)| *health).collect();
    assert_eq!(healths[..4], [Health::Connecting, Health::Live, Health::Stale, Health::Live]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told_and_taken_once_it_is_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let endpoint = Endpoint::start("", Clock::System, &address, |_| {});
    endpoint.wait("down", |seen| seen.health.iter().any(|(h, why)| *h == Health::Down && why.contains("in use"))).await;
    drop(taken);
    endpoint.wait("live", |seen| seen.health.last().is_some_and(|(h, _)| *h == Health::Live)).await;
    endpoint.assert_alive("1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_s_clock_and_names_are_what_the_configuration_makes_of_them() {
    let now = Clock::System.now();
    let clock = Clock::manual(now);
    let endpoint = Endpoint::with("", clock, &free_address(), |settings| {
        settings.correct_clock = true;
        settings.prefix = Some("london".into());
    })
    .await;
    let date = (now + Span::HOUR).to_chrono().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let late = event("1");
    assert_eq!(answer(endpoint.post(ONE, late).header("date", date).send().await.unwrap()).await.0, 200);
    assert_eq!(endpoint.push(ONE, event("2")).await.0, 200);
    endpoint.wait("the clock", |seen| !seen.ahead.is_empty()).await;
    let seen = endpoint.seen.lock().unwrap();
    assert!((seen.ahead[0] - Span::HOUR).0.abs() <= Span::SECOND.0, "{:?}", seen.ahead);
    // One sender's clock is right and one is not: each event is corrected by the offset of its own sender.
    assert!(((seen.events[1].at - seen.events[0].at) - Span::HOUR).0.abs() <= Span::MINUTE.0);
    assert!(format!("{:?}", seen.events[0]).contains("london/billing"), "{:?}", seen.events[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_lies_about_length_harm_nobody() {
    let endpoint = Endpoint::open("").await;
    let head = |length: &str| format!("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: {ONE}\r\n{length}\r\n\r\n");
    let gigabyte = "Content-Length: 1073741824";
    // What is sent, and how the answer begins.
    let pieces: [(Vec<u8>, &str); 9] = [
        ((0..=255).cycle().take(100_000).collect(), "HTTP/1.1 400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), ""),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), "HTTP/1.1 400"),
        (format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(100_000)).into(), "HTTP/1.1 4"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000)).into(), "HTTP/1.1 431"),
        (head(gigabyte).into(), "HTTP/1.1 413"),
        // Not asked to continue first.
        (head("Expect: 100-continue\r\nContent-Length: 3000000").into(), "HTTP/1.1 413"),
        // The rest never comes.
        ((head("Content-Length: 1000") + &event("lie")).into(), ""),
        ((head("Transfer-Encoding: chunked") + "zz\r\n" + &event("lie")).into(), "HTTP/1.1 400"),
    ];
    for (n, (bytes, begins)) in pieces.into_iter().enumerate() {
        let mut stream = TcpStream::connect(&endpoint.address).await.unwrap();
        // The server may close the connection while we still send.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut said = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("it lets go");
        let said = String::from_utf8_lossy(&said);
        // Sending too much may have discarded the answer.
        assert!(said.starts_with(begins) || (said.is_empty() && bytes.len() > 50_000), "{n}: {said}");
        endpoint.assert_alive(&format!("good{n}")).await;
    }
    assert_eq!(endpoint.events(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_off_and_takes_no_memory() {
    let endpoint = Endpoint::open("").await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: {LINES}\r\n");
    for (length, chunk) in [("Transfer-Encoding: chunked", chunk.as_str()), ("Content-Length: 1073741824", &chunk)] {
        let mut stream = TcpStream::connect(&endpoint.address).await.unwrap();
        stream.write_all(format!("{head}{length}\r\n\r\n").as_bytes()).await.unwrap();
        let mut sent = 0;
        while sent < 1 << 30 && stream.write_all(chunk.as_bytes()).await.is_ok() {
            sent += chunk.len();
        }
        // A MiB of body, and what the buffers of both ends hold.
        assert!(sent < 32 << 20, "{length}: {sent} bytes were taken");
        endpoint.assert_alive(length).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dawdles_is_cut_off_and_holds_nobody_up() {
    let endpoint = Endpoint::open("").await;
    let start = Instant::now();
    let begin = format!("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: {LINES}\r\n");
    let body = format!("{begin}Content-Length: 100000\r\n\r\n");
    // Nothing at all; a head that never ends; a body that never ends.
    let drips = [(String::new(), ""), (begin, "X: y\r\n"), (body, " ")].map(|(begin, drip)| {
        let address = endpoint.address.clone();
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begin.as_bytes()).await.unwrap();
            let (mut from, mut to) = stream.split();
            let mut said = Vec::new();
            let dripping = async {
                while to.write_all(drip.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                ended = from.read_to_end(&mut said) => drop(ended),
                () = dripping => {}
                () = tokio::time::sleep(PATIENCE) => panic!("it is never cut off"),
            }
            String::from_utf8_lossy(&said).into_owned()
        })
    });
    for n in 0..20 {
        endpoint.assert_alive(&n.to_string()).await;
    }
    assert!(start.elapsed() < Duration::from_secs(9), "the others waited");
    let [nothing, head, body] = drips;
    assert_eq!(nothing.await.unwrap(), "");
    let head = head.await.unwrap();
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 4"), "{head}");
    let body = body.await.unwrap();
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
}

/// Push an event over an open connection; what the answer begins with.
async fn push_over(stream: &mut TcpStream, id: &str) -> String {
    let body = event(id);
    let head =
        format!("POST /v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {ONE}\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let mut answer = [0; 512];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.expect("it is answered").unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_sender_that_closes_its_half_after_the_body_is_answered() {
    let endpoint = Endpoint::open("token = {token}").await;
    let mut stream = TcpStream::connect(&endpoint.address).await.unwrap();
    let body = event("1");
    let head = format!("Host: h\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {ONE}\r\n");
    let ask = format!("POST /v1/events HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(ask.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""accepted":1"#), "{answer}");
}

/// A connection from an address of this machine's, which reads little at a time.
async fn connect_from(source: &str, endpoint: &Endpoint) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.connect(endpoint.address.parse().unwrap()).await.unwrap()
}

/// Connections from one address, each with requests whose answers are never read.
async fn crowd(size: usize, source: &str, endpoint: &Endpoint) -> Vec<TcpStream> {
    let ask = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let mut crowd = Vec::new();
    for _ in 0..size {
        let mut stream = connect_from(source, endpoint).await;
        // Some are closed before all is written.
        let _ = stream.write_all(ask.as_bytes()).await;
        crowd.push(stream);
    }
    crowd
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_never_reads_locks_no_other_sender_out() {
    let endpoint = Endpoint::open("token = {token}").await;
    let mut known = connect_from("127.0.0.2", &endpoint).await;
    assert!(push_over(&mut known, "1").await.starts_with("HTTP/1.1 200"));
    let mut elsewhere = connect_from("127.0.0.3", &endpoint).await;
    // More than one address may have.
    let crowd = crowd(200, "127.0.0.2", &endpoint).await;
    // A sender that is known keeps its connection, though the crowd has its address; so do those of other addresses.
    assert!(push_over(&mut known, "2").await.starts_with("HTTP/1.1 200"));
    assert!(push_over(&mut elsewhere, "3").await.starts_with("HTTP/1.1 200"));
    let mut new = connect_from("127.0.0.2", &endpoint).await;
    assert!(push_over(&mut new, "4").await.starts_with("HTTP/1.1 200"));
    drop(crowd);
    endpoint.assert_alive("5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_the_newest_connections_of_a_crowd_are_served() {
    let endpoint = Endpoint::open("").await;
    let mut crowd = crowd(200, "127.0.0.1", &endpoint).await;
    endpoint.assert_alive("1").await;
    // The oldest was closed.
    let mut answers = Vec::new();
    let oldest = crowd.first_mut().unwrap();
    let _ = tokio::time::timeout(PATIENCE, oldest.read_to_end(&mut answers)).await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_a_proxy_forwarded_needs_a_token() {
    let open = Endpoint::open("").await;
    let guarded = Endpoint::open("token = {token}").await;
    for (n, name) in ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"].into_iter().enumerate() {
        let answer = open.post(ONE, event("1")).header(name, "for=203.0.113.7").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
        assert!(answer.text().await.unwrap().contains("proxy"), "{name}");
        let answer = guarded.post(ONE, event(&n.to_string())).header(name, "for=203.0.113.7").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
    }
    assert_eq!((open.events(), guarded.events()), (0, 5));
}

/// Run the program with an endpoint among its sources.
fn pushed_to(address: &str) -> board::Floor {
    board::Floor::new(&format!("[[source]]\nname = \"push\"\nkind = \"listen\"\naddress = \"{address}\"\n"))
}

/// The ids of the events in the journal, once no process has it open.
fn journal(floor: &board::Floor) -> Vec<String> {
    let settings = floorwatch::journal::Settings::new(Label::fixed("test"), Label::fixed("here"), Clock::System);
    let OpenedJournal::Writer(mut journal) = Journal::open(&floor.path("state/journal.db"), &settings).unwrap() else {
        panic!("somebody has the journal");
    };
    let mut ids = Vec::new();
    journal.load(Time(0)..Time(i64::MAX), |event| ids.extend(event.id.map(|id| id.to_string()))).unwrap();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_senders_at_once_lose_nothing_and_count_nothing_twice() {
    let address = free_address();
    let floor = pushed_to(&address);
    let mut board = floor.open();
    board.wait_for("H help");
    let client = client();
    let url = format!("http://{address}/v1/events");
    let senders: Vec<_> = (0..100_u32)
        .map(|sender| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move {
                let (mut accepted, mut duplicates) = (0, 0);
                for n in 0..5_u32 {
                    // Neighbours send the same events: half of all arrive twice.
                    let (first, second) = (sender * 5 + n, (sender + 1) % 100 * 5 + n);
                    let (form, body) = match n % 2 {
                        0 => (BATCH, format!("[{},{}]", event(&first.to_string()), event(&second.to_string()))),
                        _ => (LINES, format!("{}\n{}\n", event(&first.to_string()), event(&second.to_string()))),
                    };
                    let request = || client.post(&url).header("content-type", form).body(body.clone()).send();
                    let said = loop {
                        match request().await {
                            Ok(response) if response.status() == 200 => break answer(response).await.1,
                            Ok(response) => assert_eq!(response.status(), 503),
                            // The endpoint may not be open yet.
                            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
                        }
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    };
                    accepted += said["accepted"].as_u64().unwrap();
                    duplicates += said["duplicates"].as_u64().unwrap();
                }
                (accepted, duplicates)
            })
        })
        .collect();
    let (mut accepted, mut duplicates) = (0, 0);
    for sender in senders {
        let (a, d) = sender.await.unwrap();
        accepted += a;
        duplicates += d;
    }
    assert_eq!(accepted, 500);
    assert!(duplicates >= 500);
    board.wait_for("all queues offered 500");
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
    let ids = journal(&floor);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9() {
    let address = free_address();
    let floor = pushed_to(&address);
    let client = client();
    let mut answered = Vec::new();
    for round in 0..4 {
        let board = floor.open();
        board.wait_for("H help");
        for n in 0..10 * (round + 1) {
            let id = format!("{round}-{n}");
            let request = || {
                client.post(format!("http://{address}/v1/events")).header("content-type", ONE).body(event(&id)).send()
            };
            let end = Instant::now() + PATIENCE;
            while !request().await.is_ok_and(|response| response.status() == 200) {
                assert!(Instant::now() < end);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answered.push(id);
        }
        // No time to write anything.
        board.kill();
    }
    assert_eq!(journal(&floor), answered);
}
