//! A file that is being followed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::source::decoder::Decoder;
use crate::source::follow::cursor::{Cursor, Fingerprint, Identity};
use crate::source::lines::{self, Lines};
use crate::source::queue_log::Memory;

/// What goes on from file to file.
#[derive(Clone, Debug, Default)]
pub(super) struct Carry {
    pub(super) memory: Memory,
    pub(super) rows: u64,
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) path: PathBuf,
    file: File,
    identity: Identity,
    head: Fingerprint,
    pub(super) packed: bool,
    pub(super) lines: Lines,
    pub(super) decoder: Decoder,
    /// Up to here everything has been taken in: offset and lines.
    mark: (u64, u64),
}

impl OpenFile {
    /// Open `path` at `offset`, after so many lines.
    pub(super) fn open(path: &Path, (offset, line): (u64, u64), decoder: Decoder, carry: Carry) -> io::Result<Self> {
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
            identity: Identity::from(&metadata),
            file,
            head: Fingerprint::default(),
            packed,
            lines: Lines::resume(input.input, offset, line),
            decoder,
            mark: (offset, line),
        };
        opened.learn_head();
        opened.prepare(carry)?;
        Ok(opened)
    }

    /// Let the decoder know what it needs from before.
    fn prepare(&mut self, carry: Carry) -> io::Result<()> {
        match &mut self.decoder {
            Decoder::QueueLog(parser) => parser.remember(carry.memory),
            Decoder::Csv(parser) => {
                let mut beginning = Lines::new(lines::open(&self.path)?.input);
                let head = beginning.peek()?;
                let resuming = (self.mark.0 > 0).then_some(carry.rows);
                if !head.is_empty() {
                    parser
                        .prepare(head, resuming)
                        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                }
                parser.count_from(carry.rows);
            }
            Decoder::Events => {}
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
            Fingerprint::of(&self.path, self.mark.0)
        } else {
            Fingerprint::of_file(&self.file, self.mark.0)
        };
        self.head = head.unwrap_or(self.head);
    }

    pub(super) fn is(&self, identity: Identity) -> bool {
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
    pub(super) fn carry(&self) -> Carry {
        match &self.decoder {
            Decoder::QueueLog(parser) => Carry { memory: parser.memory().clone(), rows: 0 },
            Decoder::Csv(parser) => Carry { memory: Memory::default(), rows: parser.rows() },
            Decoder::Events => Carry::default(),
        }
    }

    /// How far it has been taken in. `path` is the file's own name, whatever rotation has made of it.
    pub(super) fn cursor(&mut self, path: &Path) -> Cursor {
        self.learn_head();
        let Carry { memory, rows } = self.carry();
        let (offset, line) = self.mark;
        Cursor { path: path.to_owned(), identity: self.identity, offset, line, head: self.head, memory, rows }
    }
}
