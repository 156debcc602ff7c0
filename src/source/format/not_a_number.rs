//! `NaN` and `Infinity` in JSON: many libraries write them for a mean of nothing, though JSON has no word for them, and a
//! parser refuses the whole document for one. Here they are read as `null`.

/// What is said of a document in which some were replaced.
pub(crate) const REMARK: &str =
    "it has NaN or Infinity, which are no JSON: they are taken as unknown; the sender has to write null";

const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];

/// The places of such words outside of texts, each with its length.
fn words(json: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let (mut at, mut is_in_text) = (0, false);
    std::iter::from_fn(move || {
        while let Some(rest) = json.get(at..).filter(|rest| !rest.is_empty()) {
            let found = WORDS.iter().find(|word| !is_in_text && rest.starts_with(word));
            let place = at;
            match (rest.first(), found) {
                (_, Some(word)) => {
                    at += word.len();
                    return Some((place, word.len()));
                }
                (Some(b'\\'), _) if is_in_text => at += 2,
                (Some(b'"'), _) => (is_in_text, at) = (!is_in_text, at + 1),
                _ => at += 1,
            }
        }
        None
    })
}

/// Whether a document has any.
pub(crate) fn is_there(json: &[u8]) -> bool {
    words(json).next().is_some()
}

/// The document with `null` in their place; `None` if it has none.
pub(crate) fn mended(json: &str) -> Option<String> {
    let (mut mended, mut end) = (String::new(), 0);
    for (at, length) in words(json.as_bytes()) {
        mended.push_str(json.get(end..at)?);
        mended.push_str("null");
        end = at + length;
    }
    (end > 0).then(|| mended + json.get(end..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_null_and_texts_stay() {
        for (json, expected) in [
            (r#"{"a": NaN, "b": [Infinity,-Infinity]}"#, Some(r#"{"a": null, "b": [null,null]}"#)),
            (r#"{"NaN": "Infinity \" NaN", "é": NaN}"#, Some(r#"{"NaN": "Infinity \" NaN", "é": null}"#)),
            (r#"{"a": "NaN\\"}"#, None),
            ("NaN", Some("null")),
            ("\"NaN", None),
            ("", None),
        ] {
            assert_eq!(mended(json).as_deref(), expected, "{json}");
            assert_eq!(is_there(json.as_bytes()), expected.is_some(), "{json}");
        }
    }
}
