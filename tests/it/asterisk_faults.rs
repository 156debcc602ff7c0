//! What the Asterisk source makes of peers and restarts that are not as they should be.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use crate::support::asterisk::{Peer, Server};
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{self, Engine};
use floorwatch::event::{Event, EventKind, Step};
use floorwatch::secret::Secret;
use floorwatch::source::tls::Tls;
use floorwatch::source::{self, Connector, Message, Running, Settings};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio::sync::mpsc::{self, Receiver};
use tokio_rustls::TlsAcceptor;

const START: Time = Time::from_unix(1_795_430_000);
/// A reply to `QueueStatus` without calls.
const QUIET: &str = "Response: Success\r\nActionID: the-id\r\nEventList: start\r\n\r\n\
    Event: QueueParams\r\nQueue: sales\r\nServiceLevel: 15\r\nActionID: the-id\r\n\r\n\
    Event: QueueStatusComplete\r\nActionID: the-id\r\n\r\n";

fn entry(contact: &str, wait: u32) -> String {
    let entry = format!(
        "Event: QueueEntry\r\nQueue: sales\r\nPosition: 1\r\nUniqueid: {contact}\r\nCallerIDNum: 100\r\nWait: {wait}\r\nActionID: the-id\r\n\r\n"
    );
    QUIET.replace("Event: QueueStatusComplete", &format!("{entry}Event: QueueStatusComplete"))
}

fn join(contact: &str) -> String {
    format!("Event: QueueCallerJoin\r\nUniqueid: {contact}\r\nCallerIDNum: 100\r\nQueue: sales\r\nPosition: 1\r\n\r\n")
}

fn spawn(server: &Server, clock: &Clock, cursor: Option<&str>) -> (Running, Receiver<Message>) {
    let (to, from) = mpsc::channel(64);
    let settings =
        Settings { name: Some("pbx".into()), ..Settings::from(Connector::Asterisk(Box::new(server.settings.clone()))) };
    (source::spawn(0, &settings, clock.clone(), cursor, to).unwrap(), from)
}

/// Take what comes until something fits.
fn until<T>(from: &mut Receiver<Message>, mut fits: impl FnMut(&Message) -> Option<T>) -> T {
    loop {
        let message = from.blocking_recv().unwrap();
        if let Some(found) = fits(&message) {
            return found;
        }
    }
}

fn is_live(message: &Message) -> Option<()> {
    matches!(message, Message::Health { health: Health::Live, .. }).then_some(())
}

/// The next events, all that come up to one that fits.
fn events(from: &mut Receiver<Message>, fits: impl Fn(&Step) -> bool) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    until(from, |message| {
        if let Message::Events { events, .. } = message {
            all.extend(events.iter().cloned());
        }
        let found = |event: &Event| matches!(&event.kind, EventKind::Contact { step, .. } if fits(step));
        all.iter().any(found).then_some(())
    });
    all
}

fn steps(events: &[Event]) -> Vec<String> {
    let step = |event: &Event| match &event.kind {
        EventKind::Contact { contact, step, .. } => {
            let step = serde_json::to_value(step).unwrap();
            let step =
                step.as_str().map_or_else(|| step.as_object().unwrap().keys().next().unwrap().clone(), str::to_owned);
            Some(format!("{contact} {step}"))
        }
        EventKind::Restarted => Some("restarted".to_owned()),
        EventKind::Missed { since } => Some(format!("missed {}", (*since - START).as_secs())),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

/// Serve one connection up to the reply to `QueueStatus`, with `booted` seconds since the start.
fn greet(listener: &TcpListener, clock: &Clock, booted: u32, status: &str) -> Peer {
    let mut peer = Peer::accept(listener);
    peer.say("Asterisk Call Manager/11.0.0\r\n");
    loop {
        let Some(action) = peer.action() else { return peer };
        if action.name == "QueueStatus" {
            peer.say(&format!("Event: FullyBooted\r\nUptime: {booted}\r\nStatus: Fully Booted\r\n\r\n"));
        }
        peer.answer(&action, clock.now(), (status.as_bytes(), "the-id"));
        if action.name == "QueueStatus" {
            return peer;
        }
    }
}

#[test]
fn a_wrong_password_is_said_and_not_tried_again_soon() {
    let mut server = Server::new(None);
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "hunter2").unwrap();
    server.settings.secret = Secret::File(secret.path().to_owned());
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.say("Asterisk Call Manager/11.0.0\r\n");
    for _ in 0..2 {
        let action = peer.action().unwrap();
        peer.answer(&action, START, (b"", "the-id"));
    }
    let (reason, next) = until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, next_try, .. } => Some((reason.to_string(), *next_try)),
        _ => None,
    });
    assert!(reason.contains("refuses the login of wallboard (Authentication failed)"), "{reason}");
    assert!(reason.contains("manager.conf") && !reason.contains("hunter2"), "{reason}");
    assert!(next.unwrap() - START >= Span::seconds(30), "it is never hammered");
    running.join();
}

