//! A stub of Asterisk that answers a login as Asterisk does and then plays a recording.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use floorwatch::clock::{Clock, Span, Time};
use floorwatch::secret::Secret;
use floorwatch::source::network::asterisk::{Login, Settings};
use tempfile::TempDir;

use super::recording::{self, times, unpacked};

/// The recorded challenge, and the key that answers it with the secret.
const CHALLENGE: &str = "166094130";
const KEY: &str = "94e444d6c4f8ec6250b1e8468607a7de";
const SECRET: &str = "wallboard";

pub(crate) fn fixture(scenario: &str, file: &str) -> PathBuf {
    recording::fixture(&format!("asterisk/scenario-{scenario}/{file}"))
}

/// A recorded connection: when it was made, and its bytes after the banner as they were read, each with its time.
pub(crate) struct RecordedConnection {
    pub(crate) at: Time,
    pub(crate) reads: Vec<(Time, Vec<u8>)>,
    /// The reply to `QueueStatus` that was recorded next.
    pub(crate) status: Vec<u8>,
    /// The `ActionID` in it.
    pub(crate) status_id: String,
}

/// All complete replies to `QueueStatus`: when the action was sent, its id, and the bytes of the reply.
pub(crate) fn statuses(scenario: &str) -> Vec<(Time, String, Vec<u8>)> {
    let raw = unpacked(&fixture(scenario, "poll.raw.gz"));
    let find = |what: &str, from: usize| {
        raw[from..].windows(what.len()).position(|part| part == what.as_bytes()).map(|at| at + from)
    };
    let mut out = Vec::new();
    let mut from = 0;
    for (_, at, note) in times(&fixture(scenario, "poll.times.gz")) {
        let Some(id) = note.strip_prefix("sent QueueStatus ") else { continue };
        let Some(start) = find(&format!("Response: Success\r\nActionID: {id}\r\n"), from) else { continue };
        let Some(end) = find(&format!("Event: QueueStatusComplete\r\nActionID: {id}\r\n"), start) else { continue };
        let end = find("\r\n\r\n", end).unwrap() + 4;
        out.push((at, id.to_owned(), raw[start..end].to_vec()));
        from = end;
    }
    out
}

/// The connections of a recording that succeeded.
pub(crate) fn connections(scenario: &str) -> Vec<RecordedConnection> {
    let raw = unpacked(&fixture(scenario, "agent.raw.gz"));
    let times = times(&fixture(scenario, "agent.times.gz"));
    let statuses = statuses(scenario);
    let mut out: Vec<RecordedConnection> = Vec::new();
    for (place, (offset, at, note)) in times.iter().enumerate() {
        match note.as_str() {
            "connect" => {
                let (_, status_id, status) = statuses.iter().find(|(when, ..)| when >= at).unwrap().clone();
                out.push(RecordedConnection { at: *at, reads: Vec::new(), status, status_id });
            }
            "" => {
                let end = times[place + 1..].iter().map(|(o, ..)| *o).find(|o| o > offset).unwrap_or(raw.len());
                let is_last_here =
                    times[place + 1..].iter().find(|(.., note)| note.is_empty()).is_none_or(|(o, ..)| o > offset);
                if is_last_here {
                    out.last_mut().unwrap().reads.push((*at, raw[*offset..end].to_vec()));
                }
            }
            _ => {}
        }
    }
    for connection in &mut out {
        let first = &mut connection.reads[0].1;
        let banner = first.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        first.drain(..banner);
        // The reply was recorded a little later: remove the callers who joined in between.
        let text: Vec<u8> = connection.reads.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let text = String::from_utf8_lossy(&text).into_owned();
        let joined: Vec<&str> = text
            .split("\r\n\r\n")
            .filter(|frame| frame.contains("Event: QueueCallerJoin"))
            .filter_map(|frame| frame.lines().find_map(|line| line.strip_prefix("Uniqueid: ")))
            .collect();
        let status = String::from_utf8_lossy(&connection.status).into_owned();
        let is_later = |frame: &str| {
            let id = frame.lines().find_map(|line| line.strip_prefix("Uniqueid: "));
            frame.starts_with("Event: QueueEntry") && id.is_some_and(|id| joined.contains(&id))
        };
        let kept: String = status.split_inclusive("\r\n\r\n").filter(|frame| !is_later(frame)).collect();
        connection.status = kept.into_bytes();
    }
    out
}

/// A listener, and the settings that a source needs to reach it.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    _folder: TempDir,
    pub(crate) settings: Settings,
}

impl Server {
    pub(crate) fn new(queue_log: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Settings {
            address: listener.local_addr().unwrap().to_string(),
            user: "wallboard".to_owned(),
            secret: Secret::File(secret),
            login: Login::Md5,
            tls: None,
            queue_log,
            verbs: floorwatch::source::format::queue_log::Verbs::default(),
            agent_aliases: floorwatch::source::format::queue_log::AgentAliases::default(),
            intent: "INTENT".to_owned(),
        };
        Self { listener, _folder: folder, settings }
    }
}

