//! Where users of one machine find each other's floor.
//!
//! A floor that is kept listens at a socket: the configured one, or one in `/run/floorwatch` where that folder is (a
//! package makes it), or in `/run/user/UID`, or in a folder of the user's own in `/tmp`. Nothing of that differs from
//! shell to shell, and the lock file beside the journal says which one it is. Its name is made of the journal's path:
//! two floors of one user are two sockets. One that somebody removes is made again.
//! Who may connect is up to the socket's permissions: its owner, and the members of its group.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::Hasher;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Gid, chownat};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;

/// The folder that a package makes.
const RUN: &str = "/run/floorwatch";
/// The folder of the users' own folders that the system makes at their logins.
const USERS: &str = "/run/user";
/// The folder in which everybody may make one.
const SHARED: &str = "/tmp";
/// How often it is checked that the socket is still where others look for it.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// What a socket's name begins and ends with.
const NAME: (&str, &str) = ("floor-", ".sock");
/// The system takes no longer paths of sockets.
const MAX_PATH_BYTES: usize = 107;
/// The group whose members share a floor where nobody says otherwise and there is one.
const GROUP: &str = "floorwatch";

/// A socket that others of this machine may connect to, gone when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    group: Option<String>,
    /// The file's device and number.
    file: Option<(u64, u64)>,
}

impl Socket {
    /// Take a connection in. Meanwhile the socket is made again where somebody has removed it.
    ///
    /// # Errors
    /// Where the system gives none.
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
        // Where another floor listens there by now, that is the one to be found.
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
            // Whatever stands in the way: the next one to listen there clears it away.
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
    /// The file system won't.
    #[error("the socket {path}: {source}")]
    Io {
        /// The socket or its folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system takes no such path.
    #[error("the socket {0}: its path is longer than 107 bytes: name a shorter one with `socket` under [hub]")]
    TooLong(PathBuf),
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
    // Nobody answers: what is left of an earlier one is in the way.
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        fs::remove_file(path).map_err(io)?;
    }
    let listener = UnixListener::bind(path).map_err(io)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io)?;
    if let Some(group) = shared_with(group)? {
        chownat(CWD, path, None, Some(Gid::from_raw(group)), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| io(error.into()))?;
        fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(io)?;
    }
    Ok((listener, file_at(path)))
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

/// Where the floor that keeps `journal` listens, where nobody says otherwise; the members of `group` may connect.
///
/// # Errors
/// Where there is no folder for it.
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
    // Nobody else comes into a folder of one's own.
    if is_folder_of(&own, user) && shared_with(group)?.is_none() {
        return Ok(own.join(format!("floorwatch-{name}")));
    }
    let folder = Path::new(SHARED).join(format!("floorwatch-{user}"));
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
            // Nobody listens there any more, or it is for its owner alone.
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
        let socket = listen(path.clone(), None).unwrap();
        assert!(matches!(listen(path.clone(), None), Err(Error::Taken(_))));
        drop(socket);
        assert!(!path.exists());
        // An earlier owner was killed: the file is still there, and nobody answers.
        drop(UnixListener::bind(&path).unwrap());
        let mut socket = listen(path.clone(), None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o007, 0);
        // Somebody cleans up: it comes again, and what another has made since stays when this one ends.
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
