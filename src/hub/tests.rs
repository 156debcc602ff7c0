use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use futures_util::StreamExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::access::{Peer, Right, Role, TokenDigest, new_token};
use super::*;
use crate::alert;
use crate::board::{Board, Health, Keeper, Mode};
use crate::clock::Span;
use crate::clock::Time;
use crate::engine;
use crate::event::{Channel, Event, EventKind, Offer, Step};
use crate::floor::{Feed, Floor, Settings, SourceInfo};
use crate::source::Message;
use crate::text::{Patterns, Text};

/// A floor with two queues, in each of which a contact has waited far too long, and a hub that serves it.
pub(super) struct Scene {
    hub: Router,
    pub(super) handle: Handle,
    pub(super) clock: Clock,
    pub(super) to: mpsc::Sender<Message>,
}

pub(super) fn offered(contact: &str, queue: &str, at: Time) -> Event {
    let offer = Offer { customer: Some("0170 1234".into()), ..Offer::new(queue.into(), Channel::Voice) };
    let kind = EventKind::Contact { contact: contact.into(), queue: None, step: Step::Offered(offer) };
    Event { at, origin: "pbx".into(), id: None, kind }
}

fn token(name: &str, role: Role, queues: &[&str]) -> Token {
    let queues = Patterns::new(queues.iter().copied());
    Token { name: name.into(), role, sha256: TokenDigest::of(name), queues }
}

fn tokens() -> Vec<Token> {
    vec![
        token("wall", Role::Viewer, &[]),
        token("ann", Role::Supervisor, &[]),
        token("bob", Role::Supervisor, &["sales"]),
        token("pbx", Role::Ingest, &[]),
        token("root", Role::Admin, &[]),
    ]
}

impl Scene {
    pub(super) async fn new(tokens: Vec<Token>) -> Self {
        let scene = Self::bare(tokens).await;
        let long_ago = scene.clock.now() - Span::seconds(900);
        let events = vec![offered("c-1", "billing", long_ago), offered("c-2", "sales", long_ago)];
        scene.to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
        let mut boards = scene.handle.watch();
        while boards.borrow_and_update().alerts.len() < 2 {
            boards.changed().await.unwrap();
        }
        scene
    }

    /// A floor on which nothing has happened.
    async fn bare(tokens: Vec<Token>) -> Self {
        let now = Time::parse_rfc3339("2026-03-02T12:00:00Z").unwrap();
        let clock = Clock::manual(now);
        let settings = Settings {
            title: "floor".into(),
            engine: engine::Settings::default(),
            rules: alert::built_in(),
            alerts: alert::Settings::default(),
            worklist: crate::worklist::Settings::default(),
            sources: [("pbx", "events"), ("hub", "push")]
                .map(|(name, kind)| SourceInfo { name: name.into(), kind: kind.into() })
                .into(),
        };
        let (to, messages) = mpsc::channel(4);
        let (floor, handle) = Floor::new(settings, clock.clone(), Mode::Live, Feed::Sources(messages));
        tokio::spawn(floor.run());
        let event_slot = EventSlot::default();
        event_slot.open(1, "hub".into(), clock.clone(), &to);
        let (health, reason) = (Health::Live, Text::default());
        to.send(Message::Health { source: 0, health, reason, at: now, next_try: None }).await.unwrap();
        let config =
            ServerConfig { handle: handle.clone(), tokens, event_slot: Some(event_slot), clock: clock.clone() };
        let (_, hub) = build(config, CancellationToken::new());
        Self { hub, handle, clock, to }
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: &str) -> axum::response::Response {
        let peer = Peer::Network("10.0.0.7:4711".parse().unwrap());
        self.send_from(peer, method, path, token, body).await
    }

