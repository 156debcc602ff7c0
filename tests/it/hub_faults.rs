//! A hub that is killed, terminated, or given another certificate: whatever it has confirmed stays true.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::hub::{Hub, PATIENCE, event, token};
use futures_util::StreamExt;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// More than are acknowledged before the last kill.
const QUEUES: usize = 200;

/// The data of an event with which a contact begins.
fn offered(n: u64) -> Value {
    let data = json!({"contact": format!("c{n}"), "queue": format!("q{}", n % QUEUES as u64), "channel": "voice"});
    event(&format!("e{n}"), "offered", 0, &data)
}

/// The clients of a hub that is killed and restarted.
#[derive(Clone)]
struct Asker {
    client: reqwest::Client,
    address: String,
    over: Arc<AtomicBool>,
}

impl Asker {
    fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Send events, each batch until it is confirmed. `confirmed` counts the contacts.
    async fn feed(self, confirmed: Arc<AtomicU64>) {
        let mut next = 0;
        while !self.over() {
            let batch: Vec<Value> = (next..next + 25).map(offered).collect();
            loop {
                let request = self.client.post(self.url("/v1/events")).bearer_auth(token("pbx")).json(&batch);
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => {
                        // A confirmation that breaks off does not count.
                        let Ok(taken) = answer.json::<Value>().await else { continue };
                        let known = taken["accepted"].as_u64().unwrap() + taken["duplicates"].as_u64().unwrap();
                        assert_eq!((known, &taken["rejected_count"]), (25, &json!(0)), "{taken}");
                        break;
                    }
                    Ok(answer) => assert!([429, 503].contains(&answer.status().as_u16()), "{answer:?}"),
                    Err(_) => {}
                }
                sleep(Duration::from_millis(5)).await;
            }
            next += 25;
            confirmed.store(next, Ordering::Relaxed);
        }
    }

    /// Acknowledge every alert that nobody has; `taken` holds those whose acknowledgement was confirmed.
    async fn acknowledge(self, taken: Arc<Mutex<Vec<u64>>>) {
        while !self.over() {
            sleep(Duration::from_millis(20)).await;
            let asked = self.client.get(self.url("/v1/alerts")).bearer_auth(token("ann")).send().await;
            let Ok(answer) = asked else { continue };
            let Ok(Value::Array(alerts)) = answer.json().await else { continue };
            // Some are left for after the next kill.
            for alert in alerts.iter().filter(|alert| alert["acknowledged"].is_null()).take(2) {
                let url = self.url(&format!("/v1/alerts/{}/acknowledge", alert["id"]));
                let body = json!({"version": alert["version"]});
                let told = self.client.post(url).bearer_auth(token("ann")).json(&body).send().await;
                if let Ok(answer) = told
                    && answer.status() == 200
                    && let Ok(episode) = answer.json::<Value>().await
                {
                    taken.lock().unwrap().push(episode["id"].as_u64().unwrap());
                }
            }
        }
    }

    /// A board, which follows the stream and reconnects for ever.
    async fn watch(self, board: Arc<Mutex<Value>>) {
        let mut last: Option<String> = None;
        loop {
            sleep(Duration::from_millis(20)).await;
            let mut request = self.client.get(self.url("/v1/board/stream")).bearer_auth(token("wall"));
            request = request.timeout(Duration::from_mins(10));
            if let Some(last) = &last {
                request = request.header("last-event-id", last);
            }
            let Ok(answer) = request.send().await else { continue };
            let mut chunks = answer.bytes_stream();
            let mut text = Vec::new();
            while let Ok(Some(Ok(chunk))) = timeout(PATIENCE, chunks.next()).await {
                text.extend_from_slice(&chunk);
                while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                    let event = String::from_utf8(text.drain(..end + 2).collect()).unwrap();
                    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                    let Some(data) = field("data: ") else { continue };
                    let data: Value = serde_json::from_str(&data).unwrap();
                    let mut board = board.lock().unwrap();
                    if field("event: ").unwrap() == "whole" {
                        *board = data;
                    } else {
                        let patch: json_patch::Patch = serde_json::from_value(data).unwrap();
                        json_patch::patch(&mut board, &patch).unwrap();
                    }
                    last = field("id: ");
                }
            }
        }
    }
}

