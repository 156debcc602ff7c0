//! Runs the HTTP source against a server on loopback: all faults, events in pages, and figures.

use std::io;

use crate::support::faults::{Case, date_an_hour_ahead, drip, fault_tests, peak_memory};
use crate::support::peer::{Conversation, Peer};
use crate::support::running_source::{RunningSource, event};
use floorwatch::board::Health;
use floorwatch::source::SourceKind;

const CASE: Case = Case { kind: SourceKind::Http, good, an_hour_ahead, keys: "every_s = 1" };
fault_tests!(CASE);

const MAP: &str = "every_s = 1\nmap = { queue = \"queue\", kpis = { waiting = \"waiting\" }, at = \"at\" }";

fn good(c: &mut Conversation) -> io::Result<()> {
    c.request()?;
    c.answer("200 OK\nContent-Type: application/json\nETag: \"1\"", &format!("[{}]", event("a")))?;
    loop {
        c.request()?;
        c.answer("304 Not Modified", "")?;
    }
}

fn an_hour_ahead(c: &mut Conversation) -> io::Result<()> {
    c.request()?;
    c.answer(&format!("200 OK\nDate: {}", date_an_hour_ahead()), "[]")
}

fn start(peer: &Peer, keys: &str) -> RunningSource {
    RunningSource::start(SourceKind::Http, &format!("url = \"{}\"\n{keys}", peer.url("/stats")))
}

/// Answer each request with the next body, and all further ones with the last.
fn answers(c: &mut Conversation, bodies: &[&str]) -> io::Result<()> {
    for body in bodies.iter().chain(std::iter::repeat(bodies.last().unwrap())) {
        c.request()?;
        c.answer("200 OK\nContent-Type: application/json", body)?;
    }
    Ok(())
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let peer = Peer::start(good);
    let mut source = start(&peer, CASE.keys);
    source.until_health(Health::Live, "");
    source.until(|_| peer.asked().len() >= 3);
    assert_eq!(source.contacts(), ["a"]);
    let asked = peer.asked();
    assert_eq!(asked[0].header("if-none-match"), None);
    assert!(asked[1..].iter().all(|asked| asked.header("if-none-match") == Some("\"1\"")), "{asked:?}");
}

