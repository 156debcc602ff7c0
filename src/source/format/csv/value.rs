//! The values of cells other than times: scores, yes or no, channels, and cells that say nothing.

use std::borrow::Cow;

use super::words::{AnswerWords, normalized, vocabulary};
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

/// What a cell of yes or no says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum YesNo {
    Yes,
    No,
    /// The cell is empty.
    Nothing,
    /// Its word is not known.
    Unknown,
}

impl YesNo {
    /// What a cell says: configured words, those for yes first, come before common ones.
    pub(super) fn of(cell: &str, yes: &[String], no: &[String]) -> Self {
        let text = cell.trim().to_lowercase();
        let is_among = |words: &[String]| words.iter().any(|word| word.trim().to_lowercase() == text);
        match () {
            () if is_among(yes) => Self::Yes,
            () if is_among(no) => Self::No,
            () if is_blank(&text) => Self::Nothing,
            () => Self::usual(&text),
        }
    }

    /// What a cell usually says, as csv-words.toml tells.
    pub(super) fn usual(cell: &str) -> Self {
        if is_blank(cell) {
            return Self::Nothing;
        }
        let (text, plain) = (cell.trim().to_lowercase(), normalized(cell));
        let all = vocabulary();
        let is_among = |words: &AnswerWords| words.marks.contains(&text) || words.words.contains(&plain);
        match () {
            () if is_among(&all.yes) => Self::Yes,
            () if is_among(&all.no) => Self::No,
            () => Self::Unknown,
        }
    }

    /// Whether it is yes; `None` if that is not known.
    pub(super) const fn is_yes(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// The channel that a word names.
pub(super) fn channel(word: &str) -> Option<Channel> {
    let word = normalized(word);
    let other = || {
        Some(match word.as_str() {
            "call" | "calls" | "phone" | "phone call" | "voice call" | "telephony" | "telephone" | "acd"
            | "inbound" | "telefon" | "telefonie" | "telefonia" | "telefono" | "telefone" | "anruf" | "appel"
            | "llamada" | "chamada" | "chiamata" | "voix" | "voz" | "voce" | "sprache" | "audio" | "pstn" | "sip"
            | "voip" | "spraak" | "glos" | "голос" | "телефон" | "звонок" | "звонки" | "電話" | "音声" | "通話"
            | "电话" | "语音" | "ses" | "telefoon" => Channel::Voice,
            "webchat" | "web chat" | "message" | "messaging" | "livechat" | "live chat" | "chats" | "web message"
            | "web messaging" | "чат" | "チャット" | "聊天" | "在线聊天" | "sohbet" => Channel::Chat,
            "e mail" | "mail" | "emails" | "correo" | "correo electronico" | "courriel" | "e posta" | "почта"
            | "メール" | "邮件" => Channel::Email,
            "text" | "text message" | "texto" => Channel::Sms,
            "whatsapp" | "facebook" | "facebook messenger" | "messenger" | "instagram" | "twitter" | "telegram"
            | "line" | "wechat" | "social media" => Channel::Social,
            "video call" => Channel::Video,
            "call back" | "ruckruf" | "rappel" => Channel::Callback,
            _ => return None,
        })
    };
    Channel::parse(&word).or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_said_in_many_ways_and_other_words_are_neither() {
        for (cells, reply) in [
            (&["Sí", "WAHR", "✓", "OUI", "Ja", "x", "VRAI", "VERDADERO", "да", "☑"][..], YesNo::Yes),
            (&["No", "FALSCH", "✗", "NON", "Nein", "FAUX", "нет", "0"], YesNo::No),
            (&["", "-", "N/A"], YesNo::Nothing),
            (&["14", "perhaps", "Solved"], YesNo::Unknown),
        ] {
            for cell in cells {
                assert_eq!(YesNo::of(cell, &[], &[]), reply, "{cell}");
            }
        }
        assert_eq!(YesNo::of("N", &["n".to_owned()], &["y".to_owned()]), YesNo::Yes);
        assert_eq!(YesNo::of("", &[], &[String::new()]), YesNo::No);
    }

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
