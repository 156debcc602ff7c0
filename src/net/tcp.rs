//! TCP connections, plain or with TLS, with faults that say what to do.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::net::Fault;
use crate::net::tls::{self, Tls};

/// How long name resolution, the connection and the TLS handshake may take, each.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A byte stream over the network.
pub(crate) trait NetStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> NetStream for S {}

/// Whether `address` has the form `host:port`, with an IPv6 address in brackets.
pub(crate) fn is_address(address: &str) -> bool {
    split(address).is_some()
}

/// Host and port of an address; a host in brackets without them.
pub(crate) fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if host.is_empty() || (bare.is_none() && host.contains(':')) {
        return None;
    }
    Some((bare.unwrap_or(host), port.parse().ok()?))
}

/// Whether `host`, a name or an IP address (IPv6 also in brackets), is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether what is sent to `address` (`host:port`) can be read on its way: it goes to another machine, without TLS.
pub(crate) fn is_exposed(address: &str, tls: Option<&Tls>) -> bool {
    tls.is_none() && !split(address).is_some_and(|(host, _)| is_loopback(host))
}

/// Connect to `address` (`host:port`), with TLS if its settings are given.
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
    for candidate in
        found.map_err(|error| Fault::transient(format!("{host} is not known ({error}): check the name and the DNS")))?
    {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(candidate)).await.map_err(late)? {
            Ok(stream) => {
                // Messages are short; collecting small packets would only delay them.
                drop(stream.set_nodelay(true));
                let Some(tls) = tls else { return Ok(Box::new(stream)) };
                return secure(stream, address, tls).await;
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(
        || Fault::transient(format!("{host} has no address: check the name and the DNS")),
        |error| explain(&error, address),
    ))
}

/// Speak TLS on a connection to `address`.
pub(crate) async fn secure(
    stream: impl NetStream + 'static,
    address: &str,
    tls: &Tls,
) -> Result<Box<dyn NetStream>, Fault> {
    let host = split(address).map_or(address, |(host, _)| host);
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| Fault::needs_change(format!("{host} can't be the name on a certificate")))?;
    let connector = TlsConnector::from(Arc::new(tls.config()?));
    let shaken = timeout(CONNECT_TIMEOUT, connector.connect(name, stream)).await;
    let shaken = shaken
        .map_err(|_| Fault::transient(format!("{address} does not answer the TLS handshake: does it speak TLS?")))?;
    shaken.map(|stream| Box::new(stream) as Box<dyn NetStream>).map_err(|error| explain(&error, address))
}

/// The fault for an I/O error on the connection to `address`.
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

    #[test]
    fn only_this_machine_needs_no_tls() {
        let tls = Tls::default();
        for here in ["localhost:5038", "127.0.0.1:5038", "[::1]:5038", "[::ffff:127.0.0.1]:5038"] {
            assert!(!is_exposed(here, None), "{here}");
        }
        for there in ["pbx:5038", "10.0.0.1:5038", "[fe80::1]:5038"] {
            assert!(is_exposed(there, None) && !is_exposed(there, Some(&tls)), "{there}");
        }
    }
}
