//! Reads events of any vendor as contact events: rules in the configuration say which type becomes which, and where its
//! fields are.

mod field;

use std::collections::BTreeMap;

use jmespath::{Rcvar, Variable};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::event::{AgentState, Event};
use crate::source::format::contact_events::{self, KNOWN_TYPES};
use crate::source::format::csv::Words;
use crate::source::format::limits::check_json;
use crate::source::format::surrogates;
use crate::source::network::http::JmesPath;
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use crate::text::Label;
use crate::text::suggest::suggestion;
use field::{FieldSource, FieldValue};

/// The most rules of a mapping.
const MAX_RULES: usize = 200;
/// The most names of queues and agents.
const MAX_NAMES: usize = 10_000;
/// The fields of contact events that hold the id of a queue or an agent.
const NAMED_FIELDS: [&str; 5] = ["queue", "agent", "to_queue", "to_agent", "queues"];

/// The table `events`: how to read a vendor's events. All paths are `JMESPath` expressions that begin at an event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventMap {
    /// The vendor's id of the event: what is sent again has the same.
    pub id: JmesPath,
    /// The vendor's word for what happened.
    #[serde(rename = "type")]
    pub kind: JmesPath,
    /// When it happened.
    pub time: JmesPath,
    /// Events for which this is not true are left out.
    #[serde(default)]
    pub only: Option<JmesPath>,
    /// Types that are left out; others without a rule are counted as unknown.
    #[serde(default)]
    pub ignored: Words,
    /// The rules. All that fit an event apply, so that it can become several.
    pub map: Vec<EventRule>,
    /// Names of queues and agents, where the vendor has ids.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

/// A rule: what events of some types become.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// The vendor's types.
    pub on: Words,
    /// Only if this is true.
    #[serde(default)]
    pub when: Option<JmesPath>,
    /// The type of the contact event, without its prefix.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, if not at the event's time.
    #[serde(default)]
    pub time: Option<JmesPath>,
    /// The fields of the contact event.
    pub data: BTreeMap<String, FieldSource>,
}

impl EventMap {
    /// Check what can be checked without an event.
    ///
    /// # Errors
    /// What is wrong with the mapping.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.map.is_empty() {
            return Err("has no rule: write [[source.events.map]]".to_owned());
        }
        if self.map.len() > MAX_RULES || self.names.len() > MAX_NAMES {
            return Err(format!("is too long: {MAX_RULES} rules and {MAX_NAMES} names are the most"));
        }
        for rule in &self.map {
            if !KNOWN_TYPES.contains(&rule.kind.as_str()) {
                return Err(format!("has a rule for the type `{}`{}", rule.kind, suggestion(&rule.kind, KNOWN_TYPES)));
            }
            if rule.on.is_empty() {
                return Err(format!("has a rule for {} without the vendor's types (`on`)", rule.kind));
            }
            for (field, source) in &rule.data {
                source.check().map_err(|wrong| format!("has a rule for {} whose `{field}` {wrong}", rule.kind))?;
            }
        }
        Ok(())
    }

    /// Read one event of the vendor. It becomes no contact event where the mapping leaves it out; unknown types are counted
    /// in `tally`. Contact events are read as they are.
    ///
    /// # Errors
    /// Why it can't be read.
    pub(super) fn read(
        &self,
        text: &[u8],
        latest: Time,
        origin: &Label,
        tally: &mut InputTally,
    ) -> Result<Vec<Event>, RejectionReason> {
        let event = parse(text)?;
        let missing = |what: &str, path: &JmesPath| format!("without {what}: there is nothing at `{path}`");
        let kind = self.kind.text(&event)?.ok_or_else(|| missing("a type", &self.kind))?;
        if kind.starts_with(contact_events::PREFIX) {
            return Ok(contact_events::parse(text, latest, tally)?.into_iter().collect());
        }
        let mut rules = self.map.iter().filter(|rule| rule.on.contains(&kind)).peekable();
        if rules.peek().is_none() && !self.ignored.contains(&kind) {
            tally.unknown(&kind);
        }
        if !is_true(self.only.as_ref(), &event)? {
            return Ok(Vec::new());
        }
        let (mut events, mut wrong) = (Vec::new(), None);
        for rule in rules {
            match self.apply(rule, &event, events.len(), (latest, origin), tally) {
                Ok(read) => events.extend(read),
                Err(reason) => _ = wrong.get_or_insert((rule, reason)),
            }
        }
        match wrong {
            Some((_, reason)) if events.is_empty() => Err(reason),
            // What the other rules made of the event is no worse for it.
            Some((rule, _)) => {
                tally.unknown_field(&rule.kind);
                Ok(events)
            }
            None => Ok(events),
        }
    }

    /// What a rule makes of an event of which others have made `nth` before.
    fn apply(
        &self,
        rule: &EventRule,
        event: &Rcvar,
        nth: usize,
        (latest, origin): (Time, &Label),
        tally: &mut InputTally,
    ) -> Result<Option<Event>, RejectionReason> {
        let missing = |what: &str, path: &JmesPath| format!("without {what}: there is nothing at `{path}`");
        let Some((data, odd)) = rule.data(event, &self.names)? else { return Ok(None) };
        let id = self.id.text(event)?.ok_or_else(|| missing("an id", &self.id))?;
        let time = match &rule.time {
            Some(own) => own.time(event)?,
            None => None,
        };
        let time = time.map_or_else(|| self.time.time(event), |time| Ok(Some(time)))?;
        let time = time.ok_or_else(|| missing("a time", &self.time))?;
        // What an event became the last time has the same ids again, however often it is sent.
        let id = if nth == 0 { format!("{id}/{}", rule.kind) } else { format!("{id}/{}/{nth}", rule.kind) };
        let kind = format!("{}{}", contact_events::PREFIX, rule.kind);
        let parse = |data: &Map<String, Value>, tally: &mut InputTally| {
            let written =
                json!({"specversion": "1.0", "id": id, "source": origin, "type": kind, "time": time, "data": data});
            contact_events::parse(written.to_string().as_bytes(), latest, tally)
        };
        match parse(&data, tally) {
            Ok(read) => {
                for (field, _) in &odd {
                    tally.unknown_field(&format!("{} {field}", rule.kind));
                }
                Ok(read)
            }
            Err(reason) if odd.is_empty() => rule.without_odd_field(&data, tally, parse).ok_or(reason).map(Some),
            // Why a field that is needed can't be read says more than that it is missing.
            Err(reason) => {
                let said = reason.to_string();
                let needed = odd.into_iter().find(|(field, _)| said.contains(field));
                Err(needed.map_or(reason, |(_, why)| why))
            }
        }
    }
}