/// The number of waiting contacts, and the holder of each alert, on a board.
fn shown(board: &Value) -> (usize, BTreeMap<u64, Value>) {
    let alerts = board["alerts"].as_array().into_iter().flatten();
    let alerts = alerts.map(|alert| (alert["id"].as_u64().unwrap(), alert["acknowledged"]["who"]["name"].clone()));
    (board["waiting"].as_array().map_or(0, Vec::len), alerts.collect())
}

/// The hub's board, once all confirmed contacts and acknowledgements are on it. It comes after the confirmations, and
/// the later the more it holds.
async fn settled(hub: &Hub, confirmed: u64, taken: &[u64]) -> (usize, BTreeMap<u64, Value>) {
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = shown(&hub.get("/v1/board", "wall").await.1);
        let lost: Vec<_> = taken.iter().filter(|id| shown.1.get(id).is_none_or(|who| who != "ann")).collect();
        if shown.0 as u64 == confirmed && lost.is_empty() {
            return shown;
        }
        assert!(
            Instant::now() < end,
            "{} wait, {confirmed} were confirmed; confirmed and not acknowledged: {lost:?}\n{}",
            shown.0,
            hub.log()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// Kill a hub this often, at any moment, while events and acknowledgements arrive and boards follow.
#[expect(clippy::print_stdout, reason = "the figures are to be read")]
async fn killed(times: usize) {
    let mut hub = Hub::new("");
    hub.start().await;
    let over = Arc::new(AtomicBool::new(false));
    let asker = Asker { client: hub.client.clone(), address: hub.address.clone(), over: Arc::clone(&over) };
    let (confirmed, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let boards: Vec<Arc<Mutex<Value>>> = (0..3).map(|_| Arc::default()).collect();
    let watchers: Vec<_> = boards.iter().map(|board| tokio::spawn(asker.clone().watch(Arc::clone(board)))).collect();
    let feeder = tokio::spawn(asker.clone().feed(Arc::clone(&confirmed)));
    let acknowledger = tokio::spawn(asker.acknowledge(Arc::clone(&taken)));
    let mut dice = rand_chacha::ChaCha8Rng::from_os_rng();
    for _ in 0..times {
        sleep(Duration::from_millis(dice.random_range(30..1500))).await;
        hub.kill();
        hub.spawn();
    }
    // After the last kill, something more is confirmed.
    let before = (confirmed.load(Ordering::Relaxed), taken.lock().unwrap().len());
    let end = Instant::now() + PATIENCE;
    while confirmed.load(Ordering::Relaxed) < before.0 + 100 || taken.lock().unwrap().len() < QUEUES.min(before.1 + 1) {
        assert!(Instant::now() < end, "it no longer takes what comes; its log:\n{}", hub.log());
        sleep(Duration::from_millis(20)).await;
    }
    over.store(true, Ordering::Relaxed);
    timeout(PATIENCE, feeder).await.unwrap().unwrap();
    timeout(PATIENCE, acknowledger).await.unwrap().unwrap();

    let confirmed = confirmed.load(Ordering::Relaxed);
    let (_, figures) = hub.get("/v1/figures?kpis=offered&by=queue", "wall").await;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let expected = confirmed as f64;
    assert_eq!(figures["total"][0]["value"].as_f64(), Some(expected), "events, confirmed and counted");
    let taken = taken.lock().unwrap().clone();
    assert!(!taken.is_empty(), "none was acknowledged");
    let (waiting, alerts) = settled(&hub, confirmed, &taken).await;
    assert_eq!(alerts.len(), QUEUES, "an alert a queue");
    // The boards show the same without further action.
    let end = Instant::now() + PATIENCE;
    for board in &boards {
        while shown(&board.lock().unwrap().clone()) != (waiting, alerts.clone()) {
            assert!(Instant::now() < end, "a board shows something else");
            sleep(Duration::from_millis(50)).await;
        }
    }
    println!(
        "{times} kills: {confirmed} events and {} acknowledgements confirmed, none lost, none doubled",
        taken.len()
    );
    watchers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn nothing_confirmed_is_lost_or_doubled_by_a_few_kills() {
    killed(8).await;
}

#[tokio::test]
#[ignore = "takes a minute: cargo test --test it sixty_kills -- --ignored --nocapture"]
async fn nothing_confirmed_is_lost_or_doubled_by_sixty_kills() {
    killed(60).await;
}

#[tokio::test]
async fn told_to_end_it_keeps_what_it_has_answered_and_ends_its_streams() {
    let mut hub = Hub::new("");
    hub.start().await;
    let over = Arc::new(AtomicBool::new(false));
    let asker = Asker { client: hub.client.clone(), address: hub.address.clone(), over: Arc::clone(&over) };
    let (confirmed, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let feeder = tokio::spawn(asker.clone().feed(Arc::clone(&confirmed)));
    let acknowledger = tokio::spawn(asker.acknowledge(Arc::clone(&taken)));
    let stream = hub.request(Method::GET, "/v1/board/stream", "wall").send().await.unwrap();
    // It is read all the time: a hub that ends does not wait for those who do not read.
    let mut stream = stream.bytes_stream();
    let reader = tokio::spawn(async move {
        while let Some(chunk) = stream.next().await {
            drop(chunk.unwrap());
        }
    });
    while taken.lock().unwrap().len() < 3 {
        sleep(Duration::from_millis(10)).await;
    }
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0), "{}", hub.log());
    // The stream ends properly, not in the middle of an event.
    timeout(PATIENCE, reader).await.unwrap().unwrap();
    // What was confirmed before the end still holds after it.
    let (before, held) = (confirmed.load(Ordering::Relaxed), taken.lock().unwrap().clone());
    over.store(true, Ordering::Relaxed);
    hub.start().await;
    timeout(PATIENCE, feeder).await.unwrap().unwrap();
    timeout(PATIENCE, acknowledger).await.unwrap().unwrap();
    let (waiting, _) = settled(&hub, confirmed.load(Ordering::Relaxed), &held).await;
    assert!(waiting as u64 >= before);
}

/// Write a certificate for 127.0.0.1 and its key where the hub reads them.
fn certify(folder: &std::path::Path) -> Vec<u8> {
    use std::os::unix::fs::PermissionsExt;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(folder.join("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
    made.cert.pem().into_bytes()
}

#[tokio::test]
async fn a_hang_up_reads_the_certificate_anew() {
    let folder = tempfile::tempdir().unwrap();
    let old = certify(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut hub = Hub::new(&format!("certificate = \"{}\"\nkey = \"{}\"", path("chain.pem"), path("key.pem")));
    hub.spawn();
    let url = format!("https://{}/healthz", hub.address);
    // A new client each time, so that it connects again.
    let trusting = |pem: &[u8]| {
        let certificate = reqwest::Certificate::from_pem(pem).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap()
    };
    let reaches = async |pem: &[u8]| trusting(pem).get(&url).send().await.is_ok_and(|answer| answer.status() == 200);
    let until = async |pem: &[u8]| {
        let end = Instant::now() + PATIENCE;
        while !reaches(pem).await {
            assert!(Instant::now() < end, "{}", hub.log());
            sleep(Duration::from_millis(20)).await;
        }
    };
    until(&old).await;
    let held = trusting(&old);
    assert_eq!(held.get(&url).send().await.unwrap().status(), 200);
    let new = certify(folder.path());
    assert!(reaches(&old).await && !reaches(&new).await, "nobody has said that there is a new one");
    hub.signal(Signal::HUP);
    until(&new).await;
    assert!(!reaches(&old).await);
    // An open connection stays open.
    assert_eq!(held.get(&url).send().await.unwrap().status(), 200);
    // An invalid certificate leaves the valid one in use.
    std::fs::write(folder.path().join("chain.pem"), "nonsense").unwrap();
    hub.signal(Signal::HUP);
    let end = Instant::now() + PATIENCE;
    while !hub.log().contains("the former one stays in use") {
        assert!(Instant::now() < end, "{}", hub.log());
        sleep(Duration::from_millis(20)).await;
    }
    assert!(reaches(&new).await);
}
