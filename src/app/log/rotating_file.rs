//! The log's file. It is bounded in size, and a disk that is full or gone stops nothing.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file of more bytes is set aside as `NAME.1`.
const MAX_FILE_BYTES: u64 = 10_000_000;
/// The most files that are kept, the one that is written included.
const MAX_FILES: u32 = 7;

/// Appends lines to a file, which is set aside when it is full. Several processes may write to the same file, and
/// another program may move it away: whoever finds another file at the path, or none, goes on there.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    file: File,
    /// Device and inode of `file`.
    id: (u64, u64),
    max_bytes: u64,
    /// How many lines could not be written since one could.
    lost: u64,
}

impl RotatingFile {
    /// Open or create the file at `path`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::with_limit(path, MAX_FILE_BYTES)
    }

    fn with_limit(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let (file, id) = open(path)?;
        // A link is resolved, so that the file it leads to is set aside and not the link. Another process may have set the
        // file aside just now: then it is begun here.
        let path = path.canonicalize().or_else(|_| open(path).and_then(|_| path.canonicalize()))?;
        Ok(Self { path, file, id, max_bytes, lost: 0 })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == self.id => {
                // Devices and pipes have no size.
                if found.is_file() && found.len() > 0 && found.len() + line.len() as u64 > self.max_bytes {
                    self.rotate()?;
                }
            }
            _ => (self.file, self.id) = open(&self.path)?,
        }
        if self.lost > 0 {
            // In one write, as another process may write between two.
            self.file.write_all(format!("{} lines of the log could not be written here\n", self.lost).as_bytes())?;
            self.lost = 0;
        }
        self.file.write_all(line)
    }

    /// Set the file aside as the newest of the old ones, and begin another. Where it can't be renamed, it is emptied:
    /// the bound holds in any case.
    fn rotate(&mut self) -> io::Result<()> {
        // Of the processes that find it full, one sets it aside. To the others it is another program that does.
        if matches!(self.file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Ok(());
        }
        if fs::metadata(&self.path).map_or(true, |found| (found.dev(), found.ino()) != self.id) {
            (self.file, self.id) = open(&self.path)?;
            return Ok(());
        }
        for number in (1..MAX_FILES).rev() {
            let renamed = fs::rename(self.numbered(number - 1), self.numbered(number));
            if number == 1 && renamed.is_err() {
                return self.file.set_len(0);
            }
        }
        (self.file, self.id) = open(&self.path)?;
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        if number > 0 {
            name.push(format!(".{number}"));
        }
        name.into()
    }
}

impl Write for RotatingFile {
    /// Never fails: a line that can't be written is counted, and the count is written as soon as that is possible.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.append(line).is_err() {
            self.lost += 1;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, (u64, u64))> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let found = file.metadata()?;
    Ok((file, (found.dev(), found.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(folder: &Path) -> Vec<(String, u64)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut sizes: Vec<_> =
            entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())).collect();
        sizes.sort();
        sizes
    }

    #[test]
    fn the_newest_lines_are_kept_in_so_many_files_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = RotatingFile::with_limit(&path, 1_000).unwrap();
        for number in 0..1_000 {
            writeln!(log, "line {number:>4} {}", "x".repeat(89)).unwrap();
        }
        let sizes = sizes(folder.path());
        assert_eq!(sizes.len(), MAX_FILES as usize, "{sizes:?}");
        assert!(sizes.iter().all(|(_, bytes)| *bytes <= 1_000), "{sizes:?}");
        assert!(fs::read_to_string(&path).unwrap().contains("line  999"));
        assert!(fs::read_to_string(folder.path().join("log.1")).unwrap().contains("line  98"));
        // A file that is long already is set aside at the next start, and a line that is too long for any is kept.
        let mut log = RotatingFile::with_limit(&path, 10).unwrap();
        log.write_all(b"much longer than ten bytes\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "much longer than ten bytes\n");
    }

    #[test]
    fn writers_that_find_it_full_at_once_set_it_aside_once() {
        const MAX_BYTES: u64 = 1_000;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let write = || {
            let mut log = RotatingFile::with_limit(&path, MAX_BYTES).unwrap();
            for number in 0..2_000 {
                writeln!(log, "line {number:>4} {}", "x".repeat(89)).unwrap();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(write);
            }
        });
        let sizes = sizes(folder.path());
        assert_eq!(sizes.len(), MAX_FILES as usize, "{sizes:?}");
        // None was emptied after it was set aside, or set aside when it had hardly begun.
        assert!(sizes.iter().all(|(name, bytes)| name == "log" || *bytes >= MAX_BYTES - 100), "{sizes:?}");
    }

    #[test]
    fn a_file_that_is_moved_away_by_another_program_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = RotatingFile::with_limit(&path, 1_000).unwrap();
        let mut other = RotatingFile::with_limit(&path, 1_000).unwrap();
        log.write_all(b"one\n").unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        log.write_all(b"two\n").unwrap();
        other.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\nthree\n");
        // Where it can't be made again, lines are lost, counted, and nothing else.
        fs::remove_dir_all(folder.path()).unwrap();
        log.write_all(b"four\n").unwrap();
        log.write_all(b"five\n").unwrap();
        fs::create_dir(folder.path()).unwrap();
        log.write_all(b"six\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "2 lines of the log could not be written here\nsix\n");
    }
}
