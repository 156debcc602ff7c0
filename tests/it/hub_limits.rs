//! The limits of a hub: bodies, heads and senders that are too large, too slow or too many, and readers that do not
//! read.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::hub::{Hub, PATIENCE, PROGRAM, event, raise_file_limit, token};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// Send bytes on a new connection; returns everything that is answered until it is closed.
async fn say(hub: &Hub, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&hub.address).await.unwrap();
    // The hub may close the connection before everything is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of what is answered at the local socket to a request with these headers.
async fn ask_locally(hub: &Hub, headers: &str) -> String {
    let mut local = tokio::net::UnixStream::connect(hub.path("hub.sock")).await.unwrap();
    let ask = format!("GET /v1/kpis HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n");
    local.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, local.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

/// Send events.
async fn bring(hub: &Hub, events: &Value) -> (u16, Value) {
    let answer = hub.request(Method::POST, "/v1/events", "pbx").json(events).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn offered(n: usize, queue: &str) -> Value {
    event(&format!("e{n}"), "offered", 0, &json!({"contact": format!("c{n}"), "queue": queue, "channel": "voice"}))
}

#[tokio::test]
async fn what_is_too_large_or_too_slow_is_answered_and_holds_nobody_up() {
    let mut hub = Hub::new("");
    hub.start().await;
    // Senders that begin and never continue: two within the head, two within the body.
    let auth = format!("Authorization: Bearer {}\r\nHost: h\r\n", token("root"));
    let begun = [
        "GET /v1/bo".to_owned(),
        format!("GET /v1/board HTTP/1.1\r\n{auth}X-"),
        format!("POST /v1/figures HTTP/1.1\r\n{auth}Content-Length: 100\r\n\r\n{{"),
        format!("POST /v1/events HTTP/1.1\r\n{auth}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n["),
    ];
    let slow: Vec<_> = begun
        .iter()
        .flat_map(|text| std::iter::repeat_n(text.clone(), 150))
        .map(|text| {
            let address = hub.address.clone();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(text.as_bytes()).await.unwrap();
                let mut answer = Vec::new();
                let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
                String::from_utf8(answer).unwrap()
            })
        })
        .collect();
    sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    assert_eq!(hub.get("/v1/figures?kpis=offered", "wall").await.0, 200);
    assert_eq!(bring(&hub, &json!([offered(1, "billing")])).await.1["accepted"], 1);
    assert!(asked.elapsed() < Duration::from_secs(5), "the slow ones hold others up");

    let large = "x".repeat(2 * 1024 * 1024);
    for (path, who) in
        [("/v1/figures", "wall"), ("/v1/contacts", "wall"), ("/v1/alerts/1/note", "ann"), ("/v1/events", "pbx")]
    {
        let request = hub.request(Method::POST, path, who).header("content-type", "application/json");
        let answer = request.body(large.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 413, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_large", "{path}");
    }
    // A caller without the right to send gets an answer, and is not cut off.
    let answer = hub.request(Method::POST, "/v1/events", "wall").body(large.clone()).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let long = say(&hub, format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(64 * 1024)).as_bytes()).await;
    assert!(long.starts_with("HTTP/1.1 414") || long.starts_with("HTTP/1.1 431"), "{long}");
    let many = say(&hub, format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200)).as_bytes()).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");

    for (n, slow) in slow.into_iter().enumerate() {
        let answer = slow.await.unwrap();
        // A head that does not arrive is answered by closing the connection, a body by an error.
        let expected = if n < 300 {
            answer.is_empty() || answer.starts_with("HTTP/1.1 408")
        } else {
            answer.starts_with("HTTP/1.1 408")
        };
        assert!(expected, "{n}: {answer}");
    }
}

