//! One person under two names: queue_log adds members by interface, and names them otherwise when they take calls.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use crate::asterisk_faults::{EMPTY_STATUS, START, is_live, receive_until, serve_login, spawn};
use crate::support::asterisk::Server;
use crate::support::board::PROGRAM;
use crate::support::running_source::RunningSource;
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span};
use floorwatch::engine::{self, Engine};
use floorwatch::event::{AgentState, Event};
use floorwatch::source::format::detect::InputFormat;
use floorwatch::source::{Message, SourceKind};
use serde_json::Value;

/// A member who is added by interface, takes a call by name, pauses by name, and leaves by interface.
fn log(interface: &str, name: &str) -> String {
    let at = |second: i64| START.0 / 1_000_000 - 3600 + second;
    format!(
        "{}|MANAGER|sales|{interface}|ADDMEMBER|\n{}|1.1|sales|NONE|ENTERQUEUE||100|1\n{}|1.1|sales|{name}|CONNECT|10|1.2|3\n\
         {}|1.1|sales|{name}|COMPLETEAGENT|10|60|1\n{}|NONE|sales|{name}|PAUSE|lunch\n",
        at(0),
        at(5),
        at(15),
        at(75),
        at(80)
    )
}

/// The replies to `QueueStatus` of a floor with these members: interface, name and state interface.
fn status(members: &[(&str, &str, &str)]) -> String {
    let member = |(interface, name, state): &(&str, &str, &str)| {
        format!(
            "Event: QueueMember\r\nQueue: sales\r\nName: {name}\r\nLocation: {interface}\r\nStateInterface: {state}\r\n\
             Status: 1\r\nPaused: 0\r\nActionID: the-id\r\n\r\n"
        )
    };
    let members: String = members.iter().map(member).collect();
    EMPTY_STATUS.replace("Event: QueueStatusComplete", &format!("{members}Event: QueueStatusComplete"))
}

/// The agents of a floor after `events`, with their states.
fn agents(events: &[Event]) -> BTreeMap<String, AgentState> {
    let mut floor = Engine::new(engine::Settings::default());
    for event in events {
        floor.apply(event);
    }
    floor.agents_now(START + Span::MINUTE).iter().map(|agent| (agent.id.to_string(), agent.state)).collect()
}

#[test]
fn a_member_of_the_log_is_the_agent_whom_the_manager_interface_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    fs::write(&path, log("PJSIP/101", "Ann")).unwrap();
    let server = Server::new(Some(path.clone()));
    let clock = Clock::manual(START);
    let (mut events, mut last) = (Vec::new(), None);
    let mut run = |status: &str, cursor: Option<&str>| {
        let (running, mut from) = spawn(&server, &clock, cursor);
        let peer = serve_login(&server.listener, &clock, 10_000, status);
        let mut live = false;
        receive_until(&mut from, |message| {
            if let Message::Events { events: more, cursor, .. } = message {
                events.extend(more.iter().cloned());
                last = cursor.clone().or_else(|| last.take());
            }
            live |= is_live(message).is_some();
            // The cursor of a connection comes after all that its first reply tells.
            (live && matches!(message, Message::Events { cursor: Some(_), .. })).then_some(())
        });
        drop(peer);
        running.join();
        (events.clone(), last.clone().unwrap())
    };
    // Her phone is a local channel, and the log names the device behind it.
    let (known, cursor) = run(&status(&[("Local/101@agents/n", "Ann", "PJSIP/101")]), None);
    assert_eq!(agents(&known), BTreeMap::from([("Ann".to_owned(), AgentState::Available)]));

    // While floorwatch is down, she leaves and a colleague is added. Who is who is known from before, or learned now.
    let later = START.0 / 1_000_000 + 20;
    let more = format!("{later}|CLI|sales|PJSIP/101|REMOVEMEMBER|\n{later}|CLI|sales|PJSIP/102|ADDMEMBER|\n");
    fs::write(&path, log("PJSIP/101", "Ann") + &more).unwrap();
    clock.set(START + Span::seconds(30));
    let (known, _) = run(&status(&[("PJSIP/102", "Bob", "PJSIP/102")]), Some(&cursor));
    let expected = [("Ann", AgentState::Offline), ("Bob", AgentState::Available)];
    assert_eq!(agents(&known), expected.map(|(name, state)| (name.to_owned(), state)).into());
}

fn report(files: &[&str], config: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (path, configuration) = (folder.path().join("queue_log"), folder.path().join("config.toml"));
    fs::write(&path, files.concat()).unwrap();
    fs::write(&configuration, config).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["--config", configuration.to_str().unwrap(), "report", path.to_str().unwrap()]);
    command.args(["--utc", "--by", "agent", "--format", "json"]).env_remove("FLOORWATCH_CONFIG").output().unwrap()
}

#[test]
fn names_that_never_take_a_call_are_remarked_until_an_alias_says_whose_they_are() {
    let files = [&*log("PJSIP/101", "Ann"), &*log("PJSIP/102", "Bob").replace("|1.1|", "|2.1|")];
    let read = |config: &str| {
        let output = report(&files, config);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let agents: Vec<String> = report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| Some(row["key"]["agent"].as_str()?.to_owned()))
            .filter(|agent| !agent.is_empty())
            .collect();
        (agents, report["input"]["remarks"].to_string())
    };
    let (agents, remarks) = read("");
    assert_eq!(agents, ["Ann", "Bob", "PJSIP/101", "PJSIP/102"]);
    assert!(remarks.contains("2 names (PJSIP/101, PJSIP/102)") && remarks.contains("agent_aliases"), "{remarks}");
    let aliases = "[[source]]\nkind = \"queue_log\"\npath = \"q\"\n[source.agent_aliases]\n\"*/101\" = \"Ann\"\n\
        \"PJSIP/102\" = \"Bob\"\n";
    assert_eq!(read(aliases), (vec!["Ann".to_owned(), "Bob".to_owned()], "[]".to_owned()));
}

#[test]
fn a_log_that_is_followed_says_it_on_the_sources_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    fs::write(&path, log("PJSIP/101", "Ann")).unwrap();
    let follow = |keys: &str| {
        let keys = format!("path = {path:?}\n{keys}");
        let mut source = RunningSource::start(SourceKind::File(InputFormat::QueueLog), &keys);
        source.until_health(Health::Live, "");
        source
    };
    let source = follow("");
    assert!(source.remarks.iter().any(|remark| remark.contains("\"PJSIP/101\" = \"Ann\"")), "{:?}", source.remarks);
    let source = follow("agent_aliases = { \"PJSIP/101\" = \"Ann\" }");
    assert_eq!((source.remarks.len(), agents(&source.events)), (0, [("Ann".to_owned(), AgentState::Paused)].into()));
}
