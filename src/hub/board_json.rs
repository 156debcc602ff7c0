//! The board as JSON, which is written once for all who ask for it while it stands: a large one takes long, and its bytes
//! are the same for everybody who sees the same queues.

use axum::body::Bytes;
use rustc_hash::FxHashMap;
use tokio::sync::Mutex;

use super::visible;
use crate::floor::Handle;
use crate::text::Patterns;

/// The last board that was asked for by visible queues, with its number. There are no more than tokens.
#[derive(Default)]
pub(super) struct BoardJson(Mutex<FxHashMap<Patterns, (u64, Bytes)>>);

impl BoardJson {
    /// The board that stands now, with the queues that are visible.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) async fn current(&self, handle: &Handle, queues: &Patterns) -> serde_json::Result<Bytes> {
        let mut known = self.0.lock().await;
        let board = handle.watch().borrow().clone();
        if let Some((_, json)) = known.get(queues).filter(|(seq, _)| *seq == board.seq) {
            return Ok(json.clone());
        }
        let seq = board.seq;
        let json = Bytes::from(serde_json::to_vec(&*visible::board(board, queues))?);
        known.insert(queues.clone(), (seq, json.clone()));
        Ok(json)
    }
}