#[test]
fn what_is_no_asterisk_is_named() {
    let server = Server::new(None);
    let (running, mut from) = spawn(&server, &Clock::manual(START), None);
    let mut peer = Peer::accept(&server.listener);
    peer.say("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let reason = until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no Asterisk manager interface"), "{reason}");
    running.join();
}

#[test]
fn a_connection_that_has_died_without_a_word_is_found() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.say("Asterisk Call Manager/11.0.0\r\n");
    loop {
        let action = peer.action().unwrap();
        if action.name != "Ping" {
            peer.answer(&action, START, (QUIET.as_bytes(), "the-id"));
        }
        if action.name == "QueueStatus" {
            break;
        }
    }
    until(&mut from, is_live);
    // Nothing more comes, and nothing is closed.
    let reason = until(&mut from, |message| match message {
        Message::Health { health: Health::Stale, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no sign of life"), "{reason}");
    running.join();
}

#[test]
fn what_ended_while_the_program_was_down_is_closed_and_what_still_waits_is_not_offered_again() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = greet(&server.listener, &clock, 1000, QUIET);
    until(&mut from, is_live);
    clock.set(START + Span::seconds(5));
    peer.say(&(join("1.1") + &join("1.2")));
    let mut last = None;
    until(&mut from, |message| match message {
        Message::Events { cursor: Some(cursor), events, .. } => {
            last = Some(cursor.clone());
            (!steps(events).is_empty()).then_some(())
        }
        _ => None,
    });
    running.join();
    drop(peer);

    clock.set(START + Span::seconds(60));
    let (running, mut from) = spawn(&server, &clock, last.as_deref());
    let peer = greet(&server.listener, &clock, 1060, &entry("1.2", 55));
    let told = events(&mut from, |step| matches!(step, Step::Lost));
    assert_eq!(steps(&told), ["missed 5", "1.1 lost"]);
    until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn a_restart_takes_the_calls_with_it_but_not_those_that_came_after() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = greet(&server.listener, &clock, 1000, QUIET);
    until(&mut from, is_live);
    peer.say(&join("1.1"));
    let mut all = events(&mut from, |step| matches!(step, Step::Offered(_)));
    clock.set(START + Span::seconds(30));
    drop(peer);
    let peer = greet(&server.listener, &clock, 5, &entry("9.1", 3));
    all.extend(events(&mut from, |step| matches!(step, Step::Offered(_))));
    assert_eq!(steps(&all), ["1.1 offered", "missed 0", "restarted", "9.1 offered"]);
    let mut floor = Engine::new(engine::Settings::default());
    for event in &all {
        floor.apply(event);
    }
    let waiting: Vec<String> = floor.waiting_now().iter().map(|waiting| waiting.contact.to_string()).collect();
    assert_eq!(waiting, ["9.1"]);
    drop(peer);
    running.join();
}

#[test]
fn a_log_that_is_not_there_is_said_and_taken_up_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    let server = Server::new(Some(path.clone()));
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let remark = |message: &Message| match message {
        Message::Remark { remark, .. } => Some(remark.to_string()),
        _ => None,
    };
    let said = until(&mut from, remark);
    assert!(said.contains("is not there") && said.contains("manager interface alone"), "{said}");
    let mut peer = greet(&server.listener, &clock, 1000, QUIET);
    until(&mut from, is_live);
    peer.say(&join("1.1"));
    let mut all = events(&mut from, |step| matches!(step, Step::Offered(_)));
    // What has been told is not told again; what comes next comes from the log.
    let epoch = START.0 / 1_000_000;
    fs::write(
        &path,
        format!("{epoch}|1.1|sales|NONE|ENTERQUEUE||100|1\n{epoch}|1.1|sales|NONE|EXITWITHTIMEOUT|1|1|0\n"),
    )
    .unwrap();
    all.extend(events(&mut from, |step| matches!(step, Step::Left { .. })));
    assert_eq!(steps(&all).iter().filter(|step| *step == "1.1 offered").count(), 1);
    let answering = thread::spawn(move || while peer.action().is_some() {});
    let said = until(&mut from, remark);
    assert_eq!(said, "");
    running.join();
    answering.join().unwrap();
}

