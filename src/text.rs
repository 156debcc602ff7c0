//! Text from outside the program, cleaned once, where it comes in.
//!
//! Queues, agents, intents and callers are named by others, and so are the reasons and notes that a hub sends. A
//! [`Label`] (a name) or a [`Text`] (a sentence) is safe to draw, log, store and export: it has no control or escape
//! characters, no bidirectional overrides, nothing invisible, and no pile of combining marks.

mod pattern;
pub(crate) mod short_key;
pub(crate) mod suggest;

use std::borrow::{Borrow, Cow};
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use smol_str::SmolStr;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use pattern::Patterns;

/// The combining marks that are kept on one grapheme.
const MAX_MARKS: usize = 4;

/// A name: of a queue, an agent, a rule, a host. At most 64 graphemes are kept.
pub type Label = Clean<64>;

/// A sentence: a reason, a remark, a note, what to do. At most 400 graphemes are kept.
pub type Text = Clean<400>;

/// Cleaned text of at most `MAX` graphemes; longer text is cut and ends in an ellipsis. Deserializing cleans as well.
/// Short text is stored without a heap allocation, and clones are cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Clean<const MAX: usize>(SmolStr);

impl<const MAX: usize> Clean<MAX> {
    /// Clean `text` and keep it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let trimmed = text.trim_ascii();
        if is_plain(trimmed.as_bytes(), MAX) {
            return Self(SmolStr::new(trimmed));
        }
        Self(SmolStr::new(clean(trimmed, MAX)))
    }

    /// Clean bytes that should be UTF-8; invalid bytes become the replacement character.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if is_plain(bytes, MAX)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Self(SmolStr::new(text));
        }
        Self::new(&String::from_utf8_lossy(bytes))
    }

    /// Text that is known to need no cleaning: printable ASCII, not too long, without spaces around it.
    pub(crate) fn plain(text: &str) -> Self {
        debug_assert!(is_plain(text.as_bytes(), MAX), "{text:?}");
        Self(SmolStr::new(text))
    }

    /// Text of the program itself, which needs no cleaning.
    #[must_use]
    pub const fn fixed(text: &'static str) -> Self {
        Self(SmolStr::new_static(text))
    }

    /// The text as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its width on a terminal, in columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.width()
    }
}

/// A name that needs no cleaning, as a part of another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainName<'a>(&'a str);

impl<'a> PlainName<'a> {
    /// Text as [`Clean::plain`] takes it.
    pub(crate) fn new(text: &'a str) -> Self {
        debug_assert!(is_plain(text.as_bytes(), 64), "{text:?}");
        Self(text)
    }
}

impl AsRef<str> for PlainName<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

/// A name, as a label or as text that makes one.
pub trait Name: AsRef<str> {
    /// The name as a label.
    fn label(&self) -> Label;
}

impl Name for Label {
    fn label(&self) -> Label {
        self.clone()
    }
}

impl Name for PlainName<'_> {
    fn label(&self) -> Label {
        Label::plain(self.0)
    }
}

impl<const MAX: usize> std::fmt::Display for Clean<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const MAX: usize> Borrow<str> for Clean<MAX> {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl<const MAX: usize> AsRef<str> for Clean<MAX> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const MAX: usize> From<&str> for Clean<MAX> {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Text {
    /// A message that names files: their paths are shortened where it would be cut.
    #[must_use]
    pub fn of_files(message: &str) -> Self {
        const MAX_COLUMNS: usize = 400;
        Self::new(&shorten_paths(message, MAX_COLUMNS))
    }
}

impl From<Label> for Text {
    fn from(label: Label) -> Self {
        Self(label.0)
    }
}

impl<const MAX: usize> ToSchema for Clean<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Label")
    }
}

impl<const MAX: usize> PartialSchema for Clean<MAX> {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Clean<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::new(&text))
    }
}

/// Whether there is nothing to clean: printable ASCII without spaces around it, and not too long.
fn is_plain(bytes: &[u8], max: usize) -> bool {
    let spaces = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    // Without an early exit, so that many bytes are compared at once.
    bytes.len() <= max && !spaces && bytes.iter().fold(true, |plain, b| plain & (0x20..0x7f).contains(b))
}

