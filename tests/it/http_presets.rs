//! Runs every preset of a vendor's server against a server on loopback that answers as the vendor describes.

use std::path::Path;
use std::sync::Arc;

use crate::support::peer::Peer;
use crate::support::running_source::RunningSource;
use floorwatch::board::Health;
use floorwatch::event::{EventKind, Step};
use floorwatch::source::Connector;

/// An answer of a vendor: to requests whose path begins so, and whose path or body has what it `needs`.
#[derive(serde::Deserialize)]
struct Recorded {
    path: String,
    needs: Option<String>,
    answer: serde_json::Value,
}

/// A source of the preset whose server gives the recorded answers; `{at}` in `keys` is its address. The figures are the same
/// when all numbers are text, and with keys in other letters it is not well.
fn start(name: &str, keys: &str) -> (Peer, RunningSource) {
    let (_, mut renamed) = start_with(name, keys, &in_other_case);
    let known =
        |source: &RunningSource| source.health.iter().find(|(health, _)| *health != Health::Connecting).cloned();
    renamed.until(|source| known(source).is_some());
    let (health, reason) = known(&renamed).unwrap();
    assert!(health != Health::Live && reason.contains("there is no `"), "{name}: {health:?} {reason}");
    let (peer, mut source) = start_with(name, keys, &|answer| answer);
    source.until_health(Health::Live, "");
    assert_eq!(source.rejected, [], "{name}");
    let (_, mut in_text) = start_with(name, keys, &numbers_as_text);
    in_text.until_health(Health::Live, "");
    assert_eq!(in_text.rejected, [], "{name}");
    for queue in ["Billing", "Sales", "voice", "chat", "Website"] {
        // The age of the oldest grows with the clock.
        let of = |source: &RunningSource| {
            figures(source, queue)
                .split(", ")
                .filter(|word| !word.starts_with("longest_wait"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&in_text), of(&source), "{name}");
    }
    assert_eq!((agents(&in_text), contacts(&in_text).len()), (agents(&source), contacts(&source).len()), "{name}");
    (peer, source)
}

fn map_value(value: serde_json::Value, change: &impl Fn(serde_json::Value) -> serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| map_value(item, change)).collect()),
        Value::Object(object) => {
            change(Value::Object(object.into_iter().map(|(key, item)| (key, map_value(item, change))).collect()))
        }
        other => change(other),
    }
}

fn numbers_as_text(answer: serde_json::Value) -> serde_json::Value {
    // The life of a token is a number by its standard.
    if answer.get("access_token").is_some() {
        return answer;
    }
    map_value(answer, &|value| if value.is_number() { value.to_string().into() } else { value })
}

/// The answer with keys in lower case, or in upper case where they are so already.
fn in_other_case(answer: serde_json::Value) -> serde_json::Value {
    if answer.get("access_token").is_some() {
        return answer;
    }
    let has_capitals = std::cell::Cell::new(false);
    let keys = |change: &dyn Fn(&str) -> String, answer| {
        map_value(answer, &|value| match value {
            serde_json::Value::Object(object) => object.into_iter().map(|(key, item)| (change(&key), item)).collect(),
            value => value,
        })
    };
    let look = |key: &str| {
        has_capitals.set(has_capitals.get() || key.contains(char::is_uppercase));
        key.to_owned()
    };
    let answer = keys(&look, answer);
    keys(&|key| if has_capitals.get() { key.to_lowercase() } else { key.to_uppercase() }, answer)
}

/// A source of the preset whose server gives the recorded answers as `change` makes them.
fn start_with(
    name: &str,
    keys: &str,
    change: &dyn Fn(serde_json::Value) -> serde_json::Value,
) -> (Peer, RunningSource) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/clouds/{name}.json"));
    let mut answers: Vec<Recorded> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for recorded in &mut answers {
        recorded.answer = change(recorded.answer.take());
    }
    let answers = Arc::new(answers);
    let peer = Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            let fits = |answer: &&Recorded| {
                let has = |needs: &String| asked.path().contains(needs.as_str()) || asked.body.contains(needs.as_str());
                asked.path().starts_with(&answer.path) && answer.needs.as_ref().is_none_or(has)
            };
            match answers.iter().find(fits) {
                Some(answer) => c.answer("200 OK\nContent-Type: application/json", &answer.answer.to_string())?,
                None => c.answer("404 Not Found", "")?,
            }
        }
    });
    let keys = keys.replace("{at}", &peer.url("")).replace("SECRET", "{ env = 'HOME' }");
    let connector = Connector::of_preset(name, keys.parse().unwrap(), None).unwrap_or_else(|wrong| panic!("{wrong}"));
    (peer, RunningSource::of(connector))
}

