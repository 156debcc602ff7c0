//! A stub of FreeSWITCH with its event socket and `mod_callcenter`, on loopback.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// The password it accepts.
pub(crate) const PASSWORD: &str = "ClueCon-42";
/// The user it knows, who has the same password.
pub(crate) const USER: &str = "board@default";

const MEMBERS: &str = "queue|instance_id|uuid|session_uuid|cid_number|cid_name|system_epoch|joined_epoch|rejoined_epoch|\
    bridge_epoch|abandoned_epoch|base_score|skill_score|serving_agent|serving_system|state|score";
const AGENTS: &str = "name|instance_id|uuid|type|contact|status|state|max_no_answer|wrap_up_time|reject_delay_time|\
    busy_delay_time|no_answer_delay_time|last_bridge_start|last_bridge_end|last_offered_call|last_status_change|\
    no_answer_count|calls_answered|talk_time|ready_time|external_calls_count";

/// How the stub behaves, and what it has seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag per fault")]
pub(crate) struct StubState {
    /// Sent instead of the greeting, before the connection is closed.
    pub(crate) greeting: Option<Vec<u8>>,
    /// Answer no command.
    pub(crate) is_silent: bool,
    /// Refuse every command, as for a user without rights.
    pub(crate) refuses_commands: bool,
    /// `mod_callcenter` is not loaded.
    pub(crate) lacks_call_centre: bool,
    /// The commands that a user may run, for the answer to `userauth`.
    pub(crate) allowed_api: String,
    /// The user may read the log.
    pub(crate) allows_log: bool,
    /// Greet nobody, as a FreeSWITCH that hangs.
    pub(crate) hangs: bool,
    /// How far the clock is ahead, in seconds.
    pub(crate) ahead_s: i64,
    /// Rows of `queue list`: names.
    pub(crate) queues: Vec<String>,
    /// Rows of `agent list`: name, status, state, wrap-up time.
    pub(crate) agents: Vec<(String, String, String, u32)>,
    /// Rows of `tier list`: queue and agent.
    pub(crate) tiers: Vec<(String, String)>,
    /// Rows of `queue list members`, by their uuid.
    pub(crate) members: BTreeMap<String, String>,
    /// The commands that have come.
    pub(crate) commands: Vec<String>,
    /// How many logins were accepted.
    pub(crate) logins: usize,
}

/// The stub, which runs until the test ends.
#[derive(Clone, Debug)]
pub(crate) struct EventSocket {
    pub(crate) address: String,
    state: Arc<Mutex<StubState>>,
    /// The subscribed connections. A writer holds the lock, so that frames stay whole.
    subscribers: Arc<Mutex<Vec<TcpStream>>>,
}

impl EventSocket {
    pub(crate) fn start(state: StubState) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stub = Self { address, state: Arc::new(Mutex::new(state)), subscribers: Arc::default() };
        let server = stub.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = server.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        stub
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, StubState> {
        self.state.lock().unwrap()
    }

