//! A stream of server-sent events, as the board sees it: real connections on loopback, and every way to fail.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::faults::{Case, date_an_hour_ahead, drip, fault_tests, peak_memory};
use crate::support::peer::{Conversation, Peer};
use crate::support::running_source::{RunningSource, event};
use floorwatch::board::Health;
use floorwatch::source::SourceKind;

const STREAM: &str = "200 OK\nContent-Type: text/event-stream; charset=utf-8";
const CASE: Case = Case { kind: SourceKind::Sse, good, an_hour_ahead, keys: "" };
fault_tests!(CASE);

fn good(c: &mut Conversation) -> io::Result<()> {
    c.request()?;
    c.begin(STREAM)?;
    c.say(format!("id: 1\ndata: {}\n\n", event("a")))?;
    c.hold()
}

fn an_hour_ahead(c: &mut Conversation) -> io::Result<()> {
    c.request()?;
    c.begin(&format!("{STREAM}\nDate: {}", date_an_hour_ahead()))?;
    c.hold()
}

fn start(peer: &Peer, keys: &str) -> RunningSource {
    RunningSource::start(SourceKind::Sse, &format!("url = \"{}\"\n{keys}", peer.url("/events")))
}

#[test]
fn events_come_as_they_happen_in_any_form_and_a_bad_one_alone_is_set_aside() {
    let peer = Peer::start(|c| {
        let asked = c.request()?;
        assert_eq!(asked.header("accept"), Some("text/event-stream"));
        c.begin(STREAM)?;
        c.say(format!(": welcome\n\ndata: {}\n\n", event("one")))?;
        c.say(format!("event: ping\ndata: {{}}\n\nevent: batch\ndata: [{},{}]\n\n", event("two"), event("three")))?;
        c.say("data: {\"no\": \"event\"}\n\ndata: caf\u{e9} [\n\n")?;
        c.say(b"data: caf\xe9\n\n")?;
        c.say(format!("id: 7\ndata: {}\ndata: {}\n\n", event("four"), event("five")))?;
        c.hold()
    });
    let mut source = start(&peer, "");
    source.until_health(Health::Live, "");
    source.until(|source| source.contacts().len() == 5);
    assert_eq!(source.contacts(), ["one", "two", "three", "four", "five"]);
    let rejected: Vec<u64> = source.rejected.iter().map(|(number, _)| *number).collect();
    assert_eq!(rejected, [4, 5, 6], "{:?}", source.rejected);
    assert!(source.rejected[2].1.contains("UTF-8"), "{:?}", source.rejected);
    assert!(source.cursor.as_ref().is_some_and(|cursor| cursor.contains(r#""id":"7""#)), "{:?}", source.cursor);
}

#[test]
fn a_quiet_stream_is_live_at_once() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin(STREAM)?;
        c.hold()
    });
    start(&peer, "").until_health(Health::Live, "");
}

#[test]
fn what_stops_in_the_middle_of_an_event_loses_nothing_and_counts_nothing_twice() {
    let block = |n: u32, id: &str| format!("id: {n}\ndata: {}\n\n", event(id));
    let text = block(1, "a") + &block(2, "b") + &block(3, "c");
    let third = text.rfind("id: 3").unwrap();
    // In the id, in the data, at the end of the data, and just before the empty line.
    for cut in [third + 2, third + 30, text.len() - 3, text.len() - 1] {
        let whole = text.clone();
        let peer = Peer::start(move |c| {
            let asked = c.request()?;
            c.begin(STREAM)?;
            match asked.header("last-event-id") {
                None => c.say(&whole[..cut]),
                Some("2") => c.say(&whole[third..]).and_then(|()| c.hold()),
                Some(other) => panic!("{other}"),
            }
        });
        let mut source = start(&peer, "");
        source.until_health(Health::Stale, "ended the stream");
        source.until_health(Health::Live, "");
        source.until(|source| source.contacts().len() > 2);
        assert_eq!(source.contacts(), ["a", "b", "c"]);
        assert_eq!((source.gaps(), source.rejected.len()), (0, 0));
    }
}

#[test]
fn a_restart_goes_on_where_the_journal_says_it_was_left() {
    let peer = Peer::start(good);
    let url = format!("url = \"{}\"", peer.url("/events"));
    let mut source = RunningSource::start(SourceKind::Sse, &url);
    source.until(|source| source.cursor.is_some());
    let cursor = source.cursor.clone().unwrap();
    drop(source);
    let mut source = RunningSource::resume(SourceKind::Sse, &url, Some(&cursor));
    source.until_health(Health::Live, "");
    assert_eq!(source.gaps(), 0);
    assert_eq!(peer.asked().last().unwrap().header("last-event-id"), Some("1"));
}

