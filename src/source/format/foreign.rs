//! Recognises files of other kinds, to say what they are and what to do with them.

use serde::de::IgnoredAny;

use crate::text::strip_bom;

/// The first bytes of kinds of files, and what to do with them.
const KINDS: [(&[u8], &str); 14] = [
    (b"PK\x03\x04", "a workbook (or a zip archive): save its sheet as CSV"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel: save its sheet as CSV"),
    (b"%PDF", "a PDF: export the report as CSV"),
    (b"{\\rtf", "a text document (RTF): export the report as CSV"),
    (b"PAR1", "a Parquet file: export it as CSV"),
    (
        b"SQLite format 3\0",
        "a SQLite database: a source with kind = \"queue_log_sql\" and url = \"sqlite:/path\" reads a queue_log in it",
    ),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: decompress it (only gzip is read)"),
    (b"\xfd7zXZ\0", "compressed with xz: decompress it (only gzip is read)"),
    (b"BZh", "compressed with bzip2: decompress it (only gzip is read)"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"MIME-Version:", "a saved web page or mail: export the report as CSV"),
    (b"<", "HTML or XML: export the report as CSV"),
];
/// A file with a zero among so many first bytes is no text. Later, a crash can have left zeros in a log.
const BINARY_WITHIN_BYTES: usize = 16;
/// Where a tar archive says that it is one, and how.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// What a file of another kind is that begins with `head`, and what to do with it.
#[must_use]
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    let text = strip_bom(head).trim_ascii_start();
    let found = KINDS.iter().find(|(magic, _)| text.starts_with(magic)).map(|(_, what)| *what);
    let (at, tar) = TAR;
    let is_tar = || head.get(at..).is_some_and(|rest| rest.starts_with(tar));
    let is_binary = || head.iter().take(BINARY_WITHIN_BYTES).any(|byte| *byte == 0);
    let binary = "no text in an encoding that is read: export the report as CSV in UTF-8";
    found
        .or_else(|| json(text))
        .or_else(|| is_tar().then_some("a tar archive: unpack it"))
        .or_else(|| is_binary().then_some(binary))
}

/// Whether a text is JSON other than an object a line.
fn json(text: &[u8]) -> Option<&'static str> {
    let inner = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    if inner.is_some_and(|inner| matches!(inner.first(), Some(b'{' | b'[' | b'"' | b']'))) {
        return Some(
            "a JSON array: export the report as CSV, or write an object a line (`jq -c '.[]'`); a source with kind = \"http\" \
             polls JSON",
        );
    }
    if !text.starts_with(b"{") {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let (value, rest) = match values.next()? {
        Ok(_) => text.split_at_checked(values.byte_offset())?,
        // The head of a long document; a line that is cut off has an error before its end.
        Err(error) if error.is_eof() && text.contains(&b'\n') => (text, &[][..]),
        Err(_) => return None,
    };
    if matches!(rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')), Some(b'{' | b',')) {
        return Some("JSON objects without a line end between them: write an object a line (`jq -c .`)");
    }
    (value.contains(&b'\n') || is_list_alone(value)).then_some(
        "a JSON document: export the report as CSV, or write an object a line (`jq -c '.calls[]'` for a list named calls); \
         a source with kind = \"http\" polls JSON",
    )
}

/// Whether an object holds nothing but a list of objects.
fn is_list_alone(value: &[u8]) -> bool {
    let Ok(object) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(value) else { return false };
    let is_list = |value: &serde_json::Value| value.get(0).is_some_and(serde_json::Value::is_object);
    object.len() == 1 && object.values().all(is_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_is_told_by_its_beginning() {
        for (head, word) in [
            (&b"PK\x03\x04\x00"[..], "workbook"),
            (b"\xef\xbb\xbf\n<!doctype html>", "HTML"),
            (b"[\n {\"id\": 1}\n]\n", "JSON array"),
            (b"[[\"id\",\"time\"],[1,2]]", "JSON array"),
            (b"{\n \"calls\": [\n {\"id\": 1}", "JSON document"),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "no text"),
            (b"{\"calls\":[\n{\"id\":1}]}\n", "JSON document"),
            (b"\xef\xbb\xbf{\"calls\":[{\"id\":1}]}", "JSON document"),
            (b"\xef\xbb\xbf[{\"id\":1}]", "JSON array"),
            (b"{\"id\":1}{\"id\":2}\n", "without a line end"),
            (b"{\"id\":1},\n{\"id\":2}\n", "without a line end"),
        ] {
            assert!(foreign(head).unwrap_or_default().contains(word), "{word}");
        }
        for head in [
            &b"a,b\r\n1,2\r\n"[..],
            b"1795430754|1.2|<b>|NONE|ENTERQUEUE||1|1",
            b"{\"id\":1}\n{\"id\":2}\n",
            b"{\"id\":1",
            b"{\"id\":1} \r\n{\"id\":2}\r\n",
            b"{\"id\":1,\"legs\":[{\"agent\":2}]}",
            b"{\"id\":\"cut\n{\"id\":2}\n",
            b"[2026-03-02 09:00:00] NOTICE[7]: queue\n",
            b"[Call ID],[Start]\n1,2\n",
        ] {
            assert_eq!(foreign(head), None, "{}", String::from_utf8_lossy(head));
        }
    }
}
