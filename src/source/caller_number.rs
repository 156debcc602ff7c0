//! Maps a caller's number to a customer id.

use crate::source::ids::id_label;
use crate::text::Label;

/// The words that telephone systems send for a number that is withheld or unknown.
const WITHHELD: [&str; 20] = [
    "anonymous",
    "unknown",
    "private",
    "restricted",
    "withheld",
    "unavailable",
    "asterisk",
    "none",
    "null",
    "blocked",
    "no number",
    "not available",
    "nobody",
    "hidden",
    "private number",
    "unknown number",
    "unknown caller",
    "no caller id",
    "n/a",
    "-",
];

/// The same for text that needs no cleaning and no shortening.
pub(crate) fn plain_customer(number: &str) -> Option<Label> {
    let digits = number.as_bytes();
    if digits.first().is_some_and(u8::is_ascii_digit) {
        return digits.iter().any(|byte| *byte != b'0').then(|| Label::plain(number));
    }
    customer(digits)
}

/// The customer id of a caller's number or id; `None` for a number that is withheld, unknown, empty or all zeros.
pub(crate) fn customer(number: &[u8]) -> Option<Label> {
    let number = number.trim_ascii();
    if number.first().is_some_and(|&byte| byte.is_ascii_digit() || byte == b'+') {
        // Some exchanges send zeros for an unknown number.
        let all_zeros = number.iter().all(|byte| *byte == b'0');
        return Some(id_label(number)).filter(|_| !all_zeros);
    }
    // `"Anonymous" <anonymous>`, `anonymous@anonymous.invalid`
    let bare = number.iter().rposition(|byte| *byte == b'<').and_then(|at| number.get(at + 1..)).unwrap_or(number);
    let bare = bare.strip_suffix(b">").unwrap_or(bare);
    let bare = bare.split(|byte| *byte == b'@').next().unwrap_or(bare).trim_ascii();
    if bare.is_empty() || WITHHELD.iter().any(|word| bare.eq_ignore_ascii_case(word.as_bytes())) {
        return None;
    }
    Some(id_label(number)).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_numbers_are_no_customer() {
        let withheld =
            ["", "anonymous", "Anonymous", "UNKNOWN", "<unknown>", "private", "restricted", "Unavailable", " ", "0000"];
        for number in withheld {
            assert_eq!(customer(number.as_bytes()), None, "{number}");
        }
        assert_eq!(customer(b" +4420 "), Some(Label::fixed("+4420")));
    }
}