/// Whether a character draws nothing itself or changes how its neighbours are drawn: bidirectional controls, zero
/// widths, tags, fillers, variation selectors, separators, private use.
fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0x00ad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe000..=0xf8ff | 0xe_0000..=0x10_ffff)
}

/// Whether a text of the user's own may be drawn as it is. Some scripts need the two joiners.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\u{200c}' | '\u{200d}') || !c.is_control() && !is_hidden(c))
}

fn clean(text: &str, max: usize) -> String {
    let visible: String = text
        .chars()
        .filter_map(|c| match c {
            '\t' | '\n' | '\r' => Some(' '),
            c if c.is_control() => Some('·'),
            c if is_hidden(c) => None,
            c => Some(c),
        })
        .collect();
    let mut out = String::with_capacity(visible.len().min(256));
    for (count, grapheme) in visible.graphemes(true).enumerate() {
        if count == max {
            out.push('…');
            break;
        }
        out.extend(grapheme.chars().take(1 + MAX_MARKS));
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out
}

/// The bytes of a text without a UTF-8 byte order mark at its start.
#[must_use]
pub fn strip_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Cut `text` to `width` columns, ending in an ellipsis where something was lost.
#[must_use]
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = grapheme.width();
        if used + w + 1 > width {
            break;
        }
        out.push_str(grapheme);
        used += w;
    }
    if width > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// The text with its paths cut at their beginning, as far as it takes to fit into `width` columns: what is said of a file
/// comes after its path.
#[must_use]
pub fn shorten_paths(text: &str, width: usize) -> Cow<'_, str> {
    /// So much is left of a path.
    const MIN_PATH_COLUMNS: usize = 24;
    let mut excess = text.width().saturating_sub(width);
    let all = excess;
    let words = text.split(' ').map(|word| {
        let columns = word.width();
        if excess == 0 || columns <= MIN_PATH_COLUMNS || !word.contains('/') || word.contains("://") {
            return Cow::Borrowed(word);
        }
        let mut cut = 0;
        let mut graphemes = word.graphemes(true);
        while (columns + 1).saturating_sub(cut) > MIN_PATH_COLUMNS.max(columns.saturating_sub(excess)) {
            cut += graphemes.next().map_or(columns, UnicodeWidthStr::width);
        }
        excess = excess.saturating_sub(cut.saturating_sub(1));
        Cow::Owned(format!("…{}", graphemes.as_str()))
    });
    let shortened = words.collect::<Vec<_>>().join(" ");
    if excess == all { Cow::Borrowed(text) } else { Cow::Owned(shortened) }
}

/// A character as it may be printed.
fn shown(c: char) -> char {
    if c.is_control() || is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }
}

/// A message as it may be printed: nothing in it acts on a terminal, and of its line breaks only those stay that an
/// indented line follows. Any other line, such as a file's name can bring in, would pass for a message of its own.
#[must_use]
pub fn printable(message: &str) -> String {
    const INDENTED: &str = "\n  ";
    let lines = message.split(INDENTED).map(|line| line.chars().map(shown).collect::<String>());
    lines.collect::<Vec<_>>().join(INDENTED)
}

