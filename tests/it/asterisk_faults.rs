//! Runs the Asterisk source against faulty peers, and through restarts of Asterisk.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use crate::support::asterisk::{Peer, Server};
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{self, Engine};
use floorwatch::event::{AgentState, Event, EventKind, Step};
use floorwatch::net::tls::Tls;
use floorwatch::secret::Secret;
use floorwatch::source::{self, Connector, Message, Running, Settings};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use tokio::sync::mpsc::{self, Receiver};
use tokio_rustls::TlsAcceptor;

pub(crate) const START: Time = Time::from_unix(1_795_430_000);
/// A reply to `QueueStatus` without calls.
pub(crate) const EMPTY_STATUS: &str = "Response: Success\r\nActionID: the-id\r\nEventList: start\r\n\r\n\
    Event: QueueParams\r\nQueue: sales\r\nServiceLevel: 15\r\nActionID: the-id\r\n\r\n\
    Event: QueueStatusComplete\r\nActionID: the-id\r\n\r\n";

fn status_with_entry(contact: &str, wait: u32) -> String {
    let entry = format!(
        "Event: QueueEntry\r\nQueue: sales\r\nPosition: 1\r\nUniqueid: {contact}\r\nCallerIDNum: 100\r\nWait: {wait}\r\nActionID: the-id\r\n\r\n"
    );
    EMPTY_STATUS.replace("Event: QueueStatusComplete", &format!("{entry}Event: QueueStatusComplete"))
}

fn join(contact: &str) -> String {
    format!("Event: QueueCallerJoin\r\nUniqueid: {contact}\r\nCallerIDNum: 100\r\nQueue: sales\r\nPosition: 1\r\n\r\n")
}

pub(crate) fn spawn(server: &Server, clock: &Clock, cursor: Option<&str>) -> (Running, Receiver<Message>) {
    let (to, from) = mpsc::channel(64);
    let settings =
        Settings { name: Some("pbx".into()), ..Settings::from(Connector::Asterisk(Box::new(server.settings.clone()))) };
    (source::spawn(0, &settings, clock.clone(), cursor, to).unwrap(), from)
}

/// Receive messages until `pick` finds something in one.
pub(crate) fn receive_until<T>(from: &mut Receiver<Message>, mut pick: impl FnMut(&Message) -> Option<T>) -> T {
    loop {
        let message = from.blocking_recv().unwrap();
        if let Some(found) = pick(&message) {
            return found;
        }
    }
}

pub(crate) fn is_live(message: &Message) -> Option<()> {
    matches!(message, Message::Health { health: Health::Live, .. }).then_some(())
}

/// Receive events up to one whose step fits.
fn receive_events(from: &mut Receiver<Message>, fits: impl Fn(&Step) -> bool) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    receive_until(from, |message| {
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

/// Serve one connection up to the reply to `QueueStatus`. Asterisk started `booted` seconds ago.
pub(crate) fn serve_login(listener: &TcpListener, clock: &Clock, booted: u32, status: &str) -> Peer {
    let mut peer = Peer::accept(listener);
    peer.send("Asterisk Call Manager/11.0.0\r\n");
    loop {
        let Some(action) = peer.next_action() else { return peer };
        if action.name == "QueueStatus" {
            peer.send(&format!("Event: FullyBooted\r\nUptime: {booted}\r\nStatus: Fully Booted\r\n\r\n"));
        }
        peer.answer(&action, clock.now(), (status.as_bytes(), "the-id"));
        if action.name == "QueueStatus" {
            return peer;
        }
    }
}

#[test]
fn a_wrong_password_is_reported_and_not_retried_soon() {
    let mut server = Server::new(None);
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "hunter2").unwrap();
    server.settings.secret = Secret::File(secret.path().to_owned());
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.send("Asterisk Call Manager/11.0.0\r\n");
    for _ in 0..2 {
        let action = peer.next_action().unwrap();
        peer.answer(&action, START, (b"", "the-id"));
    }
    let (reason, next) = receive_until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, next_try, .. } => Some((reason.to_string(), *next_try)),
        _ => None,
    });
    assert!(reason.contains("refuses the login of wallboard (Authentication failed)"), "{reason}");
    assert!(reason.contains("manager.conf") && !reason.contains("hunter2"), "{reason}");
    assert!(next.unwrap() - START >= Span::seconds(30), "it is never hammered");
    running.join();
}

/// The next report that the source is not live, with how long it waits until it tries again.
fn next_trouble(from: &mut Receiver<Message>) -> (String, Option<Span>) {
    receive_until(from, |message| match message {
        Message::Health { health: Health::Stale | Health::Down, reason, at, next_try, .. } => {
            Some((reason.to_string(), next_try.map(|next| next - *at)))
        }
        _ => None,
    })
}

