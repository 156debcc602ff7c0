//! A file that is being followed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::source::decoder::LineDecoder;
use crate::source::follow::cursor::{FileCursor, FileId, HeadFingerprint};
use crate::source::lines::{self, LineReader};
use crate::source::queue_log::QueueLogMemory;

/// What goes on from file to file.
#[derive(Clone, Debug, Default)]
pub(super) struct DecoderState {
    pub(super) memory: QueueLogMemory,
    pub(super) rows: u64,
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct TailedFile {
    pub(super) path: PathBuf,
    file: File,
    identity: FileId,
    head: HeadFingerprint,
    pub(super) packed: bool,
    pub(super) lines: LineReader,
    pub(super) decoder: LineDecoder,
    /// Up to here everything has been taken in: offset and lines.
    mark: (u64, u64),
}

impl TailedFile {
    /// Open `path` at `offset`, after so many lines.
    pub(super) fn open(
        path: &Path,
        (offset, line): (u64, u64),
        decoder: LineDecoder,
        carry: DecoderState,
    ) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        let mut input = lines::unpack(Box::new(file.try_clone()?))?;
        let packed = input.packed;
        if packed {
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
            packed,
            lines: LineReader::resume(input.input, offset, line),
            decoder,
            mark: (offset, line),
        };
        opened.learn_head();
        opened.prepare(carry)?;
        Ok(opened)
    }

    /// Let the decoder know what it needs from before.
    fn prepare(&mut self, carry: DecoderState) -> io::Result<()> {
        match &mut self.decoder {
            LineDecoder::QueueLog(parser) => parser.remember(carry.memory),
            LineDecoder::Csv(parser) => {
                let mut beginning = LineReader::new(lines::open(&self.path)?.input);
                let head = beginning.peek()?;
                let resuming = (self.mark.0 > 0).then_some(carry.rows);
                if !head.is_empty() {
                    parser
                        .prepare(head, resuming)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                }
                parser.count_from(carry.rows);
            }
            LineDecoder::Events => {}
        }
        Ok(())
    }

    /// Know the file's first bytes, as far as they were taken in. What was known must still be there: a file that
    /// was written anew isn't got to know again as if it were the old one.
    fn learn_head(&mut self) {
        if !self.head.can_grow() || (!self.packed && !self.head.still_holds(&self.file)) {
            return;
        }
        let head = if self.packed {
            HeadFingerprint::of(&self.path, self.mark.0)
        } else {
            HeadFingerprint::of_file(&self.file, self.mark.0)
        };
        self.head = head.unwrap_or(self.head);
    }

    pub(super) fn is(&self, identity: FileId) -> bool {
        self.identity == identity
    }

    /// Whether it was cut since it was opened, or written anew from its beginning.
    pub(super) fn is_truncated(&self) -> bool {
        let read = self.lines.offset() + self.lines.waiting() as u64;
        !self.packed
            && (self.file.metadata().is_ok_and(|metadata| metadata.len() < read) || !self.head.still_holds(&self.file))
    }

    /// All that was read was taken in.
    pub(super) fn take_in(&mut self) {
        if self.decoder.is_between() {
            self.mark = (self.lines.offset(), self.lines.number());
        }
    }

    /// What the next file's decoder must know.
    pub(super) fn carry(&self) -> DecoderState {
        match &self.decoder {
            LineDecoder::QueueLog(parser) => DecoderState { memory: parser.memory().clone(), rows: 0 },
            LineDecoder::Csv(parser) => DecoderState { memory: QueueLogMemory::default(), rows: parser.rows() },
            LineDecoder::Events => DecoderState::default(),
        }
    }

    /// How far it has been taken in. `path` is the file's own name, whatever rotation has made of it.
    pub(super) fn cursor(&mut self, path: &Path) -> FileCursor {
        self.learn_head();
        let DecoderState { memory, rows } = self.carry();
        let (offset, line) = self.mark;
        FileCursor { path: path.to_owned(), identity: self.identity, offset, line, head: self.head, memory, rows }
    }
}
