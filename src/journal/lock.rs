//! The lock that admits one writer: an advisory lock on a file beside the journal, which names the holder.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::clock::Time;
use crate::text::Label;

/// The process that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The login.
    pub user: Label,
    /// The host name.
    pub host: Label,
    /// The process id on that host.
    pub pid: u32,
    /// When it took the lock.
    pub since: Time,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} (process {}, since {})", self.user, self.host, self.pid, self.since)
    }
}

/// The lock while it is held. The operating system releases it when the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// The result of [`acquire`].
pub(super) enum Acquisition {
    Acquired(Lock),
    /// Another process holds it; `None` when it could not be read which.
    HeldBy(Option<Holder>),
}

/// The path of a journal's lock file.
pub(super) fn path_of(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Take the lock if it is free.
pub(super) fn acquire(journal: &Path, holder: &Holder) -> Result<Acquisition, Error> {
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
            // The holder may be writing its name just now. Then it is unknown, but it exists.
            let read = file.take(4096).read_to_string(&mut text);
            return Ok(Acquisition::HeldBy(read.ok().and_then(|_| serde_json::from_str(&text).ok())));
        }
        Err(errno) => return Err(failed(errno.into())),
    }
    let text = serde_json::to_string(holder).map_err(|error| failed(error.into()))?;
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Acquisition::Acquired(Lock { _file: file }))
}
