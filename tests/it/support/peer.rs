//! A server on loopback whose behaviour is a script of the test: answer, drip, stop in the middle, reset, speak TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Longer than any test waits for one thing.
const PATIENCE: Duration = Duration::from_secs(30);

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// A server, and the requests that it received.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The request line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The path with its query.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// One connection, which the script of the test controls.
pub(crate) struct Conversation {
    /// The number of the connection, from 0.
    pub(crate) number: usize,
    wire: Box<dyn Wire>,
    tcp: TcpStream,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Peer {
    /// Listen. `script` runs for each connection, on a thread of its own.
    pub(crate) fn start(script: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::serve(listener(), None, script)
    }

    /// Listen at an address found with [`free_address`].
    pub(crate) fn start_at(
        address: SocketAddr,
        script: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(TcpListener::bind(address).unwrap(), None, script)
    }

    /// Listen with TLS.
    pub(crate) fn start_tls(
        config: Arc<ServerConfig>,
        script: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(listener(), Some(config), script)
    }

    fn serve(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&mut Conversation) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (Arc::new(script), Arc::clone(&asked));
        thread::spawn(move || {
            for (number, tcp) in listener.incoming().enumerate() {
                let Ok(tcp) = tcp else { return };
                let (script, asked, tls) = (Arc::clone(&script), Arc::clone(&seen), tls.clone());
                thread::spawn(move || {
                    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
                    tcp.set_nodelay(true).unwrap();
                    let plain = tcp.try_clone().unwrap();
                    let wire: Box<dyn Wire> = match tls {
                        Some(tls) => Box::new(StreamOwned::new(ServerConnection::new(tls).unwrap(), plain)),
                        None => Box::new(plain),
                    };
                    // The client may close the connection at any time.
                    let _ = script(&mut Conversation { number, wire, tcp, asked });
                });
            }
        });
        Self { address, asked }
    }

    /// `http://127.0.0.1:…` with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Conversation {
    /// The next request; an error if there is none.
    pub(crate) fn request(&mut self) -> io::Result<Asked> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.wire.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut asked = Asked { head, body: String::new() };
        let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.wire.read_exact(&mut body)?;
        asked.body = String::from_utf8_lossy(&body).into_owned();
        self.asked.lock().unwrap().push(asked.clone());
        Ok(asked)
    }

    /// Send bytes.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.write_all(bytes.as_ref())?;
        self.wire.flush()
    }

    /// Send a complete response; `head` is the status and the headers, one per line.
    pub(crate) fn answer(&mut self, head: &str, body: &str) -> io::Result<()> {
        let head = head.trim().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
        self.say(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    /// Send the beginning of a response without an end.
    pub(crate) fn begin(&mut self, head: &str) -> io::Result<()> {
        let head = head.trim().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
        self.say(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n"))
    }

    /// Keep the connection open until the client closes it.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        let mut rest = [0; 1024];
        while self.wire.read(&mut rest)? > 0 {}
        Ok(())
    }

    /// Reset the connection: closing it with unread data does that.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        self.tcp.peek(&mut [0]).map(|_| ())
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A local address on which nothing listens.
pub(crate) fn free_address() -> SocketAddr {
    listener().local_addr().unwrap()
}

/// A certificate authority: its certificate (PEM), and the configuration of a server at `localhost` and 127.0.0.1 with
/// a certificate that it has signed.
pub(crate) fn authority() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "authority of a test");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    (issuer.pem(), Arc::new(config))
}
