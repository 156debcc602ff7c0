//! Runs a source with a channel of notifications against a real websocket on loopback, and without one.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::peer::Peer;
use crate::support::running_source::RunningSource;
use floorwatch::board::Health;
use floorwatch::event::EventKind;
use floorwatch::source::SourceKind;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// A websocket server: what it receives, and what it sends to the newest connection.
struct Sockets {
    address: SocketAddr,
    /// What happened: `open`, `close`, and texts that came.
    seen: Arc<Mutex<Vec<String>>>,
    send: Arc<Mutex<Option<mpsc::UnboundedSender<Message>>>>,
}

impl Sockets {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, send) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None)));
        let (noted, newest) = (Arc::clone(&seen), Arc::clone(&send));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { continue };
                    noted.lock().unwrap().push("open".to_owned());
                    let (to, mut from) = mpsc::unbounded_channel();
                    *newest.lock().unwrap() = Some(to);
                    let noted = Arc::clone(&noted);
                    tokio::spawn(async move {
                        loop {
                            tokio::select! {
                                Some(message) = from.recv() => drop(socket.send(message).await),
                                came = socket.next() => match came {
                                    Some(Ok(Message::Text(text))) => noted.lock().unwrap().push(text.to_string()),
                                    Some(Ok(_)) => {}
                                    _ => break,
                                },
                            }
                        }
                        noted.lock().unwrap().push("close".to_owned());
                    });
                }
            });
        });
        Self { address, seen, send }
    }

    fn tell(&self, topic: &str) {
        let text = format!(r#"{{"topicName": "{topic}", "version": "2", "eventBody": {{}}}}"#);
        self.send.lock().unwrap().as_ref().unwrap().send(Message::text(text)).unwrap();
    }

    fn until(&self, wanted: &[&str]) {
        let end = Instant::now() + Duration::from_secs(30);
        while *self.seen.lock().unwrap() != wanted {
            assert!(Instant::now() < end, "{:?} is not {wanted:?}", self.seen.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The keys of a source that asks once an hour, unless it is told.
fn keys(url: &str, heartbeat_s: u32) -> String {
    format!(
        r#"
        url = "{url}"
        every_s = 1
        [[request]]
        name = "queues"
        path = "/queues"
        every_s = 3600
        keep = {{ ids = "[].id" }}
        map = {{ queue_names = {{ rows = "@", id = "id", name = "name" }} }}
        [[request]]
        name = "waiting"
        path = "/waiting"
        map = {{ rows = "@", queue = "id", kpis = {{ waiting = "n" }} }}
        [notifications]
        path = "/channels"
        every_s = 3600
        heartbeat_s = {heartbeat_s}
        [[notifications.topic]]
        of = "ids"
        topic = "v2.analytics.queues.${{id}}.observations"
        request = "waiting"
        "#
    )
}

/// A server whose queue has `waiting` contacts, and whose channels are at `sockets` while `has_channels`.
fn server(sockets: SocketAddr, waiting: &Arc<AtomicUsize>, has_channels: &Arc<AtomicBool>) -> Peer {
    let (waiting, has_channels, made) = (Arc::clone(waiting), Arc::clone(has_channels), AtomicUsize::new(0));
    Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            let json = |body: String| ("200 OK\nContent-Type: application/json", body);
            let (status, body) = match asked.path() {
                "/queues" => json(r#"[{"id": "q1", "name": "Billing"}, {"id": "q2", "name": "Sales"}]"#.to_owned()),
                "/waiting" => json(format!(r#"[{{"id": "q1", "n": {}}}]"#, waiting.load(Ordering::SeqCst))),
                "/channels" if has_channels.load(Ordering::SeqCst) => {
                    let id = made.fetch_add(1, Ordering::SeqCst);
                    json(format!(
                        r#"{{"id": "c{id}", "connectUri": "ws://{sockets}/channels/c{id}", "expires": "2026-03-03T09:00:00Z"}}"#
                    ))
                }
                path if path.ends_with("/subscriptions") => json(r#"{"entities": []}"#.to_owned()),
                _ => ("403 Forbidden", String::new()),
            };
            c.answer(status, &body)?;
        }
    })
}

fn waiting_is(source: &mut RunningSource, number: f64) {
    source.until(|source| {
        let newest = source.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::Observed { figures, .. } => figures.first().map(|(_, value)| *value),
            _ => None,
        });
        newest == Some(number)
    });
}

#[test]
fn a_change_is_shown_when_the_channel_tells_of_it_and_the_next_channel_is_there_before_this_one_ends() {
    let sockets = Sockets::start();
    let waiting = Arc::new(AtomicUsize::new(2));
    let peer = server(sockets.address, &waiting, &Arc::new(AtomicBool::new(true)));
    let mut source = RunningSource::start(SourceKind::Http, &keys(&peer.url(""), 40));
    source.until_health(Health::Live, "");
    source.until_health(Health::Live, "told of changes by a channel of 2 topics");
    assert_eq!(source.remarks.last().map(String::as_str), Some(""));
    let put = peer.asked().into_iter().find(|asked| asked.head.starts_with("PUT /channels/c0/subscriptions")).unwrap();
    assert_eq!(
        put.body,
        r#"[{"id":"v2.analytics.queues.q1.observations"},{"id":"v2.analytics.queues.q2.observations"}]"#
    );
    waiting_is(&mut source, 2.0);
    sockets.tell("channel.metadata");
    sockets.tell("v2.users.u9.activity");
    waiting.store(5, Ordering::SeqCst);
    // Nobody asks by itself for an hour.
    std::thread::sleep(Duration::from_secs(3));
    let asked = || peer.asked().iter().filter(|asked| asked.path() == "/waiting").count();
    let before = asked();
    sockets.tell("v2.analytics.queues.q1.observations");
    let told = Instant::now();
    waiting_is(&mut source, 5.0);
    assert!(told.elapsed() < Duration::from_secs(10));
    assert_eq!(asked(), before + 1);
    sockets.tell("v2.system.socket_closing");
    sockets.until(&["open", "open", "close"]);
    waiting.store(7, Ordering::SeqCst);
    sockets.tell("v2.analytics.queues.q2.Observations");
    waiting_is(&mut source, 7.0);
    drop(source);
}

#[test]
fn without_a_channel_it_is_polled_and_says_so_until_there_is_one() {
    let sockets = Sockets::start();
    let (waiting, has_channels) = (Arc::new(AtomicUsize::new(2)), Arc::new(AtomicBool::new(false)));
    let peer = server(sockets.address, &waiting, &has_channels);
    let mut source = RunningSource::start(SourceKind::Http, &keys(&peer.url(""), 1));
    let polled = |r: &String| r.starts_with("polled every 1 s, since there is no channel of notifications: ");
    source.until(|source| source.remarks.last().is_some_and(polled));
    waiting.store(3, Ordering::SeqCst);
    waiting_is(&mut source, 3.0);
    assert_eq!(source.rejected, []);
    drop(source);
    // A channel that says nothing is asked, and then taken for dead.
    has_channels.store(true, Ordering::SeqCst);
    let mut source = RunningSource::start(SourceKind::Http, &keys(&peer.url(""), 1));
    source.until(|source| source.remarks.iter().any(|remark| remark.contains("nothing has come by it for 2 s")));
    assert_eq!(sockets.seen.lock().unwrap()[..2], ["open", r#"{"message":"ping"}"#]);
    waiting.store(4, Ordering::SeqCst);
    waiting_is(&mut source, 4.0);
    drop(source);
}
