//! A peer that answers a login as Asterisk does and then says what a recorded one said.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use flate2::read::GzDecoder;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::secret::Secret;
use floorwatch::source::asterisk::{Login, Settings};
use tempfile::TempDir;

/// What the recorded Asterisk asked, and the answer of the one who knows the secret.
const CHALLENGE: &str = "166094130";
const KEY: &str = "94e444d6c4f8ec6250b1e8468607a7de";
const SECRET: &str = "wallboard";

pub(crate) fn fixture(scenario: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/asterisk/scenario-{scenario}")).join(file)
}

fn unpacked(scenario: &str, file: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(fixture(scenario, file)).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A recorded connection: when it was made, and its bytes behind the banner as they were read, each with its time.
pub(crate) struct Connection {
    pub(crate) at: Time,
    pub(crate) reads: Vec<(Time, Vec<u8>)>,
    /// The reply to `QueueStatus` that was recorded next.
    pub(crate) status: Vec<u8>,
    /// The id of the question in it.
    pub(crate) status_id: String,
}

/// The lines of a `.times` file: offset, time, note.
fn times(scenario: &str, name: &str) -> Vec<(usize, Time, String)> {
    let text = String::from_utf8(unpacked(scenario, &format!("{name}.times.gz"))).unwrap();
    let line = |line: &str| {
        let mut fields = line.splitn(3, '\t');
        let offset = fields.next().unwrap().parse().unwrap();
        let at = Span::from_secs_f64(fields.next().unwrap().parse().unwrap()).unwrap();
        (offset, Time(at.0), fields.next().unwrap_or_default().to_owned())
    };
    text.lines().map(line).collect()
}

/// All replies to `QueueStatus` that were whole: when asked, under which id, and their bytes.
fn statuses(scenario: &str) -> Vec<(Time, String, Vec<u8>)> {
    let raw = unpacked(scenario, "poll.raw.gz");
    let find = |what: &str, from: usize| {
        raw[from..].windows(what.len()).position(|part| part == what.as_bytes()).map(|at| at + from)
    };
    let mut out = Vec::new();
    let mut from = 0;
    for (_, at, note) in times(scenario, "poll") {
        let Some(id) = note.strip_prefix("sent QueueStatus ") else { continue };
        let Some(start) = find(&format!("Response: Success\r\nActionID: {id}\r\n"), from) else { continue };
        let Some(end) = find(&format!("Event: QueueStatusComplete\r\nActionID: {id}\r\n"), start) else { continue };
        let end = find("\r\n\r\n", end).unwrap() + 4;
        out.push((at, id.to_owned(), raw[start..end].to_vec()));
        from = end;
    }
    out
}

/// The connections of a recording that came about.
pub(crate) fn connections(scenario: &str) -> Vec<Connection> {
    let raw = unpacked(scenario, "agent.raw.gz");
    let times = times(scenario, "agent");
    let statuses = statuses(scenario);
    let mut out: Vec<Connection> = Vec::new();
    for (place, (offset, at, note)) in times.iter().enumerate() {
        match note.as_str() {
            "connect" => {
                let (_, status_id, status) = statuses.iter().find(|(when, ..)| when >= at).unwrap().clone();
                out.push(Connection { at: *at, reads: Vec::new(), status, status_id });
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
        // The reply was recorded a little later: who joined in between had not joined yet.
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

/// A server, and what a source needs to reach it.
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
            verbs: floorwatch::source::queue_log::Verbs::default(),
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

    pub(crate) fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next action; `None` once the other side is gone.
    pub(crate) fn action(&mut self) -> Option<Action> {
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
        let said = |line: &str| action.lines.iter().any(|l| l == line);
        match action.name.as_str() {
            "Challenge" => self.say(&format!("Response: Success\r\nActionID: {id}\r\nChallenge: {CHALLENGE}\r\n\r\n")),
            "Login" if said(&format!("Key: {KEY}")) || said(&format!("Secret: {SECRET}")) => {
                assert!(said("Events: agent,system,user"));
                self.say(&format!("Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"));
            }
            "Login" => {
                self.say(&format!("Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"));
            }
            "Ping" => {
                let (seconds, micros) = (now.0.div_euclid(1_000_000), now.0.rem_euclid(1_000_000));
                self.say(&format!(
                    "Response: Success\r\nActionID: {id}\r\nPing: Pong\r\nTimestamp: {seconds}.{micros:06}\r\n\r\n"
                ));
            }
            "ListCommands" => self.say(&format!(
                "Response: Success\r\nActionID: {id}\r\nQueueStatus: Show queue status.  (Priv: <none>)\r\n\r\n"
            )),
            "QueueStatus" => {
                let reply = String::from_utf8_lossy(status.0).replace(status.1, id);
                self.say(&reply);
            }
            other => panic!("nobody asked for {other}"),
        }
    }
}

/// How a recording is played.
pub(crate) struct Play {
    pub(crate) connections: Vec<Connection>,
    /// So many bytes of each connection go out one by one.
    pub(crate) singly: usize,
    /// The clock goes with the recording, and nothing goes out before all else has been heard.
    pub(crate) paced: bool,
    /// What is done before each read goes out, with its time.
    pub(crate) before: Box<dyn FnMut(Time) + Send>,
}

/// The name of the last of them.
pub(crate) const LAST: &str = "of all";

/// An event that says that all before it has been heard.
fn sentinel(name: &str) -> String {
    format!(
        "Event: QueueMemberStatus\r\nQueue: -\r\nMemberName: sentinel {name}\r\nInterface: {name}\r\nStatus: 1\r\n\r\n"
    )
}

/// Play it all. Each time `heard` says that a sentinel was, time goes on.
pub(crate) fn play(listener: &TcpListener, mut play: Play, heard: &Receiver<()>, clock: &Clock) {
    let count = play.connections.len();
    for (number, connection) in play.connections.into_iter().enumerate() {
        let mut peer = Peer::accept(listener);
        clock.set(connection.at);
        peer.say("Asterisk Call Manager/11.0.0\r\n");
        loop {
            let action = peer.action().unwrap();
            peer.answer(&action, clock.now(), (&connection.status, &connection.status_id));
            if action.name == "QueueStatus" {
                break;
            }
        }
        let mut left = play.singly;
        let mut end = connection.at;
        let mut together = Vec::new();
        for (place, (at, bytes)) in connection.reads.iter().enumerate() {
            end = *at;
            (play.before)(*at);
            if play.paced {
                clock.set(*at);
                together.extend_from_slice(bytes);
                // A frame isn't broken.
                if together.ends_with(b"\r\n\r\n") {
                    peer.stream.write_all(&together).unwrap();
                    together.clear();
                    peer.say(&sentinel(&format!("{number}-{place}")));
                    heard.recv().unwrap();
                }
                continue;
            }
            let single = left.min(bytes.len());
            left -= single;
            bytes[..single].iter().for_each(|byte| peer.stream.write_all(&[*byte]).unwrap());
            peer.stream.write_all(&bytes[single..]).unwrap();
        }
        peer.say(&sentinel(&number.to_string()));
        heard.recv().unwrap();
        if number + 1 < count {
            clock.set(end);
            continue;
        }
        // What no event decides is decided by time.
        clock.set(end + Span::MINUTE);
        peer.say(&sentinel(LAST));
        heard.recv().unwrap();
        while let Some(action) = peer.action() {
            peer.answer(&action, clock.now(), (&connection.status, &connection.status_id));
        }
    }
}
