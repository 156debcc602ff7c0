//! The address of a database. It never holds a password.

use std::path::PathBuf;

use reqwest::Url;
use serde::Deserialize;

use super::dialect::Dialect;

/// The address of a database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DatabaseUrl {
    /// A server.
    Server {
        /// What it speaks.
        dialect: Dialect,
        /// `host:port`.
        address: String,
        /// The account.
        user: String,
        /// The name of the database on it.
        database: String,
    },
    /// A file of `SQLite`.
    File(PathBuf),
}

const FORM: &str =
    "is no address of a database: write mysql://user@host/database, postgres://user@host/database or sqlite:/path";

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    /// No error repeats the text: it may hold a password.
    fn try_from(text: String) -> Result<Self, &'static str> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(FORM) } else { Ok(Self::File(path.into())) };
        }
        let url = Url::parse(&text).map_err(|_| FORM)?;
        let (dialect, port) = match url.scheme() {
            "mysql" | "mariadb" => (Dialect::MySql, 3306),
            "postgres" | "postgresql" => (Dialect::Postgres, 5432),
            _ => return Err(FORM),
        };
        if url.password().is_some() {
            return Err(
                r#"a password doesn't stand in the address: write password = { env = "NAME" }, { file = "/path" } or { credential = "name" }"#,
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(
                "an address of a database has no parameters here: password, tls and table are keys of their own",
            );
        }
        let decoded =
            |part: &str| percent_encoding::percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| FORM);
        let (user, database) = (decoded(url.username())?, decoded(url.path().trim_start_matches('/'))?);
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
        if user.is_empty() || database.is_empty() || database.contains('/') {
            return Err(FORM);
        }
        Ok(Self::Server { dialect, address: format!("{host}:{}", url.port().unwrap_or(port)), user, database })
    }
}

impl DatabaseUrl {
    /// What the database speaks.
    pub(super) const fn dialect(&self) -> Dialect {
        match self {
            Self::Server { dialect, .. } => *dialect,
            Self::File(_) => Dialect::Sqlite,
        }
    }

    /// The database, as errors and cursors name it.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Server { address, database, .. } => format!("{address}/{database}"),
            Self::File(path) => path.display().to_string(),
        }
    }
}
