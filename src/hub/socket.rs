//! The Unix socket at which other users of this machine reach a floor.
//!
//! A floor with a journal listens at the configured socket. Without one, it uses `/run/floorwatch` if that folder
//! exists (a package creates it), else `/run/user/UID`, else a folder of the user's own in `/tmp`. None of this depends
//! on the environment of a shell, and the lock file beside the journal names the socket. Its file name is derived from
//! the journal's path, so two floors of one user have two sockets. If somebody removes the socket, it is created again.
//!
//! The permissions of the socket decide who can connect: its owner, and the members of its group.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Gid, chownat};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;

use crate::net::server::widen_queue;

/// The folder that a package creates.
const RUN: &str = "/run/floorwatch";
/// The folder in which the system creates a folder for each user at login.
const USERS: &str = "/run/user";
/// The folder in which every user can create a folder.
const SHARED: &str = "/tmp";
/// How often to check that the socket still exists.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The prefix and suffix of a socket's file name.
const NAME: (&str, &str) = ("floor-", ".sock");
/// The longest path of a socket that the system accepts.
const MAX_PATH_BYTES: usize = 107;
/// The group that a floor is shared with by default, if it exists.
const GROUP: &str = "floorwatch";

/// A listening socket, which is removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    group: Option<String>,
    /// The device and inode of the socket file.
    file: Option<(u64, u64)>,
}

impl Socket {
    /// Accept a connection. If somebody removes the socket meanwhile, it is created again.
    ///
    /// # Errors
    /// The system's error.
    pub async fn accept(&mut self) -> io::Result<UnixStream> {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => return accepted.map(|(stream, _)| stream),
                () = sleep(CHECK_INTERVAL) => self.restore(),
            }
        }
    }

    fn restore(&mut self) {
        if self.is_in_place() {
            return;
        }
        // If another floor listens there now, that one keeps the path.
        match bind(&self.path, self.group.as_deref()) {
            Ok((listener, file)) => {
                (self.listener, self.file) = (listener, file);
                tracing::warn!("somebody removed the socket {}: it was made again", self.path.display());
            }
            Err(error) => tracing::debug!("the socket can't be made again: {error}"),
        }
    }

    fn is_in_place(&self) -> bool {
        self.file.is_some() && file_at(&self.path) == self.file
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.is_in_place() {
            // If this fails, the next floor that listens there removes the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket or its folder cannot be created or used.
    #[error("the socket {path}: {source}")]
    Io {
        /// The socket or its folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The path is too long.
    #[error("the socket {0}: its path is longer than 107 bytes: name a shorter one with `socket` under [hub]")]
    TooLong(PathBuf),
    /// The group does not exist.
    #[error("there is no group {0}: make it with `groupadd {0}`, or name another one with `group` under [hub]")]
    NoGroup(String),
    /// The folder belongs to another user.
    #[error("{0} is not this user's own folder: remove it, or name another place with `socket` under [hub]")]
    NotOurs(PathBuf),
    /// Another floor listens there.
    #[error("another floor listens at {0}")]
    Taken(PathBuf),
}

/// Listen at `path`, with access for the members of `group`.
///
/// # Errors
/// If the socket cannot be created, or another floor listens there.
pub fn listen(path: PathBuf, group: Option<&str>) -> Result<Socket, Error> {
    let (listener, file) = bind(&path, group)?;
    Ok(Socket { listener, path, group: group.map(str::to_owned), file })
}

fn bind(path: &Path, group: Option<&str>) -> Result<(UnixListener, Option<(u64, u64)>), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    if path.as_os_str().len() > MAX_PATH_BYTES {
        return Err(Error::TooLong(path.to_owned()));
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(Error::Taken(path.to_owned()));
    }
    // Nobody answers, so this is the socket of a floor that has ended.
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        fs::remove_file(path).map_err(io)?;
    }
    let listener = UnixListener::bind(path).map_err(io)?;
    widen_queue(&listener);
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io)?;
    if let Some(group) = shared_with(group)? {
        chownat(CWD, path, None, Some(Gid::from_raw(group)), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| io(error.into()))?;
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(io)?;
    }
    Ok((listener, file_at(path)))
}

/// The id of the group that the socket is shared with; `None` if it is for its owner alone.
fn shared_with(group: Option<&str>) -> Result<Option<u32>, Error> {
    let Some(name) = group else {
        return Ok(uzers::get_group_by_name(GROUP).map(|group| group.gid()).filter(|group| is_ours(*group)));
    };
    uzers::get_group_by_name(name).map(|group| Some(group.gid())).ok_or_else(|| Error::NoGroup(name.to_owned()))
}

