//! A connection to the manager interface: sends actions, receives packets, and logs in.

use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Settings;
use super::packet::{AmiDecoder, AmiPacket};
use crate::clock::Span;
use crate::net::Fault;
use crate::net::tcp::{self, CONNECT_TIMEOUT, NetStream};

/// How long Asterisk may take to answer the login. It delays a refusal by one second.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// A login that is refused so soon after Asterisk was heard is refused because it restarts.
const MAX_PASSING_REFUSAL: Span = Span::MINUTE;
/// What Asterisk answers to every action while it ends, which a graceful restart puts off until the last call is over.
const SHUTTING_DOWN: &str = "shutting down";
const READ_CHUNK_BYTES: usize = 16 * 1024;
/// The packets that are kept while the login is under way.
const MAX_EARLY_PACKETS: usize = 200;

/// How floorwatch proves to Asterisk that it knows the secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// By the MD5 digest of a challenge and the secret, so that the secret itself is not sent.
    #[default]
    Md5,
    /// By sending the secret as it is; only safe over TLS.
    Plain,
}

/// A connection to the manager interface.
pub(super) struct AmiConnection {
    stream: Box<dyn NetStream>,
    address: String,
    /// How long before the connection Asterisk was last heard; `None` for never.
    heard_before: Option<Span>,
    decoder: AmiDecoder,
    chunk: Vec<u8>,
    /// A part of every `ActionID`, chosen at random so that a caller who writes into a reply cannot know it.
    token: u64,
    actions: u32,
}

impl AmiConnection {
    /// Connect, and wait for the greeting. `heard_before` says how long ago Asterisk was last heard.
    pub(super) async fn open(settings: &Settings, heard_before: Option<Span>) -> Result<Self, Fault> {
        let stream = tcp::connect(&settings.address, settings.tls.as_ref()).await?;
        let mut connection = Self {
            stream,
            address: settings.address.clone(),
            heard_before,
            decoder: AmiDecoder::default(),
            chunk: vec![0; READ_CHUNK_BYTES],
            token: RandomState::new().build_hasher().finish(),
            actions: 0,
        };
        let greeted = timeout(CONNECT_TIMEOUT, async {
            while connection.decoder.banner().is_none() {
                connection.read(&mut Vec::new()).await?;
            }
            Ok::<(), Fault>(())
        });
        let address = &settings.address;
        let silent = || {
            if heard_before.is_some() {
                return Fault::transient(format!(
                    "{address} takes the connection and says nothing: Asterisk hangs, or is starting"
                ));
            }
            let tls = if settings.tls.is_some() { "" } else { ", and does it want TLS (tls = {})?" };
            Fault::transient(format!(
                "{address} takes the connection and says nothing: is it Asterisk's manager port{tls}"
            ))
        };
        greeted.await.map_err(|_| silent())??;
        if !connection.banner().starts_with(b"Asterisk Call Manager") {
            return Err(Fault::needs_change(format!(
                "{address} is no Asterisk manager interface: its port is 5038, or 5039 with TLS, unless manager.conf says otherwise"
            )));
        }
        Ok(connection)
    }

    fn banner(&self) -> &[u8] {
        self.decoder.banner().unwrap_or_default()
    }

    /// Whether Asterisk says after the login that it is up, to those who may read `system`.
    pub(super) fn announces_start(&self) -> bool {
        !self.banner().starts_with(b"Asterisk Call Manager/1.0")
    }

    /// Whether joining and leaving a queue are events of the class `call`, as up to Asterisk 11 (AMI version 1).
    fn has_queue_events_in_call_class(&self) -> bool {
        self.banner().strip_prefix(b"Asterisk Call Manager/").is_some_and(|version| version.starts_with(b"1."))
    }

    /// Log in. Packets that arrive meanwhile are appended to `early`.
    pub(super) async fn log_in(&mut self, settings: &Settings, early: &mut Vec<AmiPacket>) -> Result<(), Fault> {
        let secret = settings.secret.read()?;
        if secret.expose_secret().contains(['\r', '\n']) {
            return Err(Fault::needs_change("the secret has more than one line: a manager's secret is one line"));
        }
        let events = if self.has_queue_events_in_call_class() { "agent,call,system,user" } else { "agent,system,user" };
        let user = settings.user.as_str();
        let id = match settings.login {
            Login::Plain => {
                let secret = secret.expose_secret();
                self.send_action("Login", &[("Username", user), ("Secret", secret), ("Events", events)]).await?
            }
            Login::Md5 => {
                let id = self.send_action("Challenge", &[("AuthType", "MD5")]).await?;
                let response = self.response(&id, early).await?;
                let Some(challenge) = response.first("Challenge") else {
                    return Err(self.refused("gives no MD5 challenge", &response, "set login = \"plain\", with tls"));
                };
                let key = challenge_key(challenge, &secret);
                let fields = [("AuthType", "MD5"), ("Username", user), ("Key", key.as_str()), ("Events", events)];
                self.send_action("Login", &fields).await?
            }
        };
        let response = self.response(&id, early).await?;
        if response.first("Response") == Some(b"Success") {
            return Ok(());
        }
        let remedy = "compare user and secret with manager.conf, and its permit and deny";
        Err(self.refused(&format!("refuses the login of {user}"), &response, remedy))
    }

