//! Contact events, floorwatch's own wire format: parser and writer.
//!
//! An event is a [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) JSON object on
//! one line. Unknown types and fields are counted and ignored; an event that violates the format is rejected with the
//! name of the field.

mod fields;
mod write;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock::{Span, Time};
use crate::event::{
    AgentProfile, AgentState, Channel, EndedBy, Event, EventKind, LeftReason, Membership, Offer, QueueProfile, Scored,
    SelfService, Step, Survey, TransferKind,
};
use crate::kpi::figure::MAX_OBSERVED;
use crate::source::format::limits::EARLIEST_TIME;
use crate::source::format::surrogates;
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::source::tally::InputTally;
use fields::{JsonFields, invalid, missing};
pub use write::to_line;

/// The prefix of every event type.
pub(crate) const PREFIX: &str = "floorwatch.";

/// The attributes that are used; CloudEvents' other attributes and extensions are ignored.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    specversion: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Parse one event. `Ok(None)` if its type is unknown; unknown types and fields are counted in `tally`.
///
/// # Errors
/// Why the event is rejected: it is not JSON, a field is missing or outside its range, or its time is later than
/// `latest`.
pub fn parse(line: &[u8], latest: Time, tally: &mut InputTally) -> Result<Option<Event>, RejectionReason> {
    let text = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object: one event a line".into());
    }
    let envelope: Envelope<'_> = match serde_json::from_str(text) {
        Ok(envelope) => envelope,
        Err(error) => {
            let mended = surrogates::mended(text).ok_or_else(|| RejectionReason::new("not an event in JSON", error))?;
            return parse(mended.as_bytes(), latest, tally);
        }
    };
    let version = envelope.specversion.ok_or_else(|| missing("specversion"))?;
    if version != "1.0" {
        return Err(RejectionReason::new("specversion is not 1.0", &version));
    }
    let attribute = |value: Option<Cow<'_, str>>, name| match value {
        None => Err(missing(name)),
        Some(text) => {
            let label = id_label(text.as_bytes());
            if label.is_empty() { Err(format!("{name} is empty").into()) } else { Ok(label) }
        }
    };
    let id = attribute(envelope.id, "id")?;
    let origin = attribute(envelope.source, "source")?;
    let kind = envelope.kind.ok_or_else(|| missing("type"))?;
    let time = envelope.time.ok_or_else(|| missing("time"))?;
    let at = Time::parse_rfc3339(&time).map_err(|_| invalid("time", "RFC 3339 with an offset"))?;
    if at < EARLIEST_TIME {
        return Err("time is in 1970 or before: set the clock of the machine that sends it".into());
    }
    if at > latest {
        return Err("time is more than a day ahead: compare the clocks of both machines".into());
    }
    let Some(name) = kind.strip_prefix(PREFIX) else {
        tally.unknown(&kind);
        return Ok(None);
    };
    if !is_known(name) {
        tally.unknown(&kind);
        return Ok(None);
    }
    let mut data = JsonFields::parse(envelope.data.ok_or_else(|| missing("data"))?)?;
    let parsed = if name == "queue.observed" { observed(&mut data, tally) } else { parse_kind(name, &mut data, tally) };
    let kind = parsed.map_err(|reason| reason.about(&kind))?;
    if !matches!(kind, EventKind::Observed { .. }) {
        for (field, _) in data.unread() {
            tally.unknown_field(field);
        }
    }
    Ok(Some(Event { at, origin, id: Some(id), kind }))
}

/// Every event type, without the prefix `floorwatch.`.
pub const KNOWN_TYPES: [&str; 23] = [
    "contact.offered",
    "contact.ringing",
    "contact.ring_no_answer",
    "contact.answered",
    "contact.responded",
    "contact.abandoned",
    "contact.left",
    "contact.held",
    "contact.resumed",
    "contact.transferred",
    "contact.completed",
    "contact.wrapped",
    "contact.classified",
    "contact.resolved",
    "contact.reopened",
    "survey.answered",
    "quality.scored",
    "self_service.ended",
    "agent.state",
    "agent.queues",
    "agent.profile",
    "queue.profile",
    "queue.observed",
];

fn is_known(name: &str) -> bool {
    KNOWN_TYPES.contains(&name)
}

