//! Reading a hub's board, connection after connection.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::api::Api;
use super::{Connection, HubAddress};
use crate::board::{Board, CutOff, HubRow};
use crate::clock::{Clock, Span};
use crate::net::http::explain;
use crate::net::sse::{Block, Blocks};
use crate::net::{Backoff, Fault};
use crate::text::{Label, Text};

/// A hub that says nothing for so long is gone: it gives a sign of life every five seconds.
const SILENCE: Duration = Duration::from_secs(16);
/// The largest state of a board.
const MOST: usize = 64 * 1024 * 1024;
/// Boards are shown this often though nothing came, so that ages tick.
const BEAT: Duration = Duration::from_secs(1);

/// What reads the board.
pub(super) struct BoardReader {
    place: HubAddress,
    name: Label,
    clock: Clock,
    boards: watch::Sender<Arc<Board>>,
    line: watch::Sender<Connection>,
    seen: ReceivedBoard,
}

/// What is known of the hub's board.
#[derive(Default)]
struct ReceivedBoard {
    /// The board as JSON, for changes to be made to.
    value: Value,
    /// The id of the event that brought it there.
    last: Option<String>,
    /// The board, and when it came.
    board: Option<(Board, Instant)>,
    /// Rises with every board shown.
    seq: u64,
}

impl BoardReader {
    pub(super) fn new(
        place: HubAddress,
        name: Label,
        clock: Clock,
        boards: watch::Sender<Arc<Board>>,
        line: watch::Sender<Connection>,
    ) -> Self {
        Self { place, name, clock, boards, line, seen: ReceivedBoard::default() }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut since = self.clock.now();
        loop {
            let began = self.clock.steady();
            let Err(fault) = self.session().await;
            if self.line.borrow().is_ok() {
                since = self.clock.now();
            }
            let wait = backoff.after(&fault, self.clock.steady().since(began));
            let next_try = self.clock.now() + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
            let cut_off = CutOff { since, reason: Text::new(&fault.reason), next_try: Some(next_try) };
            tracing::warn!(hub = %self.name, wait_s = wait.as_secs_f64(), "{}", fault.reason);
            drop(self.line.send_replace(Err(cut_off)));
            let until = Instant::now() + wait;
            while Instant::now() < until {
                self.show();
                tokio::time::sleep_until(until.min(Instant::now() + BEAT)).await;
            }
        }
    }

    /// One connection, until it breaks.
    async fn session(&mut self) -> Result<std::convert::Infallible, Fault> {
        let api = Arc::new(Api::new(&self.place, self.clock.clone())?);
        let mut response = api.board(self.seen.last.as_deref()).await?;
        let mut blocks = Blocks::new(MOST);
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                chunk = response.chunk() => {
                    let url = response.url().clone();
                    let chunk = chunk.map_err(|error| explain(&error, &url))?;
                    let chunk = chunk.ok_or_else(|| Fault::new(format!("{} ended", self.name)))?;
                    heard = Instant::now();
                    let mut came = Vec::new();
                    blocks.take(&chunk, &mut |block| came.push(block));
                    for block in came {
                        self.seen.take(block)?;
                    }
                    // The first sign of life: what was asked meanwhile is asked now.
                    if self.seen.board.is_some() && self.line.borrow().is_err() {
                        drop(self.line.send_replace(Ok(Arc::clone(&api))));
                    }
                    self.show();
                }
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE {
                        let seconds = SILENCE.as_secs();
                        return Err(Fault::new(format!("{} has said nothing for {seconds} s", self.name)));
                    }
                    self.show();
                }
            }
        }
    }

    /// Show the board as it is known, as of now.
    fn show(&mut self) {
        self.seen.seq += 1;
        let cut_off = self.line.borrow().as_ref().err().cloned();
        let (mut board, age) = match &self.seen.board {
            Some((board, came)) => (board.clone(), came.elapsed()),
            None => (Board { at: self.clock.now(), ..Board::default() }, Duration::ZERO),
        };
        board.seq = self.seen.seq;
        board.at = board.at + Span(i64::try_from(age.as_micros()).unwrap_or(0));
        board.hub = Some(HubRow { name: self.name.clone(), cut_off });
        self.boards.send_replace(Arc::new(board));
    }
}

impl ReceivedBoard {
    /// Take an event of the stream.
    fn take(&mut self, block: Block) -> Result<(), Fault> {
        let senseless = |why: String| Fault::new(format!("the hub's board makes no sense here: {why}"));
        if block.too_long {
            return Err(Fault::lasting("the hub's board is over 64 MiB long: ask for fewer queues"));
        }
        let (Some(data), Some(id)) = (block.data, block.id) else { return Ok(()) };
        // Whatever goes wrong from here on, the next connection begins with the whole.
        let last = self.last.take();
        match block.kind.as_deref() {
            Some("whole") => {
                self.value = serde_json::from_slice(&data).map_err(|error| senseless(error.to_string()))?;
            }
            Some("change") => {
                let patch: json_patch::Patch =
                    serde_json::from_slice(&data).map_err(|error| senseless(error.to_string()))?;
                json_patch::patch(&mut self.value, &patch).map_err(|error| senseless(error.to_string()))?;
            }
            _ => {
                self.last = last;
                return Ok(());
            }
        }
        let board =
            Board::deserialize(&self.value).map_err(|error| senseless(format!("is it another version? {error}")))?;
        self.board = Some((board, Instant::now()));
        self.last = Some(id);
        Ok(())
    }
}
