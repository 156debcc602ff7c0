//! A floor for others: the hub without a screen, the socket at which users of this machine find a board's floor, and
//! the way to somebody else's floor.

use std::convert::Infallible;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::board::{Board, Keeper};
use crate::clock::Clock;
use crate::config::Config;
use crate::floor::{ForwardCommand, Handle};
use crate::hub::client::{self, HubAddress};
use crate::hub::{self, EventSlot, Listener, ServerConfig, access, socket};
use crate::net::http::Auth;
use crate::source::Message;
use crate::text::Label;

/// How often it is tried to listen at the socket, while another floor does.
const AGAIN: Duration = Duration::from_secs(5);

/// Where the configured hub is, or one that runs on this machine, and what it is called; `None` where there is none.
///
/// # Errors
/// [`Error::Many`] where several run here and none is named, [`Error::NotShared`] where one is for others.
pub(super) fn place(config: &Config) -> Result<Option<(HubAddress, Label)>, Error> {
    let settings = &config.hub;
    if let Some(address) = &settings.url {
        let auth = settings.token.clone().map(Auth::Bearer);
        let name = Label::new(&address.host());
        return Ok(Some((HubAddress::Network { address: address.clone(), auth, tls: settings.tls.clone() }, name)));
    }
    // A guest by configuration waits for that floor: no other one, and no simulated one, stands in for it.
    if let Some(path) = settings.socket.clone().filter(|_| config.sources.is_empty()) {
        return Ok(Some((HubAddress::Socket(path), Label::fixed("this floor"))));
    }
    // The configured floor, before any other that runs here.
    let own = || socket::of_journal(&super::journal_path(config).ok()?).ok();
    let answers = |path: &PathBuf| std::os::unix::net::UnixStream::connect(path).is_ok();
    if let Some(path) = settings.socket.clone().or_else(own).filter(answers) {
        return Ok(Some((HubAddress::Socket(path), Label::fixed("this floor"))));
    }
    let us = rustix::process::geteuid().as_raw();
    let socket::LocalFloors { open: mut found, closed } = socket::find();
    // One's own before anybody else's.
    if found.iter().any(|(_, user)| *user == us) {
        found.retain(|(_, user)| *user == us);
    }
    match found.as_slice() {
        [] => match closed.first() {
            Some((user, group)) => Err(Error::NotShared(access::login(*user), access::group(*group))),
            None => Ok(None),
        },
        [(path, user)] => {
            let name = format!("{}'s floor", access::login(*user));
            Ok(Some((HubAddress::Socket(path.clone()), Label::new(&name))))
        }
        several => Err(Error::Many(several.iter().map(|(path, _)| path.display().to_string()).collect())),
    }
}

/// The way from a board that follows to the floor of the same user that keeps the journal.
pub(super) fn forward(path: Option<PathBuf>, clock: Clock) -> ForwardCommand {
    Box::new(move |command, reply| {
        let path = path.clone().filter(|path| path.exists())?;
        let clock = clock.clone();
        tokio::spawn(async move {
            // Whoever asked may have gone meanwhile; that is his business.
            drop(reply.send(client::tell(&HubAddress::Socket(path), &command, clock).await));
        });
        Some(())
    })
}

/// Where users of this machine find the floor that keeps `journal`; `None` where they are not to, or can't.
pub(super) fn socket_of(settings: &hub::Settings, journal: &Path) -> Option<PathBuf> {
    if !settings.share.0 {
        return None;
    }
    if settings.socket.is_some() {
        return settings.socket.clone();
    }
    match socket::of_journal(journal) {
        Ok(path) => Some(path),
        Err(error) => {
            tracing::warn!("nobody else on this machine sees this floor: {error}");
            None
        }
    }
}

/// Let users of this machine find the floor of `handle`, as long as this program is the one that keeps it.
pub(super) async fn share(
    handle: Handle,
    path: Option<PathBuf>,
    group: Option<String>,
    clock: Clock,
    stop: CancellationToken,
) {
    let Some(path) = path else { return };
    let mut boards = handle.watch();
    if boards.wait_for(|board| board.keeper == Keeper::Us).await.is_err() {
        return;
    }
    loop {
        match socket::listen(path.clone(), group.as_deref()) {
            Ok((listener, _socket)) => {
                let listeners = vec![Listener::Socket(listener)];
                let config = ServerConfig { handle, tokens: Vec::new(), event_slot: None, clock };
                return hub::serve(config, listeners, stop).await;
            }
            Err(socket::Error::Taken(_)) => sleep(AGAIN).await,
            Err(error) => {
                tracing::warn!("nobody else on this machine sees this floor: {error}");
                return;
            }
        }
    }
}

/// Where events come from that are brought to the hub: a source of the floor like any other.
pub(super) struct PushSource {
    event_slot: EventSlot,
    /// Its number: behind the configured ones.
    index: usize,
    /// What it is called.
    pub(super) name: Label,
}