/// The data of an event of a known type, other than `queue.observed`.
fn parse_kind(name: &str, data: &mut JsonFields<'_>, tally: &mut InputTally) -> Result<EventKind, RejectionReason> {
    Ok(match name {
        "self_service.ended" => EventKind::SelfService(SelfService {
            session: data.required("session")?,
            contained: data.boolean("contained")?.ok_or_else(|| missing("contained"))?,
            channel: data.word("channel", Channel::parse)?,
            intent: data.label("intent")?,
            customer: data.label("customer")?,
        }),
        "agent.state" => EventKind::AgentState {
            agent: data.required("agent")?,
            state: agent_state(data, tally),
            reason: data.label("reason")?,
            lasts: None,
        },
        "agent.queues" => EventKind::AgentQueues {
            agent: data.required("agent")?,
            queues: data.objects("queues")?.iter_mut().map(membership).collect::<Result<_, _>>()?,
        },
        "agent.profile" => EventKind::AgentProfile(AgentProfile {
            agent: data.required("agent")?,
            name: data.label("name")?,
            team: data.label("team")?,
            hired_on: data.label("hired_on")?,
            queues: data.labels("queues")?,
            skills: data.labels("skills")?,
            capacity: data.whole("capacity")?,
        }),
        "queue.profile" => EventKind::QueueProfile(QueueProfile {
            queue: data.required("queue")?,
            name: data.label("name")?,
            service_level_s: data.seconds("service_level_s")?.map(Span::as_secs_f64),
            channel: data.word("channel", Channel::parse)?,
        }),
        _ => {
            let contact = data.required("contact")?;
            let step = step(name, data)?;
            let queue = match &step {
                Step::Offered(offer) => Some(offer.queue.clone()),
                _ => data.label("queue")?,
            };
            EventKind::Contact { contact, queue, step }
        }
    })
}

/// The state of `agent.state`. One that is missing or is none of the words is unknown: the state before it is over.
fn agent_state(data: &mut JsonFields<'_>, tally: &mut InputTally) -> AgentState {
    data.word("state", AgentState::parse).ok().flatten().unwrap_or_else(|| {
        tally.unknown_field("state");
        AgentState::Unknown
    })
}

/// A queue of `agent.queues`.
fn membership(data: &mut JsonFields<'_>) -> Result<Membership, RejectionReason> {
    let limiting =
        |word: &str| AgentState::parse(word).filter(|state| matches!(state, AgentState::Paused | AgentState::Offline));
    Ok(Membership {
        queue: data.required("queue")?,
        state: data.word("state", limiting)?,
        reason: data.label("reason")?,
    })
}

/// The step of a type that is about a contact.
fn step(name: &str, data: &mut JsonFields<'_>) -> Result<Step, RejectionReason> {
    Ok(match name {
        "contact.offered" => Step::Offered(Offer {
            queue: data.required("queue")?,
            channel: data.word("channel", Channel::parse)?.unwrap_or_default(),
            intent: data.label("intent")?,
            customer: data.label("customer")?,
            priority: data.whole("priority")?,
            position: data.whole("position")?,
            auth_steps: data.whole("auth_steps")?,
            untimed: false,
            sampled: data.boolean("sampled")?.unwrap_or_default(),
        }),
        "contact.ringing" => Step::Ringing { agent: data.required("agent")? },
        "contact.ring_no_answer" => {
            Step::RingNoAnswer { agent: data.required("agent")?, ring: data.seconds("ring_s")? }
        }
        "contact.answered" => Step::Answered { agent: data.required("agent")?, wait: data.seconds("wait_s")? },
        "contact.responded" => Step::Responded { agent: data.required("agent")? },
        "contact.abandoned" => Step::Abandoned { wait: data.seconds("wait_s")?, position: data.whole("position")? },
        "contact.left" => Step::Left {
            reason: data.word("reason", LeftReason::parse)?.ok_or_else(|| missing("reason"))?,
            wait: data.seconds("wait_s")?,
        },
        "contact.held" => Step::Held,
        "contact.resumed" => Step::Resumed,
        "contact.transferred" => Step::Transferred {
            agent: data.label("agent")?,
            kind: data.word("kind", transfer_kind)?.ok_or_else(|| missing("kind"))?,
            to_queue: data.label("to_queue")?,
            to_agent: data.label("to_agent")?,
            to_number: data.label("to_number")?,
            talk: data.seconds("talk_s")?,
        },
        "contact.completed" => Step::Completed {
            agent: data.label("agent")?,
            ended_by: data.word("ended_by", ended_by)?,
            talk: data.seconds("talk_s")?,
            hold: data.seconds("hold_s")?,
        },
        "contact.wrapped" => Step::Wrapped { agent: data.required("agent")?, acw: data.seconds("acw_s")? },
        "contact.classified" => Step::Classified { intent: data.required("intent")? },
        "contact.resolved" => Step::Resolved {
            resolved: data.boolean("resolved")?.ok_or_else(|| missing("resolved"))?,
            reason: data.label("reason")?,
        },
        "contact.reopened" => Step::Reopened,
        "survey.answered" => Step::Survey(survey(data)?),
        _ => Step::Quality {
            evaluator: data.required("evaluator")?,
            score: within(data.number("score")?.ok_or_else(|| missing("score"))?, 0.0, 100.0, "score")?,
            failures: data.labels("failures")?,
        },
    })
}

