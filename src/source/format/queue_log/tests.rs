use proptest::prelude::*;

use super::*;
use crate::event::PlainEvent;

fn parser() -> QueueLogParser {
    QueueLogParser::new(Label::fixed("test"), Verbs::default())
}

fn read_with(parser: &mut QueueLogParser, line: &[u8]) -> Result<Vec<Event>, &'static str> {
    let mut events = Vec::new();
    parser.parse_line(line, Time(i64::MAX), &mut InputTally::default(), &mut |event| events.push(event))?;
    Ok(events)
}

fn kinds(lines: &[&str]) -> Vec<EventKind> {
    let mut parser = parser();
    lines.iter().flat_map(|line| read_with(&mut parser, line.as_bytes()).expect(line)).map(|event| event.kind).collect()
}

fn step(line: &str) -> Step {
    match kinds(&[line]).as_slice() {
        [EventKind::Contact { contact, queue, step }] => {
            assert_eq!((contact.as_str(), queue.as_ref().map(Label::as_str)), ("7.1", Some("q")), "{line}");
            step.clone()
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn rejection(line: &str) -> &'static str {
    read_with(&mut parser(), line.as_bytes()).expect_err(line)
}

fn ann() -> Label {
    Label::fixed("Ann")
}

#[expect(clippy::unnecessary_wraps, reason = "short for what steps hold")]
fn s(seconds: i64) -> Option<Span> {
    Some(Span::seconds(seconds))
}

#[test]
fn lines_of_an_answered_call_give_its_steps() {
    let offer = |line| match step(line) {
        Step::Offered(offer) => (offer.customer.map(|c| c.to_string()), offer.position),
        other => panic!("{other:?}"),
    };
    assert_eq!(offer("1000000000|7.1|q|NONE|ENTERQUEUE||+4420|3"), (Some("+4420".into()), Some(3)));
    assert_eq!(offer("1000000000|7.1|q|NONE|ENTERQUEUE||+4420|3|Ann Other"), (Some("+4420".into()), Some(3)));
    assert_eq!(offer("1000000000|7.1|q|NONE|ENTERQUEUE||+4420"), (Some("+4420".into()), None));
    assert_eq!(offer("1000000000|7.1|q|NONE|ENTERQUEUE||12|34|1|pipe in number"), (Some("12|34".into()), Some(1)));
    assert_eq!(offer("1000000000|7.1|q|NONE|ENTERQUEUE|||1|"), (None, Some(1)));
    assert_eq!(step("1000000000|7.1|q|Ann|CONNECT|12|7.2|3"), Step::Answered { agent: ann(), wait: s(12) });
    assert_eq!(step("1000000000|7.1|q|Ann|CONNECT|12|7.2"), Step::Answered { agent: ann(), wait: s(12) });
    let completed = |by| Step::Completed { agent: Some(ann()), ended_by: Some(by), talk: s(60), hold: None };
    assert_eq!(step("1000000000|7.1|q|Ann|COMPLETECALLER|12|60|1"), completed(EndedBy::Customer));
    assert_eq!(step("1000000000|7.1|q|Ann|COMPLETEAGENT|12|60|1"), completed(EndedBy::Agent));
}

#[test]
fn only_abandon_is_an_abandonment() {
    let left = |reason, wait| Step::Left { reason, wait };
    assert_eq!(step("1000000000|7.1|q|NONE|ABANDON|2|5|33"), Step::Abandoned { wait: s(33), position: Some(2) });
    assert_eq!(step("1000000000|7.1|q|NONE|EXITEMPTY|1|1|3"), left(LeftReason::Empty, s(3)));
    assert_eq!(step("1000000000|7.1|q|NONE|EXITWITHTIMEOUT|1|3|9"), left(LeftReason::Timeout, s(9)));
    assert_eq!(step("1000000000|7.1|q|NONE|EXITWITHTIMEOUT|1"), left(LeftReason::Timeout, None));
    assert_eq!(step("1000000000|7.1|q|NONE|EXITWITHKEY|1|1|2|6"), left(LeftReason::Key, s(6)));
    assert_eq!(step("1000000000|7.1|q|NONE|EXITWITHKEY|1|1"), left(LeftReason::Key, None));
    assert_eq!(step("1000000000|7.1|q|NONE|WITHDRAW|1|1|9|pulled"), left(LeftReason::Withdrawn, s(9)));
    assert_eq!(step("1000000000|7.1|q|Ann|SYSCOMPAT|"), left(LeftReason::Withdrawn, None));
    let ring = Step::RingNoAnswer { agent: "Ann".into(), ring: None };
    assert_eq!(step("1000000000|7.1|q|Ann|AGENTDUMP|"), ring);
}

#[test]
fn talk_before_a_transfer_is_counted_from_the_end() {
    let talk = |line| match step(line) {
        Step::Transferred { kind, to_number, talk, .. } => (kind, to_number.map(|n| n.to_string()), talk),
        other => panic!("{other:?}"),
    };
    let (blind, attended) = (TransferKind::Blind, TransferKind::Attended);
    let to = Some("900".to_owned());
    assert_eq!(talk("1000000000|7.1|q|Ann|BLINDTRANSFER|900|xfer|3|7|1"), (blind, to.clone(), s(7)));
    assert_eq!(talk("1000000000|7.1|q|Ann|TRANSFER|900|xfer|3|7|1"), (blind, to.clone(), s(7)));
    assert_eq!(talk("1000000000|7.1|q|Ann|TRANSFER|900|xfer|3|7"), (blind, to.clone(), s(7)));
    assert_eq!(talk("1000000000|7.1|q|Ann|TRANSFER|900|xfer"), (blind, to, None));
    assert_eq!(talk("1000000000|7.1|q|Ann|ATTENDEDTRANSFER|BRIDGE|3d49|4|19|1"), (attended, None, s(19)));
    assert_eq!(talk("1000000000|7.1|q|Ann|ATTENDEDTRANSFER|APP|Playback|4|19|1"), (attended, None, s(19)));
    assert_eq!(talk("1000000000|7.1|q|Ann|ATTENDEDTRANSFER|LINK|a;1|b;1|4|19|1"), (attended, None, s(19)));
}

#[test]
fn ringing_is_in_milliseconds() {
    assert_eq!(step("1000000000|7.1|q|Ann|RINGNOANSWER|8000"), Step::RingNoAnswer { agent: ann(), ring: s(8) });
    assert_eq!(step("1000000000|7.1|q|Ann|RINGCANCELED|461"), Step::RingCanceled { agent: ann() });
}

#[test]
fn callers_refused_by_a_queue_are_offered_and_leave_at_once() {
    for (verb, reason) in [
        ("FULL", LeftReason::Full),
        ("JOINEMPTY", LeftReason::Empty),
        ("LEAVEEMPTY", LeftReason::Empty),
        ("CLOSED", LeftReason::Closed),
        ("DIVERT_CA_RATIO", LeftReason::Overflow),
        ("DIVERT_HOLDTIME", LeftReason::Overflow),
    ] {
        let kinds = kinds(&[&format!("1000000000|7.1|q|NONE|{verb}|")]);
        assert!(matches!(&kinds[0], EventKind::Contact { step: Step::Offered(_), .. }), "{verb}");
        let left = Step::Left { reason, wait: Some(Span::ZERO) };
        assert!(matches!(&kinds[1], EventKind::Contact { step, .. } if *step == left), "{verb}");
    }
    let same = ["1000000000|7.1|q|NONE|EXITEMPTY|1|1|3", "1000000000|7.1|q|NONE|LEAVEEMPTY|"];
    assert_eq!(kinds(&same).len(), 1);
    let other = ["1000000000|7.1|q|NONE|EXITEMPTY|1|1|3", "1000000000|7.1|r|NONE|LEAVEEMPTY|"];
    assert_eq!(kinds(&other).len(), 3);
}

#[test]
fn agent_lines_give_states() {
    let state = |line: &str| match kinds(&[line]).as_slice() {
        [EventKind::AgentState { agent, state, reason, .. }] => {
            assert_eq!(agent.as_str(), "Ann");
            (*state, reason.as_ref().map(ToString::to_string))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(state("1000000000|NONE|NONE|Ann|PAUSEALL|"), (AgentState::Paused, None));
    let broken = Some("reason|with|pipes".to_owned());
    assert_eq!(state("1000000000|NONE|q|Ann|PAUSE|reason|with|pipes"), (AgentState::Paused, broken));
    assert_eq!(state("1000000000|NONE|q|Ann|UNPAUSE|"), (AgentState::Available, None));
    assert_eq!(state("1000000000|NONE|NONE|Ann|UNPAUSEALL|"), (AgentState::Available, None));
    assert_eq!(state("1000000000|7.1|NONE|Ann|AGENTLOGIN|SIP/1"), (AgentState::Available, None));
    assert_eq!(state("1000000000|7.1|NONE|Ann|AGENTCALLBACKLOGOFF|1@x|3|"), (AgentState::Offline, None));
    assert_eq!(state("1000000000|MANAGER|q|Ann|ADDMEMBER|"), (AgentState::Available, None));
    assert_eq!(state("1000000000|MANAGER|q|Ann|ADDMEMBER|PAUSED"), (AgentState::Paused, None));
}

#[test]
fn an_agent_is_offline_when_the_last_queue_is_left() {
    let states: Vec<AgentState> = kinds(&[
        "1000000000|CLI|q|Ann|ADDMEMBER|",
        "1000000000|CLI|r|Ann|ADDMEMBER|",
        "1000000001|CLI|q|Ann|REMOVEMEMBER|",
        "1000000002|CLI|r|Ann|REMOVEMEMBER|",
    ])
    .into_iter()
    .filter_map(|kind| match kind {
        EventKind::AgentState { state, .. } => Some(state),
        _ => None,
    })
    .collect();
    assert_eq!(states, [AgentState::Available, AgentState::Available, AgentState::Offline]);
}

#[test]
fn a_start_of_asterisk_ends_the_pauses_except_those_of_added_members() {
    let lines = [
        "1000000000|CLI|q|Eve|ADDMEMBER|",
        "1000000001|NONE|q|Ann|PAUSE|lunch",
        "1000000001|NONE|q|Bob|PAUSE|",
        "1000000001|NONE|q|Eve|PAUSE|",
        "1000000002|NONE|q|Bob|UNPAUSE|",
        "1000000003|NONE|NONE|NONE|QUEUESTART|",
    ];
    let free = EventKind::AgentState { agent: ann(), state: AgentState::Available, reason: None, lasts: None };
    assert_eq!(kinds(&lines)[5..], [EventKind::Restarted, free.clone()]);
    // The pauses are remembered with the position in the log.
    let mut parser = parser();
    for line in &lines[..5] {
        read_with(&mut parser, line.as_bytes()).unwrap();
    }
    let memory = serde_json::to_string(parser.memory()).unwrap();
    let mut parser = super::tests::parser();
    parser.restore(serde_json::from_str(&memory).unwrap());
    let events = read_with(&mut parser, lines[5].as_bytes()).unwrap();
    assert_eq!(events.into_iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Restarted, free]);
}

#[test]
fn a_start_of_asterisk_ends_the_calls_by_which_agents_are_logged_in() {
    let lines = [
        "1000000000|7.1|NONE|Ann|AGENTLOGIN|SIP/1",
        "1000000000|7.2|NONE|Bob|AGENTCALLBACKLOGIN|1@x",
        "1000000001|NONE|NONE|Ann|PAUSEALL|lunch",
        "1000000003|NONE|NONE|NONE|QUEUESTART|",
    ];
    let gone = EventKind::AgentState { agent: ann(), state: AgentState::Offline, reason: None, lasts: None };
    assert_eq!(kinds(&lines)[3..], [EventKind::Restarted, gone]);
}

#[test]
fn an_agent_of_several_names_is_one() {
    let agents = toml::from_str("'PJSIP/101' = 'Ann'\n'Local/*@agents' = 'Ann'").unwrap();
    let mut parser = QueueLogParser::new("test".into(), SiteNames { agents, ..SiteNames::default() });
    let mut kinds = Vec::new();
    for line in [
        "1000000000|CLI|q|PJSIP/101|ADDMEMBER|",
        "1000000000|CLI|r|Local/101@agents|ADDMEMBER|",
        "1000000001|CLI|q|Ann|REMOVEMEMBER|",
        "1000000002|CLI|r|PJSIP/101|REMOVEMEMBER|",
    ] {
        kinds.extend(read_with(&mut parser, line.as_bytes()).unwrap().into_iter().map(|event| event.kind));
    }
    let state = |state| EventKind::AgentState { agent: ann(), state, reason: None, lasts: None };
    let expected = [AgentState::Available, AgentState::Available, AgentState::Offline];
    assert_eq!(kinds, expected.map(state));
}

#[test]
fn after_contact_work_is_a_step_and_a_state_that_lasts() {
    let kinds = kinds(&["1000000000|7.1|q|Ann|WRAPUPSTART|15"]);
    assert!(matches!(&kinds[0], EventKind::Contact { step: Step::Wrapped { acw, .. }, .. } if *acw == s(15)));
    let lasting = EventKind::AgentState { agent: ann(), state: AgentState::AfterContact, reason: None, lasts: s(15) };
    assert_eq!(kinds[1], lasting);
    assert_eq!(super::tests::kinds(&["1000000000|NONE|q|Ann|WRAPUPSTART|15"]), [lasting]);
}

#[test]
fn a_sites_own_verbs_are_parsed() {
    let survey = |line| match step(line) {
        Step::Survey(survey) => survey,
        other => panic!("{other:?}"),
    };
    let scored = |score, max| Some(Scored { score, min: 1.0, max });
    assert_eq!(step("1000000000|7.1|q|NONE|INTENT|refund"), Step::Classified { intent: Label::fixed("refund") });
    assert_eq!(step("1000000000|7.1|q|NONE|CUSTOMER|cu-8"), Step::Identified { customer: Label::fixed("cu-8") });
    assert_eq!(step("1000000000|7.1|q|Ann|RESOLVED|Yes"), Step::Resolved { resolved: true, reason: None });
    assert_eq!(survey("1000000000|7.1|q|Ann|CSAT|4|sms").csat, scored(4.0, 5.0));
    assert_eq!(survey("1000000000|7.1|q|Ann|CSAT|4|7").csat, scored(4.0, 7.0));
    assert_eq!(survey("1000000000|7.1|q|Ann|CES|3").ces, scored(3.0, 7.0));
    assert_eq!(survey("1000000000|7.1|q|Ann|NPS|10").nps, Some(10));
    let quality = Step::Quality { evaluator: Label::fixed("Eve"), score: 87.5, failures: Vec::new() };
    assert_eq!(step("1000000000|7.1|q|Ann|QUALITY|Eve|87.5"), quality);
    for wrong in ["CSAT|6", "CSAT|good", "CSAT|0", "NPS|11", "NPS|9.5", "QUALITY|Eve|101", "RESOLVED|maybe", "INTENT|"]
    {
        rejection(&format!("1000000000|7.1|q|Ann|{wrong}"));
    }
    assert!(kinds(&["1000000000|7.1|q|NONE|CUSTOMER|anonymous"]).is_empty());
}

#[test]
fn the_names_of_own_verbs_can_be_configured() {
    let verbs: Verbs = toml::from_str("CALLSTATUS = \"resolved\"\nTOPIC = \"intent\"").unwrap();
    let mut parser = QueueLogParser::new(Label::fixed("test"), verbs);
    let events = read_with(&mut parser, b"1000000000|7.1|q|pipe|name|CALLSTATUS|no|callback").unwrap();
    let step = Step::Resolved { resolved: false, reason: Some(Label::fixed("callback")) };
    assert!(matches!(&events[0].kind, EventKind::Contact { step: found, .. } if *found == step));
    assert_eq!(read_with(&mut parser, b"1000000000|7.1|q|NONE|TOPIC|refund").unwrap().len(), 1);
    assert_eq!(read_with(&mut parser, b"1000000000|7.1|q|NONE|INTENT|refund").unwrap().len(), 1);
    assert!(toml::from_str::<Verbs>("X = \"nonsense\"").is_err());
}

#[test]
fn lines_without_events_are_counted_by_verb() {
    let mut tally = InputTally::default();
    for line in [
        "1000000000|NONE|NONE|NONE|CONFIGRELOAD|",
        "1000000000|7.1|q|NONE|INFO|REFUSED|FULL",
        "1000000000|7.1|q|NONE|NOTE|x",
    ] {
        parser().parse_line(line.as_bytes(), Time(i64::MAX), &mut tally, &mut |event| panic!("{event:?}")).unwrap();
    }
    assert_eq!(tally.unknown_types_seen(), 3);
    assert_eq!(tally.unknown_types.get("INFO"), Some(&1));
    assert_eq!(kinds(&["1000000000|NONE|NONE|NONE|QUEUESTART|"]), [EventKind::Restarted]);
}

#[test]
fn malformed_lines_are_rejected_with_the_reason() {
    assert!(rejection("Event: Fake").contains("five fields"));
    assert!(rejection("now|7.1|q|Ann|CONNECT|1|2|3").contains("Unix seconds"));
    assert!(rejection("86400|7.1|q|Ann|CONNECT|1|2|3").contains("1970"));
    assert!(rejection("1000000000|NONE|q|Ann|CONNECT|1|2|3").contains("call id"));
    assert!(rejection("1000000000|7.1|q|NONE|CONNECT|1|2|3").contains("no agent"));
    let now = Time::from_unix(1_000_000_000);
    let far = parser().parse_line(b"1000100000|7.1|q|NONE|ABANDON|1|1|1", now, &mut InputTally::default(), &mut |_| {});
    assert!(far.unwrap_err().contains("ahead"));
    assert!(read_with(&mut parser(), b"  \r").unwrap().is_empty());
}

#[test]
fn names_of_any_script_are_kept_and_control_characters_replaced() {
    let line = "1000000000|7.1|サポート 日本|\x1b[7mEvil\x07|CONNECT|1|2|3";
    match kinds(&[line]).as_slice() {
        [EventKind::Contact { queue: Some(queue), step: Step::Answered { agent, .. }, .. }] => {
            assert_eq!(queue.as_str(), "サポート 日本");
            assert!(!agent.as_str().contains(char::is_control));
        }
        other => panic!("{other:?}"),
    }
    assert!(read_with(&mut parser(), b"1000000000|7.1|caf\xe9|A\xff|CONNECT|1|2|3").is_ok());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(line in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_with(&mut parser(), &line);
    }

    #[test]
    fn no_fields_make_it_panic(
        verb in prop::sample::select(vec!["ENTERQUEUE", "CONNECT", "ABANDON", "EXITWITHKEY", "BLINDTRANSFER", "ATTENDEDTRANSFER",
            "COMPLETEAGENT", "PAUSE", "ADDMEMBER", "REMOVEMEMBER", "CSAT", "QUALITY", "NPS", "RESOLVED", "WRAPUPSTART", "FULL", "LEAVEEMPTY"]),
        agent in "[A-Z|]{0,6}",
        data in proptest::collection::vec("[-0-9a-zA-Z.| ]{0,24}", 0..30),
    ) {
        let _ = read_with(&mut parser(), format!("1000000000|7.1|q|{agent}|{verb}|{}", data.join("|")).as_bytes());
    }
}

/// What a line gives as text: read with care where somebody has another name, and as it is or not.
fn read_as(line: &str, with_care: bool, plain: bool) -> (Vec<String>, Result<(), &'static str>, InputTally) {
    struct WrittenEvents(Vec<String>, bool);

    impl EventSink for WrittenEvents {
        fn take(&mut self, event: Event) {
            self.0.push(serde_json::to_string(&event).unwrap());
        }

        fn takes_plain(&self) -> bool {
            self.1
        }

        fn take_plain(&mut self, event: &PlainEvent<'_>) {
            self.0.push(serde_json::to_string(&event.event()).unwrap());
        }
    }

    let mut site = SiteNames::default();
    if with_care {
        site.agents = toml::from_str("nobody = 'somebody'").unwrap();
    }
    let mut parser = QueueLogParser::new(Label::fixed("test"), site);
    let (mut tally, mut written) = (InputTally::default(), WrittenEvents(Vec::new(), plain));
    let text = line.is_ascii().then_some(line).filter(|line| line.bytes().all(|byte| byte >= b' '));
    let outcome = parser.parse(line.as_bytes(), text, Time::from_unix(2_000_000_000), &mut tally, &mut written);
    (written.0, outcome, tally)
}

proptest! {
    #[test]
    fn a_plain_line_says_the_same_as_when_it_is_read_with_care(
        at in prop_oneof![8 => Just("1795430755".to_owned()), 1 => "[0-9. ]{0,12}"],
        names in prop::array::uniform3(prop_oneof!["[a-z/0-9.]{1,20}", " ?[a-zA-Z é|]{0,4} ?", Just("NONE".to_owned()), "x{60,70}"]),
        verb in prop_oneof![
            Just("ENTERQUEUE"), Just("CONNECT"), Just("COMPLETECALLER"), Just("COMPLETEAGENT"), Just("ABANDON"),
            Just("RINGNOANSWER"), Just("EXITWITHTIMEOUT"), Just("INFO"), Just("Connect"),
        ],
        data in prop::collection::vec(prop_oneof!["[0-9]{1,4}", "[+0-9a-z é\t.-]{0,12}", Just("anonymous".to_owned())], 0..6),
    ) {
        let [contact, queue, agent] = names;
        let line = [vec![at, contact, queue, agent, verb.to_owned()], data].concat().join("|");
        let careful = read_as(&line, true, false);
        prop_assert_eq!(&careful, &read_as(&line, false, false));
        prop_assert_eq!(careful, read_as(&line, false, true));
    }
}
