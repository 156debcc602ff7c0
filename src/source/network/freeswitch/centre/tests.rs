use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::event::{AgentState, Channel, EventKind, Membership, QueueProfile};

const NOW: i64 = 1_772_442_000;
/// Long after the events of a test.
const LATER: Time = Time((NOW + 3600) * 1_000_000);

/// A call centre that gets one event a second.
struct TestCentre {
    centre: CallCentre,
    seconds: i64,
}

impl TestCentre {
    fn new() -> Self {
        Self { centre: CallCentre::new("pbx".into(), "intent", false), seconds: 0 }
    }

    fn event(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut block = format!(
            "Event-Subclass: callcenter%3A%3Ainfo\nEvent-Date-Timestamp: {}000500\nCC-Action: {action}\n",
            NOW + self.seconds
        );
        for (name, value) in fields {
            writeln!(block, "{name}: {value}").unwrap();
        }
        self.seconds += 1;
        self.centre.translate(EslHeaders::new(block.as_bytes()), Time::from_unix(NOW))
    }

    /// An event about member m1 of call c1 in the queue support.
    fn member(&mut self, action: &str, more: &[(&str, &str)]) {
        let about = [
            ("CC-Queue", "support%40default"),
            ("CC-Member-UUID", "m1"),
            ("CC-Member-Session-UUID", "c1"),
            ("CC-Member-CID-Number", "%2B4917012"),
        ];
        self.event(action, &[&about[..], more].concat()).unwrap();
    }

    fn state(&mut self, agent: &str, state: &str) {
        self.event("agent-state-change", &[("CC-Agent", agent), ("CC-Agent-State", state)]).unwrap();
    }

    fn status(&mut self, agent: &str, status: &str) {
        self.event("agent-status-change", &[("CC-Agent", agent), ("CC-Agent-Status", status)]).unwrap();
    }

    /// The steps of contact c1 since the last call, in words, each with its second.
    fn take_steps(&mut self) -> Vec<(i64, String)> {
        let words = |event: Event| {
            let EventKind::Contact { contact, queue, step } = event.kind else { return None };
            assert_eq!((contact.as_str(), queue.unwrap().as_str()), ("c1", "support@default"));
            let step = match step {
                Step::Offered(offer) => format!("offered to {}", offer.customer.unwrap_or_default()),
                Step::Ringing { agent } => format!("rings {agent}"),
                Step::RingCanceled { agent } => format!("no longer rings {agent}"),
                Step::RingNoAnswer { agent, ring } => format!("not taken by {agent} in {}", ring.unwrap().as_secs()),
                Step::Answered { agent, wait: None } => format!("answered by {agent}"),
                Step::Completed { agent, ended_by, .. } => format!("ended with {} by {ended_by:?}", agent.unwrap()),
                Step::Transferred { agent, kind, .. } => format!("transferred by {} {kind:?}", agent.unwrap()),
                Step::Wrapped { acw, .. } => format!("wrapped in {}", acw.unwrap().as_secs()),
                Step::Abandoned { .. } => "abandoned".to_owned(),
                Step::Left { reason, .. } => format!("left: {}", reason.key()),
                Step::Classified { intent } => format!("about {intent}"),
                other => format!("{other:?}"),
            };
            Some((event.at.0.div_euclid(1_000_000) - NOW, step))
        };
        self.centre.take_events().into_iter().filter_map(words).collect()
    }

    fn take_states(&mut self) -> Vec<(String, AgentState, Option<i64>)> {
        let state = |event: Event| match event.kind {
            EventKind::AgentState { agent, state, lasts, .. } => {
                Some((agent.to_string(), state, lasts.map(Span::as_secs)))
            }
            _ => None,
        };
        self.centre.take_events().into_iter().filter_map(state).collect()
    }
}

fn steps(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(at, words)| (*at, (*words).to_owned())).collect()
}

const ANN: (&str, &str) = ("CC-Agent", "Ann");
const BRIDGED: (&str, &str) = ("CC-Agent-Bridged", "true");

#[test]
fn a_call_from_its_join_to_its_end() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.event("members-count", &[("CC-Count", "1")]).unwrap();
    test.state("Ann", "Receiving");
    test.member("agent-offering", &[ANN]);
    test.member("bridge-agent-start", &[ANN, ("CC-Member-Joined-Time", "1772442000")]);
    test.state("Ann", "In a queue call");
    let goodbye = ("variable_sip_hangup_disposition", "recv_bye");
    test.member("bridge-agent-end", &[ANN, BRIDGED, goodbye, ("variable_intent", "re%20fund")]);
    test.member("member-queue-end", &[ANN, ("CC-Cause", "Terminated"), ("variable_intent", "re%20fund")]);
    test.state("Ann", "Waiting");
    let expected = [
        (0, "offered to +4917012"),
        (3, "rings Ann"),
        (5, "answered by Ann"),
        (6, "about re fund"),
        (6, "ended with Ann by Some(Agent)"),
    ];
    assert_eq!(test.take_steps(), steps(&expected));
    assert!(test.centre.members.to_stored().is_empty());
    assert!(!test.centre.is_in_doubt);
}

