//! What can be typed while the floor is told in lines.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::alert::{AlertAction, MuteLength};
use crate::clock::duration;
use crate::text::Text;
use crate::text::suggest::suggestion;

/// How soon a further line follows in what is pasted or sent by a program; nobody types that fast.
const PASTED_WITHIN: Duration = Duration::from_millis(50);

const COMMANDS: [&str; 8] = ["queues", "alerts", "ack", "snooze", "note", "undo", "help", "quit"];

/// A line that was typed, read.
#[derive(Debug, PartialEq)]
pub(super) enum PlainCommand {
    /// Say what is so now.
    Now,
    Queues,
    Alerts,
    Help,
    Quit,
    /// Do something about an alert.
    Act {
        episode: u64,
        act: AlertAction,
    },
}

/// Read a line that was typed.
pub(super) fn parse(line: &str) -> Result<PlainCommand, String> {
    let mut words = line.trim().splitn(3, char::is_whitespace).map(str::trim);
    let (word, number, rest) = (words.next().unwrap_or(""), words.next(), words.next().unwrap_or(""));
    let episode = || {
        let number = number.and_then(|number| number.parse().ok());
        number.ok_or_else(|| format!("{word} which alert? write {word} and its number, such as {word} 3"))
    };
    let act = |act| Ok(PlainCommand::Act { episode: episode()?, act });
    match word {
        "" => Ok(PlainCommand::Now),
        "queues" => Ok(PlainCommand::Queues),
        "alerts" => Ok(PlainCommand::Alerts),
        "help" | "?" => Ok(PlainCommand::Help),
        "quit" | "q" | "exit" => Ok(PlainCommand::Quit),
        "ack" => {
            let note = (!rest.is_empty()).then(|| Text::new(rest));
            act(AlertAction::Acknowledge { note, lasts: None })
        }
        "snooze" => {
            episode()?;
            let span = duration::parse(rest).map_err(|error| format!("for how long? {error}"))?;
            act(AlertAction::Snooze(MuteLength::new(span).map_err(|error| error.to_string())?))
        }
        "note" if rest.is_empty() => Err(format!("{word} what? write {word}, the alert's number and the note")),
        "note" => act(AlertAction::Note(Text::new(rest))),
        "undo" => act(AlertAction::Undo),
        _ => {
            let word = Text::new(word);
            let meant = suggestion(word.as_str(), COMMANDS);
            Err(format!("{word} is no command{meant}"))
        }
    }
}

/// Whether a further line has arrived already, or does at once.
pub(super) fn is_more_to_read() -> bool {
    let stdin = io::stdin();
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(PASTED_WITHIN.subsec_nanos()) };
    poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Span;

    #[test]
    fn what_is_typed_is_read_or_said_to_be_wrong() {
        let act = |episode, act| Ok(PlainCommand::Act { episode, act });
        assert_eq!(parse("\n"), Ok(PlainCommand::Now));
        assert_eq!(parse("ack 3\n"), act(3, AlertAction::Acknowledge { note: None, lasts: None }));
        let note = Some(Text::new("calling Ann"));
        assert_eq!(parse("ack 3 calling Ann\n"), act(3, AlertAction::Acknowledge { note, lasts: None }));
        let quarter = MuteLength::new(Span(900_000_000)).unwrap();
        assert_eq!(parse("snooze 3 15m"), act(3, AlertAction::Snooze(quarter)));
        assert_eq!(parse("note 3  is it the line?"), act(3, AlertAction::Note(Text::new("is it the line?"))));
        for (line, says) in [
            ("ack", "ack which alert?"),
            ("ack three", "such as ack 3"),
            ("snooze 3", "for how long?"),
            ("note 3", "note what?"),
            ("quene", "quene is no command; did you mean `queues`?"),
            ("\x1b[2Jx", "is no command"),
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.contains(says) && !said.contains('\x1b'), "{said}");
        }
    }
}
