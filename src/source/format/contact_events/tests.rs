use proptest::prelude::*;

use super::*;
use crate::text::Label;

fn line(kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"8f2c","source":"/pbx/london","type":"floorwatch.{kind}","time":"2026-03-02T09:00:00.250Z","data":{data}}}"#
    )
}

fn read(text: &str) -> Result<Option<Event>, String> {
    parse(text.as_bytes(), Time(i64::MAX), &mut InputTally::default()).map_err(|reason| reason.to_string())
}

fn kind(name: &str, data: &str) -> EventKind {
    read(&line(name, data)).unwrap_or_else(|error| panic!("{name} {data}: {error}")).expect("known").kind
}

fn step_of(name: &str, data: &str) -> Step {
    match kind(name, data) {
        EventKind::Contact { contact, step, .. } => {
            assert_eq!(contact.as_str(), "c-17");
            step
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_documented_example_is_read() {
    let event = read(r#"{"specversion":"1.0","id":"8f2c","source":"/pbx/london","type":"floorwatch.contact.offered","time":"2026-03-02T09:00:00.250Z","data":{"contact":"c-17","queue":"billing","channel":"voice","intent":"refund","customer":"cu-88","position":3}}"#)
        .unwrap()
        .unwrap();
    assert_eq!(event.at, Time::parse_rfc3339("2026-03-02T09:00:00.250Z").unwrap());
    assert_eq!((event.origin.as_str(), event.id.as_ref().map(Label::as_str)), ("/pbx/london", Some("8f2c")));
    let EventKind::Contact { step: Step::Offered(offer), .. } = &event.kind else { panic!("{event:?}") };
    assert_eq!((offer.queue.as_str(), offer.position, offer.channel), ("billing", Some(3), Channel::Voice));
    assert_eq!(offer.customer.as_ref().map(Label::as_str), Some("cu-88"));
}

#[test]
fn every_type_is_read_and_written_back() {
    for (name, data) in [
        (
            "contact.offered",
            r#"{"contact":"c-17","queue":"q","channel":"email","priority":-2,"position":1,"auth_steps":2}"#,
        ),
        ("contact.ringing", r#"{"contact":"c-17","agent":"a"}"#),
        ("contact.ring_no_answer", r#"{"contact":"c-17","agent":"a","ring_s":12.5}"#),
        ("contact.answered", r#"{"contact":"c-17","agent":"a","wait_s":0.25}"#),
        ("contact.responded", r#"{"contact":"c-17","agent":"a"}"#),
        ("contact.abandoned", r#"{"contact":"c-17","wait_s":31,"position":2}"#),
        ("contact.left", r#"{"contact":"c-17","reason":"overflow","wait_s":1}"#),
        ("contact.held", r#"{"contact":"c-17"}"#),
        ("contact.resumed", r#"{"contact":"c-17"}"#),
        (
            "contact.transferred",
            r#"{"contact":"c-17","kind":"attended","to_queue":"r","to_agent":"b","to_number":"9"}"#,
        ),
        ("contact.completed", r#"{"contact":"c-17","ended_by":"system","talk_s":60.125,"hold_s":3}"#),
        ("contact.wrapped", r#"{"contact":"c-17","agent":"a","acw_s":7}"#),
        ("contact.classified", r#"{"contact":"c-17","intent":"refund"}"#),
        ("contact.resolved", r#"{"contact":"c-17","resolved":false,"reason":"later"}"#),
        ("contact.reopened", r#"{"contact":"c-17"}"#),
        (
            "survey.answered",
            r#"{"contact":"c-17","csat":{"score":4,"min":1,"max":5},"ces":{"score":2,"min":1,"max":7,"higher_is_easier":true},"nps":9,"resolved":true,"comment":"fine"}"#,
        ),
        ("quality.scored", r#"{"contact":"c-17","evaluator":"e","score":92.5,"failures":["greeting"]}"#),
        ("self_service.ended", r#"{"session":"s","contained":true,"channel":"chat","intent":"i","customer":"c"}"#),
        ("agent.state", r#"{"agent":"a","state":"paused","reason":"lunch"}"#),
        (
            "agent.profile",
            r#"{"agent":"a","name":"Ann","team":"t","hired_on":"2020-01-01","queues":["q"],"skills":["s"]}"#,
        ),
        ("queue.profile", r#"{"queue":"q","name":"Q","service_level_s":30,"channel":"voice"}"#),
        ("queue.observed", r#"{"queue":"q","window":"15m","asa":12.5,"waiting":3}"#),
    ] {
        let mut tally = InputTally::default();
        let event = parse(line(name, data).as_bytes(), Time(i64::MAX), &mut tally).expect(name).expect(name);
        assert_eq!(tally, InputTally::default(), "{name}: every field is known");
        let mut again = read(&to_line(&event).expect(name)).expect(name).expect(name);
        if let (EventKind::Observed { figures, .. }, EventKind::Observed { figures: before, .. }) =
            (&mut again.kind, &event.kind)
        {
            assert_eq!(figures.len(), 2);
            figures.sort_by_key(|(key, _)| before.iter().position(|(other, _)| other == key));
        }
        assert_eq!(again, event, "{name}");
    }
}

#[test]
fn an_invalid_field_is_named() {
    for (name, data, wants) in [
        ("contact.offered", r#"{"contact":"c"}"#, "queue is missing"),
        ("contact.offered", r#"{"queue":"q"}"#, "contact is missing"),
        ("contact.offered", r#"{"contact":"","queue":"q"}"#, "contact is empty"),
        ("contact.offered", r#"{"contact":null,"queue":"q"}"#, "contact is missing"),
        ("contact.answered", r#"{"contact":"c"}"#, "agent is missing"),
        ("contact.left", r#"{"contact":"c"}"#, "reason is missing"),
        ("contact.left", r#"{"contact":"c","reason":"bored"}"#, "bored"),
        ("contact.resolved", r#"{"contact":"c"}"#, "resolved is missing"),
        ("contact.resolved", r#"{"contact":"c","resolved":"yes"}"#, "resolved is not true or false"),
        ("contact.answered", r#"{"contact":"c","agent":"a","wait_s":-1}"#, "wait_s is not 0 to a year (-1 s)"),
        ("contact.answered", r#"{"contact":"c","agent":"a","wait_s":1e12}"#, "wait_s"),
        ("contact.answered", r#"{"contact":"c","agent":"a","wait_s":"12"}"#, "wait_s is not a number"),
        ("survey.answered", r#"{"contact":"c","csat":{"score":6,"min":1,"max":5}}"#, "outside 1 to 5"),
        ("survey.answered", r#"{"contact":"c","csat":{"score":3}}"#, "csat.min is missing"),
        ("survey.answered", r#"{"contact":"c","nps":11}"#, "nps"),
        ("survey.answered", r#"{"contact":"c","nps":7.5}"#, "nps"),
        ("quality.scored", r#"{"contact":"c","evaluator":"e","score":101}"#, "score is outside 0 to 100 (101)"),
        ("agent.state", r#"{"state":"paused"}"#, "agent is missing"),
        ("contact.held", "[]", "data is not an object"),
    ] {
        let error = read(&line(name, data)).expect_err(data);
        assert!(error.contains(wants), "{name} {data}: {error}");
    }
}

#[test]
fn a_state_that_cannot_be_read_is_unknown_and_counted() {
    for (data, counted) in [
        (r#"{"agent":"a","state":"asleep"}"#, 1),
        (r#"{"agent":"a","state":null}"#, 1),
        (r#"{"agent":"a","state":{}}"#, 1),
        (r#"{"agent":"a"}"#, 1),
        (r#"{"agent":"a","state":"unknown"}"#, 0),
    ] {
        let mut tally = InputTally::default();
        let event = parse(line("agent.state", data).as_bytes(), Time(i64::MAX), &mut tally).unwrap().unwrap();
        let EventKind::AgentState { state, .. } = event.kind else { panic!("{data}") };
        assert_eq!((state, tally.unknown_fields_seen()), (AgentState::Unknown, counted), "{data}");
    }
}

#[test]
fn every_attribute_of_the_envelope_is_required() {
    let good = line("contact.held", r#"{"contact":"c"}"#);
    for (attribute, without) in [
        ("specversion", good.replace(r#""specversion":"1.0","#, "")),
        ("id", good.replace(r#""id":"8f2c","#, "")),
        ("source", good.replace(r#""source":"/pbx/london","#, "")),
        ("type", good.replace(r#""type":"floorwatch.contact.held","#, "")),
        ("time", good.replace(r#""time":"2026-03-02T09:00:00.250Z","#, "")),
        ("data", good.replace(r#","data":{"contact":"c"}"#, "")),
    ] {
        assert_eq!(read(&without).expect_err(attribute), format!("{attribute} is missing"));
    }
    assert!(read(&good.replace("8f2c", "")).unwrap_err().contains("id is empty"));
    assert!(read(&good.replace("1.0", "0.3")).unwrap_err().contains("specversion"));
    assert!(read(&good.replace(".250Z", "")).unwrap_err().contains("offset"));
    assert!(read(&good.replace("2026", "1970")).unwrap_err().contains("1970"));
    assert!(read(good.split_at(good.len() - 5).0).unwrap_err().contains("JSON"));
    assert!(read("12").unwrap_err().contains("JSON"));
    let late = parse(good.as_bytes(), Time::from_unix(1_000_000_000), &mut InputTally::default());
    assert!(late.unwrap_err().to_string().contains("ahead"));
}

#[test]
fn unknown_types_and_fields_are_counted_and_ignored() {
    let mut tally = InputTally::default();
    let mut parse = |text: &str| parse(text.as_bytes(), Time(i64::MAX), &mut tally).unwrap();
    assert!(parse(&line("contact.danced", "7")).is_none());
    assert!(parse(&line("contact.held", r#"{"contact":"c"}"#).replace("floorwatch.", "com.example.")).is_none());
    assert!(parse(&line("contact.held", r#"{"contact":"c","mood":"good","x":{"y":1}}"#)).is_some());
    assert!(parse(&line("queue.observed", r#"{"queue":"q","asa":3,"nonsense":1}"#)).is_some());
    assert_eq!((tally.unknown_types_seen(), tally.unknown_fields_seen()), (2, 3));
}

#[test]
fn escapes_and_numbers_as_names_are_read() {
    assert_eq!(
        step_of("contact.ringing", r#"{"contact":"c-17","agent":"J\u00f6rg \"J\""}"#),
        Step::Ringing { agent: Label::new("Jörg \"J\"") }
    );
    assert_eq!(
        step_of("contact.ringing", r#"{"c\u006fntact":"c-17","agent":1001}"#),
        Step::Ringing { agent: Label::fixed("1001") }
    );
    let Step::Ringing { agent } = step_of("contact.ringing", r#"{"contact":"c-17","agent":"a\u001b[2J\u202eb"}"#)
    else {
        panic!()
    };
    assert_eq!(agent.as_str(), "a·[2Jb");
}

#[test]
fn an_event_that_only_queue_log_gives_cannot_be_written() {
    let event = |kind| Event { at: Time::from_unix(1_800_000_000), origin: Label::fixed("o"), id: None, kind };
    assert_eq!(to_line(&event(EventKind::Restarted)), None);
    let held = EventKind::Contact { contact: Label::fixed("c"), queue: None, step: Step::Held };
    let written = to_line(&event(held.clone())).unwrap();
    assert_eq!(written, to_line(&event(held)).unwrap(), "an id is made of what is said");
    assert!(read(&written).unwrap().unwrap().id.is_some());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes, Time(i64::MAX), &mut InputTally::default());
    }

    #[test]
    fn no_data_makes_it_panic(name in prop::sample::select(KNOWN_TYPES.to_vec()), data in r#"[\[{]("(contact|agent|queue|score|csat|nps|wait_s)": ?([-0-9.e]{1,6}|"[^"\\]{0,5}"|null|true|\{\}|\[\]),?){0,5}[}\]]"#) {
        let _ = read(&line(name, &data));
    }
}
