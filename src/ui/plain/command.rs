//! What can be typed while the floor is told in lines.

use crate::alert::{AlertAction, MuteLength};
use crate::clock::duration;
use crate::language::text;
use crate::text::Text;
use crate::text::suggest::suggestion;
use crate::worklist::{Outcome, WorkAction};

const COMMANDS: [&str; 12] =
    ["queues", "alerts", "ack", "snooze", "note", "undo", "todo", "claim", "done", "annotate", "help", "quit"];

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
    /// Say whom to call back.
    Todo,
    /// Do something about an item of the worklist.
    Work {
        item: u64,
        act: WorkAction,
    },
    /// Say what has happened.
    Annotate(Text),
}

/// The first word of a text, and what follows it.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Read a line that was typed.
pub(super) fn parse(line: &str) -> Result<PlainCommand, String> {
    let (word, rest) = first_word(line);
    let (number, rest) = first_word(rest);
    let word = word.to_lowercase();
    let word = word.as_str();
    let episode = || number.parse().map_err(|_| text!("plain-which-alert", word = word));
    let item = || number.parse().map_err(|_| text!("plain-which-item", word = word));
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
            if rest.is_empty() {
                return Err(text!("plain-how-long").to_owned());
            }
            let span =
                duration::parse(rest).map_err(|error| text!("plain-how-long-wrong", error = error.to_string()))?;
            act(AlertAction::Snooze(MuteLength::new(span).map_err(|error| error.to_string())?))
        }
        "note" if rest.is_empty() => Err(text!("plain-note-what", word = word)),
        "note" => act(AlertAction::Note(Text::new(rest))),
        "undo" => act(AlertAction::Undo),
        "todo" => Ok(PlainCommand::Todo),
        "claim" => {
            let note = (!rest.is_empty()).then(|| Text::new(rest));
            Ok(PlainCommand::Work { item: item()?, act: WorkAction::Claim { note, lasts: None } })
        }
        "done" => {
            let item = item()?;
            let (how, note) = first_word(rest);
            let outcome = Outcome::WORDS.iter().find(|(key, _)| *key == how).map(|(_, outcome)| *outcome);
            let all = || Outcome::WORDS.map(|(key, _)| key).join(", ");
            let outcome = outcome.ok_or_else(|| text!("plain-done-how", all = all()))?;
            let note = (!note.is_empty()).then(|| Text::new(note));
            Ok(PlainCommand::Work { item, act: WorkAction::Done { outcome, note } })
        }
        "annotate" => match first_word(line).1 {
            "" => Err(text!("plain-annotate-what").to_owned()),
            what => Ok(PlainCommand::Annotate(Text::new(what))),
        },
        _ => {
            let word = Text::new(word);
            let meant = suggestion(word.as_str(), COMMANDS);
            Err(text!("plain-no-command", word = word, meant = meant))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Span;

    #[test]
    fn what_is_typed_is_read_or_said_to_be_wrong() {
        let act = |episode, act| Ok(PlainCommand::Act { episode, act });
        assert_eq!(parse("\n"), Ok(PlainCommand::Now));
        assert_eq!(parse("Ack  3\n"), act(3, AlertAction::Acknowledge { note: None, lasts: None }));
        let note = Some(Text::new("calling Ann"));
        assert_eq!(parse("ack 3 calling Ann\n"), act(3, AlertAction::Acknowledge { note, lasts: None }));
        let quarter = MuteLength::new(Span(900_000_000)).unwrap();
        assert_eq!(parse("snooze 3 15m"), act(3, AlertAction::Snooze(quarter)));
        assert_eq!(parse("note 3  is it the line?"), act(3, AlertAction::Note(Text::new("is it the line?"))));
        let claim = WorkAction::Claim { note: None, lasts: None };
        assert_eq!(parse("claim 7"), Ok(PlainCommand::Work { item: 7, act: claim }));
        let reached = WorkAction::Done { outcome: Outcome::Reached, note: Some(Text::new("all is well")) };
        assert_eq!(parse("done 7 reached all is well"), Ok(PlainCommand::Work { item: 7, act: reached }));
        assert_eq!(parse("annotate  new  script"), Ok(PlainCommand::Annotate(Text::new("new  script"))));
        for (line, says) in [
            ("claim", "such as claim 7"),
            ("done 7 well", "reached, not_reached, no_need, reviewed"),
            ("annotate", "what has happened?"),
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
