//! The other end: a floor's handle whose floor is at a hub.
//!
//! It holds the newest board, asks what it is asked, and connects anew for ever. While it is cut off the last board
//! stands, says so, and grows old; questions wait, and commands are refused at once: nothing is done later in silence.

mod api;
mod board_reader;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::alert::{AlertCommand, CommandRefusal, Episode};
use crate::board::{Board, CutOff};
use crate::clock::Clock;
use crate::floor::{Handle, Request};
use crate::net::http::{Address, Auth};
use crate::net::tls::Tls;
use crate::text::{Label, Text};
use api::Api;
use board_reader::BoardReader;

/// With the hub gone, a question waits for so long before whoever asked may ask anew.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a hub is.
#[derive(Clone, Debug, PartialEq)]
pub enum HubAddress {
    /// On the network.
    Network {
        /// Its address.
        address: Address,
        /// The token that says who we are.
        auth: Option<Auth>,
        /// How its certificate is checked.
        tls: Tls,
    },
    /// On this machine: the login says who we are.
    Socket(PathBuf),
}

impl std::fmt::Display for HubAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network { address, .. } => address.fmt(f),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// A connection to the hub, or since when and why there is none.
type Connection = Result<Arc<Api>, CutOff>;

/// A handle of the floor at `place`, and what keeps it up: it runs until every handle is gone. The hub is called
/// `name` on the board.
pub fn connect(place: HubAddress, name: Label, clock: Clock) -> (Handle, impl Future<Output = ()> + Send) {
    let (boards, board) = watch::channel(Arc::<Board>::default());
    let (sender, requests) = mpsc::channel(64);
    let cut_off = CutOff { since: clock.now(), reason: Text::fixed("connecting"), next_try: None };
    let (line, lines) = watch::channel(Err(cut_off));
    let board_reader = BoardReader::new(place, name, clock, boards, line);
    let work = async move {
        tokio::select! {
            () = board_reader.run() => {}
            () = serve(requests, lines) => {}
        }
    };
    (Handle::new(board, sender), work)
}

/// Have one command done by the hub at `place`.
///
/// # Errors
/// Why it was refused; where there is no answer, it may have been done all the same.
pub async fn tell(place: &HubAddress, command: &AlertCommand, clock: Clock) -> Result<Episode, CommandRefusal> {
    let api = Api::new(place, clock).map_err(|fault| CommandRefusal::ReadOnly(Text::new(&fault.reason)))?;
    api.tell(command).await
}

/// Do what is asked until nobody asks any more.
async fn serve(mut requests: mpsc::Receiver<Request>, lines: watch::Receiver<Connection>) {
    while let Some(request) = requests.recv().await {
        let mut lines = lines.clone();
        // Each on its own: one that waits holds nobody up.
        tokio::spawn(async move {
            if let Request::Execute(command, reply) = request {
                let line = lines.borrow().clone();
                let told = match line {
                    Ok(api) => api.tell(&command).await,
                    Err(cut_off) => Err(CommandRefusal::ReadOnly(refused(&cut_off))),
                };
                drop(reply.send(told));
                return;
            }
            let up = tokio::time::timeout(PATIENCE, lines.wait_for(Result::is_ok)).await;
            let Ok(Ok(line)) = up.map(|line| line.map(|line| line.clone())) else { return };
            let Ok(api) = line else { return };
            // Whoever asked may have gone meanwhile; that is his business.
            match request {
                Request::Ask(query, reply) => drop(api.ask(&query).await.map(|answer| reply.send(answer))),
                Request::Contacts(wanted, reply) => drop(api.contacts(&wanted).await.map(|rows| reply.send(rows))),
                Request::History(limit, reply) => drop(api.history(limit).await.map(|past| reply.send(past))),
                // A hub's floor is nobody's recording.
                Request::Replay(_) | Request::Execute(..) => {}
            }
        });
    }
}

/// What somebody is told who wants something done meanwhile.
fn refused(cut_off: &CutOff) -> Text {
    Text::new(&format!("cut off from the hub, nothing was done: {}", cut_off.reason))
}

#[cfg(test)]
mod tests;
