//! The encodings of tables that are no UTF-8: those that browsers know, and two of DOS, in which old systems export.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// What the bytes of a text mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TextEncoding {
    Web(&'static Encoding),
    Dos(&'static CodePage),
}

/// A code page of DOS: ASCII, and 128 characters more.
#[derive(Debug, PartialEq)]
pub(super) struct CodePage {
    /// Its names, the usual one first.
    names: [&'static str; 2],
    upper: &'static str,
}

/// The encoding in which spreadsheets save.
pub(super) const USUAL: TextEncoding = TextEncoding::Web(encoding_rs::WINDOWS_1252);

pub(super) static CP437: CodePage = CodePage {
    names: ["cp437", "ibm437"],
    upper: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
            αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
};

pub(super) static CP850: CodePage = CodePage {
    names: ["cp850", "ibm850"],
    upper: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
            ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
};

impl TextEncoding {
    /// The encoding of that name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let is_named = |page: &&'static CodePage| page.names.iter().any(|own| own.eq_ignore_ascii_case(name.trim()));
        let page = [&CP437, &CP850].into_iter().find(is_named).map(Self::Dos);
        page.or_else(|| Encoding::for_label(name.as_bytes()).map(Self::Web))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos(page) => page.names[0],
        }
    }

    /// A text in it. What cannot be read is a replacement character.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0,
            Self::Dos(page) => {
                let upper = |byte: u8| page.upper.chars().nth(usize::from(byte & 0x7f)).unwrap_or('\u{fffd}');
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { upper(*byte) }).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_pages_of_dos_have_a_character_for_each_byte() {
        for page in [&CP437, &CP850] {
            assert_eq!(page.upper.chars().count(), 128, "{page:?}");
            assert_eq!(TextEncoding::Dos(page).decode(b"M\x81\xe1ig, \x8erger"), "Müßig, Ärger");
        }
        assert_eq!(TextEncoding::of_name("CP850"), Some(TextEncoding::Dos(&CP850)));
        assert_eq!(TextEncoding::of_name("latin1"), Some(USUAL));
        assert_eq!(TextEncoding::of_name("cp0"), None);
    }
}
