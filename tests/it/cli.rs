//! Runs the program as its users do, and checks exit codes, error messages of one line, and closed pipes.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::board::Floor;
use crate::support::event_socket::{EventSocket, PASSWORD, StubState, USER};
use crate::support::hub::{Hub, token};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floorwatch"));
    command
        .args(arguments)
        .env_remove("FLOORWATCH_CONFIG")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_STATE_HOME", "/nonexistent")
        .stdin(Stdio::null());
    command
}

fn floorwatch(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_option_of_boards_is_refused_where_there_is_none() {
    let commands: [&[&str]; 4] = [&["report", "x.csv"], &["digest", "weekly"], &["hub"], &["check"]];
    for command in commands {
        for option in [&["--at", "queue/billing"][..], &["--locked"], &["--low-bandwidth"], &["--plain"]] {
            let output = floorwatch(&[command, option].concat());
            assert_eq!(output.status.code(), Some(2), "{command:?} {option:?}");
            let said = stderr(&output);
            assert!(said.contains(option[0]) && said.contains("shows none"), "{said}");
        }
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["--help", "--version", "-h"] {
        let output = floorwatch(&[flag]);
        assert_eq!(output.status.code(), Some(0), "{flag}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in [&["frobnicate"][..], &["report"], &["report", "x", "--by", "planet"], &["demo", "--speed", "0"]] {
        let output = floorwatch(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    let output = floorwatch(&["report", "x", "--from", "soon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("floorwatch: --from: `soon` is not a time; write"), "{}", stderr(&output));
}

#[test]
fn a_wrong_configuration_is_exit_code_1_with_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, "title = \"x\"\n[rules]\nmin_sample = 3\n").unwrap();
    let output = floorwatch(&["check", "-c", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "floorwatch: {}:3:1: `rules.min_sample` is not a key floorwatch knows; did you mean `min_samples`?\n",
        path.display()
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_configuration_that_is_not_there_is_named_with_the_cause() {
    let output = floorwatch(&["check", "-c", "/nonexistent/floorwatch.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(line.starts_with("floorwatch: /nonexistent/floorwatch.toml: No such file"), "{line}");
    assert_eq!(line.lines().count(), 1);
}

/// Run `check` with `home` as the configuration folder and a fixed time zone.
fn check_in(home: &Path) -> Output {
    program(&["check"]).env("XDG_CONFIG_HOME", home).env("TZ", "UTC").output().unwrap()
}

#[test]
fn the_simulated_floor_stands_in_only_where_there_is_no_configuration() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("floorwatch");
    let path = folder.join("config.toml");
    let refused = |cause: &str| {
        let output = check_in(home.path());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{cause}: {said}");
        assert!(said.contains(path.to_str().unwrap()) && said.contains(cause), "{said}");
    };
    assert_eq!(check_in(home.path()).status.code(), Some(0));
    // The folder is a broken link, then a file.
    std::os::unix::fs::symlink("/nonexistent/floorwatch", &folder).unwrap();
    refused("No such file");
    std::fs::remove_file(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    refused("Not a directory");
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(check_in(home.path()).status.code(), Some(0));
    std::os::unix::fs::symlink("/nonexistent/floorwatch.toml", &path).unwrap();
    refused("is a link to /nonexistent/floorwatch.toml");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused("directory");
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, "").unwrap();
    assert_eq!(check_in(home.path()).status.code(), Some(0));
}

#[test]
fn a_time_zone_that_is_not_known_is_said_where_it_is_needed() {
    let check = |tz: &str, more: &[&str]| program(&[&["check"], more].concat()).env("TZ", tz).output().unwrap();
    let output = check("Mars/Olympus", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("floorwatch: TZ=\"Mars/Olympus\" can't be"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--timezone"), "{}", stderr(&output));
    for (tz, more) in [("Mars/Olympus", &["--utc"][..]), (":Asia/Tokyo", &[])] {
        assert_eq!(check(tz, more).status.code(), Some(0), "{tz}");
    }
}

#[test]
fn a_log_filter_that_is_no_text_is_said() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (config, feed, journal, log) = (at("my.toml"), at("feed.ndjson"), at("j.db"), at("log"));
    std::fs::write(&feed, "").unwrap();
    let text = format!(
        "[journal]\npath = \"{journal}\"\n[hub]\nshare = false\n[[source]]\nkind = \"events\"\npath = \"{feed}\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let arguments = ["hub", "--utc", "-c", &config, "--log-file", &log];
    for filter in [&b"info\xff"[..], b"wran", b"hyper=debug", b"=,=,]"] {
        let filter = std::ffi::OsStr::from_bytes(filter);
        let output = program(&arguments).env("FLOORWATCH_LOG", filter).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{filter:?}");
        assert!(stderr(&output).contains("FLOORWATCH_LOG"), "{}", stderr(&output));
    }
}

/// The output of `check` for a source whose server sends `body` with this Content-Encoding.
fn check_encoded(encoding: &str, body: Vec<u8>) -> String {
    use std::io::{Read, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).to_lowercase();
            assert!(request.contains("accept-encoding: identity"), "{request}");
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let text = format!(
        "timezone = \"UTC\"\n[[source]]\nname = \"cloud\"\nkind = \"http\"\nurl = \"http://127.0.0.1:{port}/q\"\nmap = {{ rows = \"queues\", queue = \"name\", kpis = {{ waiting = \"waiting\" }} }}\n"
    );
    std::fs::write(&path, text).unwrap();
    let output = floorwatch(&["check", "-c", path.to_str().unwrap()]);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_answer_compressed_unasked_is_read_or_named() {
    use std::io::Write as _;
    let body = br#"{"queues": [{"name": "billing", "waiting": 7}]}"#;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    let said = check_encoded("gzip", encoder.finish().unwrap());
    assert!(said.contains("ok    cloud") && said.contains("billing"), "{said}");
    let said = check_encoded("br", body.to_vec());
    assert!(said.contains("FAIL  cloud") && said.contains("Content-Encoding: br"), "{said}");
}

#[tokio::test]
async fn check_tries_the_hub() {
    let mut hub = Hub::new("");
    let config = hub.path("board.toml");
    let text = format!("[hub]\nurl = \"http://{}\"\ntoken = {{ env = \"HUB_TOKEN\" }}\n", hub.address);
    std::fs::write(&config, text).unwrap();
    let check = |who: &str| {
        let output = program(&["check", "-c", config.to_str().unwrap()]).env("HUB_TOKEN", token(who)).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = check("wall");
    assert!(
        code == Some(1)
            && said.contains("FAIL  127.0.0.1:")
            && said.contains("  hub  ")
            && said.contains("nobody listens"),
        "{said}"
    );
    hub.start().await;
    let (code, said) = check("wall");
    assert!(code == Some(0) && said.contains("ok    127.0.0.1:") && said.contains("  hub  live in"), "{said}");
    let (code, said) = check("nobody");
    assert!(code == Some(1) && said.contains("401 Unauthorized: check the token"), "{said}");
}

#[test]
fn completions_go_to_standard_output_and_a_closed_pipe_is_no_error() {
    let output = floorwatch(&["completions", "bash"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("complete -F"));

    let mut child = Command::new(env!("CARGO_BIN_EXE_floorwatch"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stderr.is_empty());
}

/// Ten calls computed by hand: eight answered (waits 5, 10, …, 40 s), two abandoned (after 3 s and 60 s).
fn queue_log() -> String {
    let mut text = String::new();
    for call in 0..10_u32 {
        let (joined, wait) = (1_772_442_000 + call * 300, (call + 1) * 5);
        writeln!(text, "{joined}|c{call}|billing|NONE|ENTERQUEUE||0123|1").unwrap();
        match call {
            8 => writeln!(text, "{}|c8|billing|NONE|ABANDON|1|1|3", joined + 3).unwrap(),
            9 => writeln!(text, "{}|c9|billing|NONE|ABANDON|1|1|60", joined + 60).unwrap(),
            _ => {
                writeln!(text, "{}|c{call}|billing|Ann|CONNECT|{wait}|x|2", joined + wait).unwrap();
                writeln!(text, "{}|c{call}|billing|Ann|COMPLETECALLER|{wait}|100|1", joined + wait + 100).unwrap();
            }
        }
    }
    text + "this is no line of a queue_log\n"
}

#[test]
fn a_report_from_a_queue_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    std::fs::write(&path, queue_log()).unwrap();
    let path = path.to_str().unwrap();

    let output = floorwatch(&["report", path, "--utc", "--by", "queue", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["from"], "2026-03-02T09:00:00Z");
    assert_eq!(report["input"]["rejected"], 1);
    assert_eq!(report["input"]["rejections"][0]["line"], 29);
    assert_eq!(report["rows"][0]["key"], serde_json::json!({ "queue": "billing" }));
    for figures in [&report["total"], &report["rows"][0]["kpis"]] {
        assert_eq!(figures["offered"]["value"], 10);
        assert_eq!(figures["answered"]["value"], 8);
        assert_eq!(figures["short_abandoned"]["value"], 1);
        assert_eq!(figures["asa"]["value"], 22.5);
        assert_eq!(figures["service_level"]["value"], 40.0);
        assert_eq!(figures["aht"]["value"], 100.0);
        assert_eq!(figures["csat"]["value"], serde_json::Value::Null);
        assert!(figures["csat"]["reason"].is_string());
    }

    let stricter = floorwatch(&["report", path, "--service-level", "10", "--formula", "answered", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&stricter.stdout).unwrap();
    assert_eq!(report["total"]["service_level"]["value"], 25.0);

    let half_hours = floorwatch(&["report", path, "--utc", "--every", "30m", "--format", "csv"]);
    let text = String::from_utf8(half_hours.stdout).unwrap();
    let starts: Vec<_> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(starts, ["start", "2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z"]);
}

#[test]
fn a_file_that_is_not_there_is_exit_code_1_and_one_line() {
    let output = floorwatch(&["report", "/nonexistent/queue_log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let line = stderr(&output);
    assert!(line.starts_with("floorwatch: cannot read /nonexistent/queue_log: No such file"), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn check_says_what_is_in_a_file_and_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, queue_log()).unwrap();
    let good = floorwatch(&["check", path.to_str().unwrap()]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    let text = String::from_utf8(good.stdout).unwrap();
    let expected = "queue_log  28 events from 2026-03-02T09:00:00Z to 2026-03-02T09:46:00Z; 1 queue (billing); 1 agent; \
                    1 line set aside\n";
    assert!(text.contains(expected) && text.contains(":29: "), "{text}");

    let bad = floorwatch(&["check", "/nonexistent/log"]);
    assert_eq!(bad.status.code(), Some(1));
    assert_eq!(stderr(&bad), "floorwatch: 1 of them can't be reached or read\n");
}

/// A configuration with a queue_log and a FreeSWITCH source for each address.
fn sources(folder: &Path, addresses: &[&str]) -> String {
    let log = folder.join("queue_log");
    std::fs::write(&log, queue_log()).unwrap();
    let mut text =
        format!("[[source]]\nname = \"pbx\"\nkind = \"queue_log\"\npath = {:?}\n", log.display().to_string());
    for (number, address) in addresses.iter().enumerate() {
        write!(
            text,
            "[[source]]\nname = \"switch {number}\"\nkind = \"freeswitch\"\naddress = \"{address}\"\n\
             user = \"{USER}\"\npassword = {{ env = \"FLOORWATCH_TEST_PASSWORD\" }}\n"
        )
        .unwrap();
    }
    let path = folder.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn check(config: &str, password: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let output =
        program(&[&["check", "-c", config], more].concat()).env("FLOORWATCH_TEST_PASSWORD", password).output().unwrap();
    let error = stderr(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(password) && !error.contains(password), "{text}{error}");
    (output.status.code(), text, error)
}

fn switchboard(allowed_api: &str) -> EventSocket {
    EventSocket::start(StubState {
        queues: vec!["support".to_owned()],
        agents: vec![("1000".to_owned(), "Available".to_owned(), "Waiting".to_owned(), 0)],
        tiers: vec![("support".to_owned(), "1000".to_owned())],
        allowed_api: allowed_api.to_owned(),
        ..StubState::default()
    })
}

#[test]
fn check_tries_every_source_and_says_how_it_is_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let (good, wide) = (switchboard("callcenter_config strmicroepoch"), switchboard("all"));
    let config = sources(folder.path(), &[&good.address, &wide.address]);
    let (code, text, error) = check(&config, PASSWORD, &[]);
    assert_eq!(code, Some(0), "{text}{error}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("    ")).collect();
    assert_eq!(lines[0], format!("{config}: sound; sources: 3"));
    assert!(lines[1].starts_with("ok    pbx       queue_log   28 events from "), "{text}");
    assert!(lines[2].starts_with("ok    switch 0  freeswitch  live in "), "{text}");
    assert!(lines[2].ends_with(" s; 1 queue (support); 1 agent"), "{text}");
    assert!(lines[3].starts_with("warn  switch 1  freeswitch  live in "), "{text}");
    assert!(lines[3].contains("may run every command of FreeSWITCH: esl-allowed-api"), "{text}");
    assert_eq!(lines.len(), 4);
}

#[test]
fn check_fails_where_a_source_does_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let switch = switchboard("callcenter_config");
    let config = sources(folder.path(), &[&switch.address, "127.0.0.1:1"]);
    let (code, text, error) = check(&config, "hunter2-and-more", &[]);
    assert_eq!((code, error.as_str()), (Some(1), "floorwatch: 2 of them can't be reached or read\n"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("    ")).collect();
    assert!(
        lines[2].starts_with("FAIL  switch 0  freeswitch  ") && lines[2].contains("compare esl-password"),
        "{text}"
    );
    assert!(lines[3].starts_with("FAIL  switch 1  freeswitch  nobody listens at 127.0.0.1:1"), "{text}");
}

#[test]
fn check_writes_one_json_object() {
    let folder = tempfile::tempdir().unwrap();
    let switch = switchboard("callcenter_config strmicroepoch");
    switch.state().ahead_s = -120;
    let config = sources(folder.path(), &[&switch.address, "127.0.0.1:1"]);
    let (code, text, _) = check(&config, PASSWORD, &["--json"]);
    assert_eq!(code, Some(1));
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&found["ok"], &found["config"]["ok"]), (&false.into(), &true.into()));
    let [log, good, bad] = found["sources"].as_array().unwrap().as_slice() else { panic!("{text}") };
    assert_eq!((&log["kind"], &log["events"], &log["set_aside"]), (&"queue_log".into(), &28.into(), &1.into()));
    assert_eq!(
        (&good["health"], &good["queues"], &good["agents"]),
        (&"live".into(), &["support"][..].into(), &1.into())
    );
    assert!((-121.0..-119.0).contains(&good["clock_ahead_s"].as_f64().unwrap()), "{good}");
    assert_eq!((&good["reason"], &good["remark"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!((&bad["ok"], &bad["health"]), (&false.into(), &"down".into()));
    assert!(bad["reason"].as_str().unwrap().contains("is the port right?"), "{bad}");

    std::fs::write(&config, "titel = 1\n").unwrap();
    let (code, text, error) = check(&config, PASSWORD, &["--json"]);
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["config"]["ok"]), (Some(1), &false.into()));
    assert!(found["config"]["reason"].as_str().unwrap().contains("did you mean `title`?") && error.contains("titel"));
}

#[test]
fn a_secret_is_not_sent_unencrypted_to_another_machine_unless_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "http://hooks.invalid/T0/B0/hunter2").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let place = format!("{{ file = \"{}\" }}", secret.display());
    let config = folder.path().join("config.toml");
    let write = |allow: &str| {
        let text = format!(
            r#"[[source]]
name = "crm"
kind = "http"
url = "http://crm.invalid/stats"
auth = {{ bearer = {place} }}
{allow}

[[source]]
name = "stream"
kind = "sse"
url = "http://stream.invalid/events"
auth = {{ user = "desk", password = {place} }}
{allow}

[[source]]
name = "metrics"
kind = "prometheus"
url = "http://prometheus.invalid"
auth = {{ header = "X-Api-Key", value = {place} }}
kpis = {{ waiting = "x" }}
{allow}

[hub]
url = "http://hub.invalid:7070"
token = {place}
{allow}

[[notify]]
name = "duty"
kind = "slack"
url = {place}
{allow}

[[notify]]
kind = "pagerduty"
url = "http://events.invalid/v2"
routing_key = {place}
{allow}

[[notify]]
name = "own"
kind = "webhook"
url = "http://own.invalid/"
auth = {{ bearer = {place} }}
{allow}

[[notify]]
kind = "alertmanager"
url = "http://alerts.invalid"
auth = {{ bearer = {place} }}
{allow}
"#
        );
        std::fs::write(&config, text).unwrap();
    };
    write("");
    let (code, text, error) = check(config.to_str().unwrap(), PASSWORD, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""), "{error}");
    let refused: Vec<&str> = error.lines().filter(|line| line.contains("would travel unencrypted")).collect();
    assert_eq!(refused.len(), 8, "{error}");
    for (line, place) in refused.iter().zip([4, 11, 18, 24, 31, 36, 43, 49]) {
        assert!(line.contains(&format!("config.toml:{place}:")) && line.contains("url` leads to another"), "{line}");
        assert!(line.contains("write https://, or tls = { allow_plain_http = true }"), "{line}");
    }
    write("tls = { allow_plain_http = true }");
    let (_, text, error) = check(config.to_str().unwrap(), PASSWORD, &["--timeout", "20s"]);
    let said: Vec<&str> = text.lines().filter(|line| line.contains("unencrypted (allow_plain_http)")).collect();
    assert_eq!(said.len(), 8, "{text}\n{error}");
    for name in ["crm", "stream", "metrics", "the hub:", "to duty:", "to pagerduty:", "to own:", "to alertmanager:"] {
        assert!(said.iter().any(|line| line.contains(name)), "{name}: {text}");
    }
    assert!(!text.contains("hunter2") && !error.contains("hunter2"), "{text}\n{error}");
}

#[test]
fn a_secret_in_the_query_of_an_address_is_one_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let write = |allow: &str| {
        let source = "[[source]]\nname = \"crm\"\nkind = \"http\"";
        std::fs::write(&config, format!("{source}\nurl = \"http://crm.invalid/x?api_key=hunter2\"\n{allow}\n"))
            .unwrap();
    };
    write("");
    let (code, text, error) = check(config.to_str().unwrap(), PASSWORD, &[]);
    assert_eq!((code, text.as_str()), (Some(1), ""), "{error}");
    assert!(error.contains("config.toml:4:") && error.contains("url` leads to another"), "{error}");
    assert!(error.contains("tls = { allow_plain_http = true }") && !error.contains("hunter2"), "{error}");
    write("tls = { allow_plain_http = true }");
    let (_, text, error) = check(config.to_str().unwrap(), PASSWORD, &["--timeout", "2s"]);
    assert!(text.contains("unencrypted (allow_plain_http)") && !text.contains("hunter2"), "{text}\n{error}");
}

#[test]
fn the_board_says_that_a_secret_travels_unencrypted() {
    let webhook = "kind = \"webhook\"\nurl = \"http://hooks.invalid/\"\nauth = { bearer = { env = \"PATH\" } }";
    let floor = Floor::new(&format!("[[notify]]\n{webhook}\ntls = {{ allow_plain_http = true }}"));
    let mut board = floor.open();
    board.wait_for("▲ notifications to webhook: the token or password travels unencrypted");
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn check_waits_no_longer_than_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let switch = switchboard("callcenter_config");
    switch.state().is_silent = true;
    let config = sources(folder.path(), &[&switch.address]);
    let (code, text, _) = check(&config, PASSWORD, &["--timeout", "2s"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("it was not live within 2s"), "{text}");
    assert_eq!(check(&config, PASSWORD, &["--timeout", "0"]).0, Some(2));
}
