//! Listening: connections from the network, with TLS where there is a certificate, and from this machine's users.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::Hub;
use super::access::Peer;
use super::connections::ConnectionPlace;
use super::socket::Socket;
use super::write_deadline::WriteDeadline;

/// How long a request's head, its body and a TLS handshake may take, each.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The head of a request is no longer than this.
const HEAD: usize = 16 * 1024;
const HEADERS: usize = 64;
/// With no sockets left, so long until the next try.
const PAUSE: Duration = Duration::from_millis(200);
/// The least time between two warnings that connections cannot be accepted.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);
/// How long what is being answered may take when the hub ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// A place where connections come in.
pub enum Listener {
    /// The network, or this machine's loopback.
    Network(TcpListener, Option<tokio::sync::watch::Receiver<TlsAcceptor>>),
    /// This machine's users.
    Socket(Socket),
}

/// Accept connections until `stop`. Requests in progress are finished then; a peer that does not read its answer within
/// [`FAREWELL`] is left.
pub(super) async fn serve(mut listener: Listener, hub: Arc<Hub>, router: Router, stop: CancellationToken) {
    let connections = Arc::clone(match &listener {
        Listener::Network(..) => &hub.network,
        Listener::Socket(_) => &hub.local,
    });
    let mut open = JoinSet::new();
    let mut warned: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = open.join_next() => continue,
            accepted = accept(&mut listener) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = connections.admit(&peer) {
                    open.spawn(serve_connection(stream, peer, Arc::new(place), router.clone(), stop.clone()));
                }
            }
            Err(error) => {
                // The system has no room, usually for files. Each try closes one of those who have said nothing.
                if warned.is_none_or(|at| at.elapsed() >= WARNING_INTERVAL) {
                    warned = Some(Instant::now());
                    tracing::warn!("a connection could not be accepted: {error}");
                }
                connections.close_oldest_stranger();
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let _ = timeout(FAREWELL, async { while open.join_next().await.is_some() {} }).await;
    // They hold the floor: it only ends without them.
    open.shutdown().await;
}

/// A connection, before its handshake.
enum Stream {
    Plain(Box<dyn Wire>),
    Secure(tokio::net::TcpStream, TlsAcceptor),
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

async fn accept(listener: &mut Listener) -> io::Result<(Stream, Peer)> {
    match listener {
        Listener::Network(listener, tls) => {
            let (stream, address) = listener.accept().await?;
            // Short questions and answers: nothing is to be waited for.
            drop(stream.set_nodelay(true));
            let stream = match tls {
                Some(tls) => Stream::Secure(stream, tls.borrow().clone()),
                None => Stream::Plain(Box::new(stream)),
            };
            Ok((stream, Peer::Network(address)))
        }
        Listener::Socket(listener) => {
            let stream = listener.accept().await?;
            let peer = Peer::of_socket(&stream)?;
            Ok((Stream::Plain(Box::new(stream)), peer))
        }
    }
}

/// Serve one connection until either side has had enough.
async fn serve_connection(
    stream: Stream,
    peer: Peer,
    place: Arc<ConnectionPlace>,
    router: Router,
    stop: CancellationToken,
) {
    let closed = place.close.clone();
    let served = converse(stream, peer, place, router, stop);
    // A connection that must make room for another one is closed where it is.
    closed.run_until_cancelled(served).await;
}

async fn converse(stream: Stream, peer: Peer, place: Arc<ConnectionPlace>, router: Router, stop: CancellationToken) {
    let stream = match stream {
        Stream::Plain(stream) => stream,
        Stream::Secure(stream, acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            _ => return,
        },
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        request.extensions_mut().insert(Arc::clone(&place));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(WriteDeadline::new(stream)), service);
    let mut connection = pin!(connection);
    // However it ends, the other side knows as much as we do.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
