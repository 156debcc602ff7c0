//! A hub under load: 1,000 boards that are subscribed and 10,000 events a second that come in.
//!
//! ```text
//! cargo bench --bench hub_load -- [--seconds 60] [--boards 1000] [--rate 10000]
//! ```
//!
//! It prints how many events per second were confirmed, how long it takes from sending an event to a board that shows
//! it (p50 and p99, by the count of offered contacts), how long a confirmation takes, and how the hub's memory and CPU
//! time develop. Every board reads all that it is sent, but only a twentieth of them parses it, so that most of the CPU
//! time is the hub's.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a program for measuring")]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use floorwatch::clock::Clock;
use floorwatch::hub::access::TokenDigest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, sleep};

const TOKEN: &str = "floorwatch_load_0123456789abcdef";
/// Events per request.
const BATCH: u64 = 250;
/// One of this many boards parses what it reads.
const CLOSELY: usize = 20;

/// The measurements.
#[derive(Default)]
struct Measurements {
    /// The number of calls sent so far, and when.
    sent: Mutex<Vec<(u64, Instant)>>,
    confirmed: AtomicU64,
    bytes: AtomicU64,
    events: AtomicU64,
    /// Boards whose connection the hub has closed.
    cut_off: AtomicU64,
    /// From sending an event to the board.
    shown: Mutex<Vec<Duration>>,
    /// From sending a request to its confirmation.
    kept: Mutex<Vec<Duration>>,
}

struct Hub(Child);

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn argument(name: &str, or: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).map_or(or, |value| value.parse().unwrap())
}