#[test]
fn a_call_whose_end_the_log_never_tells_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    let epoch = START.0 / 1_000_000 - 600;
    fs::write(&path, format!("{epoch}|1.1|sales|NONE|ENTERQUEUE||100|1\n{epoch}|1.2|sales|NONE|ENTERQUEUE||100|2\n"))
        .unwrap();
    let server = Server::new(Some(path));
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut told = events(&mut from, |step| matches!(step, Step::Offered(_)));
    let peer = greet(&server.listener, &clock, 1000, &entry("1.2", 600));
    until(&mut from, is_live);
    drop(peer);
    // The second reply that doesn't know it.
    clock.set(START + Span::seconds(60));
    let peer = greet(&server.listener, &clock, 1060, &entry("1.2", 660));
    told.extend(events(&mut from, |step| matches!(step, Step::Lost)));
    assert_eq!(steps(&told), ["1.1 offered", "1.2 offered", "1.1 lost"]);
    drop(peer);
    running.join();
}

#[test]
fn a_drip_of_bytes_is_no_sign_of_life() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = greet(&server.listener, &clock, 1000, QUIET);
    until(&mut from, is_live);
    let dripping = thread::spawn(move || {
        while std::io::Write::write_all(&mut peer.stream, b"A").is_ok() {
            thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    let reason = until(&mut from, |message| match message {
        Message::Health { health: Health::Stale, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no sign of life"), "{reason}");
    running.join();
    drop(server);
    dripping.join().unwrap();
}

/// Speak TLS with a certificate of our own, and pass what is said on to `to`; the port, and the certificate.
fn behind_tls(to: SocketAddr) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever doesn't trust the certificate breaks the handshake off.
                let Ok(mut outside) = acceptor.accept(stream).await else { continue };
                let mut inside = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
    });
    (port, made.cert.pem())
}

#[test]
fn certificates_are_checked_unless_told_otherwise_and_that_shows() {
    let mut server = Server::new(None);
    let (port, certificate) = behind_tls(server.listener.local_addr().unwrap());
    server.settings.address = format!("localhost:{port}");
    let clock = Clock::manual(START);

    server.settings.tls = Some(Tls::default());
    let (running, mut from) = spawn(&server, &clock, None);
    let reason = until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("certificate"), "{reason}");
    running.join();

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), certificate).unwrap();
    server.settings.tls = Some(Tls { ca: Some(file.path().to_owned()), ..Tls::default() });
    let (running, mut from) = spawn(&server, &clock, None);
    let peer = greet(&server.listener, &clock, 1000, QUIET);
    until(&mut from, is_live);
    running.join();
    drop((peer, from));

    server.settings.tls = Some(Tls { danger_accept_any_certificate: true, ..Tls::default() });
    let (running, mut from) = spawn(&server, &clock, None);
    let peer = greet(&server.listener, &clock, 1000, QUIET);
    let remark = until(&mut from, |message| match message {
        Message::Remark { remark, .. } => Some(remark.to_string()),
        _ => None,
    });
    assert!(remark.contains("certificates are not checked"), "{remark}");
    until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn what_happens_is_on_the_board_at_once_though_the_log_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    fs::write(&path, "").unwrap();
    let server = Server::new(Some(path.clone()));
    let (running, mut from) = spawn(&server, &Clock::System, None);
    let mut peer = greet(&server.listener, &Clock::System, 1000, QUIET);
    until(&mut from, is_live);
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut took: Vec<Span> = Vec::new();
    for number in 0..15 {
        let began = Clock::System.now();
        let line = format!("{}|{number}.1|sales|NONE|ENTERQUEUE||100|1\n", began.0 / 1_000_000);
        std::io::Write::write_all(&mut log, line.as_bytes()).unwrap();
        peer.say(&join(&format!("{number}.1")));
        let told = events(&mut from, |step| matches!(step, Step::Offered(_)));
        took.push(Clock::System.now().since(began));
        assert_eq!(steps(&told), [format!("{number}.1 offered")]);
    }
    took.sort_unstable();
    // Not the slowest: a busy machine may look away.
    assert!(took[7] < Span(200_000), "{took:?}");
    eprintln!("{took:?}");
    drop(peer);
    running.join();
}