#[test]
fn a_caller_who_hangs_up_before_the_bridge_was_never_answered() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.member("bridge-agent-start", &[ANN]);
    let gone = [("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "NONE"), ("Answer-State", "hangup")];
    test.member("member-queue-end", &gone);
    test.member("bridge-agent-end", &[ANN, ("CC-Agent-Bridged", "false")]);
    test.state("Ann", "In a queue call");
    assert_eq!(test.take_steps(), steps(&[(0, "offered to +4917012"), (2, "abandoned")]));
}

#[test]
fn an_agent_who_hangs_up_before_the_bridge_leaves_the_caller_waiting() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.member("bridge-agent-start", &[ANN]);
    test.member("bridge-agent-end", &[ANN, ("CC-Agent-Bridged", "false")]);
    test.member("bridge-agent-start", &[("CC-Agent", "Bob")]);
    test.state("Bob", "In a queue call");
    let expected = [(0, "offered to +4917012"), (2, "no longer rings Ann"), (4, "answered by Bob")];
    assert_eq!(test.take_steps(), steps(&expected));
    assert!(test.centre.is_in_doubt);
}

#[test]
fn a_caller_who_hangs_up_just_after_the_bridge_is_answered() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.member("bridge-agent-start", &[ANN]);
    test.state("Ann", "In a queue call");
    test.member("member-queue-end", &[("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "NONE")]);
    test.member("bridge-agent-end", &[ANN, BRIDGED]);
    test.member("member-queue-end", &[ANN, ("CC-Cause", "Terminated")]);
    let expected = [(0, "offered to +4917012"), (2, "answered by Ann"), (4, "ended with Ann by None")];
    assert_eq!(test.take_steps(), steps(&expected));
    assert!(test.centre.members.to_stored().is_empty());
}

/// That the agent's channel is tied to the caller's.
const TIED: (&str, &str) = ("variable_signal_bond", "c1");

#[test]
fn a_caller_who_hangs_up_in_the_moment_of_the_pick_up_abandons_then() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.member("bridge-agent-start", &[ANN]);
    let at = Time::from_unix(NOW) + Span::seconds(1) + Span(500_000);
    let picked_up = at.0.to_string();
    let cancelled = [("Hangup-Cause", "ORIGINATOR_CANCEL"), ("Caller-Channel-Answered-Time", picked_up.as_str())];
    test.member("bridge-agent-end", &[&[ANN, TIED, ("CC-Agent-Bridged", "false")][..], &cancelled].concat());
    let last = test.centre.take_events().pop().unwrap();
    assert!(matches!(&last.kind, EventKind::Contact { step: Step::Abandoned { .. }, .. }), "{last:?}");
    assert_eq!(last.at, at);
}

#[test]
fn a_bridge_that_breaks_at_once_ends_the_visit() {
    let picked_up = ("CC-Agent-Answered-Time", "1772442001");
    for (bridged, expected) in [
        ("1772442001900000", "abandoned"),
        ("0", "Lost"),
        // Of an earlier call of a standby agent.
        ("1772442000900000", "Lost"),
    ] {
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        test.member("bridge-agent-start", &[ANN, picked_up]);
        let broken = [ANN, picked_up, TIED, ("CC-Agent-Bridged", "false"), ("Caller-Channel-Bridged-Time", bridged)];
        test.member("bridge-agent-end", &broken);
        assert_eq!(test.take_steps(), steps(&[(0, "offered to +4917012"), (2, expected)]), "{bridged}");
        // FreeSWITCH's list may have the row for ever.
        let now = Time::from_unix(NOW);
        let ghost = "queue|uuid|session_uuid|joined_epoch|serving_agent|state\nsupport@default|m1|c1|1772442000|Ann|Trying\n+OK\n";
        test.centre.begin_round();
        test.centre.apply_member_list(ghost.as_bytes(), now);
        test.centre.end_round(LATER);
        test.centre.drop_missing(now);
        assert_eq!(test.take_steps(), []);
    }
}

#[test]
fn a_caller_who_left_and_is_put_through_all_the_same_makes_one_visit() {
    let joined = ("CC-Member-Joined-Time", "1772442000");
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.state("Ann", "Receiving");
    test.member("agent-offering", &[ANN]);
    test.member("member-queue-end", &[joined, ("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "TIMEOUT")]);
    test.member("bridge-agent-start", &[ANN, joined]);
    test.state("Ann", "In a queue call");
    // Another call from the same phone line, or the same call in the same queue again, is not this visit's conversation.
    test.centre.begin_round();
    test.centre.end_round(LATER);
    test.centre.drop_missing(Time::from_unix(NOW));
    test.member("bridge-agent-end", &[ANN, BRIDGED, joined]);
    test.member("member-queue-end", &[ANN, joined, ("CC-Cause", "Terminated")]);
    test.state("Ann", "Waiting");
    let expected = [(0, "offered to +4917012"), (2, "rings Ann"), (3, "left: timeout")];
    assert_eq!(test.take_steps(), steps(&expected));
    assert!(test.centre.members.to_stored().is_empty());
}

#[test]
fn a_row_that_contradicts_its_agent_is_believed_no_longer() {
    let now = Time::from_unix(NOW);
    let row = |agent: &str| {
        format!(
            "queue|uuid|session_uuid|joined_epoch|serving_agent|state\nsupport@default|m1|c1|1772442000|{agent}|Trying\n+OK\n"
        )
    };
    let round = |test: &mut TestCentre, agent: &str| {
        test.centre.is_in_doubt = false;
        test.centre.begin_round();
        test.centre.apply_member_list(row(agent).as_bytes(), now);
        test.centre.end_round(LATER);
        test.centre.drop_missing(now);
        (test.take_steps(), test.centre.is_in_doubt)
    };
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.state("Ann", "Waiting");
    test.take_steps();
    // A row is ahead of an event, and two are when the event comes between.
    assert_eq!(round(&mut test, "ring-all"), (vec![], false));
    assert_eq!(round(&mut test, "Ann"), (vec![], true));
    test.member("agent-offering", &[ANN]);
    assert_eq!(test.take_steps(), steps(&[(2, "rings Ann")]));
    assert_eq!(round(&mut test, "Ann"), (vec![], true));
    assert_eq!(round(&mut test, "Ann"), (steps(&[(0, "Lost")]), false));
    // The agent has another caller now, and still it is the same row.
    test.state("Ann", "In a queue call");
    assert_eq!(round(&mut test, "Ann"), (vec![], false));
    // A board that begins now takes the row for nobody.
    let mut test = TestCentre::new();
    test.state("Ann", "Waiting");
    assert_eq!(round(&mut test, "Ann"), (vec![], false));
}

#[test]
fn what_the_caller_hears_after_the_pick_up_is_still_waiting() {
    let mut test = TestCentre::new();
    test.seconds = 2;
    test.member("member-queue-start", &[]);
    test.state("Ann", "Receiving");
    test.member("agent-offering", &[ANN]);
    test.seconds = 6;
    test.member("bridge-agent-start", &[ANN]);
    test.seconds = 18;
    test.state("Ann", "In a queue call");
    // A wait of 16 s.
    assert_eq!(test.take_steps(), steps(&[(2, "offered to +4917012"), (4, "rings Ann"), (18, "answered by Ann")]));
}

#[test]
fn an_answer_is_when_the_channels_were_bridged_however_late_its_event() {
    for (bridged, expected) in [
        ("1772442003100000", &[][..]),
        ("1772442002980000", &[]),
        ("1772442002700000", &[(2, "answered by Ann")]),
        // Of an earlier call.
        ("1772442000900000", &[]),
    ] {
        let picked_up = ("CC-Agent-Answered-Time", "1772442001");
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        test.member("bridge-agent-start", &[ANN, picked_up]);
        test.seconds += 1;
        test.state("Ann", "In a queue call");
        test.take_steps();
        test.member("bridge-agent-end", &[ANN, picked_up, BRIDGED, ("Caller-Channel-Bridged-Time", bridged)]);
        assert_eq!(test.take_steps(), steps(expected), "{bridged}");
    }
}

#[test]
fn a_transfer_is_told_from_the_end_of_a_conversation() {
    let sent = |epoch: &str, kind: &str| format!("{epoch}:a1:{kind}:outside/default/XML");
    let cause = |cause| ("Hangup-Cause", cause);
    let completed = "ended with Ann by None";
    for (agent, source, expected) in [
        (vec![], sent("1772442002", "bl_xfer"), "transferred by Ann Blind"),
        // The dialplan moved the call on when the agent had hung up.
        (vec![TIED], sent("1772442003", "bl_xfer"), completed),
        // A transfer before the call came to the queue.
        (vec![], sent("1772441900", "bl_xfer"), completed),
        (vec![TIED], sent("1772442002", "uuid_br"), completed),
        (vec![], String::new(), completed),
        (vec![], ":bl_xfer".to_owned(), completed),
        (vec![cause("ATTENDED_TRANSFER")], String::new(), "transferred by Ann Attended"),
        (vec![cause("BLIND_TRANSFER")], String::new(), "transferred by Ann Blind"),
    ] {
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        test.member("bridge-agent-start", &[ANN]);
        test.state("Ann", "In a queue call");
        test.member("bridge-agent-end", &[&[ANN, BRIDGED][..], &agent].concat());
        test.member("member-queue-end", &[ANN, ("CC-Cause", "Terminated"), ("variable_transfer_source", &source)]);
        let all = steps(&[(0, "offered to +4917012"), (2, "answered by Ann"), (3, expected)]);
        assert_eq!(test.take_steps(), all, "{agent:?} {source}");
    }
}

#[test]
fn a_member_whose_last_event_was_missed_ends_as_far_as_is_known() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    test.member("bridge-agent-start", &[ANN]);
    test.state("Ann", "In a queue call");
    test.member("bridge-agent-end", &[ANN, BRIDGED]);
    let cursor = test.centre.take_cursor(Time::from_unix(NOW)).unwrap();
    test.take_steps();
    let mut later = TestCentre::new();
    later.centre.restore(&cursor).unwrap();
    later.centre.begin_round();
    later.centre.end_round(LATER);
    later.centre.drop_missing(Time::from_unix(NOW + 60));
    assert_eq!(later.take_steps(), steps(&[(3, "ended with Ann by None")]));
}

#[test]
fn a_cursor_of_an_early_version_is_understood() {
    let at = serde_json::to_string(&Time::from_unix(NOW)).unwrap();
    let cursor =
        format!(r#"{{"at":{at},"visits":{{"m1":{{"contact":"c1","queue":"support@default","stage":"talking"}}}}}}"#);
    let mut test = TestCentre::new();
    test.centre.restore(&cursor).unwrap();
    test.member("member-queue-end", &[ANN, ("CC-Cause", "Terminated")]);
    assert_eq!(test.take_steps(), steps(&[(0, "ended with Ann by None")]));
}

#[test]
fn after_a_word_that_is_not_known_it_is_not_known_what_the_agent_does() {
    use AgentState::{Available, OnContact, Unknown};
    let mut test = TestCentre::new();
    test.status("Ann", "Available");
    test.status("Ann", "On Holiday");
    test.state("Ann", "In a queue call");
    test.state("Ann", "Dreaming");
    test.status("Ann", "Available");
    test.state("Ann", "Waiting");
    let states: Vec<_> = test.take_states().into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, [Available, Unknown, OnContact, Unknown, Available]);
}

#[test]
fn who_was_deleted_while_the_program_was_down_is_offline() {
    let list = |rows: &str| {
        format!(
            "name|contact|status|state
{rows}+OK
"
        )
    };
    let (ann, bo) = (
        "Ann|x|Available|Waiting
",
        "Bo|x|Logged Out|Waiting
",
    );
    let mut test = TestCentre::new();
    test.centre.begin_round();
    test.centre.apply_agent_list(list(&format!("{ann}{bo}")).as_bytes(), Time::from_unix(NOW));
    let cursor = test.centre.take_cursor(Time::from_unix(NOW)).unwrap();
    let later = Time::from_unix(NOW + 600);
    for (rows, expected) in [(bo, Some(AgentState::Offline)), (ann, Some(AgentState::Available))] {
        let mut again = TestCentre::new();
        again.centre.restore(&cursor).unwrap();
        for _ in 0..2 {
            again.centre.begin_round();
            again.centre.apply_agent_list(list(rows).as_bytes(), later);
        }
        let states = again.take_states();
        let mut of_ann = states.iter().filter(|(agent, ..)| agent == "Ann").map(|(_, state, _)| *state);
        assert_eq!((of_ann.next(), of_ann.next()), (expected, None), "{rows}");
    }
}

#[test]
fn the_end_of_a_bridge_alone_reports_the_answer_too() {
    let joined = ("CC-Member-Joined-Time", "1772441990");
    let answered = ("CC-Agent-Answered-Time", "1772441995");
    let expected = steps(&[(-10, "offered to +4917012"), (-5, "answered by Ann"), (0, "ended with Ann by None")]);
    let mut test = TestCentre::new();
    test.member("bridge-agent-end", &[ANN, BRIDGED, joined, answered]);
    test.member("member-queue-end", &[ANN, joined, answered, ("CC-Cause", "Terminated")]);
    assert_eq!(test.take_steps(), expected);
    let mut test = TestCentre::new();
    test.member("member-queue-end", &[ANN, joined, answered, ("CC-Cause", "Terminated")]);
    assert_eq!(test.take_steps(), expected);
}

#[test]
fn every_cancel_reason_gives_its_step() {
    let up = ("Answer-State", "answered");
    for (reason, more, expected) in [
        ("TIMEOUT", None, "left: timeout"),
        ("NO_AGENT_TIMEOUT", None, "left: empty"),
        ("EXIT_WITH_KEY", Some(up), "left: key"),
        ("BREAK_OUT", None, "abandoned"),
        ("BREAK_OUT", Some(("Answer-State", "hangup")), "abandoned"),
        ("BREAK_OUT", Some(up), "left: withdrawn"),
        ("NONE", None, "abandoned"),
        // FreeSWITCH ends, or somebody kills the call by a command.
        ("BREAK_OUT", Some(("Hangup-Cause", "SYSTEM_SHUTDOWN")), "Lost"),
        ("BREAK_OUT", Some(("Hangup-Cause", "MANAGER_REQUEST")), "Lost"),
    ] {
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        let mut fields = vec![("CC-Cause", "Cancel"), ("CC-Cancel-Reason", reason)];
        fields.extend(more);
        test.member("member-queue-end", &fields);
        test.member("bridge-agent-fail", &[ANN, ("CC-Hangup-Cause", "ORIGINATOR_CANCEL")]);
        assert_eq!(test.take_steps(), steps(&[(0, "offered to +4917012"), (1, expected)]), "{reason} {more:?}");
    }
    // One whose join was not seen.
    let mut test = TestCentre::new();
    test.member("member-queue-end", &[("CC-Cause", "Cancel"), ("CC-Member-Joined-Time", "1772441940")]);
    assert_eq!(test.take_steps(), steps(&[(-60, "offered to +4917012"), (0, "abandoned")]));
}

#[test]
fn a_caller_who_resumes_the_old_position_is_another_call() {
    let back = [("CC-Queue", "q"), ("CC-Member-UUID", "m1"), ("CC-Member-Session-UUID", "c2")];
    for end_is_seen in [true, false] {
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        if end_is_seen {
            test.member("member-queue-end", &[("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "BREAK_OUT")]);
        }
        test.event("member-queue-resume", &back).unwrap();
        assert!(test.centre.is_in_doubt);
        let events = test.centre.take_events();
        assert!(matches!(&events.last().unwrap().kind, EventKind::Contact { contact, .. } if contact.as_str() == "c2"));
        let (row, now) = ("queue|uuid|session_uuid|state\nq|m1|c2|Waiting\n+OK\n", Time::from_unix(NOW));
        test.centre.begin_round();
        test.centre.apply_member_list(row.as_bytes(), now);
        test.centre.end_round(LATER);
        test.centre.drop_missing(now);
        assert_eq!(test.take_steps().iter().any(|(_, step)| step == "Lost"), !end_is_seen);
    }
}

#[test]
fn a_ring_is_not_answered_unless_it_was_cancelled() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    let times = [("CC-Agent-Called-Time", "1772441981"), ("CC-Agent-Aborted-Time", "1772442001")];
    test.member("bridge-agent-fail", &[&[ANN, ("CC-Hangup-Cause", "NO_ANSWER")][..], &times].concat());
    test.member("bridge-agent-fail", &[ANN, ("CC-Hangup-Cause", "LOSE_RACE")]);
    let expected = [(0, "offered to +4917012"), (1, "not taken by Ann in 20"), (2, "no longer rings Ann")];
    assert_eq!(test.take_steps(), steps(&expected));
}

#[test]
fn a_phone_that_never_rang_is_told_from_a_call_not_taken() {
    let at_once = [("CC-Agent-Called-Time", "1772442001"), ("CC-Agent-Aborted-Time", "1772442001")];
    for (cause, rang) in [
        ("USER_BUSY", false),
        ("USER_NOT_REGISTERED", false),
        ("SUBSCRIBER_ABSENT", false),
        ("NONE", false),
        ("CALL_REJECTED", true),
        ("NO_ANSWER", true),
        ("ALLOTTED_TIMEOUT", true),
        ("NORMAL_CLEARING", true),
    ] {
        let mut test = TestCentre::new();
        test.member("member-queue-start", &[]);
        test.member("bridge-agent-fail", &[&[ANN, ("CC-Hangup-Cause", cause)][..], &at_once].concat());
        let event = test.centre.take_events().pop().unwrap();
        let EventKind::Contact { step: Step::RingNoAnswer { ring: Some(ring), .. }, .. } = event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(ring > Span::ZERO, rang, "{cause}");
    }
}

#[test]
fn an_agent_who_gets_no_calls_after_a_refusal_is_not_available() {
    use AgentState::{Available, Paused, Ringing};
    let agents = |ready: i64| {
        format!("name|contact|status|state|busy_delay_time|ready_time\nAnn|x|Available|Waiting|30|{ready}\n+OK\n")
    };
    let mut test = TestCentre::new();
    test.centre.apply_agent_list(agents(0).as_bytes(), Time::from_unix(NOW - 60));
    test.member("member-queue-start", &[]);
    test.state("Ann", "Receiving");
    test.member("bridge-agent-fail", &[ANN, ("CC-Hangup-Cause", "USER_BUSY")]);
    test.state("Ann", "Waiting");
    let ready = test.centre.next_ready.unwrap();
    assert_eq!(ready.0 / 1_000_000, NOW + 32);
    test.centre.advance(ready - Span(1));
    let ann = |state| ("Ann".to_owned(), state, None);
    assert_eq!(test.take_states(), [Available, Ringing, Paused].map(ann));
    test.centre.advance(ready);
    assert_eq!(test.take_states(), [ann(Available)]);
    assert_eq!(test.centre.next_ready, None);
    // The list alone tells it too.
    let mut test = TestCentre::new();
    test.centre.apply_agent_list(agents(NOW + 5).as_bytes(), Time::from_unix(NOW));
    assert_eq!(test.take_states(), [ann(Paused)]);
    assert_eq!(test.centre.next_ready, Some(Time::from_unix(NOW + 5)));
}

#[test]
fn the_lists_of_a_new_connection_count_however_short_ago_an_event_came() {
    use AgentState::{Available, Offline};
    let list = b"name|contact|status|state\nAnn|x|Available|Waiting\n+OK\n";
    let ann = |state| ("Ann".to_owned(), state, None);
    let mut test = TestCentre::new();
    test.status("Ann", "Logged Out");
    test.centre.apply_agent_list(list, Time::from_unix(NOW + 3));
    assert_eq!(test.take_states(), [ann(Offline)]);
    test.centre.begin_connection();
    test.centre.apply_agent_list(list, Time::from_unix(NOW + 4));
    assert_eq!(test.take_states(), [ann(Available)]);
}

#[test]
fn how_long_a_refusal_keeps_calls_away_depends_on_why_the_phone_was_not_taken() {
    for (cause, pause) in [
        ("USER_BUSY", 30),
        ("NORMAL_CIRCUIT_CONGESTION", 30),
        ("CALL_REJECTED", 20),
        ("NO_ANSWER", 10),
        ("USER_NOT_REGISTERED", 5),
    ] {
        let mut test = TestCentre::new();
        let agents = "name|contact|status|state|reject_delay_time|busy_delay_time|no_answer_delay_time\n\
                      Ann|x|Available|Waiting|20|30|10\n+OK\n";
        test.centre.apply_agent_list(agents.as_bytes(), Time::from_unix(NOW - 60));
        test.member("member-queue-start", &[]);
        test.member("bridge-agent-fail", &[ANN, ("CC-Hangup-Cause", cause)]);
        assert_eq!(test.centre.next_ready.unwrap().0 / 1_000_000, NOW + pause + 1, "{cause}");
    }
}

#[test]
fn an_agent_s_activity_follows_from_status_and_state() {
    use AgentState::{AfterContact, Available, Offline, OnContact, Paused, Ringing};
    let mut test = TestCentre::new();
    test.state("Ann", "Waiting");
    assert_eq!(test.take_states(), []);
    test.status("Ann", "Available");
    test.centre.agents.get_or_add(b"Ann", "Ann".into()).unwrap().wrap_up = Span::seconds(15);
    for state in ["Reserved", "Receiving", "In a queue call"] {
        test.state("Ann", state);
    }
    test.status("Ann", "On Break");
    test.status("Ann", "Available");
    test.state("Ann", "Waiting");
    test.state("Ann", "Idle");
    test.status("Ann", "On Break");
    test.status("Ann", "Logged Out");
    let ann = |state, lasts| ("Ann".to_owned(), state, lasts);
    let plain = |state| ann(state, None);
    let expected = [
        plain(Available),
        plain(Ringing),
        plain(OnContact),
        ann(AfterContact, Some(15)),
        plain(Paused),
        plain(Paused),
        plain(Offline),
    ];
    assert_eq!(test.take_states(), expected);
}

#[test]
fn lists_report_the_same_as_events_and_nothing_twice() {
    let members = "queue|instance_id|uuid|session_uuid|cid_number|cid_name|joined_epoch|rejoined_epoch|bridge_epoch|serving_agent|state\n\
        support@default|x|m1|c1|+4917012|Bob | Co|1772441900|0|0||Waiting\n\
        support@default|x|m2|c2|anonymous|x|1772441900|0|1772441930|Ann|Answered\n\
        support@default|x|m3||1|x|1772441900|0|0||Abandoned\n+OK\n";
    let now = Time::from_unix(NOW);
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    let by_event = test.centre.take_events();
    test.centre.begin_round();
    test.centre.apply_member_list(members.as_bytes(), now);
    test.centre.end_round(LATER);
    let listed = test.centre.take_events();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[1].at, Time::from_unix(NOW - 70));

    let mut other = TestCentre::new();
    other.centre.apply_member_list(members.as_bytes(), now);
    let fresh = other.centre.take_events();
    assert_eq!(fresh[0].id, by_event[0].id, "the same join is the same event");
    assert_eq!(fresh.len(), 3);

    // The next lists have nobody: c1's end is still on its way, and c2's was not seen.
    test.centre.begin_round();
    test.centre.apply_member_list(b"+OK\n", now);
    test.centre.end_round(LATER);
    assert_eq!(test.centre.take_events(), []);
    test.member("member-queue-end", &[("CC-Cause", "Cancel"), ("CC-Cancel-Reason", "TIMEOUT")]);
    test.centre.drop_missing(now);
    let steps: Vec<_> = test.centre.take_events().into_iter().map(|event| event.kind).collect();
    assert!(matches!(&steps[0], EventKind::Contact { step: Step::Left { .. }, .. }));
    assert!(matches!(&steps[1], EventKind::Contact { contact, step: Step::Lost, .. } if contact.as_str() == "c2"));
    assert_eq!(steps.len(), 2);
}

#[test]
fn lists_report_queues_agents_and_tiers() {
    let now = Time::from_unix(NOW);
    let mut centre = CallCentre::new("pbx".into(), "intent", true);
    assert_eq!(centre.apply_queue_list(b"name|strategy|moh_sound\nsupport@default|ring-all|a|b\n+OK\n", now).len(), 1);
    let head = "name|contact|status|state|wrap_up_time|last_bridge_end|last_status_change";
    let list = |rows: &str| format!("{head}\n{rows}+OK\n");
    let bob = "1001@default|x|Logged Out|Waiting|0|0|0\n";
    let all = list(&format!("1000@default|user/1000|user/1001|Available|Waiting|30|1772441990|1772438400\n{bob}"));
    centre.begin_round();
    centre.apply_agent_list(all.as_bytes(), now);
    centre.apply_tier_list(b"queue|agent|state\nsupport@default|1000@default|Ready\n+OK\n", now);
    let later = now + Span::MINUTE;
    for rows in [&all, &list(bob)] {
        centre.begin_round();
        centre.apply_agent_list(rows.as_bytes(), later);
    }
    let (times, kinds): (Vec<_>, Vec<_>) = centre.take_events().into_iter().map(|event| (event.at, event.kind)).unzip();
    let profile = QueueProfile { queue: "support".into(), channel: Some(Channel::Voice), ..QueueProfile::default() };
    assert_eq!(kinds[0], EventKind::QueueProfile(profile));
    let state = |agent: &str, state, lasts: Option<i64>| EventKind::AgentState {
        agent: agent.into(),
        state,
        reason: None,
        lasts: lasts.map(Span::seconds),
    };
    assert_eq!(kinds[1], state("1000", AgentState::AfterContact, Some(30)));
    assert_eq!((times[1], times[2]), (now - Span::seconds(10), now), "since when, and that it still holds");
    assert_eq!(kinds[2], state("1000", AgentState::AfterContact, Some(20)));
    assert_eq!(kinds[3], state("1001", AgentState::Offline, None));
    let serves = |agent: &str, queues: &[&str]| EventKind::AgentQueues {
        agent: agent.into(),
        queues: queues.iter().map(|queue| Membership { queue: (*queue).into(), state: None, reason: None }).collect(),
    };
    assert_eq!(kinds[4..6], [serves("1000", &["support"]), serves("1001", &[])]);
    // The after-contact work was over in between.
    assert_eq!((times[6], &kinds[6]), (now + Span::seconds(20), &state("1000", AgentState::Available, None)));
    assert_eq!(kinds[7], state("1000", AgentState::Offline, None), "who is listed no more is gone");
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}

#[test]
fn members_are_restored_from_the_cursor() {
    let mut test = TestCentre::new();
    test.member("member-queue-start", &[]);
    let cursor = test.centre.take_cursor(Time::from_unix(NOW)).unwrap();
    assert_eq!(test.centre.take_cursor(Time::from_unix(NOW)), None, "nothing has changed since");
    let mut again = CallCentre::new("pbx".into(), "intent", false);
    assert_eq!(again.restore(&cursor), Some(Time::from_unix(NOW)));
    again.begin_round();
    again.end_round(LATER);
    again.drop_missing(Time::from_unix(NOW + 9));
    let lost = again.take_events();
    assert!(matches!(&lost[..], [Event { kind: EventKind::Contact { step: Step::Lost, .. }, .. }]), "{lost:?}");
    assert_eq!(again.restore("nonsense"), None);
}

#[test]
fn an_event_without_its_subject_is_rejected_with_a_reason() {
    let mut test = TestCentre::new();
    assert!(test.event("member-queue-start", &[]).unwrap_err().contains("CC-Member-UUID"));
    assert!(test.event("member-queue-start", &[("CC-Member-UUID", "m")]).unwrap_err().contains("Session"));
    assert!(test.event("agent-state-change", &[]).unwrap_err().contains("CC-Agent"));
    assert!(test.event("a-new-action", &[]).is_ok());
    assert!(test.centre.translate(EslHeaders::new(b"Event-Name: HEARTBEAT\n"), Time(0)).is_ok());
    assert_eq!(test.centre.take_events(), []);
}

#[test]
fn an_event_time_far_from_now_is_replaced_by_now() {
    let mut centre = CallCentre::new("pbx".into(), "intent", false);
    let block = "Event-Subclass: callcenter::info\nEvent-Date-Timestamp: 5000\nCC-Action: member-queue-start\n\
        CC-Queue: q\nCC-Member-UUID: m\nCC-Member-Session-UUID: c\n";
    centre.translate(EslHeaders::new(block.as_bytes()), Time::from_unix(NOW)).unwrap();
    assert_eq!(centre.take_events()[0].at, Time::from_unix(NOW));
}

proptest! {
    #[test]
    fn any_events_in_any_order_end_a_contact_once(
        events in prop::collection::vec((0..9_usize, 0..3_u8, 0..3_u8, any::<bool>(), any::<i64>()), 0..60)
    ) {
        let actions = ["member-queue-start", "member-queue-resume", "agent-offering", "bridge-agent-start",
            "bridge-agent-fail", "bridge-agent-end", "member-queue-end", "agent-state-change", "agent-status-change"];
        let mut test = TestCentre::new();
        for (action, member, agent, flag, time) in events {
            let (member, agent, time) = (format!("m{member}"), format!("a{agent}"), time.to_string());
            let cause = if flag { "Terminated" } else { "Cancel" };
            let fields = [
                ("CC-Queue", "q"), ("CC-Member-UUID", member.as_str()), ("CC-Member-Session-UUID", member.as_str()),
                ("CC-Agent", agent.as_str()), ("CC-Agent-Bridged", if flag { "true" } else { "false" }),
                ("CC-Cause", cause), ("CC-Member-Joined-Time", time.as_str()),
                ("CC-Agent-State", if flag { "In a queue call" } else { "Waiting" }),
            ];
            test.event(actions[action], &fields).unwrap();
        }
        let open = |event: &Event| match &event.kind {
            EventKind::Contact { step: Step::Offered(_), .. } => 1,
            EventKind::Contact { step: Step::Completed { .. } | Step::Abandoned { .. } | Step::Left { .. }, .. } => -1,
            _ => 0,
        };
        let balance: i64 = test.centre.take_events().iter().map(open).sum();
        let alive = test.centre.members.to_stored().len();
        prop_assert_eq!(balance, i64::try_from(alive).unwrap());
    }

    #[test]
    fn any_bytes_are_translated_or_rejected(
        event in prop::collection::vec(any::<u8>(), 0..300), list in prop::collection::vec(any::<u8>(), 0..300)
    ) {
        let mut centre = CallCentre::new("pbx".into(), "intent", true);
        let block = [b"Event-Subclass: callcenter::info\nCC-Action: member-queue-end\n", &event[..]].concat();
        let _ = centre.translate(EslHeaders::new(&block), Time::from_unix(NOW));
        centre.begin_round();
        centre.apply_queue_list(&list, Time(0));
        centre.apply_agent_list(&list, Time(0));
        centre.apply_tier_list(&list, Time(0));
        centre.apply_member_list(&list, Time(0));
        centre.end_round(LATER);
        centre.drop_missing(Time(0));
    }
}
