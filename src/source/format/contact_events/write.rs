//! Writes events in the wire format.

use std::hash::Hasher;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::{Span, Time};
use crate::event::{EndedBy, Event, EventKind, Scored, Step, Survey, TransferKind};

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    time: Time,
    data: Map<String, Value>,
}

/// The event as one line of JSON without a newline; `None` if the wire format cannot express it (a few events that only
/// queue_log gives). An event without an id gets a hash of its content as id, so that writing it twice gives the same id.
#[must_use]
pub fn to_line(event: &Event) -> Option<String> {
    let (name, data) = encode(&event.kind)?;
    let Value::Object(mut data) = data else { return None };
    data.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    let generated;
    let id = if let Some(id) = &event.id {
        id.as_str()
    } else {
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write_i64(event.at.0);
        hasher.write(name.as_bytes());
        hasher.write(serde_json::to_string(&data).ok()?.as_bytes());
        generated = format!("{:016x}", hasher.finish());
        generated.as_str()
    };
    let r#type = &format!("{}{name}", super::PREFIX);
    let event = CloudEvent { specversion: "1.0", id, source: event.origin.as_str(), r#type, time: event.at, data };
    serde_json::to_string(&event).ok()
}

/// The type without its prefix, and the data.
fn encode(kind: &EventKind) -> Option<(&'static str, Value)> {
    Some(match kind {
        EventKind::Contact { contact, step, .. } => {
            let (name, mut data) = encode_step(step)?;
            data.as_object_mut()?.insert("contact".to_owned(), json!(contact));
            (name, data)
        }
        EventKind::SelfService(s) => (
            "self_service.ended",
            json!({"session": s.session, "contained": s.contained, "channel": s.channel, "intent": s.intent,
                "customer": s.customer}),
        ),
        EventKind::AgentState { agent, state, reason, lasts: None } => {
            ("agent.state", json!({"agent": agent, "state": state, "reason": reason}))
        }
        EventKind::AgentQueues { agent, queues } => ("agent.queues", json!({"agent": agent, "queues": queues})),
        EventKind::AgentProfile(profile) => ("agent.profile", serde_json::to_value(profile).ok()?),
        EventKind::QueueProfile(profile) => ("queue.profile", serde_json::to_value(profile).ok()?),
        EventKind::Observed { queue, window, figures, quotients } => {
            let mut data: Map<String, Value> =
                figures.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
            let parts = |numerator, denominator| json!({"numerator": numerator, "denominator": denominator});
            data.extend(quotients.iter().map(|(name, part, whole)| (name.to_string(), parts(part, whole))));
            data.insert("queue".to_owned(), json!(queue));
            data.insert("window".to_owned(), json!(window));
            ("queue.observed", Value::Object(data))
        }
        EventKind::AgentState { .. } | EventKind::Restarted | EventKind::Missed { .. } => return None,
    })
}

fn encode_step(step: &Step) -> Option<(&'static str, Value)> {
    Some(match step {
        Step::Offered(offer) => ("contact.offered", serde_json::to_value(offer).ok()?),
        Step::Ringing { agent } => ("contact.ringing", json!({"agent": agent})),
        Step::RingNoAnswer { agent, ring } => {
            ("contact.ring_no_answer", json!({"agent": agent, "ring_s": secs(*ring)}))
        }
        Step::Answered { agent, wait } => ("contact.answered", json!({"agent": agent, "wait_s": secs(*wait)})),
        Step::Responded { agent } => ("contact.responded", json!({"agent": agent})),
        Step::Abandoned { wait, position } => {
            ("contact.abandoned", json!({"wait_s": secs(*wait), "position": position}))
        }
        Step::Left { reason, wait } => ("contact.left", json!({"reason": reason.key(), "wait_s": secs(*wait)})),
        Step::Held => ("contact.held", json!({})),
        Step::Resumed => ("contact.resumed", json!({})),
        Step::Transferred { kind, to_queue, to_agent, to_number, talk, .. } => {
            let kind = match kind {
                TransferKind::Blind => "blind",
                TransferKind::Attended => "attended",
            };
            (
                "contact.transferred",
                json!({"kind": kind, "to_queue": to_queue, "to_agent": to_agent, "to_number": to_number,
                    "talk_s": secs(*talk)}),
            )
        }
        Step::Completed { ended_by, talk, hold, .. } => {
            let ended_by = ended_by.map(|by| match by {
                EndedBy::Customer => "customer",
                EndedBy::Agent => "agent",
                EndedBy::System => "system",
            });
            ("contact.completed", json!({"ended_by": ended_by, "talk_s": secs(*talk), "hold_s": secs(*hold)}))
        }
        Step::Wrapped { agent, acw } => ("contact.wrapped", json!({"agent": agent, "acw_s": secs(*acw)})),
        Step::Classified { intent } => ("contact.classified", json!({"intent": intent})),
        Step::Resolved { resolved, reason } => ("contact.resolved", json!({"resolved": resolved, "reason": reason})),
        Step::Reopened => ("contact.reopened", json!({})),
        Step::Survey(survey) => ("survey.answered", encode_survey(survey)),
        Step::Quality { evaluator, score, failures } => {
            ("quality.scored", json!({"evaluator": evaluator, "score": score, "failures": failures}))
        }
        Step::RingCanceled { .. } | Step::Identified { .. } | Step::Lost => return None,
    })
}

fn encode_survey(survey: &Survey) -> Value {
    let scale = |scored: Scored| json!({"score": scored.score, "min": scored.min, "max": scored.max});
    let ces = survey.ces.map(|ces| {
        let higher_is_easier = survey.ces_higher_is_easier.then_some(true);
        json!({"score": ces.score, "min": ces.min, "max": ces.max, "higher_is_easier": higher_is_easier})
    });
    json!({"csat": survey.csat.map(scale), "ces": ces, "nps": survey.nps, "resolved": survey.resolved,
        "comment": survey.comment})
}

fn secs(span: Option<Span>) -> Option<f64> {
    span.map(Span::as_secs_f64)
}
