//! The HTTP server of the hub and of sources that events are pushed to: it accepts connections, with TLS where there is
//! a certificate, and serves each until one side closes it.
//!
//! Everything a peer can do is bounded: the time for a TLS handshake and for the head of a request, the size of the
//! head, the time a peer may stop reading, and the number of connections ([`Connections`]). Bodies are bounded by
//! those who read them.

mod answer_body;
mod connections;
mod server_stream;

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::tcp::NetStream;
use crate::text::Label;
use answer_body::AnswerBody;
pub(crate) use connections::{ConnectionLimits, ConnectionPlace, Connections};
use server_stream::{Answering, ServerStream};

/// How long a TLS handshake, the head of a request, and its body may take, each.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// How many connections may wait to be accepted. Whoever finds no room there is heard again after a second, or not at all.
const MAX_WAITING_CONNECTIONS: i32 = 4096;
/// How much the system holds of answers that it cannot send yet, for each connection. Its own limit is some megabytes.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 32 * 1024;
/// How long to wait before accepting again after the system could not.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// The shortest time between two warnings that connections cannot be accepted.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);
/// How long the request in progress may take when its connection has reached its maximum age.
const LAST_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the requests in progress may take, in total, when the server ends. The whole program ends within a second.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// Accepts connections.
pub(crate) trait Accept: Send {
    /// Who is at the other end. Handlers find it as [`ConnectInfo`].
    type Peer: Clone + Send + Sync + 'static;

    /// Accept one connection. Must be cancel safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(NewConnection, Self::Peer)>> + Send;

    /// The name under which the connections of `peer` are counted: all peers of one name have one share.
    fn share_of(peer: &Self::Peer) -> Label;
}

/// An accepted connection, before its TLS handshake.
pub(crate) enum NewConnection {
    /// Without TLS.
    Plain(Box<dyn NetStream>),
    /// With TLS.
    Tls(TcpStream, TlsAcceptor),
}

impl NewConnection {
    /// A connection over TCP, with TLS if there is an acceptor.
    pub(crate) fn over_tcp(stream: TcpStream, tls: Option<TlsAcceptor>) -> Self {
        // Requests and answers are short; collecting small packets would only delay them.
        drop(stream.set_nodelay(true));
        // What has been sent and not confirmed may still be as much as the way there takes.
        #[cfg(target_os = "linux")]
        drop(socket2::SockRef::from(&stream).set_tcp_notsent_lowat(MAX_UNSENT_BYTES));
        match tls {
            Some(tls) => Self::Tls(stream, tls),
            None => Self::Plain(Box::new(stream)),
        }
    }

    /// Perform the handshake; `None` if it fails or takes too long.
    async fn establish(self) -> Option<Box<dyn NetStream>> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(stream, acceptor) => match timeout(REQUEST_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Some(Box::new(stream)),
                _ => None,
            },
        }
    }
}

/// Let [`MAX_WAITING_CONNECTIONS`] wait at a listener, as far as the system allows it; else there would be 128.
pub(crate) fn widen_queue(listener: &impl AsFd) {
    drop(socket2::SockRef::from(listener).listen(MAX_WAITING_CONNECTIONS));
}

/// The share of a network peer: one for each IPv4 address, and one for each IPv6 network of 64 bits, since that is what
/// one subscriber is given: 2^64 addresses to come from.
pub(crate) fn share_of_address(address: &SocketAddr) -> Label {
    Label::new(&match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("{}/64", Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    })
}

/// Serves requests of the connections of one listener.
pub(crate) struct HttpServer {
    /// The handlers. In a request's extensions they find its peer, as `ConnectInfo<A::Peer>`, and its connection, as
    /// `Arc<ConnectionPlace>`.
    pub(crate) router: Router,
    /// The open connections, with their limits.
    pub(crate) connections: Arc<Connections>,
    /// When a connection is closed after its current request; `None` for never.
    pub(crate) max_connection_age: Option<Duration>,
}

