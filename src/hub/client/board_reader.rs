//! Reads the board stream of a hub, and reconnects when it breaks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::api::Api;
use super::{Connection, HubAddress};
use crate::board::{Board, CutOff, HubRow};
use crate::clock::{Clock, Span};
use crate::hub::patch;
use crate::net::http::{self, explain};
use crate::net::sse::{SseBlock, SseParser};
use crate::net::{Backoff, Fault};
use crate::text::{Label, Text};

/// Without a message for this time the connection is considered dead: the hub sends a keep-alive every five seconds.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(16);
/// The largest event of the stream.
const MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;
/// How often the board is published again when nothing arrives, so that ages on it advance.
const REPUBLISH_INTERVAL: Duration = Duration::from_secs(1);

/// Reads the board of one hub.
pub(super) struct BoardReader {
    address: HubAddress,
    name: Label,
    clock: Clock,
    boards: watch::Sender<Arc<Board>>,
    connection: watch::Sender<Connection>,
    received: ReceivedBoard,
    /// What to show about the connection to the hub.
    remark: Option<Text>,
}

/// The hub's board as received so far.
#[derive(Default)]
struct ReceivedBoard {
    /// The id of the last event; `None` if the stream must start with the whole board.
    last: Option<String>,
    /// The board, and when it arrived.
    board: Option<(Board, Instant)>,
    /// Increases with every published board.
    seq: u64,
}

impl BoardReader {
    pub(super) fn new(
        address: HubAddress,
        name: Label,
        clock: Clock,
        boards: watch::Sender<Arc<Board>>,
        connection: watch::Sender<Connection>,
    ) -> Self {
        let remark = Some(address.protection_remark()).filter(|remark| !remark.is_empty());
        let remark = remark.map(|remark| Text::new(&format!("the hub: {remark}")));
        Self { address, name, clock, boards, connection, received: ReceivedBoard::default(), remark }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut since = self.clock.now();
        loop {
            let began = self.clock.steady();
            let Err(fault) = self.session().await;
            if self.connection.borrow().is_ok() {
                since = self.clock.now();
            }
            let wait = backoff.after(&fault, self.clock.steady().since(began));
            let next_try = self.clock.now() + Span(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
            let cut_off = CutOff { since, reason: Text::new(&fault.reason), next_try: Some(next_try) };
            tracing::warn!(hub = %self.name, wait_s = wait.as_secs_f64(), "{}", fault.reason);
            drop(self.connection.send_replace(Err(cut_off)));
            let until = Instant::now() + wait;
            while Instant::now() < until {
                self.publish();
                tokio::time::sleep_until(until.min(Instant::now() + REPUBLISH_INTERVAL)).await;
            }
        }
    }

    /// Read from one connection until it breaks.
    async fn session(&mut self) -> Result<std::convert::Infallible, Fault> {
        let api = Arc::new(Api::new(&self.address, self.clock.clone())?);
        let mut response = api.board(self.received.last.as_deref()).await?;
        http::is_plain(&response)?;
        let mut blocks = SseParser::new(MAX_EVENT_BYTES);
        let mut beat = interval(REPUBLISH_INTERVAL);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                chunk = response.chunk() => {
                    let url = response.url().clone();
                    let chunk = chunk.map_err(|error| explain(&error, &url))?;
                    let chunk = chunk.ok_or_else(|| Fault::transient(format!("{} ended", self.name)))?;
                    heard = Instant::now();
                    let mut came = Vec::new();
                    blocks.push(&chunk, &mut |block| came.push(block));
                    for block in came {
                        self.received.apply(block)?;
                    }
                    // With the first board, waiting queries are sent.
                    if self.received.board.is_some() && self.connection.borrow().is_err() {
                        drop(self.connection.send_replace(Ok(Arc::clone(&api))));
                    }
                    self.publish();
                }
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE_TIMEOUT {
                        let seconds = SILENCE_TIMEOUT.as_secs();
                        return Err(Fault::transient(format!("{} has said nothing for {seconds} s", self.name)));
                    }
                    self.publish();
                }
            }
        }
    }

    /// Publish the last board with the current time and connection state.
    fn publish(&mut self) {
        self.received.seq += 1;
        let cut_off = self.connection.borrow().as_ref().err().cloned();
        let (mut board, age) = match &self.received.board {
            Some((board, came)) => (board.clone(), came.elapsed()),
            None => (Board { at: self.clock.now(), ..Board::default() }, Duration::ZERO),
        };
        board.seq = self.received.seq;
        board.at = board.at + Span(i64::try_from(age.as_micros()).unwrap_or(0));
        board.remarks.extend(self.remark.clone());
        board.hub = Some(HubRow { name: self.name.clone(), cut_off });
        self.boards.send_replace(Arc::new(board));
    }
}

impl ReceivedBoard {
    /// Apply an event of the stream.
    fn apply(&mut self, block: SseBlock) -> Result<(), Fault> {
        let senseless = |why: String| Fault::transient(format!("the hub's board makes no sense here: {why}"));
        if block.too_long {
            return Err(Fault::needs_change("the hub's board is over 64 MiB long: ask for fewer queues"));
        }
        let (Some(data), Some(id)) = (block.data, block.id) else { return Ok(()) };
        // If anything fails below, the next connection starts with the whole board.
        let last = self.last.take();
        match block.kind.as_deref() {
            Some("whole") => {
                let board = serde_json::from_slice(&data)
                    .map_err(|error| senseless(format!("is it another version? {error}")))?;
                self.board = Some((board, Instant::now()));
            }
            Some("change") => {
                let (mut board, _) = self.board.clone().unwrap_or_else(|| (Board::default(), Instant::now()));
                patch::apply(&mut board, &data).map_err(|error| senseless(error.to_string()))?;
                self.board = Some((board, Instant::now()));
            }
            _ => {
                self.last = last;
                return Ok(());
            }
        }
        self.last = Some(id);
        Ok(())
    }
}

#[cfg(any(test, fuzzing))]
pub(super) fn fuzz(bytes: &[u8]) {
    let (mut blocks, mut received) = (SseParser::new(4096), ReceivedBoard::default());
    blocks.push(bytes, &mut |block| drop(received.apply(block)));
}