/// One connection from the server's side.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

/// An action: its name, its id, and all its lines.
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) lines: Vec<String>,
}

impl Peer {
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next action; `None` once the other side is gone.
    pub(crate) fn next_action(&mut self) -> Option<Action> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let value =
            |key: &str| lines.iter().find_map(|line: &String| line.strip_prefix(key)).unwrap_or_default().to_owned();
        Some(Action { name: value("Action: "), id: value("ActionID: "), lines })
    }

    /// Answer an action as Asterisk does; `status` is the reply to `QueueStatus` and the id in it.
    pub(crate) fn answer(&mut self, action: &Action, now: Time, status: (&[u8], &str)) {
        let id = &action.id;
        let has_line = |line: &str| action.lines.iter().any(|l| l == line);
        match action.name.as_str() {
            "Challenge" => self.send(&format!("Response: Success\r\nActionID: {id}\r\nChallenge: {CHALLENGE}\r\n\r\n")),
            "Login" if has_line(&format!("Key: {KEY}")) || has_line(&format!("Secret: {SECRET}")) => {
                assert!(has_line("Events: agent,system,user"));
                self.send(&format!("Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"));
                self.send("Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n");
            }
            "Login" => {
                self.send(&format!("Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"));
            }
            "Ping" => {
                let (seconds, micros) = (now.0.div_euclid(1_000_000), now.0.rem_euclid(1_000_000));
                self.send(&format!(
                    "Response: Success\r\nActionID: {id}\r\nPing: Pong\r\nTimestamp: {seconds}.{micros:06}\r\n\r\n"
                ));
            }
            "ListCommands" => self.send(&format!(
                "Response: Success\r\nActionID: {id}\r\nQueueStatus: Show queue status.  (Priv: <none>)\r\n\r\n"
            )),
            "QueueStatus" => {
                let reply = String::from_utf8_lossy(status.0).replace(status.1, id);
                self.send(&reply);
            }
            other => panic!("unexpected action {other}"),
        }
    }
}

/// How a recording is played.
pub(crate) struct Play {
    pub(crate) connections: Vec<RecordedConnection>,
    /// How many bytes of each connection are sent one by one.
    pub(crate) single_bytes: usize,
    /// The clock follows the recording, and nothing is sent before all that came earlier has been processed.
    pub(crate) paced: bool,
    /// Called before each read is sent, with its time.
    pub(crate) before: Box<dyn FnMut(Time) + Send>,
}

/// The name of the last sentinel.
pub(crate) const LAST: &str = "of all";

/// An event that the source reports once it has processed all that came before.
fn sentinel(name: &str) -> String {
    format!(
        "Event: QueueMemberStatus\r\nQueue: -\r\nMemberName: sentinel {name}\r\nInterface: {name}\r\nStatus: 1\r\n\r\n"
    )
}

/// Play the recording. The time advances each time a sentinel is `acknowledged`.
pub(crate) fn play(listener: &TcpListener, mut play: Play, acknowledged: &Receiver<()>, clock: &Clock) {
    let count = play.connections.len();
    for (number, connection) in play.connections.into_iter().enumerate() {
        let mut peer = Peer::accept(listener);
        clock.set(connection.at);
        peer.send("Asterisk Call Manager/11.0.0\r\n");
        loop {
            let action = peer.next_action().unwrap();
            peer.answer(&action, clock.now(), (&connection.status, &connection.status_id));
            if action.name == "QueueStatus" {
                break;
            }
        }
        let mut left = play.single_bytes;
        let mut end = connection.at;
        let mut together = Vec::new();
        for (place, (at, bytes)) in connection.reads.iter().enumerate() {
            end = *at;
            (play.before)(*at);
            if play.paced {
                clock.set(*at);
                together.extend_from_slice(bytes);
                // Only whole packets are sent.
                if together.ends_with(b"\r\n\r\n") {
                    peer.stream.write_all(&together).unwrap();
                    together.clear();
                    peer.send(&sentinel(&format!("{number}-{place}")));
                    acknowledged.recv().unwrap();
                }
                continue;
            }
            let single = left.min(bytes.len());
            left -= single;
            bytes[..single].iter().for_each(|byte| peer.stream.write_all(&[*byte]).unwrap());
            peer.stream.write_all(&bytes[single..]).unwrap();
        }
        peer.send(&sentinel(&number.to_string()));
        acknowledged.recv().unwrap();
        if number + 1 < count {
            clock.set(end);
            continue;
        }
        // Some steps are decided by time alone.
        clock.set(end + Span::MINUTE);
        peer.send(&sentinel(LAST));
        acknowledged.recv().unwrap();
        while let Some(action) = peer.next_action() {
            peer.answer(&action, clock.now(), (&connection.status, &connection.status_id));
        }
    }
}