fn main() {
    let (seconds, boards, rate) = (argument("--seconds", 60), argument("--boards", 1_000), argument("--rate", 10_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(seconds, usize::try_from(boards).unwrap(), rate));
}

async fn run(seconds: u64, boards: usize, rate: u64) {
    let folder = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let config = format!(
        "title = \"Load\"\n[journal]\npath = \"{0}/journal.db\"\n[hub]\nlisten = \"{address}\"\nsocket = \"{0}/hub.sock\"\n[[hub.tokens]]\nname = \"load\"\nrole = \"admin\"\nsha256 = \"{1}\"\n",
        folder.path().display(),
        TokenDigest::of(TOKEN),
    );
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let hub = Command::new(env!("CARGO_BIN_EXE_floorwatch"))
        .arg("hub")
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("FLOORWATCH_CONFIG", folder.path().join("config.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let hub = Hub(hub);
    while TcpStream::connect(&address).await.is_err() {
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_secs(1)).await;

    let measured = Arc::new(Measurements::default());
    for n in 0..boards {
        tokio::spawn(watch(address.clone(), Arc::clone(&measured), n % CLOSELY == 0));
        // The boards connect one after the other, as in practice.
        sleep(Duration::from_millis(1)).await;
    }
    let began = Instant::now();
    let feeders: Vec<_> = (0..4)
        .map(|feeder| tokio::spawn(feed(address.clone(), Arc::clone(&measured), feeder, rate / 4, began, seconds)))
        .collect();
    println!("   s  confirmed/s   to boards MiB/s  changes/s  memory MiB  processor s");
    let mut before = (0, 0, 0);
    let step = (seconds / 10).max(1);
    for second in (step..=seconds).step_by(usize::try_from(step).unwrap()) {
        sleep((began + Duration::from_secs(second)).saturating_duration_since(Instant::now())).await;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let now = (get(&measured.confirmed), get(&measured.bytes), get(&measured.events));
        let (memory, processor) = usage(hub.0.id());
        println!(
            "{second:>4} {:>12} {:>16} {:>10} {memory:>11} {processor:>12}",
            (now.0 - before.0) / step,
            (now.1 - before.1) / step / 1024 / 1024,
            (now.2 - before.2) / step,
        );
        before = now;
    }
    for feeder in feeders {
        feeder.await.unwrap();
    }
    sleep(Duration::from_secs(2)).await;
    let confirmed = measured.confirmed.load(Ordering::Relaxed);
    println!("{confirmed} events confirmed in {:.1} s, {boards} boards", began.elapsed().as_secs_f64() - 2.0);
    println!("boards cut off: {}", measured.cut_off.load(Ordering::Relaxed));
    print_percentiles("event to board", &measured.shown);
    print_percentiles("event to confirmation", &measured.kept);
}

/// Print the median and the 99th percentile.
fn print_percentiles(what: &str, durations: &Mutex<Vec<Duration>>) {
    let mut durations = durations.lock().unwrap().clone();
    durations.sort();
    let at = |share: usize| durations.get(durations.len() * share / 100).copied().unwrap_or_default();
    println!("{what}: p50 {:?}, p99 {:?}, of {}", at(50), at(99), durations.len());
}

/// A process's memory in MiB, and its CPU time in seconds.
fn usage(process: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let memory: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    (memory / 1024, ticks / 100)
}

/// The events of a batch: calls that join a queue, are answered, and end. Each of the four feeders has its own calls.
fn batch(feeder: u64, from: u64) -> Vec<u8> {
    let now = Clock::System.now().to_string();
    let mut lines = Vec::new();
    let mut say = |id: String, kind: &str, data: &Value| {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/load", "type": format!("floorwatch.contact.{kind}"),
            "time": now, "data": data,
        });
        serde_json::to_writer(&mut lines, &event).unwrap();
        lines.push(b'\n');
    };
    for n in from..from + BATCH {
        let contact = format!("{feeder}-{}", n / 3);
        match n % 3 {
            0 => {
                let queue = format!("queue {}", n / 3 % 30);
                say(format!("{contact}a"), "offered", &json!({"contact": contact, "queue": queue, "channel": "voice"}));
            }
            1 => {
                let agent = format!("Agent {}", n / 3 % 300);
                say(format!("{contact}b"), "answered", &json!({"contact": contact, "agent": agent, "wait_s": 4}));
            }
            _ => {
                let data = json!({"contact": contact, "ended_by": "customer", "talk_s": 180});
                say(format!("{contact}c"), "completed", &data);
            }
        }
    }
    lines
}

async fn feed(address: String, measured: Arc<Measurements>, feeder: u64, rate: u64, began: Instant, seconds: u64) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let mut ticks = interval(Duration::from_micros(1_000_000 * BATCH / rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut next = 0;
    let mut buffer = vec![0; 64 * 1024];
    while began.elapsed() < Duration::from_secs(seconds) {
        ticks.tick().await;
        let body = batch(feeder, next);
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let sent = Instant::now();
        if feeder == 0 {
            // A contact in a queue of its own marks when this was sent: it is on the board until the next one replaces
            // it.
            measured.sent.lock().unwrap().push((next, sent));
        }
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let n = stream.read(&mut buffer).await.unwrap();
        let answer = String::from_utf8_lossy(&buffer[..n]);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        measured.kept.lock().unwrap().push(sent.elapsed());
        measured.confirmed.fetch_add(BATCH, Ordering::Relaxed);
        next += BATCH;
    }
}

/// A board, which reads for ever.
async fn watch(address: String, measured: Arc<Measurements>, closely: bool) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let ask = format!("GET /v1/board/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let mut text: Vec<u8> = Vec::new();
    let mut seen = 0;
    loop {
        let n = stream.read(&mut buffer).await.unwrap();
        if n == 0 {
            measured.cut_off.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let chunk = &buffer[..n];
        measured.bytes.fetch_add(n as u64, Ordering::Relaxed);
        let ends = memchr::memmem::find_iter(chunk, b"\n\n").count() as u64;
        measured.events.fetch_add(ends, Ordering::Relaxed);
        if !closely {
            continue;
        }
        text.extend_from_slice(chunk);
        while let Some(end) = memchr::memmem::find(&text, b"\n\n") {
            let event: Vec<u8> = text.drain(..end + 2).collect();
            // The newest contact of the first feeder in this state.
            let newest = memchr::memmem::find_iter(&event, b"\"0-").filter_map(|at| {
                let digits: String =
                    event[at + 3..].iter().map(|byte| char::from(*byte)).take_while(char::is_ascii_digit).collect();
                digits.parse::<u64>().ok()
            });
            let Some(newest) = newest.max().map(|contact| contact * 3) else { continue };
            if newest <= seen {
                continue;
            }
            seen = newest;
            let arrived = Instant::now();
            let sent = measured.sent.lock().unwrap();
            let at = sent.partition_point(|(first, _)| *first <= newest);
            if let Some((_, sent)) = at.checked_sub(1).and_then(|at| sent.get(at)) {
                measured.shown.lock().unwrap().push(arrived - *sent);
            }
        }
    }
}
