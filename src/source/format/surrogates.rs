//! Halves of surrogate pairs in JSON: some systems cut a text, such as a name with an emoji, in the middle of a character and
//! write the half of it that is left as an escape (`\ud83d`). No text holds half a character, and a parser refuses the whole
//! document for it. Here such a half is read as the replacement character.

/// What is said of a document in which some were replaced.
pub(crate) const REMARK: &str =
    "a text in it holds half a character (half a surrogate pair): it is shown as \u{fffd}; the sender has cut the text";

/// The places of escapes that are half a surrogate pair: each is six bytes long.
fn halves(json: &[u8]) -> impl Iterator<Item = usize> {
    let unit = |at: usize| {
        let escape = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = json.get(at..)?.iter().position(|byte| *byte == b'\\').map(|place| at + place) {
            match (unit(found), unit(found + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at = found + 12,
                (Some(0xd800..=0xdfff), _) => {
                    at = found + 6;
                    return Some(found);
                }
                (Some(_), _) => at = found + 6,
                // Another escape: an escaped backslash begins none.
                (None, _) => at = found + 2,
            }
        }
        None
    })
}

/// Whether a document has any.
pub(crate) fn is_broken(json: &[u8]) -> bool {
    halves(json).next().is_some()
}

/// The document with each half replaced; `None` if it has none.
pub(crate) fn mended(json: &str) -> Option<String> {
    let mut mended: Option<String> = None;
    for at in halves(json.as_bytes()) {
        mended.get_or_insert_with(|| json.to_owned()).replace_range(at..at + 6, "\\ufffd");
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_replaced_and_a_pair_is_not() {
        for (json, expected) in [
            (r#""a\ud83d""#, Some("a\u{fffd}")),
            (r#""\ude00b""#, Some("\u{fffd}b")),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{fffd}\u{1f600}")),
            (r#""\ud83dx\uDE00""#, Some("\u{fffd}x\u{fffd}")),
            (r#""\ud83d\ude00 \u00e9 \\ud83d \n""#, None),
            (r#""\ud8""#, None),
        ] {
            let mended = mended(json);
            assert_eq!(is_broken(json.as_bytes()), expected.is_some(), "{json}");
            assert_eq!(
                mended.map(|json| serde_json::from_str::<String>(&json).unwrap()).as_deref(),
                expected,
                "{json}"
            );
        }
    }
}
