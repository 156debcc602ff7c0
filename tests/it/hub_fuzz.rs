//! Random requests, whole, damaged and cut, to a running hub: it answers what its description tells of, shows nobody a
//! queue that is hidden from them, does not grow, and lives.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::hub::{Hub, PATIENCE, event, token};
use floorwatch::hub::access::TokenDigest;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Stands in the name of everything that the fuzzer's tokens may not see, and in no request.
const HIDDEN: &str = "zzhidden";
/// The fuzzer's callers: they see the queues that begin with `open`.
const CALLERS: [(&str, &str); 4] =
    [("few", "viewer"), ("lead", "supervisor"), ("second", "supervisor"), ("pbx", "ingest")];
const CONCURRENT_CONNECTIONS: usize = 24;
/// How long a connection that is silent is read.
const SILENCE: Duration = Duration::from_millis(150);
/// The most memory that the hub may hold at the end.
const MAX_RSS_MIB: u64 = 400;

/// A method, a path, and the bodies that are meant for it.
const ENDPOINTS: [(&str, &str, &[&str]); 20] = [
    ("GET", "/healthz", &[]),
    ("GET", "/openapi.json", &[]),
    ("GET", "/metrics", &[]),
    ("GET", "/v1/board", &[]),
    ("GET", "/v1/board/stream", &[]),
    ("GET", "/v1/figures", &[]),
    ("GET", "/v1/figures/stream", &[]),
    ("POST", "/v1/figures", &QUERIES),
    ("POST", "/v1/contacts", &CONTACTS),
    ("GET", "/v1/agents/states?agent=ann", &[]),
    ("GET", "/v1/kpis", &[]),
    ("GET", "/v1/alerts", &[]),
    ("GET", "/v1/alerts/history", &[]),
    ("POST", "/v1/alerts/{id}/acknowledge", &COMMANDS),
    ("POST", "/v1/alerts/{id}/snooze", &COMMANDS),
    ("POST", "/v1/alerts/{id}/note", &COMMANDS),
    ("POST", "/v1/alerts/{id}/undo", &COMMANDS),
    ("POST", "/v1/events", &EVENTS),
    ("OPTIONS", "*", &[]),
    ("BREW", "http://elsewhere//v1/../v1/%62oard", &COMMANDS),
];
const COMMANDS: [&str; 5] = [
    r#"{"version":1}"#,
    r#"{"version":2}"#,
    r#"{"version":1,"note":"called back \u202e\u0000"}"#,
    r#"{"version":1,"seconds":900}"#,
    r#"{"version":4294967295,"seconds":-1,"who":{"name":"root","from":"here"}}"#,
];
const QUERIES: [&str; 5] = [
    r#"{"of":[],"by":["queue"],"over":{"window":"today"},"every":null,"kpis":["offered","asa"],"formula":null}"#,
    r#"{"of":[["queue","open1"]],"by":[],"over":{"window":"1h"},"every":{"minutes":15},"kpis":["occupancy","waiting"]}"#,
    r#"{"of":[["queue","open1"],["queue","open2"],["agent","ann"]],"by":["queue","queue"],"over":{"window":"30d"},"every":{"days":0},"kpis":["asa","asa"]}"#,
    r#"{"of":[["agent","ann"]],"by":["queue","agent"],"over":{"range":["0001-01-01T00:00:00Z","9999-12-31T00:00:00Z"]},"every":{"minutes":1},"kpis":["service_level"]}"#,
    r#"{"of":[["agent","ann"]],"by":["agent"],"over":{"window":"today"},"kpis":["available","agents"]}"#,
];
const CONTACTS: [&str; 3] = [
    r#"{"of":[],"over":{"window":"today"},"only":"all","limit":50}"#,
    r#"{"of":[["queue","open1"],["agent","ann"]],"over":{"window":"1h"},"only":"abandoned","limit":18446744073709551615}"#,
    r#"{"of":[["agent","ann"]],"over":{"window":"today"},"only":"live","limit":0}"#,
];
const EVENTS: [&str; 5] = [
    r#"{"specversion":"1.0","id":"fID","source":"/f","type":"floorwatch.contact.offered","time":"NOW","data":{"contact":"fID","queue":"open1","channel":"voice"}}"#,
    r#"[{"specversion":"1.0","id":"gID","source":"/f","type":"floorwatch.contact.answered","time":"NOW","data":{"contact":"fID","agent":"ann","wait_s":1}},{}]"#,
    r#"{"specversion":"1.0","id":"hID","source":"/f","type":"floorwatch.agent.state","time":"NOW","data":{"agent":"ann","state":"available","queues":["open1"]}}"#,
    r#"{"specversion":"1.0","id":"iID","source":"/f","type":"floorwatch.contact.completed","time":"NOW","data":{"contact":"fID","ended_by":"customer","talk_s":1e308}}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];
const PARAMETERS: [&str; 25] = [
    "kpis=offered,asa",
    "kpis=waiting,occupancy,service_level,available",
    "kpis=offered&kpis=asa",
    "of=queue:open1",
    "of=queue:nowhere",
    "of=queue:open1&of=agent:ann",
    "of=agent:ann",
    "of=intent:",
    "of=channel:voice",
    "by=queue",
    "by=agent,queue",
    "by=intent",
    "by=queue,agent,team",
    "over=15m",
    "over=today",
    "over=30d",
    "over=2026-01-01T00:00:00Z..2026-03-01T00:00:00Z",
    "over=0001-01-01T00:00:00Z..9999-12-31T23:59:59Z",
    "every=1m",
    "every=1d",
    "every=4294967295d",
    "limit=3",
    "limit=99999999999999999999",
    "%zz=%00",
    "by=queue,queue",
];
const HEADERS: [&str; 18] = [
    "Content-Type: application/json",
    "Content-Type: application/x-ndjson",
    "Content-Type: application/cloudevents-batch+json",
    "Content-Type: text/plain; charset=utf-16",
    "Content-Encoding: gzip",
    "Content-Encoding: br, gzip",
    "Accept: text/event-stream",
    "Accept-Encoding: gzip;q=0",
    "Last-Event-ID: 1",
    "Last-Event-ID: 18446744073709551616.x",
    "Expect: 100-continue",
    "Range: bytes=0-",
    "Upgrade: h2c",
    "Transfer-Encoding: identity",
    "Content-Length: 7",
    "Content-Length: 18446744073709551616",
    "X-Forwarded-For: 127.0.0.1",
    "Cookie: \u{1}",
];
fn one_of(dice: &mut ChaCha8Rng, list: &[&'static str]) -> &'static str {
    list.choose(dice).copied().unwrap_or_default()
}

/// Change, drop, double or insert some bytes.
fn damage(dice: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    for _ in 0..dice.random_range(1..4) {
        let from = dice.random_range(0..=bytes.len());
        let to = (from + dice.random_range(0..12)).min(bytes.len());
        match dice.random_range(0..4) {
            0 => bytes[from..to].iter_mut().for_each(|byte| *byte = dice.random()),
            1 => drop(bytes.drain(from..to)),
            2 => bytes.extend_from_within(from..to),
            _ => drop(bytes.splice(from..from, (0..dice.random_range(1..6)).map(|_| dice.random::<u8>()))),
        }
    }
}

fn body(dice: &mut ChaCha8Rng, meant: &[&'static str]) -> Vec<u8> {
    let now = floorwatch::clock::Clock::System.now().to_string();
    let text = one_of(dice, meant).replace("NOW", &now).replace("ID", &dice.random_range(0..200).to_string());
    let mut body = match dice.random_range(0..40) {
        0 => (0..dice.random_range(0..400)).map(|_| dice.random()).collect(),
        1 => vec![b'['; 20_000],
        _ => text.into_bytes(),
    };
    if dice.random_ratio(1, 6) {
        damage(dice, &mut body);
    }
    body
}

/// One request of the caller whose token this is.
fn request(dice: &mut ChaCha8Rng, token: &str, last: bool) -> Vec<u8> {
    let (mut method, target, mut meant) = ENDPOINTS[dice.random_range(0..ENDPOINTS.len())];
    if dice.random_ratio(1, 20) {
        (method, _, meant) = ENDPOINTS[dice.random_range(0..ENDPOINTS.len())];
    }
    let mut target = target.replace("{id}", &dice.random_range(0..20).to_string());
    if target.contains("figures") || dice.random_ratio(1, 10) {
        let mut parameters: Vec<_> = (0..dice.random_range(0..4)).map(|_| one_of(dice, &PARAMETERS)).collect();
        parameters.extend(dice.random_ratio(4, 5).then_some("kpis=offered,occupancy,available"));
        target = format!("{target}?{}", parameters.join("&"));
    }
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: hub\r\n");
    if !dice.random_ratio(1, 20) {
        write!(head, "Authorization: Bearer {token}\r\n").unwrap();
    }
    if dice.random_ratio(1, 5) {
        write!(head, "{}\r\n", one_of(dice, &HEADERS)).unwrap();
    }
    if meant.contains(&EVENTS[0]) {
        head.push_str("Content-Type: application/json\r\n");
    }
    if last {
        head.push_str("Connection: close\r\n");
    }
    let body = if meant.is_empty() { Vec::new() } else { body(dice, meant) };
    let mut bytes = Vec::new();
    if dice.random_ratio(1, 4) {
        head.push_str("Transfer-Encoding: chunked\r\n\r\n");
        bytes.extend_from_slice(head.as_bytes());
        for piece in body.chunks(dice.random_range(1..200)) {
            bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
    } else {
        if !body.is_empty() {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head.push_str("\r\n");
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&body);
    }
    match dice.random_range(0..20) {
        0..2 => damage(dice, &mut bytes),
        2 => bytes.truncate(dice.random_range(0..=bytes.len())),
        _ => {}
    }
    bytes
}

/// The answers in what a connection brought: the status and the body of each. The last one may be cut.
fn answers(mut bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let status: u16 = status.unwrap_or_else(|| panic!("no answer: {head:?}"));
        assert!(head.starts_with("http/1."), "no answer: {head:?}");
        bytes = &bytes[end + 4..];
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let mut body = Vec::new();
        if head.contains("transfer-encoding: chunked") {
            while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
                let size =
                    std::str::from_utf8(&bytes[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
                let (from, size) = (end + 2, size.expect("the size of a chunk"));
                let to = bytes.len().min(from + size);
                body.extend_from_slice(&bytes[from..to]);
                bytes = &bytes[bytes.len().min(to + 2)..];
                if size == 0 {
                    break;
                }
            }
        } else {
            let length = length.unwrap_or(0).min(bytes.len());
            body = bytes[..length].to_vec();
            bytes = &bytes[length..];
        }
        found.push((status, body));
    }
    found
}

/// Send requests on one connection, and read what comes until it is closed or silent.
async fn converse(address: &str, portions: Vec<Vec<u8>>) -> Vec<u8> {
    let Ok(mut stream) = TcpStream::connect(address).await else { return Vec::new() };
    let (mut reader, mut writer) = stream.split();
    let write = async {
        for portion in portions {
            if writer.write_all(&portion).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    };
    let mut seen = Vec::new();
    let read = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(Ok(count @ 1..)) = timeout(SILENCE, reader.read(&mut buffer)).await {
            seen.extend_from_slice(&buffer[..count]);
            // A stream does not end.
            if seen.len() > 1024 * 1024 {
                break;
            }
        }
    };
    tokio::select! { () = write => {}, () = read => {} }
    seen
}

fn rss_mib(hub: &Hub) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[expect(clippy::print_stdout, reason = "the figures are to be read")]
async fn fuzz(seed: u64, count: usize) {
    let tokens = CALLERS.iter().filter(|(name, _)| *name != "pbx").map(|(name, role)| {
        let digest = TokenDigest::of(&token(name));
        format!("[[hub.tokens]]\nname = \"{name}\"\nrole = \"{role}\"\nqueues = [\"open*\"]\nsha256 = \"{digest}\"\n")
    });
    let mut hub = Hub::new(&tokens.collect::<String>());
    hub.start().await;
    let offered = (0..30).map(|n| {
        let name = if n % 2 == 0 { "open" } else { HIDDEN };
        let data = json!({"contact": format!("{name}-c{n}"), "queue": format!("{name}{}", n % 6), "channel": "voice"});
        event(&format!("e{n}"), "offered", 5, &data)
    });
    let answered = (0..4).map(|n| {
        let name = if n % 2 == 0 { "open" } else { HIDDEN };
        event(&format!("a{n}"), "answered", 3, &json!({"contact": format!("{name}-c{n}"), "agent": "ann", "wait_s": 2}))
    });
    let events: Vec<Value> = offered.chain(answered).collect();
    let brought = hub.request(Method::POST, "/v1/events", "pbx").json(&events).send().await.unwrap();
    assert_eq!(brought.json::<Value>().await.unwrap()["accepted"], 34);
    let before = rss_mib(&hub);
    let began = Instant::now();

    let mut workers = Vec::new();
    for worker in 0..CONCURRENT_CONNECTIONS {
        let address = hub.address.clone();
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(worker as u64);
        workers.push(tokio::spawn(async move {
            let (mut sent, mut statuses) = (0, BTreeMap::<u16, usize>::new());
            while sent < count.div_ceil(CONCURRENT_CONNECTIONS) {
                let (name, _) = CALLERS[dice.random_range(0..CALLERS.len())];
                let pipelined = if dice.random() { 1 } else { dice.random_range(2..8) };
                sent += pipelined;
                let mut bytes: Vec<u8> =
                    (0..pipelined).flat_map(|n| request(&mut dice, &token(name), n + 1 == pipelined)).collect();
                if dice.random_ratio(1, 50) {
                    bytes = (0..dice.random_range(1..2000)).map(|_| dice.random()).collect();
                }
                let cut = dice.random_range(1..=bytes.len().max(1));
                let asked = String::from_utf8_lossy(&bytes).into_owned();
                let portions = bytes.chunks(cut).map(<[u8]>::to_vec).collect();
                let received = converse(&address, portions).await;
                for (status, body) in answers(&received) {
                    *statuses.entry(status).or_default() += 1;
                    let body = String::from_utf8_lossy(&body);
                    assert!(!body.contains(HIDDEN), "seed {seed}: {name} sees a hidden queue by\n{asked}\n{body}");
                    assert!(
                        status < 500 || (status == 503 && body.contains("\"code\":")),
                        "seed {seed}: {status} to {name} for\n{asked}\n{body}"
                    );
                }
            }
            (sent, statuses)
        }));
    }
    let (mut sent, mut statuses) = (0, BTreeMap::<u16, usize>::new());
    for worker in workers {
        let (requests, of_worker) = worker.await.unwrap();
        sent += requests;
        for (status, count) in of_worker {
            *statuses.entry(status).or_default() += count;
        }
    }

    let took = began.elapsed();
    let (after, log) = (rss_mib(&hub), hub.log());
    let answered = timeout(PATIENCE, hub.get("/v1/figures?kpis=offered&by=queue", "wall")).await.unwrap();
    assert_eq!(answered.0, 200, "{log}");
    let rows = answered.1["rows"].to_string();
    assert!(rows.contains(HIDDEN) && rows.contains("open0"), "{rows}");
    assert!(!log.contains("panicked"), "{log}");
    assert!(after <= MAX_RSS_MIB, "{after} MiB, {before} before");
    assert!(statuses.contains_key(&200) && statuses.contains_key(&400) && statuses.contains_key(&404), "{statuses:?}");
    println!(
        "seed {seed}: {sent} requests in {took:?}; answers by status {statuses:?}; {before} MiB before, {after} after; log {} bytes",
        log.len()
    );
}

#[tokio::test]
async fn random_requests_show_nothing_hidden_and_stop_nothing() {
    fuzz(1, 2_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test --test it hundred_thousand_random -- --ignored --nocapture"]
async fn a_hundred_thousand_random_requests_show_nothing_hidden_and_stop_nothing() {
    fuzz(20_261_128, 100_000).await;
}
