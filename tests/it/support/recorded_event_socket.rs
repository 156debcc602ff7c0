//! Plays the recording of an event socket: events as they came, and lists as they were at that moment.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use floorwatch::clock::{Clock, Time};

use super::event_socket::{PASSWORD, event_frame};
use super::recording::{fixture, times, unpacked};

/// The agent about whom an event is sent when the recording is over.
pub(crate) const SENTINEL: &str = "end of the recording";

/// A recorded connection to an event socket.
pub(crate) struct RecordedEventSocket {
    /// The frames of events, with the time of the read that completed each.
    events: Vec<(Time, Vec<u8>)>,
    /// By command: the frames of the answers, each with the time when it was asked for.
    answers: BTreeMap<String, Vec<(Time, Vec<u8>)>>,
}

impl RecordedEventSocket {
    pub(crate) fn load(scenario: &str) -> Self {
        let path = |name: &str| fixture(&format!("freeswitch/{scenario}/{name}"));
        let (raw, times) = (unpacked(&path("board.raw.gz")), times(&path("board.times.gz")));
        let mut reads =
            times.iter().filter(|(.., note)| note.is_empty()).map(|(offset, at, _)| (*offset, *at)).peekable();
        let mut asked = times.iter().filter_map(|(_, at, note)| Some((*at, note.strip_prefix("sent ")?)));
        let (mut events, mut answers) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        let (mut from, mut at) = (0, Time(0));
        while let Some(blank) = raw[from..].windows(2).position(|two| two == b"\n\n") {
            let head = std::str::from_utf8(&raw[from..from + blank]).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let end = from + blank + 2 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            while let Some((_, read)) = reads.next_if(|(offset, _)| *offset < end) {
                at = read;
            }
            let frame = raw[from..end].to_vec();
            if head.contains("text/event-plain") {
                events.push((at, frame));
            } else if head.contains("api/response") || head.contains("command/reply") {
                let (at, command) = asked.next().unwrap();
                answers.entry(command.to_owned()).or_default().push((at, frame));
            }
            from = end;
        }
        Self { events, answers }
    }

    /// When the recording begins.
    pub(crate) fn begin(&self) -> Time {
        self.events[0].0
    }

    /// Play it to the first client that connects, `speed` times as fast as it was. `clock` shows the recorded time.
    pub(crate) fn play(self, clock: &Clock, speed: u32) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let clock = clock.clone();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let recording = Arc::new(self);
            let output = Arc::new(Mutex::new(stream.try_clone().unwrap()));
            let say = |text: &str| output.lock().unwrap().write_all(text.as_bytes()).unwrap();
            say("Content-Type: auth/request\n\n");
            let lines = BufReader::new(stream).lines().map_while(Result::ok).filter(|line| !line.is_empty());
            for command in lines {
                let reply = |text: &str| say(&format!("Content-Type: command/reply\nReply-Text: {text}\n\n"));
                if command == format!("auth {PASSWORD}") {
                    reply("+OK accepted");
                } else if command.starts_with("event ") {
                    reply("+OK event listener enabled plain");
                    let (recording, output, clock) = (Arc::clone(&recording), Arc::clone(&output), clock.clone());
                    thread::spawn(move || recording.send_events(&output, &clock, speed));
                } else if command == "api strmicroepoch" {
                    let now = clock.now().0.to_string();
                    say(&format!("Content-Type: api/response\nContent-Length: {}\n\n{now}", now.len()));
                } else {
                    let answers =
                        recording.answers.get(&command).unwrap_or_else(|| panic!("{command} was not recorded"));
                    let latest = answers.iter().rfind(|(at, _)| *at <= clock.now()).unwrap_or(&answers[0]);
                    output.lock().unwrap().write_all(&latest.1).unwrap();
                }
            }
        });
        address
    }

    fn send_events(&self, output: &Mutex<TcpStream>, clock: &Clock, speed: u32) {
        let send = |bytes: &[u8]| output.lock().unwrap().write_all(bytes).unwrap();
        for (at, frame) in &self.events {
            let pause = u64::try_from(at.since(clock.now()).0).unwrap();
            thread::sleep(Duration::from_micros(pause) / speed);
            clock.set(*at);
            send(frame);
        }
        let over = [("CC-Agent", SENTINEL), ("CC-Agent-Status", "Available"), ("CC-Agent-State", "Waiting")];
        send(&event_frame("agent-status-change", u128::try_from(clock.now().0).unwrap(), &over));
    }
}