impl EventRule {
    /// Read an event without the one field that is odd, which is counted; `None` if it can't be read without it either. A
    /// priority in words costs no contact.
    fn without_odd_field(
        &self,
        data: &Map<String, Value>,
        tally: &mut InputTally,
        parse: impl Fn(&Map<String, Value>, &mut InputTally) -> Result<Option<Event>, RejectionReason>,
    ) -> Option<Event> {
        data.keys().find_map(|odd| {
            let mut rest = data.clone();
            rest.remove(odd);
            let read = parse(&rest, tally).ok().flatten()?;
            tally.unknown_field(&format!("{} {odd}", self.kind));
            Some(read)
        })
    }

    /// The fields of the contact event that an event becomes, and those that are odd; `None` if the rule does not apply to it.
    fn data(&self, event: &Rcvar, names: &BTreeMap<String, String>) -> Result<Option<MappedData<'_>>, RejectionReason> {
        if !is_true(self.when.as_ref(), event)? {
            return Ok(None);
        }
        let (mut data, mut odd) = (Map::new(), Vec::new());
        for (field, source) in &self.data {
            match source.read(event) {
                Err(reason) => {
                    // Whatever it is, the state before is over.
                    if self.kind == "agent.state" && field == "state" {
                        data.insert(field.clone(), AgentState::Unknown.key().into());
                    }
                    odd.push((field.as_str(), reason.about(&self.kind)));
                }
                Ok(FieldValue::Ignored) => return Ok(None),
                Ok(FieldValue::Missing) => {}
                Ok(FieldValue::Is(value)) if NAMED_FIELDS.contains(&field.as_str()) => {
                    let renamed = |id: Value| {
                        id.as_str().and_then(|id| names.get(id)).map_or_else(|| id.clone(), |name| name.as_str().into())
                    };
                    // The queues of an agent may be a list of texts.
                    let served = |queue: Value| {
                        if self.kind == "agent.queues" && queue.is_string() { json!({ "queue": queue }) } else { queue }
                    };
                    let value = match value {
                        Value::Array(items) => items.into_iter().map(renamed).map(served).collect(),
                        one => renamed(one),
                    };
                    data.insert(field.clone(), value);
                }
                Ok(FieldValue::Is(value)) => _ = data.insert(field.clone(), value),
            }
        }
        Ok(Some((data, odd)))
    }
}

/// The fields of a contact event, and those that can't be read, with the reason.
type MappedData<'a> = (Map<String, Value>, Vec<(&'a str, RejectionReason)>);

/// Whether a condition holds; one that is absent does.
fn is_true(condition: Option<&JmesPath>, event: &Rcvar) -> Result<bool, RejectionReason> {
    Ok(condition.map_or(Ok(true), |path| path.find(event).map(|found| found.is_truthy()))?)
}

/// Parse an event, unless it is too large.
fn parse(text: &[u8]) -> Result<Rcvar, RejectionReason> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8")?;
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object".into());
    }
    check_json(text.as_bytes())?;
    let mended = surrogates::mended(text);
    let parsed = Variable::from_json(mended.as_deref().unwrap_or(text));
    parsed.map(Rcvar::new).map_err(|error| RejectionReason::new("not an event in JSON", error))
}

#[cfg(test)]
mod tests;
