//! Reads recorded connections: the bytes in `NAME.raw.gz`, and when each was read or sent in `NAME.times.gz`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use floorwatch::clock::{Span, Time};

/// A file among the fixtures.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// What a compressed file holds.
pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The lines of a `.times.gz` file: offset in the bytes, time, note.
pub(crate) fn times(path: &Path) -> Vec<(usize, Time, String)> {
    let text = String::from_utf8(unpacked(path)).unwrap();
    let line = |line: &str| {
        let mut fields = line.splitn(3, '\t');
        let offset = fields.next().unwrap().parse().unwrap();
        let at = Span::from_secs_f64(fields.next().unwrap().parse().unwrap()).unwrap();
        (offset, Time(at.0), fields.next().unwrap_or_default().to_owned())
    };
    text.lines().map(line).collect()
}
