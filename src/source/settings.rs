//! The `[[source]]` tables of the configuration.

mod file;

use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::source::format::detect::InputFormat;
use crate::source::format::queue_log::SiteNames;
use crate::source::network::asterisk;
use crate::source::network::freeswitch;
use crate::source::network::http;
use crate::source::network::listen;
use crate::source::network::prometheus;
use crate::source::network::queue_log_sql;
use crate::source::network::sse;
use crate::text::Label;
pub use file::FileSettings;

/// A `[[source]]` table: the keys that every source has, and those of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The name on the board; the kind's word when absent.
    pub name: Option<Label>,
    /// A prefix for the ids of queues, agents and contacts. It keeps them apart from those of another source with the
    /// same names; without it, equal names mean the same queue, agent or contact.
    pub prefix: Option<Label>,
    /// Whether event times are corrected by the offset of the source's clock.
    pub correct_clock: bool,
    /// The kind of source, with its own keys.
    pub connector: Connector,
}

/// The kind of source, with its own keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Connector {
    /// A file that is read and followed.
    File(Box<FileSettings>),
    /// An HTTP endpoint to which events are pushed.
    Listen(Box<listen::Settings>),
    /// A stream of server-sent events.
    Sse(Box<sse::Settings>),
    /// An HTTP endpoint that is polled.
    Http(Box<http::Settings>),
    /// FreeSWITCH with `mod_callcenter`, over the event socket.
    FreeSwitch(Box<freeswitch::Settings>),
    /// A Prometheus server.
    Prometheus(Box<prometheus::Settings>),
    /// Asterisk, over its manager interface.
    Asterisk(Box<asterisk::Settings>),
    /// A queue_log in a table of a database.
    QueueLogSql(Box<queue_log_sql::Settings>),
}

/// The kind of a source: the value of the key `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file of this format.
    File(InputFormat),
    /// An HTTP endpoint to which events are pushed.
    Listen,
    /// A stream of server-sent events.
    Sse,
    /// An HTTP endpoint that is polled.
    Http,
    /// FreeSWITCH with `mod_callcenter`.
    FreeSwitch,
    /// A Prometheus server.
    Prometheus,
    /// Asterisk.
    Asterisk,
    /// A queue_log in a table of a database.
    QueueLogSql,
}

impl SourceKind {
    /// The word of every kind.
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
        ("queue_log_sql", Self::QueueLogSql),
    ];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl Connector {
    /// Read the keys of a source of `kind`. The keys that every source has must have been removed.
    ///
    /// # Errors
    /// The deserializer's, for an unknown key, a wrong value or a missing key.
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
            SourceKind::QueueLogSql => Self::QueueLogSql(Box::new(queue_log_sql::Settings::deserialize(keys)?)),
        })
    }

    /// A vendor's server by its name: the source's own keys complete and change those of the preset. `folder` has the
    /// user's own presets.
    ///
    /// # Errors
    /// If there is no such preset, or the keys together make no source.
    pub fn of_preset(name: &str, keys: toml::Table, folder: Option<&Path>) -> Result<Self, String> {
        Ok(Self::Http(Box::new(http::Settings::of_preset(name, keys, folder)?)))
    }

    /// A vendor's pushed events by their name, in the same way.
    ///
    /// # Errors
    /// As [`Self::of_preset`].
    pub fn of_listen_preset(name: &str, keys: toml::Table, folder: Option<&Path>) -> Result<Self, String> {
        Ok(Self::Listen(Box::new(listen::Settings::of_preset(name, keys, folder)?)))
    }

    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The first key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        match self {
            Self::File(_) => Ok(()),
            Self::Sse(sse) => sse.check(),
            Self::Listen(listen) => listen.check(),
            Self::Http(http) => http.check(),
            Self::FreeSwitch(own) => own.check(),
            Self::Prometheus(prometheus) => prometheus.check(),
            Self::Asterisk(asterisk) => asterisk.check(),
            Self::QueueLogSql(sql) => sql.check(),
        }
    }

    /// The kind of source.
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
            Self::QueueLogSql(_) => SourceKind::QueueLogSql,
        }
    }
}

impl From<Connector> for Settings {
    fn from(connector: Connector) -> Self {
        Self { name: None, prefix: None, correct_clock: false, connector }
    }
}

impl Settings {
    /// The name on the board.
    #[must_use]
    pub fn name(&self) -> Label {
        self.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| self.kind_label())
    }

    /// The centre's own words in queue_log; none for a source that reads no queue_log.
    #[must_use]
    pub fn site(&self) -> SiteNames {
        match &self.connector {
            Connector::File(file) => file.site(),
            Connector::Asterisk(asterisk) => asterisk.site(),
            Connector::QueueLogSql(sql) => sql.site(),
            _ => SiteNames::default(),
        }
    }

    /// The kind's word as a label.
    #[must_use]
    pub fn kind_label(&self) -> Label {
        Label::fixed(self.connector.kind().word())
    }
}
