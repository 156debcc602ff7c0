//! Runs the hub's server: opens the listeners, tells the service manager when it is ready, and handles signals.

use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::certificate::Certificate;
use super::ending;
use crate::board::{Board, Keeper};
use crate::config::Config;
use crate::hub::{self, Listener, ServerConfig, socket};
use crate::net::server::widen_queue;
use crate::ui::terminal_is_gone;

/// Serve a floor at the configured address and at the socket `path`, until the program is told to end.
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
    widen_queue(&listener);
    listeners.push(Listener::Network(listener, certificate.as_ref().map(Certificate::subscribe)));
    if let Some(path) = path {
        match socket::listen(path, settings.group.as_deref()) {
            Ok(socket) => listeners.push(Listener::Socket(socket)),
            // A problem with the default socket must not stop the service.
            Err(error) if settings.socket.is_none() => {
                tracing::warn!("this floor is not shared on this machine: {error}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    let terminated = termination(certificate)?;
    let boards = server.handle.watch();
    let serving = hub::serve(server, listeners, stop.clone());
    let mut serving = tokio::spawn(serving);
    tracing::info!(%address, "the hub listens");
    tokio::select! {
        () = terminated => {}
        _ = &mut serving => return Ok(()),
        never = announce(boards) => match never {},
    }
    tokio::spawn(ending::at_once_when_told());
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    stop.cancel();
    // Requests in progress are finished. A panic in them was already reported by the panic hook.
    let _ = serving.await;
    Ok(())
}

/// Tell the service manager that started the hub that it is ready: its listeners are open, and the journal has been
/// read, or cannot be read, which every board then shows.
async fn announce(mut boards: watch::Receiver<Arc<Board>>) -> Infallible {
    let begun = boards.wait_for(|board| has_begun(board)).await.is_ok();
    if begun && let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!("the service manager was not told that the hub is ready: {error}");
    }
    std::future::pending().await
}

/// Whether the floor has read the journal, or has given up on it.
fn has_begun(board: &Board) -> bool {
    board.seq > 0 && board.keeper != Keeper::Loading
}

/// Resolves on SIGTERM or SIGINT, and on SIGHUP where the terminal is gone. Else SIGHUP reloads the certificate, if there is
/// one, and the configuration (`src/app/reload.rs`).
fn termination(certificate: Option<Certificate>) -> Result<impl Future<Output = ()>, Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hang_up.recv() => {
                    match &certificate {
                        _ if terminal_is_gone() => return,
                        Some(certificate) => certificate.reload(),
                        None => {}
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn a_floor_has_begun_once_the_journal_is_read_or_can_t_be() {
        let board = |seq, keeper| Board { seq, keeper, ..Board::default() };
        assert!(!has_begun(&Board::default()), "no board yet");
        assert!(!has_begun(&board(1, Keeper::Loading)));
        for keeper in [Keeper::Us, Keeper::Other(Text::default()), Keeper::Failed(Text::default())] {
            assert!(has_begun(&board(2, keeper)));
        }
    }
}
