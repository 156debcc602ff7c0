//! One `[[source]]` table of the configuration.

mod file;

use serde::{Deserialize, Deserializer};

use crate::source::format::detect::InputFormat;
use crate::source::format::queue_log::Verbs;
use crate::source::network::asterisk;
use crate::source::network::freeswitch;
use crate::source::network::http;
use crate::source::network::listen;
use crate::source::network::prometheus;
use crate::source::network::sse;
use crate::text::Label;
pub use file::FileSettings;

/// One `[[source]]` table of the configuration: what every source has, and what its kind needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What it is called on the board; its kind when absent.
    pub name: Option<Label>,
    /// Stands before its queues, agents and contacts, to keep them apart from those of another source that have
    /// the same names. Without it equal names are one.
    pub prefix: Option<Label>,
    /// Move the times of its events by how far its clock is off.
    pub correct_clock: bool,
    /// How it is reached, and what it speaks.
    pub connector: Connector,
}

/// How a source is reached, and what it speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Connector {
    /// A file, read and followed.
    File(Box<FileSettings>),
    /// An endpoint that events are pushed to.
    Listen(Box<listen::Settings>),
    /// A stream of server-sent events.
    Sse(Box<sse::Settings>),
    /// An address that is asked at an interval.
    Http(Box<http::Settings>),
    /// FreeSWITCH's call centre, over the event socket.
    FreeSwitch(Box<freeswitch::Settings>),
    /// A Prometheus server.
    Prometheus(Box<prometheus::Settings>),
    /// A live Asterisk.
    Asterisk(Box<asterisk::Settings>),
}

/// The word of `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of this format.
    File(InputFormat),
    /// An endpoint that events are pushed to.
    Listen,
    /// A stream of server-sent events.
    Sse,
    /// An address that is asked at an interval.
    Http,
    /// FreeSWITCH's call centre.
    FreeSwitch,
    /// A Prometheus server.
    Prometheus,
    /// A live Asterisk.
    Asterisk,
}

impl SourceKind {
    /// Every word that `kind` can be.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("queue_log", Self::File(InputFormat::QueueLog)),
        ("events", Self::File(InputFormat::Events)),
        ("csv", Self::File(InputFormat::Csv)),
        ("listen", Self::Listen),
        ("sse", Self::Sse),
        ("http", Self::Http),
        ("freeswitch", Self::FreeSwitch),
        ("prometheus", Self::Prometheus),
        ("asterisk", Self::Asterisk),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl Connector {
    /// Read the keys of a source of `kind`, those that every source has left out.
    ///
    /// # Errors
    /// The deserializer's: an unknown key, a wrong value, one that is missing.
    pub fn read<'de, D: Deserializer<'de>>(kind: SourceKind, keys: D) -> Result<Self, D::Error> {
        Ok(match kind {
            SourceKind::File(format) => {
                Self::File(Box::new(FileSettings { kind: format, ..FileSettings::deserialize(keys)? }))
            }
            SourceKind::Listen => Self::Listen(Box::new(listen::Settings::deserialize(keys)?)),
            SourceKind::Sse => Self::Sse(Box::new(sse::Settings::deserialize(keys)?)),
            SourceKind::Http => Self::Http(Box::new(http::Settings::deserialize(keys)?)),
            SourceKind::FreeSwitch => Self::FreeSwitch(Box::new(freeswitch::Settings::deserialize(keys)?)),
            SourceKind::Prometheus => Self::Prometheus(Box::new(prometheus::Settings::deserialize(keys)?)),
            SourceKind::Asterisk => Self::Asterisk(Box::new(asterisk::Settings::deserialize(keys)?)),
        })
    }

    /// Whether what is written can work at all.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        match self {
            Self::File(_) | Self::Sse(_) => Ok(()),
            Self::Listen(listen) => listen.check(),
            Self::Http(http) => http.check(),
            Self::FreeSwitch(own) => own.check(),
            Self::Prometheus(prometheus) => prometheus.check(),
            Self::Asterisk(asterisk) => asterisk.check(),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> SourceKind {
        match self {
            Self::File(file) => SourceKind::File(file.kind),
            Self::Listen(_) => SourceKind::Listen,
            Self::Sse(_) => SourceKind::Sse,
            Self::Http(_) => SourceKind::Http,
            Self::FreeSwitch(_) => SourceKind::FreeSwitch,
            Self::Prometheus(_) => SourceKind::Prometheus,
            Self::Asterisk(_) => SourceKind::Asterisk,
        }
    }
}

impl From<Connector> for Settings {
    fn from(connector: Connector) -> Self {
        Self { name: None, prefix: None, correct_clock: false, connector }
    }
}

impl Settings {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> Label {
        self.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| self.kind_label())
    }

    /// The names of a centre's own verbs in queue_log, where it reads one.
    #[must_use]
    pub fn verbs(&self) -> Verbs {
        match &self.connector {
            Connector::File(file) => file.verbs.clone(),
            Connector::Asterisk(asterisk) => asterisk.verbs.clone(),
            _ => Verbs::default(),
        }
    }

    /// Its kind in a word.
    #[must_use]
    pub fn kind_label(&self) -> Label {
        Label::fixed(self.connector.kind().word())
    }
}