    async fn send_from(
        &self,
        peer: Peer,
        method: Method,
        path: &str,
        token: &str,
        body: &str,
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request = request.header(header::CONTENT_TYPE, "application/json");
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        TowerToHyperService::new(self.hub.clone()).call(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: &str) -> (u16, Value) {
        let response = self.send(method, path, token, body).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.ask(Method::GET, path, token, "").await
    }
}

/// Every endpoint, with a request that it accepts and the right that it requires.
const ENDPOINTS: &[(&str, &str, &str, Option<Right>)] = &[
    ("GET", "/healthz", "", None),
    ("GET", "/readyz", "", None),
    ("GET", "/openapi.json", "", None),
    ("GET", "/metrics", "", Some(Right::View)),
    ("GET", "/v1/board", "", Some(Right::View)),
    ("GET", "/v1/board/stream", "", Some(Right::View)),
    ("GET", "/v1/figures?kpis=asa&of=queue:sales", "", Some(Right::View)),
    (
        "POST",
        "/v1/figures",
        r#"{"of":[["queue","sales"]],"by":[],"over":{"window":"today"},"kpis":["asa"]}"#,
        Some(Right::View),
    ),
    ("GET", "/v1/figures/stream?kpis=asa&of=queue:sales", "", Some(Right::View)),
    ("POST", "/v1/contacts", r#"{"of":[],"over":{"window":"today"},"only":"all","limit":10}"#, Some(Right::View)),
    ("GET", "/v1/agents/states?agent=ann", "", Some(Right::View)),
    ("GET", "/v1/kpis", "", Some(Right::View)),
    ("GET", "/v1/alerts", "", Some(Right::View)),
    ("GET", "/v1/alerts/history", "", Some(Right::View)),
    ("POST", "/v1/alerts/999/acknowledge", r#"{"version":1}"#, Some(Right::Act)),
    ("POST", "/v1/alerts/999/snooze", r#"{"version":1,"seconds":60}"#, Some(Right::Act)),
    ("POST", "/v1/alerts/999/note", r#"{"version":1,"note":"x"}"#, Some(Right::Act)),
    ("POST", "/v1/alerts/999/undo", r#"{"version":1}"#, Some(Right::Act)),
    ("GET", "/v1/worklist", "", Some(Right::View)),
    ("POST", "/v1/worklist/999/claim", r#"{"version":1}"#, Some(Right::Act)),
    ("POST", "/v1/worklist/999/done", r#"{"version":1,"outcome":"reached"}"#, Some(Right::Act)),
    ("POST", "/v1/worklist/999/note", r#"{"version":1,"note":"x"}"#, Some(Right::Act)),
    ("POST", "/v1/worklist/999/undo", r#"{"version":1}"#, Some(Right::Act)),
    ("GET", "/v1/annotations", "", Some(Right::View)),
    ("POST", "/v1/annotations", r#"{"text":"x","of":[["queue","sales"]]}"#, Some(Right::Act)),
    ("POST", "/v1/annotations/999/remove", "{}", Some(Right::Act)),
    ("POST", "/v1/events", "[]", Some(Right::Ingest)),
];

#[tokio::test]
async fn who_may_do_what_is_a_table() {
    let scene = Scene::new(tokens()).await;
    let there = || Peer::Network("10.0.0.7:4711".parse().unwrap());
    let login = |ours| Peer::Login { name: "eve".into(), process: 1, ours };
    let callers = [
        (there(), "", None),
        (there(), "nobody", None),
        (there(), "wall", Some(Role::Viewer)),
        (there(), "ann", Some(Role::Supervisor)),
        (there(), "bob", Some(Role::Supervisor)),
        (there(), "pbx", Some(Role::Ingest)),
        (there(), "root", Some(Role::Admin)),
        // If there are tokens, a caller on this machine needs one too.
        (Peer::Network("127.0.0.1:4711".parse().unwrap()), "", None),
        (login(false), "", Some(Role::Supervisor)),
        (login(true), "", Some(Role::Admin)),
        // A valid token takes precedence over the login, and a wrong one is refused.
        (login(true), "wall", Some(Role::Viewer)),
        (login(true), "nobody", None),
    ];
    for (method, path, body, right) in ENDPOINTS {
        for (peer, token, role) in &callers {
            let response = scene.send_from(peer.clone(), method.parse().unwrap(), path, token, body).await;
            let status = response.status().as_u16();
            let (may, known) = match (right, role) {
                (None, _) => (true, true),
                (Some(_), None) => (false, false),
                (Some(right), Some(role)) => (role.may(*right), true),
            };
            let expected = match (may, known, path.contains("/999/")) {
                (true, _, true) => 404,
                (true, _, false) => 200,
                (false, true, _) => 403,
                (false, false, _) => 401,
            };
            assert_eq!(status, expected, "{method} {path} of {peer:?} as `{token}`");
        }
    }
}

#[test]
fn a_floor_that_waits_for_its_journal_or_its_writer_is_not_ready() {
    let ready = Board { seq: 1, keeper: Keeper::Us, ..Board::default() };
    let follower = || Board { keeper: Keeper::Other("ann on pbx".into()), ..ready.clone() };
    let silent = Board { silent_since: Some(Time::from_unix(1_000)), ..follower() };
    for (board, why_not) in [
        (Board { keeper: Keeper::Loading, ..ready.clone() }, Some("is being read")),
        (Board { keeper: Keeper::Failed("it was deleted".into()), ..ready.clone() }, Some("it was deleted")),
        (Board { seq: 0, ..ready.clone() }, Some("has just begun")),
        (silent, Some("ann on pbx")),
        (follower(), None),
        (ready.clone(), None),
    ] {
        let said = api::why_not_ready(&board);
        assert_eq!(said.is_some(), why_not.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(why_not.unwrap_or_default()), "{:?}", board.keeper);
    }
}

#[tokio::test]
async fn every_endpoint_is_in_the_table_and_in_the_description() {
    let scene = Scene::new(tokens()).await;
    let (_, api) = scene.get("/openapi.json", "").await;
    let mut described: Vec<String> = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let mut tabled: Vec<String> = ENDPOINTS
        .iter()
        .map(|(method, path, ..)| {
            let path = path.split('?').next().unwrap().replace("/999/", "/{id}/");
            format!("{method} {path}")
        })
        .collect();
    described.sort();
    tabled.sort();
    assert_eq!(described, tabled);
}

#[tokio::test]
async fn what_the_description_allows_is_taken_and_what_is_refused_it_does_not_allow() {
    let scene = Scene::new(tokens()).await;
    let (_, api) = scene.get("/openapi.json", "").await;
    let pair = &api["components"]["schemas"]["Slice"]["items"];
    assert_eq!((&pair["minItems"], &pair["maxItems"], &pair["items"]), (&json!(2), &json!(2), &json!(false)), "{pair}");
    let params = api["paths"]["/v1/figures"]["get"]["parameters"].as_array().unwrap();
    let param = |name: &str| &params.iter().find(|param| param["name"] == name).unwrap()["schema"];
    assert_eq!(param("of")["items"]["pattern"], "^(queue|intent|agent|channel|team):");
    assert_eq!((&param("by")["maxItems"], &param("kpis")["minItems"]), (&json!(2), &json!(1)));
    let event = &api["components"]["schemas"]["ContactEvent"];
    assert_eq!(event["required"], json!(["specversion", "id", "source", "type", "time"]));
    // To JSON Schema, 10.0 is an integer.
    let contacts = r#"{"of":[],"over":{"window":"today"},"only":"all","limit":10.0}"#;
    assert_eq!(scene.ask(Method::POST, "/v1/contacts", "ann", contacts).await.0, 200);
    let contacts = contacts.replace("10.0", "10.5");
    assert_eq!(scene.ask(Method::POST, "/v1/contacts", "ann", &contacts).await.0, 400);
    // What no schema can say.
    let backwards = "/v1/figures?kpis=offered&over=2026-03-02T09:00:00Z..2026-03-01T09:00:00Z";
    assert_eq!(scene.get(backwards, "ann").await.0, 422);
}

#[tokio::test]
async fn of_two_at_once_one_wins_and_the_other_is_told_who() {
    let scene = Scene::new(tokens()).await;
    let (_, alerts) = scene.get("/v1/alerts", "ann").await;
    let alert = alerts.as_array().unwrap().iter().find(|alert| alert["slice"][0][1] == "sales").unwrap();
    let path = format!("/v1/alerts/{}/acknowledge", alert["id"]);
    let body =
        json!({"version": alert["version"], "note": "on it", "who": {"name": "eve", "from": "afar"}}).to_string();
    let (ann, bob) =
        tokio::join!(scene.ask(Method::POST, &path, "ann", &body), scene.ask(Method::POST, &path, "bob", &body),);
    let (won, lost) = if ann.0 == 200 { (&ann, &bob) } else { (&bob, &ann) };
    assert_eq!((won.0, lost.0), (200, 409), "{ann:?} {bob:?}");
    let winner = &won.1["acknowledged"]["who"];
    assert_eq!(lost.1["first"], winner["name"]);
    assert_eq!(lost.1["code"], "taken");
    // The name comes from the token and the address from the connection, whatever the request says.
    assert_eq!(winner["from"], "10.0.0.7");
}

#[tokio::test]
async fn a_token_for_one_queue_sees_nothing_of_another_whatever_it_asks() {
    let scene = Scene::new(tokens()).await;
    for (method, path, body) in [
        ("GET", "/v1/board", ""),
        ("GET", "/v1/alerts", ""),
        ("GET", "/v1/alerts/history", ""),
        ("GET", "/metrics", ""),
        ("GET", "/v1/figures?kpis=offered&by=queue", ""),
        ("GET", "/v1/figures?kpis=offered&by=agent,queue", ""),
        ("POST", "/v1/contacts", r#"{"of":[],"over":{"window":"today"},"only":"all","limit":10}"#),
        ("POST", "/v1/contacts", r#"{"of":[],"over":{"window":"today"},"only":"live","limit":10}"#),
        ("POST", "/v1/contacts", r#"{"of":[["queue","billing"]],"over":{"window":"today"},"only":"all","limit":10}"#),
    ] {
        let (status, seen) = scene.ask(method.parse().unwrap(), path, "bob", body).await;
        assert_eq!(status, 200, "{path}");
        let seen = seen.to_string();
        assert!(!seen.contains("billing") && !seen.contains("c-1"), "{path}: {seen}");
    }
    for path in [
        "/v1/figures?kpis=offered",
        "/v1/figures?kpis=offered&of=queue:billing",
        "/v1/figures?kpis=offered&of=queue:sales&of=queue:billing",
        "/v1/figures?kpis=offered&by=intent",
        "/v1/figures?kpis=offered&of=intent:refund&by=agent",
        "/v1/figures?kpis=offered&of=queue:billing&by=queue",
        "/v1/figures/stream?kpis=offered&of=queue:billing",
    ] {
        assert_eq!(scene.get(path, "bob").await.0, 403, "{path}");
        assert_eq!(scene.send(Method::GET, path, "ann", "").await.status(), 200, "{path}");
    }
    let (_, alerts) = scene.get("/v1/alerts", "ann").await;
    let alert = alerts.as_array().unwrap().iter().find(|alert| alert["slice"][0][1] == "billing").unwrap();
    let path = format!("/v1/alerts/{}/acknowledge", alert["id"]);
    let (status, _) = scene.ask(Method::POST, &path, "bob", &json!({"version": alert["version"]}).to_string()).await;
    assert_eq!(status, 404);
    let (_, answer) = scene.get("/v1/figures?kpis=offered&by=queue", "bob").await;
    assert_eq!(answer["total"][0]["value"], Value::Null);
    assert_eq!(answer["rows"][0]["figures"][0]["value"], 1.0);
}

#[tokio::test]
async fn a_resolved_alert_of_a_hidden_queue_is_answered_like_one_that_never_was() {
    let scene = Scene::new(tokens()).await;
    let (_, alerts) = scene.get("/v1/alerts", "ann").await;
    let id_of = |queue: &str| {
        let alert = alerts.as_array().unwrap().iter().find(|alert| alert["slice"][0][1] == queue).unwrap();
        alert["id"].as_u64().unwrap()
    };
    let (hidden, shown) = (id_of("billing"), id_of("sales"));
    let gone = |contact: &str| {
        let step = Step::Abandoned { wait: None, position: None };
        let kind = EventKind::Contact { contact: contact.into(), queue: None, step };
        Event { at: scene.clock.now(), origin: "pbx".into(), id: None, kind }
    };
    let events = vec![gone("c-1"), gone("c-2")];
    scene.to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
    for _ in 0..100 {
        if scene.handle.watch().borrow().alerts.is_empty() {
            break;
        }
        scene.clock.set(scene.clock.now() + Span::seconds(30));
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let (_, past) = scene.get("/v1/alerts/history", "ann").await;
    assert_eq!(past.as_array().unwrap().len(), 2, "{past}");

    let note = |version: u64| json!({"version": version, "note": "private"}).to_string();
    for version in [0, 1, 2, 3, 99] {
        for (act, body) in [
            ("note", note(version)),
            ("acknowledge", note(version)),
            ("undo", json!({"version": version}).to_string()),
            ("snooze", json!({"version": version, "seconds": 60}).to_string()),
        ] {
            let ask = async |id: u64| {
                let (status, said) = scene.ask(Method::POST, &format!("/v1/alerts/{id}/{act}"), "bob", &body).await;
                (status, said.to_string().replace(&id.to_string(), "ID"))
            };
            let (of_hidden, of_none) = (ask(hidden).await, ask(424_242).await);
            assert_eq!(of_hidden.0, 404, "{act} {version}: {}", of_hidden.1);
            assert_eq!(of_hidden, of_none, "{act} {version}");
        }
    }
    for (id, who) in [(hidden, "ann"), (shown, "bob")] {
        let path = format!("/v1/alerts/{id}/note");
        assert_eq!(scene.ask(Method::POST, &path, who, &note(1)).await.0, 200, "{who}");
    }
    // A note on a resolved alert appears in the history at once, for those who may see the queue.
    for (who, notes) in [("ann", 2), ("bob", 1)] {
        let (_, past) = scene.get("/v1/alerts/history", who).await;
        assert_eq!(past.to_string().matches("private").count(), notes, "{who}: {past}");
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_whole_and_goes_on_with_what_changes() {
    let scene = Scene::new(tokens()).await;
    let response = scene.send(Method::GET, "/v1/board/stream", "wall", "").await;
    let mut events = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.starts_with(": connected"));
    let whole = next().await;
    assert!(whole.starts_with("event: whole\nid: "), "{whole}");
    let data = |event: &str| serde_json::from_str::<Value>(event.split("data: ").nth(1).unwrap().trim()).unwrap();
    let mut board = data(&whole);
    assert_eq!(board["queues"].as_array().unwrap().len(), 2);
    scene.clock.set(scene.clock.now() + Span::seconds(5));
    let events_ = vec![offered("c-3", "billing", scene.clock.now())];
    scene.to.send(Message::Events { source: 0, events: events_, cursor: None, receipt: None }).await.unwrap();
    let change = loop {
        let event = next().await;
        if event.starts_with("event: change") {
            let patch: json_patch::Patch = serde_json::from_value(data(&event)).unwrap();
            json_patch::patch(&mut board, &patch).unwrap();
            if board["waiting"].as_array().unwrap().len() == 3 {
                break event;
            }
        }
    };
    assert!(change.len() < whole.len(), "a change is smaller than the whole");
    let board: crate::board::Board = serde_json::from_value(board).unwrap();
    assert_eq!(board.waiting.len(), 3);
}

#[tokio::test]
async fn a_page_that_led_a_browser_here_is_nobody() {
    let scene = Scene::new(Vec::new()).await;
    for (host, status) in [
        (&b"127.0.0.1:7070"[..], 200),
        (b"localhost", 200),
        (b"[::1]:7070", 200),
        (b"evil.example:7070", 401),
        (b"evil\xff", 401),
    ] {
        let mut request = Request::builder().uri("/v1/board").header(header::HOST, host).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(Peer::Network("127.0.0.1:4711".parse().unwrap())));
        assert_eq!(
            TowerToHyperService::new(scene.hub.clone()).call(request).await.unwrap().status(),
            status,
            "{host:?}"
        );
    }
}

#[test]
fn without_tokens_this_machine_may_look_and_logins_are_known() {
    let here = Peer::Network("127.0.0.1:9".parse().unwrap());
    let there = Peer::Network("10.0.0.7:9".parse().unwrap());
    let role = |peer: &Peer, tokens: &[Token]| access::identify(peer, None, tokens).map(|caller| caller.role);
    assert_eq!(role(&here, &[]), Some(Role::Viewer));
    assert_eq!(role(&there, &[]), None);
    assert_eq!(role(&here, &tokens()), None);
    let ann = Peer::Login { name: "ann".into(), process: 1, ours: false };
    assert_eq!(role(&ann, &tokens()), Some(Role::Supervisor));
    assert_eq!(access::identify(&ann, None, &[]).unwrap().who.name.as_str(), "ann");
    assert_eq!(role(&Peer::Login { name: "floor".into(), process: 1, ours: true }, &[]), Some(Role::Admin));
    // A wrong token is not the same as none.
    assert_eq!(access::identify(&ann, Some(b""), &tokens()), None);
}

#[test]
fn a_token_is_new_each_time_and_its_digest_reads_back() {
    let (one, two) = (new_token().unwrap(), new_token().unwrap());
    assert_ne!(one, two);
    let print = TokenDigest::of(&one);
    let text = format!("name = \"a\"\nrole = \"viewer\"\nsha256 = \"{print}\"");
    assert_eq!(toml::from_str::<Token>(&text).unwrap().sha256, print);
    assert!(toml::from_str::<Token>(&text.replace(&print.to_string(), "abc")).is_err());
}

/// Calls in queues that may be seen (`sales`, `sales desk`) or that are hidden.
#[derive(Clone, Debug)]
struct CallScript {
    queue: usize,
    ago: i64,
    end: u8,
}

const QUEUES: [&str; 4] = ["sales", "sales desk", "billing", "hidden billing"];

impl CallScript {
    fn events(&self, n: usize, now: Time) -> Vec<Event> {
        let queue = QUEUES[self.queue];
        // The id is the same in every floor, whatever else happens there.
        let contact = format!("{queue}-{n}");
        let at = now - Span::seconds(self.ago);
        let step = |after: i64, step: Step| Event {
            at: at + Span::seconds(after),
            origin: "pbx".into(),
            id: None,
            kind: EventKind::Contact { contact: contact.as_str().into(), queue: None, step },
        };
        let mut first = offered(&contact, queue, at);
        if let EventKind::Contact { step: Step::Offered(offer), .. } = &mut first.kind {
            offer.customer = Some(contact.as_str().into());
        }
        let mut events = vec![first];
        match self.end {
            1 => events.push(step(20, Step::Abandoned { wait: None, position: None })),
            // An agent of this queue alone; the shared agent serves other queues too.
            2 => {
                let agent = format!("agent of {queue}").as_str().into();
                events.push(step(10, Step::Answered { agent, wait: None }));
            }
            _ => {}
        }
        events
    }
}

mod property {
    use proptest::prelude::*;

    use super::*;

    /// Ann serves a visible queue, and the hidden ones that have calls.
    fn shared_agent(calls: &[CallScript], now: Time) -> Vec<Event> {
        let hidden =
            QUEUES.iter().enumerate().skip(2).filter(|(queue, _)| calls.iter().any(|call| call.queue == *queue));
        let queues = std::iter::once("sales").chain(hidden.map(|(_, name)| *name)).map(Into::into).collect();
        let profile = crate::event::AgentProfile { agent: "ann".into(), queues, ..Default::default() };
        let state = crate::event::AgentState::Available;
        let state = EventKind::AgentState { agent: "ann".into(), state, reason: None, lasts: None };
        let event = |kind| Event { at: now - Span::seconds(7_300), origin: "pbx".into(), id: None, kind };
        vec![event(EventKind::AgentProfile(profile)), event(state)]
    }

    /// A floor with these calls, for bob, who may see the queues whose names begin with sales.
    async fn floor(calls: &[CallScript]) -> Scene {
        let tokens = vec![token("ann", Role::Supervisor, &[]), token("bob", Role::Supervisor, &["sales*"])];
        let scene = Scene::bare(tokens).await;
        let now = scene.clock.now();
        let mut counts = [0; QUEUES.len()];
        let mut events = shared_agent(calls, now);
        for call in calls {
            counts[call.queue] += 1;
            events.extend(call.events(counts[call.queue], now));
        }
        events.sort_by_key(|event| event.at);
        let (sender, receipt) = tokio::sync::oneshot::channel();
        scene.to.send(Message::Events { source: 0, events, cursor: None, receipt: Some(sender) }).await.unwrap();
        receipt.await.unwrap();
        // All calls are on the board, and contacts that have waited far too long have alerts.
        let waiting = calls.iter().filter(|call| call.end == 0);
        let late: std::collections::BTreeSet<usize> =
            waiting.clone().filter(|call| call.ago > 900).map(|call| call.queue).collect();
        let waiting = waiting.count();
        let mut boards = scene.handle.watch();
        let there = boards.wait_for(|board| board.waiting.len() == waiting && board.alerts.len() >= late.len());
        let there = tokio::time::timeout(std::time::Duration::from_secs(20), there).await;
        assert!(there.is_ok(), "{waiting} wait, {} queues for too long", late.len());
        drop(there);
        scene
    }

    /// Remove the fields that do not depend on any queue: times and running numbers.
    fn plain(mut value: Value) -> Value {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(fields) => {
                    for name in ["at", "seq"] {
                        fields.shift_remove(name);
                    }
                    // An alert's id is a number; a queue's id is a name.
                    if fields.get("id").is_some_and(Value::is_number) {
                        fields.shift_remove("id");
                    }
                    fields.values_mut().for_each(strip);
                }
                Value::Array(values) => values.iter_mut().for_each(strip),
                _ => {}
            }
        }
        strip(&mut value);
        value
    }

    fn calls(queues: std::ops::Range<usize>) -> impl Strategy<Value = Vec<CallScript>> {
        let call = (queues, 1..7200_i64, 0..3_u8).prop_map(|(queue, ago, end)| CallScript { queue, ago, end });
        proptest::collection::vec(call, 0..12)
    }

    fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
        proptest::sample::select(words).prop_map(str::to_owned)
    }

    /// Arbitrary query parameters, for a URL or a body.
    fn query_params() -> impl Strategy<Value = (&'static str, String, String)> {
        let of = proptest::collection::vec(
            word(&[
                "queue:sales",
                "queue:sales%20desk",
                "queue:billing",
                "queue:*",
                "queue:hidden%20billing",
                "agent:ann",
                "intent:x",
                "channel:voice",
                "team:t",
                "queue:",
                "queue:SALES",
            ]),
            0..3,
        );
        let by = word(&[
            "",
            "queue",
            "agent",
            "queue,agent",
            "agent,queue",
            "intent",
            "channel",
            "team,queue",
            "queue,queue",
        ]);
        let over = word(&["today", "15m", "1h", "7d", "2026-03-02T00:00:00Z..2026-03-02T13:00:00Z"]);
        let every = word(&["", "30m", "1d"]);
        let kpis =
            word(&["offered", "offered,abandoned,asa_s", "waiting,longest_wait_s", "service_level,abandonment_rate"]);
        let figures = (of, by, over, every, kpis).prop_map(|(of, by, over, every, kpis)| {
            let mut path = format!("/v1/figures?kpis={}&over={over}", kpis.replace("asa_s", "asa"));
            for of in of {
                path.extend(["&of=", of.as_str()]);
            }
            for (key, value) in [("by", by), ("every", every)] {
                if !value.is_empty() {
                    path.extend(["&", key, "=", value.as_str()]);
                }
            }
            ("GET", path, String::new())
        });
        let rows = word(&[
            r#"{"of":["sales","billing","ann"]}"#,
            r#"{"first":{"kpi":"waiting","descending":true,"limit":1}}"#,
            r#"{"first":{"kpi":"offered","descending":false,"limit":2}}"#,
        ]);
        let selected = (word(&["queue", "agent", "intent"]), rows).prop_map(|(by, rows)| {
            let query = format!(r#""of":[],"by":["{by}"],"over":{{"window":"today"}},"kpis":["offered","waiting"]"#);
            ("POST", "/v1/figures".to_owned(), format!(r#"{{{query},"rows":{rows}}}"#))
        });
        let slice = word(&["[]", r#"[["queue","sales"]]"#, r#"[["queue","billing"]]"#, r#"[["channel","voice"]]"#]);
        let only = word(&["all", "abandoned", "live"]);
        let contacts = (slice, only, 0..20_usize).prop_map(|(of, only, limit)| {
            let body = format!(r#"{{"of":{of},"over":{{"window":"today"}},"only":"{only}","limit":{limit}}}"#);
            ("POST", "/v1/contacts".to_owned(), body)
        });
        let plain = word(&[
            "/v1/board",
            "/metrics",
            "/v1/alerts/history",
            "/v1/alerts/history?limit=1",
            "/v1/figures?kpis=agents_available&of=queue:sales&by=queue",
            "/v1/figures?kpis=agents_available,waiting&of=queue:sales&by=queue,agent",
        ]);
        prop_oneof![3 => figures, 2 => selected, 2 => contacts, 1 => plain.prop_map(|path| ("GET", path, String::new()))]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, max_shrink_time: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn floors_that_differ_in_what_is_hidden_answer_the_same(
            seen in calls(0..2),
            hidden in calls(2..4),
            others in calls(2..4),
            questions in proptest::collection::vec(query_params(), 1..12),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (one, other) = ([&seen[..], &hidden].concat(), [&seen[..], &others].concat());
                let (one, other) = tokio::join!(floor(&one), floor(&other));
                for (method, path, body) in &questions {
                    let ask = async |scene: &Scene| {
                        let (status, said) = scene.ask(method.parse().unwrap(), path, "bob", body).await;
                        (status, plain(said))
                    };
                    let (mut left, mut right) = (ask(&one).await, ask(&other).await);
                    // Each board has a time of its own.
                    for _ in 0..30 {
                        if left == right {
                            break;
                        }
                        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                        (left, right) = (ask(&one).await, ask(&other).await);
                    }
                    let text = left.1.to_string();
                    assert!(!text.contains("billing"), "{path} {body}: {text}");
                    assert_eq!(left, right, "{path} {body}");
                }
            });
        }
    }
}
