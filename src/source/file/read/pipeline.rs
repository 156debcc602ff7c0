//! Decodes one file on several threads, and hands out its events in the order of its lines.
//!
//! ```text
//!                  blocks of lines            batches of events
//!  reader thread ────┬───► decoder thread ────┬───► Pipeline::next
//!   (decompresses)   └───► decoder thread ────┘     in the order of the blocks
//! ```
//!
//! A line that means something only together with those before it, or that is to be rejected, is handed out as it is:
//! whoever takes the batches decodes it. So the outcome is the same as with one thread, to the line.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::clock::Time;
use crate::source::file::read::decoded_block::DecodedBlock;
use crate::source::format::decoder::LineDecoder;
use crate::source::format::lines::{BlockRead, LineReader};

/// How many blocks each decoder thread may be ahead of who takes the batches: what bounds the memory.
const BLOCKS_PER_DECODER: usize = 3;

/// A block of lines on its way to a decoder, with where to send the batch.
type Job = (Vec<u8>, SyncSender<DecodedBlock>);

/// A file being decoded.
#[derive(Debug)]
pub(super) struct Pipeline {
    batches: Receiver<io::Result<Receiver<DecodedBlock>>>,
}

impl Pipeline {
    /// Decode `lines` on `decoders` threads and one that reads. They end when the file or this does. Plain events stay parts
    /// of their lines where they are taken as `plain`.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(super) fn start(lines: LineReader, decoders: Vec<LineDecoder>, latest: Time, plain: bool) -> io::Result<Self> {
        let room = decoders.len() * BLOCKS_PER_DECODER;
        let (jobs, todo) = sync_channel::<Job>(room);
        let (out, batches) = sync_channel(room);
        let todo = Arc::new(Mutex::new(todo));
        for decoder in decoders {
            let todo = Arc::clone(&todo);
            thread::Builder::new()
                .name("decode".to_owned())
                .spawn(move || decode_all(decoder, &todo, latest, plain))?;
        }
        thread::Builder::new().name("read".to_owned()).spawn(move || read_all(lines, &jobs, &out))?;
        Ok(Self { batches })
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// If the file could not be read further: once, after all that was read.
    pub(super) fn next(&mut self) -> io::Result<Option<DecodedBlock>> {
        match self.batches.recv() {
            Ok(Ok(batch)) => batch.recv().map(Some).map_err(|_| io::Error::other("a thread that decodes has died")),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Read blocks until the file ends, or nobody takes the batches any more.
fn read_all(mut lines: LineReader, jobs: &SyncSender<Job>, out: &SyncSender<io::Result<Receiver<DecodedBlock>>>) {
    loop {
        let (done, batch) = sync_channel(1);
        let sent = match lines.next_block() {
            Ok(BlockRead::Lines(block)) => out.send(Ok(batch)).is_ok() && jobs.send((block.to_vec(), done)).is_ok(),
            Ok(BlockRead::TooLong) => out.send(Ok(batch)).is_ok() && done.send(DecodedBlock::too_long()).is_ok(),
            Ok(BlockRead::End) => return,
            Err(error) => {
                _ = out.send(Err(error));
                return;
            }
        };
        if !sent {
            return;
        }
    }
}

/// Decode blocks until there are no more.
fn decode_all(mut decoder: LineDecoder, todo: &Mutex<Receiver<Job>>, latest: Time, plain: bool) {
    loop {
        // The lock is held while waiting: whoever has it takes the next block.
        let job = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((block, done)) = job else { return };
        // Nobody waits for the batch once the pipeline has been dropped.
        _ = done.send(DecodedBlock::decode(&mut decoder, block, latest, plain));
    }
}