#[test]
fn without_ids_what_was_missed_is_a_gap() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin(STREAM)?;
        c.say(format!("data: {}\n\n", event(&format!("n{}", c.number))))?;
        if c.number == 0 { Ok(()) } else { c.hold() }
    });
    let url = format!("url = \"{}\"", peer.url("/events"));
    let mut source = RunningSource::start(SourceKind::Sse, &url);
    source.until(|source| source.contacts().len() == 2);
    assert_eq!((source.contacts(), source.gaps()), (vec!["n0", "n1"], 1));
    // The time in which the program did not run is a gap too.
    let cursor = source.cursor.clone().unwrap();
    drop(source);
    let mut source = RunningSource::resume(SourceKind::Sse, &url, Some(&cursor));
    source.until(|source| !source.contacts().is_empty());
    assert_eq!(source.gaps(), 1);
}

#[test]
fn any_byte_is_a_sign_of_life_and_none_is_none() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin(STREAM)?;
        for _ in 0..8 {
            c.say(":\n")?;
            thread::sleep(Duration::from_millis(300));
        }
        c.say(format!("id: 1\ndata: {}\n\n", event("a")))?;
        c.hold()
    });
    let mut source = start(&peer, "heartbeat_s = 2");
    source.until(|source| !source.events.is_empty());
    assert_eq!(peer.asked().len(), 1, "{:?}", source.health);
    source.until_health(Health::Live, "");
    source.until_health(Health::Stale, "nothing has come for 2 s: the connection is dead");
    CASE.silence("heartbeat_s = 1", "no answer from");
}

#[test]
fn the_server_may_say_how_long_to_wait() {
    let (to, connected) = mpsc::channel();
    let to = std::sync::Mutex::new(to);
    let peer = Peer::start(move |c| {
        c.request()?;
        to.lock().unwrap().send(Instant::now()).unwrap();
        c.begin(STREAM)?;
        c.say(format!("retry: 2500\nid: {}\ndata: {}\n\n", c.number, event(&format!("n{}", c.number))))
    });
    let mut source = start(&peer, "");
    source.until(|source| source.contacts().len() == 2);
    let (first, second): (Instant, Instant) = (connected.recv().unwrap(), connected.recv().unwrap());
    assert!(second - first >= Duration::from_millis(2500), "{:?}", second - first);
}

#[test]
fn what_is_no_stream_is_told() {
    for (answer, words) in [
        ("200 OK\nContent-Type: text/html", "no stream of events but text/html"),
        ("200 OK", "no stream of events but nothing said"),
        ("204 No Content", "wants nobody to subscribe"),
        ("404 Not Found", "correct the address"),
    ] {
        let peer = Peer::start(move |c| c.request().and_then(|_| c.answer(answer, "<html>")));
        start(&peer, "").until_health(Health::Down, words);
    }
}

#[test]
fn an_endless_line_takes_no_memory_and_the_next_event_is_taken() {
    const PIECES: usize = 4096;
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin(STREAM)?;
        c.say("data: ")?;
        let piece = vec![b'x'; 65_536];
        for _ in 0..PIECES {
            c.say(&piece)?;
        }
        c.say(format!("\n\nid: 2\ndata: {}\n\n", event("after")))?;
        c.hold()
    });
    let before = peak_memory();
    let mut source = start(&peer, "");
    source.until(|source| !source.contacts().is_empty());
    assert!(source.rejected[0].1.contains("longer than 1024 KiB"), "{:?}", source.rejected);
    assert!(peak_memory() - before < 64, "{} MiB more for 256", peak_memory() - before);
}

#[test]
fn a_slow_drip_is_taken_as_it_is() {
    let peer = Peer::start(|c| {
        c.request()?;
        c.begin(STREAM)?;
        drip(c, &format!("id: 1\r\ndata: {}\r\n\r\n", event("a")))?;
        c.hold()
    });
    let mut source = start(&peer, "heartbeat_s = 5");
    source.until(|source| !source.contacts().is_empty());
    assert_eq!((source.contacts(), peer.asked().len()), (vec!["a"], 1));
}

#[test]
fn a_chunked_stream_that_breaks_off_is_no_end() {
    let peer = Peer::start(|c| {
        c.request()?;
        if c.number > 0 {
            c.begin(STREAM)?;
            return c.hold();
        }
        c.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n40\r\ndata: x")
    });
    let mut source = start(&peer, "");
    source.until_health(Health::Stale, "broke off in the middle");
    source.until_health(Health::Live, "");
}