/// Whether this process is in a group.
fn is_ours(group: u32) -> bool {
    let groups = rustix::process::getgroups().unwrap_or_default();
    rustix::process::geteuid().is_root()
        || rustix::process::getegid().as_raw() == group
        || groups.iter().any(|of| of.as_raw() == group)
}

/// The default socket of the floor that writes `journal`, with access for the members of `group`.
///
/// # Errors
/// If there is no folder for it.
pub fn of_journal(journal: &Path, group: Option<&str>) -> Result<PathBuf, Error> {
    let journal = fs::canonicalize(journal).unwrap_or_else(|_| journal.to_owned());
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(journal.as_os_str().as_encoded_bytes());
    let name = format!("{}{:016x}{}", NAME.0, hasher.finish(), NAME.1);
    let run = Path::new(RUN);
    if run.is_dir() && rustix::fs::access(run, rustix::fs::Access::WRITE_OK).is_ok() {
        return Ok(run.join(name));
    }
    let user = rustix::process::geteuid().as_raw();
    let own = Path::new(USERS).join(user.to_string());
    // No other user can enter this folder, so it serves only a socket that is not shared.
    if is_folder_of(&own, user) && shared_with(group)?.is_none() {
        return Ok(own.join(format!("floorwatch-{name}")));
    }
    let folder = Path::new(SHARED).join(format!("floorwatch-{user}"));
    match DirBuilder::new().mode(0o755).create(&folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Every user can create folders there, so check that it really is our own.
            if !is_folder_of(&folder, user) {
                return Err(Error::NotOurs(folder));
            }
        }
        Err(source) => return Err(Error::Io { path: folder, source }),
    }
    Ok(folder.join(name))
}

fn is_folder_of(folder: &Path, user: u32) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user && metadata.mode() & 0o022 == 0)
}

/// The floors that were found on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalFloors {
    /// The sockets that can be connected to, with the ids of the users who own them.
    pub open: Vec<(PathBuf, u32)>,
    /// The sockets that are shared with groups that this user is not in, as (owner, group).
    pub closed: Vec<(u32, u32)>,
}

/// Find the floors of this machine.
#[must_use]
pub fn find() -> LocalFloors {
    let mut found = LocalFloors::default();
    let mut look = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_prefix("floorwatch-").unwrap_or(name);
        if !name.starts_with(NAME.0) || !name.ends_with(NAME.1) {
            return;
        }
        let Ok(metadata) = fs::symlink_metadata(&path) else { return };
        if !metadata.file_type().is_socket() {
            return;
        }
        match std::os::unix::net::UnixStream::connect(&path) {
            Ok(_) => found.open.push((path, metadata.uid())),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && metadata.mode() & 0o060 != 0 => {
                found.closed.push((metadata.uid(), metadata.gid()));
            }
            // Nobody listens there, or the socket is for its owner alone.
            Err(_) => {}
        }
    };
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    entries(Path::new(RUN)).for_each(|entry| look(entry.path()));
    let user = rustix::process::geteuid().as_raw();
    entries(&Path::new(USERS).join(user.to_string())).for_each(|entry| look(entry.path()));
    for entry in entries(Path::new(SHARED)) {
        let name = entry.file_name();
        let user = name.to_str().and_then(|name| name.strip_prefix("floorwatch-")?.parse().ok());
        // Another user could create a folder with this name to deceive others.
        if user.is_some_and(|user| is_folder_of(&entry.path(), user)) {
            entries(&entry.path()).for_each(|entry| look(entry.path()));
        }
    }
    found.open.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_found_in_use_cleared_when_left_and_gone_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let socket = listen(path.clone(), None).unwrap();
        assert!(matches!(listen(path.clone(), None), Err(Error::Taken(_))));
        drop(socket);
        assert!(!path.exists());
        // The earlier floor was killed: its socket file still exists, and nobody answers.
        drop(UnixListener::bind(&path).unwrap());
        let mut socket = listen(path.clone(), None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o007, 0);
        // The socket is removed: it is created again, and one that another process creates there is left alone at the
        // end.
        fs::remove_file(&path).unwrap();
        socket.restore();
        assert!(std::os::unix::net::UnixStream::connect(&path).is_ok());
        fs::remove_file(&path).unwrap();
        let other = listen(path.clone(), None).unwrap();
        socket.restore();
        drop(socket);
        assert!(path.exists());
        drop(other);
        assert!(!path.exists());
        assert!(matches!(listen("x".repeat(108).into(), None), Err(Error::TooLong(_))));
        assert!(matches!(listen(path, Some("no such group")), Err(Error::NoGroup(_))));
    }
}
