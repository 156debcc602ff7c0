//! A connection to the event socket: sends commands, receives frames, and logs in.

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Settings;
use super::frame::{EslDecoder, EslFrame, EslFrameKind};
use crate::net::Fault;
use crate::net::tcp::{self, CONNECT_TIMEOUT, NetStream};

const READ_CHUNK_BYTES: usize = 16 * 1024;
/// The API commands that floorwatch needs, by their names in `esl-allowed-api`.
const NEEDED_COMMANDS: [&str; 2] = ["callcenter_config", "strmicroepoch"];
/// The settings of a user that has just the rights that floorwatch needs.
const SUFFICIENT_RIGHTS: &str = "esl-allowed-api = \"callcenter_config strmicroepoch\" and \
                      esl-allowed-events = \"CUSTOM callcenter::info\" are enough";
/// The rights that FreeSWITCH gives to every user, whatever is allowed.
const UNAVOIDABLE_RIGHTS: &str = "every user may also change the call centre (callcenter_config) and forge events \
                      (sendevent): let only this machine reach the event socket";

/// A connection to the event socket.
pub(super) struct EslConnection {
    stream: Box<dyn NetStream>,
    decoder: EslDecoder,
    chunk: Box<[u8]>,
    address: String,
    /// It is FreeSWITCH's event socket that listens there, now or in an earlier session.
    is_known: bool,
}

impl EslConnection {
    /// Connect, without logging in. `is_known` says that an earlier session found FreeSWITCH there.
    pub(super) async fn open(settings: &Settings, is_known: bool) -> Result<Self, Fault> {
        let address = settings.socket_address();
        let stream = tcp::connect(&address, settings.tls.as_ref()).await?;
        let chunk = vec![0; READ_CHUNK_BYTES].into();
        Ok(Self { stream, decoder: EslDecoder::default(), chunk, address, is_known })
    }

    /// Send the command that `parts` make up together.
    pub(super) async fn send(&mut self, parts: &[&str]) -> Result<(), Fault> {
        for part in parts.iter().chain(&["\n\n"]) {
            self.stream.write_all(part.as_bytes()).await.map_err(|error| tcp::explain(&error, &self.address))?;
        }
        self.stream.flush().await.map_err(|error| tcp::explain(&error, &self.address))
    }

    /// The next frame that has already come, if any.
    pub(super) fn buffered_frame(&mut self) -> Result<Option<EslFrame>, Fault> {
        self.decoder.next().map_err(|error| Fault::transient(format!("{} {error}: is it FreeSWITCH?", self.address)))
    }

    /// Wait for the next frame. It is cancel safe.
    pub(super) async fn next_frame(&mut self) -> Result<EslFrame, Fault> {
        loop {
            if let Some(frame) = self.buffered_frame()? {
                match frame.kind() {
                    EslFrameKind::Disconnect => {
                        let address = &self.address;
                        return Err(Fault::transient(format!(
                            "FreeSWITCH at {address} ended the connection: is it stopping?"
                        )));
                    }
                    EslFrameKind::Rejection => return Err(rejected_by_access_list(&self.address)),
                    _ => return Ok(frame),
                }
            }
            let read = self.stream.read(&mut self.chunk).await.map_err(|error| tcp::explain(&error, &self.address))?;
            if read == 0 {
                return Err(Fault::transient(format!("{} closed the connection", self.address)));
            }
            self.decoder.push(self.chunk.get(..read).unwrap_or_default());
        }
    }

    /// Wait for the answer to a command of the login, before which no event comes.
    async fn reply(&mut self) -> Result<EslFrame, Fault> {
        match timeout(CONNECT_TIMEOUT, self.next_frame()).await {
            Ok(frame) => frame,
            Err(_) => Err(Fault::transient(format!(
                "{} takes the connection and says nothing: {}",
                self.address,
                if self.is_known { "FreeSWITCH hangs" } else { "is it FreeSWITCH's event socket, and does it hang?" }
            ))),
        }
    }

