//! A FreeSWITCH on loopback as the board sees it: the source as it is started for the floor, and what it tells.

use crate::support::event_socket;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use floorwatch::board::Health;
use floorwatch::clock::Clock;
use floorwatch::engine::{self, ApplyOutcome, Engine};
use floorwatch::event::{AgentState, Event, EventKind, LeftReason, Step};
use floorwatch::secret::Secret;
use floorwatch::source::tls::Tls;
use floorwatch::source::{Connector, Message, Running, Settings, freeswitch};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::support::event_socket::{EventSocket, PASSWORD, State, USER};

/// Longer than anything takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Board {
    running: Option<Running>,
    from: mpsc::Receiver<Message>,
    seen: Vec<Event>,
    /// Everything that was said in words.
    words: Vec<String>,
    _password: NamedTempFile,
}

impl Board {
    fn start(address: &str, change: impl FnOnce(&mut freeswitch::Settings)) -> Self {
        Self::with_password(address, PASSWORD, change)
    }

    fn with_password(address: &str, password: &str, change: impl FnOnce(&mut freeswitch::Settings)) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        writeln!(file, "{password}").unwrap();
        let mut own = freeswitch::Settings {
            address: address.to_owned(),
            user: None,
            password: Secret::File(file.path().to_owned()),
            tls: None,
            intent: "topic".to_owned(),
            strip_domain: true,
        };
        change(&mut own);
        own.check().unwrap();
        let settings = Settings { name: Some("pbx".into()), ..Settings::from(Connector::FreeSwitch(Box::new(own))) };
        let (to, from) = mpsc::channel(100);
        let running = floorwatch::source::spawn(0, &settings, Clock::System, None, to).unwrap();
        Self { running: Some(running), from, seen: Vec::new(), words: Vec::new(), _password: file }
    }

    /// Go on until `enough` of a message, or of all that was seen so far.
    async fn until(&mut self, mut enough: impl FnMut(&Message, &[Event]) -> bool) {
        let all = async {
            loop {
                let message = self.from.recv().await.unwrap();
                match &message {
                    Message::Events { events, .. } => self.seen.extend(events.iter().cloned()),
                    Message::Health { reason, .. } => self.words.push(reason.to_string()),
                    Message::Remark { remark, .. } => self.words.push(remark.to_string()),
                    Message::Rejected { rejection, .. } => self.words.push(rejection.reason.to_string()),
                    Message::Clock { .. } => {}
                }
                if enough(&message, &self.seen) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap();
    }

    async fn health(&mut self, wanted: Health) -> String {
        self.until(|message, _| matches!(message, Message::Health { health, .. } if *health == wanted)).await;
        self.words.last().unwrap().clone()
    }

    async fn events(&mut self, count: usize) -> Vec<Event> {
        if self.seen.len() < count {
            self.until(|_, seen| seen.len() >= count).await;
        }
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.from.close();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }
}

fn centre() -> State {
    State {
        queues: vec!["support@default".to_owned(), "night desk@default".to_owned()],
        agents: vec![
            ("1000@default".to_owned(), "Available".to_owned(), "Waiting".to_owned(), 10),
            ("1001@default".to_owned(), "On Break".to_owned(), "Waiting".to_owned(), 0),
        ],
        tiers: vec![("support@default".to_owned(), "1000@default".to_owned())],
        allowed_api: "callcenter_config strmicroepoch".to_owned(),
        ..State::default()
    }
}

const M1: [(&str, &str); 4] = [
    ("CC-Queue", "support@default"),
    ("CC-Member-UUID", "m1"),
    ("CC-Member-Session-UUID", "call-1"),
    ("CC-Member-CID-Number", "+49 170 12"),
];
const AGENT: (&str, &str) = ("CC-Agent", "1000@default");

fn told(stub: &EventSocket) {
    let event = |action: &str, more: &[(&str, &str)]| stub.event(action, &[&M1[..], more].concat());
    event("member-queue-start", &[("variable_topic", "réclamation")]);
    stub.event("agent-state-change", &[AGENT, ("CC-Agent-State", "Receiving")]);
    event("agent-offering", &[AGENT]);
    event("bridge-agent-start", &[AGENT]);
    stub.event("agent-state-change", &[AGENT, ("CC-Agent-State", "In a queue call")]);
    event("bridge-agent-end", &[AGENT, ("CC-Agent-Bridged", "true")]);
    event("member-queue-end", &[AGENT, ("CC-Cause", "Terminated")]);
    stub.event("agent-state-change", &[AGENT, ("CC-Agent-State", "Waiting")]);
}

#[tokio::test]
async fn the_lists_and_then_the_events_make_the_floor() {
    let stub = EventSocket::start(centre());
    stub.put_member("m0", "call-0", "night desk@default", stub.now() - 90, "Answered", "1001@default");
    let mut board = Board::start(&stub.address, |own| own.user = Some(USER.to_owned()));
    board.health(Health::Live).await;
    assert!(board.words.iter().all(String::is_empty), "nothing to remark: {:?}", board.words);
    let listed = board.events(0).await;
    let queues: BTreeSet<_> = listed
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::QueueProfile(profile) => Some(profile.queue.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(queues, BTreeSet::from(["support", "night desk"]));
    let state = |event: &Event| match &event.kind {
        EventKind::AgentState { agent, state, .. } => Some((agent.to_string(), *state)),
        _ => None,
    };
    let states: Vec<_> = listed.iter().filter_map(state).collect();
    assert_eq!(states, [("1000".to_owned(), AgentState::Available), ("1001".to_owned(), AgentState::Paused)]);
    let steps = |events: &[Event]| -> Vec<Step> {
        let step = |event: &Event| match &event.kind {
            EventKind::Contact { step, .. } => Some(step.clone()),
            _ => None,
        };
        events.iter().filter_map(step).collect()
    };
    let found = steps(&listed);
    assert!(matches!(&found[..], [Step::Offered(_), Step::Answered { .. }]), "{found:?}");

    told(&stub);
    let events = board.events(8).await;
    let found = steps(&events);
    let [
        Step::Offered(offer),
        Step::Ringing { .. },
        Step::Answered { agent, .. },
        Step::Completed { .. },
        Step::Wrapped { .. },
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((offer.queue.as_str(), agent.as_str()), ("support", "1000"));
    assert_eq!(offer.intent.as_ref().unwrap().as_str(), "réclamation");
    assert_eq!(offer.customer.as_ref().unwrap().as_str(), "+49 170 12");
    let states: Vec<_> = events.iter().filter_map(state).map(|(_, state)| state).collect();
    assert_eq!(states, [AgentState::Ringing, AgentState::OnContact, AgentState::AfterContact]);
}

#[tokio::test]
async fn bytes_in_any_portions_tell_the_same() {
    let stub = EventSocket::start(centre());
    let mut board = Board::start(&stub.address, |_| {});
    board.health(Health::Live).await;
    board.events(0).await;
    let micros = u128::try_from(stub.now()).unwrap() * 1_000_000;
    let frame = event_socket::event("member-queue-start", micros, &M1);
    let leave = [&M1[..], &[("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "TIMEOUT")]].concat();
    let bytes = [frame, event_socket::event("member-queue-end", micros, &leave)].concat();
    for cut in 0..bytes.len() {
        if cut == 0 {
            stub.send(&bytes.chunks(1).collect::<Vec<_>>());
        } else {
            stub.send(&[&bytes[..cut], &bytes[cut..]]);
        }
        let events = board.events(2).await;
        let left = |event: &Event| {
            matches!(&event.kind, EventKind::Contact { step: Step::Left { reason: LeftReason::Timeout, .. }, .. })
        };
        assert!(left(&events[1]), "{events:?}");
        board.seen.extend_from_slice(&events[2..]);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_mid_event_is_made_anew_and_nothing_is_told_twice() {
    let stub = EventSocket::start(centre());
    stub.put_member("m1", "call-1", "support@default", stub.now() - 5, "Waiting", "");
    let mut board = Board::start(&stub.address, |_| {});
    board.health(Health::Live).await;
    let listed = board.events(0).await;
    stub.hang_up(&event_socket::event("member-queue-start", 1, &M1)[..40]);
    assert!(board.health(Health::Stale).await.contains("closed the connection"), "{:?}", board.words);
    board.health(Health::Live).await;
    let again = board.events(0).await;
    assert!(matches!(again[..], [Event { kind: EventKind::Missed { .. }, .. }]), "{again:?}, after {listed:?}");
    assert_eq!(stub.state().logins, 2);
}

#[tokio::test]
async fn a_board_that_forgot_everything_counts_nothing_twice() {
    let stub = EventSocket::start(centre());
    let mut engine = Engine::new(engine::Settings::default());
    let mut first = Board::start(&stub.address, |_| {});
    first.health(Health::Live).await;
    stub.event("member-queue-start", &M1);
    first.until(|_, seen| seen.iter().any(|event| matches!(event.kind, EventKind::Contact { .. }))).await;
    let outcomes: Vec<_> = first.events(0).await.iter().map(|event| engine.apply(event)).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == ApplyOutcome::Counted), "{outcomes:?}");
    drop(first);

    // The same caller by the lists alone, and then his end.
    stub.put_member("m1", "call-1", "support@default", stub.now(), "Waiting", "");
    let mut second = Board::start(&stub.address, |_| {});
    second.health(Health::Live).await;
    told(&stub);
    second
        .until(|_, seen| seen.iter().any(|event| is_step(event, |step| matches!(step, Step::Completed { .. }))))
        .await;
    let twice = |event: &Event| {
        engine.apply(event) == ApplyOutcome::Duplicate && is_step(event, |step| matches!(step, Step::Offered(_)))
    };
    assert_eq!(second.events(0).await.iter().map(twice).filter(|twice| *twice).count(), 1);
}

fn is_step(event: &Event, wanted: impl Fn(&Step) -> bool) -> bool {
    matches!(&event.kind, EventKind::Contact { step, .. } if wanted(step))
}

#[tokio::test]
async fn behind_tls_it_speaks_the_same() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stub = EventSocket::start(centre());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![made.cert.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let behind = stub.address.clone();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            let Ok(mut outside) = acceptor.accept(line).await else { continue };
            let mut inside = tokio::net::TcpStream::connect(&behind).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut outside, &mut inside).await });
        }
    });
    let mut ca = NamedTempFile::new().unwrap();
    ca.write_all(made.cert.pem().as_bytes()).unwrap();
    let tls = |ca: Option<&NamedTempFile>, any| Tls {
        ca: ca.map(|ca| ca.path().to_owned()),
        danger_accept_any_certificate: any,
    };
    let mut trusting = Board::start(&address, |own| own.tls = Some(tls(Some(&ca), false)));
    trusting.health(Health::Live).await;
    let mut careless = Board::start(&address, |own| own.tls = Some(tls(None, true)));
    careless.health(Health::Live).await;
    assert!(
        careless.words.iter().any(|words| words.starts_with("certificates are not checked")),
        "{:?}",
        careless.words
    );
    let reason = fault(Board::start(&address, |own| own.tls = Some(tls(None, false)))).await;
    assert!(reason.contains("tls.ca"), "{reason}");
}

