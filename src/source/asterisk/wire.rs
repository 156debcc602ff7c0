//! The connection: actions out, frames in, and the login.

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
use super::frame::{Frame, Frames};
use crate::source::link::Fault;
use crate::source::net::{self, PATIENCE, Stream};

/// How long an answer to the login may take; a refusal comes after a second.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);
/// How much is read at a time.
const CHUNK: usize = 16 * 1024;
/// The most frames kept while the login is under way.
const EARLY: usize = 200;

/// How the secret is shown to Asterisk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// As an answer to a challenge: it doesn't cross the network.
    #[default]
    Md5,
    /// As it is: only where TLS hides it.
    Plain,
}

/// A connection to the manager interface.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    address: String,
    frames: Frames,
    chunk: Vec<u8>,
    /// Stands in every action's id, so that nobody who writes into a reply can know it.
    token: u64,
    actions: u32,
}

impl Wire {
    /// Connect, and wait for the greeting.
    pub(super) async fn connect(settings: &Settings) -> Result<Self, Fault> {
        let stream = net::connect(&settings.address, settings.tls.as_ref()).await?;
        let mut wire = Self {
            stream,
            address: settings.address.clone(),
            frames: Frames::default(),
            chunk: vec![0; CHUNK],
            token: RandomState::new().build_hasher().finish(),
            actions: 0,
        };
        let greeted = timeout(PATIENCE, async {
            while wire.frames.banner().is_none() {
                wire.read(&mut Vec::new()).await?;
            }
            Ok::<(), Fault>(())
        });
        let address = &settings.address;
        let silent = || {
            let tls = if settings.tls.is_some() { "" } else { ", and does it want TLS (tls = {})?" };
            Fault::new(format!("{address} takes the connection and says nothing: is it Asterisk's manager port{tls}"))
        };
        greeted.await.map_err(|_| silent())??;
        if !wire.frames.banner().unwrap_or_default().starts_with(b"Asterisk Call Manager") {
            return Err(Fault::lasting(format!(
                "{address} is no Asterisk manager interface: its port is 5038, or 5039 with TLS, unless manager.conf says otherwise"
            )));
        }
        Ok(wire)
    }

    /// Whether joining and leaving a queue are events of the class `call`: up to Asterisk 11.
    fn is_old(&self) -> bool {
        let banner = self.frames.banner().unwrap_or_default();
        banner.strip_prefix(b"Asterisk Call Manager/").is_some_and(|version| version.starts_with(b"1."))
    }

    /// Log in; frames that came meanwhile go to `early`.
    pub(super) async fn log_in(&mut self, settings: &Settings, early: &mut Vec<Frame>) -> Result<(), Fault> {
        let secret = settings.secret.read()?;
        if secret.expose_secret().contains(['\r', '\n']) {
            return Err(Fault::lasting("the secret has more than one line: a manager's secret is one line"));
        }
        let events = if self.is_old() { "agent,call,system,user" } else { "agent,system,user" };
        let user = settings.user.as_str();
        let id = match settings.login {
            Login::Plain => {
                let secret = secret.expose_secret();
                self.act("Login", &[("Username", user), ("Secret", secret), ("Events", events)]).await?
            }
            Login::Md5 => {
                let id = self.act("Challenge", &[("AuthType", "MD5")]).await?;
                let reply = self.reply(&id, early).await?;
                let Some(challenge) = reply.first("Challenge") else {
                    return Err(Fault::lasting(format!(
                        "{} gives no MD5 challenge ({}): set login = \"plain\", with tls",
                        self.address,
                        reply.text("Message")
                    )));
                };
                let key = answer(challenge, &secret);
                let fields = [("AuthType", "MD5"), ("Username", user), ("Key", key.as_str()), ("Events", events)];
                self.act("Login", &fields).await?
            }
        };
        let reply = self.reply(&id, early).await?;
        if reply.first("Response") == Some(b"Success") {
            return Ok(());
        }
        Err(Fault::lasting(format!(
            "{} refuses the login of {user} ({}): compare user and secret with manager.conf, and its permit and deny",
            self.address,
            reply.text("Message")
        )))
    }

    /// Send an action; the id that its reply will have.
    pub(super) async fn act(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<String, Fault> {
        self.actions += 1;
        let id = format!("floorwatch-{:016x}-{}", self.token, self.actions);
        let mut text = format!("Action: {action}\r\nActionID: {id}\r\n");
        for (key, value) in fields {
            text.extend([key, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        let sent = timeout(PATIENCE, self.stream.write_all(text.as_bytes())).await;
        sent.map_err(|_| Fault::new(format!("{} no longer takes what is sent to it", self.address)))?
            .map_err(|error| net::explain(&error, &self.address))?;
        Ok(id)
    }

    /// Wait for the reply to an action; everything else goes to `early`.
    async fn reply(&mut self, id: &str, early: &mut Vec<Frame>) -> Result<Frame, Fault> {
        let late = format!("{} does not answer the login within {} s", self.address, LOGIN_WITHIN.as_secs());
        let answered = timeout(LOGIN_WITHIN, async {
            loop {
                let mut frames = Vec::new();
                self.read(&mut frames).await?;
                let mut reply = None;
                for frame in frames {
                    if reply.is_none() && frame.is("Response") && frame.last("ActionID") == Some(id.as_bytes()) {
                        reply = Some(frame);
                    } else if early.len() < EARLY {
                        early.push(frame);
                    }
                }
                if let Some(reply) = reply {
                    return Ok(reply);
                }
            }
        });
        answered.await.map_err(|_| Fault::new(late))?
    }

    /// Wait for something to come, and give the frames that are whole by then. Nothing is lost where the wait is
    /// given up.
    pub(super) async fn read(&mut self, out: &mut Vec<Frame>) -> Result<(), Fault> {
        let read = self.stream.read(&mut self.chunk).await.map_err(|error| net::explain(&error, &self.address))?;
        if read == 0 {
            return Err(Fault::new(format!("{} closed the connection", self.address)));
        }
        self.frames.push(self.chunk.get(..read).unwrap_or_default(), |frame| out.push(frame));
        Ok(())
    }
}

/// The answer to a challenge.
fn answer(challenge: &[u8], secret: &SecretString) -> String {
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
    fn the_answer_to_a_challenge_is_asterisk_s() {
        // As recorded of a login that was accepted.
        assert_eq!(answer(b"166094130", &"wallboard".into()), "94e444d6c4f8ec6250b1e8468607a7de");
    }
}
