//! Listening: connections from the network, with TLS where there is a certificate, and from this machine's users.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::Hub;
use super::access::Peer;
use super::socket::Socket;

/// So many connections are served at once; the rest wait in the system's queue.
pub(super) const CONNECTIONS: usize = 4096;
/// How long a request's head, its body and a TLS handshake may take, each.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The head of a request is no longer than this.
const HEAD: usize = 16 * 1024;
const HEADERS: usize = 64;
/// With no sockets left, so long until the next try.
const PAUSE: Duration = Duration::from_millis(200);
/// How long what is being answered may take when the hub ends.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// A place where connections come in.
pub enum Listener {
    /// The network, or this machine's loopback.
    Network(TcpListener, Option<tokio::sync::watch::Receiver<TlsAcceptor>>),
    /// This machine's users.
    Socket(Socket),
}

/// Take connections in until `stop`; what is being answered then is finished.
pub(super) async fn serve(mut listener: Listener, hub: Arc<Hub>, router: Router, stop: CancellationToken) {
    let conversations = TaskTracker::new();
    loop {
        let free = hub.free.clone().acquire_owned();
        let (Some(Ok(place)), accepted) = (tokio::select! {
            () = stop.cancelled() => break,
            both = async { let place = free.await; let accepted = accept(&mut listener).await; (Some(place), accepted) } => both,
        }) else {
            break;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (hub, router, stop) = (Arc::clone(&hub), router.clone(), stop.clone());
        conversations.spawn(async move {
            hub.connections.fetch_add(1, Ordering::Relaxed);
            serve_connection(stream, peer, router, stop).await;
            hub.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
    conversations.close();
    // Whoever is too slow to take his answer is left.
    let _ = timeout(FAREWELL, conversations.wait()).await;
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
async fn serve_connection(stream: Stream, peer: Peer, router: Router, stop: CancellationToken) {
    let stream = match stream {
        Stream::Plain(stream) => stream,
        Stream::Secure(stream, acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            _ => return,
        },
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer.clone()));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
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
