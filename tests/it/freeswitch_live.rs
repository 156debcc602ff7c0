//! Runs the FreeSWITCH source against a stub on loopback, as it is started for the floor.

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
use floorwatch::net::tls::Tls;
use floorwatch::secret::Secret;
use floorwatch::source::network::freeswitch;
use floorwatch::source::{Connector, Message, Running, Settings};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::support::event_socket::{EventSocket, PASSWORD, StubState, USER};

/// Longer than anything takes, however busy the machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

struct TestSource {
    running: Option<Running>,
    from: mpsc::Receiver<Message>,
    events: Vec<Event>,
    /// All reasons and remarks.
    texts: Vec<String>,
    _password: NamedTempFile,
}

impl TestSource {
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
        Self { running: Some(running), from, events: Vec::new(), texts: Vec::new(), _password: file }
    }

    /// Receive messages until `is_enough` of the last one or of all events so far.
    async fn until(&mut self, mut is_enough: impl FnMut(&Message, &[Event]) -> bool) {
        let all = async {
            loop {
                let message = self.from.recv().await.unwrap();
                match &message {
                    Message::Events { events, .. } => self.events.extend(events.iter().cloned()),
                    Message::Health { reason, .. } => self.texts.push(reason.to_string()),
                    Message::Remark { remark, .. } => self.texts.push(remark.to_string()),
                    Message::Rejected { rejection, .. } => self.texts.push(rejection.reason.to_string()),
                    Message::Clock { .. } => {}
                }
                if is_enough(&message, &self.events) {
                    return;
                }
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, all).await.unwrap();
    }

    async fn health(&mut self, wanted: Health) -> String {
        self.until(|message, _| matches!(message, Message::Health { health, .. } if *health == wanted)).await;
        self.texts.last().unwrap().clone()
    }

    async fn take_events(&mut self, count: usize) -> Vec<Event> {
        if self.events.len() < count {
            self.until(|_, seen| seen.len() >= count).await;
        }
        std::mem::take(&mut self.events)
    }
}

impl Drop for TestSource {
    fn drop(&mut self) {
        self.from.close();
        if let Some(running) = self.running.take() {
            running.join();
        }
    }
}

fn call_centre() -> StubState {
    StubState {
        queues: vec!["support@default".to_owned(), "night desk@default".to_owned()],
        agents: vec![
            ("1000@default".to_owned(), "Available".to_owned(), "Waiting".to_owned(), 10),
            ("1001@default".to_owned(), "On Break".to_owned(), "Waiting".to_owned(), 0),
        ],
        tiers: vec![("support@default".to_owned(), "1000@default".to_owned())],
        allowed_api: "callcenter_config strmicroepoch".to_owned(),
        ..StubState::default()
    }
}

const M1: [(&str, &str); 4] = [
    ("CC-Queue", "support@default"),
    ("CC-Member-UUID", "m1"),
    ("CC-Member-Session-UUID", "call-1"),
    ("CC-Member-CID-Number", "+49 170 12"),
];
const AGENT: (&str, &str) = ("CC-Agent", "1000@default");

