//! The log says what is wrong, and stays small whatever happens how often.

use std::fs;
use std::time::Instant;

use crate::support::hub::{Hub, PATIENCE};
use rustix::process::Signal;
use tokio::time::{Duration, sleep};

/// A hub that reads `lines` from a file of contact events.
fn hub_with_source(lines: &str) -> Hub {
    let hub = Hub::new("");
    fs::write(hub.path("feed"), lines).unwrap();
    let path = hub.path("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    let source =
        format!("\n[[source]]\nname = \"crm\"\nkind = \"events\"\npath = \"{}\"\n", hub.path("feed").display());
    fs::write(&path, config + &source).unwrap();
    hub
}

/// Wait until so many lines were rejected.
async fn rejected(hub: &Hub, lines: usize) {
    let end = Instant::now() + PATIENCE;
    loop {
        let (_, board) = hub.get("/v1/board", "root").await;
        let source = board["sources"].as_array().unwrap().iter().find(|source| source["name"] == "crm").unwrap();
        if source["rejected"] == lines {
            return;
        }
        assert!(Instant::now() < end, "{source}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_flood_of_lines_that_are_rejected_takes_one_line_for_each_doubling_of_each_kind() {
    const FLOOD: usize = 570_000;
    let rare = "{\"specversion\":\"1.0\"}\nnonsense\n";
    let mut hub = hub_with_source(&format!("{}{rare}{}", "{}\n".repeat(FLOOD / 2), "{}\n".repeat(FLOOD / 2)));
    hub.start().await;
    rejected(&hub, FLOOD + 2).await;
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    let log = hub.log();
    assert!(log.len() < 100_000, "{} bytes of log, which begins with {}", log.len(), &log[..2_000]);
    let lines = |kind: &str| log.lines().filter(|line| line.contains(kind)).collect::<Vec<_>>();
    let flood = lines("source=\"crm\" kind=\"specversion is missing\"");
    assert!(flood.len() < 50, "{flood:?}");
    assert!(flood[0].contains("line=1") && flood[1].ends_with(" count=2"), "{flood:?}");
    assert!(flood.last().unwrap().ends_with(&format!(" count={FLOOD}")), "{flood:?}");
    assert_eq!((lines("id is missing").len(), lines("not a JSON object").len()), (1, 1), "{log}");
}

#[tokio::test]
async fn a_log_on_a_full_disk_stops_nothing() {
    let mut hub = hub_with_source("{}\n{}\n");
    hub.arguments = vec!["--log-file".to_owned(), "/dev/full".to_owned()];
    hub.start().await;
    rejected(&hub, 2).await;
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    assert_eq!(hub.log(), "");
}
