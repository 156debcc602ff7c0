//! Checks that the journal's files still exist. If one is deleted or replaced while it is open, SQLite goes on writing
//! to the deleted one without an error, and the data are lost.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Error;
use crate::text::Text;

/// The files of a journal, with their identities when the journal was opened.
#[derive(Clone, Debug)]
pub(super) struct FileCheck(Vec<(PathBuf, (u64, u64))>);

impl FileCheck {
    pub(super) fn new(paths: &[&Path]) -> Result<Self, Error> {
        let file = |path: &&Path| match fs::symlink_metadata(path) {
            Ok(file) => Ok((path.to_path_buf(), (file.dev(), file.ino()))),
            Err(source) => Err(Error::Io { path: path.to_path_buf(), source }),
        };
        paths.iter().map(file).collect::<Result<_, _>>().map(Self)
    }

    /// Check that each file is still the same one. The error says what happened to the first that is not.
    pub(super) fn check(&self) -> Result<(), Text> {
        for (path, id) in &self.0 {
            let what = match fs::symlink_metadata(path) {
                Ok(file) if (file.dev(), file.ino()) == *id => continue,
                Ok(_) => "was replaced by another file".to_owned(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => "was deleted".to_owned(),
                Err(error) => format!("can't be looked at ({error})"),
            };
            let remedy = "put it back, or start floorwatch anew";
            return Err(Text::new(&format!("{} {what}: {remedy}", path.display())));
        }
        Ok(())
    }
}
