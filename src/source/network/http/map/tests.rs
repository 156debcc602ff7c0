use super::*;

const NOW: Time = Time::from_unix(1_772_442_000);

fn map(text: &str) -> Map {
    toml::from_str(text).unwrap()
}

fn figures(event: &Event) -> (&str, Vec<(&str, f64)>) {
    let EventKind::Observed { queue, figures, .. } = &event.kind else { panic!("{event:?}") };
    (queue.as_str(), figures.iter().map(|(key, value)| (key.as_str(), *value)).collect())
}

/// The events of a document, what was rejected, and when its figures were taken.
struct Read {
    events: Vec<Event>,
    rejected: Vec<(u64, RejectionReason)>,
    at: Option<Time>,
}

fn try_read(map: &Map, text: &str) -> Result<Read, String> {
    let mut reading = Reading::default();
    map.read(&parse(text.as_bytes())?, NOW, &Names::default(), &mut reading)?;
    let events = reading.events(map.window.as_ref(), &Label::fixed("vendor"));
    Ok(Read { events, rejected: reading.rejected, at: reading.at })
}

fn read(map: &Map, text: &str) -> Read {
    try_read(map, text).unwrap()
}

#[test]
fn an_odd_cell_costs_no_row_and_who_stands_in_one_that_cannot_be_read_is_there_all_the_same() {
    let map = map(r#"
        agents = { rows = "agents", agent = "id", state = "s", states = { on = "available", "*ff" = "offline" }, since = "since", capacity = "cap", skills = "skills", team = "team" }
        contacts = { rows = "contacts", contact = "id", queue = "q", since = "since", channel = "via", priority = "prio" }
    "#);
    let document = r#"{
        "agents": [
            {"id": 7, "s": "on", "since": {}, "cap": "many", "skills": "French", "team": ["North"]},
            {"id": 8, "s": "on", "cap": -1, "skills": ["French", {}, 4]}, {"id": 9, "s": null, "cap": 2.5},
            {"id": 10, "s": "busy", "cap": "3"}, {"s": "on"}, {"id": {}}],
        "contacts": [
            {"id": "c1", "q": []}, {"id": "c2", "q": "a", "since": "soon", "via": "telex", "prio": "high"},
            {"id": "c3", "q": "a"}, {"id": {}, "q": "a"}]
    }"#;
    let mut reading = Reading::default();
    map.read(&parse(document.as_bytes()).unwrap(), NOW, &Names::default(), &mut reading).unwrap();
    assert_eq!(reading.unread.iter().map(Label::as_str).collect::<Vec<_>>(), ["c1"]);
    let agent = |id: &str| {
        let AgentEntry { profile, state, .. } = &reading.agents[&Label::new(id)];
        let skills: Vec<&str> = profile.skills.iter().map(Label::as_str).collect();
        (state.as_ref().map(|(state, ..)| state.key()), profile.capacity, skills.join(","))
    };
    assert_eq!(agent("7"), (Some("available"), None, String::new()));
    assert_eq!(agent("8"), (Some("available"), None, "French,4".to_owned()));
    // Neither is offline: their states are not known.
    let unknown = |capacity| (Some("unknown"), capacity, String::new());
    assert_eq!((agent("9"), agent("10")), (unknown(None), unknown(Some(3))));
    let contact = &reading.contacts[&Label::new("c2")];
    assert_eq!((contact.channel.key(), contact.since, contact.priority), ("voice", None, None));
    let said: Vec<String> = reading.rejected.iter().map(|(row, why)| format!("{row} {why}")).collect();
    let expected = [
        "1 agents: team: `team` is array, not a text",
        "1 agents: capacity: `cap` is not a number (many)",
        "1 agents: skills: `skills` is string, not a list",
        "1 agents: since: `since` is no time: RFC 3339, or seconds since 1970 are meant",
        "2 agents: capacity: `cap` is no number of contacts (-1)",
        "2 agents: skills: `skills` has items that are no texts (1)",
        "3 agents: capacity: `cap` is no number of contacts (2.5)",
        "3 agents: there is nothing at `s`",
        "4 agents: `s` is a word that `states` does not have (busy)",
        "5 agents: without an agent: there is nothing at `id`",
        "6 agents: `id` is object, not a text",
        "1 contacts: `q` is array, not a text",
        "2 contacts: channel: `via` is a word that `channels` does not have (telex)",
        "2 contacts: priority: `prio` is not a number (high)",
        "2 contacts: since: `since` is no time: RFC 3339, or seconds since 1970 are meant",
        "4 contacts: `id` is object, not a text",
    ];
    assert_eq!(said, expected);
}

