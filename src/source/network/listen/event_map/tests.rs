//! Reads events with mappings that a user could write.

use super::*;
use crate::event::{EventKind, Step};

const LATEST: Time = Time::from_unix(1_800_000_000);

const MAP: &str = r#"
    id = "uid"
    type = "what"
    time = "at_ms"
    ignored = ["ping", "debug.*"]
    only = "kind != 'outbound'"
    names = { q7 = "billing", "12" = "Ann" }
    [[map]]
    on = "call.queued"
    type = "contact.offered"
    [map.data]
    contact = "call.id"
    queue = { path = "call.queue", after = "/" }
    channel = { path = "call.media", words = { PHONE = "voice", "WEB*" = "chat", FAX = "ignored" } }
    priority = "call.priority"
    [[map]]
    on = ["call.ended"]
    when = "call.agent"
    type = "contact.completed"
    data = { contact = "call.id", agent = "call.agent", ended_by = { value = "customer" }, talk_s = { path = "call.talk_ms", scale = 0.001 } }
    [[map]]
    on = "call.ended"
    when = "call.agent"
    type = "contact.wrapped"
    time = "call.wrapped"
    data = { contact = "call.id", agent = "call.agent" }
    [[map]]
    on = "call.ended"
    when = "!(call.agent)"
    type = "contact.abandoned"
    data = { contact = "call.id" }
"#;

fn map(text: &str) -> EventMap {
    toml::from_str(text).unwrap()
}

/// What an event becomes, or why it is rejected.
fn read(event: &str, tally: &mut InputTally) -> Result<Vec<Event>, String> {
    let found = map(MAP).read(event.as_bytes(), LATEST, &"cloud".into(), tally);
    found.map_err(|reason| reason.to_string())
}

