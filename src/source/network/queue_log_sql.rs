//! A queue_log that Asterisk or QueueMetrics keeps in a table of `MySQL`, `MariaDB`, `PostgreSQL` or `SQLite`.
//!
//! Rows are read in batches as text, each is written as the line that Asterisk would have logged, and the decoder of
//! queue_log reads that. `table` knows the columns and the queries, `position` how far they were read, `connection` speaks
//! to the databases through `mysql`, `postgres` and `sqlite`, and `session` drives it all. Nothing is ever written.

mod account;
mod connection;
mod dialect;
mod inspect;
mod mysql;
mod position;
mod postgres;
mod session;
mod sqlite;
mod table;
mod url;

use chrono_tz::Tz;
use serde::Deserialize;

use crate::net::tls::Tls;
use crate::secret::Secret;
use crate::source::format::queue_log::{AgentAliases, SiteNames, Verbs};
pub use dialect::Dialect;
pub(crate) use inspect::inspect;
pub(in crate::source) use session::SqlSession;
pub use url::DatabaseUrl;

/// The keys of a source of the kind `queue_log_sql`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The database: `mysql://user@host/database`, `postgres://user@host/database` or `sqlite:/path`.
    pub url: DatabaseUrl,
    /// The account's password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// TLS settings; plain TCP when absent.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// The table, perhaps as `schema.table`.
    #[serde(default = "queue_log")]
    pub table: String,
    /// Only the rows with this `partition`, as QueueMetrics tells its phone systems apart.
    #[serde(default)]
    pub partition: Option<String>,
    /// The zone of times that have none.
    #[serde(default)]
    pub timezone: Option<Tz>,
    /// The site's own verbs in queue_log.
    #[serde(default)]
    pub verbs: Verbs,
    /// Other names of agents in queue_log.
    #[serde(default)]
    pub agent_aliases: AgentAliases,
    /// How often the table is asked for new rows, in seconds.
    #[serde(default = "two")]
    pub every_s: u32,
    /// The source is stale after this many seconds without a new row; 0 means never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u32,
}

fn queue_log() -> String {
    "queue_log".to_owned()
}

const fn two() -> u32 {
    2
}

const fn five_minutes() -> u32 {
    300
}

impl Settings {
    /// The centre's own words in queue_log.
    #[must_use]
    pub fn site(&self) -> SiteNames {
        SiteNames { verbs: self.verbs.clone(), agents: self.agent_aliases.clone() }
    }

    /// Check what can be checked without connecting.
    ///
    /// # Errors
    /// The key whose value cannot work, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c));
        if self.table.split('.').count() > 2 || !self.table.split('.').all(is_word) {
            return Err(("table", "is no name of a table: write queue_log, or schema.queue_log".to_owned()));
        }
        if self.partition.as_deref().is_some_and(|partition| !is_word(partition)) {
            return Err(("partition", "is no partition of QueueMetrics: P001 is an example".to_owned()));
        }
        if !(1..=3600).contains(&self.every_s) {
            return Err(("every_s", "must be 1 to 3600".to_owned()));
        }
        if self.tls.as_ref().is_some_and(|tls| tls.allow_plain_http) {
            return Err((
                "tls",
                "has `allow_plain_http`, which is for addresses with http://: without `tls` nothing is encrypted"
                    .to_owned(),
            ));
        }
        if matches!(self.url, DatabaseUrl::File(_)) && (self.password.is_some() || self.tls.is_some()) {
            return Err(("url", "is a file: it has neither a password nor tls".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, keys: &str) -> Result<Settings, String> {
        toml::from_str(&format!("url = '{url}'\n{keys}")).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn an_address_is_enough() {
        let settings = read("mysql://wall@pbx/asteriskcdrdb", "").unwrap();
        assert_eq!((settings.check(), settings.table.as_str(), settings.every_s), (Ok(()), "queue_log", 2));
        let server = |url: &str| match read(url, "").unwrap().url {
            DatabaseUrl::Server { address, user, database, .. } => (address, user, database),
            DatabaseUrl::File(path) => panic!("{}", path.display()),
        };
        let words = |address: &str, user: &str, database: &str| (address.into(), user.into(), database.into());
        assert_eq!(server("mysql://wall@pbx/asteriskcdrdb"), words("pbx:3306", "wall", "asteriskcdrdb"));
        assert_eq!(server("mariadb://a%40b@10.0.0.5:3307/x"), words("10.0.0.5:3307", "a@b", "x"));
        assert_eq!(server("postgresql://wall@[::1]/x"), words("[::1]:5432", "wall", "x"));
        assert_eq!(read("sqlite:/var/log/q.db", "").unwrap().url, DatabaseUrl::File("/var/log/q.db".into()));
        assert_eq!(read("sqlite:///var/log/q.db", "").unwrap().url, DatabaseUrl::File("/var/log/q.db".into()));
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for url in ["mysql://wall:hunter2@pbx/cdr", "mysql://wall@pbx/cdr?password=hunter2", "oracle://hunter2@pbx/x"] {
            let said = read(url, "").unwrap_err();
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(read("mysql://wall:hunter2@pbx/cdr", "").unwrap_err().contains("password = { "));
        let said = read("mysql://pbx/cdr", "").unwrap_err();
        assert!(said.contains("user@host"), "{said}");
    }

    #[test]
    fn what_cannot_work_is_told_by_its_key() {
        for (url, keys, key) in [
            ("mysql://w@pbx/cdr", "table = 'a; drop table b'", "table"),
            ("mysql://w@pbx/cdr", "table = 'a.b.c'", "table"),
            ("mysql://w@pbx/cdr", "table = ''", "table"),
            ("mysql://w@pbx/cdr", "partition = \"P'1\"", "partition"),
            ("mysql://w@pbx/cdr", "every_s = 0", "every_s"),
            ("mysql://w@pbx/cdr", "tls = { allow_plain_http = true }", "tls"),
            ("sqlite:/q.db", "password = { env = 'X' }", "url"),
        ] {
            assert_eq!(read(url, keys).unwrap().check().unwrap_err().0, key, "{keys}");
        }
    }
}
