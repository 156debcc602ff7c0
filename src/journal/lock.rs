//! The lock that admits one writer: an advisory lock on a file beside the journal, which names the holder.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
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
    /// Where users of that host connect to it.
    #[serde(default)]
    pub socket: Option<PathBuf>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} (process {}, since {})", self.user, self.host, self.pid, self.since)
    }
}

/// The lock, while it is held. The operating system releases it when the process ends in any way. Only the lock tells
/// whether there is a writer; the process id in the file does not.
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

fn open(path: &Path, create: bool) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        // Do not follow a link: who can write to the folder could make us overwrite any file.
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0))
        .open(path)
        .map_err(|error| match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::LOOP) => std::io::Error::other("it is a symbolic link and is not followed: remove it"),
            _ => error,
        })
}

/// Read the holder. It is unknown if it is just being written.
fn read(file: File) -> Option<Holder> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether the lock is held.
pub(super) enum LockState {
    Free,
    /// Held by this process; `None` if the file could not be read.
    Held(Option<Holder>),
}

/// Check whether the lock of a journal is held, without acquiring it.
pub(super) fn state(journal: &Path) -> LockState {
    let file = match open(&path_of(journal), false) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return LockState::Free,
        Err(_) => return LockState::Held(None),
    };
    // A shared lock, so that two processes that check at the same time do not see each other as a writer. It is
    // released when the file is closed.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => LockState::Free,
        Err(_) => LockState::Held(read(file)),
    }
}

/// Acquire the lock if it is free.
pub(super) fn acquire(journal: &Path, holder: &Holder) -> Result<Acquisition, Error> {
    let path = path_of(journal);
    let failed = |source| Error::Io { path: path.clone(), source };
    let mut file = open(&path, true).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            return Ok(Acquisition::HeldBy(read(file)));
        }
        Err(errno) => return Err(failed(errno.into())),
    }
    let text = serde_json::to_string(holder).map_err(|error| failed(error.into()))?;
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Acquisition::Acquired(Lock { _file: file }))
}
