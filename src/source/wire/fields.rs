//! The fields of an event's `data`, asked for by name; what nobody asked for is counted.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::clock::Span;
use crate::source::names::id_label;
use crate::text::Label;

/// Longer than any wait or talk that is meant: a year, in seconds.
const LONGEST: f64 = 31_536_000.0;

/// An object's fields as they stand in the text.
pub(super) struct JsonFields<'a> {
    entries: SmallVec<[(Cow<'a, str>, &'a RawValue); 12]>,
    /// A bit for each entry that was asked for.
    asked: u64,
}

struct JsonFieldsVisitor;

impl<'de> Visitor<'de> for JsonFieldsVisitor {
    type Value = JsonFields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = SmallVec::new();
        while let Some(FieldName(key)) = map.next_key()? {
            entries.push((key, map.next_value::<&RawValue>()?));
        }
        Ok(JsonFields { entries, asked: 0 })
    }
}

/// A key, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> JsonFields<'a> {
    pub(super) fn parse(data: &'a RawValue) -> Result<Self, String> {
        Self::parse_text(data.get()).map_err(|_| "data is not an object".to_owned())
    }

    pub(super) fn parse_text(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::Deserializer::from_str(text).deserialize_map(JsonFieldsVisitor)
    }

    /// The raw value of a field; `null` is as if it weren't there.
    fn raw(&mut self, name: &str) -> Option<&'a str> {
        let index = self.entries.iter().position(|(key, _)| key == name)?;
        self.asked |= 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0);
        self.entries.get(index).map(|(_, raw)| raw.get()).filter(|&raw| raw != "null")
    }

    /// Text, or a number where a name or id happens to be one.
    fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) if !inner.contains('\\') => Ok(Some(Cow::Borrowed(inner))),
            Some(_) => {
                serde_json::from_str(raw).map(|text: String| Some(Cow::Owned(text))).map_err(|_| not(name, "text"))
            }
            None if raw.starts_with(|c: char| c.is_ascii_digit() || c == '-') => Ok(Some(Cow::Borrowed(raw))),
            None => Err(not(name, "text")),
        }
    }

    /// A name; an empty one is none.
    pub(super) fn label(&mut self, name: &str) -> Result<Option<Label>, String> {
        Ok(self.text(name)?.map(|text| id_label(text.as_bytes())).filter(|label| !label.is_empty()))
    }

    /// A name that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<Label, String> {
        match self.raw(name) {
            None => Err(missing(name)),
            Some(_) => self.label(name)?.ok_or_else(|| format!("{name} is empty")),
        }
    }

    /// One of the words of a closed list.
    pub(super) fn word<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        match self.text(name)? {
            None => Ok(None),
            Some(word) => match parse(&word) {
                Some(value) => Ok(Some(value)),
                None => Err(format!("{name} is \"{}\", which is none of its words", Label::new(&word))),
            },
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<f64>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let number = serde_json::from_str(raw).ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| not(name, "a number"))
    }

    /// A length of time in seconds.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Span>, String> {
        let Some(seconds) = self.number(name)? else { return Ok(None) };
        if !(0.0..=LONGEST).contains(&seconds) {
            return Err(format!("{name} is {seconds} s: from 0 to a year is meant"));
        }
        Ok(Span::from_secs_f64(seconds))
    }

    /// A whole number that fits `T`.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        // Some programs write whole numbers as `3.0`.
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
        let number = serde_json::from_str::<i64>(raw).ok();
        let number = number.or_else(|| serde_json::from_str::<f64>(raw).ok().and_then(whole));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.map(Some).ok_or_else(|| not(name, "a whole number in its range"))
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| not(name, "true or false"))
    }

    pub(super) fn labels(&mut self, name: &str) -> Result<Vec<Label>, String> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let mut labels: Vec<Label> = serde_json::from_str(raw).map_err(|_| not(name, "a list of texts"))?;
        labels.retain(|label| !label.is_empty());
        Ok(labels)
    }

    /// An object within.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, String> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        Self::parse_text(raw).map(Some).map_err(|_| not(name, "an object"))
    }

    /// The names that nobody asked for.
    pub(super) fn unasked(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let asked = self.asked;
        self.entries.iter().enumerate().filter_map(move |(index, (key, raw))| {
            let seen = index < 64 && asked & (1 << index) != 0;
            (!seen).then(|| (key.as_ref(), raw.get()))
        })
    }
}

pub(super) fn missing(name: &str) -> String {
    format!("{name} is missing")
}

pub(super) fn not(name: &str, what: &str) -> String {
    format!("{name} is not {what}")
}