/// What the board says where a source never gets live.
async fn fault(mut board: Board) -> String {
    let reason = board.health(Health::Down).await;
    assert!(!reason.contains(PASSWORD) && !reason.contains("hunter2"), "{reason}");
    reason
}

#[tokio::test]
async fn every_fault_is_told_in_words() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let reason = fault(Board::start(&closed, |_| {})).await;
    assert!(reason.contains("nobody listens at"), "{reason}");

    let stub = EventSocket::start(centre());
    let reason = fault(Board::with_password(&stub.address, "hunter2", |_| {})).await;
    assert!(reason.contains("does not take this password"), "{reason}");
    let user = |own: &mut freeswitch::Settings| own.user = Some(USER.to_owned());
    let reason = fault(Board::with_password(&stub.address, "hunter2", user)).await;
    assert!(reason.contains("esl-password of board@default"), "{reason}");

    let with = |change: fn(&mut State)| {
        let mut state = centre();
        change(&mut state);
        EventSocket::start(state)
    };
    let rude = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
    for (stub, expected) in [
        (with(|state| state.has_no_centre = true), "load mod_callcenter"),
        (with(|state| state.forbids = true), "esl-allowed-api"),
        (with(|state| state.silent = true), "gone silent"),
        (EventSocket::start(State { greeting: Some(rude.into()), ..State::default() }), "access list"),
        (EventSocket::start(State { greeting: Some(b"HTTP/1.1 400 Bad\r\n\r\n".into()), ..State::default() }), "greet"),
        (EventSocket::start(State { greeting: Some(b"SSH-2.0-x\r\n".into()), ..State::default() }), "closed"),
        (EventSocket::start(State { greeting: Some(vec![7; 70_000]), ..State::default() }), "is it FreeSWITCH?"),
        (
            EventSocket::start(State { greeting: Some(b"Content-Length: 1073741824\n\n".into()), ..State::default() }),
            "16 MiB",
        ),
    ] {
        let reason = fault(Board::start(&stub.address, |_| {})).await;
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test]
async fn rights_that_are_not_needed_are_remarked_and_so_is_a_clock_that_is_off() {
    let stub = EventSocket::start(State { allowed_api: "all".to_owned(), ahead_s: 3600, ..centre() });
    let mut board = Board::start(&stub.address, |own| own.user = Some(USER.to_owned()));
    let mut ahead = 0;
    board
        .until(|message, _| {
            if let Message::Clock { ahead: so_far, .. } = message {
                ahead = so_far.as_secs();
            }
            matches!(message, Message::Health { health: Health::Live, .. })
        })
        .await;
    assert!((3599..=3600).contains(&ahead), "{ahead}");
    assert!(board.words.iter().any(|words| words.contains("board@default may run every command")), "{:?}", board.words);
    let mut plain = Board::start(&stub.address, |_| {});
    plain.health(Health::Live).await;
    assert!(plain.words[1].contains("this password may run every command"), "{:?}", plain.words);
}
