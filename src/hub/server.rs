//! Where a hub accepts connections, and how many: over the network, with TLS if there is a certificate, and at a Unix
//! socket for the users of this machine.

use std::io;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::access::Peer;
use super::socket::Socket;
use crate::net::server::{Accept, ConnectionLimits, NewConnection};
use crate::text::Label;

/// Where a hub accepts connections.
pub enum Listener {
    /// The network, or this machine's loopback address. A renewed certificate is received as a new acceptor.
    Network(TcpListener, Option<watch::Receiver<TlsAcceptor>>),
    /// A Unix socket for the users of this machine.
    Socket(Socket),
}

impl Accept for Listener {
    type Peer = Peer;

    async fn accept(&mut self) -> io::Result<(NewConnection, Peer)> {
        match self {
            Self::Network(listener, tls) => {
                let (stream, address) = listener.accept().await?;
                let tls = tls.as_ref().map(|tls| tls.borrow().clone());
                Ok((NewConnection::over_tcp(stream, tls), Peer::Network(address)))
            }
            Self::Socket(socket) => {
                let stream = socket.accept().await?;
                let peer = Peer::of_socket(&stream)?;
                Ok((NewConnection::Plain(Box::new(stream)), peer))
            }
        }
    }

    fn share_of(peer: &Peer) -> Label {
        peer.share()
    }
}

/// The limits for connections over the network. A process that may open only few files accepts fewer connections, so
/// that the journal and the sources can still open theirs.
pub(super) fn network_limits() -> ConnectionLimits {
    const RESERVED_FILES: usize = 384;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let max_files = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let total = max_files.saturating_sub(RESERVED_FILES).clamp(64, 4096);
    ConnectionLimits { total, per_caller: total / 2, strangers: total / 2, strangers_per_peer: total / 8 }
}

/// The limits for connections at the Unix socket, where each process is a peer and a caller of its own.
pub(super) const SOCKET_LIMITS: ConnectionLimits =
    ConnectionLimits { total: 256, per_caller: 32, strangers: 256, strangers_per_peer: 32 };
