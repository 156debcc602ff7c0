//! `MySQL` and `MariaDB`.

use std::error::Error as _;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, Row, SslOpts, Value};
use secrecy::ExposeSecret;

use super::account::{Account, Cells, Refusal};
use crate::net::Fault;
use crate::net::tcp;
use crate::net::tls::{self, Tls};

/// More than the largest answer.
const MAX_PACKET_BYTES: usize = 16 * 1024 * 1024;
/// The server ends an idle connection after this many seconds; it is never idle for so long.
const WAIT_TIMEOUT_S: usize = 8 * 3600;

/// A connection.
pub(super) struct MySqlClient {
    conn: Conn,
    address: String,
}

impl MySqlClient {
    pub(super) async fn open(account: &Account<'_>, tls: Option<&Tls>) -> Result<Self, Fault> {
        let Account { address, user, database, secret } = account;
        let (host, port) = tcp::split(address).unwrap_or((address, 3306));
        let options = OptsBuilder::default()
            .ip_or_hostname(host)
            .tcp_port(port)
            .user(Some(*user))
            .pass(secret.as_ref().map(ExposeSecret::expose_secret))
            .db_name(Some(*database))
            .prefer_socket(false)
            .stmt_cache_size(0)
            .max_allowed_packet(Some(MAX_PACKET_BYTES))
            .wait_timeout(Some(WAIT_TIMEOUT_S))
            .ssl_opts(tls.map(ssl_options).transpose()?);
        let conn = Conn::new(options).await.map_err(|error| explain(&error, address))?;
        Ok(Self { conn, address: (*address).to_owned() })
    }

    pub(super) async fn query(&mut self, sql: &str) -> Result<Vec<Cells>, Fault> {
        let rows: Vec<Row> = self.conn.query(sql).await.map_err(|error| explain(&error, &self.address))?;
        let text = |value| match value {
            Value::NULL => None,
            // A query without parameters is answered in text.
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
        };
        let cells = |row: Row| row.unwrap_raw().into_iter().map(|value| value.and_then(text)).collect();
        Ok(rows.into_iter().map(cells).collect())
    }
}

/// The driver makes its own configuration for rustls.
fn ssl_options(tls: &Tls) -> Result<SslOpts, Fault> {
    if tls.danger_accept_any_certificate {
        return Ok(SslOpts::default().with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true));
    }
    let trusted = tls.trusted_certificates()?.into_iter().map(|der| der.to_vec().into()).collect();
    Ok(SslOpts::default().with_root_certs(trusted).with_disable_built_in_roots(true))
}

fn explain(error: &Error, address: &str) -> Fault {
    match error {
        Error::Server(refused) => refusal(refused.code).fault(address, &refused.message),
        Error::Io(IoError::Io(io)) => tcp::explain(io, address),
        Error::Io(IoError::Tls(tls)) => {
            let cause = tls.source().and_then(|cause| tls::explain(cause, address));
            cause.unwrap_or_else(|| Fault::needs_change(format!("no TLS with {address}: {tls}")))
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            Refusal::Tls.fault(address, "it speaks no TLS: switch it on there, or remove the key")
        }
        Error::Driver(DriverError::ConnectionClosed) => Fault::transient(format!("{address} closed the connection")),
        Error::Driver(DriverError::UnknownAuthPlugin { name }) => {
            Fault::needs_change(format!("{address} wants to log the account in by {name}: give it a password"))
        }
        other => Fault::needs_change(format!("{address} does not answer as MySQL does ({other}): is the port right?")),
    }
}

/// What an error of the server means, by its number.
const fn refusal(code: u16) -> Refusal {
    match code {
        1045 | 1130 | 1698 | 1862 | 1820 | 3118 => Refusal::Login,
        1044 | 1049 => Refusal::Database,
        1146 | 1051 | 1054 => Refusal::Table,
        1142 | 1143 | 1227 => Refusal::Rights,
        3159 => Refusal::Tls,
        _ => Refusal::Passing,
    }
}
