//! `PostgreSQL`.

use std::error::Error as _;
use std::io;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, Error, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::account::{Account, Cells, Refusal};
use crate::net::Fault;
use crate::net::tcp;
use crate::net::tls::Tls;

/// What a client sends first that wants TLS: the length, and a version that none has.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Times come as text in ISO 8601, and nothing can be written.
const SETUP: &str = "SET datestyle = ISO; SET default_transaction_read_only = on";

/// A connection.
pub(super) struct PostgresClient {
    client: tokio_postgres::Client,
    address: String,
}

impl PostgresClient {
    pub(super) async fn open(account: &Account<'_>, tls: Option<&Tls>) -> Result<Self, Fault> {
        let Account { address, user, database, secret } = account;
        let mut stream = tcp::connect(address, None).await?;
        if let Some(tls) = tls {
            // The stream is secured here, as all others are, and not by the driver.
            let answer = async {
                stream.write_all(&TLS_REQUEST).await?;
                stream.read_u8().await
            };
            if answer.await.map_err(|error| tcp::explain(&error, address))? != b'S' {
                return Err(Refusal::Tls.fault(address, "it speaks no TLS: switch it on there, or remove the key"));
            }
            stream = tcp::secure(stream, address, tls).await?;
        }
        let mut config = Config::new();
        config.user(*user).dbname(*database).application_name("floorwatch").ssl_mode(SslMode::Disable);
        if let Some(secret) = secret {
            config.password(secret.expose_secret());
        }
        let explain = |error: Error| explain(&error, address);
        let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(explain)?;
        // It ends with the client or the server; the client says so.
        tokio::spawn(connection);
        client.batch_execute(SETUP).await.map_err(explain)?;
        Ok(Self { client, address: (*address).to_owned() })
    }

    pub(super) async fn query(&self, sql: &str) -> Result<Vec<Cells>, Fault> {
        let found = self.client.simple_query(sql).await.map_err(|error| explain(&error, &self.address))?;
        let cells = |row: &SimpleQueryRow| {
            // Text in an encoding that is none can't be read.
            (0..row.len()).map(|index| row.try_get(index).unwrap_or(Some("\u{fffd}")).map(str::to_owned)).collect()
        };
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some(cells(row)),
            _ => None,
        };
        Ok(found.iter().filter_map(row).collect())
    }
}

fn explain(error: &Error, address: &str) -> Fault {
    if let Some(refused) = error.as_db_error() {
        return refusal(refused.code()).fault(address, refused.message());
    }
    if error.is_closed() {
        return Fault::transient(format!("{address} closed the connection"));
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        Some(io) if io.kind() != io::ErrorKind::InvalidInput && io.kind() != io::ErrorKind::InvalidData => {
            tcp::explain(io, address)
        }
        _ => match error.to_string() {
            said if said.contains("password missing") => {
                Refusal::Login.fault(address, "it asks for a password, and none is configured")
            }
            said => Fault::needs_change(format!(
                "{address} does not answer as PostgreSQL does ({said}): is the port right?"
            )),
        },
    }
}

/// What an error of the server means, by its code.
fn refusal(code: &SqlState) -> Refusal {
    match code.code() {
        // "no pg_hba.conf entry … no encryption" is one of these, too.
        "28P01" | "28000" => Refusal::Login,
        "3D000" => Refusal::Database,
        "42P01" | "42703" | "3F000" => Refusal::Table,
        "42501" => Refusal::Rights,
        _ => Refusal::Passing,
    }
}