#[tokio::test]
async fn a_sender_that_closes_its_half_is_answered_and_a_reader_of_a_stream_is_let_go() {
    let mut hub = Hub::new("");
    hub.start().await;
    let ask = async |who: &str, path: &str, rest: &str| {
        let mut stream = TcpStream::connect(&hub.address).await.unwrap();
        let head = format!("{path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n", token(who));
        stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        // The first state of a stream comes at once, its first keep-alive after 5 s.
        timeout(Duration::from_secs(4), stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
        answer
    };
    let body = json!([offered(1, "billing")]).to_string();
    let rest = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = ask("pbx", "POST /v1/events", &rest).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""accepted":1"#), "{answer}");
    // Longer than what the system takes at once.
    let answer = ask("wall", "GET /openapi.json", "\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert_eq!(
        ask("wall", "GET /v1/kpis", "\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            .await
            .matches("HTTP/1.1 200")
            .count(),
        2
    );
    ask("wall", "GET /v1/board/stream", "\r\n").await;
}

#[tokio::test]
async fn a_caller_who_asks_too_often_is_told_to_wait_and_the_others_are_served() {
    let mut hub = Hub::new("");
    hub.start().await;
    let ask = format!("GET /v1/kpis HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n", token("wall"));
    let mut connections = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(&hub.address).await.unwrap();
        let ask = ask.repeat(1_000);
        connections.push(tokio::spawn(async move {
            let (mut reader, mut writer) = stream.split();
            let mut seen = Vec::new();
            let read = async {
                let mut buffer = vec![0; 64 * 1024];
                // Requests after that are refused too, or are served because time has passed.
                while !String::from_utf8_lossy(&seen).contains("HTTP/1.1 429") {
                    match reader.read(&mut buffer).await {
                        Ok(n @ 1..) => {
                            seen.extend_from_slice(&buffer[..n]);
                            let from = seen.len().saturating_sub(128 * 1024);
                            seen.drain(..from);
                        }
                        _ => break,
                    }
                }
            };
            let write = async {
                let _ = writer.write_all(ask.as_bytes()).await;
                std::future::pending::<()>().await;
            };
            let _ = timeout(Duration::from_secs(15), async {
                tokio::select! { () = read => {}, () = write => {} }
            })
            .await;
            String::from_utf8_lossy(&seen).into_owned()
        }));
    }
    let mut refused = 0;
    for connection in connections {
        let seen = connection.await.unwrap();
        if let Some(at) = seen.find("HTTP/1.1 429") {
            refused += 1;
            assert!(seen[at..].contains("retry-after: 1"), "{}", &seen[at..]);
        }
    }
    // A machine that is too slow to exceed the limit refuses nobody.
    println!("{refused} of 8 connections were told to wait");
    assert_eq!(hub.get("/v1/kpis", "ann").await.0, 200);
}

#[tokio::test]
async fn an_answer_that_would_be_too_large_is_refused_with_what_to_ask_instead() {
    let mut hub = Hub::new("");
    hub.start().await;
    for from in (0..300).step_by(100) {
        let calls = (from..from + 100).flat_map(|minute| (0..20).map(move |queue| (minute, queue)));
        let calls = calls.map(|(minute, queue)| {
            let n = minute * 20 + queue;
            let data = json!({"contact": format!("c{n}"), "queue": format!("q{queue}"), "channel": "voice"});
            event(&format!("e{n}"), "offered", i64::from(minute) * 60, &data)
        });
        assert_eq!(bring(&hub, &calls.collect()).await.0, 200);
    }
    let before = memory(&hub);
    let ask = async |kpis: Vec<String>, who: &str| {
        let body =
            json!({"of": [], "by": ["queue"], "over": {"window": "today"}, "every": {"minutes": 1}, "kpis": kpis});
        let answer = hub.request(Method::POST, "/v1/figures", who).json(&body).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.json::<Value>().await.unwrap())
    };
    // A minute that ends while events are sent takes two steps of them.
    let rows = |answer: &Value| answer["rows"].as_array().unwrap().len();
    // A KPI that is asked for many times is answered once.
    let (status, _, answer) = ask(vec!["asa".to_owned(); 3_000], "wall").await;
    assert!(status == 200 && (5_900..=6_000).contains(&rows(&answer)), "{status}: {} rows", rows(&answer));
    assert_eq!(answer["rows"][0]["figures"].as_array().unwrap().len(), 1);
    let (_, kpis) = hub.get("/v1/kpis", "wall").await;
    let all: Vec<_> = kpis.as_array().unwrap().iter().map(|kpi| kpi["id"].as_str().unwrap().to_owned()).collect();
    // Queues that a caller may not see make no answer too large for it: the size would tell of them.
    let (status, _, answer) = ask(all.clone(), "limited").await;
    assert!(status == 200 && (295..=300).contains(&rows(&answer)), "{status}: {} rows", rows(&answer));
    let (status, kind, problem) = ask(all, "wall").await;
    assert_eq!((status, kind.as_str()), (422, "application/problem+json"));
    assert_eq!(problem["code"], "answer_too_large");
    assert!(problem["message"].as_str().unwrap().contains("every"), "{problem}");
    assert!(memory(&hub) < before + 200 * 1024, "{before} KiB, then {} KiB", memory(&hub));
}

