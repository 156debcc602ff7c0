//! Detects a damaged write-ahead log. SQLite reads the log up to the first invalid frame and silently ignores what
//! follows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::text::Text;

/// The length of the log's header, and of the one before each page.
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The first four bytes of a log. The last bit is the byte order of the checksums.
const MAGIC: u32 = 0x377f_0682;
/// A longer log is not examined, because that would delay the start.
const MAX_BYTES: u64 = 256 << 20;

/// What may be missing from the journal at `path`; `None` if its log is intact. A log that ends within a transaction is
/// intact: nobody was told that this transaction was stored.
pub(super) fn damage(path: &Path) -> Option<Text> {
    let name = path_of(path);
    let length = fs::metadata(&name).ok()?.len();
    if length <= HEADER_BYTES as u64 || length > MAX_BYTES {
        return None;
    }
    let lost = lost_commits(&fs::read(&name).ok()?)?;
    let what = match lost {
        0 => "what it held can't be told".to_owned(),
        1 => "the last transaction is missing".to_owned(),
        n => format!("the last {n} transactions are missing"),
    };
    Some(Text::of_files(&format!(
        "{}-wal was damaged: {what}, up to a few minutes of events and commands",
        path.display()
    )))
}

/// The path of the write-ahead log of the journal at `path`. It is beside the file that a symbolic link leads to.
pub(super) fn path_of(path: &Path) -> PathBuf {
    let mut name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push("-wal");
    name.into()
}

/// The number of transactions after the first invalid frame; `None` if there are none.
fn lost_commits(log: &[u8]) -> Option<usize> {
    let (header, frames) = log.split_at_checked(HEADER_BYTES)?;
    let magic = word(header, 0, true);
    let (head, sum) = header.split_at(24);
    let big_endian = magic & 1 == 1;
    let mut checksum = checksum((0, 0), head, big_endian);
    if magic & !1 != MAGIC || checksum != (word(sum, 0, true), word(sum, 4, true)) {
        return Some(0);
    }
    let page = usize::try_from(word(header, 8, true)).ok().filter(|page| *page > 0)?;
    let salts = header.get(16..24)?;
    let (mut sound, mut lost) = (true, 0);
    for frame in frames.chunks_exact(FRAME_HEADER_BYTES + page) {
        let (head, body) = frame.split_at(FRAME_HEADER_BYTES);
        // Frames of an earlier generation of the log have other salts.
        let current = head.get(8..16) == Some(salts);
        if sound && current {
            let (numbers, _) = head.split_at(8);
            let next = self::checksum(self::checksum(checksum, numbers, big_endian), body, big_endian);
            sound = next == (word(head, 16, true), word(head, 20, true));
            checksum = next;
        } else {
            sound = false;
        }
        // A frame that holds the size of the file ends a transaction.
        lost += usize::from(!sound && current && word(head, 4, true) != 0);
    }
    (lost > 0).then_some(lost)
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).unwrap_or_default();
    if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        a = a.wrapping_add(word(pair, 0, big_endian)).wrapping_add(b);
        b = b.wrapping_add(word(pair, 4, big_endian)).wrapping_add(a);
    }
    (a, b)
}
