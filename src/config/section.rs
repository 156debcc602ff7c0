//! Reads one table of the file key by key.
//!
//! A section remembers which keys were read. [`Section::done`] reports every other key of the table as a mistake and
//! suggests the nearest key that was read, so that there is no second list of known keys to maintain.

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::clock::{Span, duration};
use crate::text::Label;
use crate::text::suggest::{nearest, suggestion};

/// What reading the file has found.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    /// The mistakes: the byte offset of each and the message.
    pub(super) mistakes: Vec<(usize, String)>,
    /// Keys that were read but aren't in the file, for the test of the example configuration.
    pub(super) absent: Vec<String>,
}

/// A position in the file, in bytes from its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteOffset(usize);

/// A table of the file; an absent one reads as empty.
pub(super) struct Section<'d> {
    path: String,
    /// The byte where the table begins. Mistakes about a key that is absent are reported here.
    offset: usize,
    table: Option<&'d DeTable<'d>>,
    asked: Vec<&'static str>,
    diagnostics: &'d RefCell<Diagnostics>,
}

impl<'d> Section<'d> {
    /// The whole file.
    pub(super) fn root(table: &'d DeTable<'d>, diagnostics: &'d RefCell<Diagnostics>) -> Self {
        Self { path: String::new(), offset: 0, table: Some(table), asked: Vec::new(), diagnostics }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn get(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.push(key);
        let value = self.table.and_then(|table| table.get(key));
        if value.is_none() {
            let name = self.name(key);
            self.diagnostics.borrow_mut().absent.push(name);
        }
        value
    }

    /// Report that the value of a key is wrong.
    pub(super) fn complain(&self, key: &str, what: &str) {
        let at = self.table.and_then(|table| table.get(key)).map_or(self.offset, |value| value.span().start);
        self.diagnostics.borrow_mut().mistakes.push((at, format!("`{}` {what}", self.name(key))));
    }

    /// Report that an item of a list is wrong.
    pub(super) fn complain_at(&self, offset: ByteOffset, key: &str, what: &str) {
        self.diagnostics.borrow_mut().mistakes.push((offset.0, format!("`{}` {what}", self.name(key))));
    }

    /// A value of any type; `what` names the expected form for the message.
    pub(super) fn typed<T: DeserializeOwned>(&mut self, key: &'static str, what: &str) -> Option<T> {
        let value = self.get(key)?;
        let read = T::deserialize(ValueDeserializer::from(value.clone())).ok();
        if read.is_none() {
            self.complain(key, &format!("must be {what}, not {}", describe(value.get_ref())));
        }
        read
    }

    /// A text, cleaned as a [`Label`].
    pub(super) fn text(&mut self, key: &'static str) -> Option<Label> {
        self.typed(key, "a text in quotes")
    }

    /// A text as it is, such as a path or a pattern.
    pub(super) fn raw_text(&mut self, key: &'static str) -> Option<String> {
        self.typed(key, "a text in quotes")
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "`true` or `false`")
    }

    /// A whole number of 0 or more.
    pub(super) fn count(&mut self, key: &'static str) -> Option<u64> {
        self.typed(key, "a whole number of 0 or more")
    }

    /// A number.
    pub(super) fn number(&mut self, key: &'static str) -> Option<f64> {
        let number: f64 = self.typed(key, "a number")?;
        if number.is_finite() {
            return Some(number);
        }
        self.complain(key, "must be a finite number");
        None
    }