impl HttpServer {
    /// Accept connections until `stop`. Then requests in progress are finished; peers that have not read their answer
    /// within [`SHUTDOWN_TIMEOUT`] are disconnected.
    pub(crate) async fn serve<A: Accept>(self, mut listener: A, stop: CancellationToken) {
        let service = TowerToHyperService::new(self.router);
        let mut open = JoinSet::new();
        let mut warned_at: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = open.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((connection, peer)) => {
                    // Without a place it is dropped, and so closed.
                    let Some(place) = self.connections.admit(A::share_of(&peer)) else { continue };
                    let (service, stop, max_age) = (service.clone(), stop.clone(), self.max_connection_age);
                    open.spawn(async move {
                        let closed = place.close.clone();
                        let served = serve_connection(connection, peer, place, service, max_age, stop);
                        // Cancelled where it stands if it must make room for another connection.
                        closed.run_until_cancelled(served).await;
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if warned_at.is_none_or(|at| at.elapsed() >= WARNING_INTERVAL) {
                        warned_at = Some(Instant::now());
                        tracing::warn!("a connection could not be accepted: {error}");
                    }
                    if is_exhausted(&error) {
                        self.connections.close_oldest_stranger();
                    }
                    sleep(ACCEPT_RETRY_INTERVAL).await;
                }
            }
        }
        drop(listener);
        let _ = timeout(SHUTDOWN_TIMEOUT, async { while open.join_next().await.is_some() {} }).await;
        // The tasks hold what the handlers share. It must be free when this returns.
        open.shutdown().await;
    }
}

async fn serve_connection<P: Clone + Send + Sync + 'static>(
    connection: NewConnection,
    peer: P,
    place: ConnectionPlace,
    service: TowerToHyperService<Router>,
    max_age: Option<Duration>,
    stop: CancellationToken,
) {
    let Some(stream) = connection.establish().await else { return };
    let wait = Arc::clone(&place.wait);
    let place = Arc::new(place);
    let answering = Arc::new(());
    let answers = Arc::downgrade(&answering);
    let service = {
        let wait = Arc::clone(&wait);
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer.clone()));
            request.extensions_mut().insert(Arc::clone(&place));
            let place = Arc::clone(&place);
            let (answer, answering, busy) = (service.call(request), answers.upgrade(), Answering::new(&wait));
            async move {
                // Whoever sends many requests at once would otherwise have several of them answered while others wait.
                yield_now().await;
                let answer = answer.await?;
                let size = answer.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
                let answer = if size.is_none_or(|bytes| place.may_send(bytes)) { answer } else { unread_answer() };
                // A stream never ends by itself: who has closed its half is taken for gone.
                let is_stream = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
                let answering = answering.filter(|_| !is_stream);
                let held = (answering, busy);
                Ok::<_, Infallible>(answer.map(|body| AnswerBody { body, rest: Bytes::new(), _held: held }))
            }
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(ServerStream::new(stream, answering, Arc::clone(&wait))), service);
    let mut connection = pin!(connection);
    let grown_old = async {
        match max_age {
            Some(age) => sleep(age).await,
            None => pending().await,
        }
    };
    tokio::select! {
        // An error is not reported: the peer already knows what it did, and any peer could fill the log.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = grown_old => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_REQUEST_TIMEOUT, connection).await;
}

/// The answer in place of one that the caller may not have because of those that it has not read.
fn unread_answer() -> Response {
    let why = r#"{"code":"unread","message":"earlier answers are still to be read: read them first"}"#;
    let headers = [(CONTENT_TYPE, "application/problem+json"), (RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, why).into_response()
}

/// Whether an error of `accept` concerns a single connection, so that the next one can be accepted at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, NotConnected};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | NotConnected)
}

/// Whether the process or the machine has no more files or memory for a connection.
fn is_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let codes = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    codes.iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
}

#[cfg(test)]
mod tests;