#[tokio::test]
async fn a_crowd_that_never_reads_locks_nobody_out_and_holds_up_no_end() {
    let mut hub = Hub::new("");
    hub.start().await;
    raise_file_limit();
    // More strangers than one address may have, each with far more to read than the system holds for it. They come from
    // an address of their own: of two strangers at one address, the older one gives way.
    let ask = "GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let mut crowd = Vec::new();
    for _ in 0..600 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        if cfg!(target_os = "linux") {
            socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        }
        let mut stream = socket.connect(hub.address.parse().unwrap()).await.unwrap();
        let _ = stream.write_all(ask.as_bytes()).await;
        crowd.push(stream);
    }
    // And more of one program on this machine than one may have.
    let ask = "GET /v1/kpis HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let mut local_crowd = Vec::new();
    for _ in 0..200 {
        let mut stream = tokio::net::UnixStream::connect(hub.path("hub.sock")).await.unwrap();
        let _ = stream.write_all(ask.as_bytes()).await;
        local_crowd.push(stream);
    }
    let asked = Instant::now();
    assert_eq!(hub.get("/v1/board", "ann").await.0, 200);
    assert_eq!(hub.get("/healthz", "").await.0, 200);
    // Another program of the same user gets in, and once they wait for this one, so does it.
    let mut snapshot = Command::new(PROGRAM);
    snapshot.args(["snapshot", "-c"]).arg(hub.path("config.toml")).env("HOME", hub.folder.path());
    let snapshot = snapshot.output().unwrap();
    assert_eq!(snapshot.status.code(), Some(0), "{}", String::from_utf8_lossy(&snapshot.stderr));
    while ask_locally(&hub, "").await != "200" {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "they waited {:?}", asked.elapsed());
    let asked = Instant::now();
    hub.signal(rustix::process::Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to end", asked.elapsed());
    drop((crowd, local_crowd));
}

