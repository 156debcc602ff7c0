//! The language of the reader: every text of the screen and of reports for people, and how numbers and times are written.
//!
//! Texts are in `assets/languages`, one file of Project Fluent per language; a file of the same name in the user's
//! `languages` folder stands over it. English is complete: what another file lacks is read there. `text!("id")` is the
//! text of that id, `text!("id", name = value)` the text with its arguments; a test holds that every id that is used
//! exists, and the other way round.
//!
//! The language is one for the process, set before anything is shown, and not an argument: nearly every line of the screen
//! would pass it on, and no two readers share a process. [`with`] lends another one to what runs inside of it, such as an
//! export for machines, which stays English. What the floor itself writes, such as the sentences of alerts in the journal
//! and on the API, is English: a reader's side makes its own sentences of the fields, and [`told`] knows fixed sentences.

mod alerts;
mod choice;
mod format;
mod load;
mod syntax;
mod words;
mod work;

#[cfg(test)]
pub(crate) mod tests;

use std::cell::Cell;
use std::sync::{LazyLock, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rustc_hash::FxHashMap;

use crate::kpi::KpiId;
use crate::text::Clean;

pub use alerts::*;
pub use choice::{LanguageChoice, check};
pub use format::{
    ShownFigure, age, clock, clock_width, count, day, day_minute, day_minute_width, decimal, duration, hour, minute,
    minute_width, percent, plain_count, time,
};
pub use load::{LanguageError, OwnFiles};
pub use words::*;
pub use work::*;

/// A language as it was loaded.
pub struct Language {
    /// The texts without arguments, by id.
    fixed: FxHashMap<String, String>,
    /// The other ones.
    bundle: FluentBundle<FluentResource>,
    /// The words for each KPI, in the order of the catalogue.
    kpis: Vec<KpiWords>,
    /// Whether it is English, in which floors tell: their sentences are taken as they come.
    is_english: bool,
    /// English sentences that floors tell, and the same in this language.
    told: FxHashMap<String, String>,
}

/// The words for a KPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiWords {
    /// Its full name.
    pub name: String,
    /// Its name for heads of columns.
    pub short: String,
    /// The word of supervisors: on tiles, in lists of alerts.
    pub word: String,
    /// Its formula in words.
    pub formula: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub action: String,
}

static ENGLISH: LazyLock<Language> = LazyLock::new(load::english);
static OF_PROCESS: OnceLock<Language> = OnceLock::new();

thread_local! {
    static LENT: Cell<Option<&'static Language>> = const { Cell::new(None) };
}

/// English, as it is built in.
#[must_use]
pub fn english() -> &'static Language {
    &ENGLISH
}

/// The language of what is being shown.
#[must_use]
pub fn current() -> &'static Language {
    LENT.get().or_else(|| OF_PROCESS.get()).unwrap_or_else(|| &ENGLISH)
}

/// Set the language of the process. Only the first call has an effect.
pub fn set(language: Language) {
    let _ = OF_PROCESS.set(language);
}

/// Do something in another language than the process's.
pub fn with<T>(language: &'static Language, act: impl FnOnce() -> T) -> T {
    /// Gives the language back, also if `act` panics.
    struct Lent(Option<&'static Language>);
    impl Drop for Lent {
        fn drop(&mut self) {
            LENT.set(self.0);
        }
    }
    let _before = Lent(LENT.replace(Some(language)));
    act()
}

/// The text of an id that has no arguments; an id that there is not reads as itself.
#[must_use]
pub fn get(id: &'static str) -> &'static str {
    current().fixed.get(id).map_or(id, String::as_str)
}

/// The text of an id that is made of a family and a key, such as `window-30m`, if there is one.
#[must_use]
pub fn find(family: &str, key: &str) -> Option<&'static str> {
    current().fixed.get(&format!("{family}-{key}")).map(String::as_str)
}

/// The same, or else the key itself.
#[must_use]
pub fn keyed<'a>(family: &str, key: &'a str) -> &'a str {
    find(family, key).unwrap_or(key)
}

/// The text of an id with its arguments.
#[must_use]
pub fn text_with<const N: usize>(id: &'static str, arguments: [(&'static str, FluentValue<'_>); N]) -> String {
    let bundle = &current().bundle;
    let arguments: FluentArgs<'_> = arguments.into_iter().collect();
    let pattern = bundle.get_message(id).and_then(|message| message.value());
    pattern.map_or_else(
        || id.to_owned(),
        |pattern| {
            // What can go wrong, an unknown argument or reference, is found when the language is loaded.
            let mut text = String::with_capacity(64);
            let _ = bundle.write_pattern(&mut text, pattern, Some(&arguments), &mut Vec::new());
            text
        },
    )
}

/// The words for a KPI.
#[must_use]
pub fn kpi(id: KpiId) -> &'static KpiWords {
    #[expect(clippy::indexing_slicing, reason = "a language has the words of every entry of the catalogue")]
    &current().kpis[id as usize]
}

/// A sentence that a floor tells, in this language where it is one of the fixed ones.
#[must_use]
pub fn told(sentence: &str) -> &str {
    current().told.get(sentence).map_or(sentence, String::as_str)
}

/// What may stand in a text.
pub trait Argument {
    /// The value for Fluent: numbers choose the plural.
    fn value(&self) -> FluentValue<'_>;
}

impl Argument for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl Argument for std::borrow::Cow<'_, str> {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_ref())
    }
}

impl<const MAX: usize> Argument for Clean<MAX> {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

impl<T: Argument + ?Sized> Argument for &mut T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Argument for $number {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        })*
    };
}

numbers!(u8 u16 u32 u64 usize i32 i64);

/// The text of an id: `text!("id")` is a `&'static str`, and `text!("id", name = value, …)` a `String`.
macro_rules! text {
    ($id:literal) => {
        $crate::language::get($id)
    };
    ($id:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::language::text_with($id, [$((stringify!($name), $crate::language::Argument::value(&$value))),+])
    };
}
pub(crate) use text;
