use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

/// Gives the results that a test sends it.
struct FakeListener(mpsc::Receiver<io::Result<DuplexStream>>);

impl Accept for FakeListener {
    type Peer = ();

    async fn accept(&mut self) -> io::Result<(NewConnection, ())> {
        match self.0.recv().await {
            Some(result) => result.map(|stream| (NewConnection::Plain(Box::new(stream)), ())),
            None => pending().await,
        }
    }

    fn share_of((): &()) -> Label {
        Label::fixed("peer")
    }
}

struct TestServer {
    to: mpsc::Sender<io::Result<DuplexStream>>,
    connections: Arc<Connections>,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl TestServer {
    fn start(max_connection_age: Option<Duration>) -> Self {
        let limits = ConnectionLimits { total: 4, per_caller: 4, strangers: 4, strangers_per_peer: 4 };
        let (to, results) = mpsc::channel(1);
        let (connections, stop) = (Connections::new(limits), CancellationToken::new());
        let router = Router::new().route("/", get(async || "x".repeat(1024)));
        let server = HttpServer { router, connections: Arc::clone(&connections), max_connection_age };
        let server = tokio::spawn(server.serve(FakeListener(results), stop.clone()));
        Self { to, connections, stop, server }
    }

    /// Connect, and send `requests` requests.
    async fn connect(&self, requests: usize) -> DuplexStream {
        let (mut ours, theirs) = duplex(512);
        self.to.send(Ok(theirs)).await.unwrap();
        ours.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(requests).as_bytes()).await.unwrap();
        ours
    }
}

async fn read_all(stream: &mut DuplexStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_is_disconnected() {
    let running = TestServer::start(None);
    let reader = running.connect(1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(running.connections.count(), 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(running.connections.count(), 0);
    drop(reader);
}

#[tokio::test]
async fn of_the_answers_for_a_peer_that_never_reads_the_system_holds_a_few() {
    struct OverTcp(tokio::net::TcpListener);
    impl Accept for OverTcp {
        type Peer = ();

        async fn accept(&mut self) -> io::Result<(NewConnection, ())> {
            self.0.accept().await.map(|(stream, _)| (NewConnection::over_tcp(stream, None), ()))
        }

        fn share_of((): &()) -> Label {
            Label::fixed("peer")
        }
    }
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    let answer = move || {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready("z".repeat(64 * 1024))
    };
    let limits = ConnectionLimits { total: 4, per_caller: 4, strangers: 4, strangers_per_peer: 4 };
    let router = Router::new().route("/", get(answer));
    let server = HttpServer { router, connections: Connections::new(limits), max_connection_age: None };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server.serve(OverTcp(listener), CancellationToken::new()));
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut peer = socket.connect(address).await.unwrap();
    peer.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100).as_bytes()).await.unwrap();
    let mut before = 0;
    while before == 0 || before != answered.load(Ordering::Relaxed) {
        before = answered.load(Ordering::Relaxed);
        sleep(Duration::from_millis(300)).await;
    }
    assert!(cfg!(not(target_os = "linux")) || before <= 6, "{before} answers of 64 KiB");
    // All of them are there once it reads.
    let mut left = 100 * 64 * 1024;
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let n = peer.read(&mut buffer).await.unwrap();
        left -= memchr::memchr_iter(b'z', &buffer[..n]).count();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_has_closed_its_half_gets_the_answer_however_slowly_it_reads() {
    let running = TestServer::start(None);
    let mut reader = running.connect(2).await;
    reader.shutdown().await.unwrap();
    let mut answer = vec![0; 16];
    while !answer.ends_with(b"xHTTP/1.1 200 OK") {
        sleep(Duration::from_secs(1)).await;
        answer.push(reader.read_u8().await.unwrap());
    }
    assert!(read_all(&mut reader).await.ends_with(&"x".repeat(1024)));
    assert_eq!(running.connections.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_too_old_is_closed_after_its_answer() {
    let running = TestServer::start(Some(Duration::from_secs(5)));
    let mut stream = running.connect(1).await;
    let started = Instant::now();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn after_an_error_of_accept_the_next_connection_is_served() {
    let running = TestServer::start(None);
    let mut oldest = running.connect(0).await;
    running.to.send(Err(io::ErrorKind::ConnectionAborted.into())).await.unwrap();
    let mut stream = running.connect(1).await;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!((&start, running.connections.count()), (b"HTTP/1.1 200", 2));
    // With no files left, the oldest stranger makes room.
    let error = io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
    running.to.send(Err(error)).await.unwrap();
    let asked = Instant::now();
    assert_eq!(read_all(&mut oldest).await, "");
    assert!(asked.elapsed() < Duration::from_secs(1));
    let mut stream = running.connect(1).await;
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_those_that_do_not_read() {
    let running = TestServer::start(None);
    let stream = running.connect(1).await;
    sleep(Duration::from_millis(100)).await;
    running.stop.cancel();
    let asked = Instant::now();
    running.server.await.unwrap();
    assert_eq!(asked.elapsed(), SHUTDOWN_TIMEOUT);
    drop(stream);
}

#[test]
fn all_addresses_of_one_ipv6_network_have_one_share() {
    let share = |address: &str| share_of_address(&format!("{address}:1").parse().unwrap());
    assert_eq!(share("[2001:db8:1:2::3]"), share("[2001:db8:1:2:ffff:ffff:ffff:ffff]"));
    assert_ne!(share("[2001:db8:1:2::3]"), share("[2001:db8:1:3::3]"));
    assert_eq!(share("[::ffff:10.0.0.1]"), share("10.0.0.1"));
    assert_ne!(share("10.0.0.1"), share("10.0.0.2"));
}
