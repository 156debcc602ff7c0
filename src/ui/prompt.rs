//! The line at the foot in which a filter, a command or a note is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use crate::clock::{Span, Time};
use crate::floor::CommandSubject;
use crate::floor::handle::ReplayCommand;
use crate::kpi::{Calendar, Formula, Window};
use crate::language::text;
use crate::text::Text;
use crate::text::suggest::nearest;
use crate::ui::action::{ACTIONS, Action};

/// The most bytes of a line.
const MAX_LINE_BYTES: usize = 1024;

/// The commands that are no actions.
const COMMANDS: [&str; 14] = [
    "annotate", "exit", "forget", "formula", "pause", "play", "q", "save", "seek", "speed", "step", "theme", "view",
    "window",
];

/// Whether a line begins with the name of a command.
#[must_use]
pub fn is_command(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or("");
    COMMANDS.contains(&word) || ACTIONS.iter().any(|entry| entry.name == line)
}

/// What a command still needs, in words, if it is one that does nothing alone.
#[must_use]
pub fn missing(line: &str) -> Option<String> {
    match line.trim() {
        "annotate" => Some(text!("prompt-needs-text").to_owned()),
        word @ ("save" | "view" | "forget") => Some(text!("prompt-needs-name", word = word)),
        word @ "seek" => Some(text!("prompt-needs-time", word = word)),
        word @ "speed" => Some(text!("prompt-needs-speed", word = word)),
        _ => None,
    }
}

/// A line that is being typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What the line is for.
    pub kind: PromptKind,
    /// The text and the cursor.
    pub input: Input,
    /// What the text can be completed to; of a command only.
    pub suggestions: Suggestions,
}

/// What the text of a command can be completed to, the best first.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    /// At most so many as are drawn.
    pub list: Vec<Suggestion>,
    /// The index of the one that Enter takes; `None` where the text is a command itself.
    pub chosen: Option<usize>,
    /// A hash of what they were made of: they are made again only when it changes.
    pub made_of: u64,
}

/// A line that can be typed, under the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The name: of a page, a queue, an agent, a command.
    pub name: String,
    /// What it is: `queue`, `agent`.
    pub kind: &'static str,
    /// What tells it from others of its name: its team, its key. May be empty.
    pub about: String,
    /// The line: a command, or a locator.
    pub line: String,
}

impl Suggestions {
    /// Choose the suggestion `by` further down; after the last comes the first.
    fn step(&mut self, by: isize) {
        let len = isize::try_from(self.list.len()).unwrap_or(1).max(1);
        let at = match self.chosen {
            Some(at) => isize::try_from(at).unwrap_or(0) + by,
            None if by < 0 => -1,
            None => 0,
        };
        self.chosen = usize::try_from(at.rem_euclid(len)).ok().filter(|at| *at < self.list.len());
    }
}

/// The purpose of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A filter of rows; it applies while it is typed.
    Filter,
    /// A command, after `:`.
    Command,
    /// A note about an alert or an item of a worklist.
    Note(CommandSubject),
    /// An annotation of this time.
    Annotation(Time),
}

/// What a key did to a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptEvent {
    /// The line is still being typed.
    Editing,
    /// Enter: the line is complete.
    Submitted,
    /// Esc: the line is discarded.
    Cancelled,
}

impl Prompt {
    /// A line that begins with `text`.
    #[must_use]
    pub fn new(kind: PromptKind, text: &str) -> Self {
        Self { kind, input: Input::new(text.to_owned()), suggestions: Suggestions::default() }
    }

    /// The line that Enter takes: that of the chosen suggestion, or else the text.
    #[must_use]
    pub fn line(&self) -> &str {
        let chosen = self.suggestions.chosen.and_then(|at| self.suggestions.list.get(at));
        chosen.map_or(self.input.value(), |chosen| &chosen.line).trim()
    }

