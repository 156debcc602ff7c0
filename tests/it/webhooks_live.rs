//! Pushes what vendors push to a `listen` source with their presets: signatures, repetition, disorder, and what is not known.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{Engine, Settings as EngineSettings};
use floorwatch::event::{AgentState, Event, EventKind};
use floorwatch::kpi::{Dim, KpiId, Period, Query, Slice};
use floorwatch::source::{Connector, Message, Receipt, Running, Settings};
use reqwest::{Client, RequestBuilder};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

const SECRET: &str = "a-signing-secret-of-good-length";
const SINK: &str = "https://floor.example.com/v1/events";
const PATIENCE: Duration = Duration::from_secs(40);

/// What a floor would know of the source.
#[derive(Default)]
struct Seen {
    /// The events, each as often as it came.
    events: Vec<Event>,
    is_live: bool,
    rejected: Vec<String>,
    remark: String,
}

/// A source with a vendor's preset, and a floor that confirms everything.
struct Webhook {
    url: String,
    seen: Arc<Mutex<Seen>>,
    client: Client,
    running: Option<Running>,
    _folder: TempDir,
}

impl Webhook {
    /// Open the preset with these keys; `{secret}` stands for where the secret is.
    async fn open(preset: &str, keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, format!("an-older-secret-of-good-length\n{SECRET}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let keys = keys.replace("{secret}", &format!("{{ file = '{}' }}", path.display()));
        let keys = format!("address = '{address}'\n{keys}").parse().unwrap();
        let connector = Connector::of_listen_preset(preset, keys, None).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(connector.check(), Ok(()));
        let (to, messages) = mpsc::channel(64);
        let settings = Settings { name: Some("cloud".into()), ..Settings::from(connector) };
        let running = floorwatch::source::spawn(0, &settings, Clock::System, None, to).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        tokio::spawn(receive(messages, Arc::clone(&seen)));
        // The process's default crypto provider is set by the first test that gets here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{address}/v1/events");
        let webhook = Self { url, seen, client, running: Some(running), _folder: folder };
        webhook.until("live", |seen| seen.is_live).await;
        webhook
    }

    async fn until(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(&self.seen.lock().unwrap()) {
            assert!(Instant::now() < end, "waited in vain for {what}: {}", self.seen.lock().unwrap().remark);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn post(&self, query: &str, body: &str) -> RequestBuilder {
        let json = "application/json; charset=utf-8";
        self.client.post(format!("{}{query}", self.url)).header("content-type", json).body(body.to_owned())
    }

    /// Push as Twilio does: the address with the hash of the body is signed.
    async fn push_as_twilio(&self, body: &Value, secret: &str) -> (u16, Value) {
        let body = body.to_string();
        let query = body_hash(&body);
        let signature = sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, &format!("{SINK}{query}"));
        answer(self.post(&query, &body).header("X-Twilio-Signature", signature)).await
    }

    /// Push as Zendesk does: date and body are signed.
    async fn push_as_zendesk(&self, body: &str, at: Time) -> (u16, Value) {
        let at = at.to_string();
        let signature = sign(hmac::HMAC_SHA256, SECRET, &format!("{at}{body}"));
        let request = self.post("", body).header("X-Zendesk-Webhook-Signature-Timestamp", at);
        answer(request.header("X-Zendesk-Webhook-Signature", signature)).await
    }

    /// An engine that was told everything in the order in which it came.
    fn engine(&self) -> Engine {
        let mut engine = Engine::new(EngineSettings::default());
        for event in &self.seen.lock().unwrap().events {
            engine.apply(event);
        }
        engine
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

async fn receive(mut messages: mpsc::Receiver<Message>, seen: Arc<Mutex<Seen>>) {
    while let Some(message) = messages.recv().await {
        let mut seen = seen.lock().unwrap();
        match message {
            Message::Events { events, receipt, .. } => {
                let is_new = |event: &&Event| seen.events.iter().all(|known| known.id != event.id);
                let taken = events.iter().filter(is_new).count();
                let duplicates = events.len() - taken;
                seen.events.extend(events);
                let receipt = receipt.unwrap();
                drop(receipt.send(Receipt { taken, duplicates, refused: 0, refusals: Vec::new(), stored: Ok(()) }));
            }
            Message::Rejected { rejection, .. } => seen.rejected.push(rejection.reason.to_string()),
            Message::Health { health, .. } => seen.is_live |= health == Health::Live,
            Message::Remark { remark, .. } => seen.remark = remark.to_string(),
            Message::Clock { .. } => {}
        }
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// The query with the hash of a body, as Twilio sends it.
fn body_hash(body: &str) -> String {
    let hash = digest::digest(&digest::SHA256, body.as_bytes());
    let hash: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("?bodySHA256={}", hash.concat())
}

fn sign(algorithm: hmac::Algorithm, secret: &str, signed: &str) -> String {
    BASE64_STANDARD.encode(hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), signed.as_bytes()))
}

/// Figures of a queue over the day of the tests.
fn figures(engine: &mut Engine, queue: &str, kpis: &[KpiId]) -> Vec<Option<f64>> {
    let day = Time::parse_rfc3339("2026-03-02T00:00:00Z").unwrap();
    let over = Period::Range(day, day + Span::DAY);
    let of = Slice::of(Dim::Queue, queue.into());
    let query = Query { of, by: Vec::new(), over, every: None, kpis: kpis.to_vec(), formula: None };
    engine.ask(&query, day + Span::DAY).total.iter().map(|figure| figure.value).collect()
}

const COUNTS: [KpiId; 5] = [KpiId::Offered, KpiId::Answered, KpiId::Abandoned, KpiId::Left, KpiId::Handled];

/// An event of Twilio at `at` (minutes and seconds after nine).
fn twilio(id: u32, kind: &str, at: &str, payload: Value) -> Value {
    let time = format!("2026-03-02T09:{at}.000Z");
    let mut all = json!({
        "workspace_sid": "WS0e", "workflow_name": "Everyone", "task_sid": "WT1", "task_priority": 5,
        "task_queue_name": "Billing", "task_queue_sid": "WQ1", "task_channel_unique_name": "voice",
        "task_attributes": "{\"from\":\"+491711\"}", "timestamp": time,
    });
    let Value::Object(payload) = payload else { panic!("{payload}") };
    all.as_object_mut().unwrap().extend(payload);
    json!({
        "specversion": "1.0", "type": format!("com.twilio.taskrouter.{kind}"), "source": "AC0e", "id": format!("EV{id}"),
        "dataschema": "https://events-schemas.twilio.com/TaskRouter.WDSEvent/4", "datacontenttype": "application/json",
        "time": time, "data": {"name": "Event", "timestamp": time, "product_name": "TaskRouter", "payload": all},
    })
}

const TWILIO: &str = "signature = { secret = {secret}, url = 'https://floor.example.com/v1/events' }";

#[tokio::test(flavor = "multi_thread")]
async fn twilio_s_tasks_become_contacts_however_they_come() {
    let webhook = Webhook::open("twilio-event-streams", TWILIO).await;
    let worker = |name: &str| json!({"worker_name": name, "reservation_sid": format!("WR-{name}")});
    let second = |payload: Value| {
        let mut all = json!({"task_sid": "WT2"});
        all.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
        all
    };
    let events = [
        twilio(
            1,
            "worker.activity.update",
            "00:00",
            json!({"worker_name": "ann", "worker_activity_name": "Available", "task_sid": null}),
        ),
        twilio(
            2,
            "worker.activity.update",
            "00:01",
            json!({"worker_name": "bo", "worker_activity_name": "Coffee", "worker_available": "false", "task_sid": null}),
        ),
        twilio(3, "task.created", "01:00", json!({})),
        twilio(4, "task-queue.entered", "01:00", json!({})),
        twilio(5, "reservation.created", "01:05", worker("bo")),
        twilio(6, "reservation.timeout", "01:20", worker("bo")),
        twilio(7, "reservation.created", "01:21", worker("ann")),
        twilio(8, "reservation.accepted", "01:30", worker("ann")),
        twilio(9, "reservation.wrapup", "05:30", worker("ann")),
        twilio(10, "task.wrapup", "05:30", json!({})),
        twilio(11, "reservation.completed", "06:00", worker("ann")),
        // Moved on, then given up in the next queue.
        twilio(12, "task-queue.entered", "02:00", second(json!({}))),
        twilio(
            13,
            "task-queue.moved",
            "02:40",
            second(json!({"previous_task_queue_name": "Billing", "task_queue_name": "Overflow"})),
        ),
        twilio(14, "task-queue.entered", "02:40", second(json!({"task_queue_name": "Overflow"}))),
        twilio(
            15,
            "task.canceled",
            "03:10",
            second(json!({"task_queue_name": "Overflow", "task_canceled_reason": "hangup"})),
        ),
    ];
    // Two batches, the later one first, and both once more.
    let (early, late) = events.split_at(8);
    for (batch, duplicates) in [(late, false), (early, false), (late, true), (early, true)] {
        let (status, said) = webhook.push_as_twilio(&json!(batch), SECRET).await;
        assert_eq!((status, &said["rejected_count"]), (200, &0.into()), "{said}");
        assert_eq!(said["accepted"] == 0, duplicates, "{said}");
    }
    let mut engine = webhook.engine();
    let kpis = [COUNTS.as_slice(), &[KpiId::Asa, KpiId::Talk, KpiId::Acw]].concat();
    let of = |number: f64| Some(number);
    assert_eq!(
        figures(&mut engine, "Billing", &kpis),
        [of(2.0), of(1.0), of(0.0), of(1.0), of(1.0), of(30.0), of(240.0), of(30.0)]
    );
    assert_eq!(figures(&mut engine, "Overflow", &COUNTS), [of(1.0), of(0.0), of(1.0), of(0.0), of(0.0)]);
    assert_eq!(engine.contradictions(), []);
    let states: Vec<_> = webhook
        .seen
        .lock()
        .unwrap()
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::AgentState { agent, state, reason, .. } => Some((agent.to_string(), *state, reason.clone())),
            _ => None,
        })
        .take(2)
        .collect();
    assert_eq!(
        states,
        [("ann".to_owned(), AgentState::Available, None), ("bo".to_owned(), AgentState::Paused, Some("Coffee".into()))]
    );
    assert_eq!(webhook.seen.lock().unwrap().remark, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_of_twilio_ends_one_conversation_and_begins_the_next() {
    let webhook = Webhook::open("twilio-event-streams", TWILIO).await;
    let mut id = 0;
    let mut of = |task: &str, kind: &str, at: &str, payload: Value| {
        id += 1;
        let mut all = json!({"task_sid": task});
        all.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
        twilio(id, kind, at, all)
    };
    let began = |of: &mut dyn FnMut(&str, &str, &str, Value) -> Value, task: &str| {
        let ann = json!({"worker_name": "ann", "reservation_sid": "WR1"});
        [of(task, "task-queue.entered", "00:00", json!({})), of(task, "reservation.accepted", "00:20", ann)]
    };
    let to = |mode: &str, who: &str| {
        json!({"task_queue_name": "Sales", "worker_name": who, "transfer_mode": mode, "transfer_type": if mode == "WARM" { "WORKER" } else { "QUEUE" },
            "transfer_initiating_reservation_sid": "WR1", "reservation_sid": "WR2"})
    };
    let ann_ends = |of: &mut dyn FnMut(&str, &str, &str, Value) -> Value, task: &str, at: &str| {
        of(task, "reservation.completed", at, json!({"worker_name": "ann", "reservation_sid": "WR1"}))
    };
    let mut events = Vec::new();
    // Given away to a queue in which the task waits for 30 seconds.
    events.extend(began(&mut of, "WT1"));
    events.push(of("WT1", "task.transfer-initiated", "02:00", to("COLD", "")));
    events.push(of("WT1", "task-queue.entered", "02:00", json!({"task_queue_name": "Sales"})));
    events.push(ann_ends(&mut of, "WT1", "02:05"));
    events.push(of("WT1", "reservation.accepted", "02:30", to("COLD", "bo")));
    events.push(of("WT1", "task.transfer-completed", "02:30", to("COLD", "bo")));
    events.push(of("WT1", "reservation.completed", "03:30", json!({"worker_name": "bo", "task_queue_name": "Sales"})));
    // The same without a word of the queue, and handed over to a worker in a conversation of three.
    for (task, mode, end) in [("WT2", "COLD", "02:00"), ("WT3", "WARM", "02:40")] {
        events.extend(began(&mut of, task));
        events.push(of(task, "task.transfer-initiated", "02:00", to(mode, "")));
        events.push(of(task, "reservation.accepted", "02:30", to(mode, "bo")));
        events.push(of(task, "task.transfer-completed", "02:30", to(mode, "")));
        events.push(ann_ends(&mut of, task, end));
        let bo = json!({"worker_name": "bo", "task_queue_name": "Sales"});
        events.push(of(task, "reservation.completed", "03:30", bo));
    }
    let (status, said) = webhook.push_as_twilio(&json!(events), SECRET).await;
    assert_eq!((status, &said["rejected_count"]), (200, &0.into()), "{said}");
    let mut engine = webhook.engine();
    assert_eq!(engine.contradictions(), []);
    let kpis = [COUNTS.as_slice(), &[KpiId::Asa, KpiId::Talk, KpiId::TransferRate]].concat();
    // Two of 100 s, and one of 130 s, of three of which each was sent on.
    let billing = [3.0, 3.0, 0.0, 0.0, 3.0, 20.0, 110.0, 100.0].map(Some);
    assert_eq!(figures(&mut engine, "Billing", &kpis), billing);
    // How long the second one waited is not known.
    let sales = [3.0, 3.0, 0.0, 0.0, 3.0, 15.0, 60.0, 0.0].map(Some);
    assert_eq!(figures(&mut engine, "Sales", &kpis), sales);
    assert_eq!(webhook.seen.lock().unwrap().remark, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twilio_did_not_sign_is_refused_and_counted() {
    let webhook = Webhook::open("twilio-event-streams", TWILIO).await;
    let batch = json!([twilio(1, "task-queue.entered", "00:00", json!({}))]);
    let (status, said) = webhook.push_as_twilio(&batch, "another-secret-of-good-length").await;
    assert_eq!((status, &said["error"]), (401, &"the signature is wrong".into()));
    let text = batch.to_string();
    assert_eq!(answer(webhook.post("", &text)).await.1["error"], "the request is not signed");
    // Signed, but with another body, without its hash, and for another address.
    let signed = |query: &str| sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET, &format!("{SINK}{query}"));
    let zeros = format!("?bodySHA256={}", "0".repeat(64));
    for query in [zeros.as_str(), "", "?bodySHA256="] {
        let (status, said) = answer(webhook.post(query, &text).header("X-Twilio-Signature", signed(query))).await;
        assert!(status == 401 && !said.to_string().contains(SECRET), "{query}: {said}");
    }
    let (status, _) = answer(webhook.post("", &text).header("X-Twilio-Signature", "no Base64!")).await;
    assert_eq!((status, webhook.seen.lock().unwrap().events.len()), (401, 0));
    webhook.until("the remark", |seen| seen.remark.contains("wrong signature or token: 6")).await;
    // Twilio may name the port that the scheme implies.
    let query = body_hash(&text);
    let with_port = format!("{}{query}", SINK.replace(".com/", ".com:443/"));
    let signature = sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET, &with_port);
    let (status, _) = answer(webhook.post(&query, &text).header("X-Twilio-Signature", signature)).await;
    assert_eq!(status, 200);
    // An older secret that is still listed is as good.
    assert_eq!(webhook.push_as_twilio(&batch, "an-older-secret-of-good-length").await.1["duplicates"], 1);
    assert_eq!(webhook.push_as_twilio(&batch, SECRET).await.1["duplicates"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_costs_no_other_and_unknown_types_are_told_by_kind() {
    let webhook = Webhook::open("twilio-event-streams", TWILIO).await;
    let batch = json!([
        twilio(1, "task-queue.entered", "00:00", json!({})),
        twilio(2, "task-queue.entered", "00:01", json!({"task_sid": null})),
        twilio(3, "video.started", "00:02", json!({})),
        twilio(4, "video.started", "00:03", json!({})),
        "nonsense",
        twilio(5, "reservation.accepted", "00:20", json!({"worker_name": "ann"})),
    ]);
    let (status, said) = webhook.push_as_twilio(&batch, SECRET).await;
    assert_eq!(
        (status, &said["accepted"], &said["ignored"], &said["rejected_count"]),
        (200, &2.into(), &2.into(), &2.into())
    );
    assert_eq!(said["rejected"][0], json!({"line": 2, "reason": "floorwatch.contact.offered: contact is missing"}));
    assert_eq!(said["rejected"][1]["reason"], "not a JSON object");
    // Nothing of it can be read, and sending it again would not help.
    assert_eq!(webhook.push_as_twilio(&json!([{"typ": 7}]), SECRET).await.0, 200);
    let told = "types that are not read: com.twilio.taskrouter.video.started (2)";
    webhook.until("the remark", |seen| seen.remark == told && seen.rejected.len() == 3).await;
}

/// An event of Amazon Connect.
fn connect(id: u32, kind: &str, contact: &str, detail: &Value) -> String {
    let arn = "arn:aws:connect:eu-west-2:123456789012:instance/i-1";
    let mut all = json!({
        "eventType": kind, "contactId": contact, "channel": "VOICE", "instanceArn": arn, "initiationMethod": "INBOUND",
        "initiationTimestamp": "2026-03-02T09:00:00.000Z",
        "queueInfo": {"queueType": "STANDARD", "queueArn": format!("{arn}/queue/q-77"), "enqueueTimestamp": "2026-03-02T09:01:00.000Z"},
    });
    all.as_object_mut().unwrap().extend(detail.as_object().unwrap().clone());
    json!({
        "version": "0", "id": format!("e-{id}"), "detail-type": "Amazon Connect Contact Event", "source": "aws.connect",
        "account": "123456789012", "time": "2026-03-02T09:10:00Z", "region": "eu-west-2", "resources": [arn], "detail": all,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn amazon_connect_s_contacts_are_told_by_an_api_destination() {
    let keys = "token = {secret}\n[events.names]\nq-77 = 'Billing'\na-1 = 'ann'";
    let webhook = Webhook::open("amazon-connect-events", keys).await;
    let agent = |more: Value| {
        let mut agent = json!({
            "agentArn": "arn:aws:connect:eu-west-2:123456789012:instance/i-1/agent/a-1",
            "connectedToAgentTimestamp": "2026-03-02T09:01:24.000Z",
        });
        agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        agent
    };
    let end = "2026-03-02T09:06:24.000Z";
    let events = [
        connect(1, "INITIATED", "c-1", &json!({"queueInfo": null})),
        connect(
            5,
            "COMPLETED",
            "c-1",
            &json!({"disconnectTimestamp": end, "agentInfo": agent(json!({
            "afterContactWorkStartTimestamp": end, "afterContactWorkEndTimestamp": "2026-03-02T09:07:00.000Z", "afterContactWorkDuration": 36}))}),
        ),
        connect(2, "QUEUED", "c-1", &json!({})),
        connect(
            4,
            "DISCONNECTED",
            "c-1",
            &json!({"disconnectTimestamp": end, "disconnectReason": "CUSTOMER_DISCONNECT", "agentInfo": agent(json!({}))}),
        ),
        connect(3, "CONNECTED_TO_AGENT", "c-1", &json!({"agentInfo": agent(json!({}))})),
        connect(6, "QUEUED", "c-2", &json!({})),
        connect(
            7,
            "DISCONNECTED",
            "c-2",
            &json!({"disconnectTimestamp": end, "disconnectReason": "CUSTOMER_DISCONNECT"}),
        ),
        connect(8, "QUEUED", "c-3", &json!({"channel": "Chat"})),
        connect(
            9,
            "DISCONNECTED",
            "c-3",
            &json!({"disconnectTimestamp": end, "disconnectReason": "CONTACT_FLOW_DISCONNECT"}),
        ),
        // In no queue, and begun by an agent.
        connect(10, "DISCONNECTED", "c-4", &json!({"disconnectTimestamp": end, "queueInfo": null})),
        connect(
            11,
            "CONNECTED_TO_AGENT",
            "c-5",
            &json!({"initiationMethod": "OUTBOUND", "agentInfo": agent(json!({}))}),
        ),
        connect(12, "HOLOGRAM", "c-6", &json!({})),
        // An agent was asked, and never had it; a reply of an agent.
        connect(13, "QUEUED", "c-7", &json!({"channel": "TASK"})),
        connect(
            14,
            "DISCONNECTED",
            "c-7",
            &json!({"disconnectTimestamp": end, "agentInfo": agent(json!({"connectedToAgentTimestamp": "1970-01-01T00:00:00.001Z"}))}),
        ),
        connect(15, "QUEUED", "c-8", &json!({"channel": "EMAIL", "initiationMethod": "AGENT_REPLY"})),
    ];
    assert_eq!(answer(webhook.post("", &events[0])).await.0, 401);
    for event in events.iter().chain(&events[..3]) {
        let (status, said) = answer(webhook.post("", event).bearer_auth(SECRET)).await;
        assert_eq!((status, &said["rejected_count"]), (200, &0.into()), "{event}: {said}");
    }
    let mut engine = webhook.engine();
    let kpis = [COUNTS.as_slice(), &[KpiId::Asa, KpiId::Talk, KpiId::Acw]].concat();
    let expected = [4.0, 1.0, 2.0, 1.0, 1.0, 24.0, 300.0, 36.0].map(Some);
    assert_eq!(figures(&mut engine, "Billing", &kpis), expected);
    assert_eq!(engine.contradictions(), []);
    webhook.until("the remark", |seen| seen.remark.contains("types that are not read: HOLOGRAM (1)")).await;
}

/// An event of Amazon Connect's stream of agent events, `second` seconds after nine.
fn connect_agent(id: u32, kind: &str, second: u32, agent: &str, snapshot: &Value) -> Value {
    let arn = "arn:aws:connect:eu-west-2:123456789012:instance/i-1";
    json!({
        "AgentARN": format!("{arn}/agent/{agent}"), "AWSAccountId": "123456789012", "InstanceARN": arn, "EventId": format!("ev-{id}"),
        "EventTimestamp": format!("2026-03-02T09:00:{second:02}.123Z"), "EventType": kind, "Version": "2017-10-01",
        "CurrentAgentSnapshot": snapshot, "PreviousAgentSnapshot": null,
    })
}

/// An agent's snapshot: the status, its type, and the states of the contacts.
fn snapshot(status: &str, kind: Option<&str>, contacts: &[&str]) -> Value {
    let arn = "arn:aws:connect:eu-west-2:123456789012:instance/i-1";
    let queue =
        |id: &str| json!({"ARN": format!("{arn}/queue/{id}"), "Name": "as Connect calls it", "Channels": ["VOICE"]});
    let contact =
        |state: &&str| json!({"ContactId": "c-9", "Channel": "VOICE", "State": state, "Queue": queue("q-77")});
    json!({
        "AgentStatus": {"ARN": format!("{arn}/agent-state/s-1"), "Name": status, "Type": kind, "StartTimestamp": "2026-03-02T08:59:00Z"},
        "NextAgentStatus": null, "Contacts": contacts.iter().map(contact).collect::<Vec<_>>(),
        "Configuration": {
            "Username": "ann.abel", "FirstName": "Ann", "AgentHierarchyGroups": null,
            "RoutingProfile": {"Name": "Basic", "InboundQueues": [queue("q-77"), queue("q-78")], "Concurrency": []},
        },
    })
}

/// What is known of agents, each event in words.
fn agents_in_words(webhook: &Webhook) -> Vec<String> {
    let words = |event: &Event| match &event.kind {
        EventKind::AgentState { agent, state, reason, .. } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            Some(format!("{agent} {}{reason}", state.key()))
        }
        EventKind::AgentQueues { agent, queues } => {
            let queues: Vec<&str> = queues.iter().map(|served| served.queue.as_str()).collect();
            Some(format!("{agent} serves {}", queues.join(", ")))
        }
        EventKind::AgentProfile(profile) => {
            Some(format!("{} is {}", profile.agent, profile.name.clone().unwrap_or_default()))
        }
        _ => None,
    };
    webhook.seen.lock().unwrap().events.iter().filter_map(words).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn amazon_connect_s_agents_are_told_by_their_stream() {
    let keys = "token = {secret}\n[events.names]\nq-77 = 'Billing'";
    let webhook = Webhook::open("amazon-connect-events", keys).await;
    let beat = |id, second, snapshot: &Value| connect_agent(id, "HEART_BEAT", second, "a-1", snapshot);
    let events = [
        connect_agent(1, "LOGIN", 0, "a-1", &snapshot("Available", Some("ROUTABLE"), &[])),
        beat(2, 1, &snapshot("Available", None, &[])),
        beat(3, 2, &snapshot("Available", Some("ROUTABLE"), &["MISSED", "CONNECTING"])),
        beat(4, 3, &snapshot("Lunch", Some("CUSTOM"), &["ENDED", "CONNECTED_ONHOLD"])),
        beat(5, 4, &snapshot("Lunch", Some("CUSTOM"), &["ENDED"])),
        beat(6, 5, &snapshot("Lunch", Some("CUSTOM"), &[])),
        beat(7, 6, &snapshot("Coffee", None, &["REJECTED"])),
        beat(8, 7, &snapshot("Offline", Some("OFFLINE"), &[])),
        // What the snapshot does not tell is not known.
        beat(9, 8, &snapshot("Available", Some("HOLOGRAM"), &[])),
        beat(10, 9, &json!({"AgentStatus": {"Name": "Available"}, "Contacts": null})),
        connect_agent(11, "STATE_CHANGE", 10, "a-1", &Value::Null),
        connect_agent(12, "LOGOUT", 11, "a-1", &snapshot("Available", None, &[])),
    ];
    let (status, said) = answer(webhook.post("", &json!(events).to_string()).bearer_auth(SECRET)).await;
    assert_eq!((status, &said["rejected_count"]), (200, &0.into()), "{said}");
    let expected = [
        "a-1 available",
        "a-1 serves Billing, q-78",
        "a-1 is ann.abel",
        "a-1 available",
        "a-1 ringing",
        "a-1 on_contact",
        "a-1 after_contact",
        "a-1 paused (Lunch)",
        "a-1 paused (Coffee)",
        "a-1 offline",
        "a-1 unknown",
        "a-1 available",
        "a-1 unknown",
        "a-1 offline",
    ];
    assert_eq!(agents_in_words(&webhook), expected);
    webhook.until("the remark", |seen| seen.remark == "fields that are not read: state (1)").await;
    // Queues that can't be read are not none, and cost neither the state nor the name.
    let mut odd = snapshot("Available", None, &[]);
    odd["Configuration"]["RoutingProfile"]["InboundQueues"] = json!([{"Name": "without an ARN"}, 7]);
    let odd = connect_agent(13, "STATE_CHANGE", 20, "a-2", &odd);
    assert_eq!(answer(webhook.post("", &odd.to_string()).bearer_auth(SECRET)).await.0, 200);
    assert_eq!(agents_in_words(&webhook)[expected.len()..], ["a-2 available", "a-2 is ann.abel"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn firehose_s_records_are_read_and_acknowledged_as_it_wants_it() {
    let webhook = Webhook::open("amazon-connect-events", "token = {secret}").await;
    let record = |data: &str| json!({"data": BASE64_STANDARD.encode(data)});
    let one = connect_agent(1, "HEART_BEAT", 0, "a-1", &snapshot("Available", None, &[])).to_string();
    let two = connect_agent(2, "HEART_BEAT", 1, "a-1", &snapshot("Offline", None, &[])).to_string();
    // Two events in a record, one that is none, and one whose data is no Base64.
    let records = json!([record(&format!("{one}\n{two}\n")), record("nonsense"), {"data": "%"}, record(&one)]);
    let delivery = json!({"requestId": "r-1", "timestamp": 1_772_442_000_123_u64, "records": records}).to_string();
    let post = |body: &str, key: &'static str| {
        let request = webhook.post("", body).header("X-Amz-Firehose-Request-Id", "r-1");
        answer(request.header("X-Amz-Firehose-Access-Key", key).header("X-Amz-Firehose-Protocol-Version", "1.0"))
    };
    for _ in 0..2 {
        let (status, said) = post(&delivery, SECRET).await;
        assert_eq!((status, &said["requestId"]), (200, &"r-1".into()), "{said}");
        assert!(
            said["timestamp"].as_u64().unwrap() > 1_700_000_000_000 && said.as_object().unwrap().len() == 2,
            "{said}"
        );
    }
    assert_eq!(agents_in_words(&webhook)[..2], ["a-1 available", "a-1 offline"]);
    webhook.until("rejections", |seen| seen.rejected.len() == 4).await;
    let rejected = webhook.seen.lock().unwrap().rejected.clone();
    assert_eq!(rejected[..2], ["not a JSON object", "its data is not Base64"]);
    // What is no delivery would be none the next time.
    assert_eq!(post("{}", SECRET).await.0, 200);
    let (status, said) = post(&delivery, "another-secret-of-good-length").await;
    assert_eq!((status, &said["errorMessage"]), (401, &"the bearer token is missing or wrong".into()), "{said}");
    assert_eq!(said["requestId"], "r-1");
}

/// An event of a Zendesk webhook.
fn zendesk(id: u32, kind: &str, at: &str, detail: &Value, event: &Value) -> String {
    let mut all = json!({
        "id": "35436", "status": "OPEN", "group_id": "360001", "requester_id": "9001", "via": {"channel": "web"},
        "assignee_id": "1001", "subject": "The invoice", "created_at": "2026-03-02T09:00:00Z",
    });
    all.as_object_mut().unwrap().extend(detail.as_object().unwrap().clone());
    json!({
        "type": format!("zen:event-type:{kind}"), "account_id": 8_888_888, "id": format!("01HN{id}"),
        "time": format!("2026-03-02T{at}.642630335Z"), "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:35436", "detail": all, "event": event,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn zendesk_s_tickets_are_offered_answered_solved_and_reopened() {
    let keys = "signature = { secret = {secret} }\n[events.names]\n360001 = 'Billing'\n1001 = 'ann'";
    let webhook = Webhook::open("zendesk-events", keys).await;
    let events = [
        zendesk(1, "ticket.created", "09:00:00", &json!({}), &json!({"meta": {"sequence": {"position": 1}}})),
        zendesk(
            2,
            "ticket.agent_assignment_changed",
            "09:10:00",
            &json!({}),
            &json!({"current": "1001", "previous": null}),
        ),
        zendesk(
            3,
            "ticket.agent_assignment_changed",
            "09:20:00",
            &json!({}),
            &json!({"current": "1002", "previous": "1001"}),
        ),
        zendesk(4, "ticket.comment_added", "09:30:00", &json!({}), &json!({"comment": {"body": "\u{202e}hello"}})),
        zendesk(5, "ticket.status_changed", "10:00:00", &json!({}), &json!({"current": "SOLVED", "previous": "OPEN"})),
        zendesk(6, "ticket.status_changed", "11:00:00", &json!({}), &json!({"current": "OPEN", "previous": "SOLVED"})),
        zendesk(7, "ticket.status_changed", "12:00:00", &json!({}), &json!({"current": "SOLVED", "previous": "OPEN"})),
        zendesk(
            8,
            "agent.unified_state_changed",
            "08:00:00",
            &json!({"agent_id": "1001"}),
            &json!({"new_unified_state": {"id": "2", "name": "online", "reason": "AGENT_LOGIN"}}),
        ),
        // What a trigger sends on a rating, in the account's own words.
        json!({"specversion": "1.0", "id": "r-1", "source": "/zendesk", "type": "floorwatch.survey.answered",
            "time": "2026-03-02T13:00:00Z", "data": {"contact": "35436", "csat": {"score": 1, "min": 0, "max": 1}}})
        .to_string(),
    ];
    let now = Clock::System.now();
    for event in &events {
        let (status, said) = webhook.push_as_zendesk(event, now).await;
        assert_eq!((status, &said["rejected_count"]), (200, &0.into()), "{event}: {said}");
    }
    assert_eq!(webhook.push_as_zendesk(&events[0], now).await.1["duplicates"], 1);
    let mut engine = webhook.engine();
    let kpis = [COUNTS.as_slice(), &[KpiId::Asa, KpiId::ReopenRate, KpiId::Csat]].concat();
    let expected = [1.0, 1.0, 0.0, 0.0, 1.0, 600.0, 100.0, 100.0].map(Some);
    assert_eq!(figures(&mut engine, "Billing", &kpis), expected);
    assert_eq!(engine.contradictions(), []);

    let late = zendesk(9, "ticket.created", "14:00:00", &json!({"id": "2"}), &json!({}));
    for hours in [-1, 1] {
        let (status, said) = webhook.push_as_zendesk(&late, now + Span::seconds(hours * 3600)).await;
        assert_eq!((status, &said["error"]), (401, &"the signature is too old, or the clocks differ".into()));
    }
    let forged = webhook.post("", &late).header("X-Zendesk-Webhook-Signature-Timestamp", now.to_string());
    let signature = sign(hmac::HMAC_SHA256, SECRET, &format!("{now}{}", events[0]));
    let (status, said) = answer(forged.header("X-Zendesk-Webhook-Signature", signature)).await;
    assert_eq!((status, &said["error"]), (401, &"the signature is wrong".into()));
    webhook.until("the remark", |seen| seen.remark.contains("wrong signature or token: 3")).await;
}
