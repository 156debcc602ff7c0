//! A TCP connection, plain or with TLS, whose every way to fail is told in words.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::net::Fault;
use crate::net::tls::{self, Tls};

/// How long name, connection and handshake may take, each.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection.
pub(crate) trait NetStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> NetStream for S {}

/// Whether `address` is written `host:port`, an IPv6 address in brackets.
pub(crate) fn is_address(address: &str) -> bool {
    split(address).is_some()
}

fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if host.is_empty() || (bare.is_none() && host.contains(':')) {
        return None;
    }
    Some((bare.unwrap_or(host), port.parse().ok()?))
}

/// Connect to `address` (`host:port`), with TLS where its settings are given.
pub(crate) async fn connect(address: &str, tls: Option<&Tls>) -> Result<Box<dyn NetStream>, Fault> {
    let Some((host, port)) = split(address) else {
        return Err(Fault::needs_change(format!("{address} is no address: write host:port")));
    };
    let late = |_| {
        Fault::transient(format!(
            "no answer from {address} within {} s: is the way there open?",
            CONNECT_TIMEOUT.as_secs()
        ))
    };
    let found = timeout(CONNECT_TIMEOUT, lookup_host((host, port))).await.map_err(late)?;
    let mut last = None;
    for place in
        found.map_err(|error| Fault::transient(format!("{host} is not known ({error}): check the name and the DNS")))?
    {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(place)).await.map_err(late)? {
            Ok(stream) => return secure(stream, address, host, tls).await,
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(
        || Fault::transient(format!("{host} has no address: check the name and the DNS")),
        |error| explain(&error, address),
    ))
}

async fn secure(stream: TcpStream, address: &str, host: &str, tls: Option<&Tls>) -> Result<Box<dyn NetStream>, Fault> {
    // Short questions and answers: nothing is to be waited for.
    drop(stream.set_nodelay(true));
    let Some(tls) = tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| Fault::needs_change(format!("{host} can't be the name on a certificate")))?;
    let connector = TlsConnector::from(Arc::new(tls.config()?));
    let shaken = timeout(CONNECT_TIMEOUT, connector.connect(name, stream)).await;
    let shaken = shaken
        .map_err(|_| Fault::transient(format!("{address} does not answer the TLS handshake: does it speak TLS?")))?;
    shaken.map(|stream| Box::new(stream) as Box<dyn NetStream>).map_err(|error| explain(&error, address))
}

/// What an I/O error on the connection to `address` means.
pub(crate) fn explain(error: &io::Error, address: &str) -> Fault {
    if let Some(fault) = tls::explain(error, address) {
        return fault;
    }
    Fault::transient(match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("nobody listens at {address} (connection refused): is it running, is the port right?")
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            format!("{address} broke the connection off")
        }
        io::ErrorKind::UnexpectedEof => format!("{address} closed the connection"),
        io::ErrorKind::TimedOut => format!("no answer from {address}: is the way there open?"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("there is no way to {address} ({error}): check the network")
        }
        _ => format!("the connection to {address} failed: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["pbx:5038", "10.0.0.1:5038", "[::1]:8021"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["pbx", "pbx:", ":5038", "::1:5038", "pbx:99999", "pbx:ami"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
