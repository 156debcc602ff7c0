//! Access control: tokens and logins, their roles, and the queues they may see.

use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::alert::Actor;
use crate::net::server::share_of_address;
use crate::text::{Label, Patterns};

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May view: a wall display, a report.
    Viewer,
    /// May view, and act on alerts.
    Supervisor,
    /// May only send contact events.
    Ingest,
    /// May do everything.
    Admin,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See figures, contacts and alerts.
    View,
    /// Acknowledge, snooze, note, undo.
    Act,
    /// Send contact events.
    Ingest,
}

impl Role {
    /// Every role with its word in the configuration.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("viewer", Self::Viewer), ("supervisor", Self::Supervisor), ("ingest", Self::Ingest), ("admin", Self::Admin)];

    /// Whether the role includes a right.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match self {
            Self::Viewer => matches!(right, Right::View),
            Self::Supervisor => matches!(right, Right::View | Right::Act),
            Self::Ingest => matches!(right, Right::Ingest),
            Self::Admin => true,
        }
    }

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }
}

/// A token of the configuration. The hub only knows its digest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The holder's name, recorded with every action.
    pub name: Label,
    /// What the holder may do.
    pub role: Role,
    /// SHA-256 of the token, in hexadecimal.
    pub sha256: TokenDigest,
    /// The queues that may be seen, by name or pattern; all of them when absent.
    #[serde(default)]
    pub queues: Patterns,
}

/// The SHA-256 digest of a token. Tokens are made of 32 random bytes, so no slow hash is needed to hide them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of `token`.
    #[must_use]
    pub fn of(token: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl std::fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut digest = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        let whole = text.len() == 64;
        for (slot, pair) in digest.iter_mut().zip(pairs) {
            let byte = pair.iter().try_fold(0_u8, |byte, of| Some(byte << 4 | digit(of)?));
            *slot = byte.filter(|_| whole).ok_or_else(|| {
                serde::de::Error::custom(
                    "`sha256` is 64 hexadecimal digits: `floorwatch hub token` makes a token and its line",
                )
            })?;
        }
        Ok(Self(digest))
    }
}

/// An identified caller, and what the caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The caller's name and address.
    pub who: Actor,
    /// What the caller may do.
    pub role: Role,
    /// The queues that the caller may see; empty: all.
    pub queues: Patterns,
    /// The caller is the user that runs this hub, so the name it states in a command is trusted.
    pub ours: bool,
}

/// Where a connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Another machine, or another program on this one.
    Network(std::net::SocketAddr),
    /// A user on this machine, identified by the login.
    Login {
        /// The login.
        name: Label,
        /// The process number; 0 where it is not known.
        process: i32,
        /// Whether this is the user that runs the hub.
        ours: bool,
    },
}

impl Peer {
    /// The peer of a Unix socket.
    ///
    /// # Errors
    /// If the system does not report the peer's credentials.
    pub fn of_socket(stream: &tokio::net::UnixStream) -> std::io::Result<Self> {
        let credentials = stream.peer_cred()?;
        let (user, process) = (credentials.uid(), credentials.pid().unwrap_or_default());
        Ok(Self::Login { name: login(user), process, ours: user == rustix::process::geteuid().as_raw() })
    }

    /// The name under which its connections and requests are counted. A program on this machine must not use up what is
    /// left for its user's other ones.
    pub(super) fn share(&self) -> Label {
        match self {
            Self::Network(address) => share_of_address(address),
            Self::Login { name, process, .. } => Label::new(&format!("{process} {name}")),
        }
    }
}

/// The login of a user id, or `user N` if there is none.
pub(crate) fn login(user: u32) -> Label {
    let known = uzers::get_user_by_uid(user).map(|user| Label::new(&user.name().to_string_lossy()));
    known.filter(|name| !name.is_empty()).unwrap_or_else(|| Label::new(&format!("user {user}")))
}

/// The name of a group id, or `number N` if there is none.
pub(crate) fn group(group: u32) -> Label {
    let known = uzers::get_group_by_gid(group).map(|group| Label::new(&group.name().to_string_lossy()));
    known.filter(|name| !name.is_empty()).unwrap_or_else(|| Label::new(&format!("number {group}")))
}

/// Identify the caller of a request; `None` if it is unknown.
#[must_use]
pub fn identify(peer: &Peer, token: Option<&[u8]>, tokens: &[Token]) -> Option<Caller> {
    if let Some(token) = token {
        let (from, print) = (from(peer), TokenDigest::of(token));
        // All digests are compared in constant time, so that timing reveals nothing.
        let mut found = None;
        for known in tokens {
            if bool::from(known.sha256.0.ct_eq(&print.0)) {
                found = Some(known);
            }
        }
        return found.map(|token| Caller {
            who: Actor { name: token.name.clone(), from },
            role: token.role,
            queues: token.queues.clone(),
            ours: false,
        });
    }
    let (name, role) = match peer {
        Peer::Login { name, ours: true, .. } => (name.clone(), Role::Admin),
        Peer::Login { name, ours: false, .. } => (name.clone(), Role::Supervisor),
        // Without any tokens the hub only listens on loopback, and everybody on this machine may view.
        Peer::Network(address) if tokens.is_empty() && address.ip().is_loopback() => {
            (Label::fixed("somebody"), Role::Viewer)
        }
        Peer::Network(_) => return None,
    };
    let ours = matches!(peer, Peer::Login { ours: true, .. });
    Some(Caller { who: Actor { name, from: from(peer) }, role, queues: Patterns::default(), ours })
}

fn from(peer: &Peer) -> Label {
    match peer {
        Peer::Network(address) => Label::new(&address.ip().to_string()),
        Peer::Login { .. } => Label::fixed("this machine"),
    }
}

/// Generate a token: 32 bytes of the system's randomness, in hexadecimal behind a prefix that leak scanners can find.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn new_token() -> std::io::Result<String> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("floorwatch_{}", TokenDigest(bytes)))
}