/// A source of the preset whose answers have each object as `change` leaves it; it is well.
fn start_changed(name: &str, keys: &str, change: fn(&mut serde_json::Map<String, serde_json::Value>)) -> RunningSource {
    let (_, mut source) = start_with(name, keys, &|answer| {
        map_value(answer, &|mut value| {
            value.as_object_mut().map(change);
            value
        })
    });
    source.until_health(Health::Live, "");
    assert_eq!(source.rejected, [], "{name}");
    source
}

/// All figures of a queue: KPI and value, or numerator and denominator, by KPI.
fn figures(source: &RunningSource, of: &str) -> String {
    let mut all = Vec::new();
    for event in &source.events {
        if let EventKind::Observed { queue, figures, quotients, .. } = &event.kind
            && queue.as_str() == of
        {
            all.extend(figures.iter().map(|(key, value)| format!("{key} {value}")));
            all.extend(quotients.iter().map(|(key, part, whole)| format!("{key} {part}/{whole}")));
        }
    }
    all.sort();
    all.join(", ")
}

/// The agents with their states and names.
fn agents(source: &RunningSource) -> Vec<String> {
    let mut names = std::collections::BTreeMap::new();
    for event in &source.events {
        if let EventKind::AgentProfile(profile) = &event.kind {
            names.insert(profile.agent.clone(), profile.name.clone());
        }
    }
    let state = |event: &floorwatch::event::Event| match &event.kind {
        EventKind::AgentState { agent, state, reason, .. } => {
            let name = names.get(agent).cloned().flatten();
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
            Some(format!("{} {}{reason}", name.as_ref().map_or("?", |name| name.as_str()), state.key()))
        }
        _ => None,
    };
    let mut states: Vec<String> = source.events.iter().filter_map(state).collect();
    // A state that lasts since long ago is told as of then, and once more as one that still holds.
    states.dedup();
    states
}

/// The queues of each agent.
fn served(source: &RunningSource) -> Vec<String> {
    let queues = |event: &floorwatch::event::Event| match &event.kind {
        EventKind::AgentQueues { agent, queues } => {
            let queues: Vec<_> = queues.iter().map(|membership| membership.queue.as_str()).collect();
            Some(format!("{agent}: {}", queues.join(", ")))
        }
        _ => None,
    };
    source.events.iter().filter_map(queues).collect()
}

/// The steps of the contacts.
fn contacts(source: &RunningSource) -> Vec<String> {
    let step = |event: &floorwatch::event::Event| match &event.kind {
        EventKind::Contact { contact, queue, step } => {
            let queue = queue.as_ref().map_or("?", |queue| queue.as_str());
            let what = match step {
                Step::Offered(offer) => format!("{} in {queue} since {}", offer.channel.key(), event.at),
                Step::Answered { agent, .. } => format!("with {agent}"),
                Step::Ringing { agent } => format!("rings {agent}"),
                other => panic!("{other:?}"),
            };
            Some(format!("{contact} {what}"))
        }
        _ => None,
    };
    source.events.iter().filter_map(step).collect()
}

#[test]
fn genesys_cloud() {
    let (_peer, source) = start(
        "genesys-cloud",
        "url = '{at}'\nauth = { oauth2 = { token_url = '{at}/oauth/token', client = 'g', secret = SECRET } }\nparameters = { region = 'mypurecloud.de', timezone = 'Europe/Berlin' }",
    );
    assert_eq!(
        figures(&source, "Billing"),
        "abandoned 12, abandonment_rate 12/120, aht 31500/100, answered 108, asa 1620/108, in_progress 1, offered 120, service_level 96/120, waiting 2"
    );
    assert_eq!(figures(&source, "Sales"), "in_progress 0, waiting 0");
    assert_eq!(
        agents(&source),
        ["Ann Abel on_contact", "Bo Berg available", "Cy Cole paused (Meal)", "Di Dahl offline"]
    );
    assert_eq!(served(&source), ["u-ann: Billing", "u-bo: Billing, Sales"]);
    assert_eq!(
        contacts(&source),
        [
            "a0c1 voice in Billing since 2026-03-02T08:55:12.120Z",
            "a0c1 with u-ann",
            "a0c2 voice in Billing since 2026-03-02T08:58:45Z",
            "a0c3 voice in Billing since 2026-03-02T08:59:30Z",
        ]
    );
}

