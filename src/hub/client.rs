//! The client of a hub: provides a [`Handle`] for a floor behind a hub.
//!
//! It keeps the newest board, forwards requests, and reconnects for as long as the handle is used. While it is cut off,
//! the last board stays, marked as cut off. Queries wait for the connection; commands are refused at once, because a
//! command that is executed minutes later could surprise its user.

mod api;
mod board_reader;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::alert::CommandRefusal;
use crate::board::{Board, CutOff};
use crate::clock::Clock;
use crate::floor::{CommandOutcome, FloorCommand, Handle, Request};
use crate::hub::query_params::FiguresQuestion;
use crate::net::http::{Address, Auth, protection_remark};
use crate::net::tls::Tls;
use crate::text::{Label, Text};
use api::Api;
use board_reader::BoardReader;

/// How long a query waits for the hub to be reachable again.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to reach a hub.
#[derive(Clone, Debug, PartialEq)]
pub enum HubAddress {
    /// Over the network.
    Network {
        /// The base address.
        address: Address,
        /// The credentials; `None` for a hub without tokens.
        auth: Option<Auth>,
        /// How the hub's certificate is verified.
        tls: Tls,
    },
    /// A socket on this machine; the hub identifies the user by the login.
    Socket(PathBuf),
}

impl HubAddress {
    /// What the board shows while the connection to the hub is not protected; empty if it is.
    fn protection_remark(&self) -> String {
        match self {
            Self::Network { address, auth, tls } => protection_remark(address, auth.as_ref().into(), tls),
            Self::Socket(_) => String::new(),
        }
    }
}

impl std::fmt::Display for HubAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network { address, .. } => address.fmt(f),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// The connection to the hub, or since when and why there is none.
type Connection = Result<Arc<Api>, CutOff>;

/// A handle for the floor at `address`, and the task that serves it until every handle is gone. The board shows the hub
/// as `name`.
pub fn connect(address: HubAddress, name: Label, clock: Clock) -> (Handle, impl Future<Output = ()> + Send) {
    let (boards, board) = watch::channel(Arc::<Board>::default());
    let (sender, requests) = mpsc::channel(64);
    let cut_off = CutOff { since: clock.now(), reason: Text::fixed("connecting"), next_try: None };
    let (connection, connections) = watch::channel(Err(cut_off));
    let board_reader = BoardReader::new(address, name, clock, boards, connection);
    let work = async move {
        tokio::select! {
            () = board_reader.run() => {}
            () = serve(requests, connections) => {}
        }
    };
    (Handle::new(board, sender), work)
}

/// Send one command to the hub at `address`.
///
/// # Errors
/// Why it was refused. If there was no answer, the hub may have executed it nevertheless.
pub async fn execute(
    address: &HubAddress,
    command: &FloorCommand,
    clock: Clock,
) -> Result<CommandOutcome, CommandRefusal> {
    let api = Api::new(address, clock).map_err(|fault| CommandRefusal::ReadOnly(Text::new(&fault.reason)))?;
    api.execute(command).await
}

/// Forward requests until every handle is gone.
async fn serve(mut requests: mpsc::Receiver<Request>, connections: watch::Receiver<Connection>) {
    while let Some(request) = requests.recv().await {
        let mut connections = connections.clone();
        // Each request has its own task, so that one that waits does not delay others.
        tokio::spawn(async move {
            if let Request::Execute(command, reply) = request {
                let connection = connections.borrow().clone();
                let result = match connection {
                    Ok(api) => api.execute(&command).await,
                    Err(cut_off) => Err(CommandRefusal::ReadOnly(refusal(&cut_off))),
                };
                drop(reply.send(result));
                return;
            }
            let up = tokio::time::timeout(RECONNECT_TIMEOUT, connections.wait_for(Result::is_ok)).await;
            let Ok(Ok(connection)) = up.map(|up| up.map(|connection| connection.clone())) else { return };
            let Ok(api) = connection else { return };
            // The caller may no longer wait for the answer.
            match request {
                Request::Ask(query, rows, _, reply) => {
                    drop(api.ask(&FiguresQuestion { query, rows }).await.map(|answer| reply.send(answer)));
                }
                Request::Contacts(wanted, _, reply) => drop(api.contacts(&wanted).await.map(|rows| reply.send(rows))),
                Request::AgentStates(agent, reply) => {
                    drop(api.agent_states(&agent).await.map(|states| reply.send(states)));
                }
                Request::Worklist(query, _, reply) => {
                    drop(api.worklist(&query).await.map(|answer| reply.send(answer)));
                }
                Request::History(limit, reply) => drop(api.history(limit).await.map(|past| reply.send(past))),
                // A hub does not serve replays; commands were handled above; only a hub asks its own floor for slices.
                Request::Replay(_) | Request::Execute(..) | Request::SliceOf(..) => {}
            }
        });
    }
}

/// The reason for refusing a command while cut off.
fn refusal(cut_off: &CutOff) -> Text {
    Text::new(&format!("cut off from the hub, nothing was done: {}", cut_off.reason))
}

/// Read `bytes` as the board stream of a hub.
#[cfg(any(test, fuzzing))]
pub fn fuzz(bytes: &[u8]) {
    board_reader::fuzz(bytes);
}

#[cfg(test)]
mod tests;