impl PushSource {
    /// Of the configured hub; `None` where nobody may bring events.
    pub(super) fn of(config: &Config) -> Option<Self> {
        if !config.hub.takes_events() {
            return None;
        }
        let taken = config.sources.iter().any(|source| source.name() == "hub".into());
        let name = Label::fixed(if taken { "hub events" } else { "hub" });
        Some(Self { event_slot: EventSlot::default(), index: config.sources.len(), name })
    }

    /// What kind of source it is.
    pub(super) const fn kind() -> Label {
        Label::fixed("push")
    }

    /// The way in.
    pub(super) fn event_slot(&self) -> EventSlot {
        self.event_slot.clone()
    }

    /// Let events in.
    pub(super) fn open(&self, clock: &Clock, to: &mpsc::Sender<Message>) {
        self.event_slot.open(self.index, self.name.clone(), clock.clone(), to);
    }
}

/// Serve a floor until the program is told to end.
pub(super) async fn serve(server: ServerConfig, config: &Config, path: Option<PathBuf>) -> Result<(), Error> {
    let settings = &config.hub;
    let stop = CancellationToken::new();
    let mut listeners = Vec::new();
    let certificate = match (&settings.certificate, &settings.key) {
        (Some(chain), Some(key)) => Some(Certificate::new(chain, key)?),
        _ => None,
    };
    let address = settings.listen.0;
    let listener = TcpListener::bind(address).await.map_err(|error| Error::Listen(address.to_string(), error))?;
    listeners.push(Listener::Network(listener, certificate.as_ref().map(|certificate| certificate.newest.subscribe())));
    let mut kept = None;
    if let Some(path) = path {
        let (listener, socket) = socket::listen(path, settings.group.as_deref())?;
        listeners.push(Listener::Socket(listener));
        kept = Some(socket);
    }
    let over = end(certificate)?;
    let boards = server.handle.watch();
    let serving = hub::serve(server, listeners, stop.clone());
    let mut serving = tokio::spawn(serving);
    tracing::info!(%address, "the hub listens");
    tokio::select! {
        () = over => {}
        _ = &mut serving => return Ok(()),
        never = announce(boards) => match never {},
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    stop.cancel();
    // What is being answered is finished; a panic there has been told of by the panic hook.
    let _ = serving.await;
    drop(kept);
    Ok(())
}

/// Tell who started us, and may wait for it, that the hub is ready: its listeners are open, and the journal was read or
/// can't be, which every board then says.
async fn announce(mut boards: watch::Receiver<Arc<Board>>) -> Infallible {
    let begun = boards.wait_for(|board| has_begun(board)).await.is_ok();
    if begun && let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!("the service manager was not told that the hub is ready: {error}");
    }
    std::future::pending().await
}

/// Whether the floor is past reading the journal.
fn has_begun(board: &Board) -> bool {
    board.seq > 0 && board.keeper != Keeper::Loading
}

/// Ends when the program is to end; a hang-up meanwhile reads the certificate anew.
fn end(certificate: Option<Certificate>) -> Result<impl Future<Output = ()>, Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hang_up.recv() => {
                    if let Some(certificate) = &certificate {
                        certificate.read_anew();
                    }
                }
            }
        }
    })
}

/// The hub's certificate, and the newest state of it.
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    newest: watch::Sender<TlsAcceptor>,
}

impl Certificate {
    fn new(chain: &Path, key: &Path) -> Result<Self, Error> {
        let (newest, _) = watch::channel(acceptor(chain, key)?);
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), newest })
    }

    fn read_anew(&self) {
        match acceptor(&self.chain, &self.key) {
            Ok(acceptor) => {
                drop(self.newest.send_replace(acceptor));
                tracing::info!("the certificate was read anew");
            }
            // Whoever changes it may be half-way.
            Err(error) => tracing::error!("the certificate stays as it is: {error}"),
        }
    }
}

fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, Error> {
    use std::os::unix::fs::PermissionsExt;
    let wrong = |path: &Path, why: String| Error::Certificate(path.to_owned(), why);
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(chain).map_err(|error| wrong(chain, error.to_string()))?.collect();
    let certificates = certificates.map_err(|error| wrong(chain, error.to_string()))?;
    let metadata = std::fs::metadata(key).map_err(|error| wrong(key, error.to_string()))?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(wrong(key, format!("everybody can read it: take that away with `chmod o= {}`", key.display())));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(chain, error.to_string()))?;
    let config = builder.with_no_client_auth().with_single_cert(certificates, private);
    let mut config = config.map_err(|error| wrong(chain, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn a_floor_has_begun_once_the_journal_is_read_or_can_t_be() {
        let board = |seq, keeper| Board { seq, keeper, ..Board::default() };
        assert!(!has_begun(&Board::default()), "nobody has looked yet");
        assert!(!has_begun(&board(1, Keeper::Loading)));
        for keeper in [Keeper::Us, Keeper::Other(Text::default()), Keeper::Failed(Text::default())] {
            assert!(has_begun(&board(2, keeper)));
        }
    }
}