/// A path as a word of a command that somebody may copy into a shell. What a terminal would not show as it is, is replaced.
#[must_use]
pub fn shell_word(path: &Path) -> String {
    let text: String = path.display().to_string().chars().map(shown).collect();
    // Otherwise it would be an option.
    let text = if text.starts_with('-') && text != "-" { format!("./{text}") } else { text };
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if text.chars().all(is_plain) && !text.is_empty() { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Text for one CSV cell: a spreadsheet must not take a name for a formula.
#[must_use]
pub fn csv_safe(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_nothing_that_moves_a_terminal() {
        for hostile in ["\x1b[2J", "a\u{202e}b", "\u{9b}31m", "x\u{200b}y", "\u{e0041}tag", "bell\x07"] {
            let label = Label::new(hostile);
            assert!(label.as_str().chars().all(|c| !c.is_control() && !is_hidden(c)), "{label:?}");
        }
        assert_eq!(Label::new("a\u{202e}b").as_str(), "ab");
        assert_eq!(Label::new("two\r\nlines").as_str(), "two  lines");
    }

    #[test]
    fn labels_and_texts_are_capped_in_graphemes_and_marks() {
        let long = "x".repeat(500);
        assert_eq!(Label::new(&long).as_str().chars().count(), 64 + 1);
        assert_eq!(Text::new(&long).as_str().chars().count(), 400 + 1);
        assert_eq!(Label::new(&format!("e{}", "\u{301}".repeat(900))).as_str().chars().count(), 1 + MAX_MARKS);
    }

    #[test]
    fn a_sentence_arrives_whole_and_clean_where_a_name_is_cut() {
        let sentence = "no answer from the hub: ".repeat(13);
        let json = serde_json::to_string(&sentence).unwrap();
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap().as_str(), sentence.trim());
        assert!(serde_json::from_str::<Label>(&json).unwrap().as_str().ends_with('…'));
        assert_eq!(serde_json::from_str::<Text>("\"a\\u202eb\\u001b[2J\"").unwrap().as_str(), "ab·[2J");
    }

    #[test]
    fn names_of_many_scripts_pass_unharmed() {
        for name in ["サポート 日本", "Åse Ødegård-Świątek", "李小龙", "réclamations", "VIP «Gold» & Bob's 100%"]
        {
            assert_eq!(Label::new(name).as_str(), name);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(Label::from_bytes(b"caf\xe9").as_str(), "caf\u{fffd}");
    }

    #[test]
    fn fit_cuts_by_columns_not_by_characters() {
        assert_eq!(fit("サポート", 5), "サポ…");
        assert_eq!(fit("sales", 5), "sales");
        assert_eq!(fit("support", 5), "supp…");
    }

    #[test]
    fn a_path_in_a_command_is_one_word_and_moves_no_terminal() {
        for (path, word) in [
            ("/tmp/calls-2026.csv", "/tmp/calls-2026.csv"),
            ("März 2026.csv", "'März 2026.csv'"),
            ("a;reboot #.csv", "'a;reboot #.csv'"),
            ("it's $(x).csv", r"'it'\''s $(x).csv'"),
            ("--help", "./--help"),
            ("-", "-"),
            ("a\x1b[2J\n\u{202e}b", "'a\u{fffd}[2J\u{fffd}\u{fffd}b'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }

    #[test]
    fn a_message_has_no_line_that_passes_for_another_one() {
        let message = "/tmp/a\nfloorwatch: all is well\x1b[2J: no such file\n  config.toml:1: x";
        let printed = "/tmp/a\u{fffd}floorwatch: all is well\u{fffd}[2J: no such file\n  config.toml:1: x";
        assert_eq!(printable(message), printed);
    }

    #[test]
    fn of_a_path_that_is_too_long_the_end_stays_and_all_that_is_said_of_it() {
        let text = "cannot read /srv/data/telephony/centre-one/asterisk/queue_log: permission denied";
        assert_eq!(shorten_paths(text, 80), text);
        assert_eq!(shorten_paths(text, 60), "cannot read …entre-one/asterisk/queue_log: permission denied");
        assert_eq!(shorten_paths(text, 9), "cannot read …one/asterisk/queue_log: permission denied");
        let address = "no answer from https://telephony.example.com/api/v2/analytics";
        assert_eq!(shorten_paths(address, 20), address);
        // Marks whose widths do not sum up to the width of the word.
        let odd = format!("/{}/log is gone", "\u{915}\u{94d}".repeat(80));
        assert!(shorten_paths(&odd, 30).ends_with(" is gone"), "{}", shorten_paths(&odd, 30));
    }

    #[test]
    fn csv_cells_are_not_formulas() {
        assert_eq!(csv_safe("=1+1"), "'=1+1");
        assert_eq!(csv_safe("-3.5"), "-3.5");
        assert_eq!(csv_safe("+4420"), "+4420");
    }
}