    /// The fault of an error in response to the login. It passes by itself while Asterisk restarts.
    fn refused(&self, what: &str, response: &AmiPacket, remedy: &str) -> Fault {
        let (address, message) = (&self.address, response.text("Message"));
        if message.contains(SHUTTING_DOWN) {
            return Fault::transient(format!("Asterisk at {address} is shutting down"));
        }
        if self.heard_before.is_some_and(|ago| ago <= MAX_PASSING_REFUSAL) {
            let why = "it did not until a moment ago, so that it may be restarting, or its accounts have just changed";
            return Fault::transient(format!("{address} {what} ({message}): {why}"));
        }
        Fault::needs_change(format!("{address} {what} ({message}): {remedy}"))
    }

    /// Send an action, and return its `ActionID`, which the response repeats.
    pub(super) async fn send_action(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<String, Fault> {
        self.actions += 1;
        let id = format!("floorwatch-{:016x}-{}", self.token, self.actions);
        let mut text = format!("Action: {action}\r\nActionID: {id}\r\n");
        for (key, value) in fields {
            text.extend([key, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        let sent = timeout(CONNECT_TIMEOUT, self.stream.write_all(text.as_bytes())).await;
        sent.map_err(|_| Fault::transient(format!("{} no longer takes what is sent to it", self.address)))?
            .map_err(|error| tcp::explain(&error, &self.address))?;
        Ok(id)
    }

    /// Wait for the response to an action. All other packets are appended to `early`.
    async fn response(&mut self, id: &str, early: &mut Vec<AmiPacket>) -> Result<AmiPacket, Fault> {
        let late = format!("{} does not answer the login within {} s", self.address, LOGIN_TIMEOUT.as_secs());
        let answered = timeout(LOGIN_TIMEOUT, async {
            loop {
                let mut packets = Vec::new();
                self.read(&mut packets).await?;
                let mut response = None;
                for packet in packets {
                    if response.is_none() && packet.is("Response") && packet.last("ActionID") == Some(id.as_bytes()) {
                        response = Some(packet);
                    } else if early.len() < MAX_EARLY_PACKETS {
                        early.push(packet);
                    }
                }
                if let Some(response) = response {
                    return Ok(response);
                }
            }
        });
        answered.await.map_err(|_| Fault::transient(late))?
    }

    /// Wait for bytes, and append the packets that they complete to `out`. It is cancel safe.
    pub(super) async fn read(&mut self, out: &mut Vec<AmiPacket>) -> Result<(), Fault> {
        let read = self.stream.read(&mut self.chunk).await.map_err(|error| tcp::explain(&error, &self.address))?;
        if read == 0 {
            return Err(Fault::transient(format!("{} closed the connection", self.address)));
        }
        self.decoder.push(self.chunk.get(..read).unwrap_or_default(), |packet| out.push(packet));
        Ok(())
    }
}

/// What a refused `QueueStatus` means.
pub(super) fn explain_refused_status(message: &str) -> String {
    if message.contains(SHUTTING_DOWN) {
        return "Asterisk is shutting down, and refuses QueueStatus".to_owned();
    }
    format!("Asterisk refuses QueueStatus ({message}): is app_queue loaded, may the account use it?")
}

/// The `Key` of the action `Login` for a challenge: the MD5 digest of challenge and secret, in hexadecimal digits.
fn challenge_key(challenge: &[u8], secret: &SecretString) -> String {
    let digest = Md5::new().chain_update(challenge).chain_update(secret.expose_secret()).finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_for_a_challenge_is_the_one_asterisk_accepts() {
        // Recorded from a login that was accepted.
        assert_eq!(challenge_key(b"166094130", &"wallboard".into()), "94e444d6c4f8ec6250b1e8468607a7de");
    }
}