    /// Log in, and return a remark where the login has more rights than floorwatch needs.
    pub(super) async fn login(&mut self, user: Option<&str>, password: &SecretString) -> Result<Option<String>, Fault> {
        let greeting = self.reply().await?;
        if greeting.kind() != EslFrameKind::AuthRequest {
            let address = &self.address;
            return Err(Fault::transient(format!(
                "{address} does not greet like FreeSWITCH's event socket: is the port right?"
            )));
        }
        self.is_known = true;
        let secret = password.expose_secret();
        if secret.contains(['\n', '\r']) {
            return Err(Fault::needs_change(
                "the password for FreeSWITCH has more than one line: keep the first one alone",
            ));
        }
        match user {
            Some(user) => self.send(&["userauth ", user, ":", secret]).await?,
            None => self.send(&["auth ", secret]).await?,
        }
        let reply = self.reply().await?;
        if !is_ok(&reply) {
            return Err(Fault::needs_change(match user {
                Some(user) => format!(
                    "FreeSWITCH at {} does not take this user and password: compare esl-password of {user} in its directory",
                    self.address
                ),
                None => format!(
                    "FreeSWITCH at {} does not take this password: it stands in event_socket.conf.xml there",
                    self.address
                ),
            }));
        }
        Ok(match user {
            Some(user) => excess_rights(user, &reply),
            None => Some(format!(
                "this password may run every command of FreeSWITCH; for a user of its own {SUFFICIENT_RIGHTS}"
            )),
        })
    }

    /// Subscribe to the call centre's events.
    pub(super) async fn subscribe(&mut self) -> Result<(), Fault> {
        self.send(&["event plain CUSTOM callcenter::info"]).await?;
        if is_ok(&self.reply().await?) {
            return Ok(());
        }
        Err(Fault::needs_change(format!(
            "FreeSWITCH at {} does not give us the call centre's events: {SUFFICIENT_RIGHTS}",
            self.address
        )))
    }

    /// The list in the answer to a `callcenter_config` command.
    pub(super) fn list_body(&self, answer: EslFrame) -> Result<Vec<u8>, Fault> {
        let address = &self.address;
        if answer.kind() != EslFrameKind::Response {
            return Err(Fault::needs_change(format!(
                "FreeSWITCH at {address} does not let us list the call centre: {SUFFICIENT_RIGHTS}"
            )));
        }
        if answer.body.starts_with(b"-ERR callcenter_config") {
            return Err(Fault::needs_change(format!(
                "FreeSWITCH at {address} has no call centre: load mod_callcenter, in modules.conf.xml too"
            )));
        }
        if answer.body.starts_with(b"-") {
            return Err(Fault::transient(format!(
                "FreeSWITCH at {address} does not list the call centre: is mod_callcenter well?"
            )));
        }
        Ok(answer.body)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

fn is_ok(reply: &EslFrame) -> bool {
    reply.kind() == EslFrameKind::Reply && reply.head().raw("Reply-Text").is_some_and(|text| text.starts_with(b"+OK"))
}

fn rejected_by_access_list(address: &str) -> Fault {
    Fault::needs_change(format!(
        "FreeSWITCH at {address} lets nobody in from this machine: add it to the access list that apply-inbound-acl \
         names in event_socket.conf.xml"
    ))
}

/// Describes the rights of a user that floorwatch does not need; `None` where the user has no more of them than any.
fn excess_rights(user: &str, reply: &EslFrame) -> Option<String> {
    let head = reply.head();
    let allowed = String::from_utf8_lossy(head.raw("Allowed-API").unwrap_or_default());
    let mut extra = allowed.split([' ', ',']).filter(|word| !word.is_empty() && !NEEDED_COMMANDS.contains(word));
    let commands = extra.next().map(|first| {
        let what = if first == "all" {
            "every command of FreeSWITCH".to_owned()
        } else {
            format!("more than we need ({first})")
        };
        format!("{user} may run {what}: {SUFFICIENT_RIGHTS}")
    });
    let reads_log = head.raw("Allowed-LOG").is_some_and(|allowed| allowed == b"true");
    let log = reads_log.then(|| format!("{user} may read FreeSWITCH's log: set esl-allowed-log = \"false\""));
    let rights: Vec<String> = commands.into_iter().chain(log).collect();
    (!rights.is_empty()).then(|| format!("{}; {UNAVOIDABLE_RIGHTS}", rights.join("; ")))
}
