//! A connection to a database of any kind.

use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use super::account::{Account, Cells};
use super::dialect::Dialect;
use super::mysql::MySqlClient;
use super::postgres::PostgresClient;
use super::sqlite::SqliteClient;
use super::{DatabaseUrl, Settings};
use crate::net::Fault;
use crate::net::tcp::CONNECT_TIMEOUT;

/// How long an answer may take: a table without an index is read as a whole.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// A connection to a database.
pub(super) enum Connection {
    MySql(Box<MySqlClient>),
    Postgres(PostgresClient),
    Sqlite(SqliteClient),
}

impl Connection {
    /// Connect and log in.
    pub(super) async fn open(settings: &Settings) -> Result<Self, Fault> {
        let DatabaseUrl::Server { dialect, address, user, database } = &settings.url else {
            let DatabaseUrl::File(path) = &settings.url else { return Err(Fault::needs_change("no database")) };
            return Ok(Self::Sqlite(SqliteClient::open(path)?));
        };
        let secret = settings.password.as_ref().map(crate::secret::Secret::read).transpose()?;
        let account = Account { address, user, database, secret };
        let late = |_| {
            let port = if *dialect == Dialect::MySql { "MySQL's (3306)" } else { "PostgreSQL's (5432)" };
            Fault::transient(format!(
                "{address} does not answer the login within {} s: is it well, and is the port {port}?",
                2 * CONNECT_TIMEOUT.as_secs()
            ))
        };
        let tls = settings.tls.as_ref();
        // Each of connection and handshake has a limit of its own.
        let open = async {
            Ok(match dialect {
                Dialect::Postgres => Self::Postgres(PostgresClient::open(&account, tls).await?),
                Dialect::MySql | Dialect::Sqlite => Self::MySql(Box::new(MySqlClient::open(&account, tls).await?)),
            })
        };
        timeout(2 * CONNECT_TIMEOUT, open).await.map_err(late)?
    }

    /// The rows of a query, which must be few.
    pub(super) async fn query(&mut self, sql: &str) -> Result<Vec<Cells>, Fault> {
        match self {
            Self::MySql(client) => within(client.query(sql)).await,
            Self::Postgres(client) => within(client.query(sql)).await,
            Self::Sqlite(client) => client.query(sql),
        }
    }
}

async fn within<T>(answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout(ANSWER_TIMEOUT, answer).await.map_err(|_| {
        Fault::transient(format!(
            "the database does not answer a query within {} s: give the table an index on its key or time",
            ANSWER_TIMEOUT.as_secs()
        ))
    })?
}
