//! Limits that hold for every input, whatever its format.

use crate::clock::Time;

/// The longest line or event that is read, in bytes without the line's end.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024;

/// Times before 1971 are rejected: they come from a clock that was never set.
pub(crate) const EARLIEST_TIME: Time = Time::from_unix(86_400 * 365);

/// The longest wait, talk or other duration that is believed, in seconds: a year.
pub(crate) const MAX_DURATION_S: i64 = 31_536_000;

/// The bytes without a UTF-8 byte order mark at their start.
pub(crate) fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
