//! Which language is wanted: by the configuration, or else by the environment.

use super::load::{LanguageError, OwnFiles};
use super::{Language, load};

/// The languages that are wanted, as tags such as `de` or `de-CH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageChoice {
    words: String,
    /// Whether somebody has asked for just this language, rather than the environment.
    is_asked_for: bool,
    numbers: String,
    times: String,
    /// By whose custom numbers and times are written where nobody says, or the country is not known.
    general: String,
}

/// The tag of a locale's name: `de_CH.UTF-8` is `de-CH`; `None` for `C` and `POSIX`, which are no language.
fn locale_of(name: &str) -> Option<String> {
    let tag = name.split(['.', '@']).next().unwrap_or("").replace('_', "-");
    (!matches!(tag.as_str(), "" | "C" | "POSIX" | "auto")).then_some(tag)
}

/// Whether there is a language or locale of a tag.
///
/// # Errors
/// If there is none, or if a file of the user's has mistakes.
pub fn check(tag: &str, own: &OwnFiles) -> Result<(), LanguageError> {
    let tag = locale_of(tag).unwrap_or_default();
    let sources = load::sources(&tag, own)?;
    if sources.is_empty() {
        Err(LanguageError::unknown(&tag, own))
    } else {
        Language::new(&tag, sources, false).map(drop)
    }
}

impl LanguageChoice {
    /// What the settings `language` and `locale` say, or else the environment; `var` looks up a variable.
    #[must_use]
    pub fn new(language: Option<&str>, locale: Option<&str>, var: impl Fn(&str) -> Option<String>) -> Self {
        let of = |names: &[&str]| {
            let value = names.iter().filter_map(|name| var(name)).find(|value| !value.is_empty())?;
            Some(locale_of(&value))
        };
        let asked_for = language.and_then(locale_of);
        let is_asked_for = asked_for.is_some();
        let words = asked_for.or_else(|| of(&["LC_ALL", "LC_MESSAGES", "LANG"])?).unwrap_or_else(|| "en".to_owned());
        let general = if is_asked_for { &words } else { words.split('-').next().unwrap_or(&words) }.to_owned();
        let format = |variable| match (locale.and_then(locale_of), of(&["LC_ALL", variable])) {
            (Some(own), _) | (None, Some(Some(own))) => own,
            (None, Some(None)) => general.clone(),
            (None, None) => words.clone(),
        };
        Self { is_asked_for, numbers: format("LC_NUMERIC"), times: format("LC_TIME"), general, words }
    }

    /// Load the language. `ascii` spells out what a terminal without it could not show: `ü` is `ue`.
    ///
    /// # Errors
    /// If there is no such language and somebody has asked for just this one, or if a file of the user's has mistakes.
    pub fn load(&self, own: &OwnFiles, ascii: bool) -> Result<Language, LanguageError> {
        let words = match load::sources(&self.words, own)? {
            sources if !sources.is_empty() => (self.words.as_str(), sources),
            _ if self.is_asked_for => return Err(LanguageError::unknown(&self.words, own)),
            _ => {
                tracing::info!("there is no language {}: texts are in English", self.words);
                ("en", Vec::new())
            }
        };
        let mut language = Language::new(words.0, words.1, ascii)?;
        for (tag, prefix) in [(&self.numbers, "number-"), (&self.times, "time-")] {
            let (tag, sources) = match load::sources(tag, own)? {
                sources if sources.is_empty() => (&self.general, load::sources(&self.general, own)?),
                sources => (tag, sources),
            };
            if !sources.is_empty() && *tag != self.words {
                language.take(&Language::new(tag, sources, ascii)?, prefix);
            }
        }
        Ok(language)
    }
}
