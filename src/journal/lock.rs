//! One writer: an advisory lock on a file beside the journal, which says who has it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::clock::Time;
use crate::text::Label;

/// Who writes the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The login.
    pub user: Label,
    /// The machine.
    pub host: Label,
    /// The process there.
    pub pid: u32,
    /// Since when.
    pub since: Time,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} (process {}, since {})", self.user, self.host, self.pid, self.since)
    }
}

/// The lock while it is held. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

pub(super) enum Taken {
    Ours(Lock),
    /// Somebody else has it; who, where that can be told.
    Theirs(Option<Holder>),
}

/// The lock's file for a journal.
pub(super) fn path_of(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Take the lock if it is free.
pub(super) fn take(journal: &Path, holder: &Holder) -> Result<Taken, Error> {
    let path = path_of(journal);
    let failed = |source| Error::Io { path: path.clone(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            // Whoever has it may be writing just now: then we can't tell who it is, only that there is one.
            let read = file.take(4096).read_to_string(&mut text);
            return Ok(Taken::Theirs(read.ok().and_then(|_| serde_json::from_str(&text).ok())));
        }
        Err(errno) => return Err(failed(errno.into())),
    }
    let text = serde_json::to_string(holder).map_err(|error| failed(error.into()))?;
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Taken::Ours(Lock { _file: file }))
}