#[test]
fn pages_are_fetched_at_once_and_a_restart_goes_on_where_it_was() {
    let peer = Peer::start(|c| {
        loop {
            let asked = c.request()?;
            let (id, next, more) = match asked.path() {
                "/stats" => ("a", "n1", true),
                "/stats?since=n1" => ("b", "n2", true),
                "/stats?since=n2" => ("c", "n3", false),
                _ => {
                    c.answer("200 OK", r#"{"events": [], "next": "n3", "has_more": false}"#)?;
                    continue;
                }
            };
            c.answer("200 OK", &format!(r#"{{"events": [{}], "next": "{next}", "has_more": {more}}}"#, event(id)))?;
        }
    });
    let keys = "every_s = 3600\ncursor = { parameter = \"since\", pointer = \"/next\" }";
    let mut source = start(&peer, keys);
    source.until_health(Health::Live, "");
    assert_eq!((source.contacts(), source.cursor.as_deref()), (vec!["a", "b", "c"], Some("n3")));
    drop(source);
    let url = format!("url = \"{}\"\n{keys}", peer.url("/stats"));
    let mut source = RunningSource::resume(SourceKind::Http, &url, Some("n3"));
    source.until_health(Health::Live, "");
    assert_eq!((source.contacts().len(), peer.asked().last().unwrap().path()), (0, "/stats?since=n3"));
}

#[test]
fn a_page_that_breaks_off_is_asked_for_again_and_nothing_comes_twice() {
    let peer = Peer::start(|c| {
        let whole = format!(r#"{{"events": [{}], "next": "n2"}}"#, event("b"));
        loop {
            let asked = c.request()?;
            match (asked.path(), c.number) {
                ("/stats", _) => {
                    let first = format!(r#"{{"events": [{}], "next": "n1", "has_more": true}}"#, event("a"));
                    c.answer("200 OK", &first)?;
                }
                ("/stats?since=n1", 0) => {
                    return c.say(format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
                        whole.len(),
                        &whole[..90]
                    ));
                }
                ("/stats?since=n1", _) => c.answer("200 OK", &whole)?,
                _ => c.answer("200 OK", r#"{"events": [], "next": "n2"}"#)?,
            }
        }
    });
    let mut source = start(&peer, "every_s = 1\ncursor = { parameter = \"since\", pointer = \"/next\" }");
    source.until_health(Health::Down, "broke off in the middle");
    source.until_health(Health::Live, "");
    assert_eq!((source.contacts(), source.cursor.as_deref()), (vec!["a", "b"], Some("n2")));
}

#[test]
fn a_server_that_has_more_for_ever_is_left_in_peace() {
    let peer = Peer::start(|c| answers(c, &[r#"{"events": [], "next": "same", "has_more": true}"#]));
    let mut source = start(&peer, "every_s = 3600\ncursor = { parameter = \"since\", pointer = \"/next\" }");
    source.until_health(Health::Live, "");
    assert_eq!(peer.asked().len(), 2);
}

#[test]
fn a_source_that_was_live_is_stale_first_and_figures_it_missed_are_a_gap() {
    let peer = Peer::start(|c| {
        if c.number == 1 {
            return c.reset();
        }
        c.request()?;
        c.answer("200 OK\nConnection: close", &format!(r#"{{"queue": "billing", "waiting": {}}}"#, c.number))
    });
    let mut source = start(&peer, MAP);
    source.until_health(Health::Live, "");
    source.until_health(Health::Stale, "broke the connection off");
    source.until_health(Health::Live, "");
    assert_eq!((source.gaps(), source.figures("billing")), (1, vec![("waiting", 2.0)]));
}

#[test]
fn figures_that_have_not_changed_meanwhile_are_a_gap_too() {
    let peer = Peer::start(|c| match c.number {
        0 => {
            c.request()?;
            c.answer("200 OK\nETag: \"1\"\nConnection: close", r#"{"queue": "billing", "waiting": 3}"#)
        }
        1 => c.reset(),
        _ => {
            assert_eq!(c.request()?.header("if-none-match"), Some("\"1\""));
            c.answer("304 Not Modified\nConnection: close", "")
        }
    });
    let mut source = start(&peer, MAP);
    source.until_health(Health::Stale, "broke the connection off");
    source.until_health(Health::Live, "");
    assert_eq!((source.gaps(), source.figures("billing")), (1, vec![("waiting", 3.0)]));
}

#[test]
fn old_figures_are_stale_though_the_server_is_well() {
    let old = r#"{"queue": "billing", "waiting": 3, "at": "2026-03-02T09:00:00Z"}"#;
    let peer = Peer::start(move |c| answers(c, &[old, r#"{"queue": "billing", "waiting": 4}"#]));
    let mut source = start(&peer, MAP);
    source.until_health(Health::Stale, "its figures are over 300 s old");
    assert_eq!(source.figures("billing"), [("waiting", 3.0)]);
    source.until_health(Health::Live, "");
    assert_eq!(source.figures("billing"), [("waiting", 4.0)]);
}

#[test]
fn a_byte_order_mark_before_an_answer_is_read_over() {
    let peer = Peer::start(|c| answers(c, &["\u{feff}{\"queue\": \"billing\", \"waiting\": 3}"]));
    let mut source = start(&peer, MAP);
    source.until_health(Health::Live, "");
    assert_eq!(source.figures("billing"), [("waiting", 3.0)]);
}

#[test]
fn other_charsets_and_numbers_that_are_none_are_read() {
    let answer = |kind: &'static str, body: &'static [u8]| {
        let peer = Peer::start(move |c| {
            loop {
                c.request()?;
                c.say(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len()))?;
                c.say(body)?;
            }
        });
        let mut source = start(&peer, &MAP.replace("waiting = \"waiting\"", "waiting = \"waiting\", asa = \"asa\""));
        source.until_health(Health::Live, "");
        source
    };
    let latin = answer("application/json; charset=ISO-8859-1", b"{\"queue\": \"St\xf6rung\", \"waiting\": 3}");
    assert_eq!(latin.figures("Störung"), [("waiting", 3.0)]);
    let odd = answer("application/json", br#"{"queue": "billing", "waiting": "3", "asa": NaN}"#);
    assert_eq!(odd.figures("billing"), [("waiting", 3.0)]);
    assert!(odd.rejected[0].1.contains("NaN or Infinity"), "{:?}", odd.rejected);
}

#[test]
fn a_connection_that_the_server_closes_between_two_polls_is_no_fault() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("200 OK", r#"{"queue": "billing", "waiting": 3}"#)?;
        // It closes the connection in the moment in which the next request comes.
        c.request().map(drop)
    });
    let mut source = start(&peer, MAP);
    source.until(|_| peer.asked().len() > 6);
    assert!(
        source.health.iter().all(|(health, _)| matches!(health, Health::Connecting | Health::Live)),
        "{:?}",
        source.health
    );
}

#[test]
fn a_bad_row_is_told_once_however_often_it_comes() {
    let peer = Peer::start(|c| answers(c, &[r#"{"queue": "billing", "waiting": "n/a"}"#]));
    let mut source = start(&peer, MAP);
    source.until(|_| peer.asked().len() >= 4);
    source.until(|source| !source.rejected.is_empty());
    assert_eq!(source.rejected, [(1, "waiting: `waiting` is not a number (n/a)".to_owned())]);
}

#[test]
fn what_is_no_answer_of_the_kind_is_told() {
    for (keys, body, words) in [
        (MAP, "<html>", "a page for signing in: check `url`"),
        (MAP, "down for tea", "no JSON"),
        (MAP, "", "is empty"),
        (MAP, "{\"queue\": \"St\u{f6}rung\"", "no JSON"),
        (MAP, "[1, 2]", r#"rows = "@""#),
        (CASE.keys, "<html>", "HTML or XML"),
        (CASE.keys, "{\"waiting\": 3}", "[source.map]"),
    ] {
        let peer = Peer::start(move |c| answers(c, &[body]));
        start(&peer, keys).until_health(Health::Down, words);
    }
}

#[test]
fn a_gigabyte_takes_no_memory() {
    let endless = |c: &mut Conversation, head: &str| {
        c.request()?;
        c.begin(head)?;
        let piece = vec![b' '; 65_536];
        for _ in 0..16_384 {
            c.say(&piece)?;
        }
        Ok(())
    };
    let before = peak_memory();
    for head in ["200 OK", "200 OK\nContent-Length: 1073741824"] {
        let peer = Peer::start(move |c| endless(c, head));
        start(&peer, MAP).until_health(Health::Down, "is over 16 MiB long");
    }
    assert!(peak_memory() - before < 96, "{} MiB more", peak_memory() - before);
}

#[test]
fn a_slow_drip_is_waited_for_so_long_and_no_longer() {
    let peer = Peer::start(|c| {
        c.request()?;
        let body = format!("[{}]", event("a"));
        c.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()))?;
        drip(c, &body)?;
        c.hold()
    });
    let mut source = start(&peer, "");
    source.until(|source| !source.contacts().is_empty());
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin("200 OK")?;
        drip(c, &" ".repeat(5000))
    });
    let mut source = start(&peer, "patience_s = 1");
    source.until_health(Health::Down, "had not come whole after 1 s");
    CASE.silence("patience_s = 1", "no answer from");
}
