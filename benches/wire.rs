//! How long an event takes from the network to the board, while 5,000 events per second arrive.
//!
//! `cargo bench --bench wire [-- SECONDS]`. A server of server-sent events on loopback sends a floor's day at that rate
//! to a real source and floor. Now and then it sends a contact to a queue of its own. The time is measured from the
//! moment before that is written to the socket until it is on the board, and until it is in an answer.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench may panic, and prints"
)]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::get;
use floorwatch::board::{Health, Mode};
use floorwatch::clock::Clock;
use floorwatch::floor::{Feed, Floor, Handle, Settings, SourceInfo};
use floorwatch::kpi::{Dim, KpiId, Period, Query, Slice, Window};
use floorwatch::source::{self, Connector, SourceKind};
use floorwatch::{alert, engine};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Events per second, and how often they are written.
const PACE: u32 = 5_000;
const STROKES: u32 = 100;
/// The interval of the contacts that are measured.
const PROBES: Duration = Duration::from_millis(137);

fn main() {
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(Duration::from_secs(seconds)));
}

async fn run(lasts: Duration) {
    let (lines, to_wire) = mpsc::channel::<Bytes>(1024);
    let address = serve(to_wire).await;
    let handle = floor(&address);
    let mut boards = handle.watch();
    boards.wait_for(|board| board.sources.iter().any(|source| source.health == Health::Live)).await.unwrap();

    let stop = CancellationToken::new();
    let load = tokio::spawn(load(lines.clone(), stop.clone()));
    let (mut on_board, mut in_answer) = (Vec::new(), Vec::new());
    let began = Instant::now();
    while began.elapsed() < lasts {
        tokio::time::sleep(PROBES).await;
        let count = u32::try_from(on_board.len() + 1).unwrap();
        let written = Instant::now();
        lines.send(event(&format!("probe-{count}"), "probe", "offered", "")).await.unwrap();
        let is_there = |board: &std::sync::Arc<floorwatch::board::Board>| {
            board.queues.iter().any(|queue| queue.id.as_str() == "probe" && queue.live.waiting == i64::from(count))
        };
        boards.wait_for(is_there).await.unwrap();
        on_board.push(written.elapsed());
        let answer = handle.ask(offered()).await.unwrap().unwrap();
        assert_eq!(answer.total[0].value, Some(f64::from(count)));
        in_answer.push(written.elapsed());
    }
    stop.cancel();
    let sent = load.await.unwrap();
    let rate = f64::from(sent) / began.elapsed().as_secs_f64();
    println!("{rate:.0} events/s, {} measured", on_board.len());
    tell("wire to board ", on_board);
    tell("wire to answer", in_answer);
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("{what}: median {:.1} ms, 99 of 100 within {:.1} ms, worst {:.1} ms", at(50), at(99), at(100));
}

fn offered() -> Query {
    let of = Slice::of(Dim::Queue, "probe".into());
    let over = Period::Window(Window::D7);
    Query { of, by: Vec::new(), over, every: None, kpis: vec![KpiId::Offered], formula: None }
}

/// A server that sends its first client whatever is received from `lines`.
async fn serve(lines: mpsc::Receiver<Bytes>) -> String {
    let lines = std::sync::Arc::new(tokio::sync::Mutex::new(Some(lines)));
    let stream = move || {
        let lines = std::sync::Arc::clone(&lines);
        async move {
            let lines = lines.lock().await.take().unwrap();
            let body = futures_util::stream::unfold(lines, |mut lines| async move {
                let line = lines.recv().await?;
                Some((Ok::<_, Infallible>(line), lines))
            });
            Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(body)).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(stream))).await.unwrap() });
    address
}

/// A floor with one source.
fn floor(address: &str) -> Handle {
    let keys = toml::from_str::<toml::Table>(&format!("url = 'http://{address}/'")).unwrap();
    let connector = Connector::read(SourceKind::Sse, keys).unwrap();
    let settings = Settings {
        title: "bench".into(),
        engine: engine::Settings::default(),
        rules: alert::built_in(),
        alerts: alert::Settings::default(),
        worklist: floorwatch::worklist::Settings::default(),
        sources: vec![SourceInfo { name: "sse".into(), kind: "sse".into() }],
    };
    let (to, messages) = mpsc::channel(64);
    source::spawn(0, &source::Settings::from(connector), Clock::System, None, to).unwrap();
    let (floor, handle) = Floor::new(settings, Clock::System, Mode::Live, Feed::Sources(messages));
    tokio::spawn(floor.run());
    handle
}

/// Send contacts in forty queues that join, are answered and end; returns the number of events.
async fn load(lines: mpsc::Sender<Bytes>, stop: CancellationToken) -> u32 {
    let mut strokes = tokio::time::interval(Duration::from_secs(1) / STROKES);
    let mut sent = 0;
    while stop.run_until_cancelled(strokes.tick()).await.is_some() {
        for _ in 0..PACE / STROKES {
            let contact = sent / 3;
            let (id, queue, agent) = (format!("c{contact}"), format!("q{}", contact % 40), contact % 400);
            let line = match sent % 3 {
                0 => event(&id, &queue, "offered", ""),
                1 => event(&id, &queue, "answered", &format!(r#","agent":"a{agent}","wait_s":7"#)),
                _ => event(&id, &queue, "completed", r#","ended_by":"agent","talk_s":90"#),
            };
            if lines.send(line).await.is_err() {
                return sent;
            }
            sent += 1;
        }
    }
    sent
}

fn event(contact: &str, queue: &str, kind: &str, more: &str) -> Bytes {
    let time = Clock::System.now();
    Bytes::from(format!(
        "data: {{\"specversion\":\"1.0\",\"id\":\"{contact}-{kind}\",\"source\":\"/bench\",\"type\":\"floorwatch.contact.{kind}\",\"time\":\"{time}\",\"data\":{{\"contact\":\"{contact}\",\"queue\":\"{queue}\"{more}}}}}\n\n"
    ))
}
