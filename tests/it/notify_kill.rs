//! Kills the program while it sends notifications: none is lost, and only one without an answer may be sent twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock::{clock_env, faketime};
use crate::support::board::{Floor, PROGRAM, now};
use crate::support::hooks::{Answer, Hooks};
use tokio::time::sleep;

/// The program without a screen.
struct Hub(Child);

impl Hub {
    fn start(floor: &Floor) -> Self {
        Self::start_with(floor, &[])
    }

    fn start_with(floor: &Floor, env: &[(&str, String)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["hub", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("FLOORWATCH_CONFIG", floor.path("config.toml")).env("HOME", floor.path(""));
        command.envs(env.iter().map(|(name, value)| (name, value)));
        Self(command.spawn().unwrap())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Sends SIGKILL.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

const EACH_QUEUE: &str = r#"
[[alert]]
name = "Busy queue"
kpi = "offered"
each = "queue"
window = "7d"
when = "above"
warning = 0.5
for = 0
min_samples = 0
[hub]
share = false
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_that_was_answered_by_kill_9() {
    const QUEUES: usize = 6;
    let mut hooks = Hooks::new().await;
    hooks.answer_all(Answer::Slow(202, 60));
    let hook = format!(
        "{EACH_QUEUE}[[notify]]\nkind = \"webhook\"\nurl = \"http://{}/hook\"\nrules = [\"Busy queue\"]\n",
        hooks.address
    );
    let floor = Floor::new(&hook);
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut order = Vec::new();
    let mut wanted = 0;
    let rounds = [700, 150, 1500, 420, 2200, 90, 1100];
    for alive in rounds {
        let hub = Hub::start(&floor);
        for _ in 0..QUEUES {
            let (second, mut line) = (now().timestamp(), String::new());
            writeln!(line, "{second}|c{wanted}|queue-{wanted:03}|NONE|ENTERQUEUE||0123|1").unwrap();
            floor.append("queue_log", &line);
            wanted += 1;
        }
        sleep(Duration::from_millis(alive)).await;
        drop(hub);
    }
    let _hub = Hub::start(&floor);
    while told.len() < wanted {
        let body = hooks.next().await.json();
        assert_eq!(body["event"], "firing");
        let queue = body["queue"].as_str().unwrap().to_owned();
        if !told.contains_key(&queue) {
            order.push(body["episode"].as_u64().unwrap());
        }
        *told.entry(queue).or_default() += 1;
    }
    let twice: Vec<_> = told.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.len() <= rounds.len(), "one message a kill may be told again: {twice:?}");
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_target_missed_for_an_hour_is_told_in_spite_of_kill_9() {
    const QUEUES: usize = 5;
    let Some(library) = faketime() else { return };
    let mut hooks = Hooks::new().await;
    hooks.answer_all(Answer::Status(503));
    let hook = format!(
        "{EACH_QUEUE}[[notify]]\nkind = \"webhook\"\nurl = \"http://{}/hook\"\nrules = [\"Busy queue\"]\n",
        hooks.address
    );
    let floor = Floor::new(&hook);
    let offset = floor.path("offset");
    let env = clock_env(&library, &offset);
    let hub = Hub::start_with(&floor, &env);
    let offered = |n: usize| format!("{}|c{n}|queue-{n}|NONE|ENTERQUEUE||0123|1\n", now().timestamp());
    floor.append("queue_log", &(0..QUEUES).map(offered).collect::<String>());
    assert!(!hooks.next().await.accepted);
    sleep(Duration::from_millis(1500)).await;
    drop(hub);
    fs::write(&offset, "+62m").unwrap();
    hooks.answer_all(Answer::Slow(202, 60));
    let rounds = [300, 700, 500];
    for alive in rounds {
        let hub = Hub::start_with(&floor, &env);
        sleep(Duration::from_millis(alive)).await;
        drop(hub);
    }
    let _hub = Hub::start_with(&floor, &env);
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    while told.len() < QUEUES {
        let body = hooks.next_accepted().await.json();
        assert_eq!((&body["event"], &body["again"]), (&"firing".into(), &false.into()));
        *told.entry(body["queue"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(told.values().sum::<usize>() <= QUEUES + rounds.len(), "one message a kill may be told again: {told:?}");
}