    /// The text before the line.
    #[must_use]
    pub fn sign(&self) -> &'static str {
        match self.kind {
            PromptKind::Filter => "/",
            PromptKind::Command => ":",
            PromptKind::Note(_) => text!("prompt-note"),
            PromptKind::Annotation(_) => text!("prompt-annotation"),
        }
    }

    /// Insert pasted text. Line breaks become spaces, control characters are removed, and the part that does not fit is
    /// dropped.
    pub fn insert(&mut self, text: &str) {
        let text = text.replace(char::is_whitespace, " ").replace(char::is_control, "");
        for c in Text::new(&text).as_str().chars() {
            self.type_char(c);
        }
    }

    fn type_char(&mut self, c: char) {
        if self.input.value().len() + c.len_utf8() <= MAX_LINE_BYTES {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Handle a key of line editing.
    pub fn key(&mut self, key: &KeyEvent) -> PromptEvent {
        // Keys with Alt are ignored in a line: they can be the rest of a sequence that a slow line has split.
        if key.modifiers.contains(KeyModifiers::ALT) {
            return PromptEvent::Editing;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let request = match key.code {
            KeyCode::Enter => return PromptEvent::Submitted,
            KeyCode::Esc => return PromptEvent::Cancelled,
            KeyCode::Char('c') if ctrl => return PromptEvent::Cancelled,
            KeyCode::Char('u') if ctrl => InputRequest::DeleteLine,
            KeyCode::Char('w') if ctrl => InputRequest::DeletePrevWord,
            KeyCode::Char('a') if ctrl => InputRequest::GoToStart,
            KeyCode::Char('e') if ctrl => InputRequest::GoToEnd,
            KeyCode::Char('k') if ctrl => InputRequest::DeleteTillEnd,
            KeyCode::Char(c) if !ctrl => {
                self.type_char(c);
                return PromptEvent::Editing;
            }
            KeyCode::Tab | KeyCode::Down => {
                self.suggestions.step(1);
                return PromptEvent::Editing;
            }
            KeyCode::BackTab | KeyCode::Up => {
                self.suggestions.step(-1);
                return PromptEvent::Editing;
            }
            KeyCode::Backspace if self.input.value().is_empty() => return PromptEvent::Cancelled,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return PromptEvent::Editing,
        };
        self.input.handle(request);
        PromptEvent::Editing
    }
}

/// A parsed command.
#[derive(Clone, Debug, PartialEq)]
pub enum PromptCommand {
    /// An action by its name.
    Do(Action),
    /// A command to the replay.
    Replay(ReplayCommand),
    /// Change to the theme of this name.
    Theme(String),
    /// Change the window of time.
    Window(Window),
    /// Change the service-level formula.
    Formula(Formula),
    /// Save what the screen shows as a view of this name.
    Save(String),
    /// Open the saved view of this name.
    View(String),
    /// Forget the saved view of this name.
    Forget(String),
    /// Write an annotation.
    Annotate {
        /// When it happened, or began; `None` for now.
        at: Option<Time>,
        /// When it ended.
        until: Option<Time>,
        /// What happened.
        text: String,
    },
}

/// Parses a time of day of today, `10:30` or `10:30:15` in the zone of `calendar`, or a full RFC 3339 time.
#[must_use]
pub fn instant(text: &str, now: Time, calendar: &Calendar) -> Option<Time> {
    if let Ok(at) = Time::parse_rfc3339(text) {
        return Some(at);
    }
    let clock = chrono::NaiveTime::parse_from_str(text, "%H:%M:%S")
        .or_else(|_| chrono::NaiveTime::parse_from_str(text, "%H:%M"))
        .ok()?;
    let day = now.to_chrono().with_timezone(&calendar.zone).date_naive();
    day.and_time(clock).and_local_timezone(calendar.zone).earliest().map(Time::from)
}

/// Parses an instant, or two with a dash between them: `10:30`, `10:30-11:00`.
fn span(text: &str, now: Time, calendar: &Calendar) -> Option<(Time, Option<Time>)> {
    let at = |text: &str| instant(text, now, calendar);
    let both =
        |(place, dash): (usize, &str)| Some((at(text.get(..place)?)?, Some(at(text.get(place + dash.len()..)?)?)));
    at(text).map(|at| (at, None)).or_else(|| text.match_indices(['-', '–']).find_map(both))
}

/// Parses what follows `annotate`: a time, if any, and a text.
fn annotation(rest: &str, now: Time, calendar: &Calendar) -> Result<PromptCommand, String> {
    let (first, others) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (at, until, text) = match span(first, now, calendar) {
        Some((at, until)) => (Some(at), until, others.trim()),
        None => (None, None, rest),
    };
    if text.is_empty() {
        return Err(text!("prompt-needs-text").to_owned());
    }
    Ok(PromptCommand::Annotate { at, until, text: text.to_owned() })
}

/// Parses a command.
///
/// # Errors
/// A message for the user that says what is wrong.
pub fn read(line: &str, now: Time, calendar: &Calendar) -> Result<PromptCommand, String> {
    let mut words = line.split_whitespace();
    let (word, rest) = (words.next().unwrap_or(""), words.next());
    let after = line.trim_start().strip_prefix(word).unwrap_or("").trim();
    if let Some(missing) = missing(line) {
        return Err(missing);
    }
    match (word, rest) {
        ("seek", Some(at)) => match instant(at, now, calendar) {
            Some(at) => Ok(PromptCommand::Replay(ReplayCommand::Seek(at))),
            None => Err(text!("prompt-no-time", word = at)),
        },
        ("speed", Some(speed)) => match speed.trim_end_matches('x').parse::<f64>() {
            Ok(speed) if speed > 0.0 && speed <= 100_000.0 => Ok(PromptCommand::Replay(ReplayCommand::Speed(speed))),
            _ => Err(text!("prompt-no-speed", word = speed)),
        },
        ("pause", _) => Ok(PromptCommand::Replay(ReplayCommand::Pause(true))),
        ("play", _) => Ok(PromptCommand::Replay(ReplayCommand::Pause(false))),
        ("step", _) => Ok(PromptCommand::Replay(ReplayCommand::Step(Span::MINUTE))),
        ("theme", Some(name)) => Ok(PromptCommand::Theme(name.to_owned())),
        ("window", Some(name)) => Window::ALL
            .into_iter()
            .find(|w| w.key() == name)
            .map(PromptCommand::Window)
            .ok_or_else(|| text!("prompt-no-window", name = name, all = Window::ALL.map(Window::key).join(", "))),
        ("formula", Some(name)) => Formula::parse(name)
            .map(PromptCommand::Formula)
            .ok_or_else(|| text!("prompt-no-formula", name = name, all = Formula::ALL.map(Formula::key).join(", "))),
        ("annotate", _) => annotation(after, now, calendar),
        ("save", _) => Ok(PromptCommand::Save(after.to_owned())),
        ("view", _) => Ok(PromptCommand::View(after.to_owned())),
        ("forget", _) => Ok(PromptCommand::Forget(after.to_owned())),
        ("q" | "exit", _) => Ok(PromptCommand::Do(Action::Quit)),
        _ => {
            if let Some(entry) = ACTIONS.iter().find(|entry| entry.name == word) {
                Ok(PromptCommand::Do(entry.action))
            } else {
                let names = ACTIONS.iter().map(|e| e.name).chain(COMMANDS);
                match nearest(word, names) {
                    Some(name) => Err(text!("prompt-no-command-but", word = word, name = name)),
                    None => Err(text!("prompt-no-command", word = word)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let now = Time::parse_rfc3339("2026-03-02T09:00:00Z").unwrap();
        let calendar = Calendar { zone: chrono_tz::Europe::Paris, ..Calendar::default() };
        let at = Time::parse_rfc3339("2026-03-02T09:30:00Z").unwrap();
        assert_eq!(read("seek 10:30", now, &calendar), Ok(PromptCommand::Replay(ReplayCommand::Seek(at))));
        assert_eq!(read(" speed 60x", now, &calendar), Ok(PromptCommand::Replay(ReplayCommand::Speed(60.0))));
        assert_eq!(read("agents", now, &calendar), Ok(PromptCommand::Do(Action::Agents)));
        let clock = |text: &str| Some(Time::parse_rfc3339(&format!("2026-03-02T{text}:00Z")).unwrap());
        for (line, at, until) in [
            ("annotate new - script", None, None),
            ("annotate 10:30 new - script", clock("09:30"), None),
            ("annotate 10:30-11:00  new - script", clock("09:30"), clock("10:00")),
            ("annotate 2026-03-02T09:30:00Z–11:00 new - script", clock("09:30"), clock("10:00")),
        ] {
            let text = "new - script".to_owned();
            assert_eq!(read(line, now, &calendar), Ok(PromptCommand::Annotate { at, until, text }), "{line}");
        }
        assert!(read("annotate 10:30", now, &calendar).unwrap_err().contains("annotate 10:30 new script"));
        assert!(read("agnets", now, &calendar).unwrap_err().contains("`agents`"));
        assert!(read("window 2h", now, &calendar).unwrap_err().contains("today"));
    }
}
