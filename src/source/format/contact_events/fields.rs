//! The fields of a JSON object, read by name. Values are parsed only when they are read, and fields that were never read
//! can be listed.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::clock::Span;
use crate::source::format::limits::MAX_DURATION_S;
use crate::source::format::surrogates;
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

const MAX_DURATION: Span = Span::seconds(MAX_DURATION_S);

/// The fields of an object, as borrowed JSON text.
pub(super) struct JsonFields<'a> {
    entries: SmallVec<[(Cow<'a, str>, &'a RawValue); 12]>,
    /// A bit for each of the first 64 entries that was read.
    read: u64,
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
        Ok(JsonFields { entries, read: 0 })
    }
}

/// A field's name, borrowed unless it contains escapes.
#[derive(serde::Deserialize)]
struct FieldName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> JsonFields<'a> {
    pub(super) fn parse(data: &'a RawValue) -> Result<Self, RejectionReason> {
        Self::parse_text(data.get()).map_err(|_| "data is not an object".into())
    }

    pub(super) fn parse_text(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::Deserializer::from_str(text).deserialize_map(JsonFieldsVisitor)
    }

    /// The JSON text of a field; `None` if it is missing or `null`.
    fn raw(&mut self, name: &str) -> Option<&'a str> {
        let index = self.entries.iter().position(|(key, _)| key == name)?;
        self.read |= 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0);
        self.entries.get(index).map(|(_, raw)| raw.get()).filter(|&raw| raw != "null")
    }

    /// A string; a number is accepted too, as some senders write numeric ids without quotes.
    fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) if !inner.contains('\\') => Ok(Some(Cow::Borrowed(inner))),
            Some(_) => {
                let read = |raw: &str| serde_json::from_str::<String>(raw).ok();
                let text = read(raw).or_else(|| read(&surrogates::mended(raw)?));
                text.map(|text| Some(Cow::Owned(text))).ok_or_else(|| invalid(name, "text"))
            }
            None if raw.starts_with(|c: char| c.is_ascii_digit() || c == '-') => Ok(Some(Cow::Borrowed(raw))),
            None => Err(invalid(name, "text")),
        }
    }

    /// A name or id; `None` if missing or empty.
    pub(super) fn label(&mut self, name: &str) -> Result<Option<Label>, RejectionReason> {
        Ok(self.text(name)?.map(|text| id_label(text.as_bytes())).filter(|label| !label.is_empty()))
    }

    /// A name or id that must be present.
    pub(super) fn required(&mut self, name: &str) -> Result<Label, RejectionReason> {
        match self.raw(name) {
            None => Err(missing(name)),
            Some(_) => self.label(name)?.ok_or_else(|| format!("{name} is empty").into()),
        }
    }

    /// One of the words that `parse` accepts.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, RejectionReason> {
        match self.text(name)? {
            None => Ok(None),
            Some(word) => match parse(&word) {
                Some(value) => Ok(Some(value)),
                None => Err(RejectionReason::new(&format!("{name} is none of its words"), Label::new(&word))),
            },
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<f64>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let number = serde_json::from_str(raw).ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| invalid(name, "a number"))
    }

    /// A duration in seconds.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Span>, RejectionReason> {
        let Some(seconds) = self.number(name)? else { return Ok(None) };
        let span = Span::from_secs_f64(seconds).filter(|span| (Span::ZERO..=MAX_DURATION).contains(span));
        span.map(Some)
            .ok_or_else(|| RejectionReason::new(&format!("{name} is not 0 to a year"), format_args!("{seconds} s")))
    }

    /// A whole number in the range of `T`.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, name: &str) -> Result<Option<T>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        // Some senders write whole numbers as `3.0`.
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
        let number = serde_json::from_str::<i64>(raw).ok();
        let number = number.or_else(|| serde_json::from_str::<f64>(raw).ok().and_then(whole));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.map(Some).ok_or_else(|| invalid(name, "a whole number in its range"))
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| invalid(name, "true or false"))
    }

    pub(super) fn labels(&mut self, name: &str) -> Result<Vec<Label>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let read = |raw: &str| serde_json::from_str::<Vec<Label>>(raw).ok();
        let labels = read(raw).or_else(|| read(&surrogates::mended(raw)?));
        let mut labels = labels.ok_or_else(|| invalid(name, "a list of texts"))?;
        labels.retain(|label| !label.is_empty());
        Ok(labels)
    }

    /// A nested object.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, RejectionReason> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        Self::parse_text(raw).map(Some).map_err(|_| invalid(name, "an object"))
    }

    /// A list of nested objects, which must be present.
    pub(super) fn objects(&mut self, name: &str) -> Result<Vec<Self>, RejectionReason> {
        let raw = self.raw(name).ok_or_else(|| missing(name))?;
        let items: Vec<&'a RawValue> = serde_json::from_str(raw).map_err(|_| invalid(name, "a list"))?;
        let objects = items.into_iter().map(|item| Self::parse_text(item.get()));
        objects.collect::<Result<_, _>>().map_err(|_| invalid(name, "a list of objects"))
    }

    /// The fields that were never read: name and JSON text.
    pub(super) fn unread(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let read = self.read;
        self.entries.iter().enumerate().filter_map(move |(index, (key, raw))| {
            let seen = index < 64 && read & (1 << index) != 0;
            (!seen).then(|| (key.as_ref(), raw.get()))
        })
    }
}

pub(super) fn missing(name: &str) -> RejectionReason {
    format!("{name} is missing").into()
}

pub(super) fn invalid(name: &str, what: &str) -> RejectionReason {
    format!("{name} is not {what}").into()
}