#[test]
fn amazon_connect() {
    let (peer, source) = start(
        "amazon-connect",
        "url = '{at}'\nauth = { aws = { key_id = 'AKIA1', secret = SECRET } }\nparameters = { region = 'eu-west-2', instance = 'i-1', account = '123456789012', timezone = 'Europe/London' }",
    );
    assert_eq!(
        figures(&source, "Billing"),
        "abandoned 12, abandonment_rate 10, agents_after_contact 0, agents_available 1, agents_on_contact 1, agents_paused 1, agents_staffed 3, aht 315, asa 15.2, handled 108, longest_wait 73, offered 120, service_level 81.5, waiting 4"
    );
    assert_eq!(figures(&source, "Sales"), "waiting 0");
    assert_eq!(agents(&source), ["ann on_contact", "bo available", "cy paused (Lunch)"]);
    assert_eq!(contacts(&source), ["c-1 voice in Billing since 2026-03-02T08:55:00Z", "c-1 with u-1"]);
    assert!(peer.asked().iter().all(|asked| asked.header("authorization").unwrap().contains("/eu-west-2/connect/")));
    assert!(
        peer.asked().iter().any(|asked| asked.body.contains("arn:aws:connect:eu-west-2:123456789012:instance/i-1"))
    );
}

#[test]
fn twilio_taskrouter() {
    let keys = "url = '{at}'\nauth = { user = 'AC1', password = SECRET }\nparameters = { workspace = 'WS1' }";
    let (_peer, source) = start("twilio-taskrouter", keys);
    assert_eq!(
        figures(&source, "Billing"),
        "abandoned 5, answered 40, asa 14.5, in_progress 3, offered 48, service_level 32/45, waiting 2"
    );
    assert_eq!(agents(&source), ["ann available", "bo paused (Break)", "cy offline"]);
    assert_eq!(served(&source), ["WK1: Billing", "WK2: Billing"]);
    let expected =
        ["WT1 voice in Billing since 2026-03-02T08:59:18Z", "WT2 voice in Billing since 2026-03-02T08:59:51Z"];
    assert_eq!(contacts(&source), expected);
    // What is not told is unknown, and the word "false" is not true.
    let changed = start_changed("twilio-taskrouter", keys, |object| {
        object.retain(|key, _| key != "tasks_by_status" && key != "above");
        object.get_mut("available").into_iter().for_each(|is| *is = is.to_string().into());
    });
    assert_eq!(figures(&changed, "Billing"), "abandoned 5, answered 40, asa 14.5, offered 48");
    assert_eq!(agents(&changed), agents(&source));
}

#[test]
fn zendesk_talk_and_chat() {
    let keys = "url = '{at}'\nauth = { user = 'desk@example.com/token', password = SECRET }\nparameters = { subdomain = 'example' }";
    let (_peer, source) = start("zendesk-talk", keys);
    assert_eq!(figures(&source, "voice"), "abandoned 14, acw 28, longest_wait 120, waiting 5");
    assert_eq!(
        agents(&source),
        ["Ann Abel on_contact", "Bo Berg available", "Cy Cole paused (away)", "Di Dahl after_contact"]
    );
    let (_peer, source) = start("zendesk-chat", "url = '{at}'\nauth = { bearer = SECRET }");
    assert_eq!(figures(&source, "chat"), "in_progress 8, waiting 3");
}

#[test]
fn three_cx() {
    let (_peer, source) = start(
        "3cx",
        "url = '{at}/xapi/v1'\nauth = { oauth2 = { token_url = '{at}/connect/token', client = 'board', secret = SECRET } }\nparameters = { host = 'pbx.example.com', timezone = 'Europe/Nicosia' }",
    );
    assert_eq!(figures(&source, "Billing"), "answered 40, offered 48, service_level 36/48, talk 180.5");
    // No calls are no service level of 0 %.
    assert_eq!(figures(&source, "Sales"), "answered 0, offered 0, service_level 0/0");
}

