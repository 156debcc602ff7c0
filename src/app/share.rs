//! Shares a board's floor with other programs on this machine through a Unix socket, and forwards commands to the floor
//! that owns the journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::board::Keeper;
use crate::clock::Clock;
use crate::floor::{ForwardCommand, Handle};
use crate::hub::client::{self, HubAddress};
use crate::hub::{self, Listener, ServerConfig, socket};
use crate::journal::Journal;

/// How often listening is tried again while another floor uses the socket.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Forwards commands of a board that only follows the journal to the floor that writes it: at the socket that the lock
/// file names, else at `socket`.
pub(super) fn forward(journal: PathBuf, socket: Option<PathBuf>, clock: Clock) -> ForwardCommand {
    Box::new(move |command, reply| {
        let named = Journal::holder(&journal).and_then(|holder| holder.socket);
        let path = named.or_else(|| socket.clone()).filter(|path| path.exists())?;
        let clock = clock.clone();
        tokio::spawn(async move {
            // The receiver may be gone; the result is then dropped.
            drop(reply.send(client::execute(&HubAddress::Socket(path), &command, clock).await));
        });
        Some(())
    })
}

/// The socket of the floor that writes `journal`; `None` if it is not to be shared, or there is no folder for it.
pub(super) fn socket_path(settings: &hub::Settings, journal: &Path) -> Option<PathBuf> {
    if !settings.share.0 {
        return None;
    }
    if settings.socket.is_some() {
        return settings.socket.clone();
    }
    match socket::of_journal(journal, settings.group.as_deref()) {
        Ok(path) => Some(path),
        Err(error) => {
            tracing::warn!("this floor is not shared on this machine: {error}");
            None
        }
    }
}

/// Serve the floor at the socket `path` once this program is the writer of the journal, until `stop`.
pub(super) async fn share(
    handle: Handle,
    path: Option<PathBuf>,
    group: Option<String>,
    clock: Clock,
    stop: CancellationToken,
) {
    let Some(path) = path else { return };
    let mut boards = handle.watch();
    tokio::select! {
        // Another program may write the journal for as long as this one runs.
        () = stop.cancelled() => return,
        found = boards.wait_for(|board| board.keeper == Keeper::Us) => if found.is_err() { return },
    }
    loop {
        match socket::listen(path.clone(), group.as_deref()) {
            Ok(socket) => {
                let listeners = vec![Listener::Socket(socket)];
                let config = ServerConfig { handle, tokens: Vec::new(), event_slot: None, clock };
                return hub::serve(config, listeners, stop).await;
            }
            Err(socket::Error::Taken(_)) => {
                if stop.run_until_cancelled(sleep(RETRY_INTERVAL)).await.is_none() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!("this floor is not shared on this machine: {error}");
                return;
            }
        }
    }
}
