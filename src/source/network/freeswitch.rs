//! A live FreeSWITCH with `mod_callcenter`, over the event socket (ESL).
//!
//! `connection`, `frame`, `headers` and `list` speak the protocol. `centre`, `members` and `agents` make events of what
//! FreeSWITCH says, `reconcile` compares them with its lists, and `session` drives it all. The source subscribes to events
//! as `plain` rather than `json`: in plain text every byte that is not ASCII is escaped, so that a caller's name in an
//! unknown encoding spoils no event.

mod agents;
mod centre;
mod connection;
mod events;
mod frame;
mod headers;
mod list;
mod members;
mod reconcile;
mod session;

use serde::Deserialize;

use crate::net::tcp::is_address;
use crate::net::tls::Tls;
use crate::secret::Secret;
use crate::text::Label;
pub(in crate::source) use session::FreeSwitchSession;

/// The keys of a source of the kind `freeswitch`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the event socket: `host:port`, or the host alone for port 8021.
    pub address: String,
    /// A user of FreeSWITCH's directory that has an `esl-password`, as `user@domain`. Without a user the password is that
    /// of the event socket itself, which may run every command.
    #[serde(default)]
    pub user: Option<String>,
    /// The password of the user, or of the event socket.
    pub password: Secret,
    /// TLS settings; plain TCP when absent. The event socket speaks no TLS itself, so this
    /// needs a proxy in front of it.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The channel variable that says what a call is about.
    #[serde(default = "default_intent")]
    pub intent: String,
    /// Whether agents and queues are shown without their domain: `1000@default` as `1000`.
    #[serde(default)]
    pub strip_domain: bool,
}

fn default_intent() -> String {
    "intent".to_owned()
}

impl Settings {
    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != ':');
        if !is_address(&self.socket_address()) {
            let address = Label::new(&self.address);
            return Err(("address", format!("`{address}` is no address: write host:port, with port 8021 as a rule")));
        }
        if let Some(user) = &self.user
            && !(is_word(user)
                && user.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty()))
        {
            let user = Label::new(user);
            return Err(("user", format!("`{user}` is no user of FreeSWITCH: write user@domain")));
        }
        if !is_word(&self.intent) {
            let intent = Label::new(&self.intent);
            return Err((
                "intent",
                format!("`{intent}` is no channel variable: write its name, without spaces or colons"),
            ));
        }
        if self.tls.as_ref().is_some_and(|tls| tls.allow_plain_http) {
            return Err((
                "tls",
                "has `allow_plain_http`, which is for addresses with http://: without `tls` nothing is encrypted"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// The address with its port.
    fn socket_address(&self) -> String {
        let port = if is_address(&self.address) { "" } else { ":8021" };
        format!("{}{port}", self.address)
    }
}

/// Decode and translate what a peer may send. `bytes` are two portions; the first byte says where they part.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    use crate::clock::Time;
    use crate::text::Label;

    let Some((at, bytes)) = bytes.split_first() else { return };
    let (first, second) = bytes.split_at(bytes.len().min(usize::from(*at)));
    let now = Time::from_unix(1_772_438_400);
    let mut decoder = frame::EslDecoder::default();
    let mut centre = centre::CallCentre::new(Label::fixed("switch"), "", true);
    for portion in [first, second] {
        decoder.push(portion);
        while let Ok(Some(frame)) = decoder.next() {
            let _ = centre.translate(headers::EslHeaders::new(&frame.body), now);
            for row in list::CcList::parse(&frame.body, "name").rows() {
                let _ = row.number("state");
            }
        }
    }
    drop(centre.take_events());
}

#[cfg(test)]
mod tests;
