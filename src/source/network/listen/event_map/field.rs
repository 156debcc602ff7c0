//! Where the value of a field of a contact event comes from: a path, a constant, or a path with what to make of its value.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use jmespath::Rcvar;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::source::format::csv::Words;
use crate::source::network::http::JmesPath;
use crate::source::rejection::RejectionReason;

/// The word that makes a rule leave an event out.
const IGNORED: &str = "ignored";

/// Where a field's value is.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldSource {
    /// The same for every event: `{ value = … }`.
    Constant(Value),
    /// At a path: `"…"`, or `{ path = "…", … }`.
    Path(Box<FieldPath>),
}

/// A path, and what to make of the value there.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldPath {
    path: JmesPath,
    /// Only what follows the last of these: the id at the end of an ARN, or of each in a list.
    after: Option<String>,
    /// What the vendor's words mean; `None` leaves the event out.
    words: Vec<(Words, Option<String>)>,
    /// A factor on a number: 0.001 for a vendor that counts milliseconds.
    scale: Option<f64>,
}

/// What an event has for a field.
pub(super) enum FieldValue {
    Is(Value),
    Missing,
    /// A word that makes the rule leave the event out.
    Ignored,
}

impl FieldSource {
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Path(path) if path.scale.is_some_and(|scale| !(scale.is_finite() && scale > 0.0)) => {
                Err("has a `scale` that is no number over 0".to_owned())
            }
            Self::Path(path) if path.scale.is_some() && !path.words.is_empty() => {
                Err("can't have both `words` and `scale`".to_owned())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn read(&self, event: &Rcvar) -> Result<FieldValue, RejectionReason> {
        match self {
            Self::Constant(value) => Ok(FieldValue::Is(value.clone())),
            Self::Path(path) => path.read(event),
        }
    }
}

impl FieldPath {
    fn read(&self, event: &Rcvar) -> Result<FieldValue, RejectionReason> {
        let Self { path, after, words, scale } = self;
        if let Some(scale) = scale {
            let number = path.number(event)?;
            return Ok(number.map_or(FieldValue::Missing, |number| FieldValue::Is((number * scale).into())));
        }
        if after.is_none() && words.is_empty() {
            let found = path.find(event)?;
            let value = serde_json::to_value(&*found).map_err(|error| RejectionReason::new("not JSON", error))?;
            let is_missing = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
            return Ok(if is_missing { FieldValue::Missing } else { FieldValue::Is(value) });
        }
        let end = |text: String| match after.as_ref().and_then(|after| text.rsplit_once(after.as_str())) {
            Some((_, end)) => end.to_owned(),
            None => text,
        };
        if words.is_empty() && path.find(event)?.is_array() {
            let (texts, _) = path.texts(event)?.unwrap_or_default();
            return Ok(FieldValue::Is(texts.into_iter().map(end).collect()));
        }
        let Some(text) = path.text(event)?.map(end) else { return Ok(FieldValue::Missing) };
        if words.is_empty() {
            return Ok(FieldValue::Is(text.into()));
        }
        match words.iter().find(|(words, _)| words.contains(&text)) {
            Some((_, Some(meaning))) => Ok(FieldValue::Is(meaning.as_str().into())),
            Some((_, None)) => Ok(FieldValue::Ignored),
            None => Err(RejectionReason::new(&format!("`{path}` is a word that `words` does not have"), &text)),
        }
    }
}

/// The table that may stand in place of a path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    value: Option<Value>,
    path: Option<JmesPath>,
    after: Option<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    scale: Option<f64>,
}

impl<'de> Deserialize<'de> for FieldSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;
        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = FieldSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a JMESPath expression, { value = … } or { path = "…", words = { … } }"#)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FieldSource, E> {
                let path = JmesPath::compile(text).map_err(E::custom)?;
                Ok(FieldSource::Path(Box::new(FieldPath { path, after: None, words: Vec::new(), scale: None })))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldSource, A::Error> {
                let FieldTable { value, path, after, words, scale } =
                    FieldTable::deserialize(MapAccessDeserializer::new(map))?;
                match (value, path) {
                    (Some(value), None) if after.is_none() && words.is_empty() && scale.is_none() => {
                        Ok(FieldSource::Constant(value))
                    }
                    (None, Some(path)) => {
                        let mut words: Vec<_> = words.into_iter().collect();
                        // Exact words before patterns, and long patterns before short ones.
                        words.sort_by_key(|(word, _)| (word.contains(['*', '?']), Reverse(word.len())));
                        let meaning = |text: String| (text != IGNORED).then_some(text);
                        let words = words.into_iter().map(|(word, text)| (Words::new([word]), meaning(text))).collect();
                        Ok(FieldSource::Path(Box::new(FieldPath { path, after, words, scale })))
                    }
                    _ => Err(serde::de::Error::custom(
                        "a field is either { value = … } or { path = \"…\" } with `after`, `words` or `scale`",
                    )),
                }
            }
        }
        deserializer.deserialize_any(FieldVisitor)
    }
}
