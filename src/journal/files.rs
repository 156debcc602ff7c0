//! Checks that the journal's files still exist. If one is deleted, replaced or emptied while it is open, SQLite goes on
//! writing without an error, and the data are lost.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::text::Text;

/// The files of a journal.
#[derive(Clone, Debug)]
pub(super) struct FileCheck(Vec<CheckedFile>);

#[derive(Clone, Debug)]
struct CheckedFile {
    path: PathBuf,
    /// Whether it always has content. A log may be empty.
    is_filled: bool,
    /// Device and inode; `None` until the file exists.
    id: Option<(u64, u64)>,
}

impl FileCheck {
    /// Remember `journal` and the files beside it as they are now. Those that do not exist yet are remembered as they
    /// are when they are first seen.
    pub(super) fn new(journal: &Path, beside: &[&Path]) -> Self {
        let file = |path: &Path, is_filled| CheckedFile { path: path.to_owned(), is_filled, id: None };
        let beside = beside.iter().map(|path| file(path, false));
        let mut files = Self(std::iter::once(file(journal, true)).chain(beside).collect());
        // What is wrong already is said by the next check.
        drop(files.check());
        files
    }

    /// Check that each file is still the same one. The error says what happened to the first that is not.
    pub(super) fn check(&mut self) -> Result<(), Text> {
        self.0.iter_mut().try_for_each(CheckedFile::check)
    }

    /// Check the journal alone.
    pub(super) fn check_journal(&mut self) -> Result<(), Text> {
        self.0.iter_mut().take(1).try_for_each(CheckedFile::check)
    }
}

impl CheckedFile {
    fn check(&mut self) -> Result<(), Text> {
        let found = fs::symlink_metadata(&self.path).map(|file| ((file.dev(), file.ino()), file.len()));
        let what = match found {
            Ok((id, _)) if *self.id.get_or_insert(id) != id => "was replaced by another file".to_owned(),
            Ok((_, 0)) if self.is_filled => "was emptied".to_owned(),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound && self.id.is_none() => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => "was deleted".to_owned(),
            Err(error) => format!("can't be looked at ({error})"),
        };
        let remedy = "put it back, or start floorwatch anew";
        Err(Text::of_files(&format!("{} {what}: {remedy}", self.path.display())))
    }
}