#[test]
fn a_login_that_is_refused_right_after_one_that_worked_is_tried_again_at_once() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    drop(serve_login(&server.listener, &clock, 1000, EMPTY_STATUS));
    receive_until(&mut from, is_live);
    next_trouble(&mut from);
    for (action, message, words) in [
        ("Login", "Authentication failed", "may be restarting"),
        ("Challenge", "Asterisk is shutting down", "is shutting down"),
    ] {
        let mut peer = Peer::accept(&server.listener);
        peer.send("Asterisk Call Manager/11.0.0\r\n");
        loop {
            let asked = peer.next_action().unwrap();
            if asked.name == action {
                peer.send(&format!("Response: Error\r\nActionID: {}\r\nMessage: {message}\r\n\r\n", asked.id));
                break;
            }
            peer.answer(&asked, START, (b"", "the-id"));
        }
        let (reason, wait) = next_trouble(&mut from);
        assert!(reason.contains(words) && !reason.contains("plain") && !reason.contains("compare"), "{reason}");
        assert!(wait.unwrap() <= Span::seconds(4), "{wait:?}");
    }
    let peer = serve_login(&server.listener, &clock, 1, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn a_refused_queue_status_ends_no_connection_and_is_asked_for_again() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.send("Asterisk Call Manager/11.0.0\r\n");
    let mut asked = 0;
    while asked < 2 {
        let action = peer.next_action().unwrap();
        let is_status = action.name == "QueueStatus";
        asked += u32::from(is_status);
        if is_status && asked == 1 {
            let refused = "Message: Asterisk is shutting down\r\n\r\n";
            peer.send(&format!("Response: Error\r\nActionID: {}\r\n{refused}", action.id));
            let (reason, next) = next_trouble(&mut from);
            assert!(reason.contains("shutting down") && next.is_none(), "{reason}");
        } else {
            peer.answer(&action, START, (EMPTY_STATUS.as_bytes(), "the-id"));
        }
    }
    receive_until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn an_asterisk_that_hangs_is_no_wrong_port() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    drop(serve_login(&server.listener, &clock, 1000, EMPTY_STATUS));
    receive_until(&mut from, is_live);
    next_trouble(&mut from);
    let silent = Peer::accept(&server.listener);
    let (reason, _) = next_trouble(&mut from);
    assert!(reason.contains("hangs") && !reason.contains("port"), "{reason}");
    drop(silent);
    running.join();
}

/// The first remark that is not empty.
fn next_remark(from: &mut Receiver<Message>) -> String {
    receive_until(from, |message| match message {
        Message::Remark { remark, .. } if !remark.is_empty() => Some(remark.to_string()),
        _ => None,
    })
}

#[test]
fn an_account_that_may_not_read_what_is_needed_is_remarked() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.send("Asterisk Call Manager/11.0.0\r\n");
    loop {
        let action = peer.next_action().unwrap();
        if action.name == "Login" {
            // With `read = cdr`, nothing follows.
            peer.send(&format!("Response: Success\r\nActionID: {}\r\n\r\n", action.id));
        } else {
            peer.answer(&action, START, (EMPTY_STATUS.as_bytes(), "the-id"));
        }
        if action.name == "QueueStatus" {
            break;
        }
    }
    let remark = next_remark(&mut from);
    assert!(remark.contains("lacks system") && remark.contains("read = agent,system,user"), "{remark}");
    drop(peer);
    running.join();
}

#[test]
fn a_file_that_is_no_queue_log_is_remarked_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("messages.log");
    fs::write(&path, "[Nov 29 09:00:00] NOTICE[12] chan_sip.c: Registration from '\"1\"<sip:1@pbx>' failed\n").unwrap();
    let server = Server::new(Some(path));
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let remark = next_remark(&mut from);
    assert!(remark.contains("messages.log is no queue_log") && remark.contains("interface alone"), "{remark}");
    let mut peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    peer.send(&join("1.1"));
    assert_eq!(steps(&receive_events(&mut from, |step| matches!(step, Step::Offered(_)))), ["1.1 offered"]);
    drop(peer);
    running.join();
}

#[test]
fn a_peer_that_is_no_asterisk_is_reported() {
    let server = Server::new(None);
    let (running, mut from) = spawn(&server, &Clock::manual(START), None);
    let mut peer = Peer::accept(&server.listener);
    peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let reason = receive_until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no Asterisk manager interface"), "{reason}");
    running.join();
}