fn send_call(stub: &EventSocket) {
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
async fn lists_and_then_events_are_reported() {
    let stub = EventSocket::start(call_centre());
    stub.put_member("m0", "call-0", "night desk@default", stub.now() - 90, "Answered", "1001@default");
    let mut source = TestSource::start(&stub.address, |own| own.user = Some(USER.to_owned()));
    source.health(Health::Live).await;
    assert!(source.texts.iter().all(String::is_empty), "nothing to remark: {:?}", source.texts);
    let listed = source.take_events(0).await;
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

    send_call(&stub);
    let events = source.take_events(8).await;
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
async fn bytes_in_any_portions_give_the_same_events() {
    let stub = EventSocket::start(call_centre());
    let mut source = TestSource::start(&stub.address, |_| {});
    source.health(Health::Live).await;
    source.take_events(0).await;
    let micros = u128::try_from(stub.now()).unwrap() * 1_000_000;
    let call = |session: &str| {
        let about = [("CC-Queue", "support@default"), ("CC-Member-UUID", "m1"), ("CC-Member-Session-UUID", session)];
        let leave = [&about[..], &[("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "TIMEOUT")]].concat();
        let frame = |action, fields: &[(&str, &str)]| event_socket::event_frame(action, micros, fields);
        [frame("member-queue-start", &about), frame("member-queue-end", &leave)].concat()
    };
    for cut in 0..call("0000").len() {
        let bytes = call(&format!("{cut:04}"));
        if cut == 0 {
            stub.send(&bytes.chunks(1).collect::<Vec<_>>());
        } else {
            stub.send(&[&bytes[..cut], &bytes[cut..]]);
        }
        let events = source.take_events(2).await;
        let left = |event: &Event| {
            matches!(&event.kind, EventKind::Contact { step: Step::Left { reason: LeftReason::Timeout, .. }, .. })
        };
        assert!(left(&events[1]), "{events:?}");
        source.events.extend_from_slice(&events[2..]);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_mid_event_is_made_anew_and_nothing_is_reported_twice() {
    let stub = EventSocket::start(call_centre());
    stub.put_member("m1", "call-1", "support@default", stub.now() - 5, "Waiting", "");
    let mut source = TestSource::start(&stub.address, |_| {});
    source.health(Health::Live).await;
    let listed = source.take_events(0).await;
    stub.hang_up(&event_socket::event_frame("member-queue-start", 1, &M1)[..40]);
    assert!(source.health(Health::Stale).await.contains("closed the connection"), "{:?}", source.texts);
    source.health(Health::Live).await;
    let again = source.take_events(0).await;
    assert!(matches!(again[..], [Event { kind: EventKind::Missed { .. }, .. }]), "{again:?}, after {listed:?}");
    assert_eq!(stub.state().logins, 2);
}

#[tokio::test]
async fn a_source_without_a_cursor_counts_nothing_twice() {
    let stub = EventSocket::start(call_centre());
    let mut engine = Engine::new(engine::Settings::default());
    let mut first = TestSource::start(&stub.address, |_| {});
    first.health(Health::Live).await;
    stub.event("member-queue-start", &M1);
    first.until(|_, seen| seen.iter().any(|event| matches!(event.kind, EventKind::Contact { .. }))).await;
    let outcomes: Vec<_> = first.take_events(0).await.iter().map(|event| engine.apply(event)).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == ApplyOutcome::Counted), "{outcomes:?}");
    drop(first);

    // The same caller by the lists alone, and then the end of the call.
    stub.put_member("m1", "call-1", "support@default", stub.now(), "Waiting", "");
    let mut second = TestSource::start(&stub.address, |_| {});
    second.health(Health::Live).await;
    send_call(&stub);
    second
        .until(|_, seen| seen.iter().any(|event| is_step(event, |step| matches!(step, Step::Completed { .. }))))
        .await;
    let twice = |event: &Event| {
        engine.apply(event) == ApplyOutcome::Duplicate && is_step(event, |step| matches!(step, Step::Offered(_)))
    };
    assert_eq!(second.take_events(0).await.iter().map(twice).filter(|twice| *twice).count(), 1);
}

fn is_step(event: &Event, wanted: impl Fn(&Step) -> bool) -> bool {
    matches!(&event.kind, EventKind::Contact { step, .. } if wanted(step))
}

#[tokio::test]
async fn tls_is_spoken_and_certificates_are_checked() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stub = EventSocket::start(call_centre());
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
        ..Tls::default()
    };
    let mut trusting = TestSource::start(&address, |own| own.tls = Some(tls(Some(&ca), false)));
    trusting.health(Health::Live).await;
    let mut careless = TestSource::start(&address, |own| own.tls = Some(tls(None, true)));
    careless.health(Health::Live).await;
    assert!(
        careless.texts.iter().any(|texts| texts.starts_with("certificates are not checked")),
        "{:?}",
        careless.texts
    );
    let reason = fault_of(TestSource::start(&address, |own| own.tls = Some(tls(None, false)))).await;
    assert!(reason.contains("tls.ca"), "{reason}");
}

/// The reason of a source that never gets live.
async fn fault_of(mut source: TestSource) -> String {
    let reason = source.health(Health::Down).await;
    assert!(!reason.contains(PASSWORD) && !reason.contains("hunter2"), "{reason}");
    reason
}

#[tokio::test]
async fn every_fault_is_reported_with_its_remedy() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let reason = fault_of(TestSource::start(&closed, |_| {})).await;
    assert!(reason.contains("nobody listens at"), "{reason}");

    let stub = EventSocket::start(call_centre());
    let reason = fault_of(TestSource::with_password(&stub.address, "hunter2", |_| {})).await;
    assert!(reason.contains("does not take this password"), "{reason}");
    let user = |own: &mut freeswitch::Settings| own.user = Some(USER.to_owned());
    let reason = fault_of(TestSource::with_password(&stub.address, "hunter2", user)).await;
    assert!(reason.contains("esl-password of board@default"), "{reason}");

    let with = |change: fn(&mut StubState)| {
        let mut state = call_centre();
        change(&mut state);
        EventSocket::start(state)
    };
    let rude = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
    for (stub, expected) in [
        (with(|state| state.lacks_call_centre = true), "load mod_callcenter"),
        (with(|state| state.refuses_commands = true), "esl-allowed-api"),
        (with(|state| state.is_silent = true), "gone silent"),
        (with(|state| state.hangs = true), "does it hang?"),
        (EventSocket::start(StubState { greeting: Some(rude.into()), ..StubState::default() }), "access list"),
        (
            EventSocket::start(StubState {
                greeting: Some(b"HTTP/1.1 400 Bad\r\n\r\n".into()),
                ..StubState::default()
            }),
            "greet",
        ),
        (EventSocket::start(StubState { greeting: Some(b"SSH-2.0-x\r\n".into()), ..StubState::default() }), "closed"),
        (
            EventSocket::start(StubState { greeting: Some(vec![7; 70_000]), ..StubState::default() }),
            "is it FreeSWITCH?",
        ),
        (
            EventSocket::start(StubState {
                greeting: Some(b"Content-Length: 1073741824\n\n".into()),
                ..StubState::default()
            }),
            "16 MiB",
        ),
    ] {
        let reason = fault_of(TestSource::start(&stub.address, |_| {})).await;
        assert!(reason.contains(expected), "{reason}");
    }
}

#[tokio::test]
async fn a_freeswitch_that_hangs_after_it_was_well_is_said_to_hang() {
    let stub = EventSocket::start(call_centre());
    let mut source = TestSource::start(&stub.address, |_| {});
    source.health(Health::Live).await;
    stub.state().hangs = true;
    stub.hang_up(b"");
    let hangs = |message: &Message, _: &[Event]| matches!(message, Message::Health { reason, .. } if reason.as_str().ends_with("FreeSWITCH hangs"));
    source.until(hangs).await;
}

#[tokio::test]
async fn excess_rights_are_remarked_and_the_clock_s_difference_is_reported() {
    let stub = EventSocket::start(StubState {
        allowed_api: "all".to_owned(),
        allows_log: true,
        ahead_s: 3600,
        ..call_centre()
    });
    let mut source = TestSource::start(&stub.address, |own| own.user = Some(USER.to_owned()));
    let mut ahead = 0;
    source
        .until(|message, _| {
            if let Message::Clock { ahead: so_far, .. } = message {
                ahead = so_far.as_secs();
            }
            matches!(message, Message::Health { health: Health::Live, .. })
        })
        .await;
    assert!((3599..=3600).contains(&ahead), "{ahead}");
    for right in ["board@default may run every command", "may read FreeSWITCH's log", "sendevent", "callcenter_config)"]
    {
        assert!(source.texts.iter().any(|texts| texts.contains(right)), "{right}: {:?}", source.texts);
    }
    let mut plain = TestSource::start(&stub.address, |_| {});
    plain.health(Health::Live).await;
    assert!(plain.texts[1].contains("this password may run every command"), "{:?}", plain.texts);
}