fn survey(data: &mut JsonFields<'_>) -> Result<Survey, RejectionReason> {
    let csat = data.object("csat")?.map(|mut object| scored(&mut object, "csat")).transpose()?;
    let mut ces_higher_is_easier = false;
    let ces = match data.object("ces")? {
        Some(mut object) => {
            ces_higher_is_easier = object.boolean("higher_is_easier")?.unwrap_or(false);
            Some(scored(&mut object, "ces")?)
        }
        None => None,
    };
    let nps = data.whole::<u8>("nps")?;
    if nps.is_some_and(|nps| nps > 10) {
        return Err("nps is outside 0 to 10".into());
    }
    let (resolved, comment) = (data.boolean("resolved")?, data.label("comment")?);
    Ok(Survey { csat, ces, ces_higher_is_easier, nps, resolved, comment })
}

fn scored(object: &mut JsonFields<'_>, name: &str) -> Result<Scored, RejectionReason> {
    let mut part = |key: &str| object.number(key)?.ok_or_else(|| missing(&format!("{name}.{key}")));
    let (score, min, max) = (part("score")?, part("min")?, part("max")?);
    if min >= max {
        return Err(format!("{name}: min is not below max").into());
    }
    Ok(Scored { score: within(score, min, max, name)?, min, max })
}

fn within(number: f64, min: f64, max: f64, name: &str) -> Result<f64, RejectionReason> {
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(RejectionReason::new(&format!("{name} is outside {min} to {max}"), number))
    }
}

/// The parts of a figure, in place of its value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureParts {
    numerator: f64,
    denominator: f64,
}

/// Figures that the sender computed itself, by KPI id; `null` withdraws a figure.
fn observed(data: &mut JsonFields<'_>, tally: &mut InputTally) -> Result<EventKind, RejectionReason> {
    let (queue, window) = (data.required("queue")?, data.label("window")?);
    let (mut figures, mut quotients) = (Vec::new(), Vec::new());
    for (name, raw) in data.unread() {
        let known = crate::kpi::CATALOGUE.iter().any(|kpi| kpi.key == name);
        match serde_json::from_str::<Option<f64>>(raw) {
            Ok(Some(value)) if known && value.abs() > MAX_OBSERVED => return Err(invalid(name, "a possible figure")),
            Ok(Some(value)) if known && value.is_finite() => figures.push((id_label(name.as_bytes()), value)),
            // NaN marks a figure that is no longer known.
            Ok(None) if known => figures.push((id_label(name.as_bytes()), f64::NAN)),
            Err(_) if known => match serde_json::from_str(raw) {
                Ok(FigureParts { numerator, denominator }) if numerator.abs().max(denominator.abs()) > MAX_OBSERVED => {
                    return Err(invalid(name, "a possible figure"));
                }
                Ok(FigureParts { numerator, denominator }) => {
                    quotients.push((id_label(name.as_bytes()), numerator, denominator));
                }
                Err(_) => return Err(invalid(name, "a number")),
            },
            _ => tally.unknown_field(name),
        }
    }
    Ok(EventKind::Observed { queue, window, figures, quotients })
}

fn transfer_kind(word: &str) -> Option<TransferKind> {
    match word {
        "blind" => Some(TransferKind::Blind),
        "attended" => Some(TransferKind::Attended),
        _ => None,
    }
}

fn ended_by(word: &str) -> Option<EndedBy> {
    match word {
        "customer" => Some(EndedBy::Customer),
        "agent" => Some(EndedBy::Agent),
        "system" => Some(EndedBy::System),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