#[test]
fn a_connection_that_died_silently_is_found() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = Peer::accept(&server.listener);
    peer.send("Asterisk Call Manager/11.0.0\r\n");
    loop {
        let action = peer.next_action().unwrap();
        if action.name != "Ping" {
            peer.answer(&action, START, (EMPTY_STATUS.as_bytes(), "the-id"));
        }
        if action.name == "QueueStatus" {
            break;
        }
    }
    receive_until(&mut from, is_live);
    // Nothing more is sent, and the connection stays open.
    let reason = receive_until(&mut from, |message| match message {
        Message::Health { health: Health::Stale, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no sign of life"), "{reason}");
    running.join();
}

#[test]
fn calls_that_ended_while_the_program_was_down_are_lost_and_waiting_ones_are_not_offered_again() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let member = "Event: QueueMember\r\nQueue: sales\r\nName: Ann\r\nLocation: SIP/1\r\nStatus: 1\r\nPaused: 0\r\nActionID: the-id\r\n\r\n";
    let with_member =
        EMPTY_STATUS.replace("Event: QueueStatusComplete", &format!("{member}Event: QueueStatusComplete"));
    let mut peer = serve_login(&server.listener, &clock, 1000, &with_member);
    receive_until(&mut from, is_live);
    clock.set(START + Span::seconds(5));
    // The program is killed right after a call has come: what is stored with it must name it.
    let mut last = None;
    for call in ["1.2", "1.1"] {
        clock.set(clock.now() + Span(100_000));
        peer.send(&join(call));
        last = receive_until(&mut from, |message| match message {
            Message::Events { cursor, events, .. } if !steps(events).is_empty() => Some(cursor.clone()),
            _ => None,
        });
    }
    running.join();
    drop(peer);

    clock.set(START + Span::seconds(60));
    let (running, mut from) = spawn(&server, &clock, last.as_deref());
    let peer = serve_login(&server.listener, &clock, 1060, &status_with_entry("1.2", 55));
    let events = receive_events(&mut from, |step| matches!(step, Step::Lost));
    assert_eq!(steps(&events), ["missed 5", "1.1 lost"]);
    let gone = |event: &&Event| matches!(&event.kind, EventKind::AgentState { agent, state: AgentState::Offline, .. } if agent.as_str() == "Ann");
    assert_eq!(events.iter().filter(gone).count(), 1, "who was there has left meanwhile");
    receive_until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn a_restart_ends_all_calls_but_not_those_that_joined_after_it() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    peer.send(&join("1.1"));
    let mut all = receive_events(&mut from, |step| matches!(step, Step::Offered(_)));
    clock.set(START + Span::seconds(30));
    drop(peer);
    let peer = serve_login(&server.listener, &clock, 5, &status_with_entry("9.1", 3));
    all.extend(receive_events(&mut from, |step| matches!(step, Step::Offered(_))));
    // The gap is told with the state, and the restart with the start that Asterisk tells of: either may come first.
    let mut told = steps(&all);
    told.sort_unstable();
    assert_eq!(told, ["1.1 offered", "9.1 offered", "missed 0", "restarted"]);
    let mut floor = Engine::new(engine::Settings::default());
    for event in &all {
        floor.apply(event);
    }
    let waiting: Vec<String> =
        floor.waiting_now(clock.now()).iter().map(|waiting| waiting.contact.to_string()).collect();
    assert_eq!(waiting, ["9.1"]);
    drop(peer);
    running.join();
}

#[test]
fn a_missing_log_is_remarked_and_followed_once_it_appears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    let server = Server::new(Some(path.clone()));
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let remark = |message: &Message| match message {
        Message::Remark { remark, .. } => Some(remark.to_string()),
        _ => None,
    };
    let remark_text = receive_until(&mut from, remark);
    assert!(remark_text.contains("is not there") && remark_text.contains("manager interface alone"), "{remark_text}");
    let mut peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    peer.send(&join("1.1"));
    let mut all = receive_events(&mut from, |step| matches!(step, Step::Offered(_)));
    // The join is not reported again; the next step comes from the log.
    let epoch = START.0 / 1_000_000;
    fs::write(
        &path,
        format!("{epoch}|1.1|sales|NONE|ENTERQUEUE||100|1\n{epoch}|1.1|sales|NONE|EXITWITHTIMEOUT|1|1|0\n"),
    )
    .unwrap();
    all.extend(receive_events(&mut from, |step| matches!(step, Step::Left { .. })));
    assert_eq!(steps(&all).iter().filter(|step| *step == "1.1 offered").count(), 1);
    let answering = thread::spawn(move || while peer.next_action().is_some() {});
    let remark_text = receive_until(&mut from, remark);
    assert_eq!(remark_text, "");
    running.join();
    answering.join().unwrap();
}

