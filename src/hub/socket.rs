//! Where users of one machine find each other's floor.
//!
//! A floor that is kept listens at a socket: the configured one, or one in `/run/floorwatch` where that folder is (a
//! package makes it), or in a folder of the user's own under the system's folder for temporary files. Its name is made
//! of the journal's path: two floors of one user are two sockets.
//! Who may connect is up to the socket's permissions: its owner, and the members of its group.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Gid, chownat};
use tokio::net::UnixListener;

/// The folder that a package makes.
const RUN: &str = "/run/floorwatch";
/// What a socket's name begins and ends with.
const NAME: (&str, &str) = ("floor-", ".sock");
/// The group whose members share a floor where nobody says otherwise and there is one.
const GROUP: &str = "floorwatch";

/// A socket that others of this machine may connect to, gone when it is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Whatever stands in the way: the next one to listen there clears it away.
        let _ = fs::remove_file(&self.path);
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system won't.
    #[error("the socket {path}: {source}")]
    Io {
        /// The socket or its folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no such group.
    #[error("there is no group {0}: make it with `groupadd {0}`, or name another one with `group` under [hub]")]
    NoGroup(String),
    /// Somebody else's folder stands in the place.
    #[error("{0} is not this user's own folder: remove it, or name another place with `socket` under [hub]")]
    NotOurs(PathBuf),
    /// Another floor listens there.
    #[error("another floor listens at {0}")]
    Taken(PathBuf),
}

/// Listen at `path`; the members of `group` may connect.
///
/// # Errors
/// Where that can't be, or another floor does already.
pub fn listen(path: PathBuf, group: Option<&str>) -> Result<(UnixListener, Socket), Error> {
    let io = |source| Error::Io { path: path.clone(), source };
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        return Err(Error::Taken(path));
    }
    // Nobody answers: what is left of an earlier one is in the way.
    if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        fs::remove_file(&path).map_err(io)?;
    }
    let listener = UnixListener::bind(&path).map_err(io)?;
    let socket = Socket { path: path.clone() };
    fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(io)?;
    if let Some(group) = shared_with(group)? {
        chownat(CWD, &path, None, Some(Gid::from_raw(group)), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| io(error.into()))?;
        fs::set_permissions(&path, Permissions::from_mode(0o660)).map_err(io)?;
    }
    Ok((listener, socket))
}

/// The group that the socket is shared with; `None` where it is for its owner alone.
fn shared_with(group: Option<&str>) -> Result<Option<u32>, Error> {
    let Some(name) = group else {
        return Ok(uzers::get_group_by_name(GROUP).map(|group| group.gid()).filter(|group| is_ours(*group)));
    };
    uzers::get_group_by_name(name).map(|group| Some(group.gid())).ok_or_else(|| Error::NoGroup(name.to_owned()))
}

/// Whether we are in a group.
fn is_ours(group: u32) -> bool {
    let groups = rustix::process::getgroups().unwrap_or_default();
    rustix::process::geteuid().is_root()
        || rustix::process::getegid().as_raw() == group
        || groups.iter().any(|of| of.as_raw() == group)
}

/// Where the floor that keeps `journal` listens, where nobody says otherwise.
///
/// # Errors
/// Where there is no folder for it.
pub fn of_journal(journal: &Path) -> Result<PathBuf, Error> {
    let journal = fs::canonicalize(journal).unwrap_or_else(|_| journal.to_owned());
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(journal.as_os_str().as_encoded_bytes());
    let name = format!("{}{:016x}{}", NAME.0, hasher.finish(), NAME.1);
    let run = Path::new(RUN);
    if run.is_dir() && rustix::fs::access(run, rustix::fs::Access::WRITE_OK).is_ok() {
        return Ok(run.join(name));
    }
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("floorwatch-{user}"));
    match DirBuilder::new().mode(0o755).create(&folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Everybody may make folders there: only one that is truly ours will do.
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

/// The floors of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalFloors {
    /// Those that can be connected to, and whose they are (a user's number).
    pub open: Vec<(PathBuf, u32)>,
    /// Those that are shared with others: whose they are, and the group that they are shared with.
    pub closed: Vec<(u32, u32)>,
}

/// Look for the floors of this machine.
#[must_use]
pub fn find() -> LocalFloors {
    let mut found = LocalFloors::default();
    let mut look = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
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
            // Nobody listens there any more, or it is for its owner alone.
            Err(_) => {}
        }
    };
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    entries(Path::new(RUN)).for_each(|entry| look(entry.path()));
    for entry in entries(&std::env::temp_dir()) {
        let name = entry.file_name();
        let user = name.to_str().and_then(|name| name.strip_prefix("floorwatch-")?.parse().ok());
        // A folder that says it is somebody's and is another's is a trap.
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
        let (listener, socket) = listen(path.clone(), None).unwrap();
        assert!(matches!(listen(path.clone(), None), Err(Error::Taken(_))));
        drop(listener);
        // Its owner was killed: the file is still there, and nobody answers.
        std::mem::forget(socket);
        let (_listener, socket) = listen(path.clone(), None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o007, 0);
        drop(socket);
        assert!(!path.exists());
        assert!(matches!(listen(path, Some("no such group")), Err(Error::NoGroup(_))));
    }
}
