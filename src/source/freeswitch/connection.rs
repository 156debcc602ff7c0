//! A connection to the event socket: commands out, frames in, and the login.

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Settings;
use super::frame::{Decoder, Frame, Kind};
use crate::source::link::Fault;
use crate::source::net::{self, PATIENCE, Stream};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// The commands of FreeSWITCH that are needed, as `esl-allowed-api` names them.
const NEEDED: [&str; 2] = ["callcenter_config", "strmicroepoch"];
const ENOUGH: &str = "esl-allowed-api = \"callcenter_config strmicroepoch\" and \
                      esl-allowed-events = \"CUSTOM callcenter::info\" are enough";

/// A connection.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    decoder: Decoder,
    chunk: Box<[u8]>,
    address: String,
}

impl Connection {
    /// Connect to the event socket of `settings`, nothing said yet.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Fault> {
        let address = settings.place();
        let stream = net::connect(&address, settings.tls.as_ref()).await?;
        Ok(Self { stream, decoder: Decoder::default(), chunk: vec![0; CHUNK].into(), address })
    }

    /// Send a command that is made of `parts`.
    pub(super) async fn send(&mut self, parts: &[&str]) -> Result<(), Fault> {
        for part in parts.iter().chain(&["\n\n"]) {
            self.stream.write_all(part.as_bytes()).await.map_err(|error| net::explain(&error, &self.address))?;
        }
        self.stream.flush().await.map_err(|error| net::explain(&error, &self.address))
    }

    /// A frame, if one has come.
    pub(super) fn ready(&mut self) -> Result<Option<Frame>, Fault> {
        self.decoder.next().map_err(|trouble| Fault::new(format!("{} {trouble}: is it FreeSWITCH?", self.address)))
    }

    /// The next frame. It may be given up at any time; nothing is lost by that.
    pub(super) async fn frame(&mut self) -> Result<Frame, Fault> {
        loop {
            if let Some(frame) = self.ready()? {
                match frame.kind() {
                    Kind::Disconnect => {
                        let address = &self.address;
                        return Err(Fault::new(format!(
                            "FreeSWITCH at {address} ended the connection: is it stopping?"
                        )));
                    }
                    Kind::Rejection => return Err(rejected(&self.address)),
                    _ => return Ok(frame),
                }
            }
            let read = self.stream.read(&mut self.chunk).await.map_err(|error| net::explain(&error, &self.address))?;
            if read == 0 {
                return Err(Fault::new(format!("{} closed the connection", self.address)));
            }
            self.decoder.push(self.chunk.get(..read).unwrap_or_default());
        }
    }

    /// The answer to what was last said, before any event can come.
    async fn reply(&mut self) -> Result<Frame, Fault> {
        timeout(PATIENCE, self.frame()).await.map_err(|_| {
            Fault::new(format!("{} does not answer like FreeSWITCH's event socket: is the port right?", self.address))
        })?
    }

    /// Say who we are; what its owner should know of the rights that gives.
    pub(super) async fn login(&mut self, user: Option<&str>, password: &SecretString) -> Result<Option<String>, Fault> {
        let greeting = self.reply().await?;
        if greeting.kind() != Kind::AuthRequest {
            let address = &self.address;
            return Err(Fault::new(format!(
                "{address} does not greet like FreeSWITCH's event socket: is the port right?"
            )));
        }
        let secret = password.expose_secret();
        if secret.contains(['\n', '\r']) {
            return Err(Fault::lasting("the password for FreeSWITCH has more than one line: keep the first one alone"));
        }
        match user {
            Some(user) => self.send(&["userauth ", user, ":", secret]).await?,
            None => self.send(&["auth ", secret]).await?,
        }
        let reply = self.reply().await?;
        if !is_ok(&reply) {
            return Err(Fault::lasting(match user {
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
            Some(user) => too_many_rights(user, &reply),
            None => Some(format!("this password may run every command of FreeSWITCH; for a user of its own {ENOUGH}")),
        })
    }

    /// Ask for the call centre's events.
    pub(super) async fn subscribe(&mut self) -> Result<(), Fault> {
        self.send(&["event plain CUSTOM callcenter::info"]).await?;
        if is_ok(&self.reply().await?) {
            return Ok(());
        }
        Err(Fault::lasting(format!(
            "FreeSWITCH at {} does not give us the call centre's events: {ENOUGH}",
            self.address
        )))
    }

    /// What the answer to `callcenter_config` holds.
    pub(super) fn list(&self, answer: Frame) -> Result<Vec<u8>, Fault> {
        let address = &self.address;
        if answer.kind() != Kind::Response {
            return Err(Fault::lasting(format!(
                "FreeSWITCH at {address} does not let us list the call centre: {ENOUGH}"
            )));
        }
        if answer.body.starts_with(b"-ERR callcenter_config") {
            return Err(Fault::lasting(format!(
                "FreeSWITCH at {address} has no call centre: load mod_callcenter, in modules.conf.xml too"
            )));
        }
        if answer.body.starts_with(b"-") {
            return Err(Fault::new(format!(
                "FreeSWITCH at {address} does not list the call centre: is mod_callcenter well?"
            )));
        }
        Ok(answer.body)
    }

    /// Where it is.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

fn is_ok(reply: &Frame) -> bool {
    reply.kind() == Kind::Reply && reply.head().raw("Reply-Text").is_some_and(|text| text.starts_with(b"+OK"))
}

fn rejected(address: &str) -> Fault {
    Fault::lasting(format!(
        "FreeSWITCH at {address} lets nobody in from this machine: add it to the access list that apply-inbound-acl \
         names in event_socket.conf.xml"
    ))
}

/// What a user may do that isn't needed.
fn too_many_rights(user: &str, reply: &Frame) -> Option<String> {
    let head = reply.head();
    let allowed = String::from_utf8_lossy(head.raw("Allowed-API")?);
    let mut extra = allowed.split([' ', ',']).filter(|word| !word.is_empty() && !NEEDED.contains(word));
    let first = extra.next()?;
    let what =
        if first == "all" { "every command of FreeSWITCH".to_owned() } else { format!("more than we need ({first})") };
    Some(format!("{user} may run {what}: {ENOUGH}"))
}