#[test]
fn a_call_whose_end_is_missing_from_the_log_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    let epoch = START.0 / 1_000_000 - 600;
    fs::write(&path, format!("{epoch}|1.1|sales|NONE|ENTERQUEUE||100|1\n{epoch}|1.2|sales|NONE|ENTERQUEUE||100|2\n"))
        .unwrap();
    let server = Server::new(Some(path));
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut events = receive_events(&mut from, |step| matches!(step, Step::Offered(_)));
    let peer = serve_login(&server.listener, &clock, 1000, &status_with_entry("1.2", 600));
    receive_until(&mut from, is_live);
    drop(peer);
    // The second reply that does not contain it.
    clock.set(START + Span::seconds(60));
    let peer = serve_login(&server.listener, &clock, 1060, &status_with_entry("1.2", 660));
    events.extend(receive_events(&mut from, |step| matches!(step, Step::Lost)));
    assert_eq!(steps(&events), ["1.1 offered", "1.2 offered", "1.1 lost"]);
    drop(peer);
    running.join();
}

#[test]
fn a_drip_of_bytes_is_no_sign_of_life() {
    let server = Server::new(None);
    let clock = Clock::manual(START);
    let (running, mut from) = spawn(&server, &clock, None);
    let mut peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    let dripping = thread::spawn(move || {
        while std::io::Write::write_all(&mut peer.stream, b"A").is_ok() {
            thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    let reason = receive_until(&mut from, |message| match message {
        Message::Health { health: Health::Stale, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("no sign of life"), "{reason}");
    running.join();
    drop(server);
    dripping.join().unwrap();
}

/// Start a TLS proxy in front of `to` with a self-signed certificate, and return its port and the certificate.
fn start_tls_proxy(to: SocketAddr) -> (u16, String) {
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
                // A client that does not trust the certificate breaks off the handshake.
                let Ok(mut outside) = acceptor.accept(stream).await else { continue };
                let mut inside = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
    });
    (port, made.cert.pem())
}

#[test]
fn certificates_are_checked_unless_configured_otherwise_which_is_remarked() {
    let mut server = Server::new(None);
    let (port, certificate) = start_tls_proxy(server.listener.local_addr().unwrap());
    server.settings.address = format!("localhost:{port}");
    let clock = Clock::manual(START);

    server.settings.tls = Some(Tls::default());
    let (running, mut from) = spawn(&server, &clock, None);
    let reason = receive_until(&mut from, |message| match message {
        Message::Health { health: Health::Down, reason, .. } => Some(reason.to_string()),
        _ => None,
    });
    assert!(reason.contains("certificate"), "{reason}");
    running.join();

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), certificate).unwrap();
    server.settings.tls = Some(Tls { ca: Some(file.path().to_owned()), ..Tls::default() });
    let (running, mut from) = spawn(&server, &clock, None);
    let peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    running.join();
    drop((peer, from));

    server.settings.tls = Some(Tls { danger_accept_any_certificate: true, ..Tls::default() });
    let (running, mut from) = spawn(&server, &clock, None);
    let peer = serve_login(&server.listener, &clock, 1000, EMPTY_STATUS);
    let remark = receive_until(&mut from, |message| match message {
        Message::Remark { remark, .. } => Some(remark.to_string()),
        _ => None,
    });
    assert!(remark.contains("certificates are not checked"), "{remark}");
    receive_until(&mut from, is_live);
    drop(peer);
    running.join();
}

#[test]
fn events_of_the_log_are_reported_within_200_ms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    fs::write(&path, "").unwrap();
    let server = Server::new(Some(path.clone()));
    let (running, mut from) = spawn(&server, &Clock::System, None);
    let mut peer = serve_login(&server.listener, &Clock::System, 1000, EMPTY_STATUS);
    receive_until(&mut from, is_live);
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut delays: Vec<Span> = Vec::new();
    for number in 0..15 {
        let began = Clock::System.now();
        let line = format!("{}|{number}.1|sales|NONE|ENTERQUEUE||100|1\n", began.0 / 1_000_000);
        std::io::Write::write_all(&mut log, line.as_bytes()).unwrap();
        peer.send(&join(&format!("{number}.1")));
        let events = receive_events(&mut from, |step| matches!(step, Step::Offered(_)));
        delays.push(Clock::System.now().since(began));
        assert_eq!(steps(&events), [format!("{number}.1 offered")]);
    }
    delays.sort_unstable();
    // Not the slowest one: a busy machine may pause for a while.
    assert!(delays[7] < Span(200_000), "{delays:?}");
    eprintln!("{delays:?}");
    drop(peer);
    running.join();
}
