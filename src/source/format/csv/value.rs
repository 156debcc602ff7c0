//! The values of cells other than times: scores, yes or no, channels, and cells that say nothing.

use std::borrow::Cow;

use super::words::normalized;
use crate::event::Channel;
use crate::source::rejection::RejectionReason;

/// Whether a cell says that nothing is known.
pub(super) fn is_blank(text: &str) -> bool {
    let text = text.trim();
    ["", "-", "--", "–", "—", "\\N", "#N/A"].contains(&text)
        || ["n/a", "na", "null", "none", "nan", "nil"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The text with digits of other scripts (Arabic, Persian, Devanagari, full width) as those of ASCII.
pub(super) fn ascii_digits(text: &str) -> Cow<'_, str> {
    let digit = |c: char| {
        let zero = [0x660, 0x6f0, 0x966, 0xff10].into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(c)))?;
        char::from_digit(u32::from(c) - zero, 10)
    };
    if text.is_ascii() || !text.chars().any(|c| digit(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let separator = |c: char| match c {
        '\u{66b}' => '.',
        '\u{66c}' => ',',
        other => other,
    };
    text.chars().map(|c| digit(c).unwrap_or_else(|| separator(c))).collect()
}

/// A number from `min` to `max`, with a decimal point or comma; `None` if it is not known.
pub(super) fn number(text: &str, [min, max]: [f64; 2]) -> Result<Option<f64>, RejectionReason> {
    if is_blank(text) {
        return Ok(None);
    }
    match ascii_digits(text).trim().replace(',', ".").parse::<f64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
        Ok(_) => Err(RejectionReason::new(&format!("outside {min} to {max}, check the scale"), text)),
        Err(_) => Err(RejectionReason::new("not a number", text)),
    }
}

/// Whether a cell is one of the words for yes; `None` if it is not known.
pub(super) fn is_yes(text: &str, yes: &[String]) -> Option<bool> {
    let text = text.trim();
    let is_word = || yes.iter().any(|word| word.trim().to_lowercase() == text.to_lowercase());
    if is_word() { Some(true) } else { (!is_blank(text)).then_some(false) }
}

/// The channel that a word names.
pub(super) fn channel(word: &str) -> Option<Channel> {
    let word = normalized(word);
    let other = || {
        Some(match word.as_str() {
            "call" | "phone" | "telephony" | "telephone" | "acd" | "inbound" | "telefon" | "voz" | "voce" => {
                Channel::Voice
            }
            "webchat" | "web chat" | "message" | "messaging" | "livechat" | "live chat" => Channel::Chat,
            "e mail" | "mail" | "correo" => Channel::Email,
            "text" => Channel::Sms,
            "whatsapp" | "facebook" | "social media" => Channel::Social,
            _ => return None,
        })
    };
    Channel::parse(&word).or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_stay_on_their_scale() {
        assert_eq!(number("4,5", [1.0, 5.0]), Ok(Some(4.5)));
        assert_eq!(number("\u{664}\u{66b}\u{665}", [1.0, 5.0]), Ok(Some(4.5)));
        assert_eq!(number("", [1.0, 5.0]), Ok(None));
        assert_eq!(number("N/A", [1.0, 5.0]), Ok(None));
        assert!(number("6", [1.0, 5.0]).is_err());
        assert!(number("good", [1.0, 5.0]).is_err());
    }
}