fn event(what: &str, call: &str) -> String {
    format!(r#"{{"uid": 5, "what": "{what}", "at_ms": 1772442000250, "call": {call}}}"#)
}

#[test]
fn an_event_becomes_what_the_rules_that_fit_say() {
    let mut tally = InputTally::default();
    let queued = event("call.queued", r#"{"id": "c1", "queue": "arn:x/queue/q7", "media": "phone", "priority": null}"#);
    let queued = read(&queued, &mut tally).unwrap();
    let [Event { at, origin, id, kind: EventKind::Contact { contact, queue, step: Step::Offered(offer) } }] =
        queued.as_slice()
    else {
        panic!("{queued:?}")
    };
    assert_eq!((at.to_string().as_str(), origin.as_str()), ("2026-03-02T09:00:00.250Z", "cloud"));
    assert_eq!(
        (id.as_ref().map(Label::as_str), contact.as_str(), queue.as_ref().map(Label::as_str)),
        (Some("5/contact.offered"), "c1", Some("billing"))
    );
    assert_eq!((offer.queue.as_str(), offer.channel.key(), offer.priority), ("billing", "voice", None));

    let ended =
        event("call.ended", r#"{"id": "c1", "agent": "12", "talk_ms": 61500, "wrapped": "2026-03-02T09:01:00Z"}"#);
    let ended = read(&ended, &mut tally).unwrap();
    let ids: Vec<_> = ended.iter().filter_map(|event| event.id.as_ref().map(Label::as_str)).collect();
    assert_eq!(ids, ["5/contact.completed", "5/contact.wrapped/1"]);
    assert_eq!(ended[1].at.to_string(), "2026-03-02T09:01:00Z");
    let EventKind::Contact { step: Step::Completed { agent, talk, .. }, .. } = &ended[0].kind else { panic!() };
    assert_eq!((agent.as_ref().map(Label::as_str), talk.unwrap().as_secs_f64()), (Some("Ann"), 61.5));

    let hung_up = read(&event("call.ended", r#"{"id": "c2"}"#), &mut tally).unwrap();
    assert!(matches!(&hung_up[0].kind, EventKind::Contact { step: Step::Abandoned { .. }, .. }));
    assert_eq!(tally, InputTally::default());
}

#[test]
fn what_is_left_out_is_nothing_and_an_unknown_type_is_counted() {
    let mut tally = InputTally::default();
    for nothing in [
        event("ping", "{}"),
        event("debug.sql", "{}"),
        event("call.queued", r#"{"id": "c1", "queue": "q7", "media": "fax"}"#),
        event("call.ended", r#"{"id": "c2"}, "kind": "outbound""#),
    ] {
        assert_eq!(read(&nothing, &mut tally), Ok(Vec::new()), "{nothing}");
    }
    assert_eq!(tally.unknown_in_words(), "");
    for _ in 0..3 {
        assert_eq!(read(&event("call.parked\u{7}", "{}").replace('\u{7}', "\\u0007"), &mut tally), Ok(Vec::new()));
    }
    assert_eq!(read(&event("call.barged", "{}"), &mut tally), Ok(Vec::new()));
    let said = tally.unknown_in_words();
    assert!(
        said.starts_with("types that are not read: call.parked") && said.ends_with("(3), call.barged (1)"),
        "{said}"
    );
    assert!(!said.contains('\u{7}'));
}

#[test]
fn an_odd_field_that_is_not_needed_costs_no_event_and_is_counted() {
    let mut tally = InputTally::default();
    for call in [
        r#"{"id": "c1", "queue": "q7", "media": "telex"}"#,
        r#"{"id": "c1", "queue": "q7", "media": [], "priority": null}"#,
        r#"{"id": "c1", "queue": "q7", "media": "phone", "priority": "high"}"#,
    ] {
        let found = read(&event("call.queued", call), &mut tally).unwrap();
        let EventKind::Contact { step: Step::Offered(offer), .. } = &found[0].kind else { panic!("{found:?}") };
        assert_eq!((offer.queue.as_str(), offer.channel.key(), offer.priority), ("billing", "voice", None), "{call}");
    }
    let told = "fields that are not read: contact.offered channel (2), contact.offered priority (1)";
    assert_eq!(tally.unknown_in_words(), told);
}

#[test]
fn a_state_that_cannot_be_read_ends_the_one_before() {
    let map = map(r#"
        id = "uid"
        type = "what"
        time = "at_ms"
        [[map]]
        on = "agent"
        type = "agent.state"
        data = { agent = "call.who", state = { path = "call.state", words = { READY = "available", INVISIBLE = "ignored" } } }
    "#);
    let mut tally = InputTally::default();
    let mut state = |call: &str| {
        let found = map.read(event("agent", call).as_bytes(), LATEST, &"cloud".into(), &mut tally).unwrap();
        found.into_iter().next().map(|event| match event.kind {
            EventKind::AgentState { agent, state, .. } => format!("{agent} {}", state.key()),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(state(r#"{"who": "ann", "state": "ready"}"#).as_deref(), Some("ann available"));
    for odd in [r#""DANCING""#, "null", "{}"] {
        assert_eq!(state(&format!(r#"{{"who": "ann", "state": {odd}}}"#)).as_deref(), Some("ann unknown"), "{odd}");
    }
    assert_eq!(state(r#"{"who": "ann", "state": "INVISIBLE"}"#), None);
    assert_eq!(tally.unknown_in_words(), "fields that are not read: agent.state state (2), state (1)");
}

#[test]
fn contact_events_are_read_as_they_are() {
    let line = r#"{"specversion":"1.0","id":"1","source":"/crm","type":"floorwatch.survey.answered","time":"2026-03-02T09:00:00Z","data":{"contact":"c1","nps":9}}"#;
    let mut own = map(MAP);
    own.kind = toml::from_str::<EventMap>(&MAP.replace("\"what\"", "\"type\"")).unwrap().kind;
    let found = own.read(line.as_bytes(), LATEST, &"cloud".into(), &mut InputTally::default()).unwrap();
    assert_eq!((found.len(), found[0].origin.as_str()), (1, "/crm"));
}

#[test]
fn what_cannot_be_read_says_why() {
    for (wrong, why) in [
        ("[]".to_owned(), "not a JSON object"),
        ("{".to_owned(), "not an event in JSON"),
        ("{}".to_owned(), "without a type: there is nothing at `what`"),
        (format!("{{\"what\": {}1{}}}", "[".repeat(80), "]".repeat(80)), "nested"),
        (event("call.ended", r#"{"id": "c"}"#).replace("\"uid\": 5,", ""), "without an id: there is nothing at `uid`"),
        (event("call.ended", r#"{"id": "c"}"#).replace("at_ms", "at"), "without a time: there is nothing at `at_ms`"),
        (event("call.ended", "{}"), "floorwatch.contact.abandoned: contact is missing"),
        (
            event("call.queued", r#"{"id": "c", "queue": {}, "media": "telex"}"#),
            "contact.offered: `call.queue` is object",
        ),
        (event("call.ended", r#"{"id": "c"}"#).replace("1772442000250", "3e12"), "more than a day ahead"),
    ] {
        let said = read(&wrong, &mut InputTally::default()).unwrap_err();
        assert!(said.contains(why), "{wrong}: {said}");
    }
}

#[test]
fn mistakes_of_a_mapping_are_told() {
    let check = |from: &str, to: &str| toml::from_str::<EventMap>(&MAP.replacen(from, to, 1)).map(|map| map.check());
    assert_eq!(check("", ""), Ok(Ok(())));
    let wrong = |from: &str, to: &str| check(from, to).unwrap().unwrap_err();
    assert!(wrong("contact.offered", "contact.offer").contains("did you mean `contact.offered`"));
    assert!(wrong("\"call.queued\"", "[]").contains("`on`"));
    assert!(wrong("0.001", "-1.0").contains("`talk_s` has a `scale`"));
    let unreadable = |from: &str, to: &str| check(from, to).unwrap_err().to_string();
    assert!(unreadable("\"call.id\"", "\"call[\"").contains("JMESPath"));
    assert!(unreadable("after = \"/\"", "behind = \"/\"").contains("behind"));
    assert!(unreadable("value = \"customer\"", "value = \"customer\", path = \"x\"").contains("either"));
}
