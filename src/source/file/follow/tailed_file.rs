//! An open file that is followed, with its decoder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::source::file::follow::cursor::{FileCursor, FileId, HeadFingerprint};
use crate::source::format::decoder::LineDecoder;
use crate::source::format::lines::{self, LineReader};
use crate::source::format::queue_log::QueueLogMemory;

/// The state of a decoder that continues from one file to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct DecoderState {
    pub(super) memory: QueueLogMemory,
    pub(super) rows: u64,
}

/// An open file with its decoder.
#[derive(Debug)]
pub(super) struct TailedFile {
    pub(super) path: PathBuf,
    file: File,
    identity: FileId,
    head: HeadFingerprint,
    pub(super) compressed: bool,
    pub(super) lines: LineReader,
    pub(super) decoder: LineDecoder,
    /// The offset and the number of lines after the last complete record.
    consumed: (u64, u64),
}

impl TailedFile {
    /// Open `path` at `offset`, after `line` lines.
    pub(super) fn open(
        path: &Path,
        (offset, line): (u64, u64),
        decoder: LineDecoder,
        state: DecoderState,
    ) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        let mut input = lines::decompress(Box::new(file.try_clone()?))?;
        let compressed = input.compressed;
        if compressed {
            io::copy(&mut input.input.by_ref().take(offset), &mut io::sink())?;
        } else {
            let mut plain = file.try_clone()?;
            plain.seek(SeekFrom::Start(offset))?;
            input.input = Box::new(plain);
        }
        let mut opened = Self {
            path: path.to_owned(),
            identity: FileId::from(&metadata),
            file,
            head: HeadFingerprint::default(),
            compressed,
            lines: LineReader::resume(input.input, offset, line),
            decoder,
            consumed: (offset, line),
        };
        opened.update_fingerprint();
        opened.restore_decoder(state)?;
        Ok(opened)
    }

    /// Hand the decoder the state of its predecessor.
    fn restore_decoder(&mut self, state: DecoderState) -> io::Result<()> {
        match &mut self.decoder {
            LineDecoder::QueueLog(parser) => parser.restore(state.memory),
            LineDecoder::Csv(parser) => {
                let mut beginning = LineReader::new(lines::open(&self.path)?.input);
                let head = beginning.peek()?;
                let resuming = (self.consumed.0 > 0).then_some(state.rows);
                if !head.is_empty() {
                    parser
                        .prepare(head, resuming)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                }
                if beginning.ends_in_cr() {
                    self.lines.end_lines_in_cr();
                }
                parser.set_rows(state.rows);
            }
            LineDecoder::Events => {}
        }
        Ok(())
    }

    /// Extend the fingerprint to the bytes read so far. Not if the file no longer has the present one: then it was
    /// rewritten, and must not be taken for the old file.
    fn update_fingerprint(&mut self) {
        if !self.head.can_grow() || (!self.compressed && !self.head.matches_file(&self.file)) {
            return;
        }
        let head = if self.compressed {
            HeadFingerprint::of_path(&self.path, self.consumed.0)
        } else {
            HeadFingerprint::of_file(&self.file, self.consumed.0)
        };
        self.head = head.unwrap_or(self.head);
    }

    pub(super) fn has_id(&self, identity: FileId) -> bool {
        self.identity == identity
    }

    /// Whether it was truncated since it was opened, or rewritten from its beginning.
    pub(super) fn is_truncated(&self) -> bool {
        let read = self.lines.offset() + self.lines.buffered() as u64;
        !self.compressed
            && (self.file.metadata().is_ok_and(|metadata| metadata.len() < read) || !self.head.matches_file(&self.file))
    }

    /// Mark what was read as consumed, unless it ends within a record.
    pub(super) fn mark_consumed(&mut self) {
        if self.decoder.is_between_records() {
            self.consumed = (self.lines.offset(), self.lines.number());
        }
    }

    /// The state for the decoder of the next file.
    pub(super) fn decoder_state(&self) -> DecoderState {
        match &self.decoder {
            LineDecoder::QueueLog(parser) => DecoderState { memory: parser.memory().clone(), rows: 0 },
            LineDecoder::Csv(parser) => DecoderState { memory: QueueLogMemory::default(), rows: parser.rows() },
            LineDecoder::Events => DecoderState::default(),
        }
    }

    /// The position to store. `path` is the configured path, which rotation does not change.
    pub(super) fn cursor(&mut self, path: &Path) -> FileCursor {
        self.update_fingerprint();
        let DecoderState { memory, rows } = self.decoder_state();
        let (offset, line) = self.consumed;
        FileCursor { path: path.to_owned(), identity: self.identity, offset, line, head: self.head, memory, rows }
    }
}