    /// A length of time: a number of seconds, or text such as `15m`.
    pub(super) fn span(&mut self, key: &'static str) -> Option<Span> {
        let value = self.get(key)?;
        let words = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => describe(other),
        };
        match duration::parse(&words) {
            Ok(span) => Some(span),
            Err(error) => {
                self.complain(key, &format!("is wrong: {error}"));
                None
            }
        }
    }

    /// One of the words of `choices`.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let word: String = self.typed(key, "one word in quotes")?;
        let found = pick(&word, choices);
        if found.is_none() {
            self.complain(key, &unknown_word(&word, choices));
        }
        found
    }

    /// A list of words of `choices`.
    pub(super) fn choices<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<Vec<T>> {
        let words: Vec<String> = self.typed(key, "a list of words, such as `[\"closed\"]`")?;
        let mut found = Vec::with_capacity(words.len());
        for word in words {
            match pick(&word, choices) {
                Some(choice) => found.push(choice),
                None => self.complain(key, &unknown_word(&word, choices)),
            }
        }
        Some(found)
    }

    /// A list of patterns of names.
    pub(super) fn patterns(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "a list of names in quotes, such as `[\"sales*\"]`")
    }

    /// A text, or a list of texts.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.table?.get(key)?;
        let deserializer = || ValueDeserializer::from(value.clone());
        let one = <String as serde::Deserialize>::deserialize(deserializer()).map(|text| vec![text]);
        let texts = one.or_else(|_| <Vec<String> as serde::Deserialize>::deserialize(deserializer())).ok();
        if texts.is_none() {
            self.complain(key, "must be a text or a list of texts");
        }
        texts
    }

    /// A table within this one.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let value = self.get(key);
        self.child(key, value)
    }

    /// The tables within this one by names that the file chooses: `[queue.NAME]`.
    pub(super) fn named(&mut self, key: &'static str) -> Vec<(Label, Self)> {
        let outer = self.section(key);
        let Some(table) = outer.table else { return Vec::new() };
        table
            .iter()
            .map(|(name, value)| (Label::new(name.get_ref()), outer.child(name.get_ref(), Some(value))))
            .collect()
    }

    fn child(&self, key: &str, value: Option<&'d Spanned<DeValue<'d>>>) -> Self {
        let table = value.and_then(|value| value.get_ref().as_table());
        if value.is_some() && table.is_none() {
            self.complain(key, &format!("must be a table: write `[{}]`", self.name(key)));
        }
        let offset = value.map_or(0, |value| value.span().start);
        Self { path: self.name(key), offset, table, asked: Vec::new(), diagnostics: self.diagnostics }
    }

    /// The keys of a table whose keys the file chooses.
    pub(super) fn keys(&self) -> Vec<String> {
        self.table.map(|table| table.keys().map(|key| key.get_ref().to_string()).collect()).unwrap_or_default()
    }

    /// A value of a type that deserializes itself, under a key that the file chooses.
    pub(super) fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.table?.get(key)?;
        self.deserialize_at(key, value)
    }

    /// A list of tables of a type that deserializes itself, `[[alert]]`, each with the position for messages about it.
    pub(super) fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<(ByteOffset, T)> {
        let items = self.items(key);
        items.iter().filter_map(|item| Some((ByteOffset(item.span().start), self.deserialize_at(key, item)?))).collect()
    }

    /// A list of tables, `[[source]]`, each to be read key by key.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Self> {
        let items = self.items(key);
        items.iter().map(|item| Self { offset: item.span().start, ..self.child(key, Some(item)) }).collect()
    }

    fn items(&mut self, key: &'static str) -> &'d [Spanned<DeValue<'d>>] {
        let Some(value) = self.get(key) else { return &[] };
        if let Some(items) = value.get_ref().as_array() {
            return items;
        }
        self.complain(key, &format!("must be a list of tables: write `[[{}]]`", self.name(key)));
        &[]
    }

    /// Whether the file has the table.
    pub(super) const fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Whether the table has a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Deserialize the keys that have not been read yet.
    pub(super) fn rest<T>(&self, read: impl FnOnce(ValueDeserializer<'d>) -> Result<T, toml::de::Error>) -> Option<T> {
        let mut rest = self.table.cloned().unwrap_or_default();
        for key in &self.asked {
            rest.remove(*key);
        }
        match read(ValueDeserializer::from(Spanned::new(self.offset..self.offset, DeValue::Table(rest)))) {
            Ok(read) => Some(read),
            Err(error) => {
                let at = error.span().map_or(self.offset, |span| span.start);
                let text = format!("`{}`: {}", self.path, shorten_expected(error.message(), &self.asked));
                self.diagnostics.borrow_mut().mistakes.push((at, text));
                None
            }
        }
    }

    fn deserialize_at<T: DeserializeOwned>(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Option<T> {
        match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(read) => Some(read),
            Err(error) => {
                let at = error.span().map_or(value.span().start, |span| span.start);
                let text = format!("`{}`: {}", self.name(key), shorten_expected(error.message(), &[]));
                self.diagnostics.borrow_mut().mistakes.push((at, text));
                None
            }
        }
    }

    /// Report an unknown key; `known` are the keys to suggest from.
    pub(super) fn unknown<'k>(&self, key: &str, known: impl IntoIterator<Item = &'k str> + Clone) {
        let name = self.table.and_then(|table| table.keys().find(|name| name.get_ref() == key));
        let at = name.map_or(0, |name| name.span().start);
        let text = format!("`{}` is not a key floorwatch knows{}", self.name(key), suggestion(key, known));
        self.diagnostics.borrow_mut().mistakes.push((at, text));
    }

    /// Ends the reading of the table: every key that was not read is a mistake.
    pub(super) fn done(self) {
        for key in self.keys() {
            if !self.asked.contains(&key.as_str()) {
                self.unknown(&key, self.asked.iter().copied());
            }
        }
    }
}

fn pick<T: Copy>(word: &str, choices: &[(&'static str, T)]) -> Option<T> {
    choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice)
}

fn unknown_word<T>(word: &str, choices: &[(&'static str, T)]) -> String {
    format!("can't be `{}`{}", Label::new(word), suggestion(word, choices.iter().map(|(name, _)| *name)))
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text `{}`", Label::new(text)),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Shortens serde's list of expected names to the one that was probably meant.
fn shorten_expected(message: &str, also: &[&str]) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let (Some(wrong), known) = (words.next(), words.chain(also.iter().copied()).collect::<Vec<_>>()) else {
        return message.to_owned();
    };
    let kind = ["unknown field", "unknown variant"].into_iter().find(|kind| message.starts_with(kind));
    match (kind, nearest(wrong, known)) {
        (Some(kind), Some(near)) => format!("{kind} `{wrong}`; did you mean `{near}`?"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_s_list_becomes_a_suggestion() {
        assert_eq!(
            shorten_expected("unknown field `pth`, expected one of `name`, `path`, `kind`", &[]),
            "unknown field `pth`; did you mean `path`?"
        );
        assert_eq!(shorten_expected("missing field `name`", &[]), "missing field `name`");
        assert_eq!(shorten_expected("no ticks at all", &[]), "no ticks at all");
    }
}
