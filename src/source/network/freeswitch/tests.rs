//! Runs sessions against a stub of FreeSWITCH, at a faster pace.

use std::io::Write;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::session::PollSchedule;
use super::*;
use crate::board::Health;
use crate::clock::{Clock, Time};
use crate::event::{self, Event, Step};
use crate::source::network::session;
use crate::source::running::Running;
use crate::source::{self, Connector, Message};
use stub::{EventSocket, StubState};

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../../../tests/it/support/event_socket.rs"]
mod stub;

/// Longer than anything takes, however busy the machine.
const TEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A running source, and the messages it sends.
struct TestSource {
    running: Option<Running>,
    from: mpsc::Receiver<Message>,
    _password: NamedTempFile,
}

impl TestSource {
    fn start(stub: &EventSocket, probe_ms: u64, cursor: Option<&str>) -> Self {
        let mut password = NamedTempFile::new().unwrap();
        password.write_all(stub::PASSWORD.as_bytes()).unwrap();
        let settings = Settings {
            address: stub.address.clone(),
            user: None,
            password: Secret::File(password.path().to_owned()),
            tls: None,
            intent: default_intent(),
            strip_domain: false,
        };
        let connector = Connector::FreeSwitch(Box::new(settings.clone()));
        let settings_of_source = source::Settings { name: Some("pbx".into()), ..source::Settings::from(connector) };
        let identity = source::SourceIdentity::new(0, &settings_of_source);
        let mut session = FreeSwitchSession::new(settings, "pbx".into(), cursor);
        let probe_every = Duration::from_millis(probe_ms);
        session.schedule = PollSchedule { probe_every, round_every: 2 * probe_every, round_pause: probe_every / 5 };
        let (to, from) = mpsc::channel(100);
        let running = session::start(identity, Clock::System, to, session).unwrap();
        Self { running: Some(running), from, _password: password }
    }

    /// The first message that `pick` finds something in.
    async fn until<T>(&mut self, mut pick: impl FnMut(Message) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = pick(self.from.recv().await.unwrap()) {
                    return found;
                }
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, found).await.unwrap()
    }

    async fn health(&mut self, wanted: Health) -> String {
        let pick = |message| match message {
            Message::Health { health, reason, .. } if health == wanted => Some(reason.to_string()),
            _ => None,
        };
        self.until(pick).await
    }

    async fn event(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let pick = |message| match message {
            Message::Events { events, .. } => events.into_iter().find(|event| wanted(event)),
            _ => None,
        };
        self.until(pick).await
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

fn step_of<'a>(event: &'a Event, of: &str) -> Option<&'a Step> {
    match &event.kind {
        event::EventKind::Contact { contact, step, .. } if contact.as_str() == of => Some(step),
        _ => None,
    }
}

#[tokio::test]
async fn a_freeswitch_that_goes_silent_is_stale_and_the_gap_is_reported() {
    let stub = EventSocket::start(StubState { queues: vec!["support@default".to_owned()], ..StubState::default() });
    let mut source = TestSource::start(&stub, 200, None);
    source.health(Health::Live).await;
    stub.state().is_silent = true;
    let reason = source.health(Health::Stale).await;
    assert!(reason.contains("has gone silent"), "{reason}");
    stub.state().is_silent = false;
    source.event(|event| matches!(event.kind, event::EventKind::Missed { .. })).await;
    source.health(Health::Live).await;
}

#[tokio::test]
async fn a_caller_whose_end_was_missed_is_lost_and_the_others_stay() {
    let stub = EventSocket::start(StubState { queues: vec!["night desk".to_owned()], ..StubState::default() });
    let joined = stub.now() - 60;
    for caller in ["1", "2"] {
        stub.put_member(caller, &format!("call-{caller}"), "night desk", joined, "Waiting", "");
    }
    let mut source = TestSource::start(&stub, 200, None);
    let offered = source.event(|event| matches!(step_of(event, "call-1"), Some(Step::Offered(_)))).await;
    assert_eq!(offered.at, Time::from_unix(joined));
    source.health(Health::Live).await;
    stub.state().members.remove("1");
    let lost = source.event(|event| matches!(event.kind, event::EventKind::Contact { step: Step::Lost, .. })).await;
    assert!(step_of(&lost, "call-1").is_some(), "{lost:?}");
    assert!(stub.state().commands.iter().any(|command| command.ends_with("members 'night desk'")));
}

#[tokio::test]
async fn members_of_an_earlier_run_are_compared_with_the_lists() {
    let stub = EventSocket::start(StubState { queues: vec!["support".to_owned()], ..StubState::default() });
    stub.put_member("1", "call-1", "support", stub.now() - 60, "Waiting", "");
    stub.put_member("2", "call-2", "support", stub.now() - 60, "Waiting", "");
    let mut first = TestSource::start(&stub, 5000, None);
    let cursor = first
        .until(|message| match message {
            Message::Events { cursor: Some(cursor), .. } => Some(cursor),
            _ => None,
        })
        .await;
    drop(first);
    stub.state().members.remove("2");
    let mut again = TestSource::start(&stub, 5000, Some(&cursor));
    let mut seen = Vec::new();
    again
        .until(|message| match message {
            Message::Events { events, .. } => {
                seen.extend(events);
                None
            }
            Message::Health { health, .. } => (health == Health::Live).then_some(()),
            _ => None,
        })
        .await;
    let steps: Vec<_> = seen.iter().filter(|event| matches!(event.kind, event::EventKind::Contact { .. })).collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!(step_of(steps[0], "call-2"), Some(&Step::Lost));
    assert!(seen.iter().any(|event| matches!(event.kind, event::EventKind::Missed { .. })));
}

#[test]
fn settings_that_cannot_work_are_refused_by_key() {
    let of = |text: &str| toml::from_str::<Settings>(&format!("password = {{ env = \"X\" }}\n{text}")).unwrap();
    assert_eq!(of("address = 'pbx'").check(), Ok(()));
    assert_eq!(of("address = 'pbx'").socket_address(), "pbx:8021");
    assert_eq!(of("address = '[::1]:9000'").socket_address(), "[::1]:9000");
    assert_eq!(of("address = 'pbx:1'\nuser = 'board@default'").check(), Ok(()));
    for (text, key) in [
        ("address = 'pbx:x'", "address"),
        ("address = ''", "address"),
        ("address = 'pbx'\nuser = 'board'", "user"),
        ("address = 'pbx'\nuser = 'board@a:b'", "user"),
        ("address = 'pbx'\nuser = \"board@a\\nevent plain all\"", "user"),
        ("address = 'pbx'\nintent = 'my intent'", "intent"),
    ] {
        assert_eq!(of(text).check().unwrap_err().0, key, "{text}");
    }
}