#[tokio::test]
async fn a_hub_that_may_open_no_more_files_answers_whoever_is_connected_and_recovers() {
    let mut hub = Hub::new("");
    hub.max_files = Some(60);
    hub.start().await;
    let get = |who: &str, path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n", token(who))
    };
    let mut known = TcpStream::connect(&hub.address).await.unwrap();
    let mut ask = async || {
        known.write_all(get("root", "/v1/alerts").as_bytes()).await.unwrap();
        let mut answer = String::new();
        let is_whole = |answer: &str| {
            let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            body.len() >= length.parse().unwrap()
        };
        while !is_whole(&answer) {
            let mut buffer = vec![0; 64 * 1024];
            let n = timeout(PATIENCE, known.read(&mut buffer)).await.unwrap().unwrap();
            assert!(n > 0, "it was cut off");
            answer.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    ask().await;
    // One after another, as many strangers at once would have to make room for each other.
    let mut crowd = Vec::new();
    while !hub.log().contains("could not be accepted") {
        assert!(crowd.len() < 100, "{}", hub.log());
        let mut stream = TcpStream::connect(&hub.address).await.unwrap();
        let who = ["wall", "bob"][crowd.len() % 2];
        stream.write_all(get(who, "/v1/board/stream").as_bytes()).await.unwrap();
        // The one for whom there is no file gets no answer.
        let _ = timeout(Duration::from_secs(2), stream.read(&mut [0; 64])).await;
        crowd.push(stream);
    }
    ask().await;
    drop(crowd);
    assert_eq!(bring(&hub, &json!([offered(1, "billing")])).await.1["accepted"], 1);
    assert_eq!(hub.get("/readyz", "").await.0, 200);
    ask().await;
}

#[tokio::test]
async fn a_source_that_invents_names_without_end_is_stopped_and_the_known_ones_go_on() {
    let mut hub = Hub::new("");
    hub.start().await;
    let calls = |from: usize| (from..from + 1_000).map(|n| offered(n, &format!("q{n}"))).collect::<Value>();
    for from in [0, 1_000] {
        assert_eq!(bring(&hub, &calls(from)).await.1["accepted"], 1_000);
    }
    let (_, answer) = bring(&hub, &calls(2_000)).await;
    assert_eq!((&answer["accepted"], &answer["rejected_count"]), (&json!(0), &json!(1_000)), "{answer}");
    let listed = answer["rejected"].as_array().unwrap();
    assert!(listed[0]["reason"].as_str().unwrap().contains("2000 different queue names"), "{answer}");
    assert_eq!((listed.len(), &listed[99]["line"]), (100, &json!(100)));
    assert_eq!(bring(&hub, &json!([offered(9_999, "q7")])).await.1["accepted"], 1);
    let end = Instant::now() + PATIENCE;
    loop {
        let (_, board) = hub.get("/v1/board", "root").await;
        let source = &board["sources"][0];
        if source["rejected"] == 1_000 {
            assert!(source["remark"].as_str().unwrap().contains("2000 different queue names"), "{source}");
            assert_eq!(board["queues"].as_array().unwrap().len(), 2_000);
            break;
        }
        assert!(Instant::now() < end, "{source}");
        sleep(Duration::from_millis(50)).await;
    }
    // It is an alert of its own, which says what to do.
    loop {
        let (_, alerts) = hub.get("/v1/alerts", "root").await;
        if let Some(alert) = alerts.as_array().unwrap().iter().find(|alert| alert["rule"] == "source names") {
            assert_eq!((&alert["source"], &alert["severity"]), (&json!("hub"), &json!("warning")), "{alert}");
            assert!(alert["text"].as_str().unwrap().contains("source hub sends more than is kept: "), "{alert}");
            assert!(alert["action"].as_str().unwrap().contains("which field is taken for the name"), "{alert}");
            return;
        }
        assert!(Instant::now() < end, "{alerts}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_request_that_a_proxy_forwarded_is_not_one_of_this_machine() {
    // A hub without tokens listens on loopback only, and trusts every caller there.
    let mut hub = Hub::new("");
    let config = std::fs::read_to_string(hub.path("config.toml")).unwrap();
    let (own, _) = config.split_once("[[hub.tokens]]").unwrap();
    let source = format!("[[source]]\nname = \"pbx\"\nkind = \"events\"\npath = \"{}\"\n", hub.path("feed").display());
    std::fs::write(hub.path("feed"), "").unwrap();
    std::fs::write(hub.path("config.toml"), format!("{own}{source}")).unwrap();
    hub.start().await;
    assert_eq!(hub.get("/v1/board", "").await.0, 200);
    for name in [
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "Forwarded",
        "X-Real-IP",
        "Via",
        "X-Original-Forwarded-For",
        "X-Cluster-Client-IP",
        "Fastly-Client-IP",
        "X-Azure-ClientIP",
        "CF-Connecting-IP",
        "X-Envoy-External-Address",
    ] {
        let answer = hub.request(Method::GET, "/v1/board", "").header(name, "for=203.0.113.7").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{name}");
        assert!(answer.text().await.unwrap().contains("proxy"), "{name}");
        // Nor is it one of the user whose proxy connects to the socket.
        assert_eq!(ask_locally(&hub, &format!("{name}: for=203.0.113.7\r\n")).await, "401", "{name}");
    }
    assert_eq!(ask_locally(&hub, "").await, "200");
}

/// The memory of the hub's process, in KiB.
fn memory(hub: &Hub) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

const CROWD: usize = 30_000;

#[tokio::test]
async fn a_reader_that_stops_costs_nothing_and_then_gets_the_newest_state_whole() {
    let mut hub = Hub::new("");
    hub.start().await;
    // So many contacts wait that the board is larger than what the system buffers for a reader.
    for from in (0..CROWD).step_by(2_000) {
        let crowd: Vec<Value> = (from..from + 2_000).map(|n| offered(n, "billing")).collect();
        assert_eq!(bring(&hub, &Value::from(crowd)).await.0, 200);
    }
    let ask = format!("GET /v1/board/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n", token("wall"));
    let mut stopped = Vec::new();
    for _ in 0..100 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut stream = socket.connect(hub.address.parse().unwrap()).await.unwrap();
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut head = [0; 512];
        assert!(stream.read(&mut head).await.unwrap() > 0);
        stopped.push(stream);
    }
    sleep(Duration::from_secs(1)).await;
    let before = memory(&hub);
    let end = Instant::now() + Duration::from_secs(8);
    let mut n = CROWD;
    while Instant::now() < end {
        let batch: Vec<Value> = (n..n + 100).map(|n| offered(n, "billing")).collect();
        assert_eq!(bring(&hub, &Value::from(batch)).await.0, 200);
        n += 100;
        sleep(Duration::from_millis(250)).await;
    }
    let after = memory(&hub);
    println!("100 readers that don't read: {before} KiB, then {after} KiB");
    // The board alone has some MiB, so a hundred buffered copies would take some hundred.
    assert!(after < before + 150 * 1024, "{before} KiB, then {after} KiB: they are buffered");
    // One of them reads on: first the rest of what was under way, then the newest state whole, without those in
    // between.
    let mut stream = stopped.pop().unwrap();
    let mut text = Vec::new();
    let mut buffer = vec![0; 1024 * 1024];
    let last = format!("\"c{}\"", n - 1);
    let read = async {
        loop {
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0);
            let from = text.len().saturating_sub(last.len());
            text.extend_from_slice(&buffer[..n]);
            if memchr::memmem::find(&text[from..], last.as_bytes()).is_some() {
                return;
            }
        }
    };
    timeout(PATIENCE, read).await.unwrap();
    let text = String::from_utf8_lossy(&text);
    let wholes = text.matches("event: whole").count();
    let changes = text.matches("event: change").count();
    assert!(wholes >= 1 && changes < 5, "{wholes} wholes, {changes} changes");
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_metrics() {
    let mut hub = Hub::new("");
    hub.start().await;
    let events: Vec<Value> = (0..50)
        .flat_map(|n| {
            let queue = ["billing", "sales \"north\"", "a\\b"][n % 3];
            let talk = json!({"contact": format!("c{n}"), "ended_by": "customer", "talk_s": 30});
            [
                offered(n, queue),
                event(
                    &format!("a{n}"),
                    "answered",
                    0,
                    &json!({"contact": format!("c{n}"), "agent": "Ann", "wait_s": 2}),
                ),
                event(&format!("d{n}"), "completed", 0, &talk),
            ]
        })
        .collect();
    assert_eq!(bring(&hub, &Value::from(events)).await.1["accepted"], 150);
    let wanted = [
        "floorwatch_queue_offered{queue=\"billing\",window=\"today\"}",
        "floorwatch_queue_service_level_ratio{queue=\"sales \\\"north\\\"\",window=\"today\"} 1\n",
        "floorwatch_queue_asa_seconds{queue=\"a\\\\b\",window=\"today\"} 2\n",
        "floorwatch_events_total{source=\"hub\"} 150\n",
        // What there is none of is zero, and not absent.
        "floorwatch_alerts{state=\"snoozed\",severity=\"critical\"} 0\n",
    ];
    let end = Instant::now() + PATIENCE;
    let text = loop {
        let (_, Value::String(text)) = hub.get("/metrics", "wall").await else { panic!() };
        // The health of the sources appears on the next board.
        if wanted.iter().all(|line| text.contains(line)) {
            break text;
        }
        assert!(Instant::now() < end, "{text}");
        sleep(Duration::from_millis(50)).await;
    };
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        println!("promtool is not installed here: apt-get install prometheus");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
}
