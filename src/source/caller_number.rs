//! Maps a caller's number to a customer id.

use crate::source::ids::id_label;
use crate::text::Label;

/// The words that telephone systems send for a number that is withheld or unknown.
const WITHHELD: [&str; 52] = [
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
    // "anonymous" in the letters of a telephone's keys.
    "266696687",
    "anonym",
    "unbekannt",
    "unterdrückt",
    "privat",
    "anonyme",
    "inconnu",
    "masqué",
    "privé",
    "anónimo",
    "anonimo",
    "desconocido",
    "oculto",
    "privado",
    "anônimo",
    "desconhecido",
    "sconosciuto",
    "privato",
    "anoniem",
    "onbekend",
    "afgeschermd",
    "anonimowy",
    "nieznany",
    "zastrzeżony",
    "аноним",
    "неизвестный",
    "скрыт",
    "gizli",
    "bilinmeyen",
    "非通知",
    "匿名",
    "未知",
];

/// The same for text that needs no cleaning and no shortening.
pub(crate) fn plain_customer(number: &str) -> Option<Label> {
    let digits = number.as_bytes();
    if digits.first().is_some_and(u8::is_ascii_digit) {
        return (!is_withheld_number(digits)).then(|| Label::plain(number));
    }
    customer(digits)
}

/// The customer id of a caller's number or id; `None` for a number that is withheld, unknown, empty or all zeros.
pub(crate) fn customer(number: &[u8]) -> Option<Label> {
    let number = number.trim_ascii();
    if number.first().is_some_and(u8::is_ascii_digit) {
        return Some(id_label(number)).filter(|_| !is_withheld_number(number));
    }
    // `"Anonymous" <anonymous>`, `sip:anonymous@anonymous.invalid`, `+anonymous`
    let bare = number.iter().rposition(|byte| *byte == b'<').and_then(|at| number.get(at + 1..)).unwrap_or(number);
    let bare = bare.strip_suffix(b">").unwrap_or(bare);
    let bare = ["sip:", "sips:", "tel:"].iter().find_map(|scheme| bare.strip_prefix(scheme.as_bytes())).unwrap_or(bare);
    let bare = bare.split(|byte| *byte == b'@').next().unwrap_or(bare).trim_ascii();
    let bare = bare.strip_prefix(b"+").unwrap_or(bare);
    let word = String::from_utf8_lossy(bare).to_lowercase();
    if bare.is_empty() || WITHHELD.contains(&word.as_str()) {
        return None;
    }
    Some(id_label(number)).filter(|label| !label.is_empty())
}

/// Whether a number is none: zeros, which some exchanges send for an unknown one, the letters of "anonymous" on a telephone's keys,
/// or what a spreadsheet has left of many numbers (`4.42079E+12`).
fn is_withheld_number(number: &[u8]) -> bool {
    number.iter().all(|byte| *byte == b'0')
        || number == b"266696687"
        || number.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"e+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_numbers_are_no_customer() {
        let withheld = [
            "",
            "anonymous",
            "Anonymous",
            "UNKNOWN",
            "<unknown>",
            "private",
            "restricted",
            "Unavailable",
            " ",
            "0000",
            "Unterdrückt",
            "ANONYME",
            "+",
            "+anonymous",
            "sip:anonymous@anonymous.invalid",
            "266696687",
            "4.42079E+12",
        ];
        for number in withheld {
            assert_eq!(customer(number.as_bytes()), None, "{number}");
        }
        assert_eq!(customer(b" +4420 "), Some(Label::fixed("+4420")));
        assert_eq!(customer(b"sip:4420@example.com"), Some(Label::fixed("sip:4420@example.com")));
        assert_eq!(plain_customer("266696687"), None);
    }
}