    /// Unix seconds by its clock.
    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.micros() / 1_000_000).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "it stands for another machine, which has a clock of its own")]
    fn micros(&self) -> u128 {
        let ahead = i128::from(self.state().ahead_s) * 1_000_000;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        u128::try_from(i128::try_from(now).unwrap() + ahead).unwrap()
    }

    /// Add a caller to the lists.
    pub(crate) fn put_member(&self, member: &str, session: &str, queue: &str, joined: i64, state: &str, agent: &str) {
        let row = format!(
            "{queue}|single_box|{member}|{session}|0170{member}|Bob | Co|{joined}|{joined}|0|{joined}|0|0|0|{agent}|single_box|{state}|7"
        );
        self.state().members.insert(member.to_owned(), row);
    }

    /// Send `last` to every connection, and close it.
    pub(crate) fn hang_up(&self, last: &[u8]) {
        for mut stream in std::mem::take(&mut *self.subscribers.lock().unwrap()) {
            let _ = stream.write_all(last);
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Send an event of the call centre to every connection.
    pub(crate) fn event(&self, action: &str, fields: &[(&str, &str)]) {
        self.send(&[&event_frame(action, self.micros(), fields)]);
    }

    /// Send bytes to every connection, one portion after the other.
    pub(crate) fn send(&self, portions: &[&[u8]]) {
        for stream in &mut *self.subscribers.lock().unwrap() {
            for portion in portions {
                let _ = stream.write_all(portion);
            }
        }
    }

    fn serve(&self, mut stream: TcpStream) {
        let greeting = self.state().greeting.clone();
        if let Some(greeting) = greeting {
            let _ = stream.write_all(&greeting);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read(&mut [0; 64]);
            return;
        }
        if !self.state().hangs {
            let _ = stream.write_all(b"Content-Type: auth/request\n\n");
        }
        let mut bytes = Vec::new();
        let mut chunk = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            bytes.extend_from_slice(chunk.get(..read).unwrap());
            while let Some(end) = bytes.windows(2).position(|two| two == b"\n\n") {
                let command = String::from_utf8(bytes.drain(..end + 2).collect()).unwrap();
                let command = command.trim_end();
                let Some(answer) = self.answer(command) else { continue };
                let mut subscribers = self.subscribers.lock().unwrap();
                if command.starts_with("event ") {
                    subscribers.push(stream.try_clone().unwrap());
                }
                let _ = stream.write_all(answer.as_bytes());
                if answer.contains("-ERR invalid") {
                    let _ = stream.write_all(b"Content-Type: text/disconnect-notice\nContent-Length: 3\n\nbye");
                    return;
                }
            }
        }
    }

    fn answer(&self, command: &str) -> Option<String> {
        let micros = self.micros();
        let mut state = self.state();
        state.commands.push(command.to_owned());
        let reply = |text: &str| Some(format!("Content-Type: command/reply\nReply-Text: {text}\n\n"));
        if let Some(password) = command.strip_prefix("auth ") {
            state.logins += usize::from(password == PASSWORD);
            return reply(if password == PASSWORD { "+OK accepted" } else { "-ERR invalid" });
        }
        if let Some(who) = command.strip_prefix("userauth ") {
            if who != format!("{USER}:{PASSWORD}") {
                return reply("-ERR invalid");
            }
            state.logins += 1;
            return Some(format!(
                "Content-Type: command/reply\nReply-Text: +OK accepted\nAllowed-Events: CUSTOM callcenter::info\n\
                 Allowed-API: {}\nAllowed-LOG: {}\n\n",
                state.allowed_api, state.allows_log
            ));
        }
        if command == "event plain CUSTOM callcenter::info" {
            return reply("+OK event listener enabled plain");
        }
        if state.is_silent {
            return None;
        }
        if state.refuses_commands {
            return reply("-ERR permission denied");
        }
        let list = |head: &str, rows: Vec<String>| {
            let head = if rows.is_empty() { String::new() } else { format!("{head}\n") };
            [head, rows.join("\n"), "\n+OK\n".to_owned()].concat()
        };
        let body = match command.strip_prefix("api ").unwrap_or_default() {
            "strmicroepoch" => micros.to_string(),
            other if state.lacks_call_centre => {
                format!("-ERR {} Command not found!\n", other.split(' ').next().unwrap_or_default())
            }
            "callcenter_config queue list" => list(
                "name|strategy|moh_sound",
                state.queues.iter().map(|name| format!("{name}|ring-all|$${{hold}}")).collect(),
            ),
            "callcenter_config agent list" => {
                let rows = state.agents.iter().map(|(name, status, of, work)| {
                    format!("{name}|single_box||callback|user/{name}|{status}|{of}|3|{work}|0|0|0|0|0|0|0|0|0|0|0|0")
                });
                list(AGENTS, rows.collect())
            }
            "callcenter_config tier list" => {
                let rows = state.tiers.iter().map(|(queue, agent)| format!("{queue}|{agent}|Ready|1|1"));
                list("queue|agent|state|level|position", rows.collect())
            }
            other => match other.strip_prefix("callcenter_config queue list members ") {
                Some(queue) => {
                    let of = format!("{}|", queue.trim_matches('\''));
                    list(MEMBERS, state.members.values().filter(|row| row.starts_with(&of)).cloned().collect())
                }
                None => "-ERR Invalid!\n".to_owned(),
            },
        };
        Some(format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len()))
    }
}

/// The frame of an event.
pub(crate) fn event_frame(action: &str, micros: u128, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = format!(
        "Event-Subclass: callcenter%3A%3Ainfo\nEvent-Name: CUSTOM\nCore-UUID: 0c4f\nEvent-Date-Timestamp: {micros}\n\
         Event-Sequence: 99\nCC-Action: {action}\n"
    );
    for (name, value) in fields {
        let mut encoded = String::new();
        for byte in value.bytes() {
            if byte.is_ascii_graphic() && !b"%:@|".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                write!(encoded, "%{byte:02X}").unwrap();
            }
        }
        let encoded = if encoded.is_empty() { "_undef_" } else { &encoded };
        writeln!(block, "{name}: {encoded}").unwrap();
    }
    block.push('\n');
    format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{block}", block.len()).into_bytes()
}