#[test]
fn five9() {
    let keys = "url = '{at}'\nauth = { oauth2 = { token_url = '{at}/oauth2/v1/token', client = 'key', secret = SECRET } }\nparameters = { domain = 131721, timezone = 'America/New_York' }\nqueue_names = { '300000000000101' = 'Billing' }";
    let (peer, source) = start("five9", keys);
    let figures_of = |queue: &str| {
        // The age of the oldest grows with the clock.
        figures(&source, queue)
            .split(", ")
            .filter(|word| !word.starts_with("longest_wait"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert!(figures(&source, "Billing").contains("longest_wait"));
    assert_eq!(
        figures_of("Billing"),
        "abandoned 12, abandonment_rate 12/120, agents_after_contact 1, agents_available 1, agents_on_contact 3, agents_paused 1, agents_staffed 6, answered 108, in_progress 3, offered 120, service_level 96/108, waiting 2"
    );
    assert_eq!(
        figures(&source, "300000000000102"),
        "abandoned 0, abandonment_rate 0/0, agents_after_contact 0, agents_available 2, agents_on_contact 0, agents_paused 0, agents_staffed 2, answered 0, in_progress 0, offered 0, service_level 0/0, waiting 0"
    );
    assert_eq!(
        agents(&source),
        ["Ann Abel on_contact", "Bo Berg available", "Cy Cole paused (Lunch)", "Di Dahl offline", "? after_contact"]
    );
    assert_eq!(served(&source), ["u-ann: Billing", "u-bo: Billing, 300000000000102", "u-cy: Billing", "u-ed: "]);
    let capacities: Vec<_> = source.events.iter().filter_map(capacity).collect();
    assert_eq!(capacities, [("u-ann".to_owned(), 3)]);
    assert!(peer.asked().iter().skip(1).all(|asked| asked.header("authorization") == Some("Bearer f9t")));
    // No users are an empty list, and what is not told is unknown.
    let changed = start_changed("five9", keys, |object| {
        object.remove("callsOutOfServiceLevel");
        object.get_mut("users").into_iter().for_each(|users| *users = serde_json::json!([]));
    });
    let of_billing = figures(&changed, "Billing");
    assert!(of_billing.contains("answered 108") && !of_billing.contains("service_level"), "{of_billing}");
}

/// An agent with how many contacts they have at a time at most.
fn capacity(event: &floorwatch::event::Event) -> Option<(String, u32)> {
    let EventKind::AgentProfile(profile) = &event.kind else { return None };
    Some((profile.agent.to_string(), profile.capacity?))
}

#[test]
fn nice_cxone() {
    let (_peer, source) = start(
        "nice-cxone",
        "url = '{at}/inContactAPI/services/v31.0'\nauth = { oauth2 = { token_url = '{at}/auth/token', client = 'app', secret = SECRET, user = 'KEY1', password = SECRET } }\nparameters = { cluster = 'na1', timezone = 'America/Denver' }",
    );
    let of_billing = figures(&source, "Billing");
    let (before, after) = of_billing.split_once("longest_wait ").unwrap();
    let rest = after.split_once(", ").unwrap().1;
    assert_eq!(
        format!("{before}{rest}"),
        "abandoned 12, abandonment_rate 12/120, agents_after_contact 1, agents_available 1, agents_on_contact 3, agents_paused 1, agents_staffed 6, aht 315, asa 15, handled 108, offered 120, service_level 96/120, waiting 2"
    );
    assert_eq!(
        figures(&source, "Sales"),
        "abandoned 0, abandonment_rate 0/0, agents_after_contact 0, agents_available 2, agents_on_contact 0, agents_paused 0, agents_staffed 2, handled 0, offered 0, service_level 0/0, waiting 0"
    );
    assert_eq!(figures(&source, "Recall"), "", "outbound skills are left out");
    assert_eq!(
        agents(&source),
        [
            "Ann Abel on_contact",
            "Bo Berg available",
            "Cy Cole paused (Lunch)",
            "Di Dahl after_contact",
            "Ed Ek offline"
        ]
    );
    let contacts = contacts(&source);
    let begin = |text: &str| contacts.iter().any(|contact| contact.starts_with(text));
    assert!(begin("90001 voice in Billing since 2026-03-02T08:55:12.120Z"), "{contacts:?}");
    assert!(begin("90001 with 501") && begin("90002 voice in Billing") && begin("90003 chat in Billing"));
    assert_eq!(contacts.len(), 4, "menus and outbound calls are left out: {contacts:?}");
}

#[test]
fn chatwoot() {
    let (peer, source) = start(
        "chatwoot",
        "url = '{at}'\nauth = { value = SECRET }\nparameters = { host = 'app.chatwoot.com', account = 7, timezone = 'UTC' }",
    );
    assert_eq!(figures(&source, "Website"), "frt 62.25, offered 31");
    assert_eq!(
        (figures(&source, "Support mail"), figures(&source, "Press")),
        ("offered 12".into(), "offered 0".into())
    );
    assert_eq!(agents(&source), ["Ann Abel available", "Bo Berg paused (busy)", "Cy Cole offline"]);
    assert_eq!(served(&source), ["11: Website, Support mail", "12: Website"]);
    assert_eq!(
        contacts(&source),
        [
            "901 chat in Website since 2026-03-02T08:55:00Z",
            "902 email in Support mail since 2026-03-02T08:26:40Z",
            "902 with 11",
            "903 chat in Website since 2026-03-02T08:58:20Z",
        ]
    );
    assert!(peer.asked().iter().all(|asked| asked.header("api_access_token").is_some()));
}
