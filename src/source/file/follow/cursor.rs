//! The position in a followed file, and how to find it again after a restart or a rotation.

use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::source::format::lines;
use crate::source::format::queue_log::QueueLogMemory;

/// How many of a file's first bytes are hashed to recognise it.
const MAX_FINGERPRINT_BYTES: u64 = 1024;

/// A file's identity, which a rename does not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A hash of a file's first bytes after decompression, which copying and compressing the file do not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeadFingerprint {
    length: u64,
    digest: u64,
}

impl HeadFingerprint {
    /// Of the file at `path`, from the bytes before `offset`.
    pub(super) fn of_path(path: &Path, offset: u64) -> io::Result<Self> {
        Self::of_input(lines::open(path)?.input, offset.min(MAX_FINGERPRINT_BYTES))
    }

    /// Of an open file that is not compressed, from the bytes before `offset`.
    pub(super) fn of_file(file: &File, offset: u64) -> io::Result<Self> {
        struct FileAt<'a>(&'a File, u64);
        impl Read for FileAt<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let count = std::os::unix::fs::FileExt::read_at(self.0, into, self.1)?;
                self.1 += count as u64;
                Ok(count)
            }
        }
        Self::of_input(FileAt(file, 0), offset.min(MAX_FINGERPRINT_BYTES))
    }

    fn of_input(input: impl Read, length: u64) -> io::Result<Self> {
        let mut head = Vec::new();
        input.take(length).read_to_end(&mut head)?;
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(&head);
        Ok(Self { length: head.len() as u64, digest: hasher.finish() })
    }

    /// Whether an open file that is not compressed still has this fingerprint.
    pub(super) fn matches_file(self, file: &File) -> bool {
        self.length == 0 || Self::of_file(file, self.length).is_ok_and(|now| now == self)
    }

    /// Whether the file at `path` has this fingerprint.
    fn matches_path(self, path: &Path) -> bool {
        self.length == 0 || Self::of_path(path, self.length).is_ok_and(|there| there == self)
    }

    /// Whether it covers fewer bytes than the maximum.
    pub(super) const fn can_grow(self) -> bool {
        self.length < MAX_FINGERPRINT_BYTES
    }
}

/// The position in a file, stored as JSON in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileCursor {
    pub(super) path: PathBuf,
    pub(super) identity: FileId,
    /// Decompressed bytes read, up to the end of a line.
    pub(super) offset: u64,
    /// Lines read.
    pub(super) line: u64,
    pub(super) head: HeadFingerprint,
    /// The state of a queue_log parser.
    #[serde(default)]
    pub(super) memory: QueueLogMemory,
    /// Rows of a table read.
    #[serde(default)]
    pub(super) rows: u64,
}

/// Where reading continues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResumePlan {
    /// Rotated files to finish first, each with the offset and the number of lines read.
    pub(super) rotated: Vec<(PathBuf, u64, u64)>,
    /// Offset and number of lines read of the file itself.
    pub(super) live: (u64, u64),
    /// The file was truncated or rewritten and is read from its beginning.
    pub(super) truncated: bool,
}

impl FileCursor {
    /// Where to continue: in the same file, or in the file that rotation made of it and then in the new one.
    pub(super) fn resume_plan(&self) -> ResumePlan {
        let mut plan = ResumePlan::default();
        if let Ok(metadata) = fs::metadata(&self.path) {
            let same = FileId::from(&metadata) == self.identity;
            let compressed = lines::open(&self.path).is_ok_and(|opened| opened.compressed);
            if same && (compressed || metadata.len() >= self.offset) && self.head.matches_path(&self.path) {
                plan.live = (self.offset, self.line);
                return plan;
            }
            plan.truncated = same;
        }
        if self.offset == 0 {
            return plan;
        }
        let mut siblings = self.siblings();
        let renamed = siblings.iter().position(|s| s.identity == self.identity && self.head.matches_path(&s.path));
        let found = renamed.or_else(|| siblings.iter().position(|s| self.head.matches_path(&s.path)));
        if let Some(found) = found {
            let first = siblings.swap_remove(found);
            siblings.retain(|s| s.changed > first.changed);
            siblings.sort_by_key(|s| s.changed);
            plan.rotated.push((first.path, self.offset, self.line));
            plan.rotated.extend(siblings.into_iter().map(|s| (s.path, 0, 0)));
        }
        plan
    }

    /// The files in the same directory whose names begin with the file's name.
    fn siblings(&self) -> Vec<Sibling> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return Vec::new() };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let is_named_after =
            |other: &std::ffi::OsStr| other != name && other.as_encoded_bytes().starts_with(name.as_encoded_bytes());
        entries
            .flatten()
            .filter(|entry| is_named_after(&entry.file_name()))
            .filter_map(|entry| {
                let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
                let changed = (metadata.mtime(), metadata.mtime_nsec());
                Some(Sibling { path: entry.path(), identity: FileId::from(&metadata), changed })
            })
            .collect()
    }
}

struct Sibling {
    path: PathBuf,
    identity: FileId,
    changed: (i64, i64),
}
