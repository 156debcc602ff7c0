//! Limits that hold for every input, whatever its format.

use crate::clock::Time;

/// The longest line or event that is read, in bytes without the line's end.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024;

/// Times before 1971 are rejected: they come from a clock that was never set.
pub(crate) const EARLIEST_TIME: Time = Time::from_unix(86_400 * 365);

/// The longest wait, talk or other duration that is believed, in seconds: a year.
pub(crate) const MAX_DURATION_S: i64 = 31_536_000;

/// The most rejections of one input that are kept with their reasons; further ones are counted.
pub(crate) const MAX_REJECTIONS: usize = 1000;

/// The deepest nesting of JSON that is parsed.
const MAX_JSON_DEPTH: usize = 64;
/// The most values in a JSON document that is parsed into memory: each takes up to 400 bytes there.
const MAX_JSON_VALUES: usize = 500_000;
/// The most items of a JSON array of events.
const MAX_JSON_ITEMS: usize = 200_000;

/// Check in one pass, before a JSON document is parsed into memory, that it is neither nested too deeply nor made of
/// too many values. Whether it is JSON at all is for the parser to say.
///
/// # Errors
/// What is too much, in words.
pub(crate) fn check_json(document: &[u8]) -> Result<(), String> {
    let JsonSize { depth, values, .. } = JsonSize::of(document);
    if depth > MAX_JSON_DEPTH {
        return Err(format!("nested more than {MAX_JSON_DEPTH} levels deep"));
    }
    if values > MAX_JSON_VALUES {
        return Err(format!("of more than {MAX_JSON_VALUES} values: ask for less at once"));
    }
    Ok(())
}

/// The same for an array whose items are parsed one by one: only their number counts.
///
/// # Errors
/// What is too much, in words.
pub(crate) fn check_json_array(document: &[u8]) -> Result<(), String> {
    let items = JsonSize::of(document).items;
    if items > MAX_JSON_ITEMS { Err(format!("more than {MAX_JSON_ITEMS} events: send fewer at once")) } else { Ok(()) }
}

/// How large a JSON document is.
struct JsonSize {
    /// The deepest nesting.
    depth: usize,
    /// All values, about.
    values: usize,
    /// The items of the outermost array or object, less one.
    items: usize,
}

impl JsonSize {
    fn of(document: &[u8]) -> Self {
        let mut size = Self { depth: 0, values: 0, items: 0 };
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        for byte in document {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'[' | b'{' => {
                    depth += 1;
                    size.depth = size.depth.max(depth);
                    size.values += 1;
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' | b':' => {
                    size.values += 1;
                    size.items += usize::from(depth == 1);
                }
                _ => {}
            }
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_would_take_too_much_is_told_before_it_is_parsed() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check_json(nested(MAX_JSON_DEPTH).as_bytes()), Ok(()));
        assert!(check_json(nested(MAX_JSON_DEPTH + 1).as_bytes()).unwrap_err().contains("deep"));
        let strings = format!("[{:?}, {:?}]", "[".repeat(1_000), "\"[\\".repeat(1_000));
        assert_eq!(check_json(strings.as_bytes()), Ok(()));
        assert!(check_json("[],".repeat(MAX_JSON_VALUES).as_bytes()).unwrap_err().contains("values"));
        let array = |items: usize| format!("[{}{{}}]", "{\"a\":[1,2]},".repeat(items));
        assert_eq!(check_json_array(array(MAX_JSON_ITEMS).as_bytes()), Ok(()));
        assert!(check_json_array(array(MAX_JSON_ITEMS + 1).as_bytes()).unwrap_err().contains("events"));
    }
}