#[test]
fn other_keys_than_the_mapping_looks_for_are_no_empty_list() {
    let map = map(r#"
        queue_names = { rows = "queues", id = "Id", name = "Name" }
        rows = "figures || `[]`"
        queue = "queueId"
        kpis = { waiting = "sum(data[].stats.count)" }
        agents = { rows = "agents", agent = "id", state = "routingStatus.status", states = { IDLE = "available" } }
        contacts = { rows = "contacts", contact = "id", queue = "queueId" }
    "#);
    let found = |text: &str| {
        let mut reading = Reading::default();
        map.read(&parse(text.as_bytes()).unwrap(), NOW, &Names::default(), &mut reading).unwrap();
        reading.nothing_found()
    };
    let quiet = r#"{"queues": [], "agents": [], "contacts": []}"#;
    assert_eq!(
        (found(quiet), found(&quiet.replace("\"queues\"", "\"Figures\": [], \"queues\"")).is_some()),
        (None, true)
    );
    let right = r#"{"queues": [{"Id": 1, "Name": "a"}], "figures": [{"queueId": 1, "data": [{"stats": {"count": "2"}}]}],
        "agents": [{"id": 7, "routingStatus": {"status": "IDLE"}}, {"id": 8}], "contacts": [{"id": 1, "queueId": 1}]}"#;
    assert_eq!(found(right), None);
    let said = found(&right.to_lowercase().replace("idle", "IDLE")).unwrap();
    for words in [
        "nothing is found of its agents: there is no `routingStatus`, but `routingstatus` (the keys there are `agents`, `contacts`, ",
        "nothing is found of its contacts: there is no `queueId`, but `queueid`",
        "nothing is found of its figures: there is no `queueId`, but `queueid`",
        "nothing is found of its names of queues: there is no `Id`, but `id`, no `Name`, but `name`",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let renamed = found(r#"{"queues": [{"number": 1, "title": "a"}], "agents": [], "contacts": []}"#).unwrap();
    assert!(renamed.contains("there is no `Id`, no `Name`"), "{renamed}");
    // A number in place of what is missing is not found, and null is.
    let of_constant = |text: &str| {
        let map = super::tests::map("rows = \"@\"\nqueue = \"q\"\nkpis = { waiting = \"d.w || `0`\" }");
        let mut reading = Reading::default();
        map.read(&parse(text.as_bytes()).unwrap(), NOW, &Names::default(), &mut reading).unwrap();
        reading.nothing_found()
    };
    assert_eq!(of_constant(r#"[{"q": "a", "d": {"w": null}}]"#), None);
    assert!(of_constant(r#"[{"q": "a", "d": {"waits": 3}}]"#).unwrap().contains("no `w`"));
    let hostile = format!(r#"{{"queues": [{{"{}\u001b[2J": 1}}], "agents": [], "contacts": []}}"#, "k".repeat(5_000));
    assert!(found(&hostile).unwrap().len() < 400);
}

#[test]
fn rows_become_figures_of_queues() {
    let map = map(r#"
        rows = "queues[?enabled]"
        queue = "name"
        kpis = { waiting = "calls.waiting", asa = "asa_ms", service_level = "sl" }
        scale = { asa = 0.001, service_level = 100 }
        since = { longest_wait = "oldest" }
        window = "today"
    "#);
    assert_eq!(map.check(), Ok(()));
    let reading = read(
        &map,
        r#"{"queues": [
            {"enabled": true, "name": "billing", "calls": {"waiting": "3"}, "asa_ms": 12500, "sl": 0.85, "oldest": "2026-03-02T08:58:30Z"},
            {"enabled": false, "name": "closed"},
            {"enabled": true, "name": 42, "calls": {"waiting": 0}, "asa_ms": null},
            {"enabled": true, "name": "empty"}
        ]}"#,
    );
    assert_eq!(reading.rejected, []);
    assert_eq!(
        reading.events.iter().map(figures).collect::<Vec<_>>(),
        [
            ("billing", vec![("waiting", 3.0), ("service_level", 85.0), ("asa", 12.5), ("longest_wait", 90.0)]),
            ("42", vec![("waiting", 0.0)]),
        ]
    );
    assert_eq!((reading.events[0].at, reading.at), (NOW, None));
    assert!(
        matches!(&reading.events[0].kind, EventKind::Observed { window: Some(window), .. } if window.as_str() == "today")
    );
}

#[test]
fn a_bad_row_or_figure_is_named_and_the_rest_goes_on() {
    let map = map(r#"
        rows = "@"
        queue = "q"
        kpis = { waiting = "w", service_level = "sl" }
    "#);
    let reading = read(
        &map,
        r#"[{"w": 1}, {"q": "a", "w": "n/a", "sl": 85}, {"q": "b", "w": -1}, {"q": {}, "w": 1}, {"q": "c", "sl": 850}, {"q": "d", "w": 1e300}]"#,
    );
    assert_eq!(reading.events.iter().map(figures).collect::<Vec<_>>(), [("a", vec![("service_level", 85.0)])]);
    let rejected: Vec<(u64, String)> = reading.rejected.iter().map(|(row, why)| (*row, why.to_string())).collect();
    assert_eq!(
        rejected,
        [
            (1, "without a queue: there is nothing at `q`"),
            (2, "waiting: `w` is not a number (n/a)"),
            (3, "waiting: below 0, it is taken as unknown (-1)"),
            (4, "`q` is object, not a text"),
            (5, "service_level: over 100, set its `scale` (850)"),
            (6, "waiting: larger than any centre (1e300)"),
        ]
        .map(|(row, why)| (row, why.to_owned()))
    );
}

#[test]
fn rows_of_one_queue_are_one_and_none_is_counted_twice() {
    let map = map(r#"
        rows = "@"
        queue = "q"
        kpis = { waiting = "w", in_progress = "p" }
    "#);
    let reading = read(&map, r#"[{"q": "a", "w": 1}, {"q": "b", "w": 4}, {"q": "a", "p": 2}, {"q": "a", "w": 3}]"#);
    let wanted = [("a", vec![("waiting", 1.0), ("in_progress", 2.0)]), ("b", vec![("waiting", 4.0)])];
    assert_eq!(reading.events.iter().map(figures).collect::<Vec<_>>(), wanted);
    assert!(
        reading.rejected.len() == 1 && reading.rejected[0].1.to_string().contains("another row"),
        "{:?}",
        reading.rejected
    );
}

#[test]
fn a_document_without_its_rows_is_refused_whole() {
    let of = |rows: &str, text: &str| {
        try_read(&map(&format!("{rows}queue = {{ value = \"all\" }}\nkpis = {{ waiting = \"w\" }}")), text)
            .err()
            .unwrap()
    };
    assert!(of("", "[{}]").contains(r#"rows = "@""#));
    assert!(of("", "<html>").contains("no JSON"));
    assert!(of("rows = \"a.b\"\n", "{}").contains("nothing at `a.b`"));
    assert!(of("rows = \"a\"\n", r#"{"a": 3}"#).contains("number, not a list"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(of("", &deep).contains("levels deep"));
}

#[test]
fn of_a_list_that_is_too_long_the_beginning_is_read_and_the_rest_is_said() {
    let map = map(r#"
        queue_names = { rows = "queues", id = "id", name = "name" }
        agents = { rows = "agents", agent = "id", capacity = "cap", skills = "skills" }
    "#);
    let ids = (0..MAX_ROWS + 3).map(|n| format!(r#"{{"id": "a{n}", "cap": 3, "skills": ["French"]}}"#));
    let document = format!(r#"{{"queues": [], "agents": [{}]}}"#, ids.collect::<Vec<_>>().join(","));
    let mut reading = Reading::default();
    map.read(&parse(document.as_bytes()).unwrap(), NOW, &Names::default(), &mut reading).unwrap();
    assert_eq!((reading.agents.len(), reading.is_cut), (MAX_ROWS, true));
    let said = "`agents` is a list of 10003 rows: the first 10000 are read and 3 left out; ask for fewer";
    assert_eq!(reading.rejected, [(0, said.into())]);
    let profile = &reading.agents.values().next().unwrap().profile;
    assert_eq!((profile.capacity, profile.skills.as_slice()), (Some(3), &["French".into()][..]));
}

#[test]
fn a_name_that_is_cut_in_the_middle_of_a_character_costs_no_answer() {
    let map = map("rows = \"queues\"\nqueue = \"name\"\nkpis = { waiting = \"w\" }");
    let reading = read(&map, r#"{"queues": [{"name": "Ann \ud83d", "w": 2}, {"name": "\ud83d\ude00", "w": 1}]}"#);
    let queues: Vec<_> = reading.events.iter().map(|event| figures(event).0).collect();
    assert_eq!(queues, ["Ann \u{fffd}", "\u{1f600}"]);
}

#[test]
fn a_configured_name_counts_more_than_that_of_an_answer() {
    let map = map(r#"
        queue_names = { rows = "queues", id = "id", name = "name" }
        rows = "queues"
        queue = "id"
        kpis = { waiting = "w" }
    "#);
    let document = r#"{"queues": [{"id": 1, "name": "q1", "w": 2}, {"id": 2, "name": "q2", "w": 1}]}"#;
    let mut reading = Reading::default();
    let own = Names::configured(&[("2".to_owned(), Label::from("Sales"))].into());
    map.read(&parse(document.as_bytes()).unwrap(), NOW, &own, &mut reading).unwrap();
    let events = reading.events(None, &Label::fixed("vendor"));
    assert_eq!(events.iter().map(|event| figures(event).0).collect::<Vec<_>>(), ["q1", "Sales"]);
}

#[test]
fn the_document_may_say_when_its_figures_were_taken() {
    let map = map("queue = { value = \"all\" }\nat = \"meta.at\"\nkpis = { waiting = \"w\" }");
    let reading = read(&map, r#"{"w": 2, "meta": {"at": "2026-03-02T08:50:00Z"}}"#);
    let taken = Time::parse_rfc3339("2026-03-02T08:50:00Z").unwrap();
    assert_eq!((reading.at, reading.events[0].at), (Some(taken), taken));
    assert_eq!(figures(&reading.events[0]).0, "all");
    // A time ahead of the source's own clock is replaced by the present time.
    let ahead = read(&map, r#"{"w": 2, "meta": {"at": "2027-01-01T00:00:00Z"}}"#);
    assert_eq!(ahead.events[0].at, NOW);
    let unset = read(&map, r#"{"w": 2, "meta": {"at": "yesterday"}}"#);
    assert!(unset.events.len() == 1 && unset.rejected[0].1.to_string().contains("no time"), "{:?}", unset.rejected);
}
